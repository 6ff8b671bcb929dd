--- The hash of the Lua files that a plan runs: with the configuration, the data and the engine's version it decides
-- results.
local ffi = require "ffi"
local abi = require "abi"
local C = abi.C

local M = {}

-- Folders beside the configuration from which user's files are taken.
local FOLDERS = { "strategies", "indicators", "execution_models", "risk_rules", "components" }

local function read(path)
  local file = io.open(path, "rb")
  if not file then return "" end
  local text = file:read "*a" or ""
  file:close()
  return text
end

--- Of a plan, as 32 hexadecimal digits: contents, not names of folders, so that a project may move.
function M.of(plan)
  local parts, seen = {}, {}
  local function add(name, path)
    if seen[path] then return end
    seen[path] = true
    local text = read(path)
    parts[#parts + 1] = ("%s %d\n%s"):format(name, #text, text)
  end
  for _, item in ipairs(plan.items) do add(item.def.name, item.def.file) end
  for _, folder in ipairs(FOLDERS) do
    local path = plan.folder .. "/" .. folder
    local list = C.pln_folder_new(path, ".lua") -- NULL: there is none
    for k = 0, list ~= nil and C.pln_folder_count(list) - 1 or -1 do
      local name = ffi.string(C.pln_folder_name(list, k))
      add(folder .. "/" .. name, path .. "/" .. name)
    end
    if list ~= nil then C.pln_folder_free(list) end
  end
  for _, path in ipairs(plan.files or {}) do add(path:match "[^/]*$", path) end
  local text, hex = table.concat(parts, "\n"), ffi.new "char[33]"
  C.pln_hash128_hex(text, #text, hex)
  return ffi.string(hex)
end

return M

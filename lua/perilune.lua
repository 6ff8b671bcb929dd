--- Perilune as a library: `local pln = require "perilune"` in any LuaJIT, or in a script under `perilune exec`.
--
-- `pln.version` is the version; every other field is a module of Perilune, loaded when it is first used: `pln.data`,
-- `pln.feature`, `pln.stats`, `pln.store`, … Files are looked for in PERILUNE_HOME, beside this file, and in
-- ../../perilune (share/perilune, where this file is installed as share/lua/5.1/perilune.lua); the C library as
-- lua/library.lua says. In another LuaJIT Perilune's modules are kept apart from the program's own: neither sees the
-- other's `config` or `data`.
local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

local function find_home()
  local here = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") or "."
  local tried = {}
  local named = os.getenv "PERILUNE_HOME"
  for _, home in ipairs { named and named ~= "" and named or false, here:match("^(.*)/lua$") or here .. "/..",
    here .. "/../../perilune" } do
    if home then
      if exists(home .. "/lua/abi.lua") then return home end
      tried[#tried + 1] = home .. "/lua/abi.lua"
    end
  end
  error("perilune: its Lua files are not where they were looked for: " .. table.concat(tried, ", ") ..
    "; set PERILUNE_HOME to the folder that holds lua/", 0)
end

local home = find_home()
local import

if package.loaded["perilune.host"] then
  import = require -- inside the executable: its own path and modules
else
  local loaded = {}
  local env = setmetatable({}, { __index = _G, __newindex = _G })
  function import(name)
    if loaded[name] ~= nil then return loaded[name] end
    local path = home .. "/lua/" .. name:gsub("%.", "/") .. ".lua"
    if not exists(path) then return require(name) end
    local chunk, message = loadfile(path)
    if not chunk then error(message, 2) end
    setfenv(chunk, env)
    local result = chunk(name, path)
    loaded[name] = result == nil and true or result
    return loaded[name]
  end
  rawset(env, "require", import)
  import("safe_pairs").install(setmetatable({}, { __newindex = function(_, k, v) rawset(env, k, v) end }))
end

local abi = import "abi"
local ffi = require "ffi"
if import ~= require then abi.C.pln_host_set_home(home) end

local M = { version = ffi.string(abi.C.pln_version()) }

return setmetatable(M, {
  __index = function(self, name)
    if type(name) ~= "string" or not name:match("^[%l_]+$") or not exists(home .. "/lua/" .. name .. ".lua") then
      return nil
    end
    local module = import(name)
    rawset(self, name, module)
    return module
  end,
})

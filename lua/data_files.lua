--- Data files by name: substitution of {symbol} and its like, and patterns over existing files.
local ffi = require "ffi"
local abi = require "abi"
local C = abi.C

local M = {}

local DATE = "\1" -- stands for {date} until the pattern is made
local DATE_PATTERN = "%d%d%d%d[-_]?%d%d[-_]?%d%d"

local function lua_pattern(segment)
  local pattern = segment:gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0")
  pattern = pattern:gsub("%*", "[^/]*"):gsub("%?", "[^/]"):gsub(DATE, (DATE_PATTERN:gsub("%%", "%%%%")))
  return "^" .. pattern .. "$"
end

local function names_in(folder)
  local list = C.pln_folder_new(folder, "")
  if list == nil then return {} end
  local names = {}
  for i = 0, C.pln_folder_count(list) - 1 do names[#names + 1] = ffi.string(C.pln_folder_name(list, i)) end
  C.pln_folder_free(list)
  return names
end

-- Files that match, folder by folder; names that begin with a dot only where the pattern does.
local function expand(prefix, segments, at, out)
  local segment = segments[at]
  if not segment then
    out[#out + 1] = prefix
    return
  end
  local function joined(name)
    return prefix .. ((prefix == "" or prefix:sub(-1) == "/") and "" or "/") .. name
  end
  if not segment:find("[%*%?" .. DATE .. "]") then return expand(joined(segment), segments, at + 1, out) end
  local pattern = lua_pattern(segment)
  for _, name in ipairs(names_in(prefix == "" and "." or prefix)) do
    if name:find(pattern) and (name:sub(1, 1) ~= "." or segment:sub(1, 1) == ".") then
      expand(joined(name), segments, at + 1, out)
    end
  end
end

local function find_one(path, symbol, timeframe, out)
  local message
  local text = path:gsub("{([%w_]+)}", function(name)
    if name == "date" then return DATE end
    if name == "symbol" and symbol then return symbol end
    if name == "symbol_lower" and symbol then return symbol:lower() end
    if name == "symbol_upper" and symbol then return symbol:upper() end
    if name == "timeframe" and timeframe then return timeframe end
    message = ("path '%s' holds {%s}, expected {symbol}, {symbol_lower}, {symbol_upper}, {timeframe} or {date}")
      :format(path, name)
  end)
  if message then return nil, message end
  if not text:find("[%*%?" .. DATE .. "]") then
    out[#out + 1] = text
    return true
  end
  local segments = {}
  for segment in text:gmatch "[^/]+" do segments[#segments + 1] = segment end
  local before = #out
  expand(text:sub(1, 1) == "/" and "/" or "", segments, 1, out)
  if #out == before then
    text = text:gsub(DATE, "{date}")
    return nil, ("no file matches '%s' (in the current folder, where it is relative)"):format(text)
  end
  return true
end

--- Paths of existing files for a `path` of the configuration.
-- @param path a text or a list of texts
-- @return a list, in the given order and by name within a pattern, or nil and a message
function M.find(path, symbol, timeframe)
  local out = {}
  for _, item in ipairs(type(path) == "table" and path or { path }) do
    local ok, message = find_one(item, symbol, timeframe, out)
    if not ok then return nil, message end
  end
  return out
end

return M

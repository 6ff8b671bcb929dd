--- JSON: values to text and back.
--
-- Numbers are written with the fewest digits that read back the same, NaN and infinities as null, object keys sorted,
-- so that the same value always gives the same text.
local ffi = require "ffi"
local abi = require "abi"
local C = abi.C

local M = {}

local MAX_DEPTH = 512
local SAFE_INTEGER = 9007199254740992 -- 2^53: from there on doubles skip integers

local array_mt = { __name = "json.array" }
local object_mt = { __name = "json.object" }
local null_mt = { __tostring = function() return "null" end, __name = "json.null" }

--- The null of JSON, for a table that should hold one.
M.null = setmetatable({}, null_mt)

--- Marks a table (the same is returned) to be written as an array even when it is empty.
function M.array(list) return setmetatable(list or {}, array_mt) end

--- Makes an object whose members are written in the given order: `json.object{ {"run", run}, {"results", list} }`.
function M.object(pairs_in_order) return setmetatable(pairs_in_order or {}, object_mt) end

local int64_t, uint64_t = ffi.typeof "int64_t", ffi.typeof "uint64_t"
local number_buffer = ffi.new "char[32]"
local quote_buffer, quote_room = nil, 0

local function quote(text)
  if not text:find('[%c"\\\128-\255]') then return '"' .. text .. '"' end
  local room = 6 * #text + 2
  if room > quote_room then quote_buffer, quote_room = ffi.new("char[?]", room), room end
  return ffi.string(quote_buffer, C.pln_json_quote(text, #text, quote_buffer))
end

local function number(value)
  if value ~= value or value == math.huge or value == -math.huge then return "null" end
  return ffi.string(number_buffer, C.pln_format_shortest(value, number_buffer))
end

local function misuse(path, message)
  error({ json_error = "json: " .. (path == "" and "" or path .. ": ") .. message }, 0)
end

local function is_list(value, path)
  local n = #value
  local count = 0
  for key in pairs(value) do
    if type(key) ~= "number" then
      if n > 0 then misuse(path, ("a table with both a list and named members ('%s')"):format(tostring(key))) end
      return false
    end
    count = count + 1
  end
  if count ~= n then misuse(path, "a list with holes (use json.null for what is missing)") end
  return n > 0
end

local encode_value

local function sorted_members(value, path)
  local keys = {}
  for key in pairs(value) do
    if type(key) ~= "string" then misuse(path, "a key of type " .. type(key) .. ", expected a string") end
    keys[#keys + 1] = key
  end
  table.sort(keys)
  local members = {}
  for i, key in ipairs(keys) do members[i] = { key, value[key] } end
  return members
end

local function encode_table(out, value, path, depth, indent)
  if depth > MAX_DEPTH then
    misuse("", "nested deeper than " .. MAX_DEPTH .. " levels (a table that contains itself?)")
  end
  local mt = getmetatable(value)
  local list = mt == array_mt or (mt ~= object_mt and is_list(value, path))
  local members = not list and (mt == object_mt and value or sorted_members(value, path))
  local n = list and #value or #members
  if n == 0 then
    out[#out + 1] = list and "[]" or "{}"
    return
  end
  local newline = indent and "\n" .. indent:rep(depth)
  out[#out + 1] = list and "[" or "{"
  for i = 1, n do
    if i > 1 then out[#out + 1] = "," end
    if newline then out[#out + 1] = newline end
    if list then
      encode_value(out, value[i], path .. "[" .. i .. "]", depth, indent)
    else
      local key = members[i][1]
      out[#out + 1] = quote(tostring(key))
      out[#out + 1] = indent and ": " or ":"
      encode_value(out, members[i][2], path .. "." .. tostring(key), depth, indent)
    end
  end
  if newline then out[#out + 1] = "\n" .. indent:rep(depth - 1) end
  out[#out + 1] = list and "]" or "}"
end

function encode_value(out, value, path, depth, indent)
  local kind = type(value)
  if kind == "number" then
    out[#out + 1] = number(value)
  elseif kind == "string" then
    out[#out + 1] = quote(value)
  elseif kind == "boolean" then
    out[#out + 1] = value and "true" or "false"
  elseif value == nil or value == M.null then
    out[#out + 1] = "null"
  elseif kind == "table" then
    encode_table(out, value, path, depth + 1, indent)
  elseif kind == "cdata" and (ffi.istype(int64_t, value) or ffi.istype(uint64_t, value)) then
    out[#out + 1] = (tostring(value):gsub("U?LL$", ""))
  else
    misuse(path, "a " .. kind .. " has no form in JSON")
  end
end

--- The JSON text of a value.
-- A table with elements 1 … n is an array, any other an object; `json.array` and `json.object` say it explicitly.
-- Strings that are not UTF-8 get U+FFFD for the bytes that are wrong. int64 cdata are written as integers.
-- @param value what to write
-- @param options `indent`: a string (or a number of spaces) for each level; compact without it
-- @return the text; raises an error for what has no form in JSON (functions, holes in lists, tables within themselves)
function M.encode(value, options)
  local indent = options and options.indent
  if type(indent) == "number" then indent = (" "):rep(indent) end
  local out = {}
  local ok, failure = pcall(encode_value, out, value, "", 0, indent)
  if not ok then error(type(failure) == "table" and failure.json_error or failure, 2) end
  return table.concat(out)
end

local length = ffi.new "int64_t[1]"

local function decode_node(node)
  local kind = C.pln_json_type_of(node)
  if kind == C.PLN_JSON_OBJECT then
    local object = {}
    local member = C.pln_json_next(node, nil)
    while member ~= nil do
      local key = C.pln_json_key(member, length)
      key = ffi.string(key, length[0])
      object[key] = decode_node(C.pln_json_value(member))
      member = C.pln_json_next(node, member)
    end
    return object
  elseif kind == C.PLN_JSON_ARRAY then
    local list = M.array {}
    for i = 1, tonumber(C.pln_json_size(node)) do list[i] = decode_node(C.pln_json_element(node, i - 1)) end
    return list
  elseif kind == C.PLN_JSON_STRING then
    local text = C.pln_json_string(node, length)
    return ffi.string(text, length[0])
  elseif kind == C.PLN_JSON_INTEGER then
    local value = C.pln_json_integer(node)
    local plain = tonumber(value)
    return plain > -SAFE_INTEGER and plain < SAFE_INTEGER and plain or value
  elseif kind == C.PLN_JSON_REAL then
    return C.pln_json_real(node)
  elseif kind == C.PLN_JSON_NULL then
    return M.null
  end
  return kind == C.PLN_JSON_TRUE
end

--- Reads a JSON text.
-- Objects become tables, arrays tables that `encode` writes as arrays again, null `json.null`, integers beyond 2^53
-- int64 cdata.
-- @param text the text, 64 MB and 512 levels at most
-- @param name what to call it in messages (a file's path), default "JSON"
-- @return the value, or nil and a message with line and column
function M.decode(text, name)
  if type(text) ~= "string" then error("json.decode: found a " .. type(text) .. ", expected a string", 2) end
  local json = C.pln_json_parse(text, #text, name or "JSON")
  if json == nil then return nil, abi.last_error() end
  local ok, value = pcall(decode_node, C.pln_json_root(json))
  C.pln_json_free(json)
  if not ok then error(value, 0) end
  return value
end

return M

--- Values to bytes and back, every bit: what threads tell one another. Tables without metatables, strings, numbers (NaN
-- and infinities too), booleans, int64 and uint64, and arrays of doubles or int32 that ffi.new made.
local ffi = require "ffi"

local M = {}

local ARRAYS = { double = "D", int = "I" } -- by the names that ffi prints: int32_t is "int"
local int64_t, uint64_t = ffi.typeof "int64_t", ffi.typeof "uint64_t"
local number_buffer = ffi.new "union { double number; int64_t integer; uint64_t natural; uint8_t bytes[8]; }"

local function add(out, text) out[#out + 1] = text end

local function bytes_of_number(value)
  number_buffer.number = value
  return ffi.string(number_buffer.bytes, 8)
end

local write

local function write_table(out, value, path)
  local n = #value
  add(out, "T" .. bytes_of_number(n))
  for k = 1, n do write(out, value[k], path .. "[" .. k .. "]") end
  local rest = 0
  local at = #out + 1
  out[at] = ""
  for key, item in pairs(value) do
    local kind = type(key)
    if not (kind == "number" and key >= 1 and key <= n and key % 1 == 0) then
      if kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
        error(("pack: %s has a key of type %s"):format(path, kind), 0)
      end
      rest = rest + 1
      write(out, key, path)
      write(out, item, path .. "." .. tostring(key))
    end
  end
  out[at] = bytes_of_number(rest)
end

local function write_cdata(out, value, path)
  if ffi.istype(int64_t, value) then
    number_buffer.integer = value
    return add(out, "i" .. ffi.string(number_buffer.bytes, 8))
  elseif ffi.istype(uint64_t, value) then
    number_buffer.natural = value
    return add(out, "u" .. ffi.string(number_buffer.bytes, 8))
  end
  local element = tostring(ffi.typeof(value)):match "^ctype<(%a+) %[[%d?]+%]>$"
  local tag = ARRAYS[element or ""]
  if not tag then error(("pack: %s is %s"):format(path, tostring(ffi.typeof(value))), 0) end
  local size = ffi.sizeof(value)
  add(out, tag .. bytes_of_number(size))
  add(out, ffi.string(value, size))
end

function write(out, value, path)
  local kind = type(value)
  if kind == "number" then
    add(out, "n" .. bytes_of_number(value))
  elseif kind == "string" then
    add(out, "s" .. bytes_of_number(#value))
    add(out, value)
  elseif kind == "boolean" then
    add(out, value and "t" or "f")
  elseif kind == "nil" then
    add(out, "0")
  elseif kind == "table" then
    write_table(out, value, path)
  elseif kind == "cdata" then
    write_cdata(out, value, path)
  else
    error(("pack: %s is a %s"):format(path, kind), 0)
  end
end

--- A value as a string of bytes; an error where it holds what has no form (functions, pointers).
function M.encode(value)
  local out = {}
  write(out, value, "value")
  return table.concat(out)
end

local function number_at(text, at)
  ffi.copy(number_buffer, text:sub(at, at + 7), 8)
  return number_buffer.number, at + 8
end

local read

local function read_table(text, at)
  local made = {}
  local n, from = number_at(text, at)
  for k = 1, n do made[k], from = read(text, from) end
  local rest
  rest, from = number_at(text, from)
  for _ = 1, rest do
    local key, behind = read(text, from)
    made[key], from = read(text, behind)
  end
  return made, from
end

function read(text, at)
  local tag = text:sub(at, at)
  at = at + 1
  if tag == "n" then
    return number_at(text, at)
  elseif tag == "s" then
    local size
    size, at = number_at(text, at)
    return text:sub(at, at + size - 1), at + size
  elseif tag == "t" or tag == "f" then
    return tag == "t", at
  elseif tag == "0" then
    return nil, at
  elseif tag == "T" then
    return read_table(text, at)
  elseif tag == "i" or tag == "u" then
    number_at(text, at)
    if tag == "i" then return number_buffer.integer, at + 8 end
    return number_buffer.natural, at + 8
  elseif tag == "D" or tag == "I" then
    local size
    size, at = number_at(text, at)
    local width = tag == "D" and 8 or 4
    local array = ffi.new(tag == "D" and "double[?]" or "int32_t[?]", math.max(1, size / width))
    ffi.copy(array, text:sub(at, at + size - 1), size)
    return array, at + size
  end
  error(("pack: found tag %q at byte %d"):format(tag, at - 1), 0)
end

--- The value of `encode`'s bytes.
function M.decode(text)
  local value = read(text, 1)
  return value
end

return M

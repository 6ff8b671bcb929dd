--- The state of a strategy as plain memory: a struct made from `state = { dir = 0, armed = false, ring = array(20) }`.
-- Struct types are kept for the life of the Lua state, because LuaJIT never frees a ctype; equal layouts share one.
local ffi = require "ffi"
local suggest = require "suggest"

local M = {}

--- Longest array of a state.
M.MAX_ARRAY = 1000000

local Array = {}

-- Words that cannot be field names of a struct (LuaJIT's C parser).
local RESERVED = {}
for word in ([[void bool char short int long float double complex signed unsigned const volatile restrict inline asm
  typedef extern static auto register struct union enum sizeof]]):gmatch "%a+" do
  RESERVED[word] = true
end

--- Why a name cannot be a field of a struct, or nil.
function M.bad_field(name)
  if type(name) ~= "string" or not name:find("^%a[%w_]*$") then
    return ("'%s' is not a name (letters, digits and underscores, beginning with a letter)"):format(tostring(name))
  end
  if RESERVED[name] then return ("'%s' is a reserved word, choose another name"):format(name) end
  return nil
end

--- array(n [, init]): n numbers, counted from 1, in a state declaration. An indicator's may name a parameter for n.
function M.array(n, init)
  if type(n) ~= "string" and (type(n) ~= "number" or n % 1 ~= 0 or n < 1 or n > M.MAX_ARRAY) then
    error(("array(%s): expected a whole number from 1 to %d"):format(tostring(n), M.MAX_ARRAY), 2)
  end
  if init == nil then init = 0 end
  if type(init) ~= "number" then error("array: the initial value must be a number", 2) end
  return setmetatable({ n = n, init = init }, Array)
end

local array_types = {}

--- ctype of n doubles that are counted from 1, with every index checked. `#a` is n.
function M.array_type(n)
  local ctype = array_types[n]
  if ctype then return ctype end
  ctype = ffi.typeof(("struct { double __values[%d]; }"):format(n + 1))
  local function outside(index)
    error(type(index) ~= "number" and ("an array is indexed by numbers, not by %s"):format(tostring(index))
      or ("index %s is outside of the array's 1 to %d"):format(tostring(index), n), 3)
  end
  ffi.metatype(ctype, {
    __len = function() return n end,
    __index = function(a, i)
      if type(i) == "number" and i >= 1 and i <= n and i % 1 == 0 then return a.__values[i] end
      outside(i)
    end,
    __newindex = function(a, i, value)
      if type(i) == "number" and i >= 1 and i <= n and i % 1 == 0 then
        a.__values[i] = value
        return
      end
      outside(i)
    end,
  })
  array_types[n] = ctype
  return ctype
end

local struct_types = {}

local function struct_type(fields, key)
  local ctype = struct_types[key]
  if ctype then return ctype end
  local members, arguments, names = {}, {}, {}
  for i, field in ipairs(fields) do
    names[i] = field.name
    if field.n then
      members[i] = "$ " .. field.name .. ";"
      arguments[#arguments + 1] = M.array_type(field.n)
    else
      members[i] = (field.boolean and "bool " or "double ") .. field.name .. ";"
    end
  end
  ctype = ffi.typeof("struct { " .. table.concat(members, " ") .. " }", unpack(arguments))
  local function unknown(_, name)
    error(("the state has no field '%s'%s"):format(tostring(name), suggest.hint(tostring(name), names)), 2)
  end
  ffi.metatype(ctype, { __index = unknown, __newindex = unknown })
  struct_types[key] = ctype
  return ctype
end

--- Reads the fields of a state declaration.
-- @param declared table of numbers, booleans and array(n)
-- @param size_of function(text) that gives the size of array "text", or nil and a message; nil: a text is an error
-- @return list of { name, initial, boolean, n }, sorted by name, or nil and a message
function M.fields(declared, size_of)
  if type(declared) ~= "table" or getmetatable(declared) == Array then
    return nil, "state must be a table, such as { count = 0, ring = array(20) }"
  end
  local fields = {}
  for name, value in pairs(declared) do
    local problem = M.bad_field(name)
    if problem then return nil, "state: " .. problem end
    local field = { name = name, initial = value }
    if type(value) == "boolean" then
      field.boolean = true
    elseif type(value) == "table" and getmetatable(value) == Array then
      field.n, field.initial = value.n, value.init
      if type(field.n) == "string" then
        local n, message
        if size_of then n, message = size_of(field.n) end
        if not size_of then
          message = ("array(\"%s\"): write state = function(p) return { %s = array(p.%s) } end"):format(field.n, name,
            field.n)
        elseif n and (type(n) ~= "number" or n % 1 ~= 0 or n < 1 or n > M.MAX_ARRAY) then
          message = ("array \"%s\" would have %s numbers, expected a whole number from 1 to %d"):format(field.n,
            tostring(n), M.MAX_ARRAY)
        end
        if message then return nil, ("state: '%s': %s"):format(name, message) end
        field.n = n
      end
    elseif type(value) ~= "number" then
      return nil, ("state: '%s' is a %s, expected a number, true, false or array(n)"):format(name, type(value))
    end
    fields[#fields + 1] = field
  end
  if #fields == 0 then return nil, "state is empty: leave it out" end
  if #fields > 150 then return nil, ("state has %d fields, at most 150 are possible: use array(n)"):format(#fields) end
  table.sort(fields, function(a, b) return a.name < b.name end)
  return fields
end

--- Reads a state declaration.
-- @param declared table of numbers, booleans and array(n)
-- @return layout for `new`, or nil and a message
function M.layout(declared)
  local fields, message = M.fields(declared)
  if not fields then return nil, message end
  local parts = {}
  for i, field in ipairs(fields) do
    parts[i] = field.name .. (field.n and ":" .. field.n or field.boolean and ":b" or "")
  end
  return { fields = fields, ctype = struct_type(fields, table.concat(parts, ",")) }
end

--- A new state with its initial values: plain memory of ffi.sizeof(state) bytes.
function M.new(layout)
  local s = layout.ctype()
  for _, field in ipairs(layout.fields) do
    if field.n then
      local ring = s[field.name]
      for i = 1, field.n do ring[i] = field.initial end
    else
      s[field.name] = field.initial
    end
  end
  return s
end

--- The names of a layout's fields, sorted.
function M.names(layout)
  local names = {}
  for i, field in ipairs(layout.fields) do names[i] = field.name end
  return names
end

return M

--- Tables of a strategy's file are constants: what must last from call to call is `state`, which the engine can save
-- and which does not depend on what ran before. The parser refuses what it can see to change them; what it cannot see
-- (a table handed to a function that changes it) is found here, by comparing with what the file made.
local M = {}

local MAX_ENTRIES = 200000 -- of all tables together; larger constants are not watched beyond this

local Frozen = {}
Frozen.__index = Frozen

local function same(a, b) return a == b or a ~= a and b ~= b end

function Frozen:_add(value, name)
  if type(value) == "function" then return self:_add_function(value) end
  if type(value) ~= "table" or self.seen[value] then return end
  self.seen[value] = true
  local copy, n = {}, 0
  for key, item in next, value do
    n = n + 1
    if self.left == 0 then return end
    self.left = self.left - 1
    copy[key] = item
    self:_add(item, name)
  end
  self.tables[#self.tables + 1] = { table = value, copy = copy, n = n, name = name }
end

function Frozen:_add_function(fn)
  if self.seen[fn] or debug.getinfo(fn, "S").source ~= self.source then return end
  self.seen[fn] = true
  for i = 1, 255 do
    local name, value = debug.getupvalue(fn, i)
    if not name then break end
    self:_add(value, name)
  end
end

--- Name of a variable of the file whose table is not as it was, or nil.
function Frozen:changed()
  for _, entry in ipairs(self.tables) do
    local n = 0
    for key, item in next, entry.table do
      n = n + 1
      if not same(entry.copy[key], item) then return entry.name end
    end
    if n ~= entry.n then return entry.name end
  end
end

--- Remembers the tables that functions reach.
-- @param functions list of the file's functions
-- @param source the file's chunk, as debug.getinfo names it
function M.new(functions, source)
  local self = setmetatable({ source = source, seen = {}, tables = {}, left = MAX_ENTRIES }, Frozen)
  for _, fn in ipairs(functions) do self:_add_function(fn) end
  return self
end

return M

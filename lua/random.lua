--- Random numbers for searches: MRG32k3a as in strategies (lua/sandbox.lua), the same on every machine.
local sandbox = require "sandbox"

local M = {}

local Random = {}
Random.__index = Random

--- A generator. @param seed a whole number
function M.new(seed)
  local state = sandbox.random_type()
  sandbox.seed(state, seed)
  return setmetatable({ state = state }, Random)
end

--- A number inside (0, 1).
function Random:uniform() return sandbox.next_random(self.state) end

--- A whole number from 1 to n.
function Random:integer(n) return math.min(n, math.floor(sandbox.next_random(self.state) * n) + 1) end

--- A normally distributed number (Box and Muller 1958, "A note on the generation of random normal deviates").
function Random:normal()
  local u, v = self:uniform(), self:uniform()
  return math.sqrt(-2 * math.log(u)) * math.cos(2 * math.pi * v)
end

--- 1 … n in random order (Fisher and Yates).
function Random:permutation(n)
  local list = {}
  for i = 1, n do list[i] = i end
  for i = n, 2, -1 do
    local j = self:integer(i)
    list[i], list[j] = list[j], list[i]
  end
  return list
end

--- k different whole numbers from 1 to n, in increasing order (Floyd's algorithm, Bentley 1987, "A sample of
-- brilliance", Communications of the ACM 30).
function Random:choose(k, n)
  local list, taken = {}, {}
  for j = n - k + 1, n do
    local t = self:integer(j)
    if taken[t] then t = j end
    taken[t] = true
    list[#list + 1] = t
  end
  table.sort(list)
  return list
end

return M

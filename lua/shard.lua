--- Shards: the parts that a sweep is cut into, each of which another process runs (docs/cluster.md).
--
-- Shard k of n has combos floor((k - 1) · size / n) + 1 to floor(k · size / n): a block, since combos beside one
-- another share features. Each combo is in exactly one, whatever the number of workers; where there are more shards
-- than combos, some have none.
local tabulate = require "tabulate"

local M = {}

--- Most shards of one sweep.
M.MAX = 1000000

local Shard = {}
Shard.__index = Shard

--- Reads "3/64".
-- @return { index = 3, count = 64, text = "3/64" }; or nil and a message
function M.parse(text)
  local index, count = tostring(text):match "^%s*(%d+)%s*/%s*(%d+)%s*$"
  index, count = tonumber(index), tonumber(count)
  if not index then return nil, ("found '%s', expected K/N, as in 3/64"):format(tostring(text)) end
  if count < 1 or count > M.MAX then
    return nil, ("found %.0f shards, expected 1 to %d"):format(count, M.MAX)
  end
  if index < 1 or index > count then
    return nil, ("found shard %.0f of %.0f, expected 1 to %.0f"):format(index, count, count)
  end
  return setmetatable({ index = index, count = count, text = ("%d/%d"):format(index, count) }, Shard)
end

--- Its first and last combo, of so many; the first is behind the last where it has none.
function Shard:range(size)
  return math.floor((self.index - 1) * size / self.count) + 1, math.floor(self.index * size / self.count)
end

--- Whether a combo of a grid is in it.
function Shard:has(number, grid)
  local first, last = self:range(grid:size())
  return number >= first and number <= last
end

--- What is told of a shard that has run: its combos and what to do with it (coordinator.run's `report`).
-- @param grid that it is a part of
-- @param db path of the database that it is in
function Shard:report(grid, db)
  local size = grid:size()
  local first, last = self:range(size)
  local data = { shard = self.text, first = first, last = last, combos = last - first + 1, of = size }
  local range = "no combos"
  if data.combos > 0 then
    range = ("combos %s to %s"):format(tabulate.number(first, 0), tabulate.number(last, 0))
  end
  return {
    data = data,
    format = function()
      return ("Shard %s: %s of %s, in %s\nperilune merge joins the shards of a sweep (docs/cluster.md).\n"):format(
        self.text, range, tabulate.number(size, 0), db)
    end,
  }
end

return M

--- Which combos of a grid have the same signals: those that differ in portfolios and execution only.
local ffi = require "ffi"
local identity = require "grid_identity"

local M = {}

-- Signals are captured before the components that are inserted behind strategies, whose parameters change none.
local function givers(items)
  local made = {}
  for k, item in ipairs(items) do
    if item.def.kind ~= "signal_filter" then made[k] = item end -- they come last
  end
  return made
end

--- The combo that stands for each one's signals: the first with the same strategies, parameters and data.
-- @param grid of lua/grid.lua
-- @return function(combo number) giving that combo's number, and the list of the numbers that stand for some, ascending
function M.of(grid)
  local size = grid:size()
  local origins, first, list = ffi.new("int32_t[?]", size + 1), {}, {}
  for n = 1, size do
    local block = grid:decode(n)
    block.identity = block.identity or identity.block(block, grid.index_of, grid.contents)
    local key = block.identity .. identity.point(givers(block.plan.items), grid:point(n))
    if not first[key] then
      first[key] = n
      list[#list + 1] = n
    end
    origins[n] = first[key]
  end
  return function(n) return origins[n] end, list
end

return M

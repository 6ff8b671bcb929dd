-- The surroundings of an optimum: plateau, ridge, spike.
local neighbourhood = require "neighbourhood"

TestNeighbourhood = {}

local AXES = { { name = "fast", values = { 5, 10, 15, 20, 25 } }, { name = "slow", values = { 30, 40, 50, 60 } } }

-- Figures of a grid of 5 x 4 combos, slow varying fastest, by a function of the indices.
local function values_of(f)
  local list = {}
  for i = 1, 5 do
    for j = 1, 4 do list[#list + 1] = f(i, j) end
  end
  return list
end

local function around(best, f, more)
  local given = { best = best, axes = AXES, values = values_of(f) }
  for key, value in pairs(more or {}) do given[key] = value end
  return neighbourhood.of(given)
end

local CENTRE = 10 -- fast 15, slow 40: index 3, 2

function TestNeighbourhood.test_a_plateau()
  local n = around(CENTRE, function(i, j) return 2 - 0.1 * math.abs(i - 3) - 0.2 * math.abs(j - 2) - (i == 1 and 2 or 0)
    - (i == 5 and 2 or 0) end)
  lu.assertEquals({ n.verdict, n.rank, n.combos, n.value }, { "plateau", 1, 20, 2 })
  lu.assertEquals(n.cross.n, 4)
  lu.assertAlmostEquals(n.cross.mean, 1.85, 1e-12)
  lu.assertAlmostEquals(n.cross.ratio, 0.925, 1e-12)
  lu.assertAlmostEquals(n.cross.min, 1.8, 1e-12)
  lu.assertEquals({ n.cross.share_above_zero, n.cross.share_near }, { 1, 1 })
  lu.assertEquals(n.box.n, 8)
  lu.assertAlmostEquals(n.box.min, 1.7, 1e-12)
  lu.assertEquals({ n.axes[1].name, n.axes[1].value, n.axes[2].value }, { "fast", 15, 40 })
  lu.assertAlmostEquals(n.axes[2].above, 1.8, 1e-12)
  lu.assertEquals(n.edge, {})
end

function TestNeighbourhood.test_a_spike()
  local n = around(CENTRE, function(i, j) return i == 3 and j == 2 and 3 or 0.1 * (i + j) end)
  lu.assertEquals(n.verdict, "spike")
  lu.assertTrue(n.kept < 0.2)
  lu.assertEquals(n.cross.share_near, 0)
end

function TestNeighbourhood.test_a_ridge()
  local n = around(CENTRE, function(i, j) return j == 2 and 2 - 0.1 * math.abs(i - 3) or 0 end)
  lu.assertEquals(n.verdict, "ridge")
  lu.assertTrue(n.axes[1].kept > 0.9 and n.axes[2].kept == 0)
end

-- The advantage is over the median combo, so that the verdict does not depend on the level or the unit of the figure.
function TestNeighbourhood.test_level_and_unit_do_not_matter()
  local function f(i, j) return 2 - 0.1 * math.abs(i - 3) - 0.9 * math.abs(j - 2) end
  local a = around(CENTRE, f)
  local b = around(CENTRE, function(i, j) return 1000 * f(i, j) - 5000 end)
  lu.assertEquals(a.verdict, b.verdict)
  lu.assertAlmostEquals(a.kept, b.kept, 1e-12)
  lu.assertNil(b.cross.ratio) -- of a loss
  local c = around(CENTRE, function(i, j) return -f(i, j) end, { lower_is_better = true })
  lu.assertEquals({ c.verdict, c.value, c.rank }, { a.verdict, -2, 1 })
end

function TestNeighbourhood.test_edges_and_missing_figures()
  local n = around(1, function(i, j) return 2 - 0.1 * (i + j) end)
  lu.assertEquals(n.edge, { "fast", "slow" })
  lu.assertEquals(n.cross.n, 2)
  lu.assertNil(n.axes[1].below)
  -- A neighbour without a figure (no trades) keeps nothing.
  local function f(i, j) return i == 3 and j ~= 2 and 0 / 0 or 2 - 0.1 * math.abs(i - 3) - 0.1 * math.abs(j - 2) end
  n = around(CENTRE, f)
  lu.assertEquals({ n.missing, n.axes[2].kept, n.verdict }, { 2, 0, "ridge" })
  lu.assertEquals({ n.combos, n.cross.n }, { 17, 2 })
end

-- Points that constraints leave out are no neighbours.
function TestNeighbourhood.test_points_that_do_not_exist()
  local n = around(CENTRE, function(i, j) return 10 - i - j end, { position = function() return { 3, 2 } end,
    find = function(at) return at[1] == 3 and at[2] == 3 and 11 or nil end })
  lu.assertEquals({ n.cross.n, n.box.n }, { 1, 1 })
  n = around(CENTRE, function() return 1 end, { position = function() return { 3, 2 } end, find = function() end })
  lu.assertEquals({ n.verdict, n.why }, { nil, "no neighbour of the combo was tried" })
end

function TestNeighbourhood.test_axes_without_order()
  local axes = { { name = "kind", values = { "a", "b" } }, { name = "n", values = { 1, 2, 3 } }, { name = "one",
    values = { 7 } } }
  local n = neighbourhood.of { best = 2, axes = axes, values = { 4, 5, 4, 0, 0, 0 } }
  lu.assertEquals({ #n.axes, n.axes[1].name, n.cross.n, n.verdict }, { 1, "n", 2, "plateau" })
  n = neighbourhood.of { best = 1, axes = { axes[1] }, values = { 4, 5 } }
  lu.assertEquals(n.why, "no axis of the grid has several numbers")
  n = neighbourhood.of { best = 2, axes = axes, values = { 1, 1, 1, 1, 1, 1 } }
  lu.assertEquals(n.verdict, "flat")
  n = neighbourhood.of { best = 2, axes = axes, values = {} , size = 6 }
  lu.assertEquals(n.why, "the combo has no figure")
end

-- The grid of a configuration.
function TestNeighbourhood.test_of_a_grid()
  local config = require "config"
  local plan_module = require "plan"
  local cfg = assert(config.from_text [[
data: {source: synthetic, synthetic: {bars: 100, timeframe: 1d}}
symbols: [X]
strategies: [{type: sma_cross, params: {fast: [5, 10, 20, 30], slow: [20, 30, 40]}}]
]])
  local plan = assert(plan_module.new(cfg))
  local grid = plan.grid
  local best
  for n = 1, grid:size() do
    local shown = grid:params(n)
    if shown.fast == 10 and shown.slow == 30 then best = n end
  end
  local n = neighbourhood.of { best = best, grid = grid, values = function(k)
    local shown = grid:params(k)
    return 5 - math.abs(shown.fast - 10) / 10 - math.abs(shown.slow - 30) / 50
  end }
  lu.assertEquals(n.rank, 1)
  lu.assertEquals(#n.axes, 2)
  for _, axis in ipairs(n.axes) do
    lu.assertAlmostEquals(axis.below, axis.name:find "fast" and 4.5 or 4.8, 1e-12)
    lu.assertAlmostEquals(axis.above, axis.name:find "fast" and 4 or 4.8, 1e-12)
  end
end

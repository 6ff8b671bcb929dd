-- Grids: combos by their number.
local grids = require "grid"
local registry = require "registry"

TestGrid = {}

local SOURCE = [[
return strategy { name = "%s", params = { %s }, signal = function() return FLAT end }
]]

local function item(id, declared, params)
  local def = assert(registry.compile(SOURCE:format(id, declared), id .. ".lua"))
  return { id = id, def = def, params = params, path = "strategies." .. id }
end

local function fail(path, message) return nil, path .. ": " .. message end

local function grid_of(items, constraints)
  local cfg = { portfolios = {}, execution = {}, symbols = {} }
  return grids.new({ { plan = { items = items }, cfg = cfg, group = 1 } }, {
    bare = #items == 1, fail = fail, constraints = constraints, folder = ".",
  })
end

function TestGrid.test_the_last_parameter_varies_fastest()
  local grid = assert(grid_of { item("one", "b = 1, a = 8, z = 3", { b = { 1, 2 }, a = { 8, 9 } }),
    item("two", "c = 5", { c = { 5, 6 } }) })
  lu.assertEquals(grid:size(), 8)
  lu.assertEquals(grid:point(1), { { a = 8, b = 1, z = 3 }, { c = 5 } })
  lu.assertEquals(grid:point(2), { { a = 8, b = 1, z = 3 }, { c = 6 } })
  lu.assertEquals(grid:point(3), { { a = 8, b = 2, z = 3 }, { c = 5 } })
  lu.assertEquals(grid:point(8), { { a = 9, b = 2, z = 3 }, { c = 6 } })
  lu.assertEquals(grid:params(8), { ["one.a"] = 9, ["one.b"] = 2, ["one.z"] = 3, ["two.c"] = 6 })
  lu.assertError(function() grid:point(9) end)
  lu.assertError(function() grid:point(0) end)
end

function TestGrid.test_one_strategy_shows_bare_names()
  local grid = assert(grid_of { item("one", "b = 1, a = 8", { a = { from = 1, to = 3, step = 1 } }) })
  lu.assertEquals(grid:params(3), { a = 3, b = 1 })
end

function TestGrid.test_a_grid_beyond_the_limit_is_refused()
  local range = { from = 1, to = 2000, step = 1 }
  local grid, err = grid_of { item("one", "a = 1, b = 2", { a = range, b = range }) }
  lu.assertNil(grid)
  lu.assertStrContains(err, "4000000 combos, at most 1000000")
end

function TestGrid.test_each_value_fits_its_parameter()
  local grid, err = grid_of { item("one", "a = { 1, min = 0 }", { a = { 1, -1 } }) }
  lu.assertNil(grid)
  lu.assertStrContains(err, "strategies.one.params.a: strategy 'one': parameter 'a': -1 is below its minimum of 0")
end

local RANGE = { from = 1, to = 40, step = 1 }

local function by_hand(keep)
  local list = {}
  for fast = 1, 40 do
    for slow = 1, 40 do
      if keep(fast, slow) then list[#list + 1] = { fast, slow } end
    end
  end
  return list
end

local function check_constraints(constraints, keep)
  local grid = assert(grid_of({ item("sma", "fast = 1, slow = 2, kind = 'a'", { fast = RANGE, slow = RANGE }) },
    constraints))
  local expected = by_hand(keep)
  lu.assertEquals(grid:size(), #expected)
  for n, pair in ipairs(expected) do
    local p = grid:point(n)[1]
    if p.fast ~= pair[1] or p.slow ~= pair[2] then lu.assertEquals({ p.fast, p.slow }, pair) end
  end
  for n = 1, grid:size() do lu.assertEquals(grid:find(grid:position(n)), n) end
end

function TestGrid.test_constraints_leave_out_combos()
  check_constraints("fast < slow", function(a, b) return a < b end)
  check_constraints({ "fast < slow", "slow <= sma.fast * 2" }, function(a, b) return a < b and b <= a * 2 end)
  check_constraints({ "fast != 3 and not (slow > 10)", "kind == 'a'" }, function(a, b) return a ~= 3 and b <= 10 end)
  check_constraints("max(fast, slow) - min(fast, slow) == 7 or (fast + slow) % 13 == 0 and floor(slow / 2) > 3",
    function(a, b) return math.abs(a - b) == 7 or (a + b) % 13 == 0 and math.floor(b / 2) > 3 end)
end

local function refused(constraints)
  local _, err = grid_of({ item("sma", "fast = 1, slow = 2, kind = 'a'", { fast = RANGE, slow = RANGE }) }, constraints)
  return err
end

function TestGrid.test_constraints_that_are_wrong_are_named()
  lu.assertEquals(refused { "slow > 1", "fats < slow" },
    "grid.constraints[1]: 'fats < slow': there is no parameter 'fats', did you mean 'fast'? (there are: fast, kind, "
    .. "slow, sma.fast, sma.kind, sma.slow)")
  lu.assertStrContains(refused "fast <", "'fast <' is no expression")
  lu.assertStrContains(refused "fast; slow", "';' is not understood")
  lu.assertStrContains(refused "fast - slow", "'fast - slow' gives 0")
  lu.assertStrContains(refused "fast", "gives 1, expected true or false")
  lu.assertStrContains(refused "fast < kind", "compare")
  lu.assertStrContains(refused "fast + slow < 0", "none of 1600 combos satisfies 'fast + slow < 0'")
  lu.assertStrContains(refused "os.exit()", "there is no parameter 'os.exit'")
end

-- Whatever stands there: a grid, or a message; nothing else.
function TestGrid.test_constraints_of_any_text()
  local words = { "fast", "slow", "kind", "sma.fast", "and", "or", "not", "(", ")", "<", "<=", "==", "~=", "!=", "+",
    "-", "--", "*", "/", "%", "^", "'a'", '"', "1", ".5", "1e3", "max(", ",", "[[", "]]", "..", ";", "\n", "true",
    "end", "#", "return", "\0", "é", "{}", "os" }
  local values, between = { "fast", "slow", "1", "2.5" }, { "<", ">=", "==", "and", "or", "+", "*" }
  local rng, made = require("random").new(5), 0
  for _ = 1, 3000 do
    local parts = {}
    for k = 1, rng:integer(9) do
      local from = rng:uniform() < 0.1 and words or k % 2 == 1 and values or between
      parts[k] = from[rng:integer(#from)]
    end
    local grid, err = grid_of({ item("sma", "fast = 1, slow = 2, kind = 'a'", { fast = { 1, 2, 3 } }) },
      table.concat(parts, rng:uniform() < 0.8 and " " or ""))
    if grid then made = made + 1 else lu.assertStrContains(err, "grid.constraints: ") end
  end
  lu.assertTrue(made > 20)
end

function TestGrid.test_a_file_may_be_the_constraint()
  local path = os.tmpname()
  local function write(text)
    local file = assert(io.open(path, "w"))
    file:write(text)
    file:close()
  end
  write "return function(p) return p.fast * 3 < p.slow and p['sma.kind'] == 'a' end"
  check_constraints({ file = path }, function(a, b) return a * 3 < b end)
  write "return function(p) return p.fasst < 1 end"
  lu.assertStrContains(refused { file = path }, "there is no parameter 'fasst', did you mean 'fast'?")
  write "return function(p) return p.fast end"
  lu.assertStrContains(refused { file = path }, "the function gave 1, expected true or false")
  write "return 5"
  lu.assertStrContains(refused { file = path }, "the file returns a number, expected a function")
  write "return io.open('/')"
  lu.assertNotNil(refused { file = path })
  os.remove(path)
end

function TestGrid.test_a_product_of_millions_is_constrained_in_moments()
  local range = { from = 1, to = 2000, step = 1 }
  local started = os.clock()
  local grid = assert(grid_of({ item("one", "a = 1, b = 2, c = 3", { a = range, b = range, c = { 1, 2, 3 } }) },
    { "a * b == 2000", "c > 1" }))
  lu.assertEquals(grid:size(), 40)
  lu.assertTrue(os.clock() - started < 2)
end

function TestGrid.test_axes_are_sorted_and_lead_to_neighbours()
  local grid = assert(grid_of({ item("one", "a = 1, b = 2, c = 3, d = 4",
    { a = { 30, 10, 20 }, b = { 5, 7 }, c = { 1 } }) }))
  local axes = grid:axes()
  lu.assertEquals(#axes, 2)
  lu.assertEquals({ axes[1].name, axes[1].values }, { "a", { 10, 20, 30 } })
  lu.assertEquals({ axes[2].name, axes[2].values }, { "b", { 5, 7 } })
  lu.assertEquals(grid:position(1), { 3, 1 })
  lu.assertEquals(grid:params(grid:find { 1, 2 }), { a = 10, b = 7, c = 1, d = 4 })
  lu.assertNil(grid:find { 4, 1 })
end

function TestGrid.test_a_million_combos_are_no_million_tables()
  local range = { from = 1, to = 1000, step = 1 }
  collectgarbage()
  local before = collectgarbage "count"
  local grid = assert(grid_of { item("one", "a = 1, b = 2", { a = range, b = range }) })
  collectgarbage()
  lu.assertEquals(grid:size(), 1000000)
  lu.assertTrue(collectgarbage "count" - before < 500)
  lu.assertEquals(grid:point(1000000), { { a = 1000, b = 1000 } })
end

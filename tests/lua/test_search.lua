-- Searches: samples of a grid, and the tree-structured Parzen estimator on functions with known minima.
local grids = require "grid"
local random = require "random"
local registry = require "registry"
local search = require "search"

TestSearch = {}

local SOURCE = [[
return strategy { name = "%s", params = { %s }, signal = function() return FLAT end }
]]

local function item(id, declared, params)
  local def = assert(registry.compile(SOURCE:format(id, declared), id .. ".lua"))
  return { id = id, def = def, params = params, path = "strategies." .. id }
end

local function fail(path, message) return nil, path .. ": " .. message end

local function options(constraints)
  return { bare = true, fail = fail, folder = ".", constraints = constraints }
end

local function block(...)
  return { plan = { items = { ... } }, cfg = { portfolios = {}, execution = {}, symbols = {} }, group = 1 }
end

local function grid_of(one, optimize, constraints)
  return search.grid({ block(one) }, options(constraints), optimize, 7)
end

local function points(grid)
  local list = {}
  for n = 1, grid:size() do list[n] = grid:point(n)[1] end
  return list
end

local RANGE = { from = 1, to = 50, step = 1 }

function TestSearch.test_random_samples_are_distinct_and_those_of_the_seed()
  local function sample(seed)
    return assert(grid_of(item("sma", "fast = 1, slow = 2", { fast = RANGE, slow = RANGE }),
      { search = "random", samples = 100, seed = seed }, "fast < slow"))
  end
  local grid, seen = sample(3), {}
  lu.assertEquals(grid:size(), 100)
  for _, p in ipairs(points(grid)) do
    lu.assertTrue(p.fast < p.slow)
    lu.assertNil(seen[p.fast * 100 + p.slow])
    seen[p.fast * 100 + p.slow] = true
  end
  lu.assertEquals(points(sample(3)), points(grid))
  lu.assertNotEquals(points(sample(4)), points(grid))
  for n = 1, 100 do lu.assertEquals(grid:find(grid:position(n)), n) end
end

function TestSearch.test_fingerprints_tell_grids_apart()
  local function print_of(params, optimize, constraints)
    return assert(grid_of(item("sma", "fast = 1, slow = 2", params), optimize, constraints)):fingerprint()
  end
  local range = { fast = { 1, 2, 3 }, slow = { 3, 4, 5 } }
  local one = print_of(range)
  lu.assertEquals(print_of(range), one)
  lu.assertNotEquals(print_of({ fast = { 1, 2, 3 }, slow = { 3, 4, 6 } }), one)
  lu.assertNotEquals(print_of(range, nil, "fast < slow"), one)
  local sampled = print_of(range, { search = "random", samples = 4, seed = 1 })
  lu.assertEquals(print_of(range, { search = "random", samples = 4, seed = 1 }), sampled)
  lu.assertNotEquals(print_of(range, { search = "random", samples = 4, seed = 2 }), sampled)
end

function TestSearch.test_a_small_grid_is_taken_whole()
  local grid = assert(grid_of(item("sma", "fast = 1, slow = 2", { fast = { 1, 2 }, slow = { 3, 4 } }),
    { search = "random", samples = 100 }))
  lu.assertEquals(grid:size(), 4)
end

function TestSearch.test_samples_of_a_large_space()
  local grid = assert(grid_of(item("sma", "a = 1, b = 2, c = 3, d = 4, e = 5",
    { a = RANGE, b = RANGE, c = RANGE, d = RANGE, e = RANGE }), { search = "random", samples = 50 }, "a < b and b < c"))
  lu.assertEquals(grid:size(), 50)
  local _, err = grid_of(item("sma", "a = 1, b = 2, c = 3, d = 4, e = 5",
    { a = RANGE, b = RANGE, c = RANGE, d = RANGE, e = RANGE }), nil, "a < b")
  lu.assertStrContains(err, "312500000 combos before constraints, at most 100000000")
end

function TestSearch.test_ranges_without_steps_are_sampled_on_the_continuum()
  local grid = assert(grid_of(item("one", "x = 0.5, n = 5, l = 0.5",
    { x = { from = 0, to = 1 }, n = { from = 1, to = 5 }, l = { from = 0.001, to = 1000, log = true } }),
    { search = "random", samples = 1000 }))
  local small, whole = 0, {}
  for _, p in ipairs(points(grid)) do
    lu.assertTrue(p.x >= 0 and p.x <= 1 and p.l >= 0.001 and p.l <= 1000 and p.n % 1 == 0)
    small = small + (p.l < 1 and 1 or 0)
    whole[p.n] = (whole[p.n] or 0) + 1
  end
  lu.assertTrue(small > 440 and small < 560) -- half of the logarithmic range
  for n = 1, 5 do lu.assertTrue(whole[n] > 150 and whole[n] < 250) end
end

function TestSearch.test_a_latin_hypercube_has_one_sample_in_each_part()
  local grid = assert(grid_of(item("one", "x = 0.5, y = 0.5", { x = { from = 0, to = 1 }, y = { from = 0, to = 1 } }),
    { search = "latin_hypercube", samples = 40 }))
  local rows, columns = {}, {}
  for _, p in ipairs(points(grid)) do
    rows[math.floor(p.x * 40)], columns[math.floor(p.y * 40)] = true, true
  end
  for k = 0, 39 do lu.assertTrue(rows[k] and columns[k]) end
end

function TestSearch.test_a_grid_is_asked_in_order()
  local grid = assert(grid_of(item("sma", "fast = 1, slow = 2", { fast = { 1, 2 }, slow = { 3, 4, 5 } })))
  local one = search.new(grid, { search = "grid" })
  lu.assertEquals(one:ask(4), { 1, 2, 3, 4 })
  lu.assertFalse(one:done())
  lu.assertEquals(one:ask(), { 5, 6 })
  lu.assertTrue(one:done())
  lu.assertEquals(one:ask(), {})
  one:tell({ 1, 2, 3, 4, 5, 6 }, { 3, false, 0 / 0, 9, 9, -1 })
  lu.assertEquals({ one:best() }, { 4, 9 })
end

-- Functions ----------------------------------------------------------------------------------------------------------

-- Dixon and Szegö 1978, "Towards global optimisation 2": minima 0.397887 and -3.86278.
local PROBLEMS = {}

PROBLEMS.branin = {
  declared = "x = { type = 'number', 0 }, y = { type = 'number', 0 }",
  params = { x = { from = -5, to = 10 }, y = { from = 0, to = 15 } },
  value = function(p)
    return (p.y - 5.1 / (4 * math.pi ^ 2) * p.x * p.x + 5 / math.pi * p.x - 6) ^ 2
      + 10 * (1 - 1 / (8 * math.pi)) * math.cos(p.x) + 10
  end,
}

local WEIGHT = { { 3, 10, 30 }, { 0.1, 10, 35 }, { 3, 10, 30 }, { 0.1, 10, 35 } }
local CENTER = { { 0.3689, 0.1170, 0.2673 }, { 0.4699, 0.4387, 0.7470 }, { 0.1091, 0.8732, 0.5547 },
  { 0.0381, 0.5743, 0.8828 } }
local HEIGHT = { 1, 1.2, 3, 3.2 }

PROBLEMS.hartmann3 = {
  declared = "a = { type = 'number', 0 }, b = { type = 'number', 0 }, c = { type = 'number', 0 }",
  params = { a = { from = 0, to = 1 }, b = { from = 0, to = 1 }, c = { from = 0, to = 1 } },
  value = function(p)
    local sum, x = 0, { p.a, p.b, p.c }
    for i = 1, 4 do
      local e = 0
      for j = 1, 3 do e = e + WEIGHT[i][j] * (x[j] - CENTER[i][j]) ^ 2 end
      sum = sum - HEIGHT[i] * math.exp(-e)
    end
    return sum
  end,
}

local MIDDLE, FLOOR = { a = -2, b = 1, c = 2, d = 0 }, { a = 3, b = 1, c = 0, d = 2 }

PROBLEMS.quadratic = { -- with a choice: its minimum is 0, at kind c
  declared = "x = { type = 'number', 0 }, y = { type = 'number', 0 }, kind = 'a'",
  params = { x = { from = -5, to = 5 }, y = { from = -5, to = 5 }, kind = { "a", "b", "c", "d" } },
  value = function(p) return (p.x - MIDDLE[p.kind]) ^ 2 + (p.y + 1) ^ 2 + FLOOR[p.kind] end,
}

local function minimum(problem, optimize)
  optimize.maximize = false
  local grid = assert(grid_of(item("f", problem.declared, problem.params), optimize))
  local one = search.new(grid, optimize)
  while not one:done() do
    local numbers, values = one:ask(), {}
    for i, n in ipairs(numbers) do values[i] = problem.value(grid:point(n)[1]) end
    one:tell(numbers, values)
  end
  lu.assertEquals(grid:size(), optimize.samples)
  local _, value = one:best()
  return value
end

local SEEDS = 15

local function median(problem, kind)
  local values = {}
  for seed = 1, SEEDS do values[seed] = minimum(problem, { search = kind, samples = 100, seed = seed, batch = 8 }) end
  table.sort(values)
  return values[(SEEDS + 1) / 2]
end

-- tests/reference/search/tpe.json has medians of optuna's TPE with the same budget (tpe.py beside it).
local json = require "json"
local function reference()
  local file = assert(io.open((os.getenv "PERILUNE_HOME" or ".") .. "/tests/reference/search/tpe.json"))
  local text = file:read "*a"
  file:close()
  return assert(json.decode(text, "tpe.json"))
end

local MINIMUM = { branin = 0.39788736, hartmann3 = -3.86277979, quadratic = 0 }

function TestSearch.test_the_estimator_is_better_than_chance_and_as_good_as_optuna()
  local optuna = reference()
  for _, name in ipairs { "branin", "hartmann3", "quadratic" } do
    local bayesian, chance = median(PROBLEMS[name], "bayesian"), median(PROBLEMS[name], "random")
    lu.assertTrue(bayesian >= MINIMUM[name] - 1e-6, name)
    local error_of, of_chance = bayesian - MINIMUM[name], chance - MINIMUM[name]
    lu.assertTrue(error_of < 0.5 * of_chance, ("%s: %g, by chance %g"):format(name, error_of, of_chance))
    local of_optuna = optuna[name].tpe - MINIMUM[name]
    lu.assertTrue(error_of < 2 * of_optuna, ("%s: %g, optuna %g"):format(name, error_of, of_optuna))
  end
end

function TestSearch.test_a_search_can_be_taken_up_again()
  local problem = PROBLEMS.branin
  local function begin()
    local optimize = { search = "bayesian", samples = 80, seed = 5, maximize = false }
    local grid = assert(grid_of(item("f", problem.declared, problem.params), optimize))
    return search.new(grid, optimize), grid
  end
  local function step(one, grid)
    local numbers, values = one:ask(), {}
    for i, n in ipairs(numbers) do values[i] = problem.value(grid:point(n)[1]) end
    one:tell(numbers, values)
  end
  local whole, grid = begin()
  while not whole:done() do step(whole, grid) end
  local again, other = begin()
  for _ = 1, 3 do step(again, other) end
  local exported = other:export(1, other:size())
  while not again:done() do step(again, other) end
  lu.assertEquals(points(other), points(grid))
  -- Another thread's grid takes the points under their numbers.
  local _, third = begin()
  third:import(exported)
  for n = 1, #exported do lu.assertEquals(third:point(n), grid:point(n)) end
  lu.assertEquals(third:params(3), grid:params(3))
end

function TestSearch.test_some_points_of_a_grid()
  local range = { from = 1, to = 30, step = 1 }
  local grid = assert(grid_of(item("sma", "fast = 1, slow = 2", { fast = range, slow = range }), nil, "fast < slow"))
  local some = grid:of_points { 7, grid:encode(400), 7, { block = 1, values = { 9, 11 } } }
  lu.assertEquals(some:size(), 4)
  lu.assertEquals(some:point(1), grid:point(7))
  lu.assertEquals(some:hash(2), grid:hash(400))
  lu.assertEquals(some:point(3), some:point(1))
  lu.assertEquals(some:params(4), { fast = 9, slow = 11 })
  lu.assertIs(some:plan(1).grid, some)
  lu.assertEquals(some:of_points({ 4 }):params(1), { fast = 9, slow = 11 })
  lu.assertError(function() some:point(5) end)
end

function TestSearch.test_a_search_ends_with_its_space()
  local optimize = { search = "bayesian", samples = 100, startup = 3, batch = 4 }
  local grid = assert(grid_of(item("sma", "fast = 1, slow = 2", { fast = { 1, 2, 3 }, slow = { 1, 2, 3 } }), optimize,
    "fast < slow"))
  local one = search.new(grid, optimize)
  while not one:done() do
    local numbers, values = one:ask(), {}
    for i, n in ipairs(numbers) do values[i] = grid:point(n)[1].fast end
    one:tell(numbers, values)
  end
  lu.assertEquals(grid:size(), 3)
  lu.assertEquals({ one:best() }, { one:best(), 2 })
  lu.assertEquals(grid:point((one:best()))[1], { fast = 2, slow = 3 })
end

function TestSearch.test_blocks_are_choices()
  local optimize = { search = "bayesian", samples = 120, batch = 8, startup = 24 }
  local a, b = block(item("a", "p = { type = 'number', 0 }", { p = { from = 0, to = 1 } })),
    block(item("b", "q = { type = 'number', 0 }", { q = { from = 0, to = 1 } }))
  a.fixed, b.fixed = { strategy = "a" }, { strategy = "b" }
  local opts = options()
  opts.bare, opts.names = false, { "strategy" }
  local grid = assert(search.grid({ a, b }, opts, optimize, 1))
  local one, of_b = search.new(grid, optimize), 0
  while not one:done() do
    local numbers, values = one:ask(), {}
    for i, n in ipairs(numbers) do
      local p = grid:params(n)
      values[i] = p.strategy == "b" and 1 - (p["b.q"] - 0.7) ^ 2 or p["a.p"] * 0.5
      if n > 60 and p.strategy == "b" then of_b = of_b + 1 end
    end
    one:tell(numbers, values)
  end
  lu.assertTrue(of_b > 45, "of the last sixty points " .. of_b)
  local n, value = one:best()
  lu.assertTrue(value > 0.9999)
  lu.assertAlmostEquals(grid:params(n)["b.q"], 0.7, 0.01)
  lu.assertEquals(grid:axes()[1].values, { "a", "b" })
end

function TestSearch.test_random_numbers()
  local rng = random.new(1)
  local order = rng:permutation(100)
  table.sort(order)
  for i = 1, 100 do lu.assertEquals(order[i], i) end
  local chosen = rng:choose(10, 12)
  lu.assertEquals(#chosen, 10)
  for i = 2, 10 do lu.assertTrue(chosen[i] > chosen[i - 1]) end
  local sum, squares = 0, 0
  for _ = 1, 20000 do
    local x = rng:normal()
    sum, squares = sum + x, squares + x * x
  end
  lu.assertAlmostEquals(sum / 20000, 0, 0.03)
  lu.assertAlmostEquals(squares / 20000, 1, 0.03)
  lu.assertEquals(grids.MAX, 1000000)
end

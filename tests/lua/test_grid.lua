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

local function grid_of(...)
  local items = { ... }
  return grids.new({ { plan = { items = items }, group = 1 } }, { bare = #items == 1, fail = fail })
end

function TestGrid.test_the_last_parameter_varies_fastest()
  local grid = assert(grid_of(item("one", "b = 1, a = 8, z = 3", { b = { 1, 2 }, a = { 8, 9 } }),
    item("two", "c = 5", { c = { 5, 6 } })))
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
  local grid = assert(grid_of(item("one", "b = 1, a = 8", { a = { from = 1, to = 3, step = 1 } })))
  lu.assertEquals(grid:params(3), { a = 3, b = 1 })
end

function TestGrid.test_a_grid_beyond_the_limit_is_refused()
  local range = { from = 1, to = 2000, step = 1 }
  local grid, err = grid_of(item("one", "a = 1, b = 2", { a = range, b = range }))
  lu.assertNil(grid)
  lu.assertStrContains(err, "4000000 combos, at most 1000000")
end

function TestGrid.test_each_value_fits_its_parameter()
  local grid, err = grid_of(item("one", "a = { 1, min = 0 }", { a = { 1, -1 } }))
  lu.assertNil(grid)
  lu.assertStrContains(err, "strategies.one.params.a: strategy 'one': parameter 'a': -1 is below its minimum of 0")
end

-- Grids of parameters.
local combos = require "combos"

TestCombos = {}

function TestCombos.test_ranges_include_their_end_and_do_not_drift()
  local values = combos.values { from = 0, to = 1, step = 0.1 }
  lu.assertEquals(#values, 11)
  lu.assertAlmostEquals(values[11], 1, 1e-15)
  lu.assertEquals(combos.values { from = 5, to = 6, step = 5 }, { 5 })
  lu.assertEquals(combos.values { from = 3, to = 1, step = -1 }, { 3, 2, 1 })
  lu.assertEquals(combos.values(7), { 7 })
end

function TestCombos.test_ranges_that_go_nowhere_are_errors()
  lu.assertNil((combos.values { from = 1, to = 5, step = -1 }))
  lu.assertNil((combos.values { from = 1, to = 5, step = 0 }))
  lu.assertNil((combos.values {}))
end

function TestCombos.test_grids_have_a_bound()
  local values, message = combos.values { from = 1, to = 1e9, step = 1 }
  lu.assertNil(values)
  lu.assertStrContains(message, "1000000000 values")
  local many = { from = 1, to = 2000, step = 1 }
  local points
  points, message = combos.expand { { params = { a = many, b = many } } }
  lu.assertNil(points)
  lu.assertStrContains(message, "4000000 combos, at most 1000000")
end

function TestCombos.test_the_last_parameter_varies_fastest()
  local points = combos.expand { { params = { b = { 1, 2 }, a = { 8, 9 } } }, { params = { c = { 5, 6 } } } }
  lu.assertEquals(#points, 8)
  lu.assertEquals(points[1], { { a = 8, b = 1 }, { c = 5 } })
  lu.assertEquals(points[2], { { a = 8, b = 1 }, { c = 6 } })
  lu.assertEquals(points[3], { { a = 8, b = 2 }, { c = 5 } })
  lu.assertEquals(points[8], { { a = 9, b = 2 }, { c = 6 } })
  lu.assertEquals(combos.id(1), "c0001")
  lu.assertEquals(combos.id(12345), "c12345")
end

function TestCombos.test_a_grid_beyond_the_limit_is_refused()
  local range = { from = 1, to = 2000, step = 1 }
  local points, err = combos.expand { { params = { a = range, b = range } } }
  lu.assertNil(points)
  lu.assertStrContains(err, "4000000 combos")
end

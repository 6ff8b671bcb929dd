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
end

function TestCombos.test_so_many_values()
  lu.assertEquals(combos.values { from = 0, to = 10, n = 5 }, { 0, 2.5, 5, 7.5, 10 })
  lu.assertEquals(combos.values({ from = 0, to = 10, n = 5 }, true), { 0, 3, 5, 8, 10 })
  local values = combos.values { from = 1, to = 1000, n = 4, log = true }
  lu.assertAlmostEquals(values[2], 10, 1e-12)
  lu.assertAlmostEquals(values[3], 100, 1e-11)
  lu.assertEquals(values[4], 1000)
  lu.assertEquals(combos.values({ from = 1, to = 10, n = 20, log = true }, true), { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 })
end

function TestCombos.test_geometric_ranges()
  lu.assertEquals(combos.values { from = 1, to = 64, factor = 2 }, { 1, 2, 4, 8, 16, 32, 64 })
  lu.assertEquals(combos.values { from = 8, to = 1, factor = 0.5 }, { 8, 4, 2, 1 })
  lu.assertEquals(combos.values { from = 3, to = 50, step = 3, log = true }, { 3, 9, 27 })
  lu.assertEquals(combos.values({ from = 2, to = 10, factor = 1.1 }, true), { 2, 3, 4, 5, 6, 7, 8, 9 })
  lu.assertNil((combos.values { from = 1, to = 8, factor = 0.5 }))
  lu.assertNil((combos.values { from = 0, to = 8, factor = 2 }))
end

function TestCombos.test_a_value_stands_once()
  lu.assertEquals(combos.values { from = 3, to = 3, n = 4 }, { 3 })
  local values, err = combos.values { 3, 4, 3 }
  lu.assertNil(values)
  lu.assertEquals(err, "the value 3 is listed twice")
end

function TestCombos.test_ranges_without_steps_are_for_samples()
  lu.assertTrue(combos.is_continuous { from = 1, to = 2 })
  local values, err = combos.values { from = 1, to = 2 }
  lu.assertNil(values)
  lu.assertStrContains(err, "neither step, n nor factor")
end

function TestCombos.test_numbers_have_names()
  lu.assertEquals(combos.id(1), "c0001")
  lu.assertEquals(combos.id(12345), "c12345")
end

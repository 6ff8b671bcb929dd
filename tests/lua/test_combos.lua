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

function TestCombos.test_numbers_have_names()
  lu.assertEquals(combos.id(1), "c0001")
  lu.assertEquals(combos.id(12345), "c12345")
end

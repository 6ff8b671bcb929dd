-- What a sweep will take.
local config = require "config"
local estimate = require "grid_estimate"
local plans = require "plan"

TestGridEstimate = {}

local function plan_of(change)
  local t = {
    data = { source = "synthetic", synthetic = { bars = 30000, seed = 7, timeframe = "1h", start = "2015-01-01" } },
    symbols = { "MOON" },
    strategies = { { type = "sma_cross",
      params = { fast = { from = 1, to = 25, step = 1 }, slow = { from = 101, to = 140, step = 1 } } } },
    results = { db = "none" },
  }
  if change then change(t) end
  return assert(plans.new(assert(config.from_table(t, "estimate.yaml"))))
end

function TestGridEstimate.test_numbers_and_a_line()
  local plan = plan_of()
  local one = estimate.of(plan, { workers = 2, seconds_per_bar_combo = 2e-7 })
  lu.assertEquals({ one.combos, one.windows, one.bars, one.bar_combos }, { 1000, 1, 30000, 3e7 })
  lu.assertAlmostEquals(one.seconds, 3, 1e-12)
  lu.assertTrue(one.bytes > 5e7 and one.bytes < 5e8)
  lu.assertStrMatches(one.text, "1,000 combos × 30,000 bars: about 3 s on 2 workers, %d+ MB")
  lu.assertTrue(estimate.of(plan, { workers = 4 }).bytes > one.bytes)
  lu.assertStrContains(estimate.of(plan).text, "time unknown")
  lu.assertStrContains(estimate.of(plan, { seconds_per_bar_combo = 1e-9 }).text, "less than a second")
  lu.assertStrContains(estimate.of(plan, { seconds_per_bar_combo = 1e-3 }).text, "about 8.3 h")
end

function TestGridEstimate.test_windows_and_variants_count_their_bars()
  local plan = plan_of(function(t)
    t.symbols = { "MOON", "SUN" }
    t.grid = { symbols = { "MOON", "SUN" } }
  end)
  local one = estimate.of(plan, {})
  lu.assertEquals({ one.combos, one.bars }, { 2000, 30000 })
  local ts = plan.symbols[1].bars.ts_ns
  one = estimate.of(plan, { windows = {
    { from_ns = ts[0], until_ns = ts[1000] }, { from_ns = ts[1000], until_ns = ts[4000] } } })
  lu.assertEquals({ one.windows, one.bars }, { 2, 4000 })
  lu.assertStrContains(one.text, "2,000 combos × 2 windows × 2,000 bars")
end

function TestGridEstimate.test_a_trial_is_short_and_run_twice()
  local plan, calls = plan_of(), {}
  local seconds = estimate.measure(plan, function(numbers, window)
    calls[#calls + 1] = { numbers, tonumber(window.until_ns - plan.symbols[1].bars.ts_ns[0]) / 3.6e12 }
    return #calls == 1 and 9 or 0.4
  end)
  lu.assertEquals(calls, { { { 1, 2 }, 20000 }, { { 1, 2 }, 20000 } })
  lu.assertAlmostEquals(seconds, 1e-5, 1e-15)
  local _, err = estimate.measure(plan, function() return nil, "no" end)
  lu.assertEquals(err, "no")
end

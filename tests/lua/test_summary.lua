--- What is said of a grid: the deflated Sharpe ratio of its best.
local stats = require "stats"
local returns = require "returns"
local summary = require "summary"

TestSummary = {}

local function outcome(sharpe, r)
  return {
    values = { sharpe_ratio = sharpe, periods_per_year = 252 },
    period_returns = r and { returns = r, periods_per_year = 252 },
  }
end

function TestSummary.test_the_best_of_many_tries_is_deflated()
  local r = {}
  for k = 1, 500 do r[k] = 0.001 + 0.01 * math.sin(k * k) end
  local best = returns.sharpe_ratio(r)
  local few = { outcome(best, r), outcome(best - 0.1), outcome(best - 0.2) }
  local wide = { outcome(best, r), outcome(best - 2), outcome(best - 4) }
  local plain = returns.probabilistic_sharpe_ratio(r)
  local narrow, broad = summary.deflated_sharpe(few), summary.deflated_sharpe(wide)
  lu.assertTrue(plain > narrow and narrow > broad, "the wider the tries scatter, the more luck may be in the best")
  -- Sharpe ratios a day of best, best - 2, best - 4 over sqrt(252): their variance is 4 / 252.
  lu.assertAlmostEquals(broad, returns.deflated_sharpe_ratio(r, { trials = 3, trials_variance = 4 / 252 }), 1e-12)
  lu.assertNil(summary.deflated_sharpe { outcome(best, r) }, "one try has no variance")
  lu.assertNil(summary.deflated_sharpe { outcome(1), outcome(2) }, "no returns were kept")
  lu.assertNil(summary.deflated_sharpe {})
end

function TestSummary.test_what_cannot_be_annualised_is_told()
  local s = assert(stats.new { capital = 100 })
  local ffi, abi = require "ffi", require "abi"
  local ts, equity = ffi.new("int64_t[5]"), ffi.new("double[5]", 100, 101, 99, 102, 103)
  local exposure = ffi.new "int8_t[5]"
  for k = 0, 4 do ts[k] = k * 86400000000000LL end
  assert(s:add_rows(ffi.new("pln_equity_rows", 5, 5, ts, equity, equity, equity, exposure)))
  local values, why = ffi.new("double[?]", abi.C.pln_metric_count()), ffi.new("int32_t[?]", abi.C.pln_metric_count())
  abi.must(abi.C.pln_stats_evaluate(s.handle, nil, 0, values, why))
  local lines = summary.annualisation { values = values, why = why }
  lu.assertEquals(#lines, 1)
  lu.assertStrContains(lines[1], "too little to annualise growth")
end

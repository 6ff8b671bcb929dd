-- The report about the best of many, and its text.
local overfitting = require "overfitting"
local report = require "overfitting_report"
local returns = require "returns"

TestOverfittingReport = {}

local function noise(seed)
  local state = seed
  local function uniform()
    state = (state * 16807) % 2147483647
    return state / 2147483647
  end
  return function()
    local sum = -6
    for _ = 1, 12 do sum = sum + uniform() end
    return sum
  end
end

local function columns(combos, rows, seed, drift)
  local draw, made = noise(seed), {}
  for k = 1, combos do
    made[k] = {}
    for i = 1, rows do made[k][i] = 0.01 * draw() + (k == 7 and drift or 0) end
  end
  return made
end

function TestOverfittingReport.test_a_good_one()
  local matrix = columns(20, 640, 5, 0.003)
  local out = { returns = columns(7, 100, 99, 0.003)[7] }
  local steps = {}
  for k = 1, 20 do steps[k] = k end
  local made = overfitting.report {
    best = 7, matrix = matrix, periods_per_year = 252, name = "c0007 (fast 10)", out_of_sample = out, trials = 35,
    benchmark = matrix[1], seed = 3,
    neighbourhood = { axes = { { name = "fast", values = steps } },
      values = function(k) return returns.sharpe_ratio(matrix[k], { period = "daily" }) end },
  }
  lu.assertEquals({ made.combos, made.rows, made.best }, { 20, 640, 7 })
  lu.assertAlmostEquals(made.in_sample.value, returns.sharpe_ratio(matrix[7], { period = "daily" }), 1e-12)
  lu.assertAlmostEquals(made.out_of_sample.value, returns.sharpe_ratio(out.returns, { period = "daily" }), 1e-12)
  lu.assertEquals(made.deflated.trials, 35)
  lu.assertAlmostEquals(made.deflated.value, returns.deflated_sharpe_ratio(matrix[7], { trials = 35,
    trials_variance = made.trials.sharpe_variance }), 1e-12)
  lu.assertTrue(made.deflated.effective >= made.deflated.value)
  lu.assertEquals(made.pbo, assert(overfitting.pbo(matrix)))
  lu.assertEquals(made.spa, assert(overfitting.spa(matrix, { benchmark = matrix[1], seed = 3 })))
  lu.assertEquals(made.neighbourhood.verdict, "spike")
  for _, text in ipairs { "The best of 20 combos, c0007 (fast 10)", "Sharpe ratio, in sample", "deflated Sharpe ratio",
    "more than the best of 35 worthless trials", "what is best in one half is so in the other", "the benchmark",
    "neighbourhood", "spike" } do
    lu.assertStrContains(made.text, text)
  end
  for line in made.text:gmatch "[^\n]+" do lu.assertTrue(#line < 170, line) end
end

function TestOverfittingReport.test_noise()
  local made = overfitting.report { best = 3, matrix = columns(30, 320, 2, 0), in_sample_values = { 1, 2, 3, 4 },
    out_of_sample_values = { 4, 3, 2, 1 }, out_of_sample = -0.2, in_sample = 3, label = "Calmar ratio" }
  lu.assertTrue(made.deflated.value < 0.95)
  lu.assertTrue(made.pbo.pbo > 0.1)
  lu.assertEquals(made.selection, { correlation = -1, rank = 3, combos = 4 })
  lu.assertStrContains(made.text, "Calmar ratio, in sample")
  lu.assertStrContains(made.text, "-7 % of it")
  lu.assertStrContains(made.text, "none is shown to be better than nothing")
  lu.assertStrContains(made.text, "the best is number 3 of 4 out of sample")
  lu.assertNil(made.neighbourhood)
end

-- What cannot be had says why.
function TestOverfittingReport.test_too_little_of_everything()
  local made = overfitting.report { best = 1, matrix = { { 0.01, 0.02, -0.01, 0.005, 0.01 } } }
  lu.assertStrContains(made.pbo.why, "5 returns a combo are too few for cross-validation")
  lu.assertStrContains(made.spa.why, "expected 16")
  lu.assertStrContains(made.deflated.why, "one trial")
  lu.assertStrContains(made.out_of_sample.why, "kept back")
  lu.assertStrContains(made.text, "too few")
  local flat = {}
  for i = 1, 64 do flat[i] = 0 end
  made = overfitting.report { best = 2, matrix = { flat, flat }, neighbourhood = { axes = {} } }
  lu.assertStrContains(made.neighbourhood.why, "no figure to compare with")
  lu.assertStrContains(made.deflated.why, "fewer than two combos")
  lu.assertNotNil(made.in_sample.why)
  lu.assertErrorMsgContains("expected the number of a combo from 1 to 2", overfitting.report,
    { best = 3, matrix = { flat, flat } })
  lu.assertErrorMsgContains("report takes no 'trial'", overfitting.report, { best = 1, matrix = { flat }, trial = 3 })
end

-- scipy.stats.spearmanr([3, 1, 4, 1, 5, 9, 2, 6], [2, 7, 1, 8, 2, 8, 1, 8]).
function TestOverfittingReport.test_rank_correlation()
  local a, b = { 3, 1, 4, 1, 5, 9, 2, 6 }, { 2, 7, 1, 8, 2, 8, 1, 8 }
  local value, rank, n = report.rank_correlation(a, b, 6)
  lu.assertAlmostEquals(value, 0.19885368120992467, 1e-12)
  lu.assertEquals({ rank, n }, { 2, 8 })
  a[9], b[9] = 0 / 0, 3
  lu.assertAlmostEquals((report.rank_correlation(a, b)), value, 1e-15)
  lu.assertNil((report.rank_correlation({ 1, 1, 1 }, { 1, 2, 3 })))
end

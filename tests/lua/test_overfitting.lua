-- What the best of many is worth: published examples, independent computations (tests/reference/peers/selection.py),
-- and what has to come out where the truth is known.
local ffi = require "ffi"
local json = require "json"
local overfitting = require "overfitting"
local returns = require "returns"
local support = require "support"

TestOverfitting = {}

local VECTORS = support.home .. "/tests/vectors/peers/"

local reference, matrix, benchmark -- of the file, read once

local function read_reference()
  if reference then return end
  reference = assert(json.decode(support.read(VECTORS .. "selection.json")))
  matrix, benchmark = {}, {}
  local first = true
  for line in support.read(VECTORS .. "selection_returns.csv"):gmatch "[^\n]+" do
    local k = 0
    for field in line:gmatch "[^,]+" do
      k = k + 1
      if not first then
        local column = k <= 12 and matrix[k] or benchmark
        column[#column + 1] = tonumber(field)
      elseif k <= 12 then
        matrix[k] = {}
      end
    end
    first = false
  end
end

function TestOverfitting.setUp() read_reference() end

local function assert_close(found, expected, what)
  if type(expected) ~= "number" then return lu.assertEquals(found, expected, what) end
  lu.assertAlmostEquals(found, expected, 1e-10 * math.max(1e-3, math.abs(expected)), what)
end

-- ---- published examples ----

-- Bailey, Lopez de Prado (2014), "The Deflated Sharpe Ratio", numerical example: an annualised ratio of 2.5 over 1,250
-- days, the best of 100 trials whose ratios have the variance 1/2, with skewness -3 and kurtosis 10.
function TestOverfitting.test_the_papers_deflated_sharpe_ratio()
  local given = { sharpe = 2.5 / math.sqrt(250), n = 1250, skewness = -3, kurtosis = 10, trials = 100,
    variance = 0.5 / 250 }
  local chance, threshold = overfitting.deflated_sharpe(given)
  lu.assertAlmostEquals(threshold, 0.1132, 5e-5)
  lu.assertAlmostEquals(chance, 0.9004, 5e-5)
  given.trials = 46
  lu.assertAlmostEquals((overfitting.deflated_sharpe(given)), 0.9505, 5e-5)
end

-- Bailey, Lopez de Prado (2012), "The Sharpe Ratio Efficient Frontier": 24 months with a ratio of 0.458; and the track
-- record that a ratio of 2 a year needs to show more than 1.
function TestOverfitting.test_the_papers_probabilistic_ratio_and_track_record()
  local normal = overfitting.probabilistic_sharpe { sharpe = 0.458, n = 24 }
  lu.assertAlmostEquals(normal, 0.982, 5e-4)
  local skewed = overfitting.probabilistic_sharpe { sharpe = 0.458, n = 24, skewness = -2.448, kurtosis = 10.164 }
  lu.assertAlmostEquals(skewed, 0.913, 5e-4)
  local year = math.sqrt(250)
  local days = overfitting.minimum_track_record { sharpe = 2 / year, threshold = 1 / year }
  lu.assertAlmostEquals(days / 250, 2.73, 5e-3)
  lu.assertEquals(overfitting.minimum_track_record { sharpe = 0.1, threshold = 0.1 }, math.huge)
end

-- One definition: of a series lua/returns.lua gives the same.
function TestOverfitting.test_series_and_moments_agree()
  local r = matrix[9]
  local trials = assert(overfitting.trials(matrix))
  local given = { sharpe = returns.risk_return_ratio(r), n = #r, skewness = returns.skewness(r),
    kurtosis = returns.kurtosis(r) + 3, trials = 40, variance = trials.sharpe_variance }
  lu.assertAlmostEquals(returns.deflated_sharpe_ratio(r, { trials = 40, trials_variance = trials.sharpe_variance }),
    (overfitting.deflated_sharpe(given)), 1e-14)
  lu.assertAlmostEquals(returns.probabilistic_sharpe_ratio(r), overfitting.probabilistic_sharpe(given), 1e-14)
  lu.assertAlmostEquals(returns.minimum_track_record_length(r), overfitting.minimum_track_record(given), 1e-9)
end

-- Of 1,000 normal numbers the largest is 3.24 on average (Harter 1961); the formula is an approximation from above.
function TestOverfitting.test_expected_maximum()
  lu.assertAlmostEquals(overfitting.expected_maximum(1000, 1), 3.2551, 1e-3)
  lu.assertAlmostEquals(overfitting.expected_maximum(1000, 0.25), 3.2551 / 2, 1e-3)
  lu.assertEquals(overfitting.expected_maximum(1, 1), 0)
end

-- ---- independent computations ----

function TestOverfitting.test_cross_validation_is_the_references()
  for name, expected in pairs(reference.cscv) do
    local statistic, blocks = name:match "^(.-)_(%d+)$"
    local options = { statistic = statistic, blocks = tonumber(blocks), keep_splits = true }
    local found = assert(overfitting.pbo(matrix, options))
    for key, value in pairs(expected) do assert_close(found[key], value, name .. "." .. key) end
    lu.assertEquals(#found.list, found.splits)
    local worse = 0
    for _, split in ipairs(found.list) do worse = worse + (split.logit <= 0 and 1 or 0) end
    lu.assertEquals(worse / found.splits, found.pbo)
  end
end

function TestOverfitting.test_trials_are_the_references()
  local found = assert(overfitting.trials(matrix))
  for key, value in pairs(reference.trials) do assert_close(found[key], value, key) end
  lu.assertEquals(found.combos, 12)
end

-- With the same draws the p values are the same to the last resample.
function TestOverfitting.test_superior_ability_is_the_references()
  for name, expected in pairs(reference.spa) do
    local found = assert(overfitting.spa(matrix, { benchmark = name == "benchmark" and benchmark or nil,
      samples = expected.samples, mean_block = expected.mean_block, seed = expected.seed }))
    for key, value in pairs(expected) do assert_close(found[key], value, name .. "." .. key) end
  end
end

-- The package arch draws otherwise: its p values of the reality check are met within four standard errors.
function TestOverfitting.test_reality_check_is_archs()
  for name, block in pairs { zero = 6, benchmark = 10 } do
    local expected = reference.arch[name].p
    local found = assert(overfitting.spa(matrix, { benchmark = name == "benchmark" and benchmark or nil,
      samples = 20000, mean_block = block, seed = 5 }))
    lu.assertAlmostEquals(found.p_reality_check, expected, 4 * math.sqrt(2 * expected * (1 - expected) / 20000))
  end
end

-- Its variances are those that the statistic is divided by: a combo alone has t = sqrt(n) mean / deviation.
function TestOverfitting.test_variances_are_archs()
  for k, variance in ipairs(reference.arch.zero.variances) do
    local sum = 0
    for _, r in ipairs(matrix[k]) do sum = sum + r end
    if sum > 0 then
      local found = assert(overfitting.spa({ matrix[k] }, { mean_block = 6, samples = 10 }))
      local n = #matrix[k]
      lu.assertAlmostEquals(found.statistic, math.sqrt(n) * (sum / n) / math.sqrt(variance), 1e-9, "combo " .. k)
    end
  end
end

-- ---- where the truth is known ----

-- A generator of its own: the sum of twelve uniform numbers is nearly normal.
local function noise(seed)
  local state = seed
  local function uniform()
    state = (state * 16807) % 2147483647
    return state / 2147483647
  end
  for _ = 1, 10 do uniform() end
  return function()
    local sum = -6
    for _ = 1, 12 do sum = sum + uniform() end
    return sum
  end
end

local function random_matrix(combos, rows, seed, drift)
  local draw, made = noise(seed), {}
  for k = 1, combos do
    local column = ffi.new("double[?]", rows)
    for i = 0, rows - 1 do column[i] = 0.01 * draw() + (drift and drift(k) or 0) end
    made[k] = column
  end
  return { rows = rows, combos = combos, column = function(k) return made[k] end }
end

-- Noise alone: the best of one half is anywhere in the other, and no test finds what is not there.
function TestOverfitting.test_pure_noise()
  local pbo, deflated, found_something = 0, 0, 0
  for seed = 1, 20 do
    local m = random_matrix(50, 480, seed)
    local cv = assert(overfitting.pbo(m))
    lu.assertEquals({ cv.blocks, cv.splits }, { 16, 12870 })
    pbo = pbo + cv.pbo / 20
    local spa = assert(overfitting.spa(m, { seed = seed, samples = 500 }))
    if spa.p_consistent < 0.05 then found_something = found_something + 1 end
    lu.assertTrue(spa.p_lower <= spa.p_consistent and spa.p_consistent <= spa.p_upper)
    local trials = assert(overfitting.trials(m))
    lu.assertAlmostEquals(trials.average_correlation, 0, 0.02)
    local best = {}
    for i = 0, 479 do best[i + 1] = m.column(spa.best)[i] end
    local chance = returns.deflated_sharpe_ratio(best, { trials = 50, trials_variance = trials.sharpe_variance })
    deflated = deflated + chance / 20
  end
  lu.assertAlmostEquals(pbo, 0.5, 0.1)
  lu.assertAlmostEquals(deflated, 0.5, 0.15) -- the best is what is to be expected of the best of so many
  lu.assertTrue(found_something <= 4)
end

-- One good combo among noise is found by all.
function TestOverfitting.test_one_good_combo()
  local m = random_matrix(50, 1000, 7, function(k) return k == 31 and 0.004 or 0 end)
  local cv = assert(overfitting.pbo(m, { keep_splits = true }))
  lu.assertTrue(cv.pbo < 0.01)
  lu.assertTrue(cv.first_order and cv.second_order)
  lu.assertTrue(cv.probability_of_loss < 0.01)
  lu.assertEquals(cv.list[1].combo, 31)
  local spa = assert(overfitting.spa(m, { seed = 1 }))
  lu.assertEquals({ spa.best, spa.best_mean }, { 31, 31 })
  lu.assertTrue(spa.p_upper < 0.01 and spa.p_reality_check < 0.01)
end

-- A clearly bad crowd hides a good combo from the reality check and the conservative test, not from the consistent one.
function TestOverfitting.test_bad_combos_do_not_hide_a_good_one()
  local m = random_matrix(200, 400, 11, function(k) return k == 1 and 0.0014 or -0.003 end)
  local spa = assert(overfitting.spa(m, { seed = 1, samples = 2000 }))
  lu.assertTrue(spa.p_consistent < 0.05 and spa.p_upper > 3 * spa.p_consistent)
end

-- Overfitted on purpose: a combo each that is good in one eighth only. Chosen by it, the other half disappoints.
function TestOverfitting.test_overfitted_combos()
  local draw, made = noise(3), {}
  for k = 1, 40 do
    made[k] = {}
    for i = 1, 640 do
      local eighth = math.floor((i - 1) / 80)
      made[k][i] = 0.01 * draw() + (eighth == k % 8 and 0.01 or -0.002)
    end
  end
  local cv = assert(overfitting.pbo(made, { blocks = 8 }))
  lu.assertTrue(cv.pbo > 0.9)
  lu.assertTrue(cv.slope < 0)
  lu.assertFalse(cv.first_order)
end

function TestOverfitting.test_copies_are_no_trials()
  local draw, made = noise(9), {}
  for family = 1, 4 do
    local base = {}
    for i = 1, 500 do base[i] = 0.01 * draw() end
    for _ = 1, 25 do
      local copy = {}
      for i = 1, 500 do copy[i] = (family % 2 == 0 and -1 or 1) * (base[i] + 0.0005 * draw()) end
      made[#made + 1] = copy
    end
  end
  local trials = assert(overfitting.trials(made))
  lu.assertAlmostEquals(trials.eigen_effective, 4, 0.1)
  lu.assertAlmostEquals(trials.average_correlation, 24 / 99, 0.03)
  lu.assertAlmostEquals(trials.effective, 100 * (1 - 24 / 99) + 24 / 99, 3)
end

-- ---- behaviour ----

function TestOverfitting.test_same_seed_same_figures()
  local a = assert(overfitting.spa(matrix, { seed = 4 }))
  lu.assertEquals(assert(overfitting.spa(matrix, { seed = 4 })), a)
  local others = 0
  for seed = 5, 9 do
    local b = assert(overfitting.spa(matrix, { seed = seed }))
    others = others + (b.p_reality_check ~= a.p_reality_check and 1 or 0)
  end
  lu.assertTrue(others > 0)
end

-- Figures do not depend on the combos' order, but for which of equal ones is the best.
function TestOverfitting.test_order_of_combos()
  local turned = {}
  for k = 1, 12 do turned[k] = matrix[13 - k] end
  local a, b = assert(overfitting.pbo(matrix)), assert(overfitting.pbo(turned))
  for _, key in ipairs { "pbo", "in_sample", "out_of_sample", "probability_of_loss", "first_order" } do
    lu.assertEquals(a[key], b[key])
  end
  a, b = assert(overfitting.spa(matrix)), assert(overfitting.spa(turned))
  for _, key in ipairs { "statistic", "p_lower", "p_consistent", "p_upper", "p_reality_check" } do
    lu.assertEquals(a[key], b[key])
  end
  lu.assertEquals(a.best, 13 - b.best)
end

function TestOverfitting.test_combos_without_trades()
  local flat, r = {}, {}
  for i = 1, 64 do flat[i], r[i] = 0, i % 3 - 0.9 end
  local cv = assert(overfitting.pbo { flat, flat, flat })
  lu.assertEquals({ cv.pbo, cv.in_sample, cv.out_of_sample, cv.first_order }, { 1, 0, 0, false })
  local spa = assert(overfitting.spa { flat, flat })
  lu.assertEquals({ spa.skipped, spa.best, spa.statistic, spa.p_consistent }, { 2, nil, 0, 1 })
  local trials = assert(overfitting.trials { flat, r })
  lu.assertEquals({ trials.combos, trials.defined, trials.sharpe_variance }, { 2, 1, nil })
end

function TestOverfitting.test_missing_figures_are_zeroes()
  local a, b = {}, {}
  for i = 1, 64 do
    a[i] = i % 5 == 0 and 0 or i % 7 - 3
    b[i] = i % 5 ~= 0 and i % 7 - 3
  end
  lu.assertEquals(assert(overfitting.pbo { a, a }), assert(overfitting.pbo { b, b }))
  lu.assertEquals(assert(overfitting.spa { a }), assert(overfitting.spa { b }))
end

function TestOverfitting.test_errors()
  local function fails(message, fn, ...)
    local ok, result, why = pcall(fn, ...)
    lu.assertStrContains(ok and why or result, message)
    lu.assertTrue(not ok or result == nil)
  end
  local short, r = { { 0.1, 0.2, 0.3, 0.1 } }, {}
  for i = 1, 64 do r[i] = i % 3 end
  fails("4 returns a combo are too few for cross-validation, expected at least 32", overfitting.pbo, short)
  fails("4 returns a combo, expected 16", overfitting.spa, short)
  fails("cross-validation of 1 combos", overfitting.pbo, { r })
  fails("7 blocks, expected an even number", overfitting.pbo, { r, r }, { blocks = 7 })
  fails("there is no statistic 'x'", overfitting.pbo, { r, r }, { statistic = "x" })
  fails("column 2 of the matrix has 4 returns, the first one 64", overfitting.pbo, { r, short[1] })
  fails("the mean block is 0.5", overfitting.spa, { r }, { mean_block = 0.5 })
  fails("5 resamples", overfitting.spa, { r }, { samples = 5 })
  fails("the benchmark has 2 returns", overfitting.spa, { r }, { benchmark = { 1, 2 } })
  fails("no columns", overfitting.trials, {})
  r[7] = math.huge
  fails("combo 1: return 7 is inf, expected a fraction", overfitting.trials, { r })
  r[7] = "x"
  fails("column 1, return 7 is a string", overfitting.trials, { r })
end

function TestOverfitting.test_blocks()
  lu.assertEquals(overfitting.blocks({ 0.5, 1, 0.5, -0.5, 1 }, 2), { 3.5, 0 })
  lu.assertEquals(overfitting.blocks({ 1, 2, 3, false, 5 }, 2, { sum = true }), { 6, 5 })
  lu.assertErrorMsgContains("expected 1 to 2", overfitting.blocks, { 1, 2 }, 3)
end

--- Honest selection: what the best of many combos is worth (docs/overfitting.md); a binding of src/abi/selection.h.
--
--     local overfitting = require "overfitting"
--     local trials = overfitting.trials(matrix)                    -- how many independent trials the combos amount to
--     local pbo = overfitting.pbo(matrix, { statistic = "sharpe_ratio" })
--     local spa = overfitting.spa(matrix, { benchmark = market, samples = 1000, seed = 1 })
--     io.write(overfitting.report { best = 17, matrix = matrix, periods_per_year = 252 }.text)
--
-- A matrix is the period returns of all combos over the same periods: a list of lists (or double arrays), or { rows =
-- how many periods, combos = how many, column = function(k) → list or double array }, of which one column at a time is
-- held. A return is a fraction; false or NaN is a period without a figure and counts as 0.
local ffi = require "ffi"
local abi = require "abi"
local neighbourhood = require "neighbourhood"
local C = abi.C

local M = {}

local NAN = 0 / 0

local function known(value) return value == value and value or nil end

-- ---- matrices ----

local function columns_of(matrix)
  if type(matrix) ~= "table" then
    error(("the matrix is a %s, expected a list of lists of returns"):format(type(matrix)), 0)
  end
  if matrix.column then
    if not matrix.rows or not matrix.combos then
      error("the matrix has a column function, expected rows and combos too", 0)
    end
    return tonumber(matrix.rows), tonumber(matrix.combos), matrix.column
  end
  local rows = matrix.rows
  if not rows then
    if type(matrix[1]) ~= "table" then error("the matrix has no columns, expected a list of lists of returns", 0) end
    rows = #matrix[1]
  end
  return rows, #matrix, function(k) return matrix[k] end
end

-- A column as doubles: its own array where it is one.
local function column_of(column, k, rows, scratch)
  local values = column(k)
  if type(values) == "cdata" then return values end
  if type(values) ~= "table" then
    error(("column %d of the matrix is a %s, expected a list of returns"):format(k, type(values)), 0)
  elseif #values ~= rows then
    error(("column %d of the matrix has %d returns, the first one %d: expected the same periods for all combos")
      :format(k, #values, rows), 0)
  end
  for i = 1, rows do
    local value = values[i]
    if value == false then value = NAN end
    if type(value) ~= "number" then
      error(("column %d, return %d is a %s, expected a number, or false where there is none"):format(k, i,
        type(value)), 0)
    end
    scratch[i - 1] = value
  end
  return scratch
end

-- Gives each combo's returns to `add` of one or more C objects.
local function feed(matrix, objects)
  local rows, combos, column = columns_of(matrix)
  local scratch = ffi.new("double[?]", math.max(rows, 1))
  for k = 1, combos do
    local values = column_of(column, k, rows, scratch)
    for _, object in ipairs(objects) do
      if object.add(object.handle, values) < 0 then error(abi.last_error(), 0) end
    end
  end
end

local function object(handle, free, add)
  if handle == nil then return nil, abi.last_error() end
  return { handle = ffi.gc(handle, free), add = add }
end

-- Objects of one pass over the matrix: what each test has to begin with.
local function new_trials(rows) return object(C.pln_trials_new(rows), C.pln_trials_free, C.pln_trials_add) end

local STATISTICS = { sharpe_ratio = C.PLN_CSCV_SHARPE, mean_return = C.PLN_CSCV_MEAN,
  sortino_ratio = C.PLN_CSCV_SORTINO, growth = C.PLN_CSCV_GROWTH }

local function new_cscv(rows, options)
  local name = options.statistic or "sharpe_ratio"
  if not STATISTICS[name] then
    return nil, ("there is no statistic '%s' of cross-validation; expected sharpe_ratio, mean_return, sortino_ratio or "
      .. "growth"):format(tostring(name))
  end
  local made = ffi.new("pln_cscv_options", rows, options.blocks or 0, STATISTICS[name])
  return object(C.pln_cscv_new(made), C.pln_cscv_free, C.pln_cscv_add)
end

local function new_spa(rows, options)
  local benchmark = options.benchmark
  if benchmark then
    local scratch = ffi.new("double[?]", math.max(rows, 1))
    if type(benchmark) == "table" and #benchmark ~= rows then
      return nil, ("the benchmark has %d returns, the combos have %d: align them"):format(#benchmark, rows)
    end
    benchmark = column_of(function() return benchmark end, 0, rows, scratch)
  end
  local made = ffi.new("pln_spa_options", rows, options.samples or 0, options.mean_block or 0, options.seed or 0)
  return object(C.pln_spa_new(made, benchmark), C.pln_spa_free, C.pln_spa_add)
end

-- ---- results ----

local function trials_result(handle)
  local r = ffi.new "pln_trials_result"
  C.pln_trials_result_get(handle, r)
  return {
    combos = tonumber(r.n_combos), defined = tonumber(r.n_defined), sharpe_mean = known(r.sharpe_mean),
    sharpe_variance = known(r.sharpe_variance), average_correlation = known(r.average_correlation),
    effective = r.effective, eigen_effective = known(r.eigen_effective),
  }
end

local function cscv_result(handle, options)
  local r = ffi.new "pln_cscv_result"
  if C.pln_cscv_run(handle, r) < 0 then return nil, abi.last_error() end
  local made = {
    combos = tonumber(r.n_combos), splits = tonumber(r.n_splits), blocks = r.n_blocks, pbo = r.pbo,
    statistic = options.statistic or "sharpe_ratio", logit_median = r.logit_median, slope = known(r.slope),
    intercept = known(r.intercept), r_squared = known(r.r_squared), probability_of_loss = r.probability_of_loss,
    in_sample = r.in_sample_mean, out_of_sample = r.out_of_sample_mean, all = r.all_mean,
    first_order = r.first_order == 1, second_order = r.second_order == 1,
  }
  if options.keep_splits then
    local splits = C.pln_cscv_splits(handle)
    made.list = {}
    for k = 1, made.splits do
      local s = splits[k - 1]
      made.list[k] = { in_sample = s.in_sample, out_of_sample = s.out_of_sample, logit = s.logit,
        mean_out_of_sample = s.mean_out_of_sample, combo = tonumber(s.combo) + 1 }
    end
  end
  return made
end

local function spa_result(handle, options)
  local r = ffi.new "pln_spa_result"
  if C.pln_spa_result_get(handle, r) < 0 then return nil, abi.last_error() end
  return {
    combos = tonumber(r.n_combos), skipped = tonumber(r.n_skipped), samples = tonumber(r.samples),
    best = r.best >= 0 and tonumber(r.best) + 1 or nil,
    best_mean = r.best_mean >= 0 and tonumber(r.best_mean) + 1 or nil, statistic = r.statistic,
    p_lower = r.p_lower, p_consistent = r.p_consistent, p_upper = r.p_upper, mean_block = r.mean_block,
    reality_check = r.reality_check, p_reality_check = r.p_reality_check,
    seed = options.seed or 0, has_benchmark = options.benchmark ~= nil,
  }
end

local function one(matrix, options, make, result)
  options = options or {}
  local ok, made, message = pcall(function()
    local rows = columns_of(matrix)
    local test, why = make(rows, options)
    if not test then return nil, why end
    feed(matrix, { test })
    return result(test.handle, options)
  end)
  if not ok then error(made, 3) end
  return made, message
end

--- How many independent trials the combos amount to, and how their Sharpe ratios vary.
-- @return { combos, defined (combos whose returns vary), sharpe_mean and sharpe_variance (of the ratios per period),
--   average_correlation, effective = r + (1 - r) N, eigen_effective }, or nil and a message
function M.trials(matrix) return one(matrix, nil, new_trials, trials_result) end

--- Probability of backtest overfitting: combinatorially symmetric cross-validation (Bailey, Borwein, Lopez de Prado,
-- Zhu).
-- @param options { blocks = 16 (fewer for short series), statistic = "sharpe_ratio" (mean_return, sortino_ratio,
--   growth), keep_splits = true for `list` }
-- @return { pbo, logit_median, slope, intercept, r_squared, probability_of_loss, in_sample and out_of_sample (means of
--   the best's statistic, per period), all (of all combos out of sample), first_order, second_order (dominance),
--   splits, blocks, combos, statistic, list = { { in_sample, out_of_sample, mean_out_of_sample, logit, combo } … } };
--   or nil and a message
function M.pbo(matrix, options) return one(matrix, options, new_cscv, cscv_result) end

--- White's reality check and Hansen's test for superior predictive ability, by the stationary bootstrap.
-- @param options { benchmark = returns (0), samples = 1000, mean_block = rows^(1/3), seed = 0 }
-- @return { best (combo with the largest t statistic), best_mean, statistic, p_lower, p_consistent, p_upper,
--   reality_check, p_reality_check, samples, mean_block, skipped, combos, seed, has_benchmark }, or nil and a message
function M.spa(matrix, options) return one(matrix, options, new_spa, spa_result) end

-- ---- the Sharpe ratio of the best, from its moments ----

--- The largest Sharpe ratio that so many independent worthless trials are expected to show, in the unit of the ratios
-- whose variance is given.
function M.expected_maximum(trials, variance) return C.pln_sharpe_expected_maximum(trials, variance) end

local function moments(given)
  local n = given.n or error("n is missing: the number of returns", 3)
  local ratio = given.sharpe or error("sharpe is missing: the ratio per period", 3)
  return ratio, n, given.skewness or 0, given.kurtosis and given.kurtosis - 3 or 0
end

--- Probabilistic Sharpe ratio of { sharpe, n, skewness = 0, kurtosis = 3, threshold = 0 }: ratios per period, not
-- annualised; nil where undefined. Of a series: returns.probabilistic_sharpe_ratio.
function M.probabilistic_sharpe(given)
  local ratio, n, skewness, excess = moments(given)
  return known(C.pln_sharpe_probability(ratio, given.threshold or 0, n, skewness, excess))
end

--- Deflated Sharpe ratio of { sharpe, n, skewness, kurtosis, trials, variance (of the trials' ratios per period) }, and
-- the threshold that it was held against. Of a series: returns.deflated_sharpe_ratio.
function M.deflated_sharpe(given)
  local ratio, n, skewness, excess = moments(given)
  local threshold = C.pln_sharpe_expected_maximum(given.trials or 1, given.variance or 0)
  return known(C.pln_sharpe_probability(ratio, threshold, n, skewness, excess)), threshold
end

--- Least number of returns from which on the ratio exceeds `threshold` (0) with `confidence` (0.95); infinite where it
-- does not.
function M.minimum_track_record(given)
  local ratio, _, skewness, excess = moments { sharpe = given.sharpe, n = 1, skewness = given.skewness,
    kurtosis = given.kurtosis }
  return C.pln_sharpe_track_record(ratio, given.threshold or 0, given.confidence or 0.95, skewness, excess)
end

--- Returns over n spans of nearly equal length, compounded (options.sum: summed).
function M.blocks(values, n, options)
  local rows = options and options.rows or #values
  local from = column_of(function() return values end, 1, rows, ffi.new("double[?]", math.max(rows, 1)))
  local out = ffi.new("double[?]", math.max(n, 1))
  abi.must(C.pln_returns_to_blocks(from, rows, n, options and options.sum and 0 or 1, out), 2)
  local made = {}
  for k = 1, n do made[k] = out[k - 1] end
  return made
end

M.neighbourhood = neighbourhood.of

-- For overfitting_report.lua: all tests in one pass over the matrix.
M.internal = { columns_of = columns_of, column_of = column_of, feed = feed, new_trials = new_trials,
  new_cscv = new_cscv, new_spa = new_spa, trials_result = trials_result, cscv_result = cscv_result,
  spa_result = spa_result }

--- overfitting_report.report: everything at once, with its text.
function M.report(given) return require("overfitting_report").report(given) end

return M

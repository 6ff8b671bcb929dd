--- The library of returns: properties, and plain computations beside it.
local lu = require "luaunit"
local returns = require "returns"
local support = require "support"

TestReturns = {}

local NAN = 0 / 0

--- Repeatable noise with fat tails and some dependence on the day before.
local function noise(n, seed)
  local values, state, before = {}, seed or 7, 0
  local function uniform()
    state = (state * 16807) % 2147483647
    return state / 2147483647
  end
  for k = 1, n do
    local shock = (uniform() + uniform() + uniform() - 1.5) * (uniform() < 0.05 and 0.06 or 0.015)
    before = 0.2 * before + shock + 0.0004
    values[k] = before
  end
  return values
end

local function days(n, first)
  local times = {}
  for k = 1, n do times[k] = (first or 1000000000) + (k - 1) * 86400 end
  return times
end

local function close(found, expected, tolerance, what)
  lu.assertTrue(math.abs(found - expected) <= tolerance * math.max(1e-300, math.abs(expected)),
    ("%s: found %.17g, expected %.17g"):format(what or "", found or NAN, expected))
end

-- ---- plain computations, written another way ----

local function mean(v)
  local sum = 0
  for _, x in ipairs(v) do sum = sum + x end
  return sum / #v
end

local function moment(v, order)
  local m, sum = mean(v), 0
  for _, x in ipairs(v) do sum = sum + (x - m) ^ order end
  return sum / #v
end

local function read_pyfolio()
  local text = support.gunzip((support.shared "data/returns/pyfolio_test_returns.csv.gz"))
  local values, times = {}, {}
  for date, value in text:gmatch "(%d+%-%d+%-%d+)[^,\n]*,([^\n]+)" do
    times[#times + 1], values[#values + 1] = date, tonumber(value)
  end
  return values, times
end

function TestReturns.test_beside_plain_formulas_on_a_real_series()
  local r, times = read_pyfolio()
  lu.assertTrue(#r > 1000)
  local n = #r
  local f = returns.all(r, { times = times })
  local sd = math.sqrt(moment(r, 2) * n / (n - 1))
  close(f.sharpe_ratio, mean(r) / sd * math.sqrt(252), 1e-12, "sharpe")
  close(f.annual_volatility, sd * math.sqrt(252), 1e-12, "volatility")
  close(f.skewness_population, moment(r, 3) / moment(r, 2) ^ 1.5, 1e-10, "skewness")
  close(f.kurtosis_population, moment(r, 4) / moment(r, 2) ^ 2 - 3, 1e-10, "kurtosis")
  local growth, peak, deepest, squares, below, gain, loss = 1, 1, 0, 0, 0, 0, 0
  for _, x in ipairs(r) do
    growth = growth * (1 + x)
    peak = math.max(peak, growth)
    local depth = growth / peak - 1
    deepest, squares = math.min(deepest, depth), squares + depth * depth
    if x < 0 then below, loss = below + x * x, loss - x else gain = gain + x end
  end
  close(f.total_return, growth - 1, 1e-12, "total")
  close(f.annual_return, growth ^ (252 / n) - 1, 1e-11, "annual")
  close(f.max_drawdown, deepest, 1e-12, "drawdown")
  close(f.calmar_ratio, (growth ^ (252 / n) - 1) / -deepest, 1e-11, "calmar")
  close(f.ulcer_index, math.sqrt(squares / (n - 1)), 1e-12, "ulcer")
  close(f.sortino_ratio, mean(r) / math.sqrt(below / n) * math.sqrt(252), 1e-12, "sortino")
  close(f.omega_ratio, gain / loss, 1e-12, "omega")
  close(f.gain_to_pain_ratio, (gain - loss) / loss, 1e-11, "gain to pain")
  local sorted = {}
  for k, x in ipairs(r) do sorted[k] = x end
  table.sort(sorted)
  local place = 0.05 * (n - 1)
  local low = math.floor(place)
  close(f.value_at_risk, sorted[low + 1] + (place - low) * (sorted[low + 2] - sorted[low + 1]), 1e-12, "var")
end

function TestReturns.test_figures_without_a_unit_do_not_depend_on_the_scale()
  local r, doubled = noise(500), {}
  for k, x in ipairs(r) do doubled[k] = 2 * x end
  local a, b = returns.all(r, { times = days(500) }), returns.all(doubled, { times = days(500) })
  for _, name in ipairs { "sharpe_ratio", "smart_sharpe_ratio", "sortino_ratio", "skewness", "kurtosis",
    "profit_factor", "payoff_ratio", "tail_ratio", "omega_ratio", "gain_to_pain_ratio", "win_rate", "d_ratio",
    "autocorrelation", "probabilistic_sharpe_ratio", "common_sense_ratio", "cpc_index" } do
    close(b[name], a[name], 1e-12, name)
  end
  for _, name in ipairs { "volatility", "value_at_risk", "conditional_value_at_risk", "mean_return", "best_period",
    "downside_risk", "mean_absolute_deviation" } do
    close(b[name], 2 * a[name], 1e-12, name)
  end
end

function TestReturns.test_beside_itself()
  local r = noise(300)
  local f = returns.all(r, { benchmark = r, times = days(300) })
  for name, value in pairs { beta = 1, alpha = 0, correlation = 1, up_capture = 1, down_capture = 1, fama_beta = 1,
    batting_average = 0, active_return = 0, m_squared_excess = 0, tracking_error = 0, net_selectivity = 0 } do
    lu.assertAlmostEquals(f[name], value, 1e-12, name)
  end
  local doubled = {}
  for k, x in ipairs(r) do doubled[k] = 2 * x + 0.001 end
  close(returns.beta(doubled, { benchmark = r }), 2, 1e-12, "beta")
  close(returns.alpha_arithmetic(doubled, { benchmark = r }), 0.252, 1e-11, "alpha")
  lu.assertAlmostEquals(returns.specific_risk(doubled, { benchmark = r }), 0, 1e-9)
end

function TestReturns.test_moving_windows_are_windows()
  local r, market = noise(200), noise(200, 99)
  local times = days(200)
  for _, name in ipairs { "sharpe_ratio", "sortino_ratio", "annual_volatility", "max_drawdown", "beta", "win_weeks" } do
    local rolled = returns["roll_" .. name](r, 60, { benchmark = market, times = times, periods_per_year = 252 })
    lu.assertEquals(#rolled, 141)
    for _, k in ipairs { 1, 77, 141 } do
      local part, other, stamps = {}, {}, {}
      for j = 1, 60 do part[j], other[j], stamps[j] = r[k + j - 1], market[k + j - 1], times[k + j - 1] end
      lu.assertEquals(rolled[k],
        (returns[name](part, { benchmark = other, times = stamps, periods_per_year = 252 })), name)
    end
  end
end

function TestReturns.test_missing_returns()
  local r = { 0.01, false, -0.02, NAN, 0.03 }
  close(returns.total_return(r), 1.01 * 0.98 * 1.03 - 1, 1e-14, "total")
  close(returns.mean_return(r), 0.02 / 3, 1e-14, "mean")
  lu.assertEquals(#returns.cum_returns(r), 5)
  lu.assertEquals(returns.cum_returns(r)[2], returns.cum_returns(r)[1])
end

function TestReturns.test_nothing_is_undefined_with_a_reason()
  for _, series in ipairs { {}, { 0.01 }, { 0, 0, 0, 0, 0 }, { NAN, NAN, NAN, NAN } } do
    local values, reasons = returns.all(series, { min_days = 0 })
    for _, statistic in ipairs(returns.list) do
      local value = values[statistic.name]
      lu.assertTrue(value == nil or value == value, statistic.name)
      if value == nil or math.abs(value) == math.huge then
        lu.assertNotNil(reasons[statistic.name], statistic.name)
      else
        lu.assertNil(reasons[statistic.name], statistic.name)
      end
    end
  end
  local value, reason, text = returns.beta { 0.1, 0.2, 0.3 }
  lu.assertNil(value)
  lu.assertEquals(reason, "no_benchmark")
  lu.assertStrContains(text, "no benchmark")
  lu.assertEquals({ returns.sharpe_ratio { 0.01, 0.01, 0.01 } },
    { math.huge, "no_variation", "what it divides by does not vary" })
end

function TestReturns.test_a_year_is_not_made_of_a_week()
  local week = noise(5)
  for _, name in ipairs { "annual_return", "cagr", "calmar_ratio", "alpha", "annual_volatility_geometric",
    "martin_ratio", "capture" } do
    local value, reason = returns[name](week, { benchmark = noise(5, 3), period = "daily" })
    lu.assertNil(value, name)
    lu.assertEquals(reason, "too_short", name)
  end
  lu.assertNotNil(returns.annual_return(week, { min_days = 0 }))
  lu.assertNotNil(returns.annual_return(noise(3), { period = "monthly" }))
  lu.assertNotNil(returns.sharpe_ratio(week))
  lu.assertNil((returns.return_1y(noise(100), { times = days(100) })))
end

function TestReturns.test_the_calendar_of_the_data()
  local function factor(times)
    local r = {}
    for k = 1, #times do r[k] = 0.001 * (k % 3) end
    return returns.series(r, { times = times }):periods_per_year()
  end
  local function every(n, gap, skip_weekends)
    local times, at = {}, 1262563200 -- Monday, 2010-01-04
    while #times < n do
      if not skip_weekends or (at / 86400 + 3) % 7 < 5 then times[#times + 1] = at end
      at = at + gap
    end
    return times
  end
  lu.assertEquals(factor(every(1000, 86400)), 365)
  lu.assertEquals(factor(every(1000, 86400, true)), 252)
  lu.assertEquals(factor(every(20, 86400, true)), 252)
  lu.assertEquals(factor(every(300, 7 * 86400)), 52)
  lu.assertEquals(factor(every(20, 30.4 * 86400)), 12)
  lu.assertEquals(factor(every(9, 365.25 * 86400)), 1)
  lu.assertEquals(factor(every(2000, 3600)), 365 * 2000 / 84) -- 24 a day; the last day is not whole
  local observed, own = factor(every(500, 2 * 86400)) -- every other day: no usual calendar
  close(observed, 182.625, 1e-12)
  close(own, 182.625, 1e-12)
end

function TestReturns.test_deflated_sharpe_ratio_of_the_paper()
  -- Bailey, Lopez de Prado 2014, "A numerical example": 100 trials whose yearly Sharpe ratios have the variance 1/2, of
  -- daily returns, 250 a year, deflate by 0.1132 per day.
  local r = noise(1250)
  local deflated = returns.deflated_sharpe_ratio(r, { trials = 100, trials_variance = 0.5 / 250 })
  local function above(threshold)
    return returns.probabilistic_sharpe_ratio(r, { periods_per_year = 250,
      sharpe_threshold = threshold * math.sqrt(250) })
  end
  lu.assertTrue(deflated < above(0.11315) and deflated > above(0.11325))
  lu.assertEquals(returns.deflated_sharpe_ratio(r), above(0))
  -- The same track record is just long enough for the confidence that it has.
  local length = returns.minimum_track_record_length(r, { confidence = above(0) })
  close(length, 1250, 1e-6, "track record")
end

function TestReturns.test_bootstrap()
  local r = noise(400)
  local names = { "sharpe_ratio", "max_drawdown", "mean_return" }
  local rows, how = returns.bootstrap(r, names, { samples = 2000, seed = 5 })
  lu.assertEquals(how.samples, 2000)
  close(how.mean_block, 400 ^ (1 / 3), 1e-12)
  lu.assertEquals(rows.sharpe_ratio.value, (returns.sharpe_ratio(r)))
  for _, row in pairs(rows) do
    lu.assertTrue(row.low < row.high)
    lu.assertEquals(row.defined, 2000)
  end
  lu.assertEquals(rows, (returns.bootstrap(r, names, { samples = 2000, seed = 5 })))
  lu.assertNotEquals(rows, (returns.bootstrap(r, names, { samples = 2000, seed = 6 })))
  -- Blocks of one return: the error of a mean is s / sqrt(n).
  local single = returns.bootstrap(r, { "mean_return" }, { samples = 4000, mean_block = 1 })
  close(single.mean_return.standard_error, returns.volatility(r) / 20, 0.05, "standard error")
  -- Longer blocks keep what neighbours have in common: a wider interval.
  lu.assertTrue(returns.bootstrap(r, { "mean_return" }, { samples = 4000, mean_block = 20 }).mean_return.standard_error
    > single.mean_return.standard_error)
end

function TestReturns.test_drawdown_table_and_months()
  local r = { 0.1, -0.1, -0.1, 0.3, -0.05, 0.01 }
  local times = { "2020-01-30", "2020-01-31", "2020-02-03", "2020-02-04", "2021-03-01", "2021-03-02" }
  local rows = returns.drawdown_table(r, { times = times })
  lu.assertEquals(#rows, 2)
  local deepest, last = rows[1], rows[2]
  close(deepest.depth, -0.19, 1e-12)
  lu.assertEquals({ deepest.start, deepest.valley, deepest.finish, deepest.recovery, deepest.days, deepest.periods },
    { 2, 3, 3, 4, 4, 2 })
  close(deepest.depth_99, -0.1, 1e-12)
  lu.assertEquals({ last.start, last.finish, last.recovery }, { 5, 6, nil })
  lu.assertEquals(#returns.drawdown_table(r, { top = 1 }), 1)
  local months = returns.monthly_table(r, times)
  lu.assertEquals({ #months, months[1].year, months[2].year }, { 2, 2020, 2021 })
  close(months[1].months[1], 1.1 * 0.9 - 1, 1e-12)
  close(months[1].total, 1.1 * 0.9 * 0.9 * 1.3 - 1, 1e-12)
  lu.assertNil(months[1].months[3])
end

function TestReturns.test_mistakes_are_told()
  local function message(...) return select(2, pcall(...)) end
  lu.assertStrContains(message(returns.sharpe_ratio, { 0.1, "x" }), "returns[2] is a string, expected a number")
  lu.assertStrContains(message(returns.sharpe_ratio, { 0.1 }, { perod = "daily" }), "period")
  lu.assertStrContains(message(returns.sharpe_ratio, { 0.1 }, { period = "hourly" }), "expected daily")
  lu.assertStrContains(message(returns.sharpe_ratio, { 0.1, 1 / 0 }), "is infinite")
  lu.assertStrContains(message(returns.beta, { 0.1, 0.2 }, { benchmark = { 0.1 } }), "align them")
  lu.assertStrContains(message(returns.win_months, { 0.1, 0.2 }, { times = { "2020-02-01", "2020-01-01" } }),
    "is not after the one before")
  lu.assertStrContains(message(returns.value_at_risk, { 0.1 }, { confidence = 95 }), "0.95")
  lu.assertStrContains(select(2, returns.get "sharp_ratio"), "sharpe_ratio")
end

function TestReturns.test_align()
  local a, b, times = returns.align({ 1, 2, 3 }, { 10, 20, 30 }, { 5, 6 }, { 20, 40 })
  lu.assertEquals({ a, b, #times }, { { 2 }, { 5 }, 1 })
  a, b, times = returns.align({ 1, 2, 3 }, { 10, 20, 30 }, { 5, 6 }, { 20, 40 }, true)
  lu.assertEquals({ a, b, #times }, { { 1, 2, 3, false }, { false, 5, false, 6 }, 4 })
end

function TestReturns.test_attribution_to_factors()
  -- empyrical's own data: two assets of equal weight, loadings of 1, no residual.
  local function rows(name)
    local made = {}
    for line in io.lines((support.shared("data/returns/empyrical_" .. name .. ".csv"))) do
      local cells = {}
      for cell in (line .. ","):gmatch "([^,]*)," do cells[#cells + 1] = cell end
      if cells[1]:match "^%d" then made[#made + 1] = cells end
    end
    return made
  end
  local r, positions, factors, loadings, day = {}, {}, {}, {}, {}
  for k, row in ipairs(rows "returns") do
    r[k], day[row[1]] = tonumber(row[2]), k
  end
  for _, row in ipairs(rows "positions") do
    local total = tonumber(row[2]) + tonumber(row[3]) + tonumber(row[4])
    positions[day[row[1]]] = { ["19001"] = row[2] / total, ["19002"] = row[3] / total, cash = row[4] / total }
  end
  for _, row in ipairs(rows "factor_returns") do
    factors[day[row[1]]] = { materials = tonumber(row[2]), financials = tonumber(row[3]) }
  end
  for _, row in ipairs(rows "factor_loadings") do
    local k = day[row[1]]
    loadings[k] = loadings[k] or {}
    loadings[k][row[2]] = { materials = tonumber(row[3]), financials = tonumber(row[4]) }
  end
  local exposures, made = returns.perf_attrib(r, positions, factors, loadings)
  lu.assertEquals(#exposures, #r)
  for k = 1, #r do
    lu.assertAlmostEquals(exposures[k].materials, 1, 1e-12)
    lu.assertAlmostEquals(made.common[k], r[k], 1e-9)
    lu.assertAlmostEquals(made.specific[k], 0, 1e-9)
    lu.assertAlmostEquals(made.tilt[k] + made.timing[k], made.common[k], 1e-12)
    lu.assertAlmostEquals(made.factors.materials[k], factors[k].materials, 1e-12)
  end
end

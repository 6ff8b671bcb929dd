--- Statistics of any series of returns: a binding of src/abi/returns.h (docs/statistics.md).
--
--     local returns = require "returns"
--     print(returns.sharpe_ratio({ 0.01, -0.02, 0.015 }, { period = "daily", risk_free_ann = 0.03 }))
--     local all, why = returns.all(series, { times = dates, benchmark = market })
--
-- A series is a list of fractions (0.01 is one percent; NaN or false: no figure for that period). Every statistic of
-- `returns.list` is a function `returns.NAME(series, options)`: its value, or nil, the reason's name and its text; an
-- infinity comes with a reason too. `returns.roll_NAME(series, window, options)` is a list over moving windows.
local ffi = require "ffi"
local abi = require "abi"
local suggest = require "suggest"
local C = abi.C

local M = {}

local PERIODS = { daily = 252, weekly = 52, monthly = 12, quarterly = 4, yearly = 1 }
local UNITS = {
  weekly = C.PLN_CALENDAR_WEEK, monthly = C.PLN_CALENDAR_MONTH, quarterly = C.PLN_CALENDAR_QUARTER,
  yearly = C.PLN_CALENDAR_YEAR,
}
local NUMBERS = {
  "periods_per_year", "risk_free", "risk_free_ann", "required_return", "required_return_ann", "confidence",
  "sharpe_threshold", "trials", "trials_variance", "order", "min_days",
}
local OPTIONS = { period = true, times = true, benchmark = true }
for _, name in ipairs(NUMBERS) do OPTIONS[name] = true end

local TAKES = {
  { C.PLN_TAKES_BENCHMARK, "benchmark" }, { C.PLN_TAKES_RISK_FREE, "risk_free" },
  { C.PLN_TAKES_REQUIRED_RETURN, "required_return" }, { C.PLN_TAKES_PERIOD, "periods_per_year" },
  { C.PLN_TAKES_TIMES, "times" }, { C.PLN_TAKES_CONFIDENCE, "confidence" },
  { C.PLN_TAKES_SHARPE_THRESHOLD, "sharpe_threshold" }, { C.PLN_TAKES_TRIALS, "trials, trials_variance" },
  { C.PLN_TAKES_ORDER, "order" },
}

local list, by_name = {}, {}
for index = 0, C.pln_return_statistic_count() - 1 do
  local info = C.pln_return_statistic_get(index)
  local takes = {}
  for _, take in ipairs(TAKES) do
    if bit.band(info.takes, take[1]) ~= 0 then takes[#takes + 1] = take[2] end
  end
  local statistic = {
    index = index, name = ffi.string(info.name), label = ffi.string(info.label),
    unit = ffi.string(info.unit), -- "fraction", "ratio", "count", "days"
    group = ffi.string(info.group), definition = ffi.string(info.definition), takes = takes,
    metric = info.metric ~= nil and ffi.string(info.metric) or nil, -- its name among a run's metrics
  }
  list[index + 1], by_name[statistic.name] = statistic, statistic
end

--- All statistics: { name, label, unit, group, definition, takes = { option … }, metric } each.
M.list = list

--- Other libraries' names of some of them.
M.aliases = {
  cagr = "annual_return", comp = "total_return", sharpe = "sharpe_ratio", smart_sharpe = "smart_sharpe_ratio",
  sortino = "sortino_ratio", smart_sortino = "smart_sortino_ratio", adjusted_sortino = "adjusted_sortino_ratio",
  omega = "omega_ratio", calmar = "calmar_ratio", excess_sharpe = "information_ratio",
  upi = "ulcer_performance_index", cvar = "conditional_value_at_risk",
  expected_shortfall = "conditional_value_at_risk", skew = "skewness", r2 = "r_squared", ror = "risk_of_ruin",
  rar = "risk_adjusted_return", exposure = "time_in_market", geometric_mean = "expected_return",
  win_loss_ratio = "payoff_ratio", autocorr_penalty = "autocorrelation_penalty",
  stability = "stability_of_timeseries", bernardo_ledoit_ratio = "profit_factor",
  selectivity = "jensen_alpha",
}

--- The statistic of that name (or alias), or nil and a message.
function M.get(name)
  local statistic = by_name[M.aliases[name] or name]
  if statistic then return statistic end
  local names = {}
  for k, item in ipairs(list) do names[k] = item.name end
  return nil, ("no statistic of returns is called '%s'%s"):format(tostring(name), suggest.hint(tostring(name), names))
end

local NAN = 0 / 0

local function value_at(values, index, what)
  local value = values[index]
  if value == false then return NAN end
  if type(value) ~= "number" then
    error(("%s[%d] is a %s, expected a number, or false where there is none"):format(what, index, type(value)), 0)
  end
  return value
end

--- The sentence that belongs to a reason's name.
function M.reason(name)
  for code = 0, C.PLN_UNDEFINED_COUNT - 1 do
    if ffi.string(C.pln_undefined_name(code)) == name then return ffi.string(C.pln_undefined_help(code)) end
  end
  return name
end

--- A list of numbers as doubles, and their number.
local function doubles(values, what)
  if type(values) ~= "table" then error(("%s is a %s, expected a list of numbers"):format(what, type(values)), 0) end
  local n = #values
  local made = ffi.new("double[?]", math.max(n, 1))
  for k = 1, n do made[k - 1] = value_at(values, k, what) end
  return made, n
end
M.doubles = doubles

--- Times as int64 ns: dates as ISO text, seconds since 1970 as numbers, int64 ns.
local parsed = ffi.new "int64_t[1]"
local function times_of(values, n)
  if #values ~= n then error(("times has %d entries, expected %d: one for each return"):format(#values, n), 0) end
  local made = ffi.new("int64_t[?]", math.max(n, 1))
  for k = 1, n do
    local value = values[k]
    if type(value) == "string" then
      if C.pln_time_parse_iso(value, nil, parsed) < 0 then error(("times[%d]: %s"):format(k, abi.last_error()), 0) end
      made[k - 1] = parsed[0]
    elseif type(value) == "number" then
      made[k - 1] = ffi.cast("int64_t", math.floor(value)) * 1000000000LL + math.floor(value % 1 * 1e9 + 0.5)
    elseif type(value) == "cdata" then
      made[k - 1] = value
    else
      error(("times[%d] is a %s, expected a date as text, seconds since 1970, or int64 ns"):format(k, type(value)), 0)
    end
  end
  return made
end
M.times = times_of

local function same_length(values, n, what)
  local made, m = doubles(values, what)
  if m ~= n then error(("%s has %d returns, the series has %d: align them"):format(what, m, n), 0) end
  return made
end

local function check_options(options)
  for name in pairs(options) do
    if not OPTIONS[name] then
      local names = {}
      for known in pairs(OPTIONS) do names[#names + 1] = known end
      table.sort(names)
      error(("no option of statistics is called '%s'%s"):format(tostring(name), suggest.hint(tostring(name), names)), 0)
    end
  end
  if options.period and not PERIODS[options.period] then
    error(("period is '%s', expected daily, weekly, monthly, quarterly or yearly"):format(tostring(options.period)), 0)
  end
end

local function c_options(options)
  local c = ffi.new "pln_return_options"
  for _, name in ipairs(NUMBERS) do
    local value = options[name]
    if type(value) == "number" then
      c[name] = value
    elseif value ~= nil and not (type(value) == "table" and (name == "risk_free" or name == "required_return")) then
      error(("%s is a %s, expected a number"):format(name, type(value)), 0)
    end
  end
  if options.min_days and options.min_days <= 0 then c.min_days = -1 end
  if options.period and not options.periods_per_year then c.periods_per_year = PERIODS[options.period] end
  return c
end

local Series = {}
Series.__index = Series

local function new_series(values, options)
  options = options or {}
  check_options(options)
  local s = ffi.new "pln_return_series"
  local returns, n = doubles(values, "returns")
  local keep = { returns }
  s.n, s.returns = n, returns
  local function attach(field, from)
    if type(from) ~= "table" then return end
    keep[#keep + 1] = same_length(from, n, field)
    s[field] = keep[#keep]
  end
  attach("benchmark", options.benchmark)
  attach("risk_free", options.risk_free)
  attach("required_return", options.required_return)
  if options.times then
    keep[#keep + 1] = times_of(options.times, n)
    s.ts_ns = keep[#keep]
  end
  local handle = C.pln_returns_new(s, c_options(options))
  if handle == nil then error(abi.last_error(), 0) end
  return setmetatable({ handle = ffi.gc(handle, C.pln_returns_free), n = n }, Series)
end

local function raise(fn, ...)
  local results = { pcall(fn, ...) }
  if not results[1] then error(results[2], 3) end
  return unpack(results, 2, table.maxn(results))
end

--- A series to ask several things of: `local s = returns.series(list, options); s:value "sharpe_ratio"`.
function M.series(values, options) return raise(new_series, values, options) end

local why = ffi.new "int32_t[1]"

--- The statistic's value; nil where undefined; then, or where it is infinite, the reason's name and text.
function Series:value(name)
  local statistic = type(name) == "table" and name or assert(M.get(name))
  local value = C.pln_returns_value(self.handle, statistic.index, why)
  local reason = tonumber(why[0])
  if reason == 0 then return value end
  return value == value and value or nil, ffi.string(C.pln_undefined_name(reason)),
    ffi.string(C.pln_undefined_help(reason))
end

--- All statistics: a table of values by name and one of the reasons' names for what is undefined or infinite.
function Series:all()
  local values, reasons = {}, {}
  for _, statistic in ipairs(list) do values[statistic.name], reasons[statistic.name] = self:value(statistic) end
  return values, reasons
end

--- What is annualised with, and the returns a year that the times show (nil without times).
function Series:periods_per_year()
  local observed = C.pln_returns_observed_per_year(self.handle)
  return C.pln_returns_periods_per_year(self.handle), observed == observed and observed or nil
end

--- A list of the statistic over moving windows; NaN where undefined.
function Series:roll(name, window)
  local statistic = assert(M.get(name))
  local out = ffi.new("double[?]", math.max(self.n, 1))
  local n = tonumber(C.pln_returns_rolling(self.handle, statistic.index, window, out))
  if n < 0 then error(abi.last_error(), 2) end
  local made = {}
  for k = 1, n do made[k] = out[k - 1] end
  return made
end

--- Confidence intervals by the stationary bootstrap (Politis, Romano 1994).
-- @param names statistics (default: M.HEADLINE)
-- @param options { samples = 1000, mean_block = n^(1/3) returns, confidence = 0.95, seed = 0 }
-- @return { NAME = { value, low, high, standard_error, defined }, … } and { samples, mean_block, confidence, seed }
function Series:bootstrap(names, options)
  names, options = names or M.HEADLINE, options or {}
  local indices = ffi.new("int32_t[?]", math.max(#names, 1))
  for k, name in ipairs(names) do indices[k - 1] = assert(M.get(name)).index end
  local c = ffi.new("pln_bootstrap_options", options.samples or 0, options.mean_block or 0, options.confidence or 0,
    options.seed or 0)
  local rows = ffi.new("pln_bootstrap_row[?]", math.max(#names, 1))
  abi.must(C.pln_returns_bootstrap(self.handle, indices, #names, c, rows), 2)
  local made = {}
  for k, name in ipairs(names) do
    local row = rows[k - 1]
    made[name] = {
      value = row.value, low = row.low, high = row.high, standard_error = row.standard_error,
      defined = tonumber(row.defined),
    }
  end
  return made, {
    samples = options.samples or 1000, confidence = options.confidence or 0.95, seed = options.seed or 0,
    mean_block = options.mean_block or C.pln_returns_mean_block(self.n),
  }
end

--- The statistics that `bootstrap` takes where none are named.
M.HEADLINE = { "annual_return", "annual_volatility", "sharpe_ratio", "sortino_ratio", "max_drawdown", "calmar_ratio" }

local function value_of(statistic, values, options) return new_series(values, options):value(statistic) end
local function roll_of(name, values, window, options) return new_series(values, options):roll(name, window) end

for _, statistic in ipairs(list) do
  M[statistic.name] = function(values, options) return raise(value_of, statistic, values, options) end
  M["roll_" .. statistic.name] = function(values, window, options)
    return raise(roll_of, statistic.name, values, window, options)
  end
end
for alias, name in pairs(M.aliases) do
  M[alias], M["roll_" .. alias] = M[name], M["roll_" .. name]
end

--- All statistics of a series: values by name, and reasons by name.
function M.all(values, options) return raise(function() return new_series(values, options):all() end) end

--- Series:bootstrap of a list; `options` holds those of both.
function M.bootstrap(values, names, options)
  return raise(function()
    local own, rest = {}, {}
    for name, value in pairs(options or {}) do
      local to = (name == "samples" or name == "mean_block" or name == "seed") and own or rest
      to[name] = value
    end
    own.confidence = rest.confidence
    return new_series(values, rest):bootstrap(names, own)
  end)
end

-- ---- series from series ----

local function to_list(values, n)
  local made = {}
  for k = 1, n do made[k] = values[k - 1] end
  return made
end

--- Returns of a list of prices: one fewer.
function M.simple_returns(prices)
  return raise(function()
    local values, n = doubles(prices, "prices")
    local out = ffi.new("double[?]", math.max(n, 1))
    return to_list(out, tonumber(C.pln_returns_of_prices(values, n, out)))
  end)
end

--- Returns compounded: growth of `start` (default: growth of 1, less 1).
function M.cum_returns(values, start)
  return raise(function()
    local returns, n = doubles(values, "returns")
    local out = ffi.new("double[?]", math.max(n, 1))
    abi.must(C.pln_returns_cumulate(returns, n, start or 0, out))
    return to_list(out, n)
  end)
end

--- The last of them; nil without returns.
function M.cum_returns_final(values, start)
  local all = M.cum_returns(values, start)
  return all[#all]
end

--- The distance from the running peak, period by period, <= 0.
function M.drawdown_series(values)
  return raise(function()
    local returns, n = doubles(values, "returns")
    local out = ffi.new("double[?]", math.max(n, 1))
    abi.must(C.pln_returns_drawdowns(returns, n, out))
    return to_list(out, n)
  end)
end

--- Returns compounded by calendar unit: "weekly" (ISO weeks), "monthly", "quarterly" or "yearly".
-- @return the list of returns and the list of the units' first instants (int64 ns)
function M.aggregate_returns(values, times, unit)
  return raise(function()
    if not UNITS[unit] then
      error(("unit is '%s', expected weekly, monthly, quarterly or yearly"):format(tostring(unit)), 0)
    end
    local returns, n = doubles(values, "returns")
    local ts = times_of(times, n)
    local out, out_ts = ffi.new("double[?]", math.max(n, 1)), ffi.new("int64_t[?]", math.max(n, 1))
    local m = tonumber(C.pln_returns_aggregate(returns, ts, n, UNITS[unit], out, out_ts))
    return to_list(out, m), to_list(out_ts, m)
  end)
end

--- The drawdowns, deepest first.
-- @param options { times (adds days), top = how many (default: all) }
-- @return a list of { start, valley, finish, recovery (nil: not yet), depth, depth_99, periods, recovery_periods, and
--   with times: start_time, valley_time, end_time, recovery_time (int64 ns), days, recovery_days } — places in the
--   list of returns, the first and the last period below the peak; days count both
function M.drawdown_table(values, options)
  return raise(function()
    options = options or {}
    local returns, n = doubles(values, "returns")
    local ts = options.times and times_of(options.times, n)
    local room = math.max(n, 1)
    local rows = ffi.new("pln_drawdown_row[?]", room)
    local count = tonumber(C.pln_returns_drawdown_table(returns, n, rows, room))
    if count < 0 then error(abi.last_error(), 0) end
    local made = {}
    local function days(from, to) return math.floor(tonumber(ts[to] - ts[from]) / 86400e9) end
    for k = 0, count - 1 do
      local r = rows[k]
      local start, valley, last, back = tonumber(r.start), tonumber(r.valley), tonumber(r["end"]), tonumber(r.recovery)
      local row = {
        start = start + 1, valley = valley + 1, finish = last + 1, recovery = back >= 0 and back + 1 or nil,
        depth = r.depth, depth_99 = r.depth_99 == r.depth_99 and r.depth_99 or nil, periods = last - start + 1,
        recovery_periods = back >= 0 and back - valley or nil,
      }
      if ts then
        row.start_time, row.valley_time, row.end_time = ts[start], ts[valley], ts[last]
        row.recovery_time = back >= 0 and ts[back] or nil
        row.days, row.recovery_days = days(start, last) + 1, back >= 0 and days(valley, back) or nil
      end
      made[k + 1] = row
    end
    table.sort(made, function(a, b) return a.depth < b.depth or (a.depth == b.depth and a.start < b.start) end)
    for k = #made, (options.top or #made) + 1, -1 do made[k] = nil end
    return made
  end)
end

--- Returns by year and month: a list of { year, months = { [1 … 12] = return }, total }.
function M.monthly_table(values, times)
  local months, starts = M.aggregate_returns(values, times, "monthly")
  local years = M.aggregate_returns(values, times, "yearly")
  local civil, rows = ffi.new "pln_civil", {}
  for k, month in ipairs(months) do
    C.pln_civil_from_ns(starts[k], civil)
    local row = rows[#rows]
    if not row or row.year ~= civil.year then
      row = { year = civil.year, months = {}, total = years[#rows + 1] }
      rows[#rows + 1] = row
    end
    row.months[civil.month] = month
  end
  return rows
end

--- Two series by time: what both have, or with `outer` what either has (false where one has none).
-- @return values of a, values of b, times (int64 ns)
function M.align(a, a_times, b, b_times, outer)
  return raise(function()
    local at, bt = times_of(a_times, #a), times_of(b_times, #b)
    local left, right, times = {}, {}, {}
    local i, k = 0, 0
    while i < #a or k < #b do
      local first = i < #a and (k >= #b or at[i] <= bt[k])
      local second = k < #b and (i >= #a or bt[k] <= at[i])
      if (first and second) or outer then
        times[#times + 1] = first and at[i] or bt[k]
        left[#times], right[#times] = first and a[i + 1] or false, second and b[k + 1] or false
      end
      if first then i = i + 1 end
      if second then k = k + 1 end
    end
    return left, right, times
  end)
end

--- { alpha, beta } beside options.benchmark; of up or down markets; over moving windows. Undefined is NaN.
local function pair_of(alpha, beta)
  return function(values, options)
    local series = M.series(values, options)
    return { series:value(alpha) or NAN, series:value(beta) or NAN }
  end
end
M.alpha_beta = pair_of("alpha", "beta")
M.up_alpha_beta = pair_of("up_alpha", "up_beta")
M.down_alpha_beta = pair_of("down_alpha", "down_beta")

function M.roll_alpha_beta(values, window, options)
  local series = M.series(values, options)
  local alphas, betas, made = series:roll("alpha", window), series:roll("beta", window), {}
  for k = 1, #alphas do made[k] = { alphas[k], betas[k] } end
  return made
end

--- Returns by factor (empyrical's perf_attrib): what positions earned through their exposures, and what is left.
-- @param values list of the portfolio's returns
-- @param positions for each period a table { ASSET = weight }
-- @param factor_returns for each period a table { FACTOR = return }
-- @param loadings for each period a table { ASSET = { FACTOR = loading } }
-- @return exposures (for each period { FACTOR = exposure }) and attribution: { factors = { FACTOR = list },
--   common, specific, tilt, timing, total = lists }: common + specific = total, tilt (of the mean exposures) + timing =
--   common
function M.perf_attrib(values, positions, factor_returns, loadings)
  local exposures, means, n = {}, {}, #values
  if #positions ~= n or #factor_returns ~= n or #loadings ~= n then
    error(("positions, factor_returns and loadings have %d, %d and %d periods, expected %d, as many as returns")
      :format(#positions, #factor_returns, #loadings, n), 2)
  end
  for k = 1, n do
    local exposure = {}
    for factor in pairs(factor_returns[k]) do exposure[factor] = 0 end
    local assets = {}
    for asset in pairs(positions[k]) do assets[#assets + 1] = asset end
    table.sort(assets)
    for _, asset in ipairs(assets) do
      for factor, loading in pairs(loadings[k][asset] or {}) do
        exposure[factor] = (exposure[factor] or 0) + positions[k][asset] * loading
      end
    end
    exposures[k] = exposure
    for factor, value in pairs(exposure) do means[factor] = (means[factor] or 0) + value / n end
  end
  local factors = {}
  for factor in pairs(means) do factors[#factors + 1] = factor end
  table.sort(factors)
  local made = { factors = {}, common = {}, specific = {}, tilt = {}, timing = {}, total = {} }
  for _, factor in ipairs(factors) do made.factors[factor] = {} end
  for k = 1, n do
    local common, tilt = 0, 0
    for _, factor in ipairs(factors) do
      local change = factor_returns[k][factor] or 0
      made.factors[factor][k] = (exposures[k][factor] or 0) * change
      common, tilt = common + made.factors[factor][k], tilt + means[factor] * change
    end
    made.common[k], made.specific[k], made.tilt[k] = common, values[k] - common, tilt
    made.timing[k], made.total[k] = common - tilt, values[k]
  end
  return exposures, made
end

local GROUPS = { "Return", "Ratio", "Partial moments", "Risk", "Drawdown", "Wins", "Benchmark" }

--- The names of the groups, in the order in which tables show them.
M.groups = GROUPS

--- The list of statistics for docs/metrics.md.
function M.markdown()
  local lines = {
    "# Statistics of returns", "",
    "Functions of `require \"returns\"` ([how to](statistics.md)) and rows of `perilune stats`: one name, one",
    "definition. `r` are the returns, fractions per period, P the periods per year, n the number of returns. \"In a",
    "run\" is the name of the same figure, of the run's period returns, in percent if it is a fraction; where there is",
    "none the run has a figure of its own above. Other libraries' names follow the definition.",
  }
  for _, group in ipairs(GROUPS) do
    lines[#lines + 1] = ("\n## Returns: %s\n\n| name | unit | options | definition | in a run |\n|---|---|---|---|---|")
      :format(group)
    for _, s in ipairs(list) do
      if s.group == group then
        lines[#lines + 1] = ("| `%s` | %s | %s | %s | %s |"):format(s.name, s.unit,
          #s.takes > 0 and "`" .. table.concat(s.takes, "`, `") .. "`" or "", (s.definition:gsub("|", "\\|")),
          s.metric and "`" .. s.metric .. "`" or "")
      end
    end
  end
  lines[#lines + 1] = "\n## Returns: undefined\n\n| reason | meaning |\n|---|---|"
  for code = 1, C.PLN_UNDEFINED_COUNT - 1 do
    lines[#lines + 1] = ("| `%s` | %s |"):format(ffi.string(C.pln_undefined_name(code)),
      ffi.string(C.pln_undefined_help(code)))
  end
  return table.concat(lines, "\n") .. "\n"
end

--- Generalised Pareto risk of losses: { threshold, scale, shape, value_at_risk, expected_shortfall }, zeroes without a
-- fit. `probability` (default 0.01) is of a loss beyond the value at risk.
function M.gpd_risk_estimates(values, probability)
  return raise(function()
    local returns, n = doubles(values, "returns")
    local out = ffi.new "double[5]"
    abi.must(C.pln_returns_gpd_risk(returns, n, probability or 0.01, out))
    return to_list(out, 5)
  end)
end

return M

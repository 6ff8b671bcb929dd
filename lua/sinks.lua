--- Sinks: where a combo's rows, trades, orders and series go while it runs — statistics, database, CSV files and the
-- sample that the terminal draws. Nothing here grows with the number of bars.
local ffi = require "ffi"
local abi = require "abi"
local stats = require "stats"
local C = abi.C

local M = {}

local METRICS = { full = {}, headline = {}, sweep = {} } -- names; the short table's come first in the list
for k, metric in ipairs(stats.list) do
  METRICS.full[k] = metric.name
  if metric.headline then METRICS.headline[k], METRICS.sweep[k] = metric.name, metric.name end
end

local SAMPLE = 512     -- points of the equity picture, doubled in stride when it is full
local SERIES_ROWS = 4096
local MAX_SERIES = 256 -- of one result: each is a buffer

local function must(ok, err)
  if not ok then error(err, 0) end
end

--- Keeps every n-th point of a curve, n doubling as needed, and the last one.
local function sampler()
  local self = { stride = 1, seen = 0, ts = {}, values = {}, n = 0 }
  local function keep(ts_ns, value)
    self.n = self.n + 1
    self.ts[self.n], self.values[self.n] = ts_ns, value
    if self.n == 2 * SAMPLE then
      for k = 1, SAMPLE do self.ts[k], self.values[k] = self.ts[2 * k - 1], self.values[2 * k - 1] end
      for k = SAMPLE + 1, 2 * SAMPLE do self.ts[k], self.values[k] = nil, nil end
      self.n, self.stride = SAMPLE, self.stride * 2
    end
  end
  --- Adds n points of parallel arrays.
  function self.add(ts, values, n)
    local index = math.ceil(self.seen / self.stride) * self.stride
    while index < self.seen + n do
      keep(tonumber(ts[index - self.seen]), values[index - self.seen])
      index = (math.floor(index / self.stride) + 1) * self.stride
    end
    self.seen = self.seen + n
    self.last_ts, self.last_value = tonumber(ts[n - 1]), values[n - 1]
  end
  --- The points as a picture takes them.
  function self.series()
    local made = { n = self.n, ts = {}, equity = {} }
    for k = 1, self.n do made.ts[k], made.equity[k] = self.ts[k], self.values[k] end
    if self.n > 0 and self.ts[self.n] ~= self.last_ts then
      made.n = self.n + 1
      made.ts[made.n], made.equity[made.n] = self.last_ts, self.last_value
    end
    return made
  end
  return self
end

--- The user's own series (record): buffered by name, flushed to the database.
local function series_buffer(result)
  local self, buffers, n_names = { samples = {} }, {}, 0
  function self.flush(name)
    local buffer = buffers[name]
    if buffer.n == 0 then return end
    if result then must(result:add_record(name, buffer.ts, buffer.values, buffer.n)) end
    self.samples[name].add(buffer.ts, buffer.values, buffer.n)
    buffer.n = 0
  end
  function self.add(name, ts_ns, value)
    local buffer = buffers[name]
    if not buffer then
      n_names = n_names + 1
      if n_names > MAX_SERIES then
        error(("record: '%s' would be series %d of this result, expected at most %d: values go under few names")
          :format(name, n_names, MAX_SERIES), 4)
      end
      buffer = { ts = ffi.new("int64_t[?]", SERIES_ROWS), values = ffi.new("double[?]", SERIES_ROWS), n = 0 }
      buffers[name], self.samples[name] = buffer, sampler()
    end
    buffer.ts[buffer.n], buffer.values[buffer.n] = ts_ns, value
    buffer.n = buffer.n + 1
    if buffer.n == SERIES_ROWS then self.flush(name) end
  end
  function self.flush_all()
    local names = {}
    for name in pairs(buffers) do names[#names + 1] = name end
    table.sort(names)
    for _, name in ipairs(names) do self.flush(name) end
  end
  return self
end

--- The last row of each UTC day, for curves too long to keep whole: rows come in, days go to `add`.
local DAY_NS = 86400000000000LL

local function by_day(add)
  local ts, equity, cash = ffi.new("int64_t[1]"), ffi.new("double[1]"), ffi.new("double[1]")
  local benchmark, exposure = ffi.new("double[1]"), ffi.new("int8_t[1]")
  local row = ffi.new("pln_equity_rows", 1, 1, ts, equity, cash, benchmark, exposure)
  local self, open = { keep = { ts, equity, cash, benchmark, exposure } }, false
  function self.flush()
    if open then add(row) end
    open = false
  end
  function self.rows(rows)
    for j = 0, tonumber(rows.n_rows) - 1 do
      local now = rows.ts_ns[j]
      if open and now / DAY_NS ~= ts[0] / DAY_NS then add(row) end
      ts[0], equity[0], cash[0] = now, rows.equity[j], rows.cash[j]
      benchmark[0], exposure[0] = rows.benchmark[j], rows.exposure[j]
      open = true
    end
  end
  return self
end

--- Copies of the elements of one portfolio, for containers that hold several.
local function of_portfolio(ctype, array, n, id, n_portfolios)
  if n_portfolios == 1 then return array, n end
  local picked = ffi.new(ctype .. "[?]", math.max(n, 1))
  local count = 0
  for j = 0, n - 1 do
    if array[j].portfolio == id then
      picked[count] = array[j]
      count = count + 1
    end
  end
  return picked, count
end

-- Deposits and withdrawals, where there are any, as a series of their own.
local FLOWS = "account:flow"
local flow_ts, flow_value = ffi.new "int64_t[1]", ffi.new "double[1]"

local function add_flows(result, rows)
  for j = 0, tonumber(rows.n_rows) - 1 do
    if rows.flow[j] ~= 0 then
      flow_ts[0], flow_value[0] = rows.ts_ns[j], rows.flow[j]
      must(result:add_record(FLOWS, flow_ts, flow_value, 1))
    end
  end
end

-- Of `bands`: as the figures of the run beside are stored.
local function optimistic_names(names)
  local made = {}
  for k, metric in ipairs(names) do made[k] = "optimistic:" .. metric end
  return made
end

-- The period returns of statistics, to the store; of a window also the first, from the capital on, since windows are
-- put one after another.
local periods_per_year, first_value, first_ns = ffi.new "double[1]", ffi.new "double[1]", ffi.new "int64_t[1]"

local function add_returns(result, handle, is_window)
  local n = tonumber(C.pln_stats_returns(handle, nil, nil, nil, 0, periods_per_year))
  local room = n + 1
  local returns, benchmark, ts_ns = ffi.new("double[?]", room), ffi.new("double[?]", room), ffi.new("int64_t[?]", room)
  local first = is_window and C.pln_stats_first_return(handle, first_value, first_ns) or 0
  if first == 1 then returns[0], benchmark[0], ts_ns[0] = first_value[0], 0 / 0, first_ns[0] end
  C.pln_stats_returns(handle, returns + first, benchmark + first, ts_ns + first, n, periods_per_year)
  return result:add_returns(returns, benchmark, ts_ns, n + first, periods_per_year[0])
end

-- Of sweeps few combos are looked at: their pictures and series are there once something goes into them.
local MAKE = { sample = sampler, series = function(self) return series_buffer(self.result) end }
local ON_USE = {
  __index = function(self, key)
    local make = MAKE[key]
    if not make then return nil end
    self[key] = make(self)
    return self[key]
  end,
}

local REFUSALS = {} -- name and explanation by code
for code = 1, C.PLN_REFUSAL_COUNT - 1 do
  REFUSALS[code] = { ffi.string(C.pln_refusal_name(code)), ffi.string(C.pln_refusal_help(code)) }
end

--- The sink of one portfolio of one combo.
-- @param spec { combo, portfolio, capital, timezone, timeframe (pln_timeframe), symbols (names), n_portfolios,
--   result (store result or nil), equity ("bars" | "days" | "none"), keep_trades, keep_orders, metrics ("full" |
--   "headline" | "sweep", as results.metrics), risk_free_ann (fraction), periods_per_year (0: by the calendar),
--   files = { trades, equity, orders } writers, optimistic = of `bands` the sink of the run beside,
--   is_window = whether it is one of several that are put one after another,
--   n_instances = function() giving how many instances of strategies and classifiers there are }
function M.portfolio(spec)
  local self = setmetatable({ result = spec.result, optimistic = spec.optimistic }, ON_USE)
  if spec.metrics ~= "sweep" then self.sample, self.series = sampler(), series_buffer(spec.result) end
  local config = ffi.new("pln_stats_config")
  config.capital, config.timezone = spec.capital, spec.timezone
  config.timeframe = spec.timeframe
  config.first_trading_row = abi.INT64_MAX -- until it is known
  config.keep_returns = (spec.metrics == "full" or spec.result) and 1 or 0
  config.is_sweep = spec.metrics == "sweep" and 1 or 0
  config.risk_free_ann, config.periods_per_year = spec.risk_free_ann or 0, spec.periods_per_year or 0
  local function new_stats() return ffi.gc(C.pln_stats_new(config), C.pln_stats_free) end
  local handle = new_stats()
  if handle == nil then return nil, abi.last_error() end
  local files, result = spec.files, spec.result
  -- The files' contract has no column for the portfolio: where there are several, it stands behind the combo.
  local combo = spec.n_portfolios > 1 and spec.combo .. "/" .. spec.portfolio or spec.combo
  local days = result and spec.equity == "days" and by_day(function(row) must(result:add_equity(row)) end)

  self.stats = handle -- until finish: of lanes, which feed it themselves
  --- Forgets what the statistics were given, for another run of the same.
  function self.restart()
    C.pln_stats_free(ffi.gc(handle, nil))
    handle = new_stats()
    self.stats = handle
  end
  function self.first_trading_row(row) abi.must(C.pln_stats_set_first_trading_row(handle, row)) end
  function self.rows(rows)
    abi.must(C.pln_stats_add_rows(handle, rows))
    self.sample.add(rows.ts_ns, rows.equity, tonumber(rows.n_rows))
    if days then
      days.rows(rows)
    elseif result and spec.equity == "bars" then
      must(result:add_equity(rows))
    end
    if result and rows.flow ~= nil then add_flows(result, rows) end
    if files.equity then must(files.equity:add(combo, rows, spec.portfolio)) end
  end
  function self.trades(trades, n)
    abi.must(C.pln_stats_add_trades(handle, trades, n))
    if result and spec.keep_trades then must(result:add_trades(trades, n)) end
    if files.trades then must(files.trades:add(combo, trades, n, spec.symbols, spec.portfolio)) end
  end
  function self.orders(orders, n, id)
    local own, count = of_portfolio("pln_order", orders, n, id, spec.n_portfolios)
    if count == 0 then return end
    if result and spec.keep_orders then must(result:add_orders(own, count)) end
    if files.orders then must(files.orders:add(combo, own, count, spec.symbols)) end
  end
  function self.fills(fills, n, id)
    local own, count = of_portfolio("pln_fill", fills, n, id, spec.n_portfolios)
    if result and spec.keep_orders and count > 0 then must(result:add_fills(own, count)) end
  end
  -- A watch across portfolios (portfolio -1) is told to each of them.
  function self.decisions(decisions, n, id)
    local picked, count = ffi.new("pln_decision[?]", n), 0
    for j = 0, n - 1 do
      if decisions[j].portfolio == id or decisions[j].portfolio < 0 then
        picked[count] = decisions[j]
        count = count + 1
      end
    end
    if count == 0 then return end
    if result and spec.keep_decisions then must(result:add_decisions(picked, count)) end
    if files.decisions then must(files.decisions:add(combo, picked, count, spec.symbols)) end
  end
  function self.scores(times, values, n)
    for j = 0, n - 1 do self.series.add("risk_score", times[j], values[j]) end
  end
  function self.record(instance, name, value)
    if type(name) ~= "string" or type(value) ~= "number" then
      error('record(name, value) takes a string and a number, such as record("gap", f.fast - f.slow)', 3)
    end
    -- Of several instances each has a series of its own.
    if spec.n_instances() > 1 then name = ("%s:%s:%s"):format(instance.id, instance.stream.name, name) end
    self.series.add(name, instance:now_ns(), value)
  end
  function self.finish(portfolio, view)
    local series = rawget(self, "series")
    if series then series.flush_all() end
    if days then days.flush() end
    local account = C.pln_portfolio_account(portfolio)
    self.values, self.why = ffi.new("double[?]", C.pln_metric_count()), ffi.new("int32_t[?]", C.pln_metric_count())
    C.pln_stats_set_execution(handle, C.pln_portfolio_quality(portfolio))
    abi.must(C.pln_stats_evaluate(handle, account, view.ambiguous_bars, self.values, self.why))
    if spec.metrics == "full" then
      self.period_returns = stats.period_returns(handle)
      self.period_returns.risk_free_ann = spec.risk_free_ann
    end
    self.refusals = {}
    local counts = C.pln_portfolio_refusals(portfolio)
    for code = 1, C.PLN_REFUSAL_COUNT - 1 do
      local count = counts[code]
      if count.count > 0 then
        self.refusals[#self.refusals + 1] = {
          code = code, name = REFUSALS[code][1], help = REFUSALS[code][2],
          count = tonumber(count.count), asked = count.first_asked, allowed = count.first_allowed,
          ts_ns = count.first_ts_ns, symbol = spec.symbols[count.first_instrument + 1],
        }
      end
    end
    self.orders_made, self.fills_made = tonumber(account.n_orders), tonumber(account.n_fills)
    self.bankrupt, self.halted = account.bankrupt == 1, account.halted == 1
    self.unpriced = tonumber(C.pln_portfolio_quality(portfolio).n_unpriced)
    if result then
      must(result:add_refusals(counts))
      must(add_returns(result, handle, spec.is_window))
      must(result:add_metrics(METRICS[spec.metrics], self.values))
      if self.optimistic then
        must(result:add_metrics(optimistic_names(METRICS[spec.metrics]), self.optimistic.values))
      end
      result:close()
    end
    C.pln_stats_free(ffi.gc(handle, nil))
    self.stats = nil
  end
  return self
end

return M

-- Law 2: the same orders, fills, trades, equity and statistics, to the bit, from a running strategy and from the
-- signals that it emitted, pushed into a portfolio without it; with all that a portfolio does of its own.
local ffi = require "ffi"
local abi = require "abi"
local captured = require "captured"
local engine = require "engine"
local market = require "market"
local C = abi.C

TestLaw2 = {}

local STOPS = { max_position_pct = 0, max_exposure_pct = 0, stop_loss_pct = 0.6, take_profit_pct = 1.5,
  trailing_stop_pct = 0.8, max_drawdown_pct = 0 }

-- Bars are in UTC: 14:30 is the open in New York.
local PORTFOLIOS = {
  plain = {},
  volatility_target = { sizing = { type = "volatility_target", percent = 12, period = 30, size_at = "signal",
    max_pct = 90 }, rebalance = true, rebalance_band_pct = 3, rebalance_band_relative_pct = 20, rebalance_every = "1d",
    leverage = 2 },
  atr_risk = { sizing = { type = "atr_risk", percent = 0.1, period = 14, multiple = 2, size_at = "signal" },
    rebalance = true, pyramiding = { max_entries = 3, step_pct = 0.05, add_pct = 60 }, leverage = 3,
    trading_hours = "14:40-20:45", flat_by_close_minutes = 5, reenter = true, risk = STOPS },
  fixed_fractional = { sizing = { type = "fixed_fractional", percent = 0.3, size_at = "fill" }, risk = STOPS,
    trading_hours = "15:00-20:00" },
  kelly = { sizing = { type = "kelly", percent = 20, fraction = 0.5, window = 10, min_trades = 4, min_pct = 5,
    size_at = "signal", max_pct = 60 }, flat_by_close_minutes = 10, allow_short = false },
  budgets = { long_pct = 120, short_pct = 40, leverage = 2, rebalance_every = "bar", rebalance_band_pct = 2,
    risk = STOPS },
  books = { books = true, sizing = { type = "percent_of_equity", percent = 150, size_at = "signal" }, leverage = 2,
    rebalance = true, risk = { max_position_pct = 90, max_exposure_pct = 150, stop_loss_pct = 0.6, take_profit_pct = 1,
    trailing_stop_pct = 0, max_drawdown_pct = 5 }, flat_by_close_minutes = 5, pyramiding = { max_entries = 2 } },
  reduced = { sizing = { type = "fixed_cash", cash = 500000, size_at = "fill", max_pct = 150 }, leverage = 2,
    rebalance = true, risk = { max_position_pct = 80, max_exposure_pct = 120, stop_loss_pct = 0, take_profit_pct = 0,
    trailing_stop_pct = 0, max_drawdown_pct = 4 } },
}

local NAMES = {}
for name in pairs(PORTFOLIOS) do NAMES[#NAMES + 1] = name end
table.sort(NAMES)

local CASES = {
  { strategy = "momentum", n = 1 }, { strategy = "mean_reversion", n = 1 }, { strategy = "breakout", n = 1 },
  { strategy = "rsi", n = 1 }, { strategy = "sma_cross", n = 1 },
  { strategy = "pairs", n = 2, params = { period = 30, entry = 1.5 } },
  { strategy = "rotation", n = 3 }, { strategy = { "momentum", "rsi", "breakout" }, n = 2 },
}

-- Bars of the same days: the files do not begin together.
local function common(n)
  local list, from = market.equities(3, n + 4000), 0LL
  for _, bars in ipairs(list) do
    if bars.ts_ns[0] > from then from = bars.ts_ns[0] end
  end
  for k, bars in ipairs(list) do
    local first = tonumber(C.pln_bars_lower_bound(bars, from))
    list[k] = engine.filter(bars, function(row) return row >= first and row < first + n end)
  end
  return list
end

local function spec_of(case, portfolio, bars, execution)
  local own = {}
  for k = 1, case.n do own[k] = bars[k] end
  return { strategy = case.strategy, bars = own, params = case.params, portfolio = PORTFOLIOS[portfolio],
    session = "14:30-21:00", execution = execution }
end

-- Captures of the run and of both replays, in one slice and in many.
local function three_ways(spec, make)
  make = make or engine.plan
  local plan = make(spec)
  plan.recorded = captured.memory()
  local full = engine.execute(plan)
  local captures = {}
  for k, chunk_rows in ipairs { 65536, 37 } do
    local again = make(spec)
    again.engine.chunk_rows, again.signals = chunk_rows, plan.recorded
    captures[k] = engine.execute(again)
  end
  return full, captures[1], captures[2]
end

local function count(list, pattern)
  local n = 0
  for _, line in ipairs(list) do n = n + (line:find(pattern) and 1 or 0) end
  return n
end

function TestLaw2.test_every_portfolio_replays()
  local bars = common(2400)
  local flat = 0
  for _, name in ipairs(NAMES) do
    for _, case in ipairs(CASES) do
      local what = ("%s of %s"):format(name, type(case.strategy) == "table" and "several" or case.strategy)
      local full, replay, sliced = three_ways(spec_of(case, name, bars))
      lu.assertTrue(#full.equity >= 2399, what .. " has equity")
      lu.assertTrue(#full.signals > 0, what .. " has signals")
      engine.assert_equal(full, replay, what)
      engine.assert_equal(full, sliced, what .. " in slices")
      if name ~= "plain" then flat = flat + count(full.trades, " 12$") end
      if name == "plain" then lu.assertTrue(#full.trades > 0, what) end
    end
  end
  lu.assertTrue(flat > 50, "positions were closed by the close")
end

function TestLaw2.test_at_the_close_too()
  local bars = common(1500)
  for _, name in ipairs { "atr_risk", "kelly", "budgets" } do
    local spec = spec_of(CASES[8], name, bars, { fill = "this_close" })
    local full, replay, sliced = three_ways(spec)
    lu.assertTrue(#full.fills > 0, name)
    engine.assert_equal(full, replay, name)
    engine.assert_equal(full, sliced, name .. " in slices")
  end
end

-- Costs by models, financing, what happens within a bar, late orders: of a configuration as a user writes it.
local EXECUTIONS = {
  { profile = "retail" }, { profile = "adverse_market", intrabar = "nearest_extreme" },
  { profile = "institutional", intrabar = "optimistic", finalize_trades = true },
}

function TestLaw2.test_configurations_replay()
  local bars = common(1500)
  local symbols = { { bars[1] }, { bars[2] } }
  for k, execution in ipairs(EXECUTIONS) do
    for _, books in ipairs { "netting", "separate" } do
      local function make()
        return engine.plan_config({
          strategies = { { type = "momentum" }, { type = "rsi" } },
          portfolios = { { capital = 100000, books = books, leverage = 2, rebalance = true, rebalance_every = "bar",
            rebalance_band_relative_pct = 25, sizing = { type = "volatility_target", percent = 10, max_pct = 80 },
            trading_hours = "14:40-20:45", risk = { stop_loss_pct = 0.7, take_profit_pct = 1.2 } } },
          execution = execution,
        }, symbols, {})
      end
      local full, replay, sliced = three_ways(nil, make)
      local what = ("execution %d, %s"):format(k, books)
      lu.assertTrue(#full.fills > 20, what)
      engine.assert_equal(full, replay, what)
      engine.assert_equal(full, sliced, what .. " in slices")
    end
  end
end

-- Exits, rules and sizes of every kind, costs that grow with size and time, and late orders.
local MANAGED = {
  {
    name = "stops and watches",
    reasons = { C.PLN_EXIT_ATR_STOP, C.PLN_EXIT_BREAK_EVEN, C.PLN_EXIT_TIME, C.PLN_EXIT_TAKE_PROFIT,
      C.PLN_EXIT_RISK_RULE },
    rules = { C.PLN_RISK_MAX_LEVERAGE, C.PLN_RISK_ORDER_RATE, C.PLN_RISK_DAILY_LOSS },
    portfolio = {
      sizing = { type = "atr_risk", percent = 0.3, period = 14, multiple = 2 },
      exits = { stop = { atr = 2 }, target = { r = 3 }, break_even = { after_r = 1, offset_pct = 0.005 },
        time = { bars = 45, at = "15:45" }, atr_bars = 10 },
      risk = { rules = {
        { type = "daily_loss", pct = 1, close = "yes" }, { type = "order_rate", orders = 6, per = "hour" },
        { type = "max_order_volume", pct = 20, action = "resize" },
        { type = "max_position_volume", days = 3, action = "resize" } } },
    },
    execution = { profile = "institutional", latency = { { model = "constant", params = { ms = 20000 } } } },
  },
  {
    name = "trails and value at risk",
    reasons = { C.PLN_EXIT_CHANDELIER, C.PLN_EXIT_LADDER },
    rules = { C.PLN_RISK_MAX_CORRELATION, C.PLN_RISK_DRAWDOWN, C.PLN_RISK_MAX_VALUE_AT_RISK,
      C.PLN_RISK_MAX_RISK_SCORE },
    portfolio = {
      sizing = { type = "volatility_target", percent = 12, period = 30, max_pct = 90 }, rebalance = true,
      rebalance_every = "bar", rebalance_band_relative_pct = 25,
      exits = { chandelier = { atr = 3, bars = 22 }, trailing = { atr = 4 },
        ladder = { { atr = 1, share_pct = 40 }, { atr = 2.5, share_pct = 60 } } },
      risk = { score = { record = true }, rules = {
        { type = "max_value_at_risk", pct = 0.01, method = "historical", bars = 120, action = "resize" },
        { type = "max_correlation", limit = 0.6, bars = 60, scale = 0.5, action = "resize" },
        { type = "drawdown", pct = 0.05, ["then"] = "scale", scale = 0.5 },
        { type = "max_risk_score", score = 20, action = "resize" } } },
    },
    execution = { slippage = { { model = "square_root_impact", params = { coefficient = 1 } }, "volatility_scaled" },
      financing = { { model = "borrow", params = { rate_pct = 12 } },
        { model = "margin_interest", params = { rate_pct = 9 } }, { model = "cash_interest" } },
      latency = { { model = "distribution", params = { median_ms = 15000, sigma = 1 } } } },
  },
  {
    name = "kelly and streaks",
    reasons = { C.PLN_EXIT_TRAILING_STOP, C.PLN_EXIT_LADDER },
    rules = { C.PLN_RISK_LOSS_STREAK, C.PLN_RISK_MAX_EXPECTED_SHORTFALL },
    portfolio = {
      sizing = { type = "kelly", percent = 20, fraction = 0.5, window = 10, min_trades = 4, min_pct = 5, max_pct = 60 },
      exits = { stop = { pct = 0.4 }, trailing = { pct = 0.3 }, break_even = { after_pct = 0.2 },
        ladder = { { r = 0.5, share_pct = 50 }, { r = 1, share_pct = 50 } } },
      risk = { rules = {
        { type = "loss_streak", trades = 4, pause_bars = 30 }, { type = "price_collar", pct = 5 },
        { type = "max_expected_shortfall", pct = 0.005, method = "monte_carlo", bars = 60, paths = 200, seed = 5 },
        { type = "drawdown", pct = 3, ["then"] = "close", cooldown_bars = 100 } } },
    },
    execution = { profile = "adverse_market", intrabar = "nearest_extreme", max_volume_pct = 20 },
  },
}

local function text_of(bars, row) return os.date("!%Y-%m-%d %H:%M:%S", tonumber(bars.ts_ns[row] / 1000000000)) end

-- A split with its jump of prices and a dividend, a halt, a symbol that comes late and goes early, deposits.
local function eventful(configuration, bars)
  local first, second = bars[1], bars[2]
  configuration.halts = { { symbol = ffi.string(first.symbol), from = text_of(first, 300),
    ["until"] = text_of(first, 340) } }
  configuration.universe = {
    { symbol = ffi.string(first.symbol) },
    { symbol = ffi.string(second.symbol), from = text_of(second, 200), ["until"] = text_of(second, 1300) },
  }
  configuration.portfolios[1].cash_flows = { { time = text_of(first, 500), amount = 50000 },
    { time = text_of(first, 1100), amount = -20000 } }
  return { actions = { [ffi.string(first.symbol)] = {
    { ts_ns = first.ts_ns[700], kind = "dividend", value = 0.8 },
    { ts_ns = first.ts_ns[700], kind = "split", value = 2 },
  } } }
end

function TestLaw2.test_managed_portfolios_replay()
  local bars = common(1500)
  local split = { engine.copy(bars[1], 1500, 700, function() return 0.5 end), bars[2] }
  for _, case in ipairs(MANAGED) do
    for _, events in ipairs { false, true } do
      local own = events and split or bars
      local function make()
        local portfolio = { capital = 100000, leverage = 2 }
        for key, value in pairs(case.portfolio) do portfolio[key] = value end
        local configuration = { strategies = { { type = "momentum" }, { type = "rsi" }, { type = "breakout" } },
          portfolios = { portfolio }, execution = case.execution,
          risk = { rules = { { type = "max_leverage", times = 1.9, action = "resize" } } } }
        local plan = engine.plan_config(configuration, { { own[1] }, { own[2] } },
          events and eventful(configuration, own) or {})
        plan.record_decisions = true
        return plan
      end
      local full, replay, sliced = three_ways(nil, make)
      local what = case.name .. (events and " with events" or "")
      local left, bitten = {}, {}
      for _, line in ipairs(full.trades) do left[tonumber(line:match " (%d+)$")] = true end
      for _, line in ipairs(full.decisions) do
        local kind, action = line:match "^%S+ %S+ (%-?%d+) (%d+)"
        if action ~= "1" then bitten[tonumber(kind)] = true end -- more than allowed
      end
      for _, reason in ipairs(case.reasons) do lu.assertTrue(left[reason], ("%s: exit %d"):format(what, reason)) end
      for _, kind in ipairs(case.rules) do lu.assertTrue(bitten[kind], ("%s: rule %d"):format(what, kind)) end
      engine.assert_equal(full, replay, what)
      engine.assert_equal(full, sliced, what .. " in slices")
    end
  end
end

-- What the portfolios above do is not what the plain one does.
function TestLaw2.test_the_features_are_at_work()
  local bars = common(2400)
  local plain = engine.run(spec_of(CASES[8], "plain", bars))
  for _, name in ipairs(NAMES) do
    if name ~= "plain" then
      local own = engine.run(spec_of(CASES[8], name, bars))
      lu.assertTrue(table.concat(own.fills) ~= table.concat(plain.fills), name)
      lu.assertTrue(#own.fills > 10, name)
    end
  end
end

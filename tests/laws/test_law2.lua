-- Law 2: the same orders, fills, trades, equity and statistics, to the bit, from a running strategy and from the
-- signals that it emitted, pushed into a portfolio without it; with all that a portfolio does of its own.
local engine = require "engine"
local market = require "market"

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
    local first = tonumber(require("abi").C.pln_bars_lower_bound(bars, from))
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

-- Captures of the run and of both replays.
local function three_ways(spec, make)
  make = make or engine.plan
  local plan = make(spec)
  plan.recorded = {}
  local full = engine.execute(plan)
  local captures = {}
  for k, by_slice in ipairs { false, true } do
    local again = make(spec)
    if k == 2 then again.engine.chunk_rows = 37 end
    again.replay, again.by_slice = {}, by_slice
    for _, one in ipairs(plan.recorded) do
      local lists = {}
      for symbol, list in pairs(one.lists) do lists[symbol] = list end
      table.insert(again.replay, { instance = one.instance, lists = lists })
    end
    captures[k] = engine.execute(again)
    captures[k].signals = full.signals -- which a replay does not emit
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

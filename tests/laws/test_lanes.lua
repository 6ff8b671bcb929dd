-- Lanes are the execution container: strategies × settings × windows on real minutes, the same bits of every figure of
-- sweeps, account, refusal, trade and return of a period.
local ffi = require "ffi"
local abi = require "abi"
local engine = require "engine"
local lanes = require "node.lanes"
local market = require "market"
local support = require "support"
local topology = require "topology"
local C = abi.C

TestLanes = {}

function TestLanes.tearDown() support.cleanup() end

local function bits(value) return ("%a"):format(tonumber(value)) end

local ACCOUNT = { "cash", "equity", "peak_equity", "drawdown_pct", "realized_pnl", "fees", "slippage_cost", "turnover",
  "n_orders", "n_fills", "n_trades", "halted", "bankrupt", "margin_used", "gross_exposure", "net_exposure" }

-- What a portfolio comes to at its end, as lines.
local function end_of(handle, stats, ambiguous, add)
  local account = C.pln_portfolio_account(handle)
  local n = C.pln_metric_count()
  local values, why = ffi.new("double[?]", n), ffi.new("int32_t[?]", n)
  abi.must(C.pln_stats_evaluate(stats, account, ambiguous, values, why))
  for k = 0, n - 1 do
    add("metric", ffi.string(C.pln_metric_get(k).name), bits(values[k]), why[k])
  end
  for _, name in ipairs(ACCOUNT) do add(name, bits(account[name])) end
  local refusals = C.pln_portfolio_refusals(handle)
  for code = 0, C.PLN_REFUSAL_COUNT - 1 do
    local r = refusals[code]
    add("refusal", code, tostring(r.count), bits(r.first_asked), bits(r.first_allowed), tostring(r.first_ts_ns))
  end
  local years, count = ffi.new "double[1]", tonumber(C.pln_stats_returns(stats, nil, nil, nil, 0, nil))
  local returns, benchmark = ffi.new("double[?]", count + 1), ffi.new("double[?]", count + 1)
  local ts = ffi.new("int64_t[?]", count + 1)
  C.pln_stats_returns(stats, returns, benchmark, ts, count, years)
  add("periods", count, bits(years[0]))
  for k = 0, count - 1 do add("return", tostring(ts[k]), bits(returns[k]), bits(benchmark[k])) end
end

-- A sink that has the metrics of sweeps and returns of periods, by rows or as lanes feed it.
local function sink_of(plan)
  local bars = plan.symbols[1].bars
  local config = ffi.new("pln_stats_config")
  config.capital, config.timezone = plan.portfolios[1].capital, "UTC"
  config.timeframe, config.first_trading_row = bars.timeframe, abi.INT64_MAX
  config.keep_returns, config.is_sweep, config.risk_free_ann = 1, 1, 0.02
  local sink = { lines = {}, stats = ffi.gc(C.pln_stats_new(config), C.pln_stats_free) }
  local function add(...)
    local parts = { ... }
    for k = 1, #parts do parts[k] = tostring(parts[k]) end
    sink.lines[#sink.lines + 1] = table.concat(parts, " ")
  end
  function sink.first_trading_row(row)
    add("first", row)
    abi.must(C.pln_stats_set_first_trading_row(sink.stats, row))
  end
  function sink.rows(rows) abi.must(C.pln_stats_add_rows(sink.stats, rows)) end
  function sink.trades(trades, n) abi.must(C.pln_stats_add_trades(sink.stats, trades, n)) end
  function sink.finish(portfolio, view)
    add("ambiguous", tostring(view.ambiguous_bars))
    end_of(portfolio, sink.stats, view.ambiguous_bars, add)
  end
  function sink.orders() end
  function sink.fills() end
  return sink
end

-- Plans of one phase share their data.
local function plan_of(shared, case)
  local plan = engine.plan { strategy = case.strategy, params = case.params, bars = shared.list,
    chunk_rows = shared.chunk_rows, execution = case.execution, portfolio = case.portfolio }
  plan.symbols, plan.streams, plan.record_orders = shared.symbols, shared.streams, false
  plan.strategies[1].streams = { shared.streams[case.stream or 1] }
  plan.window = case.window or plan.window
  return plan
end

local function run(shared, cases, base)
  local list, sinks = {}, {}
  for k, case in ipairs(cases) do
    local plan = plan_of(shared, case)
    local sink = sink_of(plan)
    plan.sinks = { portfolio = function() return sink end, record = function() end, log = function() end,
      regime = function() end }
    list[k], sinks[k] = plan, sink
  end
  local phase = assert(topology.build(base, list))
  assert(phase:run())
  local made = {}
  for k, part in ipairs(phase.parts) do
    lu.assertNil(part.given_up)
    made[k] = { lines = sinks[k].lines, changes = part.instances[1].n_changes, warm_row = part.instances[1].warm_row }
  end
  phase:free()
  return made
end

local function described(case)
  return ("%s on stream %d"):format(case.strategy, case.stream or 1)
end

local function compare(shared, cases)
  local full = topology.topologies.full_backtest
  local by_rows = run(shared, cases, full)
  local by_lanes = run(shared, cases, lanes.topology(full))
  local traded = 0
  for k, case in ipairs(cases) do
    local a, b = by_rows[k], by_lanes[k]
    lu.assertTrue(a.changes == b.changes and a.warm_row == b.warm_row, described(case))
    lu.assertEquals(#a.lines, #b.lines, described(case))
    for i = 1, #a.lines do
      if a.lines[i] ~= b.lines[i] then
        error(("%s: run '%s', in lanes '%s'"):format(described(case), a.lines[i], b.lines[i]))
      end
      local trades = a.lines[i]:match "^n_trades (%S+)"
      traded = traded + (trades and tonumber(trades) or 0)
    end
  end
  return traded
end

local function shared_of(bars, chunk_rows)
  local base = engine.plan { strategy = "buy_and_hold", bars = { bars } }
  local shared = { list = { bars }, symbols = base.symbols, streams = base.streams, chunk_rows = chunk_rows }
  -- A coarser timeframe of the same symbol.
  local wanted = ffi.new "pln_timeframe"
  abi.must(C.pln_timeframe_parse("5m", wanted))
  local coarse = ffi.gc(C.pln_bars_resample(bars, wanted, nil), C.pln_bars_free)
  local first = base.streams[1]
  base.streams[2] = { name = first.symbol .. "_5m", symbol = first.symbol, timeframe = "5m", bars = coarse,
    instrument = 0 }
  return shared
end

local function risk(values)
  local made = { max_position_pct = 0, max_exposure_pct = 0, stop_loss_pct = 0, take_profit_pct = 0,
    trailing_stop_pct = 0, max_drawdown_pct = 0 }
  for key, value in pairs(values) do made[key] = value end
  return { risk = made }
end

local SETTINGS = {
  {},
  { portfolio = risk { stop_loss_pct = 0.3, take_profit_pct = 0.5 } },
  { portfolio = risk { trailing_stop_pct = 0.4, max_drawdown_pct = 2 } },
  { execution = { fill = "this_close", finalize_trades = false }, portfolio = { allow_short = false } },
  { portfolio = { sizing = { type = "fixed_cash", cash = 20000, size_at = "fill" }, leverage = 2 } },
  { execution = { commission_minimum = 3, slippage_bps = 20 },
    portfolio = { sizing = { type = "fixed_quantity", quantity = 400, size_at = "signal" } } },
}

local STRATEGIES = { "buy_and_hold", "sma_cross", "momentum", "rsi", "mean_reversion", "breakout" }
local FORMS = 6

local function windows_of(bars, n)
  local function window(first, last, role)
    return { from_ns = bars.ts_ns[first], until_ns = bars.ts_ns[last], role = role }
  end
  return { window(0, n - 1, "full"), window(500, 1800, "train"), window(1800, 3900, "test"),
    window(3999, 4000, "test") }
end

local function cases_of(windows)
  local cases = {}
  local function add(strategy, params, settings, window, stream)
    cases[#cases + 1] = { strategy = strategy, params = params, execution = settings.execution,
      portfolio = settings.portfolio, window = window, stream = stream }
  end
  for w, window in ipairs(windows) do
    for s, settings in ipairs(SETTINGS) do
      add(STRATEGIES[(s + w) % #STRATEGIES + 1], {}, settings, window)
      add(STRATEGIES[(s + w + 2) % #STRATEGIES + 1], {}, settings, window, s % 2 + 1)
      for form = 1, FORMS do add("ruled", { form = form }, settings, window, (form + s) % 2 + 1) end
    end
  end
  return cases
end

function TestLanes.test_lanes_are_the_execution_container()
  local n = 6000
  local bars = market.equities(1, n)[1]
  local windows = windows_of(bars, n)
  for _, chunk_rows in ipairs { 4096, 333 } do
    local traded = compare(shared_of(bars, chunk_rows), cases_of(windows))
    lu.assertTrue(traded > 5000, "trades: " .. traded)
  end
end

function TestLanes.test_what_lanes_cannot_run_is_told()
  local bars = market.equities(2, 500)
  local function why(spec)
    spec.bars = spec.bars or { bars[1] }
    local plan = engine.plan(spec)
    plan.record_orders = false
    local ok, message = lanes.fits(plan)
    lu.assertNil(ok)
    return message
  end
  lu.assertStrContains(why { strategy = "sma_cross", bars = bars }, "2 symbols")
  lu.assertStrContains(why { strategy = "busy_orders" }, "places orders")
  lu.assertStrContains(why { strategy = { "sma_cross", "rsi" } }, "2 strategies")
  lu.assertStrContains(why { strategy = "rsi", portfolio = { rebalance = true } }, "rebalancing")
  lu.assertStrContains(why { strategy = "rsi", portfolio = { trading_hours = "10:00-11:00" } }, "trading_hours")
  lu.assertStrContains(why { strategy = "rsi",
    portfolio = { sizing = { type = "atr_risk", percent = 1, period = 14, multiple = 2, size_at = "signal" } } },
    "reads a feature")
  lu.assertStrContains(why { strategy = "rsi", execution = { fill = "next_close" } }, "fill")
  lu.assertTrue(lanes.fits(engine.plan { strategy = "rsi", bars = { bars[1] } }))
end

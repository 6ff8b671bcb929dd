--- The harness for unit tests of strategies: feeds bars, gives signals, orders and trades to assert on.
--
--     local harness = require("perilune").harness
--     local run = harness.run { strategy = "sma_cross", params = { fast = 2, slow = 3 },
--                               closes = { 10, 11, 12, 11, 10, 9 } }
--     assert(run.signals[1].direction == "LONG" and run.signals[1].bar == 4)
--     assert(run.trades[1].exit_price == 9)
--
-- Bars count from 1. Without open, high and low a bar's prices are its close.
local ffi = require "ffi"
local abi = require "abi"
local indicator_hub = require "indicator_hub"
local registry = require "registry"
local suggest = require "suggest"
local topology = require "topology"
local C = abi.C

local M = {}

local DAY_NS = 86400000000000LL
local INT64_MIN, INT64_MAX = abi.INT64_MIN, abi.INT64_MAX
local RISK = { "max_position_pct", "max_exposure_pct", "stop_loss_pct", "take_profit_pct", "trailing_stop_pct",
  "max_drawdown_pct" }

local function to_bars(symbol, spec, timeframe)
  local rows = spec.bars
  if not rows then
    rows = {}
    for k, close in ipairs(spec.closes or error("expected bars or closes", 4)) do rows[k] = { close = close } end
  end
  local n = #rows
  local ts, columns = ffi.new("int64_t[?]", n), {}
  local names = { "open", "high", "low", "close", "volume" }
  for _, name in ipairs(names) do columns[name] = ffi.new("double[?]", n) end
  for k, row in ipairs(rows) do
    ts[k - 1] = row.ts_ns or spec.start_ns + (k - 1) * DAY_NS
    local close = row.close or row[4]
    columns.open[k - 1] = row.open or row[1] or close
    columns.close[k - 1] = close
    local open = columns.open[k - 1]
    columns.high[k - 1] = row.high or row[2] or (open > close and open or close)
    columns.low[k - 1] = row.low or row[3] or (open < close and open or close)
    columns.volume[k - 1] = row.volume or row[5] or 0
  end
  local bars = C.pln_bars_from_arrays(symbol, timeframe, n, ts, columns.open, columns.high, columns.low,
    columns.close, columns.volume)
  if bars == nil then error(abi.last_error(), 3) end
  return ffi.gc(bars, C.pln_bars_free)
end

local function with_recorder()
  local base = topology.topologies.full_backtest
  local nodes, edges = { unpack(base.nodes) }, { unpack(base.edges) }
  nodes[#nodes + 1] = { id = "recorder", kind = "signal_recorder" }
  edges[#edges + 1] = { "strategies", "recorder", "SIGNAL" }
  return { nodes = nodes, edges = edges }
end

local function copy_trades(run, symbols)
  return function(trades, n)
    for j = 0, n - 1 do
      local t = trades[j]
      table.insert(run.trades, {
        symbol = symbols[t.instrument + 1].symbol, side = t.side > 0 and "long" or "short", quantity = t.quantity,
        entry_bar = tonumber(t.entry_bar) + 1, exit_bar = tonumber(t.exit_bar) + 1, entry_price = t.entry_price,
        exit_price = t.exit_price, pnl = t.pnl, fees = t.fees,
        exit_reason = ffi.string(C.pln_exit_reason_name(t.exit_reason)),
      })
    end
  end
end

local STATUS = { [2] = "ACCEPTED", [4] = "FILLED", [5] = "CANCELED", [6] = "REJECTED", [7] = "EXPIRED" }

local function copy_orders(run, symbols)
  return function(orders, n)
    for j = 0, n - 1 do
      local o = orders[j]
      table.insert(run.orders, {
        id = tonumber(o.id), symbol = symbols[o.instrument + 1].symbol, side = o.side > 0 and "buy" or "sell",
        quantity = o.quantity, price = o.average_fill_price, status = STATUS[o.status],
        refusal = ffi.string(C.pln_refusal_name(o.refusal)), tag = o.tag,
      })
    end
  end
end

local function sink_of(run, symbols)
  local function ignore() end
  return {
    first_trading_row = ignore, fills = ignore,
    trades = copy_trades(run, symbols), orders = copy_orders(run, symbols),
    rows = function(rows)
      for j = 0, tonumber(rows.n_rows) - 1 do table.insert(run.equity, rows.equity[j]) end
    end,
    record = function(_, name, value)
      run.records[name] = run.records[name] or {}
      table.insert(run.records[name], value)
    end,
    log = function(_, message) table.insert(run.log, message) end,
    finish = ignore,
  }
end

local KEYS = {
  "strategy", "params", "closes", "bars", "symbols", "order", "capital", "quantity", "percent", "fill",
  "commission_pct", "slippage_bps", "intrabar", "max_volume_pct", "finalize_trades", "lot_size", "timeframe", "folders",
  "indicators",
  "chunk_rows", "loop_budget",
}
local KNOWN = {}
for _, key in ipairs(RISK) do KEYS[#KEYS + 1] = key end
for _, key in ipairs(KEYS) do KNOWN[key] = true end

--- Runs a strategy over the given bars.
-- @param spec {
--   strategy = name or path, params = {…},
--   closes = {…} or bars = { {open=, high=, low=, close=, volume=} or {o, h, l, c, v}, … },
--   symbols = { NAME = { closes = … }, … } with `order = {NAME, …}` for strategies over several symbols,
--   capital = 10000, quantity = 1 | percent = 100 (default: one unit), fill = "next_open", commission_pct = 0,
--   slippage_bps = 0, timeframe = "1d", finalize_trades = false, lot_size = 1, chunk_rows, loop_budget,
--   folders = {…} to search (default: "strategies"), indicators = {…} for indicators in Lua (default: "indicators"),
--   and the risk rules by name (stop_loss_pct = 5) }
-- @return { signals = { {symbol, bar, direction, strength, confidence} … }, orders, trades, equity, records, log };
--   raises what the strategy raised, as its file and line
function M.run(spec)
  if type(spec.strategy) ~= "string" then
    error(("spec.strategy is %s, expected the name of a strategy or its file"):format(tostring(spec.strategy)), 2)
  end
  for key in pairs(spec) do
    if not KNOWN[key] then
      error(("unknown key '%s' for harness.run%s"):format(tostring(key), suggest.hint(tostring(key), KEYS)), 2)
    end
  end
  local reg = registry.new { folders = spec.folders or { "strategies" } }
  local def, err = reg:load(spec.strategy)
  if not def then error(err, 2) end
  if def.kind ~= "strategy" then
    error(("%s: '%s' is %s, expected a strategy"):format(def.file, def.name, registry.A_KIND[def.kind]), 2)
  end
  local p
  p, err = def:check_params(spec.params or {})
  if not p then error(err, 2) end
  local timeframe = spec.timeframe or "1d"
  local start_ns = 946684800000000000LL -- 2000-01-01, a Saturday: no meaning but a fixed one
  local run = { signals = {}, orders = {}, trades = {}, equity = {}, records = {}, log = {} }
  local plan = {
    library = spec.indicators and indicator_hub.library { folders = spec.indicators } or nil,
    streams = {}, symbols = {}, signal_list = run.signals, classifiers = {}, record_orders = true,
    window = { from_ns = INT64_MIN, until_ns = INT64_MAX },
    engine = { chunk_rows = spec.chunk_rows or 64, loop_budget = spec.loop_budget or 1e6 },
    execution = {
      fill = spec.fill or "next_open", commission_pct = spec.commission_pct or 0, commission_per_share = 0,
      commission_per_order = 0, commission_minimum = 0, slippage_bps = spec.slippage_bps or 0, spread_bps = 0,
      finalize_trades = spec.finalize_trades, compat = "none", intrabar = spec.intrabar,
      max_volume_pct = spec.max_volume_pct,
    },
  }
  local order = spec.order or { "TEST" }
  for k, name in ipairs(order) do
    local source = spec.symbols and spec.symbols[name] or spec
    local bars = to_bars(name, { bars = source.bars, closes = source.closes, start_ns = start_ns }, timeframe)
    plan.symbols[k] = {
      symbol = name, bars = bars, lot_size = spec.lot_size or 1, tick_size = 0, multiplier = 1, instrument = k - 1,
    }
    plan.streams[k] = {
      name = name .. "_" .. timeframe, symbol = name, timeframe = timeframe, bars = bars, instrument = k - 1,
    }
    plan.symbols[k].streams = { plan.streams[k] }
  end
  local strategy = { id = def.name, def = def, p = p, streams = plan.streams }
  plan.strategies = { strategy }
  local sizing = spec.percent and { type = "percent_of_equity", percent = spec.percent, size_at = "signal" }
    or { type = "fixed_quantity", quantity = spec.quantity or 1, size_at = "signal" }
  local risk = {}
  for _, name in ipairs(RISK) do risk[name] = spec[name] or 0 end
  plan.portfolios = { {
    name = "test", capital = spec.capital or 10000, leverage = 1, allow_short = true, rebalance = false,
    sizing = sizing, risk = risk, strategies = { { strategy = strategy, weight = 1 } },
  } }
  local sink = sink_of(run, plan.symbols)
  plan.sinks = {
    portfolio = function() return sink end, record = sink.record, log = sink.log, regime = function() end,
  }
  local phase
  phase, err = topology.build(with_recorder(), { plan })
  if not phase then error(err, 2) end
  local ok
  ok, err = phase:run()
  phase:free()
  if not ok then error(err, 2) end
  return run
end

return M

--- Runs strategies over bars in memory and captures everything that the laws compare: signals, orders, fills,
-- trades and equity, as text with every bit of each number.
local ffi = require "ffi"
local abi = require "abi"
local registry = require "registry"
local topology = require "topology"
local C = abi.C

local M = {}

local INT64_MIN, INT64_MAX = -0x7fffffffffffffffLL - 1, 0x7fffffffffffffffLL
local NO_RISK = { max_position_pct = 0, max_exposure_pct = 0, stop_loss_pct = 0, take_profit_pct = 0,
  trailing_stop_pct = 0, max_drawdown_pct = 0 }

local function bits(value) return ("%a"):format(value) end

--- A copy of bars [0, n) in which rows from `from` on are multiplied by `factor(row)`.
function M.copy(bars, n, from, factor)
  local columns = {}
  for _, name in ipairs { "open", "high", "low", "close", "volume" } do
    local column = ffi.new("double[?]", n)
    ffi.copy(column, bars[name], n * 8)
    for i = from or n, n - 1 do column[i] = column[i] * factor(i) end
    columns[name] = column
  end
  local timeframe = ffi.new("char[16]")
  C.pln_timeframe_format(bars.timeframe, timeframe)
  local copy = C.pln_bars_from_arrays(bars.symbol, timeframe, n, bars.ts_ns, columns.open, columns.high, columns.low,
    columns.close, columns.volume)
  if copy == nil then error(abi.last_error()) end
  return ffi.gc(copy, C.pln_bars_free)
end

local function timeframe_of(bars)
  local text = ffi.new("char[16]")
  C.pln_timeframe_format(bars.timeframe, text)
  return ffi.string(text)
end

--- Runs one strategy.
-- @param spec { strategy, params, bars = list of bars, chunk_rows, execution = overrides, portfolio = overrides,
--   classifiers = list of names }
-- @return capture: lists of lines { signals, orders, fills, trades, equity, regimes }, each line starting with the
--   time at which it was known
function M.run(spec)
  local reg = registry.new { folders = { (os.getenv "PERILUNE_HOME" or ".") .. "/tests/fixtures/strategies" } }
  local def = assert(reg:load(spec.strategy))
  local capture = { signals = {}, orders = {}, fills = {}, trades = {}, equity = {}, regimes = {} }
  local function note(list, ...) list[#list + 1] = table.concat({ ... }, " ") end
  local plan = {
    streams = {}, symbols = {}, classifiers = {}, signals = {}, record_orders = true,
    window = { from_ns = INT64_MIN, until_ns = INT64_MAX },
    engine = { chunk_rows = spec.chunk_rows or 4096, loop_budget = 1e6 },
    execution = { fill = "next_open", commission_pct = 0.02, commission_per_share = 0.001, commission_per_order = 0.5,
      commission_minimum = 0, slippage_bps = 2, spread_bps = 1, finalize_trades = true, compat = "none" },
  }
  for key, value in pairs(spec.execution or {}) do plan.execution[key] = value end
  for k, bars in ipairs(spec.bars) do
    local symbol, timeframe = ffi.string(bars.symbol), timeframe_of(bars)
    plan.symbols[k] = { symbol = symbol, bars = bars, lot_size = 0.001, tick_size = 0, multiplier = 1 }
    plan.streams[k] = { name = symbol .. "_" .. timeframe, symbol = symbol, timeframe = timeframe, bars = bars,
      instrument = k - 1 }
  end
  for k, name in ipairs(spec.classifiers or {}) do
    local classifier = assert(reg:load(name))
    plan.classifiers[k] = { id = name, def = classifier, p = assert(classifier:check_params {}),
      streams = { plan.streams[1] } }
  end
  local strategy = { id = def.name, def = def, p = assert(def:check_params(spec.params or {})),
    streams = def.symbols and plan.streams or { plan.streams[1] } }
  plan.strategies = { strategy }
  local portfolio = { name = "main", capital = 100000, leverage = 1, allow_short = true, rebalance = false,
    sizing = { type = "percent_of_equity", percent = 90, size_at = "signal" }, risk = NO_RISK,
    strategies = { { strategy = strategy, weight = 1 } } }
  for key, value in pairs(spec.portfolio or {}) do portfolio[key] = value end
  plan.portfolios = { portfolio }
  local function ignore() end
  local sink = { source = ignore, first_trading_row = ignore, record = ignore, log = ignore, finish = ignore }
  function sink.rows(rows)
    for j = 0, tonumber(rows.n_rows) - 1 do
      note(capture.equity, tostring(rows.ts_ns[j]), bits(rows.equity[j]), bits(rows.cash[j]),
        tostring(rows.exposure[j]))
    end
  end
  function sink.trades(trades, n)
    for j = 0, n - 1 do
      local t = trades[j]
      note(capture.trades, tostring(t.exit_ts_ns), tostring(t.entry_bar), tostring(t.exit_bar), bits(t.quantity),
        bits(t.entry_price), bits(t.exit_price), bits(t.pnl), bits(t.fees), bits(t.mae), bits(t.mfe),
        tostring(t.exit_reason))
    end
  end
  function sink.orders(orders, n)
    for j = 0, n - 1 do
      local o = orders[j]
      note(capture.orders, tostring(o.created_ns), tostring(o.id), tostring(o.updated_ns), bits(o.quantity),
        bits(o.average_fill_price), tostring(o.source), tostring(o.side), tostring(o.status), tostring(o.refusal))
    end
  end
  function sink.fills(fills, n)
    for j = 0, n - 1 do
      local fill = fills[j]
      note(capture.fills, tostring(fill.ts_ns), tostring(fill.bar), bits(fill.quantity), bits(fill.price),
        bits(fill.fee), tostring(fill.side))
    end
  end
  plan.sinks = {
    portfolio = function() return sink end, record = ignore, log = ignore,
    regime = function(_, ts_ns, index) note(capture.regimes, tostring(ts_ns), tostring(index)) end,
  }
  package.loaded["node.capture"] = package.loaded["node.capture"] or {
    new = function(phase)
      return {
        on_signal = function(_, batch)
          for j = 0, batch.n - 1 do
            local s = batch.out[j]
            phase.plan.note(tostring(s.ts_ns), tostring(batch.symbol or 1), tostring(s.direction), bits(s.strength),
              bits(s.confidence))
          end
          return true
        end,
      }
    end,
  }
  plan.note = function(...) note(capture.signals, ...) end
  local base = topology.topologies.full_backtest
  local nodes, edges = { unpack(base.nodes) }, { unpack(base.edges) }
  nodes[#nodes + 1] = { id = "capture", kind = "capture" }
  edges[#edges + 1] = { "strategies", "capture", "SIGNAL" }
  local phase = assert(topology.build({ nodes = nodes, edges = edges }, plan))
  assert(phase:run())
  phase:free()
  table.sort(capture.signals) -- symbols come one after the other within a slice
  return capture
end

--- Lines of a list whose first field (a time, "…LL") is at or before a time.
function M.until_time(list, ts_ns)
  local kept = {}
  for _, line in ipairs(list) do
    local digits = line:match("^(-?%d+)LL")
    local low = ffi.cast("int64_t", 0)
    for digit in digits:gmatch("%d") do low = low * 10 + tonumber(digit) end
    if low <= ts_ns then kept[#kept + 1] = line end
  end
  return kept
end

--- Asserts that two captures are equal, naming the first line that differs.
function M.assert_equal(a, b, what)
  for _, kind in ipairs { "signals", "orders", "fills", "trades", "equity", "regimes" } do
    for k = 1, math.max(#a[kind], #b[kind]) do
      if a[kind][k] ~= b[kind][k] then
        lu.fail(("%s: %s differ first at line %d:\n  %s\n  %s"):format(what, kind, k, tostring(a[kind][k]),
          tostring(b[kind][k])))
      end
    end
  end
end

return M

-- The engine's side of bench_engine.c: runs one strategy over the bars that the C side made and returns its
-- statistics. Nothing is stored.
local ffi = require "ffi"
local registry = require "registry"
local sinks = require "sinks"
local stats = require "stats"
local topology = require "topology"

local INT64_MIN, INT64_MAX = require("abi").INT64_MIN, require("abi").INT64_MAX
local home = ffi.string(require("abi").C.pln_host_home())
local reg = registry.new { folders = { home .. "/bench/strategies" } }
local definitions = {}

return function(bars_pointer, strategy_file, chunk_rows)
  local bars = ffi.cast("const pln_bars *", bars_pointer)
  local def = definitions[strategy_file] or assert(reg:load(strategy_file))
  definitions[strategy_file] = def
  local stream = { name = "BENCH_1m", symbol = "BENCH", timeframe = "1m", bars = bars, instrument = 0 }
  local strategy = { id = def.name, def = def, p = assert(def:check_params {}), streams = { stream } }
  local sink = assert(sinks.portfolio {
    combo = "c0001", portfolio = "main", capital = 1e6, timezone = "UTC", timeframe = bars.timeframe,
    symbols = { "BENCH" }, n_portfolios = 1, equity = "none", files = {},
  })
  local worst_mae = 0
  local add_trades = sink.trades
  sink.trades = function(list, n)
    for j = 0, n - 1 do worst_mae = math.max(worst_mae, list[j].mae) end
    add_trades(list, n)
  end
  local function ignore() end
  local phase = assert(topology.build(topology.topologies.full_backtest, { {
    streams = { stream }, strategies = { strategy }, classifiers = {},
    symbols = { { symbol = "BENCH", bars = bars, lot_size = 1, tick_size = 0, multiplier = 1 } },
    window = { from_ns = INT64_MIN, until_ns = INT64_MAX },
    engine = { chunk_rows = chunk_rows, loop_budget = 1e6 },
    execution = {
      fill = "next_open", commission_pct = 0.01, commission_per_share = 0, commission_per_order = 0,
      commission_minimum = 0, slippage_bps = 0, spread_bps = 0, compat = "none",
    },
    portfolios = { {
      name = "main", capital = 1e6, leverage = 1, allow_short = true, rebalance = false,
      sizing = { type = "fixed_quantity", quantity = 100, size_at = "signal" },
      risk = { max_position_pct = 0, max_exposure_pct = 0, stop_loss_pct = 0, take_profit_pct = 0,
        trailing_stop_pct = 0, max_drawdown_pct = 0 },
      strategies = { { strategy = strategy, weight = 1 } },
    } },
    sinks = { portfolio = function() return sink end, record = ignore, log = ignore, regime = ignore },
  } }))
  assert(phase:run())
  phase:free()
  local figures = stats.to_table(sink.values)
  figures.worst_mae = worst_mae
  return figures
end

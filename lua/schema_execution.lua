--- The schema of `execution`.
local types = require "schema_types"

local enum, map, number, boolean = types.enum, types.map, types.number, types.boolean

return { "execution", map {
    { "fill", enum("next_open", "this_close"), default = "next_open", help = "when market orders fill" },
    { "commission_pct", number("percent of the notional, 0.2 means 0.2 %", { min = 0, max = 100 }), default = 0,
      help = "commission, each way" },
    { "commission_per_share", number("currency for each unit", { min = 0, max = 1e12 }), default = 0,
      help = "commission, each way" },
    { "commission_per_order", number("currency for each order that fills", { min = 0, max = 1e12 }), default = 0,
      help = "commission, each way" },
    { "commission_minimum", number("currency for each order, 0 = none", { min = 0, max = 1e12 }), default = 0,
      help = "least of the percent and per-share commission together" },
    { "slippage_bps", number("basis points, 5 means 0.05 %", { min = 0, below = 10000 }), default = 0,
      help = "against the order, on market and stop fills" },
    { "spread_bps", number("basis points of the full spread, 5 means 0.05 %", { min = 0, below = 10000 }),
      default = 0, help = "market and stop fills pay half of it, each way" },
    { "finalize_trades", boolean, default = false, help = "close open positions at the end, with costs" },
    { "compat", enum("none", "backtesting.py"), default = "none",
      help = "reproduce another engine's quirks, look-ahead included: for comparison only" },
  }, help = "how orders become fills, and what they cost" }

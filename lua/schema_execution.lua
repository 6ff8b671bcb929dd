--- The schema of `execution`.
local types = require "schema_types"

local enum, list, map, number, boolean = types.enum, types.list, types.map, types.number, types.boolean
local text, name, symbol = types.text, types.name, types.symbol

local function models(kind, help)
  return { kind, list(map({
    { "model", name, required = true, help = "its name: perilune models list" },
    { "params", { type = "table", of = { type = "parameter" } }, default = {},
      help = "its parameters: perilune models help NAME" },
    { "symbols", list(symbol, { single = true, min = 1 }), help = "those that it is for; all by default" },
    { "file", text, help = "CSV with values by time, where the model takes them; relative to the current folder" },
  }, { shorthand = "model" }), { single = true }), default = {}, help = help }
end

return { "execution", map {
    { "profile", name, cosmetic = true,
      help = "a bundle of the keys below, which hold where they are not given: zero_cost, retail, institutional, " ..
        "adverse_market, or one of `profiles`" },
    { "fill", enum("next_open", "this_close", "next_close"), default = "next_open", help = "when market orders fill" },
    { "intrabar", enum("pessimistic", "optimistic", "nearest_extreme", "ohlc", "olhc", "as_made", "bands"),
      default = "pessimistic",
      help = "what is taken to happen within a bar; bands: pessimistic and optimistic, side by side" },
    { "max_volume_pct", number("percent of a bar's volume, 0 = no bound", { min = 0, max = 100 }), default = 0,
      help = "most that fills in one bar; the rest of an order works on" },
    { "quotes", enum("auto", "off"), default = "auto",
      help = "fill and trigger on bid and ask where the data has them; off: on the bars themselves" },
    { "child_orders", enum("entry_bar", "next_bar"), default = "entry_bar",
      help = "from when bracket and other child orders of a market order work" },
    { "trail_by", enum("extreme", "close"), default = "extreme",
      help = "what trailing stop orders follow: the best high or low of each bar, or the best close" },
    { "off_tick", enum("round", "reject"), default = "round",
      help = "prices that are no multiple of tick_size: to the order's disadvantage, or refused" },
    { "off_lot", enum("round", "reject"), default = "round",
      help = "quantities that are no multiple of lot_size: down, or refused" },
    models("slippage", "models of slippage, which add up"),
    models("commission", "models of commission, which add up; what an instrument has of its own comes before them"),
    models("latency", "models of latency, which add up: how long an order takes to the market"),
    models("financing", "models of borrow costs, interest on cash and margin, and funding"),
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
    { "finalize_trades", boolean, help = "close open positions at the end, with costs; by default at the end of the " ..
        "windows that a workflow makes (training, test), not at the end of the data" },
    { "compat", enum("none", "backtesting.py"), default = "none",
      help = "reproduce another engine's quirks, look-ahead included: for comparison only" },
  }, help = "how orders become fills, and what they cost" }

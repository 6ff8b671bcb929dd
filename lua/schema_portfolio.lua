--- The schema of `portfolios`.
local instruments = require "schema_instruments"
local schema_ensemble = require "schema_ensemble"
local schema_risk = require "schema_risk"
local types = require "schema_types"

local enum, list, map, number, integer = types.enum, types.list, types.map, types.number, types.integer
local boolean, name = types.boolean, types.name

local sizing = { "sizing", map {
    { "type", enum("percent_of_equity", "fixed_quantity", "fixed_cash", "volatility_target", "atr_risk",
      "fixed_fractional", "kelly"), default = "percent_of_equity",
      help = "how much is bought; volatility_target: so much that the position has a volatility of `percent` a " ..
        "year; atr_risk: so much that a move by multiple x atr(period) loses `percent`; fixed_fractional: so much " ..
        "that the protective stop loses `percent`; kelly: by the last trades" },
    { "percent", number("percent of the equity, 100 = all of it", { above = 0, max = 100000 }),
      help = "with percent_of_equity (100 by default); a year's deviation with volatility_target, the loss with " ..
        "atr_risk and fixed_fractional; with kelly (10 by default) the size before min_trades" },
    { "quantity", number("units of the instrument", { above = 0, max = 1e18 }), help = "with fixed_quantity" },
    { "cash", number("currency of the account", { above = 0, max = 1e18 }), help = "with fixed_cash" },
    { "period", integer("bars of the symbol's first timeframe", { min = 2, max = 100000 }),
      help = "with volatility_target (20 by default) and atr_risk (14 by default)" },
    { "periods_per_year", number("bars a year", { above = 0, max = 1e9 }),
      help = "with volatility_target; by default by timeframe and calendar or session (docs/execution.md)" },
    { "multiple", number("average true ranges", { above = 0, max = 1e6 }), help = "with atr_risk; 2 by default" },
    { "fraction", number("of Kelly's fraction, 1 = all of it", { above = 0, max = 100 }),
      help = "with kelly; 0.5 by default" },
    { "window", integer("closed trades", { min = 1, max = 1e6 }), help = "with kelly; 50 by default" },
    { "min_trades", integer("closed trades", { min = 1, max = 1e6 }),
      help = "with kelly; before so many, `percent` is the size; 20 by default" },
    { "min_pct", number("percent of the equity", { min = 0, max = 100000 }),
      help = "with kelly: the size where the trades had no edge; by default 0, which ends trading" },
    { "max_pct", number("percent of the equity, 0 = none", { min = 0, max = 100000 }), default = 0,
      help = "bound of what any of these come to" },
    { "size_at", enum("signal", "fill"), default = "signal",
      help = "at the close that was seen, or at the fill's price" },
  }, help = "how orders are sized" }

local pyramiding = { "pyramiding", map {
    { "max_entries", integer("entries, 0 = no bound", { min = 0, max = 1e9 }), default = 0,
      help = "entries in the same direction that may be open at once" },
    { "step_pct", number("percent of the last entry's price, 0 = none", { min = 0, max = 1000 }), default = 0,
      help = "what the price has to gain after an entry before more is added" },
    { "add_pct", number("percent of the oldest open entry, 0 = no bound", { min = 0, max = 100000 }), default = 0,
      help = "bound of what one order adds; larger ones are reduced" },
  }, help = "bounds of adding to a position" }

return { "portfolios", list(map({
    { "name", name, default = "main", help = "its name" },
    { "capital", number("currency of the account", { above = 0, max = 1e18 }), default = 10000,
      help = "what it starts with" },
    instruments.currency,
    instruments.cash_flows,
    { "strategies", list(name, { single = true, min = 1 }), help = "ids of its strategies; all by default" },
    { "weights", { type = "table", of = number("share of the portfolio", { min = 0, max = 1000 }) }, default = {},
      help = "weight of each strategy's signals, by id; by default an equal share, 1 / number" },
    schema_ensemble.combine,
    { "books", enum("netting", "separate"), default = "netting",
      help = "netting: strategies share one position in each symbol; separate: each has positions, stops and trades " ..
        "of its own, in one account" },
    { "leverage", number("times the equity", { min = 1, max = 1000 }), default = 1,
      help = "bound of the gross exposure, 1 / initial margin" },
    { "accounting", enum("fifo", "lifo", "average"), default = "fifo",
      help = "which of the open lots a closing trade closes: the first, the last, or one at the average price; the " ..
        "result in all is the same" },
    { "margin_call", enum("off", "liquidate", "close_all"), default = "off",
      help = "when equity is below the maintenance margin at a mark: nothing, or positions are closed at the next " ..
        "chance, the largest loss first until the rest is covered, or all of them" },
    { "maintenance_margin_pct", number("percent of the notional, 0 = as the initial margin", { min = 0, max = 100 }),
      default = 0, help = "of instruments without a margin of their own" },
    { "fx_spread_bps", number("bps of the notional", { min = 0, max = 9999 }), default = 0,
      help = "cost of a conversion, on fills of instruments in another currency" },
    { "on_leave", enum("close", "hold"), default = "close",
      help = "what happens to a position whose symbol leaves the universe" },
    { "allow_short", boolean, default = true, help = "whether positions may be short" },
    { "rebalance", boolean, default = false, help = "act on changes of strength, not of direction only" },
    { "rebalance_band_pct", number("percent of the equity, 0 = none", { min = 0, max = 1000 }), default = 0,
      help = "a position is brought to another target of its side only where it is further away than that" },
    { "rebalance_band_relative_pct", number("percent of the target, 0 = none", { min = 0, max = 1000 }), default = 0,
      help = "the same, of the target; of two bands, one that is exceeded suffices" },
    { "rebalance_every", enum("never", "bar", "1d", "1w", "1mo"), default = "never",
      help = "positions are compared with their targets at each bar, or at the first bar of each day, week or month" },
    { "long_pct", number("percent of the equity, 0 = off", { min = 0, max = 100000 }), default = 0,
      help = "exposure of the long side, shared by its symbols; takes the place of sizing" },
    { "short_pct", number("percent of the equity, 0 = off", { min = 0, max = 100000 }), default = 0,
      help = "exposure of the short side, shared by its symbols; takes the place of sizing" },
    { "trading_hours", { type = "string", check = "session" },
      help = "local hours in which positions may be entered, \"09:35-15:45\", of the symbol's calendar or else of " ..
        "the data; exits are always allowed" },
    { "flat_by_close_minutes", number("minutes, above 0", { above = 0, max = 1440 }),
      help = "positions are closed by market orders so long before the session's close" },
    { "reenter", boolean, default = false,
      help = "when hours begin, enter the signals that are in force; else they wait for a change of direction" },
    pyramiding,
    sizing,
    schema_risk.risk,
    schema_risk.exits,
  }, { shorthand = "name" }), { min = 1 }), default = { {} }, help = "accounts; one named main by default" }

--- The schema of `portfolios`.
local instruments = require "schema_instruments"
local types = require "schema_types"

local enum, list, map, number = types.enum, types.list, types.map, types.number
local boolean, name = types.boolean, types.name

local sizing = { "sizing", map {
    { "type", enum("percent_of_equity", "fixed_quantity", "fixed_cash"), default = "percent_of_equity",
      help = "how much is bought" },
    { "percent", number("percent of the equity, 100 = all of it", { above = 0, max = 100000 }),
      help = "with percent_of_equity; 100 by default" },
    { "quantity", number("units of the instrument", { above = 0, max = 1e18 }), help = "with fixed_quantity" },
    { "cash", number("currency of the account", { above = 0, max = 1e18 }), help = "with fixed_cash" },
    { "size_at", enum("signal", "fill"), default = "signal",
      help = "at the close that was seen, or at the fill's price" },
  }, help = "how orders are sized" }

local risk = { "risk", map {
    { "max_position_pct", number("percent of the equity, 0 = off", { min = 0 }), default = 0,
      help = "bound of one position; larger orders are reduced" },
    { "max_exposure_pct", number("percent of the equity, 0 = off", { min = 0 }), default = 0,
      help = "bound of all positions together; larger orders are reduced" },
    { "stop_loss_pct", number("percent from the fill price of the entry, 0 = off", { min = 0, max = 100 }),
      default = 0, help = "closes a position that lost so much" },
    { "take_profit_pct", number("percent from the fill price of the entry, 0 = off", { min = 0 }),
      default = 0, help = "closes a position that gained so much" },
    { "trailing_stop_pct", number("percent from the best price since the entry, 0 = off",
      { min = 0, max = 100 }), default = 0, help = "closes a position that fell back so much" },
    { "max_drawdown_pct", number("percent from the equity's peak, 0 = off", { min = 0, max = 100 }),
      default = 0, help = "closes everything and ends trading" },
  }, help = "rules that bound or close positions" }

return { "portfolios", list(map({
    { "name", name, default = "main", help = "its name" },
    { "capital", number("currency of the account", { above = 0, max = 1e18 }), default = 10000,
      help = "what it starts with" },
    instruments.currency,
    instruments.cash_flows,
    { "strategies", list(name, { single = true, min = 1 }), help = "ids of its strategies; all by default" },
    { "weights", { type = "table", of = number("share of the portfolio", { min = 0, max = 1000 }) }, default = {},
      help = "weight of each strategy's signals, by id; by default an equal share, 1 / number" },
    { "leverage", number("times the equity", { min = 1, max = 1000 }), default = 1,
      help = "bound of the gross exposure, 1 / initial margin" },
    { "allow_short", boolean, default = true, help = "whether positions may be short" },
    { "rebalance", boolean, default = false, help = "act on changes of strength, not of direction only" },
    sizing,
    risk,
  }, { shorthand = "name" }), { min = 1 }), default = { {} }, help = "accounts; one named main by default" }

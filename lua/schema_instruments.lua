--- The schema of instruments and of what happens to them: `instruments`, `corporate_actions`, `universe`, `halts`,
-- `fx`, and the keys of `symbols` and `portfolios` that go with them.
local types = require "schema_types"

local M = {}

local enum, list, map, number, text = types.enum, types.list, types.map, types.number, types.text
local boolean, symbol, time = types.boolean, types.symbol, types.time
local currency = { type = "string", check = "currency" }

local function either(row)
  return { type = "either", scalar = text, list = list(row) }
end

--- Keys that an instrument may have, in a table or at a symbol.
M.fields = {
  { "asset_class", enum("equity", "future", "fx", "crypto"), help = "what it is; brings defaults: the calendar, of " ..
    "crypto a lot_size of 1e-8, of futures their settlement, of fx and crypto the currency from the symbol's name" },
  { "lot_size", number("units", { above = 0, max = 1e12 }), help = "smallest step of a quantity; 1 by default" },
  { "tick_size", number("price, 0 = none", { min = 0, max = 1e12 }),
    help = "smallest step of a price; 0 by default" },
  { "multiplier", number("currency per unit of price", { above = 0, max = 1e12 }),
    help = "contract size; 1 by default" },
  { "currency", currency, help = "of its prices, such as USD; that of the account by default" },
  { "initial_margin", number("currency for each contract", { above = 0, max = 1e12 }), help = "needed to open one" },
  { "initial_margin_pct", number("percent of the notional", { above = 0, max = 100 }), help = "needed to open it" },
  { "maintenance_margin", number("currency for each contract", { above = 0, max = 1e12 }),
    help = "needed to keep one; the initial margin by default" },
  { "maintenance_margin_pct", number("percent of the notional", { above = 0, max = 100 }),
    help = "needed to keep it; the initial margin by default" },
  { "commission_pct", number("percent of the notional, 0.2 means 0.2 %", { min = 0, max = 100 }),
    help = "instead of execution's" },
  { "commission_per_share", number("currency for each unit", { min = 0, max = 1e12 }),
    help = "instead of execution's" },
  { "commission_per_order", number("currency for each order that fills", { min = 0, max = 1e12 }),
    help = "instead of execution's" },
  { "commission_minimum", number("currency for each order, 0 = none", { min = 0, max = 1e12 }),
    help = "instead of execution's" },
  { "calendar", { type = "string", check = "calendar" },
    help = "us_equity, cme_futures, fx, 24/7, or a file (.yaml, .csv); by the asset class where that is given" },
  { "sector", text, help = "group that limits may name" },
  { "settlement", enum("cash", "futures"),
    help = "cash: bought with money; futures: gains and losses are paid, a margin is held. By the asset class" },
}

local function with(first)
  local fields = { first }
  for _, field in ipairs(M.fields) do fields[#fields + 1] = field end
  return map(fields)
end

--- A row of a table of instruments.
M.instrument = with { "symbol", { type = "string", check = "symbol" }, required = true,
  help = "its name, or a pattern in which * and ? match" }

--- A row of a table of corporate actions.
M.action = map {
  { "date", time, required = true, help = "first day on which it holds (the ex-date), in the data's time zone" },
  { "symbol", symbol, required = true, help = "whose" },
  { "kind", enum("split", "dividend", "delist"), required = true, help = "what happens" },
  { "value", number("by kind", { min = 0, max = 1e12 }), help = "split: new units for each old one; dividend: " ..
    "currency for each unit; delist: final price, the last close by default" },
}

--- A row of a universe.
M.member = map {
  { "symbol", symbol, required = true, help = "who" },
  { "from", time, help = "first day of membership; since ever by default" },
  { "until", time, help = "last day of membership; for ever by default" },
  { "final_price", { type = "string", check = "final_price" },
    help = "it ends because it is delisted: positions are closed at this price, or at the last close" },
}

M.halt = map {
  { "symbol", symbol, required = true, help = "whose" },
  { "from", time, required = true, help = "no fill from here on" },
  { "until", time, help = "trading resumes at this time, or after this day; never by default" },
}

M.cash_flow = map {
  { "time", time, required = true, help = "when, in the data's time zone; before the bars that open then" },
  { "amount", number("currency of the account; withdrawals below 0", { min = -1e18, max = 1e18 }), required = true,
    help = "deposit or withdrawal" },
}

--- Keys of the configuration's first level.
M.root = {
  { "instruments", either(M.instrument), help = "table of instruments: a list, or a YAML or CSV file. Rows with " ..
    "patterns come first, in their order, then the row of the symbol, then the symbol's own keys" },
  { "corporate_actions", map({
      { "layout", enum("lean", "zipline", "csv"), default = "csv", help = "lean: factor files; zipline: columns " ..
        "dividend and split of the data (also dividends, stock_splits); csv: date, symbol, kind, value" },
      { "path", text, help = "file; {symbol}, {symbol_lower} and {symbol_upper} are substituted" },
      { "map_path", text, help = "with lean: map files, for delistings" },
      { "adjust", enum("signals", "both", "raw"), default = "signals", help = "signals: features see adjusted " ..
        "prices, the account raw ones, to which splits and dividends happen; both: adjusted for both; raw: nothing " ..
        "is adjusted, nothing happens" },
      { "adjust_for", enum("all", "splits"), default = "all", help = "whether dividends adjust prices too" },
      { "prices", enum("raw", "split_adjusted"), default = "raw",
        help = "what the data's prices are; split_adjusted: only dividends are left to do" },
      { "dividend_decimals", types.integer("decimals", { min = 0, max = 8 }), default = 2,
        help = "with lean: what the dividends that factors imply are rounded to; 2 as Lean does" },
      { "missing", enum("error", "ignore"), default = "error", help = "what a symbol without its own file is" },
    }), optional = true, help = "splits, dividends, delistings" },
  { "universe", either(M.member), help = "membership by date: outside of it nothing is opened. A list, or a YAML or " ..
    "CSV file of symbol, from, until, final_price; all symbols that are traded have to be in it" },
  { "halts", either(M.halt), help = "times without fills: a list, or a YAML or CSV file of symbol, from, until" },
  { "fx", { type = "table", of = symbol },
    help = "currency: symbol that is its rate, as EUR: EURUSD; found by name where the symbol's asset_class is fx" },
}

--- Keys of `symbols`, after its first.
M.symbol_fields = { { "trade", boolean, help = "false: it is there for rates or features only; true by default" } }
for _, field in ipairs(M.fields) do M.symbol_fields[#M.symbol_fields + 1] = field end

--- Keys of `portfolios`.
M.currency = { "currency", currency, help = "of the account; that of the first instrument that is traded by default" }
M.cash_flows = { "cash_flows", either(M.cash_flow), help = "deposits and withdrawals: a list, or a YAML or CSV file " ..
  "of time, amount" }

--- Keys of `data`.
M.data = {
  { "calendar", { type = "string", check = "calendar" }, help = "market calendar: bars of days, weeks and months " ..
    "become visible when the session closes, not at the period's end. us_equity, cme_futures, fx, 24/7, or a file" },
  { "bid_path", { type = "either", scalar = text, list = list(text, { min = 1 }) },
    help = "files of bids, with ask_path, instead of path" },
  { "ask_path", { type = "either", scalar = text, list = list(text, { min = 1 }) }, help = "files of asks" },
}

return M

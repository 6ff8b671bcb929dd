--- The schema of the configuration: every key with its type, unit, range, default and one line of help. The
-- checker (config_check.lua) and docs/configuration.md (scripts/gen_config_docs.lua) read it.
--
-- A type is a table { type = … }:
--   "string"    check: name of a check in config_check.lua
--   "enum"      values: list; alias: other words for values
--   "boolean"
--   "number"    integer; min, max (inclusive), above, below (exclusive); unit: what the number means
--   "list"      of: type of the items; min: least number of them. single: one item may stand for a list of one
--   "map"       fields: list of fields; shorthand: key that a plain scalar stands for; partial: no defaults
--   "table"     of: type of the values under free names
--   "variant"   key: the field that says which; variants: map types by its value; names: these values, in order
--   "either"    scalar, list, map: the type for each form (any may be absent)
--   "parameter" a strategy's parameter: a scalar, a list of them, or a range (config_values.lua)
--   "values"    a dimension of grid.set: the same, of any values
-- A field is { name, type, help = …, default = value, required = true, cosmetic = true }; `cosmetic` keys change no
-- result and so are no part of the configuration's hash. A map without default is filled with its fields' defaults
-- unless it is `optional`.
local M = {}

local schema_ensemble = require "schema_ensemble"
local schema_execution = require "schema_execution"
local schema_grid = require "schema_grid"
local schema_instruments = require "schema_instruments"
local schema_portfolio = require "schema_portfolio"
local schema_risk = require "schema_risk"
local schema_topology = require "schema_topology"
local schema_windows = require "schema_windows"
local types = require "schema_types"

local enum, list, map, number, integer = types.enum, types.list, types.map, types.number, types.integer
local text, boolean, name, symbol, timeframe = types.text, types.boolean, types.name, types.symbol, types.timeframe
local time, zone, seed = types.time, types.zone, types.seed

local function rule(key, help, default, ...)
  local values = { ... }
  values[#values + 1] = "off"
  values[#values + 1] = "ignore" -- another word for off
  return { key, { type = "enum", values = values, alias = { ignore = "off" } }, help = help, default = default }
end

local quality = map {
  rule("duplicates", "rows with the time of an earlier one; without a policy identical rows are dropped and " ..
    "differing ones rejected; drop keeps the first, repair the last", nil, "reject", "drop", "repair"),
  rule("out_of_order", "rows earlier than one before them; repair sorts", "reject", "reject", "drop", "repair"),
  rule("gaps", "steps much longer than the timeframe", "flag", "reject", "flag"),
  rule("impossible_ohlc", "high below or low above another price", "reject", "reject", "drop", "repair", "flag"),
  rule("non_finite", "empty, NaN or infinite prices or volumes; repair takes the last close; without a policy " ..
    "prices are rejected and volumes repaired", nil,
    "reject", "drop", "repair"),
  rule("negative", "prices at or below 0, volumes below 0", "reject", "reject", "drop", "flag"),
  rule("price_jumps", "closes that moved by more than price_jump_pct", "flag", "reject", "drop", "flag"),
  rule("volume_outliers", "volumes above a multiple of their trailing mean", "flag", "reject", "drop", "flag"),
  rule("out_of_session", "bars that open outside the session, or the calendar's sessions where no hours are given",
    "flag", "reject", "drop", "flag"),
  { "price_jump_pct", number("percent, from close to close", { above = 0 }), default = 50,
    help = "what counts as a price jump" },
  { "volume_outlier_multiple", number("times the mean of the 100 bars before", { above = 1 }), default = 50,
    help = "what counts as a volume outlier" },
}

local synthetic = map {
  { "bars", integer("bars of each symbol", { min = 1, max = 2e9 }), default = 10000, help = "how many bars" },
  { "seed", seed, help = "the market's seed; the run's seed by default" },
  { "start", time, default = "2000-01-03", help = "no bar is before it" },
  { "timeframe", timeframe, default = "1m", help = "length of a bar, up to 1d" },
  { "session", enum("24/7", "us_equity"), default = "24/7",
    help = "when the market is open; us_equity: 09:30-16:00 in New York, Monday to Friday" },
  { "volatility_ann_pct", number("percent a year", { above = 0, max = 190 }), default = 16.5,
    help = "volatility over all regimes, of the first symbol" },
  { "correlation", number("between two symbols' returns", { min = 0, max = 1 }), default = 0.5,
    help = "how alike the symbols move, over all regimes" },
  { "start_price", number("currency", { above = 0 }), help = "first price of every symbol; by default 100 for the " ..
    "first and between 30 and 250 for others" },
  { "price_decimals", integer("digits after the point", { min = 0, max = 6 }), default = 2,
    help = "prices are multiples of 10^-n" },
  { "regime", boolean, default = false, help = "add a column `regime`: 0 calm, 1 trending, 2 volatile" },
}

local data_fields = {
  { "source", enum("csv", "column", "synthetic"), default = "csv",
    help = "delimited text, Perilune's column file, or the built-in synthetic market" },
  { "path", { type = "either", scalar = text, list = list(text, { min = 1 }) },
    help = "file, or list of files in the order of time; {symbol}, {symbol_lower}, {symbol_upper} and {timeframe} " ..
      "are substituted, {date}, * and ? match files; relative to the current folder" },
  { "start", time, help = "trading begins at this time or day; features start at the first bar" },
  { "end", time, help = "trading ends at this time, or with this day" },
  { "timezone", zone, default = "UTC", help = "IANA name of the zone of local times, in which days begin" },
  { "timeframe", timeframe, help = "length of the file's bars; detected by default" },
  { "stamp", enum("open", "close"), default = "open", help = "whether a row's time is the bar's open or its close" },
  { "columns", { type = "either", list = list(text, { min = 1 }), map = { type = "table", of = text } },
    help = "what each column of the file is, in order, or role: name of column; by the header by default" },
  { "header", boolean, help = "whether the first line names the columns; detected by default" },
  { "delimiter", { type = "string", check = "delimiter" },
    help = "one character, or comma, semicolon, tab, pipe, space; detected by default" },
  { "time_format", text, help = "iso, ymd, mdy, dmy, epoch_s, epoch_ms, epoch_us, epoch_ns, ms_of_day or a " ..
    "pattern such as %Y%m%d %H:%M; detected by default" },
  { "layout", enum("lean_trade", "lean_quote", "binance"), help = "columns of a known kind of file without header" },
  { "price", enum("mid", "bid", "ask", "quotes"), default = "mid", help = "which side of quotes makes the bars; " ..
    "quotes: the middle, with bids and asks beside it for execution" },
  { "price_scale", number("factor", { above = 0, max = 1e12 }), default = 1, help = "factor for prices" },
  { "volume_scale", number("factor", { above = 0, max = 1e12 }), default = 1, help = "factor for volumes" },
  { "symbol_column", text, help = "name or number (from 1) of the column that names the symbol" },
  { "member", text, help = "file within a .zip; * and ? match" },
  { "cache", { type = "either", scalar = { type = "boolean", also = text } }, default = true, cosmetic = true,
    help = "keep a column file beside a CSV: true, false, or a folder to keep it in" },
  { "session", { type = "string", check = "session" },
    help = "local hours in which bars open, \"09:30-16:00\", for the rule out_of_session" },
  { "quality", quality, help = "what is done about faults of the data, for each rule: reject ends the run, drop " ..
    "leaves the row out, repair changes it, flag reports it, off (or ignore) looks away" },
  { "synthetic", synthetic, help = "the synthetic market" },
  unpack(schema_instruments.data)
}

M.root = map {
  { "workflow", name, default = "full_backtest",
    help = "what is run: a file of workflows/, Perilune's or beside this one (docs/workflows.md)" },
  { "name", name, cosmetic = true, help = "a name for the run" },
  { "seed", seed, default = 1, help = "of everything random" },
  { "data", map(data_fields), required = true, help = "where bars come from" },
  { "symbols", list(map({
      { "symbol", symbol, required = true, help = "its name" },
      { "timeframes", list(timeframe, { single = true, min = 1 }),
        help = "bars made for the strategies, which run on the first unless they say; the data's own by default" },
      { "data", map(data_fields, { partial = true }), optional = true, help = "keys of `data` that differ" },
      unpack(schema_instruments.symbol_fields)
    }, { shorthand = "symbol" }), { min = 1, single = true }), required = true, help = "what is traded, in order" },
  { "strategies", list(map({
      { "id", name, help = "what portfolios cite; its type by default" },
      { "type", name, help = "a strategy of the library or of a strategies folder" },
      { "file", text, help = "a file that returns a strategy, instead of a type; relative to this file" },
      { "params", { type = "table", of = { type = "parameter" } }, default = {},
        help = "the strategy's parameters; a list or {from, to, step} makes a grid" },
      { "symbols", list(symbol, { single = true, min = 1 }), help = "those it sees; all by default" },
      { "timeframe", timeframe, help = "the symbol's first by default" },
      { "classifier", name, help = "id of the classifier whose regime it sees" },
    }, { shorthand = "type" }), { min = 1, single = true }), required = true, help = "what is run over the symbols" },
  { "classifiers", list(map({
      { "id", name, help = "what strategies cite; its type by default" },
      { "type", name, help = "a classifier of the library or of a strategies folder" },
      { "file", text, help = "a file that returns a classifier, instead of a type; relative to this file" },
      { "params", { type = "table", of = { type = "parameter" } }, default = {}, help = "its parameters" },
      { "symbols", list(symbol, { single = true, min = 1 }), help = "those it sees; all by default" },
      { "timeframe", timeframe, help = "the symbol's first by default" },
    }, { shorthand = "type" })), default = {}, help = "what says which regime the market is in" },
  schema_portfolio,
  schema_execution,
  { "profiles", { type = "table", of = map(schema_execution[2].fields, { partial = true }) }, default = {},
    cosmetic = true, help = "one's own profiles by name: keys of `execution`" },
  { "statistics", map {
      { "risk_free_pct", number("percent a year", { min = -50, max = 1000 }), default = 0,
        help = "risk-free rate: of the Sharpe ratio, and of those statistics of the period returns that take one" },
      { "periods_per_year", number("periods, 0 = by the calendar", { min = 0, max = 1e7 }), default = 0,
        help = "factor of annualisation: of days 252, or 365 for markets without weekends, of weeks 52, of months 12" },
    }, help = "how figures are reckoned" },
  { "results", map({
      { "db", text, default = "perilune.db", help = "SQLite file that results go to, from the current folder on; " ..
          "none: nowhere" },
      { "equity", enum("auto", "bars", "days", "none"), default = "auto",
        help = "which points of the equity curve are kept" },
      { "metrics", enum("auto", "full", "headline", "sweep"), default = "auto",
        help = "which figures are reckoned and kept: all of docs/metrics.md, those of the short table, or for " ..
          "sweeps those among them that do not ask for every bar; auto is all of them up to 100 combos, then sweep" },
      { "trades", boolean, default = true, help = "keep trades" },
      { "orders", boolean, default = true, help = "keep orders and fills" },
      { "decisions", boolean, default = false, help = "keep the verdicts of risk rules" },
      { "keep", enum("auto", "all", "figures"), default = "auto",
        help = "of a grid, whether all of the above is kept of each combo, or its figures and period returns only " ..
          "and the rest of the best; auto is all of it up to 100 combos" },
      { "top", integer("combos", { min = 0, max = 10000 }), default = 10,
        help = "how many of the best are run once more in full, where figures only are kept" },
      { "top_by", name, default = "sharpe_ratio", help = "metric by which they are the best" },
    }), cosmetic = true, help = "what is stored, and where" },
  { "engine", map {
      { "chunk_rows", integer("bars", { min = 1, max = 65536 }), default = 4096, cosmetic = true,
        help = "how many bars are worked on at a time; changes no result" },
      { "combos_at_once", integer("combos", { min = 1, max = 100000 }), cosmetic = true,
        help = "how many combos go through the data together, sharing features; by default 16, and up to 256 where " ..
          "figures only are kept; changes no result, costs memory" },
      { "workers", { type = "string", check = "workers" }, default = 1, cosmetic = true,
        help = "threads that the combos of a sweep are spread over; auto: as many as there are processors; changes " ..
          "no result, costs memory" },
      { "loop_budget", integer("loop iterations and calls", { min = 1000, max = 1e12 }), default = 1e6,
        help = "what a strategy may spend on one bar before it is stopped" },
      { "timeout_s", number("seconds, 0 = none", { min = 0, max = 86400 }), default = 60, cosmetic = true,
        help = "a strategy that does not come back from one bar for so long is stopped" },
      { "memory_limit_mb", integer("MB of Lua memory, 0 = none", { min = 0, max = 1048576 }), default = 1024,
        cosmetic = true, help = "a strategy that needs more is stopped" },
      { "jit", boolean, default = true, cosmetic = true, help = "compile strategies; changes no result" },
    }, help = "how the engine works" },
  { "benchmark", symbol, help = "symbol that results are compared with; the first by default" },
  schema_risk.root,
  schema_windows.root,
  schema_ensemble.root,
  schema_topology.root,
  unpack(schema_instruments.root)
}
for _, field in ipairs(schema_grid) do table.insert(M.root.fields, field) end

--- The field of a map type by its name, or nil.
function M.field(map_type, key)
  for _, field in ipairs(map_type.fields) do
    if field[1] == key then return field end
  end
end

--- Names of a map type's fields, in order.
function M.names(map_type)
  local names = {}
  for i, field in ipairs(map_type.fields) do names[i] = field[1] end
  return names
end

return M

-- The configuration as a user writes it: defaults, places, every kind of mistake with its exact message.
local config = require "config"
local shell = require "shell"

local EXAMPLE = [[
workflow: full_backtest
data:
  source: csv
  path: ../shared/data/backtesting_py/GOOG.csv   # {symbol}, {timeframe}, {date} are substituted
  start: 2005-01-01
  end: 2012-12-31
symbols:
  - symbol: GOOG
    timeframes: [1d]
strategies:
  - type: sma_cross
    params: {fast: 10, slow: 20}
portfolios:
  - name: main
    capital: 10000
    strategies: [sma_cross]
    sizing: {type: percent_of_equity, percent: 100}
    risk: {max_position_pct: 100, stop_loss_pct: 5}
execution:
  fill: next_open
  commission_pct: 0.2
  slippage_bps: 5
]]

local MINIMAL = "data: {source: synthetic}\nsymbols: [A]\nstrategies: [momentum]\n"

local function load(text, ...)
  local cfg, errors = config.from_text(text, "c.yaml", { set = { ... } })
  if not cfg then
    local lines = {}
    for i, item in ipairs(errors) do lines[i] = tostring(item) end
    error(table.concat(lines, "\n"), 2)
  end
  return cfg
end

local function refused(text, expected, ...)
  local cfg, errors = config.from_text(text, "c.yaml", { set = { ... } })
  lu.assertNil(cfg, text)
  local lines = {}
  for i, item in ipairs(errors) do lines[i] = tostring(item) end
  lu.assertEquals(lines, type(expected) == "table" and expected or { expected })
end

TestConfig = {}

function TestConfig.test_the_example()
  local cfg = load(EXAMPLE)
  lu.assertEquals(cfg.workflow, "full_backtest")
  lu.assertEquals(cfg.data.path, "../shared/data/backtesting_py/GOOG.csv")
  lu.assertEquals(cfg.data.start, "2005-01-01")
  lu.assertEquals(cfg.data.timezone, "UTC")
  lu.assertEquals(cfg.data.cache, true)
  lu.assertNil(cfg.data.synthetic)
  lu.assertEquals(cfg.symbols, { { symbol = "GOOG", timeframes = { "1d" }, lot_size = 1, tick_size = 0,
    multiplier = 1 } })
  lu.assertEquals(cfg.strategies, { { id = "sma_cross", type = "sma_cross", params = { fast = 10, slow = 20 } } })
  lu.assertEquals(cfg.portfolios, { {
    name = "main", capital = 10000, strategies = { "sma_cross" }, weights = {}, books = "netting", leverage = 1,
    allow_short = true,
    rebalance = false, rebalance_band_pct = 0, rebalance_band_relative_pct = 0, rebalance_every = "never", long_pct = 0,
    short_pct = 0, reenter = false, pyramiding = { max_entries = 0, step_pct = 0, add_pct = 0 },
    sizing = { type = "percent_of_equity", percent = 100, size_at = "signal", max_pct = 0 },
    risk = { max_position_pct = 100, max_exposure_pct = 0, stop_loss_pct = 5, take_profit_pct = 0,
      trailing_stop_pct = 0, max_drawdown_pct = 0 },
    accounting = "fifo", margin_call = "off", maintenance_margin_pct = 0, fx_spread_bps = 0, on_leave = "close",
  } })
  lu.assertEquals(cfg.execution, { fill = "next_open", commission_pct = 0.2, commission_per_share = 0,
    commission_per_order = 0, commission_minimum = 0, slippage_bps = 5, spread_bps = 0,
    compat = "none", slippage = {}, commission = {}, financing = {}, latency = {}, intrabar = "pessimistic",
    max_volume_pct = 0, quotes = "auto", child_orders = "entry_bar", trail_by = "extreme", off_tick = "round",
    off_lot = "round" })
  lu.assertEquals(cfg.results, { db = "perilune.db", equity = "auto", metrics = "auto", trades = true,
    decisions = false, keep = "auto", top = 10, top_by = "sharpe_ratio",
    orders = true })
  lu.assertEquals(cfg.engine,
    { chunk_rows = 4096, workers = 1, loop_budget = 1e6, timeout_s = 60, memory_limit_mb = 1024,
      jit = true })
  lu.assertEquals(cfg.benchmark, "GOOG")
  lu.assertEquals(cfg.seed, 1)
end

function TestConfig.test_the_least_that_runs()
  local cfg = load(MINIMAL)
  lu.assertEquals(cfg.symbols[1].symbol, "A")
  lu.assertEquals(cfg.strategies[1], { id = "momentum", type = "momentum", params = {} })
  lu.assertEquals(#cfg.portfolios, 1)
  lu.assertEquals(cfg.portfolios[1].name, "main")
  lu.assertEquals(cfg.portfolios[1].capital, 10000)
  lu.assertEquals(cfg.portfolios[1].strategies, { "momentum" })
  lu.assertEquals(cfg.portfolios[1].sizing,
    { type = "percent_of_equity", percent = 100, size_at = "signal", max_pct = 0 })
  lu.assertEquals(cfg.data.synthetic.bars, 10000)
  lu.assertEquals(cfg.data.synthetic.seed, 1)
  lu.assertEquals(load("seed: 7\n" .. MINIMAL).data.synthetic.seed, 7)
  lu.assertEquals(load("data: {source: synthetic}\nsymbols: A\nstrategies: momentum\n"), cfg)
end

function TestConfig.test_forms_of_values()
  local cfg = load [[
data: {path: [a.csv, b.csv], columns: {time: Date, close: "Adj Close"}, cache: /tmp/cache, timeframe: 60m,
       quality: {gaps: ignore, duplicates: repair}, start: 2015-01-02 09:30, header: false}
symbols:
  - BRK.B
  - {symbol: 600000, timeframes: 5m, data: {path: "{symbol}.csv", quality: {gaps: reject}}}
  - TRUE
strategies:
  - {type: momentum, id: a, params: {fast: [5, 10], slow: {from: 20, to: 60, step: 20}, mode: x, on: true}}
  - {file: my/own.lua, symbols: BRK.B, timeframe: 1h, classifier: trend}
classifiers: [trend]
portfolios:
  - {name: one, strategies: a, weights: {a: 0.5}, sizing: {type: fixed_cash, cash: 1_000}}
  - {name: two, sizing: {type: fixed_quantity, quantity: 1.5, size_at: fill}, leverage: null}
]]
  lu.assertEquals(cfg.data.path, { "a.csv", "b.csv" })
  lu.assertEquals(cfg.data.columns, { time = "Date", close = "Adj Close" })
  lu.assertEquals(cfg.data.cache, "/tmp/cache")
  lu.assertEquals(cfg.data.header, false)
  lu.assertEquals(cfg.data.timeframe, "1h")
  lu.assertEquals(cfg.data.quality.gaps, "off")
  lu.assertEquals(cfg.symbols[2].symbol, "600000")
  lu.assertEquals(cfg.symbols[2].timeframes, { "5m" })
  lu.assertEquals(cfg.symbols[2].data, { path = "{symbol}.csv", quality = { gaps = "reject" } })
  lu.assertEquals(cfg.symbols[3].symbol, "TRUE")
  local merged = config.data_for(cfg, cfg.symbols[2])
  lu.assertEquals(merged.path, "{symbol}.csv")
  lu.assertEquals(merged.quality.gaps, "reject")
  lu.assertEquals(merged.quality.duplicates, "repair")
  lu.assertEquals(merged.timeframe, "1h")
  lu.assertEquals(cfg.data.quality.gaps, "off")
  lu.assertEquals(cfg.strategies[1].params, { fast = { 5, 10 }, slow = { from = 20, to = 60, step = 20 }, mode = "x",
    on = true })
  lu.assertEquals(cfg.strategies[2].id, "own")
  lu.assertEquals(cfg.strategies[2].symbols, { "BRK.B" })
  lu.assertEquals(cfg.portfolios[1].sizing, { type = "fixed_cash", cash = 1000, size_at = "signal", max_pct = 0 })
  lu.assertEquals(cfg.portfolios[2].strategies, { "a", "own" })
  lu.assertEquals(cfg.portfolios[2].leverage, 1)
end

function TestConfig.test_anchors_and_merge_keys()
  local cfg = load [[
data: {source: synthetic}
symbols: [A]
strategies: [momentum]
portfolios:
  - &base {name: one, capital: 5000, risk: &r {stop_loss_pct: 5}}
  - {<<: *base, name: two}
  - {name: three, risk: *r}
]]
  lu.assertEquals(cfg.portfolios[2].capital, 5000)
  lu.assertEquals(cfg.portfolios[3].risk.stop_loss_pct, 5)
end

function TestConfig.test_set_copies_what_aliases_share()
  local text = [[
data: {source: synthetic}
symbols: [A]
strategies: [momentum]
portfolios:
  - {name: one, risk: &r {stop_loss_pct: 5}}
  - {name: two, risk: *r}
]]
  local cfg = load(text, "portfolios.0.risk.stop_loss_pct=9")
  lu.assertEquals(cfg.portfolios[1].risk.stop_loss_pct, 9)
  lu.assertEquals(cfg.portfolios[2].risk.stop_loss_pct, 5)
end

function TestConfig.test_hash_is_of_the_meaning()
  local hash = config.hash(load(EXAMPLE))
  lu.assertStrMatches(hash, "%x+")
  lu.assertEquals(#hash, 32)
  local other = [[
execution: {slippage_bps: 5.0, commission_pct: 2e-1}
# reordered, in flow style, with a default spelled out, and another name
name: again
portfolios: [{capital: 1e4, risk: {stop_loss_pct: 5, max_position_pct: 100}}]
strategies: [{id: sma_cross, params: {slow: 0x14, fast: 10}, type: sma_cross}]
symbols: [{symbol: GOOG, timeframes: [24h], lot_size: 1}]
data: {path: ../shared/data/backtesting_py/GOOG.csv, end: 2012-12-31, start: 2005-01-01, cache: false}
results: {db: elsewhere.db}
engine: {chunk_rows: 7}
]]
  local cfg = load(other)
  if cfg.symbols[1].timeframes[1] == "1d" then lu.assertEquals(config.hash(cfg), hash) end
  lu.assertEquals(config.hash(load((other:gsub("24h", "1d")))), hash)
  lu.assertEquals(config.hash(load(EXAMPLE, "portfolios.0.capital=10000")), hash)
  lu.assertNotEquals(config.hash(load(EXAMPLE, "portfolios.0.capital=10001")), hash)
  lu.assertNotEquals(config.hash(load(EXAMPLE, "seed=2")), hash)
  lu.assertEquals(config.canonical(load(MINIMAL)):sub(1, 34), '{"benchmark":"A","classifiers":[],')
end

function TestConfig.test_the_canonical_form_is_a_configuration()
  for _, text in ipairs { EXAMPLE, MINIMAL, MINIMAL:gsub("%[momentum%]", "[{file: 'a/my own!.lua'}]"),
    MINIMAL:gsub("%[momentum%]", "[{file: a/}]"), MINIMAL:gsub("%[momentum%]", "[{file: a/.lua}]"),
    (MINIMAL:gsub("%[momentum%]", "[{file: /, params: {x: -0.0}}]")) } do
    local canonical = config.canonical(load(text))
    lu.assertEquals(config.canonical(load(canonical)), canonical)
  end
  lu.assertEquals(load((MINIMAL:gsub("%[momentum%]", "[{file: 'a/my own!.lua'}]"))).strategies[1].id, "my_own_")
end

function TestConfig.test_the_documentation_is_of_this_schema()
  local home = os.getenv "PERILUNE_HOME" or "."
  local got = shell.perilune { "exec", home .. "/scripts/gen_config_docs.lua", "-" }
  local file = assert(io.open(home .. "/docs/configuration.md"))
  lu.assertEquals(file:read("*a"), got.out, "run build/perilune exec scripts/gen_config_docs.lua")
  file:close()
end

function TestConfig.test_from_table_is_the_same()
  local cfg = assert(config.from_table {
    data = { path = "../shared/data/backtesting_py/GOOG.csv", start = "2005-01-01", ["end"] = "2012-12-31" },
    symbols = { { symbol = "GOOG", timeframes = { "1d" } } },
    strategies = { { type = "sma_cross", params = { fast = 10, slow = 20 } } },
    portfolios = { { risk = { max_position_pct = 100, stop_loss_pct = 5 } } },
    execution = { commission_pct = 0.2, slippage_bps = 5 },
    classifiers = {},
  })
  lu.assertEquals(config.hash(cfg), config.hash(load(EXAMPLE)))
  local _, errors = config.from_table({ data = { sorce = "csv" } }, "mine")
  lu.assertEquals(tostring(errors[1]), "mine: data.sorce: unknown key, did you mean 'source'?")
end

function TestConfig.test_places_for_later_errors()
  local cfg = load(EXAMPLE, "strategies.0.params.fats=3")
  lu.assertEquals(tostring(config.error_at(cfg, "strategies[0].params.slow", "unknown parameter")),
    "c.yaml:12:24: strategies[0].params.slow: unknown parameter")
  lu.assertEquals(tostring(config.error_at(cfg, "strategies.0.params.slow", "x")),
    "c.yaml:12:24: strategies[0].params.slow: x")
  lu.assertEquals(tostring(config.error_at(cfg, "strategies[0].params.fats", "unknown parameter")),
    "--set strategies.0.params.fats=3: strategies[0].params.fats: unknown parameter")
  -- A default has the place of what is around it.
  lu.assertEquals(tostring(config.error_at(cfg, "portfolios[0].leverage", "x")),
    "c.yaml:14:5: portfolios[0].leverage: x")
  lu.assertEquals(tostring(config.error_at(cfg, "results.db", "x")), "c.yaml:1:1: results.db: x")
  lu.assertEquals({ config.source(cfg) }, { "c.yaml", "." })
end

function TestConfig.test_every_error_is_listed_in_the_order_of_the_file()
  refused([==[
workflow: full backtest
data:
  source: csv
  path: 5
  start: 2012-13-01
  timezone: Mars/Phobos
  timeframe: 5x
symbols: [A, "B C"]
strategies:
  - type: sma_cross
    params: {fast: [5, [x]], slow: {from: 1, to: 5, step: -1}, z: null, "a b": 1, e: [], r: {from: 1, too: 2}}
portfolios:
  - name: main
    capital: "10000"
    sizing: {type: percent_of_equity, percnt: 100}
    risk: {max_position_pct: 5%, stop_loss_pct: 101}
    allow_short: yes
    weights: [1]
execution:
  commission_pct: -1
  slippage_bps: .inf
  fill: {a: 1}
]==], {
    "c.yaml:1:11: workflow: 'full backtest' is no name; expected up to 64 letters, digits, '_', '-' and '.'",
    "c.yaml:5:10: data.start: '2012-13-01' is no date or time; expected 2015-01-31, 2015-01-31 09:30 or " ..
      "2015-01-31T09:30:00Z",
    "c.yaml:6:13: data.timezone: 'Mars/Phobos' is no time zone; expected an IANA name such as America/New_York",
    "c.yaml:7:14: data.timeframe: '5x' is no timeframe; expected 1m, 5m, 1h, 1d, 1w, 1mo or the like",
    "c.yaml:8:14: symbols[1].symbol: 'B C' is no symbol; expected up to 64 characters without spaces, quotes and " ..
      "braces",
    "c.yaml:11:24: strategies[0].params.fast[1]: a list is no value; expected a number, true, false or text",
    "c.yaml:11:36: strategies[0].params.slow: step -1 never leads from 1 to 5",
    "c.yaml:11:67: strategies[0].params.z: a value is missing",
    "c.yaml:11:73: strategies[0].params: 'a b' is no name; expected up to 64 letters, digits, '_', '-' and '.'",
    "c.yaml:11:86: strategies[0].params.e: an empty list makes no combination; expected values",
    "c.yaml:11:103: strategies[0].params.r.too: unknown key, did you mean 'to'?; expected {from: 5, to: 50, "
      .. "step: 5}, {from: 1, to: 100, n: 10, log: true} or {from: 1, to: 64, factor: 2}",
    "c.yaml:14:14: portfolios[0].capital: '10000' is quoted, so it is text; expected a number; currency of the " ..
      "account",
    "c.yaml:15:39: portfolios[0].sizing.percnt: unknown key, did you mean 'percent'?",
    "c.yaml:16:30: portfolios[0].risk.max_position_pct: '5%' is not a number; write 5; percent of the equity, 0 = off",
    "c.yaml:16:49: portfolios[0].risk.stop_loss_pct: 101 is above 100; percent from the fill price of the entry, " ..
      "0 = off",
    "c.yaml:17:18: portfolios[0].allow_short: 'yes' is not true or false; write true",
    "c.yaml:18:14: portfolios[0].weights: expected a map of names to values, got a list",
    "c.yaml:20:19: execution.commission_pct: -1 is below 0; percent of the notional, 0.2 means 0.2 %",
    "c.yaml:21:17: execution.slippage_bps: .inf is not a finite number; basis points, 5 means 0.05 %",
    "c.yaml:22:9: execution.fill: expected a text, got a map",
  })
end

function TestConfig.test_no_more_than_twenty_are_listed()
  local keys = {}
  for i = 1, 25 do keys[i] = ("k%02d: 1"):format(i) end
  local cfg, errors = config.from_text(MINIMAL .. table.concat(keys, "\n"), "c.yaml")
  lu.assertNil(cfg)
  lu.assertEquals(#errors, 21)
  lu.assertEquals(tostring(errors[20]), "c.yaml:23:1: k20: unknown key")
  lu.assertEquals(tostring(errors[21]), "c.yaml: and 5 more errors")
end

function TestConfig.test_what_is_missing()
  refused("", {
    "c.yaml:1:1: data: missing; where bars come from",
    "c.yaml:1:1: symbols: missing; what is traded, in order",
    "c.yaml:1:1: strategies: missing; what is run over the symbols",
  })
  refused("[1, 2]", "c.yaml:1:1: expected a map of keys to values, got a list")
  refused("just text", "c.yaml:1:1: expected a map of keys to values, got 'just text'")
  refused("data: {}\nsymbols: [A]\nstrategies: [m]\n",
    "c.yaml:1:1: data.path: missing; source: csv needs the path of a file")
  refused("data: {source: synthetic}\nsymbols: []\nstrategies: [m]\n",
    "c.yaml:2:10: symbols: the list is empty; expected at least one")
  refused("data: {source: synthetic}\nsymbols: {A: 1}\nstrategies: [m]\n",
    "c.yaml:2:10: symbols: expected a list, got a map")
  refused("data: {source: synthetic}\nsymbols: [{timeframes: 1d}]\nstrategies: [m]\n",
    "c.yaml:2:11: symbols[0].symbol: missing; its name")
end

function TestConfig.test_hints_for_values()
  refused(MINIMAL:gsub("%[A%]", "[NULL]"),
    "c.yaml:2:11: symbols[0]: 'NULL' means nothing; quote it to make it text")
  refused(MINIMAL:gsub("%[A%]", "[{symbol: A, timeframes: [~]}]"),
    "c.yaml:2:36: symbols[0].timeframes[0]: '~' means nothing; quote it to make it text")
  refused(MINIMAL .. "portfolios: [{capital: '1,000'}]\n",
    "c.yaml:4:24: portfolios[0].capital: '1,000' is not a number; write 1_000; currency of the account")
  refused(MINIMAL .. "portfolios: [{capital: .nan}]\n",
    "c.yaml:4:24: portfolios[0].capital: .nan is not a finite number; currency of the account")
  refused(MINIMAL:gsub("synthetic", "synthetic, start: 20150102"),
    "c.yaml:1:34: data.start: '20150102' is no date or time; expected 2015-01-31, 2015-01-31 09:30 or " ..
      "2015-01-31T09:30:00Z")
  refused(MINIMAL .. "name: \"a\\tb\"\n", "c.yaml:4:7: name: 'a?b' holds a control character")
end

function TestConfig.test_rules_across_keys()
  refused(MINIMAL:gsub("%[A%]", "[A, B, A]"),
    "c.yaml:2:17: symbols[2].symbol: symbol 'A' is taken by symbols[0]; name one of them otherwise")
  refused(MINIMAL:gsub("%[momentum%]", "[{type: m}, {type: m}]"),
    "c.yaml:3:25: strategies[1].id: id 'm' is taken by strategies[0]; name one of them otherwise")
  refused(MINIMAL:gsub("%[momentum%]", "[{id: m}]"),
    "c.yaml:3:14: strategies[0]: expected the type of a strategy, or its file")
  refused(MINIMAL:gsub("%[momentum%]", "[{type: m, file: m.lua}]"),
    "c.yaml:3:24: strategies[0].file: type and file are both given; expected one of them")
  refused(MINIMAL .. "portfolios: [{strategies: [momentun]}]\n",
    "c.yaml:4:28: portfolios[0].strategies[0]: there is no strategy 'momentun', did you mean 'momentum'?")
  refused(MINIMAL .. "portfolios: [{strategies: [momentum, momentum]}]\n",
    "c.yaml:4:38: portfolios[0].strategies[1]: strategy 'momentum' is listed twice")
  refused(MINIMAL .. "portfolios: [{weights: {momentm: 1}}]\n",
    "c.yaml:4:25: portfolios[0].weights.momentm: there is no strategy of this portfolio 'momentm', did you mean " ..
      "'momentum'?")
  refused(MINIMAL .. "portfolios: [{}, {}]\n",
    "c.yaml:4:18: portfolios[1].name: name 'main' is taken by portfolios[0]; name one of them otherwise")
  refused(MINIMAL .. "portfolios: [{sizing: {quantity: 5}}]\n",
    "c.yaml:4:24: portfolios[0].sizing.quantity: goes with type: fixed_quantity, not with percent_of_equity " ..
      "(which takes 'percent')")
  refused(MINIMAL .. "portfolios: [{sizing: {type: fixed_cash}}]\n",
    "c.yaml:4:15: portfolios[0].sizing.cash: missing; type: fixed_cash needs it")
  refused(MINIMAL .. "portfolios: [{sizing: {type: atr_risk, fraction: 1}}]\n", {
    "c.yaml:4:15: portfolios[0].sizing.percent: missing; type: atr_risk needs it",
    "c.yaml:4:40: portfolios[0].sizing.fraction: goes with type: kelly, not with atr_risk (which takes 'percent', " ..
      "'period', 'multiple')",
  })
  refused(MINIMAL .. "portfolios: [{sizing: {type: kelly, window: 10}}]\n",
    "c.yaml:4:15: portfolios[0].sizing.min_trades: 20 trades are needed, but the window holds 10: make it as large")
  refused(MINIMAL .. "portfolios: [{long_pct: 130, short_pct: 30}]\n",
    "c.yaml:4:15: portfolios[0].long_pct: 130 percent long and 30 short need leverage: 1.6, which is 1")
  refused(MINIMAL .. "portfolios: [{short_pct: 30, allow_short: false}]\n",
    "c.yaml:4:15: portfolios[0].short_pct: allow_short is false, so that there is no short side: leave one of them out")
  refused(MINIMAL .. "portfolios: [{books: separate, margin_call: close_all}]\n",
    "c.yaml:4:15: portfolios[0].books: an account with a margin_call has no books: leave one of them out")
  refused(MINIMAL .. "portfolios: [{books: separate, long_pct: 100}]\n",
    "c.yaml:4:15: portfolios[0].books: long_pct and short_pct share out one position for each symbol: leave books out")
  refused(MINIMAL .. "portfolios: [{reenter: true}]\n",
    "c.yaml:4:15: portfolios[0].reenter: goes with trading_hours or flat_by_close_minutes: nothing else keeps " ..
      "signals out for a time")
  refused(MINIMAL .. "portfolios: [{rebalance_band_pct: 5}]\n",
    "c.yaml:4:15: portfolios[0].rebalance_band_pct: goes with rebalance: true or rebalance_every: without them a " ..
      "position is never brought to another target of its side")
  refused(MINIMAL .. "benchmark: B\n", "c.yaml:4:1: benchmark: there is no symbol 'B', did you mean 'A'?")
  refused(MINIMAL:gsub("%[momentum%]", "[{type: m, classifier: trend, symbols: [Z]}]"), {
    "c.yaml:3:24: strategies[0].classifier: there is no classifier 'trend'; none is configured",
    "c.yaml:3:53: strategies[0].symbols[0]: there is no symbol 'Z', did you mean 'A'?",
  })
  refused(MINIMAL:gsub("synthetic", "synthetic, start: 2020-01-02, end: 2020-01-01"),
    "c.yaml:1:46: data.end: 2020-01-01 is not after start (2020-01-02)")
  load((MINIMAL:gsub("synthetic", "synthetic, start: 2020-01-02, end: 2020-01-02")))
end

function TestConfig.test_set()
  local cfg = load(EXAMPLE, "portfolios.0.capital=50000", "strategies[0].params.fast=[5, 10]",
    "portfolios.1={name: second, capital: 7}", "data.columns.0=time", "classifiers=[trend]", "execution.fill=",
    "strategies.1=momentum", "strategies.1.params.fast=3", "symbols.0.timeframes=1h")
  lu.assertEquals(cfg.portfolios[1].capital, 50000)
  lu.assertEquals(cfg.strategies[1].params.fast, { 5, 10 })
  lu.assertEquals(cfg.portfolios[2].capital, 7)
  lu.assertEquals(cfg.data.columns, { "time" })
  lu.assertEquals(cfg.classifiers[1].id, "trend")
  lu.assertEquals(cfg.execution.fill, "next_open")
  lu.assertEquals(cfg.strategies[2], { id = "momentum", type = "momentum", params = { fast = 3 } })
  lu.assertEquals(cfg.symbols[1].timeframes, { "1h" })
  lu.assertEquals(load(MINIMAL, "portfolios.0.capital=5").portfolios[1].capital, 5)
  lu.assertEquals(load(MINIMAL:gsub("%[A%]", "A"), "symbols.0.lot_size=5").symbols[1].lot_size, 5)
end

function TestConfig.test_mistakes_in_set()
  local function bad(setting, message) refused(EXAMPLE, "--set " .. setting .. ": " .. message, setting) end
  bad("nothing", "expected KEY=VALUE, as portfolios.0.capital=50000")
  bad("=5", "expected KEY=VALUE, as portfolios.0.capital=50000")
  bad("a..b=5", "expected KEY=VALUE, as portfolios.0.capital=50000")
  bad("data.pth=x", "data.pth: unknown key, did you mean 'path'?")
  bad("portfolios.2.name=x", "portfolios has 1 item, numbered from 0: there is no 2")
  bad("portfolios.9999999999999.name=x", "portfolios has 1 item, numbered from 0: there is no 9999999999999")
  bad("portfolios.main.capital=x", "portfolios is a list: expected the number of an item, from 0, got 'main'")
  bad("portfolios.0.capital=-5", "portfolios[0].capital: -5 is not above 0; currency of the account")
  bad("portfolios.0.capital=x", "portfolios[0].capital: 'x' is not a number; currency of the account")
  bad("portfolios.0.capital.x=1", "portfolios.0.capital is a single value, it has no 'x'")
  bad("portfolios.0.risk={stop_los_pct: 5}",
    "portfolios[0].risk.stop_los_pct: unknown key, did you mean 'stop_loss_pct'?")
  bad("strategies.0.params.fast=[1,2", "value: did not find expected ',' or ']' while parsing a flow sequence " ..
    "that began at line 1; is a closing ']' missing, or are quotes around a value that holds brackets?")
  bad("seed=1.5", "seed: 1.5 is not a whole number; of a random sequence")
  bad("seed=1e17", "seed: 1e17 is beyond 2^53; of a random sequence")
  bad("engine.chunk_rows=0", "engine.chunk_rows: 0 is below 1; bars")
end

function TestConfig.test_files_that_are_no_configuration()
  refused("a: \0", "c.yaml:1:4: a NUL byte: this is a binary file, expected YAML text")
  refused(("["):rep(10000), "c.yaml:1:65: nested more than 64 deep")
  refused("a: &a [*a]", "c.yaml:1:8: alias '*a' lies inside what it stands for (anchor at line 1)")
  refused(MINIMAL .. "seed: 1\nseed: 2\n", "c.yaml:5:1: duplicate key 'seed' (first given at line 4)")
  local bomb = { "x0: &x0 [a, a, a, a, a, a, a, a, a, a]" }
  for i = 1, 9 do
    bomb[i + 1] = ("x%d: &x%d [%s]"):format(i, i, ("*x" .. i - 1 .. ","):rep(10))
  end
  refused(table.concat(bomb, "\n"), "c.yaml:5:46: more than 100000 nodes once aliases are followed")
  local cfg, errors = config.load("/nonexistent/run.yaml")
  lu.assertNil(cfg)
  lu.assertEquals(tostring(errors[1]), "/nonexistent/run.yaml: No such file or directory")
end

function TestConfig.test_messages_and_status_of_a_command()
  local file = shell.temporary(MINIMAL .. "sede: 5\nportfolios: [{capital: 0}]\n")
  local program = shell.temporary [[
    local cfg, errors = require "config".load((...))
    if not cfg then require "args".exit(2, errors) end
  ]]
  local got = shell.perilune { "exec", program, file }
  os.remove(file)
  os.remove(program)
  lu.assertEquals(got.err, ("perilune: %s:4:1: sede: unknown key, did you mean 'seed'?\n"):format(file) ..
    ("perilune: %s:5:24: portfolios[0].capital: 0 is not above 0; currency of the account\n"):format(file))
  lu.assertEquals(got.out, "")
  lu.assertEquals(got.status, 2)
end

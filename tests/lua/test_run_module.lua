-- lua/run.lua: a configuration run from Lua, and what `perilune run` says about data that it cannot use.
local run = require "run"
local support = require "support"

TestRunModule = {}

local DAYS = "Date,Open,High,Low,Close,Volume\n2020-01-01,10,12,9,11,5\n2020-01-02,11,13,10,12,5\n" ..
  "2020-01-03,12,13,8,9,5\n2020-01-06,9,14,9,13,5\n"

local function configuration(more)
  local folder = support.folder()
  support.write(folder .. "/D.csv", DAYS)
  local cfg = {
    data = { path = folder .. "/{symbol}.csv" }, symbols = { "D" }, strategies = { "buy_and_hold" },
    portfolios = { { name = "main", sizing = { type = "fixed_quantity", quantity = 2 } } },
    execution = { finalize_trades = true }, results = { db = "none" },
  }
  for key, value in pairs(more or {}) do cfg[key] = value end
  return cfg, folder
end

function TestRunModule.tearDown() support.cleanup() end

function TestRunModule.test_a_table_runs()
  local result = assert(run(configuration(), { trades = true, equity = true }))
  lu.assertEquals(result.bars, 4)
  lu.assertEquals(result.combos, 1)
  lu.assertNil(result.db)
  lu.assertNil(result.id)
  local one = result.results[1]
  lu.assertEquals(one.portfolio, "main")
  lu.assertEquals(one.metrics.trades, 1)
  lu.assertEquals(#one.trades, 1)
  local trade = one.trades[1]
  lu.assertEquals(trade.side, "long")
  lu.assertEquals(trade.quantity, 2)
  lu.assertEquals(trade.entry_time, "2020-01-02T00:00:00Z")
  lu.assertEquals({ trade.entry_price, trade.exit_price }, { 11, 9 }) -- the last open
  lu.assertEquals(#one.equity, 4)
  lu.assertEquals(one.equity[1], { time = 1577836800, equity = 10000, cash = 10000 })
  lu.assertEquals(one.equity[4].equity, 9996)
  lu.assertNil(assert(run((configuration()))).results[1].trades)
end

function TestRunModule.test_a_grid_and_several_portfolios_keep_their_trades_apart()
  local cfg = configuration { portfolios = { { name = "a", capital = 1000 }, { name = "b", capital = 100 } } }
  cfg.data = { source = "synthetic", synthetic = { bars = 3000 } }
  cfg.strategies = { { type = "momentum", params = { fast = { 5, 20 } } } }
  local result = assert(run(cfg, { trades = true, equity = true }))
  lu.assertEquals(#result.results, 4)
  for _, one in ipairs(result.results) do
    lu.assertEquals(#one.trades, one.metrics.trades)
    lu.assertEquals(one.equity[1].equity, one.portfolio == "a" and 1000 or 100)
    lu.assertEquals(#one.equity, 3000)
  end
  lu.assertEquals(result.results[3].params.fast, 20)
end

function TestRunModule.test_mistakes_are_messages()
  local result, message, fault = run { data = { source = "synthetc" }, symbols = { "D" }, strategies = { "momentum" } }
  lu.assertNil(result)
  lu.assertStrContains(message, "did you mean 'synthetic'?")
  lu.assertEquals(fault, "configuration")
  result, message, fault = run "nowhere.yaml"
  lu.assertNil(result)
  lu.assertStrContains(message, "nowhere.yaml")
  lu.assertEquals(fault, "configuration")
  lu.assertErrorMsgContains("expected a path or a table", run)
end

function TestRunModule.test_what_a_strategy_logs_comes_to_the_caller()
  local cfg, folder = configuration()
  cfg.strategies = { { file = folder .. "/talker.lua" } }
  support.write(folder .. "/talker.lua", 'return strategy { name = "talker", features = function() return {} end, ' ..
    'signal = function(f, bar) log("close %g", bar.close) return FLAT end }\n')
  local lines = {}
  assert(run(cfg, { log = function(line) lines[#lines + 1] = line end, folder = folder }))
  lu.assertEquals(#lines, 4)
  lu.assertEquals(lines[1], "2020-01-01T00:00:00Z talker: close 11")
end

TestRunInputs = {}

function TestRunInputs.tearDown() support.cleanup() end

local YAML = "data: {path: '%s/{symbol}.csv'}\nsymbols: [%s]\nstrategies: [buy_and_hold]\nresults: {db: none}\n"

local function run_file(text, symbol, ...)
  local folder = support.folder()
  if text then support.write(folder .. "/" .. symbol .. ".csv", text) end
  support.write(folder .. "/c.yaml", YAML:format(folder, symbol))
  return support.run("run", folder .. "/c.yaml", "--json", ...)
end

-- Data that cannot be taken: exit status 1, and a message with file and line.
function TestRunInputs.test_bad_data()
  for _, case in ipairs {
    { DAYS:gsub("13,10", "x,10"), "D.csv:3:15: found 'x', expected a number for high" },
    { DAYS:sub(1, -9), "D.csv:5:" },
    { DAYS:gsub("2020%-01%-03", "2020-13-03"), "D.csv:4:1: found the time '2020-13-03', which is out of range" },
    { DAYS:gsub("2020%-01%-03", "9999-01-03"), "expected an existing date in the years 1800 to 2199" },
    { DAYS:gsub("Close", "Clse"), "no column holds the close" },
    { DAYS:gsub("2020%-01%-02,", "%%1,1,"), "D.csv:3:" },
    { "\127ELF\2\1\1\0\0\0", "binary" },
    { "", "is empty" },
    { DAYS:match "^.-\n", "holds a header and no rows" },
  } do
    local status, out, err = run_file((case[1]:gsub("%%1", "2020-01-02")), "D")
    lu.assertEquals(status, 1, err)
    lu.assertEquals(out, "")
    lu.assertStrContains(err, case[2])
    lu.assertNil(err:find("traceback", 1, true), err)
  end
end

-- A configuration that asks for what is not there: exit status 2, with the line of the configuration.
function TestRunInputs.test_bad_questions_about_data()
  local status, _, err = run_file(nil, "D")
  lu.assertEquals(status, 2)
  lu.assertStrMatches(err, ".*c%.yaml:1:%d+: data%.path: D: .*/D%.csv: cannot be opened: No such file.*")
  status, _, err = run_file(DAYS, "D", "--set", "symbols.0.timeframes=[1d, 5m]")
  lu.assertEquals(status, 2)
  lu.assertStrContains(err, "5m bars cannot be made from 1d bars")
  status, _, err = run_file(DAYS, "D", "--set", "data.path='{symb}.csv'")
  lu.assertEquals(status, 2)
  lu.assertStrContains(err, "expected {symbol}")
end

function TestRunInputs.test_one_bar_and_two()
  local status, out, err = run_file(DAYS:match "^.-\n.-\n", "D", "--set", "data.timeframe=1d")
  lu.assertEquals(status, 0, err)
  lu.assertStrContains(out, '"trades": 0')
  status, out, err = run_file(DAYS:match "^.-\n.-\n.-\n", "D")
  lu.assertEquals(status, 0, err)
  lu.assertStrContains(out, '"bars": 2')
  local folder = support.folder()
  lu.assertEquals(support.run("data", "synth", "--out", folder .. "/Z.plc", "--bars", "0"), 0)
  support.write(folder .. "/c.yaml", YAML:format(folder, "Z"))
  status, out, err = support.run("run", folder .. "/c.yaml", "--set", "data.source=column", "--set",
    "data.path=" .. folder .. "/Z.plc")
  lu.assertEquals(out, "")
  lu.assertEquals(status, 1)
  lu.assertStrContains(err, "there are no bars")
end

-- results.db: none keeps nothing, and makes no file of that name; the table of a grid is printed.
function TestRunInputs.test_nothing_is_stored_where_nothing_is_asked_for()
  local folder = support.folder()
  support.write(folder .. "/c.yaml", "data: {source: synthetic, synthetic: {bars: 2000}}\nsymbols: [A]\n" ..
    "strategies: [{type: momentum, params: {fast: [5, 7]}}]\nresults: {db: none}\n")
  local pipe = io.popen(("cd '%s' && '%s' run c.yaml; echo status $?; ls"):format(folder, support.perilune))
  local text = pipe:read "*a"
  pipe:close()
  lu.assertStrContains(text, "status 0\nc.yaml\n")
  lu.assertNil(text:find("is in none", 1, true))
  lu.assertStrContains(text, "c0002")
end

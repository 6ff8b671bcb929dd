local json = require "json"
local shell = require "shell"

TestDataCommand = {}

local folder

function TestDataCommand.setUp()
  folder = os.tmpname()
  os.remove(folder)
  assert(os.execute("mkdir " .. folder) == 0)
end

function TestDataCommand.tearDown()
  os.execute("rm -rf " .. shell.quote(folder))
end

local function at(name) return folder .. "/" .. name end

local function write(name, text)
  local file = assert(io.open(at(name), "wb"))
  file:write(text)
  file:close()
  return at(name)
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

local function run(...)
  local result = shell.perilune({ "data", ... })
  lu.assertNotStrContains(result.err, "traceback")
  return result
end

local function ok(...)
  local result = run(...)
  lu.assertEquals(result.err, "")
  lu.assertEquals(result.status, 0)
  return result.out
end

local function refused(status, text, ...)
  local result = run(...)
  lu.assertEquals(result.status, status)
  lu.assertStrContains(result.err, text)
end

local GOOD = [[
time,open,high,low,close,volume
2015-01-02,10,11,9,10.5,100
2015-01-05,10.5,12,10,11.25,200
2015-01-06,11.25,11.5,10.75,11,300
]]

function TestDataCommand.test_info_describes_text_and_its_cache()
  local path = write("good.csv", GOOD)
  local info = json.decode(ok("info", path, "--json"))[1]
  lu.assertEquals(info.bars, 3)
  lu.assertEquals(info.timeframe, "1d")
  lu.assertEquals(info.first, "2015-01-02T00:00:00Z")
  lu.assertEquals(info.last_close, "2015-01-07T00:00:00Z")
  lu.assertEquals(info.low, 9)
  lu.assertEquals(info.high, 12)
  lu.assertEquals(info.columns, { "time", "open", "high", "low", "close", "volume" })
  lu.assertFalse(info.cached)
  local again = json.decode(ok("info", path, "--json"))[1]
  lu.assertTrue(again.cached)
  lu.assertEquals(again.content_hash, info.content_hash)
  lu.assertStrContains(ok("info", path, "--no-cache"), "bars          3\n")
  local zoned = json.decode(ok("info", path, "--json", "--timezone", "UTC", "--symbol", "ABC"))[1]
  lu.assertEquals(zoned.symbol, "ABC")
end

function TestDataCommand.test_convert_there_and_back()
  local csv = write("a.csv", GOOD)
  ok("convert", csv, at "a.plc", "--symbol", "ABC")
  local info = json.decode(ok("info", at "a.plc", "--json"))[1]
  lu.assertEquals(info.kind, "column file")
  lu.assertEquals(info.symbol, "ABC")
  lu.assertStrContains(info.origin, "a.csv")
  ok("convert", at "a.plc", at "b.csv", "--quiet")
  lu.assertEquals(read(at "b.csv"), (GOOD:gsub("(%d%d%d%d%-%d%d%-%d%d)", "%1T00:00:00Z")))
  ok("convert", at "b.csv", at "b.plc")
  local back = json.decode(ok("info", at "b.plc", "--json"))[1]
  lu.assertEquals(back.content_hash, info.content_hash)
  lu.assertEquals(ok("convert", at "a.plc", "-"), read(at "b.csv"))
  lu.assertStrContains(ok("convert", at "a.plc", "-", "--resample", "1w"),
    "2015-01-05T00:00:00Z,10.5,12,10,11,500\n")
end

function TestDataCommand.test_convert_refuses_what_it_cannot_do()
  local csv = write("a.csv", GOOD)
  refused(2, "expected a name that ends in .plc", "convert", csv, at "a.parquet")
  refused(2, "the same file", "convert", csv, csv)
  refused(2, "missing", "convert")
  refused(1, "1h bars cannot be made from 1d bars", "convert", csv, at "x.csv", "--resample", "1h")
  refused(1, "No such file", "convert", at "none.csv", at "x.plc")
  refused(1, "cannot be", "convert", csv, at "no-folder/x.plc")
  refused(1, "expected a column file (.plc)", "convert", write("fake.plc", GOOD), at "x.csv")
  refused(2, "RULE=POLICY", "convert", csv, at "x.plc", "--quality", "gaps")
  local file = io.open(at "x.plc")
  lu.assertNil(file)
end

function TestDataCommand.test_synth()
  local out = ok("synth", "--bars", "500", "--seed", "3", "--symbols", "A,B", "--out", at "{symbol}.plc", "--regime")
  lu.assertStrContains(out, "A.plc: 500 bars of 1m\n")
  local a = json.decode(ok("info", at "A.plc", at "B.plc", "--json"))
  lu.assertEquals(a[1].bars, 500)
  lu.assertEquals(a[2].symbol, "B")
  lu.assertNotEquals(a[1].content_hash, a[2].content_hash)
  lu.assertEquals(a[1].columns[7], "regime")
  ok("synth", "--bars", "500", "--seed", "3", "--symbols", "A", "--out", at "A.csv", "--regime", "--quiet")
  lu.assertEquals(json.decode(ok("info", at "A.csv", "--json"))[1].content_hash, a[1].content_hash)
  lu.assertStrContains(ok("synth", "--bars", "2", "--out", "-"),
    "time,open,high,low,close,volume\n2000-01-03T00:00:00Z,")
  refused(2, "--out FILE is missing", "synth")
  refused(2, "expected {symbol}", "synth", "--symbols", "A,B", "--out", at "x.plc")
  refused(2, "listed twice", "synth", "--symbols", "A,A", "--out", at "{symbol}.plc")
  refused(2, "ends in .plc or .csv", "synth", "--out", at "x.bin")
  refused(2, "timeframe", "synth", "--timeframe", "1w", "--out", at "x.plc")
  refused(2, "2199", "synth", "--bars", "1000000000", "--out", at "x.plc")
  refused(1, "cannot be created", "synth", "--out", at "no-folder/x.plc")
end

function TestDataCommand.test_check_reports_and_judges()
  local good = write("good.csv", GOOD)
  lu.assertStrContains(ok("check", good), "verdict: accepted")
  local bad = write("bad.csv", GOOD .. "2015-01-07,11,10,12,11,100\n2015-01-08,11,11.5,10.5,11,-5\n")
  local result = run("check", bad, "--json")
  lu.assertEquals(result.status, 1)
  local report = json.decode(result.out)[1]
  lu.assertFalse(report.accepted)
  lu.assertEquals(report.bars, 5)
  lu.assertEquals(report.found, { impossible_ohlc = 1, negative = 1 })
  lu.assertEquals(report.issues[1].line, 5)
  lu.assertEquals(report.issues[1].rule, "impossible_ohlc")
  lu.assertStrContains(report.rejected, "bad.csv:5:")
  ok("check", bad, "--quality", "impossible_ohlc=flag", "--quality", "negative=drop")
  lu.assertEquals(#json.decode(run("check", bad, "--json", "--issues", "1").out)[1].issues, 1)
  local text = run("check", good, bad)
  lu.assertEquals(text.status, 1)
  lu.assertStrContains(text.out, "verdict: rejected")
  refused(2, "unknown option", "check", good, "--jsn")
end

function TestDataCommand.test_check_of_column_files()
  ok("synth", "--bars", "500", "--out", at "A.plc")
  lu.assertStrContains(ok("check", at "A.plc"), "verdict: accepted")
  local result = json.decode(ok("check", at "A.plc", "--session", "04:00-20:00", "--json"))[1]
  lu.assertEquals(result.found, { out_of_session = 240 })
  lu.assertEquals(run("check", at "A.plc", "--session", "04:00-20:00", "--quality", "out_of_session=reject").status, 1)
  local bytes = read(at "A.plc")
  write("A.plc", bytes:sub(1, 5000) .. "x" .. bytes:sub(5002))
  result = run("check", at "A.plc")
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.out, "damaged")
end

function TestDataCommand.test_check_of_a_configuration()
  write("A_1d.csv", GOOD)
  write("B_1d.csv", (GOOD:gsub("2015%-01%-06", "2015-01-01")))
  local config = write("run.yaml", ([[
data: {source: csv, path: "%s/{symbol}_{timeframe}.csv", session: "00:00-12:00", quality: {gaps: reject}}
symbols: [{symbol: A, timeframes: [1d]}, {symbol: B, timeframes: [1d]}]
strategies: [momentum]
]]):format(folder))
  local result = run("check", config, "--json")
  lu.assertEquals(result.status, 1)
  local reports = json.decode(result.out)
  lu.assertEquals(reports[1].name, "A_1d")
  lu.assertTrue(reports[1].accepted)
  lu.assertFalse(reports[2].accepted)
  lu.assertEquals(reports[2].found, { out_of_order = 1 })
  refused(2, "run2.yaml", "check", write("run2.yaml", "data: {source: csvv}\n"))
  local synthetic = write("s.yaml", [[
data: {source: synthetic, synthetic: {bars: 1000, timeframe: 5m}}
symbols: [A, B]
strategies: [momentum]
]])
  lu.assertEquals(#json.decode(ok("check", synthetic, "--json")), 2)
end

-- The command and a configuration speak of the same market.
function TestDataCommand.test_synth_is_what_a_configuration_gets()
  local data = require "data"
  ok("synth", "--bars", "300", "--seed", "9", "--symbols", "A,B", "--start", "2020-01-01", "--volatility", "30",
    "--correlation", "0.8", "--timeframe", "5m", "--out", at "{symbol}.plc")
  local loaded = assert(data.load { symbols = { { symbol = "A" }, { symbol = "B" } }, data = { source = "synthetic",
    timezone = "UTC", synthetic = { bars = 300, seed = 9, volatility_ann_pct = 30, correlation = 0.8,
      timeframe = "5m" } } })
  local infos = json.decode(ok("info", at "A.plc", at "B.plc", "--json"))
  for i = 1, 2 do lu.assertEquals(loaded[i].fingerprint, infos[i].content_hash) end
end

function TestDataCommand.test_calendar()
  local text = ok("calendar", "us_equity", "2023", "2024")
  lu.assertStrContains(text, "us_equity 2023 (America/New_York): 250 sessions; 252 in a mean year")
  lu.assertStrContains(text, "2024-07-03 | wednesday | early close | 09:30-13:00 | day before Independence Day")
  local years = json.decode(ok("calendar", "us_equity", "2012", "--json"))
  lu.assertEquals({ #years, years[1].sessions, years[1].days[10].date, years[1].days[10].note },
    { 1, 250, "2012-10-30", "Hurricane Sandy" })
  lu.assertStrContains(ok("calendar", "24/7", "2024"), "24/7 2024 (UTC): 366 sessions")
  refused(2, "expected us_equity, cme_futures, fx or 24/7", "calendar", "nyse", "2024")
  refused(2, "'1950' is no year from 1971 to 2099", "calendar", "fx", "1950")
  refused(2, "expected at least 2 arguments, got 1", "calendar", "fx")
end

function TestDataCommand.test_instruments()
  local path = write("t.csv", "symbol,asset_class,tick_size,initial_margin,commission_per_order\n"
    .. "ES*,future,.25,12000,2\nBTCUSDT,crypto,,,\n")
  lu.assertStrContains(ok("instruments", path), "cme_futures")
  local list = json.decode(ok("instruments", path, "--json"))
  lu.assertEquals(list[1].commission, { per_order = 2 })
  lu.assertEquals({ list[2].lot_size, list[2].currency, list[2].calendar }, { 1e-8, "USDT", "24/7" })
  local yaml = write("c.yaml", "data: {source: synthetic}\nstrategies: [momentum]\ninstruments: " .. path
    .. "\nsymbols: [ESH, {symbol: ESM, tick_size: 1}]\n")
  list = json.decode(ok("instruments", yaml, "--json"))
  lu.assertEquals({ list[1].symbol, list[1].tick_size, list[2].tick_size, list[2].settlement },
    { "ESH", 0.25, 1, "futures" })
  refused(2, "t.csv:2:3: lot: unknown key", "instruments", write("t.csv", "symbol,lot\nA,1\n"))
  refused(2, "c.yaml:3:1: instruments: ", "instruments", yaml)
end

function TestDataCommand.test_actions()
  local path = write("c.yaml", [[
data: {source: synthetic, synthetic: {bars: 100}}
strategies: [momentum]
symbols: [A, B]
universe: [{symbol: A}, {symbol: B, until: 2000-01-05, final_price: last}]
portfolios: [{cash_flows: [{time: 2000-01-04, amount: -10}]}]
]])
  local list = json.decode(ok("actions", path, "--json"))
  lu.assertEquals(#list, 5)
  lu.assertEquals({ list[1].of, list[1].kind, list[1].time }, { "A", "enter", nil })
  lu.assertEquals({ list[3].kind, list[3].time, list[3].value }, { "delist", "2000-01-06T00:00:00Z", nil })
  lu.assertEquals({ list[5].of, list[5].kind, list[5].value }, { "portfolio main", "cash", -10 })
  lu.assertStrContains(ok("actions", path), "last close")
  path = write("c.yaml", "data: {source: synthetic}\nstrategies: [momentum]\nsymbols: [A]\n")
  lu.assertStrContains(ok("actions", path), "nothing happens to these instruments")
  path = write("c.yaml", "data: {source: synthetic}\nstrategies: [momentum]\nsymbols: [A]\nuniverse: [{till: 5}]\n")
  refused(2, "c.yaml:4:13: universe[0].till: unknown key", "actions", path)
end

function TestDataCommand.test_misuse()
  refused(2, "a subcommand is missing")
  refused(2, "did you mean 'info'", "inf")
  refused(2, "an argument is missing", "info")
  refused(1, "No such file", "info", at "none.plc")
  lu.assertStrContains(shell.perilune({ "data", "--help" }).out, "perilune data check")
  lu.assertStrContains(shell.perilune({ "data", "synth", "--help" }).out, "--correlation")
end

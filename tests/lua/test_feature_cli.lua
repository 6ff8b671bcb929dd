-- perilune features, as a user runs it.
local json = require "json"
local shell = require "shell"

local folder, file

local function rows_of(text)
  local rows = {}
  for line in text:gmatch "[^\n]+" do
    local row = {}
    for cell in (line .. ","):gmatch "([^,]*)," do row[#row + 1] = cell end
    rows[#rows + 1] = row
  end
  return rows
end

TestFeatureCli = {}

function TestFeatureCli.setUp()
  folder = os.tmpname()
  os.remove(folder)
  os.execute("mkdir " .. shell.quote(folder))
  file = folder .. "/ABC.csv"
  local out = assert(io.open(file, "w"))
  out:write "time,open,high,low,close,volume,bid\n"
  for i = 0, 29 do
    local close = 10 + (i * 7) % 5 / 4
    out:write(("2015-01-02T14:%02d:00Z,%g,%g,%g,%g,%d,%g\n"):format(i, close, close + 1, close - 1, close, i,
      close - 0.5))
  end
  out:close()
end

function TestFeatureCli.tearDown() os.execute("rm -rf " .. shell.quote(folder)) end

function TestFeatureCli.test_compute_prints_a_csv()
  local got = shell.perilune { "features", "compute", file, "sma(close,3)", "bid", "close / 3", "macd(2, 3, 2).signal" }
  lu.assertEquals(got.err, "")
  lu.assertEquals(got.status, 0)
  local header = got.out:match "^[^\n]*"
  lu.assertEquals(header, 'time,"sma(close,3)",bid,close / 3,"macd(2, 3, 2).signal"')
  local rows = rows_of(got.out:gsub("^[^\n]*\n", ""))
  lu.assertEquals(#rows, 30)
  lu.assertEquals(rows[1], { "2015-01-02T14:00:00Z", "", "9.5", ("%.17g"):format(10 / 3), "" })
  lu.assertEquals(rows[2][2], "")
  lu.assertEquals(rows[4][1], "2015-01-02T14:03:00Z")
  lu.assertAlmostEquals(tonumber(rows[3][2]), (10 + 10.5 + 11) / 3, 1e-12)
  lu.assertEquals(tonumber(rows[30][4]), (10 + (29 * 7) % 5 / 4) / 3)
  lu.assertEquals(rows[3][5], "")
  lu.assertNotEquals(rows[4][5], "")
end

function TestFeatureCli.test_compute_reads_what_perilune_data_reads()
  local plain = folder .. "/minutes.csv"
  local out = assert(io.open(plain, "w"))
  for i = 0, 4 do out:write(("%d;%g;6;%g;1;7\n"):format(1420209000000 + 60000 * i, 2 + i, 8 + i)) end
  out:close()
  os.execute("gzip " .. shell.quote(plain))
  local got = shell.perilune { "features", "compute", plain .. ".gz", "sma(close, 2)", "odd", "--no-cache", "--columns",
    "time,close,open,high,low,odd", "--timezone", "America/New_York", "--", "-close" }
  lu.assertEquals(got.err, "")
  local rows = rows_of(got.out)
  lu.assertEquals(rows[2], { "2015-01-02T14:30:00Z", "", "7", "-2" })
  lu.assertEquals(rows[3], { "2015-01-02T14:31:00Z", "2.5", "7", "-3" })
  got = shell.perilune { "features", "compute", file, "close", "--no-cache", "--columns", "close=bid, time = time" }
  lu.assertEquals(got.err, "")
  lu.assertEquals(rows_of(got.out)[2][2], "9.5")
  got = shell.perilune { "features", "compute", file, "close", "--no-cache", "--columns", "close=bid,time" }
  lu.assertEquals(got.status, 2)
  got = shell.perilune { "features", "compute", file, "biid", "--no-cache" }
  lu.assertEquals(got.status, 2)
  lu.assertStrContains(got.err, "(did you mean bid?); columns of the data: open high low close volume bid\n")
  got = shell.perilune { "features", "compute", plain .. ".gz", "close", "--no-cache" }
  lu.assertEquals(got.status, 1)
  lu.assertStrContains(got.err, "columns")
end

function TestFeatureCli.test_compute_prints_json()
  local got = shell.perilune { "features", "compute", file, "sma(close,3)", "--json" }
  lu.assertEquals(got.err, "")
  local object = json.decode(got.out)
  lu.assertEquals(#object.time, 30)
  lu.assertEquals(object.features[1].expression, "sma(close,3)")
  lu.assertEquals(object.features[1].values[2], json.null)
  lu.assertAlmostEquals(object.features[1].values[3], 10.5, 1e-12)
end

function TestFeatureCli.test_other_timeframes_are_made_from_the_file()
  local got = shell.perilune { "features", "compute", file, "ABC_5m.close", "--symbol", "ABC" }
  lu.assertEquals(got.err, "")
  local rows = rows_of(got.out)
  lu.assertEquals(rows[5], { "2015-01-02T14:03:00Z", "" })
  for i = 4, 29 do -- the bar of minutes 0 to 4 closes with minute 4
    local closed = math.floor((i + 1) / 5) * 5 - 1
    lu.assertEquals(tonumber(rows[i + 2][2]), 10 + (closed * 7) % 5 / 4)
  end
  got = shell.perilune { "features", "compute", file, "volume", "--timeframe", "600s" }
  lu.assertEquals(got.out, "time,volume\n2015-01-02T14:00:00Z,45\n2015-01-02T14:10:00Z,145\n2015-01-02T14:20:00Z,245\n")
end

function TestFeatureCli.test_list_and_help()
  local got = shell.perilune { "features", "list" }
  lu.assertEquals(got.status, 0)
  lu.assertStrContains(got.out, "\nmomentum (")
  lu.assertStrContains(got.out, "\n  macd ")
  for line in got.out:gmatch "[^\n]+" do lu.assertTrue(#line <= 80, line) end
  local found = shell.perilune { "features", "list", "average", "trend" }
  lu.assertStrContains(found.out, "\n  sma ")
  lu.assertNotStrContains(found.out, "macd")
  found = json.decode(shell.perilune({ "features", "list", "MOMENTUM", "--json" }).out)
  for _, info in ipairs(found) do lu.assertEquals(info.group, "momentum") end
  lu.assertEquals(#json.decode(shell.perilune({ "features", "list", "--json" }).out), #require("feature").list())
  got = shell.perilune { "features", "help", "bbands" }
  for _, part in ipairs { "Bollinger", "TA-Lib BBANDS", "1 … 100000; default 20", "upper, middle, lower", "row 19",
    "bbands(close, 20, 2).lower" } do
    lu.assertStrContains((got.out:gsub("%s+", " ")), part)
  end
  for line in got.out:gmatch "[^\n]+" do lu.assertTrue(require("terminal").columns(line) <= 80, line) end
  lu.assertEquals(json.decode(shell.perilune({ "features", "help", "rsi", "--json" }).out).params[1].name, "period")
end

function TestFeatureCli.test_rows_and_all_outputs()
  local got = shell.perilune { "features", "compute", file, "bbands(5).*", "close, volume", "--last", "2" }
  lu.assertEquals(got.err, "")
  local rows = rows_of(got.out)
  lu.assertEquals(rows[1], { "time", "bbands(5).upper", "bbands(5).middle", "bbands(5).lower", "bbands(5).percent_b",
    "bbands(5).width", "bbands(5).zscore", "close", "volume" })
  lu.assertEquals(#rows, 3)
  lu.assertEquals({ rows[2][9], rows[3][9] }, { "28", "29" })
  rows = rows_of(shell.perilune({ "features", "compute", file, "volume", "--head", "1" }).out)
  lu.assertEquals(rows[2], { "2015-01-02T14:00:00Z", "0" })
  lu.assertEquals(#rows, 2)
  rows = rows_of(shell.perilune({ "features", "compute", file, "volume", "--from", "2015-01-02T14:05", "--to",
    "2015-01-02 14:09", "--tail", "2" }).out)
  lu.assertEquals({ rows[2][2], rows[3][2], rows[4] }, { "7", "8", nil })
end

function TestFeatureCli.test_plot()
  local got = shell.perilune { "features", "plot", file, "sma(close, 3)", "rsi(5)", "--width", "60", "--height", "20" }
  lu.assertEquals(got.err, "")
  local n = 0
  for line in got.out:gmatch "[^\n]+" do
    n = n + 1
    lu.assertTrue(#line <= 60, line)
  end
  lu.assertEquals(n, 20)
  lu.assertStrContains(got.out, "ABC 1m  2015-01-02 14:00 to 2015-01-02 14:29\nclose 10.75  a: sma(close, 3) ")
  lu.assertStrContains(got.out, "\nb: rsi(5) ")
  got = shell.perilune { "features", "plot", file, "rsi(5)", "-o", folder .. "/out.svg", "--last", "10" }
  lu.assertEquals({ got.out, got.err, got.status }, { "", "", 0 })
  local handle = assert(io.open(folder .. "/out.svg"))
  lu.assertStrContains(handle:read "*a", "2015-01-02 14:20 to 2015-01-02 14:29")
  handle:close()
end

function TestFeatureCli.test_mistakes()
  local function expect(words, status, part)
    local got = shell.perilune(words)
    lu.assertEquals(got.out, "")
    lu.assertStrContains(got.err, part)
    lu.assertEquals(got.status, status)
  end
  expect({ "features" }, 2, "a subcommand is missing")
  expect({ "features", "list", "momentm" }, 2, "did you mean 'momentum'?")
  expect({ "features", "plot", file, "close", "--from", "2016-01-01" }, 1, "no bars in that range")
  expect({ "features", "plot", file, "close", "-o", folder .. "/none/x.svg" }, 1, "none/x.svg")
  expect({ "features", "plot", file, "close", "--from", "yesterday" }, 2, "--from: ")
  expect({ "features", "compute", file, "bband(3).*" }, 2, "did you mean 'bbands'?")
  expect({ "features", "lits" }, 2, "did you mean 'list'?")
  expect({ "features", "help", "bband" }, 2, "did you mean 'bbands'?")
  expect({ "features", "compute", file }, 2, "at least one EXPRESSION")
  expect({ "features", "compute", file, "smaz(3)" }, 2, "column 1: no indicator 'smaz' (did you mean sma?)")
  expect({ "features", "compute", file, "sma(close, 0)" }, 2, "out of range 1…100000")
  expect({ "features", "compute", folder .. "/none.csv", "close" }, 1, "none.csv")
end

-- The data module: paths, caches, timeframes, the synthetic market, what is handed back.
local ffi = require "ffi"
local abi = require "abi"
local data = require "data"
local data_quality = require "data_quality"
local C = abi.C

local folder

local function write(name, text)
  local file = assert(io.open(folder .. "/" .. name, "wb"))
  file:write(text)
  file:close()
  return folder .. "/" .. name
end

local function names()
  local list, out = C.pln_folder_new(folder, ""), {}
  for i = 0, C.pln_folder_count(list) - 1 do out[#out + 1] = ffi.string(C.pln_folder_name(list, i)) end
  C.pln_folder_free(list)
  return out
end

local function cache_file()
  for _, name in ipairs(names()) do
    if name:find "%.plc$" then return folder .. "/" .. name end
  end
end

local function rows(n, close)
  local out = { "time,open,high,low,close,volume" }
  for i = 0, n - 1 do
    out[#out + 1] = ("%d,%d,%d,%d,%d,10"):format(1420190400 + 60 * i, close, close + 2, close - 1, close + 1)
  end
  return table.concat(out, "\n") .. "\n"
end

TestData = {}

function TestData.setUp()
  folder = os.tmpname()
  os.remove(folder)
  assert(C.pln_folder_make(folder) == 0)
  C.pln_log_set_level(C.PLN_LOG_ERROR)
end

function TestData.tearDown()
  C.pln_log_set_level(C.PLN_LOG_NOTE)
  os.execute("rm -rf '" .. folder .. "'")
end

function TestData.test_a_second_load_comes_from_the_cache_with_its_report()
  local path = write("a.csv", rows(10, 100) .. "1420191000,1,500,1,500,10\n")
  local first = assert(data.load_one({ path = path, timezone = "America/New_York" }, "A"))
  local second = assert(data.load_one({ path = path, timezone = "America/New_York" }, "A"))
  lu.assertFalse(first.cached)
  lu.assertTrue(second.cached)
  lu.assertEquals(second.fingerprint, first.fingerprint)
  lu.assertEquals(second.report, first.report)
  lu.assertEquals(second.report.found, { price_jumps = 1 })
  lu.assertStrContains(second.report.text, "a.csv:12: price_jumps at ")
  lu.assertEquals(second.timeframe, "1m")
  lu.assertEquals(ffi.string(second.bars.timezone), "America/New_York")
  for i = 0, 10 do lu.assertEquals(second.bars.high[i], first.bars.high[i]) end
end

function TestData.test_a_changed_file_is_read_anew()
  local path = write("a.csv", rows(10, 200))
  data.load_one({ path = path }, "A")
  write("a.csv", rows(10, 300)) -- the same size, and within the clock's resolution
  local entry = data.load_one({ path = path }, "A")
  lu.assertFalse(entry.cached)
  lu.assertEquals(entry.bars.open[0], 300)
  lu.assertTrue(data.load_one({ path = path }, "A").cached)
end

-- As tools do that unpack or copy: other contents, the same size, the modification time set back.
function TestData.test_a_changed_file_that_looks_old_is_read_anew()
  local path = write("a.csv", rows(10, 200))
  os.execute("touch -d 2001-01-01 '" .. path .. "'")
  data.load_one({ path = path }, "A")
  os.execute("touch -d '+1 hour' '" .. cache_file() .. "'") -- long after what it was made from
  lu.assertTrue(data.load_one({ path = path }, "A").cached)
  write("a.csv", rows(10, 300))
  os.execute("touch -d 2001-01-01 '" .. path .. "'")
  local entry = data.load_one({ path = path }, "A")
  lu.assertFalse(entry.cached)
  lu.assertEquals(entry.bars.open[0], 300)
end

function TestData.test_a_touched_file_is_not()
  local path = write("a.csv", rows(10, 100))
  data.load_one({ path = path }, "A")
  os.execute("touch -d 2001-01-01 '" .. path .. "'")
  lu.assertTrue(data.load_one({ path = path }, "A").cached)
end

function TestData.test_options_that_decide_the_bars_have_caches_of_their_own()
  local path = write("a.csv", rows(10, 100))
  data.load_one({ path = path }, "A")
  local entry = data.load_one({ path = path, price_scale = 0.01 }, "A")
  lu.assertFalse(entry.cached)
  lu.assertEquals(entry.bars.open[0], 1)
  lu.assertFalse(data.load_one({ path = path, quality = { gaps = "off" } }, "A").cached)
  lu.assertFalse(data.load_one({ path = path }, "B").cached)
  lu.assertTrue(data.load_one({ path = path }, "A").cached)
end

function TestData.test_a_damaged_cache_is_made_again()
  local path = write("a.csv", rows(300, 100))
  local good = data.load_one({ path = path }, "A").fingerprint
  local cache = cache_file()
  local file = assert(io.open(cache, "rb"))
  local bytes = file:read "*a"
  file:close()
  for _, damaged in ipairs { "", "x", bytes:sub(1, 100), bytes:sub(1, -2), bytes .. "x",
    bytes:sub(1, 999) .. string.char((bytes:byte(1000) + 1) % 256) .. bytes:sub(1001),
    bytes:sub(1, -9) .. "12345678" } do
    file = assert(io.open(cache, "wb"))
    file:write(damaged)
    file:close()
    local entry = assert(data.load_one({ path = path }, "A"))
    lu.assertFalse(entry.cached, #damaged)
    lu.assertEquals(entry.fingerprint, good)
    lu.assertTrue(data.load_one({ path = path }, "A").cached)
  end
end

function TestData.test_where_the_cache_is()
  local path = write("a.csv", rows(10, 100))
  data.load_one({ path = path, cache = false }, "A")
  lu.assertNil(cache_file())
  data.load_one({ path = path, cache = folder .. "/deep/er" }, "A")
  lu.assertNil(cache_file())
  lu.assertTrue(data.load_one({ path = path, cache = folder .. "/deep/er" }, "A").cached)
  os.execute("chmod a-w '" .. folder .. "'") -- then in the user's cache folder, or nowhere
  local entry = data.load_one({ path = path }, "A")
  os.execute("chmod u+w '" .. folder .. "'")
  lu.assertEquals(tonumber(entry.bars.n_bars), 10)
  lu.assertNil(cache_file())
end

function TestData.test_coarser_timeframes_are_made_and_finer_ones_refused()
  local path = write("a.csv", rows(10, 100))
  local loaded = assert(data.load { data = { path = path },
    symbols = { { symbol = "A", timeframes = { "5m", "1m" } } } })
  lu.assertEquals({ loaded[1].timeframe, tonumber(loaded[1].bars.n_bars), loaded[1].resampled_from }, { "5m", 2, "1m" })
  lu.assertEquals({ loaded[2].timeframe, tonumber(loaded[2].bars.n_bars) }, { "1m", 10 })
  lu.assertEquals(loaded[1].bars.volume[0], 50)
  local none, message = data.load { data = { path = path }, symbols = { { symbol = "A", timeframes = { "30s" } } } }
  lu.assertNil(none)
  lu.assertStrContains(message, "A: 30s cannot be made from the data, which is 1m")
end

function TestData.test_bars_live_as_long_as_they_are_referenced()
  local bars = data.load_one({ path = write("a.csv", rows(10, 100)) }, "A").bars
  for _ = 1, 5 do collectgarbage() end
  lu.assertEquals(bars.close[9], 101)
end

function TestData.test_paths_are_substituted_and_match_files()
  write("brk_2015-01-02.csv", "close\n")
  for day = 2, 4 do
    write(("BRK_2015-01-0%d.csv"):format(day), ("time,close\n2015-01-0%d,%d\n"):format(day, day))
  end
  write("BRK_2015-01-0x.csv", "close\n")
  write(".BRK_2015-01-05.csv", "close\n")
  local entry = assert(data.load_one({ path = folder .. "/{symbol}_{date}.csv", cache = false }, "BRK"))
  lu.assertEquals(tonumber(entry.bars.n_bars), 3)
  lu.assertEquals(entry.paths[3], folder .. "/BRK_2015-01-04.csv")
  entry = assert(data.load_one({ path = folder .. "/{symbol_upper}*-?3.csv", cache = false, timeframe = "1d" }, "brk"))
  lu.assertEquals(entry.paths, { folder .. "/BRK_2015-01-03.csv" })
end

function TestData.test_paths_that_match_nothing()
  local none, message = data.load_one({ path = folder .. "/{symbol}_*.csv" }, "X")
  lu.assertNil(none)
  lu.assertStrContains(message, "no file matches '" .. folder .. "/X_*.csv'")
  none, message = data.load_one({ path = folder .. "/{symbl}.csv" }, "X")
  lu.assertNil(none)
  lu.assertStrContains(message, "holds {symbl}, expected {symbol}")
  none, message = data.load_one({ path = folder .. "/x.csv" }, "X")
  lu.assertNil(none)
  lu.assertStrContains(message, "x.csv: cannot be opened: No such file or directory")
end

function TestData.test_start_and_end_are_handed_back_and_cut_nothing()
  local path = write("a.csv", rows(10, 100))
  local loaded = assert(data.load { symbols = { { symbol = "A" } },
    data = { path = path, start = "2015-01-02 09:25", ["end"] = "2015-03-07", timezone = "America/New_York" } })
  lu.assertEquals(loaded.start_ns, 1420208700LL * 1000000000LL)
  lu.assertEquals(loaded.end_ns, 1425790800LL * 1000000000LL) -- midnight after, in New York
  lu.assertEquals(tonumber(loaded[1].bars.n_bars), 10)
  loaded = assert(data.load { symbols = { { symbol = "A" } },
    data = { path = path, ["end"] = "2015-03-08", timezone = "America/New_York" } })
  lu.assertEquals(loaded.end_ns, 1425873600LL * 1000000000LL) -- a day of 23 hours
  local none, message = data.load { symbols = { { symbol = "A" } }, data = { path = path, start = "soon" } }
  lu.assertNil(none)
  lu.assertStrContains(message, "'soon' is no time")
end

function TestData.test_a_symbol_overrides_the_data_section()
  write("a.csv", rows(10, 100))
  write("b.csv", rows(10, 1000))
  local loaded = assert(data.load { data = { path = folder .. "/{symbol_lower}.csv", quality = { gaps = "off" } },
    symbols = { "A", { symbol = "B", data = { price_scale = 0.001, quality = { negative = "flag" } } } } })
  lu.assertEquals(loaded[1].bars.open[0], 100)
  lu.assertEquals(loaded[2].bars.open[0], 1)
end

function TestData.test_quality_settings()
  local path = write("a.csv", "time,close\n2015-01-02,1\n2015-01-03,-1\n2015-01-04,3\n")
  local none, message = data.load_one({ path = path }, "A")
  lu.assertNil(none)
  lu.assertStrContains(message, "a.csv:3: 2015-01-03T00:00:00Z: negative")
  local entry = assert(data.load_one({ path = path, quality = { negative = "drop", price_jump_pct = 500 } }, "A"))
  lu.assertEquals(tonumber(entry.bars.n_bars), 2)
  lu.assertEquals(entry.report.dropped, { negative = 1 })
  lu.assertEquals(entry.report.found, { negative = 1 })
  lu.assertEquals(entry.report.issues[1].line, 3)
  lu.assertEquals(entry.report.issues[1].close, -1)
  none, message = data.load_one({ path = path, quality = { gaps = "repair" } }, "A")
  lu.assertNil(none)
  lu.assertStrContains(message, "quality: gaps cannot be 'repair', expected reject, flag, off")
  none, message = data.load_one({ path = path, quality = { gap = "flag" } }, "A")
  lu.assertNil(none)
  lu.assertStrContains(message, "quality: 'gap' is no rule")
  lu.assertEquals(data_quality.check(entry.bars).found, { price_jumps = 1 })
end

function TestData.test_column_files()
  local bars = assert(data.load_one({ path = write("a.csv", rows(10, 100)), cache = false }, "A")).bars
  assert(C.pln_column_write(folder .. "/A.plc", bars, nil, nil) == 0)
  local loaded = assert(data.load { data = { source = "column", path = folder .. "/{symbol}.plc" },
    symbols = { { symbol = "A", timeframes = { "1m", "10m" } } } })
  lu.assertEquals(loaded[1].fingerprint, ("%016x"):format(bars.content_hash))
  lu.assertEquals(loaded[2].timeframe, "10m")
end

function TestData.test_the_synthetic_market()
  local function load(settings)
    return assert(data.load { data = { source = "synthetic", synthetic = settings },
      symbols = { { symbol = "A" }, { symbol = "B" } } })
  end
  local one, two = load { bars = 500, seed = 3 }, load { bars = 500, seed = 3 }
  lu.assertEquals(one[1].fingerprint, two[1].fingerprint)
  lu.assertNotEquals(one[1].fingerprint, one[2].fingerprint)
  lu.assertNotEquals(one[1].fingerprint, load({ bars = 500, seed = 4 })[1].fingerprint)
  lu.assertEquals(tonumber(one[2].bars.n_bars), 500)
  local session = load { bars = 800, session = "us_equity", start = "2021-07-01", timeframe = "5m", correlation = 0.9 }
  lu.assertEquals(session[1].timeframe, "5m")
  lu.assertEquals(ffi.string(session[1].bars.timezone), "America/New_York")
  local none, message = data.load_one({ source = "synthetic", synthetic = { timeframe = "1w" } }, "A")
  lu.assertNil(none)
  lu.assertStrContains(message, "timeframe")
end

function TestData.test_unknown_source()
  local none, message = data.load_one({ source = "cvs", path = "x" }, "A")
  lu.assertNil(none)
  lu.assertStrContains(message, "data.source is 'cvs', expected csv, column or synthetic")
end

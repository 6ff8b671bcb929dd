-- Windows: folds of every type by bars, days, calendar time and shares.
local ffi = require "ffi"
local abi = require "abi"
local config = require "config"
local windows = require "windows"
local C = abi.C

TestWindows = {}

local function ns(text, zone)
  local out = ffi.new "int64_t[1]"
  assert(C.pln_time_parse_iso(text, zone and C.pln_timezone_get(zone), out) == 0, text)
  return out[0]
end

local function make_bars(times, timeframe, zone)
  local n = #times
  local ts, price = ffi.new("int64_t[?]", n), ffi.new("double[?]", n)
  for i = 1, n do
    ts[i - 1], price[i - 1] = times[i], 100
  end
  local bars = C.pln_bars_from_arrays("X", timeframe, n, ts, price, price, price, price, nil)
  assert(bars ~= nil, abi.last_error())
  return { bars = ffi.gc(bars, C.pln_bars_free), timezone = zone }
end

local DAY = 86400000000000LL

-- Bars of each weekday, at midnight UTC.
local function weekdays(from, to)
  local times, at, last = {}, ns(from), ns(to)
  while at <= last do
    if (tonumber(at / DAY) + 3) % 7 < 5 then times[#times + 1] = at end
    at = at + DAY
  end
  return make_bars(times, "1d")
end

local function numbered(n)
  local times = {}
  for i = 1, n do times[i] = (i - 1) * DAY end
  return make_bars(times, "1d")
end

local function day(ts_ns) return abi.iso_time(ts_ns):sub(1, 10) end

-- Each fold as "train …|test …", bars as positions from 0 (until exclusive).
local function shape(folds)
  local lines = {}
  for _, fold in ipairs(folds) do
    local parts = {}
    for _, role in ipairs { "train", "test" } do
      local spans = {}
      for k, window in ipairs(fold[role]) do
        lu.assertEquals(window.role, role)
        lu.assertEquals(window.fold, fold.number)
        lu.assertEquals(window.bars, window.last - window.first)
        spans[k] = ("%d-%d"):format(window.first, window.last)
      end
      parts[#parts + 1] = table.concat(spans, ",")
    end
    lines[#lines + 1] = table.concat(parts, "|")
  end
  return lines
end

function TestWindows.test_sizes()
  local cases = {
    [2000] = "bars 2000 2000", ["2_000"] = "bars 2000 2000", ["252d"] = "days 252 252d", ["4w"] = "weeks 4 4w",
    ["6mo"] = "months 6 6mo", ["2y"] = "months 24 2y", ["70%"] = "share 0.7 70%", ["0.5 %"] = "share 0.005 0.5%",
  }
  for text, expected in pairs(cases) do
    local size = assert(windows.size(text))
    lu.assertEquals(("%s %.15g %s"):format(size.kind, size.n, size.text), expected)
  end
  lu.assertEquals(windows.size "2021-06-30".kind, "date")
  for _, text in ipairs { "", "x", "6m", "-3", "120%", "1.5d", "2021-13-45", "3 months", "%" } do
    local size, message = windows.size(text)
    lu.assertNil(size, text)
    lu.assertStrContains(message, "expected")
  end
end

function TestWindows.test_full_is_the_range_as_it_is()
  local calendar = numbered(50)
  local folds, list = assert(windows.make("full", calendar))
  lu.assertEquals({ #folds, #list, #folds[1].train, list[1].bars, list[1].role }, { 1, 1, 0, 50, "full" })
  lu.assertTrue(list[1].from_ns == abi.INT64_MIN and list[1].until_ns == abi.INT64_MAX)
  calendar.from_ns, calendar.until_ns = 10 * DAY, 20 * DAY
  list = select(2, assert(windows.make({ type = "full" }, calendar)))
  lu.assertTrue(list[1].from_ns == 10 * DAY and list[1].until_ns == 20 * DAY and list[1].bars == 10)
end

function TestWindows.test_train_test()
  local calendar = numbered(101)
  local function of(spec)
    spec.type = "train_test"
    return shape(assert(windows.make(spec, calendar)))[1]
  end
  lu.assertEquals(of { train = "70%" }, "0-70|70-101")
  lu.assertEquals(of { train = 60, gap = 5 }, "0-60|65-101")
  lu.assertEquals(of { train = 60, test = 20 }, "0-60|60-80")
  lu.assertEquals(of { test = "30%" }, "0-71|71-101")
  lu.assertEquals(of { test = 30, gap = 3 }, "0-68|71-101")
  lu.assertEquals(of { train = "1970-02-09" }, "0-40|40-101") -- with this day, the fortieth
  lu.assertEquals(of { train = "1970-02-09", test = "1970-02-19" }, "0-40|40-50")
  lu.assertEquals(of { train = "1mo", test = "2w" }, "0-31|31-45")
  calendar.from_ns, calendar.until_ns = 10 * DAY, 60 * DAY
  lu.assertEquals(of { train = "50%" }, "10-35|35-60")
  lu.assertEquals(of { train = "10d", test = "1w" }, "10-20|20-27")
end

function TestWindows.test_boundaries_are_bar_times_and_join()
  local calendar = weekdays("2015-01-01", "2018-12-31")
  local folds = assert(windows.make({ type = "walk_forward", train = "1y", test = "3mo" }, calendar))
  local before
  for _, fold in ipairs(folds) do
    local train, test = fold.train[1], fold.test[1]
    lu.assertTrue(train.until_ns == test.from_ns)
    lu.assertTrue(calendar.bars.ts_ns[test.first] == test.from_ns)
    lu.assertTrue(calendar.bars.ts_ns[test.last - 1] == test.last_ns)
    if before then lu.assertTrue(before.until_ns == test.from_ns) end
    before = test
  end
  lu.assertEquals(#folds, 12)
  lu.assertEquals(day(folds[1].test[1].from_ns), "2016-01-01")
  lu.assertEquals(day(folds[2].train[1].from_ns), "2015-04-01")
  lu.assertEquals(day(folds[12].test[1].from_ns), "2018-10-01")
  -- The last window ends where the last bar closes.
  lu.assertEquals(day(folds[12].test[1].until_ns), "2019-01-01")
  lu.assertTrue(folds[12].test[1].until_ns == C.pln_bars_visible_ns(calendar.bars, calendar.bars.n_bars - 1))
end

function TestWindows.test_walk_forward_by_bars()
  local calendar = numbered(30)
  local function of(spec)
    spec.type = "walk_forward"
    return shape(assert(windows.make(spec, calendar)))
  end
  lu.assertEquals(of { train = 10, test = 5 }, { "0-10|10-15", "5-15|15-20", "10-20|20-25", "15-25|25-30" })
  lu.assertEquals(of { train = 10, test = 5, anchored = true },
    { "0-10|10-15", "0-15|15-20", "0-20|20-25", "0-25|25-30" })
  lu.assertEquals(of { train = 10, test = 5, gap = 2 }, { "0-10|12-17", "5-15|17-22", "10-20|22-27" })
  lu.assertEquals(of { train = 10, test = 5, step = 8 }, { "0-10|10-15", "8-18|18-23" })
  lu.assertEquals(of { train = 10, test = 8 }, { "0-10|10-18", "8-18|18-26" })
  lu.assertEquals(of { train = 10, test = 8, partial = true }, { "0-10|10-18", "8-18|18-26", "16-26|26-30" })
  lu.assertEquals(of { train = "50%", test = "20%" }, { "0-15|15-21", "6-21|21-27" })
  lu.assertEquals(of { train = "1970-01-12", test = 6, anchored = true }, { "0-12|12-18", "0-18|18-24", "0-24|24-30" })
end

-- Units may be mixed: tests still follow each other.
function TestWindows.test_mixed_units_leave_no_hole()
  local calendar = weekdays("2010-01-01", "2019-12-31")
  for _, spec in ipairs {
    { train = 500, test = "6mo" }, { train = "500d", test = "6mo", gap = 5 }, { train = "2y", test = 63 },
    { train = "30%", test = "1mo", gap = "1w" }, { train = "1y", test = "13w" }, { train = "2012-05-31", test = "1mo",
      anchored = true },
  } do
    spec.type = "walk_forward"
    local folds = assert(windows.make(spec, calendar))
    lu.assertTrue(#folds > 8)
    for k = 2, #folds do
      lu.assertEquals(folds[k].test[1].first, folds[k - 1].test[1].last)
      lu.assertTrue(folds[k].train[1].last <= folds[k].test[1].first)
    end
  end
end

-- A month after January 31 is February's last day, and two months after it is March 31.
function TestWindows.test_months_do_not_drift()
  local folds = assert(windows.make({ type = "walk_forward", train = "1mo", test = "1mo" },
    { bars = numbered(200).bars, from_ns = 30 * DAY })) -- 1970-01-31
  local starts = {}
  for k, fold in ipairs(folds) do starts[k] = day(fold.test[1].from_ns) end
  lu.assertEquals(starts, { "1970-02-28", "1970-03-31", "1970-04-30", "1970-05-31" })
end

-- Data may end a few days before the calendar's boundary, but not a month.
function TestWindows.test_the_end_of_the_data()
  local spec = { type = "walk_forward", train = "1y", test = "6mo" }
  local function n(last) return #assert(windows.make(spec, weekdays("2015-01-01", last))) end
  lu.assertEquals(n "2016-12-31", 2)
  lu.assertEquals(n "2016-12-28", 2)
  lu.assertEquals(n "2016-12-20", 1)
end

-- Days begin at local midnight.
function TestWindows.test_days_are_local()
  local times, at = {}, ns "2021-03-10T00:30:00Z"
  for i = 1, 10 * 24 do times[i] = at + (i - 1) * 3600000000000LL end
  local calendar = make_bars(times, "1h", "America/New_York")
  local folds = assert(windows.make({ type = "train_test", train = "3d", test = "2d" }, calendar))
  -- 2021-03-09 from 19:30 on, then the 10th and the 11th; from the 14th on New York is 4 hours behind.
  local text = function(ts) return abi.iso_time(ts) end
  lu.assertEquals(text(folds[1].test[1].from_ns), "2021-03-12T05:30:00Z")
  lu.assertEquals(text(folds[1].test[1].until_ns), "2021-03-14T05:30:00Z")
  folds = assert(windows.make({ type = "train_test", train = "1w" }, calendar))
  lu.assertEquals(text(folds[1].test[1].from_ns), "2021-03-16T04:30:00Z")
  lu.assertStrContains(windows.describe(folds), "2021-03-16 00:30")
end

function TestWindows.test_kfold()
  local calendar = numbered(23)
  lu.assertEquals(shape(assert(windows.make({ type = "kfold", folds = 4 }, calendar))),
    { "6-23|0-6", "0-6,12-23|6-12", "0-12,18-23|12-18", "0-18|18-23" })
  lu.assertEquals(shape(assert(windows.make({ type = "purged_kfold", folds = 4, purge = 2, embargo = 1 }, calendar))),
    { "7-23|0-6", "0-4,13-23|6-12", "0-10,19-23|12-18", "0-16|18-23" })
  lu.assertEquals(shape(assert(windows.make({ type = "purged_kfold", folds = 2, embargo = "10%" }, calendar))),
    { "14-23|0-12", "0-12|12-23" })
  lu.assertEquals(#assert(windows.make("kfold", calendar)), 5)
end

-- Lopez de Prado (2018), figure 12.1: 15 splits of six groups, two of them the test, and five paths.
function TestWindows.test_combinatorial_paths_of_the_book()
  local calendar = numbered(60)
  local folds, list = assert(windows.make({ type = "combinatorial", groups = 6, test_groups = 2 }, calendar))
  lu.assertEquals(#folds, 15)
  local paths = windows.paths(folds)
  lu.assertEquals(#paths, 5)
  local expected = { { 1, 1, 2, 3, 4, 5 }, { 2, 6, 6, 7, 8, 9 }, { 3, 7, 10, 10, 11, 12 }, { 4, 8, 11, 13, 13, 14 },
    { 5, 9, 12, 14, 15, 15 } }
  for p, path in ipairs(paths) do
    local numbers = {}
    for g, step in ipairs(path) do
      numbers[g] = step.fold
      lu.assertEquals(step.window.group, g)
      lu.assertEquals(step.window.first, (g - 1) * 10)
    end
    lu.assertEquals(numbers, expected[p])
  end
  lu.assertEquals(shape(folds)[1], "20-60|0-10,10-20")
  lu.assertEquals(shape(folds)[7], "0-10,20-30,40-60|10-20,30-40") -- groups 2 and 4
  -- Six test windows and the runs of groups between them: each is computed once.
  local tests = 0
  for _, window in ipairs(list) do tests = tests + (window.role ~= "train" and 1 or 0) end
  lu.assertEquals(tests, 6)
  lu.assertTrue(#list <= 6 * 7 / 2)
  local spec = { type = "combinatorial", groups = 5, test_groups = 3, purge = 1, embargo = 2 }
  folds = assert(windows.make(spec, calendar))
  lu.assertEquals(#folds, 10)
  lu.assertEquals(#windows.paths(folds), 6)
  lu.assertEquals(shape(folds)[2], "26-35,50-60|0-12,12-24,36-48")
end

-- No bar is in the training and the test of a fold, nor within purge before or embargo after a test; all others are.
function TestWindows.test_training_and_test_are_apart()
  local calendar = numbered(97)
  for _, spec in ipairs {
    { type = "purged_kfold", folds = 7, purge = 3, embargo = 2 }, { type = "kfold", folds = 6 },
    { type = "combinatorial", groups = 7, test_groups = 3, purge = 2, embargo = 4 },
  } do
    local folds = assert(windows.make(spec, calendar))
    for _, fold in ipairs(folds) do
      local use = {}
      for _, window in ipairs(fold.test) do
        for i = window.first, window.last - 1 do use[i] = "test" end
      end
      for i = 0, 96 do
        local out
        for d = 1, spec.purge or 0 do out = out or use[i + d] == "test" end
        for d = 1, spec.embargo or 0 do out = out or use[i - d] == "test" end
        if out and use[i] ~= "test" then use[i] = "out" end
      end
      for _, window in ipairs(fold.train) do
        for i = window.first, window.last - 1 do
          lu.assertNil(use[i])
          use[i] = "train"
        end
      end
      for i = 0, 96 do
        -- A rest of a single bar is no window.
        lu.assertTrue(use[i] ~= nil or use[i - 1] ~= "train" and use[i + 1] ~= "train")
      end
    end
  end
end

function TestWindows.test_distinct_windows_are_numbered_once()
  local folds, list = assert(windows.make({ type = "walk_forward", train = 5, test = 5 }, numbered(20)))
  lu.assertEquals(shape(folds), { "0-5|5-10", "5-10|10-15", "10-15|15-20" })
  lu.assertEquals(#list, 4)
  local numbers = {}
  for k, fold in ipairs(folds) do numbers[k] = { fold.train[1].number, fold.test[1].number } end
  lu.assertEquals(numbers, { { 1, 2 }, { 2, 3 }, { 3, 4 } })
  lu.assertEquals(list[2].role, "both")
  lu.assertEquals(list[2].uses, { { fold = 1, role = "test" }, { fold = 2, role = "train" } })
  lu.assertNil(list[2].fold)
  lu.assertEquals(list[4].fold, 3)
end

-- What comes after a fold's windows does not change them: more data adds folds, no more.
function TestWindows.test_more_data_changes_no_earlier_fold()
  for _, spec in ipairs { { train = 200, test = 50 }, { train = "1y", test = "2mo" }, { train = "250d", test = "30d",
    anchored = true, gap = 3 } } do
    spec.type = "walk_forward"
    local few = assert(windows.make(spec, weekdays("2015-01-01", "2017-06-30")))
    local many = assert(windows.make(spec, weekdays("2015-01-01", "2019-06-30")))
    lu.assertTrue(#many > #few)
    for k, line in ipairs(shape(few)) do lu.assertEquals(shape(many)[k], line) end
  end
end

local function fails(spec, calendar, pattern, key)
  local folds, message, at = windows.make(spec, calendar)
  lu.assertNil(folds)
  lu.assertStrMatches(message, ".*" .. pattern .. ".*")
  lu.assertEquals(at, key)
end

function TestWindows.test_errors_say_the_numbers_and_the_fix()
  local calendar = numbered(100)
  fails("walkforward", calendar, "did you mean 'walk_forward'", "type")
  fails({ type = "walk_forward", train = 10 }, calendar, "test is missing", "type")
  fails({ type = "walk_forward", train = 90, test = 20 }, calendar, "100 bars %(1970%-01%-01 to 1970%-04%-10%)",
    "train")
  fails({ type = "walk_forward", train = 10, test = 20, step = 5 }, calendar, "overlap.*expected a step as long",
    "step")
  fails({ type = "walk_forward", train = 10, test = 20, purge = 5 }, calendar, "takes no 'purge'", "purge")
  fails({ type = "walk_forward", train = 10, test = 0 }, calendar, "more than nothing", "test")
  fails({ type = "walk_forward", train = "1970-03-01", test = 5 }, calendar, "is a date", "train")
  fails({ type = "walk_forward", train = 10, test = 1 }, calendar, "has 1 bars, expected at least 2", "test")
  fails({ type = "train_test" }, calendar, "neither", "type")
  fails({ type = "train_test", train = 200 }, calendar, "train window of 200 does not fit", "train")
  fails({ type = "train_test", train = 80, test = 30 }, calendar, "test window of 30 does not fit behind", "test")
  fails({ type = "train_test", train = "100%" }, calendar, "100 bars are left for the training and 0", "train")
  fails({ type = "train_test", train = "wrong" }, calendar, "expected bars", "train")
  fails({ type = "kfold", folds = 60 }, calendar, "60 parts of at least 2 bars need 120", "folds")
  fails({ type = "kfold", folds = 1 }, calendar, "from 2 to 1000", "folds")
  fails({ type = "purged_kfold", folds = 2, purge = 50 }, calendar, "nothing for the training", "purge")
  fails({ type = "combinatorial", groups = 3, test_groups = 3 }, calendar, "nothing is left", "test_groups")
  fails({ type = "combinatorial", groups = 30, test_groups = 15 }, calendar, "155,117,520 ways", "groups")
  fails({ type = "full", common_start = 3 }, calendar, "expected true or false", "common_start")
  calendar.from_ns = 500 * DAY
  fails("full", calendar, "no bars from 1971%-05%-16", "type")
end

function TestWindows.test_from_yaml()
  local head = "data: {source: synthetic}\nsymbols: [X]\nstrategies: [momentum]\n"
  local cfg = assert(config.from_text(head .. "windows: {type: walk_forward, train: 2_000, test: 30%, step: 6mo}"))
  lu.assertEquals(cfg.windows, { type = "walk_forward", train = "2000", test = "30%", step = "6mo", anchored = false,
    partial = false, common_start = true })
  lu.assertNil(assert(config.from_text(head)).windows)
  local _, errors = config.from_text(head .. "windows:\n  type: walk_forward\n  train: 6m\n  test: 5\n  purge: 3")
  local text = ""
  for _, message in ipairs(errors) do text = text .. tostring(message) .. "\n" end
  lu.assertStrContains(text, "'6m' is no length")
  lu.assertStrContains(text, "windows.purge: unknown key")
end

function TestWindows.test_the_table()
  local folds = assert(windows.make({ type = "train_test", train = "70%" }, numbered(100)))
  lu.assertEquals(windows.describe(folds), [[
fold | role  | window | first bar  | last bar   | bars
-----+-------+--------+------------+------------+-----
   1 | train |      1 | 1970-01-01 | 1970-03-11 |   70
   1 | test  |      2 | 1970-03-12 | 1970-04-10 |   30
]])
  folds = assert(windows.make({ type = "walk_forward", train = 10, test = 2 }, numbered(100)))
  lu.assertStrContains(windows.describe(folds, { rows = 6 }), "and 84 more windows")
end

-- Corporate actions: factor and map files, columns of the data, tables; what features see and what the account gets.
local abi = require "abi"
local actions = require "actions"
local config = require "config"
local plan = require "plan"
local support = require "support"
local C = abi.C

TestCorporateActions = {}

function TestCorporateActions.tearDown() support.cleanup() end

local PRICES = "date,open,high,low,close,volume\n2024-01-02,100,100,100,100,10\n2024-01-03,110,110,110,110,10\n"
  .. "2024-01-04,55,55,50,50,20\n2024-01-05,49,49,49,49,20\n"

local function planned(data, keys, symbol)
  local text = ("data: {%s, cache: false}\nsymbols: [%s]\nstrategies: [buy_and_hold]\n%s"):format(data, symbol or "X",
    keys or "")
  local cfg, errors = config.from_text(text)
  if not cfg then return nil, tostring(errors[1]) end
  local made, err = plan.new(cfg)
  if not made then return nil, tostring(err) end
  return made
end

-- The account's actions as texts, raw closes, adjusted closes.
local function seen(made)
  local record, texts, raw, adjusted = made.symbols[1], {}, {}, {}
  for i, action in ipairs(actions.list(record.actions, record.n_actions)) do
    texts[i] = ("%s %s %.6g"):format(action.time, action.kind, action.value)
  end
  for i = 0, tonumber(record.bars.n_bars) - 1 do
    raw[i + 1], adjusted[i + 1] = record.bars.close[i], record.streams[1].bars.close[i]
  end
  return texts, raw, adjusted
end

local function a_table(rows)
  local folder = support.folder()
  local path = support.write(folder .. "/x.csv", PRICES)
  local file = support.write(folder .. "/actions.csv", "date,symbol,kind,value\n" .. (rows
    or "2024-01-05,X,dividend,1\n2024-01-04,X,split,2\n2024-01-03,Y,split,7\n"))
  return "path: " .. path, "corporate_actions: {path: " .. file .. "%s}"
end

function TestCorporateActions.test_a_table()
  local data, keys = a_table()
  local texts, raw, adjusted = seen(assert(planned(data, keys:format "")))
  lu.assertEquals(texts, { "2024-01-04T00:00:00Z split 2", "2024-01-05T00:00:00Z dividend 1" })
  lu.assertEquals(raw, { 100, 110, 50, 49 })
  lu.assertEquals(adjusted, { 100 * (0.98 * 0.5), 110 * (0.98 * 0.5), 50 * 0.98, 49 })
end

function TestCorporateActions.test_modes()
  local data, keys = a_table()
  local function of(mode) return seen(assert(planned(data, keys:format(", " .. mode)))) end
  local texts, raw, adjusted = of "adjust: raw"
  lu.assertEquals({ texts, raw, adjusted }, { {}, { 100, 110, 50, 49 }, { 100, 110, 50, 49 } })
  texts, raw, adjusted = of "adjust: both"
  lu.assertEquals(texts, {})
  lu.assertEquals(raw, adjusted)
  lu.assertEquals(raw[3], 49)
  texts, raw, adjusted = of "adjust_for: splits"
  lu.assertEquals({ #texts, raw[1], adjusted }, { 2, 100, { 50, 55, 50, 49 } })
  texts, raw, adjusted = of "adjust: both, adjust_for: splits"
  lu.assertEquals({ texts, raw, adjusted },
    { { "2024-01-05T00:00:00Z dividend 1" }, { 50, 55, 50, 49 }, { 50, 55, 50, 49 } })
end

-- A dividend from before a split is paid in the units of that time: prices that are adjusted for splits need it in
-- today's.
function TestCorporateActions.test_dividends_in_units_of_today()
  local data, keys = a_table "2024-01-03,X,dividend,4\n2024-01-04,X,split,2\n"
  lu.assertEquals(seen(assert(planned(data, keys:format ", adjust: both, adjust_for: splits"))),
    { "2024-01-03T00:00:00Z dividend 2" })
  lu.assertEquals(seen(assert(planned(data, keys:format ""))),
    { "2024-01-03T00:00:00Z dividend 4", "2024-01-04T00:00:00Z split 2" })
end

function TestCorporateActions.test_delistings()
  local data, keys = a_table "2024-01-06,X,delist,\n"
  lu.assertEquals(seen(assert(planned(data, keys:format ""))), { "2024-01-06T00:00:00Z delist nan" })
  data, keys = a_table "2024-01-06,X,delist,3.5\n"
  lu.assertEquals(seen(assert(planned(data, keys:format ", adjust: both"))), { "2024-01-06T00:00:00Z delist 3.5" })
end

function TestCorporateActions.test_days_begin_in_the_zone_of_the_data()
  local data, keys = a_table "2024-01-04,X,split,2\n"
  lu.assertEquals(seen(assert(planned(data .. ", timezone: America/New_York", keys:format ""))),
    { "2024-01-04T05:00:00Z split 2" })
end

function TestCorporateActions.test_coarser_bars_are_made_of_adjusted_ones()
  local data, keys = a_table()
  local made = assert(planned(data, keys:format "", "{symbol: X, timeframes: [1w, 1d]}"))
  local week, day = made.symbols[1].streams[1].bars, made.symbols[1].bars
  lu.assertEquals({ week.high[0], week.low[0], week.close[0] }, { 110 * (0.98 * 0.5), 49, 49 })
  lu.assertEquals({ tonumber(day.n_bars), day.close[0] }, { 4, 100 }) -- fills are on raw days
end

function TestCorporateActions.test_columns_of_the_data()
  local folder = support.folder()
  local path = support.write(folder .. "/x.csv", "date,open,high,low,close,volume,Dividends,Stock Splits\n"
    .. "2024-01-02,100,100,100,100,10,0,0\n2024-01-03,50,50,50,50,20,0,2\n2024-01-04,48,48,48,48,20,2,0\n")
  local keys = "corporate_actions: {layout: zipline}"
  local texts, raw, adjusted = seen(assert(planned("path: " .. path, keys)))
  lu.assertEquals(texts, { "2024-01-03T00:00:00Z split 2", "2024-01-04T00:00:00Z dividend 2" })
  lu.assertEquals(raw, { 100, 50, 48 })
  lu.assertEquals(adjusted, { 48, 48, 48 })
end

function TestCorporateActions.test_mistakes()
  local data, keys = a_table "2024-01-04,X,split,2\n"
  local function fails(more, part, rows)
    local d, k = data, keys
    if rows then d, k = a_table(rows) end
    local made, message = planned(d, k:format(more))
    lu.assertNil(made)
    lu.assertStrContains(message, part)
  end
  fails("", "actions.csv:2:14: kind: 'spilt' is not one of split, dividend, delist", "2024-01-04,X,spilt,2\n")
  fails("", "actions.csv:2:1: value: a split needs a value above 0", "2024-01-04,X,split,\n")
  fails("", "actions.csv:2:1: date: '4.1.2024' is no date", "4.1.2024,X,split,2\n")
  fails("", "the dividend of 2024-01-05 is 50, expected less than the close before it, 50",
    "2024-01-05,X,dividend,50\n")
  fails(", prices: raw", "the split of 2024-01-05, 4 for one, does not show in the prices (50 before it, 49 after)",
    "2024-01-05,X,split,4\n")
  lu.assertEquals(#seen(assert(planned(a_table "2024-01-05,X,split,4\n", (select(2, a_table "2024-01-05,X,split,4\n"))
    :format ", prices: split_adjusted"))), 0)
  local function refuses(text, part)
    local made, message = planned(data, "corporate_actions: {" .. text .. "}")
    lu.assertNil(made)
    lu.assertStrContains(message, part)
  end
  refuses("layout: csv", "corporate_actions.path: missing; layout: csv needs the path of a file")
  refuses("layout: zipline, path: x.csv", "goes with layout: lean and csv")
  refuses("layout: zipline", "there is no column dividend or split")
  refuses("path: 'nowhere/{symbol}.csv'", "nowhere/X.csv: there is no such file")
  refuses("layout: lean, path: a.csv, prices: split_adjusted", "factor files are made for raw prices")
  refuses("path: a.csv, map_path: b.csv", "map_path: goes with layout: lean")
  lu.assertNotNil(planned(data, "corporate_actions: {path: 'nowhere/{symbol}.csv', missing: ignore}"))
end

function TestCorporateActions.test_factor_files_that_are_wrong()
  local folder = support.folder()
  local path = support.write(folder .. "/x.csv", PRICES)
  local function fails(text, part)
    local file = support.write(folder .. "/f.csv", text)
    local made, message = planned("path: " .. path, ("corporate_actions: {layout: lean, path: %s}"):format(file))
    lu.assertNil(made)
    lu.assertStrContains(message, part)
  end
  fails("20240103,1,0.5,100\n2024014,1,1,0\n", "f.csv:2:1: found the date '2024014', expected one as 20140606")
  fails("20240104,1,0.5,100\n20240103,1,1,0\n", "f.csv:2:1: 20240103 is not after the row before it")
  fails("20240104,1,half,100\n", "f.csv:1:12: split_factor: 'half' is not a number")
  fails("20240104,1\n", "f.csv:1:1: split_factor: missing")
end

-- Real data -------------------------------------------------------------------------------------------------------

local LEAN = "path: '%s/{symbol_lower}.zip', layout: lean_trade, price_scale: 0.0001, timezone: America/New_York"

local function lean(symbol, more)
  local daily = support.shared("data/lean/equity/usa/daily/aapl.zip"):match "^(.*)/[^/]*$"
  local usa = daily:match "^(.*)/daily$"
  return assert(planned(LEAN:format(daily), ("corporate_actions: {layout: lean, "
    .. "path: '%s/factor_files/{symbol_lower}.csv', map_path: '%s/map_files/{symbol_lower}.csv'%s}"):format(usa, usa,
    more or ""), symbol))
end

-- MANIFEST: the first row whose date is at or after the bar's.
function TestCorporateActions.test_prices_by_factor_files()
  for _, symbol in ipairs { "AAPL", "SPY", "IBM", "AIG" } do
    local made = lean(symbol)
    local record = made.symbols[1]
    local raw, adjusted = record.bars, record.streams[1].bars
    local rows, factors = {}, support.shared("data/lean/equity/usa/factor_files/" .. symbol:lower() .. ".csv")
    for line in support.read(factors):gmatch "[^\r\n]+" do
      local date, price, split = line:match "^(%d+),([^,]+),([^,]+)"
      rows[#rows + 1] = { date, tonumber(price), tonumber(split) }
    end
    local at, zone = 1, C.pln_timezone_get "America/New_York"
    for i = 0, tonumber(raw.n_bars) - 1 do
      local date = abi.iso_time(C.pln_timezone_to_local(zone, raw.ts_ns[i])):sub(1, 10):gsub("-", "")
      while rows[at][1] < date do at = at + 1 end
      local row = rows[at]
      if adjusted.close[i] ~= raw.close[i] * (row[2] * row[3]) or adjusted.volume[i] ~= raw.volume[i] / row[3] then
        lu.fail(("%s %s: %.17g"):format(symbol, date, adjusted.close[i]))
      end
    end
  end
end

-- Dividends and splits that factors imply are those that zipline's file lists; its prices are adjusted for splits, and
-- so are its dividends.
function TestCorporateActions.test_factor_files_agree_with_zipline()
  for _, symbol in ipairs { "AAPL", "IBM" } do
    local path = support.shared("data/zipline/csvdir_" .. symbol .. ".csv.gz")
    local made = assert(planned("path: " .. path, "corporate_actions: {layout: zipline, prices: split_adjusted}",
      symbol))
    local theirs, first = {}, "2012-01-03"
    for _, action in ipairs(actions.list(made.symbols[1].actions, made.symbols[1].n_actions)) do
      theirs[action.time:sub(1, 10)] = action.value
    end
    local ours, split, splits = {}, 1, {}
    local record = lean(symbol).symbols[1]
    local list = actions.list(record.actions, record.n_actions)
    for i = #list, 1, -1 do -- back to front: in the units of the end of zipline's file
      local day = list[i].time:sub(1, 10)
      if day >= first and day < "2015-01-01" then
        if list[i].kind == "split" then
          split = split * list[i].value
          splits[#splits + 1] = day .. " " .. list[i].value
        else
          ours[day] = list[i].value / split
        end
      end
    end
    local n = 0
    for day, value in pairs(theirs) do
      n = n + 1
      lu.assertNotNil(ours[day], symbol .. " " .. day)
      lu.assertAlmostEquals(ours[day], value, 0.0051 / split, symbol .. " " .. day)
    end
    for day in pairs(ours) do lu.assertNotNil(theirs[day], symbol .. " " .. day) end
    lu.assertTrue(n >= 10)
    if symbol == "AAPL" then lu.assertEquals(splits, { "2014-06-07 7" }) end -- a Saturday: before Monday's bar
  end
end

-- Yahoo's adjusted closes, which somebody else adjusted from another source: eleven years of returns agree. (Closes
-- of the two sources differ, last trades and those of the closing auction, so that days do, by up to
-- 0.7 %, and nothing adds up. Without AAPL's dividends it would be 0.15.)
function TestCorporateActions.test_returns_agree_with_adjusted_closes()
  local path = support.shared "data/daily_misc/skfolio_sp500_20stocks.csv.gz"
  for _, symbol in ipairs { "AAPL", "BAC" } do
    local ours = lean(symbol).symbols[1].streams[1].bars
    local theirs = assert(planned(("path: %s, columns: {close: %s}"):format(path, symbol))).symbols[1].bars
    local closes, n, worst, first, last = {}, 0, 0, nil, nil
    for i = 0, tonumber(theirs.n_bars) - 1 do closes[abi.iso_time(theirs.ts_ns[i]):sub(1, 10)] = theirs.close[i] end
    for i = 0, tonumber(ours.n_bars) - 1 do
      local day = abi.iso_time(ours.ts_ns[i]):sub(1, 10)
      if day >= "2010" and closes[day] then
        local log = math.log(ours.close[i] / closes[day])
        if last then worst = math.max(worst, math.abs(log - last)) end
        first, last, n = first or log, log, n + 1
      end
    end
    lu.assertEquals(n, 2830)
    lu.assertTrue(worst < 0.007, symbol .. " " .. worst)
    lu.assertTrue(math.abs(last - first) < 0.001, symbol .. " " .. last - first)
  end
end

-- The trap in those files: prices from which splits are taken out, beside a column of splits.
function TestCorporateActions.test_zipline_files_are_recognised()
  local path = support.shared "data/zipline/csvdir_AAPL.csv.gz"
  local made, message = planned("path: " .. path, "corporate_actions: {layout: zipline}", "AAPL")
  lu.assertNil(made)
  lu.assertStrContains(message, "the split of 2014-06-09, 7 for one, does not show in the prices")
  lu.assertStrContains(message, "split_adjusted")
end

function TestCorporateActions.test_map_files()
  local twx = support.shared "data/lean/equity/usa/map_files/twx.csv"
  local factors = twx:gsub("map_files", "factor_files")
  local path = support.write(support.folder() .. "/x.csv", PRICES)
  local made = assert(planned(("path: %s, timezone: America/New_York"):format(path),
    ("corporate_actions: {layout: lean, path: %s, map_path: %s, dividend_decimals: 4}"):format(factors, twx), "TWX"))
  local record = made.symbols[1]
  local last = actions.list(record.actions, record.n_actions)[record.n_actions]
  lu.assertEquals({ last.time, last.kind }, { "2018-06-16T04:00:00Z", "delist" })
  lu.assertTrue(last.value ~= last.value)
end

-- With nothing said about actions the bars are the file's own, and so is the run's hash of its data.
function TestCorporateActions.test_nothing_said()
  local data = a_table()
  local made = assert(planned(data))
  lu.assertIs(made.symbols[1].bars, made.streams[1].bars)
  lu.assertEquals(made.symbols[1].n_actions, 0)
  local _, keys = a_table()
  lu.assertNotEquals(made.data_hash, assert(planned(data, keys:format "")).data_hash)
end

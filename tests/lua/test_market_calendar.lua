-- Market calendars: files of one's own, and the built-in ones against the times of real data.
local ffi = require "ffi"
local abi = require "abi"
local config = require "config"
local data = require "data"
local market_calendar = require "market_calendar"
local support = require "support"
local C = abi.C

TestMarketCalendar = {}

function TestMarketCalendar.tearDown() support.cleanup() end

local session = ffi.new "pln_session"

local function bars_of(yaml)
  local cfg, errors = config.from_text("data: {" .. yaml .. ", cache: false, quality: {gaps: off, price_jumps: off, "
    .. "volume_outliers: off}}\nsymbols: [X]\nstrategies: [momentum]")
  assert(cfg, tostring(errors and errors[1]))
  local loaded, message = data.load(cfg)
  assert(loaded, message)
  return loaded[1].bars
end

local function days_since_1970(bars, i)
  local zone = C.pln_timezone_get(bars.timezone)
  return tonumber(C.pln_timezone_to_local(zone, bars.ts_ns[i]) / 86400000000000LL)
end

-- The days that the data of an exchange has are the calendar's, one by one.
local function assert_same_days(bars, calendar, what)
  local n, missing, extra = tonumber(bars.n_bars), {}, {}
  local first, last, seen = days_since_1970(bars, 0), days_since_1970(bars, n - 1), {}
  for i = 0, n - 1 do seen[days_since_1970(bars, i)] = true end
  for day = first, last do
    local open = C.pln_calendar_day_session(calendar, day, session) == 1
    if open and not seen[day] then missing[#missing + 1] = day end
    if seen[day] and not open then extra[#extra + 1] = day end
  end
  lu.assertEquals({ missing, extra }, { {}, {} }, what)
end

function TestMarketCalendar.test_days_of_spy()
  local path = support.shared "data/lean/equity/usa/daily/spy.zip"
  local bars = bars_of(("path: %s, layout: lean_trade, price_scale: 0.0001, timezone: America/New_York"):format(path))
  lu.assertEquals(tonumber(bars.n_bars), 5849)
  assert_same_days(bars, market_calendar.get "us_equity", "SPY, 1998 to 2021")
end

function TestMarketCalendar.test_days_of_others()
  for _, file in ipairs { "daily_misc/pandas_ta_SPY_D.csv.gz", "backtrader/orcl-1995-2014.txt.gz",
    "backtrader/nvda-1999-2014.txt.gz", "zipline/csvdir_IBM.csv.gz", "backtesting_py/GOOG.csv" } do
    local bars = bars_of(("path: %s"):format(support.shared("data/" .. file)))
    assert_same_days(bars, market_calendar.get "us_equity", file)
  end
end

-- Bars that open outside of a session, by local date.
local function outside(bars, calendar)
  local cursor, days = ffi.new "pln_calendar_cursor", {}
  for i = 0, tonumber(bars.n_bars) - 1 do
    if C.pln_calendar_session_at_cursor(calendar, bars.ts_ns[i], cursor) ~= 1 then
      local day = abi.iso_time(C.pln_timezone_to_local(C.pln_calendar_timezone(calendar), bars.ts_ns[i])):sub(1, 10)
      days[day] = (days[day] or 0) + 1
    end
  end
  return days
end

function TestMarketCalendar.test_minutes_of_equities()
  local calendar = market_calendar.get "us_equity"
  local path = support.shared "data/equity_1m_2015/SPY_1m.csv.gz"
  -- The file has trades after the early closes of these half days, and nothing else outside of sessions.
  lu.assertEquals(outside(bars_of(("path: %s, timezone: America/Chicago"):format(path)), calendar),
    { ["2014-11-28"] = 138, ["2014-12-24"] = 85 })
end

function TestMarketCalendar.test_minutes_of_futures()
  local calendar = market_calendar.get "cme_futures"
  local es = support.shared("data/lean/future/cme/minute/es/20131007_trade.zip"):gsub("20131007", "*")
  local bars = bars_of(("path: '%s', layout: lean_trade, member: '*201312*', price_scale: 0.0001"):format(es))
  lu.assertEquals(outside(bars, calendar), {})
  -- Currency futures have no early close on that holiday.
  local path = support.shared "data/nautilus/xcme/6EH4.XCME_1min_bars_20240101_20240131.csv.gz"
  lu.assertEquals(outside(bars_of(("path: %s, stamp: close"):format(path)), calendar), { ["2024-01-15"] = 155 })
end

function TestMarketCalendar.test_minutes_of_fx()
  for _, file in ipairs { "gbpusd-m1-bid-2012", "usdjpy-m1-bid-2013" } do
    local bars = bars_of(("path: %s"):format(support.shared("data/nautilus/fxcm/" .. file .. ".csv.gz")))
    lu.assertEquals(outside(bars, market_calendar.get "fx"), {}, file)
  end
end

function TestMarketCalendar.test_a_calendar_in_yaml()
  local folder = support.folder()
  local path = support.write(folder .. "/xetra.yaml", [[
timezone: Europe/Berlin
sessions: {weekdays: "09:00-17:30"}
holidays: {2024-12-25: Christmas, 2024-12-26: }
half_days: {2024-12-30: "09:00-14:00"}
]])
  local calendar = assert(market_calendar.get(path))
  lu.assertEquals(ffi.string(C.pln_calendar_name(calendar)), "xetra")
  lu.assertEquals(C.pln_calendar_is_open(calendar, 0), 0)
  local list, n = market_calendar.year(calendar, 2024)
  lu.assertEquals(n, 262 - 2)
  lu.assertEquals({ list[1].date, list[1].kind, list[1].note }, { "2024-12-25", "closed", "Christmas" })
  lu.assertEquals({ list[#list].date, list[#list].kind, abi.iso_time(list[#list].close_ns) },
    { "2024-12-30", "early close", "2024-12-30T13:00:00Z" })
  lu.assertIs(market_calendar.get(path), calendar)
end

function TestMarketCalendar.test_a_calendar_in_csv()
  local folder = support.folder()
  local path = support.write(folder .. "/mine.csv", "day,hours,note\nbase,us_equity\n2024-07-05,,bridge day\n")
  local calendar = assert(market_calendar.get(path))
  local list, n = market_calendar.year(calendar, 2024)
  lu.assertEquals(n, 251)
  local kinds = {}
  for _, item in ipairs(list) do kinds[item.date] = item.kind .. " " .. item.note end
  lu.assertEquals(kinds["2024-07-03"], "early close day before Independence Day")
  lu.assertEquals(kinds["2024-07-05"], "closed bridge day")
  path = support.write(folder .. "/night.csv", "day,hours\ntimezone,America/Chicago\nmonday,-17:00-16:00\n")
  calendar = assert(market_calendar.get(path))
  local found = market_calendar.session_at(calendar, assert(require("actions").instant("2024-01-07", "UTC")))
  lu.assertEquals({ abi.iso_time(found.open_ns), abi.iso_time(found.close_ns), found.is_open },
    { "2024-01-07T23:00:00Z", "2024-01-08T22:00:00Z", false })
end

function TestMarketCalendar.test_mistakes_say_where()
  local folder = support.folder()
  local cases = {
    { "a.yaml", "timezone: UTC\nsessions: {monday: 9-5}", "a.yaml:2:12: '9-5' is no hours; expected 09:30-16:00" },
    { "b.yaml", "sessions: {moonday: 09:00-10:00}", "b.yaml:1:12: 'moonday' is no day" },
    { "c.yaml", "timezone: Mars\nsessions: {monday: 09:00-10:00}", "time zone 'Mars' is not" },
    { "d.csv", "day,hours\nmonday,09:00-10:00\n2024-13-01,\n", "d.csv:3:1: '2024-13-01' is no day" },
    { "e.yaml", "base: us_equity\nsessions: {monday: 09:00-10:00}", "base brings its own timezone and sessions" },
    { "f.yaml", "timezone: UTC", "no day is open" },
    { "g.csv", "day,hours\nmonday,09:00-10:00\n2024-01-01\n2024-01-01\n", "2024-01-01 is given twice" },
    { "h.csv", "hours\n09:00-10:00\n", "found no day" },
    { "i.yaml", "hours: x", "i.yaml:1:8: unknown key 'hours'" },
  }
  for _, case in ipairs(cases) do
    local calendar, message = market_calendar.get(support.write(folder .. "/" .. case[1], case[2]))
    lu.assertNil(calendar)
    lu.assertStrContains(message, case[3])
  end
  lu.assertStrContains(select(2, market_calendar.get "nyse"), "expected us_equity, cme_futures, fx or 24/7")
  lu.assertStrContains(select(2, market_calendar.get(folder .. "/none.csv")), "cannot be opened")
  local _, errors = config.from_text("data: {source: synthetic, calendar: nyse}\nsymbols: [A]\nstrategies: [momentum]")
  lu.assertStrContains(tostring(errors[1]), "config:1:37: data.calendar: 'nyse' is no market calendar")
end

-- Without hours of its own the rule out_of_session goes by the calendar.
function TestMarketCalendar.test_quality()
  local folder = support.folder()
  local function found(text, more)
    local path = support.write(folder .. "/q.csv", text)
    local loaded, message = data.load_one({ path = path, timezone = "America/New_York", calendar = "us_equity",
      cache = false, timeframe = more.timeframe, session = more.session, quality = more.quality })
    if not loaded then return message end
    return loaded.report.found.out_of_session or 0, tonumber(loaded.bars.n_bars)
  end
  local minutes = "time,close\n2024-07-03 12:59,1\n2024-07-03 13:00,2\n2024-07-04 10:00,3\n2024-07-05 09:29,4\n"
    .. "2024-07-05 09:30,5\n"
  lu.assertEquals({ found(minutes, { timeframe = "1m" }) }, { 3, 5 })
  lu.assertEquals({ found(minutes, { timeframe = "1m", quality = { out_of_session = "drop" } }) }, { 3, 2 })
  lu.assertEquals(found(minutes, { timeframe = "1m", session = "09:30-16:00" }), 1)
  lu.assertStrContains(found(minutes, { timeframe = "1m", quality = { out_of_session = "reject" } }), "q.csv:3: ")
  lu.assertEquals(found("date,close\n2024-07-03,1\n2024-07-04,2\n2024-07-05,3\n", { timeframe = "1d" }), 1)
end

-- A decision on a daily bar is known at the session's close with a calendar, at midnight without.
function TestMarketCalendar.test_days_are_visible_at_the_close()
  local folder = support.folder()
  local path = support.write(folder .. "/x.csv", "date,close\n2024-07-02,1\n2024-07-03,2\n2024-07-05,3\n2024-07-08,4\n")
  local function visible(more, i)
    local bars = bars_of(("path: %s, timezone: America/New_York%s"):format(path, more))
    return abi.iso_time(C.pln_bars_visible_ns(bars, i))
  end
  lu.assertEquals(visible("", 1), "2024-07-04T04:00:00Z")
  lu.assertEquals(visible(", calendar: us_equity", 1), "2024-07-03T17:00:00Z")
  lu.assertEquals(visible(", calendar: us_equity", 2), "2024-07-05T20:00:00Z")
end

-- Indicators of the calendar, on days and in zones that vector files do not have; expected values from os.date.
local ffi = require "ffi"
local abi = require "abi"
local feature = require "feature"
local C = abi.C

local SECOND = 1000000000LL

local function bars_at(times, timezone, timeframe)
  local n = #times
  local ts, price = ffi.new("int64_t[?]", n), ffi.new("double[?]", n)
  for i = 1, n do
    ts[i - 1] = times[i] * SECOND
    price[i - 1] = 100
  end
  local owned = C.pln_bars_from_arrays("X", timeframe or "1m", n, ts, price, price, price, price, nil)
  assert(owned ~= nil, abi.last_error())
  ffi.gc(owned, C.pln_bars_free)
  if not timezone then return owned end
  local bars = ffi.new("pln_bars", owned[0]) -- the same columns
  bars.timezone = timezone
  return bars, owned
end

local function compute(times, timezone, expressions)
  local bars, owner = bars_at(times, timezone)
  local columns = assert(feature.compute(bars, expressions))
  return columns, owner
end

local function is_leap(year) return year % 4 == 0 and year % 100 ~= 0 or year % 400 == 0 end

local function utc(text)
  local year, month, day, hour, minute = text:match "(%d+)-(%d+)-(%d+) (%d+):(%d+)"
  local lengths = { 31, is_leap(tonumber(year)) and 29 or 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }
  local days = day - 1
  for y = 1970, year - 1 do days = days + (is_leap(y) and 366 or 365) end
  for m = 1, month - 1 do days = days + lengths[m] end
  return days * 86400 + hour * 3600 + minute * 60
end

TestCalendar = {}

function TestCalendar.test_dates()
  local times = {}
  for i = 0, 2000 do times[#times + 1] = i * 977 * 3600 + 61 * i - 3700000000 end -- some 41 days apart, from 1852
  local expressions = { "minute_of_day()", "hour_of_day()", "day_of_week()", "day_of_month()", "day_of_year()",
    "month()" }
  local columns = compute(times, nil, expressions)
  for i, time in ipairs(times) do
    local t = os.date("!*t", time)
    local row = i - 1
    lu.assertEquals(columns[1][row], t.hour * 60 + t.min)
    lu.assertEquals(columns[2][row], t.hour)
    lu.assertEquals(columns[3][row], (t.wday + 5) % 7 + 1)
    lu.assertEquals(columns[4][row], t.day)
    lu.assertEquals(columns[5][row], t.yday)
    lu.assertEquals(columns[6][row], t.month)
  end
end

function TestCalendar.test_every_day_of_some_years()
  local times = {}
  for day = 10957 - 366, 10957 + 800 do times[#times + 1] = day * 86400 + 86399 end -- 1998-12-31 to 2002
  local columns = compute(times, nil, { "day_of_month()", "month()", "day_of_year()", "day_of_week()" })
  for i, time in ipairs(times) do
    local t = os.date("!*t", time)
    lu.assertEquals({ columns[1][i - 1], columns[2][i - 1], columns[3][i - 1], columns[4][i - 1] },
      { t.day, t.month, t.yday, (t.wday + 5) % 7 + 1 })
  end
end

-- New York is at UTC - 5 h, and at UTC - 4 h from 2021-03-14 to 2021-11-07.
function TestCalendar.test_local_time()
  local at = {
    { "2021-03-12 14:29", 569 }, { "2021-03-12 14:30", 570 }, { "2021-03-15 13:29", 569 }, { "2021-03-15 13:30", 570 },
    { "2021-03-15 19:59", 959 }, { "2021-03-15 20:00", 960 }, { "2021-11-05 13:30", 570 }, { "2021-11-08 14:30", 570 },
    { "2021-11-08 20:59", 959 }, { "2021-11-08 21:00", 960 }, { "2021-11-09 04:59", 1439 }, { "2021-11-09 05:00", 0 },
  }
  local times = {}
  for i, one in ipairs(at) do times[i] = utc(one[1]) end
  local columns = compute(times, "America/New_York", { "minute_of_day()", "is_session_open()", "session_progress()",
    "time_to_close()", "session_progress().valid", "bars_since_open()", "day_of_week()", "bars_since_open(1080)" })
  local sessions = { 5, 5, 1, 1, 1, 1, 5, 1, 1, 1, 1, 2 }
  local since = { 0, 1, 0, 1, 2, 3, 0, 0, 1, 2, 3, 0 }
  local evening = { 0, 1, 0, 1, 2, 3, 0, 0, 1, 2, 0, 1 }
  for i, one in ipairs(at) do
    local row, minute = i - 1, one[2]
    local open = minute >= 570 and minute < 960
    lu.assertEquals(columns[1][row], minute)
    lu.assertEquals(columns[2][row], open and 1 or 0)
    lu.assertAlmostEquals(columns[3][row], open and (minute + 1 - 570) / 390 or 0, 1e-15)
    lu.assertEquals(columns[4][row], open and 960 - minute - 1 or 0)
    lu.assertEquals(columns[5][row], open and 1 or 0)
    lu.assertEquals(columns[6][row], since[i])
    lu.assertEquals(columns[7][row], sessions[i])
    lu.assertEquals(columns[8][row], evening[i])
  end
end

function TestCalendar.test_a_session_past_midnight()
  -- 18:00 to 17:00 of the next day
  local times = {}
  for minute = 0, 2879 do times[#times + 1] = utc "2021-06-01 00:00" + minute * 60 end
  local columns = compute(times, nil, { "session_progress(1080, 1020)", "time_to_close(1080, 1020)",
    "is_session_open(1080, 1020)", "bars_since_open(1080)" })
  for minute = 0, 2879 do
    local of_day = minute % 1440
    local elapsed = (of_day + 360) % 1440
    local open = elapsed < 1380
    lu.assertAlmostEquals(columns[1][minute], open and (elapsed + 1) / 1380 or 0, 1e-15)
    lu.assertEquals(columns[2][minute], open and 1380 - elapsed - 1 or 0)
    lu.assertEquals(columns[3][minute], open and 1 or 0)
    lu.assertEquals(columns[4][minute], minute < 1080 and minute or elapsed)
  end
end

function TestCalendar.test_bars_end_with_the_session()
  local times = { utc "2021-06-01 13:30", utc "2021-06-01 19:30" } -- hours of New York: 09:30 and 15:30
  local bars, owner = bars_at(times, "America/New_York", "1h")
  local columns = assert(feature.compute(bars, { "session_progress()", "time_to_close()" }))
  lu.assertNotNil(owner)
  lu.assertAlmostEquals(columns[1][0], 60 / 390, 1e-15)
  lu.assertEquals(columns[2][0], 330)
  lu.assertEquals(columns[1][1], 1)
  lu.assertEquals(columns[2][1], 0)
end

function TestCalendar.test_circles()
  local times = { utc "2024-07-01 00:00", utc "2024-12-31 18:00" }
  local columns = compute(times, nil, { "cyclic_time(minute_of_day)", "cyclic_time(minute_of_day).cos",
    "cyclic_time(day_of_week)", "cyclic_time(month)", "cyclic_time(month).cos", "cyclic_time(day_of_month)",
    "cyclic_time(day_of_year)" })
  local function sin(x) return math.sin(2 * math.pi * x) end
  local function cos(x) return math.cos(2 * math.pi * x) end
  local expected = {
    { 0, 1, 0, sin(0.5), cos(0.5), 0, sin(182 / 366) },
    { sin(0.75), cos(0.75), sin(1 / 7), sin(11 / 12), cos(11 / 12), sin(30 / 31), sin(365 / 366) },
  }
  for row = 0, 1 do
    for k, value in ipairs(expected[row + 1]) do lu.assertAlmostEquals(columns[k][row], value, 1e-14) end
  end
end

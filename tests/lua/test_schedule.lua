-- Times that no bar brings: sessions, hours, timers and rebalancing, by calendar and by hours.
local ffi = require "ffi"
local abi = require "abi"
local periods = require "periods"
local schedule = require "schedule"
local support = require "support"
local C = abi.C

TestSchedule = {}

function TestSchedule.tearDown() support.cleanup() end

local function utc(text)
  local out = ffi.new "int64_t[1]"
  assert(C.pln_time_parse_iso(text, nil, out) == 0, text)
  return out[0]
end

-- Bars of a timeframe at these times (UTC).
local function bars_at(times, timeframe, zone)
  local n = #times
  local ts, price = ffi.new("int64_t[?]", n), ffi.new("double[?]", n)
  for k, time in ipairs(times) do ts[k - 1], price[k - 1] = time, 100 end
  local bars = C.pln_bars_from_arrays("A", timeframe, n, ts, price, price, price, price, price)
  assert(bars ~= nil, abi.last_error())
  local own = bars.timezone -- which is freed with them
  bars.timezone = zone or own
  return ffi.gc(bars, function(one)
    one.timezone = own
    C.pln_bars_free(one)
  end)
end

local function minutes(from, n, step)
  local list = {}
  for k = 0, n - 1 do list[#list + 1] = utc(from) + k * step * 60000000000LL end
  return list
end

local function symbol_of(bars, calendar, session)
  return { symbol = "A", instrument = 0, bars = bars, instrument_spec = { calendar = calendar }, session = session,
    streams = { { name = "A_1m", bars = bars } } }
end

local function iso(ns) return abi.iso_time(ns) end

-- Around Thanksgiving 2015, with the half day after it, and the weekend.
local function thanksgiving(calendar, session)
  local list = {}
  local days = { "2015-11-25", "2015-11-27", "2015-11-30", "2015-12-01" }
  for _, day in ipairs(days) do
    for _, time in ipairs(minutes(day .. "T14:30:00Z", day == "2015-11-27" and 210 or 390, 1)) do
      list[#list + 1] = time
    end
  end
  return symbol_of(bars_at(list, "1m", "America/New_York"), calendar, session)
end

function TestSchedule.test_sessions_of_a_calendar_and_of_hours()
  local by_calendar = schedule.sessions({}, thanksgiving "us_equity")
  lu.assertEquals(#by_calendar, 4)
  lu.assertEquals(iso(by_calendar[2].open), "2015-11-27T14:30:00Z")
  lu.assertEquals(iso(by_calendar[2].close), "2015-11-27T18:00:00Z")
  local by_hours = schedule.sessions({}, thanksgiving(nil, "09:30-16:00"))
  lu.assertEquals(#by_hours, 4)
  lu.assertEquals(iso(by_hours[2].close), "2015-11-27T21:00:00Z") -- hours know of no half day
  lu.assertNil(schedule.sessions({}, thanksgiving()))
end

local function hours_of(portfolio, symbol)
  local made, list = schedule.hours({ symbols = { symbol } }, portfolio, symbol), {}
  for k = 0, made.n - 1 do
    local one, shown = made.hours[k], {}
    for j, key in ipairs { "from_ns", "until_ns", "reenter_ns", "flat_ns", "close_ns" } do
      local ns = one[key]
      shown[j] = (ns == abi.INT64_MAX or ns == abi.INT64_MIN) and "-" or iso(ns):sub(6, 16)
    end
    list[#list + 1] = table.concat(shown, " ")
  end
  return list
end

function TestSchedule.test_hours_of_a_portfolio()
  local symbol = thanksgiving "us_equity"
  lu.assertEquals(hours_of({ flat_by_close_minutes = 5 }, symbol), {
    "- 11-25T20:55 - 11-25T20:55 11-25T21:00", "11-25T21:00 11-27T17:55 - 11-27T17:55 11-27T18:00",
    "11-27T18:00 11-30T20:55 - 11-30T20:55 11-30T21:00", "11-30T21:00 12-01T20:55 - 12-01T20:55 12-01T21:00",
  })
  -- The hours end with the half day.
  lu.assertEquals(hours_of({ trading_hours = "09:35-15:45", flat_by_close_minutes = 5, reenter = true }, symbol)[2],
    "11-27T14:35 11-27T17:55 11-27T14:35 11-27T17:55 11-27T18:00")
  lu.assertEquals(hours_of({ trading_hours = "09:35-15:45", reenter = true }, symbol)[3],
    "11-30T14:35 11-30T20:45 11-30T14:35 - 11-30T20:45")
  -- Hours that begin after the half day's end leave none.
  lu.assertEquals(hours_of({ trading_hours = "14:00-15:45", flat_by_close_minutes = 5 }, symbol)[2],
    "11-27T17:55 11-27T17:55 - 11-27T17:55 11-27T18:00")
  -- Without sessions, on the days that have bars, by the data's clock.
  lu.assertEquals(hours_of({ trading_hours = "09:35-15:45" }, thanksgiving())[4],
    "12-01T14:35 12-01T20:45 - - 12-01T20:45")
end

function TestSchedule.test_a_session_that_opens_the_evening_before()
  local list = minutes("2024-03-08T22:00:00Z", 5 * 288, 5) -- over the change of clocks of 10 March
  local symbol = symbol_of(bars_at(list, "5m", "UTC"), "cme_futures")
  lu.assertEquals(hours_of({ flat_by_close_minutes = 15 }, symbol), {
    "- 03-11T20:45 - 03-11T20:45 03-11T21:00", "03-11T21:00 03-12T20:45 - 03-12T20:45 03-12T21:00",
    "03-12T21:00 03-13T20:45 - 03-13T20:45 03-13T21:00",
  })
end

local function times_of(entry, every, symbol)
  local made = assert(schedule.times({ symbols = { symbol } }, symbol, entry, every))
  local list = {}
  for k = 0, made.n - 1 do list[k + 1] = iso(made.times[k]):sub(6, 16) end
  return list
end

function TestSchedule.test_times_of_a_strategy()
  local symbol = thanksgiving "us_equity"
  lu.assertEquals(times_of({ kind = "open", minutes = 5 }, "1d", symbol),
    { "11-25T14:35", "11-27T14:35", "11-30T14:35", "12-01T14:35" })
  lu.assertEquals(times_of({ kind = "close", minutes = 10 }, "1d", symbol),
    { "11-25T20:50", "11-27T17:50", "11-30T20:50", "12-01T20:50" })
  lu.assertEquals(times_of({ kind = "close", minutes = 10 }, "1w", symbol), { "11-25T20:50", "11-30T20:50" })
  lu.assertEquals(times_of({ kind = "at", minutes = 600 }, "1mo", symbol), { "11-25T15:00", "12-01T15:00" })
  -- 250 minutes after the open there is no session any more on the half day.
  lu.assertEquals(times_of({ kind = "open", minutes = 250 }, "1d", symbol),
    { "11-25T18:40", "11-30T18:40", "12-01T18:40" })
  lu.assertEquals(times_of({ kind = "at", minutes = 0 }, "1d", thanksgiving()),
    { "11-25T05:00", "11-27T05:00", "11-30T05:00", "12-01T05:00" })
  local none, message = schedule.times({}, thanksgiving(), { kind = "close", minutes = 5 }, "1d")
  lu.assertNil(none)
  lu.assertStrContains(message, "schedule.close needs the sessions of A: give it a calendar, or data.session")
end

function TestSchedule.test_the_first_bars_of_periods()
  local list = {}
  for k = 0, 70 do list[#list + 1] = utc "2020-01-30T00:00:00Z" + k * 86400000000000LL end
  local plan = { symbols = { symbol_of(bars_at(list, "1d", "UTC")) } }
  local made = schedule.rebalancing(plan, "1mo")
  local shown = {}
  for k = 0, made.n - 1 do shown[k + 1] = iso(made.times[k]):sub(1, 10) end
  lu.assertEquals(shown, { "2020-02-02", "2020-03-02", "2020-04-02" }) -- when the bar of the 1st has closed
  lu.assertEquals(schedule.rebalancing(plan, "1w").n, 10)
  lu.assertEquals(schedule.rebalancing(plan, "1d").n, 70)
end

function TestSchedule.test_bars_of_a_year()
  local function per_year(timeframe, calendar, session)
    local list = minutes("2020-01-06T14:30:00Z", 2, 60 * 24 * 40)
    local symbol = symbol_of(bars_at(list, timeframe, "UTC"), calendar, session)
    return periods.per_year(symbol, symbol.streams[1])
  end
  lu.assertEquals(per_year "1d", 252)
  lu.assertEquals(per_year("1d", "24/7"), 365)
  lu.assertEquals(per_year "1w", 52)
  lu.assertEquals(per_year "1mo", 12)
  lu.assertEquals(per_year("1m", "us_equity"), 252 * 390)
  lu.assertEquals(per_year("5m", nil, "09:30-16:00"), 252 * 78)
  lu.assertEquals(per_year "1h", 365 * 24)
  local none, message = per_year "tick"
  lu.assertNil(none)
  lu.assertStrContains(message, "give sizing.periods_per_year")
end

local BASE = [[
data: {source: synthetic, timezone: America/New_York, %s synthetic: {bars: 4000, timeframe: %s, session: us_equity}}
symbols: [A]
strategies: [{file: mine.lua}]
portfolios: [{%s}]
]]

local CODE = [[
return strategy {
  params = { after = 5 },
  schedule = function(p) return { open = { minutes_after = p.after }, close = { minutes_before = 10 } } end,
  on_bar = function(ctx, f, bar) end,
  on_schedule = function(ctx, name, f, bar, p)
    %s
  end,
}
]]

local function run(code, session, timeframe, portfolio)
  local folder = support.folder()
  support.write(folder .. "/mine.lua", code)
  local file = support.write(folder .. "/run.yaml", BASE:format(session, timeframe, portfolio))
  return support.run("run", file, "--db", "none", "--trades", folder .. "/t.csv"), folder .. "/t.csv"
end

function TestSchedule.test_a_strategy_on_schedule()
  local folder = support.folder()
  support.write(folder .. "/mine.lua",
    CODE:format "if name == 'open' then ctx:buy{ percent = 50 } else ctx:close() end")
  local file = support.write(folder .. "/run.yaml", BASE:format("session: 09:30-16:00,", "1m", "name: main"))
  local status, _, err = support.run("run", file, "--db", "none", "--trades", folder .. "/t.csv")
  lu.assertEquals(status, 0, err)
  local rows = support.csv(support.read(folder .. "/t.csv"))
  lu.assertEquals(#rows, 10)
  for _, row in ipairs(rows) do
    lu.assertStrContains(row.entry_time, "T14:35:00Z") -- the bar that opens then
    lu.assertStrContains(row.exit_time, "T20:50:00Z")
  end
end

function TestSchedule.test_mistakes_are_told()
  local status = run(CODE:format "local t = nil t.x = 1", "session: 09:30-16:00,", "1m", "name: main")
  lu.assertEquals(status, 1)
  local folder = support.folder()
  local function complaint(code, session, timeframe, portfolio)
    support.write(folder .. "/mine.lua", code)
    local file = support.write(folder .. "/run.yaml", BASE:format(session, timeframe, portfolio))
    local _, _, err = support.run("run", file, "--db", "none")
    return err
  end
  lu.assertStrContains(complaint(CODE:format "local t = nil t.x = 1", "session: 09:30-16:00,", "1m", ""),
    "mine.lua:6: ")
  lu.assertStrContains(complaint(CODE:format "", "", "1m", ""),
    "mine.lua:3: schedule.open needs the sessions of A: give it a calendar, or data.session")
  lu.assertStrContains(complaint(CODE:gsub("minutes_before = 10", "minutes_before = 'x'"):format "",
    "session: 09:30-16:00,", "1m", ""), "mine.lua:3: schedule: close: expected close = { minutes_before")
  lu.assertStrContains(complaint(CODE:format "", "", "1m", "flat_by_close_minutes: 5"),
    "run.yaml:4:15: portfolios[0].flat_by_close_minutes: the sessions of A are not known")
  lu.assertStrContains(complaint(CODE:format "", "session: 09:30-16:00,", "1d", "trading_hours: 09:35-15:45"),
    "the bars of A are too long to trade within a day: give it a timeframe such as 5m")
end

--- Times that no bar brings: when positions are brought back to their targets, when a portfolio may trade and when it
-- is out of the market, when a strategy is called besides its bars.
--
-- They follow the sessions of an instrument: those of its calendar, else the hours of `data.session` on each day (of
-- the data's zone) that has bars. Wall clocks are the calendar's, else the data's.
local ffi = require "ffi"
local abi = require "abi"
local market_calendar = require "market_calendar"
local C = abi.C

local M = {}

local INT64_MIN, INT64_MAX = abi.INT64_MIN, abi.INT64_MAX
local MINUTE_NS, DAY_NS = 60000000000LL, 86400000000000LL

local function array_of(list)
  local array = ffi.new("int64_t[?]", math.max(#list, 1))
  for k, value in ipairs(list) do array[k - 1] = value end
  return { times = array, n = #list }
end

-- What combos share: plan → key → made
local made_of = setmetatable({}, { __mode = "k" })

local function shared(plan, key, make)
  local base = plan.base or plan
  local made = made_of[base] or {}
  made_of[base] = made
  if not made[key] then made[key] = make() end
  return made[key]
end

local function calendar_of(symbol)
  local name = symbol.instrument_spec and symbol.instrument_spec.calendar
  return name and assert(market_calendar.get(name))
end

local function zone_of(symbol)
  local calendar = calendar_of(symbol)
  if calendar then return C.pln_calendar_timezone(calendar) end
  return C.pln_timezone_get(symbol.bars.timezone)
end

-- Calls `take(row)` for the first bar of each period of the data's zone.
local function each_period(bars, every, take)
  local n, zone, row = tonumber(bars.n_bars), C.pln_timezone_get(bars.timezone), 0
  local period, from, to = ffi.new("pln_timeframe"), ffi.new("int64_t[1]"), ffi.new("int64_t[1]")
  abi.must(C.pln_timeframe_parse(every, period))
  while row < n do
    take(row)
    C.pln_timeframe_bucket(period, zone, bars.ts_ns[row], from, to)
    row = tonumber(C.pln_bars_lower_bound(bars, to[0]))
  end
end

--- The closes of the first bars of each day, week or month, of a plan's first symbol at its finest timeframe; the
-- period in which the data begin has none.
-- @param every "1d", "1w" or "1mo"
-- @return { times = int64_t[], n }
function M.rebalancing(plan, every)
  return shared(plan, every, function()
    local bars, times = plan.symbols[1].bars, {}
    each_period(bars, every, function(row)
      if row > 0 then times[#times + 1] = C.pln_bars_visible_ns(bars, row) end
    end)
    return array_of(times)
  end)
end

--- Minutes of "09:30-16:00", the second on the next day where it is not after the first.
local function hours_of(text)
  local from_h, from_m, to_h, to_m = text:match "^(%d%d):(%d%d)-(%d%d):(%d%d)$"
  local from, to = from_h * 60 + from_m, to_h * 60 + to_m
  return from, to > from and to or to + 1440
end

--- Length of a session such as "09:30-16:00", in minutes.
function M.session_minutes(text)
  local from, to = hours_of(text)
  return to - from
end

-- UTC of a minute of a local day.
local function at_minute(zone, midnight_local, minute)
  return C.pln_timezone_to_utc(zone, midnight_local + minute * MINUTE_NS, 0, nil)
end

local function local_midnight(zone, ns)
  local time = C.pln_timezone_to_local(zone, ns)
  local into = time % DAY_NS
  return time - (into < 0 and into + DAY_NS or into)
end

local function sessions_by_calendar(symbol, calendar)
  local bars, list, session = symbol.bars, {}, ffi.new("pln_session")
  local n = tonumber(bars.n_bars)
  local status = C.pln_calendar_session_at(calendar, bars.ts_ns[0], session)
  while status >= 0 and session.open_ns <= bars.ts_ns[n - 1] do
    list[#list + 1] = { open = session.open_ns, close = session.close_ns }
    status = C.pln_calendar_next_session(calendar, session.open_ns, session)
  end
  return list
end

local function sessions_by_hours(symbol, text)
  local list, zone = {}, zone_of(symbol)
  local from, to = hours_of(text)
  each_period(symbol.bars, "1d", function(row)
    local midnight = local_midnight(zone, symbol.bars.ts_ns[row])
    local one = { open = at_minute(zone, midnight, from), close = at_minute(zone, midnight, to) }
    if #list == 0 or one.open >= list[#list].close then list[#list + 1] = one end
  end)
  return list
end

--- The sessions of one of a plan's symbols within its data: a list of { open, close }, or nil where it has neither
-- calendar nor hours.
function M.sessions(plan, symbol)
  local calendar, hours = calendar_of(symbol), symbol.session
  if not calendar and not hours then return nil end
  return shared(plan, "sessions " .. symbol.symbol, function()
    return calendar and sessions_by_calendar(symbol, calendar) or sessions_by_hours(symbol, hours)
  end)
end

-- The local midnights of a symbol's trading days: of its sessions, by their close; else of the days that have bars.
local function trading_days(plan, symbol)
  local days, zone = {}, zone_of(symbol)
  local sessions = M.sessions(plan, symbol)
  for k, session in ipairs(sessions or {}) do days[k] = local_midnight(zone, session.close - 1) end
  if not sessions then
    each_period(symbol.bars, "1d", function(row) days[#days + 1] = local_midnight(zone, symbol.bars.ts_ns[row]) end)
  end
  return days
end

local function later(a, b) return a > b and a or b end
local function earlier(a, b) return a < b and a or b end

-- Spans of hours alone, day by day.
local function spans_of_days(plan, symbol, from, to, reenter)
  local list, zone = {}, zone_of(symbol)
  for _, midnight in ipairs(trading_days(plan, symbol)) do
    local open, close = at_minute(zone, midnight, from), at_minute(zone, midnight, to)
    list[#list + 1] = { open, close, reenter and open or INT64_MAX, INT64_MAX, close }
  end
  return list
end

-- Spans that end before the session's close, within hours where they are given.
local function spans_of_sessions(plan, symbol, minutes, from, to, reenter)
  local list, zone, previous = {}, zone_of(symbol), INT64_MIN
  local days = trading_days(plan, symbol)
  for k, session in ipairs(M.sessions(plan, symbol)) do
    local flat = later(session.close - ffi.cast("int64_t", minutes * 60e9), session.open)
    local open, close, start = previous, flat, session.open
    if from then
      open = earlier(later(later(at_minute(zone, days[k], from), session.open), previous), flat)
      close = later(earlier(at_minute(zone, days[k], to), flat), open)
      start = open
    end
    list[#list + 1] = { open, close, reenter and start or INT64_MAX, flat, session.close }
    previous = session.close
  end
  return list
end

--- When a portfolio may enter a symbol.
-- @return { hours = pln_hours[], n }
function M.hours(plan, portfolio, symbol)
  local minutes, reenter = portfolio.flat_by_close_minutes, portfolio.reenter
  local key = ("hours %s %s %s %s"):format(symbol.symbol, portfolio.trading_hours, minutes, reenter)
  return shared(plan, key, function()
    local from, to
    if portfolio.trading_hours then from, to = hours_of(portfolio.trading_hours) end
    local list = minutes and spans_of_sessions(plan, symbol, minutes, from, to, reenter)
      or spans_of_days(plan, symbol, from, to, reenter)
    local made = { hours = ffi.new("pln_hours[?]", math.max(#list, 1)), n = #list }
    for k, span in ipairs(list) do
      local one = made.hours[k - 1]
      one.from_ns, one.until_ns, one.reenter_ns, one.flat_ns, one.close_ns = unpack(span)
    end
    return made
  end)
end

--- What a portfolio's times ask of the symbols and do not find.
-- @return nil, or the key that asks and a message
function M.missing(plan, portfolio)
  local key = portfolio.flat_by_close_minutes and "flat_by_close_minutes" or portfolio.trading_hours and "trading_hours"
  for _, symbol in ipairs(key and plan.symbols or {}) do
    if symbol.trade ~= false and symbol.bars.timeframe.unit ~= C.PLN_TIMEFRAME_FIXED then
      return key, ("the bars of %s are too long to trade within a day: give it a timeframe such as 5m"):format(
        symbol.symbol)
    end
    if symbol.trade ~= false and key == "flat_by_close_minutes" and not M.sessions(plan, symbol) then
      return key, ("the sessions of %s are not known: give it a calendar, or data.session"):format(symbol.symbol)
    end
  end
end

--- Tells a container of the times of one of a plan's portfolios. The arrays live as long as the plan.
-- @return true, or nil and a message
function M.apply(exec, id, plan, portfolio)
  local every = portfolio.rebalance_every
  if every and every ~= "never" and every ~= "bar" then
    local made = M.rebalancing(plan, every)
    if C.pln_exec_set_rebalancing(exec, id, made.times, made.n) < 0 then return nil, abi.last_error() end
  end
  if portfolio.trading_hours or portfolio.flat_by_close_minutes then
    for _, symbol in ipairs(plan.symbols) do
      local made = symbol.trade == false and { n = 0 } or M.hours(plan, portfolio, symbol)
      if C.pln_exec_set_hours(exec, id, symbol.instrument, made.hours, made.n) < 0 then
        return nil, abi.last_error()
      end
    end
  end
  return true
end

-- Schedules of strategies ---------------------------------------------------------------------------------------------

local FORM = "expected { open = { minutes_after = 5 }, close = { minutes_before = 10 }, at = { '10:00' }, " ..
  "every = '1d' }"

local function minutes_in(declared, key, field)
  local one = declared[key]
  if type(one) ~= "table" or type(one[field]) ~= "number" or not (one[field] >= 0 and one[field] < 1440) then
    return nil, ("%s: expected %s = { %s = minutes from 0 on }"):format(key, key, field)
  end
  for other in pairs(one) do
    if other ~= field then return nil, ("%s: there is no '%s'; expected %s"):format(key, tostring(other), field) end
  end
  return one[field]
end

local KEYS = { open = true, close = true, at = true, every = true }

--- What a strategy's `schedule` says.
-- @return { every = "1d", "1w" or "1mo", { name, kind = "open", "close" or "at", minutes }, … }, or nil and a message
function M.read(declared)
  if type(declared) ~= "table" then return nil, FORM end
  for key in pairs(declared) do
    if not KEYS[key] then return nil, ("there is no '%s'; %s"):format(tostring(key), FORM) end
  end
  local list = { every = declared.every or "1d" }
  if list.every ~= "1d" and list.every ~= "1w" and list.every ~= "1mo" then
    return nil, ('every = %s: expected "1d", "1w" or "1mo"'):format(tostring(list.every))
  end
  local minutes, err
  if declared.open then
    minutes, err = minutes_in(declared, "open", "minutes_after")
    if not minutes then return nil, err end
    list[#list + 1] = { name = "open", kind = "open", minutes = minutes }
  end
  local times = type(declared.at) == "string" and { declared.at } or declared.at or {}
  if type(times) ~= "table" then return nil, FORM end
  for _, text in ipairs(times) do
    local hour, minute = tostring(text):match "^(%d%d?):(%d%d)$"
    if not hour or hour + 0 > 23 or minute + 0 > 59 then
      return nil, ('at: %s is no time of day; expected one such as "10:00"'):format(tostring(text))
    end
    list[#list + 1] = { name = text, kind = "at", minutes = hour * 60 + minute }
  end
  if declared.close then
    minutes, err = minutes_in(declared, "close", "minutes_before")
    if not minutes then return nil, err end
    list[#list + 1] = { name = "close", kind = "close", minutes = minutes }
  end
  if #list == 0 then return nil, "it names no time; " .. FORM end
  return list
end

-- Whether a day is the first of its week or month among those that come.
local function first_of(every, zone)
  local period, from, to, last = ffi.new("pln_timeframe"), ffi.new("int64_t[1]"), ffi.new("int64_t[1]"), nil
  abi.must(C.pln_timeframe_parse(every, period))
  return function(ns)
    C.pln_timeframe_bucket(period, zone, ns, from, to)
    local is_first = last == nil or from[0] ~= last
    last = from[0]
    return is_first
  end
end

--- The times of one entry of a schedule for a strategy on a symbol.
-- @return { times = int64_t[], n }, or nil and a message
function M.times(plan, symbol, entry, every)
  local sessions = M.sessions(plan, symbol)
  if not sessions and entry.kind ~= "at" then
    return nil, ("schedule.%s needs the sessions of %s: give it a calendar, or data.session"):format(entry.kind,
      symbol.symbol)
  end
  local key = ("timer %s %s %g %s"):format(symbol.symbol, entry.kind, entry.minutes, every)
  return shared(plan, key, function()
    local times, zone = {}, zone_of(symbol)
    local wanted, minutes = first_of(every, zone), ffi.cast("int64_t", entry.minutes * 60e9)
    for k, midnight in ipairs(trading_days(plan, symbol)) do
      local session = sessions and sessions[k]
      local time = entry.kind == "at" and at_minute(zone, midnight, entry.minutes)
        or entry.kind == "open" and session.open + minutes or session.close - minutes
      local inside = entry.kind == "at" or (time >= session.open and time <= session.close)
      if wanted(C.pln_timezone_to_utc(zone, midnight, 0, nil)) and inside
        and (#times == 0 or time > times[#times]) then
        times[#times + 1] = time
      end
    end
    return array_of(times)
  end)
end

return M

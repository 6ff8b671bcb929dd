--- How many bars a year has: what a size by volatility is annualised with. By the timeframe and the sessions of a
-- symbol, not by its data, which tell of their own future.
local ffi = require "ffi"
local abi = require "abi"
local market_calendar = require "market_calendar"
local schedule = require "schedule"
local C = abi.C

local M = {}

local DAY_NS = 86400e9

-- The longest session of a week without holidays, ns: Monday, 2019-06-03, on.
local function session_ns(calendar)
  local longest, session = 0, ffi.new("pln_session")
  local monday = tonumber(C.pln_days_from_civil(2019, 6, 3))
  for day = monday, monday + 6 do
    if C.pln_calendar_day_session(calendar, day, session) == 1 then
      longest = math.max(longest, tonumber(session.close_ns - session.open_ns))
    end
  end
  return longest
end

--- Bars of a stream in a year. Weekly ones: 52, monthly ones: 12. Else the days times the bars of a day: the sessions a
-- year of the symbol's calendar; without one 252 for daily bars and where data.session gives the hours, 365 for all
-- others; and as many bars as the session, or 24 hours, has room for.
-- @return the number, or nil and a message
function M.per_year(symbol, stream)
  local timeframe = stream.bars.timeframe
  if timeframe.unit == C.PLN_TIMEFRAME_MONTH then return 12 / timeframe.count end
  if timeframe.unit == C.PLN_TIMEFRAME_WEEK then return 52 / timeframe.count end
  local is_daily = timeframe.unit == C.PLN_TIMEFRAME_DAY
  local days, length = (is_daily or symbol.session) and 252 or 365, DAY_NS
  local name = symbol.instrument_spec and symbol.instrument_spec.calendar
  if name then
    local calendar = assert(market_calendar.get(name))
    days, length = C.pln_calendar_sessions_per_year(calendar), session_ns(calendar)
  elseif symbol.session then
    length = schedule.session_minutes(symbol.session) * 60e9
  end
  if is_daily then return days / timeframe.count end
  if timeframe.unit == C.PLN_TIMEFRAME_NONE then
    return nil, ("%s has bars of no fixed length: give sizing.periods_per_year"):format(stream.name)
  end
  return days * length / tonumber(timeframe.ns)
end

return M

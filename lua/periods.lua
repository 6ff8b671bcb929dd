--- How many bars a year has, from the bars themselves: what a size by volatility is annualised with.
local ffi = require "ffi"
local abi = require "abi"
local C = abi.C

local M = {}

local DAY_NS = 86400000000000LL
local DAYS = 28 -- of the data that are looked at: whole weeks

--- Weekly bars have 52 a year and monthly ones 12. For all others: the days of the year times the bars of a day, both
-- by the first 28 days of the data: 365 days where more than a sixth of the days with bars are Saturdays and Sundays,
-- else 252; and the mean number of bars of a day that has any.
function M.per_year(bars)
  if bars.timeframe.unit == C.PLN_TIMEFRAME_MONTH then return 12 / bars.timeframe.count end
  if bars.timeframe.unit == C.PLN_TIMEFRAME_WEEK then return 52 / bars.timeframe.count end
  local zone = C.pln_timezone_get(bars.timezone)
  local n, days, weekend, last, civil = 0, 0, 0, nil, ffi.new("pln_civil")
  local until_ns = bars.n_bars > 0 and bars.ts_ns[0] + DAYS * DAY_NS or 0
  while n < tonumber(bars.n_bars) and bars.ts_ns[n] < until_ns do
    local start = C.pln_timezone_day_start(zone, bars.ts_ns[n])
    if start ~= last then
      last, days = start, days + 1
      C.pln_civil_from_ns(C.pln_timezone_to_local(zone, bars.ts_ns[n]), civil)
      if civil.weekday >= 5 then weekend = weekend + 1 end
    end
    n = n + 1
  end
  if days == 0 then return 252 end
  return (weekend > days / 6 and 365 or 252) * (n / days)
end

return M

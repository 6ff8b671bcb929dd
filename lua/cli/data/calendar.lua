--- perilune data calendar NAME YEAR…: holidays and special hours of a market calendar.
local ffi = require "ffi"
local abi = require "abi"
local args = require "args"
local common = require "cli.data.common"
local json = require "json"
local market_calendar = require "market_calendar"
local tabulate = require "tabulate"
local C = abi.C

local M = {
  help = "Show the holidays and half days of a market calendar",
  usage = "perilune data calendar NAME|FILE YEAR… [--json]",
  options = { { "json", help = "print an array with one object for each year" } },
  min = 2,
  details = [[
NAME is us_equity, cme_futures, fx or 24/7; FILE a calendar in YAML or CSV (docs/instruments.md). Times are local to the
calendar.]],
}

local function local_clock(calendar, ns)
  return ns and abi.iso_time(C.pln_timezone_to_local(C.pln_calendar_timezone(calendar), ns)):sub(12, 16) or nil
end

local function describe(calendar, year)
  local days, sessions = market_calendar.year(calendar, year)
  for _, day in ipairs(days) do
    day.open, day.close = local_clock(calendar, day.open_ns), local_clock(calendar, day.close_ns)
    day.open_ns, day.close_ns = nil, nil
  end
  return {
    calendar = ffi.string(C.pln_calendar_name(calendar)), year = year, sessions = sessions,
    timezone = ffi.string(C.pln_timezone_name(C.pln_calendar_timezone(calendar))), days = json.array(days),
    sessions_per_year = C.pln_calendar_sessions_per_year(calendar),
  }
end

local function section(info)
  local rows = {}
  for i, day in ipairs(info.days) do
    rows[i] = { day.date, day.weekday, day.kind, day.open and day.open .. "-" .. day.close or "", day.note }
  end
  local title = ("%s %d (%s): %d sessions; %d in a mean year\n"):format(info.calendar, info.year, info.timezone,
    info.sessions, info.sessions_per_year)
  if #rows == 0 then return title end
  return title .. tabulate.format({ "date", "day", "what", "hours", "why" }, rows)
end

function M.run(argv)
  local opts = args.parse(argv, M)
  local calendar, message = market_calendar.get(opts[1])
  if not calendar then return nil, message, 2 end
  local all = {}
  for i = 2, #opts do
    local year = tonumber(opts[i])
    if not year or year % 1 ~= 0 or year < 1971 or year > 2099 then
      args.usage_error(("'%s' is no year from 1971 to 2099"):format(opts[i]), M)
    end
    all[i - 1] = describe(calendar, year)
  end
  return common.print_all(all, opts, section)
end

return M

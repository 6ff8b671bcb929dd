--- Market calendars by name: the built-in ones, and those of a file.
--
--     local calendar, message = market_calendar.get("us_equity")      -- or "calendars/xetra.yaml", "xetra.csv"
--     local session = market_calendar.session_at(calendar, ts_ns)
--
-- A file's keys: name, timezone, base (a built-in calendar whose days hold where nothing else is said), sessions (hours
-- by weekday), holidays (dates, or date: name), half_days (date: hours). As CSV: columns `day` and `hours`, maybe
-- `note`; a day is a date, a weekday, weekdays, timezone or base; no hours: closed.
local ffi = require "ffi"
local abi = require "abi"
local tables = require "tables"
local C = abi.C

local M = {}

local WEEKDAYS = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" }
local INDEX = {}
for i, name in ipairs(WEEKDAYS) do INDEX[name], INDEX[name:sub(1, 3)] = i - 1, i - 1 end

--- Names of the built-in calendars.
M.NAMES = { "us_equity", "cme_futures", "fx", "24/7" }

-- Minutes of "17:00"; of "-1d 17:00", the evening before.
local function minutes(text)
  local before, hours, rest = text:match "^%s*(%-?)(%d%d?):(%d%d)%s*$"
  if not hours or tonumber(hours) > 48 or tonumber(rest) > 59 then return nil end
  local value = tonumber(hours) * 60 + tonumber(rest)
  return before == "-" and value - 1440 or value
end

-- "09:30-16:00"; "-17:00-16:00" opens in the evening before.
local function hours_of(text)
  local from, to = text:match "^(%s*%-?[%d:]+%s*)%-([%d:%s]+)$"
  local open, close = from and minutes(from), to and minutes(to)
  if not open or not close or close <= open then return nil end
  return open, close
end

local HOURS = "no hours; expected 09:30-16:00, or -17:00-16:00 for a session that opens at 17:00 the day before"

local function day_of(text)
  local y, m, d = text:match "^(%d%d%d%d)%-?(%d%d)%-?(%d%d)$"
  if not y then return nil end
  y, m, d = tonumber(y), tonumber(m), tonumber(d)
  if m < 1 or m > 12 or d < 1 or d > C.pln_days_in_month(y, m) then return nil end
  return tonumber(C.pln_days_from_civil(y, m, d))
end

local function fail(node, format, ...)
  return nil, ("%s:%d:%d: %s"):format(node.file or "", node.line or 1, node.column or 1, format:format(...))
end

-- One statement of a calendar file: a day (or weekday, or setting), its hours or value, a note.
local function take(made, key, value, note, node)
  if key == "timezone" or key == "base" or key == "name" then
    made[key] = value
    return true
  end
  local open, close = 0, 0
  if value and value ~= "closed" then
    open, close = hours_of(value)
    if not open then return fail(node, "'%s' is %s", value, HOURS) end
  end
  if key == "weekdays" then
    for i = 0, 4 do made.week[i] = { open, close } end
  elseif INDEX[key] then
    made.week[INDEX[key]] = { open, close }
  else
    local day = day_of(key)
    if not day then
      return fail(node, "'%s' is no day; expected a date such as 2024-12-25, a weekday, weekdays, timezone or base",
        key)
    end
    made.exceptions[#made.exceptions + 1] = { day, open, close, note }
  end
  return true
end

local function from_csv(made, node)
  for _, row in ipairs(node.items) do
    local cells = {}
    for _, entry in ipairs(row.entries) do cells[entry.key] = entry.node.text end
    if not cells.day then return fail(row, "found no day; expected the columns day, hours and note") end
    local ok, message = take(made, cells.day:lower(), cells.hours, cells.note, row)
    if not ok then return nil, message end
  end
  return true
end

local function each_day(made, node, what)
  if node.kind == "list" then
    if what ~= "holidays" then return fail(node, "%s is a list, expected a map of dates to hours", what) end
    for _, item in ipairs(node.items) do
      if item.kind ~= "scalar" then return fail(item, "expected a date") end
      local ok, message = take(made, item.text, nil, nil, item)
      if not ok then return nil, message end
    end
    return true
  elseif node.kind ~= "map" then
    return fail(node, "%s is no map of dates", what)
  end
  for _, entry in ipairs(node.entries) do
    local value = entry.node
    if value.kind ~= "scalar" then return fail(value, "expected one text for %s", entry.key) end
    local at = { file = node.file, line = entry.line, column = entry.column }
    local holiday = what == "holidays"
    local text = value.type ~= "null" and value.text or nil
    if what == "half_days" and not text then return fail(value, "expected hours such as 09:30-13:00") end
    local ok, message = take(made, entry.key:lower(), not holiday and text or nil, holiday and text or nil, at)
    if not ok then return nil, message end
  end
  return true
end

local SECTIONS = { sessions = true, holidays = true, half_days = true }
local SETTINGS = { name = true, timezone = true, base = true }

local function from_yaml(made, node)
  if node.kind ~= "map" then return fail(node, "expected a map with timezone, sessions, holidays, half_days") end
  for _, entry in ipairs(node.entries) do
    local ok, message = true, nil
    if SECTIONS[entry.key] then
      ok, message = each_day(made, entry.node, entry.key)
    elseif SETTINGS[entry.key] and entry.node.kind == "scalar" then
      made[entry.key] = entry.node.text
    else
      ok, message = fail(entry.node, "unknown key '%s', expected name, timezone, base, sessions, holidays, half_days",
        entry.key)
    end
    if not ok then return nil, message end
  end
  return true
end

-- pln_calendar_spec and what keeps alive what it points to.
local function spec_of(made)
  local kept = { made }
  local spec = ffi.new("pln_calendar_spec")
  spec.name, spec.timezone, spec.base = made.name, made.timezone, made.base
  for i = 0, 6 do
    local hours = made.week[i]
    if hours then spec.week[i].open_minute, spec.week[i].close_minute = hours[1], hours[2] end
  end
  local n = #made.exceptions
  local exceptions = ffi.new("pln_calendar_exception[?]", math.max(n, 1))
  for i, item in ipairs(made.exceptions) do
    exceptions[i - 1].day = item[1]
    exceptions[i - 1].hours.open_minute, exceptions[i - 1].hours.close_minute = item[2], item[3]
    exceptions[i - 1].note = item[4]
  end
  spec.exceptions, spec.n_exceptions = exceptions, n
  kept[2] = exceptions
  return spec, kept
end

local function from_file(path)
  local node, message = tables.nodes(path)
  if not node then return nil, message end
  local made = { week = {}, exceptions = {} }
  local ok
  ok, message = (node.kind == "list" and from_csv or from_yaml)(made, node)
  if not ok then return nil, message end
  made.name = made.name or path:match "([^/]+)%.%w+$" or path
  if made.base and (made.timezone or next(made.week)) then
    return nil, path .. ": base brings its own timezone and sessions; expected one or the other"
  elseif not made.base and not next(made.week) then
    return nil, path .. ": no day is open; expected sessions (or base)"
  end
  local spec, kept = spec_of(made)
  local calendar = C.pln_calendar_new(spec)
  if calendar == nil then return nil, ("%s: %s"):format(path, abi.last_error()) end
  kept[1] = nil
  return ffi.gc(calendar, C.pln_calendar_free)
end

--- Whether a calendar's name is that of a file.
function M.is_file(name)
  return name ~= nil and (name:lower():find "%.ya?ml$" ~= nil or name:lower():find "%.csv$" ~= nil)
end

local known = {} -- by name or path, for the life of the process

--- The calendar of a name or of a file (.yaml, .yml, .csv), or nil and a message.
function M.get(name)
  if known[name] then return known[name] end
  local calendar, message
  if M.is_file(name) then
    calendar, message = from_file(name)
  else
    calendar, message = abi.check(C.pln_calendar_get(name))
  end
  if not calendar then return nil, message end
  known[name] = calendar
  return calendar
end

local session = ffi.new "pln_session"

--- The session that holds a time, or the next one: { open_ns, close_ns, trading_day (days since 1970), is_half_day,
-- is_open }; nil after the calendar's last one.
function M.session_at(calendar, ts_ns)
  local status = C.pln_calendar_session_at(calendar, ts_ns, session)
  if status < 0 then return nil end
  return { open_ns = session.open_ns, close_ns = session.close_ns, trading_day = tonumber(session.trading_day),
    is_half_day = session.is_half_day == 1, is_open = status == 1 }
end

--- Days of a year that differ from others of their weekday: { date, weekday, kind ("closed", "early close", "late
-- open", "special"), note, open_ns, close_ns } in order, and the number of sessions.
function M.year(calendar, year)
  local list, n = {}, 0
  local date = ffi.new "pln_civil"
  local first = tonumber(C.pln_days_from_civil(year, 1, 1))
  for day = first, tonumber(C.pln_days_from_civil(year + 1, 1, 1)) - 1 do
    local open = C.pln_calendar_day_session(calendar, day, session) == 1
    if open then n = n + 1 end
    local note = ffi.string(C.pln_calendar_day_note(calendar, day))
    if note ~= "" or open and session.is_half_day == 1 then
      C.pln_civil_from_ns(day * 86400000000000LL, date)
      list[#list + 1] = {
        date = ("%04d-%02d-%02d"):format(date.year, date.month, date.day), weekday = WEEKDAYS[date.weekday + 1],
        kind = not open and "closed" or session.is_half_day == 1 and "early close" or "special", note = note,
        open_ns = open and session.open_ns or nil, close_ns = open and session.close_ns or nil,
      }
    end
  end
  return list, n
end

return M

--- Ticks of axes: round numbers, and the boundaries of time units.
local M = {}

local FACTORS = { 1, 2, 5 }

--- Round numbers within a range.
-- @param n how many there should be at most, about
-- @return list of numbers, and how many decimals they need: -3 where all are thousands
function M.numbers(least, most, n)
  local span = most - least
  if span <= 0 or span ~= span or span == math.huge then return { least }, 2 end
  local raw = span / math.max(1, n)
  local power = 10 ^ math.floor(math.log10(raw))
  local step = power * 10
  for _, factor in ipairs(FACTORS) do
    if factor * power >= raw * 0.999999 then
      step = factor * power
      break
    end
  end
  local list = {}
  for k = math.ceil(least / step - 1e-9), math.floor(most / step + 1e-9) do
    list[#list + 1] = k == 0 and 0 or k * step
  end
  return list, -math.floor(math.log10(step) + 1e-9)
end

local SUFFIXES = { { 12, "T" }, { 9, "G" }, { 6, "M" }, { 3, "k" } }

--- A number for a label: decimals as `numbers` gave them, large round ones as "1.2M", tiny ones as "1e-07".
function M.label(value, decimals)
  if value ~= value then return "-" end
  local size = math.abs(value)
  if size >= 1e15 or decimals > 6 then return ("%.4g"):format(value) end
  if decimals <= -3 and size >= 1e5 then
    for _, suffix in ipairs(SUFFIXES) do
      local power, letter = suffix[1], suffix[2]
      if size >= 10 ^ power then
        return ("%%.%df%%s"):format(math.max(0, power + decimals)):format(value / 10 ^ power, letter)
      end
    end
  end
  return (("%%.%df"):format(math.max(0, decimals)):format(value):gsub("^%-(0[.0]*)$", "%1"))
end

--- A value as a legend shows it: about six digits.
function M.value(value)
  if value ~= value then return "-" end
  local size = math.abs(value)
  if size ~= 0 and (size < 1e-4 or size >= 1e9) then return ("%.4g"):format(value) end
  local decimals = size >= 1e5 and 0 or size >= 1000 and 2 or size >= 1 and 3 or 5
  local text = ("%." .. decimals .. "f"):format(value)
  if text:find(".", 1, true) then text = text:gsub("0+$", ""):gsub("%.$", "") end
  return text == "-0" and "0" or text
end

-- Units of time from fine to coarse: what a tick's number is made of; a tick stands where it changes.
local MINUTE, HOUR, DAY = 60, 3600, 86400
local function every(seconds)
  return function(s) return math.floor(s / seconds) end
end

-- Date and time of day. Hinnant's civil_from_days (http://howardhinnant.github.io/date_algorithms.html).
local function civil_of(s)
  local days = math.floor(s / DAY)
  local rest = math.floor(s - days * DAY)
  local z = days + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local month = mp < 10 and mp + 3 or mp - 9
  return {
    year = yoe + era * 400 + (month <= 2 and 1 or 0), month = month, day = doy - math.floor((153 * mp + 2) / 5) + 1,
    hour = math.floor(rest / 3600), minute = math.floor(rest / 60) % 60, second = rest % 60,
  }
end
local function months(n)
  return function(s)
    local c = civil_of(s)
    return math.floor((c.year * 12 + c.month - 1) / n)
  end
end

local UNITS = {
  { 1, every(1), "second" }, { 5, every(5), "second" }, { 15, every(15), "second" }, { 30, every(30), "second" },
  { MINUTE, every(MINUTE), "minute" }, { 5 * MINUTE, every(5 * MINUTE), "minute" },
  { 15 * MINUTE, every(15 * MINUTE), "minute" }, { 30 * MINUTE, every(30 * MINUTE), "minute" },
  { HOUR, every(HOUR), "minute" }, { 2 * HOUR, every(2 * HOUR), "minute" }, { 3 * HOUR, every(3 * HOUR), "minute" },
  { 6 * HOUR, every(6 * HOUR), "minute" }, { 12 * HOUR, every(12 * HOUR), "minute" },
  { DAY, every(DAY), "day" }, { 2 * DAY, every(2 * DAY), "day" },
  { 7 * DAY, function(s) return math.floor((s / DAY + 3) / 7) end, "day" }, -- from Mondays
  { 14 * DAY, function(s) return math.floor((s / DAY + 3) / 14) end, "day" },
  { 30 * DAY, months(1), "month" }, { 61 * DAY, months(2), "month" }, { 91 * DAY, months(3), "month" },
  { 182 * DAY, months(6), "month" }, { 365 * DAY, months(12), "year" }, { 730 * DAY, months(24), "year" },
  { 1826 * DAY, months(60), "year" }, { 3652 * DAY, months(120), "year" }, { 7305 * DAY, months(240), "year" },
}

local MONTHS = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }

-- The label of a tick: what is new since the one before.
local function text_of(kind, s, before)
  local c = civil_of(s)
  local year, month, day, hour, minute, second = c.year, c.month, c.day, c.hour, c.minute, c.second
  local new_year, new_day = true, true
  if before then
    c = civil_of(before)
    new_year, new_day = c.year ~= year, c.year ~= year or c.month ~= month or c.day ~= day
  end
  if kind == "year" then return tostring(year), true end
  if kind == "month" then
    if new_year then return tostring(year), true end
    return MONTHS[month], false
  end
  if kind == "day" or new_day then
    if kind == "day" and new_year and before then return tostring(year), true end
    return ("%s %d"):format(MONTHS[month], day), kind ~= "day"
  end
  if kind == "minute" then return ("%02d:%02d"):format(hour, minute), false end
  return ("%02d:%02d:%02d"):format(hour, minute, second), false
end

--- Ticks of a time axis on which bars stand side by side, whatever the time between them.
-- @param seconds list of n local times, in seconds
-- @param n_labels how many there may be
-- @return list of { index (of the list), text, strong = a new year or day begins }
function M.times(seconds, n_labels)
  local n = #seconds
  if n == 0 then return {} end
  local span = math.max(seconds[n] - seconds[1], 1)
  local chosen, ticks
  for _, unit in ipairs(UNITS) do
    -- Bars may leave out nights and weekends, so that there are fewer changes than the span has units.
    if span / unit[1] <= n_labels * 8 then
      ticks = {}
      local previous
      for i = 1, n do
        local number = unit[2](seconds[i])
        if previous and number ~= previous then ticks[#ticks + 1] = i end
        previous = number
        if #ticks > n_labels then break end
      end
      chosen = unit
      if #ticks <= n_labels then break end
    end
  end
  local out, before = {}, nil
  for _, i in ipairs(ticks or {}) do
    local text, strong = text_of(chosen[3], seconds[i], before or seconds[1])
    out[#out + 1] = { index = i, text = text, strong = strong }
    before = seconds[i]
  end
  return out
end

return M

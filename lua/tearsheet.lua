--- A series of returns as tables for people and as data for JSON: figures, drawdowns, months, confidence intervals.
-- `perilune stats` prints it, and `perilune run --full` of a run's period returns.
local abi = require "abi"
local json = require "json"
local returns = require "returns"
local tabulate = require "tabulate"

local M = {}

local MONTHS = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }

local function date(ts_ns) return ts_ns and abi.iso_time(ts_ns):sub(1, 10) or "-" end
local function percent(value, decimals)
  if value == nil or value ~= value then return "-" end
  return tabulate.number(100 * value, decimals or 2) .. " %"
end

--- A statistic's value for people.
function M.format(statistic, value)
  if value == nil or value ~= value then return "-" end
  if statistic.unit == "fraction" then return percent(value) end
  if statistic.unit == "days" then return tabulate.number(value, value % 1 == 0 and 0 or 1) .. " d" end
  if statistic.unit == "count" then return tabulate.number(value, value % 1 == 0 and 0 or 1) end
  return tabulate.number(value, 3)
end

--- All statistics, grouped, in as many columns as there is room for; a group in which nothing is defined is left out.
function M.figures(values, options)
  local sections = {}
  for _, group in ipairs(returns.groups) do
    local section, known = { title = group }, false
    for _, statistic in ipairs(returns.list) do
      if statistic.group == group then
        known = known or values[statistic.name] ~= nil
        section[#section + 1] = { statistic.label, M.format(statistic, values[statistic.name]) }
      end
    end
    if known then sections[#sections + 1] = section end
  end
  return tabulate.sheet(sections, options)
end

--- The worst drawdowns as text; "" where there are none.
function M.drawdowns(values, times, top)
  local rows = {}
  for k, d in ipairs(returns.drawdown_table(values, { times = times, top = top or 5 })) do
    rows[k] = times and { date(d.start_time), date(d.valley_time), date(d.recovery_time), percent(d.depth),
      percent(d.depth_99), d.days, d.recovery_days }
      or { d.start, d.valley, d.recovery, percent(d.depth), percent(d.depth_99), d.periods, d.recovery_periods }
  end
  if #rows == 0 then return "" end
  local unit = times and "days" or "periods"
  return tabulate.format({ { "drawdown from", keep = true }, { "deepest", keep = true }, { "recovered", keep = true },
    { "depth", right = true }, { "99 %", right = true }, { unit, right = true },
    { unit .. " of recovery", right = true } }, rows)
end

--- Returns by month and year as text.
function M.months(values, times)
  local columns, rows = { { "year", format = tostring } }, {}
  for k, name in ipairs(MONTHS) do columns[k + 1] = { name, right = true } end
  columns[14] = { "year's", right = true }
  for k, year in ipairs(returns.monthly_table(values, times)) do
    local row = { tostring(year.year) }
    for month = 1, 12 do row[month + 1] = year.months[month] and tabulate.number(100 * year.months[month], 1) or "" end
    row[14] = percent(year.total, 1)
    rows[k] = row
  end
  return tabulate.format(columns, rows)
end

--- Confidence intervals of the headline figures as text, with how they were made.
-- @param series returns.series
function M.confidence(series, options)
  local made, how = series:bootstrap(nil, options)
  local rows = {}
  for k, name in ipairs(returns.HEADLINE) do
    local statistic, row = returns.get(name), made[name]
    rows[k] = { statistic.label, M.format(statistic, row.value), M.format(statistic, row.low),
      M.format(statistic, row.high), M.format(statistic, row.standard_error) }
  end
  local level = tabulate.number(100 * how.confidence, 0)
  return tabulate.format({ "figure", { "value", right = true }, { level .. " % from", right = true },
    { "to", right = true }, { "standard error", right = true } }, rows)
    .. ("stationary bootstrap: %s samples, mean block %.1f returns, seed %d\n"):format(
      tabulate.number(how.samples, 0), how.mean_block, how.seed)
end

--- How the figures are annualised, in a line.
function M.calendar(series)
  local used, observed = series:periods_per_year()
  local text = ("annualised with %s periods a year"):format(tabulate.number(used, used % 1 == 0 and 0 or 1))
  return observed and ("%s; the data have %s"):format(text, tabulate.number(observed, 1)) or text
end

-- ---- data for JSON ----

local function finite(value)
  if value == nil or value ~= value or math.abs(value) == math.huge then return json.null end
  return value
end
M.finite = finite

--- The drawdowns, months and confidence intervals as JSON values, keyed in order.
-- @param values list of returns; times (or nil); series: returns.series of them
function M.data(values, times, series, options)
  local parts, drawdowns = {}, {}
  for k, d in ipairs(returns.drawdown_table(values, { times = times, top = 10 })) do
    drawdowns[k] = json.object {
      { "start", times and date(d.start_time) or d.start }, { "valley", times and date(d.valley_time) or d.valley },
      { "end", times and date(d.end_time) or d.finish },
      { "recovery", d.recovery and (times and date(d.recovery_time) or d.recovery) or json.null },
      { "depth", d.depth }, { "depth_99", d.depth_99 or json.null }, { "periods", d.periods },
      { "days", d.days or json.null },
    }
  end
  parts[#parts + 1] = { "drawdowns", json.array(drawdowns) }
  if times then
    local years = {}
    for k, year in ipairs(returns.monthly_table(values, times)) do
      local months = {}
      for month = 1, 12 do months[month] = year.months[month] or json.null end
      years[k] = json.object { { "year", year.year }, { "months", json.array(months) }, { "total", year.total } }
    end
    parts[#parts + 1] = { "months", json.array(years) }
  end
  local made, how = series:bootstrap(nil, options)
  local intervals = {}
  for k, name in ipairs(returns.HEADLINE) do
    local row = made[name]
    intervals[k] = { name, json.object { { "value", finite(row.value) }, { "low", finite(row.low) },
      { "high", finite(row.high) }, { "standard_error", finite(row.standard_error) } } }
  end
  parts[#parts + 1] = { "confidence", json.object {
    { "method", "stationary bootstrap" }, { "level", how.confidence }, { "samples", how.samples },
    { "mean_block", how.mean_block }, { "seed", how.seed }, { "intervals", json.object(intervals) },
  } }
  return parts
end

return M

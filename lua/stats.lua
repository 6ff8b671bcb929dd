--- Statistics: the list of metrics with their definitions, how they are shown, and a binding of src/abi/stats.h.
local ffi = require "ffi"
local abi = require "abi"
local returns = require "returns"
local tabulate = require "tabulate"
local C = abi.C

local M = {}

local DAY_S = 86400

local list, by_name = {}, {}
for index = 0, C.pln_metric_count() - 1 do
  local info = C.pln_metric_get(index)
  local metric = {
    index = index, -- in the array of pln_stats_compute
    name = ffi.string(info.name),
    label = ffi.string(info.label),
    unit = ffi.string(info.unit), -- "%", "currency", "s", "ns" (a time), "count", "ratio"
    group = ffi.string(info.group), -- "Return", "Risk", "Trades", "Costs", "Run", or one of returns.groups
    definition = ffi.string(info.definition),
    headline = C.pln_metric_is_headline(index) == 1, -- part of the short table
    sweep = C.pln_metric_is_sweep(index) == 1, -- computed where results.metrics is sweep
    of_returns = C.pln_metric_statistic(index) >= 0, -- a statistic of the period returns (lua/returns.lua)
  }
  list[index + 1], by_name[metric.name] = metric, metric
end

--- All metrics, in the order in which tables show them: { index, name, label, unit, group, definition } each.
M.list = list

--- The metric of that name, or nil.
function M.get(name) return by_name[name] end

--- A value from `values`: the double array of pln_stats_compute or a table by name. Undefined is nil.
function M.value(values, name)
  local value
  if type(values) == "cdata" then
    local metric = by_name[name]
    value = metric and values[metric.index]
  else
    value = values[name]
  end
  if value == nil or value ~= value then return nil end
  return value
end

--- The array of pln_stats_compute as a table by name; what is undefined is absent.
function M.to_table(values)
  local out = {}
  for _, metric in ipairs(list) do
    local value = values[metric.index]
    if value == value then out[metric.name] = value end
  end
  return out
end

local function time_text(ns)
  return (abi.iso_time(ns):gsub("T00:00:00Z$", ""):gsub("T", " "):gsub("Z$", ""))
end

--- A duration in seconds for people: "830 d", "2 d 03:15", "00:05:30", "0.25 s".
function M.duration(seconds)
  if seconds == nil or seconds ~= seconds then return "-" end
  if seconds < 1 and seconds > 0 then return ("%.3g s"):format(seconds) end
  local whole = math.floor(seconds)
  local days, rest = math.floor(whole / DAY_S), whole % DAY_S
  local hours, minutes, s = math.floor(rest / 3600), math.floor(rest / 60) % 60, rest % 60
  if days > 0 then
    if rest == 0 or days >= 100 then return tabulate.number(days) .. " d" end
    return ("%s d %02d:%02d"):format(tabulate.number(days), hours, minutes)
  end
  return ("%02d:%02d:%02d"):format(hours, minutes, s)
end

--- A metric's value for people, with its unit; undefined is "-".
function M.format(name, value)
  local metric = by_name[name]
  if value == nil or value ~= value then return "-" end
  local unit = metric and metric.unit
  if unit == "%" then return tabulate.number(value, 2) .. " %" end
  if unit == "currency" then return tabulate.number(value, 2) end
  if unit == "count" then return tabulate.number(value, value % 1 == 0 and 0 or 2) end
  if unit == "s" then return M.duration(value) end
  if unit == "ns" then return time_text(value) end
  return tabulate.number(value, 3)
end

local GROUPS = { "Run", "Return", "Trades", "Risk", "Costs" }
local ALL_GROUPS, PLAIN = { unpack(GROUPS) }, {}
for _, group in ipairs(GROUPS) do PLAIN[group] = true end
for _, group in ipairs(returns.groups) do
  if group ~= "Return" and group ~= "Risk" then ALL_GROUPS[#ALL_GROUPS + 1] = group end
end

--- The table of a run as text, grouped, in as many columns as the terminal has room for.
-- @param values the double array of pln_stats_compute, or a table by name
-- @param options terminal.describe's: plain, width, unicode; full = true shows all metrics that are defined beside the
--   short table's
function M.table(values, options)
  local sections = {}
  local full = options and options.full
  for _, group in ipairs(full and ALL_GROUPS or GROUPS) do
    local section = { title = PLAIN[group] and group or group .. " (of periods)" }
    for _, metric in ipairs(list) do
      local value = M.value(values, metric.name)
      if metric.group == group and (metric.headline or full and value) then
        section[#section + 1] = { metric.label, M.format(metric.name, value) }
      end
    end
    if #section > 0 then sections[#sections + 1] = section end
  end
  return tabulate.sheet(sections, options)
end

--- Two runs side by side: `intrabar: bands`.
-- @param options as of M.table
function M.bands(pessimistic, optimistic, options)
  local full, rows = options and options.full, {}
  for _, metric in ipairs(list) do
    local low, high = M.value(pessimistic, metric.name), M.value(optimistic, metric.name)
    if metric.headline or full and (low or high) then
      rows[#rows + 1] = { metric.label, M.format(metric.name, low), M.format(metric.name, high) }
    end
  end
  return tabulate.format({ "", { "pessimistic", right = true }, { "optimistic", right = true } }, rows)
end

--- The reasons' names of metrics that are undefined, by metric, from the array that pln_stats_evaluate fills; those
-- that were not computed at all are left out.
function M.undefined(why)
  local made = {}
  for _, metric in ipairs(list) do
    local reason = why[metric.index]
    if reason ~= 0 and reason ~= C.PLN_UNDEFINED_NOT_COMPUTED then
      made[metric.name] = ffi.string(C.pln_undefined_name(reason))
    end
  end
  return made
end

local Stats = {}
Stats.__index = Stats

--- Statistics of one equity curve, fed row by row in chunks.
-- @param config { capital, timezone = "UTC", timeframe = "1d" (text or pln_timeframe), first_trading_row = 0,
--   keep_returns = true: statistics of the period returns too, sweep = false: only the metrics of sweeps,
--   risk_free_ann = 0, periods_per_year = 0 (by calendar) }
-- @return an object, or nil and a message
function M.new(config)
  local c = ffi.new("pln_stats_config")
  c.capital = config.capital
  local zone = config.timezone or "UTC"
  c.timezone = zone
  if type(config.timeframe) == "cdata" then
    c.timeframe = config.timeframe
  else
    local status, message = abi.check(C.pln_timeframe_parse(config.timeframe or "1d", c.timeframe))
    if not status then return nil, message end
  end
  c.first_trading_row = config.first_trading_row or 0
  c.keep_returns = config.keep_returns ~= false and 1 or 0
  c.is_sweep = config.sweep and 1 or 0
  c.risk_free_ann, c.periods_per_year = config.risk_free_ann or 0, config.periods_per_year or 0
  local handle = C.pln_stats_new(c)
  if handle == nil then return nil, abi.last_error() end
  return setmetatable({ handle = ffi.gc(handle, C.pln_stats_free) }, Stats)
end

--- Adds recorder rows (pln_equity_rows *); true, or nil and a message.
function Stats:add_rows(rows)
  local status, message = abi.check(C.pln_stats_add_rows(self.handle, rows))
  if not status then return nil, message end
  return true
end

--- Adds n closed trades (pln_trade *), in order of closing.
function Stats:add_trades(trades, n)
  local status, message = abi.check(C.pln_stats_add_trades(self.handle, trades, n))
  if not status then return nil, message end
  return true
end

--- The figures so far, as a table by name; what is undefined is absent. `account` (pln_account *) may be nil.
-- @return the figures, and the reasons' names of what is undefined
function Stats:compute(account, ambiguous_bars)
  local values, why = ffi.new("double[?]", C.pln_metric_count()), ffi.new("int32_t[?]", C.pln_metric_count())
  abi.must(C.pln_stats_evaluate(self.handle, account, ambiguous_bars or 0, values, why))
  return M.to_table(values), M.undefined(why)
end

--- The period returns that a pln_stats * kept: { returns, times (int64 ns of local dates), benchmark (nil: not known),
-- periods_per_year }, lists as lua/returns.lua takes them.
function M.period_returns(handle)
  local factor = ffi.new "double[1]"
  local n = tonumber(C.pln_stats_returns(handle, nil, nil, nil, 0, factor))
  local room = math.max(n, 1)
  local r, b, ts = ffi.new("double[?]", room), ffi.new("double[?]", room), ffi.new("int64_t[?]", room)
  C.pln_stats_returns(handle, r, b, ts, n, factor)
  local made = { returns = {}, times = {}, benchmark = {}, periods_per_year = factor[0] }
  local known = false
  for k = 1, n do
    made.returns[k], made.times[k], made.benchmark[k] = r[k - 1], ts[k - 1], b[k - 1]
    known = known or b[k - 1] == b[k - 1]
  end
  if not known then made.benchmark = nil end
  return made
end

local UNITS = {
  ["%"] = "percent", currency = "account currency", s = "seconds", ns = "time (ns since 1970 UTC)",
  count = "count", ratio = "ratio",
}

--- The text of docs/metrics.md.
function M.markdown()
  local lines = {
    "# Metrics", "",
    "<!-- Written by `build/perilune exec scripts/gen_metrics.lua`; do not edit. -->", "",
    "Every figure of a run's table, of `--json` and of the database, under one name with one definition. Percentages",
    "are of 100, durations in seconds, and what is undefined is `null` (JSON) or NULL (SQL). Period returns are from",
    "the last equity of one period to the last of the next; equity is cash and positions at the close of each bar.",
    "\"bt\" names the figure of backtesting.py that has the same definition. Labels in **bold** are those of the short",
    "table; `perilune run --full` shows all. The statistics of the period returns stand below, reckoned where",
    "`results.metrics` is `full`, which it is by itself for runs of up to 100 combos. Where it is `sweep`, those",
    "marked with a dot (·) are reckoned: of the short table all that equity at the ends of periods, drawdowns and",
    "trades give, for which no combo is looked at bar by bar (docs/replay.md). Their bits are the same.",
  }
  for _, group in ipairs(GROUPS) do
    lines[#lines + 1] = ""
    lines[#lines + 1] = "## " .. group
    lines[#lines + 1] = ""
    lines[#lines + 1] = "| name | label | unit | definition |"
    lines[#lines + 1] = "|---|---|---|---|"
    for _, metric in ipairs(list) do
      if metric.group == group and not metric.of_returns then
        local label = metric.headline and "**" .. metric.label .. "**" or metric.label
        if metric.sweep then label = label .. " ·" end
        lines[#lines + 1] = ("| `%s` | %s | %s | %s |"):format(metric.name, label, UNITS[metric.unit],
          (metric.definition:gsub("|", "\\|")))
      end
    end
  end
  return table.concat(lines, "\n") .. "\n\n" .. require("returns").markdown()
end

return M

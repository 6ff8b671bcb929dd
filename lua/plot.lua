--- Pictures of series in the terminal: an equity curve with its drawdown below, in braille dots or plain ASCII.
local abi = require "abi"
local canvas = require "plot_canvas"
local tabulate = require "tabulate"
local terminal = require "terminal"

local M = {}

-- Least, greatest and last value of each of `width` slices of the series; a slice without a point takes over the last
-- of the slice before.
local function slices(values, n, width)
  local low, high, last = {}, {}, {}
  local previous
  for slice = 0, width - 1 do
    local first = math.floor(slice * n / width) + 1
    local final = math.max(first, math.floor((slice + 1) * n / width))
    local least, most = math.huge, -math.huge
    for i = first, math.min(final, n) do
      local value = values[i]
      if value == value then
        least, most, previous = math.min(least, value), math.max(most, value), value
      end
    end
    if least > most then least, most = previous or 0, previous or 0 end
    low[slice + 1], high[slice + 1], last[slice + 1] = least, most, previous or 0
  end
  return low, high, last
end

local function decimals_for(span)
  if span >= 50 then return 0 end
  if span >= 0.5 then return 2 end
  return 4
end

local function date_of(ts, with_time)
  local date, time = abi.iso_time(ts):match("^(%S-)T(%d+:%d+)")
  return with_time and date .. " " .. time or date
end

local function date_line(ts, n, width, margin)
  local DAY_NS = 86400e9
  local with_time = ts[n] - ts[1] < 10 * DAY_NS
  local first, last = date_of(ts[1], with_time), date_of(ts[n], with_time)
  local middle = date_of(ts[math.floor((n + 1) / 2)], with_time)
  local gap = width - #first - #last
  if gap < 1 then return (" "):rep(margin) .. first end
  if gap < #middle + 4 then return (" "):rep(margin) .. first .. (" "):rep(gap) .. last end
  local left = math.floor((gap - #middle) / 2)
  return (" "):rep(margin) .. first .. (" "):rep(left) .. middle .. (" "):rep(gap - #middle - left) .. last
end

local function drawdowns(values, n)
  local out, peak = {}, -math.huge
  for i = 1, n do
    if values[i] > peak then peak = values[i] end
    out[i] = peak > 0 and values[i] / peak - 1 or 0
  end
  return out
end

local function add_curve(lines, values, n, columns, height, margin, out)
  local grid = canvas.new(columns, height, out.unicode)
  local low, high, last = slices(values, n, grid.width)
  local least, most = math.huge, -math.huge
  for i = 1, grid.width do least, most = math.min(least, low[i]), math.max(most, high[i]) end
  if most == least then least, most = least - 0.5, most + 0.5 end
  local scale = (grid.height - 1) / (most - least)
  local function y_of(value) return math.floor((most - value) * scale + 0.5) end
  for i = 1, grid.width do
    local from, to = y_of(high[i]), y_of(low[i])
    if i > 1 then -- joined to where the slice before ended
      local before = y_of(last[i - 1])
      if before < from then from = before + 1 elseif before > to then to = before - 1 end
    end
    for y = math.min(from, to), math.max(from, to) do grid.set(i - 1, y) end
  end
  local decimals = decimals_for(most - least)
  for line = 1, height do
    local label = ""
    if line == 1 or line == height or (height > 4 and line == math.floor((height + 1) / 2)) then
      label = tabulate.number(most - (line - 1) / (height - 1) * (most - least), decimals)
    end
    lines[#lines + 1] = terminal.pad(label, margin - 2, true) .. (out.unicode and " ┤" or " |")
      .. grid.line(line, "*")
  end
end

local function add_drawdown(lines, values, n, columns, height, margin, out)
  local grid = canvas.new(columns, height, out.unicode)
  local low = slices(drawdowns(values, n), n, grid.width)
  local deepest = 0
  for i = 1, grid.width do deepest = math.min(deepest, low[i]) end
  for i = 1, grid.width do
    local depth = deepest < 0 and math.floor(low[i] / deepest * grid.height + 0.5) or 0
    for y = 0, depth - 1 do grid.set(i - 1, y) end
  end
  for line = 1, height do
    local label = line == 1 and "0 %" or line == height and deepest < 0 and tabulate.number(deepest * 100, 1) .. " %"
      or ""
    lines[#lines + 1] = terminal.pad(label, margin - 2, true) .. (out.unicode and " ┤" or " |")
      .. grid.line(line, "#")
  end
end

--- Draws an equity curve, its dates, and the drawdown from the running peak below.
-- @param series { n, ts = list of times in ns (numbers), equity = list of numbers }
-- @param options terminal.describe's (plain, width, unicode) and height (lines of the curve, default 10),
--   drawdown (lines of the drawdown, default 3, 0 = none), title
-- @return text with a final newline; "" for fewer than two points
function M.equity(series, options)
  options = options or {}
  local n = series.n or #series.equity
  if n < 2 then return "" end
  local out = terminal.describe(options)
  local least, most = math.huge, -math.huge
  for i = 1, n do least, most = math.min(least, series.equity[i]), math.max(most, series.equity[i]) end
  local decimals = decimals_for(most - least)
  local margin = 2 + math.max(7, #tabulate.number(most, decimals), #tabulate.number(least, decimals))
  local columns = math.max(20, math.min(out.width, 160) - margin)
  local height = math.max(2, options.height or 10)
  local lines = {}
  if options.title then lines[1] = options.title end
  add_curve(lines, series.equity, n, columns, height, margin, out)
  local dates = date_line(series.ts, n, columns, margin)
  local drawdown = options.drawdown or 3
  if drawdown > 0 then add_drawdown(lines, series.equity, n, columns, drawdown, margin, out) end
  lines[#lines + 1] = dates
  return table.concat(lines, "\n") .. "\n"
end

--- A series in one line of block characters ("▁▂▅▇"), at most `width` wide; ASCII levels in plain output.
function M.spark(values, options)
  local n = #values
  if n == 0 then return "" end
  local out = terminal.describe(options)
  local levels = out.unicode and { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" } or { "_", ".", "-", "=", "+", "*", "#" }
  local width = math.min(n, options and options.width or 40)
  local _, _, last = slices(values, n, width)
  local least, most = math.huge, -math.huge
  for i = 1, width do least, most = math.min(least, last[i]), math.max(most, last[i]) end
  local parts = {}
  for i = 1, width do
    local part = most > least and (last[i] - least) / (most - least) or 0
    parts[i] = levels[math.min(#levels, math.floor(part * #levels) + 1)]
  end
  return table.concat(parts)
end

--- A chart of features over prices, as text for the terminal or as SVG.
-- @param bars pln_bars *
-- @param expressions a text or a list of them: each is drawn over the prices where it is on their scale (an average),
--   in a panel below where it is not (an RSI); `NAME(…).*` is all outputs, "rsi(7), rsi(14)" are two in one panel
-- @param options { svg = true or a path, first, last = rows (from 0, `last` is not shown), n = how many of the last
--   rows (default: what fits the terminal, 250 in an SVG), streams = bars for scopes, overlay = "auto", "all" or
--   "none"; width, height, plain, unicode, color of the terminal's; width, height in pixels of the SVG }
-- @return text (of an SVG that was written to a path: the path), or nil and a message
function M.features(bars, expressions, options)
  options = options or {}
  if type(expressions) == "string" then expressions = { expressions } end
  local text = require "plot_text"
  local first, last = options.first, options.last or tonumber(bars.n_bars)
  if not first then
    first = math.max(0, last - (options.n or options.svg and M.SVG_BARS or text.bars_that_fit(options)))
  end
  local chart, message = require("plot_model").new(bars, expressions,
    { first = first, last = last, streams = options.streams, overlay = options.overlay })
  if not chart then return nil, message end
  if not options.svg then return text.render(chart, options) end
  local drawn = require("svg").chart(chart, options)
  if options.svg == true then return drawn end
  local file
  file, message = io.open(options.svg, "w")
  if not file then return nil, message end
  local ok
  ok, message = file:write(drawn)
  file:close()
  if not ok then return nil, options.svg .. ": " .. tostring(message) end
  return options.svg
end

--- Weights of an ensemble over time (lua/ensemble.lua), stacked; one picture for each regime.
-- @param schedule list of { ts_ns, regime, weights }
-- @param options { names = members' names, until_ns = where the last ones end, height; plain, width, unicode, color of
--   the terminal's }
-- @return text with a final newline
function M.weights(schedule, options) return require("plot_weights").schedule(schedule, options) end

--- Bars that an SVG shows where nothing is said.
M.SVG_BARS = 250

return M

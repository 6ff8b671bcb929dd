--- Charts of features in the terminal: prices with overlays, panels below, each with its axis; braille dots in colours,
-- letters where there are no colours, ASCII where there is no Unicode.
local canvas = require "plot_canvas"
local model = require "plot_model"
local terminal = require "terminal"
local ticks = require "plot_ticks"

local M = {}

-- Of the 256-colour table, such that they are told apart on light and dark grounds.
local UP, DOWN = 71, 167
local COLORS = { 33, 208, 170, 37, 142, 99, 203, 30 }
local LETTERS = { "a", "b", "c", "d", "e", "f", "g", "h" }
local FALL, RISE, FIRST_SERIES = 1, 2, 3 -- layers of the price canvas

local function paint_as(color, text) return ("\27[38;5;%dm%s\27[0m"):format(color, text) end

local function color_of(layer)
  if layer == FALL then return DOWN end
  if layer == RISE then return UP end
  return COLORS[(layer - FIRST_SERIES) % #COLORS + 1]
end

local function letter_of(layer) return LETTERS[(layer - FIRST_SERIES) % #LETTERS + 1] end

-- Bars of column x of `width`: [first, last], from 0.
local function slice(x, n, width)
  local first = math.floor(x * n / width)
  return first, math.max(first, math.floor((x + 1) * n / width) - 1)
end

local function draw_column(grid, x, from, to, layer)
  for y = math.max(0, math.min(from, to)), math.min(grid.height - 1, math.max(from, to)) do grid.set(x, y, layer) end
end

-- The range of each column's bars, coloured by whether they rose.
local function draw_prices(grid, chart, y_of)
  local bars = chart.bars
  local spaced = math.floor(grid.width / chart.n)
  for x = 0, grid.width - 1 do
    local first, last = slice(x, chart.n, grid.width)
    -- Where a bar has room for more than two columns, one stays free.
    local is_gap = spaced >= 3 and slice(x + 1, chart.n, grid.width) ~= first and x < grid.width - 1
    if not is_gap then
      local low, high = math.huge, -math.huge
      for i = chart.first + first, chart.first + last do
        low, high = math.min(low, bars.low[i]), math.max(high, bars.high[i])
      end
      local rose = bars.close[chart.first + last] >= bars.open[chart.first + first]
      draw_column(grid, x, y_of(high), y_of(low), rose and RISE or FALL)
    end
  end
end

-- A line through the values; of several bars in a column their whole range. NaN leaves a gap.
local function draw_line(grid, chart, series, layer, y_of)
  local values, n, width = series.values, chart.n, grid.width
  local before
  for x = 0, width - 1 do
    local first, last = slice(x, n, width)
    local low, high, final = math.huge, -math.huge, nil
    if n >= width then
      for i = first, last do
        local value = values[i]
        if value == value then low, high, final = math.min(low, value), math.max(high, value), value end
      end
    else -- fewer bars than columns: between bars' middles
      local at = math.max(0, math.min(n - 1, (x + 0.5) * n / width - 0.5))
      local i = math.floor(at)
      local a, b = values[i], values[math.min(n - 1, i + 1)]
      local value = at == i and a or a + (b - a) * (at - i)
      if value == value then low, high, final = value, value, value end
    end
    if final then
      local from, to = y_of(high), y_of(low)
      if before then -- joined to where the column before ended
        if before < from then from = before + 1 elseif before > to then to = before - 1 end
      end
      draw_column(grid, x, from, to, layer)
      before = y_of(final)
    else
      before = nil
    end
  end
end

local function draw_bars(grid, chart, series, layer, y_of)
  for x = 0, grid.width - 1 do
    local first, last = slice(x, chart.n, grid.width)
    local far = 0
    for i = first, last do
      local value = series.values[i]
      if value == value and math.abs(value) > math.abs(far) then far = value end
    end
    if far ~= 0 then draw_column(grid, x, y_of(0), y_of(far), layer) end
  end
end

-- A panel of `height` lines: its series over [least, most], the axis at the left.
local function add_panel(lines, chart, series, least, most, height, look, with_prices)
  local grid = canvas.new(look.columns, height, look.out.unicode)
  local scale = (grid.height - 1) / (most - least)
  local function y_of(value) return math.floor((most - value) * scale + 0.5) end
  if with_prices then draw_prices(grid, chart, y_of) end
  local marks = { [FALL] = ":", [RISE] = "|" }
  for k, one in ipairs(series) do
    local layer = look.layer + k - 1
    marks[layer] = letter_of(layer)
    if not look.out.color then grid.letters[layer] = look.out.unicode and #series > 1 and letter_of(layer) or nil end
    if with_prices and not look.out.color and look.out.unicode then grid.letters[layer] = letter_of(layer) end
    local draw = one.kind == "bars" and draw_bars or draw_line
    draw(grid, chart, one, layer, y_of)
  end
  -- Labels stand where their values are: at the line nearest to each round number.
  local numbers, decimals = ticks.numbers(least, most, math.max(2, math.floor(height / 3)))
  local labels = {}
  for _, number in ipairs(numbers) do
    local dots = look.out.unicode and 4 or 1
    local line = math.floor(y_of(number) / dots) + 1
    if line >= 1 and line <= height then labels[line] = ticks.label(number, decimals) end
  end
  local paint = look.out.color and function(layer, text) return paint_as(color_of(layer), text) end or nil
  for line = 1, height do
    local edge = labels[line] and (look.out.unicode and " ┤" or " +") or (look.out.unicode and " │" or " |")
    lines[#lines + 1] = terminal.pad(labels[line] or "", look.margin - 2, true) .. edge .. grid.line(line, marks, paint)
  end
end

-- "━ sma(close, 20) 101.8" for each series, as many in a line as fit.
local function legend(series, look, layer, head)
  local lines, line, used = {}, head or "", terminal.columns(head or "")
  for k, one in ipairs(series) do
    local color, letter = color_of(layer + k - 1), letter_of(layer + k - 1)
    local key = look.out.color and paint_as(color, look.out.unicode and "━━" or "--") or letter .. ":"
    local text = one.label .. " " .. ticks.value(one.value)
    local columns = 2 + 1 + terminal.columns(text)
    if used > 0 and used + 2 + columns > look.out.width then
      lines[#lines + 1] = line
      line, used = "", 0
    end
    if columns > look.out.width then
      text = terminal.cut(text, look.out.width - 3, look.out.unicode)
      columns = look.out.width
    end
    line = line .. (used > 0 and "  " or "") .. key .. " " .. text
    used = used + (used > 0 and 2 or 0) + columns
  end
  if line ~= "" then lines[#lines + 1] = line end
  return lines
end

local function time_line(chart, look)
  local cells, free_from = {}, 1
  for i = 1, look.columns do cells[i] = " " end
  local list = ticks.times(chart.seconds, math.max(2, math.floor(look.columns / 10)))
  for _, tick in ipairs(list) do
    local column = math.floor((tick.index - 0.5) * look.columns / chart.n) + 1
    if column >= free_from and column + #tick.text - 1 <= look.columns then
      for k = 1, #tick.text do cells[column + k - 1] = tick.text:sub(k, k) end
      free_from = column + #tick.text + 1
    end
  end
  return ((" "):rep(look.margin) .. table.concat(cells):gsub("%s+$", ""))
end

local function margin_for(ranges)
  local widest = 5
  for _, range in ipairs(ranges) do
    local numbers, decimals = ticks.numbers(range[1], range[2], 6)
    for _, number in ipairs(numbers) do widest = math.max(widest, #ticks.label(number, decimals)) end
  end
  return widest + 2
end

--- How many bars a terminal of that description has a column of dots for.
function M.bars_that_fit(options)
  local out = terminal.describe(options)
  return (out.width - 9) * (out.unicode and 2 or 1)
end

--- Draws a model (lua/plot_model.lua).
-- @param options terminal.describe's (plain, width, unicode, color), height = lines in all
-- @return text with a final newline
function M.render(chart, options)
  options = options or {}
  local out = terminal.describe(options)
  if options.color ~= nil then out.color = options.color end
  local low, high = model.price_range(chart)
  local ranges = { { low, high } }
  for k, panel in ipairs(chart.panels) do
    ranges[k + 1] = { model.panel_range(chart, panel) }
  end
  local look = { out = out, margin = margin_for(ranges), layer = FIRST_SERIES }
  look.columns = math.max(10, out.width - look.margin)

  local bars, final = chart.bars, chart.first + chart.n - 1
  local close, open = bars.close[final], bars.open[final]
  local price = ticks.value(close)
  local head = "close " .. (out.color and paint_as(close >= open and UP or DOWN, price) or price)
  local heads = legend(chart.overlays, look, FIRST_SERIES, head)
  local heads_of, fixed = {}, #heads + 2 -- and the title and the time axis
  local layer = FIRST_SERIES + #chart.overlays
  for k, panel in ipairs(chart.panels) do
    heads_of[k] = legend(panel, look, layer, nil)
    layer = layer + #panel
    fixed = fixed + #heads_of[k]
  end
  -- The prices get twice the lines of a panel, at least.
  local n = #chart.panels
  local free = (options.height or out.height - 1) - fixed
  local panel_height = n > 0 and math.max(3, math.min(8, math.floor(free / (n + 2)))) or 0
  local height = math.max(6, free - n * panel_height)

  local lines = { terminal.cut(model.title(chart), out.width, out.unicode) }
  for _, line in ipairs(heads) do lines[#lines + 1] = line end
  add_panel(lines, chart, chart.overlays, low, high, height, look, true)
  look.layer = FIRST_SERIES + #chart.overlays
  for k, panel in ipairs(chart.panels) do
    for _, line in ipairs(heads_of[k]) do lines[#lines + 1] = line end
    add_panel(lines, chart, panel, ranges[k + 1][1], ranges[k + 1][2], panel_height, look, false)
    look.layer = look.layer + #panel
  end
  lines[#lines + 1] = time_line(chart, look)
  for i, line in ipairs(lines) do lines[i] = line:gsub("%s+$", "") end
  return table.concat(lines, "\n") .. "\n"
end

return M

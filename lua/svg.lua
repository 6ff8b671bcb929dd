--- Charts as SVG: one self-contained text without scripts, fonts or links, in light or dark colours as the viewer has
-- them. However many bars there are, it draws no more than there are pixels for.
local model = require "plot_model"
local ticks = require "plot_ticks"

local M = {}

local CLASSES = { "u", "d" }

local N_COLORS = 8
local STYLE = [[
.bg{fill:#fff}text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;fill:#57606a}
.t{font-weight:600;fill:#1f2328;font-size:14px}.v{fill:#1f2328}.g{stroke:#eaeef2;fill:none}.ax{stroke:#d0d7de;fill:none}
.u{stroke:#1a7f5a;fill:#1a7f5a}.d{stroke:#c93c37;fill:#c93c37}
.l{fill:none;stroke-width:1.5;stroke-linejoin:round}.k{stroke-width:3}.b{stroke-width:1}
.s1{stroke:#0969da}.s2{stroke:#bc4c00}.s3{stroke:#8250df}.s4{stroke:#0b7285}
.s5{stroke:#9a6700}.s6{stroke:#bf3989}.s7{stroke:#57606a}.s8{stroke:#2b8a3e}
@media (prefers-color-scheme:dark){.bg{fill:#0d1117}text{fill:#9198a1}.t,.v{fill:#e6edf3}
.g{stroke:#1d232b}.ax{stroke:#3d444d}.u{stroke:#3fb98a;fill:#3fb98a}.d{stroke:#f47067;fill:#f47067}
.s1{stroke:#58a6ff}.s2{stroke:#f0883e}.s3{stroke:#bc8cff}.s4{stroke:#39c5cf}.s5{stroke:#d4a72c}.s6{stroke:#f778ba}
.s7{stroke:#9198a1}.s8{stroke:#56d364}}
]]

local TOP, LINE, AXIS, RIGHT, LEFT, GAP = 30, 18, 24, 72, 12, 12
local CANDLE = 3 -- pixels that a candle takes at least

local function escape(text)
  return (text:gsub("[&<>\"]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }))
end

-- Coordinates with one decimal at most.
local function at(value)
  local text = ("%.1f"):format(value)
  return (text:gsub("%.0$", ""):gsub("^%-0$", "0"))
end

-- About how wide a text is, in pixels.
local function width_of(text)
  local _, continuation = text:gsub("[\128-\191]", "")
  return (#text - continuation) * 6.7
end

local Chart = {}
Chart.__index = Chart

function Chart:add(format, ...) self.out[#self.out + 1] = select("#", ...) > 0 and format:format(...) or format end

-- Middle of bar i (from 0) of the chart's n.
function Chart:x(i) return self.left + (i + 0.5) * self.plot_width / self.model.n end

-- Candles, or where bars are narrower than a candle's pixels, candles of several bars together.
function Chart:candles(y_of)
  local bars, n, first = self.model.bars, self.model.n, self.model.first
  local slots = math.min(n, math.floor(self.plot_width / CANDLE))
  local body = math.max(1, math.min(14, math.floor(self.plot_width / slots * 0.7)))
  local wicks, bodies = { u = {}, d = {} }, { u = {}, d = {} }
  for slot = 0, slots - 1 do
    local from = math.floor(slot * n / slots)
    local to = math.max(from, math.floor((slot + 1) * n / slots) - 1)
    local open, close = bars.open[first + from], bars.close[first + to]
    local low, high = math.huge, -math.huge
    for i = first + from, first + to do low, high = math.min(low, bars.low[i]), math.max(high, bars.high[i]) end
    local class = close >= open and "u" or "d"
    local x = self.left + (slot + 0.5) * self.plot_width / slots
    local top, bottom = y_of(math.max(open, close)), y_of(math.min(open, close))
    if bottom - top < 1 then top, bottom = (top + bottom) / 2 - 0.5, (top + bottom) / 2 + 0.5 end
    table.insert(wicks[class], ("M%s %sV%s"):format(at(x), at(y_of(high)), at(y_of(low))))
    table.insert(bodies[class], ("M%s %sh%sV%sh-%sz"):format(at(x - body / 2), at(top), at(body), at(bottom), at(body)))
  end
  for _, class in ipairs(CLASSES) do
    if #wicks[class] > 0 then
      self:add('<path class="%s" fill="none" d="%s"/>', class, table.concat(wicks[class]))
      self:add('<path class="%s" stroke="none" style="stroke:none" d="%s"/>', class, table.concat(bodies[class]))
    end
  end
end

-- A line; where several values share a pixel, their first, least, greatest and last.
function Chart:line(series, y_of, class)
  local values, n = series.values, self.model.n
  local columns = math.min(n, math.floor(self.plot_width))
  local parts, is_down = {}, false
  local function point(x, value)
    parts[#parts + 1] = (is_down and "L" or "M") .. at(x) .. " " .. at(y_of(value))
    is_down = true
  end
  for column = 0, columns - 1 do
    local from = math.floor(column * n / columns)
    local to = math.max(from, math.floor((column + 1) * n / columns) - 1)
    if to == from then
      local value = values[from]
      if value == value then point(self:x(from), value) else is_down = false end
    else
      local low, high, first, final, low_at, high_at
      for i = from, to do
        local value = values[i]
        if value == value then
          if not first then first, low, high, low_at, high_at = value, value, value, i, i end
          final = value
          if value < low then low, low_at = value, i end
          if value > high then high, high_at = value, i end
        end
      end
      if first then
        local x = self:x((from + to) / 2)
        local one, two = low, high
        if high_at < low_at then one, two = high, low end
        local previous
        for _, value in ipairs { first, one, two, final } do
          if value ~= previous then point(x, value) end
          previous = value
        end
      else
        is_down = false
      end
    end
  end
  if #parts == 1 then parts[2] = "h1" end
  if #parts > 0 then self:add('<path class="l %s" d="%s"/>', class, table.concat(parts)) end
end

function Chart:bars(series, y_of, class)
  local n = self.model.n
  local slots = math.min(n, math.floor(self.plot_width / 2))
  local thick = math.max(1, math.min(14, math.floor(self.plot_width / slots * 0.7)))
  local parts = {}
  for slot = 0, slots - 1 do
    local from = math.floor(slot * n / slots)
    local to = math.max(from, math.floor((slot + 1) * n / slots) - 1)
    local far = 0
    for i = from, to do
      local value = series.values[i]
      if value == value and math.abs(value) > math.abs(far) then far = value end
    end
    local x = self.left + (slot + 0.5) * self.plot_width / slots
    if far ~= 0 then parts[#parts + 1] = ("M%s %sV%s"):format(at(x), at(y_of(0)), at(y_of(far))) end
  end
  if #parts > 0 then
    self:add('<path class="%s" style="stroke-width:%dpx;stroke-opacity:.55" fill="none" d="%s"/>', class, thick,
      table.concat(parts))
  end
end

-- Keys, names and last values, wrapped. Returns how many lines it took.
function Chart:legend(series, y, color, price)
  local x, lines = self.left, 1
  local function item(class, label, value)
    local width = width_of(label .. value) + (class and 46 or 26)
    if x > self.left and x + width > self.width - 8 then x, lines = self.left, lines + 1 end
    local base = y + (lines - 1) * LINE
    if class then
      self:add('<path class="k %s" d="M%s %sh16"/>', class, at(x), at(base - 4))
      x = x + 22
    end
    self:add('<text x="%s" y="%s">%s <tspan class="v">%s</tspan></text>', at(x), at(base), escape(label), value)
    x = x + width - (class and 22 or 0)
  end
  if price then item(nil, "close", price) end
  for k, one in ipairs(series) do item("s" .. (color + k - 2) % N_COLORS + 1, one.label, ticks.value(one.value)) end
  return lines
end

function Chart:panel(series, least, most, top, height, color, with_prices)
  local pad = (most - least) * 0.04
  local low, high = least - pad, most + pad
  local function y_of(value) return top + (high - value) / (high - low) * height end
  local numbers, decimals = ticks.numbers(low, high, math.max(3, math.floor(height / 40)))
  local lines, right = {}, self.left + self.plot_width
  for _, number in ipairs(numbers) do
    local y = y_of(number)
    lines[#lines + 1] = ("M%s %sH%s"):format(at(self.left), at(y), at(right))
    self:add('<text x="%s" y="%s">%s</text>', at(right + 8), at(y + 4), ticks.label(number, decimals))
  end
  for _, tick in ipairs(self.times) do
    lines[#lines + 1] = ("M%s %sv%s"):format(at(self:x(tick.index - 1)), at(top), at(height))
  end
  self:add('<path class="g" d="%s"/>', table.concat(lines))
  self:add('<path class="ax" d="M%s %sv%sH%s"/>', at(right), at(top), at(height), at(self.left))
  if with_prices then self:candles(y_of) end
  for k, one in ipairs(series) do
    local class = "s" .. (color + k - 2) % N_COLORS + 1
    if one.kind == "bars" then self:bars(one, y_of, class) else self:line(one, y_of, class) end
  end
end

-- How many lines a legend will take.
local function legend_lines(self, series, price)
  local out = self.out
  self.out = {}
  local lines = self:legend(series, 0, 1, price)
  self.out = out
  return lines
end

--- Draws a model (lua/plot_model.lua).
-- @param options { width = pixels (1200), height = pixels (440 and 130 for each panel) }
-- @return text
function M.chart(chart, options)
  options = options or {}
  local self = setmetatable({ model = chart, out = {}, width = options.width or 1200, left = LEFT }, Chart)
  self.plot_width = math.max(50, self.width - LEFT - RIGHT)
  local n_panels = #chart.panels
  local bars, final = chart.bars, chart.first + chart.n - 1
  local price = ticks.value(bars.close[final])
  local heads = { legend_lines(self, chart.overlays, price) }
  local fixed = TOP + heads[1] * LINE + AXIS + 8
  for k, panel in ipairs(chart.panels) do
    heads[k + 1] = legend_lines(self, panel)
    fixed = fixed + heads[k + 1] * LINE + GAP
  end
  local height = options.height or fixed + 360 + n_panels * 110
  local free = math.max(60 + 40 * n_panels, height - fixed)
  local panel_height = n_panels > 0 and math.floor(math.min(140, free / (n_panels + 2))) or 0
  local price_height = free - panel_height * n_panels
  height = math.max(height, fixed + free)

  self.times = ticks.times(chart.seconds, math.max(2, math.floor(self.plot_width / 90)))
  local title = model.title(chart)
  self:add('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">', self.width,
    height, self.width, height)
  self:add("<title>%s</title>", escape(title))
  self:add("<style>%s</style>", STYLE)
  self:add('<rect class="bg" width="%d" height="%d"/>', self.width, height)
  self:add('<text class="t" x="%d" y="21">%s</text>', LEFT, escape(title))
  local y, color = TOP, 1
  local low, high = model.price_range(chart)
  self:legend(chart.overlays, y + 12, color, price)
  y = y + heads[1] * LINE
  self:panel(chart.overlays, low, high, y, price_height, color, true)
  y, color = y + price_height, color + #chart.overlays
  for k, panel in ipairs(chart.panels) do
    y = y + GAP
    self:legend(panel, y + 12, color)
    y = y + heads[k + 1] * LINE
    local least, most = model.panel_range(chart, panel)
    self:panel(panel, least, most, y, panel_height, color, false)
    y, color = y + panel_height, color + #panel
  end
  local free_from = 0
  for _, tick in ipairs(self.times) do
    local x, half = self:x(tick.index - 1), width_of(tick.text) / 2
    if x - half > free_from and x + half < self.width then
      self:add('<text x="%s" y="%s" text-anchor="middle"%s>%s</text>', at(x), at(y + 17),
        tick.strong and ' class="v"' or "", tick.text)
      free_from = x + half + 6
    end
  end
  self:add "</svg>"
  return table.concat(self.out, "\n") .. "\n"
end

return M

--- What a chart of features shows, whatever it is drawn with: the bars, the series, and which of them share the prices'
-- axis.
local ffi = require "ffi"
local abi = require "abi"
local feature = require "feature"
local C = abi.C

local M = {}

local doubles = ffi.typeof "double[?]"

-- A feature is on the prices' scale where it is of the same dimension: prices that are twice as large make it twice as
-- large, and prices that are all moved by an amount move it by that amount. Averages and bands are so; an RSI is not,
-- and neither is an ATR, whatever their values happen to be.

-- Bars whose prices (and further columns) are factor * price + offset.
local function changed_bars(bars, factor, offset)
  local n, kept = tonumber(bars.n_bars), {}
  local function column(from)
    local to = doubles(n)
    for i = 0, n - 1 do to[i] = from[i] * factor + offset end
    kept[#kept + 1] = to
    return to
  end
  local made = ffi.new "pln_bars"
  ffi.copy(made, bars, ffi.sizeof "pln_bars")
  made.open, made.high, made.low, made.close =
    column(bars.open), column(bars.high), column(bars.low), column(bars.close)
  if bars.n_extra > 0 then
    local extra = ffi.new("const double *[?]", bars.n_extra)
    for k = 0, bars.n_extra - 1 do extra[k] = column(bars.extra[k]) end
    made.extra, kept[#kept + 1] = extra, extra
  end
  return made, kept
end

local function changed_columns(bars, streams, expressions, factor, offset)
  local own, kept = changed_bars(bars, factor, offset)
  local others, all_kept = {}, { kept }
  for i, stream in ipairs(streams or {}) do
    others[i], all_kept[i + 1] = changed_bars(stream, factor, offset)
  end
  local columns = feature.compute(own, expressions, { streams = others })
  return columns, all_kept
end

local function agrees(column, base, factor, offset, first, last)
  local seen = false
  for row = first, last - 1 do
    local expected = base[row] * factor + offset
    if expected == expected then
      seen = true
      local agreed = math.abs(column[row] - expected) <= 1e-6 * (math.abs(expected) + math.abs(offset))
      if not agreed then return false end -- NaN does not
    end
  end
  return seen
end

local function range(column, first, last)
  local least, most = math.huge, -math.huge
  for row = first, last - 1 do
    local value = column[row]
    if value == value then
      if value < least then least = value end
      if value > most then most = value end
    end
  end
  return least, most
end

-- For each expression whether it belongs on the prices' axis.
local function on_price_scale(bars, streams, expressions, columns, first, last)
  local result = {}
  local low = range(bars.low, first, last)
  local _, high = range(bars.high, first, last)
  local offset = 2 ^ math.floor(math.log10(math.max(math.abs(high), math.abs(low), 1e-6)) / math.log10(2))
  local twice, kept_twice = changed_columns(bars, streams, expressions, 2, 0)
  local moved, kept_moved = changed_columns(bars, streams, expressions, 1, offset)
  local from = math.max(first, last - 2000)
  for k, column in ipairs(columns) do
    if twice and moved then
      local scales = agrees(twice[k], column, 2, 0, from, last)
      local moves = agrees(moved[k], column, 1, offset, from, last)
      local least, most = range(column, first, last)
      local is_near = least >= low - (high - low) and most <= high + (high - low)
      result[k] = scales and (moves or is_near)
    else
      result[k] = false
    end
  end
  assert(#kept_twice == #kept_moved) -- both live until here: columns may be read off them
  return result
end

-- "macd(12, 26, 9)" of "macd(12, 26, 9).signal": outputs of one indicator share a panel.
local function base_of(expression) return expression:match "^(.*%))%s*%.%s*[%a_][%w_]*$" or expression end

local function local_seconds(bars, row, zone, cursor)
  local ns = C.pln_timezone_to_local_cursor(zone, bars.ts_ns[row], cursor)
  return tonumber(ns / 1000000LL) / 1000
end

--- Makes a model.
-- @param bars pln_bars *
-- @param texts list of expressions; one that holds several, with commas between, asks for one panel for them, and
--   `NAME(…).*` is all outputs
-- @param options { first, last = rows that are shown, streams = further bars for scopes, overlay = "auto", "all" or
--   "none" }
-- @return { bars, first, n, seconds = local times, symbol, timeframe, timezone, overlays = list of series, panels =
--   list of lists of series }, a series being { label, values = double *, from row `first`, kind = "line" | "bars",
--   value = the last of them }; or nil and a message
function M.new(bars, texts, options)
  local expressions, from = feature.expand(texts)
  if not expressions then return nil, from end
  local columns, message = feature.compute(bars, expressions, { streams = options.streams })
  if not columns then return nil, message end
  local first, last = options.first or 0, options.last or tonumber(bars.n_bars)
  if last <= first then return nil, "there are no bars to plot" end
  local overlay = options.overlay or "auto"
  local is_price = overlay == "auto" and on_price_scale(bars, options.streams, expressions, columns, first, last)
  local model = {
    bars = bars, first = first, n = last - first, seconds = {}, overlays = {}, panels = {}, columns = columns,
    symbol = ffi.string(bars.symbol ~= nil and bars.symbol or "?"), total = tonumber(bars.n_bars),
  }
  local name = ffi.new "char[16]"
  C.pln_timeframe_format(bars.timeframe, name)
  model.timeframe = ffi.string(name)
  model.timezone = bars.timezone ~= nil and ffi.string(bars.timezone) or "UTC"
  local zone, cursor = C.pln_timezone_get(bars.timezone), ffi.new "pln_timezone_cursor"
  for i = 1, model.n do model.seconds[i] = local_seconds(bars, first + i - 1, zone, cursor) end
  local by_key = {}
  for k, expression in ipairs(expressions) do
    local series = {
      label = expression, values = columns[k] + first, value = columns[k][last - 1],
      kind = expression:find "%.hist[%a]*$" and "bars" or expression == "volume" and "bars" or "line",
    }
    if overlay == "all" or is_price and is_price[k] then
      model.overlays[#model.overlays + 1] = series
    else
      local is_list = texts[from[k]] ~= expression and not texts[from[k]]:find "%.%s*%*%s*$"
      local key = is_list and from[k] or base_of(expression)
      if not by_key[key] then
        by_key[key] = {}
        model.panels[#model.panels + 1] = by_key[key]
      end
      local panel = by_key[key]
      table.insert(panel, series.kind == "bars" and 1 or #panel + 1, series) -- lines are drawn over bars
    end
  end
  return model
end

--- First and last time of what is shown, and how much of the whole that is.
function M.title(model)
  local bars = model.bars
  local zone = C.pln_timezone_get(bars.timezone)
  local is_daily = bars.timeframe.unit ~= C.PLN_TIMEFRAME_FIXED and bars.timeframe.unit ~= C.PLN_TIMEFRAME_NONE
  local function at(row)
    local text = abi.iso_time(C.pln_timezone_to_local(zone, bars.ts_ns[row]))
    if is_daily then return text:sub(1, 10) end
    return (text:sub(1, 16):gsub("T", " "))
  end
  local text = ("%s %s  %s to %s"):format(model.symbol, model.timeframe, at(model.first), at(model.first + model.n - 1))
  if model.timezone ~= "UTC" then text = text .. " " .. model.timezone end
  return text
end

-- Least and greatest value of series over the rows that are shown; nil where none is warm.
local function range_of(model, series)
  local least, most = math.huge, -math.huge
  for _, one in ipairs(series) do
    local low, high = range(one.values, 0, model.n)
    least, most = math.min(least, low), math.max(most, high)
    if one.kind == "bars" then least, most = math.min(least, 0), math.max(most, 0) end
  end
  if least > most then return nil end
  return least, most
end

-- A range that has a length.
local function widened(least, most)
  if most > least then return least, most end
  local half = most == 0 and 0.5 or math.abs(most) * 1e-3
  return least - half, most + half
end

--- The range of a panel's axis.
function M.panel_range(model, panel)
  local least, most = range_of(model, panel)
  if not least then return 0, 1 end
  return widened(least, most)
end

--- The range of the prices' axis.
function M.price_range(model)
  local bars = model.bars
  local least = range(bars.low, model.first, model.first + model.n)
  local _, most = range(bars.high, model.first, model.first + model.n)
  local low, high = range_of(model, model.overlays)
  if low then least, most = math.min(least, low), math.max(most, high) end
  return widened(least, most)
end

return M

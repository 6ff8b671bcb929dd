-- What stops, sizes and costs read of adjusted prices is in the units of the raw prices at which orders fill.
local config = require "config"
local feature = require "feature"
local gauge_units = require "gauge_units"
local plan = require "plan"
local support = require "support"

TestGaugeUnits = {}

function TestGaugeUnits.tearDown() support.cleanup() end

-- Forty days; three for one before day 20, a dividend of 2 before day 30.
local function made(adjust, timeframes)
  local folder, lines, price = support.folder(), { "date,open,high,low,close,volume" }, 300
  for i = 0, 39 do
    price = price * (i % 3 == 0 and 1.02 or 0.995)
    if i == 20 then price = price / 3 end
    lines[#lines + 1] = ("2024-%02d-%02d,%.4f,%.4f,%.4f,%.4f,%d"):format(1 + math.floor(i / 28), 1 + i % 28, price,
      price * 1.01, price * 0.98, price * 1.005, (1000 + i) * (i < 20 and 1 or 3))
  end
  local path = support.write(folder .. "/x.csv", table.concat(lines, "\n") .. "\n")
  local actions = support.write(folder .. "/a.csv",
    "date,symbol,kind,value\n2024-01-21,X,split,3\n2024-02-03,X,dividend,2\n")
  local cfg = assert(config.from_text(("data: {path: %s, cache: false}\nsymbols: [{symbol: X%s}]\n"
    .. "strategies: [momentum]\ncorporate_actions: {path: %s%s}\n"):format(path, timeframes or "", actions,
    adjust or "")))
  return assert(plan.new(cfg))
end

local function columns(symbol, expression)
  local stream = symbol.streams[1]
  local function compute(bars)
    local list, message = feature.compute(bars, { expression })
    return list and list[1], message
  end
  local column = assert(compute(stream.bars))
  local ok, message = gauge_units.to_fills(stream.adjustment, stream.bars, column, expression, compute)
  if not ok then return nil, message end
  return column, assert(compute(symbol.bars))
end

local function same(symbol, expression, first, last)
  local ours, raw = columns(symbol, expression)
  assert(ours, raw)
  for i = first, last do support.close(ours[i], raw[i], 1e-12, expression .. " at " .. i) end
  return ours, raw
end

function TestGaugeUnits.test_prices()
  local symbol = made().symbols[1]
  lu.assertNotEquals(symbol.bars, symbol.streams[1].bars)
  same(symbol, "close", 0, 39)
  same(symbol, "atr(3)", 4, 19)    -- before the split they are those of the raw bars
  same(symbol, "stddev(5)", 5, 19)
  same(symbol, "high - low", 0, 39)
  -- Over it the raw ones hold a fall by two thirds, ours do not.
  local ours, raw = columns(symbol, "atr(3)")
  lu.assertTrue(raw[20] > 10 * ours[20])
  support.close(ours[20], ours[19] / 3, 0.1, "a third of it after the split")
end

function TestGaugeUnits.test_volumes_and_ratios()
  local symbol = made().symbols[1]
  same(symbol, "volume", 0, 39)
  same(symbol, "sma(volume, 4)", 4, 19)
  same(symbol, "close * volume", 0, 39)
  same(symbol, "rsi(5)", 6, 19)
  same(symbol, "variance(5)", 5, 19) -- the square of prices
  local ours, raw = columns(symbol, "close / lag(close, 1) - 1")
  lu.assertTrue(raw[20] < -0.6 and math.abs(ours[20]) < 0.05)
end

function TestGaugeUnits.test_what_is_not_proportional()
  local _, message = columns(made().symbols[1], "close + 1")
  lu.assertStrContains(message, "'close + 1' is not proportional to prices")
  lu.assertStrContains(message, "say corporate_actions.adjust: both")
end

function TestGaugeUnits.test_other_modes_leave_them()
  for _, adjust in ipairs { ", adjust: both", ", adjust: raw" } do
    local symbol = made(adjust).symbols[1]
    lu.assertNil(symbol.streams[1].adjustment)
    local ours, raw = columns(symbol, "close + 1")
    for i = 0, 39 do lu.assertEquals(ours[i], raw[i]) end
  end
  same(made(", adjust_for: splits").symbols[1], "close", 0, 39)
end

-- Of a coarser bar what holds is the factor at its close.
function TestGaugeUnits.test_coarser_bars()
  local symbol = made(nil, ", timeframes: [1w, 1d]").symbols[1]
  local ours = columns(symbol, "close")
  local weeks = symbol.streams[1].bars
  local n = tonumber(weeks.n_bars)
  local raw, k = {}, 0
  for i = 0, tonumber(symbol.bars.n_bars) - 1 do
    while k < n - 1 and symbol.bars.ts_ns[i] >= weeks.ts_ns[k + 1] do k = k + 1 end
    raw[k] = symbol.bars.close[i]
  end
  for i = 0, n - 1 do support.close(ours[i], raw[i], 1e-12, "week " .. i) end
end

-- Indicators over several symbols and timeframes: each row has what was visible of the others when it closed.
local ffi = require "ffi"
local abi = require "abi"
local feature = require "feature"
local C = abi.C

local MINUTE = 60000000000LL

-- Bars of some minutes each; price(i) and volume(i) of the row i, that begins at minute at(i).
local function bars_of(symbol, timeframe, n, at, price, volume)
  local ts, prices, volumes = ffi.new("int64_t[?]", n), ffi.new("double[?]", n), ffi.new("double[?]", n)
  for i = 0, n - 1 do
    ts[i], prices[i], volumes[i] = at(i) * MINUTE, price(i), volume and volume(i) or 1
  end
  local bars = C.pln_bars_from_arrays(symbol, timeframe, n, ts, prices, prices, prices, prices, volumes)
  assert(bars ~= nil, abi.last_error())
  return ffi.gc(bars, C.pln_bars_free), prices
end

local function every(minutes) return function(i) return i * minutes end end

TestCross = {}

function TestCross.test_pairs()
  local spy, a = bars_of("SPY", "1m", 50, every(1), function(i) return 100 + (i * 7) % 13 end)
  local qqq, b = bars_of("QQQ", "1m", 50, every(1), function(i) return 200 + (i * 11) % 17 end)
  local columns = assert(feature.compute(spy, { "spread(close, QQQ_1m.close, 1.5)", "ratio(close, QQQ_1m.close)",
    "spread(close, QQQ_1m.close, 0.5, logs)", "relative_strength(close, QQQ_1m.close, 5).excess",
    "zscore(spread(close, QQQ_1m.close, 1.5), 10)" }, { streams = { qqq } }))
  for i = 0, 49 do
    lu.assertAlmostEquals(columns[1][i], a[i] - 1.5 * b[i], 1e-12)
    lu.assertAlmostEquals(columns[2][i], a[i] / b[i], 1e-12)
    lu.assertAlmostEquals(columns[3][i], math.log(a[i]) - 0.5 * math.log(b[i]), 1e-12)
    if i >= 5 then lu.assertAlmostEquals(columns[4][i], a[i] / a[i - 5] - b[i] / b[i - 5], 1e-12) end
    lu.assertEquals(columns[5][i] ~= columns[5][i], i < 9)
  end
end

-- QQQ misses minutes: a row has its last bar that was closed by then, never a later one.
function TestCross.test_gaps_of_the_other()
  local function at(i) return i * 3 + i % 2 end
  local spy, a = bars_of("SPY", "1m", 60, every(1), function(i) return 100 + i end)
  local qqq, b = bars_of("QQQ", "1m", 20, at, function(i) return 1000 + i * i end)
  for _, chunk_rows in ipairs { 1, 7, 4096 } do
    local columns = assert(feature.compute(spy, { "ratio(close, QQQ_1m.close)", "spread(close, QQQ_1m.close)" },
      { streams = { qqq }, chunk_rows = chunk_rows }))
    for i = 0, 59 do
      local last = -1
      while last + 1 < 20 and at(last + 1) <= i do last = last + 1 end
      lu.assertEquals(columns[1][i], a[i] / b[last])
      lu.assertEquals(columns[2][i], a[i] - b[last])
    end
  end
end

function TestCross.test_another_timeframe()
  local spy, a = bars_of("SPY", "1m", 60, every(1), function(i) return 100 + i % 7 end)
  local hourly, b = bars_of("SPY", "5m", 12, every(5), function(i) return 100 + (i * 5) % 11 end)
  local columns = assert(feature.compute(spy, { "ratio(close, SPY_5m.close)", "spread(close, SPY_5m.sma(close, 2))" },
    { streams = { hourly } }))
  for i = 0, 59 do
    local closed = math.floor((i + 1) / 5) - 1
    lu.assertEquals(columns[1][i] ~= columns[1][i], closed < 0)
    if closed >= 0 then lu.assertEquals(columns[1][i], a[i] / b[closed]) end
    if closed >= 1 then lu.assertEquals(columns[2][i], a[i] - (b[closed] + b[closed - 1]) / 2) end
  end
end

-- Sessions of three bars, three days.
function TestCross.test_volume_of_the_session()
  local volumes = { 10, 20, 30, 20, 20, 20, 30, 0, 60, 5, 5 }
  local minutes = { 600, 610, 620, 600, 610, 620, 600, 610, 620, 605, 615 }
  local function at(i) return (i < 9 and math.floor(i / 3) or 3) * 1440 + minutes[i + 1] end
  local bars = bars_of("SPY", "1m", 11, at, function() return 100 end, function(i) return volumes[i + 1] end)
  local columns = assert(feature.compute(bars, { "relative_volume(2)", "relative_volume(2).valid", "rvol(1)" }))
  -- sums up to the minutes 600, 610, 620: 10 30 60, 20 40 60, 30 30 90; then up to 605 and 615
  local expected = { 1, 1, 1, 1, 1, 1, 30 / 15, 30 / 35, 90 / 60, 5 / 25, 10 / 35 }
  for i = 0, 10 do
    lu.assertAlmostEquals(columns[1][i], expected[i + 1], 1e-12)
    lu.assertEquals(columns[2][i], i < 6 and 0 or 1)
  end
  lu.assertAlmostEquals(columns[3][3], 2, 1e-12)
  lu.assertAlmostEquals(columns[3][10], 10 / 30, 1e-12)
end

-- The Lua binding of the feature hub.
local ffi = require "ffi"
local abi = require "abi"
local feature = require "feature"
local C = abi.C

local MINUTE = 60000000000

local function bars_of(symbol, timeframe, n, step, offset)
  local ts = ffi.new("int64_t[?]", n)
  local prices = ffi.new("double[?]", n)
  for i = 0, n - 1 do
    ts[i] = i * step
    prices[i] = 100 + (i * 7) % 13 + (offset or 0)
  end
  local bars = C.pln_bars_from_arrays(symbol, timeframe, n, ts, prices, prices, prices, prices, nil)
  assert(bars ~= nil, abi.last_error())
  return ffi.gc(bars, C.pln_bars_free), prices
end

TestFeature = {}

function TestFeature.test_compute()
  local bars, close = bars_of("SPY", "1m", 100, MINUTE)
  local columns, warmups = feature.compute(bars, { "sma(close, 3)", "close", "macd(3, 5, 2).signal" })
  lu.assertNotNil(columns, warmups)
  lu.assertEquals(warmups, { 2, 0, 5 })
  for i = 0, 99 do
    lu.assertEquals(columns[2][i], close[i])
    if i < 2 then
      lu.assertTrue(columns[1][i] ~= columns[1][i])
    else
      lu.assertAlmostEquals(columns[1][i], (close[i] + close[i - 1] + close[i - 2]) / 3, 1e-12)
    end
    lu.assertEquals(columns[3][i] ~= columns[3][i], i < 5)
  end
end

function TestFeature.test_several_streams()
  local minutes, close = bars_of("SPY", "1m", 60, MINUTE)
  local fives, other = bars_of("SPY", "5m", 12, 5 * MINUTE, 50)
  for _, chunk_rows in ipairs { 1, 7, 4096 } do
    local columns = assert(feature.compute(minutes, { "SPY_5m.close", "close - SPY_5m:close" },
      { streams = { fives }, chunk_rows = chunk_rows }))
    for i = 0, 59 do
      local closed = math.floor((i + 1) / 5) - 1 -- minute i closes when i + 1 minutes have passed
      if closed < 0 then
        lu.assertTrue(columns[1][i] ~= columns[1][i])
      else
        lu.assertEquals(columns[1][i], other[closed])
        lu.assertEquals(columns[2][i], close[i] - other[closed])
      end
    end
  end
end

function TestFeature.test_peek_and_states_and_threads()
  local bars, close = bars_of("SPY", "1m", 40, MINUTE)
  local function open()
    local hub = assert(feature.hub(32))
    assert(hub:add_stream(bars))
    assert(hub:add(0, "ema(close, 5)"))
    assert(hub:add(0, "time"))
    assert(hub:set_threads(2))
    assert(hub:seal())
    return hub
  end
  local hub = open()
  assert(hub:advance(20 * MINUTE))
  local price = close[20]
  local peeked = assert(hub:peek(0, { ts_ns = 20 * MINUTE, open = price, high = price, low = price, close = price }))
  local state = assert(hub:save())
  local other = open()
  lu.assertEquals({ other:load "no state" }, { nil, "feature hub: the bytes are no snapshot of a hub" })
  assert(other:load(state))
  lu.assertEquals(assert(other:advance(21 * MINUTE)), 1)
  lu.assertEquals(other:column(0)[0], peeked[0])
  lu.assertEquals(peeked[1], 1200)
  lu.assertEquals({ other:set_threads(3) }, { nil, "feature hub: the number of threads is set after seal" })
end

function TestFeature.test_hub_goes_slice_by_slice()
  local bars = bars_of("SPY", "1m", 10, MINUTE)
  local hub = assert(feature.hub(4))
  local stream = assert(hub:add_stream(bars))
  local average, price = assert(hub:add(stream, "sma(3)")), assert(hub:add(stream, "close"))
  lu.assertEquals(hub:add(stream, "sma(close, 3)"), average)
  lu.assertEquals(hub:nodes(), 2)
  assert(hub:seal())
  local slices = {}
  while hub:horizon() do
    local rows = assert(hub:advance())
    local first, last = hub:rows(stream)
    slices[#slices + 1] = { rows, first, last, hub:first_warm(stream, { average, price }) }
    lu.assertEquals(hub:column(price)[0], bars.close[first])
  end
  lu.assertEquals(slices, { { 4, 0, 4, 2 }, { 4, 4, 8, 4 }, { 2, 8, 10, 8 } })
  lu.assertEquals(hub:advance(), 0)
end

function TestFeature.test_bars_live_as_long_as_their_hub()
  local hub = assert(feature.hub(64))
  assert(hub:add_stream((bars_of("SPY", "1m", 1000, MINUTE))))
  local id = assert(hub:add(0, "close"))
  assert(hub:seal())
  collectgarbage()
  collectgarbage()
  assert(hub:advance())
  lu.assertEquals(hub:column(id)[1], 107)
end

function TestFeature.test_mistakes()
  local bars = bars_of("SPY", "1m", 10, MINUTE)
  local columns, message = feature.compute(bars, { "sma(close, 0)" })
  lu.assertNil(columns)
  lu.assertStrContains(message, "column 12: sma: period 0 is out of range 1…100000")
  local hub
  hub, message = feature.hub(0)
  lu.assertNil(hub)
  lu.assertStrContains(message, "chunk_rows 0 is out of range")
  hub = assert(feature.hub(8))
  assert(hub:add_stream(bars))
  lu.assertStrContains(select(2, hub:add_stream(bars)), "SPY_1m is there already")
  lu.assertStrContains(select(2, hub:advance(0)), "before seal")
  assert(hub:seal())
  lu.assertStrContains(select(2, hub:add(0, "close")), "after seal")
  lu.assertStrContains(select(2, hub:advance(bars.ts_ns[9] * 2)), "beyond the horizon")
end

function TestFeature.test_scopes()
  lu.assertEquals(feature.scopes "sma(close, 20) + macd(3, 5, 2).signal * 1.5", {})
  lu.assertEquals(feature.scopes '"BRK.B"_1d:close - QQQ_1d.sma(SPY_5m.high, 3) + QQQ_1d:low',
    { "BRK.B_1d", "QQQ_1d", "SPY_5m" })
end

function TestFeature.test_descriptors_are_complete()
  local seen = {}
  for _, info in ipairs(feature.list()) do
    lu.assertNil(seen[info.name])
    seen[info.name] = true
    for _, field in ipairs { "help", "formula", "example", "group" } do lu.assertTrue(#info[field] > 0, info.name) end
    lu.assertTrue(#info.outputs > 0)
    for _, param in ipairs(info.params) do
      lu.assertTrue(param.min <= param.default and param.default <= param.max and #param.help > 0)
    end
    local bars = bars_of("SPY", "1m", 200, MINUTE)
    local columns, warmups = feature.compute(bars, { info.example })
    lu.assertNotNil(columns, warmups)
    lu.assertTrue(columns[1][199] == columns[1][199], info.example)
  end
  for name in ("sma ema wma rsi macd atr bbands stddev roc highest lowest returns lag crossover"):gmatch "%a+" do
    lu.assertTrue(seen[name])
  end
  lu.assertStrContains(select(2, feature.info "smaz"), "did you mean 'sma'?")
end

function TestFeature.test_document_is_current()
  local file = assert(io.open(ffi.string(C.pln_host_home()) .. "/docs/indicators.md"))
  local text = file:read "*a"
  file:close()
  lu.assertTrue(text == feature.markdown(), "docs/indicators.md: run build/perilune exec scripts/gen_indicators.lua")
end

local ffi = require "ffi"
local abi = require "abi"
local synth = require "synth"
local C = abi.C

TestSynth = {}

local function has_zones() return C.pln_timezone_get "America/New_York" ~= nil end

function TestSynth.test_defaults_are_those_of_the_core()
  local o = ffi.new "pln_synth_options"
  C.pln_synth_options_init(o)
  local expected = ffi.gc(C.pln_synth_bars(o), C.pln_bars_free)
  local bars = assert(synth.bars({}, "SYN", 0))
  lu.assertEquals(bars.content_hash, expected.content_hash)
  lu.assertEquals(tonumber(bars.n_bars), 10000)
  lu.assertEquals(ffi.string(bars.symbol), "SYN")
end

function TestSynth.test_options_take_effect()
  local bars = assert(synth.bars({ bars = 50, seed = 7, start = "2015-01-02T10:00:00Z", timeframe = "5m", regime = true,
    start_price = 20, price_decimals = 4 }, "X", 2))
  lu.assertEquals(tonumber(bars.n_bars), 50)
  lu.assertEquals(bars.ts_ns[0], 1420192800000000000LL)
  lu.assertEquals(bars.ts_ns[1] - bars.ts_ns[0], 300000000000LL)
  lu.assertEquals(bars.n_extra, 1)
  lu.assertAlmostEquals(bars.open[0], 20, 0.5)
  local other = assert(synth.bars({ bars = 50, seed = 8LL }, "X", 0))
  lu.assertNotEquals(other.content_hash, assert(synth.bars({ bars = 50, seed = 9 }, "X", 0)).content_hash)
end

function TestSynth.test_sessions()
  if not has_zones() then lu.skip("no tz database") end
  local bars = assert(synth.bars({ bars = 391, session = "us_equity", start = "2015-01-02" }, "X", 0))
  lu.assertEquals(bars.ts_ns[0], 1420209000000000000LL) -- Friday 09:30 in New York
  lu.assertEquals(bars.ts_ns[390], 1420468200000000000LL) -- Monday
  lu.assertEquals(ffi.string(bars.timezone), "America/New_York")
end

-- Annual volatility over 20 years and the correlation of two symbols, as they were asked for.
function TestSynth.test_volatility_and_correlation()
  if not has_zones() then lu.skip("no tz database") end
  local function returns(spec, index)
    spec.bars, spec.timeframe, spec.session = 5000, "1d", "us_equity"
    local bars = assert(synth.bars(spec, "X", index))
    local out = {}
    for i = 1, 4999 do out[i] = math.log(bars.close[i] / bars.close[i - 1]) end
    return out
  end
  local function moments(a, b)
    local aa, bb, ab = 0, 0, 0
    for i = 1, #a do aa, bb, ab = aa + a[i] ^ 2, bb + b[i] ^ 2, ab + a[i] * b[i] end
    return math.sqrt(aa / #a * 252) * 100, ab / math.sqrt(aa * bb)
  end
  for _, wanted in ipairs { { 10, 0 }, { 20, 0.5 }, { 40, 0.8 }, { 20, 1 } } do
    local spec = { volatility_ann_pct = wanted[1], correlation = wanted[2], seed = 3 }
    local volatility, correlation = moments(returns(spec, 0), returns(spec, 1))
    lu.assertAlmostEquals(volatility / wanted[1], 1, 0.3)
    lu.assertAlmostEquals(correlation, wanted[2], 0.15)
  end
end

function TestSynth.test_a_file_holds_the_same_bars()
  local path = os.tmpname()
  local spec = { bars = 3000, seed = 5, regime = true }
  assert(synth.write(spec, "X", 1, path))
  local back = ffi.gc(assert(C.pln_column_open(path)), C.pln_bars_free)
  lu.assertEquals(back.content_hash, assert(synth.bars(spec, "X", 1)).content_hash)
  local steps = {}
  assert(synth.write(spec, "X", 1, path, function(done) steps[#steps + 1] = done end, 1000))
  lu.assertEquals(steps, { 1000, 2000, 3000 })
  back = ffi.gc(assert(C.pln_column_open(path)), C.pln_bars_free)
  lu.assertEquals(back.content_hash, assert(synth.bars(spec, "X", 1)).content_hash)
  os.remove(path)
end

function TestSynth.test_mistakes_are_messages()
  for _, spec in ipairs { { timeframe = "1w" }, { timeframe = "soon" }, { session = "sometimes" },
    { start = "yesterday" }, { bars = -1 }, { correlation = 3 }, { volatility_ann_pct = -5 } } do
    local bars, message = synth.bars(spec, "X", 0)
    lu.assertNil(bars)
    lu.assertTrue(#message > 10)
  end
  lu.assertNil((synth.write({}, "X", 0, "/nonexistent-folder/x.plc")))
end

-- Bars loaded once and read by several plans, also of other threads.
local config = require "config"
local data_shared = require "data_shared"
local pack = require "pack"
local plans = require "plan"

TestDataShared = {}

local TEXT = [[
data: { source: synthetic, synthetic: { bars: 5000, seed: 3, timeframe: 1h } }
symbols: [{ symbol: AAA, timeframes: [1h, 1d] }, BBB]
strategies: [{ type: sma_cross, params: { fast: %d, slow: 20 } }]
portfolios: [{ name: main, capital: 10000 }]
]]

local function plan_of(fast, loaded)
  return assert(plans.new(assert(config.from_text(TEXT:format(fast))), loaded and { loaded = loaded }))
end

function TestDataShared.test_a_second_plan_has_the_bars_of_the_first()
  local first = plan_of(5)
  local second = plan_of(7, first.loaded)
  local alone = plan_of(7)
  for k, stream in ipairs(first.streams) do
    lu.assertTrue(second.streams[k].bars == stream.bars)
    lu.assertFalse(alone.streams[k].bars == stream.bars)
  end
  lu.assertEquals(#first.streams, 3)
  lu.assertEquals(second.data_hash, first.data_hash)
  lu.assertEquals(alone.data_hash, first.data_hash)
end

function TestDataShared.test_so_has_one_from_a_description()
  local first = plan_of(5)
  local restored = data_shared.restore(pack.decode(pack.encode(data_shared.describe(first.loaded))))
  local second = plan_of(7, restored)
  for k, stream in ipairs(first.streams) do lu.assertTrue(second.streams[k].bars == stream.bars) end
  lu.assertEquals(second.data_hash, first.data_hash)
  lu.assertEquals(data_shared.bytes(second.loaded), data_shared.bytes(first.loaded))
  lu.assertTrue(data_shared.bytes(first.loaded) >= 2 * 5000 * 48)
end

function TestDataShared.test_other_data_is_loaded_for_itself()
  local first = plan_of(5)
  local text = TEXT:format(5):gsub("seed: 3", "seed: 4")
  local other = assert(plans.new(assert(config.from_text(text)), { loaded = first.loaded }))
  lu.assertFalse(other.streams[1].bars == first.streams[1].bars)
  lu.assertNotEquals(other.data_hash, first.data_hash)
end

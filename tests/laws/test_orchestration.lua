-- What several strategies, symbols and timeframes in one run owe each other.
local engine = require "engine"
local market = require "market"

TestOrchestration = {}

local function count(lines, what)
  local n = 0
  for _, line in ipairs(lines) do
    if line:find(what, 1, true) then n = n + 1 end
  end
  return n
end

-- Each bar it cancels and places a limit order; one instance for each symbol, in one portfolio.
function TestOrchestration.test_cancel_all_leaves_the_orders_of_others()
  local bars = {}
  for k, one in ipairs(market.equities(3, 4500)) do bars[k] = { one } end
  local function run(symbols)
    return engine.run_config({
      strategies = { { type = "limit_dip", params = { percent = 10 }, symbols = symbols } },
      portfolios = { { name = "main", capital = 100000, leverage = 10 } },
    }, bars, {})
  end
  local together = run(nil)
  for _, symbol in ipairs { "SPY", "QQQ", "IWM" } do
    local alone, both = count(run({ symbol }).fills, symbol), count(together.fills, symbol)
    lu.assertTrue(alone > 50, symbol .. " alone")
    lu.assertTrue(both > 0.9 * alone, ("%s: %d fills alone, %d beside others"):format(symbol, alone, both))
  end
end

-- More columns than a Lua function has room for, names that are words of Lua, and a price column among many.
function TestOrchestration.test_many_features()
  local bars = market.equities(1, 500)
  for _, n in ipairs { 10, 59, 61, 118, 130, 400 } do
    local capture = engine.run_config({
      strategies = { { file = engine.fixtures .. "many_features.lua", params = { n = n } } },
      portfolios = { { name = "main", capital = 100000 } },
    }, { { bars[1] } }, { chunk_rows = 64 })
    lu.assertEquals(#capture.records, 500 - n, n .. " features")
    local sum = 0
    for _, line in ipairs(capture.records) do sum = sum + tonumber(line:match "(%S+)$") end
    lu.assertEquals(sum, 0, n .. " features: sums that differ")
  end
end

-- Ten symbols: their bars and features come to the strategy as they are in each symbol's own data.
function TestOrchestration.test_many_symbols_in_one_strategy()
  local base = market.equities(1, 300)[1]
  for _, n in ipairs { 2, 12, 13, 40 } do
    local bars = {}
    for k = 1, n do
      bars[k] = { engine.copy(base, 300, 0, function(i) return 1 + k / 100 + i / 10000 end, "S" .. k) }
    end
    local capture = engine.run_config({
      strategies = { { file = engine.fixtures .. "many_symbols.lua" } },
      portfolios = { { name = "main", capital = 100000 } },
    }, bars, { chunk_rows = 64 })
    lu.assertEquals(#capture.records, 298 * n * 3)
    for _, line in ipairs(capture.records) do
      local ts, k, what, value = line:match "^(%d+)LL .* (%d+) (%S+) (%S+)$"
      local row, own = engine.row_at(base, ts), bars[tonumber(k)][1]
      local expected = what == "average" and (own.close[row - 2] + own.close[row - 1] + own.close[row]) / 3
        or own[what][row]
      lu.assertAlmostEquals(tonumber(value), expected, what == "average" and 1e-9 or 0,
        ("%s of symbol %s of %d, row %d"):format(what, k, n, row))
    end
    lu.assertEquals(#capture.signals, n)
  end
end

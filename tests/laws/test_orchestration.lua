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

local function windowed(bars, options)
  return engine.run_config({
    strategies = {
      { file = engine.fixtures .. "gated.lua", id = "gated", timeframe = "5m", classifier = "trend" },
      { file = engine.fixtures .. "restless.lua", id = "restless", timeframe = "1h" },
      { type = "sma_cross", timeframe = "1h", params = { fast = 2, slow = 3 } },
    },
    classifiers = { { type = "trend", timeframe = "5m", params = { fast = 5, slow = 15 } } },
    portfolios = { { name = "main", capital = 100000, leverage = 4 } },
    execution = { commission_pct = 0.01, finalize_trades = true },
  }, { { bars, engine.resample(bars, "5m", "America/Chicago"), engine.resample(bars, "1h", "America/Chicago") } },
    options)
end

-- What follows the window's end is as if it did not exist: also in the middle of an hour, whose bar is not over.
function TestOrchestration.test_the_end_of_a_window_is_the_end_of_the_data()
  local bars = market.equities(1, 2500)[1]
  for _, row in ipairs { 1500, 1710, 1723 } do
    local until_ns = bars.ts_ns[row]
    local window = windowed(bars, { until_ns = until_ns })
    lu.assertTrue(#window.fills > 10)
    local scrambled = windowed(engine.copy(bars, 2500, row, function(i) return 0.5 + (i * 7919 % 1000) / 1000 end),
      { until_ns = until_ns })
    engine.assert_equal(window, scrambled, "what follows the window scrambled at row " .. row)
    for _, line in ipairs(window.records) do
      lu.assertTrue(engine.is_at_or_before(line, until_ns), "a record from after the window: " .. line)
    end
  end
end

-- A regime is the same whatever the window: classifiers begin with the data.
function TestOrchestration.test_regimes_do_not_depend_on_the_window()
  local bars = market.equities(1, 2500)[1]
  local whole = windowed(bars, {})
  for _, row in ipairs { 500, 977, 1400 } do
    local window = windowed(bars, { from_ns = bars.ts_ns[row], chunk_rows = 100 })
    local later = {}
    for _, line in ipairs(whole.regimes) do
      if not engine.is_at_or_before(line, bars.ts_ns[row] + 300000000000LL) then later[#later + 1] = line end
    end
    lu.assertTrue(#later > 3)
    local seen = {}
    for _, line in ipairs(window.regimes) do
      if not engine.is_at_or_before(line, bars.ts_ns[row] + 300000000000LL) then seen[#seen + 1] = line end
    end
    for k = 2, #later do lu.assertEquals(seen[#seen - #later + k], later[k], "regimes from row " .. row) end
  end
end

-- A slice with more instants than the recorders hold: they are emptied in its middle, also within a strategy's loop.
function TestOrchestration.test_full_recorders()
  local bars = market.equities(2, 9500)
  for _, fill in ipairs { "next_open", "this_close" } do
    local function run(chunk_rows)
      return engine.run_config({
        strategies = {
          { file = engine.fixtures .. "restless.lua", id = "restless", timeframe = "1h", symbols = { "SPY" } },
          { type = "momentum", timeframe = "1m" },
        },
        portfolios = {
          { name = "both", capital = 100000, leverage = 4, sizing = { type = "percent_of_equity", percent = 40 } },
          { name = "signals", capital = 100000, strategies = { "momentum" }, leverage = 2,
            sizing = { type = "percent_of_equity", percent = 90 },
            risk = { stop_loss_pct = 1, max_drawdown_pct = 60 } },
        },
        execution = { fill = fill, commission_per_share = 0.001 },
      }, { { bars[1], engine.resample(bars[1], "1h", "UTC") }, { bars[2] } }, { chunk_rows = chunk_rows })
    end
    local whole = run(65536)
    lu.assertTrue(#whole.equity > 2 * 8192)
    lu.assertTrue(#whole.fills > 100)
    engine.assert_equal(whole, run(1000), fill)
  end
end

-- on_fill tells of every fill of a strategy: of its stops and targets, and of those after its last bar.
function TestOrchestration.test_a_strategy_can_keep_its_own_account()
  local bars = market.equities(1, 3000)[1]
  for _, timeframe in ipairs { "1m", "5m" } do
    for _, fill in ipairs { "next_open", "this_close" } do
      local capture = engine.run_config({
        strategies = { { file = engine.fixtures .. "ledger.lua", timeframe = timeframe } },
        portfolios = { { name = "main", capital = 100000 } },
        execution = { fill = fill, finalize_trades = false },
      }, { { bars, engine.resample(bars, "5m", "UTC") } }, { chunk_rows = 333 })
      local differences, fills = 0, nil
      for _, line in ipairs(capture.records) do
        local name, value = line:match "(%S+) (%S+)$"
        if name == "fills" then fills = tonumber(value) end
        if name == "difference" and tonumber(value) ~= 0 then differences = differences + 1 end
      end
      lu.assertEquals(differences, 0, timeframe .. " " .. fill)
      lu.assertEquals(fills, #capture.fills)
      lu.assertTrue(fills > 15, fills .. " fills")
    end
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

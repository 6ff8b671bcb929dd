-- Law 3 for chunk sizes, and the same results with the JIT off: every shipped strategy on real minutes.
local engine = require "engine"
local market = require "market"
local runs = require "run"
local support = require "support"

TestLaw3 = {}

function TestLaw3.tearDown() support.cleanup() end

local function strategies()
  local list = {}
  for _, name in ipairs { "momentum", "mean_reversion", "breakout", "sma_cross", "rsi", "buy_and_hold" } do
    list[#list + 1] = { strategy = name, n = 1 }
  end
  list[#list + 1] = { strategy = "pairs", n = 2 }
  list[#list + 1] = { strategy = "rotation", n = 3 }
  list[#list + 1] = { strategy = "busy_orders", n = 1 }
  list[#list + 1] = { strategy = "timed", n = 1 }
  return list
end

local function run(case, bars, chunk_rows)
  local own = {}
  for k = 1, case.n do own[k] = bars[k] end
  return engine.run { strategy = case.strategy, bars = own, chunk_rows = chunk_rows, classifiers = { "volatility" },
    session = "14:30-21:00",
    portfolio = { risk = { max_position_pct = 95, max_exposure_pct = 200, stop_loss_pct = 1, take_profit_pct = 2,
      trailing_stop_pct = 1.5, max_drawdown_pct = 0 }, leverage = case.n } }
end

function TestLaw3.test_any_chunk_size_gives_the_same_results()
  local bars = market.equities(3, 3000)
  for _, case in ipairs(strategies()) do
    local whole = run(case, bars, 65536)
    lu.assertTrue(#whole.equity >= 3000 - 1, case.strategy .. " recorded equity")
    lu.assertTrue(#whole.fills > 0, case.strategy .. " traded")
    for _, chunk in ipairs { 1, 2, 3, 7, 64, 4096 } do
      engine.assert_equal(whole, run(case, bars, chunk), ("%s in chunks of %d"):format(case.strategy, chunk))
    end
  end
end

function TestLaw3.test_the_same_with_the_jit_off()
  local bars = market.equities(3, 3000)
  for _, case in ipairs(strategies()) do
    local compiled = run(case, bars, 4096)
    jit.off()
    jit.flush()
    local ok, interpreted = pcall(run, case, bars, 4096)
    jit.on()
    lu.assertTrue(ok, tostring(interpreted))
    engine.assert_equal(compiled, interpreted, case.strategy .. " with the JIT off")
  end
end

-- Combos that go through the data together are those that go alone: signals with and without a classifier, a strategy
-- that places orders and draws random numbers.
local GRID = [[
workflow: full_backtest
data:
  source: csv
  path: %s
symbols: [{symbol: GOOG, timeframes: [1d]}]
classifiers:
  - {type: volatility}
strategies:
  - {type: sma_cross, params: {fast: [5, 10, 15], slow: [20, 40]}}
  - {type: rsi, params: {period: [7, 14]}}
  - {type: busy_orders}
portfolios:
  - {name: signals, capital: 10000, strategies: [sma_cross, rsi], risk: {stop_loss_pct: 3}}
  - {name: orders, capital: 10000, strategies: [busy_orders]}
engine: {combos_at_once: %d}
]]

function TestLaw3.test_combos_together_are_combos_alone()
  local goog, folder = support.shared "data/backtesting_py/GOOG.csv", support.folder()
  os.execute("mkdir " .. folder .. "/strategies")
  support.write(folder .. "/strategies/busy_orders.lua", support.read(engine.fixtures .. "busy_orders.lua"))
  local alone
  for _, at_once in ipairs { 1, 2, 5, 16 } do
    local file = support.write(folder .. "/run.yaml", GRID:format(goog, at_once))
    local result = assert(runs.run(file, { db = false, trades = true, equity = true }))
    lu.assertEquals(result.combos, 12)
    alone = alone or result.results
    lu.assertEquals(#result.results, 24)
    for k, one in ipairs(result.results) do
      lu.assertTrue(#one.equity > 2000, "equity of every bar")
      lu.assertEquals(one, alone[k], ("%s of %s with %d at once"):format(one.portfolio, one.combo, at_once))
    end
  end
  lu.assertTrue(#alone[1].trades > 0 and #alone[2].trades > 0, "both trade")
  lu.assertNotEquals(alone[1].metrics.equity_final, alone[3].metrics.equity_final)
end

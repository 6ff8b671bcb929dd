-- Law 3 for chunk sizes, and the same results with the JIT off: every shipped strategy on real minutes.
local engine = require "engine"
local market = require "market"

TestLaw3 = {}

local function strategies()
  local list = {}
  for _, name in ipairs { "momentum", "mean_reversion", "breakout", "sma_cross", "rsi", "buy_and_hold" } do
    list[#list + 1] = { strategy = name, n = 1 }
  end
  list[#list + 1] = { strategy = "pairs", n = 2 }
  list[#list + 1] = { strategy = "rotation", n = 3 }
  list[#list + 1] = { strategy = "busy_orders", n = 1 }
  return list
end

local function run(case, bars, chunk_rows)
  local own = {}
  for k = 1, case.n do own[k] = bars[k] end
  return engine.run { strategy = case.strategy, bars = own, chunk_rows = chunk_rows, classifiers = { "volatility" },
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

-- Law 6: truncating or scrambling everything after bar t changes no decision at or before t.
local engine = require "engine"
local market = require "market"
local abi = require "abi"
local C = abi.C

TestLaw6 = {}

local CASES = {
  { strategy = "momentum", n = 1 }, { strategy = "mean_reversion", n = 1 }, { strategy = "breakout", n = 1 },
  { strategy = "sma_cross", n = 1 }, { strategy = "rsi", n = 1 }, { strategy = "pairs", n = 2 },
  { strategy = "rotation", n = 3 }, { strategy = "busy_orders", n = 1 },
  { strategy = "timed", n = 1 },
  { strategy = "momentum", n = 1, portfolio = { leverage = 2, rebalance = true, rebalance_every = "1d",
    sizing = { type = "volatility_target", percent = 10, period = 20, size_at = "fill" },
    trading_hours = "14:35-20:50", flat_by_close_minutes = 5, reenter = true } },
}

local function run(case, bars, fill)
  return engine.run { strategy = case.strategy, bars = bars, classifiers = { "trend" }, chunk_rows = 512,
    execution = { fill = fill, finalize_trades = false }, portfolio = case.portfolio or { leverage = case.n },
    session = "14:30-21:00" }
end

local function check(change)
  local n = 4000
  local market_bars = market.equities(3, n)
  for _, case in ipairs(CASES) do
    for _, fill in ipairs { "next_open", "this_close" } do
      local own = {}
      for k = 1, case.n do own[k] = market_bars[k] end
      local whole = run(case, own, fill)
      lu.assertTrue(#whole.orders > 0, case.strategy .. " made orders")
      for _, t in ipairs { 700, 1337, 2500, 3998 } do
        local t_ns = C.pln_bars_visible_ns(own[1], t)
        local changed = {}
        for k = 1, case.n do changed[k] = change(own[k], n, t_ns) end
        engine.assert_equal(engine.decisions(whole, t_ns), engine.decisions(run(case, changed, fill), t_ns),
          ("%s, %s, future after bar %d changed"):format(case.strategy, fill, t))
      end
    end
  end
end

-- The first row of `bars` that is not visible at t_ns.
local function after(bars, t_ns)
  local row = 0
  while row < bars.n_bars and C.pln_bars_visible_ns(bars, row) <= t_ns do row = row + 1 end
  return row
end

function TestLaw6.test_truncated_future()
  check(function(bars, _, t_ns) return engine.copy(bars, after(bars, t_ns)) end)
end

function TestLaw6.test_scrambled_future()
  check(function(bars, n, t_ns)
    local from = after(bars, t_ns)
    return engine.copy(bars, n, from, function(i) return 0.5 + ((i * 7919) % 1000) / 1000 end)
  end)
end

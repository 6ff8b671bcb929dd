-- Random orders of all kinds as backtesting.py executes them (tests/reference/peers/backtesting_py.py made the
-- numbers), with `compat: backtesting.py`: every trade, equity, statistics.
local json = require "json"
local support = require "support"

TestBacktestingPyOrders = {}

local METRICS = {
  ["Equity Final [$]"] = "equity_final", ["Equity Peak [$]"] = "equity_peak", ["Return [%]"] = "return_pct",
  ["Buy & Hold Return [%]"] = "buy_and_hold_return_pct", ["Return (Ann.) [%]"] = "return_ann_pct",
  ["Volatility (Ann.) [%]"] = "volatility_ann_pct", ["CAGR [%]"] = "cagr_pct",
  ["Sharpe Ratio"] = "sharpe_ratio_geometric", ["Sortino Ratio"] = "sortino_ratio_geometric",
  ["Calmar Ratio"] = "calmar_ratio", ["Alpha [%]"] = "alpha_pct", ["Beta"] = "beta",
  ["Max. Drawdown [%]"] = "max_drawdown_pct", ["Avg. Drawdown [%]"] = "avg_drawdown_pct", ["# Trades"] = "trades",
  ["Win Rate [%]"] = "win_rate_pct", ["Best Trade [%]"] = "best_trade_pct", ["Worst Trade [%]"] = "worst_trade_pct",
  ["Avg. Trade [%]"] = "avg_trade_pct", ["Profit Factor"] = "profit_factor", ["Expectancy [%]"] = "expectancy_pct",
  ["SQN"] = "sqn",
  ["Exposure Time [%]"] = "exposure_pct", ["Kelly Criterion"] = "kelly", ["Commissions [$]"] = "commissions",
}

local FIXTURES = (os.getenv "PERILUNE_HOME" or ".") .. "/tests/fixtures/strategies"

local CONFIG = [[
data: {source: csv, path: %s}
symbols: [{symbol: SYN, timeframes: [1d], lot_size: %s}]
strategies: [{file: %s/random_orders.lua, params: {seed: %d, unit: %s}}]
portfolios: [{capital: %s, leverage: %s, sizing: {size_at: fill}}]
execution:
  fill: %s
  commission_pct: %s
  commission_per_order: %s
  spread_bps: %s
  finalize_trades: %s
  compat: backtesting.py
]]

-- Trades of one bar have no order that both engines share.
local function sorted(trades)
  table.sort(trades, function(a, b)
    for k = 1, 6 do
      local x, y = a[k], b[k]
      if math.abs(x - y) > 1e-9 * math.abs(x) then return x < y end
    end
    return false
  end)
  return trades
end

local function check(folder, bars, run)
  local fixed, rate = 0, run.commission
  if type(rate) == "table" then fixed, rate = rate[1], rate[2] end
  local unit = ("%.17g"):format(run.unit)
  local file = support.write(folder .. "/run.yaml", CONFIG:format(bars, unit, FIXTURES, run.seed,
    unit, run.cash, 1 / run.margin, run.trade_on_close and "this_close" or "next_open", rate * 100, fixed,
    run.spread * 1e4, tostring(run.finalize)))
  local status, out, err = support.run("run", file, "--json", "--db", "none", "--trades", folder .. "/trades.csv",
    "--equity", folder .. "/equity.csv")
  lu.assertEquals(status, 0, err)
  local what = "seed " .. run.seed
  local trades = {}
  for _, t in ipairs(support.csv(support.read(folder .. "/trades.csv"))) do
    if t.is_open ~= "1" and t.is_open ~= "true" then
      trades[#trades + 1] = { tonumber(t.entry_bar), tonumber(t.exit_bar),
        tonumber(t.quantity) * (t.side == "long" and 1 or -1), tonumber(t.entry_price), tonumber(t.exit_price),
        tonumber(t.pnl) }
    end
  end
  lu.assertEquals(#trades, #run.trades, what .. ": number of trades")
  sorted(run.trades)
  for k, t in ipairs(sorted(trades)) do
    for j, field in ipairs { "entry bar", "exit bar", "size", "entry price", "exit price", "P&L" } do
      local expected = run.trades[k][j]
      if field == "P&L" then -- a difference of what was paid and got
        local paid = math.abs(t[3]) * t[4]
        lu.assertAlmostEquals(t[j], expected, 1e-11 * paid, ("%s, trade %d: P&L"):format(what, k))
      else
        support.close(t[j], expected, 1e-9, ("%s, trade %d: %s"):format(what, k, field))
      end
    end
  end
  local equity = support.csv(support.read(folder .. "/equity.csv"))
  for k, value in ipairs(run.equity) do
    support.close(tonumber(equity[20 * (k - 1) + 1].equity), value, 1e-9, what .. ": equity")
  end
  local metrics = json.decode(out).results[1].metrics
  for theirs, ours in pairs(METRICS) do
    local value = run.statistics[theirs]
    if value ~= nil then
      lu.assertNotNil(metrics[ours], what .. ": " .. ours)
      support.close(metrics[ours], value, 1e-8, what .. ": " .. ours)
    end
  end
end

function TestBacktestingPyOrders.test_random_orders()
  local folder = support.folder()
  local bars = folder .. "/bars.csv"
  local reference = json.decode(support.read("tests/vectors/peers/backtesting_py.json"))
  local status, _, err = support.run("data", "synth", "--out", bars, "--bars", tostring(reference.bars), "--timeframe",
    "1d", "--seed", "7")
  lu.assertEquals(status, 0, err)
  for _, run in ipairs(reference.runs) do
    lu.assertTrue(#run.trades > 100)
    check(folder, bars, run)
  end
end

function TestBacktestingPyOrders.tearDown() support.cleanup() end

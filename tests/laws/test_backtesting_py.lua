-- The three end-to-end runs of backtesting.py, reproduced from YAML: every trade, equity at every bar, statistics.
local json = require "json"
local support = require "support"

TestBacktestingPy = {}

local CONFIG = [[
workflow: full_backtest
data:
  source: csv
  path: %s
symbols:
  - symbol: GOOG
    timeframes: [1d]
strategies:
  - type: sma_cross
    params: {fast: %d, slow: %d}
portfolios:
  - name: main
    capital: 10000
    strategies: [sma_cross]
    sizing: {type: percent_of_equity, percent: 100, size_at: fill}
execution:
  fill: next_open
  commission_pct: %g
  finalize_trades: %s
]]

local METRICS = {
  { "Exposure Time [%]", "exposure_pct" }, { "Equity Final [$]", "equity_final" },
  { "Equity Peak [$]", "equity_peak" }, { "Commissions [$]", "commissions" }, { "Return [%]", "return_pct" },
  { "Buy & Hold Return [%]", "buy_and_hold_return_pct" }, { "Return (Ann.) [%]", "return_ann_pct" },
  { "Volatility (Ann.) [%]", "volatility_ann_pct" }, { "CAGR [%]", "cagr_pct" },
  { "Sharpe Ratio", "sharpe_ratio_geometric" }, { "Sortino Ratio", "sortino_ratio_geometric" },
  { "Calmar Ratio", "calmar_ratio" }, { "Alpha [%]", "alpha_pct" }, { "Beta", "beta" },
  { "Max. Drawdown [%]", "max_drawdown_pct" }, { "Avg. Drawdown [%]", "avg_drawdown_pct" },
  { "# Trades", "trades" }, { "Win Rate [%]", "win_rate_pct" }, { "Best Trade [%]", "best_trade_pct" },
  { "Worst Trade [%]", "worst_trade_pct" }, { "Avg. Trade [%]", "avg_trade_pct" },
  { "Profit Factor", "profit_factor" }, { "Expectancy [%]", "expectancy_pct" }, { "SQN", "sqn" },
  { "Kelly Criterion", "kelly" },
}
local DURATIONS = {
  { "Max. Drawdown Duration", "max_drawdown_duration" }, { "Avg. Drawdown Duration", "avg_drawdown_duration" },
  { "Max. Trade Duration", "max_trade_duration" }, { "Avg. Trade Duration", "avg_trade_duration" },
}

local function check(name, fast, slow, commission_pct, finalize)
  local goog = support.shared "data/backtesting_py/GOOG.csv"
  local reference = support.shared("reference/backtesting_py/" .. name .. ".trades.csv"):match("^(.*)%.trades%.csv$")
  local folder = support.folder()
  local file = support.write(folder .. "/run.yaml", CONFIG:format(goog, fast, slow, commission_pct, finalize))
  local status, out, err = support.run("run", file, "--json", "--db", folder .. "/p.db", "--trades",
    folder .. "/trades.csv", "--equity", folder .. "/equity.csv")
  lu.assertEquals(status, 0, err)
  local result = json.decode(out).results[1]

  local trades = support.csv(support.read(folder .. "/trades.csv"))
  local expected = support.csv(support.read(reference .. ".trades.csv"))
  lu.assertEquals(#trades, #expected, "number of trades")
  for k, e in ipairs(expected) do
    local t, size = trades[k], tonumber(e.Size)
    local what = ("trade %d "):format(k)
    lu.assertEquals(t.side, size > 0 and "long" or "short", what .. "side")
    lu.assertEquals(tonumber(t.quantity), math.abs(size), what .. "quantity")
    lu.assertEquals(tonumber(t.entry_bar), tonumber(e.EntryBar), what .. "entry bar")
    lu.assertEquals(tonumber(t.exit_bar), tonumber(e.ExitBar), what .. "exit bar")
    lu.assertEquals(tonumber(t.entry_price), tonumber(e.EntryPrice), what .. "entry price")
    lu.assertEquals(tonumber(t.exit_price), tonumber(e.ExitPrice), what .. "exit price")
    lu.assertEquals(t.entry_time:sub(1, 10), e.EntryTime, what .. "entry time")
    lu.assertEquals(t.exit_time:sub(1, 10), e.ExitTime, what .. "exit time")
    support.close(tonumber(t.pnl), tonumber(e.PnL), 1e-9, what .. "P&L")
    support.close(tonumber(t.fees), tonumber(e.Commission), 1e-9, what .. "fees")
    support.close(tonumber(t.return_pct), 100 * tonumber(e.ReturnPct), 1e-9, what .. "return")
  end

  local equity = support.csv(support.read(folder .. "/equity.csv"))
  local curve = support.csv(support.gunzip(reference .. ".equity.csv.gz"))
  lu.assertEquals(#equity, #curve, "rows of equity")
  for k, e in ipairs(curve) do
    lu.assertEquals(equity[k].time:sub(1, 10), e.Time)
    support.close(tonumber(equity[k].equity), tonumber(e.Equity), 1e-9, "equity at " .. e.Time)
    lu.assertAlmostEquals(tonumber(equity[k].drawdown_pct), 100 * tonumber(e.DrawdownPct), 1e-9)
  end

  local stats = json.decode(support.read(support.shared "reference/backtesting_py/results.json"))[name].stats
  for _, pair in ipairs(METRICS) do
    if stats[pair[1]] ~= nil then
      lu.assertNotNil(result.metrics[pair[2]], pair[2])
      support.close(result.metrics[pair[2]], stats[pair[1]], 1e-8, pair[2])
    end
  end
  for _, pair in ipairs(DURATIONS) do
    local days = tonumber(stats[pair[1]]:match("^(%d+) days 00:00:00$"))
    lu.assertEquals(result.metrics[pair[2]], days * 86400, pair[2])
  end
end

function TestBacktestingPy.test_readme_run_with_commission()
  check("goog_readme_commission002", 10, 20, 0.2, "false")
end

function TestBacktestingPy.test_readme_run_with_open_trades_finalized()
  check("goog_readme_commission002_final", 10, 20, 0.2, "true")
end

function TestBacktestingPy.test_slower_averages_without_costs()
  check("goog_sma10_30_nocost_final", 10, 30, 0, "true")
end

function TestBacktestingPy.tearDown() support.cleanup() end

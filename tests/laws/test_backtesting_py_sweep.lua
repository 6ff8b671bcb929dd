-- backtesting.py's sweep of its SMA crossover on its GOOG: every combo of the grid that its documentation optimises,
-- and of a wider one, from YAML with ranges and a constraint. tests/reference/peers/backtesting_py_sweep.py made the
-- numbers.
local json = require "json"
local support = require "support"

TestBacktestingPySweep = {}

function TestBacktestingPySweep.tearDown() support.cleanup() end

local CONFIG = [[
data: {source: csv, path: %s}
symbols: [{symbol: GOOG, timeframes: [1d]}]
strategies: [{file: %s, params: {fast: %s, slow: %s}}]
portfolios: [{capital: 10000, sizing: {type: percent_of_equity, percent: 100, size_at: fill}}]
execution: {fill: next_open, commission_pct: %g, finalize_trades: %s, compat: backtesting.py}
grid: {constraints: [fast < slow]}
results: {top_by: equity_final, metrics: %s}
]]

local STRATEGY = support.home .. "/tests/fixtures/strategies/sma_cross_orders.lua"

local GRIDS = {
  { name = "documented", "{from: 5, to: 30, step: 5}", "{from: 10, to: 70, step: 5}", 0.2, "false" },
  { name = "wide", "{from: 2, to: 41, step: 3}", "{from: 6, to: 116, step: 10}", 0.1, "true" },
}

local FIGURES = { "equity_final", "return_pct", "trades", "max_drawdown_pct", "win_rate_pct", "exposure_pct",
  "sharpe_ratio_geometric", "commissions" }

-- What backtesting.py makes of each combo, by "fast slow", and of the one that it finds best.
local function expected_of(grid)
  local made, count, best = {}, 0, nil
  for _, row in ipairs(support.csv(support.read(support.home .. "/tests/vectors/peers/backtesting_py_sweep.csv"))) do
    if row.grid == grid then
      made[row.n1 .. " " .. row.n2], count = row, count + 1
    elseif row.grid == grid .. " best" then
      best = row
    end
  end
  return made, count, best
end

local function check(metrics)
  local goog = support.shared "data/backtesting_py/GOOG.csv"
  for _, grid in ipairs(GRIDS) do
    local file = support.write(support.folder() .. "/run.yaml",
      CONFIG:format(goog, STRATEGY, grid[1], grid[2], grid[3], grid[4], metrics))
    local status, out, err = support.run("run", file, "--json", "--db", "none")
    lu.assertEquals(status, 0, err)
    local results, best = json.decode(out).results, nil
    local expected, count, theirs = expected_of(grid.name)
    lu.assertTrue(count > 60)
    lu.assertEquals(#results, count, grid.name .. ": combos")
    for _, result in ipairs(results) do
      local p = result.params
      local reference = expected[("%d %d"):format(p.fast, p.slow)]
      lu.assertNotNil(reference, ("%d %d"):format(p.fast, p.slow))
      local n_checked = 0
      for _, name in ipairs(FIGURES) do
        if result.metrics[name] ~= nil and result.metrics[name] ~= json.null then
          n_checked = n_checked + 1
          support.close(result.metrics[name], tonumber(reference[name]), 1e-9,
            ("%s: %s of fast %d, slow %d"):format(grid.name, name, p.fast, p.slow))
        end
      end
      lu.assertTrue(n_checked >= 5, "figures of " .. result.combo)
      if not best or result.metrics.equity_final > best.metrics.equity_final then best = result end
    end
    lu.assertEquals({ best.params.fast, best.params.slow }, { tonumber(theirs.n1), tonumber(theirs.n2) })
  end
end

function TestBacktestingPySweep.test_every_combo_in_full() check "full" end
function TestBacktestingPySweep.test_every_combo_by_the_figures_of_sweeps() check "sweep" end

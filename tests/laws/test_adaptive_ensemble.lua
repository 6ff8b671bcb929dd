-- The adaptive ensemble on real data: any number of workers gives the same, what comes later changes nothing that was
-- chosen before, and the validation is the full backtest of what was chosen.
local json = require "json"
local runs = require "run"
local store = require "store"
local support = require "support"

TestAdaptiveEnsemble = {}

function TestAdaptiveEnsemble.tearDown() support.cleanup() end

local CONFIG = [[
workflow: %s
data: {source: csv, path: %s}
symbols: [{symbol: GOOG, timeframes: [1d], lot_size: 0.001}]
classifiers:
  - {id: wild, type: volatility, params: {short: 10, long: 60}}
  - {type: trend, params: {fast: 10, slow: 40}}
strategies:
  - {id: cross, type: sma_cross, params: {fast: [5, 10], slow: [20, 40]}}
  - {id: rsi, type: rsi, params: {period: [7, 14], oversold: [30, 40]}}
  - {id: breakout, type: breakout, params: {entry: [20, 40]}}
grid: {strategies: [cross, rsi, breakout]}
portfolios: [{capital: 100000, risk: {stop_loss_pct: 10}}]
execution: {commission_pct: 0.05}
windows: {type: walk_forward, train: 40%%, test: 20%%}
ensemble: {method: adaptive, half_life: 60, shrinkage: 0.2, max_weight: 0.8, every: 20, holdout: 25%%}
]]

local function config_of(data, workflow)
  local path = support.folder() .. "/config.yaml"
  support.write(path, CONFIG:format(workflow or "adaptive_ensemble", data))
  return path
end

local function run(data, options)
  options = options or {}
  local workflow = options.workflow
  options.workflow = nil
  options.db = options.db or support.folder() .. "/ensemble.db"
  options.log = function() end
  local outcome, err = runs.execute(config_of(data, workflow), options)
  if not outcome then error(type(err) == "table" and tostring(err[1]) or tostring(err), 2) end
  return outcome, options.db
end

local function text_of(outcome) return outcome.report:format { plain = true, width = 160 } end

local function goog() return support.shared "data/backtesting_py/GOOG.csv" end

function TestAdaptiveEnsemble.test_workers_change_nothing()
  local one, db = run(goog())
  local text = text_of(one)
  for _, part in ipairs { "By strategy", "By regime of", "adaptive ensemble", "static ensemble", "buy & hold",
    "best single strategy", "Walk-forward", "combos were tried" } do
    lu.assertStrContains(text, part)
  end
  for _, workers in ipairs { 2, 5 } do
    local other = run(goog(), { workers = workers })
    lu.assertEquals(text_of(other), text)
    lu.assertEquals(json.encode(other.report.data), json.encode(one.report.data))
  end
  -- Weights over time are in the database, and each set of them sums to 1.
  local opened = assert(store.open(db, { read_only = true }))
  local _, rows = opened:query("SELECT name, ts, regime, sum(weight), min(weight), max(weight) FROM weight "
    .. "GROUP BY 1, 2, 3")
  opened:close()
  local names = {}
  for _, row in ipairs(rows) do
    names[row[1]] = true
    lu.assertAlmostEquals(row[4], 1, 1e-9)
    lu.assertTrue(row[5] >= 0 and row[6] <= 0.8 + 1e-9)
  end
  lu.assertTrue(names.static and names.wild and names.trend)
  lu.assertTrue(#rows > 50)
end

-- Law 6: with other prices from the holdout on, all that was chosen is the same, and the validation is not.
function TestAdaptiveEnsemble.test_the_holdout_changes_nothing_that_was_chosen()
  local whole = run(goog())
  local lines = {}
  for line in support.read(goog()):gmatch "[^\n]+" do lines[#lines + 1] = line end
  local first = whole.report.study.holdout.from_ns
  local day = require("abi").iso_time(first):sub(1, 10)
  local factor = 1
  for k = 2, #lines do
    local cells = {}
    for cell in lines[k]:gmatch "[^,]+" do cells[#cells + 1] = cell end
    if cells[1] >= day then
      factor = factor * (1 + ((k * 7919) % 13 - 6) / 200)
      for c = 2, 5 do cells[c] = ("%.6f"):format(tonumber(cells[c]) * factor) end
      lines[k] = table.concat(cells, ",")
    end
  end
  local path = support.folder() .. "/GOOG.csv"
  support.write(path, table.concat(lines, "\n") .. "\n")
  local other = run(path)
  local names = { "selection", "weights", "walk_forward", "classifier", "trials" }
  local function part(outcome)
    local found = {}
    local data = json.decode(json.encode(outcome.report.data))
    for k, name in ipairs(names) do found[k] = data[name] end
    return found, data.figures
  end
  local chosen, figures = part(whole)
  local again, others = part(other)
  lu.assertEquals(again, chosen)
  lu.assertNotEquals(others, figures)
end

-- What was validated is what a configuration with these members, weights and the classifier does.
function TestAdaptiveEnsemble.test_the_validation_is_the_full_backtest()
  local outcome = run(goog())
  local study = outcome.report.study
  local cfg = study.validation.cfg
  local again, err = runs.execute({
    data = { source = "csv", path = goog(), start = require("abi").iso_time(study.holdout.from_ns) },
    symbols = cfg.symbols, classifiers = cfg.classifiers, strategies = cfg.strategies, portfolios = cfg.portfolios,
    execution = { commission_pct = 0.05, finalize_trades = true },
  }, { db = false, log = function() end })
  lu.assertNotNil(again, tostring(type(err) == "table" and err[1] or err))
  lu.assertEquals(#again.results, 4)
  for k, result in ipairs(again.results) do
    local seen = outcome.results[k]
    lu.assertEquals(seen.portfolio, result.portfolio)
    for i = 0, 30 do
      local a, b = seen.values[i], result.values[i]
      lu.assertTrue(a == b or a ~= a and b ~= b, ("%s, figure %d: %.17g, %.17g"):format(seen.portfolio, i, a, b))
    end
  end
  -- Its gains are attributed in full.
  local adaptive = outcome.results[1]
  lu.assertEquals(adaptive.portfolio, "adaptive")
  local report, net = adaptive.attribution, 0
  for _, one in ipairs(report.by_member) do net = net + one.net end
  lu.assertAlmostEquals(net + report.other, report.total, 1e-6)
  lu.assertAlmostEquals(report.other, 0, 1e-6 * math.max(1, math.abs(report.total)))
end

function TestAdaptiveEnsemble.test_the_ensemble_without_regimes()
  local outcome = run(goog(), { workflow = "ensemble" })
  local text = text_of(outcome)
  lu.assertEquals(#outcome.results, 3)
  lu.assertNotStrContains(text, "adaptive ensemble")
  lu.assertStrContains(text, "ensemble")
  lu.assertStrContains(json.encode(outcome.report.data), [["classifier":null]])
end

function TestAdaptiveEnsemble.test_readme_shows_what_the_example_prints()
  local outcome = assert(runs.execute(support.home .. "/examples/adaptive_ensemble.yaml",
    { db = false, log = function() end }))
  local readme, n = support.read(support.home .. "/README.md"), 0
  for line in text_of(outcome):match("Validation: the full.-\n\n"):gmatch "[^\n]+" do
    lu.assertStrContains(readme, "    " .. line .. "\n")
    n = n + 1
  end
  lu.assertEquals(n, 7)
end

local MISTAKES = {
  { { "ensemble.metric=sharp_ratio" }, "did you mean 'sharpe_ratio'" },
  { { "classifiers=[]" }, "there is no classifier" },
  { { "windows={type: kfold}" }, "expected walk_forward" },
  { { "classifiers.0.params.short=[10, 20]" }, "list the classifier twice" },
  { { "ensemble.method=adaptve" }, "adaptive" },
}

function TestAdaptiveEnsemble.test_mistakes_are_named()
  for _, case in ipairs(MISTAKES) do
    local outcome, err = runs.execute(config_of(goog()), { db = false, set = case[1], log = function() end })
    lu.assertNil(outcome)
    lu.assertStrContains(tostring(type(err) == "table" and err[1] or err), case[2])
  end
end

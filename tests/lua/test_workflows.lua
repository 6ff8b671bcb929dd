-- Workflows as a user runs them: searches, folds, replays, one's own; what is found again, and what is refused.
local json = require "json"
local store = require "store"
local support = require "support"

TestWorkflows = {}

local BASE = [[
data: {source: synthetic, synthetic: {bars: 6000, seed: 7, timeframe: 1h, start: 2015-01-01}}
symbols: [MOON]
strategies:
  - {type: sma_cross, params: {fast: [10, 20, 30], slow: [60, 100, 150, 200]}}
execution: {commission_pct: 0.02, slippage_bps: 1}
]]

local function write(text) return support.write(support.folder() .. "/c.yaml", text) end

-- The JSON object of a run of a configuration, and its database.
local function run(text, ...)
  local file = write(text)
  local db = file .. ".db"
  local status, out, err = support.run("run", file, "--db", db, "--json", ...)
  lu.assertEquals(status, 0, err)
  return json.decode(out), db, file
end

local function refused(text, ...)
  local file = write(text)
  local status, _, err = support.run("run", file, "--db", file .. ".db", ...)
  return status, err
end

local function query(db, sql)
  local opened = assert(store.open(db, { read_only = true }))
  local _, rows = assert(opened:query(sql))
  opened:close()
  return rows
end

function TestWorkflows.test_optimize_ranks_and_tells_what_the_best_is_worth()
  local made = run("workflow: optimize\n" .. BASE)
  lu.assertEquals(#made.report.best, 10)
  for k = 2, #made.report.best do
    lu.assertTrue(made.report.best[k - 1].sharpe_ratio >= made.report.best[k].sharpe_ratio)
  end
  lu.assertEquals(#made.results, 1)
  lu.assertEquals(made.results[1].combo, made.report.best[1].combo)
  lu.assertAlmostEquals(made.results[1].metrics.sharpe_ratio, made.report.best[1].sharpe_ratio, 0)
  local selection = made.report.selection
  lu.assertTrue(selection.deflated.value >= 0 and selection.deflated.value <= 1)
  lu.assertTrue(selection.pbo.pbo >= 0 and selection.pbo.pbo <= 1)
  lu.assertNotNil(selection.neighbourhood.verdict)
  lu.assertNotNil(selection.spa)
end

-- Every combo of the grid, found without a search: the same best.
function TestWorkflows.test_searches_find_what_the_grid_has()
  local grid = run("workflow: optimize\n" .. BASE)
  for _, kind in ipairs { "bayesian", "random", "latin_hypercube" } do
    local found, db = run(("workflow: optimize\noptimize: {search: %s, samples: 12}\n"):format(kind) .. BASE)
    lu.assertAlmostEquals(found.report.best[1].sharpe_ratio, grid.report.best[1].sharpe_ratio, 0, kind)
    lu.assertEquals(query(db, "SELECT count(*) FROM trial_row")[1][1], 12)
  end
end

function TestWorkflows.test_a_bayesian_search_is_the_same_on_workers()
  local text = "workflow: optimize\noptimize: {search: bayesian, samples: 10, batch: 4, startup: 4}\n" .. BASE
  local one, db = run(text)
  local two, other = run(text, "--workers", "2")
  lu.assertEquals(one.report, two.report)
  lu.assertEquals(assert(store.content_hash(db)), assert(store.content_hash(other)))
end

function TestWorkflows.test_a_bayesian_search_cannot_be_sharded()
  local status, err = refused("workflow: optimize\noptimize: {search: bayesian}\n" .. BASE, "--shard", "1/2")
  lu.assertEquals(status, 2)
  lu.assertStrContains(err, "adaptive search")
end

function TestWorkflows.test_a_fold_runs_what_was_best_in_it()
  local made, db = run("workflow: walk_forward\nwindows: {type: walk_forward, train: 90d, test: 40d}\n" .. BASE)
  local folds = made.report.folds
  lu.assertTrue(#folds >= 3)
  for _, fold in ipairs(folds) do
    local best = query(db, ("SELECT f.combo, f.sharpe_ratio FROM figures f JOIN windows w ON w.run = f.run "
      .. "AND w.phase = f.phase AND w.number = f.window WHERE f.phase = 'train' AND w.fold = %d "
      .. "ORDER BY 2 DESC LIMIT 1"):format(fold.fold))
    lu.assertEquals(best[1][1], fold.combo)
  end
  lu.assertEquals(query(db, "SELECT count(*) FROM figures WHERE phase = 'test'")[1][1], #folds)
  -- The stitched return is that of the test windows, one after another.
  local product = 1
  for _, row in ipairs(query(db, "SELECT return_pct FROM figures WHERE phase = 'test'")) do
    product = product * (1 + row[1] / 100)
  end
  lu.assertAlmostEquals(made.report.out_of_sample.total_return, product - 1, 1e-9)
end

function TestWorkflows.test_cross_validation_is_a_walk_over_folds_too()
  for _, windows in ipairs { "{type: purged_kfold, folds: 4, purge: 48, embargo: 24}",
    "{type: combinatorial, groups: 4, test_groups: 2}" } do
    local made = run(("workflow: walk_forward\nwindows: %s\n"):format(windows) .. BASE)
    lu.assertNotNil(made.report.out_of_sample, windows)
  end
end

function TestWorkflows.test_train_and_test_share_no_bar()
  local made, db = run("workflow: train_test\n" .. BASE)
  lu.assertEquals(#made.report.folds, 1)
  local rows = query(db, "SELECT max(until_ts) FROM window WHERE role = 'train' UNION ALL SELECT min(from_ts) "
    .. "FROM window WHERE role = 'test'")
  lu.assertTrue(rows[1][1] <= rows[2][1])
end

local STOPS = BASE .. "grid: {set: {portfolios.0.risk.stop_loss_pct: {from: 0.5, to: 2, step: 0.5}}}\n"
  .. "portfolios: [{name: main}]\n"

-- Law 2 as a user sees it: a grid of stops by replay has the figures of the full backtest.
function TestWorkflows.test_a_replay_of_stops_is_the_full_backtest()
  local columns = "combo, equity_final, sharpe_ratio, max_drawdown_pct, trades, fees"
  local made, replayed = run("workflow: signal_replay\n" .. STOPS)
  lu.assertEquals(made.run.combos, 48)
  local _, full = run(STOPS)
  lu.assertEquals(query(replayed, ("SELECT %s FROM figures WHERE phase = 'replay' ORDER BY combo"):format(columns)),
    query(full, ("SELECT %s FROM figures WHERE phase = 'full_backtest' ORDER BY combo"):format(columns)))
  lu.assertEquals(query(replayed, "SELECT count(DISTINCT combo) FROM result WHERE phase = 'signals'")[1][1], 12,
    "signals once for combos that share them")
end

function TestWorkflows.test_signals_are_rows()
  local made, db = run("workflow: signal_generation\n" .. BASE)
  lu.assertEquals(#made.report.signals, 12)
  local rows = query(db, "SELECT count(*), min(strength), max(strength) FROM signals('c0003')")
  lu.assertEquals(rows[1][1], made.report.signals[3].changes)
end

-- What a workflow of one's own may ask of a run and its phases.
function TestWorkflows.test_the_functions_for_workflows()
  local folder = support.folder()
  os.execute(("mkdir '%s/workflows'"):format(folder))
  support.write(folder .. "/workflows/mine.lua", [[
return { run = function(w)
  local generated, origin = w:generate { name = "signals" }
  local replayed = assert(w:replay(generated, origin, { name = "replayed", keep = "figures" }))
  local best = assert(replayed:best { metric = "sharpe_ratio" })
  local found = w:findings()
  assert(w:honesty(found, { phase = replayed, best = best, metric = "sharpe_ratio" }))
  local signals = assert(generated:signals(best.number))
  local n, ordered = 0, true
  for _, one in ipairs(signals) do
    n = n + one.n
    for k = 1, one.n - 1 do ordered = ordered and one.signals[k].ts_ns > one.signals[k - 1].ts_ns end
  end
  local matrix = assert(replayed:matrix())
  found:set("seen", { signals = n, ordered = ordered, columns = #matrix.numbers, rows = matrix.n,
    returns = assert(replayed:returns(best.number)).n, combos = w:n_combos(), sources = #signals })
  return assert(w:outcome(replayed, best.number)), found
end }
]])
  local file = support.write(folder .. "/c.yaml", "workflow: mine\n" .. BASE)
  local status, out, err = support.run("run", file, "--db", folder .. "/p.db", "--json")
  lu.assertEquals(status, 0, err)
  local made = json.decode(out)
  local seen = made.report.seen
  lu.assertEquals({ seen.combos, seen.columns, seen.sources, seen.ordered }, { 12, 12, 1, true })
  lu.assertEquals(seen.returns, seen.rows)
  lu.assertTrue(seen.signals > 20)
  lu.assertNotNil(made.report.selection)
  lu.assertEquals(#made.results, 1)
end

function TestWorkflows.test_what_an_earlier_run_has_done_is_found_again()
  local made, db, file = run("workflow: optimize\n" .. BASE)
  local status, out = support.run("run", file, "--db", db, "--json")
  lu.assertEquals(status, 0)
  local again = json.decode(out)
  lu.assertEquals(again.report, made.report)
  lu.assertEquals(again.run.bars, 0, "nothing was computed")
  lu.assertEquals(query(db, "SELECT count(*) FROM figures WHERE run = 2 AND phase = 'search'")[1][1], 12)
end

function TestWorkflows.test_ones_own()
  local status, out, err = support.run("run", support.home .. "/examples/own_workflow.yaml", "--db",
    support.folder() .. "/o.db", "--json")
  lu.assertEquals(status, 0, err)
  local made = json.decode(out)
  lu.assertEquals(made.results[1].combo, made.report.best.combo)
end

function TestWorkflows.test_an_unknown_workflow_is_a_mistake_of_the_configuration()
  local status, err = refused("workflow: walk_forwards\n" .. BASE)
  lu.assertEquals(status, 2)
  lu.assertStrContains(err, "c.yaml:1:1: workflow: there is no workflow 'walk_forwards', did you mean 'walk_forward'?")
end

-- Of more than 100 combos figures and returns are kept, and all of the best.
function TestWorkflows.test_a_sweep_keeps_the_best_in_full()
  local text = BASE:gsub("fast: %[.-%]", "fast: {from: 2, to: 41, step: 1}") .. "results: {top: 3}\n"
  local made, db = run(text)
  lu.assertEquals(made.run.combos, 160)
  lu.assertNotNil(made.selection.deflated)
  lu.assertEquals(query(db, "SELECT count(*) FROM figures WHERE phase = 'full_backtest'")[1][1], 160)
  local best = query(db, "SELECT combo FROM figures WHERE phase = 'full_backtest' ORDER BY sharpe_ratio DESC LIMIT 3")
  for _, row in ipairs(best) do
    local kept = query(db, ("SELECT count(*) FROM figures WHERE phase = 'top' AND combo = '%s'"):format(row[1]))
    lu.assertEquals(kept[1][1], 1)
    lu.assertTrue(query(db, ("SELECT count(*) FROM trades WHERE combo = '%s'"):format(row[1]))[1][1] > 0)
  end
  lu.assertEquals(query(db, "SELECT count(DISTINCT combo) FROM trades")[1][1], 3)
end

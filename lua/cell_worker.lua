--- Cells of a phase on a worker thread (lua/worker.lua): makes the run's plan over the bars that the main thread has
-- loaded, and writes what its cells find to the run's database, whole cells at a time.
local ffi = require "ffi"
local abi = require "abi"
local cell = require "cell"
local config = require "config"
local data_shared = require "data_shared"
local plans = require "plan"
local sequencer = require "sequencer"
local store = require "store"
local C = abi.C

local M = {}

-- What all phases of a run share on this thread.
local function run_of(setup, loaded, kept)
  if kept.run then return kept.run end
  local cfg, problems = config.from_tree(setup.tree, setup.file)
  if not cfg then return nil, problems end
  C.pln_watchdog_limit(cfg.engine.timeout_s)
  C.pln_host_set_memory_limit(cfg.engine.memory_limit_mb * 2 ^ 20)
  if not cfg.engine.jit then jit.off() end
  local plan, err = plans.new(cfg, { loaded = loaded })
  if not plan then return nil, err end
  local db
  db, err = store.open(setup.db, { staged = true, must_exist = true })
  if not db then return nil, err end
  kept.run = { cfg = cfg, plan = plan, loaded = loaded, db = db }
  return kept.run
end

-- Outcomes without what cannot be sent: curves and series are in the database.
local function plain(outcomes)
  local lists = {}
  for k, list in ipairs(outcomes) do
    lists[k] = {}
    for i, outcome in ipairs(list) do
      local made = {}
      for key, value in pairs(outcome) do made[key] = value end
      made.sample, made.records, made.period_returns = nil, {}, nil
      lists[k][i] = made
    end
  end
  return lists
end

local function set_of(pairs_of_task)
  if not pairs_of_task then return nil end
  local set = {}
  for _, pair in ipairs(pairs_of_task) do set[pair[1] .. "|" .. pair[2]] = true end
  return function(window, number) return set[window .. "|" .. number] == true end
end

--- For lua/worker.lua.
-- @param setup { of_run = number of the run's setup { config, file, db, run }, loaded = of data_shared.describe, phase
--   = the description of a phase that lua/sequencer.lua makes }
-- @return function(task) of tasks { number, numbers = combos of the cell, pairs = { { window, combo } … } or nil }
function M.new(setup, tools)
  local phase, kept = setup.phase, tools.kept
  local loaded = kept.run and kept.run.loaded or {}
  for key, entries in pairs(data_shared.restore(setup.loaded)) do loaded[key] = loaded[key] or entries end
  local run, err = run_of(tools.setup(setup.of_run), loaded, kept)
  if not run then return nil, err end
  local plan, cfg = sequencer.plan_of(run, phase)
  if not plan then return nil, cfg end
  plan.record_orders, plan.record_decisions = phase.record_orders, phase.record_decisions
  local stored
  stored, err = run.db:phase(phase.id)
  if not stored then return nil, err end
  local one = cell.new {
    cfg = cfg, plan = plan, windows = phase.windows, topology = phase.topology, keep = phase.keep,
    metrics = phase.metrics, equity = phase.equity, stored = stored, db = run.db, signals = phase.signals,
    log = function(instance, message) tools.log(ffi.cast("int64_t", instance:now_ns()), instance.id, message) end,
  }
  return function(task)
    if task.points then plan.grid:import(task.points) end
    local outcomes, failure = one:run(task.numbers, function(rows)
      tools.part { number = task.number, rows = rows, combos = #task.numbers }
      return true
    end, set_of(task.pairs), task.origins)
    if not outcomes then return nil, failure end
    local moved
    moved, failure = run.db:flush()
    if not moved then return nil, failure end
    return { number = task.number, outcomes = phase.outcomes and plain(outcomes) or nil }
  end
end

return M

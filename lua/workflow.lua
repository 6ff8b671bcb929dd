--- What a workflow is given: a run, its configuration and its plan, and the functions that phases, windows, rankings
-- and reports are made with (docs/workflows.md, which is written for the authors of workflows).
--
--     return {
--       help = "The best of a sweep on the first part of the data, on the rest",
--       run = function(w)
--         local folds = assert(w:folds { type = "train_test", train = "70%" })
--         local train = assert(w:phase { name = "train", windows = folds[1].train })
--         local best = assert(train:best { metric = "sharpe_ratio" })
--         local test = assert(w:phase { name = "test", windows = folds[1].test, combos = { best.number } })
--         return test:list()
--       end,
--     }
local ffi = require "ffi"
local cell = require "cell"
local findings = require "findings"
local honesty = require "honesty"
local replays = require "replays"
local sequencer = require "sequencer"
local windows = require "windows"
local workers = require "workers"

local M = {}

local Run = {}
Run.__index = Run
M.Run = Run

--- What ends the workflow of a shard: the error that Run:phase raises once the shard has run.
M.END_OF_SHARD = setmetatable({}, { __tostring = function() return "the shard is done" end })

local NOTHING = { part = function() end, done = function() end, clear = function() end }

--- For lua/coordinator.lua.
function M.new(self)
  self.phases, self.n_bars_done, self.n_bars_under_way = {}, 0, 0
  return setmetatable(self, Run)
end

--- w:findings(): an empty account of what the workflow found, for its second result.
Run.findings = findings.new

--- Captures the signals of all combos, once for those that share them: { name, windows }.
-- @return the phase and function(combo number) giving the combo whose signals it has; or nil and a message
function Run:generate(spec) return replays.generate(self, spec) end

--- Replays all combos from a phase of `generate`, in the same windows: { name, windows, keep, metrics }.
-- @return the phase, or nil and a message
function Run:replay(generated, origin, spec) return replays.replay(self, generated, origin, spec) end

--- Returns of several windows, one after another, as one series: lists that phase:returns gave.
-- @return { returns, times, n, periods_per_year }, or nil and a message
function Run.stitch(_, list) return windows.stitch(list) end

--- Adds to findings what the best of a phase is worth: lua/honesty.lua tells what `spec` holds.
-- @return what was found, or nil and a message
function Run:honesty(found, spec) return honesty.add(self, found, spec) end

--- Number of combos of the configuration's grid.
function Run:n_combos() return self.plan.grid:size() end

--- Runs a phase (lua/sequencer.lua tells what `spec` holds); it is found again by its content where this run, or an
-- earlier one of the same database, has done it.
-- A run that is a shard (lua/shard.lua) ends with its first phase (that does not have `goes_on`), which has to be one
-- with `sharded`: one whose combos depend on no results. What follows is done when the shards are merged.
-- @return the phase (lua/phase.lua), or nil and a message
function Run:phase(spec)
  if type(spec.name) ~= "string" then error("a phase has a name, as in phase { name = \"train\" }", 2) end
  if self.phases[spec.name] then error(("there is a phase '%s' already in this run"):format(spec.name), 2) end
  if spec.combos then
    spec.pairs = {}
    for _, number in ipairs(spec.combos) do
      for _, window in ipairs(spec.windows or { { number = 1 } }) do
        table.insert(spec.pairs, { window.number, number })
      end
    end
  end
  if self.shard and not spec.sharded then
    return nil, ("workflow '%s' cannot be cut into shards: its phase '%s' depends on the results of other combos")
      :format(self.cfg.workflow, spec.name)
  end
  local phase, err = sequencer.phase(self, spec)
  if not phase then return nil, err end
  if self.shard and not spec.goes_on then error(M.END_OF_SHARD, 0) end
  self.phases[spec.name] = phase
  table.insert(self.phases, phase)
  return phase
end

--- Folds of windows over the data.
-- @param spec nil (the configuration's `windows`) or a table of the same keys
-- @return list of folds, list of distinct windows, or nil and a message
function Run:folds(spec)
  local plan = self.plan
  local reference = plan.symbols[(plan.benchmark or 0) + 1].bars
  return windows.make(spec or self.cfg.windows, {
    bars = reference, from_ns = plan.window.from_ns, until_ns = plan.window.until_ns,
    timezone = reference.timezone ~= nil and ffi.string(reference.timezone) or "UTC",
  })
end

--- The progress line of a phase.
function Run:progress(phase, n_combos)
  if not self.on_progress then return NOTHING end
  return self.on_progress(phase, n_combos)
end

--- The worker threads, started when they are first needed.
function Run:workers()
  if not self.pool then
    local err
    self.pool, err = workers.new {
      n = self.n_workers, setup = {
        config = self.cfg, file = self.file, db = self.path, run = self.stored.id, plan = self.plan, log = self.log,
      },
    }
    if not self.pool then return nil, err end
  end
  return self.pool
end

-- Runs one combo in one window, in full, keeping nothing in the store.
function Run:_outcome(phase, number, window)
  local worker = cell.new {
    cfg = phase.cfg, plan = phase.plan, windows = { window }, topology = phase.topology, keep = "full",
    metrics = "full", equity = "none", log = function() end, signals = phase.spec.signals, db = self.db,
  }
  local origins = phase.spec.origin and { [number] = phase.spec.origin(number) }
  local outcomes, err = worker:run({ number }, nil, nil, origins)
  if not outcomes then return nil, err end
  return outcomes[1]
end

--- What is shown of a combo: a list of one outcome for each portfolio, with its curve; computed again where this
-- process does not have it.
-- @param window a window of the phase (the first)
function Run:outcome(phase, number, window)
  window = window or phase.windows[1]
  local found = {}
  for _, outcome in ipairs(phase.outcomes or {}) do
    if outcome.number == number and outcome.window == window.number and outcome.sample then
      found[#found + 1] = outcome
    end
  end
  if #found == #phase.plan.portfolios then return found end
  return self:_outcome(phase, number, window)
end

--- The regimes of the run's classifiers over its data (a phase `regimes`): list of { id, names, changes = list of {
-- ts_ns, name } }, or nil and a message.
function Run:regimes() return require("regimes").of_run(self) end

--- Ensemble weights (lua/ensemble.lua): of one time, or, with options.times, over time.
-- @return the weights and diagnostics; over time a list of { ts_ns, regime, weights, info }; or nil and a message
function Run:weights(method, series, options) -- luacheck: ignore self
  local ensemble = require "ensemble"
  if options and options.times then return ensemble.over_time(method, series, options) end
  return ensemble.weights(method, series, options)
end

--- Ends what the run holds besides its store.
function Run:close()
  if self.pool then self.pool:close() end
  self.pool = nil
end

return M

--- The sequencer: runs a phase, which is one topology over windows and combos, cell by cell, on this thread or on
-- workers; what an earlier attempt finished is not done again (docs/workflows.md).
local ffi = require "ffi"
local abi = require "abi"
local cell = require "cell"
local config = require "config"
local estimate = require "grid_estimate"
local merge = require "merge"
local phases = require "phase"
local plans = require "plan"
local search = require "search"
local C = abi.C

local M = {}

-- Up to so many combos and windows, a phase keeps all that the configuration's `results` asks for of each.
local KEPT_IN_FULL = 100
-- Above so many recorded bars `results.equity: auto` keeps one row a day in the database.
local EQUITY_ROWS_BY_BAR = 2000000
-- Cells that each worker gets at least, so that none waits long for the last.
local CELLS_PER_WORKER = 4

--- The plan of a phase, which may have a configuration of its own, and that configuration.
-- @param run { plan, cfg }
-- @param spec { config } as of `phase`
function M.plan_of(run, spec)
  local plan, cfg = run.plan, run.cfg
  if spec.config then
    local err
    cfg, err = config.derive(cfg, spec.config)
    if not cfg then return nil, table.concat(config.problem_lines(err), "\n") end
    plan, err = plans.new(cfg, { loaded = run.plan.loaded })
    if not plan then return nil, tostring(err) end
    plan.record_orders, plan.record_decisions = run.plan.record_orders, run.plan.record_decisions
  end
  return plan, cfg
end

-- "full": all that `results` asks for; "figures": the figures and period returns of each combo.
local function keep_of(spec, cfg, n_results)
  if spec.keep then return spec.keep end
  if cfg.results.keep ~= "auto" then return cfg.results.keep == "all" and "full" or "figures" end
  return n_results <= KEPT_IN_FULL and "full" or "figures"
end

local function metrics_of(spec, cfg, keep)
  local metrics = spec.metrics or cfg.results.metrics
  if metrics ~= "auto" then return metrics end
  return keep == "full" and "full" or "sweep"
end

local function window_text(window)
  return ("%s %s %s %s"):format(window.role, tostring(window.fold or ""), tostring(window.from_ns),
    tostring(window.until_ns))
end

-- What decides a phase's results, as text.
local function identity(self)
  local parts = {
    ffi.string(C.pln_version()), self.topology, config.canonical(self.cfg), self.plan.data_hash,
    self.keep, self.metrics, self.equity, tostring(self.plan.record_orders),
    self.grid:fingerprint(), -- what a configuration's text does not hold: files, profiles, constraints, samples
  }
  for _, window in ipairs(self.windows) do parts[#parts + 1] = window_text(window) end
  for _, pair in ipairs(self.spec.pairs or {}) do parts[#parts + 1] = ("%d|%d"):format(pair[1], pair[2]) end
  for _, source in ipairs(self.spec.signals or {}) do
    parts[#parts + 1] = ("%s %s %s %s %s"):format(source.hash, tostring(source.combo), tostring(source.window),
      tostring(source.id), tostring(source.as))
  end
  return table.concat(parts, "\n")
end

local function in_shard(self, number)
  if not self.shard then return true end
  if type(self.spec.sharded) == "function" then return self.spec.sharded(number) end
  return self.shard:has(number, self.plan.grid)
end

-- Numbers of the combos that are to be done, in order, and whether a window of a combo is.
local function wanted(self)
  local of_pairs
  if self.spec.pairs then
    of_pairs = {}
    for _, pair in ipairs(self.spec.pairs) do of_pairs[pair[1] .. "|" .. pair[2]] = true end
  end
  local done = self.stored and self.stored:done()
  local function is_wanted(window, number)
    if of_pairs and not of_pairs[window .. "|" .. number] then return false end
    return not (done and done:has(window, number))
  end
  local numbers = {}
  local function add(number)
    for _, window in ipairs(self.windows) do
      if is_wanted(window.number, number) then
        numbers[#numbers + 1] = number
        return
      end
    end
  end
  if of_pairs then
    local seen = {}
    for _, pair in ipairs(self.spec.pairs) do
      if not seen[pair[2]] then seen[pair[2]] = #seen + 1 end
    end
    for number = 1, self.plan.grid:size() do
      if seen[number] and in_shard(self, number) then add(number) end
    end
  else
    for number = 1, self.plan.grid:size() do
      if in_shard(self, number) then add(number) end
    end
  end
  return numbers, is_wanted, done and done.n or 0
end

-- Combos first … of a list that go into one cell: at most `most`, of one group of the grid.
local function cell_end(grid, numbers, first, most)
  local group, last = grid:group(numbers[first]), first
  while last < #numbers and last - first + 1 < most and grid:group(numbers[last + 1]) == group do last = last + 1 end
  return last
end

local function slice(list, first, last)
  local made = {}
  for k = first, last do made[#made + 1] = list[k] end
  return made
end

-- Most combos of a cell, where nothing is said. What is kept of each costs memory; where that is figures only, what a
-- cell computes once (features, extremes of prices) is shared by many.
local COMBOS_AT_ONCE, FIGURES_AT_ONCE, PARTS_AT_ONCE = 16, 256, 1024

local function most_combos(self, writes_files)
  if writes_files then return 1 end
  local configured = self.plan.engine.combos_at_once
  if configured then return configured end
  if self.keep ~= "figures" then return COMBOS_AT_ONCE end
  return math.max(COMBOS_AT_ONCE, math.min(FIGURES_AT_ONCE, math.floor(PARTS_AT_ONCE / #self.windows)))
end

--- Cells that are to be done: lists of combo numbers.
local function cells_of(self, numbers, n_workers, writes_files)
  local most = most_combos(self, writes_files)
  if n_workers > 1 then most = math.max(1, math.min(most, math.ceil(#numbers / (n_workers * CELLS_PER_WORKER)))) end
  local cells, first = {}, 1
  while first <= #numbers do
    local last = cell_end(self.plan.grid, numbers, first, most)
    cells[#cells + 1] = slice(numbers, first, last)
    first = last + 1
  end
  return cells
end

local function interrupted() return C.pln_stop_requested() ~= 0 end

-- Of a replay whose combos differ in more than their signals: whose signals each takes.
local function origins_of(self, numbers)
  if not self.spec.origin then return nil end
  local origins = {}
  for _, number in ipairs(numbers) do origins[number] = self.spec.origin(number) end
  return origins
end

local function run_here(self, cells, is_wanted, progress, take)
  local run = self.run
  local worker = cell.new {
    cfg = self.cfg, plan = self.plan, windows = self.windows, topology = self.topology, keep = self.keep,
    metrics = self.metrics, equity = self.equity, stored = self.stored, files = run.files or {}, log = run.log,
    signals = self.spec.signals, db = run.db,
  }
  for _, numbers in ipairs(cells) do
    local outcomes, err = worker:run(numbers, function(share)
      run.n_bars_under_way = math.min(share, self.plan.n_bars) * #numbers
      progress.part(#numbers, share)
      return not interrupted()
    end, is_wanted, origins_of(self, numbers))
    if not outcomes then return nil, err end
    for _, list in ipairs(outcomes) do take(list) end
    run.n_bars_done, run.n_bars_under_way = run.n_bars_done + self.plan.n_bars * #numbers, 0
    progress.done(#numbers)
  end
  return true
end

local function pairs_of(self, numbers, is_wanted)
  local list = {}
  for _, number in ipairs(numbers) do
    for _, window in ipairs(self.windows) do
      if is_wanted(window.number, number) then list[#list + 1] = { window.number, number } end
    end
  end
  return list
end

-- What a worker makes the phase of: plain values.
local function description(self)
  return {
    id = self.stored.id, topology = self.topology, windows = self.windows, keep = self.keep, metrics = self.metrics,
    equity = self.equity, config = self.spec.config, signals = self.spec.signals,
    record_orders = self.plan.record_orders, record_decisions = self.plan.record_decisions,
    outcomes = self.keep == "full" or self.spec.take ~= nil,
  }
end

-- Combos that tasks under way come to, as they have told last.
local function under_way(parts, n_bars)
  local sum = 0
  for _, part in pairs(parts) do sum = sum + part.combos * math.min(1, part.rows / n_bars) end
  return sum
end

-- What an adaptive search has asked for is known to this thread's grid only.
local function points_of(self, numbers)
  local points = {}
  for k, number in ipairs(numbers) do points[k] = self.grid:export(number, number)[1] end
  return points
end

local function run_on_workers(self, cells, is_wanted, progress, take)
  local run = self.run
  local committed, problem = run.db:commit() -- workers write to the same file
  if not committed then return nil, problem end
  local pool, err = run:workers()
  if not pool then return nil, err end
  local ok = true
  if not self.is_described then ok, err = pool:phase(description(self)) end
  if not ok then return nil, err end
  self.is_described = true
  local sent, received, parts = 0, 0, {}
  local function send()
    sent = sent + 1
    return pool:send { number = sent, numbers = cells[sent], pairs = pairs_of(self, cells[sent], is_wanted),
      origins = origins_of(self, cells[sent]), points = self.grid.space and points_of(self, cells[sent]) or nil }
  end
  while sent < math.min(#cells, 2 * pool.n) do
    ok, err = send()
    if not ok then return nil, err end
  end
  while received < #cells do
    local message = pool:receive(0.1)
    if interrupted() then return nil, "interrupted" end
    if message then
      if message.error then return nil, message.error end
      if message.done then
        received = received + 1
        parts[message.number] = nil
        run.n_bars_done = run.n_bars_done + self.plan.n_bars * #cells[message.number]
        progress.done(#cells[message.number])
        for _, list in ipairs(message.outcomes or {}) do take(list) end
        if sent < #cells then
          ok, err = send()
          if not ok then return nil, err end
        end
      elseif message.part then
        parts[message.part.number] = message.part
      end
    end
    progress.part(under_way(parts, self.plan.n_bars), self.plan.n_bars)
  end
  return true
end

-- What the parts of a sharded run have of a phase.
local function take_parts(run, stored)
  local task = run.on_task and run.on_task { name = "merge", total = #run.parts, unit = "parts" }
  local ok, err = merge.copy(stored, run.parts, task and function() task.done(1) end)
  if task then task.clear() end
  return ok, err
end

-- How many pairs of a combo and a window the phase is to have, where that is not all: what its progress is measured by.
local function n_pairs(self)
  if self.spec.pairs then return #self.spec.pairs end
  if not self.shard then return nil end
  local n = 0
  for number = 1, self.plan.grid:size() do
    if self.shard:has(number, self.plan.grid) then n = n + 1 end
  end
  return n * #self.windows
end

-- The store's phase: one that this or an earlier run has finished, or one that goes on or begins.
local function open_phase(self)
  local run, spec = self.run, self.spec
  local reuses = spec.reuse
  if reuses == nil then reuses = true end
  if reuses == "figures" then reuses = self.keep == "figures" end
  local earlier = reuses and not run.writes_files and run.db:finished_phase(self.hash)
  if earlier then
    self.reused = earlier.run
    return run.stored:use_phase(self.name, earlier)
  end
  local highest = 1
  for _, window in ipairs(self.windows) do highest = math.max(highest, window.number) end
  local stored, err = run.stored:phase {
    name = self.name, topology = self.topology, hash = self.hash,
    n_combos = self.adaptive and self.adaptive.samples or self.plan.grid:size(), n_windows = highest,
    spec = { keep = self.keep, metrics = self.metrics, n_pairs = n_pairs(self) },
  }
  if not stored or stored.status == "finished" then return stored, err end
  local ok
  ok, err = stored:add_windows(self.windows)
  if ok and run.parts and spec.sharded then ok, err = take_parts(run, stored) end
  return ok and stored, err
end

-- The metric's values of combos in the phase's window; false: none, or too few trades.
local function scores_of(self, numbers)
  local options = self.cfg.optimize
  local figures, err = self:figures({ options.metric, "trades" }, { window = self.windows[1].number })
  if not figures then return nil, err end
  local of, values = {}, {}
  for k = 1, figures.n do
    local trades = figures.columns.trades[k]
    if (options.min_trades or 0) == 0 or trades >= options.min_trades then
      of[figures.numbers[k]] = figures.columns[options.metric][k]
    end
  end
  for k, number in ipairs(numbers) do
    local value = of[number]
    values[k] = value == value and value or false
  end
  return values
end

-- Runs what an adaptive search asks for, batch by batch; what is done already is asked for and told again, not run.
local function run_search(self, run_numbers, is_wanted)
  local one = self.adaptive
  while not one:done() do
    local numbers, missing = one:ask(), {}
    if #numbers == 0 then return true end
    for _, number in ipairs(numbers) do
      if is_wanted(self.windows[1].number, number) then missing[#missing + 1] = number end
    end
    local ok, err = true, nil
    if #missing > 0 then ok, err = run_numbers(missing) end
    if not ok then return nil, err end
    local values
    values, err = scores_of(self, numbers)
    if not values then return nil, err end
    one:tell(numbers, values)
  end
  return true
end

-- Tells what the run's first phase of many combos will take, from a trial of a few of them over some bars.
local function tell_estimate(self, n_todo)
  local run = self.run
  if run.estimated or not run.on_estimate then return end
  run.estimated = true
  local n_combos = self.adaptive and self.adaptive.samples or n_todo
  local seconds = self.grid:size() > 0 and estimate.measure(self.plan, function(numbers, window)
    local trial = cell.new {
      cfg = self.cfg, plan = self.plan, windows = { window }, topology = "full_backtest", keep = "figures",
      metrics = self.metrics, equity = "none", log = function() end,
    }
    local began_ns = C.pln_clock_monotonic_ns()
    local outcomes, err = trial:run(numbers)
    if not outcomes then return nil, err end -- which the run itself will tell
    return tonumber(C.pln_clock_monotonic_ns() - began_ns) / 1e9
  end) or nil
  run.on_estimate(estimate.of(self.plan, {
    workers = self.stored and run.n_workers or 1, windows = self.windows, seconds_per_bar_combo = seconds,
    combos = n_combos,
  }).text)
end

--- Runs a phase.
-- @param run the run (lua/workflow.lua), with cfg, plan, stored, db
-- @param spec {
--   name     = its name in the run, "sweep"
--   topology = "full_backtest" (default), "signal_generation" or "signal_replay"
--   config   = nil or keys of the configuration that are replaced, as a table
--   pairs    = nil or a list of { window number, combo number }: just these
--   windows  = list of windows (default: one over all of the run's)
--   signals  = of a replay: list of sources (lua/signal_sources.lua)
--   origin   = of a replay: nil or function(combo number) giving that of the combo whose signals it takes
--   search   = true: combos are those that the configuration's `optimize` asks for
--   keep     = "full", "figures", or nil for `results.keep`
--   metrics  = "full", "headline", "sweep", or nil for `results.metrics`
--   reuse    = false: never shows what an earlier run of the database made of the same; "figures": only where
--              figures are kept; true by default
--   sharded  = true: a shard (lua/shard.lua) does its part of the combos; function(combo number): those for which it is
--              true; nil: shards do not come to this phase
--   goes_on  = true: a shard goes on with the phases after this one
--   take     = nil or function(outcomes) for each combo and window that is computed now }
-- @return the phase (lua/phase.lua), or nil and a message
function M.phase(run, spec)
  local plan, cfg = M.plan_of(run, spec)
  if not plan then return nil, cfg end
  local self = phases.new {
    run = run, name = spec.name, spec = spec, topology = spec.topology or "full_backtest", plan = plan, cfg = cfg,
    grid = plan.grid,
    windows = spec.windows or { { number = 1, role = "full", from_ns = plan.window.from_ns,
      until_ns = plan.window.until_ns } },
    shard = spec.sharded and run.shard or nil,
  }
  if spec.search and self.grid.space then
    self.adaptive = search.new(self.grid, cfg.optimize, cfg.seed)
    if #self.windows > 1 then
      return nil, ("optimize.search: bayesian looks at one window, this phase has %d: take grid, random or "
        .. "latin_hypercube"):format(#self.windows)
    end
  end
  local n_combos = self.adaptive and self.adaptive.samples or plan.grid:size()
  local n_results = spec.pairs and #spec.pairs or n_combos * #self.windows
  self.keep = keep_of(spec, cfg, n_results)
  self.metrics = metrics_of(spec, cfg, self.keep)
  self.equity = cfg.results.equity
  if self.equity == "auto" then self.equity = plan.n_bars <= EQUITY_ROWS_BY_BAR and "bars" or "days" end
  self.hash = abi.hash128(identity(self))
  local is_finished = false
  if run.stored then
    local err
    self.stored, err = open_phase(self)
    if not self.stored then return nil, err end
    is_finished = self.stored.status == "finished"
    if is_finished and not self.adaptive then return self end
  end
  local numbers, is_wanted, n_done = wanted(self)
  -- Where there is a store, a sweep's figures are read from it: its memory is not that of its combos.
  local is_read = self.stored and self.keep == "figures"
  local outcomes = { complete = n_done == 0 and not is_finished and not is_read and not spec.take }
  self.outcomes = outcomes
  local function take(list)
    if spec.take then return spec.take(list) end
    if is_read then return end
    for place, outcome in ipairs(list) do
      outcome.place = place
      outcomes[#outcomes + 1] = outcome
    end
  end
  if #numbers > 1 or self.adaptive then tell_estimate(self, #numbers) end
  local progress = run:progress(self, self.adaptive and self.adaptive.samples or #numbers)
  local function run_numbers(list)
    local n_workers = self.stored and not run.writes_files and run.n_workers or 1
    local cells = cells_of(self, list, n_workers, run.writes_files)
    if n_workers > 1 and #cells > 1 then return run_on_workers(self, cells, is_wanted, progress, take) end
    return run_here(self, cells, is_wanted, progress, take)
  end
  local ok, err
  if self.adaptive then
    ok, err = run_search(self, run_numbers, is_wanted)
  else
    ok, err = run_numbers(numbers)
  end
  progress.clear()
  if is_finished then return ok and self or nil, err end
  if not ok then
    if self.stored then self.stored:finish(interrupted() and "interrupted" or "failed") end
    return nil, err
  end
  if self.stored then
    ok, err = self.stored:finish "finished"
    if not ok then return nil, err end
  end
  return self
end

return M

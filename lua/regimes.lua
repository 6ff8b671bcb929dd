--- Results by regime: which regime of a classifier each period of a run began in, and what combos made of each
-- (docs/ensemble.md, docs/workflows.md).
local ffi = require "ffi"
local captured = require "captured"
local ensemble = require "ensemble"
local select_by = require "adaptive_select"

local M = {}

local NONE = "(none)" -- before a classifier has spoken

local function copy(value)
  if type(value) ~= "table" then return value end
  local made = {}
  for key, item in pairs(value) do made[key] = copy(item) end
  return made
end

-- The stream that regimes of a run are taken from: of the benchmark's symbol, else the classifier's first.
local function stream_of(plan, classifier)
  local benchmark = plan.symbols[(plan.benchmark or 0) + 1].symbol
  for _, stream in ipairs(classifier.streams) do
    if stream.symbol == benchmark then return stream end
  end
  return classifier.streams[1]
end

--- The changes of a phase's captured regimes.
-- @param phase of signal_generation
-- @param window one of its windows
-- @param number of the combo
-- @return list of { ts_ns, name }
function M.captured(w, phase, window, number, classifier)
  local reader = captured.from_store(w.db, phase.stored.content, window.number, number)
  local changes = reader:regimes(captured.source(classifier.id, stream_of(w.plan, classifier)))
  for k, change in ipairs(changes) do
    changes[k] = { ts_ns = change.ts_ns, name = classifier.def.regimes[change.index] }
  end
  return changes
end

--- The regimes of the run's classifiers over all of its data, each with the parameters that it has first (a phase
-- `regimes`).
-- @return list of { id, names, changes = list of { ts_ns, name } }, in the configuration's order; or nil and a message
function M.of_run(w)
  if #w.plan.classifiers == 0 then return {} end
  local classifiers = copy(w.cfg.classifiers)
  for _, classifier in ipairs(classifiers) do
    for key, value in pairs(classifier.params) do
      if type(value) == "table" then classifier.params[key] = value.from or value[1] end
    end
  end
  local phase, err = w:phase {
    name = "regimes", topology = "signal_generation", combos = { 1 }, config = {
      strategies = { { id = "market", type = "buy_and_hold", params = {} } }, classifiers = classifiers,
      portfolios = { { name = "main", strategies = { "market" } } }, grid = false, optimize = false,
    },
  }
  if not phase then return nil, err end
  local list = {}
  for k, classifier in ipairs(w.plan.classifiers) do
    list[k] = {
      id = classifier.id, names = classifier.def.regimes,
      changes = M.captured(w, phase, phase.windows[1], 1, classifier),
    }
  end
  return list
end

--- Figures of a phase's combos by regime. A period (a day) counts for the regime that was in force when it began.
-- @param phase of lua/phase.lua
-- @param options { regimes = an item of M.of_run, metrics = names of statistics of returns (docs/statistics.md),
--   windows = list (default: all of the phase's), portfolio, minimize and min_periods as of M.best }
-- @return { n = periods, regimes = names, the last of them for periods before the classifier spoke, periods = by
--   regime how many, numbers = combos, columns[metric][regime] = list of values, NaN where undefined, market = {
--   metric = { regime = value } } of the benchmark, best = { regime = { number, score, place in `numbers` } } by the
--   first metric, as M.best has it }; or nil and a message
function M.figures(phase, options)
  local matrix, err = phase:matrix(options.windows, options.portfolio)
  if not matrix then return nil, err end
  local one
  one, err = phase:returns(matrix.numbers[1], options.windows, options.portfolio)
  if not one then return nil, err end
  local times = {}
  for t = 1, one.n do times[t] = ffi.cast("int64_t", one.times[t]) end
  local in_force = ensemble.regimes_at(options.regimes.changes, times)
  local made = { n = matrix.n, regimes = {}, periods = {}, numbers = matrix.numbers, columns = {}, market = {} }
  for k, name in ipairs(options.regimes.names) do made.regimes[k] = name end
  made.regimes[#made.regimes + 1] = NONE
  for _, name in ipairs(made.regimes) do made.periods[name] = 0 end
  for t = 1, matrix.n do
    in_force[t] = in_force[t] or NONE
    made.periods[in_force[t]] = made.periods[in_force[t]] + 1
  end
  local market = ffi.new("double[?]", math.max(matrix.n, 1))
  for t = 1, matrix.n do market[t - 1] = one.benchmark[t] or 0 / 0 end
  for _, metric in ipairs(options.metrics) do
    made.columns[metric], made.market[metric] = {}, {}
    for _, name in ipairs(made.regimes) do
      local function is_in(t) return in_force[t] == name end
      local values = {}
      for k, column in ipairs(matrix.columns) do
        values[k] = select_by.score(metric, column, matrix.n, matrix.periods_per_year, is_in) or 0 / 0
      end
      made.columns[metric][name] = values
      made.market[metric][name] = select_by.score(metric, market, matrix.n, matrix.periods_per_year, is_in)
    end
  end
  made.best = M.best(made, { metric = options.metrics[1], minimize = options.minimize,
    min_periods = options.min_periods })
  return made
end

--- The best combo of each regime by a metric of M.figures.
-- @param options { metric, minimize = false, min_periods = 20: regimes with fewer have none }
-- @return { regime = { number, score, place = in figures.numbers } }
function M.best(figures, options)
  local made, sign = {}, options.minimize and -1 or 1
  for _, name in ipairs(figures.regimes) do
    local best
    for k, value in ipairs(figures.columns[options.metric][name]) do
      if value == value and (not best or sign * value > sign * best.score) then
        best = { number = figures.numbers[k], score = value, place = k }
      end
    end
    if name ~= NONE and figures.periods[name] >= (options.min_periods or 20) then made[name] = best end
  end
  return made
end

M.NONE = NONE

return M

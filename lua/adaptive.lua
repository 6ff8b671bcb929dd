--- The workflows `ensemble` and `adaptive_ensemble` (docs/ensemble.md): parameters of several families of strategies
-- and their weights, chosen walk-forward from captured and replayed signals, and tried on data that nothing was chosen
-- on.
--
-- Each entry of `strategies` is a family, its parameters a grid. The last part of the data, `ensemble.holdout`, is kept
-- for the validation; what is before it, the research, is cut into training and test windows.
--  1. Signals of every combo are captured over the research (signal_generation, one phase a family).
--  2. They are replayed in every window. On each fold's training windows the best combo of each family is chosen, over
--     all and for each regime of each classifier, from the returns of the periods that began in it.
--  3. What the chosen combos made of the folds' test windows, one after another, is each family's record of data that
--     its parameters were not chosen on. The weights, for each regime, are reckoned from these records walk-forward.
--     The classifier is the one whose regimes made the most of them.
--  4. With the parameters that are best over all of the research, and the last weights, the validation runs in full on
--     the holdout: parameters and weights switch with the regime, beside a static ensemble, the best single strategy
--     and the market.
local ffi = require "ffi"
local combos = require "combos"
local config = require "config"
local ensemble = require "ensemble"
local regimes = require "regimes"
local returns = require "returns"
local schema_ensemble = require "schema_ensemble"
local select_by = require "adaptive_select"
local signal_sources = require "signal_sources"
local windows = require "windows"

local M = {}

local DAY_NS = 86400000000000LL

-- Where `windows` says nothing: three folds and a bit of the research.
local DEFAULT_WINDOWS = { type = "walk_forward", train = "40%", test = "15%", anchored = false, partial = true,
  common_start = true }

local Study = {}
Study.__index = Study

local function copy(value)
  if type(value) ~= "table" then return value end
  local made = {}
  for key, item in pairs(value) do made[key] = copy(item) end
  return made
end

-- ---- what is studied, and where ----

local function check(w)
  local cfg = w.cfg
  local function fail(path, message) return nil, tostring(config.error_at(cfg, path, message)) end
  local settings = cfg.ensemble or schema_ensemble.defaults()
  if not returns[settings.metric] or not returns.get(settings.metric) then
    return fail("ensemble.metric", select(2, returns.get(settings.metric)) or "no statistic of returns")
  end
  if cfg.windows and cfg.windows.type ~= "walk_forward" then
    return fail("windows.type", "an ensemble's weights are found walk-forward: expected walk_forward")
  end
  if cfg.portfolios[1].combine then
    return fail("portfolios.0.combine", "the workflow finds the weights: leave it out, or run full_backtest")
  end
  for k, strategy in ipairs(w.plan.strategies) do
    if strategy.def.on_bar then
      return fail(("strategies.%d"):format(k - 1), "it places its own orders: only signals can be combined")
    end
  end
  for k, classifier in ipairs(cfg.classifiers) do
    for key, value in pairs(classifier.params) do
      if type(value) == "table" then
        return fail(("classifiers.%d.params.%s"):format(k - 1, key),
          "one value is expected here: list the classifier twice, with two ids, to try two")
      end
    end
  end
  if w.shard then
    return nil, "this workflow cannot be cut into shards: its later phases need all of its earlier ones"
  end
  return settings
end

-- Folds within the research, and the holdout. Windows are numbered through; the research as a whole comes after them.
function Study:_windows()
  local plan = self.w.plan
  local bars = plan.symbols[(plan.benchmark or 0) + 1].bars
  local given = { bars = bars, from_ns = plan.window.from_ns, until_ns = plan.window.until_ns,
    timezone = bars.timezone ~= nil and ffi.string(bars.timezone) or "UTC" }
  local split, err = windows.make({ type = "train_test", test = self.settings.holdout }, given)
  if not split then return nil, "ensemble.holdout: " .. tostring(err) end
  local research, holdout = split[1].train[1], split[1].test[1]
  given.from_ns, given.until_ns = research.from_ns, research.until_ns
  local folds, list = windows.make(self.w.cfg.windows or DEFAULT_WINDOWS, given)
  if not folds then return nil, "windows: " .. tostring(list) end
  local function again(window, number, role)
    local made = {}
    for key, value in pairs(window) do made[key] = value end
    made.number, made.role, made.fold = number, role, nil
    return made
  end
  self.folds, self.fold_windows = folds, list
  self.research = again(research, #list + 1, "train")
  self.holdout = again(holdout, 1, "test")
  return true
end

-- The first portfolio's settings, with strategies of its own.
function Study:_portfolio(name, strategies, changes)
  local made = copy(self.w.cfg.portfolios[1])
  made.name, made.strategies, made.weights, made.combine = name, strategies, {}, nil
  for key, value in pairs(changes or {}) do made[key] = value end
  return made
end

-- ---- 1 and 2: signals, and what became of them ----

function Study:_family(index)
  local w, strategy = self.w, self.w.cfg.strategies[index]
  local id = strategy.id
  local configuration = { strategies = { strategy }, portfolios = { self:_portfolio("main", { id }) }, grid = false,
    optimize = false }
  local made, err = w:phase {
    name = "signals " .. id, topology = "signal_generation", config = configuration, windows = { self.research },
  }
  if not made then return nil, err end
  local family = { id = id, signals = made, index = index }
  local all = { unpack(self.fold_windows) }
  all[#all + 1] = self.research
  family.phase, err = w:phase {
    name = "replay " .. id, topology = "signal_replay", config = configuration, windows = all, keep = "figures",
    signals = { signal_sources.of_phase(made, { window = self.research.number }) },
  }
  if not family.phase then return nil, err end
  return family
end

-- The returns of all of a family's combos in windows.
local function matrix_of(family, list)
  local numbers = {}
  for k, window in ipairs(list) do numbers[k] = window.number end
  local key = table.concat(numbers, " ")
  family.matrices = family.matrices or {}
  if not family.matrices[key] then
    local matrix, err = family.phase:matrix(numbers)
    if not matrix then return nil, err end
    local one
    one, err = family.phase:returns(matrix.numbers[1], numbers)
    if not one then return nil, err end
    matrix.times, matrix.benchmark = {}, one.benchmark
    for t = 1, one.n do matrix.times[t] = ffi.cast("int64_t", one.times[t]) end
    family.matrices[key] = matrix
  end
  return family.matrices[key]
end

--- The returns of all of a family's combos over the research: a matrix of lua/phase.lua, with times and benchmark.
function Study:matrix(f) return matrix_of(self.families[f], { self.research }) end

-- Of each fold (and of the research as a whole) the combos that each family would trade.
function Study:_select(list)
  local made = {}
  for f, family in ipairs(self.families) do
    local matrix, err = matrix_of(family, list)
    if not matrix then return nil, err end
    made[f] = {}
    for c = 0, #self.classifiers do
      local classifier = self.classifiers[c]
      local in_force = classifier and ensemble.regimes_at(classifier.changes, matrix.times)
      made[f][c] = select_by.select(self.settings, matrix, in_force, classifier and classifier.names)
      if not made[f][c] then
        return nil, ("no combo of '%s' has a %s in the windows that it is chosen on: its trades are too few"):format(
          family.id, self.settings.metric)
      end
    end
  end
  return made
end

-- ---- 3: records out of sample, weights ----

-- A record for each classifier (0: none): series of the families, regimes, times.
function Study:_records()
  self.records = {}
  for c = 0, #self.classifiers do
    local record = { series = {}, regimes = c > 0 and {} or nil, times = {}, benchmark = {} }
    for f = 1, #self.families do record.series[f] = {} end
    self.records[c] = record
  end
  self.chosen = {}
  for k, fold in ipairs(self.folds) do
    local selection, err = self:_select(fold.train)
    if not selection then return nil, err end
    self.chosen[k] = selection
    for f, family in ipairs(self.families) do
      local matrix
      matrix, err = matrix_of(family, fold.test)
      if not matrix then return nil, err end
      for c = 0, #self.classifiers do self:_extend(self.records[c], c, f, selection[f][c], matrix) end
    end
  end
  return true
end

function Study:_extend(record, c, f, selection, matrix)
  local classifier = self.classifiers[c]
  local in_force = classifier and ensemble.regimes_at(classifier.changes, matrix.times)
  for _, value in ipairs(select_by.switching(selection, matrix, in_force)) do table.insert(record.series[f], value) end
  if f > 1 then return end
  for t = 1, matrix.n do
    table.insert(record.times, matrix.times[t])
    table.insert(record.benchmark, matrix.benchmark[t] or 0 / 0)
    if in_force then table.insert(record.regimes, in_force[t]) end
  end
  record.periods_per_year = matrix.periods_per_year
end

local function option_values(settings)
  local made = {}
  for _, option in ipairs(ensemble.options) do made[option[1]] = settings[option[1]] end
  return made
end

-- Weights over time from a record, and how the families did under them.
function Study:_weigh(c)
  local record, settings, classifier = self.records[c], self.settings, self.classifiers[c]
  local n = #record.times
  local ends = {} -- a period ends where the next one begins
  for t = 1, n do ends[t] = t < n and record.times[t + 1] or record.times[t] + DAY_NS end
  local options = option_values(settings)
  options.times, options.lookback, options.every = ends, settings.lookback, settings.every
  options.min_regime_periods, options.first = settings.min_regime_periods, math.min(settings.every, n)
  options.start_ns = record.times[1]
  if classifier then options.regimes, options.regime_names = record.regimes, classifier.names end
  local schedule, err = ensemble.over_time(settings.method, record.series, options)
  if not schedule then return nil, err end
  options.first, options.start_ns = n, nil
  local last
  last, err = ensemble.over_time(settings.method, record.series, options)
  if not last then return nil, err end
  if schedule[#schedule].ts_ns < ends[n] then -- what the validation goes on with
    for _, entry in ipairs(last) do schedule[#schedule + 1] = entry end
  end
  record.schedule, record.last = schedule, last
  record.made = select_by.weighted(schedule, record.series, record.times, record.regimes)
  record.score = select_by.score_list(settings.metric, record.made, record.periods_per_year)
  return true
end

function Study:_weights()
  for c = 0, #self.classifiers do
    local ok, err = self:_weigh(c)
    if not ok then return nil, err end
    local score = self.records[c].score
    local best = self.used and self.records[self.used].score
    if c > 0 and score and (not best or score > best) then self.used = c end
  end
  if #self.classifiers > 0 and not self.used then self.used = 1 end
  return true
end

-- ---- 4: validation ----

-- A member: a family with the parameters of one of its combos. Each is made once.
function Study:_member(f, number)
  local family = self.families[f]
  local key = f .. "|" .. number
  if self.members[key] then return self.members[key].id end
  local id = ("%s_%s"):format(family.id, combos.id(number))
  local strategy = copy(self.w.cfg.strategies[family.index])
  strategy.id, strategy.params = id, copy(family.phase.grid:point(number)[1])
  self.members[key] = { id = id, strategy = strategy, family = f, number = number }
  table.insert(self.members, self.members[key])
  return id
end

-- { member = weight } of families' weights with the combo that each trades.
function Study:_by_member(weights, number_of)
  local made = {}
  for f, weight in ipairs(weights) do
    if weight ~= 0 or f == 1 then -- all may be in cash; there is a member nevertheless
      local id = self:_member(f, number_of(f))
      made[id] = (made[id] or 0) + weight
    end
  end
  return made
end

local function sorted_keys(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

-- Ids of the members that weights name.
local function named(weights)
  local seen, list = {}, {}
  for _, key in ipairs(sorted_keys(weights)) do
    local value = weights[key]
    for _, id in ipairs(type(value) == "table" and sorted_keys(value) or { key }) do
      if not seen[id] then list[#list + 1] = id end
      seen[id] = true
    end
  end
  return list
end

function Study:_combined(name, weights, classifier)
  local settings = self.settings
  return self:_portfolio(name, named(weights), { combine = {
    weights = weights, classifier = classifier, schedule = {}, threshold = settings.threshold,
    strengths = settings.strengths, sized_by = settings.sized_by,
  } })
end

local function weights_of(last, regime)
  for _, entry in ipairs(last) do
    if entry.regime == regime then return entry.weights end
  end
end

function Study:_portfolios()
  local list, final = {}, self.final
  if self.used then
    local classifier, last = self.classifiers[self.used], self.records[self.used].last
    local by_regime = {}
    for _, name in ipairs(classifier.names) do
      by_regime[name] = self:_by_member(weights_of(last, name), function(f)
        return final[f][self.used].by_regime[name].number
      end)
    end
    by_regime.otherwise = self:_by_member(weights_of(last, nil), function(f) return final[f][0].overall.number end)
    list[#list + 1] = self:_combined("adaptive", by_regime, classifier.id)
  end
  local static = self:_by_member(self.records[0].last[1].weights, function(f) return final[f][0].overall.number end)
  list[#list + 1] = self:_combined(self.used and "static" or "ensemble", static, nil)
  local best
  for f = 1, #self.families do
    local one = final[f][0].overall
    if not best or one.score > best.score then best = { family = f, number = one.number, score = one.score } end
  end
  self.best = best
  list[#list + 1] = self:_portfolio("single", { self:_member(best.family, best.number) })
  local base, n_traded = self.w.cfg.portfolios[1], 0
  for _, symbol in ipairs(self.w.plan.symbols) do n_traded = n_traded + (symbol.trade ~= false and 1 or 0) end
  list[#list + 1] = { name = "buy_and_hold", strategies = { "buy_and_hold" }, capital = base.capital,
    currency = base.currency, sizing = { type = "percent_of_equity", percent = 100 / n_traded } }
  return list
end

function Study:_validate()
  local w = self.w
  self.members = {}
  local portfolios = self:_portfolios()
  local strategies = {}
  for k, member in ipairs(self.members) do strategies[k] = member.strategy end
  strategies[#strategies + 1] = { id = "buy_and_hold", type = "buy_and_hold", params = {} }
  local err
  self.validation, err = w:phase {
    name = "validation", config = { strategies = strategies, portfolios = portfolios, grid = false, optimize = false },
    windows = { self.holdout }, keep = "full", metrics = "full",
  }
  if not self.validation then return nil, err end
  self.results, err = w:outcome(self.validation, 1)
  if not self.results then return nil, err end
  return self:_store()
end

-- Weights over time go to the database with the replay that they come from.
function Study:_store()
  local stored = self.validation.stored
  if not stored then return true end
  for c = 0, #self.classifiers do
    local rows = {}
    for _, entry in ipairs(self.records[c].schedule) do
      for f, family in ipairs(self.families) do
        rows[#rows + 1] = { ts_ns = entry.ts_ns, regime = entry.regime or 0, member = family.id,
          weight = entry.weights[f] }
      end
    end
    local ok, err = stored:add_weights(c == 0 and "static" or self.classifiers[c].id, rows)
    if not ok then return nil, err end
  end
  return true
end

--- Runs the study.
-- @param w of lua/workflow.lua
-- @param options { by_regime = true: with classifiers }
-- @return the study: { settings, folds, research, holdout, families = list of { id, phase }, classifiers = list of
--   { id, names }, chosen (by fold, family, classifier), final, records, used = number of the classifier or nil,
--   best = { family, number, score }, members, validation = phase, results = outcomes }; or nil and a message
function M.run(w, options)
  local settings, err = check(w)
  if not settings then return nil, err end
  local self = setmetatable({ w = w, settings = settings, families = {}, classifiers = {} }, Study)
  local ok
  ok, err = self:_windows()
  if not ok then return nil, err end
  for index in ipairs(w.cfg.strategies) do
    self.families[index], err = self:_family(index)
    if not self.families[index] then return nil, err end
  end
  for c, classifier in ipairs(options.by_regime and w.plan.classifiers or {}) do
    self.classifiers[c] = {
      id = classifier.id, names = classifier.def.regimes,
      changes = regimes.captured(w, self.families[1].signals, self.research, 1, classifier),
    }
  end
  ok, err = self:_records()
  if ok then ok, err = self:_weights() end
  if not ok then return nil, err end
  self.final, err = self:_select { self.research }
  if not self.final then return nil, err end
  ok, err = self:_validate()
  if not ok then return nil, err end
  return self
end

return M

--- A phase that has run: its windows, its combos and what came of them (docs/workflows.md).
local ffi = require "ffi"
local abi = require "abi"
local combos = require "combos"
local returns = require "returns"
local stats = require "stats"
local C = abi.C

local M = {}

local HEADLINE = {} -- names of the short table's metrics
for _, metric in ipairs(stats.list) do
  if metric.headline then HEADLINE[#HEADLINE + 1] = metric.name end
end

local Phase = {}
Phase.__index = Phase

--- For lua/sequencer.lua.
function M.new(self) return setmetatable(self, Phase) end

local function window_numbers(self, windows)
  local numbers = {}
  for k, window in ipairs(windows or self.windows) do
    numbers[k] = type(window) == "table" and window.number or window
  end
  return numbers
end

-- Outcomes kept in memory, where there is no store: { window|combo = outcome } of a portfolio.
local function from_memory(self, window, names, portfolio)
  local found = { n = 0, numbers = {}, columns = {} }
  for _, name in ipairs(names) do found.columns[name] = {} end
  for _, outcome in ipairs(self.outcomes) do
    if outcome.window == window and outcome.portfolio == portfolio then
      found.n = found.n + 1
      found.numbers[found.n] = outcome.number
      for _, name in ipairs(names) do found.columns[name][found.n] = stats.value(outcome.values, name) or 0 / 0 end
    end
  end
  return found
end

--- Figures of all combos in a window.
-- @param names list of metrics (docs/metrics.md)
-- @param options nil or { window = number (1), portfolio = name (the first) }
-- @return { n, numbers = list of combo numbers in order, columns = { name = list of values, NaN where undefined } }; or
--   nil and a message
function Phase:figures(names, options)
  options = options or {}
  local window, portfolio = options.window or 1, options.portfolio or self.plan.portfolios[1].name
  for _, name in ipairs(names) do
    if not stats.get(name) then error(("there is no metric '%s' (docs/metrics.md)"):format(tostring(name)), 2) end
  end
  if not self.stored then return from_memory(self, window, names, portfolio) end
  local stored, err = self.stored:results { window = window, names = names }
  if not stored then return nil, err end
  local found = { n = 0, numbers = {}, columns = {} }
  for _, name in ipairs(names) do found.columns[name] = {} end
  for k = 0, stored.n - 1 do
    if stored.portfolio_names[stored.portfolios[k] + 1] == portfolio then
      found.n = found.n + 1
      found.numbers[found.n] = stored.combos[k]
      for _, name in ipairs(names) do found.columns[name][found.n] = stored.values[name][k] end
    end
  end
  return found
end

local function is_better(a, b, maximize)
  if maximize then return a > b end
  return a < b
end

-- Combo numbers with their scores, the best first; those without are left out. Ties: the earlier combo.
local function ranked(numbers, scores, n, maximize)
  local order = {}
  for k = 1, n do
    if scores[k] == scores[k] then order[#order + 1] = { number = numbers[k], score = scores[k] } end
  end
  table.sort(order, function(a, b)
    if a.score ~= b.score then return is_better(a.score, b.score, maximize) end
    return a.number < b.number
  end)
  return order
end

-- Period returns of one combo in one window: { n, returns, times, benchmark, periods_per_year }.
function Phase:_returns_of(number, window, portfolio)
  if self.stored then
    local stored, err = self.stored:returns { window = window, portfolio = portfolio, combos = { number } }
    if not stored then return nil, err end
    if stored.n_results == 0 then
      return nil, ("%s has no returns in window %d of phase '%s'"):format(combos.id(number), window, self.name)
    end
    local made = { n = stored.n, returns = {}, times = {}, benchmark = {}, periods_per_year = stored.periods_per_year }
    for k = 0, stored.n - 1 do
      made.returns[k + 1], made.times[k + 1] = stored.returns[k], tonumber(stored.ts_ns[k])
      made.benchmark[k + 1] = stored.benchmark[k]
    end
    return made
  end
  for _, outcome in ipairs(self.outcomes) do
    local kept = outcome.period_returns
    if kept and outcome.number == number and outcome.window == window and outcome.portfolio == portfolio then
      return { n = #kept.returns, returns = kept.returns, times = kept.times, benchmark = kept.benchmark,
        periods_per_year = kept.periods_per_year }
    end
  end
  return nil, ("%s has no returns in window %d of phase '%s'"):format(combos.id(number), window, self.name)
end

--- Period returns of a combo over windows, one after another.
-- @param number of the combo
-- @param windows nil (all of the phase's), or a list of windows or their numbers, in order of time
-- @param portfolio name (the first)
-- @return { returns, times (ns), benchmark: lists, periods_per_year, n }; or nil and a message
function Phase:returns(number, windows, portfolio)
  portfolio = portfolio or self.plan.portfolios[1].name
  local made = { returns = {}, times = {}, benchmark = {}, n = 0 }
  for _, window in ipairs(window_numbers(self, windows)) do
    local series, err = self:_returns_of(number, window, portfolio)
    if not series then return nil, err end
    for k = 1, series.n do
      made.n = made.n + 1
      made.returns[made.n], made.times[made.n] = series.returns[k], series.times[k]
      made.benchmark[made.n] = series.benchmark[k]
    end
    made.periods_per_year = series.periods_per_year
  end
  return made
end

-- An outcome with the figures that the store has.
local function stored_outcome(phase, portfolio, number, window, columns, k)
  local values = ffi.new("double[?]", C.pln_metric_count())
  for index = 0, C.pln_metric_count() - 1 do values[index] = 0 / 0 end
  for _, name in ipairs(HEADLINE) do values[C.pln_metric_find(name)] = columns[name][k] end
  return {
    combo = combos.id(number), number = number, window = window.number, portfolio = portfolio.name,
    capital = portfolio.capital, params = phase.grid:params(number), values = values,
    why = ffi.new("int32_t[?]", C.pln_metric_count()), refusals = {}, strategies = {}, regimes = {}, records = {},
  }
end

local function in_order(list)
  table.sort(list, function(a, b)
    if a.number ~= b.number then return a.number < b.number end
    return a.place < b.place
  end)
  return list
end

--- What came of each combo in a window: a list of outcomes, in the order of combos and portfolios, with the figures of
-- the short table at least.
-- @param window one of the phase's (the first)
-- @param numbers nil (all), or the combos that are asked for
-- @return the list, or nil and a message
function Phase:list(window, numbers)
  window = window or self.windows[1]
  local list, wanted, places = {}, nil, {}
  for _, number in ipairs(numbers or {}) do
    wanted = wanted or {}
    wanted[number] = true
  end
  if not self.stored or (self.outcomes and self.outcomes.complete) then
    for _, outcome in ipairs(self.outcomes) do
      if outcome.window == window.number and (not wanted or wanted[outcome.number]) then list[#list + 1] = outcome end
    end
    return in_order(list)
  end
  for place, portfolio in ipairs(self.plan.portfolios) do places[portfolio.name] = place end
  local stored, err = self.stored:results { window = window.number, names = HEADLINE }
  if not stored then return nil, err end
  for k = 0, stored.n - 1 do
    local place = places[stored.portfolio_names[stored.portfolios[k] + 1]]
    if place and (not wanted or wanted[stored.combos[k]]) then
      local outcome = stored_outcome(self, self.plan.portfolios[place], stored.combos[k], window, stored.values, k)
      outcome.place = place
      list[#list + 1] = outcome
    end
  end
  return in_order(list)
end

-- The score of each combo over several windows: a statistic of the returns of all of them.
local function scores_over(self, numbers, n, windows, metric, portfolio)
  local statistic
  for _, candidate in ipairs(returns.list) do
    if candidate.metric == metric or candidate.name == metric then statistic = candidate.name end
  end
  if not statistic then
    return nil, ("metric '%s' is not a statistic of returns, so it cannot be had over several windows: take one of "
      .. "docs/statistics.md, such as sharpe_ratio"):format(metric)
  end
  local scores = {}
  for k = 1, n do
    local series, err = self:returns(numbers[k], windows, portfolio)
    if not series then return nil, err end
    scores[k] = returns[statistic](series.returns, { periods_per_year = series.periods_per_year }) or 0 / 0
  end
  return scores
end

--- Combos ranked by a metric in one window, or, by a statistic of returns, over several together.
-- @param options { metric = name, minimize = false, windows = list (default: all of the phase's), portfolio,
--   min_trades = 0: combos with fewer (in any of the windows) are left out, n = most that are returned (all) }
-- @return list of { number, combo, params, score }, the best first; or nil and a message
function Phase:ranked(options)
  local windows = window_numbers(self, options.windows)
  local first, err = self:figures({ options.metric, "trades" }, { window = windows[1], portfolio = options.portfolio })
  if not first then return nil, err end
  local numbers, scores = first.numbers, first.columns[options.metric]
  local few = {}
  for _, window in ipairs((options.min_trades or 0) > 0 and windows or {}) do
    local counts
    counts, err = self:figures({ "trades" }, { window = window, portfolio = options.portfolio })
    if not counts then return nil, err end
    for k = 1, counts.n do few[counts.numbers[k]] = few[counts.numbers[k]]
      or counts.columns.trades[k] < options.min_trades end
  end
  if #windows > 1 then
    scores, err = scores_over(self, numbers, first.n, windows, options.metric, options.portfolio)
    if not scores then return nil, err end
  end
  local kept, values, n = {}, {}, 0
  for k = 1, first.n do
    if not few[numbers[k]] then
      n = n + 1
      kept[n], values[n] = numbers[k], scores[k]
    end
  end
  local order = ranked(kept, values, n, not options.minimize)
  local list = {}
  for k = 1, math.min(options.n or #order, #order) do
    local number = order[k].number
    list[k] = { number = number, combo = combos.id(number), params = self.grid:params(number), score = order[k].score }
  end
  return list
end

--- The best combo, as `ranked` has it; nil and a message where none has a score.
function Phase:best(options)
  local list, err = self:ranked(setmetatable({ n = 1 }, { __index = options }))
  if not list then return nil, err end
  if not list[1] then
    return nil, ("phase '%s' has no combo with a defined %s%s"):format(self.name, options.metric,
      (options.min_trades or 0) > 0 and (" and %d trades"):format(options.min_trades) or "")
  end
  return list[1]
end

--- Figures of the combos by regime: lua/regimes.lua.
-- @param options { regimes = an item of w:regimes(), metrics = statistics of returns, windows, portfolio, minimize,
--   min_periods }
-- @return { n, regimes, periods, numbers, columns[metric][regime], market, best }, or nil and a message
function Phase:by_regime(options) return require("regimes").figures(self, options) end

-- Adds the returns of combos in one window to columns by combo number; those whose length differs are dropped.
local function add_columns(self, made, window, portfolio, list)
  local stored, err = self.stored:returns { window = window, portfolio = portfolio, combos = list }
  if not stored then return nil, err end
  for k = 0, stored.n_results - 1 do
    local number = stored.combos[k]
    made.parts[number] = made.parts[number] or {}
    table.insert(made.parts[number], stored.returns + k * stored.n)
  end
  table.insert(made.lengths, stored.n)
  table.insert(made.kept, stored)
  made.n, made.periods_per_year = made.n + stored.n, stored.periods_per_year
  return true
end

--- Captured signals of a combo, of a phase of signal_generation.
-- @param window of the phase (the first)
-- @return list of { source, symbol, n, signals = pln_signal array from 0, regimes = int8 array }; or nil and a message
function Phase:signals(number, window)
  local where = (window or self.windows[1]).number
  local list, err = self.stored:signal_sources { window = where, combo = number }
  if not list then return nil, err end
  for k, one in ipairs(list) do
    local read, message = self.stored:signals {
      window = where, combo = number, source = one.source, symbol = one.symbol,
    }
    if not read then return nil, message end
    read.source, read.symbol = one.source, one.symbol
    list[k] = read
  end
  return list
end

--- The returns of all combos side by side, as the figures of overfitting take them: those of the windows, one after
-- another, for the combos that have them in all.
-- @param windows nil (all of the phase's), or a list of windows or their numbers
-- @param portfolio name (the first)
-- @param every only every n-th combo (1), and `best` besides
-- @param best nil or a combo number that is among them
-- @return { n (periods), numbers = combo numbers, columns = list of double[n], periods_per_year }; or nil and a message
function Phase:matrix(windows, portfolio, every, best)
  portfolio = portfolio or self.plan.portfolios[1].name
  local list = {}
  for number = 1, self.grid:size() do
    if (number - 1) % (every or 1) == 0 or number == best then list[#list + 1] = number end
  end
  local made = { n = 0, parts = {}, lengths = {}, kept = {} }
  for _, window in ipairs(window_numbers(self, windows)) do
    local ok, err = add_columns(self, made, window, portfolio, list)
    if not ok then return nil, err end
  end
  local matrix = { n = made.n, numbers = {}, columns = {}, periods_per_year = made.periods_per_year }
  for _, number in ipairs(list) do
    local parts = made.parts[number]
    if parts and #parts == #made.lengths then
      local column, at = ffi.new("double[?]", math.max(made.n, 1)), 0
      for k, part in ipairs(parts) do
        ffi.copy(column + at, part, 8 * made.lengths[k])
        at = at + made.lengths[k]
      end
      table.insert(matrix.numbers, number)
      table.insert(matrix.columns, column)
    end
  end
  if #matrix.numbers == 0 then return nil, ("phase '%s' has no returns"):format(self.name) end
  return matrix
end

return M

--- What the workflows of ensembles reckon between their phases: the best parameters of each regime, and what a strategy
-- that takes them made of data that they were not chosen on (docs/ensemble.md).
local ensemble_math = require "ensemble_math"
local returns = require "returns"

local M = {}

local array = ensemble_math.array

--- Scores a series by a statistic of returns (docs/statistics.md), over the periods that `is_in(t)` (from 1) has.
-- @return the score or nil, how many periods
function M.score(metric, column, n, periods_per_year, is_in)
  local values, count = array(n), 0
  for t = 1, n do
    if not is_in or is_in(t) then
      values[count] = column[t - 1]
      count = count + 1
    end
  end
  if count < 2 then return nil, count end
  if metric == "sharpe_ratio" then -- as returns.sharpe_ratio, without a list for each of many combos
    local mean, deviation = ensemble_math.moments(values, 0, count)
    return deviation > 0 and mean / deviation * math.sqrt(periods_per_year) or nil, count
  end
  local list = {}
  for t = 1, count do list[t] = values[t - 1] end
  return returns[metric](list, { periods_per_year = periods_per_year }), count
end

-- The best column of a matrix; ties go to the earlier combo.
local function best_of(settings, matrix, is_in)
  local best
  for k, column in ipairs(matrix.columns) do
    local score, count = M.score(settings.metric, column, matrix.n, matrix.periods_per_year, is_in)
    if score and score == score and (not best or score > best.score) then
      best = { number = matrix.numbers[k], score = score, periods = count }
    end
  end
  return best
end

--- The best combo of a family, over all periods and in each regime.
-- @param settings { metric, min_regime_periods }
-- @param matrix of lua/phase.lua: { n, numbers, columns, periods_per_year }
-- @param regimes list of the regime in force when each period began (false: none), or nil
-- @param names of the regimes
-- @return { overall = { number, score, periods }, by_regime = { name = the same, with `fallback` where the regime had
--   fewer than min_regime_periods periods (or no combo a score in it) and it is the one of all periods } }; nil where
--   no combo has a score
function M.select(settings, matrix, regimes, names)
  local overall = best_of(settings, matrix)
  if not overall then return nil end
  local made = { overall = overall, by_regime = {} }
  for _, name in ipairs(names or {}) do
    local count = 0
    for t = 1, matrix.n do count = count + (regimes[t] == name and 1 or 0) end
    local own = count >= settings.min_regime_periods
      and best_of(settings, matrix, function(t) return regimes[t] == name end)
    made.by_regime[name] = own
      or { number = overall.number, score = overall.score, periods = count, fallback = true }
  end
  return made
end

local function columns_by_number(matrix)
  local made = {}
  for k, number in ipairs(matrix.numbers) do made[number] = matrix.columns[k] end
  return made
end

--- Returns of a family that trades, in each period, the combo that was chosen for the regime in force when it began.
-- @return list of returns
function M.switching(selection, matrix, regimes)
  local columns, made = columns_by_number(matrix), {}
  for t = 1, matrix.n do
    local chosen = regimes and regimes[t] and selection.by_regime[regimes[t]] or selection.overall
    local column = columns[chosen.number]
    made[t] = column and column[t - 1] or 0
  end
  return made
end

--- Returns of members under weights over time (of ensemble.over_time): for each period those that were in force when it
-- began, of its regime or else of all. A reckoning from the members' own returns: what switching costs is not in it.
-- @param starts when each period began
function M.weighted(schedule, series, starts, regimes)
  local made, at, in_force = {}, 0, {}
  for t = 1, #starts do
    while schedule[at + 1] and schedule[at + 1].ts_ns <= starts[t] do
      at = at + 1
      in_force[schedule[at].regime or 0] = schedule[at].weights
    end
    local weights = regimes and regimes[t] and in_force[regimes[t]] or in_force[0]
    local sum = 0
    for k = 1, weights and #series or 0 do sum = sum + weights[k] * series[k][t] end
    made[t] = sum
  end
  return made
end

--- The score of a list of returns.
function M.score_list(metric, list, periods_per_year)
  if #list < 2 then return nil end
  return (returns[metric](list, { periods_per_year = periods_per_year }))
end

return M

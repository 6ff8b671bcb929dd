--- The honest account of a selection: what the best of many combos of a phase is worth (docs/overfitting.md).
local overfitting = require "overfitting"
local stats = require "stats"

local M = {}

-- Of larger sweeps every n-th combo is looked at, so that what is laid side by side stays in memory.
local MOST_COLUMNS = 5000

-- The metric of combos in one window, by number.
local function values_of(phase, metric, window)
  local figures = phase:figures({ metric }, { window = window })
  local values = {}
  for k = 1, figures and figures.n or 0 do
    local value = figures.columns[metric][k]
    if value == value then values[figures.numbers[k]] = value end
  end
  return values
end

-- A report without what has no form in JSON.
local function plain(value)
  if type(value) ~= "table" then return value end
  local made = {}
  for key, item in pairs(value) do
    if type(item) ~= "cdata" and type(item) ~= "function" and key ~= "text" then made[key] = plain(item) end
  end
  return made
end

--- Adds to findings what is to be said of the best combo of a phase.
-- @param w the run; found: lua/findings.lua
-- @param spec { phase, best = { number, combo, score }, metric, windows = list of windows of the phase (all), out =
--   stitched series { returns, times } of the same choice on data that it was not made on, or nil }
-- @return what overfitting.report gives, or nil and a message
function M.add(w, found, spec)
  local phase, best, metric = spec.phase, spec.best, spec.metric
  local windows = spec.windows or phase.windows
  local size = phase.grid:size()
  local matrix, err = phase:matrix(windows, nil, math.max(1, math.ceil(size / MOST_COLUMNS)), best.number)
  if not matrix then return nil, err end
  local place
  for k, number in ipairs(matrix.numbers) do
    if number == best.number then place = k end
  end
  local trials
  trials, err = w.db:count_trials()
  if not trials then return nil, err end
  local about = stats.get(metric)
  local report = overfitting.report {
    best = place, periods_per_year = matrix.periods_per_year, risk_free_ann = w.cfg.statistics.risk_free_pct / 100,
    matrix = { rows = matrix.n, combos = #matrix.numbers, column = function(k) return matrix.columns[k] end },
    name = best.combo, label = about and about.label or metric, in_sample = best.score, out_of_sample = spec.out,
    trials = math.max(trials, #matrix.numbers), seed = w.cfg.seed,
    neighbourhood = { grid = phase.grid, best = best.number, size = size,
      values = #windows == 1 and values_of(phase, metric, windows[1].number) or nil },
  }
  found:text(report.text)
  found:set("selection", plain(report))
  return report
end

return M

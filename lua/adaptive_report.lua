--- What the workflows of ensembles print: what was chosen, the weights, the validation, where its gains came from, and
-- how much of it may be luck (docs/ensemble.md).
local abi = require "abi"
local attribution = require "attribution"
local combos = require "combos"
local json = require "json"
local overfitting = require "overfitting"
local params_text = require "params_text"
local plot = require "plot"
local select_by = require "adaptive_select"
local stats = require "stats"
local tabulate = require "tabulate"

local M = {}

local FIGURES = { "return_pct", "sharpe_ratio", "max_drawdown_pct", "exposure_pct", "trades",
  "profit_factor" }

local LABELS = {
  adaptive = "adaptive ensemble", static = "static ensemble", ensemble = "ensemble", single = "best single strategy",
  buy_and_hold = "buy & hold",
}

local function date(ts_ns) return abi.iso_time(ts_ns):sub(1, 10) end

local function number(value, decimals)
  if value == nil or value ~= value then return "-" end
  return tabulate.number(value, decimals or 2)
end

-- The parameters that the family's grid varies; all where it varies none.
local function params_of(study, f, combo)
  local family = study.families[f]
  local point, varied, any = family.phase.grid:point(combo)[1], {}, false
  for name, value in pairs(study.w.cfg.strategies[family.index].params) do
    if type(value) == "table" then varied[name], any = true, true end
  end
  return params_text(point, any and varied or nil)
end

-- ---- what was chosen ----

-- Rows { family, regime, combo, parameters, score, periods } of the final selection.
local function selection_rows(study)
  local rows = {}
  for f, family in ipairs(study.families) do
    local overall = study.final[f][0].overall
    rows[#rows + 1] = { family.id, "all", combos.id(overall.number), params_of(study, f, overall.number),
      overall.score, overall.periods }
    local used = study.used and study.classifiers[study.used]
    for _, name in ipairs(used and used.names or {}) do
      local one = study.final[f][study.used].by_regime[name]
      rows[#rows + 1] = { family.id, name, combos.id(one.number), one.fallback and "as for all: too few periods"
        or params_of(study, f, one.number), not one.fallback and one.score or nil, one.periods }
    end
  end
  return rows
end

local function weights_rows(study)
  local record = study.records[study.used or 0]
  local rows = {}
  for _, entry in ipairs(record.last) do
    local row = { entry.regime or "all" }
    for f = 1, #study.families do row[f + 1] = entry.weights[f] end
    row[#row + 1] = entry.info.n_periods
    row[#row + 1] = entry.info.fallback
      or (entry.info.trust and entry.info.trust < 1 and ("%.0f %% its own, the rest of all regimes"):format(
        entry.info.trust * 100)) or ""
    rows[#rows + 1] = row
  end
  return rows
end

-- ---- out of sample, by the families' records ----

local function walk_forward_rows(study)
  local metric, rows = study.settings.metric, {}
  local function add(name, list)
    local periods = study.records[0].periods_per_year
    local growth = 1
    for _, r in ipairs(list) do growth = growth * (1 + r) end
    rows[#rows + 1] = { name = name, score = select_by.score_list(metric, list, periods),
      return_pct = (growth - 1) * 100 }
  end
  for c, classifier in ipairs(study.classifiers) do
    add(("adaptive by %s%s"):format(classifier.id, c == study.used and " (taken)" or ""), study.records[c].made)
  end
  add(#study.classifiers > 0 and "static ensemble" or "ensemble", study.records[0].made)
  for f, family in ipairs(study.families) do add(family.id, study.records[0].series[f]) end
  local benchmark = study.records[0].benchmark
  if benchmark[1] and benchmark[#benchmark] == benchmark[#benchmark] then
    local known = {}
    for k, value in ipairs(benchmark) do known[k] = value == value and value or 0 end
    add("buy & hold", known)
  end
  return rows
end

-- ---- validation ----

local function result_of(study, name)
  for _, result in ipairs(study.results) do
    if result.portfolio == name then return result end
  end
end

local function validation_rows(study)
  local rows = {}
  for k, result in ipairs(study.results) do
    rows[k] = { name = LABELS[result.portfolio] or result.portfolio, values = {} }
    for _, name in ipairs(FIGURES) do rows[k].values[name] = stats.value(result.values, name) end
  end
  return rows
end

-- ---- honesty ----

local function n_trials(study)
  local n = 0
  for _, family in ipairs(study.families) do n = n + family.phase.grid:size() end
  return n
end

-- The metric of the final parameters in the research, of the chosen ones in the test windows, and in the holdout.
local function three_figures(study)
  local metric, rows = study.settings.metric, {}
  local function held_out(name)
    local kept = result_of(study, name)
    kept = kept and kept.period_returns
    return kept and select_by.score_list(metric, kept.returns, kept.periods_per_year)
  end
  local best = study.best
  rows[1] = { name = LABELS.single, in_sample = best.score,
    walk_forward = select_by.score_list(metric, study.records[0].series[best.family],
      study.records[0].periods_per_year), holdout = held_out "single" }
  if study.used then
    rows[#rows + 1] = { name = LABELS.static, walk_forward = study.records[0].score, holdout = held_out "static" }
    rows[#rows + 1] = { name = LABELS.adaptive, walk_forward = study.records[study.used].score,
      holdout = held_out "adaptive" }
  else
    rows[#rows + 1] = { name = LABELS.ensemble, walk_forward = study.records[0].score, holdout = held_out "ensemble" }
  end
  return rows
end

-- What the research tells of luck: the returns of all combos of all families in it, side by side.
local function luck_of(study)
  local columns, best, first = {}, nil, nil
  for f in ipairs(study.families) do
    local matrix = study:matrix(f)
    first = first or matrix
    for k, combo in ipairs(matrix.numbers) do
      columns[#columns + 1] = matrix.columns[k]
      if f == study.best.family and combo == study.best.number then best = #columns end
    end
  end
  local record, benchmark = study.records[0], {}
  for t = 1, first.n do benchmark[t] = first.benchmark[t] == first.benchmark[t] and first.benchmark[t] or 0 end
  return overfitting.report {
    best = best, matrix = { rows = first.n, combos = #columns, column = function(k) return columns[k] end },
    periods_per_year = first.periods_per_year, name = "the best single strategy of the research",
    out_of_sample = { returns = record.series[study.best.family], times = record.times },
    trials = n_trials(study), benchmark = benchmark, samples = 500, seed = study.w.cfg.seed,
  }
end

local function ensemble_name(study) return study.used and "adaptive" or "ensemble" end

-- ---- text ----

local Report = {}
Report.__index = Report

local function windows_text(study)
  local research, holdout = study.research, study.holdout
  local folds = study.folds
  return ("Research %s to %s: %d folds, tested from %s on. Validation %s to %s, which nothing was chosen on."):format(
    date(research.from_ns), date(research.until_ns), #folds, date(folds[1].test[1].from_ns), date(holdout.from_ns),
    date(holdout.until_ns))
end

--- The report as text.
-- @param options terminal.describe's
function Report:format(options)
  local study, lines = self.study, {}
  local function add(...)
    for _, text in ipairs { ... } do lines[#lines + 1] = text end
  end
  add(windows_text(study), "")
  add("Parameters, by " .. study.settings.metric .. " over the research")
  add(tabulate.format({ "family", "regime", "combo", { "parameters", keep = true },
    { study.settings.metric, decimals = 2 }, "periods" }, selection_rows(study), options))
  local columns = { "regime" }
  for f, family in ipairs(study.families) do columns[f + 1] = { family.id, decimals = 3 } end
  columns[#columns + 1], columns[#columns + 2] = "periods", "note"
  add(("Weights by %s%s"):format(study.settings.method, study.used
    and ", by regime of " .. study.classifiers[study.used].id or ""))
  add(tabulate.format(columns, weights_rows(study), options))
  local names = {}
  for f, family in ipairs(study.families) do names[f] = family.id end
  add(plot.weights(study.records[study.used or 0].schedule, setmetatable({
    names = names, until_ns = study.holdout.from_ns, height = 6,
  }, { __index = options })))
  local rows = {}
  for k, row in ipairs(self.walk_forward) do rows[k] = { row.name, row.return_pct, row.score } end
  add("Walk-forward: the test windows, one after another, by replayed returns (switching is free here)")
  add(tabulate.format({ "", { "Return %", decimals = 2 }, { study.settings.metric, decimals = 2 } }, rows, options))
  rows, columns = {}, { { "", keep = true } }
  for _, name in ipairs(FIGURES) do columns[#columns + 1] = { stats.get(name).label, right = true } end
  for k, row in ipairs(self.validation) do
    rows[k] = { row.name }
    for _, name in ipairs(FIGURES) do rows[k][#rows[k] + 1] = stats.format(name, row.values[name]) end
  end
  add("Validation: the full backtest of the holdout")
  add(tabulate.format(columns, rows, options))
  local result = result_of(study, ensemble_name(study))
  if result.sample then
    add(plot.equity(result.sample.series(), setmetatable({ title = "Equity of the " .. LABELS[result.portfolio],
      height = 8 }, { __index = options })))
  end
  if result.attribution then
    add(("Where the %s's gains came from"):format(LABELS[result.portfolio]), "")
    add(attribution.text(result.attribution, options))
  end
  add(self:_honesty(options))
  return (table.concat(lines, "\n"):gsub("\n+$", "\n"))
end

function Report:_honesty(options)
  local metric, rows = self.study.settings.metric, {}
  for k, row in ipairs(self.figures) do
    rows[k] = { row.name, number(row.in_sample), number(row.walk_forward), number(row.holdout) }
  end
  local text = ("%s, chosen on the data, walk-forward, and on the holdout\n%s"):format(metric,
    tabulate.format({ "", { "in sample", right = true }, { "walk-forward", right = true },
      { "holdout", right = true } }, rows, options))
  return text .. ("%d combos were tried in the research. A figure of the holdout is of one try; run this again with "
    .. "other settings, and it is the best of several.\n\n%s"):format(self.trials, self.luck.text)
end

-- What JSON shows.
local function data_of(self)
  local study = self.study
  local selection, weights, validation, forward = {}, {}, {}, {}
  for k, row in ipairs(selection_rows(study)) do
    selection[k] = json.object { { "family", row[1] }, { "regime", row[2] }, { "combo", row[3] },
      { "parameters", row[4] }, { "score", row[5] or json.null }, { "periods", row[6] } }
  end
  for k, entry in ipairs(study.records[study.used or 0].last) do
    local by_family = {}
    for f, family in ipairs(study.families) do by_family[f] = { family.id, entry.weights[f] } end
    weights[k] = json.object { { "regime", entry.regime or json.null }, { "weights", json.object(by_family) } }
  end
  for k, row in ipairs(self.walk_forward) do
    forward[k] = json.object { { "name", row.name }, { "return_pct", row.return_pct },
      { "score", row.score or json.null } }
  end
  for k, row in ipairs(self.figures) do
    validation[k] = json.object { { "name", row.name }, { "in_sample", row.in_sample or json.null },
      { "walk_forward", row.walk_forward or json.null }, { "holdout", row.holdout or json.null } }
  end
  return json.object {
    { "metric", study.settings.metric }, { "method", study.settings.method }, { "trials", self.trials },
    { "classifier", study.used and study.classifiers[study.used].id or json.null },
    { "selection", json.array(selection) }, { "weights", json.array(weights) },
    { "walk_forward", json.array(forward) }, { "figures", json.array(validation) },
    { "deflated_sharpe_ratio", self.luck.deflated.value or json.null }, { "pbo", self.luck.pbo.pbo or json.null },
  }
end

--- The report of a study (lua/adaptive.lua), as a workflow returns it.
-- @return { format = function(self, options) → text, data }
function M.new(study)
  local self = setmetatable({
    study = study, walk_forward = walk_forward_rows(study), validation = validation_rows(study),
    figures = three_figures(study), trials = n_trials(study), luck = luck_of(study),
  }, Report)
  self.data = data_of(self)
  return self
end

return M

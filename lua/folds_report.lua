--- Choosing on training windows and running the choice on test windows, fold by fold: what the workflows train_test
-- and walk_forward are.
local common_start = require "common_start"
local findings = require "findings"
local honesty = require "honesty"
local params_text = require "params_text"
local returns = require "returns"
local tabulate = require "tabulate"
local abi = require "abi"
local windows = require "windows"

local M = {}

-- The distinct windows of all folds' training or test lists, by number: one may train in a fold and test in another.
local function windows_of(folds, role)
  local made, seen = {}, {}
  for _, fold in ipairs(folds) do
    for _, window in ipairs(fold[role]) do
      if not seen[window.number] then made[#made + 1] = window end
      seen[window.number] = true
    end
  end
  table.sort(made, function(x, y) return x.number < y.number end)
  return made
end

local function statistic(series, name)
  return (returns[name](series.returns, { periods_per_year = series.periods_per_year }))
end

local function percent(value) return value and tabulate.number(100 * value, 2) or "–" end
local function ratio(value) return value and tabulate.number(value, 3) or "–" end
local function day(ns) return abi.iso_time(ns):sub(1, 10) end

-- The best combo of each fold: { fold, best, in_sample = series }.
local function choose(w, folds, train)
  local options, chosen = M.options(w), {}
  for k, fold in ipairs(folds) do
    local best, err = train:best {
      metric = options.metric, minimize = not options.maximize, windows = fold.train,
      min_trades = options.min_trades,
    }
    if not best then return nil, ("fold %d: %s"):format(fold.number, err) end
    local series
    series, err = train:returns(best.number, fold.train)
    if not series then return nil, err end
    chosen[k] = { fold = fold, best = best, in_sample = series }
  end
  return chosen
end

-- Runs each fold's choice on its test windows; the series of each in `out_of_sample`.
local function test(w, chosen, tests)
  local pairs_to_run = {}
  for _, one in ipairs(chosen) do
    for _, window in ipairs(one.fold.test) do
      table.insert(pairs_to_run, { window.number, one.best.number })
    end
  end
  local phase, err = w:phase {
    name = "test", windows = tests, pairs = pairs_to_run, keep = "full", metrics = "full",
  }
  if not phase then return nil, err end
  for _, one in ipairs(chosen) do
    one.out_of_sample, err = phase:returns(one.best.number, one.fold.test)
    if not one.out_of_sample then return nil, err end
  end
  return phase
end

local function fold_table(found, chosen, names)
  local rows, data = {}, {}
  for k, one in ipairs(chosen) do
    local fold, inside, outside = one.fold, one.in_sample, one.out_of_sample
    local first, last = fold.test[1], fold.test[#fold.test]
    local a, b = statistic(inside, "sharpe_ratio"), statistic(outside, "sharpe_ratio")
    local gain = statistic(outside, "total_return")
    rows[k] = { tostring(fold.number), day(first.from_ns), day(last.last_ns), params_text(one.best.params, names),
      ratio(a), ratio(b), percent(gain) }
    data[k] = { fold = fold.number, combo = one.best.combo, params = one.best.params, sharpe_ratio_in_sample = a,
      sharpe_ratio_out_of_sample = b, return_out_of_sample = gain, from = abi.iso_time(first.from_ns),
      to = abi.iso_time(last.last_ns) }
  end
  found:heading "Folds: chosen on the training windows, run on the test windows"
  found:table({ { "fold", right = true }, { "tested from", keep = true }, { "to", keep = true },
    { "parameters", keep = true }, { "Sharpe in sample", right = true },
    { "out of sample", right = true }, { "return, %", right = true } }, rows)
  found:gap()
  found:set("folds", data)
end

-- The out-of-sample segments as one curve, compounded; of several paths the first is drawn and all are told.
local function stitched(found, w, folds, chosen, phase)
  local by_fold = {}
  for _, one in ipairs(chosen) do by_fold[one.fold.number] = one end
  local paths, err = windows.stitch_paths(folds, function(fold, window)
    local series, message = phase:returns(by_fold[fold].best.number, { window })
    if not series then error(message, 0) end
    return series
  end)
  if not paths then return nil, err end
  local data, capital = {}, w.plan.portfolios[1].capital
  for k, series in ipairs(paths) do
    local figures = {
      total_return = statistic(series, "total_return"), sharpe_ratio = statistic(series, "sharpe_ratio"),
      max_drawdown = statistic(series, "max_drawdown"), periods = series.n,
    }
    data[k] = figures
    if k == 1 then
      local curve = { n = series.n + 1, ts = { tonumber(series.times[1]) }, equity = { capital } }
      for i = 1, series.n do
        curve.ts[i + 1], curve.equity[i + 1] = tonumber(series.times[i]), curve.equity[i] * (1 + series.returns[i])
      end
      found:curve(curve, { title = "Equity out of sample, stitched" })
    end
    found:line("Out of sample%s: return %s %%, Sharpe ratio %s, maximum drawdown %s %%",
      #paths > 1 and (", path %d"):format(k) or "", percent(figures.total_return), ratio(figures.sharpe_ratio),
      percent(figures.max_drawdown))
  end
  found:set("out_of_sample", #data > 1 and data or data[1])
  return paths[1]
end

--- What a workflow that selects is told under `optimize`, with the defaults of what is not said.
function M.options(w)
  local given = w.cfg.optimize or {}
  return {
    metric = given.metric or "sharpe_ratio", maximize = given.maximize ~= false, min_trades = given.min_trades or 0,
    top = given.top or 10,
  }
end

--- The names of what a phase's combos differ in, as a set.
function M.axes(phase)
  local names = {}
  for _, axis in ipairs(phase.grid:axes()) do names[axis.name] = true end
  return names
end

--- Runs it.
-- @param folds, list as of w:folds
-- @return results (of the test windows) and findings; or nil and a message
function M.run(w, folds, list)
  if folds.common_start then
    local ok, problem = common_start.apply(w.plan, folds, list)
    if not ok then return nil, problem end
  end
  local trains, tests = windows_of(folds, "train"), windows_of(folds, "test")
  local train, err = w:phase { name = "train", windows = trains, keep = "figures", sharded = true }
  if not train then return nil, err end
  local chosen
  chosen, err = choose(w, folds, train)
  if not chosen then return nil, err end
  local phase
  phase, err = test(w, chosen, tests)
  if not phase then return nil, err end
  local found = findings.new()
  fold_table(found, chosen, M.axes(train))
  local out
  out, err = stitched(found, w, folds, chosen, phase)
  if not out then return nil, err end
  found:gap()
  local last = chosen[#chosen]
  local ok
  ok, err = honesty.add(w, found, {
    phase = train, best = last.best, metric = M.options(w).metric, windows = last.fold.train, out = out,
  })
  if not ok then return nil, err end
  local results = {}
  for _, window in ipairs(tests) do
    local outcomes
    outcomes, err = phase:list(window)
    if not outcomes then return nil, err end
    for _, outcome in ipairs(outcomes) do results[#results + 1] = outcome end
  end
  return results, found
end

return M

--- Choosing on training windows and running the choice on test windows, fold by fold: what the workflows train_test
-- and walk_forward are.
local findings = require "findings"
local honesty = require "honesty"
local params_text = require "params_text"
local returns = require "returns"
local search = require "search"
local stats = require "stats"
local tabulate = require "tabulate"
local abi = require "abi"
local windows = require "windows"

local M = {}

local function of_role(list, role)
  local made = {}
  for _, window in ipairs(list) do
    if window.role == role then made[#made + 1] = window end
  end
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
  local options, chosen = w.cfg.optimize, {}
  for k, fold in ipairs(folds) do
    local best, err = train:best {
      metric = options.metric, minimize = options.maximize == false, windows = fold.train,
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
local function test(w, chosen, train, tests)
  local pairs_to_run = {}
  for _, one in ipairs(chosen) do
    for _, window in ipairs(one.fold.test) do
      table.insert(pairs_to_run, { window.number, one.best.number })
    end
  end
  local phase, err = w:phase {
    name = "test", windows = tests, pairs = pairs_to_run, keep = "full", metrics = "full", points = train.spec.points,
  }
  if not phase then return nil, err end
  for _, one in ipairs(chosen) do
    one.out_of_sample, err = phase:returns(one.best.number, one.fold.test)
    if not one.out_of_sample then return nil, err end
  end
  return phase
end

local function fold_table(found, chosen)
  local rows, data = {}, {}
  for k, one in ipairs(chosen) do
    local fold, inside, outside = one.fold, one.in_sample, one.out_of_sample
    local first, last = fold.test[1], fold.test[#fold.test]
    local a, b = statistic(inside, "sharpe_ratio"), statistic(outside, "sharpe_ratio")
    local gain = statistic(outside, "total_return")
    rows[k] = { tostring(fold.number), day(first.from_ns) .. " – " .. day(last.until_ns - 1), params_text(one.best.params),
      ratio(a), ratio(b), percent(gain) }
    data[k] = { fold = fold.number, combo = one.best.combo, params = one.best.params, sharpe_ratio_in_sample = a,
      sharpe_ratio_out_of_sample = b, return_out_of_sample = gain, from = abi.iso_time(first.from_ns),
      ["until"] = abi.iso_time(last.until_ns) }
  end
  found:heading "Folds: chosen on the training windows, run on the test windows"
  found:table({ { "fold", right = true }, "tested", { "parameters", keep = true }, { "Sharpe in sample", right = true },
    { "out of sample", right = true }, { "return, %", right = true } }, rows)
  found:gap()
  found:set("folds", data)
end

-- The out-of-sample segments as one curve, compounded.
local function stitched(found, w, chosen)
  local segments = {}
  for _, one in ipairs(chosen) do segments[#segments + 1] = one.out_of_sample end
  local series, err = windows.stitch(segments)
  if not series then
    found:line("The test windows overlap, so that they make no single curve: %s", err)
    return nil
  end
  local curve = windows.curve(series, w.plan.portfolios[1].capital)
  found:curve(curve, { title = "Equity out of sample, stitched" })
  found:line("Out of sample: return %s %%, Sharpe ratio %s, maximum drawdown %s %%",
    percent(statistic(series, "total_return")), ratio(statistic(series, "sharpe_ratio")),
    percent(statistic(series, "max_drawdown")))
  found:set("out_of_sample", {
    total_return = statistic(series, "total_return"), sharpe_ratio = statistic(series, "sharpe_ratio"),
    max_drawdown = statistic(series, "max_drawdown"), periods = series.n,
  })
  return series
end

--- Runs it.
-- @param folds, list as of w:folds
-- @return results (of the test windows) and findings; or nil and a message
function M.run(w, folds, list)
  local trains, tests = of_role(list, "train"), of_role(list, "test")
  local train, err = search.phase(w, { name = "train", windows = trains, keep = "figures" })
  if not train then return nil, err end
  local chosen
  chosen, err = choose(w, folds, train)
  if not chosen then return nil, err end
  local phase
  phase, err = test(w, chosen, train, tests)
  if not phase then return nil, err end
  local found = findings.new()
  fold_table(found, chosen)
  local out = stitched(found, w, chosen)
  found:gap()
  local last = chosen[#chosen]
  local ok
  ok, err = honesty.add(w, found, {
    phase = train, best = last.best, metric = w.cfg.optimize.metric, windows = last.fold.train, out = out,
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

M.stats = stats

return M

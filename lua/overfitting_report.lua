--- What can be said about the best of many combos, in one table and one text (docs/overfitting.md).
local neighbourhood = require "neighbourhood"
local overfitting = require "overfitting"
local returns = require "returns"
local tabulate = require "tabulate"
local internal = overfitting.internal

local M = {}

local KNOWN = {}
for _, name in ipairs { "best", "name", "matrix", "periods_per_year", "risk_free_ann", "trials", "label", "in_sample",
  "out_of_sample", "in_sample_values", "out_of_sample_values", "benchmark", "neighbourhood", "samples", "mean_block",
  "seed", "blocks", "statistic" } do
  KNOWN[name] = true
end

local TESTS = { "trials", "pbo", "spa" }

-- All tests in one pass over the matrix. What cannot be had of it says why.
local function run_tests(given, made)
  local rows = internal.columns_of(given.matrix)
  local running, tests = {}, {}
  local makers = { trials = internal.new_trials, pbo = internal.new_cscv, spa = internal.new_spa }
  for _, name in ipairs(TESTS) do
    local test, why = makers[name](rows, given)
    if test then
      tests[name], running[#running + 1] = test, test
    else
      made[name] = { why = why }
    end
  end
  internal.feed(given.matrix, running)
  local results = { trials = internal.trials_result, pbo = internal.cscv_result, spa = internal.spa_result }
  for _, name in ipairs(TESTS) do
    if tests[name] then
      local result, why = results[name](tests[name].handle, given)
      made[name] = result or { why = why }
    end
  end
end

-- The best's returns as a list.
local function best_returns(given)
  local rows, combos, column = internal.columns_of(given.matrix)
  if type(given.best) ~= "number" or given.best < 1 or given.best > combos or given.best % 1 ~= 0 then
    error(("best is %s, expected the number of a combo from 1 to %d"):format(tostring(given.best), combos), 0)
  end
  local values = column(given.best)
  if type(values) == "table" then return values end
  local list = {}
  for i = 1, rows do list[i] = values[i - 1] end
  return list
end

local function sharpe_of(series)
  local value, _, why = series:value "sharpe_ratio"
  if value and (value == math.huge or value == -math.huge) then value = nil end
  return value, why
end

local function deflated_of(given, made, best)
  local trials = made.trials
  local count = math.max(given.trials or 0, trials.combos or 0)
  if count < 2 then return { why = "one trial: there is nothing to deflate", trials = count } end
  if not trials.sharpe_variance then
    return { why = trials.why or "fewer than two combos have returns that vary", trials = count }
  end
  local options = { periods_per_year = given.periods_per_year, risk_free_ann = given.risk_free_ann }
  local function at(n)
    options.trials, options.trials_variance = n, trials.sharpe_variance
    local value, _, why = returns.deflated_sharpe_ratio(best, options)
    return value, why
  end
  local value, why = at(count)
  if not value then return { why = why, trials = count } end
  -- All trials are taken to be as alike as the combos here.
  local alike = math.max(0, trials.average_correlation)
  local effective = alike + (1 - alike) * count
  local year = math.sqrt(given.periods_per_year or 252)
  return {
    value = value, trials = count, threshold = overfitting.expected_maximum(count, trials.sharpe_variance) * year,
    effective_trials = effective, effective = at(effective),
    probabilistic = (returns.probabilistic_sharpe_ratio(best, { periods_per_year = given.periods_per_year,
      risk_free_ann = given.risk_free_ann })),
  }
end

-- Ranks from 1 (the largest), equal ones sharing the mean of theirs; by number.
local function ranks(values, numbers)
  local order = {}
  for k, n in ipairs(numbers) do order[k] = n end
  table.sort(order, function(a, b)
    if values[a] ~= values[b] then return values[a] > values[b] end
    return a < b
  end)
  local rank, k = {}, 1
  while k <= #order do
    local last = k
    while last < #order and values[order[last + 1]] == values[order[k]] do last = last + 1 end
    for i = k, last do rank[order[i]] = (k + last) / 2 end
    k = last + 1
  end
  return rank
end

local function finite(value)
  return type(value) == "number" and value == value and math.abs(value) ~= math.huge
end

--- Spearman's rank correlation of two lists of figures by combo, and the rank of one of them in the second; nil and why
-- where fewer than three combos have both.
function M.rank_correlation(first, second, best)
  local numbers = {}
  for n = 1, math.max(#first, #second) do
    if finite(first[n]) and finite(second[n]) then numbers[#numbers + 1] = n end
  end
  if #numbers < 3 then return nil, "fewer than three combos have figures in and out of sample" end
  local a, b = ranks(first, numbers), ranks(second, numbers)
  local mean, xx, yy, xy = (#numbers + 1) / 2, 0, 0, 0
  for _, n in ipairs(numbers) do
    local x, y = a[n] - mean, b[n] - mean
    xx, yy, xy = xx + x * x, yy + y * y, xy + x * y
  end
  if xx == 0 or yy == 0 then return nil, "all combos have the same figure" end
  return xy / math.sqrt(xx * yy), best and b[best], #numbers
end

local function selection_of(given)
  local first, second = given.in_sample_values, given.out_of_sample_values
  if not first or not second then return nil end
  local value, rank, n = M.rank_correlation(first, second, given.best)
  if not value then return { why = rank } end
  return { correlation = value, rank = rank, combos = n }
end

-- ---- text ----

local LABEL, VALUE = 34, 9

local function line(label, value, reading)
  local pad = math.max(1, LABEL - #label) + math.max(0, VALUE - #value)
  return ("  %s%s%s%s"):format(label, (" "):rep(pad), value, reading and "   " .. reading or "")
end

local function plain(value, decimals) return value and tabulate.number(value, decimals or 2) or "-" end
local function percent(value) return value and tabulate.number(100 * value, 1) .. " %" or "-" end

local function sharpe_lines(made, lines)
  lines[#lines + 1] = line(made.label .. ", in sample", plain(made.in_sample.value), made.in_sample.why)
  local out = made.out_of_sample
  local reading = out.why
  if out.value and made.in_sample.value and made.in_sample.value > 0 then
    reading = ("%.0f %% of it"):format(100 * out.value / made.in_sample.value)
  end
  lines[#lines + 1] = line(made.label .. ", out of sample", plain(out.value), reading)
  local selection = made.selection
  if selection then
    lines[#lines + 1] = line("rank correlation in / out", plain(selection.correlation), selection.why
      or selection.rank and ("the best is number %g of %s out of sample"):format(selection.rank,
        tabulate.number(selection.combos)))
  end
end

local function deflated_lines(made, lines)
  local d = made.deflated
  if not d.value then
    lines[#lines + 1] = line("deflated Sharpe ratio", "-", d.why)
    return
  end
  lines[#lines + 1] = line("deflated Sharpe ratio", percent(d.value), (d.value >= 0.95
    and "more than the best of %s worthless trials (%s)" or "the best of %s worthless trials would show %s")
    :format(tabulate.number(d.trials), plain(d.threshold)))
  lines[#lines + 1] = line("  counting alike trials once", percent(d.effective),
    ("their correlation of %s leaves %s"):format(plain(made.trials.average_correlation),
      tabulate.number(d.effective_trials)))
end

local function pbo_lines(made, lines)
  local p = made.pbo
  if p.why then
    lines[#lines + 1] = line("probability of overfitting", "-", p.why)
    return
  end
  lines[#lines + 1] = line("probability of overfitting", percent(p.pbo), p.pbo < 0.05
    and "what is best in one half is so in the other" or p.pbo < 0.5 and "choosing the best helps, but not reliably"
    or "choosing the best is no better than chance")
  lines[#lines + 1] = line("probability of loss", percent(p.probability_of_loss),
    ("of the best of one half in the other (%s splits)"):format(tabulate.number(p.splits)))
  lines[#lines + 1] = line("degradation, slope", plain(p.slope), p.slope and (p.slope < 0
    and "the better in sample, the worse out of it" or "better in sample is better out of it"))
  local order = p.first_order and "yes" or p.second_order and "2nd order" or "no"
  lines[#lines + 1] = line("dominates a random choice", order)
end

local function spa_lines(made, lines)
  local s = made.spa
  if s.why then
    lines[#lines + 1] = line("superior ability, p", "-", s.why)
    return
  end
  local against = s.has_benchmark and "the benchmark" or "nothing (a return of 0)"
  lines[#lines + 1] = line("superior ability, p", plain(s.p_consistent, 3), (s.p_consistent < 0.05
    and "one of the combos is better than %s" or "none is shown to be better than %s"):format(against))
  lines[#lines + 1] = line("  lower, upper", plain(s.p_lower, 3) .. " " .. plain(s.p_upper, 3))
  lines[#lines + 1] = line("reality check, p", plain(s.p_reality_check, 3))
end

local function neighbour_lines(made, lines)
  local n = made.neighbourhood
  if not n then return end
  if not n.verdict then
    lines[#lines + 1] = line("neighbourhood", "-", n.why)
    return
  end
  lines[#lines + 1] = line("neighbourhood", n.verdict, neighbourhood.MEANING[n.verdict])
  if n.cross.n > 0 then
    lines[#lines + 1] = line("  neighbours", tostring(n.cross.n), ("mean %s, least %s, optimum %s, median of all %s")
      :format(plain(n.cross.mean), plain(n.cross.min), plain(n.value), plain(n.median)))
  end
  for _, axis in ipairs(n.axes) do
    lines[#lines + 1] = line("  " .. axis.name, ("%.6g"):format(axis.value), ("below %s, above %s"):format(
      plain(axis.below), plain(axis.above)))
  end
  if #n.edge > 0 then
    lines[#lines + 1] = line("  at the end of", table.concat(n.edge, ", "), "a wider range may hold a better one")
  end
end

--- The text of a report.
function M.text(made)
  local lines = { ("The best of %s combos%s: how much of it is chance"):format(tabulate.number(made.combos),
    made.name and (", " .. made.name) or "") }
  sharpe_lines(made, lines)
  deflated_lines(made, lines)
  pbo_lines(made, lines)
  spa_lines(made, lines)
  neighbour_lines(made, lines)
  return table.concat(lines, "\n") .. "\n"
end

local function report(given)
  for name in pairs(given) do
    if not KNOWN[name] then error(("report takes no '%s'"):format(tostring(name)), 0) end
  end
  local rows, combos = internal.columns_of(given.matrix)
  local best = best_returns(given)
  local year = { periods_per_year = given.periods_per_year, risk_free_ann = given.risk_free_ann }
  local made = { combos = combos, rows = rows, best = given.best, name = given.name,
    label = given.label or "Sharpe ratio" }
  made.in_sample = { value = given.in_sample }
  if not given.in_sample then made.in_sample.value, made.in_sample.why = sharpe_of(returns.series(best, year)) end
  local out = given.out_of_sample
  if type(out) == "table" then
    local value, why = sharpe_of(returns.series(out.returns, { times = out.times, risk_free_ann = given.risk_free_ann,
      periods_per_year = out.periods_per_year or given.periods_per_year }))
    made.out_of_sample = { value = value, why = why }
  else
    made.out_of_sample = { value = out, why = not out and "no data were kept back" or nil }
  end
  run_tests(given, made)
  made.deflated = deflated_of(given, made, best)
  made.selection = selection_of(given)
  local around = given.neighbourhood
  if around and not around.axes and not around.grid and not around.verdict and not around.why then around = nil end
  if around and around.verdict == nil and around.why == nil then
    local asked = { best = given.best }
    for name, value in pairs(around) do asked[name] = value end
    around = neighbourhood.of(asked)
  end
  made.neighbourhood = around
  made.text = M.text(made)
  return made
end

--- Everything that can be said about the best of many combos.
-- @param given { best = its number in the matrix, matrix = in-sample returns of all combos (lua/overfitting.lua),
--   periods_per_year, risk_free_ann, name = how the text calls it,
--   label and in_sample = name and value of the figure that was chosen by (default: the Sharpe ratio, of the matrix),
--   out_of_sample = its value, or a stitched series { returns, times },
--   in_sample_values, out_of_sample_values = lists of it by combo: how the ranks agree,
--   trials = distinct combos that were ever tried (at least those of the matrix),
--   benchmark = returns of the same periods, samples, mean_block, seed (of SPA), blocks, statistic (of PBO),
--   neighbourhood = { grid or axes, values } of neighbourhood.of, or what it gave }
-- @return { combos, in_sample = { value, why }, out_of_sample = { value, why }, trials, deflated = { value, threshold
--   (annualised), trials, effective, effective_trials, probabilistic }, pbo, spa, neighbourhood, selection = {
--   correlation, rank }, text }; a part that cannot be had has `why` instead
function M.report(given)
  local ok, made = pcall(report, given)
  if not ok then error(made, 2) end
  return made
end

return M

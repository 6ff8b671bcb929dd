--- Optimize: which combo is best, by grid, samples or a Bayesian search, and what that is worth.
local findings = require "findings"
local folds_report = require "folds_report"
local honesty = require "honesty"
local params_text = require "params_text"
local stats = require "stats"
local sweep = require "sweep"

local M = {}

M.help = "Search for the best combo, with an account of how much of it is luck"

local COLUMNS = { "sharpe_ratio", "return_pct", "max_drawdown_pct", "trades" }

-- The best combos with their figures.
local function ranking(found, phase, list, metric)
  local names = { metric }
  for _, name in ipairs(COLUMNS) do
    if name ~= metric then names[#names + 1] = name end
  end
  local figures, err = phase:figures(names)
  if not figures then return nil, err end
  local place, rows, data = {}, {}, {}
  for k = 1, figures.n do place[figures.numbers[k]] = k end
  local axes = folds_report.axes(phase)
  local columns = { "combo", { "parameters", keep = true } }
  for _, name in ipairs(names) do columns[#columns + 1] = { stats.get(name).label, right = true } end
  for i, one in ipairs(list) do
    local row, entry = { one.combo, params_text(one.params, axes) }, { combo = one.combo, params = one.params }
    for _, name in ipairs(names) do
      local value = figures.columns[name][place[one.number]]
      row[#row + 1] = stats.format(name, value == value and value or nil)
      entry[name] = value == value and value or nil
    end
    rows[i], data[i] = row, entry
  end
  found:heading(("The best of %d combos by %s, in sample"):format(phase.grid:size(), stats.get(metric).label))
  found:table(columns, rows)
  found:gap()
  found:set("best", data)
  return true
end

function M.run(w)
  local options = folds_report.options(w)
  local phase, err = w:phase { name = "search", search = true, keep = "figures", sharded = true }
  if not phase then return nil, err end
  local list
  list, err = phase:ranked { metric = options.metric, minimize = not options.maximize, min_trades = options.min_trades,
    n = options.top }
  if not list then return nil, err end
  if not list[1] then
    return nil, ("no combo has a defined %s and %d trades"):format(options.metric, options.min_trades)
  end
  local top
  top, err = sweep.keep(w, phase, list)
  if not top then return nil, err end
  local results
  results, err = w:outcome(top, list[1].number)
  if not results then return nil, err end
  local found = findings.new()
  local ok
  ok, err = ranking(found, phase, list, options.metric)
  if ok and results[1].sample then
    found:curve(results[1].sample.series(), { title = ("Equity of %s"):format(list[1].combo) })
  end
  if ok then ok, err = honesty.add(w, found, { phase = phase, best = list[1], metric = options.metric }) end
  if not ok then return nil, err end
  return results, found
end

return M

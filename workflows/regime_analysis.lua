--- Regime analysis: what the market and every combo did in each regime of each classifier, and which combo suits which
-- regime. In-sample throughout: what follows from it is tried by adaptive_ensemble.
local combos = require "combos"
local json = require "json"
local params_text = require "params_text"
local returns = require "returns"
local sweep = require "sweep"
local tabulate = require "tabulate"

local M = {}

M.help = "Figures of the market and of every combo by regime, and the best combo of each"

local MARKET = { "total_return", "volatility", "sharpe_ratio", "max_drawdown" }

local Report = {}
Report.__index = Report

local function percent(value) return value and value == value and ("%.2f %%"):format(value * 100) or "-" end

local function market_rows(figures)
  local rows = {}
  for _, name in ipairs(figures.regimes) do
    if figures.periods[name] > 0 then
      local market = figures.market
      rows[#rows + 1] = {
        name, figures.periods[name], ("%.1f %%"):format(100 * figures.periods[name] / figures.n),
        percent(market.total_return[name]), percent(market.volatility[name]),
        market.sharpe_ratio[name] or 0 / 0, percent(market.max_drawdown[name]),
      }
    end
  end
  return rows
end

-- Which parameters tell combos apart.
local function varied(grid)
  local names = {}
  for _, axis in ipairs(grid:axes()) do names[axis.name] = true end
  return next(names) and names or nil
end

-- For each regime its best combo, with that combo's score in all the others.
local function best_rows(self, one)
  local rows, metric = {}, self.metric
  for _, name in ipairs(one.figures.regimes) do
    local best = one.best[name]
    if best then
      local row = { name, combos.id(best.number), params_text(self.grid:params(best.number), self.varied) }
      for _, other in ipairs(one.figures.regimes) do
        if one.figures.periods[other] > 0 then
          row[#row + 1] = one.figures.columns[metric][other][best.place]
        end
      end
      rows[#rows + 1] = row
    end
  end
  return rows
end

--- The report as text.
function Report:format(options)
  local lines = {}
  for _, one in ipairs(self.list) do
    lines[#lines + 1] = ("The market by regime of %s"):format(one.id)
    lines[#lines + 1] = tabulate.format({ "regime", "days", { "share", right = true }, { "return", right = true },
      { "volatility a day", right = true }, { "Sharpe ratio", decimals = 2 }, { "max. drawdown", right = true } },
      market_rows(one.figures), options)
    local columns = { "best in", "combo", { "parameters", keep = true } }
    for _, name in ipairs(one.figures.regimes) do
      if one.figures.periods[name] > 0 then columns[#columns + 1] = { name, decimals = 2 } end
    end
    lines[#lines + 1] = ("%s of each regime's best combo, in all of them"):format(self.metric)
    lines[#lines + 1] = tabulate.format(columns, best_rows(self, one), options)
  end
  lines[#lines + 1] = ("In-sample figures of %d combos by %d classifiers: whether they last is another question "
    .. "(workflow adaptive_ensemble).\n"):format(self.grid:size(), #self.list)
  return table.concat(lines, "\n")
end

local function data_of(self)
  local list = {}
  for k, one in ipairs(self.list) do
    local rows = {}
    for _, name in ipairs(one.figures.regimes) do
      local best = one.best[name]
      rows[#rows + 1] = json.object {
        { "regime", name }, { "periods", one.figures.periods[name] },
        { "market_return", one.figures.market.total_return[name] or json.null },
        { "best", best and combos.id(best.number) or json.null }, { "score", best and best.score or json.null },
      }
    end
    list[k] = json.object { { "classifier", one.id }, { "regimes", json.array(rows) } }
  end
  return json.object { { "metric", self.metric }, { "classifiers", json.array(list) } }
end

-- The statistic of returns by which combos are compared: optimize.metric where it is one.
local function metric_of(cfg)
  local wanted = cfg.optimize and cfg.optimize.metric or "sharpe_ratio"
  for _, statistic in ipairs(returns.list) do
    if statistic.name == wanted or statistic.metric == wanted then return statistic.name end
  end
  return nil, ("optimize.metric: '%s' is no statistic of returns (docs/statistics.md), so it cannot be had by regime")
    :format(wanted)
end

function M.run(w)
  if #w.plan.classifiers == 0 then
    return nil, "regime_analysis: there is no classifier; list one or several under classifiers"
  end
  local metric, err = metric_of(w.cfg)
  if not metric then return nil, err end
  local found, phase
  found, err = w:regimes()
  if not found then return nil, err end
  phase, err = w:phase { name = "sweep" }
  if not phase then return nil, err end
  local self = setmetatable({ list = {}, metric = metric, grid = phase.grid, varied = varied(phase.grid) }, Report)
  local metrics = { metric }
  for _, name in ipairs(MARKET) do
    if name ~= metric then metrics[#metrics + 1] = name end
  end
  for k, one in ipairs(found) do
    local figures
    figures, err = phase:by_regime {
      regimes = one, metrics = metrics, minimize = w.cfg.optimize and not w.cfg.optimize.maximize,
    }
    if not figures then return nil, err end
    self.list[k] = { id = one.id, figures = figures, best = figures.best }
  end
  self.data = data_of(self)
  local list
  list, err = sweep.finish(w, phase)
  if not list then return nil, err end
  return list, self
end

return M

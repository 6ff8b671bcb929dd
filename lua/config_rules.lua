--- What a configuration has to satisfy across keys: names are unique, what is cited exists, keys go together. Also
-- fills in the defaults that depend on other keys.
local ffi = require "ffi"
local abi = require "abi"
local config_compat = require "config_compat"
local config_ensemble = require "config_ensemble"
local config_grid = require "config_grid"
local config_risk = require "config_risk"
local corporate_actions = require "corporate_actions"
local instruments = require "instruments"
local models = require "models"
local suggest = require "suggest"

local M = {}

local function unique(list, key, path, what, fail)
  local seen = {}
  for i, item in ipairs(list) do
    local first = item[key] ~= nil and seen[item[key]]
    if first then
      fail(("%s[%d].%s"):format(path, i - 1, key), ("%s '%s' is taken by %s[%d]; name one of them otherwise"):format(
        what, item[key], path, first - 1))
    elseif item[key] ~= nil then -- which has been told otherwise
      seen[item[key]] = i
    end
  end
end

local function names_of(list, key)
  local names = {}
  for i, item in ipairs(list) do names[i] = item[key] end
  return names
end

local function cite(name, names, path, what, fail)
  for _, known in ipairs(names) do
    if known == name then return true end
  end
  fail(path, ("there is no %s '%s'%s"):format(what, name,
    #names == 0 and "; none is configured" or suggest.hint(name, names)))
  return false
end

local function cite_all(list, names, path, what, fail)
  local seen = {}
  for i, name in ipairs(list or {}) do
    local item_path = ("%s[%d]"):format(path, i - 1)
    cite(name, names, item_path, what, fail)
    if seen[name] then fail(item_path, ("%s '%s' is listed twice"):format(what, name)) end
    seen[name] = true
  end
end

local function check_data(data, path, fail)
  if data.bid_path or data.ask_path then
    local given = data.bid_path and "bid_path" or "ask_path"
    if not (data.bid_path and data.ask_path) then
      fail(path .. "." .. given, "bid_path and ask_path go together; expected both")
    elseif data.path or data.source ~= "csv" then
      fail(path .. ".bid_path", data.path and "path is given too; expected it, or bid_path and ask_path"
        or "goes with source: csv")
    end
  elseif data.source ~= "synthetic" and not data.path then
    fail(path .. ".path", ("missing; source: %s needs the path of a file"):format(data.source))
  end
  if data.start and data["end"] then
    local from, to = ffi.new "int64_t[1]", ffi.new "int64_t[1]"
    local zone = abi.C.pln_timezone_get(data.timezone)
    if abi.C.pln_time_parse_iso(data.start, zone, from) == 0 and abi.C.pln_time_parse_iso(data["end"], zone, to) == 0
      and (to[0] < from[0] or to[0] == from[0] and #data["end"] > 10) then
      fail(path .. ".end", ("%s is not after start (%s)"):format(data["end"], data.start))
    end
  end
end

-- An id has to be a name: what a file is called may be anything.
local function id_of_file(path)
  local base = (path:match("([^/]+)/*$") or "_"):gsub("(.)%.lua$", "%1") -- ".lua" alone is all of a name
  return (base:gsub("[^%w_.-]", "_"):gsub("^[.-]", "_"):sub(1, 64))
end

local function name_modules(list, path, what, fail)
  for i, item in ipairs(list) do
    local at = ("%s[%d]"):format(path, i - 1)
    if item.type and item.file then
      fail(at .. ".file", "type and file are both given; expected one of them")
    elseif not item.type and not item.file then
      fail(at, ("expected the type of a %s, or its file"):format(what))
    end
    item.id = item.id or item.type or item.file and id_of_file(item.file)
  end
end

-- The keys that each type of sizing takes, with their defaults; true: it has to be given. The first is what a message
-- names.
local SIZES = {
  percent_of_equity = { { "percent", 100 } },
  fixed_quantity = { { "quantity", true } },
  fixed_cash = { { "cash", true } },
  volatility_target = { { "percent", true }, { "period", 20 }, { "periods_per_year" } },
  atr_risk = { { "percent", true }, { "period", 14 }, { "multiple", 2 } },
  fixed_fractional = { { "percent", true } },
  kelly = { { "percent", 10 }, { "fraction", 0.5 }, { "window", 50 }, { "min_trades", 20 }, { "min_pct", 0 } },
}
local SIZE_KEYS = {
  { "percent", "percent_of_equity" }, { "quantity", "fixed_quantity" }, { "cash", "fixed_cash" },
  { "period", "volatility_target or atr_risk" }, { "periods_per_year", "volatility_target" },
  { "multiple", "atr_risk" }, { "fraction", "kelly" }, { "window", "kelly" }, { "min_trades", "kelly" },
  { "min_pct", "kelly" },
}

local function check_sizing(sizing, path, fail)
  local taken, names = {}, {}
  for _, key in ipairs(SIZES[sizing.type]) do
    taken[key[1]] = true
    names[#names + 1] = "'" .. key[1] .. "'"
  end
  for _, key in ipairs(SIZE_KEYS) do
    if sizing[key[1]] and not taken[key[1]] then
      fail(path .. "." .. key[1], ("goes with type: %s, not with %s (which takes %s)"):format(key[2], sizing.type,
        table.concat(names, ", ")))
    end
  end
  for _, key in ipairs(SIZES[sizing.type]) do
    if sizing[key[1]] == nil then
      if key[2] == true then
        fail(path .. "." .. key[1], ("missing; type: %s needs it"):format(sizing.type))
      else
        sizing[key[1]] = key[2]
      end
    end
  end
  if sizing.type == "kelly" and sizing.min_trades > sizing.window then
    fail(path .. ".min_trades", ("%g trades are needed, but the window holds %g: make it as large"):format(
      sizing.min_trades, sizing.window))
  end
end

local function check_scaling(portfolio, path, fail)
  local gross = portfolio.long_pct + portfolio.short_pct
  if gross > portfolio.leverage * 100 then
    fail(path .. (portfolio.long_pct > 0 and ".long_pct" or ".short_pct"),
      ("%g percent long and %g short need leverage: %g, which is %g"):format(portfolio.long_pct, portfolio.short_pct,
        gross / 100, portfolio.leverage))
  end
  if portfolio.short_pct > 0 and not portfolio.allow_short then
    fail(path .. ".short_pct", "allow_short is false, so that there is no short side: leave one of them out")
  end
  if portfolio.reenter and not portfolio.trading_hours and not portfolio.flat_by_close_minutes then
    fail(path .. ".reenter", "goes with trading_hours or flat_by_close_minutes: nothing else keeps signals out " ..
      "for a time")
  end
  if portfolio.books == "separate" and portfolio.margin_call ~= "off" then
    fail(path .. ".books", "an account with a margin_call has no books: leave one of them out")
  end
  if portfolio.books == "separate" and gross > 0 then
    fail(path .. ".books", "long_pct and short_pct share out one position for each symbol: leave books out")
  end
  local banded = portfolio.rebalance_band_pct > 0 and "rebalance_band_pct"
    or portfolio.rebalance_band_relative_pct > 0 and "rebalance_band_relative_pct"
  local follows = portfolio.rebalance or portfolio.combine and portfolio.combine.sized_by == "strength"
  if banded and not follows and portfolio.rebalance_every == "never" and gross == 0 then
    fail(path .. "." .. banded, "goes with rebalance: true or rebalance_every: without them a position is never " ..
      "brought to another target of its side")
  end
end

local function check_portfolio(portfolio, path, ids, classifiers, traded, compat, fail)
  if not portfolio.strategies then
    portfolio.strategies = {}
    for i, id in ipairs(ids) do portfolio.strategies[i] = id end
  else
    cite_all(portfolio.strategies, ids, path .. ".strategies", "strategy", fail)
  end
  local weighted = {}
  for id in pairs(portfolio.weights) do weighted[#weighted + 1] = id end
  table.sort(weighted)
  for _, id in ipairs(weighted) do
    cite(id, portfolio.strategies, path .. ".weights." .. id, "strategy of this portfolio", fail)
  end
  config_ensemble.check(portfolio, path, portfolio.strategies, classifiers, cite, fail)
  check_sizing(portfolio.sizing, path .. ".sizing", fail)
  check_scaling(portfolio, path, fail)
  config_risk.check(portfolio, path, compat, fail)
  config_risk.check_rules(portfolio.risk.rules, path .. ".risk.rules", traded, fail)
  for _, rule in ipairs(portfolio.risk.rules or {}) do
    if rule.type == "max_risk_score" and not portfolio.risk.score then
      fail(path .. ".risk.score", "missing; max_risk_score needs it (score: {} has the defaults)")
    end
  end
end

--- A map with another laid over it, at every depth; lists replace each other.
function M.overlay(base, over)
  local made = {}
  for key, value in pairs(base or {}) do made[key] = value end
  for key, value in pairs(over or {}) do
    -- `columns` is a table of its own kind, not a set of options.
    if type(value) == "table" and #value == 0 and type(made[key]) == "table" and key ~= "columns" then
      made[key] = M.overlay(made[key], value)
    else
      made[key] = value
    end
  end
  return made
end

--- Applies all rules to a cfg that satisfies the schema; `fail(path, message)` is called for each violation.
function M.apply(cfg, fail)
  check_data(cfg.data, "data", fail)
  local synthetic = cfg.data.source == "synthetic"
  for i, item in ipairs(cfg.symbols) do
    if item.data then
      check_data(M.overlay(cfg.data, item.data), ("symbols[%d].data"):format(i - 1), fail)
      synthetic = synthetic or item.data.source == "synthetic"
    end
  end
  if synthetic then
    cfg.data.synthetic.seed = cfg.data.synthetic.seed or cfg.seed
  else
    cfg.data.synthetic = nil
  end
  unique(cfg.symbols, "symbol", "symbols", "symbol", fail)
  instruments.apply(cfg, fail)
  corporate_actions.check(cfg, fail)
  local symbols = names_of(cfg.symbols, "symbol")
  models.check(cfg.execution, symbols, fail)
  cfg.benchmark = cfg.benchmark or symbols[1]
  cite(cfg.benchmark, symbols, "benchmark", "symbol", fail)

  name_modules(cfg.strategies, "strategies", "strategy", fail)
  name_modules(cfg.classifiers, "classifiers", "classifier", fail)
  unique(cfg.strategies, "id", "strategies", "id", fail)
  unique(cfg.classifiers, "id", "classifiers", "id", fail)
  local classifiers = names_of(cfg.classifiers, "id")
  for i, item in ipairs(cfg.strategies) do
    local path = ("strategies[%d]"):format(i - 1)
    cite_all(item.symbols, symbols, path .. ".symbols", "symbol", fail)
    if item.classifier then cite(item.classifier, classifiers, path .. ".classifier", "classifier", fail) end
  end
  for i, item in ipairs(cfg.classifiers) do
    cite_all(item.symbols, symbols, ("classifiers[%d].symbols"):format(i - 1), "symbol", fail)
  end

  unique(cfg.portfolios, "name", "portfolios", "name", fail)
  local traded = {}
  for _, name in ipairs(symbols) do traded[name] = true end
  config_risk.check_rules(cfg.risk.rules, "risk.rules", traded, fail)
  local ids = names_of(cfg.strategies, "id")
  for i, portfolio in ipairs(cfg.portfolios) do
    local path = ("portfolios[%d]"):format(i - 1)
    check_portfolio(portfolio, path, ids, classifiers, traded, cfg.execution.compat, fail)
  end
  config_compat.check(cfg, fail)
  config_grid.check(cfg, fail)
end

return M

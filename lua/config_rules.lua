--- What a configuration has to satisfy across keys: names are unique, what is cited exists, keys go together. Also
-- fills in the defaults that depend on other keys.
local ffi = require "ffi"
local abi = require "abi"
local corporate_actions = require "corporate_actions"
local instruments = require "instruments"
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

local SIZES = { { "percent_of_equity", "percent" }, { "fixed_quantity", "quantity" }, { "fixed_cash", "cash" } }

local function check_sizing(sizing, path, fail)
  local wanted
  for _, size in ipairs(SIZES) do
    if size[1] == sizing.type then wanted = size[2] end
  end
  for _, size in ipairs(SIZES) do
    local kind, key = size[1], size[2]
    if key ~= wanted and sizing[key] then
      fail(path .. "." .. key, ("goes with type: %s, not with %s (which takes '%s')"):format(kind, sizing.type, wanted))
    end
  end
  if not sizing[wanted] then
    if wanted == "percent" then
      sizing.percent = 100
    else
      fail(path .. "." .. wanted, ("missing; type: %s needs it"):format(sizing.type))
    end
  end
end

local function check_portfolio(portfolio, path, ids, fail)
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
  check_sizing(portfolio.sizing, path .. ".sizing", fail)
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
  local ids = names_of(cfg.strategies, "id")
  for i, portfolio in ipairs(cfg.portfolios) do
    check_portfolio(portfolio, ("portfolios[%d]"):format(i - 1), ids, fail)
  end
end

return M

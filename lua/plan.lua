--- Plans: a validated configuration with its data and strategies resolved, from which the topology builds
-- containers. Everything that a combo shares with the others (bars, definitions, windows) is in the base plan.
local abi = require "abi"
local config = require "config"
local data = require "data"
local indicator_hub = require "indicator_hub"
local plan_components = require "plan_components"
local plan_ensemble = require "plan_ensemble"
local plan_models = require "plan_models"
local plan_risk = require "plan_risk"
local plan_symbols = require "plan_symbols"
local registry = require "registry"
local schedule = require "schedule"
local search = require "search"
local suggest = require "suggest"
local variants = require "grid_variants"

local M = {}

-- Fields of portfolios that cheap variants have from the plan.
local OF_THE_ACCOUNT = { "currency", "fx", "cash_actions", "n_cash_actions" }

local INT64_MIN, INT64_MAX = abi.INT64_MIN, abi.INT64_MAX

--- The streams that a strategy or classifier runs on: its symbols (default: all that are traded), at its timeframe
-- (default: the first that the symbol lists).
local function streams_of(plan, cfg, item, path, kind)
  local names = {}
  for _, symbol in ipairs(plan.symbols) do
    if symbol.trade then names[#names + 1] = symbol.symbol end
  end
  local chosen = item.symbols or names
  local streams = {}
  for k, name in ipairs(chosen) do
    local symbol = plan.by_symbol[name]
    if not symbol then
      return nil, config.error_at(cfg, ("%s.symbols.%d"):format(path, k - 1),
        ("symbol '%s' is not in this run%s"):format(name, suggest.hint(name, names)))
    end
    if kind == "strategy" and not symbol.trade then
      return nil, config.error_at(cfg, ("%s.symbols.%d"):format(path, k - 1),
        ("'%s' has trade: false, so that no strategy can run on it; its features are there for all"):format(name))
    end
    local stream = symbol.streams[1]
    if item.timeframe then
      stream = nil
      for _, candidate in ipairs(symbol.streams) do
        if candidate.timeframe == item.timeframe then stream = candidate end
      end
      if not stream then
        return nil, config.error_at(cfg, path .. ".timeframe",
          ("timeframe %s is not among those of %s: add it to symbols[…].timeframes"):format(item.timeframe, name))
      end
    end
    streams[k] = stream
  end
  return streams
end

local function load_definitions(plan, cfg, reg, list, kind)
  local loaded, by_id = {}, {}
  for index, item in ipairs(list) do
    local path = ("%s.%d"):format(kind == "classifier" and "classifiers" or "strategies", index - 1)
    local file = item.file
    if file and file:sub(1, 1) ~= "/" then file = plan.folder .. "/" .. file end
    local def, err = reg:load(file or item.type)
    if not def then return nil, config.error_at(cfg, path .. (item.file and ".file" or ".type"), err) end
    if def.kind ~= kind then
      return nil, config.error_at(cfg, path, ("'%s' is %s, expected %s"):format(def.name, registry.A_KIND[def.kind],
        registry.A_KIND[kind]))
    end
    local streams
    streams, err = streams_of(plan, cfg, item, path, kind)
    if not streams then return nil, err end
    if type(def.symbols) == "number" and #streams ~= def.symbols and not plan.is_spread then
      return nil, config.error_at(cfg, path, ("'%s' runs over %d symbols together, this run gives it %d: set symbols")
        :format(def.name, def.symbols, #streams))
    end
    local id = item.id or def.name
    if by_id[id] then
      return nil, config.error_at(cfg, path, ("id '%s' is taken by an earlier one: give each an id"):format(id))
    end
    local record = {
      id = id, def = def, streams = streams, params = item.params or {}, path = path, classifier = item.classifier,
    }
    loaded[index], by_id[id] = record, record
  end
  return loaded, by_id
end

-- The books of a plan's portfolios, as further portfolios behind them: one for each strategy, with the part of the
-- capital that its weight is of all weights.
function M.add_books(plan)
  local books = {}
  for index, portfolio in ipairs(plan.portfolios) do
    local sum = 0
    for _, use in ipairs(portfolio.strategies) do sum = sum + math.abs(use.weight) end
    for _, use in ipairs(portfolio.books and portfolio.strategies or {}) do
      local share = sum > 0 and math.abs(use.weight) / sum or 1 / #portfolio.strategies
      books[#books + 1] = setmetatable({
        name = portfolio.name .. "/" .. use.strategy.id, book_of = index, books = false, strategies = { use },
        cash_actions = false,
        capital = share > 0 and portfolio.capital * share or portfolio.capital,
      }, { __index = portfolio })
    end
  end
  for _, book in ipairs(books) do plan.portfolios[#plan.portfolios + 1] = book end
end

local function portfolios_of(plan, cfg)
  local ids, by_id, classifiers = {}, {}, {}
  for _, classifier in ipairs(plan.classifiers) do classifiers[classifier.id] = classifier end
  for _, strategy in ipairs(plan.strategies) do
    ids[#ids + 1], by_id[strategy.id] = strategy.id, strategy
  end
  plan.portfolios = {}
  for index, portfolio in ipairs(cfg.portfolios) do
    local path = ("portfolios.%d"):format(index - 1)
    local uses = {}
    local cited = portfolio.strategies or ids
    for k, id in ipairs(cited) do
      local strategy = by_id[id]
      if not strategy then
        return nil, config.error_at(cfg, ("%s.strategies.%d"):format(path, k - 1),
          ("there is no strategy with id '%s'%s"):format(id, suggest.hint(id, ids)))
      end
      local weight = portfolio.weights and portfolio.weights[id]
      uses[k] = { strategy = strategy, weight = weight or 1 / #cited }
    end
    for id in pairs(portfolio.weights or {}) do
      if not by_id[id] then
        return nil, config.error_at(cfg, path .. ".weights." .. id,
          ("there is no strategy with id '%s'%s"):format(id, suggest.hint(id, ids)))
      end
    end
    local combine, problem = plan_ensemble.combine(cfg, portfolio, path, uses, classifiers)
    if combine == false then return nil, problem end
    plan.portfolios[index] = {
      combine = combine,
      accounting = portfolio.accounting, margin_call = portfolio.margin_call, on_leave = portfolio.on_leave,
      maintenance_margin_pct = portfolio.maintenance_margin_pct, fx_spread_bps = portfolio.fx_spread_bps,
      name = portfolio.name, books = portfolio.books == "separate",
      capital = portfolio.capital, leverage = portfolio.leverage,
      allow_short = portfolio.allow_short, sizing = portfolio.sizing,
      rebalance = portfolio.rebalance or combine ~= nil and not combine.by_direction,
      risk = portfolio.risk, exits = portfolio.exits, strategies = uses, pyramiding = portfolio.pyramiding,
      rebalance_band_pct = portfolio.rebalance_band_pct,
      rebalance_band_relative_pct = portfolio.rebalance_band_relative_pct,
      rebalance_every = portfolio.rebalance_every, trading_hours = portfolio.trading_hours,
      flat_by_close_minutes = portfolio.flat_by_close_minutes, reenter = portfolio.reenter,
      long_pct = portfolio.long_pct, short_pct = portfolio.short_pct,
    }
    local key, message = schedule.missing(plan, plan.portfolios[index])
    if key then return nil, config.error_at(cfg, path .. "." .. key, message) end
  end
  return true
end

-- The plan of a configuration, without its grid. `shared` has what variants of one configuration have in common:
-- { loaded = what data.load keeps, data = its variants, registry, is_spread = whether each combo trades some of the
-- symbols only }.
local function resolve(cfg, shared)
  local loaded, err, fault = data.load(cfg, shared.loaded, shared.data)
  if not loaded then
    if fault then return nil, config.error_at(cfg, fault, err) end
    return nil, err, "data"
  end
  local plan = {
    engine = cfg.engine, execution = cfg.execution, risk = cfg.risk, seed = cfg.seed, is_spread = shared.is_spread,
    loaded = shared.loaded,
  }
  plan_symbols.add(plan, cfg, loaded)
  plan.window = {
    number = 1, role = "full", from_ns = loaded.start_ns or INT64_MIN, until_ns = loaded.end_ns or INT64_MAX,
  }
  for _, stream in ipairs(plan.streams) do
    if stream.bars.n_bars == 0 then return nil, stream.name .. ": there are no bars", "data" end
  end
  local _, folder = config.source(cfg)
  plan.folder = folder
  shared.registry = shared.registry or registry.new { folders = { folder .. "/strategies" } }
  shared.library = shared.library or indicator_hub.library { folders = { folder .. "/indicators" } }
  plan.library = shared.library
  local classifiers, by_id
  plan.classifiers, classifiers = load_definitions(plan, cfg, shared.registry, cfg.classifiers or {}, "classifier")
  if not plan.classifiers then return nil, classifiers end
  plan.strategies, by_id = load_definitions(plan, cfg, shared.registry, cfg.strategies, "strategy")
  if not plan.strategies then return nil, by_id end
  for _, strategy in ipairs(plan.strategies) do
    if strategy.classifier and not classifiers[strategy.classifier] then
      local ids = {}
      for id in pairs(classifiers) do ids[#ids + 1] = id end
      table.sort(ids)
      return nil, config.error_at(cfg, strategy.path .. ".classifier",
        ("there is no classifier with id '%s'%s"):format(strategy.classifier, suggest.hint(strategy.classifier, ids)))
    end
  end
  local ok
  ok, err = portfolios_of(plan, cfg)
  if ok then ok, err = plan_symbols.add_actions(plan, cfg) end
  if ok then ok, err = plan_symbols.add_rates(plan, cfg) end
  if ok then ok, err = plan_models.add(plan, cfg) end
  if ok then ok, err = plan_risk.add(plan, cfg) end
  if ok then ok, err = plan_components.add(plan, cfg, shared) end
  if not ok then return nil, err end
  plan.data_hash = plan_symbols.data_hash(plan)
  local all = {}
  for _, item in ipairs(plan.strategies) do all[#all + 1] = item end
  for _, item in ipairs(plan.classifiers) do all[#all + 1] = item end
  for _, item in ipairs(plan.components) do all[#all + 1] = item end
  plan.items = all
  if cfg.benchmark then
    local symbol = plan.by_symbol[cfg.benchmark]
    if not symbol then
      return nil, config.error_at(cfg, "benchmark", ("symbol '%s' is not in this run"):format(cfg.benchmark))
    end
    plan.benchmark = symbol.instrument
  end
  plan.n_bars = 0
  for _, symbol in ipairs(plan.symbols) do plan.n_bars = plan.n_bars + tonumber(symbol.bars.n_bars) end
  M.add_books(plan)
  return plan
end

--- A plan with portfolios, execution and rules of another configuration, which differs in nothing else. Its `base` is
-- the plan whose streams and symbols it shares, its `variant` what its combos have in common besides: itself.
-- @return plan, or nil and an error
function M.override(plan, cfg)
  local made = setmetatable({ base = plan.base or plan, execution = cfg.execution, risk = cfg.risk },
    { __index = plan })
  made.variant = made
  local ok, err = portfolios_of(made, cfg)
  if ok then ok, err = plan_models.add(made, cfg) end
  if ok then ok, err = plan_risk.add(made, cfg) end
  if not ok then return nil, err end
  for k, portfolio in ipairs(made.portfolios) do
    for _, key in ipairs(OF_THE_ACCOUNT) do portfolio[key] = plan.portfolios[k][key] end
  end
  M.add_books(made)
  return made
end

-- The plan of a variant of a plan's configuration.
local function variant_of(plan, cfg, shared)
  local made, err = resolve(cfg, shared)
  if not made then return nil, err end
  made.engine, made.window = nil, nil
  return setmetatable(made, { __index = plan }) -- fields of the run are set in the other
end

--- Resolves a configuration.
-- @param cfg of config.load
-- @param options nil or { loaded = the `loaded` of another plan, whose bars this one shares where they are the same,
--   bars = of data.load's variants: made, what it kept before; change }
-- @return plan, or nil, a message and "data" where it is the data that cannot be taken.
--   plan.items is the list of strategies, then classifiers; plan.grid that of the combos (lua/grid.lua).
function M.new(cfg, options)
  local spread = cfg.grid ~= nil and cfg.grid.symbols ~= nil
  local bars = options and options.bars or {}
  local shared = {
    loaded = options and options.loaded or {}, is_spread = spread,
    data = { index_of = {}, made = bars.made, change = bars.change },
  }
  for index, symbol in ipairs(cfg.symbols) do shared.data.index_of[symbol.symbol] = index - 1 end
  local plan, err, fault = resolve(cfg, shared)
  if not plan then return nil, err, fault end
  shared.is_spread = nil
  local blocks, names = { { plan = plan, cfg = cfg, group = 1 } }, {}
  if cfg.grid then
    blocks, names = variants.blocks(plan, cfg, {
      new = function(other) return variant_of(plan, other, shared) end, override = M.override,
    })
    if not blocks then return nil, names end
  end
  plan.grid, err = search.grid(blocks, {
    bare = #plan.items == 1, names = names, constraints = cfg.grid and cfg.grid.constraints, folder = plan.folder,
    index_of = shared.data.index_of,
    fail = function(path, message) return nil, config.error_at(cfg, path, message) end,
  }, cfg.optimize, cfg.seed)
  if not plan.grid then return nil, err end
  return plan
end

--- A plan in another window: before M.of_combo, or after it.
-- @param plan of M.new or M.of_combo
-- @param window { from_ns, until_ns (exclusive), role: other than "full", positions are closed at its end unless the
--   configuration says otherwise, start_ns: of topology.warmup, from when on it is traded, or nil }
-- @param sinks where a combo's results go; nil: those of the plan
function M.in_window(plan, window, sinks)
  return setmetatable({ window = window, sinks = sinks, base = plan.base or plan }, { __index = plan })
end

--- The plan of one combo: that of its variant of the configuration, with strategies and classifiers at its point.
-- @param plan of M.new
-- @param number of the combo, from 1
-- @param sinks where its results go
-- @param intrabar instead of the configuration's, for what `bands` runs side by side
function M.of_combo(plan, number, sinks, intrabar)
  local point, window = plan.grid:point(number), plan.window
  plan = plan.grid:plan(number)
  local made, own = {
    base = plan.base or plan, window = window, sinks = sinks, strategies = {}, classifiers = {}, portfolios = {},
    components = {},
  }, {}
  for k, item in ipairs(plan.items) do own[item] = setmetatable({ p = point[k] }, { __index = item }) end
  for k, strategy in ipairs(plan.strategies) do made.strategies[k] = own[strategy] end
  for k, classifier in ipairs(plan.classifiers) do made.classifiers[k] = own[classifier] end
  for k, component in ipairs(plan.components) do made.components[k] = own[component] end
  for k, portfolio in ipairs(plan.portfolios) do
    local uses = {}
    for j, use in ipairs(portfolio.strategies) do
      uses[j] = setmetatable({ strategy = own[use.strategy] }, { __index = use })
    end
    made.portfolios[k] = setmetatable({ strategies = uses }, { __index = portfolio })
  end
  if intrabar then
    made.execution = {}
    for key, value in pairs(plan.execution) do made.execution[key] = value end
    made.execution.intrabar = intrabar
  end
  return setmetatable(made, { __index = plan })
end

return M

--- The coordinator: takes a configuration, picks its workflow, owns the results.
local ffi = require "ffi"
local abi = require "abi"
local combos = require "combos"
local config = require "config"
local export = require "export"
local plan_models = require "plan_models"
local plans = require "plan"
local sinks = require "sinks"
local store = require "store"
local topology = require "topology"
local C = abi.C

local M = {}

local FILE_KINDS = { "trades", "equity", "orders", "decisions" }

-- Above so many recorded bars `results.equity: auto` keeps one row a day in the database.
local EQUITY_ROWS_BY_BAR = 2000000
local COMBOS_WITH_ALL_METRICS = 100

local function seconds_since(start_ns) return tonumber(C.pln_clock_monotonic_ns() - start_ns) / 1e9 end

local Run = {}
Run.__index = Run

local function timezone_of(bars) return bars.timezone ~= nil and ffi.string(bars.timezone) or "UTC" end

--- Sinks of one combo: one for each portfolio, and those of classifiers and signal strategies.
-- @param other of `bands`: "optimistic" for the run beside, of which only figures are kept; otherwise its sinks, or nil
function Run:_sinks(combo, params, other)
  local beside = other == "optimistic"
  local plan, cfg = self.plan, self.cfg
  local made = {}
  local names = {}
  for k, symbol in ipairs(plan.symbols) do names[k] = symbol.symbol end
  local benchmark = plan.symbols[(plan.benchmark or 0) + 1].bars
  local equity = cfg.results.equity
  if equity == "auto" then equity = plan.n_bars <= EQUITY_ROWS_BY_BAR and "bars" or "days" end
  local metrics = cfg.results.metrics
  if metrics == "auto" then metrics = plan.grid:size() <= COMBOS_WITH_ALL_METRICS and "full" or "sweep" end
  for _, portfolio in ipairs(plan.portfolios) do
    local result
    if self.stored and not beside then
      local err
      result, err = self.stored:add_result {
        combo = combo, portfolio = portfolio.name, params = params, symbols = names,
      }
      if not result then return nil, err end
    end
    local sink, err = sinks.portfolio {
      combo = combo, portfolio = portfolio.name, capital = portfolio.capital, timezone = timezone_of(benchmark),
      timeframe = benchmark.timeframe, symbols = names, n_portfolios = #plan.portfolios, result = result,
      equity = equity, files = beside and {} or self.files, keep_trades = cfg.results.trades,
      keep_orders = cfg.results.orders,
      keep_decisions = cfg.results.decisions,
      metrics = metrics, risk_free_ann = cfg.statistics.risk_free_pct / 100,
      periods_per_year = cfg.statistics.periods_per_year,
      n_instances = function() return self.n_instances end,
      optimistic = not beside and other and other.list[#made + 1] or nil,
    }
    if not sink then return nil, err end
    sink.log = self.log
    made[#made + 1], made[portfolio.name] = sink, sink
  end
  -- What a strategy of signals records goes to the first portfolio that uses it.
  local first, users = made[1], {}
  for k, portfolio in ipairs(plan.portfolios) do
    for _, use in ipairs(portfolio.books and {} or portfolio.strategies) do
      users[use.strategy.id] = users[use.strategy.id] or made[k]
    end
  end
  return {
    list = made,
    portfolio = function(name) return made[name] end,
    record = function(one, name, value)
      if beside then return end
      local sink = one.def.kind == "strategy" and users[one.id] or first
      return sink.record(one, name, value)
    end,
    log = beside and function() end or self.log,
    regime = function(one, ts_ns, index)
      first.series.add(("regime:%s:%s"):format(one.id, one.stream.name), ts_ns, index)
    end,
  }
end

-- The outcomes of a combo, one for each portfolio, from its part of a finished phase.
local function outcomes_of(combo, plan, part)
  local outcomes = {}
  for k, portfolio in ipairs(plan.portfolios) do
    local sink = plan.sinks.list[k]
    outcomes[k] = {
      combo = combo.id, portfolio = portfolio.name, capital = portfolio.capital, params = combo.params,
      values = sink.values,
      optimistic = sink.optimistic and sink.optimistic.values, why = sink.why,
      period_returns = sink.period_returns, refusals = sink.refusals,
      sample = sink.sample, records = sink.series.samples,
      orders = sink.orders_made, fills = sink.fills_made, halted = sink.halted, bankrupt = sink.bankrupt,
      unpriced = sink.unpriced,
      strategies = {}, regimes = {},
    }
    for _, one in ipairs(part.instances) do
      table.insert(outcomes[k].strategies, {
        id = one.id, stream = one.stream.name, warm_row = one.warm_row, n_changes = one.n_changes,
        n_bars = one.stream.window_last - one.stream.window_first, n_all = one.stream.window_last,
        first_ns = one.stream.bars.ts_ns[0], last_ns = one.stream.bars.ts_ns[one.stream.bars.n_bars - 1],
        calls = one.def.on_bar ~= nil,
      })
    end
    for _, one in ipairs(part.all_classifiers) do
      table.insert(outcomes[k].regimes, {
        id = one.id, stream = one.stream.name, names = one.def.regimes, bars = one.regime_bars,
      })
    end
  end
  return outcomes
end

-- Runs combos first … last through one phase. Returns the outcomes of each, or nil and a message.
function Run:_batch(topology_name, first, last)
  local plan = self.plan
  local combo_of, list, beside = {}, {}, {}
  local bands = plan.execution.intrabar == "bands"
  for number = first, last do
    local combo = { id = combos.id(number), params = plan.grid:params(number) }
    local made, err
    if bands then -- it is first, so that its figures are there when the other's are stored
      made, err = self:_sinks(combo.id, combo.params, "optimistic")
      if not made then return nil, err end
      table.insert(beside, plans.of_combo(plan, number, made, "optimistic"))
    end
    made, err = self:_sinks(combo.id, combo.params, made)
    if not made then return nil, err end
    table.insert(combo_of, combo)
    table.insert(list, plans.of_combo(plan, number, made, bands and "pessimistic" or nil))
  end
  for k = 1, #list do beside[#beside + 1] = list[k] end
  local n_beside = #beside - #list
  list = beside
  local phase, err = topology.build(topology.topologies[topology_name], list)
  if not phase then return nil, err end
  self.n_instances = phase.parts[1].n_instances
  local ok
  ok, err = phase:run(function(rows)
    self.n_bars = math.min(last * plan.n_bars, (first - 1) * plan.n_bars + rows * #list)
    if C.pln_stop_requested() ~= 0 then return false end
    if self.on_slice then self.on_slice(self.n_bars) end
  end)
  local made = ok and {}
  for k, combo in ipairs(made and combo_of or {}) do
    made[k] = outcomes_of(combo, list[n_beside + k], phase.parts[n_beside + k])
  end
  phase:free()
  return made or nil, err
end

--- Runs all combos through a topology. They go through the data together, as many at a time as the configuration's
-- engine.combos_at_once says, and what they share of features is computed once; `take(outcomes)` is called for each
-- combo in order, with a list of one outcome for each portfolio.
-- @return true, or nil and a message
function Run:each(topology_name, take)
  -- Rows of a file stand combo by combo.
  local at_once = self.writes_files and 1 or self.plan.engine.combos_at_once
  local grid, first = self.plan.grid, 1
  while first <= grid:size() do
    local last = first -- combos of one batch see the same streams
    while last - first + 1 < at_once and last < grid:size() and grid:group(last + 1) == grid:group(first) do
      last = last + 1
    end
    local made, err = self:_batch(topology_name, first, last)
    if not made then return nil, err end
    for _, outcomes in ipairs(made) do take(outcomes) end
    first = last + 1
  end
  return true
end

--- Number of combos of the run.
function Run:n_combos() return self.plan.grid:size() end

-- Whether trades may have an income, or a rate other than 1.
local function has_currencies(plan)
  for _, symbol in ipairs(plan.symbols) do
    if symbol.actions then return true end
  end
  for _, portfolio in ipairs(plan.portfolios) do
    for _, steps in pairs(portfolio.fx or {}) do
      if #steps > 0 then return true end
    end
  end
  return false
end

local function open_files(options, plan)
  local files, opened = {}, {}
  for _, kind in ipairs(FILE_KINDS) do
    if options[kind] then
      local writer, err = options[kind], nil
      if type(writer) == "string" then
        local make = kind == "trades" and has_currencies(plan) and export.trades_in_currency or export[kind]
        writer, err = make(writer)
        files.on_disk = true
      end
      if not writer then
        for _, other in ipairs(opened) do other:abort() end
        return nil, err
      end
      files[kind] = writer
      opened[#opened + 1] = writer
    end
  end
  return files, opened
end

-- What a run is stored with: its configuration, and what that leaves to defaults and profiles, as comments.
local function with_assumptions(text, plan)
  local lines = { (text:gsub("\n+$", "")), "# execution:" }
  for _, line in ipairs(plan_models.assumptions(plan)) do lines[#lines + 1] = "#   " .. line end
  return table.concat(lines, "\n") .. "\n"
end

--- Runs a configuration.
-- @param cfg of config.load
-- @param options { db = path or false (default: the configuration's), trades, equity, orders = CSV paths (or writers
--   such as lua/export.lua's), on_slice = function(bars) with the bars done so far, over all combos,
--   on_plan = function(plan), log = function(instance, message) }
-- @return { run = {…}, results = list of outcomes, db = path }, or nil, a message and, where it was not the run that
--   failed, "configuration", "data" or "interrupted"
function M.run(cfg, options)
  local start_ns = C.pln_clock_monotonic_ns()
  local plan, err, fault = plans.new(cfg)
  if not plan then return nil, err, fault or "configuration" end
  plan.record_orders = cfg.results.orders or options.orders ~= nil
  plan.record_decisions = cfg.results.decisions or options.decisions ~= nil
  local self = setmetatable({ cfg = cfg, plan = plan, log = options.log, on_slice = options.on_slice }, Run)
  if options.on_plan then options.on_plan(plan) end
  local opened
  self.files, opened = open_files(options, plan)
  if not self.files then return nil, opened end
  self.writes_files = self.files.on_disk
  local path = options.db
  if path == nil then path = cfg.results.db ~= "none" and cfg.results.db or false end
  local db
  local function give_up(message)
    for _, writer in ipairs(opened) do writer:abort() end
    if db then db:close() end
    return nil, message
  end
  if path then
    db, err = store.open(path)
    if not db then return give_up(err) end
    self.stored, err = db:begin_run {
      workflow = cfg.workflow, name = cfg.name,
      config_text = with_assumptions(options.config_text or config.canonical(cfg), plan),
      config_hash = config.hash(cfg), data_hash = plan.data_hash, seed = cfg.seed,
    }
    if not self.stored then return give_up(err) end
    for _, stream in ipairs(plan.streams) do
      self.stored:add_data {
        symbol = stream.symbol, timeframe = stream.timeframe, bars = stream.bars, quality = stream.entry.report,
      }
    end
  end
  local workflow
  workflow, err = M.workflow(cfg.workflow)
  local results, bars
  if workflow then
    collectgarbage() -- what loading left behind, before the loops start
    local ok
    C.pln_stop_begin()
    ok, results, err = pcall(workflow.run, self)
    C.pln_stop_end()
    if not ok then results, err = nil, tostring(results) end
  end
  local interrupted = not results and C.pln_stop_requested() ~= 0
  if interrupted then err = "interrupted" end
  local seconds = seconds_since(start_ns)
  bars = results and plan.n_bars * plan.grid:size() or self.n_bars or 0
  for _, writer in ipairs(opened) do
    local closed, close_err
    if results then closed, close_err = writer:close() else closed = writer:abort() end
    if results and not closed then results, err = nil, close_err end
  end
  local id
  if self.stored then
    id = self.stored.id
    local status = results and "finished" or interrupted and "interrupted" or "failed"
    local ok, store_err = self.stored:finish {
      status = status, seconds = seconds, bars = bars, message = not results and err or nil,
    }
    db:close()
    if results and not ok then results, err = nil, store_err end
  end
  if not results then return nil, err, interrupted and "interrupted" or nil end
  return {
    run = {
      id = id, config_hash = config.hash(cfg), data_hash = plan.data_hash, seconds = seconds, bars = bars,
      combos = plan.grid:size(), assumptions = plan_models.assumptions(plan),
      bars_per_second = seconds > 0 and bars / seconds or 0,
    },
    results = results, db = path, plan = plan,
  }
end

--- A workflow by name: workflows/NAME.lua, which returns { help =, run = function(run) → results or nil, message }.
function M.workflow(name)
  local path = ffi.string(C.pln_host_home()) .. "/workflows/" .. name .. ".lua"
  local chunk, err = loadfile(path)
  if not chunk then return nil, err end
  -- In another program's LuaJIT `require` is not the one that finds Perilune's modules.
  return setfenv(chunk, setmetatable({ require = require }, { __index = _G }))()
end

return M

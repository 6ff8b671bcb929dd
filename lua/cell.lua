--- Cells: a batch of combos through all windows of a phase, over one feature hub, by one thread. What a cell makes
-- depends on nothing but its phase and its combos, so that any split of a phase into cells gives the same results.
local ffi = require "ffi"
local abi = require "abi"
local attribution = require "attribution"
local captured = require "captured"
local combos = require "combos"
local lanes = require "node.lanes"
local plans = require "plan"
local signal_sources = require "signal_sources"
local sinks = require "sinks"
local topology = require "topology"
local C = abi.C

local M = {}

local Cell = {}
Cell.__index = Cell

local function timezone_of(bars) return bars.timezone ~= nil and ffi.string(bars.timezone) or "UTC" end

--- What computes cells of one phase on one thread.
-- @param context { cfg, plan (base plan), windows = list, topology = a name, keep = "full" (all that the
--   configuration's `results` asks for) or "figures" (figures and period returns), metrics = "full" |
--   "headline" | "sweep", equity =
--   "bars" | "days" | "none", stored = phase of a store or nil, files = { kind = writer }, log = function(instance,
--   message), db = store, signals = of a replay: list of sources (lua/signal_sources.lua) }
function M.new(context) return setmetatable({ context = context }, Cell) end

local function names_of(plan)
  local names = {}
  for k, symbol in ipairs(plan.symbols) do names[k] = symbol.symbol end
  return names
end

local function sink_spec(self, plan, portfolio, combo, result, beside)
  local context, cfg = self.context, self.context.cfg
  local names = names_of(plan)
  local benchmark = plan.symbols[(plan.benchmark or 0) + 1].bars
  local full = context.keep == "full"
  return {
    combo = combo.id, portfolio = portfolio.name, capital = portfolio.capital, timezone = timezone_of(benchmark),
    timeframe = benchmark.timeframe, symbols = names, n_portfolios = #plan.portfolios, result = result,
    equity = full and context.equity or "none", files = beside and {} or context.files or {},
    keep_trades = full and cfg.results.trades, keep_orders = full and cfg.results.orders,
    keep_decisions = full and cfg.results.decisions, keep_series = full,
    metrics = context.metrics, risk_free_ann = cfg.statistics.risk_free_pct / 100,
    periods_per_year = cfg.statistics.periods_per_year, is_window = plan.window.role ~= "full",
    n_instances = function() return self.n_instances end,
  }
end

-- The sinks of a combo of which signals are captured, with its result in the store as `captured`.
function Cell:_capture(plan, combo, window)
  local result, err = self.context.stored:add_result {
    window = window.number, number = combo.number, combo = combo.id, portfolio = "", params = combo.params,
    symbols = names_of(plan), hash = combo.hash,
  }
  if not result then return nil, err end
  return {
    list = {}, captured = result, capture = captured.to_store(result), portfolio = function() end,
    record = function() end, log = self.context.log, regime = function() end,
  }
end

-- Sinks of one combo in one window: one for each portfolio, and those of classifiers and strategies of signals.
-- other: of `bands`, "optimistic" for the run beside, of which only figures are kept; otherwise its sinks, or nil
function Cell:_sinks(plan, combo, window, other)
  local context = self.context
  local beside = other == "optimistic"
  local made, log = {}, beside and function() end or context.log
  for _, portfolio in ipairs(plan.portfolios) do
    local result
    if context.stored and not beside then
      local err
      result, err = context.stored:add_result {
        window = window.number, number = combo.number, combo = combo.id, portfolio = portfolio.name,
        params = combo.params, symbols = names_of(plan), hash = combo.hash,
      }
      if not result then return nil, err end
    end
    local spec = sink_spec(self, plan, portfolio, combo, result, beside)
    spec.optimistic = not beside and other and other.list[#made + 1] or nil
    local sink, err = sinks.portfolio(spec)
    if not sink then return nil, err end
    sink.log = log
    made[#made + 1], made[portfolio.name] = sink, sink
  end
  -- What a strategy of signals records goes to the first portfolio that uses it.
  local first, users = made[1], {}
  for k, portfolio in ipairs(plan.portfolios) do
    for _, use in ipairs(portfolio.books and {} or portfolio.strategies) do
      users[use.strategy.id] = users[use.strategy.id] or made[k]
    end
  end
  local keeps_series = context.keep == "full" and not beside
  return {
    list = made,
    portfolio = function(name) return made[name] end,
    record = function(one, name, value)
      if not keeps_series then return end
      local sink = one.def.kind == "strategy" and users[one.id] or first
      return sink.record(one, name, value)
    end,
    log = log,
    regime = function(one, ts_ns, index)
      if keeps_series then first.series.add(("regime:%s:%s"):format(one.id, one.stream.name), ts_ns, index) end
    end,
  }
end

-- The outcomes of a combo in a window, one for each portfolio, from its part of a finished phase.
local function outcomes_of(combo, window, plan, part)
  local outcomes = {}
  if plan.sinks.captured then plan.sinks.captured:close() end
  for k, sink in ipairs(plan.sinks.list) do
    local portfolio = plan.portfolios[k]
    local outcome = {
      combo = combo.id, number = combo.number, window = window.number, portfolio = portfolio.name,
      capital = portfolio.capital, params = combo.params,
      values = sink.values,
      optimistic = sink.optimistic and sink.optimistic.values, why = sink.why,
      period_returns = sink.period_returns, refusals = sink.refusals,
      sample = rawget(sink, "sample"), records = (rawget(sink, "series") or { samples = {} }).samples,
      orders = sink.orders_made, fills = sink.fills_made, halted = sink.halted, bankrupt = sink.bankrupt,
      unpriced = sink.unpriced,
      strategies = {}, regimes = {}, attribution = plan.attribution and plan.attribution[k] or nil,
    }
    for _, one in ipairs(part.instances or {}) do
      table.insert(outcome.strategies, {
        id = one.id, stream = one.stream.name, warm_row = one.warm_row, n_changes = one.n_changes,
        n_bars = one.stream.window_last - one.stream.window_first, n_all = one.stream.window_last,
        first_ns = one.stream.bars.ts_ns[0], last_ns = one.stream.bars.ts_ns[one.stream.bars.n_bars - 1],
        calls = one.def.on_bar ~= nil,
      })
    end
    for _, one in ipairs(part.all_classifiers or {}) do
      table.insert(outcome.regimes, {
        id = one.id, stream = one.stream.name, names = one.def.regimes, bars = one.regime_bars,
      })
    end
    outcomes[k] = outcome
  end
  return outcomes
end

function Cell:_parts(numbers, is_wanted, origins)
  local context = self.context
  local made, beside = {}, {}
  local captures = context.topology == "signal_generation"
  local bands = context.plan.execution.intrabar == "bands" and not captures
  for _, number in ipairs(numbers) do
    local grid = context.plan.grid
    local base = grid:plan(number)
    local combo = { id = combos.id(number), number = number, params = grid:params(number),
      hash = grid:hash(number) }
    for _, window in ipairs(context.windows) do
      if not is_wanted or is_wanted(window.number, number) then
        local own, other = plans.in_window(base, window), nil
        if bands then -- it is first, so that its figures are there when the other's are stored
          local err
          other, err = self:_sinks(own, combo, window, "optimistic")
          if not other then return nil, err end
          table.insert(beside, plans.of_combo(own, number, other, "optimistic"))
        end
        local found, err
        if captures then
          found, err = self:_capture(own, combo, window)
        else
          found, err = self:_sinks(own, combo, window, other)
        end
        if not found then return nil, err end
        local plan = plans.of_combo(own, number, found, bands and "pessimistic" or nil)
        if context.signals then plan.signals = signal_sources.reader(context, number, window, origins) end
        if context.keep == "full" and not captures and attribution.wanted(plan) then attribution.attach(plan) end
        table.insert(made, { combo = combo, window = window, plan = plan })
      end
    end
  end
  return made, beside
end

-- Whether the figures that are asked for can be had in lanes, of all of these plans.
function Cell:_fits_lanes(list)
  local context = self.context
  if context.keep ~= "figures" or context.metrics ~= "sweep" or next(context.files or {}) ~= nil then return false end
  for _, plan in ipairs(list) do
    if not lanes.fits(plan) then return false end
  end
  return true
end

-- Runs plans as the parts of one phase. Returns the phase, which is to be freed, or nil and a message.
function Cell:_run_phase(base, list, on_rows)
  local phase, err = topology.build(base, list)
  if not phase then return nil, err end
  self.n_instances = phase.parts[1].n_instances
  local ok
  ok, err = phase:run(function(rows)
    if C.pln_stop_requested() ~= 0 then return false end
    if on_rows then return on_rows(rows) end
  end)
  if ok then return phase end
  phase:free()
  return nil, err
end

-- The parts of plans, in their order: in lanes where they fit, in execution containers where not, or where a lane gave
-- its combo up.
function Cell:_run_plans(list, on_rows)
  local base = topology.topologies[self.context.topology]
  local in_lanes = self.context.topology ~= "signal_generation" and self:_fits_lanes(list)
  local phase, err = self:_run_phase(in_lanes and lanes.topology(base) or base, list, on_rows)
  if not phase then return nil, err end
  local parts, again, places = {}, {}, {}
  for k, part in ipairs(phase.parts) do
    parts[k] = part
    if part.given_up then again[#again + 1], places[#places + 1] = list[k], k end
  end
  phase:free()
  if #again == 0 then return parts end
  phase, err = self:_run_phase(base, again, on_rows)
  if not phase then return nil, err end
  for k, part in ipairs(phase.parts) do parts[places[k]] = part end
  phase:free()
  return parts
end

--- Computes combos in all windows (or those for which is_wanted(window number, combo number) is true).
-- @param numbers list of combo numbers, of one group of the grid
-- @param origins of a replay: { combo number = number of the combo whose signals it takes }; nil: its own
-- @param on_rows nil or function(rows) called now and then with the rows of the hub so far; false stops
-- @return a list of lists: the outcomes of each combo and window, one for each portfolio; or nil and a message
function Cell:run(numbers, on_rows, is_wanted, origins)
  local made, beside = self:_parts(numbers, is_wanted, origins)
  if not made then return nil, beside end
  if #made == 0 then return {} end
  local outcomes, given_up = {}, {}
  local ok, err = self:_run(made, beside, topology.topologies[self.context.topology], on_rows, outcomes, given_up)
  if ok and #given_up > 0 then
    local again = {}
    for k, place in ipairs(given_up) do again[k] = made[place] end
    local found = {}
    ok, err = self:_run(again, {}, topology.topologies[self.context.topology], on_rows, found)
    for k, place in ipairs(given_up) do outcomes[place] = found[k] end
  end
  if not ok then return nil, err end
  return outcomes
end

-- Whether lanes can stand in for execution containers: they keep figures only.
function Cell:_fits_lanes(list)
  local context = self.context
  if context.metrics ~= "sweep" or context.keep ~= "figures" or context.topology == "signal_generation" then
    return false
  end
  for _, plan in ipairs(list) do
    if not lanes.fits(plan) then return false end
  end
  return true
end

-- Runs plans through one phase. given_up gets the places of those that lanes could not do; nil: no lanes.
function Cell:_run(made, beside, base, on_rows, outcomes, given_up)
  local list = {}
  for k, plan in ipairs(beside) do list[k] = plan end
  for _, one in ipairs(made) do list[#list + 1] = one.plan end
  if given_up and self:_fits_lanes(list) then base = lanes.topology(base) end
  local phase, err = topology.build(base, list)
  if not phase then return nil, err end
  local parts = phase.parts
  self.n_instances = parts[1].n_instances
  local ok
  ok, err = phase:run(function(rows)
    if C.pln_stop_requested() ~= 0 then return false end
    if on_rows then return on_rows(rows) end
  end)
  for k, one in ipairs(ok and made or {}) do
    local part = parts[#beside + k]
    if part.given_up then
      given_up[#given_up + 1] = k
    else
      outcomes[k] = outcomes_of(one.combo, one.window, one.plan, part)
    end
  end
  phase:free()
  return ok, err
end

return M

--- Node kind `execution`: the execution container with its portfolios, fed by SIGNAL batches and by the strategies
-- that place their own orders. Hands what it records to the plan's sinks after each slice.
local ffi = require "ffi"
local abi = require "abi"
local context = require "context"
local execution_model = require "execution_model"
local gauges = require "node.gauges"
local instrument_table = require "instruments"
local models = require "node.models"
local risk_rule = require "risk_rule"
local risk_settings = require "node.risk_settings"
local schedule = require "schedule"
local settings = require "node.execution_settings"
local strategies = require "node.strategies"
local C = abi.C

local M = {}
local Execution = {}
Execution.__index = Execution

local INT64_MAX = abi.INT64_MAX

-- An account that is divided into books has no strategies: they are its books'.
function Execution:_add_strategies(portfolio, spec)
  if spec.combine then return self:_add_combined(portfolio, spec) end
  for _, use in ipairs(spec.strategies) do
    local ok, err
    if use.strategy.def.on_bar then
      ok, err = self:_add_callers(portfolio, use.strategy)
    else
      ok, err = self:_add_sources(portfolio, use.strategy, use.weight)
    end
    if not ok then return nil, err end
  end
  return true
end

function Execution:_add_portfolio(spec)
  local plan = self.part.plan
  local config, problem = settings.portfolio(spec, plan.execution, self.gauges)
  if not config then return nil, problem end
  local handle = C.pln_portfolio_new(config, #plan.symbols)
  if handle == nil then return nil, abi.last_error() end
  local account = spec.book_of and self.portfolios[spec.book_of]
  local portfolio = {
    handle = ffi.gc(handle, C.pln_portfolio_free), name = spec.name, size_at = settings.SIZE_AT[spec.sizing.size_at],
    sink = plan.sinks.portfolio(spec.name), instances = {}, account = (account or { handle = handle }).handle,
  }
  local ruled
  local id = #self.portfolios -- that the container will give it
  ruled, problem = risk_settings.add_to_portfolio(handle, spec.risk, plan, self.gauges, function(item, number)
    return self.lua_rules:add(item, number, id)
  end)
  if not ruled then return nil, problem end
  if account then
    portfolio.id = C.pln_exec_add_book(self.exec, account.id, handle)
  else
    portfolio.id = C.pln_exec_add_portfolio(self.exec, handle)
  end
  if portfolio.id < 0 then return nil, abi.last_error() end
  assert(portfolio.id == id)
  self.lua_rules:watch(id, handle)
  self.portfolios[#self.portfolios + 1] = portfolio
  local told
  told, problem = settings.add_account(self.exec, plan, spec, portfolio.id)
  if not told then return nil, problem end
  if spec.books then return true end
  told, problem = schedule.apply(self.exec, portfolio.id, plan, spec)
  if not told then return nil, problem end
  local added, err = self:_add_strategies(portfolio, spec)
  if not added then return nil, err end
  for _, one in ipairs(account and portfolio.instances or {}) do table.insert(account.instances, one) end
  return true
end

function Execution:_add_sources(portfolio, strategy, weight)
  for _, one in ipairs(self.part.signal_instances[strategy.id]) do
    table.insert(portfolio.instances, one)
    for k, stream in ipairs(one.symbols or { one.stream }) do
      local source = C.pln_exec_add_source(self.exec, portfolio.id, stream.instrument, weight)
      if source < 0 then return nil, abi.last_error() end
      local routes = self.sources[one] or {}
      self.sources[one] = routes
      routes[k] = routes[k] or {}
      table.insert(routes[k], source)
    end
  end
  return true
end

-- Of strategies whose signals are combined, the combined signals are the sources.
function Execution:_add_combined(portfolio, spec)
  for _, use in ipairs(spec.strategies) do
    for _, one in ipairs(self.part.signal_instances[use.strategy.id]) do table.insert(portfolio.instances, one) end
  end
  for _, one in ipairs(self.part.combined[spec.name]) do
    local source = C.pln_exec_add_source(self.exec, portfolio.id, one.instrument, 1)
    if source < 0 then return nil, abi.last_error() end
    self.sources[one] = { { source } }
  end
  return true
end

function Execution:_add_callers(portfolio, strategy)
  local made, err = strategies.instances(self.part, strategy, portfolio.sink)
  if not made then return nil, err end
  for _, one in ipairs(made) do
    table.insert(portfolio.instances, one)
    local id = C.pln_exec_add_caller(self.exec, portfolio.id, one.stream.bars)
    if id < 0 then return nil, abi.last_error() end
    abi.must(C.pln_exec_set_first_row(self.exec, id, INT64_MAX)) -- until its features are warm
    if strategy.def.on_fill or strategy.def.on_order then
      self.deliver = self.deliver or function(view) self:_deliver(view) end
    end
    local instruments = {}
    for k, stream in ipairs(one.symbols or { one.stream }) do instruments[k] = stream.instrument end
    local ctx, kept = context.new(self.exec, id, portfolio, instruments, self.gauges)
    self.callers[id] = { instance = one, id = id, ctx = ctx, kept = kept }
    self.caller_ids[#self.caller_ids + 1] = id
    local ok, message = self:_add_timers(self.callers[id])
    if not ok then return nil, message end
  end
  return true
end

-- The times at which a strategy asks to be called besides its bars.
function Execution:_add_timers(caller)
  local one, plan = caller.instance, self.part.plan
  local wanted, err = one.def:schedule_of(one.p)
  if err then return nil, err end
  for _, entry in ipairs(wanted or {}) do
    local made
    made, err = schedule.times(plan, plan.symbols[one.stream.instrument + 1], entry, wanted.every)
    if not made then return nil, ("%s:%d: %s"):format(one.def.file, one.def.lines.schedule or 1, err) end
    local id = C.pln_exec_add_timer(self.exec, caller.id, made.times, made.n)
    if id < 0 then return nil, abi.last_error() end
    self.timers[id] = { caller = caller, name = entry.name }
  end
  return true
end

function Execution:on_signal(batch)
  for _, source in ipairs(self.sources[batch.instance] and self.sources[batch.instance][batch.symbol or 1] or {}) do
    if C.pln_exec_push_signals(self.exec, source, batch.out, batch.n) < 0 then return nil, abi.last_error() end
  end
  return true
end

-- The user's code may place orders, so that the container's own array moves: it is told of copies.
local function last_of(ctype, array, count, new)
  local copies = ffi.new(ctype .. "[?]", math.max(new, 1))
  ffi.copy(copies, array[0] + (count - new), new * ffi.sizeof(ctype))
  return copies
end

function Execution:_notify_each(array, n, name, whose)
  for j = 0, n - 1 do
    local caller = self.callers[array[j][whose]]
    if caller then
      local one = caller.instance
      local ok, err = one:notify(name, caller.ctx, array[j], one.p, one.state)
      if not ok then error({ explained = err }, 0) end
    end
  end
end

--- on_fill and on_order of all callers, for what happened since the container last returned. Called from within the
-- loop of the one that is due.
function Execution:_deliver(view)
  local n_orders, n_fills = tonumber(view.n_new_orders), tonumber(view.n_new_fills)
  local orders = last_of("pln_order", self.orders, tonumber(C.pln_exec_orders(self.exec, self.orders)), n_orders)
  local fills = last_of("pln_fill", self.fills, tonumber(C.pln_exec_fills(self.exec, self.fills)), n_fills)
  self:_notify_each(orders, n_orders, "on_order", "source")
  self:_notify_each(fills, n_fills, "on_fill", "owner")
end

function Execution:_start()
  self.started = true
  for _, id in ipairs(self.caller_ids) do
    local caller = self.callers[id]
    local ok, err = caller.instance:notify("on_start", caller.ctx, caller.instance.p, caller.instance.state)
    if not ok then return nil, err end
  end
  return true
end

function Execution:_lock_step(until_ns)
  local view = C.pln_exec_view_of(self.exec)
  local due = C.pln_exec_next(self.exec, until_ns)
  while due ~= C.PLN_EXEC_DONE do
    local timer = self.timers[due]
    if timer then
      local called, err = timer.caller.instance:scheduled(timer.name, timer.caller.ctx, self.deliver, view)
      if not called then return nil, err end
      due = C.pln_exec_next(self.exec, until_ns)
    elseif due >= 0 then
      local caller, err = self.callers[due]
      due, err = caller.instance:call(self.exec, due, until_ns, view, caller.ctx, self.deliver)
      if not due then return nil, err end
    elseif due == C.PLN_EXEC_RECORDER_FULL then
      self:_drain()
      due = C.pln_exec_next(self.exec, until_ns)
    elseif due == C.PLN_EXEC_ASK_COST or due == C.PLN_EXEC_ASK_RISK then
      local ok, err = self:_answer(due)
      if not ok then return nil, err end
      due = C.pln_exec_next(self.exec, until_ns)
    else
      return nil, abi.last_error()
    end
  end
  return true
end

-- What the core asks of files in Lua.
function Execution:_answer(what)
  return (what == C.PLN_EXEC_ASK_COST and self.lua_models or self.lua_rules):answer(self.exec)
end

-- Processes everything up to a time.
function Execution:_run(until_ns)
  if #self.caller_ids > 0 then return self:_lock_step(until_ns) end
  local event
  repeat
    event = C.pln_exec_run(self.exec, until_ns)
    if event == C.PLN_EXEC_ASK_COST or event == C.PLN_EXEC_ASK_RISK then
      local ok, err = self:_answer(event)
      if not ok then return nil, err end
    elseif event == C.PLN_EXEC_RECORDER_FULL then
      self:_drain()
    elseif event ~= C.PLN_EXEC_DONE then
      return nil, abi.last_error()
    end
  until event == C.PLN_EXEC_DONE
  return true
end

--- The time at which the first of a portfolio's strategies became warm, or nil.
local function warm_ns(portfolio)
  local first
  for _, one in ipairs(portfolio.instances) do
    if one.warm_row then
      local ns = C.pln_bars_visible_ns(one.stream.bars, one.warm_row)
      if not first or ns < first then first = ns end
    end
  end
  return first
end

--- Portfolios of which a strategy became warm in this slice: { portfolio, ns }, in order of time.
function Execution:_newly_warm()
  local list = {}
  for _, portfolio in ipairs(self.portfolios) do
    local ns = not portfolio.is_warm and warm_ns(portfolio)
    if ns then list[#list + 1] = { portfolio = portfolio, ns = ns, order = #list } end
  end
  table.sort(list, function(a, b)
    if a.ns ~= b.ns then return a.ns < b.ns end
    return a.order < b.order
  end)
  return list
end

function Execution:step(until_ns)
  local ok, err
  if not self.started then
    ok, err = self:_start()
    if not ok then return nil, err end
  end
  for _, id in ipairs(self.caller_ids) do self.callers[id].instance:prepare_calls(self.exec, id) end
  for _, warm in ipairs(self:_newly_warm()) do
    ok, err = self:_run(warm.ns - 1)
    if not ok then return nil, err end
    warm.portfolio.is_warm = true
    warm.portfolio.sink.first_trading_row(tonumber(C.pln_exec_view_of(self.exec).n_rows))
  end
  ok, err = self:_run(until_ns)
  if not ok then return nil, err end
  for _, id in ipairs(self.caller_ids) do self.callers[id].instance:end_slice() end
  self:_drain()
  return true
end

-- Verdicts of risk rules, and the series of risk scores.
function Execution:_drain_risk()
  local n = tonumber(C.pln_exec_decisions(self.exec, self.decisions))
  if n > 0 then
    for _, portfolio in ipairs(self.portfolios) do
      portfolio.sink.decisions(self.decisions[0], n, portfolio.id)
    end
    C.pln_exec_clear_decisions(self.exec)
  end
  for _, portfolio in ipairs(self.portfolios) do
    n = tonumber(C.pln_exec_risk_scores(self.exec, portfolio.id, self.score_times, self.scores))
    if n > 0 then portfolio.sink.scores(self.score_times[0], self.scores[0], n) end
  end
  C.pln_exec_clear_risk_scores(self.exec)
end

--- Hands what was recorded to the sinks and makes room.
function Execution:_drain()
  if self.has_rules then self:_drain_risk() end
  for _, portfolio in ipairs(self.portfolios) do
    local rows = C.pln_portfolio_equity(portfolio.handle)
    if rows.n_rows > 0 then
      portfolio.sink.rows(rows)
      C.pln_portfolio_clear_equity(portfolio.handle)
    end
    local n = tonumber(C.pln_portfolio_trades(portfolio.handle, self.trades))
    if n > 0 then
      portfolio.sink.trades(self.trades[0], n)
      C.pln_portfolio_clear_trades(portfolio.handle)
    end
  end
  -- What callers are still to be told of stays for the next slice.
  local view = C.pln_exec_view_of(self.exec)
  local waiting = #self.caller_ids > 0 and not self.finished
  local n_orders = tonumber(C.pln_exec_orders(self.exec, self.orders))
  local n_fills = tonumber(C.pln_exec_fills(self.exec, self.fills))
  if waiting then n_orders, n_fills = n_orders - tonumber(view.n_new_orders), n_fills - tonumber(view.n_new_fills) end
  if n_orders > 0 or n_fills > 0 then
    if self.part.plan.record_orders then
      for _, portfolio in ipairs(self.portfolios) do
        portfolio.sink.orders(self.orders[0], n_orders, portfolio.id)
        portfolio.sink.fills(self.fills[0], n_fills, portfolio.id)
      end
    end
    C.pln_exec_clear_records(self.exec)
  end
end

-- What happened after the last call: fills at the close of the last bar, and beyond a coarser strategy's last row.
function Execution:_deliver_last()
  if not self.deliver then return true end
  local ok, err = pcall(self._deliver, self, C.pln_exec_view_of(self.exec))
  if not ok then return nil, type(err) == "table" and err.explained or tostring(err) end
  return true
end

function Execution:finish()
  local delivered, problem = self:_deliver_last()
  if not delivered then return nil, problem end
  for _, id in ipairs(self.caller_ids) do
    local caller = self.callers[id]
    local ok, err = caller.instance:notify("on_end", caller.ctx, caller.instance.p, caller.instance.state)
    if not ok then return nil, err end
  end
  local status = C.pln_exec_finish(self.exec)
  while status == C.PLN_EXEC_ASK_COST or status == C.PLN_EXEC_ASK_RISK do
    local ok, err = self:_answer(status)
    if not ok then return nil, err end
    status = C.pln_exec_finish(self.exec)
  end
  if status < 0 then return nil, abi.last_error() end
  self.finished = true
  self:_drain()
  local view = C.pln_exec_view_of(self.exec)
  for _, portfolio in ipairs(self.portfolios) do portfolio.sink.finish(portfolio.handle, view) end
  return true
end

function Execution:free()
  if self.exec then
    context.release(self.exec)
    C.pln_exec_free(ffi.gc(self.exec, nil))
    self.exec = nil
  end
  for _, portfolio in ipairs(self.portfolios) do
    C.pln_portfolio_free(ffi.gc(portfolio.handle, nil))
    portfolio.handle = nil
  end
  self.portfolios = {}
end

--- The strategies that place their own orders run here.
function M.declare(part)
  for _, portfolio in ipairs(part.plan.portfolios) do
    for _, use in ipairs(portfolio.strategies) do
      if use.strategy.def.on_bar then
        local ok, err = strategies.declare_strategy(part, use.strategy)
        if not ok then return nil, err end
      end
    end
  end
  return true
end

function M.new(part)
  local plan = part.plan
  local self = setmetatable({
    part = part, portfolios = {}, sources = {}, callers = {}, caller_ids = {}, timers = {},
    trades = ffi.new("const pln_trade *[1]"), orders = ffi.new("const pln_order *[1]"),
    fills = ffi.new("const pln_fill *[1]"), decisions = ffi.new("const pln_decision *[1]"),
    score_times = ffi.new("const int64_t *[1]"), scores = ffi.new("const double *[1]"),
  }, Execution)
  local exec = C.pln_exec_new(settings.exec(plan))
  if exec == nil then return nil, abi.last_error() end
  self.exec = ffi.gc(exec, C.pln_exec_free)
  for _, symbol in ipairs(plan.symbols) do
    local id = C.pln_exec_add_instrument(self.exec, symbol.bars, settings.instrument(symbol))
    if id < 0 then return nil, abi.last_error() end
    local calendar = symbol.instrument_spec and instrument_table.calendar(symbol.instrument_spec)
    if calendar and C.pln_exec_set_calendar(self.exec, id, calendar) < 0 then return nil, abi.last_error() end
    if symbol.bid_bars and plan.execution.quotes ~= "off"
      and C.pln_exec_set_quotes(self.exec, id, symbol.bid_bars, symbol.ask_bars) < 0 then
      return nil, abi.last_error()
    end
  end
  local told, problem = settings.add_actions(self.exec, plan)
  if not told then return nil, problem end
  self.gauges = gauges.new(self.exec, plan)
  told, problem = models.add(self.exec, plan, self.gauges)
  if not told then return nil, problem end
  if #(plan.lua_models or {}) > 0 then
    self.lua_models, problem = execution_model.new(plan.lua_models, plan)
    if not self.lua_models then return nil, problem end
    if C.pln_exec_ask_costs(self.exec) < 0 then return nil, abi.last_error() end
  end
  self.has_rules = risk_settings.any(plan) or plan.record_decisions
  self.lua_rules = risk_rule.new(plan)
  told, problem = risk_settings.add_to_container(self.exec, plan, self.gauges, function(item, number)
    return self.lua_rules:add(item, number)
  end)
  if not told then return nil, problem end
  for _, portfolio in ipairs(plan.portfolios) do
    local ok, err = self:_add_portfolio(portfolio)
    if not ok then return nil, err end
  end
  return self
end

return M

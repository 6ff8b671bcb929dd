--- Node kind `lanes`: stands in for `execution` where the portfolios of a phase are in the subset of the replay
-- (docs/replay.md): one source of signals, one instrument, costs and rules that it knows. All combos of a window are
-- lanes of one pln_replay; between two events of a combo its bars are not visited, and a rule's signals go from the
-- feature's column to the lane without Lua. Results are those of `execution`, to the bit: the account, refusals, the
-- metrics of sweeps and the returns of periods. There are no rows and no records of orders.
--
--     local ok, why = lanes.fits(plan)                       -- whether a combo can be taken
--     local phase = topology.build(lanes.topology(base), list)
--     … phase:run() …
--     phase.parts[k].given_up       -- why this one has no results: run it in `base`, with the same sinks
local ffi = require "ffi"
local abi = require "abi"
local risk_settings = require "node.risk_settings"
local settings = require "node.execution_settings"
local C = abi.C

local M = { is_shared = true }

local Lanes = {}
Lanes.__index = Lanes

-- Gauges are columns that sizes and rules read: there are none here.
local no_gauges = { need = function() return nil, "a size or rule that reads a feature" end }

-- The settings of a combo, without records, which it has none of.
local function configs(plan)
  local exec = settings.exec(plan)
  exec.record_orders, exec.record_decisions = 0, 0
  local portfolio, why = settings.portfolio(plan.portfolios[1], plan.execution, no_gauges)
  if not portfolio then return nil, why end
  return exec, portfolio
end

-- Keys of a portfolio and of a symbol that ask for what lanes do not have.
local PORTFOLIO_KEYS = { "books", "book_of", "combine", "trading_hours", "flat_by_close_minutes", "cash_actions" }
local SYMBOL_KEYS = { "actions", "bid_bars" }

local function unfit_portfolio(portfolio)
  for _, key in ipairs(PORTFOLIO_KEYS) do
    if portfolio[key] then return "portfolios." .. key end
  end
  if portfolio.rebalance_every and portfolio.rebalance_every ~= "never" then return "portfolios.rebalance_every" end
  if portfolio.fx and portfolio.fx[1] and #portfolio.fx[1] > 0 then return "a currency other than the account's" end
  if #portfolio.strategies ~= 1 then return ("%d strategies in one portfolio"):format(#portfolio.strategies) end
  local strategy = portfolio.strategies[1].strategy
  if strategy.def.on_bar then return "a strategy that places orders" end
  if strategy.def.symbols then return "a strategy over several symbols" end
  if #strategy.streams ~= 1 then return ("a strategy on %d streams"):format(#strategy.streams) end
end

local function unfit_symbol(symbol)
  for _, key in ipairs(SYMBOL_KEYS) do
    if symbol[key] then return "symbols." .. key end
  end
  if symbol.trade == false then return "a symbol that is not traded" end
  local spec = settings.instrument(symbol)
  if spec.margin_type ~= 0 or spec.maintenance_type ~= 0 or spec.settlement ~= 0 then return "margins or futures" end
end

local function unfit(plan)
  if #plan.symbols ~= 1 then return ("%d symbols"):format(#plan.symbols) end
  if #plan.portfolios ~= 1 then return ("%d portfolios"):format(#plan.portfolios) end
  local why = unfit_portfolio(plan.portfolios[1]) or unfit_symbol(plan.symbols[1])
  if why then return why end
  if #(plan.models or {}) > 0 or #(plan.lua_models or {}) > 0 then return "cost models" end
  if risk_settings.any(plan) then return "risk rules" end
  local exec, portfolio = configs(plan)
  if not exec then return portfolio end
  if C.pln_replay_check(exec, portfolio) < 0 then return abi.last_error() end
end

local known = setmetatable({}, { __mode = "k" }) -- by variant of the configuration: "" or why not

-- What is kept for all combos of one variant of the configuration, of which `bands` runs two sides.
local function of_variant(kept, plan, make)
  local variant = plan.variant or plan.base or plan
  local sides = kept[variant] or {}
  kept[variant] = sides
  local side = plan.execution.intrabar or ""
  if sides[side] == nil then sides[side] = make() end
  return sides[side]
end

--- Whether lanes can run a plan: they differ from combo to combo in nothing that matters here but the variant of the
-- configuration.
-- @return true, or nil and why not
function M.fits(plan)
  local why = of_variant(known, plan, function() return unfit(plan) or "" end)
  if why ~= "" then return nil, why end
  return true
end

--- A topology with lanes in place of the execution container, and without the combiners of several strategies.
function M.topology(base)
  local made, gone = { nodes = {}, edges = {} }, {}
  for _, node in ipairs(base.nodes) do
    if node.kind == "combiner" then
      gone[node.id] = true
    elseif node.kind == "execution" then
      table.insert(made.nodes, { id = node.id, kind = "lanes" })
    else
      table.insert(made.nodes, node)
    end
  end
  for _, edge in ipairs(base.edges) do
    if not gone[edge[1]] and not gone[edge[2]] then table.insert(made.edges, edge) end
  end
  return made
end

function Lanes:_group(part)
  local plan = part.plan
  local symbol = plan.symbols[1]
  local of_symbol = self.by_symbol[symbol] or {}
  self.by_symbol[symbol] = of_symbol
  local window = plan.window
  local key = ("%s %s %s"):format(tostring(window.from_ns), tostring(window.until_ns), tostring(window.role))
  local group = of_symbol[key]
  if not group then
    group = { symbol = symbol, window = window, last_ns = part.cut.last_ns, n_parts = 0, n_open = 0, rules = {},
      lanes = {}, configs = {} }
    of_symbol[key] = group
    table.insert(self.groups, group)
  end
  return group
end

function Lanes:declare(part)
  local ok, why = M.fits(part.plan)
  if not ok then return nil, "lanes cannot run this: " .. why end
  local group = self:_group(part)
  group.n_parts = group.n_parts + 1
  self.lanes[part] = { group = group }
  return true
end

-- Whether what a strategy emits comes here, unchanged and nowhere else.
function Lanes:_is_direct(part)
  local found
  for _, node in ipairs(part.phase.nodes) do
    if node.kind == "strategies" then found = node end
  end
  local targets = found and part.routes[found.id .. "|SIGNAL"]
  return targets and #targets == 1 and targets[1] == self.node.id
end

local function replay_of(group)
  if group.replay then return true end
  local replay = C.pln_replay_new(group.symbol.bars, settings.instrument(group.symbol), group.window.from_ns,
    group.window.until_ns)
  if replay == nil then return nil, abi.last_error() end
  group.replay = ffi.gc(replay, C.pln_replay_free)
  return true
end

-- The settings of the combos of a group, which those of one variant of the configuration have in common.
local function configs_of(group, plan)
  return of_variant(group.configs, plan, function()
    local exec, portfolio = configs(plan)
    return { exec = exec, portfolio = portfolio }
  end)
end

function Lanes:open(part)
  local lane, plan = self.lanes[part], part.plan
  local group, spec = lane.group, plan.portfolios[1]
  local ok, err = replay_of(group)
  if not ok then return nil, err end
  local of_group = configs_of(group, plan)
  local handle = C.pln_portfolio_new(of_group.portfolio, 1)
  if handle == nil then return nil, abi.last_error() end
  lane.portfolio, lane.sink = ffi.gc(handle, C.pln_portfolio_free), plan.sinks.portfolio(spec.name)
  lane.list = C.pln_replay_add_signals(group.replay)
  if lane.list < 0 then return nil, abi.last_error() end
  local combo = self.combo
  combo.exec, combo.portfolio, combo.weight = of_group.exec, handle, spec.strategies[1].weight
  combo.stats, combo.signals = lane.sink.stats, lane.list
  combo.regimes = lane.sink.regimes and lane.sink.regimes.handle or nil -- of lua/regimes.lua
  lane.number = C.pln_replay_add_combo(group.replay, combo)
  if lane.number < 0 then return nil, abi.last_error() end
  group.n_open = group.n_open + 1
  table.insert(group.lanes, lane)
  lane.instance = part.signal_instances[spec.strategies[1].strategy.id][1]
  if self:_is_direct(part) and lane.instance.drive and lane.instance:drive() then
    part.is_driven = #part.plan.classifiers == 0 and #part.plan.strategies == 1
    table.insert(group.rules, { rule = lane.instance.rule, list = lane.list, bars = lane.instance.stream.bars })
  end
  return true
end

function Lanes:on_signal(batch, part)
  local lane = self.lanes[part]
  if C.pln_replay_push_signals(lane.group.replay, lane.list, batch.out, batch.n) < 0 then
    return nil, abi.last_error()
  end
  return true
end

-- The recorded row at which a strategy that became warm at a row of its stream may trade first.
local function first_trading_row(group, instance)
  local bars, stream = group.symbol.bars, instance.stream
  local first = tonumber(C.pln_bars_lower_bound(bars, group.window.from_ns))
  if stream.bars == bars then return math.max(instance.warm_row - first, 0) end
  local ns = C.pln_bars_visible_ns(stream.bars, instance.warm_row)
  local low, high = first, tonumber(bars.n_bars)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if C.pln_bars_visible_ns(bars, middle) < ns then
      low = middle + 1
    else
      high = middle
    end
  end
  return low - first
end

-- The rules of a group as arrays, one call for all that run on the same bars.
local function batches_of(group)
  local batches, by_bars = {}, {}
  for _, one in ipairs(group.rules) do
    local key = tostring(one.bars)
    local batch = by_bars[key]
    if not batch then
      batch = { bars = one.bars }
      by_bars[key] = batch
      batches[#batches + 1] = batch
    end
    batch[#batch + 1] = one
  end
  for _, batch in ipairs(batches) do
    batch.rules, batch.lists = ffi.new("pln_signal_rule *[?]", #batch), ffi.new("int32_t[?]", #batch)
    for k, one in ipairs(batch) do batch.rules[k - 1], batch.lists[k - 1] = one.rule, one.list end
  end
  return batches
end

local function run_group(group, hub, until_ns)
  group.batches = group.batches or batches_of(group)
  for _, batch in ipairs(group.batches) do
    if C.pln_replay_push_rules(group.replay, hub, batch.bars, batch.rules, batch.lists, #batch) < 0 then
      return nil, abi.last_error()
    end
  end
  group.is_finished = until_ns >= group.last_ns
  local status
  if group.is_finished then
    for _, lane in ipairs(group.lanes) do
      local instance = lane.instance
      if instance.see then instance:see() end
      if instance.warm_row then lane.sink.first_trading_row(first_trading_row(group, instance)) end
    end
    status = C.pln_replay_finish(group.replay)
  else
    status = C.pln_replay_run(group.replay, until_ns)
  end
  if status < 0 then return nil, abi.last_error() end
  return true
end

function Lanes:after(until_ns)
  for _, group in ipairs(self.groups) do
    -- Parts with a history are there before the window begins.
    if group.n_open == group.n_parts and not group.is_finished then
      local ok, err = run_group(group, self.phase.hub, until_ns)
      if not ok then return nil, err end
    end
  end
  return true
end

local GIVEN_UP = "two changes of the signal between two bars ask for adding to a position"

function Lanes:close(part)
  local lane = self.lanes[part]
  local group = lane.group
  local result = C.pln_replay_result_of(group.replay, lane.number)
  if result.status == C.PLN_ERR_UNSUPPORTED then
    part.given_up = GIVEN_UP
    lane.sink.restart()
  elseif result.status ~= 0 then
    return nil, ("the replay of a combo failed with status %d"):format(result.status)
  else
    lane.sink.finish(lane.portfolio, result)
  end
  self:_free_lane(part)
  group.n_open, group.n_parts = group.n_open - 1, group.n_parts - 1
  if group.n_open == 0 then
    C.pln_replay_free(ffi.gc(group.replay, nil))
    group.replay, group.rules, group.batches, group.lanes = nil, nil, nil, nil
  end
  return true
end

function Lanes:_free_lane(part)
  local lane = self.lanes[part]
  if lane.portfolio then
    C.pln_portfolio_free(ffi.gc(lane.portfolio, nil))
    lane.portfolio = nil
  end
  self.lanes[part] = nil
end

function Lanes:free()
  for _, group in ipairs(self.groups) do
    if group.replay then C.pln_replay_free(ffi.gc(group.replay, nil)) end
    group.replay = nil
  end
  self.lanes = {} -- portfolios go with it
end

function M.new(phase, node)
  return setmetatable({
    phase = phase, node = node, groups = {}, by_symbol = {}, lanes = {}, combo = ffi.new("pln_replay_combo"),
  }, Lanes)
end

return M

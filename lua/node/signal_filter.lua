--- Node kind `signal_filter`: a component of the user's, signal_filter{…}, between what emits signals and what acts on
-- them (docs/topology.md). For each symbol of each strategy it sees the level in force at every bar and gives the level
-- that goes on.
--
-- What follows sees stand-ins for the strategies' instances, as if the filtered signals were theirs. A signal that is
-- for one of several symbols is filtered at that symbol's bars.
local ffi = require "ffi"
local abi = require "abi"
local instance = require "instance"
local C = abi.C

local M = {}

local signals_t, signal_size = ffi.typeof "pln_signal[?]", ffi.sizeof "pln_signal"

local function spec_of(part, component, stream)
  local plan = part.plan
  return {
    id = component.id, def = component.def, p = component.p, stream = part:stream(stream), library = plan.library,
    budget = plan.engine.loop_budget, rows = plan.engine.chunk_rows, seed = plan.seed,
  }
end

-- The streams on which a component may see signals.
local function streams_of(plan, of)
  local list = {}
  if of == "combiner" then
    for k, symbol in ipairs(plan.symbols) do list[k] = symbol.streams[1] end
    return list
  end
  for _, strategy in ipairs(plan.strategies) do
    if not strategy.def.on_bar then
      for _, stream in ipairs(strategy.streams) do list[#list + 1] = stream end
    end
  end
  return list
end

--- What the instances of a component are made from.
-- @return list of specs of instance.new, without `declared`
function M.specs(part, component)
  local list = streams_of(part.plan, component.of)
  for k, stream in ipairs(list) do list[k] = spec_of(part, component, stream) end
  return list
end

function M.declare(part, node)
  for _, spec in ipairs(M.specs(part, part.plan.components[node.component])) do
    local declared, err = part:declare(spec)
    if not declared then return nil, err end
    if #declared.matrices > 0 then part.has_history = true end
  end
  part.n_instances = part.n_instances + 1
  return true
end

-- One filtered list of signals -------------------------------------------------------------------------------------

local Gate = {}
Gate.__index = Gate

local function new_gate(part, component, stream, standin, symbol)
  local spec = spec_of(part, component, stream)
  local err
  spec.declared, err = part:declare(spec)
  if not spec.declared then return nil, err end
  local self = setmetatable({
    standin = standin, symbol = symbol, queue = signals_t(64), room = 64, head = 0, n = 0,
  }, Gate)
  spec.on_record, spec.on_log = part.plan.sinks.record, part.plan.sinks.log
  self.level = ffi.new("pln_signal", { direction = 0, strength = 1, confidence = 1 })
  self.instance, err = instance.new(spec, part.hub)
  if not self.instance then return nil, err end
  return self
end

function Gate:push(out, count)
  if self.head > 0 then -- what has been seen goes
    self.n = self.n - self.head
    ffi.copy(self.queue, self.queue + self.head, self.n * signal_size)
    self.head = 0
  end
  while self.n + count > self.room do
    local queue = signals_t(self.room * 2)
    ffi.copy(queue, self.queue, self.n * signal_size)
    self.queue, self.room = queue, self.room * 2
  end
  ffi.copy(self.queue + self.n, out, count * signal_size)
  self.n = self.n + count
end

-- The level in force at each row of the slice.
function Gate:_fill()
  local one, level, queue = self.instance, self.level, self.queue
  local bars, id = one.stream.bars, one.stream.hub_id
  local base, last = tonumber(C.pln_hub_first_row(one.hub, id)), tonumber(C.pln_hub_last_row(one.hub, id))
  local direction, strength, confidence = one.seen[1], one.seen[2], one.seen[3]
  local row = base
  while row < last do
    while self.head < self.n and queue[self.head].ts_ns <= C.pln_bars_visible_ns(bars, row) do
      ffi.copy(level, queue + self.head, signal_size)
      self.head = self.head + 1
    end
    local stop = last -- the level holds until the row that sees the next signal
    if self.head < self.n then
      local low, high, ts_ns = row + 1, last, queue[self.head].ts_ns
      while low < high do
        local middle = math.floor((low + high) / 2)
        if C.pln_bars_visible_ns(bars, middle) < ts_ns then low = middle + 1 else high = middle end
      end
      stop = low
    end
    for i = row - base, stop - base - 1 do
      direction[i], strength[i], confidence[i] = level.direction, level.strength, level.confidence
    end
    row = stop
  end
end

function Gate:step(part, node)
  local one = self.instance
  self:_fill()
  local changes, err = one:generate()
  if not changes then return nil, err end
  one:end_slice()
  for _, batch in ipairs(changes) do
    if batch.n > 0 then
      self.standin.n_changes = self.standin.n_changes + batch.n
      local ok
      ok, err = part:emit(node, "SIGNAL",
        { instance = self.standin, symbol = self.symbol, out = batch.out, n = batch.n })
      if not ok then return nil, err end
    end
  end
  return true
end

-- The node ---------------------------------------------------------------------------------------------------------

local Filter = {}
Filter.__index = Filter

-- The row of a stream at which all that is warm is seen, or nil.
local function warm_row(from, gates)
  if not from.warm_row then return nil end
  local ns = C.pln_bars_visible_ns(from.stream.bars, from.warm_row)
  for _, gate in ipairs(gates) do
    local one = gate.instance
    if not one.warm_row then return nil end
    local own = C.pln_bars_visible_ns(one.stream.bars, one.warm_row)
    if own > ns then ns = own end
  end
  local row = from.warm_row
  while row < from.stream.window_last and C.pln_bars_visible_ns(from.stream.bars, row) < ns do row = row + 1 end
  return row < from.stream.window_last and row or nil
end

function Filter:_wrap(from)
  local standin = setmetatable({ n_changes = 0 }, { __index = from })
  local gates = {}
  for k, stream in ipairs(from.symbols or { from.stream }) do
    local gate, err = new_gate(self.part, self.component, stream, standin, from.symbols and k)
    if not gate then return nil, err end
    gates[k] = gate
  end
  -- It is warm later, and does not run as a rule.
  standin.warm_row, standin.see, standin.drive = false, false, false
  self.by_instance[from] = gates
  table.insert(self.all, { from = from, standin = standin, gates = gates })
  return standin
end

-- Puts stand-ins into lists of instances, by the name of what they are of.
function Filter:_wrap_lists(lists, items, key)
  for _, item in ipairs(items) do
    local list = lists[item[key]] or {}
    for k, one in ipairs(list) do
      local standin, err = self:_wrap(one)
      if not standin then return nil, err end
      list[k] = standin
    end
  end
  return true
end

function Filter:on_signal(batch)
  self.by_instance[batch.instance][batch.symbol or 1]:push(batch.out, batch.n)
  return true
end

function Filter:step()
  for _, one in ipairs(self.all) do
    for _, gate in ipairs(one.gates) do
      local ok, err = gate:step(self.part, self.node)
      if not ok then return nil, err end
    end
    if not one.standin.warm_row then one.standin.warm_row = warm_row(one.from, one.gates) or false end
  end
  return true
end

function M.new(part, node)
  local plan = part.plan
  local self = setmetatable({
    part = part, node = node, component = plan.components[node.component], by_instance = {}, all = {},
  }, Filter)
  local ok, err
  if node.of == "combiner" then
    ok, err = self:_wrap_lists(part.combined, plan.portfolios, "name")
  else
    ok, err = self:_wrap_lists(part.signal_instances, plan.strategies, "id")
  end
  if not ok then return nil, err end
  return self
end

return M

--- Node kind `signal_source`: captured signals (plan.signals, a reader of lua/captured.lua) in place of strategies.
-- It sends what they sent, slice by slice, from stand-ins for their instances, so that all that follows is unchanged.
--
-- Signals that were captured in a longer window are cut to the plan's: the level in force at its start is as if it had
-- been given with its first bar, which is what a strategy without a memory does.
local ffi = require "ffi"
local capture = require "node.capture"
local captured = require "captured"
local abi = require "abi"
local C = abi.C

local M = {}

function M.declare(part)
  local plan = part.plan
  local refusal = capture.refusal(plan, "signal_replay")
  if refusal then return nil, refusal end
  for _, strategy in ipairs(plan.strategies) do
    part.n_instances = part.n_instances + (strategy.def.symbols and 1 or #strategy.streams)
  end
  return true
end

-- One list of signals cut to the window of the stream that they were made on: { out, at, n }.
local function cut(out, n, stream)
  local first, last = stream.window_first, stream.window_last
  if n == 0 or first >= last then return { at = 0, n = 0 } end
  local begins = C.pln_bars_visible_ns(stream.bars, first)
  local ends = C.pln_bars_visible_ns(stream.bars, last - 1)
  local at = 0
  while n > 0 and out[n - 1].ts_ns > ends do n = n - 1 end
  while at < n and out[at].ts_ns < begins do at = at + 1 end
  local list = { out = out, at = at, n = n }
  local before = at > 0 and out[at - 1]
  local is_level = before and not (before.direction == 0 and before.strength == 1 and before.confidence == 1)
  if is_level and (at == n or out[at].ts_ns > begins) then
    list.first = ffi.new("pln_signal[1]", before)
    list.first[0].ts_ns = begins
  end
  return list
end

local Standin = {}
Standin.__index = Standin

function Standin:summary()
  return {
    id = self.id, def = self.def, stream = self.stream, symbols = self.symbols, warm_row = self.warm_row,
    n_changes = self.n_changes,
  }
end

local function new_standin(part, strategy, stream, symbols)
  local plan = part.plan
  local one = setmetatable({
    id = strategy.id, def = strategy.def, p = strategy.p, stream = part:stream(stream),
    symbols = symbols and part:streams(symbols), n_changes = 0, lists = {},
  }, Standin)
  local source = captured.source(strategy.id, stream)
  for k, of in ipairs(one.symbols or { one.stream }) do
    local out, n = plan.signals:read(source, of.symbol)
    one.lists[k] = cut(out, n, one.stream)
  end
  local row = plan.signals:warm(source)
  row = row and math.max(row, one.stream.window_first)
  if row and row < one.stream.window_last then
    one.warm_at, one.warm_ns = row, C.pln_bars_visible_ns(one.stream.bars, row)
  end
  return one
end

local Source = {}
Source.__index = Source

function Source:_send(one, k, out, n)
  one.n_changes = one.n_changes + n
  return self.part:emit(self.node, "SIGNAL", { instance = one, symbol = one.symbols and k, out = out, n = n })
end

-- The signals of a list up to a time.
function Source:_send_list(one, k, until_ns)
  local list = one.lists[k]
  if list.first and list.first[0].ts_ns <= until_ns then
    local first = list.first
    list.first = nil
    local ok, err = self:_send(one, k, first, 1)
    if not ok then return nil, err end
  end
  local at = list.at
  while at < list.n and list.out[at].ts_ns <= until_ns do at = at + 1 end
  local n = at - list.at
  if n == 0 then return true end
  local out = list.out + list.at
  list.at = at
  return self:_send(one, k, out, n)
end

function Source:step(until_ns)
  for _, one in ipairs(self.all) do
    if one.warm_at and one.warm_ns <= until_ns then one.warm_row, one.warm_at = one.warm_at, nil end
    for k = 1, #one.lists do
      local ok, err = self:_send_list(one, k, until_ns)
      if not ok then return nil, err end
    end
  end
  return true
end

function M.new(part, node)
  local self = setmetatable({ part = part, node = node, all = {} }, Source)
  part.signal_instances = {}
  for _, strategy in ipairs(part.plan.strategies) do
    local made = {}
    if strategy.def.symbols then
      made[1] = new_standin(part, strategy, strategy.streams[1], strategy.streams)
    else
      for k, stream in ipairs(strategy.streams) do made[k] = new_standin(part, strategy, stream) end
    end
    part.signal_instances[strategy.id] = made
    for _, one in ipairs(made) do
      self.all[#self.all + 1] = one
      part.instances[#part.instances + 1] = one
    end
  end
  return self
end

return M

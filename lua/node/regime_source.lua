--- Node kind `regime_source`: captured regimes (plan.signals, a reader of lua/captured.lua) in place of classifiers,
-- for what weighs by regime.
local captured = require "captured"
local abi = require "abi"
local C = abi.C

local M = {}

local Standin = {}
Standin.__index = Standin

-- Changes within the window of the stream: the regime at its start is told with its first bar.
local function cut(list, stream)
  local made = {}
  local first, last = stream.window_first, stream.window_last
  if first >= last then return made end
  local begins = C.pln_bars_visible_ns(stream.bars, first)
  local ends = C.pln_bars_visible_ns(stream.bars, last - 1)
  for _, change in ipairs(list) do
    if change.ts_ns <= begins then
      made[1] = { ts_ns = begins, index = change.index }
    elseif change.ts_ns <= ends and (#made == 0 or made[#made].index ~= change.index) then
      made[#made + 1] = change
    end
  end
  return made
end

--- The index of the regime in force at a time, 0 for none.
function Standin:regime_at(ts_ns)
  local index = 0
  for _, change in ipairs(self.changes) do
    if change.ts_ns > ts_ns then break end
    index = change.index
  end
  return index
end

-- How many bars of the window each regime has.
function Standin:_count()
  local stream, at, index = self.stream, 0, nil
  for row = stream.window_first, #self.changes > 0 and stream.window_last - 1 or -1 do
    local change = self.changes[at + 1]
    while change and change.ts_ns <= C.pln_bars_visible_ns(stream.bars, row) do
      at, index = at + 1, change.index
      change = self.changes[at + 1]
    end
    if index then self.regime_bars[index] = self.regime_bars[index] + 1 end
  end
end

function Standin:summary()
  return { id = self.id, def = self.def, stream = self.stream, regime_bars = self.regime_bars }
end

function Standin:tell(until_ns)
  local change = self.changes[self.at]
  while change and change.ts_ns <= until_ns do
    self.sinks.regime(self, change.ts_ns, change.index)
    for _, listener in ipairs(self.listeners) do listener(change.ts_ns, change.index) end
    self.at = self.at + 1
    change = self.changes[self.at]
  end
end

function M.declare(part)
  for _, classifier in ipairs(part.plan.classifiers) do part.n_instances = part.n_instances + #classifier.streams end
  return true
end

function M.new(part)
  local plan = part.plan
  part.classifiers, part.all_classifiers = {}, {}
  for _, classifier in ipairs(plan.classifiers) do
    for _, stream in ipairs(classifier.streams) do
      local own = part:stream(stream)
      local one = setmetatable({
        id = classifier.id, def = classifier.def, stream = own, sinks = plan.sinks, listeners = {}, at = 1,
        changes = cut(plan.signals:regimes(captured.source(classifier.id, stream)), own), regime_bars = {},
      }, Standin)
      for index = 1, #classifier.def.regimes do one.regime_bars[index] = 0 end
      table.insert(part.all_classifiers, one)
      part.classifiers[classifier.id .. "|" .. stream.name] = one
    end
  end
  return {
    step = function(_, until_ns)
      for _, one in ipairs(part.all_classifiers) do one:tell(until_ns) end
      return true
    end,
    finish = function()
      for k, one in ipairs(part.all_classifiers) do
        one:_count()
        part.all_classifiers[k] = one:summary()
      end
      return true
    end,
  }
end

return M

--- Node kind `classifiers`: runs the plans' classifiers over each slice and keeps their regimes for strategies. What a
-- classifier says does not depend on a window or on portfolios: parts that have the same one, with the same parameters
-- on the same stream, share it, and each sees its own window of it.
local C = require("abi").C
local captured = require "captured"
local instance = require "instance"

local M = { is_shared = true }

local Classifiers, View = {}, {}
Classifiers.__index = Classifiers

-- A part's view: everything of the shared instance, with the stream and counts of its window.
local function new_view(part, shared, stream)
  local view = {
    shared = shared, stream = part:stream(stream), sinks = part.plan.sinks, regime_bars = {},
  }
  for index = 1, #shared.def.regimes do view.regime_bars[index] = 0 end
  return setmetatable(view, { __index = function(_, key)
    local own = View[key]
    if own then return own end
    return shared[key]
  end })
end

--- Counts the slice's rows that are in the window, and tells of changes.
function View:see()
  local shared, stream = self.shared, self.stream
  if not shared.warm_row then return end
  local base = tonumber(C.pln_hub_first_row(shared.hub, stream.hub_id))
  local last = math.min(tonumber(C.pln_hub_last_row(shared.hub, stream.hub_id)), stream.window_last)
  for row = math.max(base, stream.window_first, shared.warm_row), last - 1 do
    local index = shared.regimes[row - base]
    self.regime_bars[index] = self.regime_bars[index] + 1
    if index ~= self.told then
      self.told = index
      local ts_ns = C.pln_bars_visible_ns(stream.bars, row)
      self.sinks.regime(self, ts_ns, index)
      if self.sinks.capture then self.sinks.capture:add_regime(captured.source(shared.id, stream), ts_ns, index) end
      for _, listener in ipairs(self.listeners or {}) do listener(ts_ns, index) end
    end
  end
end

--- The index of the regime in force at a time within the current slice, 0 for none.
function View:regime_at(ts_ns)
  local shared, stream = self.shared, self.stream
  local base = tonumber(C.pln_hub_first_row(shared.hub, stream.hub_id))
  local low, high = base, tonumber(C.pln_hub_last_row(shared.hub, stream.hub_id))
  while low < high do -- the first row that is visible after it
    local middle = math.floor((low + high) / 2)
    if C.pln_bars_visible_ns(stream.bars, middle) <= ts_ns then low = middle + 1 else high = middle end
  end
  return low > base and shared.regimes[low - 1 - base] or shared.regime_before
end

--- Whether the bar that the classifier saw last is in the window.
function View:is_inside()
  local ts_ns, stream = self.shared.bar.ts_ns, self.stream
  local first, last = stream.window_first, stream.window_last
  return first < last and ts_ns >= stream.bars.ts_ns[first] and ts_ns <= stream.bars.ts_ns[last - 1]
end

function View:summary()
  return {
    id = self.shared.id, def = self.shared.def, stream = self.stream, warm_row = self.shared.warm_row,
    regime_bars = self.regime_bars,
  }
end

local function spec_of(part, classifier, stream)
  local plan = part.plan
  return {
    id = classifier.id, def = classifier.def, p = classifier.p, stream = part:whole(stream), library = plan.library,
    budget = plan.engine.loop_budget, rows = plan.engine.chunk_rows, seed = plan.seed,
  }
end

function Classifiers:_add(part, spec)
  local err
  spec.declared, err = part:declare(spec)
  if not spec.declared then return nil, err end
  local views = {}
  local function tell(kind)
    return function(_, ...)
      for _, view in ipairs(views) do
        if view:is_inside() then view.sinks[kind](view, ...) end
      end
    end
  end
  spec.on_record, spec.on_log = tell "record", tell "log"
  local one, message = instance.new(spec, part.hub)
  if not one then return nil, message end
  one.views = views
  table.insert(self.all, one)
  return one
end

function Classifiers:declare(part)
  part.classifiers, part.all_classifiers = {}, {}
  for _, classifier in ipairs(part.plan.classifiers) do
    for _, stream in ipairs(classifier.streams) do
      local spec = spec_of(part, classifier, stream)
      local key = ("%s\n%s"):format(classifier.id, instance.key(spec))
      if not self.by_key[key] then
        local one, err = self:_add(part, spec)
        if not one then return nil, err end
        self.by_key[key] = one
      end
      local view = new_view(part, self.by_key[key], stream)
      table.insert(part.all_classifiers, view)
      part.classifiers[classifier.id .. "|" .. stream.name] = view
      part.n_instances = part.n_instances + 1
    end
  end
  return true
end

function Classifiers.ready(_, part)
  for _, view in ipairs(part.all_classifiers) do table.insert(view.shared.views, view) end
  return true
end

function Classifiers:step()
  for _, one in ipairs(self.all) do
    one.regime_before = one.regime
    local ok, err = one:classify()
    if not ok then return nil, err end
    for _, view in ipairs(one.views) do view:see() end
    one:end_slice()
  end
  return true
end

function Classifiers.close(_, part)
  for k, view in ipairs(part.all_classifiers) do
    local views = view.shared.views
    for j = #views, 1, -1 do
      if views[j] == view then table.remove(views, j) end
    end
    part.all_classifiers[k] = view:summary()
  end
  part.classifiers = nil
  return true
end

function M.new() return setmetatable({ all = {}, by_key = {} }, Classifiers) end

return M

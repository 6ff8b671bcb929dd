--- Node kind `combiner`: the signals of a portfolio's strategies as one signal for each symbol, by weights that may
-- change with the regime and over time (docs/ensemble.md).
--
-- The combined level is the sum of weight x direction x strength over the members, those that have not spoken yet
-- counting as FLAT. Its sign is the direction, FLAT while it is no more than the threshold; its size, up to 1, the
-- strength. The confidence is how far the members that are not FLAT agree, |sum of w d s| / sum of |w d| s, times their
-- mean confidence, by |w| s; where all are FLAT, the mean of the confidences by |w|.
--
-- A signal comes at each instant at which one of the three changed, whatever changed it: a member, the regime, the
-- weights. Weights of a time come into force at the first bar of the symbol that becomes visible then or later.
local ffi = require "ffi"
local abi = require "abi"
local C = abi.C

local M = {}

local INT64_MAX, INT64_MIN = abi.INT64_MAX, abi.INT64_MIN

-- Sums of weights that should cancel do so but for rounding.
local ROUNDING = 1e-12

local signals_t, signal_size = ffi.typeof "pln_signal[?]", ffi.sizeof "pln_signal"
local doubles, ints = ffi.typeof "double[?]", ffi.typeof "int32_t[?]"

-- ---- queues of changes ----

local function new_queue() return { items = signals_t(64), room = 64, head = 0, n = 0 } end

local function push(queue, list, count)
  if queue.head > 0 then -- what has been dealt with goes
    ffi.copy(queue.items, queue.items + queue.head, (queue.n - queue.head) * signal_size)
    queue.head, queue.n = 0, queue.n - queue.head
  end
  if queue.n + count > queue.room then
    while queue.n + count > queue.room do queue.room = queue.room * 2 end
    local items = signals_t(queue.room)
    ffi.copy(items, queue.items, queue.n * signal_size)
    queue.items = items
  end
  ffi.copy(queue.items + queue.n, list, count * signal_size)
  queue.n = queue.n + count
end

-- ---- one portfolio and symbol ----

local Mixer = {}
Mixer.__index = Mixer

-- The weights over time as steps at bars of the symbol: those from before the window are in force from the start.
local function steps_of(schedule, stream)
  local bars, made = stream.bars, {}
  for _, entry in ipairs(schedule) do
    local ts_ns, row = INT64_MIN, stream.window_first
    if row < stream.window_last and entry.ts_ns > C.pln_bars_visible_ns(bars, row) then
      row = math.max(row, tonumber(C.pln_bars_lower_bound(bars, entry.ts_ns)) - 1)
      -- Bars open before they are visible: the first that is visible at that time or later is there, or soon after.
      while row > stream.window_first and C.pln_bars_visible_ns(bars, row - 1) >= entry.ts_ns do row = row - 1 end
      while row < stream.window_last and C.pln_bars_visible_ns(bars, row) < entry.ts_ns do row = row + 1 end
      ts_ns = row < stream.window_last and C.pln_bars_visible_ns(bars, row) or nil
    end
    if ts_ns then
      made[#made + 1] = { ts_ns = ts_ns, regime = entry.regime, weights = doubles(#entry.weights, entry.weights) }
    end
  end
  return made
end

local function new_mixer(spec, stream, n_members)
  local combine = spec.combine
  local self = setmetatable({
    stream = stream, n = n_members, threshold = combine.threshold, steps = steps_of(combine.schedule, stream),
    step_at = 1, has_strengths = combine.strengths ~= false,
    direction = ints(n_members), strength = doubles(n_members), confidence = doubles(n_members), queues = {},
    regimes = new_queue(), regime = 0, in_force = {}, out = signals_t(64), room = 64,
    last_direction = 0, last_strength = 0, last_confidence = -1,
  }, Mixer)
  for k = 0, n_members - 1 do self.confidence[k] = 1 end
  for k = 1, n_members do self.queues[k] = new_queue() end
  return self
end

--- The weights in force, or nil where there are none.
function Mixer:weights() return self.in_force[self.regime] or self.in_force[0] end

function Mixer:_next_ns()
  local next_ns = INT64_MAX
  local step = self.steps[self.step_at]
  if step then next_ns = step.ts_ns end
  local regimes = self.regimes
  if regimes.head < regimes.n and regimes.items[regimes.head].ts_ns < next_ns then
    next_ns = regimes.items[regimes.head].ts_ns
  end
  for k = 1, self.n do
    local queue = self.queues[k]
    if queue.head < queue.n and queue.items[queue.head].ts_ns < next_ns then next_ns = queue.items[queue.head].ts_ns end
  end
  return next_ns
end

-- Takes in all that changed at an instant.
function Mixer:_apply(ts_ns)
  while self.steps[self.step_at] and self.steps[self.step_at].ts_ns <= ts_ns do
    local step = self.steps[self.step_at]
    self.in_force[step.regime] = step.weights
    self.step_at = self.step_at + 1
  end
  local regimes = self.regimes
  while regimes.head < regimes.n and regimes.items[regimes.head].ts_ns <= ts_ns do
    self.regime = regimes.items[regimes.head].direction
    regimes.head = regimes.head + 1
  end
  for k = 1, self.n do
    local queue = self.queues[k]
    while queue.head < queue.n and queue.items[queue.head].ts_ns <= ts_ns do
      local item = queue.items[queue.head]
      self.direction[k - 1], self.confidence[k - 1] = item.direction, item.confidence
      self.strength[k - 1] = self.has_strengths and item.strength or 1
      queue.head = queue.head + 1
    end
  end
end

--- Direction, strength and confidence of members' levels under weights (arrays from 0).
function M.combined(n, weights, direction, strength, confidence, threshold)
  local level, gross, sure, flat_gross, flat_sure = 0, 0, 0, 0, 0
  for k = 0, n - 1 do
    local w = weights[k]
    local size, d = math.abs(w), direction[k]
    level = level + w * (d * strength[k])
    if d ~= 0 then
      gross, sure = gross + size * strength[k], sure + size * strength[k] * confidence[k]
    end
    flat_gross, flat_sure = flat_gross + size, flat_sure + size * confidence[k]
  end
  local size = math.abs(level)
  local is_flat = size <= threshold + ROUNDING
  local sureness
  if gross > 0 then
    local share = size / gross
    sureness = (share < 1 and share or 1) * (sure / gross)
  else
    sureness = flat_gross > 0 and flat_sure / flat_gross or 1
  end
  if is_flat then return 0, 0, sureness end
  return level > 0 and 1 or -1, size < 1 and size or 1, sureness
end

function Mixer:_emit(ts_ns, n)
  local weights = self:weights()
  local d, s, c = 0, 0, 1
  if weights then
    d, s, c = M.combined(self.n, weights, self.direction, self.strength, self.confidence, self.threshold)
  end
  if d == self.last_direction and s == self.last_strength and (c == self.last_confidence or self.last_confidence < 0
    and d == 0) then
    return n
  end
  self.last_direction, self.last_strength, self.last_confidence = d, s, c
  if n == self.room then
    local out = signals_t(self.room * 2)
    ffi.copy(out, self.out, n * signal_size)
    self.out, self.room = out, self.room * 2
  end
  local item = self.out[n]
  item.ts_ns, item.direction, item.strength, item.confidence = ts_ns, d, s, c
  return n + 1
end

--- Processes all that is known up to a time. Returns how many signals stand in self.out.
function Mixer:run(until_ns)
  local n = 0
  while true do
    local ts_ns = self:_next_ns()
    if ts_ns > until_ns or ts_ns == INT64_MAX then return n end
    self:_apply(ts_ns)
    if ts_ns ~= INT64_MIN then -- weights from before the window alone are no event
      n = self:_emit(ts_ns, n)
      if self.record then self.record(ts_ns, self) end
    end
  end
end

-- ---- the node ----

local Combiner = {}
Combiner.__index = Combiner

function Combiner:on_signal(batch)
  local routes = self.routes[batch.instance]
  for _, route in ipairs(routes and routes[batch.symbol or 1] or {}) do
    push(route.mixer.queues[route.member], batch.out, batch.n)
  end
  return true
end

function Combiner:step(until_ns)
  for _, mixer in ipairs(self.mixers) do
    local n = mixer:run(until_ns)
    if n > 0 then
      local ok, err = self.part:emit(self.node, "SIGNAL", { instance = mixer, out = mixer.out, n = n })
      if not ok then return nil, err end
    end
  end
  return true
end

-- The stream whose regimes hold for an instrument: the classifier's own on that symbol, or the only one that it has.
local function regime_stream(plan, id, stream)
  for _, classifier in ipairs(plan.classifiers) do
    if classifier.id == id then
      for _, own in ipairs(classifier.streams) do
        if own.symbol == stream.symbol then return own end
      end
      if #classifier.streams == 1 then return classifier.streams[1] end
    end
  end
end

function Combiner:_listen(mixer, id, stream)
  local part = self.part
  local own = regime_stream(part.plan, id, stream)
  if not own then
    return nil, ("classifier '%s', whose regimes choose weights, runs on several symbols but not on %s"):format(id,
      stream.symbol)
  end
  local change = signals_t(1)
  local one = part.classifiers[id .. "|" .. own.name]
  one.listeners = one.listeners or {}
  table.insert(one.listeners, function(ts_ns, index)
    change[0].ts_ns, change[0].direction = ts_ns, index
    push(mixer.regimes, change, 1)
  end)
  return true
end

function Combiner:_add_portfolio(spec)
  local part = self.part
  local by_instrument, made = {}, {}
  for member, use in ipairs(spec.strategies) do
    for _, one in ipairs(part.signal_instances[use.strategy.id]) do
      for k, stream in ipairs(one.symbols or { one.stream }) do
        local mixer = by_instrument[stream.instrument]
        if not mixer then
          local base = part.plan.symbols[stream.instrument + 1].streams[1]
          mixer = new_mixer(spec, part:stream(base), #spec.strategies)
          mixer.id, mixer.instrument, mixer.portfolio = "combined " .. spec.name, stream.instrument, spec.name
          if spec.combine.classifier then
            local ok, err = self:_listen(mixer, spec.combine.classifier, mixer.stream)
            if not ok then return nil, err end
          end
          if part.plan.sinks.combined then
            mixer.record = part.plan.sinks.combined(spec.name, mixer)
          end
          by_instrument[stream.instrument], made[#made + 1] = mixer, mixer
          table.insert(self.mixers, mixer)
        end
        self.routes[one] = self.routes[one] or {}
        self.routes[one][k] = self.routes[one][k] or {}
        table.insert(self.routes[one][k], { mixer = mixer, member = member })
      end
    end
  end
  part.combined[spec.name] = made
  return true
end

function M.new(part, node)
  local self = setmetatable({ part = part, node = node, mixers = {}, routes = {} }, Combiner)
  part.combined = {} -- by portfolio: what takes the place of its strategies' instances, { instrument, stream } each
  for _, portfolio in ipairs(part.plan.portfolios) do
    if portfolio.combine then
      local ok, err = self:_add_portfolio(portfolio)
      if not ok then return nil, err end
    end
  end
  return self
end

return M

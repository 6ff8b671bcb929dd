--- Topologies: which containers and services exist and how events flow between them.
--
-- A topology is data: nodes with a kind, edges with the topic that flows along them. `build` turns it into a phase: one
-- feature hub (if it has a node for it), and for each combo and window a part with containers of its own; `run` pulls
-- the data through them, slice by slice; nothing outlives the phase but what the sinks were given. What several parts
-- ask of the hub is computed once. A part's containers are made when its window begins and destroyed when it has
-- passed. A new component is one more node: its kind is a module in lua/node/ with
--
--   M.new(part, node) → object, or nil and a message: when the part's window begins; with any of
--     object:step(until_ns)       → true, or nil and a message: once for each slice, in the order of the edges; the
--                                   last one of a part has INT64_MAX
--     object:on_signal(batch)     → true, or nil and a message: batch = { instance, symbol, out, n }
--     object:finish()             → true, or nil and a message: the window has passed
--     object:free()
--   M.declare(part, node)         → true, or nil and a message: what the part will ask of the hub, which cannot grow
--                                   later; optional
--   M.is_shared                   true: the parts of a phase have one object together, M.new(phase, node), made with
--                                   the phase, with any of
--     object:declare(part), object:ready(part), object:open(part), object:close(part)
--                                 → true, or nil and a message: for each part: at build, once its window begins, before
--                                   and after its own containers are made, and once its window has passed, before they
--                                   finish
--     object:step(until_ns)       as above, before the steps of all parts
--     object:on_signal(batch, part)
--     object:after(until_ns)      → true, or nil and a message: after the steps of all parts
--     object:free()
--
-- and it passes events on with part:emit(node, "SIGNAL", batch). A part has `plan`, with the window that is traded,
-- `hub`, `phase`, `objects` by node id, `is_driven` (a shared object does the steps of all of them), `instances` (of
-- strategies), and part:stream(stream): the stream with the rows of the part's window. A declaration that sets
-- part.has_history has the containers made with the data's first bar.
local ffi = require "ffi"
local abi = require "abi"
local components = require "components"
local indicator_hub = require "indicator_hub"
local instance = require "instance"
local C = abi.C

local INT64_MAX, INT64_MIN = abi.INT64_MAX, abi.INT64_MIN

local M = {}

M.topologies = {
  full_backtest = {
    nodes = {
      { id = "features", kind = "feature_hub" },
      { id = "classifiers", kind = "classifiers" },
      { id = "strategies", kind = "strategies" },
      { id = "combiner", kind = "combiner" },
      { id = "execution", kind = "execution" },
    },
    edges = {
      { "features", "classifiers", "FEATURES" },
      { "features", "strategies", "FEATURES" },
      { "classifiers", "strategies", "REGIME" },
      { "classifiers", "combiner", "REGIME" },
      { "strategies", "combiner", "SIGNAL" },
      { "strategies", "execution", "SIGNAL" },
      { "combiner", "execution", "SIGNAL" },
    },
  },
  -- Stops at signals, which go to the plan's sinks.capture.
  signal_generation = {
    nodes = {
      { id = "features", kind = "feature_hub" },
      { id = "classifiers", kind = "classifiers" },
      { id = "strategies", kind = "strategies" },
      { id = "capture", kind = "capture" },
    },
    edges = {
      { "features", "classifiers", "FEATURES" },
      { "features", "strategies", "FEATURES" },
      { "classifiers", "strategies", "REGIME" },
      { "classifiers", "capture", "REGIME" },
      { "strategies", "capture", "SIGNAL" },
    },
  },
  -- Begins with signals, those of the plan's `signals`; of the data it reads the prices that fills need.
  signal_replay = {
    nodes = {
      { id = "classifiers", kind = "regime_source" },
      { id = "strategies", kind = "signal_source" },
      { id = "combiner", kind = "combiner" },
      { id = "execution", kind = "execution" },
    },
    edges = {
      { "classifiers", "combiner", "REGIME" },
      { "strategies", "combiner", "SIGNAL" },
      { "strategies", "execution", "SIGNAL" },
      { "combiner", "execution", "SIGNAL" },
    },
  },
}

-- Rows of a stream inside a window: first and last (exclusive). A bar of a longer timeframe that closes after the
-- window's end, and after the last bar that is traded in it, tells of what follows.
local function rows_in(bars, window, last_ns)
  local first = tonumber(C.pln_bars_lower_bound(bars, window.from_ns))
  local last = tonumber(C.pln_bars_lower_bound(bars, window.until_ns))
  while last > first and C.pln_bars_visible_ns(bars, last - 1) > last_ns do last = last - 1 end
  return first, last
end

--- A window over streams: { streams = by name, with window_first and window_last; first_ns, last_ns: when its first and
-- its last bar are visible }.
local function cut(plan, window, ids)
  local last_ns = window.until_ns
  for _, symbol in ipairs(plan.symbols) do
    local last = tonumber(C.pln_bars_lower_bound(symbol.bars, window.until_ns)) - 1
    if last >= 0 and symbol.bars.ts_ns[last] >= window.from_ns then
      local visible = C.pln_bars_visible_ns(symbol.bars, last)
      if visible > last_ns then last_ns = visible end
    end
  end
  local made = { streams = {}, first_ns = INT64_MAX, last_ns = INT64_MIN }
  local function see(bars, first, last)
    if first >= last then return end
    local begins, ends = C.pln_bars_visible_ns(bars, first), C.pln_bars_visible_ns(bars, last - 1)
    if begins < made.first_ns then made.first_ns = begins end
    if ends > made.last_ns then made.last_ns = ends end
  end
  for _, stream in ipairs(plan.streams) do
    local first, last = rows_in(stream.bars, window, last_ns)
    made.streams[stream.name] = setmetatable({
      hub_id = ids[stream.name], window_first = first, window_last = last,
    }, { __index = stream })
    see(stream.bars, first, last)
  end
  for _, symbol in ipairs(plan.symbols) do
    see(symbol.bars, rows_in(symbol.bars, window, INT64_MAX))
  end
  return made
end

local Phase, Part = {}, {}
Phase.__index, Part.__index = Phase, Part

--- Nodes in an order that respects the edges; ties in the order in which they are listed.
local function ordered(topology)
  local order, state = {}, {}
  local by_id = {}
  for _, node in ipairs(topology.nodes) do by_id[node.id] = node end
  local function visit(node)
    if state[node.id] == "done" then return end
    assert(state[node.id] ~= "open", "the topology has a cycle through node " .. node.id)
    state[node.id] = "open"
    for _, edge in ipairs(topology.edges) do
      if edge[2] == node.id then visit(assert(by_id[edge[1]], "an edge starts at an unknown node " .. edge[1])) end
    end
    state[node.id] = "done"
    order[#order + 1] = node
  end
  for _, node in ipairs(topology.nodes) do visit(node) end
  return order
end

local function kind_of(node) return require("node." .. node.kind) end

-- { "strategies|SIGNAL" = { "execution" } … }
local function routes_of(topology)
  local routes = {}
  for _, edge in ipairs(topology.edges) do
    local key = edge[1] .. "|" .. edge[3]
    routes[key] = routes[key] or {}
    table.insert(routes[key], edge[2])
  end
  return routes
end

-- The window that a plan trades in: a common start cuts it like a later beginning.
local function traded(plan)
  local window = plan.window
  local start_ns = window.start_ns
  if not start_ns or start_ns <= window.from_ns then return plan end
  local own = setmetatable({ from_ns = start_ns }, { __index = window })
  return setmetatable({ window = own, base = plan.base or plan }, { __index = plan })
end

-- The cut of a plan's window, which plans with the same window and streams have in common.
function Phase:_cut(plan)
  local by_streams = self.cuts[plan.streams] or {}
  self.cuts[plan.streams] = by_streams
  local key = ("%s %s"):format(tostring(plan.window.from_ns), tostring(plan.window.until_ns))
  by_streams[key] = by_streams[key] or cut(plan, plan.window, self.stream_ids)
  return by_streams[key]
end

-- Adds the streams of a plan that the hub does not have yet.
function Phase:_add_streams(plan)
  if self.cuts[plan.streams] then return true end
  self.cuts[plan.streams] = {}
  for _, stream in ipairs(plan.streams) do
    local known = self.stream_bars[stream.name]
    if known and known ~= stream.bars then
      return nil, ("the plans of a phase have different bars of %s"):format(stream.name)
    end
    if not known then
      local id = self.hub and C.pln_hub_add_stream(self.hub, stream.bars)
      if id and id < 0 then return nil, abi.last_error() end
      self.stream_ids[stream.name], self.stream_bars[stream.name] = id, stream.bars
      if stream.bars.n_bars > 0 then
        local visible = C.pln_bars_visible_ns(stream.bars, 0)
        if visible < self.first_ns then self.first_ns = visible end
      end
    end
  end
  return true
end

function Phase:_each_shared(method, ...)
  for _, node in ipairs(self.shared_nodes) do
    local object = self.objects[node.id]
    if object[method] then
      local ok, err = object[method](object, ...)
      if not ok then return nil, err end
    end
  end
  return true
end

function Phase:_add_part(plan)
  local own = traded(plan)
  local part = setmetatable({
    phase = self, plan = own, hub = self.hub, cut = self:_cut(own), state = "waiting", routes = self.routes,
    objects = setmetatable({}, { __index = self.objects }), instances = {}, n_instances = 0, all_classifiers = {},
    declarations = {},
  }, Part)
  self.parts[#self.parts + 1] = part
  local ok, err = self:_each_shared("declare", part)
  if not ok then return nil, err end
  for _, node in ipairs(self.nodes) do
    local declare = kind_of(node).declare
    if declare then
      ok, err = declare(part, node)
      if not ok then return nil, err end
    end
  end
  return true
end

-- Slices of time without a hub: by the bars that fills happen on. Each call gives the end of the next slice, INT64_MAX
-- once all of them are in it, and how many bars it has.
local function new_clock(list)
  local chunk, all, seen = list[1].engine.chunk_rows, {}, {}
  for _, plan in ipairs(list) do
    for _, symbol in ipairs(plan.symbols) do
      local name = plan.symbols == seen.symbols or tostring(ffi.cast("const void *", symbol.bars))
      if name ~= true and not seen[name] then
        seen[name] = true
        all[#all + 1] = { bars = symbol.bars, row = 0, n = tonumber(symbol.bars.n_bars) }
      end
    end
    seen.symbols = plan.symbols
  end
  return function()
    local horizon, rows = INT64_MAX, 0
    for _, one in ipairs(all) do
      if one.n - one.row > chunk then
        local visible = C.pln_bars_visible_ns(one.bars, one.row + chunk - 1)
        if visible < horizon then horizon = visible end
      end
    end
    for _, one in ipairs(all) do
      local from = one.row
      while one.row < one.n and C.pln_bars_visible_ns(one.bars, one.row) <= horizon do one.row = one.row + 1 end
      rows = rows + one.row - from
    end
    return horizon, rows
  end
end

--- Builds the containers of one or several combos, each in one or several windows.
-- @param topology entry of M.topologies, or a table of the same form; the plans' components are inserted here
-- @param list plans, one for each combo and window, of the same data: { library = indicators in Lua (nil: the default
--   ones), streams, symbols, strategies, classifiers, portfolios, execution, engine, sinks,
--   signals (of signal_replay: lua/captured.lua),
--   window = { from_ns, until_ns (exclusive), role, start_ns = of M.warmup or nil } }; see plan.lua, which makes them
-- @return the phase, with its `parts` in the order of the plans; or nil and a message
function M.build(topology, list)
  local plan = list[1]
  topology = components.insert(topology, plan.components)
  local phase = setmetatable({
    parts = {}, nodes = {}, shared_nodes = {}, objects = {}, routes = routes_of(topology), hub_rows = 0, cuts = {},
    stream_ids = {}, stream_bars = {}, declared = {}, first_ns = INT64_MAX,
  }, Phase)
  for _, node in ipairs(topology.nodes) do phase.has_hub = phase.has_hub or node.kind == "feature_hub" end
  if phase.has_hub then
    phase.hub = ffi.gc(C.pln_hub_new(plan.engine.chunk_rows), C.pln_hub_free)
    if phase.hub == nil then return nil, abi.last_error() end
    indicator_hub.attach(phase.hub, plan.library, plan.engine.loop_budget)
  else
    phase.clock = new_clock(list)
  end
  local function fill()
    for _, one in ipairs(list) do
      local ok, err = phase:_add_streams(one)
      if not ok then return nil, err end
    end
    for _, node in ipairs(ordered(topology)) do
      if kind_of(node).is_shared then
        local object, err = kind_of(node).new(phase, node)
        if not object then return nil, err end
        phase.objects[node.id] = object
        table.insert(phase.shared_nodes, node)
      else
        table.insert(phase.nodes, node)
      end
    end
    for _, one in ipairs(list) do
      local ok, err = phase:_add_part(one)
      if not ok then return nil, err end
    end
    if phase.hub and C.pln_hub_seal(phase.hub) < 0 then return nil, abi.last_error() end
    return phase:_open_parts(phase.first_ns)
  end
  local ok, err = fill()
  if not ok then
    phase:free()
    return nil, err
  end
  return phase
end

--- The stream with the part's own window_first and window_last (exclusive).
function Part:stream(stream) return self.cut.streams[stream.name] end

--- The stream with all its rows, whatever the part's window.
function Part:whole(stream)
  return setmetatable({
    hub_id = self.phase.stream_ids[stream.name], window_first = 0, window_last = tonumber(stream.bars.n_bars),
  }, { __index = stream })
end

--- Of a list of streams.
function Part:streams(list)
  local made = {}
  for k, stream in ipairs(list) do made[k] = self:stream(stream) end
  return made
end

--- Declares an instance's features (instance.declare): once for all parts that have the same.
-- @param spec of instance.declare
-- @return what is declared, or nil and a message
function Part:declare(spec)
  local made, key = self.phase.declared, instance.key(spec)
  if not made[key] then
    local declared, err = instance.declare(spec, self.hub)
    if not declared then return nil, err end
    made[key] = declared
  end
  table.insert(self.declarations, {
    id = spec.id, def = spec.def, stream = spec.stream, symbols = spec.symbols, columns = made[key].columns,
  })
  return made[key]
end

--- Sends an event along the edges of its topic.
function Part:emit(node, topic, batch)
  for _, target in ipairs(self.routes[node.id .. "|" .. topic] or {}) do
    local ok, err = self.objects[target]:on_signal(batch, self)
    if not ok then return nil, err end
  end
  return true
end

function Part:_each(method, ...)
  for _, node in ipairs(self.phase.nodes) do
    local object = self.objects[node.id]
    if object[method] then
      local ok, err = object[method](object, ...)
      if not ok then return nil, err end
    end
  end
  return true
end

function Part:_open()
  local phase = self.phase
  self.state = "open"
  local ok, err = phase:_each_shared("ready", self)
  if not ok then return nil, err end
  for _, node in ipairs(phase.nodes) do
    local object
    object, err = kind_of(node).new(self, node)
    if not object then return nil, err end
    self.objects[node.id] = object
  end
  return phase:_each_shared("open", self)
end

function Part:_free()
  for i = #self.phase.nodes, 1, -1 do
    local id = self.phase.nodes[i].id
    local object = rawget(self.objects, id)
    if object and object.free then object:free() end
    self.objects[id] = nil
  end
  self.signal_instances = nil
  self.state = "done"
end

-- The window has passed: sinks get the rest, memory is given back. What results tell of instances stays.
function Part:_close()
  local ok, err = self.phase:_each_shared("close", self)
  if ok then ok, err = self:_each("finish") end
  if not ok then return nil, err end
  for k, one in ipairs(self.instances) do self.instances[k] = one:summary() end
  self:_free()
  return true
end

-- Makes the containers of parts whose window has begun by a time.
function Phase:_open_parts(until_ns)
  self.n_waiting = 0
  for _, part in ipairs(self.parts) do
    if part.state == "waiting" then
      if part.has_history or part.cut.first_ns <= until_ns then
        local ok, err = part:_open()
        if not ok then return nil, err end
      else
        self.n_waiting = self.n_waiting + 1
      end
    end
  end
  return true
end

function Phase:_slice(horizon)
  local ok, err = true, nil
  if self.n_waiting > 0 then ok, err = self:_open_parts(horizon) end
  if ok then ok, err = self:_each_shared("step", horizon) end
  if not ok then return nil, err end
  for _, part in ipairs(self.parts) do
    if part.state == "open" then
      part.is_over = horizon >= part.cut.last_ns
      if not part.is_driven then
        ok, err = part:_each("step", part.is_over and INT64_MAX or horizon)
        if not ok then return nil, err end
      end
    end
  end
  ok, err = self:_each_shared("after", horizon)
  if not ok then return nil, err end
  self.n_open = 0
  for _, part in ipairs(self.parts) do
    if part.state == "open" and part.is_over then
      ok, err = part:_close()
      if not ok then return nil, err end
    end
    if part.state ~= "done" then self.n_open = self.n_open + 1 end
  end
  return true
end

function Phase:_horizon()
  if self.hub then return C.pln_hub_horizon(self.hub) end
  local horizon, rows = self.clock()
  self.hub_rows = self.hub_rows + rows
  return horizon
end

--- Pulls the data through the containers until the last part's window has passed. `on_slice(rows)` is called after each
-- slice with the number of rows so far, and may return false to stop.
-- @return true, or nil and a message
function Phase:run(on_slice)
  repeat
    local ok, err = self:_slice(self:_horizon())
    if not ok then return nil, err end
    if on_slice and on_slice(self.hub_rows) == false then return nil, "interrupted" end
  until self.n_open == 0
  return true
end

local WARMUP = {
  nodes = { { id = "features", kind = "feature_hub" }, { id = "warmup", kind = "warmup" } },
  edges = { { "features", "warmup", "FEATURES" } },
}

--- From when on all strategies of all plans can run: the common start of a comparison, for window.start_ns. The hub
-- runs until it is known; strategies do not. What never becomes warm (there are too few bars) is left out.
-- @param list plans as for M.build
-- @return open time of the first bar with which the slowest is warm (int64), nil where none ever is; and a list of such
--   times, one for each plan, false for those that never are; or nil and a message
function M.warmup(list)
  local phase, err = M.build(WARMUP, list)
  if not phase then return nil, err end
  local ok
  ok, err = phase:run(function() return not phase.objects.warmup:is_done() end)
  if not ok and err ~= "interrupted" then
    phase:free()
    return nil, err
  end
  local latest, each = nil, {}
  for k, part in ipairs(phase.parts) do
    local ts_ns = kind_of(WARMUP.nodes[2]).of_part(part)
    if ts_ns and (not latest or ts_ns > latest) then latest = ts_ns end
    each[k] = ts_ns or false
  end
  phase:free()
  return latest, each
end

--- Destroys the containers now rather than when Lua collects them.
function Phase:free()
  for _, part in ipairs(self.parts) do part:_free() end
  for _, node in ipairs(self.shared_nodes) do
    local object = self.objects[node.id]
    if object.free then object:free() end
  end
  self.objects = {}
  if self.hub then
    C.pln_hub_free(ffi.gc(self.hub, nil))
    self.hub = nil
  end
end

return M

--- Topologies: which containers and services exist and how events flow between them.
--
-- A topology is data: nodes with a kind, edges with the topic that flows along them. `build` turns it into a phase:
-- one feature hub, and for each combo a part with containers of its own; `run` pulls the data through them, slice by
-- slice; nothing outlives the phase but what the sinks were given. What several combos ask of the hub is computed
-- once. A new component is one more node: its kind is a module in lua/node/ with
--
--   M.new(part, node) → object, or nil and a message, with any of
--     object:step(until_ns)       → true, or nil and a message: once for each slice, in the order of the edges
--     object:on_signal(batch)     → true, or nil and a message: batch = { instance, symbol, out, n }
--     object:finish()             → true, or nil and a message
--   M.is_shared                   true: the parts of a phase have one object together, made with the phase
--
-- and it passes events on with part:emit(node, "SIGNAL", batch).
local ffi = require "ffi"
local abi = require "abi"
local indicator_hub = require "indicator_hub"
local C = abi.C

local INT64_MAX = abi.INT64_MAX

local M = {}

M.topologies = {
  full_backtest = {
    nodes = {
      { id = "features", kind = "feature_hub" },
      { id = "classifiers", kind = "classifiers" },
      { id = "strategies", kind = "strategies" },
      { id = "execution", kind = "execution" },
    },
    edges = {
      { "features", "classifiers", "FEATURES" },
      { "features", "strategies", "FEATURES" },
      { "classifiers", "strategies", "REGIME" },
      { "strategies", "execution", "SIGNAL" },
    },
  },
}

--- Rows of the streams inside the window: window_first and window_last (exclusive) of each. A bar of a longer timeframe
-- that closes after the window's end, and after the last bar that is traded in it, tells of what follows.
local function cut(plan)
  local last_ns = plan.window.until_ns
  for _, symbol in ipairs(plan.symbols) do
    local last = tonumber(C.pln_bars_lower_bound(symbol.bars, plan.window.until_ns)) - 1
    if last >= 0 and symbol.bars.ts_ns[last] >= plan.window.from_ns then
      local visible = C.pln_bars_visible_ns(symbol.bars, last)
      if visible > last_ns then last_ns = visible end
    end
  end
  for _, stream in ipairs(plan.streams) do
    local bars = stream.bars
    stream.window_first = tonumber(C.pln_bars_lower_bound(bars, plan.window.from_ns))
    stream.window_last = tonumber(C.pln_bars_lower_bound(bars, plan.window.until_ns))
    while stream.window_last > stream.window_first
      and C.pln_bars_visible_ns(bars, stream.window_last - 1) > last_ns do
      stream.window_last = stream.window_last - 1
    end
  end
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

-- The containers of one combo.
local function build_part(phase, plan)
  local part = setmetatable({
    plan = plan, hub = phase.hub, objects = {}, routes = phase.routes, instances = {},
  }, Part)
  phase.parts[#phase.parts + 1] = part
  for _, node in ipairs(phase.nodes) do
    local object, err = kind_of(node).new(part, node)
    if not object then return nil, err end
    part.objects[node.id] = object
  end
  return true
end

--- Builds the containers of one or several combos for one window.
-- @param topology entry of M.topologies, or a table of the same form
-- @param list plans, one for each combo, that differ in parameters and sinks only: { library = indicators in Lua (nil:
--   the default ones), streams, symbols, strategies, classifiers, portfolios, execution, window, engine, sinks }; see
--   coordinator.lua, which makes them
-- @return the phase, with its `parts` in the order of the plans; or nil and a message
function M.build(topology, list)
  local plan = list[1]
  local phase = setmetatable({ parts = {}, nodes = {}, shared = {}, routes = routes_of(topology), hub_rows = 0 }, Phase)
  phase.hub = ffi.gc(C.pln_hub_new(plan.engine.chunk_rows), C.pln_hub_free)
  if phase.hub == nil then return nil, abi.last_error() end
  indicator_hub.attach(phase.hub, plan.library, plan.engine.loop_budget)
  for _, stream in ipairs(plan.streams) do
    local id = C.pln_hub_add_stream(phase.hub, stream.bars)
    if id < 0 then return nil, abi.last_error() end
    stream.hub_id = id
  end
  cut(plan)
  for _, node in ipairs(ordered(topology)) do
    if kind_of(node).is_shared then
      local object, err = kind_of(node).new(phase, node)
      if not object then return nil, err end
      table.insert(phase.shared, object)
    else
      table.insert(phase.nodes, node)
    end
  end
  for _, one in ipairs(list) do
    local ok, err = build_part(phase, one)
    if not ok then
      phase:free()
      return nil, err
    end
  end
  if C.pln_hub_seal(phase.hub) < 0 then return nil, abi.last_error() end
  return phase
end

--- Sends an event along the edges of its topic.
function Part:emit(node, topic, batch)
  for _, target in ipairs(self.routes[node.id .. "|" .. topic] or {}) do
    local ok, err = self.objects[target]:on_signal(batch)
    if not ok then return nil, err end
  end
  return true
end

function Part:_each(nodes, method, ...)
  for _, node in ipairs(nodes) do
    local object = self.objects[node.id]
    if object[method] then
      local ok, err = object[method](object, ...)
      if not ok then return nil, err end
    end
  end
  return true
end

--- Pulls all the data through the containers. `on_slice(rows)` is called after each slice with the number of rows
-- so far, and may return false to stop.
-- @return true, or nil and a message
function Phase:run(on_slice)
  local finished = false
  while not finished do
    local horizon = C.pln_hub_horizon(self.hub)
    finished = horizon == INT64_MAX
    for _, object in ipairs(self.shared) do
      local ok, err = object:step(horizon)
      if not ok then return nil, err end
    end
    for _, part in ipairs(self.parts) do
      local ok, err = part:_each(self.nodes, "step", horizon)
      if not ok then return nil, err end
    end
    if on_slice and on_slice(self.hub_rows) == false then return nil, "interrupted" end
  end
  for _, part in ipairs(self.parts) do
    local ok, err = part:_each(self.nodes, "finish")
    if not ok then return nil, err end
  end
  return true
end

--- Destroys the containers now rather than when Lua collects them.
function Phase:free()
  for _, part in ipairs(self.parts) do
    for i = #self.nodes, 1, -1 do
      local object = part.objects[self.nodes[i].id]
      if object and object.free then object:free() end
    end
  end
  if self.hub then
    C.pln_hub_free(ffi.gc(self.hub, nil))
    self.hub = nil
  end
end

return M

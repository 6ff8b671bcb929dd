--- Components that a configuration inserts into topologies (`topology: insert:`), as nodes and edges.
local suggest = require "suggest"

local M = {}

--- Nodes that a component may stand behind or before; docs/topology.md.
M.AFTER, M.BEFORE = { "strategies", "combiner" }, { "combiner", "execution" }

-- Whether a way leads from one node to another.
local function leads(edges, from, to, seen)
  if from == to then return true end
  seen = seen or {}
  if seen[from] then return false end
  seen[from] = true
  for _, edge in ipairs(edges) do
    if edge[1] == from and leads(edges, edge[2], to, seen) then return true end
  end
  return false
end

local function has(nodes, id)
  for _, node in ipairs(nodes) do
    if node.id == id then return true end
  end
  return false
end

--- A topology with a component on each edge of its topic from `after` on the way to `before`. Where one of the two is
-- not in the topology (signals that are captured are not acted upon), it is as it was.
-- @param topology { nodes, edges }
-- @param components list of { id, kind, after, before, topic, of }, each inserted into what the ones before it made
-- @return the topology, or a new one
function M.insert(topology, components)
  for k, component in ipairs(components or {}) do
    local nodes, edges = { unpack(topology.nodes) }, {}
    if has(nodes, component.after) and has(nodes, component.before) then
      for _, edge in ipairs(topology.edges) do
        if edge[1] == component.after and edge[3] == component.topic
          and leads(topology.edges, edge[2], component.before) then
          edges[#edges + 1] = { component.id, edge[2], edge[3] }
        else
          edges[#edges + 1] = edge
        end
      end
      edges[#edges + 1] = { component.after, component.id, component.topic }
      nodes[#nodes + 1] = { id = component.id, kind = component.kind, component = k, of = component.of }
      if not has(nodes, "features") then table.insert(nodes, 1, { id = "features", kind = "feature_hub" }) end
      edges[#edges + 1] = { "features", component.id, "FEATURES" }
      topology = { nodes = nodes, edges = edges }
    end
  end
  return topology
end

--- Places a component among those before it: completes { after, before } and says which signals it sees.
-- @param component { id, after = nil or an id, before = nil or an id }
-- @param earlier list of components
-- @return true, or nil, a message and the key that it is about
function M.place(component, earlier)
  local taken = { "features", "classifiers", "strategies", "combiner", "execution", "capture" }
  local afters, of = { unpack(M.AFTER) }, { strategies = "strategies", combiner = "combiner" }
  for _, other in ipairs(earlier) do
    taken[#taken + 1], afters[#afters + 1], of[other.id] = other.id, other.id, other.of
  end
  for _, id in ipairs(taken) do
    if id == component.id then
      return nil, ("id '%s' is that of another node: give it one of its own"):format(component.id), "id"
    end
  end
  if not component.after then -- behind the last one of the strategies' signals
    component.after = "strategies"
    for _, other in ipairs(earlier) do
      if other.of == "strategies" then component.after = other.id end
    end
  end
  component.before = component.before or "execution"
  local is_after, is_before = false, false
  for _, id in ipairs(afters) do is_after = is_after or id == component.after end
  if not is_after then
    return nil, ("there is no node '%s' that emits signals, expected one of: %s%s"):format(component.after,
      table.concat(afters, ", "), suggest.hint(component.after, afters)), "after"
  end
  for _, id in ipairs(M.BEFORE) do is_before = is_before or id == component.before end
  if not is_before then
    return nil, ("there is no node '%s' that takes signals, expected one of: %s%s"):format(component.before,
      table.concat(M.BEFORE, ", "), suggest.hint(component.before, M.BEFORE)), "before"
  end
  component.of = of[component.after]
  if component.of == "combiner" and component.before == "combiner" then
    return nil, ("it would stand after '%s' and before the combiner, which comes first"):format(component.after),
      "before"
  end
  return true
end

return M

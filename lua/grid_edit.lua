--- Edits of a configuration's tree that make its variants: what one value of a dimension of `grid` means. Trees share
-- their nodes, so that each edit copies what it changes.
local setter = require "config_set"
local yaml = require "yaml"

local M = {}

local function shallow(node)
  local made = {}
  for key, value in pairs(node) do made[key] = value end
  return made
end

local function at_place(of, node)
  node.file, node.line, node.column, node.origin = of.file, of.line, of.column, of.origin
  return node
end

local function text_node(of, value)
  return at_place(of, { kind = "scalar", type = "string", value = value, text = value })
end

local function is_null(node) return node == nil or node.kind == "scalar" and node.type == "null" end

-- A node as a list: one item stands for a list of one.
local function as_list(node)
  if node.kind == "list" then return node end
  return at_place(node, { kind = "list", items = (is_null(node) or node.empty) and {} or { node } })
end

-- A node as a map; a scalar stands for a map with one key.
local function as_map(node, key)
  if node.kind == "map" and not node.empty then return node end
  local entries = {}
  if node.kind == "scalar" and not is_null(node) then
    entries[1] = { key = key, node = node, line = node.line, column = node.column }
  end
  return at_place(node, { kind = "map", entries = entries })
end

local function with_items(list, items)
  local made = shallow(list)
  made.items = items
  return made
end

--- A map without a key, or with another node for it (added where it has none).
local function with_entry(map, key, node)
  local made, found = shallow(map), false
  made.entries = {}
  for _, entry in ipairs(map.entries) do
    if entry.key ~= key then
      made.entries[#made.entries + 1] = entry
    elseif node and not found then
      found = true
      local other = shallow(entry)
      other.node = node
      made.entries[#made.entries + 1] = other
    end
  end
  if node and not found then made.entries[#made.entries + 1] = { key = key, node = node, line = node.line,
    column = node.column } end
  return made
end

-- Replaces the items of a list at a key of the root; edit(item, index) → item, or nil to leave it out.
local function each_item(root, key, edit)
  local node = yaml.get(root, key)
  if is_null(node) then return root end
  local list, items = as_list(node), {}
  for i, item in ipairs(list.items) do items[#items + 1] = edit(item, i) end
  return with_entry(root, key, with_items(list, items))
end

-- A list of names without some of them.
local function without(node, dropped)
  local list, items = as_list(node), {}
  for _, item in ipairs(list.items) do
    if not dropped[item.text] then items[#items + 1] = item end
  end
  return with_items(list, items)
end

--- The tree without what makes it a grid.
function M.plain(root)
  return with_entry(with_entry(with_entry(root, "grid"), "optimize"), "risk_profiles")
end

local function dropped_of(listed, value)
  local dropped = {}
  for _, name in ipairs(listed) do dropped[name] = name ~= value or nil end
  return dropped
end

-- Strategies ----------------------------------------------------------------------------------------------------------

--- One of the listed strategies runs.
function M.strategy(root, cfg, listed, value)
  local dropped = dropped_of(listed, value)
  root = each_item(root, "strategies", function(item, i) return not dropped[cfg.strategies[i].id] and item or nil end)
  return each_item(root, "portfolios", function(item)
    local map = as_map(item, "name")
    local strategies, weights = yaml.get(map, "strategies"), yaml.get(map, "weights")
    if not is_null(strategies) then
      local left = without(strategies, dropped)
      -- Without its listed strategies it still runs the others; with none at all the check says so.
      map = with_entry(map, "strategies", left)
    end
    if weights and weights.kind == "map" then
      local left = weights
      for name in pairs(dropped) do left = with_entry(left, name) end
      map = with_entry(map, "weights", left)
    end
    return map
  end)
end

--- Strategies see one of the listed classifiers; "none": no one.
function M.classifier(root, cfg, listed, value)
  local dropped, is_listed = dropped_of(listed, value), {}
  for _, name in ipairs(listed) do is_listed[name] = true end
  root = each_item(root, "classifiers", function(item, i)
    return not dropped[cfg.classifiers[i].id] and item or nil
  end)
  return each_item(root, "strategies", function(item)
    local map = as_map(item, "type")
    local own = yaml.get(map, "classifier")
    if not is_null(own) and not is_listed[own.text] then return map end
    return with_entry(map, "classifier", value ~= "none" and text_node(item, value) or nil)
  end)
end

-- Symbols -------------------------------------------------------------------------------------------------------------

local MODELS = { "slippage", "commission", "latency", "financing" }

-- Models for symbols that are left out.
local function drop_models(root, dropped)
  local execution = yaml.get(root, "execution")
  if is_null(execution) or execution.kind ~= "map" then return root end
  for _, kind in ipairs(MODELS) do
    execution = each_item(execution, kind, function(item)
      local symbols = item.kind == "map" and yaml.get(item, "symbols")
      if not symbols or is_null(symbols) then return item end
      local left = without(symbols, dropped)
      return #left.items > 0 and with_entry(item, "symbols", left) or nil
    end)
  end
  return with_entry(root, "execution", execution)
end

local function drop_groups(map, dropped)
  local risk = yaml.get(map, "risk")
  if is_null(risk) or risk.kind ~= "map" then return map end
  local made = each_item(risk, "rules", function(rule)
    local groups = rule.kind == "map" and yaml.get(rule, "groups")
    if not groups or groups.kind ~= "map" then return rule end
    for _, entry in ipairs(groups.entries) do
      local left = without(entry.node, dropped)
      groups = with_entry(groups, entry.key, #left.items > 0 and left or nil)
    end
    return with_entry(rule, "groups", groups)
  end)
  return with_entry(map, "risk", made)
end

--- One of the listed symbols is traded. Of the others stay, with trade: false, those for which `keeps` has true.
function M.symbol(root, _, listed, value, keeps)
  local dropped, untraded = {}, {}
  for _, name in ipairs(listed) do
    if name ~= value then
      untraded[name] = true
      dropped[name] = not (keeps and keeps[name]) or nil
    end
  end
  root = each_item(root, "symbols", function(item)
    local map = as_map(item, "symbol")
    local name = yaml.get(map, "symbol")
    if name and dropped[name.text] then return nil end
    if not name or not untraded[name.text] then return item end
    local no = at_place(item, { kind = "scalar", type = "boolean", value = false, text = "false" })
    return with_entry(map, "trade", no)
  end)
  local function own_symbols(item)
    local map = as_map(item, "type")
    local symbols = yaml.get(map, "symbols")
    return not is_null(symbols) and with_entry(map, "symbols", without(symbols, untraded)) or item
  end
  root = each_item(each_item(root, "strategies", own_symbols), "classifiers", own_symbols)
  root = each_item(root, "portfolios", function(item) return drop_groups(as_map(item, "name"), dropped) end)
  return drop_models(drop_groups(root, dropped), dropped)
end

--- Strategies run on a timeframe: it comes before those that a symbol lists.
function M.timeframe(root, _, _, value)
  return each_item(root, "symbols", function(item)
    local map = as_map(item, "symbol")
    local given = yaml.get(map, "timeframes")
    local items = { text_node(item, value) }
    for _, other in ipairs(is_null(given) and {} or as_list(given).items) do
      if other.text ~= value then items[#items + 1] = other end
    end
    return with_entry(map, "timeframes", at_place(item, { kind = "list", items = items }))
  end)
end

-- Portfolios and execution --------------------------------------------------------------------------------------------

--- Each portfolio takes the keys of a profile.
function M.risk(root, _, _, value)
  local profile = yaml.get(yaml.get(root, "risk_profiles"), value)
  if is_null(yaml.get(root, "portfolios")) then
    root = with_entry(root, "portfolios", at_place(root, { kind = "list", items = {
      at_place(root, { kind = "map", entries = {} }) } }))
  end
  return each_item(root, "portfolios", function(item)
    local map = as_map(item, "name")
    for _, entry in ipairs(profile.entries or {}) do map = with_entry(map, entry.key, entry.node) end
    return map
  end)
end

--- Execution takes a profile, by its name, or keys of its own.
-- @param node of the value
function M.execution(root, node)
  local execution = yaml.get(root, "execution")
  execution = is_null(execution) and at_place(node, { kind = "map", entries = {} }) or as_map(execution, "profile")
  if node.kind == "scalar" then
    execution = with_entry(execution, "profile", node)
  else
    for _, entry in ipairs(node.entries or {}) do execution = with_entry(execution, entry.key, entry.node) end
  end
  return with_entry(root, "execution", execution)
end

--- Any key.
-- @return the tree, or nil, the value's node and a message
function M.set(root, path, node)
  local made, message = setter.put(root, path, node, node.origin)
  if not made then return nil, node, message end
  return made
end

return M

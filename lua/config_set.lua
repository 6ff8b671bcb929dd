--- `--set a.b.0.c=VALUE`: puts a value into a tree of nodes before it is checked. Nodes on the way are copied, since
-- aliases share them; the schema tells what a missing container is.
local schema = require "schema"
local suggest = require "suggest"
local yaml = require "yaml"

local M = {}

local function mark(node, origin)
  node.origin = origin
  for _, item in ipairs(node.items or {}) do mark(item, origin) end
  for _, entry in ipairs(node.entries or {}) do mark(entry.node, origin) end
end

local function split(path)
  local keys = {}
  local dotted = path:gsub("%[(%d+)%]", ".%1")
  for key in (dotted .. "."):gmatch("(.-)%.") do
    if key == "" then return nil end
    keys[#keys + 1] = key
  end
  return keys
end

local function shallow(node)
  local made = {}
  for key, value in pairs(node) do made[key] = value end
  return made
end

local function is_null(node) return node.kind == "scalar" and node.type == "null" end

-- A scalar where the schema wants a map or list is short for one.
local function unfold(node, kind)
  if node.kind ~= "scalar" or is_null(node) or not kind then return node end
  if kind.type == "list" and kind.single then
    return { kind = "list", items = { node }, origin = node.origin, file = node.file, line = node.line,
      column = node.column }
  elseif kind.type == "map" and kind.shorthand then
    return { kind = "map", entries = { { key = kind.shorthand, node = node } }, origin = node.origin,
      file = node.file, line = node.line, column = node.column }
  end
  return node
end

local function child_type(kind, key)
  if not kind then return nil end
  if kind.type == "either" then return child_type(kind.map, key) or child_type(kind.list, key) end
  if kind.type == "map" then
    local field = schema.field(kind, key)
    return field and field[2]
  end
  return kind.of
end

local function empty(origin) return { kind = "scalar", type = "null", text = "", origin = origin } end

local put

local function put_item(node, kind, keys, at, value, origin)
  local index = tonumber(keys[at]:match("^%d+$"))
  local shown = table.concat(keys, ".", 1, at - 1)
  if not index then
    return nil, ("%s is a list: expected the number of an item, from 0, got '%s'"):format(shown, keys[at])
  end
  local count = node.items and #node.items or 0
  if index > count then
    return nil, ("%s has %d item%s, numbered from 0: there is no %s"):format(shown, count, count == 1 and "" or "s",
      keys[at])
  end
  local made = shallow(node)
  made.kind, made.items, made.empty = "list", {}, nil
  for i = 1, count do made.items[i] = node.items[i] end
  local item, message = put(made.items[index + 1] or empty(origin), child_type(kind, keys[at]), keys, at + 1, value,
    origin)
  if not item then return nil, message end
  made.items[index + 1] = item
  return made
end

local function put_entry(node, kind, keys, at, value, origin)
  local key = keys[at]
  if kind and kind.type == "map" and not schema.field(kind, key) then
    return nil, ("%s: unknown key%s"):format(table.concat(keys, ".", 1, at), suggest.hint(key, schema.names(kind)))
  end
  local made = shallow(node)
  made.kind, made.entries, made.empty = "map", {}, nil
  local found
  for i, entry in ipairs(node.entries or {}) do
    made.entries[i] = entry
    if entry.key == key then found = i end
  end
  local old = found and made.entries[found]
  local item, message = put(old and old.node or empty(origin), child_type(kind, key), keys, at + 1, value, origin)
  if not item then return nil, message end
  made.entries[found or #made.entries + 1] = { key = key, node = item, line = old and old.line,
    column = old and old.column }
  return made
end

function put(node, kind, keys, at, value, origin)
  local key = keys[at]
  if not key then return value end
  node = unfold(node, kind)
  if is_null(node) or node.empty then
    local base = { origin = origin, file = node.file, line = node.line, column = node.column }
    local wants_list = kind and kind.type == "list" or not (kind and kind.type == "map") and key:find("^%d+$")
    return (wants_list and put_item or put_entry)(base, kind, keys, at, value, origin)
  end
  if node.kind == "list" then return put_item(node, kind, keys, at, value, origin) end
  if node.kind == "map" then return put_entry(node, kind, keys, at, value, origin) end
  return nil, ("%s is a single value, it has no '%s'"):format(table.concat(keys, ".", 1, at - 1), key)
end

--- Puts a node at a path ("portfolios.0.capital") of a tree.
-- @param origin that what is made on the way names in messages
-- @return the new root, or nil and a message
function M.put(root, path, node, origin)
  local keys = split(path)
  if not keys then return nil, ("'%s' is no path of a key, as portfolios.0.capital"):format(path) end
  return put(root, schema.root, keys, 1, node, origin)
end

--- The type that the schema has for the key at a path, or nil.
function M.type_at(path)
  local kind = schema.root
  for _, key in ipairs(split(path) or {}) do kind = child_type(kind, key) end
  return kind
end

--- Applies one setting ("portfolios.0.capital=50000"; the value in YAML's flow syntax) to a tree.
-- Returns the new root, or nil, the origin to name in messages, and the message.
function M.apply(root, setting)
  local path, text = setting:match("^%s*([^=]-)%s*=(.*)$")
  local origin = "--set " .. setting
  local keys = path and split(path)
  if not keys then return nil, origin, "expected KEY=VALUE, as portfolios.0.capital=50000" end
  local value, message = yaml.load(text, "value")
  if not value then return nil, origin, (message:gsub("^value:%d+:%d+: ", "value: ")) end
  mark(value, origin)
  local made
  made, message = put(root, schema.root, keys, 1, value, origin)
  if not made then return nil, origin, message end
  return made
end

return M

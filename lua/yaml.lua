--- YAML, by the core schema of YAML 1.2, as a tree that knows the line and column of every node.
--
-- A node is a table { kind, line, column, file } and
--   kind "scalar":  type ("null", "boolean", "integer", "number", "string"), value, text (as written)
--   kind "list":    items (list of nodes)
--   kind "map":     entries (list of { key = text, node = node, line, column }), in the file's order
-- Nodes that an alias stands for are shared; treat a tree as read-only.
--
-- Only `true`, `false`, `null`, `~` and numbers are more than text: `yes`, `on`, dates and times stay strings.
-- Digits may be grouped by underscores (1_000_000).
local ffi = require "ffi"
local abi = require "abi"

local M = {}

--- What a null is in plain Lua tables (see `plain`).
M.null = setmetatable({}, { __tostring = function() return "null" end })

local CONSTANTS = {
  [""] = "null", ["~"] = "null", null = "null", Null = "null", NULL = "null",
  ["true"] = true, True = true, TRUE = true, ["false"] = false, False = false, FALSE = false,
}
local SPECIAL = {
  [".inf"] = math.huge, [".Inf"] = math.huge, [".INF"] = math.huge,
  [".nan"] = 0 / 0, [".NaN"] = 0 / 0, [".NAN"] = 0 / 0,
}

local function ungroup(text)
  if not text:find("_", 1, true) then return text end
  -- An underscore stands between two digits or the text is no number.
  if text:find("_[^%d]") or text:find("[^%d]_") or text:find("^_") or text:find("_$") then return nil end
  return (text:gsub("_", ""))
end

local function number_of(text)
  local sign, rest = text:match("^([-+]?)(.+)$")
  if not rest then return nil end
  if SPECIAL[rest] then
    if rest:lower() == ".nan" then return sign == "" and SPECIAL[rest] or nil, "number" end
    return sign == "-" and -math.huge or math.huge, "number"
  end
  if sign == "" and rest:match("^0x%x+$") then return tonumber(rest), "integer" end
  if sign == "" and rest:match("^0o[0-7]+$") then return tonumber(rest:sub(3), 8), "integer" end
  rest = ungroup(rest)
  if not rest then return nil end
  local mantissa = rest:match("^(.-)[eE][-+]?%d+$") or rest
  local whole = mantissa:match("^%d+$")
  if not whole and not mantissa:match("^%d+%.%d*$") and not mantissa:match("^%.%d+$") then return nil end
  local value = tonumber(rest)
  if not value then return nil end
  if sign == "-" then value = -value end
  return value, whole == rest and "integer" or "number"
end

--- The type and value of a plain scalar's text: "integer", 5; "string", "2020-01-01"; "null", nil …
function M.type_of(text)
  local constant = CONSTANTS[text]
  if constant == "null" then return "null", nil end
  if constant ~= nil then return "boolean", constant end
  local value, kind = number_of(text)
  if value then return kind, value end
  return "string", text
end

local function fail(file, node, message)
  return nil, ("%s:%d:%d: %s"):format(file, node.line, node.column, message)
end

local function scalar(source, node, file)
  node.kind = "scalar"
  node.text = ffi.string(source.text, source.length)
  local tag = ffi.string(source.tag)
  if source.is_string ~= 0 then
    node.type, node.value = "string", node.text
  else
    node.type, node.value = M.type_of(node.text)
  end
  if tag == "float" and node.type == "integer" then node.type = "number" end
  local expected = ({ int = "integer", float = "number", bool = "boolean", null = "null" })[tag]
  if expected and node.type ~= expected then
    return fail(file, node, ("'%s' is no !!%s"):format(node.text, tag))
  end
  return node
end

local function convert(document, file)
  local made = {}
  local nodes = document.nodes

  -- The depth is bounded by the parser, so that recursion is.
  local function visit(index)
    if made[index] then return made[index] end
    local source = nodes[index]
    local node = { line = source.line, column = source.column, file = file }
    made[index] = node
    if source.kind == abi.C.PLN_YAML_SCALAR then return scalar(source, node, file) end
    if source.kind == abi.C.PLN_YAML_SEQUENCE then
      node.kind, node.items = "list", {}
      for i = 0, source.n_children - 1 do
        local item, message = visit(source.children[i])
        if not item then return nil, message end
        node.items[i + 1] = item
      end
      return node
    end
    node.kind, node.entries = "map", {}
    for i = 0, source.n_children - 1, 2 do
      local key = nodes[source.children[i]]
      local value, message = visit(source.children[i + 1])
      if not value then return nil, message end
      node.entries[#node.entries + 1] =
        { key = ffi.string(key.text, key.length), node = value, line = key.line, column = key.column }
    end
    return node
  end

  return visit(document.root)
end

--- Parses a YAML text to a tree of nodes; `file` names it in messages.
-- Returns the root node, or nil and "file:line:column: message".
function M.load(text, file)
  file = file or "yaml"
  local document, message = abi.check(abi.C.pln_yaml_parse(text, #text, file, nil))
  if not document then return nil, message end
  local ok, root, failure = pcall(convert, document, file)
  abi.C.pln_yaml_free(document)
  if not ok then error(root, 0) end
  return root, failure
end

--- Reads a YAML file; as `load`.
function M.load_file(path)
  local file, message = io.open(path, "rb")
  if not file then return nil, message end
  local limit = tonumber(abi.C.pln_yaml_default_limits().max_bytes)
  local text
  text, message = file:read(limit + 1)
  file:close()
  if not text then
    if message then return nil, path .. ": " .. message end
    text = ""
  end
  return M.load(text, path)
end

--- A node as plain Lua values: lists and maps as tables, null as `yaml.null`.
function M.plain(node)
  if node.kind == "scalar" then
    if node.type == "null" then return M.null end
    return node.value
  end
  local result = {}
  if node.kind == "list" then
    for i, item in ipairs(node.items) do result[i] = M.plain(item) end
  else
    for _, entry in ipairs(node.entries) do result[entry.key] = M.plain(entry.node) end
  end
  return result
end

--- The node of a key of a map node, or nil; second result: its entry.
function M.get(map, key)
  for _, entry in ipairs(map.entries) do
    if entry.key == key then return entry.node, entry end
  end
end

local from

-- Whether a table is a list (all keys are 1 … n), and how many keys it has.
local function is_list(value)
  local count = 0
  for _ in pairs(value) do count = count + 1 end
  return count > 0 and count == #value, count
end

local function from_pairs(value, origin, depth)
  local names = {}
  for key in pairs(value) do
    if type(key) ~= "string" then
      return nil, ("%s: a key has to be a string, got %s"):format(origin, tostring(key))
    end
    names[#names + 1] = key
  end
  table.sort(names)
  local node = { kind = "map", origin = origin, entries = {} }
  for i, name in ipairs(names) do
    local item, message = from(value[name], origin, depth + 1)
    if not item then return nil, message end
    node.entries[i] = { key = name, node = item }
  end
  return node
end

function from(value, origin, depth)
  local kind = type(value)
  if kind == "table" and value ~= M.null then
    if depth > 64 then return nil, origin .. ": nested more than 64 deep" end
    local list, count = is_list(value)
    if not list and count > 0 then return from_pairs(value, origin, depth) end
    local node = { kind = list and "list" or "map", origin = origin, items = {}, entries = {}, empty = count == 0 }
    for i = 1, count do
      local item, message = from(value[i], origin, depth + 1)
      if not item then return nil, message end
      node.items[i] = item
    end
    return node
  end
  local node = { kind = "scalar", origin = origin, value = value }
  if value == M.null then
    node.type, node.value, node.text = "null", nil, "null"
  elseif kind == "number" then
    node.type = value % 1 == 0 and "integer" or "number"
    node.text = ("%.17g"):format(value)
    if tonumber(("%.15g"):format(value)) == value then node.text = ("%.15g"):format(value) end
  elseif kind == "string" or kind == "boolean" then
    node.type, node.text = kind, tostring(value)
  else
    return nil, ("%s: a %s cannot be configured"):format(origin, kind)
  end
  return node
end

--- A tree of nodes from plain Lua values; `origin` stands for the file in messages. An empty table is both an
-- empty list and an empty map (`node.empty`). Returns a node, or nil and a message.
function M.from_plain(value, origin)
  return from(value, origin or "table", 0)
end

return M

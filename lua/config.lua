--- The configuration of a run: reads YAML, checks it against lua/schema.lua, fills in defaults.
--
--     local cfg, errors = config.load("run.yaml", { set = { "portfolios.0.capital=50000" } })
--
-- `cfg` is plain tables and values with every default filled in; what has no default and was not given is nil.
-- `errors` is a list of { file, line, column, path, message }, each of which prints as
-- "run.yaml:12:5: portfolios[0].sizing.percnt: unknown key, did you mean 'percent'?".
local abi = require "abi"
local check = require "config_check"
local profiles = require "profiles"
local rules = require "config_rules"
local schema = require "schema"
local setter = require "config_set"
local yaml = require "yaml"

local M = {}

local Problem = {}
Problem.__index = Problem
function Problem:__tostring()
  local place = self.file or ""
  if self.line then place = ("%s:%d:%d"):format(place, self.line, self.column) end
  local shown = self.path ~= "" and self.path .. ": " or ""
  return (place ~= "" and place .. ": " or "") .. shown .. self.message
end

local function problem(place, path, message)
  return setmetatable({ file = place.file, line = place.line, column = place.column, path = path, message = message },
    Problem)
end

-- What a cfg came from, kept aside so that a cfg is nothing but values.
local origins = setmetatable({}, { __mode = "k" })

local function place_of(node, entry)
  if node.origin then return { file = node.origin } end
  local at = entry and entry.line and entry or node
  return { file = node.file, line = at.line, column = at.column }
end

local function checked(root, source, before)
  local problems, places, more = {}, {}, 0
  local function report(place, path, message)
    if #problems < check.MAX_ERRORS then
      problems[#problems + 1] = problem(place, path, message)
    else
      more = more + 1
    end
  end
  local function note(path, node, entry) places[path] = place_of(node, entry) end
  places[""] = place_of(root)
  local checker = check.new(function(node, path, message) report(place_of(node), path, message) end, note)
  local cfg = checker:check(schema.root, root, "")
  local origin = { places = places, source = source, root = before }
  if #problems == 0 then
    origins[cfg] = origin
    rules.apply(cfg, function(path, message)
      local place = M.where(cfg, path)
      report(place, path, message)
    end)
  end
  if #problems == 0 then return cfg end
  -- In the order of the file; what has no line (--set) comes last, as found.
  for i, item in ipairs(problems) do item.order = i end
  table.sort(problems, function(a, b)
    local a_line, b_line = a.line or math.huge, b.line or math.huge
    if a_line ~= b_line then return a_line < b_line end
    local a_column, b_column = a.column or 0, b.column or 0
    if a_column ~= b_column then return a_column < b_column end
    return a.order < b.order
  end)
  for _, item in ipairs(problems) do item.order = nil end
  if more > 0 then
    local text = ("and %d more error%s"):format(more, more == 1 and "" or "s")
    problems[#problems + 1] = problem({ file = source }, "", text)
  end
  return nil, problems
end

local function parse_failure(message)
  local file, line, column, text = message:match("^(.-):(%d+):(%d+): (.*)$")
  if file then return { problem({ file = file, line = tonumber(line), column = tonumber(column) }, "", text) } end
  return { problem({}, "", message) }
end

local function finish(root, source, options)
  if root.kind == "scalar" and root.type == "null" then
    root = { kind = "map", entries = {}, file = root.file, line = 1, column = 1 }
  end
  for _, setting in ipairs(options and options.set or {}) do
    local made, origin, message = setter.apply(root, setting)
    if not made then return nil, { problem({ file = origin }, "", message) } end
    root = made
  end
  local whole, at, message = profiles.apply(root)
  if not whole then return nil, { problem(place_of(at), "execution.profile", message) } end
  return checked(whole, source, root)
end

--- The tree of nodes (lua/yaml.lua) that cfg was read from, with what --set put into it: plain values, which tell what
-- was given and what is a default.
function M.tree(cfg) return origins[cfg].root end

--- A configuration from the tree of another, in another thread say. As `load`.
function M.from_tree(root, file) return finish(root, file) end

--- A configuration that differs from another: its tree of nodes is edited and checked anew.
-- @param cfg of `load`, `from_text`, `from_table` or this
-- @param edit function(root): the edited tree (nodes are shared: what changes is copied), or nil, a node and a message
-- @return cfg, or nil and the list of errors
function M.variant(cfg, edit)
  local origin = origins[cfg]
  local root, at, message = edit(origin.root)
  if not root then return nil, { problem(place_of(at), "", message) } end
  return finish(root, origin.source)
end

--- Reads and checks a configuration file. `options.set`: list of "a.b.0.c=VALUE" (YAML flow syntax for VALUE) that
-- replace or add values before checking. Returns cfg, or nil and the list of errors.
function M.load(path, options)
  local root, message = yaml.load_file(path)
  if not root then return nil, parse_failure(message) end
  return finish(root, path, options)
end

--- The same for a text; `file` names it in messages.
function M.from_text(text, file, options)
  local root, message = yaml.load(text, file or "config")
  if not root then return nil, parse_failure(message) end
  return finish(root, file or "config", options)
end

--- The same for Lua tables; `origin` stands for the file in messages.
function M.from_table(value, origin, options)
  local root, message = yaml.from_plain(value, origin or "config")
  if not root then return nil, parse_failure(message) end
  return finish(root, origin or "config", options)
end

local function sorted_keys(value)
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

--- A configuration with some of its top keys replaced, checked anew; it lies where the first one lies.
-- @param replaced { key = value }; `false` removes a key
-- @return cfg, or nil and the list of errors
function M.derive(cfg, replaced)
  local source = M.source(cfg)
  local nodes = {}
  for _, key in ipairs(sorted_keys(replaced)) do
    if replaced[key] ~= false then
      local node, message = yaml.from_plain(replaced[key], source)
      if not node then return nil, parse_failure(message) end
      nodes[#nodes + 1] = { key = key, node = node }
    end
  end
  return M.variant(cfg, function(root)
    local made = { kind = "map", file = root.file, line = root.line, column = root.column, origin = root.origin,
      entries = {} }
    for _, entry in ipairs(root.entries) do
      if replaced[entry.key] == nil then made.entries[#made.entries + 1] = entry end
    end
    for _, entry in ipairs(nodes) do made.entries[#made.entries + 1] = entry end
    return made
  end)
end

--- The place that a value of cfg came from: a table { file, line, column }; of a default, that of the nearest value
-- around it. `path` is written "portfolios[0].risk" or "portfolios.0.risk".
function M.where(cfg, path)
  local origin = origins[cfg]
  if not origin then return {} end
  local at = path:gsub("%.(%d+)%f[.%z[]", "[%1]")
  while at ~= "" do
    local place = origin.places[at]
    if place and (place.file or place.line) then return place end
    at = at:match("^(.+)%[%d+%]$") or at:match("^(.*)%.[^.]*$") or ""
  end
  return origin.places[""]
end

--- An error about a value of a checked configuration, in the form of those that `load` gives, for checks that need
-- more than the schema knows: `config.error_at(cfg, "strategies[0].params.fats", "unknown parameter")`.
function M.error_at(cfg, path, message)
  return problem(M.where(cfg, path), (path:gsub("%.(%d+)", "[%1]")), message)
end

--- The file (or origin) that cfg was read from, and the folder that it lies in ("." where it is no file).
function M.source(cfg)
  local source = origins[cfg] and origins[cfg].source or ""
  return source, source:match("^(.*)/[^/]*$") or "."
end

--- The settings of `data` for one symbol: `cfg.data` with the symbol's own `data` laid over it.
-- `symbol` is an item of cfg.symbols.
function M.data_for(cfg, symbol)
  return rules.overlay(cfg.data, symbol.data)
end

local function quoted(text)
  return '"' .. text:gsub('[%c"\\]', function(c) return ("\\u%04x"):format(c:byte()) end) .. '"'
end

local function canonical(value, kind)
  if type(value) == "string" then return quoted(value) end
  if type(value) == "number" then
    return value % 1 == 0 and math.abs(value) <= 2 ^ 53 and ("%.0f"):format(value) or ("%.17g"):format(value)
  end
  if type(value) ~= "table" then return tostring(value) end
  local parts = {}
  if #value > 0 or (kind and kind.type == "list") then
    for i, item in ipairs(value) do parts[i] = canonical(item, kind and kind.of) end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  for _, key in ipairs(sorted_keys(value)) do
    local field = kind and kind.type == "map" and schema.field(kind, key)
    if not (field and field.cosmetic) then
      parts[#parts + 1] = quoted(key) .. ":" .. canonical(value[key], field and field[2])
    end
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

--- The canonical form of a checked configuration: JSON on one line, keys sorted, defaults written out, without the
-- keys that change no result (name, results, data.cache, and engine's but loop_budget).
function M.canonical(cfg)
  return canonical(cfg, schema.root)
end

--- XXH3-128 of the canonical form, as 32 hexadecimal digits: the same for configurations that mean the same,
-- whatever their formatting, comments, order of keys, aliases and spelled-out defaults.
function M.hash(cfg)
  return abi.hash128(M.canonical(cfg))
end

--- What a failure gives as its message, a text, a problem or a list of problems, as a list of lines.
function M.problem_lines(problems)
  if type(problems) ~= "table" or getmetatable(problems) then return { tostring(problems) } end
  local lines = {}
  for k, item in ipairs(problems) do lines[k] = tostring(item) end
  return lines
end

return M

--- The feature hub: features of bars, computed from expressions (docs/expressions.md), and what is known of the
-- indicators. A binding of src/abi/feature.h.
local ffi = require "ffi"
local abi = require "abi"
local suggest = require "suggest"
local C = abi.C

local M = {}

M.CHUNK_ROWS = 4096

local END = abi.INT64_MAX -- pln_hub_horizon: nothing is left
local columns_t = ffi.typeof "double[?]"
local ids_t = ffi.typeof "int32_t[?]"
local kept = setmetatable({}, { __mode = "k" }) -- hub → the bars that it borrows

local Hub = {}

--- Adds a stream named SYMBOL_TIMEFRAME after its bars (a `pln_bars *`, kept alive by the hub).
-- @return its id, or nil and a message
function Hub:add_stream(bars)
  local id, message = abi.check(C.pln_hub_add_stream(self, bars))
  if id then table.insert(kept[self], bars) end
  return id, message
end

--- Adds a feature over the rows of a stream. The same expression on the same stream gives the same id.
-- @return its id, or nil and a message
function Hub:add(stream, expression) return abi.check(C.pln_hub_add_feature(self, stream, expression)) end

--- Ends building. @return 0, or nil and a message
function Hub:seal() return abi.check(C.pln_hub_seal(self)) end

--- The largest time (int64 ns) to which one advance may go, or nil when all rows are computed.
function Hub:horizon()
  local horizon = C.pln_hub_horizon(self)
  if horizon ~= END then return horizon end
end

--- Computes the rows visible at or before `until_ns` (default: the horizon).
-- @return how many rows, over all streams, 0 at the end; or nil and a message
function Hub:advance(until_ns)
  until_ns = until_ns or self:horizon()
  if not until_ns then return 0 end
  local rows = tonumber(C.pln_hub_advance(self, until_ns))
  if rows < 0 then return nil, abi.last_error() end
  return rows
end

--- The rows of a stream in the current slice, as indices of its bars from 0: first, and last + 1.
function Hub:rows(stream)
  return tonumber(C.pln_hub_first_row(self, stream)), tonumber(C.pln_hub_last_row(self, stream))
end

--- Values of a feature in the current slice (const double *), entry 0 for the slice's first row; valid until the next
-- advance, and only if the feature's stream has rows in the slice.
function Hub:column(feature) return C.pln_hub_column(self, feature) end

--- Index of the feature's first warm row, as its parameters fix it.
function Hub:warmup(feature) return tonumber(C.pln_hub_warmup(self, feature)) end

--- First row of the slice at which all features of a list are warm, or the slice's last row + 1.
function Hub:first_warm(stream, features)
  return tonumber(C.pln_hub_first_warm(self, stream, ids_t(#features, features), #features, 0))
end

--- Number of distinct nodes in the graph.
function Hub:nodes() return C.pln_hub_nodes(self) end

ffi.metatype("pln_hub", { __index = Hub })

--- A new hub. @param chunk_rows rows of a slice at most, 1 … 65536 (default 4096)
-- @return the hub, or nil and a message
function M.hub(chunk_rows)
  local hub = C.pln_hub_new(chunk_rows or M.CHUNK_ROWS)
  if hub == nil then return nil, abi.last_error() end
  ffi.gc(hub, C.pln_hub_free)
  kept[hub] = {}
  return hub
end

--- Evaluates expressions over all of `bars`.
-- @param expressions a list
-- @param options nil or { streams = further bars for scopes, chunk_rows = rows of a slice }
-- @return a list of columns (double[n], NaN where not warm) and the list of their warm-ups, or nil and a message
function M.compute(bars, expressions, options)
  options = options or {}
  local hub, message = M.hub(options.chunk_rows)
  if not hub then return nil, message end
  local all = { bars }
  for _, other in ipairs(options.streams or {}) do all[#all + 1] = other end
  for _, stream in ipairs(all) do
    local id
    id, message = hub:add_stream(stream)
    if not id then return nil, message end
  end
  local ids, columns, warmups = {}, {}, {}
  local n = tonumber(bars.n_bars)
  for i, expression in ipairs(expressions) do
    ids[i], message = hub:add(0, expression)
    if not ids[i] then return nil, message end
    columns[i], warmups[i] = columns_t(n), hub:warmup(ids[i])
  end
  local ok
  ok, message = hub:seal()
  if not ok then return nil, message end
  while true do
    local done
    done, message = hub:advance()
    if not done then return nil, message end
    if done == 0 then return columns, warmups end
    local first, last = hub:rows(0)
    if last > first then
      for i, id in ipairs(ids) do ffi.copy(columns[i] + first, hub:column(id), (last - first) * 8) end
    end
  end
end

--- The streams that an expression's scopes name, in the order in which they appear: { "QQQ_1d", "SPY_5m" }.
function M.scopes(expression)
  local size = #expression + 1
  local out = ffi.new("char[?]", size)
  local n, message = abi.check(tonumber(C.pln_expression_scopes(expression, out, size)))
  if not n then return nil, message end
  local scopes = {}
  for name in ffi.string(out, n):gmatch "[^\n]+" do scopes[#scopes + 1] = name end
  return scopes
end

-- What is known of the indicators ------------------------------------------------------------------------------------

local KINDS = {
  [tonumber(C.PLN_INPUT_SOURCE)] = "source",
  [tonumber(C.PLN_INPUT_COLUMNS)] = "columns",
  [tonumber(C.PLN_INPUT_SERIES)] = "series",
  [tonumber(C.PLN_INPUT_VARIADIC)] = "variadic",
}

local function words(text)
  local list = {}
  for word in (text ~= nil and ffi.string(text) or ""):gmatch "%S+" do list[#list + 1] = word end
  return list
end

local function describe(index)
  local raw = C.pln_indicator_get(index)
  local info = {
    name = ffi.string(raw.name),
    aliases = words(raw.aliases),
    group = ffi.string(raw.group),
    help = ffi.string(raw.help),
    formula = ffi.string(raw.formula),
    inputs = words(raw.inputs),
    outputs = words(raw.outputs),
    example = ffi.string(raw.example),
    input_kind = KINDS[tonumber(raw.input_kind)],
    has_valid = raw.has_valid ~= 0,
    lookback = tonumber(C.pln_indicator_lookback(index, nil)),
    params = {},
  }
  for i = 0, raw.n_params - 1 do
    local param = raw.params[i]
    info.params[i + 1] = {
      name = ffi.string(param.name),
      help = ffi.string(param.help),
      default = param.default_value,
      min = param.min_value,
      max = param.max_value,
      is_integer = param.is_integer ~= 0,
      words = param.words ~= nil and words(param.words) or nil,
    }
  end
  return info
end

local list, by_name

local function load()
  if list then return end
  list, by_name = {}, {}
  for index = 0, C.pln_indicator_count() - 1 do
    local info = describe(index)
    list[#list + 1], by_name[info.name] = info, info
    for _, alias in ipairs(info.aliases) do by_name[alias] = info end
  end
end

--- All indicators and functions, sorted by name: { name, aliases, group, help, formula, inputs, outputs, example,
-- input_kind = "source" | "columns" | "series" | "variadic", has_valid (it has `.valid`), lookback (first row with a
-- value, with the defaults), params = { { name, help, default, min, max, is_integer, words = list or nil } } } each.
function M.list()
  load()
  return list
end

--- The indicator of that name, or nil and a message that suggests one.
function M.info(name)
  load()
  local info = by_name[name]
  if info then return info end
  local names = {}
  for i, other in ipairs(list) do names[i] = other.name end
  return nil, ("no indicator '%s'%s"):format(tostring(name), suggest.hint(name, names))
end

--- A value of a parameter as it is written: a number or a word.
function M.param_text(param, value)
  return param.words and param.words[value + 1] or ("%.14g"):format(value)
end

--- How an indicator is called, with the names of its arguments: "bbands(source = close, period = 20, k = 2)".
function M.signature(info)
  local parts = {}
  if info.input_kind == "source" then
    parts[1] = info.inputs[1] == "source" and "source = close" or "source = " .. info.inputs[1]
  elseif info.input_kind == "series" then
    parts = { unpack(info.inputs) }
  elseif info.input_kind == "variadic" then
    parts = { unpack(info.inputs) }
    parts[#parts + 1] = "…"
  elseif #info.params == 0 then
    return info.name
  end
  for _, param in ipairs(info.params) do
    parts[#parts + 1] = param.name .. " = " .. M.param_text(param, param.default)
  end
  return info.name .. "(" .. table.concat(parts, ", ") .. ")"
end

--- The groups with their indicators, both sorted: { { name, infos } … }.
function M.groups()
  local groups, at = {}, {}
  for _, info in ipairs(M.list()) do
    local group = at[info.group]
    if not group then
      group = { name = info.group }
      at[info.group], groups[#groups + 1] = group, group
    end
    group[#group + 1] = info
  end
  table.sort(groups, function(a, b) return a.name < b.name end)
  return groups
end

local function range(param)
  if param.words then return table.concat(param.words, ", ") end
  local kind = param.is_integer and "whole number" or "number"
  return ("%s, %.14g … %.14g"):format(kind, param.min, param.max)
end
M.range_text = range

--- docs/indicators.md (scripts/gen_indicators.lua writes it).
function M.markdown()
  local out = {
    "# Indicators and functions",
    "",
    "Written from the descriptors by `scripts/gen_indicators.lua`; `perilune features help NAME` prints the same. How",
    "they are put together is in [expressions.md](expressions.md). Rows are counted from 0, and the first row with a",
    "value is that of the defaults.",
  }
  local function add(line) out[#out + 1] = line end
  for _, group in ipairs(M.groups()) do
    add ""
    add("## " .. group.name:sub(1, 1):upper() .. group.name:sub(2))
    for _, info in ipairs(group) do
      add ""
      add("### " .. info.name)
      add ""
      add(info.help .. ": " .. info.formula .. ".")
      add ""
      add("    " .. M.signature(info))
      add ""
      if #info.aliases > 0 then add("- also called: " .. table.concat(info.aliases, ", ")) end
      if info.input_kind == "columns" then add("- reads: " .. table.concat(info.inputs, ", ")) end
      if #info.outputs > 1 then
        add("- outputs: " .. table.concat(info.outputs, ", ") .. " (the first is the default)")
      end
      if info.has_valid then add "- `.valid`: 1 where the outputs are defined, 0 where they are neutral values" end
      add("- first row with a value: " .. info.lookback)
      add("- example: `" .. info.example .. "`")
      if #info.params > 0 then
        add ""
        add "| parameter | default | range | meaning |"
        add "|---|---|---|---|"
        for _, param in ipairs(info.params) do
          add(("| %s | %s | %s | %s |"):format(param.name, M.param_text(param, param.default), range(param),
            param.help))
        end
      end
    end
  end
  return table.concat(out, "\n") .. "\n"
end

return M

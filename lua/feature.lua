--- The feature hub: features of bars, computed from expressions (docs/expressions.md), and what is known of the
-- indicators. A binding of src/abi/feature.h.
local ffi = require "ffi"
local abi = require "abi"
local docs = require "feature_docs"
local indicator_hub = require "indicator_hub"
local json = require "json"
local suggest = require "suggest"
local terminal = require "terminal"
local C = abi.C

local M = {}

M.CHUNK_ROWS = 4096

local END = abi.INT64_MAX -- pln_hub_horizon: nothing is left
local columns_t = ffi.typeof "double[?]"
local ids_t = ffi.typeof "int32_t[?]"
local row_t = ffi.typeof "pln_hub_row"
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
function Hub:add(stream, expression) return indicator_hub.add_feature(self, stream, expression) end

--- Before seal: how many threads compute the features of a level together (default 1). The values are the same; it pays
-- with many features in slices of thousands of rows.
-- @return 0, or nil and a message
function Hub:set_threads(n) return abi.check(C.pln_hub_set_threads(self, n)) end

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
  return indicator_hub.advance(self, until_ns)
end

--- Values of all features for a row that would be the stream's next, without taking it.
-- @param row a pln_hub_row, or a table of its fields (ts_ns, open, high, low, close, volume, …)
-- @param out double[features], default a new one: entry = id of the feature; NaN for features of other streams
-- @return out, or nil and a message
function Hub:peek(stream, row, out)
  out = out or columns_t(C.pln_hub_features(self))
  if type(row) == "table" then row = row_t(row) end
  local status, message = abi.check(C.pln_hub_peek(self, stream, row, out))
  if status == 1 then status, message = indicator_hub.answer_all(self) end
  if not status then return nil, message end
  return out
end

--- The state after the last advance, as a string for `load` of a hub with the same streams and features, added in the
-- same order. @return the string, or nil and a message
function Hub:save()
  local size, message = abi.check(tonumber(C.pln_hub_snapshot_size(self)))
  if not size then return nil, message end
  local bytes = ffi.new("char[?]", size)
  local ok
  ok, message = abi.check(C.pln_hub_save(self, bytes, size))
  if not ok then return nil, message end
  return ffi.string(bytes, size)
end

--- Goes on from a state that `save` gave. @return 0, or nil and a message
function Hub:load(bytes) return abi.check(C.pln_hub_load(self, bytes, #bytes)) end

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

--- A new hub.
-- @param chunk_rows rows of a slice at most, 1 … 65536 (default 4096)
-- @param library indicators in Lua (indicator_hub.library), nil: the default ones
-- @return the hub, or nil and a message
function M.hub(chunk_rows, library)
  local hub = C.pln_hub_new(chunk_rows or M.CHUNK_ROWS)
  if hub == nil then return nil, abi.last_error() end
  ffi.gc(hub, C.pln_hub_free)
  kept[hub] = {}
  indicator_hub.attach(hub, library)
  return hub
end

--- Evaluates expressions over all of `bars`.
-- @param expressions a list
-- @param options nil or { streams = further bars for scopes, chunk_rows = rows of a slice, library = indicators in Lua
--   (indicator_hub.library, default: those of the folder `indicators`) }
-- @return a list of columns (double[n], NaN where not warm) and the list of their warm-ups, or nil and a message
function M.compute(bars, expressions, options)
  options = options or {}
  local hub, message = M.hub(options.chunk_rows, options.library)
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

-- At the prompt an indicator shows its help, and a list of them lines by group.
local Info = { __tostring = function(info) return (docs.help(info, terminal.describe().width):gsub("\n$", "")) end }
local Listing = {
  __tostring = function(list) return (docs.listing(list, terminal.describe().width):gsub("\n$", "")) end,
}

-- A text that the prompt shows as it is.
local Picture = { __tostring = function(picture) return (picture.text:gsub("\n$", "")) end }

local function words(text)
  local list = json.array()
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
    params = json.array(),
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
  return setmetatable(info, Info)
end

local list, by_name

local function load()
  if list then return end
  list, by_name = setmetatable({}, Listing), {}
  for index = 0, C.pln_indicator_count() - 1 do
    local info = describe(index)
    list[#list + 1], by_name[info.name] = info, info
    for _, alias in ipairs(info.aliases) do by_name[alias] = info end
  end
end

-- The same of an indicator written in Lua.
local function describe_own(def)
  local info = {
    name = def.name, aliases = json.array(), group = def.group, help = def.help, formula = def.formula,
    inputs = json.array(), outputs = json.array(), input_kind = def.input_kind, has_valid = def.has_valid,
    params = json.array(), file = def.file,
  }
  for i, name in ipairs(def.inputs) do info.inputs[i] = name end
  for i, name in ipairs(def.outputs) do info.outputs[i] = name end
  local p = {}
  for i, param in ipairs(def.hub_params) do
    info.params[i] = {
      name = param.name, help = param.help, default = param.default, min = param.min, max = param.max,
      is_integer = param.is_integer, words = param.words and json.array { unpack(param.words) } or nil,
    }
    p[i - 1] = param.default
  end
  info.lookback = indicator_hub.lookback(def, p)
  info.example = def.example
  if not info.example then
    local values = {}
    for i, param in ipairs(info.params) do values[i] = docs.param_text(param, param.default) end
    if info.input_kind == "series" then
      for i = 1, #info.inputs do table.insert(values, i, "close") end
    end
    info.example = ("%s(%s)"):format(def.name, table.concat(values, ", "))
  end
  return setmetatable(info, Info)
end

-- Descriptions of a library's indicators, sorted by name, and by name.
local described = setmetatable({}, { __mode = "k" })

local function own(library)
  library = library or indicator_hub.default()
  local infos, names = {}, {}
  for i, def in ipairs((library:list())) do
    described[def] = described[def] or describe_own(def)
    infos[i], names[def.name] = described[def], described[def]
  end
  return infos, names
end

--- Reads the files of indicators in Lua again: at the prompt, after one was changed.
function M.reload() indicator_hub.reload() end

--- What is built in, sorted by name: descriptions as of `list`.
function M.built_in()
  load()
  return list
end

--- All indicators and functions, built in and of a library in Lua (default: that of the folder `indicators`), sorted by
-- name: { name, aliases, group, help, formula, inputs, outputs, example,
-- input_kind = "source" | "columns" | "series" | "variadic", has_valid (it has `.valid`), lookback (first row with a
-- value, with the defaults), params = { { name, help, default, min, max, is_integer, words = list or nil } }, file = of
-- one in Lua } each.
function M.list(library)
  load()
  local all = setmetatable({ unpack(list) }, Listing)
  for _, info in ipairs((own(library))) do all[#all + 1] = info end
  table.sort(all, function(a, b) return a.name < b.name end)
  return all
end

-- The expressions of a text: at commas that are in no bracket and no quotes.
local function split(text)
  local parts, depth, from, quoted = {}, 0, 1, false
  for at = 1, #text do
    local character = text:sub(at, at)
    if character == '"' then
      quoted = not quoted
    elseif not quoted then
      if character == "(" then depth = depth + 1 end
      if character == ")" then depth = depth - 1 end
      if character == "," and depth == 0 then
        parts[#parts + 1] = text:sub(from, at - 1):match "^%s*(.-)%s*$"
        from = at + 1
      end
    end
  end
  parts[#parts + 1] = #parts > 0 and text:sub(from):match "^%s*(.-)%s*$" or text
  return parts
end

--- The indicator of that name, or nil and a message that suggests one.
function M.info(name, library)
  load()
  local _, own_names = own(library)
  local info = by_name[name] or own_names[name]
  if info then return info end
  local broken = select(2, (library or indicator_hub.default()):find(tostring(name)))
  if broken then return nil, broken end
  local names = {}
  for other in pairs(by_name) do names[#names + 1] = other end
  for other in pairs(own_names) do names[#names + 1] = other end
  table.sort(names)
  return nil, ("no indicator '%s'%s"):format(tostring(name), suggest.hint(tostring(name), names))
end

--- The indicators in which all of some words are found: a group's name, or part of a name, another name, an output or
-- the description.
-- @param wanted a list of words; none: all
-- @return a list as of `list`, or nil and a message where there is none
function M.search(wanted, library)
  local found = setmetatable({}, Listing)
  local all_infos = M.list(library)
  local group_names = {}
  for _, info in ipairs(all_infos) do group_names[info.group] = true end
  for _, info in ipairs(all_infos) do
    local text = table.concat({ info.name, table.concat(info.aliases, " "), table.concat(info.outputs, " "), info.group,
      info.help }, "\n"):lower()
    local all = true
    for _, word in ipairs(wanted) do
      word = word:lower()
      local group = group_names[word]
      if group then
        all = all and info.group == word
      else
        all = all and text:find(word, 1, true) ~= nil
      end
    end
    if all then found[#found + 1] = info end
  end
  if #found > 0 then return found end
  local names = {}
  for _, info in ipairs(all_infos) do names[#names + 1] = info.name end
  for name in pairs(group_names) do names[#names + 1] = name end
  table.sort(names)
  return nil, ("no indicator has '%s' in its name, group or description%s"):format(table.concat(wanted, "' and '"),
    #wanted == 1 and suggest.hint(wanted[1], names) or "")
end

--- Expressions with `NAME(…).*` written out: all outputs of the indicator.
-- @param list of texts; of those with commas between expressions each is taken
-- @return list of texts, and for each the number of the text of `list` that it is from; or nil and a message
function M.expand(texts)
  local out, from = {}, {}
  for i, text in ipairs(texts) do
    for _, part in ipairs(split(text)) do
      local call, name = part:match "^%s*(.-([%a_][%w_]*)%s*%b())%s*%.%s*%*%s*$"
      if not call then call, name = part:match "^%s*(.-([%a_][%w_]*))%s*%.%s*%*%s*$" end
      if call then
        local info, message = M.info(name)
        if not info then return nil, message end
        for _, output in ipairs(info.outputs) do
          out[#out + 1], from[#from + 1] = #info.outputs == 1 and call or call .. "." .. output, i
        end
      else
        out[#out + 1], from[#from + 1] = part, i
      end
    end
  end
  return out, from
end

M.signature, M.param_text, M.range_text, M.help = docs.signature, docs.param_text, docs.range_text, docs.help
M.listing = docs.listing

--- Indicators by group, { { name, about, infos } … }, all or those of a list.
function M.groups(infos) return docs.groups(infos or M.list()) end

--- A chart of features over prices: lua/plot.lua has the options. At the prompt the text prints as a picture.
function M.plot(bars, expressions, options)
  local text, message = require("plot").features(bars, expressions, options)
  if not text or options and options.svg then return text, message end
  return setmetatable({ text = text }, Picture)
end

--- docs/indicators.md (scripts/gen_indicators.lua writes it).
function M.markdown() return docs.markdown(M.built_in()) end

return M

--- The feature builder: the `x` of features(p, x), which writes the feature hub's expressions (docs/expressions.md).
--
--     x.close                           a column; open high low close volume hl2 hlc3 hlcc4 ohlc4, the source's own
--     x.sma(x.close, 20), x.sma(20)     an indicator; its source defaults to close
--     x.bbands(20, 2).upper             one of its outputs
--     x.ema(20, { seed = "first" })     parameters by name, in a table at the end
--     x.ma(x.close, 20, "wma")          words of a parameter
--     x.matrix { a, b, …, rows = 64 }   the last rows of several features, for models (lua/matrix.lua)
--     x.tr, x.tr(), x.heikin_ashi.open  indicators without arguments stand by themselves too
--     a + b, a - b, a * b, a / b, -a    arithmetic of expressions and numbers
--     x.gt(a, b), lt, ge, le, eq, ne    comparisons: 1 or 0
--     x.all(a, b, …), x.any(a, b, …)    conditions together: 1 or 0
--     x.lag(a, 3), a:lag(3), x.crossover(a, b) …
--     x"QQQ_1d", x.on "QQQ_1d"          the builder of another symbol and timeframe
--     x.tf "1d"                         the same symbol at another timeframe
--     x[1], x[2], x.n, x:each(f)        the builders of a multi-symbol strategy's symbols
--
-- Errors are raised without a position: the registry finds the user's line.
local ffi = require "ffi"
local abi = require "abi"
local matrix = require "matrix"
local suggest = require "suggest"
local C = abi.C

local M = {}

local Expr = {}
local data = setmetatable({}, { __mode = "k" }) -- what an expression object stands for

local function fail(format, ...) error(format:format(...), 0) end

--- Shortest text that reads back as the same number.
function M.number_text(value)
  if value ~= value or value == math.huge or value == -math.huge then
    fail("a feature expression cannot hold the number %s", tostring(value))
  end
  for digits = 15, 16 do
    local text = ("%%.%dg"):format(digits):format(value)
    if tonumber(text) == value then return text end
  end
  return ("%.17g"):format(value)
end

-- Indicators --------------------------------------------------------------------------------------------------------

local IS_COLUMN = {}
for name in ("open high low close volume time local_time close_time session"):gmatch "%S+" do IS_COLUMN[name] = true end

-- What a feature has as a method too: a:lag(3) is x.lag(a, 3).
local METHODS = {}
for name in ("lag crossover crossunder abs sign min max log exp sqrt gt ge lt le eq ne"):gmatch "%a+" do
  METHODS[name] = true
end

local COMPARISONS = { gt = ">", ge = ">=", lt = "<", le = "<=", eq = "==", ne = "!=" }
local COMBINATIONS = { all = "and", any = "or" }

local indicators

-- What the hub computes by name: { outputs = list, words = { word = true }, is_bare = it stands without arguments, as
-- hl2 and tr }.
local function known_indicators()
  if indicators then return indicators end
  indicators = {}
  for i = 0, C.pln_indicator_count() - 1 do
    local info = C.pln_indicator_get(i)
    local outputs = {}
    for output in ffi.string(info.outputs):gmatch "%S+" do outputs[#outputs + 1] = output end
    if info.has_valid ~= 0 then outputs[#outputs + 1] = "valid" end
    local known = {
      outputs = outputs, words = {}, is_bare = info.input_kind == C.PLN_INPUT_COLUMNS,
    }
    for k = 0, info.n_params - 1 do
      local words = info.params[k].words
      for word in (words ~= nil and ffi.string(words) or ""):gmatch "%S+" do known.words[word] = true end
    end
    indicators[ffi.string(info.name)] = known
    for alias in (info.aliases ~= nil and ffi.string(info.aliases) or ""):gmatch "%S+" do indicators[alias] = known end
  end
  return indicators
end

-- The same of a definition in Lua.
local own = setmetatable({}, { __mode = "k" })

local function known_own(def)
  local known = own[def]
  if not known then
    known = { outputs = { unpack(def.outputs) }, words = {}, is_bare = false }
    known.is_bare = def.input_kind == "columns"
    if def.has_valid then known.outputs[#known.outputs + 1] = "valid" end
    for _, param in ipairs(def.hub_params) do
      for _, word in ipairs(param.words or {}) do known.words[word] = true end
    end
    own[def] = known
  end
  return known
end

-- What is known of a name, nil where there is no such indicator. A file that cannot be loaded is told as such.
local function known_as(name, library)
  local known = known_indicators()[name]
  if known then return known end
  local def, message = library:find(name)
  if message then error(message, 0) end
  return def and known_own(def)
end

local function callable_names(library)
  local names = {}
  for name in pairs(known_indicators()) do names[#names + 1] = name end
  for _, def in ipairs((library:list())) do names[#names + 1] = def.name end
  for name in pairs(COMPARISONS) do names[#names + 1] = name end
  for name in pairs(COMBINATIONS) do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- Nodes -------------------------------------------------------------------------------------------------------------
-- kind: "number" value; "column" name, scope; "call" name, known, args, keywords, scope; "output" base, name;
-- "word" name;
-- "name" name, known, scope, library: what stands behind a dot and is a column, or to be called;
-- "binary" operator, a, b; "negate" a. own = some leaf belongs to the strategy's own symbol.

local function make(node)
  local object = setmetatable({}, Expr)
  data[object] = node
  return object
end

local function of(value)
  if type(value) == "number" then return { kind = "number", value = value } end
  return data[value]
end

local function describe(value)
  if value == nil then return "nil (is there a misspelt parameter or feature?)" end
  return "a " .. type(value)
end

local function operand(value, what)
  local node = of(value)
  if not node then fail("%s: expected a feature or a number, got %s", what, describe(value)) end
  if node.kind == "name" then
    local name = node.name
    if node.callable and not (node.known and node.known.is_bare) then
      fail("%s is not a series by itself: call it, as in x.%s(…)", name, name)
    end
    return { kind = "column", name = name, scope = node.scope, own = node.scope == nil }
  end
  return node
end

local function prefix(scope, current)
  return scope and scope ~= current and scope .. "." or ""
end

local render

local function render_call(node, current)
  local parts = {}
  for i, arg in ipairs(node.args) do parts[i] = render(arg, node.scope, true) end
  for _, keyword in ipairs(node.keywords) do parts[#parts + 1] = keyword.name .. "=" .. keyword.value end
  return prefix(node.scope, current) .. node.name .. "(" .. table.concat(parts, ", ") .. ")"
end

function render(node, current, top)
  local kind = node.kind
  if kind == "number" then
    return M.number_text(node.value)
  elseif kind == "word" then
    return node.name
  elseif kind == "column" then
    return prefix(node.scope, current) .. node.name
  elseif kind == "call" then
    return render_call(node, current)
  elseif kind == "output" then
    return render(node.base, current) .. "." .. node.name
  elseif kind == "negate" then
    return "-" .. render(node.a, current)
  end
  local text = render(node.a, current) .. " " .. node.operator .. " " .. render(node.b, current)
  return top and text or "(" .. text .. ")"
end

local function binary(operator, a, b)
  a, b = operand(a, operator), operand(b, operator)
  return make { kind = "binary", operator = operator, a = a, b = b, own = a.own or b.own }
end

local function keyword_list(name, options)
  local keywords = {}
  for key, value in pairs(options) do
    if type(key) ~= "string" or not key:find("^[%a_][%w_]*$") then
      fail("x.%s: '%s' is not the name of a parameter", name, tostring(key))
    end
    if type(value) == "number" then
      value = M.number_text(value)
    elseif type(value) == "boolean" then
      value = value and "1" or "0"
    elseif type(value) ~= "string" or not value:find("^[%a_][%w_]*$") then
      fail("x.%s: %s is %s, expected a number or a word", name, key, describe(value))
    end
    keywords[#keywords + 1] = { name = key, value = value }
  end
  table.sort(keywords, function(a, b) return a.name < b.name end)
  return keywords
end

-- A text among the arguments: one of the words that a parameter of the indicator knows.
local function word(name, known, text, position)
  if known and known.words[text] then return { kind = "word", name = text } end
  local words = {}
  for other in pairs(known and known.words or {}) do words[#words + 1] = other end
  table.sort(words)
  if #words == 0 then
    fail("x.%s: argument %d is the text '%s', expected a feature or a number", name, position, text)
  end
  fail("x.%s: argument %d: '%s' is not one of its words: %s%s", name, position, text, table.concat(words, ", "),
    suggest.hint(text, words))
end

local function call(scope, library, name, ...)
  local n, values = select("#", ...), { ... }
  if COMPARISONS[name] then
    if n ~= 2 then fail("x.%s: expected two features or numbers, got %d", name, n) end
    return binary(COMPARISONS[name], values[1], values[2])
  end
  if COMBINATIONS[name] then
    if n == 0 then fail("x.%s: expected conditions", name) end
    local result = values[1]
    for i = 2, n do result = binary(COMBINATIONS[name], result, values[i]) end
    return result
  end
  local keywords = {}
  if n > 0 and type(values[n]) == "table" and not data[values[n]] then
    keywords = keyword_list(name, values[n])
    n = n - 1
  end
  local args, is_own = {}, scope == nil
  local known = known_as(name, library)
  for i = 1, n do
    local arg = type(values[i]) == "string" and word(name, known, values[i], i)
      or operand(values[i], ("x.%s: argument %d"):format(name, i))
    if scope and arg.own then
      fail("x.%s: argument %d belongs to the strategy's own symbol, but the call to %s: take both from one builder",
        name, i, scope)
    end
    args[i] = arg
  end
  return make {
    kind = "call", name = name, known = known, library = library, args = args, keywords = keywords, scope = scope,
    own = is_own,
  }
end

Expr.__index = function(self, key)
  local node = data[self]
  if type(key) ~= "string" then fail("a feature has outputs by name, not %s", tostring(key)) end
  local known, found = node.known, false
  for _, output in ipairs(known and known.outputs or {}) do found = found or output == key end
  if METHODS[key] and not (found and (node.kind == "call" or known.is_bare)) then
    return function(...) return call(node.scope, node.library, key, ...) end -- all of these are built in
  end
  if node.kind == "name" and known and known.is_bare then
    node = {
      kind = "call", name = node.name, known = known, args = {}, keywords = {}, scope = node.scope, own = node.own,
    }
  end
  if node.kind == "name" then
    fail("%s has no '%s': call it first, as in x.%s(…).%s", node.name, key, node.name, key)
  end
  if node.kind ~= "call" then fail("only an indicator has outputs: there is no '.%s' here", key) end
  if known and not found then
    fail("%s has no output '%s'%s (it has %s)", node.name, key, suggest.hint(key, known.outputs),
      table.concat(known.outputs, ", "))
  end
  return make { kind = "output", base = node, name = key, scope = node.scope, own = node.own }
end
Expr.__newindex = function() fail("features cannot be changed") end
Expr.__call = function(self, ...)
  local node = data[self]
  if node.kind ~= "name" then fail("this feature is a series already, it cannot be called") end
  if not node.callable then
    fail("unknown indicator '%s'%s", node.name, suggest.hint(node.name, callable_names(node.library)))
  end
  return call(node.scope, node.library, node.name, ...)
end
Expr.__add = function(a, b) return binary("+", a, b) end
Expr.__sub = function(a, b) return binary("-", a, b) end
Expr.__mul = function(a, b) return binary("*", a, b) end
Expr.__div = function(a, b) return binary("/", a, b) end
Expr.__unm = function(a)
  a = operand(a, "-")
  return make { kind = "negate", a = a, own = a.own }
end
local function refuse(what, instead)
  return function() fail("%s does not work on features: write %s", what, instead) end
end
Expr.__lt, Expr.__le = refuse("<", "x.lt(a, b) or x.gt(a, b)"), refuse("<=", "x.le(a, b) or x.ge(a, b)")
Expr.__mod, Expr.__concat = refuse("%", "it in signal, on numbers"), refuse("..", "arithmetic only")
Expr.__tostring = function(self) return render(operand(self, "feature"), nil, true) end
Expr.__metatable = false

-- Builders ----------------------------------------------------------------------------------------------------------

local Builder = {}
local scopes = setmetatable({}, { __mode = "k" }) -- builder → { scope, stream, multi, library }

--- A scope as the language writes it: quoted where the symbol is no plain name. "BRK.B_1d" → "\"BRK.B\"_1d".
function M.scope_text(stream)
  local symbol, timeframe = stream:match "^(.+)_(%w+)$"
  if not symbol then
    fail("'%s' is not SYMBOL_TIMEFRAME, such as SPY_1d", stream)
  elseif symbol:find '["%c]' then
    fail("the symbol %s cannot be written in a feature expression", symbol)
  end
  return symbol:find "^[%a_][%w_]*$" and stream or ('"%s"_%s'):format(symbol, timeframe)
end

local function builder(library, stream, own_stream, multi)
  local self = setmetatable({}, Builder)
  scopes[self] = {
    scope = stream and M.scope_text(stream), stream = stream or own_stream, multi = multi, library = library,
  }
  return self
end

local function on(self, stream)
  if type(stream) ~= "string" then fail("expected SYMBOL_TIMEFRAME, such as x\"SPY_1d\", got %s", describe(stream)) end
  return builder(scopes[self].library, stream, scopes[self].stream)
end

local function at_timeframe(self, timeframe)
  if type(timeframe) ~= "string" then fail("x.tf: expected a timeframe such as \"1d\", got %s", describe(timeframe)) end
  local stream = scopes[self].stream or ""
  local symbol = stream:match "^(.+)_%w+$"
  if not symbol then fail("x.tf: the strategy's own symbol is not known here") end
  return builder(scopes[self].library, symbol .. "_" .. timeframe, stream)
end

-- x.matrix { … }

local matrices = setmetatable({}, { __mode = "k" }) -- what such a call gave → { exprs, rows, clip, missing, scale }
local MAX_MATRIX = 4096

local function matrix_of(_, declared)
  if type(declared) ~= "table" or data[declared] then
    fail("x.matrix: expected a list of features and options, as in x.matrix { x.returns(), x.rsi(14), rows = 64 }")
  end
  local given, exprs = {}, {}
  for key, value in pairs(declared) do
    if type(key) ~= "number" then given[key] = value end
  end
  for k = 1, #declared do
    if type(declared[k]) == "string" then
      exprs[k] = declared[k]
    else
      exprs[k] = render(operand(declared[k], ("x.matrix: feature %d"):format(k)), nil, true)
    end
  end
  if #exprs == 0 or #exprs > MAX_MATRIX then
    fail("x.matrix: %d features, expected 1 to %d", #exprs, MAX_MATRIX)
  end
  local options, message = matrix.options(given)
  if not options then fail("x.matrix: %s", message) end
  options.exprs = exprs
  local object = setmetatable({}, { __metatable = false, __tostring = function() return "a matrix" end })
  matrices[object] = options
  return object
end

--- What x.matrix { … } gave: { exprs = list of texts, rows, clip, missing, scale }; nil of any other value.
function M.matrix_of(value) return type(value) == "table" and matrices[value] or nil end

-- x.on("…"), x:on("…") and x.tf in either form.
local function bound(self, method)
  return function(a, b)
    if scopes[a] then a = b end
    return method(self, a)
  end
end

Builder.__index = function(self, key)
  local info = scopes[self]
  if type(key) == "number" then
    if info.multi then fail("x[%s]: the strategy has symbols 1 to %d", tostring(key), #info.multi) end
    fail("x[%s]: only a strategy with `symbols` has several", tostring(key))
  end
  if type(key) ~= "string" then fail("the builder has no %s", tostring(key)) end
  if key == "on" then return bound(self, on) end
  if key == "tf" then return bound(self, at_timeframe) end
  if key == "matrix" then return bound(self, matrix_of) end
  if key == "n" then return info.multi and #info.multi or 1 end
  if key == "each" then
    return bound(self, function(_, fn)
      local list = {}
      for k = 1, #(info.multi or {}) do list[k] = fn(rawget(self, k), k) end
      return list
    end)
  end
  local known = not IS_COLUMN[key] and known_as(key, info.library) or nil
  local callable = known ~= nil or COMPARISONS[key] ~= nil or COMBINATIONS[key] ~= nil
  if info.multi and (IS_COLUMN[key] or known and known.is_bare) then
    fail("x.%s: of which symbol? Write x[1].%s", key, key)
  end
  return make {
    kind = "name", name = key, known = known, library = info.library, scope = info.scope, callable = callable,
    own = info.scope == nil,
  }
end
Builder.__newindex = function() fail("the builder cannot be changed") end
Builder.__call = function(self, stream) return on(self, stream) end
Builder.__metatable = false

--- A builder.
-- @param own_stream name of the strategy's stream, "SPY_1m"
-- @param symbols nil, or the list of stream names of a multi-symbol strategy
-- @param library of indicators in Lua (indicator_hub.library), nil: the default one
function M.builder(own_stream, symbols, library)
  library = library or require("indicator_hub").default()
  local self = builder(library, nil, own_stream, symbols)
  for k, stream in ipairs(symbols or {}) do rawset(self, k, builder(library, stream, stream)) end
  return self
end

--- The text of a feature that a user's function gave: an expression, a number, or a text in the language already.
-- @return text, or nil and what was found
function M.text(value)
  if type(value) == "string" then return value end
  if of(value) then return render(operand(value, "feature"), nil, true) end
  return nil, describe(value)
end

--- The texts of the features that decide the sign of one: of `sign(a - b)` and of `a - b` those of a and b, so that
-- nobody has to compute the rest; otherwise its own.
-- @return list of one or two texts, or nil and what was found
function M.signs(value)
  local text, found = M.text(value)
  if not text then return nil, found end
  if type(value) == "string" then return { text } end
  local node = operand(value, "feature")
  while node.kind == "call" and node.name == "sign" and not node.scope and #node.args == 1 and #node.keywords == 0 do
    node = node.args[1]
  end
  if node.kind ~= "binary" or node.operator ~= "-" then return { render(node, nil, true) } end
  return { render(node.a, nil, true), render(node.b, nil, true) }
end

--- Whether a value is one feature (rather than a list of them).
function M.is_feature(value)
  return type(value) == "string" or of(value) ~= nil
end

return M

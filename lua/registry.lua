--- Strategies, classifiers and indicators: finding their files, loading them into the sandbox, what they declare.
--
--     local reg = registry.new { folders = { "strategies" } }
--     local def, err = reg:load "momentum"
--     local p, err = def:check_params { fast = 5 }
--     local list, err = def:feature_list(p, { "SPY_1m" }, "SPY_1m")
--
-- Errors are one line, "file:line: message", with the user's file and line.
local ffi = require "ffi"
local abi = require "abi"
local expression = require "expression"
local frozen = require "frozen"
local indicator = require "indicator"
local params = require "params"
local context = require "context"
local parser = require "lua_parser"
local sandbox = require "sandbox"
local schedule = require "schedule"
local state = require "state"
local suggest = require "suggest"
local C = abi.C

local M = {}

local KINDS_OF_FILE = { "strategy", "classifier", "indicator", "execution_model", "risk_rule", "signal_filter" }
local FORMS = { "signal", "on_bar", "rule" }
local ORDER_CALLBACKS = { "on_fill", "on_order", "on_schedule" }

--- Type of an array of n numbers, counted from 1, whose indices are checked; for features of several symbols.
M.array_type = state.array_type

--- Sets a definition's generator of random numbers (def.random), from a whole number.
function M.seed_random(random, seed) sandbox.seed(random, seed) end

-- Names of chunks are cut by the compiler beyond this, at their beginning.
local MAX_CHUNK_NAME = 50

local CALLBACKS = { "on_bar", "on_fill", "on_order", "on_schedule", "on_start", "on_end" }
local KEYS = {
  strategy = {
    "name", "help", "params", "features", "state", "symbols", "signal", "rule", "on_bar", "on_fill", "on_order",
    "schedule", "on_schedule", "on_start", "on_end",
  },
  classifier = { "name", "help", "params", "features", "state", "regimes", "classify" },
  indicator = indicator.KEYS,
  execution_model = { "name", "help", "params", "state", "fill" },
  risk_rule = { "name", "help", "params", "state", "check" },
  signal_filter = { "name", "help", "params", "features", "state", "filter" },
}
local A = {
  strategy = "a strategy", classifier = "a classifier", indicator = "an indicator",
  execution_model = "an execution_model", risk_rule = "a risk_rule", signal_filter = "a signal_filter",
}
M.A_KIND = A -- what a definition is, by its `kind`, in words
local FUNCTION_KEYS = {
  features = true, signal = true, rule = true, classify = true, step = true, fill = true, check = true,
  filter = true,
}
for _, name in ipairs(CALLBACKS) do FUNCTION_KEYS[name] = true end

local Def = {}
Def.__index = Def

-- Errors ------------------------------------------------------------------------------------------------------------

-- For xpcall: keeps the line of the innermost frame of the user's, which the message need not hold.
local function with_line(chunk)
  local source = "@" .. chunk
  return function(err)
    for level = 2, 250 do
      local info = debug.getinfo(level, "Sl")
      if not info then break end
      if info.source == source then return { is_handled = true, perilune_error = err, line = info.currentline } end
    end
    return { is_handled = true, perilune_error = err }
  end
end

--- A handler for xpcall around a call of a user's function: what it returns is for `describe`, and knows the line
-- even where the message does not (out of memory, errors inside the engine's own functions).
function M.handler(def) return with_line(def.chunk) end

local STRUCTS = { pln_bar_row = "bar", pln_fill = "fill", pln_order = "order", pln_context = "ctx" }

-- Rewords what LuaJIT says of structs, which the user does not know as such.
local function reword(message, def)
  local field = message:match "^'struct [^']*' has no member named '([^']*)'"
  if field == "regime" then
    return "there is no f.regime: no classifier is named for this strategy (classifier: ID in the configuration)"
  elseif field then
    local names = def.feature_names or {}
    return ("there is no field '%s' here%s"):format(field, suggest.hint(field, names))
  end
  return (message:gsub("'struct ([%w_]+)'", function(name)
    return STRUCTS[name] and ("'%s'"):format(STRUCTS[name]) or "this value"
  end))
end

--- Describes an error that pcall or xpcall caught around a user's function.
-- @param err the error's value, or what `handler` made of it
-- @param def the definition whose code ran
-- @return { file =, line = number or nil, message = one line }
function M.describe(err, def)
  -- Out of memory: what the user's code held is garbage now, and even a message needs room.
  if err == "not enough memory" then collectgarbage() end
  local line
  if type(err) == "table" and rawget(err, "is_handled") then err, line = err.perilune_error, err.line end
  local message
  if type(err) == "string" then
    message = err
    local prefix = def.chunk .. ":"
    if message:sub(1, #prefix) == prefix then
      local number, rest = message:sub(#prefix + 1):match "^(%d+): (.*)$"
      if number then line, message = tonumber(number), rest end
    else
      -- Where a function ends with `return g(…)`, it is gone when g fails: its own line is the best there is.
      local from_loop, from_engine
      message, from_loop = message:gsub("^%l+ loop:%d+: ", "")
      message, from_engine = message:gsub("^[^:\n]*%.lua:%d+: ", "")
      -- A stack that is full to the brim has no room for the handler either, so that nothing is known of the place.
      if from_loop > 0 or from_engine > 0 and not def.on_bar or message == "stack overflow" then
        line = line or def.lines.signal or def.lines.on_bar or def.lines.classify or def.lines.step or def.lines.fill
          or def.lines.check or def.lines.filter
      end
    end
  elseif type(err) == "table" and type(rawget(err, "message")) == "string" then
    message = err.message
  else
    message = ("error() was called with %s, expected a message"):format(err == nil and "nil" or "a " .. type(err))
  end
  if message == "not enough memory" then message = "not enough memory: the strategy holds more than it may" end
  return { file = def.file, line = line, message = reword(message:gsub("[\r\n]+", " "), def) }
end

local function located(def, err, fallback)
  local place = M.describe(err, def)
  return ("%s:%d: %s"):format(place.file, place.line or fallback or 1, place.message)
end

-- Runs the user's code at load time, under its budget.
local function run(def, fallback, fn, ...)
  local budget = def.budget
  local left, limit = budget.left, budget.limit
  budget.left, budget.limit = sandbox.DEFAULT_BUDGET, sandbox.DEFAULT_BUDGET
  local arguments, n = { ... }, select("#", ...)
  C.pln_watchdog_watch(nil, def.file)
  local outer = sandbox.charge_to(budget)
  local ok, result = xpcall(function() return fn(unpack(arguments, 1, n)) end, with_line(def.chunk))
  sandbox.charge_to(outer)
  C.pln_watchdog_rest()
  budget.left, budget.limit = left, limit
  if not ok then return nil, located(def, result, fallback) end
  return true, result
end

-- Checks of a declaration ---------------------------------------------------------------------------------------------

local function at(def, key, format, ...)
  return nil, ("%s:%d: %s"):format(def.file, def.lines[key] or def.lines.name or 1, format:format(...))
end

local function check_keys(def, declared)
  local known = {}
  for _, key in ipairs(KEYS[def.kind]) do known[key] = true end
  local given = {}
  for key in pairs(declared) do given[#given + 1] = tostring(key) end
  table.sort(given)
  for _, key in ipairs(given) do
    if not known[key] then
      for _, other in ipairs(KINDS_OF_FILE) do
        for _, name in ipairs(KEYS[other]) do
          if name == key then return at(def, key, "'%s' belongs to %s, this is %s", key, A[other], A[def.kind]) end
        end
      end
      return at(def, key, "unknown key '%s' in %s{…}%s", key, def.kind, suggest.hint(key, KEYS[def.kind]))
    end
    if FUNCTION_KEYS[key] and type(declared[key]) ~= "function" then
      return at(def, key, "'%s' is a %s, expected a function", key, type(declared[key]))
    end
  end
  return true
end

local function check_names(def, declared, base)
  def.name = declared.name
  if def.name == nil then def.name = base end
  if type(def.name) ~= "string" or not def.name:find "^[%a_][%w_-]*$" then
    return at(def, "name", "name = %s: expected a word such as \"%s\"", tostring(def.name), "momentum")
  end
  def.help = declared.help or ""
  if type(def.help) ~= "string" then return at(def, "help", "help is a %s, expected a text", type(def.help)) end
  return true
end

local function check_strategy(def, declared)
  local forms = {}
  for _, key in ipairs(FORMS) do
    if declared[key] then forms[#forms + 1] = key end
  end
  if #forms == 0 then
    return at(def, "name", "a strategy needs one of: signal (gives LONG, FLAT or SHORT for each bar), on_bar (places "
      .. "its own orders), rule (a feature whose sign is the signal)")
  elseif #forms > 1 then
    return at(def, forms[2], "a strategy has one of signal, on_bar and rule: here are %s", table.concat(forms, " and "))
  end
  for _, key in ipairs(ORDER_CALLBACKS) do
    if declared[key] and not declared.on_bar then
      return at(def, key, "%s goes with on_bar: a strategy with %s places no orders of its own", key, forms[1])
    end
  end
  if (declared.schedule ~= nil) ~= (declared.on_schedule ~= nil) then
    return at(def, declared.schedule ~= nil and "schedule" or "on_schedule", declared.schedule ~= nil
      and "schedule asks for calls of on_schedule(ctx, name, f, bar, p, s), which is missing"
      or "on_schedule is called at the times of `schedule`, which is missing")
  end
  def.schedule = declared.schedule
  if type(declared.schedule) == "table" then
    local list, message = schedule.read(declared.schedule)
    if not list then return at(def, "schedule", "schedule: %s", message) end
  elseif declared.schedule ~= nil and type(declared.schedule) ~= "function" then
    return at(def, "schedule", "schedule is a %s, expected a table or a function of the parameters",
      type(declared.schedule))
  end
  local symbols = declared.symbols
  if symbols ~= nil and symbols ~= "all" and not (type(symbols) == "number" and symbols % 1 == 0 and symbols >= 1
    and symbols <= 1000) then
    return at(def, "symbols", "symbols = %s: expected how many symbols it trades together, or \"all\"",
      tostring(symbols))
  end
  if declared.rule and symbols ~= nil then return at(def, "rule", "a rule is for one symbol: use signal") end
  def.symbols = symbols
  return true
end

local function check_classifier(def, declared)
  if not declared.classify then
    return at(def, "name", "a classifier needs classify = function(f, bar, p, s), which returns one of its regimes")
  end
  local regimes = declared.regimes
  if type(regimes) ~= "table" or #regimes == 0 then
    return at(def, "regimes", "a classifier needs regimes = { \"calm\", \"volatile\" }, the names that it can return")
  end
  local seen = {}
  def.regimes = {}
  for i, name in ipairs(regimes) do
    if type(name) ~= "string" or not name:find "^[%a_][%w_-]*$" then
      return at(def, "regimes", "regimes: '%s' is not a word", tostring(name))
    elseif seen[name] then
      return at(def, "regimes", "regimes: '%s' is there twice", name)
    end
    seen[name], def.regimes[i] = true, name
  end
  return true
end

local function check_params_and_state(def, declared)
  local list, message, key = params.read_schema(declared.params, def.literals, def.order)
  if not list then return at(def, key, "%s", message) end
  def.params = list
  if def.kind == "indicator" then return true end
  def.state = declared.state
  if type(declared.state) == "function" or declared.state == nil then return true end
  def.layout, message = state.layout(declared.state)
  if not def.layout then return at(def, "state", "%s", message) end
  return true
end

local LEVEL = { "direction", "strength", "confidence" } -- what a filter sees of a signal

-- Fields of p and s in the source that are never there.
local function check_uses(def)
  local names = { params = {}, state = def.layout and state.names(def.layout) or def.state_names or {} }
  if def.kind == "signal_filter" then names.signal = LEVEL end
  if def.kind == "indicator" then names.inputs = #def.inputs > 1 and def.inputs or {} end
  for i, param in ipairs(def.params) do names.params[i] = param.name end
  for _, use in ipairs(def.uses) do
    local list = names[use.role]
    local dynamic = use.role == "state" and type(def.state) == "function"
    if list and not dynamic then
      local found = false
      for _, name in ipairs(list) do found = found or name == use.name end
      if not found then
        local what = use.role == "params" and "parameter" or use.role == "inputs" and "input"
          or use.role == "signal" and "field of a signal" or "state field"
        local fix = suggest.hint(use.name, list)
        if fix == "" then
          fix = use.role == "params" and (": add it to params = { %s = … }"):format(use.name)
            or use.role == "inputs" and (#def.inputs > 1 and (": there are %s"):format(table.concat(def.inputs, ", "))
              or ": with one input it is the number itself")
            or use.role == "signal" and ": there are " .. table.concat(LEVEL, ", ")
            or (": add it to state = { %s = 0 }"):format(use.name)
        end
        return nil, ("%s:%d: there is no %s '%s'%s"):format(def.file, use.line, what, use.name, fix)
      end
    end
  end
  return true
end

local ASKED = {
  execution_model = { "fill", "fill = function(order, bar, p, s), which returns a price offset, a fee and the largest "
    .. "quantity" },
  risk_rule = { "check", "check = function(order, portfolio, p, s), which returns ALLOW, REFUSE, or RESIZE and a "
    .. "quantity" },
}

-- What the core asks between its steps.
local function check_asked(def, declared)
  local key, form = ASKED[def.kind][1], ASKED[def.kind][2]
  if not declared[key] then return at(def, "name", "%s needs %s", A[def.kind], form) end
  if def.uses_random then return at(def, key, "math.random is not available in %s", A[def.kind]) end
  def.hooks.log = function() error("log is not available in " .. A[def.kind], 3) end
  def.hooks.record = function() error("record is not available in " .. A[def.kind], 3) end
  return true
end

local function check_filter(def, declared)
  if declared.filter then return true end
  return at(def, "name", "a signal_filter needs filter = function(signal, f, bar, p, s), which returns LONG, FLAT or "
    .. "SHORT, then optionally a strength and a confidence")
end

local check_kind = {
  signal_filter = check_filter,
  strategy = check_strategy, classifier = check_classifier, indicator = function() return true end,
  execution_model = check_asked, risk_rule = check_asked,
}

local function check(def, declared, base)
  local steps = {
    function() return check_keys(def, declared) end,
    function() return check_names(def, declared, base) end,
    function() return check_kind[def.kind](def, declared) end,
    function() return check_params_and_state(def, declared) end,
    function()
      if def.kind ~= "indicator" then return true end
      return indicator.check(def, declared, function(key, ...) return at(def, key, ...) end)
    end,
    function() return check_uses(def) end,
  }
  for _, step in ipairs(steps) do
    local ok, message = step()
    if not ok then return nil, message end
  end
  for key in pairs(FUNCTION_KEYS) do
    -- `features` is called through feature_list, the rest by the drain loop.
    if key == "features" then def.features_function = declared.features else def[key] = declared[key] end
  end
  local filter = def.filter
  -- The level stands in the struct of the features: it is a column of the slice like them.
  if filter then def.signal = function(f, bar, p, s) return filter(f, f, bar, p, s) end end
  return def
end

-- Loading -------------------------------------------------------------------------------------------------------------

local function chunk_name(file)
  if #file <= MAX_CHUNK_NAME then return file end
  return "..." .. file:sub(-(MAX_CHUNK_NAME - 3))
end

--- Makes a definition from a source text.
-- @param source Lua text
-- @param file its name, for messages
-- @return def, or nil and "file:line: message"
function M.compile(source, file)
  local def = setmetatable({ file = file, chunk = chunk_name(file), hooks = {} }, Def)
  def.hooks.log, def.hooks.record = function() end, function() end
  local instrumented, info = parser.instrument(source, file, def.chunk,
    { known = sandbox.known, hints = sandbox.HINTS, literals = context.LITERALS })
  if not instrumented then return nil, info end
  def.lines, def.literals, def.order, def.uses = info.lines, info.literals, info.order, info.uses
  def.uses_random = info.uses_random or false
  def.callbacks, def.bar_escapes = info.callbacks, info.bar_escapes or false

  local declared
  local function declare(kind)
    return function(t)
      if type(t) ~= "table" then error(("%s: expected a table, as in %s{ name = … }"):format(kind, kind), 2) end
      if declared then error("a file declares one " .. table.concat(KINDS_OF_FILE, ", "), 2) end
      def.kind, declared = kind, t
      return t
    end
  end
  local box = sandbox.new(def.hooks, {
    strategy = declare "strategy", classifier = declare "classifier", indicator = declare "indicator",
    execution_model = declare "execution_model", risk_rule = declare "risk_rule",
    signal_filter = declare "signal_filter",
    array = state.array,
  })
  def.budget, def.random = box.budget, box.random
  local chunk = assert(loadstring(instrumented, "@" .. def.chunk))
  setfenv(chunk, box.env)
  local ok, result = run(def, 1, chunk, box.budget, box.stop, box.pow)
  if not ok then return nil, result end
  if not declared or result ~= declared then
    return nil, ("%s:1: the file returns no strategy: it ends with `return strategy{…}`, `return classifier{…}` or "
      .. "`return indicator{…}`"):format(file)
  end
  def.source_hash = abi.hash128(source)
  local functions = {}
  for _, value in pairs(declared) do
    if type(value) == "function" then functions[#functions + 1] = value end
  end
  def.constants = frozen.new(functions, "@" .. def.chunk)
  return check(def, declared, file:match "([^/]+)%.lua$" or file:match "[^/]+$")
end

--- Loads a file. Returns def, or nil and a message.
function M.load_file(path)
  local handle, message = io.open(path, "rb")
  if not handle then return nil, message end
  local source = handle:read(parser.MAX_SOURCE + 1)
  handle:close()
  if not source then return nil, path .. ": cannot be read, or is empty" end
  return M.compile(source, path)
end

-- Definitions ---------------------------------------------------------------------------------------------------------

--- Completes and checks parameters: the table that the strategy sees as p. Returns p, or nil and a message.
function Def:check_params(given)
  local p, message = params.check(self.params, given)
  if not p then return nil, ("%s '%s': %s"):format(self.kind, self.name, message) end
  return p
end

local function features_error(def, name, format, ...)
  return nil, ("%s:%d: feature '%s': %s"):format(def.file, def.lines.features or 1, name, format:format(...))
end

local function check_feature_uses(def, list)
  local names, known = {}, { regime = true }
  for i, feature in ipairs(list) do names[i], known[feature.name] = feature.name, true end
  def.feature_names = names
  for _, use in ipairs(def.uses) do
    if use.role == "features" and not known[use.name] then
      local hint = suggest.hint(use.name, names)
      return nil, ("%s:%d: there is no feature '%s'%s"):format(def.file, use.line, use.name,
        hint ~= "" and hint or ": features(p, x) does not return it")
    end
  end
  return true
end

--- The features that the strategy asks for with these parameters, sorted by name.
-- @param p of check_params
-- @param symbols list of stream names (SPY_1m), one for each symbol of a multi-symbol strategy
-- @param own name of the stream on whose bars the strategy runs
-- @param library of indicators in Lua (indicator_hub.library), nil: the default one
-- @return list of { name, expr = text }, { name, exprs = list of texts, one for each symbol } or { name, matrix = {
--   exprs, rows, clip, missing, scale } }; or nil, message
function Def:feature_list(p, symbols, own, library)
  local several = self.symbols ~= nil
  if type(self.symbols) == "number" and #(symbols or {}) ~= self.symbols then
    return nil, ("%s: strategy '%s' trades %d symbols together, %d were given"):format(self.file, self.name,
      self.symbols, #(symbols or {}))
  end
  local list = {}
  if self.features_function then
    local made, builder = pcall(expression.builder, own, several and symbols or nil, library)
    if not made then return nil, ("%s: %s"):format(self.file, builder) end
    local ok, result = run(self, self.lines.features, self.features_function, p, builder)
    if not ok then return nil, result end
    if type(result) ~= "table" or expression.is_feature(result) then
      return nil, ("%s:%d: features returned a %s, expected a table such as { fast = x.sma(20) }"):format(self.file,
        self.lines.features or 1, type(result))
    end
    for name, value in pairs(result) do
      local problem = state.bad_field(name)
      if problem then return features_error(self, tostring(name), "%s", problem) end
      if name == "regime" then
        return features_error(self, name, "f.regime is the classifier's, choose another name")
      end
      for _, field in ipairs(self.filter and LEVEL or {}) do
        if name == field then
          return features_error(self, name, "signal.%s is the signal's, choose another name", name)
        end
      end
      local feature = { name = name }
      local matrix = expression.matrix_of(value)
      if matrix then
        feature.matrix = matrix
      elseif type(value) == "table" and not expression.is_feature(value) then
        if not several then
          return features_error(self, name, "a list, which only a strategy with `symbols` may give")
        elseif #value ~= #symbols then
          return features_error(self, name, "a list of %d, expected one for each of the %d symbols", #value, #symbols)
        end
        feature.exprs = {}
        for k = 1, #value do
          local ok_text, text, found = pcall(expression.text, value[k])
          if not ok_text then return features_error(self, name, "%s", text) end
          if not text then return features_error(self, name, "symbol %d: expected a feature, got %s", k, found) end
          feature.exprs[k] = text
        end
      else
        local ok_text, text, found = pcall(expression.text, value)
        if not ok_text then return features_error(self, name, "%s", text) end
        if not text then return features_error(self, name, "expected a feature, got %s", found) end
        feature.expr = text
      end
      list[#list + 1] = feature
    end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  local ok, message = check_feature_uses(self, list)
  if not ok then return nil, message end
  return list
end

-- What the rule of a strategy gives, through a function that makes text of it.
local function rule_text(self, p, own, library, text_of)
  local made, builder = pcall(expression.builder, own, nil, library)
  if not made then return nil, ("%s: %s"):format(self.file, builder) end
  local ok, result = run(self, self.lines.rule, self.rule, p, builder)
  if not ok then return nil, result end
  local ok_text, text, found = pcall(text_of, result)
  if ok_text and text then return text end
  return nil, ("%s:%d: rule: %s"):format(self.file, self.lines.rule or 1,
    ok_text and "expected a feature, got " .. found or text)
end

--- The rule of a strategy that has one, as an expression whose sign is the signal. Returns text, or nil, message.
function Def:rule_expression(p, own, library) return rule_text(self, p, own, library, expression.text) end

--- The same as a list of expressions: one, or two if the sign is that of their difference.
function Def:rule_features(p, own, library) return rule_text(self, p, own, library, expression.signs) end

--- Which fields of the bar the function that is called for each bar names ({ close = true }), or nil where it may
-- reach any: when the bar is handed on, or the function is not written in place.
function Def:bar_fields()
  local name = self.on_bar and "on_bar" or self.classify and "classify" or self.filter and "filter" or "signal"
  if self.bar_escapes or not self.callbacks[name] or self.on_schedule and not self.callbacks.on_schedule then
    return nil
  end
  local fields = {}
  for _, use in ipairs(self.uses) do
    if use.role == "bar" then fields[use.name] = true end
  end
  return fields
end

--- The times that a strategy asks for (schedule.read), nil where it asks for none; nil and a message on an error.
function Def:schedule_of(p)
  local declared = self.schedule
  if declared == nil then return nil end
  if type(declared) == "function" then
    local ok, result = run(self, self.lines.schedule, declared, p)
    if not ok then return nil, result end
    declared = result
  end
  local list, message = schedule.read(declared)
  if not list then return nil, ("%s:%d: schedule: %s"):format(self.file, self.lines.schedule or 1, message) end
  return list
end

--- A new state as the strategy declared it (a struct, plain memory), or nil where it declares none.
-- Where `state` is a function of the parameters: nil and a message on its errors.
function Def:new_state(p)
  if self.state == nil then return nil end
  local layout = self.layout
  if not layout then
    local ok, declared = run(self, self.lines.state, self.state, p)
    if not ok then return nil, declared end
    local message
    layout, message = state.layout(declared)
    if not layout then return nil, ("%s:%d: %s"):format(self.file, self.lines.state or 1, message) end
  end
  return state.new(layout)
end

-- The registry --------------------------------------------------------------------------------------------------------

local Registry = {}
Registry.__index = Registry

--- A registry. Folders are searched in this order: options.folders, PERILUNE_PATH, the installation's own.
-- @param options { folders = list of paths, environment = false to leave PERILUNE_PATH out } or nil
function M.new(options)
  options = options or {}
  local folders = {}
  for _, folder in ipairs(options.folders or {}) do folders[#folders + 1] = folder end
  if options.environment ~= false then
    for folder in (os.getenv "PERILUNE_PATH" or ""):gmatch "[^:]+" do folders[#folders + 1] = folder end
  end
  local home = ffi.string(C.pln_host_home())
  if home ~= "" then folders[#folders + 1] = home .. "/strategies" end
  return setmetatable({ folders = folders, files = {} }, Registry)
end

function Registry:_load_file(path)
  local entry = self.files[path]
  if not entry then
    local def, message = M.load_file(path)
    entry = { def = def, message = message }
    self.files[path] = entry
  end
  return entry.def, entry.message
end

--- Runs a function of a definition's file under its budget, outside of any row. Returns true and its result, or nil and
-- "file:line: message" with the line of `key` where the message has none.
function M.run(def, key, fn, ...) return run(def, def.lines[key], fn, ...) end

local function exists(path)
  local handle = io.open(path, "rb")
  if handle then handle:close() end
  return handle ~= nil
end

--- Names of the Lua files of a folder, sorted; none where there is no such folder.
function M.files_of(folder)
  local names = {}
  local listing = C.pln_folder_new(folder, ".lua")
  if listing == nil then return names end
  for i = 0, C.pln_folder_count(listing) - 1 do names[i + 1] = ffi.string(C.pln_folder_name(listing, i)) end
  C.pln_folder_free(listing)
  return names
end

--- All that the folders hold, by name; where two have one name, the first folder's.
-- @return list of { name, kind, help, file } or { name = file's name, file, error = message }, sorted by name
function Registry:list()
  local list, seen = {}, {}
  for _, folder in ipairs(self.folders) do
    for _, file in ipairs(M.files_of(folder)) do
      local path = folder .. "/" .. file
      local def, message = self:_load_file(path)
      local name = def and def.name or file:gsub("%.lua$", "")
      if not seen[name] and not (def and (def.kind == "indicator" or ASKED[def.kind])) then
        seen[name] = true
        list[#list + 1] = def and { name = name, kind = def.kind, help = def.help, file = path }
          or { name = name, file = path, error = message }
      end
    end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

--- Loads a strategy or classifier by its name (its file's, or the one it declares) or by an explicit path.
-- A definition is made once for each registry and file.
-- @return def, or nil and a one-line message
function Registry:load(name)
  if name:find("/", 1, true) or name:find "%.lua$" then return self:_load_file(name) end
  for _, folder in ipairs(self.folders) do
    local path = folder .. "/" .. name .. ".lua"
    if exists(path) then
      local def, message = self:_load_file(path)
      if not def then return nil, message end
      if def.name == name then return def end
    end
  end
  local names, broken = {}, nil
  for _, entry in ipairs(self:list()) do
    if entry.error then
      broken = broken or entry.error
    else
      if entry.name == name then return self:_load_file(entry.file) end
      names[#names + 1] = entry.name
    end
  end
  return nil, ("unknown strategy '%s'%s (searched %s)%s"):format(name, suggest.hint(name, names),
    table.concat(self.folders, ", "), broken and "; one file could not be loaded: " .. broken or "")
end

return M

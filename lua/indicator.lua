--- Indicators written in Lua: what a file declares with indicator{…}, and the generated loop that runs its step.
--
--     return indicator {
--       name = "zlema", help = "…", group = "trend", formula = "…",
--       params  = { period = { 20, min = 1, max = 10000, help = "rows" } },
--       inputs  = { "source" },          -- one series, close by default; or { "high", "low" }, { "a", "b" } …
--       outputs = { "value" },
--       state   = { ema = 0, ring = array "period" },
--       warmup  = function(p) return p.period - 1 end,
--       step    = function(s, x, p) … return value end,
--     }
--
-- docs/indicators_lua.md explains it. The feature hub owns the state, as plain memory; lua/indicator_hub.lua answers
-- what it asks. One loop is generated for each definition, whatever its parameters.
local ffi = require "ffi"
local abi = require "abi"
local params = require "params"
local state = require "state"
local suggest = require "suggest"
local C = abi.C

local M = {}

local TEXT_KEYS = { "group", "formula", "example" }
local HOOKS = { "log", "record" }

M.KEYS = {
  "name", "help", "group", "formula", "example", "params", "inputs", "outputs", "valid", "state", "warmup", "step",
}

local MAX_INPUTS, MAX_OUTPUTS, MAX_PARAMS, MAX_NAME = 8, 16, 12, 32
local MAX_LOOKBACK = 1e9
-- Bounds of parameters that state none.
local MAX_INTEGER, MAX_NUMBER = 100000, 1e12

local COLUMNS, SOURCES = {}, { source = true, hl2 = true, hlc3 = true, hlcc4 = true, ohlc4 = true }
for name in ("open high low close volume time local_time close_time session"):gmatch "%S+" do COLUMNS[name] = true end

-- States ------------------------------------------------------------------------------------------------------------

-- An array in a state: where its values are, counted in doubles from here, so that the state can be moved; counted
-- from 1, every index checked. `#a` is how many there are.
local double_pointer = ffi.typeof "double *"
local floor = math.floor
local array_type = ffi.typeof "struct { double __n; double __at; }"

local function outside(a, index)
  error(type(index) ~= "number" and ("an array is indexed by numbers, not by %s"):format(tostring(index))
    or ("index %s is outside of the array's 1 to %d"):format(tostring(index), a.__n), 3)
end

ffi.metatype(array_type, {
  __len = function(a) return a.__n end,
  __index = function(a, i)
    if type(i) == "number" and i >= 1 and i <= a.__n and floor(i) == i then
      return ffi.cast(double_pointer, a)[a.__at + i - 1]
    end
    outside(a, i)
  end,
  __newindex = function(a, i, value)
    if type(i) == "number" and i >= 1 and i <= a.__n and floor(i) == i then
      ffi.cast(double_pointer, a)[a.__at + i - 1] = value
      return
    end
    outside(a, i)
  end,
})

local struct_types = {}

-- The struct of a state's fields: one for all sizes of its arrays.
local function struct_type(fields)
  local key, members, arrays, names = {}, {}, {}, {}
  for i, field in ipairs(fields) do
    key[i] = (field.n and "a " or field.boolean and "b " or "d ") .. field.name
    members[i] = (field.n and "$ " or field.boolean and "bool " or "double ") .. field.name .. ";"
    if field.n then arrays[#arrays + 1] = array_type end
    names[i] = field.name
  end
  local name = table.concat(key, ",")
  if not struct_types[name] then
    local ctype = ffi.typeof("struct { " .. table.concat(members, " ") .. " }", unpack(arrays))
    local function unknown(_, field)
      error(("the state has no field '%s'%s"):format(tostring(field), suggest.hint(tostring(field), names)), 2)
    end
    ffi.metatype(ctype, { __index = unknown, __newindex = unknown })
    struct_types[name] = { ctype = ctype, pointer = ffi.typeof("$ *", ctype) }
  end
  return struct_types[name]
end

--- The layout of a state for given parameters.
-- @param declared what the file declares, or its function returned
-- @param p parameters by name
-- @return { bytes, pointer = ctype, fields }, or nil and a message
function M.layout(declared, p)
  local fields, message = state.fields(declared, function(size)
    local value = p[size]
    if value == nil then
      local names = {}
      for name in pairs(p) do names[#names + 1] = name end
      table.sort(names)
      return nil, ("array \"%s\": there is no parameter of that name%s"):format(size, suggest.hint(size, names))
    end
    return value
  end)
  if not fields then return nil, message end
  local types = struct_type(fields)
  local bytes = ffi.sizeof(types.ctype)
  local layout = { pointer = types.pointer, fields = fields, places = {} }
  for i, field in ipairs(fields) do
    if field.n then
      layout.places[i] = (bytes - ffi.offsetof(types.ctype, field.name)) / 8
      bytes = bytes + field.n * 8
    end
  end
  layout.bytes = bytes
  return layout
end

--- Sets up zeroed memory as a state with its initial values.
function M.init_state(layout, memory)
  local s = ffi.cast(layout.pointer, memory)
  for i, field in ipairs(layout.fields) do
    if field.n then
      local array = s[field.name]
      array.__n, array.__at = field.n, layout.places[i]
      if field.initial ~= 0 then
        for k = 1, field.n do array[k] = field.initial end
      end
    else
      s[field.name] = field.initial
    end
  end
end

-- Declarations ------------------------------------------------------------------------------------------------------

local taken

--- What a name stands for already, such that an indicator in Lua cannot have it; nil where it is free.
function M.is_taken(name)
  if not taken then
    taken = {}
    for column in pairs(COLUMNS) do taken[column] = "a column" end
    for word in ("and or not"):gmatch "%a+" do taken[word] = "a word of the language" end
    for i = 0, C.pln_indicator_count() - 1 do
      local info = C.pln_indicator_get(i)
      taken[ffi.string(info.name)] = "built in"
      local aliases = info.aliases ~= nil and ffi.string(info.aliases) or ""
      for alias in aliases:gmatch "%S+" do taken[alias] = "built in" end
    end
  end
  return taken[name]
end

local function name_problem(name)
  if type(name) ~= "string" or not name:find "^[%a_][%w_]*$" then
    return ("'%s' is not a name (letters, digits and underscores)"):format(tostring(name))
  elseif #name > MAX_NAME then
    return ("'%s' is longer than %d characters"):format(name, MAX_NAME)
  end
end

-- A list of names, or nil and what is wrong.
local function names_of(declared, key, most)
  if type(declared) == "string" then declared = { declared } end
  if type(declared) ~= "table" or #declared == 0 then
    return nil, ("%s must be a list of names, such as { \"%s\" }"):format(key, key == "inputs" and "source" or "value")
  end
  local list, seen = {}, {}
  for i, name in ipairs(declared) do
    local problem = name_problem(name) or state.bad_field(name)
    if problem then return nil, key .. ": " .. problem end
    if seen[name] then return nil, ("%s: '%s' is there twice"):format(key, name) end
    list[i], seen[name] = name, true
  end
  for name in pairs(declared) do
    if type(name) ~= "number" then
      return nil, ("%s must be a list of names: '%s' is none"):format(key, tostring(name))
    end
  end
  if #list > most then return nil, ("%s: %d, at most %d are possible"):format(key, #list, most) end
  return list
end

-- How inputs are given, as the built-in indicators have it.
local function input_kind(inputs)
  local n_columns = 0
  for i, name in ipairs(inputs) do
    if COLUMNS[name] then n_columns = n_columns + (i > 1 and 1 or 0) end
  end
  if SOURCES[inputs[1]] and n_columns == #inputs - 1 then return "source" end
  if COLUMNS[inputs[1]] and n_columns == #inputs - 1 then return "columns" end
  if n_columns == 0 and not COLUMNS[inputs[1]] then return "series" end
  return nil, "inputs: columns and series of other names together: the first may be \"source\" with columns after it, "
    .. "else all are columns (\"high\", \"low\"), or all are names of your own, to be given in calls"
end

-- Parameters as the hub takes them: numbers in a range, or words.
local function hub_param(param)
  local made = { name = param.name, help = param.help, default = param.default, is_integer = param.type == "integer" }
  if param.type == "boolean" or param.type == "string" then
    local words = param.type == "boolean" and { "false", "true" } or param.choices
    if not words then return nil, "a text needs choices = { … }" end
    for i, word in ipairs(words) do
      if not word:find "^[%a_][%w_]*$" then return nil, ("the choice '%s' is not a word"):format(word) end
      if word == tostring(param.default) then made.default = i - 1 end
    end
    made.words, made.min, made.max, made.is_integer = words, 0, #words - 1, true
    return made
  end
  if param.choices then return nil, "choices are for words: a number has min and max" end
  made.min = param.min or param.type == "integer" and math.min(1, param.default) or -MAX_NUMBER
  made.max = param.max or param.type == "integer" and math.max(MAX_INTEGER, param.default) or MAX_NUMBER
  if made.default < made.min or made.default > made.max then return nil, "its default is out of its range" end
  return made
end

--- Checks what a file declared, and completes the definition. A step of registry.compile.
-- @param at function(key, format, …) that returns nil and a message with the key's line
-- @return true, or nil and a message
function M.check(def, declared, at)
  local problem = name_problem(def.name)
  if problem then return at("name", "%s", problem) end
  if M.is_taken(def.name) then return at("name", "'%s' is %s: choose another name", def.name, M.is_taken(def.name)) end
  for _, key in ipairs(TEXT_KEYS) do
    if declared[key] ~= nil and type(declared[key]) ~= "string" then
      return at(key, "%s is a %s, expected a text", key, type(declared[key]))
    end
  end
  def.group, def.formula, def.example = declared.group or "own", declared.formula or "", declared.example
  if not def.group:find "^[%l_]+$" then return at("group", "group = '%s': expected a word", def.group) end
  if not declared.step then
    return at("name", "an indicator needs step = function(s, x, p), which returns its outputs for a row")
  end
  def.step = declared.step
  for _, name in ipairs(HOOKS) do
    def.hooks[name] = function() error(name .. " is not available in an indicator", 3) end
  end
  if def.uses_random then return at("step", "math.random is not available in an indicator") end

  local message
  def.inputs, message = names_of(declared.inputs or { "source" }, "inputs", MAX_INPUTS)
  if not def.inputs then return at("inputs", "%s", message) end
  def.input_kind, message = input_kind(def.inputs)
  if not def.input_kind then return at("inputs", "%s", message) end
  def.outputs, message = names_of(declared.outputs or { "value" }, "outputs", MAX_OUTPUTS)
  if not def.outputs then return at("outputs", "%s", message) end
  for _, name in ipairs(def.outputs) do
    if name == "valid" then return at("outputs", "'valid' is made with valid = true: step returns it last") end
  end
  if declared.valid ~= nil and type(declared.valid) ~= "boolean" then
    return at("valid", "valid is a %s, expected true or false", type(declared.valid))
  end
  def.has_valid = declared.valid == true

  if #def.params > MAX_PARAMS then
    return at("params", "%d parameters, at most %d are possible", #def.params, MAX_PARAMS)
  end
  def.hub_params = {}
  for i, param in ipairs(def.params) do
    def.hub_params[i], message = hub_param(param)
    if not def.hub_params[i] then return at("params." .. param.name, "parameter '%s': %s", param.name, message) end
  end
  local warmup = declared.warmup
  if warmup == nil then warmup = 0 end
  if type(warmup) ~= "number" and type(warmup) ~= "function" then
    return at("warmup", "warmup is a %s, expected the index of the first row with a value, or a function(p) of it",
      type(warmup))
  end
  def.warmup = warmup
  if declared.state ~= nil and type(declared.state) ~= "function" then
    local layout
    layout, message = M.layout(declared.state, params.check(def.params))
    if not layout then return at("state", "%s", message) end
    def.state_names = {}
    for i, field in ipairs(layout.fields) do def.state_names[i] = field.name end
  end
  def.state = declared.state
  return true
end

--- A lookback as it is allowed, or nil and a message.
function M.lookback(value)
  if type(value) == "number" and value % 1 == 0 and value >= 0 and value <= MAX_LOOKBACK then return value end
  return nil, ("warmup gave %s, expected a whole number from 0 to %d: the index of the first row with a value")
    :format(type(value) == "number" and ("%.14g"):format(value) or "a " .. type(value), MAX_LOOKBACK)
end

--- The parameters that the hub tells (numbers, in order) as the step sees them, by name.
function M.params_table(def, values)
  local p = {}
  for i, param in ipairs(def.params) do
    local value = values[i - 1]
    if param.type == "boolean" then
      p[param.name] = value ~= 0
    elseif param.type == "string" then
      p[param.name] = def.hub_params[i].words[value + 1]
    else
      p[param.name] = value
    end
  end
  return p
end

-- The loop ----------------------------------------------------------------------------------------------------------

--- What x is: a struct of the inputs where there are several, nil where x is the input itself.
function M.new_inputs(def)
  if #def.inputs == 1 then return nil end
  def.input_type = def.input_type or ffi.typeof("struct { double " .. table.concat(def.inputs, ", ") .. "; }")
  return def.input_type()
end

local function loop_source(def)
  local n_outputs = #def.outputs + (def.has_valid and 1 or 0)
  local columns, copies, values, checks, stores, zeros = {}, {}, {}, {}, {}, {}
  for k, name in ipairs(def.inputs) do
    columns[#columns + 1] = "I" .. k
    copies[k] = ("x[%q] = I%d[i]"):format(name, k)
  end
  for k = 1, n_outputs do
    columns[#columns + 1] = "O" .. k
    values[k] = "v" .. k
    zeros[k] = ("O%d[i] = 0"):format(k)
    if k > #def.outputs then
      checks[k] = ("(v%d ~= true and v%d ~= false)"):format(k, k)
      stores[k] = ("O%d[i] = v%d and 1 or 0"):format(k, k)
    else
      checks[k] = ("type(v%d) ~= 'number' or v%d - v%d ~= 0"):format(k, k, k) -- NaN, infinity
      stores[k] = ("O%d[i] = v%d"):format(k, k)
    end
  end
  local x = #def.inputs == 1 and "I1[i]" or "x"
  return ([[
return function(step, budget, limit, beat, s, p, x, cold, n, %s)
  for i = 0, n - 1 do
    beat[0] = i
    budget.left = limit
    %s
    local %s = step(s, %s, p)
    if i < cold then
      %s
    else
      if %s then return i, %s end
      %s
    end
  end
  return n
end]]):format(table.concat(columns, ", "), #def.inputs == 1 and "" or table.concat(copies, " "),
    table.concat(values, ", "), x, table.concat(zeros, " "), table.concat(checks, " or "),
    table.concat(values, ", "), table.concat(stores, " "))
end

--- The loop of a definition: loop(step, budget, limit, beat, s, p, x, cold, n, inputs…, outputs…) → n, or the row at
-- which the step gave something that is no value, and what it gave. The first `cold` rows need not have values.
function M.loop(def)
  if not def.loop then def.loop = assert(loadstring(loop_source(def), "=indicator loop"))() end
  return def.loop
end

return M

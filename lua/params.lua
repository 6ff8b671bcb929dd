--- Parameters of a strategy as a checked schema.
--
--     params = {
--       fast = 10,                                             -- an integer: the default is a whole number
--       threshold = 0.5,                                       -- a number
--       entry = { 2.0, min = 0, max = 10, help = "…" },        -- a number too: it is written with a point
--       side = { "both", choices = { "both", "long" } },
--     }
--
-- A bare 0 is a number rather than an integer: it is what thresholds start from.
local suggest = require "suggest"

local M = {}

local BOUNDS = { "min", "max" }

local FIELDS = { "default", "type", "min", "max", "choices", "help" }
local KNOWN = {}
for _, name in ipairs(FIELDS) do KNOWN[name] = true end

local TYPES = { integer = true, number = true, boolean = true, string = true }

local function is_integer(value) return value % 1 == 0 and value >= -2 ^ 53 and value <= 2 ^ 53 end

local function show(value)
  if type(value) == "string" then return ("'%s'"):format(value) end
  if type(value) == "number" then return ("%.14g"):format(value) end
  return tostring(value)
end

-- Why a value does not fit a parameter, or nil; then the value itself.
local function misfit(param, value)
  local wanted = param.type
  local kind = type(value)
  if wanted == "integer" or wanted == "number" then
    if kind ~= "number" then
      return ("expected %s, got %s"):format(wanted == "integer" and "an integer" or "a number", show(value))
    end
    if value ~= value or value == math.huge or value == -math.huge then
      return ("expected a finite number, got %s"):format(show(value))
    end
    if wanted == "integer" and not is_integer(value) then
      return ("expected an integer, got %s"):format(show(value))
    end
    if param.min and value < param.min then
      return ("%s is below its minimum of %s"):format(show(value), show(param.min))
    end
    if param.max and value > param.max then
      return ("%s is above its maximum of %s"):format(show(value), show(param.max))
    end
  elseif kind ~= wanted then
    return ("expected a %s, got %s"):format(wanted, show(value))
  end
  if param.choices then
    for _, choice in ipairs(param.choices) do
      if choice == value then return nil end
    end
    local shown, names = {}, {}
    for i, choice in ipairs(param.choices) do shown[i], names[i] = show(choice), tostring(choice) end
    return ("%s is not one of %s%s"):format(show(value), table.concat(shown, ", "),
      wanted == "string" and suggest.hint(value, names) or "")
  end
  return nil
end

local function type_of_default(value, literal)
  local kind = type(value)
  if kind ~= "number" then return kind end
  if value == 0 or not is_integer(value) then return "number" end
  return literal and literal:find("[.eE]") and not literal:find("^0[xX]") and "number" or "integer"
end

local function read_spec(name, spec, literal)
  local param = { name = name, help = "" }
  if type(spec) ~= "table" then
    param.default = spec
  else
    param.default = spec.default
    if spec[1] ~= nil then
      if param.default ~= nil then return nil, "its default is given twice" end
      param.default = spec[1]
    end
    for key in pairs(spec) do
      if key ~= 1 and not KNOWN[key] then
        return nil, ("unknown field '%s'%s"):format(tostring(key), suggest.hint(tostring(key), FIELDS))
      end
    end
    param.type, param.min, param.max = spec.type, spec.min, spec.max
    param.help = spec.help or ""
    if spec.choices ~= nil then
      if type(spec.choices) ~= "table" or #spec.choices == 0 then return nil, "choices must be a list of values" end
      param.choices = {}
      for i, choice in ipairs(spec.choices) do param.choices[i] = choice end
    end
  end
  if param.default == nil then return nil, "it has no default: write { 10, min = 1, … }" end
  param.type = param.type or type_of_default(param.default, literal)
  if not TYPES[param.type] then
    return nil, ("its type is %s, expected integer, number, boolean or string"):format(show(param.type))
  end
  if type(param.help) ~= "string" then return nil, "help must be a string" end
  for _, bound in ipairs(BOUNDS) do
    if param[bound] ~= nil and type(param[bound]) ~= "number" then return nil, bound .. " must be a number" end
  end
  local problem = misfit(param, param.default)
  if problem then return nil, "its default: " .. problem end
  return param
end

--- Reads the `params` table of a declaration.
-- @param declared table or nil
-- @param literals text of the numbers as they were written, by "params.NAME"
-- @param order place of each entry in the file, by "params.NAME": the order of the result
-- @return list of { name, default, type, min, max, choices, help }, or nil, message, key such as "params.NAME"
function M.read_schema(declared, literals, order)
  local list = {}
  if declared == nil then return list end
  if type(declared) ~= "table" then return nil, "params must be a table, such as { fast = 10 }", "params" end
  for name, spec in pairs(declared) do
    local key = "params." .. tostring(name)
    if type(name) ~= "string" or not name:find("^[%a_][%w_]*$") then
      return nil, ("params: '%s' is not a name (write fast = 10)"):format(tostring(name)), "params"
    end
    local param, problem = read_spec(name, spec, literals[key])
    if not param then return nil, ("parameter '%s': %s"):format(name, problem), key end
    list[#list + 1] = param
  end
  table.sort(list, function(a, b)
    local at_a, at_b = order["params." .. a.name] or math.huge, order["params." .. b.name] or math.huge
    if at_a ~= at_b then return at_a < at_b end
    return a.name < b.name
  end)
  return list
end

--- Completes and checks given values.
-- @param list of read_schema
-- @param given table of values by name, or nil
-- @return table of all parameters by name, or nil and a message
function M.check(list, given)
  local p, names, known = {}, {}, {}
  for i, param in ipairs(list) do
    names[i], known[param.name] = param.name, true
    p[param.name] = param.default
  end
  if given ~= nil and type(given) ~= "table" then return nil, "params: expected a mapping of names to values" end
  local keys = {}
  for key in pairs(given or {}) do keys[#keys + 1] = tostring(key) end
  table.sort(keys)
  for _, key in ipairs(keys) do
    if not known[key] then
      return nil, ("unknown parameter '%s'%s%s"):format(key, suggest.hint(key, names),
        #names > 0 and " (there are: " .. table.concat(names, ", ") .. ")" or " (there are none)")
    end
  end
  for _, param in ipairs(list) do
    local value = given and given[param.name]
    if value ~= nil then
      local problem = misfit(param, value)
      if problem then return nil, ("parameter '%s': %s"):format(param.name, problem) end
      p[param.name] = value
    end
  end
  return p
end

return M

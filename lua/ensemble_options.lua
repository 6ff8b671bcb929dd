--- Options of ensemble weights: what lua/ensemble.lua takes, with defaults and bounds.
local suggest = require "suggest"

local M = {}

--- { name, type, default, min, max, above, help } each; `values` of an enum.
M.list = {
  { "max_weight", "number", default = 1, above = 0, max = 1, help = "most that a member may weigh" },
  { "min_weight", "number", default = 0, min = 0, max = 1, help = "least that a member with enough periods weighs" },
  { "shrinkage", "number", default = 0, min = 0, max = 1,
    help = "how far weights are moved to equal ones: 0 not at all, 1 all the way" },
  { "min_periods", "integer", default = 2, min = 1, max = 1e9,
    help = "a member with fewer returns than that takes no part" },
  { "leverage", "number", default = 1, above = 0, max = 1000, help = "what the weights' absolute values sum to" },
  { "allow_short", "boolean", default = false,
    help = "kelly, minimum_variance: weights may be below 0, a member's signals then count the other way" },
  { "covariance", "enum", default = "sample", values = { "sample", "ledoit_wolf" },
    help = "kelly, minimum_variance, risk_parity: as it is, or shrunk (Ledoit and Wolf 2004)" },
  { "risk_free", "number", default = 0, min = -1, max = 1,
    help = "kelly, performance, adaptive: return of a period without risk, a fraction" },
  { "score", "enum", default = "sharpe", values = { "sharpe", "return" }, help = "performance: what counts" },
  { "temperature", "number", default = 1, above = 0, max = 1e6,
    help = "performance, adaptive: weights by score^(1 / temperature): near 0 the best has it all, with large " ..
      "values those above 0 share equally" },
  { "half_life", "number", default = 60, above = 0, max = 1e9,
    help = "adaptive: periods after which a return counts half" },
  { "diversification", "number", default = 1, min = 0, max = 100,
    help = "adaptive: power of a member's uniqueness, 0 to leave correlations out" },
  { "fraction", "number", default = 0.5, above = 0, max = 1, help = "kelly with cash: share of Kelly's fractions" },
  { "cash", "boolean", default = false,
    help = "kelly: weights are fraction x Kelly's, as far as leverage goes; what they leave is cash" },
  { "eta", "eta", default = "anytime", help = "hedge: learning rate: anytime, horizon or a number above 0" },
  { "loss_range", "range", help = "hedge: returns that are a loss of 1 and of 0; by default the least and the most" },
  { "budgets", "budgets", help = "risk_parity: shares of the risk, one number for each member; by default equal" },
}

local by_name, names = {}, {}
for k, option in ipairs(M.list) do by_name[option[1]], names[k] = option, option[1] end

local function one_of(value, values)
  for _, known in ipairs(values) do
    if known == value then return true end
  end
  return false
end

local CHECKS = {}

function CHECKS.number(option, value)
  if type(value) ~= "number" or value ~= value then return "a number" end
  if option.min and value < option.min then return ("at least %g"):format(option.min) end
  if option.above and value <= option.above then return ("more than %g"):format(option.above) end
  if option.max and value > option.max then return ("at most %g"):format(option.max) end
end

function CHECKS.integer(option, value)
  if type(value) ~= "number" or value % 1 ~= 0 then return "a whole number" end
  return CHECKS.number(option, value)
end

function CHECKS.boolean(_, value)
  if type(value) ~= "boolean" then return "true or false" end
end

function CHECKS.enum(option, value)
  if not one_of(value, option.values) then
    return table.concat(option.values, " or ") .. suggest.hint(tostring(value), option.values)
  end
end

function CHECKS.eta(_, value)
  if value == "anytime" or value == "horizon" then return nil end
  if type(value) ~= "number" or not (value > 0 and value < math.huge) then
    return "anytime, horizon or a number above 0"
  end
end

function CHECKS.range(_, value)
  if type(value) ~= "table" or type(value[1]) ~= "number" or type(value[2]) ~= "number"
    or value[1] >= value[2] then
    return "two numbers, the lower first"
  end
end

function CHECKS.budgets(_, value)
  if type(value) ~= "table" then return "a list of numbers" end
  for _, x in ipairs(value) do
    if type(x) ~= "number" or not (x >= 0 and x < math.huge) then return "numbers from 0 on" end
  end
end

local function shown(value)
  if type(value) == "table" then return "a list" end
  return tostring(value)
end

--- Checks options and completes them with their defaults. Keys that `others` has (a table by name) are left alone.
-- @param n number of members, where it is known
-- @return a new table, or nil, a message and the key that it is about
function M.check(given, n, others)
  local made, unknown = {}, {}
  for key in pairs(given or {}) do
    if not by_name[key] and not (others and others[key]) then unknown[#unknown + 1] = tostring(key) end
  end
  if #unknown > 0 then
    table.sort(unknown)
    return nil, ("unknown option '%s'%s"):format(unknown[1], suggest.hint(unknown[1], names)), unknown[1]
  end
  for _, option in ipairs(M.list) do
    local key = option[1]
    local value = given and given[key]
    if value == nil then
      value = option.default
    else
      local expected = CHECKS[option[2]](option, value)
      if expected then return nil, ("%s = %s: expected %s"):format(key, shown(value), expected), key end
    end
    made[key] = value
  end
  if made.min_weight > 0 and made.allow_short then
    return nil, "min_weight goes with weights that are not below 0: leave allow_short or min_weight out", "min_weight"
  end
  if n and made.min_weight * n > 1 + 1e-12 then
    return nil, ("min_weight = %g: %d members of at least that sum to more than 1, expected at most %g"):format(
      made.min_weight, n, 1 / n), "min_weight"
  end
  if made.min_weight > made.max_weight then
    return nil, ("min_weight = %g is above max_weight = %g"):format(made.min_weight, made.max_weight), "min_weight"
  end
  if n and made.max_weight * n < 1 - 1e-12 then
    return nil, ("max_weight = %g: %d members of at most that sum to less than 1, expected at least %g"):format(
      made.max_weight, n, 1 / n), "max_weight"
  end
  if n and made.budgets and #made.budgets ~= n then
    return nil, ("budgets: %d numbers for %d members"):format(#made.budgets, n), "budgets"
  end
  return made
end

return M

--- Combos: their names, and the values that a configuration's lists and ranges stand for.
local M = {}

--- Most combos of one run.
M.MAX = 1000000

local function too_many(count, range)
  return nil, ("%.0f values from %g to %g, at most %d in one run"):format(count, range.from, range.to, M.MAX)
end

-- The slack of the ends below admits one that is a rounding error short.
local SLACK = 1e-9

-- Multiples of the step, not a running sum, so that 0.1-steps do not drift.
local function arithmetic(range)
  local from, to, step = range.from, range.to, range.step
  if step == 0 or (to - from) / step < 0 then
    return nil, ("step %g does not lead from %g to %g"):format(step, from, to)
  end
  local steps = math.floor((to - from) / step + SLACK)
  if steps >= M.MAX then return too_many(steps + 1, range) end
  local values = {}
  for k = 0, steps do values[k + 1] = from + k * step end
  return values
end

-- A running product where the factor is exact (2, 10), so that 1, 2, 4 … are whole numbers.
local function geometric(range)
  local from, to, factor = range.from, range.to, range.factor or range.step
  if from <= 0 or to <= 0 then return nil, "a geometric range needs from and to above 0" end
  local up = to >= from
  if from ~= to and (factor <= 0 or factor == 1 or up ~= (factor > 1)) then
    return nil, ("factor %g does not lead from %g to %g"):format(factor, from, to)
  end
  local values, value = {}, from
  while up and value <= to * (1 + SLACK) or not up and value >= to * (1 - SLACK) do
    if #values >= M.MAX then return too_many(#values, range) end
    values[#values + 1] = value
    if from == to then break end
    value = value * factor
  end
  return values
end

local function counted(range)
  local from, to, n, values = range.from, range.to, range.n, {}
  if n > M.MAX then return too_many(n, range) end
  if from == to then return { from } end
  if range.log and (from <= 0 or to <= 0) then return nil, "a geometric range needs from and to above 0" end
  for k = 0, n - 1 do
    if range.log then
      values[k + 1] = from * math.exp(k / (n - 1) * math.log(to / from))
    else
      values[k + 1] = from + k * (to - from) / (n - 1)
    end
  end
  values[n] = to
  return values
end

--- Whether what is given is a range without steps, of which only samples can be taken.
function M.is_continuous(given)
  return type(given) == "table" and given.from ~= nil and not (given.step or given.n or given.factor)
end

-- Numbers, texts and truths of a list stand once: twice the same would be one combo with two numbers.
local function check_list(values)
  local seen = {}
  for _, value in ipairs(values) do
    if seen[value] then return nil, ("the value %s is listed twice"):format(tostring(value)) end
    seen[value] = true
  end
  return values
end

local function distinct(values)
  local made, seen = {}, {}
  for _, value in ipairs(values) do
    if not seen[value] then
      seen[value] = true
      made[#made + 1] = value
    end
  end
  return made
end

--- The values of one dimension as the configuration gives it: one value, a list, or a range { from, to, … } with
-- `step` (the end is included when a whole number of steps reaches it), `n` (so many values, both ends included;
-- `log`: in equal ratios), or `factor` (or `log` and `step`: each value is the one before times it).
-- @param is_integer whether they are for whole numbers: those of a range with n, or a geometric one, are then rounded,
--   and each stands once
-- @return list of values, or nil and a message
function M.values(given, is_integer)
  if type(given) ~= "table" then return { given } end
  if given.from == nil then
    if #given == 0 then return nil, "an empty list of values, expected at least one" end
    return check_list(given)
  end
  if type(given.from) ~= "number" or type(given.to) ~= "number" then
    return nil, "expected numbers in {from, to, step}"
  end
  if M.is_continuous(given) then
    return nil, "the range has neither step, n nor factor: optimize.search: random, latin_hypercube or bayesian "
      .. "takes samples of it, a grid needs its values"
  end
  local values, err
  if given.n then
    values, err = counted(given)
  elseif given.factor or given.log then
    values, err = geometric(given)
  else
    values, err = arithmetic(given)
  end
  if not values or not is_integer or not (given.n or given.factor or given.log) then return values, err end
  for k, value in ipairs(values) do values[k] = math.floor(value + 0.5) end
  return distinct(values)
end

--- "c0001" for n = 1.
function M.id(n) return ("c%04d"):format(n) end

return M

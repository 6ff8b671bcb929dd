--- Combos: their names, and the values that a configuration's lists and ranges stand for.
local M = {}

--- Most combos of one run.
M.MAX = 1000000

--- The values of one parameter as the configuration gives it: a list, { from =, to =, step = } or one value.
-- The end of a range is included when a whole number of steps reaches it.
-- @return list of values, or nil and a message
function M.values(given)
  if type(given) ~= "table" then return { given } end
  if given.from == nil then
    if #given == 0 then return nil, "an empty list of values, expected at least one" end
    return given
  end
  local from, to, step = given.from, given.to, given.step or 1
  if type(from) ~= "number" or type(to) ~= "number" or type(step) ~= "number" then
    return nil, "expected numbers in {from, to, step}"
  end
  if step == 0 or (to - from) / step < 0 then
    return nil, ("step %g does not lead from %g to %g"):format(step, from, to)
  end
  local steps = math.floor((to - from) / step + 1e-9)
  if steps >= M.MAX then
    return nil, ("%.0f values from %g to %g in steps of %g, at most %d in one run"):format(steps + 1, from, to, step,
      M.MAX)
  end
  local values = {}
  -- Multiples of the step, not a running sum, so that 0.1-steps do not drift; the slack admits an end that is a
  -- rounding error short.
  for k = 0, steps do values[#values + 1] = from + k * step end
  return values
end

--- "c0001" for n = 1.
function M.id(n) return ("c%04d"):format(n) end

return M

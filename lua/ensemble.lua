--- Ensemble weights: how much each of several strategies counts, from the returns that they had (docs/ensemble.md).
--
--     local ensemble = require "ensemble"
--     local w, info = ensemble.weights("risk_parity", { returns_a, returns_b }, { max_weight = 0.8 })
--     local schedule = ensemble.over_time("adaptive", { returns_a, returns_b },
--       { times = times, lookback = 250, every = 20 })
--
-- A series is a member's return in each period, a fraction: a Lua list, or a double array with `options.n` periods;
-- NaN, an infinity or false where there is none. All series are of the same periods.
local ffi = require "ffi"
local methods = require "ensemble_methods"
local ensemble_options = require "ensemble_options"
local suggest = require "suggest"

local M = {}

local NAN = 0 / 0
local doubles = ffi.typeof "double[?]"

--- All methods, in the order in which they are shown: { name, help } each.
M.methods = methods.list

--- The options of all methods: { name, type, default, help } each (lua/ensemble_options.lua).
M.options = ensemble_options.list

local function method_of(name)
  local method = methods.by_name[name]
  if method then return method end
  local names = {}
  for k, known in ipairs(methods.list) do names[k] = known.name end
  return nil, ("no method of weights is called '%s'%s"):format(tostring(name), suggest.hint(tostring(name), names))
end

-- Arrays from 0 of the series, and their length; errors at the caller's caller for what cannot be a series.
local function arrays_of(series, n)
  if type(series) ~= "table" or #series == 0 then error("expected a list of series of returns, one at least", 3) end
  local made = {}
  for k, values in ipairs(series) do
    if type(values) == "cdata" then
      if not n then error("series that are double arrays need options.n, the number of periods", 3) end
    elseif n and #values ~= n or #values ~= #series[1] then
      error(("series %d has %d periods, expected %d as the others"):format(k, #values, n or #series[1]), 3)
    end
    local length, shift = n or #values, type(values) == "cdata" and 0 or 1
    local array = doubles(math.max(length, 1))
    for t = 0, length - 1 do
      local x = values[t + shift] or NAN
      array[t] = x - x == 0 and x or NAN
    end
    made[k] = array
  end
  return made, n or #series[1]
end

local function known_values(values, first, last)
  local n = 0
  for t = first, last - 1 do
    if values[t] == values[t] then n = n + 1 end
  end
  return n
end

-- Weights of sum 1 brought within low … high: scaled by the factor with which those that are cut at a bound and the
-- others sum to 1 again. Where all that are above 0 are cut, those at 0 share the rest. In place.
local function bound_weights(w, low, high)
  local n, most, least_positive = #w, 0, math.huge
  local within = true
  for k = 1, n do
    within = within and w[k] >= low and w[k] <= high
    if w[k] > 0 then
      most = most + high
      least_positive = math.min(least_positive, w[k])
    else
      most = most + low
    end
  end
  if within then return end
  if most < 1 then
    local zeros = 0
    for k = 1, n do zeros = zeros + (w[k] > 0 and 0 or 1) end
    for k = 1, n do w[k] = w[k] > 0 and high or low + (1 - most) / zeros end
    return
  end
  local from, to = 0, high / least_positive
  local function sum_at(factor)
    local sum = 0
    for k = 1, n do sum = sum + math.max(low, math.min(high, w[k] * factor)) end
    return sum
  end
  for _ = 1, 200 do
    local middle = (from + to) / 2
    if sum_at(middle) < 1 then from = middle else to = middle end
  end
  for k = 1, n do w[k] = math.max(low, math.min(high, w[k] * to)) end
end

-- Where weights may be negative, `high` bounds what each is of the absolute values' sum, which stays 1.
local function bound_signed(w, high)
  local sizes = {}
  for k = 1, #w do sizes[k] = math.abs(w[k]) end
  bound_weights(sizes, 0, high)
  for k = 1, #w do w[k] = w[k] < 0 and -sizes[k] or sizes[k] end
end

local function scale_to(w, total)
  local sum = 0
  for k = 1, #w do sum = sum + math.abs(w[k]) end
  for k = 1, #w do w[k] = w[k] / sum * total end
end

-- Weights of the members that take part (a list in their order) from a method's raw ones.
local function finish(raw, options, in_cash)
  local n = #raw
  if in_cash then
    local sum = 0
    for k = 1, n do
      raw[k] = raw[k] * options.fraction
      sum = sum + math.abs(raw[k])
    end
    if sum > options.leverage then scale_to(raw, options.leverage) end
    local most = options.max_weight * options.leverage
    for k = 1, n do raw[k] = math.max(-most, math.min(most, raw[k])) end
    return raw
  end
  scale_to(raw, 1)
  for k = 1, n do raw[k] = (1 - options.shrinkage) * raw[k] + options.shrinkage / n end
  if options.allow_short then
    bound_signed(raw, math.max(options.max_weight, 1 / n))
  else
    -- Members without enough periods may leave too few for the bounds: what is left is then equal.
    bound_weights(raw, math.min(options.min_weight, 1 / n), math.max(options.max_weight, 1 / n))
  end
  scale_to(raw, options.leverage)
  return raw
end

-- Weights over [first, last) of arrays, with options that are complete.
local function compute(method, series, first, last, options)
  local info = { method = method.name, n_periods = last - first, left_out = {} }
  local ctx = { series = series, members = {}, first = first, last = last, options = options, info = info }
  local out = {}
  for k = 1, #series do
    local known = known_values(series[k], first, last)
    if known >= options.min_periods then
      ctx.members[#ctx.members + 1] = k
    else
      info.left_out[k] = ("%d returns, expected at least %d"):format(known, options.min_periods)
    end
    out[k] = 0
  end
  local raw
  if #ctx.members == 0 then
    info.fallback = ("no member has %d returns"):format(options.min_periods)
    for k = 1, #series do ctx.members[k] = k end
  else
    raw, info.fallback = method.run(ctx)
  end
  local in_cash = raw and method.name == "kelly" and options.cash
  if not raw and method.name == "kelly" and options.cash then
    info.fallback = info.fallback .. ": all cash"
    return out, info
  end
  if not raw then
    raw = {}
    for k = 1, #ctx.members do raw[k] = 1 end
    info.fallback = info.fallback .. ": equal weights"
  end
  raw = finish(raw, options, in_cash)
  local squares, sum = 0, 0
  for k, member in ipairs(ctx.members) do
    out[member] = raw[k]
    squares, sum = squares + raw[k] * raw[k], sum + math.abs(raw[k])
  end
  info.effective_members = squares > 0 and sum * sum / squares or 0
  return out, info
end

--- Weights of members by a method, from all the periods that are given.
-- @param method a name of M.methods
-- @param series list of the members' returns
-- @param options of M.options; n = number of periods, for arrays
-- @return list of weights (each 0 or more, with the sum `leverage`, unless allow_short or cash says otherwise) and
--   diagnostics: { method, n_periods, left_out = { [member] = why }, fallback = why equal weights were taken (nil: they
--   were not), effective_members = 1 / sum of squares of the shares; scores, fractions, contributions, volatility,
--   ridge, covariance_shrinkage, complete_periods, sweeps, error, uniqueness, eta, loss, losses, regret, bound, rounds,
--   loss_range as the method has them }; or nil and a message where an option is wrong
function M.weights(method, series, options)
  local found, err = method_of(method)
  if not found then return nil, err end
  local arrays, n = arrays_of(series, options and options.n)
  local checked
  checked, err = ensemble_options.check(options, #arrays, { n = true })
  if not checked then return nil, err end
  return compute(found, arrays, 0, n, checked)
end

-- ---- over time ----

local OVER_TIME = {
  n = true, times = true, lookback = true, every = true, regimes = true, regime_names = true, first = true,
  start_ns = true, min_regime_periods = true,
}

-- The series in the periods of a regime only.
local function within_regime(series, regimes, wanted, first, last)
  local made, n = {}, 0
  for k = 1, #series do made[k] = doubles(math.max(last - first, 1)) end
  for t = first, last - 1 do
    if regimes[t + 1] == wanted then
      for k = 1, #series do made[k][n] = series[k][t] end
      n = n + 1
    end
  end
  return made, n
end

-- Weights of one regime from its n periods: its own where there are enough, in part those of all regimes where there
-- are fewer.
local function of_regime(found, own, n, all, needed, checked)
  if n == 0 then
    return { unpack(all) }, { method = found.name, n_periods = 0, left_out = {}, fallback = "no period: all regimes'" }
  end
  local w, info = compute(found, own, 0, n, checked)
  local trust = math.min(1, n / needed)
  info.trust = trust
  if info.fallback then trust = 0 end
  for k = 1, #w do w[k] = trust * w[k] + (1 - trust) * all[k] end
  return w, info
end

local function names_in(regimes)
  local seen, names = {}, {}
  for _, name in ipairs(regimes) do
    if name and not seen[name] then
      seen[name] = true
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return names
end

local function check_count(options, key, default)
  local value = options[key]
  if value == nil then value = default end
  if value ~= nil and (type(value) ~= "number" or value % 1 ~= 0 or value < 1) then
    return nil, ("%s = %s: expected a whole number from 1 on"):format(key, tostring(value))
  end
  return value
end

--- Weights over time, each from what was known at its time: the periods that had ended then.
-- @param options those of M.weights, and
--   times = list or int64 array of the periods' ends (ns), in order: when each return is known;
--   lookback = how many of the last periods count (default: all before);
--   every = periods from one reckoning to the next (default 20);
--   first = periods before the first reckoning (default: lookback, or 20 without one);
--   start_ns = equal weights stand from this time on until the first reckoning (default: they are left out);
--   regimes = list of the regime in force when each period began (a name, or false where it is not known): weights
--   for each regime, from the periods that were in it, and one set for times without a regime;
--   regime_names = all names (default: those in `regimes`, sorted);
--   min_regime_periods = with fewer, n, the weights are n / min of the regime's and the rest of all regimes' (default
--   20)
-- @return list of { ts_ns, regime = name or nil, weights, info }, by time; each holds from its time on, until the next
--   of its regime; or nil and a message where an option is wrong
function M.over_time(method, series, options)
  options = options or {}
  local found, err = method_of(method)
  if not found then return nil, err end
  local arrays, n = arrays_of(series, options.n)
  local checked
  checked, err = ensemble_options.check(options, #arrays, OVER_TIME)
  if not checked then return nil, err end
  local times = options.times or error("over_time needs options.times, the ends of the periods", 2)
  local shift = type(times) == "cdata" and 0 or 1
  local lookback, every, first, needed
  lookback, err = check_count(options, "lookback")
  if not err then every, err = check_count(options, "every", 20) end
  if not err then first, err = check_count(options, "first", lookback or 20) end
  if not err then needed, err = check_count(options, "min_regime_periods", 20) end
  if err then return nil, err end
  local regimes = options.regimes
  local names = regimes and (options.regime_names or names_in(regimes)) or {}
  local made = {}
  local function add(ts_ns, regime, weights, info)
    made[#made + 1] = { ts_ns = ts_ns, regime = regime, weights = weights, info = info }
  end
  if options.start_ns then add(options.start_ns, nil, (compute(methods.by_name.equal, arrays, 0, 0, checked))) end
  for last = first, n, every do
    local from = lookback and math.max(0, last - lookback) or 0
    local ts_ns = times[last - 1 + shift]
    local all, info = compute(found, arrays, from, last, checked)
    add(ts_ns, nil, all, info)
    for _, name in ipairs(names) do
      local own, count = within_regime(arrays, regimes, name, from, last)
      local w, why = of_regime(found, own, count, all, needed, checked)
      add(ts_ns, name, w, why)
    end
  end
  return made
end

--- The regime in force at each of some times, from the changes of a classifier.
-- @param changes list of { ts_ns, name }, in order of time
-- @param times list of times (ns), in order: where periods begin
-- @return list of names, false before the first change
function M.regimes_at(changes, times)
  local out, at = {}, 0
  for k, ts_ns in ipairs(times) do
    while changes[at + 1] and changes[at + 1].ts_ns <= ts_ns do at = at + 1 end
    out[k] = changes[at] and changes[at].name or false
  end
  return out
end

return M

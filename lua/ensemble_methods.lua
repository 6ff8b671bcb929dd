--- The methods of lua/ensemble.lua: how much each member weighs. A method is
--
--     function(ctx) → list of numbers (raw weights, in the order of ctx.members), or nil and why there are none
--
-- with ctx = { series = list of arrays, members = numbers of those that take part, first, last (exclusive), options,
-- info = diagnostics that it adds to }. What it returns is scaled to its sum by the caller.
local ensemble_math = require "ensemble_math"
local hedge = require "hedge"

local M = {}

local array = ensemble_math.array

--- x to a power, the same bits compiled and interpreted.
local function power(x, exponent)
  if exponent == 1 or x == 0 then return x end
  return math.exp(exponent * math.log(x))
end

-- ---- of each member alone ----

local function equal(ctx)
  local out = {}
  for k = 1, #ctx.members do out[k] = 1 end
  return out
end

local function performance(ctx)
  local out, any = {}, false
  local by_return, exponent = ctx.options.score == "return", 1 / ctx.options.temperature
  ctx.info.scores = {}
  for k, member in ipairs(ctx.members) do
    local mean, deviation = ensemble_math.moments(ctx.series[member], ctx.first, ctx.last)
    mean = mean - ctx.options.risk_free
    local score = by_return and mean or deviation > 0 and mean / deviation or 0
    ctx.info.scores[member] = score
    out[k] = score > 0 and power(score, exponent) or 0
    any = any or out[k] > 0
  end
  if not any then return nil, "no member has a score above 0" end
  return out
end

local function inverse_volatility(ctx)
  local out, any = {}, false
  for k, member in ipairs(ctx.members) do
    local _, deviation = ensemble_math.moments(ctx.series[member], ctx.first, ctx.last)
    out[k] = deviation > 0 and 1 / deviation or 0
    any = any or deviation > 0
  end
  if not any then return nil, "no member's returns vary" end
  return out
end

-- ---- by the covariance ----

-- Of the members whose returns vary, over the periods that all of them have: numbers (in ctx.members), matrix, means.
local function covariance_of(ctx)
  local varying, chosen = {}, {}
  for k, member in ipairs(ctx.members) do
    local _, deviation = ensemble_math.moments(ctx.series[member], ctx.first, ctx.last)
    if deviation > 0 then varying[#varying + 1], chosen[#chosen + 1] = k, member end
  end
  if #chosen == 0 then return nil, "no member's returns vary" end
  local n = #chosen
  local x, rows = ensemble_math.complete(ctx.series, chosen, ctx.first, ctx.last)
  ctx.info.complete_periods = rows
  if rows < 2 then return nil, ("%d periods in which all members have a return, expected at least 2"):format(rows) end
  local means = ensemble_math.center(x, rows, n)
  local q
  if ctx.options.covariance == "ledoit_wolf" then
    q, ctx.info.covariance_shrinkage = ensemble_math.ledoit_wolf(x, rows, n)
  else
    q = ensemble_math.covariance(x, rows, n, rows - 1)
  end
  for i = 0, n - 1 do
    if q[i * n + i] <= 0 then return nil, "a member's returns do not vary where all members have one" end
  end
  ctx.info.ridge = ensemble_math.regularize(q, n)
  return varying, q, means
end

-- Volatility of the whole and each member's share of its variance, by raw weights.
local function add_contributions(ctx, varying, q, raw)
  local n, x, sum, variance = #varying, array(#varying), 0, 0
  for i = 1, n do sum = sum + math.abs(raw[varying[i]]) end
  for i = 1, n do x[i - 1] = raw[varying[i]] / sum end
  local marginal = ensemble_math.times(q, n, x)
  for i = 0, n - 1 do variance = variance + x[i] * marginal[i] end
  ctx.info.volatility, ctx.info.contributions = math.sqrt(variance), {}
  for _, member in ipairs(ctx.members) do ctx.info.contributions[member] = 0 end
  for i = 0, n - 1 do
    ctx.info.contributions[ctx.members[varying[i + 1]]] = variance > 0 and x[i] * marginal[i] / variance or 0
  end
end

local function spread(ctx, varying, x)
  local out = {}
  for k = 1, #ctx.members do out[k] = 0 end
  for i, k in ipairs(varying) do out[k] = x[i - 1] end
  return out
end

local function bounds(ctx, n)
  local low, high = array(n), array(n)
  for i = 0, n - 1 do
    high[i] = math.huge
    low[i] = ctx.options.allow_short and -math.huge or 0
  end
  return low, high
end

local function kelly(ctx)
  local varying, q, means = covariance_of(ctx)
  if not varying then return nil, q end
  local n = #varying
  local c, x = array(n), array(n)
  for i = 0, n - 1 do c[i] = means[i] - ctx.options.risk_free end
  local low, high = bounds(ctx, n)
  local solved, err = ensemble_math.quadratic_program(q, n, c, low, high, x, false)
  if not solved then return nil, err end
  local out, sum = spread(ctx, varying, x), 0
  ctx.info.fractions = {}
  for k, member in ipairs(ctx.members) do
    ctx.info.fractions[member] = out[k]
    sum = sum + math.abs(out[k])
  end
  if sum <= 0 then return nil, "no member is worth a bet" end
  add_contributions(ctx, varying, q, out)
  return out
end

local function minimum_variance(ctx)
  local varying, q = covariance_of(ctx)
  if not varying then return nil, q end
  local n, options = #varying, ctx.options
  local low, high = bounds(ctx, n)
  -- Bounds of the weights hold here, so that what is cut is made up for by what costs least; where fewer members vary
  -- than the bounds need, the caller's rule takes over.
  if options.max_weight * n >= 1 and n == #ctx.members and not options.allow_short then
    for i = 0, n - 1 do low[i], high[i] = options.min_weight, options.max_weight end
  end
  local x = array(n)
  for i = 0, n - 1 do x[i] = 1 / n end
  local solved, err = ensemble_math.quadratic_program(q, n, array(n), low, high, x, true)
  if not solved then return nil, err end
  local out = spread(ctx, varying, x)
  add_contributions(ctx, varying, q, out)
  return out
end

--- Spinu (2013), "An algorithm for computing risk parity weights": the x that minimises x' Q x / 2 - sum b_i ln x_i has
-- contributions x_i (Q x)_i = b_i. By cyclical coordinate descent, each step of which has a closed form
-- (Griveau-Billion, Richard and Roncalli 2013, "A fast algorithm for computing high-dimensional risk parity
-- portfolios"), until no contribution is more than 1e-12 of the whole from its budget.
local MOST_SWEEPS = 10000

local function risk_parity(ctx)
  local varying, q = covariance_of(ctx)
  if not varying then return nil, q end
  local n, budgets, sum = #varying, array(#varying), 0
  for i = 1, n do
    budgets[i - 1] = ctx.options.budgets and ctx.options.budgets[ctx.members[varying[i]]] or 1
    sum = sum + budgets[i - 1]
  end
  if sum <= 0 then return nil, "no member with a budget varies" end
  local x = array(n)
  for i = 0, n - 1 do
    budgets[i] = budgets[i] / sum
    x[i] = budgets[i] > 0 and 1 / math.sqrt(q[i * n + i]) or 0
  end
  local sweeps, error_now = 0, math.huge
  while error_now > 1e-12 and sweeps < MOST_SWEEPS do
    for i = 0, n - 1 do
      if budgets[i] > 0 then
        local others = 0
        for j = 0, n - 1 do
          if j ~= i then others = others + q[i * n + j] * x[j] end
        end
        local diagonal = q[i * n + i]
        x[i] = (math.sqrt(others * others + 4 * diagonal * budgets[i]) - others) / (2 * diagonal)
      end
    end
    local marginal, whole = ensemble_math.times(q, n, x), 0
    for i = 0, n - 1 do whole = whole + x[i] * marginal[i] end
    error_now = 0
    for i = 0, n - 1 do error_now = math.max(error_now, math.abs(x[i] * marginal[i] / whole - budgets[i])) end
    sweeps = sweeps + 1
  end
  ctx.info.sweeps, ctx.info.error = sweeps, error_now
  local out = spread(ctx, varying, x)
  add_contributions(ctx, varying, q, out)
  return out
end

-- ---- that forget, and that learn ----

-- Means, deviations and correlations under weights that halve every `half_life` periods, the last period weighing most.
-- What a member lacks is left out; a correlation is of the periods that both have, 0 where either does not vary there.
local function exponential_moments(ctx)
  local n = #ctx.members
  local decay = math.exp(-math.log(2) / ctx.options.half_life)
  local age = array(ctx.last - ctx.first)
  local weight = 1
  for t = ctx.last - ctx.first - 1, 0, -1 do
    age[t] = weight
    weight = weight * decay
  end
  local function pair(a, b)
    local sw, sa, sb, saa, sbb, sab = 0, 0, 0, 0, 0, 0
    local shift_a, shift_b
    for t = ctx.first, ctx.last - 1 do
      local x, y, w = a[t], b[t], age[t - ctx.first]
      if x == x and y == y then
        if not shift_a then shift_a, shift_b = x, y end
        local dx, dy = x - shift_a, y - shift_b
        sw, sa, sb = sw + w, sa + w * dx, sb + w * dy
        saa, sbb, sab = saa + w * dx * dx, sbb + w * dy * dy, sab + w * dx * dy
      end
    end
    if sw <= 0 then return 0, 0, 0 end
    local ma, mb = sa / sw, sb / sw
    local va, vb, cov = saa / sw - ma * ma, sbb / sw - mb * mb, sab / sw - ma * mb
    return shift_a + ma, va > 0 and math.sqrt(va) or 0, va > 0 and vb > 0 and cov / math.sqrt(va * vb) or 0
  end
  local means, deviations, correlations = {}, {}, array(n * n)
  for i = 1, n do
    local a = ctx.series[ctx.members[i]]
    means[i], deviations[i] = pair(a, a)
    correlations[(i - 1) * n + i - 1] = 1
    for j = 1, i - 1 do
      local _, _, rho = pair(a, ctx.series[ctx.members[j]])
      rho = math.max(-1, math.min(1, rho))
      correlations[(i - 1) * n + j - 1], correlations[(j - 1) * n + i - 1] = rho, rho
    end
  end
  return means, deviations, correlations
end

--- Weight i is proportional to S_i^(1 / temperature) x U_i^diversification, S_i the positive part of the Sharpe ratio
-- under exponential forgetting, U_i = 1 / sum over j of the positive part of correlation ij: 1 where a member is like
-- no other, 1 / k where it is one of k that are the same, which then weigh together what one of them would.
local function adaptive(ctx)
  local n, options = #ctx.members, ctx.options
  local means, deviations, correlations = exponential_moments(ctx)
  local out, any = {}, false
  ctx.info.scores, ctx.info.uniqueness = {}, {}
  for i = 1, n do
    local crowd = 0
    for j = 0, n - 1 do crowd = crowd + math.max(0, correlations[(i - 1) * n + j]) end
    local score = deviations[i] > 0 and (means[i] - options.risk_free) / deviations[i] or 0
    ctx.info.scores[ctx.members[i]], ctx.info.uniqueness[ctx.members[i]] = score, 1 / crowd
    out[i] = score > 0 and power(score, 1 / options.temperature) * power(1 / crowd, options.diversification) or 0
    any = any or out[i] > 0
  end
  if not any then return nil, "no member has a score above 0" end
  return out
end

-- The returns' range, over all members: what losses are scaled by.
local function range_of(ctx)
  local least, most = math.huge, -math.huge
  for _, member in ipairs(ctx.members) do
    local values = ctx.series[member]
    for t = ctx.first, ctx.last - 1 do
      local x = values[t]
      if x == x then
        if x < least then least = x end
        if x > most then most = x end
      end
    end
  end
  return least, most
end

--- Hedge (lua/hedge.lua). The loss of a return r is (most - r) / (most - least), within the range that is given or that
-- the returns have.
local function hedged(ctx)
  local options, n = ctx.options, #ctx.members
  local least, most = range_of(ctx)
  if options.loss_range then least, most = options.loss_range[1], options.loss_range[2] end
  if most <= least then return nil, "no member's returns vary" end
  local setting = {}
  if type(options.eta) == "number" then
    setting.eta = options.eta
  elseif options.eta == "horizon" then
    setting.horizon = ctx.last - ctx.first
  end
  local h, losses = hedge.new(n, setting), {}
  for t = ctx.first, ctx.last - 1 do
    for k, member in ipairs(ctx.members) do
      local loss = (most - ctx.series[member][t]) / (most - least)
      losses[k] = loss == loss and math.max(0, math.min(1, loss)) or loss
    end
    h:update(losses)
  end
  local info = ctx.info
  info.eta, info.loss, info.regret, info.bound, info.losses = h:eta(), h.loss, h:regret(), h:bound(), {}
  info.loss_range, info.rounds = { least, most }, h.n_periods
  for k, member in ipairs(ctx.members) do info.losses[member] = h.losses[k] end
  return h:weights()
end

--- Names, in the order in which they are shown, each with its function and one line of help.
M.list = {
  { name = "equal", run = equal, help = "the same for all" },
  { name = "performance", run = performance, help = "by the positive part of the Sharpe ratio, or of the return" },
  { name = "inverse_volatility", run = inverse_volatility, help = "by 1 / deviation of the returns" },
  { name = "kelly", run = kelly, help = "the growth-optimal fractions, inverse covariance times means" },
  { name = "risk_parity", run = risk_parity, help = "so that each contributes the same risk" },
  { name = "minimum_variance", run = minimum_variance, help = "so that the whole varies least" },
  { name = "adaptive", run = adaptive, help = "by recent Sharpe ratio, times how unlike the others a member is" },
  { name = "hedge", run = hedged, help = "multiplicative weights, never much worse than the best member" },
}

M.by_name = {}
for _, method in ipairs(M.list) do M.by_name[method.name] = method end

return M

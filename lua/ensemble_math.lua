--- What ensemble weights are reckoned with: moments and covariances of a few series, shrinkage, systems of equations
-- and small quadratic programs. Matrices are double arrays by rows, all indices count from 0.
local ffi = require "ffi"

local M = {}

local doubles = ffi.typeof "double[?]"

--- An array of n zeros.
function M.array(n) return doubles(math.max(n, 1)) end

--- Mean and sample deviation of the values that are not NaN, about the first of them, so that a constant series has a
-- deviation of exactly 0.
-- @return mean, deviation (0 below two values), how many values
function M.moments(values, first, last)
  local shift, n, sum, squares = 0 / 0, 0, 0, 0
  for t = first, last - 1 do
    local x = values[t]
    if x == x then
      if n == 0 then shift = x end
      local d = x - shift
      n, sum, squares = n + 1, sum + d, squares + d * d
    end
  end
  if n == 0 then return 0, 0, 0 end
  local mean = sum / n
  local variance = n > 1 and (squares - sum * mean) / (n - 1) or 0
  return shift + mean, variance > 0 and math.sqrt(variance) or 0, n
end

--- The periods in which all of the chosen series have a value, without gaps.
-- @param series list of arrays
-- @param chosen list of their numbers
-- @return one array by rows (period by period), number of periods
function M.complete(series, chosen, first, last)
  local n, rows = #chosen, 0
  local out = M.array((last - first) * n)
  for t = first, last - 1 do
    local at, whole = rows * n, true
    for k = 1, n do
      local x = series[chosen[k]][t]
      out[at + k - 1] = x
      whole = whole and x == x
    end
    if whole then rows = rows + 1 end
  end
  return out, rows
end

--- Takes the columns' means away, in place; returns them.
function M.center(x, rows, n)
  local means = M.array(n)
  for k = 0, n - 1 do
    local shift, sum = x[k], 0
    for t = 0, rows - 1 do sum = sum + (x[t * n + k] - shift) end
    local mean = shift + sum / rows
    means[k] = mean
    for t = 0, rows - 1 do x[t * n + k] = x[t * n + k] - mean end
  end
  return means
end

--- Sums of products of centered columns / divisor.
function M.covariance(x, rows, n, divisor)
  local q = M.array(n * n)
  for i = 0, n - 1 do
    for j = 0, i do
      local sum = 0
      for t = 0, rows - 1 do sum = sum + x[t * n + i] * x[t * n + j] end
      q[i * n + j], q[j * n + i] = sum / divisor, sum / divisor
    end
  end
  return q
end

--- Ledoit and Wolf (2004), "A well-conditioned estimator for large-dimensional covariance matrices": the covariance
-- with 1 / rows, shrunk to the identity times the mean variance by the intensity that is optimal asymptotically.
-- @param x centered columns
-- @return matrix, intensity in 0 … 1
function M.ledoit_wolf(x, rows, n)
  local q = M.covariance(x, rows, n, rows)
  local mu = 0
  for i = 0, n - 1 do mu = mu + q[i * n + i] end
  mu = mu / n
  local squares, fourth = 0, 0
  for i = 0, n * n - 1 do squares = squares + q[i] * q[i] end
  for t = 0, rows - 1 do
    local norm = 0
    for k = 0, n - 1 do norm = norm + x[t * n + k] * x[t * n + k] end
    fourth = fourth + norm * norm
  end
  local distance = (squares - n * mu * mu) / n
  local noise = (fourth / rows - squares) / (n * rows)
  if noise > distance then noise = distance end
  local intensity = noise > 0 and distance > 0 and noise / distance or 0
  for i = 0, n - 1 do
    for j = 0, n - 1 do
      local at = i * n + j
      q[at] = (1 - intensity) * q[at] + (i == j and intensity * mu or 0)
    end
  end
  return q, intensity
end

--- Cholesky's factor of a matrix, or nil where a pivot is not above `least` times its diagonal element.
function M.cholesky(q, n, least)
  local l = M.array(n * n)
  for i = 0, n - 1 do
    for j = 0, i do
      local sum = q[i * n + j]
      for k = 0, j - 1 do sum = sum - l[i * n + k] * l[j * n + k] end
      if i == j then
        if sum <= least * q[i * n + i] then return nil end
        l[i * n + i] = math.sqrt(sum)
      else
        l[i * n + j] = sum / l[j * n + j]
      end
    end
  end
  return l
end

--- Solves L L' x = b, in place.
function M.solve_cholesky(l, n, b)
  for i = 0, n - 1 do
    local sum = b[i]
    for k = 0, i - 1 do sum = sum - l[i * n + k] * b[k] end
    b[i] = sum / l[i * n + i]
  end
  for i = n - 1, 0, -1 do
    local sum = b[i]
    for k = i + 1, n - 1 do sum = sum - l[k * n + i] * b[k] end
    b[i] = sum / l[i * n + i]
  end
  return b
end

--- A singular matrix is made regular: to its diagonal 1e-10 of the mean variance is added, ten times as much again and
-- again until Cholesky's pivots are above 1e-12 of the diagonal. In place.
-- @return what was added to each diagonal element, 0 where nothing was needed
function M.regularize(q, n)
  local mean = 0
  for i = 0, n - 1 do mean = mean + q[i * n + i] end
  mean = mean / n
  local added, step = 0, mean * 1e-10
  while not M.cholesky(q, n, 1e-12) do
    for i = 0, n - 1 do q[i * n + i] = q[i * n + i] + step end
    added, step = added + step, step * 10
  end
  return added
end

--- Q x.
function M.times(q, n, x)
  local out = M.array(n)
  for i = 0, n - 1 do
    local sum = 0
    for j = 0, n - 1 do sum = sum + q[i * n + j] * x[j] end
    out[i] = sum
  end
  return out
end

-- The step from x to the minimum over the free variables, the others held: Q_FF p = -g_F, with the sum of p = 0 where
-- the sum of x is given. Returns p (0 elsewhere) and the multiplier of the sum.
local function free_step(q, n, gradient, free, with_sum)
  local m = #free
  local sub, p, ones = M.array(m * m), M.array(m), M.array(m)
  for a = 1, m do
    for b = 1, m do sub[(a - 1) * m + b - 1] = q[free[a] * n + free[b]] end
    p[a - 1], ones[a - 1] = -gradient[free[a]], 1
  end
  local out = M.array(n)
  if m == 0 then return out, 0 end
  local l = M.cholesky(sub, m, 0)
  M.solve_cholesky(l, m, p)
  local multiplier = 0
  if with_sum then
    M.solve_cholesky(l, m, ones)
    local sum_p, sum_ones = 0, 0
    for a = 0, m - 1 do sum_p, sum_ones = sum_p + p[a], sum_ones + ones[a] end
    multiplier = sum_p / sum_ones
    for a = 0, m - 1 do p[a] = p[a] - multiplier * ones[a] end
  end
  for a = 1, m do out[free[a]] = p[a - 1] end
  return out, multiplier
end

-- With no variable free the multiplier of the sum is that of the one at its lower bound that gains most by growing.
local function most_eager(gradient, n, held, low, high)
  local least = math.huge
  for i = 0, n - 1 do
    if held[i] < 0 and low[i] < high[i] then least = math.min(least, gradient[i]) end
  end
  return -least
end

--- Minimises x' Q x / 2 - c' x for low <= x <= high, from a feasible x; `with_sum`: the sum of x stays what it is.
-- Primal active set method (Nocedal and Wright, "Numerical Optimization", algorithm 16.3), exact up to rounding.
-- @param q positive definite
-- @param x array of n, changed in place
-- @param low, high arrays; high may be infinite
-- @return x; nil and a message where it does not come to an end
function M.quadratic_program(q, n, c, low, high, x, with_sum)
  local held = {} -- variables that stay at a bound: -1 the lower, 1 the upper
  for i = 0, n - 1 do held[i] = x[i] <= low[i] and -1 or x[i] >= high[i] and 1 or 0 end
  for _ = 1, 100 * (n + 1) do
    local gradient, free, scale = M.times(q, n, x), {}, 0
    for i = 0, n - 1 do
      gradient[i] = gradient[i] - c[i]
      scale = math.max(scale, math.abs(gradient[i]), math.abs(c[i]))
      if held[i] == 0 then free[#free + 1] = i end
    end
    local p, multiplier = free_step(q, n, gradient, free, with_sum)
    local longest, size = 0, 1e-300
    for i = 0, n - 1 do longest, size = math.max(longest, math.abs(p[i])), math.max(size, math.abs(x[i])) end
    if longest <= 1e-13 * size then
      -- At the minimum over the free ones: is there a bound that holds a variable against its will?
      local worst, which = 1e-13 * scale, nil
      if with_sum and #free == 0 then multiplier = most_eager(gradient, n, held, low, high) end
      for i = 0, n - 1 do
        local pull = held[i] * (gradient[i] + (with_sum and multiplier or 0))
        if held[i] ~= 0 and low[i] < high[i] and pull > worst then worst, which = pull, i end
      end
      if not which then return x end
      held[which] = 0
    else
      local step, blocked, side = 1, nil, 0
      for i = 0, n - 1 do
        if held[i] == 0 and p[i] ~= 0 then
          local bound = p[i] < 0 and low[i] or high[i]
          local room = (bound - x[i]) / p[i]
          if room < step then step, blocked, side = math.max(room, 0), i, p[i] < 0 and -1 or 1 end
        end
      end
      for i = 0, n - 1 do x[i] = x[i] + step * p[i] end
      if blocked then
        x[blocked] = side < 0 and low[blocked] or high[blocked]
        held[blocked] = side
      end
    end
  end
  return nil, "the quadratic program did not come to an end: is the matrix positive definite?"
end

return M

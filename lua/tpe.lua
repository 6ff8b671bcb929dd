--- The tree-structured Parzen estimator (Bergstra, Bardenet, Bengio and Kégl 2011, "Algorithms for hyper-parameter
-- optimization", NeurIPS 24), by itself: a model of good and of other points, and the point whose ratio is best.
--
-- Points live in dimensions { kind = "number" } with values in [0, 1], and { kind = "choice", n } with values 1 … n; a
-- dimension may be absent from a point (nil), as a parameter of a strategy that it does not run is. The best `gamma` of
-- the points are l, the others g; each is a mixture of one kernel for each of its points and one of the prior, all
-- dimensions together (Falkner, Klein and Hutter 2018, "BOHB", ICML 35, have kernels over all dimensions at once, so
-- that fast < slow is learnt). Candidates are drawn from l, and the one with the largest l(x) / g(x) is taken.
local M = {}

-- Kernels of numbers are normal distributions cut to [0, 1] with a deviation of 0.1 · n^(-1/(D+4)) of the range (the
-- rate of Scott 1992, "Multivariate density estimation"), but no narrower than this.
local WIDEST, NARROWEST = 0.1, 0.005

-- Of the points that are not good, at most so many have kernels, evenly by rank: the cost of a point stays bounded.
local MOST_OTHERS = 400

-- The normal distribution function, by erf of Abramowitz and Stegun 7.1.26 (absolute error below 1.5e-7).
local function phi(x)
  local z = math.abs(x) / math.sqrt(2)
  local t = 1 / (1 + 0.3275911 * z)
  local tail = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t
  local erf = 1 - tail * math.exp(-z * z)
  return x >= 0 and 0.5 * (1 + erf) or 0.5 * (1 - erf)
end

local ROOT = math.sqrt(2 * math.pi)

-- The kernels of a list of points.
local function mixture(points, dimensions)
  local n = #points
  local width = math.max(WIDEST * n ^ (-1 / (#dimensions + 4)), NARROWEST)
  local made = { points = points, width = width, mass = {}, same = {}, other = {} }
  for d, dimension in ipairs(dimensions) do
    if dimension.kind == "number" then
      made.mass[d] = {}
      for i, point in ipairs(points) do
        local x = point[d]
        made.mass[d][i] = x and ROOT * width * (phi((1 - x) / width) - phi(-x / width))
      end
    else
      -- The weight of one observation among n against an even prior.
      local prior = 1 / math.max(n, 1)
      made.same[d] = (1 + prior) / (1 + prior * dimension.n)
      made.other[d] = prior / (1 + prior * dimension.n)
    end
  end
  return made
end

-- The density of a mixture at a point, with the prior as one kernel more.
local function density(model, dimensions, x)
  local prior, sum = 1, 0
  for d, dimension in ipairs(dimensions) do
    if x[d] and dimension.kind == "choice" then prior = prior / dimension.n end
  end
  for i, point in ipairs(model.points) do
    local k = 1
    for d, dimension in ipairs(dimensions) do
      local at, center = x[d], point[d]
      if at then
        if dimension.kind == "number" then
          if center then
            local z = (at - center) / model.width
            k = k * math.exp(-0.5 * z * z) / model.mass[d][i]
          end
        elseif center == nil then
          k = k / dimension.n
        else
          k = k * (at == center and model.same[d] or model.other[d])
        end
      end
    end
    sum = sum + k
  end
  return (sum + prior) / (#model.points + 1)
end

local function draw_number(rng, center, width)
  for _ = 1, 100 do
    local x = center + width * rng:normal()
    if x >= 0 and x < 1 then return x end
  end
  return center
end

-- A point of the mixture: near one of its own, or of the prior.
local function draw(model, dimensions, rng)
  local i, x = rng:integer(#model.points + 1), {}
  local point = model.points[i]
  for d, dimension in ipairs(dimensions) do
    local center = point and point[d]
    if dimension.kind == "number" then
      x[d] = center and draw_number(rng, center, model.width) or rng:uniform()
    elseif center and rng:uniform() < model.same[d] - model.other[d] then
      x[d] = center
    else
      x[d] = rng:integer(dimension.n)
    end
  end
  return x
end

local function evenly(list, most)
  if #list <= most then return list end
  local made = {}
  for k = 1, most do made[k] = list[math.floor((k - 1) * #list / most) + 1] end
  return made
end

--- Models of what has been seen.
-- @param dimensions list of { kind, n }
-- @param seen list of { x = point, value = less is better, or nil where there is none }, in the order in which they
--   were made; those without a value count as bad
-- @param gamma share of the points that are good
function M.model(dimensions, seen, gamma)
  local order = {}
  for i, one in ipairs(seen) do order[i] = { x = one.x, value = one.value or math.huge, number = i } end
  table.sort(order, function(a, b)
    if a.value ~= b.value then return a.value < b.value end
    return a.number < b.number
  end)
  local n_good = math.max(1, math.ceil(gamma * #order))
  local good, others = {}, {}
  for i, one in ipairs(order) do
    if i <= n_good and one.value < math.huge then good[#good + 1] = one.x else others[#others + 1] = one.x end
  end
  return {
    dimensions = dimensions, good = mixture(good, dimensions),
    others = mixture(evenly(others, MOST_OTHERS), dimensions),
  }
end

--- The best of some candidates.
-- @param admit function(x) → x as it can be had (rounded to values, absent dimensions nil) and whether it may be taken
-- @return a point, or nil where no candidate may be taken
function M.suggest(model, rng, candidates, admit)
  local best, best_ratio
  for _ = 1, candidates do
    local x, may = admit(draw(model.good, model.dimensions, rng))
    if may then
      local ratio = density(model.good, model.dimensions, x) / density(model.others, model.dimensions, x)
      if not best or ratio > best_ratio then best, best_ratio = x, ratio end
    end
  end
  return best
end

return M

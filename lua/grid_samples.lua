--- Grids of samples: points of a space (lua/grid.lua) as a list, with the methods of a grid.
--
-- A point is { block = number of its block, values = by dimension }: plain values, which go from thread to thread and
-- into a file.
local grids = require "grid"
local identity = require "grid_identity"

local M = {}

local Samples = setmetatable({}, { __index = grids.Grid })
Samples.__index = Samples

--- A grid of no points yet, of a space.
function M.new(space)
  return setmetatable({
    blocks = space.blocks, names = space.names, index_of = space.index_of, contents = space.contents,
    constraints = space.constraints, points = {}, by_key = {}, n_combos = 0, is_sampled = true,
  }, Samples)
end

local function key_of(point)
  local parts = { tostring(point.block) }
  for d, value in ipairs(point.values) do
    parts[d + 1] = type(value) == "number" and ("%.17g"):format(value) or type(value) .. tostring(value)
  end
  return table.concat(parts, "|")
end

function Samples:decode(n)
  local point = self.points[n]
  if not point then error(("there is no combo %s: they are 1 to %d"):format(tostring(n), self.n_combos), 3) end
  return self.blocks[point.block], point.values
end

--- The combo of a point, or nil.
function Samples:number_of(point) return self.by_key[key_of(point)] end

--- Adds a point that is not there yet. @return its number, or nil where it is
function Samples:add(point)
  local key = key_of(point)
  if self.by_key[key] then return nil end
  self.n_combos = self.n_combos + 1
  self.points[self.n_combos], self.by_key[key] = point, self.n_combos
  self.axes_made, self.by_position = nil, nil
  return self.n_combos
end

--- The points first … last, with their numbers: for `import` in another thread's grid of the same configuration.
function Samples:export(first, last)
  local list = {}
  for n = first, last do
    local point = self.points[n]
    list[#list + 1] = { number = n, block = point.block, values = point.values }
  end
  return list
end

--- Takes points under the numbers that they have elsewhere.
function Samples:import(list)
  for _, one in ipairs(list) do
    local point = { block = one.block, values = one.values }
    self.points[one.number], self.by_key[key_of(point)] = point, one.number
    self.n_combos = math.max(self.n_combos, one.number)
  end
  self.axes_made, self.by_position = nil, nil
end

--- The different values that the points of a block have along a dimension.
function Samples:values_of(block, d)
  local values, seen = {}, {}
  for _, point in ipairs(self.points) do
    local value = point.values[d]
    if self.blocks[point.block] == block and not seen[value] then
      seen[value] = true
      values[#values + 1] = value
    end
  end
  return values
end

function Samples:fingerprint()
  local parts = { grids.Grid.fingerprint(self) }
  for n = 1, self.n_combos do parts[n + 1] = key_of(self.points[n]) end
  return identity.hash(table.concat(parts, "\n"))
end

function Samples:find(positions)
  if not self.by_position then
    self.by_position = {}
    for n = 1, self.n_combos do self.by_position[table.concat(self:position(n), " ")] = n end
  end
  return self.by_position[table.concat(positions, " ")]
end

--- A grid of points of a grid's space (Grid:of_points). Its plans have it as their grid.
function M.of_points(grid, points)
  local space, plans = {}, {}
  for key, value in pairs(grid) do space[key] = value end
  space.blocks = {}
  for i, block in ipairs(grid.blocks) do
    local own = {}
    for key, value in pairs(block) do own[key] = value end
    own.kept, own.kept_key = nil, nil
    own.plan = setmetatable({ base = block.plan.base or block.plan }, { __index = block.plan })
    plans[i], space.blocks[i] = own.plan, own
  end
  local made = M.new(space)
  for _, plan in ipairs(plans) do plan.grid = made end
  for n, point in ipairs(points) do
    if type(point) == "number" then point = grid:encode(point) end
    made.points[n] = { block = point.block, values = point.values }
    made.by_key[key_of(made.points[n])] = n
  end
  made.n_combos = #points
  return made
end

-- Points -------------------------------------------------------------------------------------------------------------

--- The value of a dimension at a place in [0, 1): that of a list, or of a range on its scale.
function M.value_at(dimension, u)
  local range = dimension.range
  if not range then return dimension.values[math.min(math.floor(u * #dimension.values) + 1, #dimension.values)] end
  local from, to = range.from, range.to
  if range.is_integer then -- each whole number has the same room
    if range.log then return M.round(from, to, math.exp(math.log(from) + u * math.log(to / from))) end
    return math.min(from + math.floor(u * (to - from + 1)), to)
  end
  if range.log then return math.min(math.max(from * math.exp(u * math.log(to / from)), from), to) end
  return from + u * (to - from)
end

function M.round(from, to, value) return math.min(math.max(math.floor(value + 0.5), from), to) end

--- Whether a space has no range without steps.
function M.is_discrete(space)
  return grids.raw(space) < math.huge
end

--- Whether constraints admit a point.
function M.admits(space, point)
  if not space.constraints then return true end
  local block = space.blocks[point.block]
  block.predicate = block.predicate or space:predicate(block)
  return block.predicate(point.values)
end

--- A random point: each block and each value is as likely as another of its dimension.
function M.random_point(space, rng)
  local number = rng:integer(#space.blocks)
  local block, values = space.blocks[number], {}
  for d, dimension in ipairs(block.dimensions) do values[d] = M.value_at(dimension, rng:uniform()) end
  return { block = number, values = values }
end

local MOST_MISSES = 10000

--- Adds random points that are not there yet until there are n of them, or no further ones are found.
function M.fill(samples, space, n, rng)
  local misses = 0
  while samples:size() < n and misses < MOST_MISSES do
    local point = M.random_point(space, rng)
    if M.admits(space, point) and samples:add(point) then misses = 0 else misses = misses + 1 end
  end
end

-- All points of a discrete space that is small enough to be expanded, by their numbers.
local function by_number(samples, grid, numbers)
  for _, n in ipairs(numbers) do
    local block, values = grid:decode(n)
    samples:add { block = block.number, values = values }
  end
end

--- Random samples of a space, distinct; all points where it has no more.
-- @return the grid of samples, or what options.fail returns
function M.random(space, n, rng, options)
  for i, block in ipairs(space.blocks) do block.number = i end
  local samples = M.new(space)
  if grids.raw(space) <= grids.MAX then -- every combo is as likely as another
    local grid, err = grids.expand(space, options)
    if not grid then return nil, err end
    if grid:size() <= n then return grid end
    by_number(samples, grid, rng:choose(n, grid:size()))
    return samples
  end
  M.fill(samples, space, n, rng)
  if samples:size() == 0 then return options.fail("grid.constraints", "no random point satisfies the constraints") end
  return samples
end

--- A Latin hypercube (McKay, Beckman and Conover 1979, "A comparison of three methods for selecting values of input
-- variables", Technometrics 21): along each dimension one sample in each n-th of it. Blocks have equal shares. Points
-- that constraints refuse, or that are there already, are replaced by random ones.
function M.latin_hypercube(space, n, rng, options)
  local samples, share = M.new(space), n / #space.blocks
  for i, block in ipairs(space.blocks) do
    local count = math.floor(i * share + 0.5) - math.floor((i - 1) * share + 0.5)
    local orders = {}
    for d = 1, #block.dimensions do orders[d] = rng:permutation(count) end
    for k = 1, count do
      local values = {}
      for d, dimension in ipairs(block.dimensions) do
        values[d] = M.value_at(dimension, (orders[d][k] - 1 + rng:uniform()) / count)
      end
      local point = { block = i, values = values }
      if M.admits(space, point) then samples:add(point) end
    end
  end
  M.fill(samples, space, n, rng)
  if samples:size() == 0 then return options.fail("grid.constraints", "no sample satisfies the constraints") end
  return samples
end

return M

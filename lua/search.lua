--- Searches: which combos of a space are tried. A grid tries all, random and Latin-hypercube samples are drawn before
-- anything runs, and Bayesian search (lua/tpe.lua) asks for points as results come in.
--
--     local one = search.new(plan.grid, cfg.optimize, cfg.seed)
--     while not one:done() do
--       local numbers = one:ask()            -- of combos of plan.grid, which follow each other
--       … run them …
--       one:tell(numbers, values)            -- of the metric, false where there is none
--     end
--
-- What is asked for depends on the seed, on the batch size and on what was told, in that order: not on how many
-- workers ran the combos. A search that was interrupted goes on by asking and telling again what is known.
local grids = require "grid"
local random = require "random"
local samples = require "grid_samples"
local tpe = require "tpe"

local M = {}

--- The defaults of `optimize`.
M.DEFAULTS = {
  search = "grid", samples = 200, batch = 16, startup = 20, candidates = 24, gamma = 0.15, maximize = true,
}

local function option(options, key)
  local value = options and options[key]
  if value == nil then return M.DEFAULTS[key] end
  return value
end

--- The grid of a configuration: all its combos, the samples that its search takes, or, for a Bayesian search, none yet.
-- @param blocks, options as of grid.space
-- @param optimize of the configuration, or nil
-- @param seed of the run
-- @return the grid, or what options.fail returns
function M.grid(blocks, options, optimize, seed)
  local kind = option(optimize, "search")
  if kind == "grid" then return grids.new(blocks, options) end
  options.sampled = true
  local space, err = grids.space(blocks, options)
  if not space then return nil, err end
  local rng, n = random.new(optimize.seed or seed or 1), option(optimize, "samples")
  if kind == "random" then return samples.random(space, n, rng, options) end
  if kind == "latin_hypercube" then return samples.latin_hypercube(space, n, rng, options) end
  local made = samples.new(space)
  made.space = space
  return made
end

local Search = {}
Search.__index = Search

-- The dimensions of a space as tpe.lua has them, by name: what tells blocks apart, and what they span.
local function dimensions_of(space)
  local list, by_name = {}, {}
  local function add(name, made)
    if by_name[name] then return by_name[name] end
    made.name = name
    list[#list + 1], by_name[name] = made, made
    made.index = #list
    return made
  end
  for _, name in ipairs(space.names) do
    local made = add(name, { kind = "choice", n = 0, values = {}, number = {} })
    for _, block in ipairs(space.blocks) do
      local value = block.fixed[name]
      if value ~= nil and not made.number[value] then
        made.n = made.n + 1
        made.values[made.n], made.number[value] = value, made.n
      end
    end
  end
  for _, block in ipairs(space.blocks) do
    for _, dimension in ipairs(block.dimensions) do
      if not by_name[dimension.shown] then
        local values, numeric, number = {}, true, {}
        for i, value in ipairs(dimension.values) do
          values[i], numeric = value, numeric and type(value) == "number"
        end
        if numeric then table.sort(values) end
        for i, value in ipairs(values) do number[value] = i end
        add(dimension.shown, {
          kind = numeric and "number" or "choice", n = #values, values = values, number = number,
          range = dimension.range,
        })
      end
    end
  end
  return list, by_name
end

-- The place in [0, 1) of a value of a dimension of numbers.
local function place_of(dimension, value)
  local range = dimension.range
  if not range then return (dimension.number[value] - 0.5) / dimension.n end
  if range.from == range.to then return 0.5 end
  if range.log then return math.log(value / range.from) / math.log(range.to / range.from) end
  if range.is_integer then return (value - range.from + 0.5) / (range.to - range.from + 1) end
  return (value - range.from) / (range.to - range.from)
end

-- A point as tpe.lua has it.
function Search:_vector(point)
  local block, x = self.space.blocks[point.block], {}
  for _, name in ipairs(self.space.names) do
    local dimension = self.by_name[name]
    x[dimension.index] = dimension.number[block.fixed[name]]
  end
  for d, own in ipairs(block.dimensions) do
    local dimension, value = self.by_name[own.shown], point.values[d]
    x[dimension.index] = dimension.kind == "number" and place_of(dimension, value) or dimension.number[value]
  end
  return x
end

-- The point at a vector: its block by what tells blocks apart, its values rounded to those that there are.
function Search:_point(x)
  local key = {}
  for k, name in ipairs(self.space.names) do key[k] = tostring(x[self.by_name[name].index]) end
  local number = self.block_of[table.concat(key, " ")]
  if not number then return nil end
  local values = {}
  for d, own in ipairs(self.space.blocks[number].dimensions) do
    local dimension = self.by_name[own.shown]
    local at = x[dimension.index]
    if dimension.kind == "choice" then
      values[d] = dimension.values[at]
    elseif dimension.range then
      values[d] = samples.value_at(dimension, at)
    else
      values[d] = dimension.values[math.min(math.floor(at * dimension.n) + 1, dimension.n)]
    end
  end
  return { block = number, values = values }
end

local function begin_bayesian(self)
  local space = self.grid.space
  self.space, self.rng = space, random.new(self.seed)
  self.dimensions, self.by_name = dimensions_of(space)
  self.block_of = {}
  for number, block in ipairs(space.blocks) do
    local key = {}
    for k, name in ipairs(space.names) do key[k] = tostring(self.by_name[name].number[block.fixed[name]]) end
    self.block_of[table.concat(key, " ")] = number
  end
  local startup = math.min(self.startup, self.samples)
  -- The first points are a hypercube: they are asked for in batches like the others.
  self.first = samples.latin_hypercube(space, startup, self.rng, { fail = function(_, message) error(message, 0) end })
end

--- A search.
-- @param grid plan.grid, made by M.grid
-- @param options of the configuration's `optimize`, or nil: { maximize, samples, batch, startup, candidates, gamma,
--   seed }; see lua/schema_grid.lua
-- @param seed of the run, where options have none
function M.new(grid, options, seed)
  local self = setmetatable({ grid = grid, asked = 0, told = {}, best_value = nil }, Search)
  for key in pairs(M.DEFAULTS) do self[key] = option(options, key) end
  self.seed = options and options.seed or seed or 1
  if grid.space then begin_bayesian(self) end
  return self
end

-- The next point of a Bayesian search: of the first ones, or of the model; nil where there are no further ones.
function Search:_next()
  local n = self.grid:size() + 1
  if n <= self.first:size() then
    local point = self.first.points[n]
    return { block = point.block, values = point.values }
  end
  local seen = {}
  for i = 1, self.grid:size() do
    seen[i] = { x = self:_vector(self.grid.points[i]), value = self.told[i] } -- none yet: as if it were bad
  end
  local model = tpe.model(self.dimensions, seen, self.gamma)
  local x = tpe.suggest(model, self.rng, self.candidates, function(x)
    local point = self:_point(x)
    if not point or self.grid:number_of(point) or not samples.admits(self.space, point) then return nil, false end
    return self:_vector(point), true
  end)
  return x and self:_point(x)
end

--- The next combos to run.
-- @param k how many at most; by default all of them, for a Bayesian search `batch`
-- @return list of numbers, one after the other; empty where the search is done
function Search:ask(k)
  local list = {}
  if not self.space then
    local last = math.min(self.asked + (k or self.grid:size()), self.grid:size())
    for n = self.asked + 1, last do list[#list + 1] = n end
    self.asked = last
    return list
  end
  for _ = 1, k or self.batch do
    if self.grid:size() >= self.samples or self.exhausted then break end
    local point = self:_next()
    local n = point and self.grid:add(point)
    if not n then
      local before = self.grid:size()
      samples.fill(self.grid, self.space, before + 1, self.rng)
      n = self.grid:size() > before and self.grid:size() or nil
    end
    if n then list[#list + 1] = n else self.exhausted = true end
  end
  self.asked = self.grid:size()
  return list
end

--- Tells the values of combos that were asked for.
-- @param numbers list of combos
-- @param values list of the metric's values, false where it is undefined or the combo is no candidate
function Search:tell(numbers, values)
  for i, n in ipairs(numbers) do
    local value = values[i]
    if value and value == value then
      self.told[n] = self.maximize and -value or value
      if not self.best_number or self.told[n] < self.told[self.best_number] then self.best_number = n end
    end
  end
end

--- Whether there is nothing to ask for.
function Search:done()
  if not self.space then return self.asked >= self.grid:size() end
  return self.exhausted or self.grid:size() >= self.samples
end

--- The best combo that was told of, and its value; nil where none had one.
function Search:best()
  local n = self.best_number
  if n then return n, self.maximize and -self.told[n] or self.told[n] end
end

return M

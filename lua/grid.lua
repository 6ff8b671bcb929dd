--- Grids: the combos of a run, as points of the space that the configuration's lists and ranges span.
--
-- A grid is one or several blocks. All combos of a block have the same base plan but for cheap overrides, and its
-- dimensions are independent: a combo's number is decoded into an index along each, so that a million combos are no
-- million tables.
--
--     local grid = assert(grids.new(blocks))
--     for n = 1, grid:size() do local plan, point = grid:plan(n), grid:point(n) … end
local ffi = require "ffi"
local combos = require "combos"

local M = {}

local Grid = {}
Grid.__index = Grid
M.Grid = Grid

--- Most combos of a run, and most points of the product before constraints.
M.MAX, M.MAX_RAW = combos.MAX, 1e8

local indices = ffi.typeof "int32_t[?]"

-- The block of a combo, and its place in it, from 0.
local function locate(self, n)
  local blocks = self.blocks
  if n % 1 ~= 0 or n < 1 or n > self.n_combos then
    error(("there is no combo %s: they are 1 to %d"):format(tostring(n), self.n_combos), 3)
  end
  local low, high = 1, #blocks
  while low < high do
    local middle = math.floor((low + high + 1) / 2)
    if blocks[middle].before < n then low = middle else high = middle - 1 end
  end
  local block = blocks[low]
  return block, n - block.before - 1
end

-- Calls take(dimension, its value's index from 1) for the dimensions of a block, at a place in it.
local function each_digit(block, place, take)
  local rest = block.valid and block.valid[place] or place
  local dimensions = block.dimensions
  for d = #dimensions, 1, -1 do
    local dimension = dimensions[d]
    local count = #dimension.values
    local digit = rest % count
    take(dimension, digit + 1)
    rest = (rest - digit) / count
  end
end

--- How many combos there are.
function Grid:size() return self.n_combos end

--- Parameters of a combo: a table for each of self:plan(n).items, complete and checked.
function Grid:point(n)
  local block, place = locate(self, n)
  local point = {}
  for k, defaults in ipairs(block.defaults) do
    local p = {}
    for i, name in ipairs(defaults.names) do p[name] = defaults.values[i] end
    point[k] = p
  end
  each_digit(block, place, function(dimension, index)
    if dimension.item then point[dimension.item][dimension.name] = dimension.values[index] end
  end)
  return point
end

--- The plan that a combo is made from.
function Grid:plan(n) return (locate(self, n)).plan end

--- A number that combos with the same streams and strategies have in common: these can go through the data together.
function Grid:group(n) return (locate(self, n)).group end

--- What tells a combo from others, as results show it: { name = value }.
function Grid:params(n)
  local block, place = locate(self, n)
  local shown = {}
  for _, defaults in ipairs(block.defaults) do
    for i, name in ipairs(defaults.shown) do shown[name] = defaults.values[i] end
  end
  for name, value in pairs(block.fixed) do shown[name] = value end
  each_digit(block, place, function(dimension, index) shown[dimension.shown] = dimension.values[index] end)
  return shown
end

-- The dimensions of parameters of a block: each value is checked against its strategy's schema.
local function add_parameters(block, bare, fail)
  block.defaults = {}
  for k, item in ipairs(block.plan.items) do
    local defaults = { names = {}, values = {}, shown = {} }
    local names = {}
    local p, err = item.def:check_params {}
    if not p then return fail(item.path .. ".params", err) end
    for i, param in ipairs(item.def.params) do
      defaults.names[i], defaults.values[i] = param.name, p[param.name]
      defaults.shown[i] = bare and param.name or item.id .. "." .. param.name
    end
    block.defaults[k] = defaults
    for name in pairs(item.params) do names[#names + 1] = name end
    table.sort(names)
    for _, name in ipairs(names) do
      local path = ("%s.params.%s"):format(item.path, name)
      local values
      values, err = combos.values(item.params[name])
      if not values then return fail(path, err) end
      for _, value in ipairs(values) do
        local ok, message = item.def:check_params { [name] = value }
        if not ok then return fail(path, message) end
      end
      table.insert(block.dimensions, {
        item = k, name = name, values = values, path = path,
        shown = bare and name or item.id .. "." .. name,
      })
    end
  end
  return true
end

local function count_of(block)
  local count = 1
  for _, dimension in ipairs(block.dimensions) do count = count * #dimension.values end
  return count
end

--- Makes a grid.
-- @param blocks list of { plan, group, dimensions = list of config dimensions { shown, values }, fixed = shown values
--   of the whole block }
-- @param options { bare = whether parameters are shown without their strategy's id, fail = function(path, message) →
--   what `new` returns where the grid cannot be made }
-- @return the grid
function M.new(blocks, options)
  local self, before = setmetatable({ blocks = blocks }, Grid), 0
  for _, block in ipairs(blocks) do
    block.dimensions, block.fixed = block.dimensions or {}, block.fixed or {}
    local ok, err = add_parameters(block, options.bare, options.fail)
    if not ok then return nil, err end
    block.before, block.raw = before, count_of(block)
    before = before + block.raw
  end
  if before > M.MAX then
    return options.fail("strategies", ("%.0f combos, at most %d in one run"):format(before, M.MAX))
  end
  self.n_combos = before
  return self
end

M.indices = indices
return M

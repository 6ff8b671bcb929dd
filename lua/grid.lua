--- Grids: the combos of a run, as points of the space that the configuration's lists and ranges span.
--
-- A grid is one or several blocks (lua/grid_variants.lua). All combos of a block have the same configuration but for
-- numbers of its portfolios and execution and the parameters of its strategies; these are the block's dimensions. A
-- combo's number is decoded into an index along each, so that a million combos are no million tables.
--
--     local grid = plan.grid
--     for n = 1, grid:size() do local plan, point = grid:plan(n), grid:point(n) … end
--
-- A grid of samples (lua/grid_samples.lua) has the same methods, and a list of points instead.
local axes = require "grid_axes"
local combos = require "combos"
local constraints = require "grid_constraints"
local identity = require "grid_identity"

local M = {}

local Grid = {}
Grid.__index = Grid
M.Grid = Grid

--- Most combos of a run, and most points of the product before constraints.
M.MAX, M.MAX_RAW = combos.MAX, 1e8

-- The block of a combo, and its place in it, from 0.
local function locate(self, n)
  local blocks = self.blocks
  if type(n) ~= "number" or n % 1 ~= 0 or n < 1 or n > self.n_combos then
    error(("there is no combo %s: they are 1 to %d"):format(tostring(n), self.n_combos), 3)
  end
  local low, high = 1, #blocks
  while low < high do
    local middle = math.floor((low + high + 1) / 2)
    if blocks[middle].before < n then low = middle else high = middle - 1 end
  end
  return blocks[low], n - blocks[low].before - 1
end

--- The block of a combo, and its values by dimension.
function Grid:decode(n)
  local block, place = locate(self, n)
  local rest = block.valid and block.valid[place] or place
  local dimensions, values = block.dimensions, {}
  for d = #dimensions, 1, -1 do
    local list = dimensions[d].values
    local digit = rest % #list
    values[d] = list[digit + 1]
    rest = (rest - digit) / #list
  end
  return block, values
end

--- How many combos there are.
function Grid:size() return self.n_combos end

local function point_of(block, values)
  local point = {}
  for k, defaults in ipairs(block.defaults) do
    local p = {}
    for i, name in ipairs(defaults.names) do p[name] = defaults.values[i] end
    point[k] = p
  end
  for d, dimension in ipairs(block.dimensions) do
    if dimension.item then point[dimension.item][dimension.name] = values[d] end
  end
  return point
end

--- Parameters of a combo: a table for each of self:plan(n).items, complete and checked.
function Grid:point(n) return point_of(self:decode(n)) end

-- A copy of nested tables in which one value is another, along a path of keys.
local function replaced(t, keys, at, value)
  local made = {}
  for key, item in pairs(t) do made[key] = item end
  local key = tonumber(keys[at]) and tonumber(keys[at]) + 1 or keys[at]
  made[key] = keys[at + 1] and replaced(t[key], keys, at + 1, value) or value
  return made
end

-- The configuration's portfolios and execution at a point of a block, and which of them differ from the block's.
local function account_of(block, values)
  local made = { portfolios = block.cfg.portfolios, execution = block.cfg.execution }
  for d = 1, block.n_numbers do made = replaced(made, block.dimensions[d].keys, 1, values[d]) end
  return made
end

-- Numbers of a combo's portfolios and execution, as text: what its override is kept under.
local function key_of(block, values)
  local parts = {}
  for d = 1, block.n_numbers do parts[d] = ("%.17g"):format(values[d]) end
  return table.concat(parts, " ")
end

local function override(block, values)
  local plan, cfg = block.plan, account_of(block, values)
  local made = { base = plan.base or plan, portfolios = {}, execution = cfg.execution }
  for k, portfolio in ipairs(plan.portfolios) do
    local own, given, other = portfolio, block.cfg.portfolios[k], cfg.portfolios[k]
    if given ~= other then
      own = {}
      for key, value in pairs(portfolio) do own[key] = value end
      for key, value in pairs(other) do
        if value ~= given[key] then own[key] = value end
      end
    end
    made.portfolios[k] = own
  end
  made.variant = made
  return setmetatable(made, { __index = plan })
end

--- The plan that a combo is made from.
function Grid:plan(n)
  local block, values = self:decode(n)
  if block.n_numbers == 0 then return block.plan end
  local key = key_of(block, values)
  if block.kept_key ~= key then block.kept_key, block.kept = key, override(block, values) end
  return block.kept
end

--- A number that combos with the same streams, symbols and strategies have in common: these can go through the data
-- together.
function Grid:group(n) return (self:decode(n)).group end

local function shown_of(block, values)
  local shown = {}
  for _, defaults in ipairs(block.defaults) do
    for i, name in ipairs(defaults.shown) do shown[name] = defaults.values[i] end
  end
  for name, value in pairs(block.fixed) do shown[name] = value end
  for d, dimension in ipairs(block.dimensions) do shown[dimension.shown] = values[d] end
  return shown
end

--- What tells a combo from others, as results show it: { name = value }. Parameters are shown with their strategy's id
-- ("sma.fast") unless the configuration has one strategy and no classifier.
function Grid:params(n) return shown_of(self:decode(n)) end

--- What a combo is, whatever its number and the grid around it: 32 hexadecimal digits of its configuration, its
-- parameters and its strategies' files. The data's content is no part of it.
function Grid:hash(n)
  local block, values = self:decode(n)
  block.identity = block.identity or identity.block(block, self.index_of, self.contents)
  local key = key_of(block, values)
  if block.account_key ~= key or not block.account then
    local cfg = account_of(block, values)
    block.account_key, block.account = key, identity.account(cfg.portfolios, cfg.execution)
  end
  return identity.hash(table.concat({ block.identity, block.account,
    identity.point(block.plan.items, point_of(block, values)) }, "\n"))
end

--- A combo as plain values, { block, values }, for of_points: of the same configuration, in any thread or run.
function Grid:encode(n)
  local block, values = self:decode(n)
  for number, one in ipairs(self.blocks) do
    if one == block then return { block = number, values = values } end
  end
end

--- A grid of some points of this one's space, in their order: combos 1, 2, … of it.
-- @param points list of what `encode` gives, or of numbers of this grid's combos
function Grid:of_points(points) return require("grid_samples").of_points(self, points) end

--- The dimensions that have several values, in order: list of { name, values }, the values sorted where they are
-- numbers.
function Grid:axes()
  self.axes_made = self.axes_made or axes.of(self)
  return self.axes_made.list
end

--- Where a combo stands: an index along each axis, 0 along those that are another strategy's.
function Grid:position(n)
  self:axes()
  return axes.position(self.axes_made, self:decode(n))
end

--- The combo at a position, or nil where constraints leave it out or the grid has no such point.
function Grid:find(positions)
  self:axes()
  return axes.find(self, self.axes_made, positions)
end

--- Hash of all that the grid is: of its blocks, their dimensions, and the combos that constraints leave.
function Grid:fingerprint()
  local parts = { tostring(self.n_combos), self.constraints and self.constraints.text or "" }
  for _, block in ipairs(self.blocks) do
    block.identity = block.identity or identity.block(block, self.index_of, self.contents)
    parts[#parts + 1] = block.identity .. " " .. identity.account(block.cfg.portfolios, block.cfg.execution)
    for _, dimension in ipairs(block.dimensions) do
      local values = {}
      for i, value in ipairs(dimension.values) do
        values[i] = type(value) == "number" and ("%.17g"):format(value) or tostring(value)
      end
      parts[#parts + 1] = dimension.shown .. "=" .. table.concat(values, ",")
    end
  end
  return identity.hash(table.concat(parts, "\n"))
end

-- Making -------------------------------------------------------------------------------------------------------------

local function is_integer(def, name)
  for _, param in ipairs(def.params) do
    if param.name == name then return param.type == "integer" end
  end
end

-- The dimension of one parameter: each value is checked against its strategy's schema.
local function parameter(item, name, sampled)
  local given, made = item.params[name], { name = name }
  if combos.is_continuous(given) and sampled then
    made.range = { from = given.from, to = given.to, log = given.log or false, is_integer = is_integer(item.def, name) }
    made.values = { given.from, given.to }
  else
    local err
    made.values, err = combos.values(given, is_integer(item.def, name))
    if not made.values then return nil, err end
  end
  for _, value in ipairs(made.values) do
    local ok, message = item.def:check_params { [name] = value }
    if not ok then return nil, message end
  end
  return made
end

local function add_parameters(block, options)
  block.defaults = {}
  for k, item in ipairs(block.plan.items) do
    local function shown(name) return options.bare and name or item.id .. "." .. name end
    local defaults, names = { names = {}, values = {}, shown = {} }, {}
    local p, err = item.def:check_params {}
    if not p then return options.fail(item.path .. ".params", err) end
    for i, param in ipairs(item.def.params) do
      defaults.names[i], defaults.values[i], defaults.shown[i] = param.name, p[param.name], shown(param.name)
    end
    block.defaults[k] = defaults
    for name in pairs(item.params) do names[#names + 1] = name end
    table.sort(names)
    for _, name in ipairs(names) do
      local dimension
      dimension, err = parameter(item, name, options.sampled)
      if not dimension then return options.fail(("%s.params.%s"):format(item.path, name), err) end
      dimension.item, dimension.shown = k, shown(name)
      table.insert(block.dimensions, dimension)
    end
  end
  return true
end

local function product(block)
  local count = 1
  for _, dimension in ipairs(block.dimensions) do
    count = count * (dimension.range and math.huge or #dimension.values)
  end
  return count
end

-- What the names that constraints may use are in a block: { [name] = { dimension } or { value } }.
local function places_of(block)
  local places, by_last, twice = {}, {}, {}
  local function also(name, place)
    if by_last[name] then twice[name] = true end
    by_last[name] = place
  end
  for name, value in pairs(block.fixed) do places[name] = { value = value } end
  for k, defaults in ipairs(block.defaults) do
    for i, name in ipairs(defaults.names) do
      local place = { value = defaults.values[i] }
      for d, dimension in ipairs(block.dimensions) do
        if dimension.item == k and dimension.name == name then place = { dimension = d } end
      end
      places[defaults.shown[i]], places[block.plan.items[k].id .. "." .. name] = place, place
      also(name, place)
    end
  end
  for d = 1, block.n_numbers do
    local dimension = block.dimensions[d]
    places[dimension.shown] = { dimension = d }
    also(dimension.keys[#dimension.keys], places[dimension.shown])
  end
  for name, place in pairs(by_last) do
    if not twice[name] and not places[name] then places[name] = place end
  end
  return places
end

local function read_constraints(self, options)
  if not options.constraints then return true end
  local known, names = {}, {}
  for _, block in ipairs(self.blocks) do
    for name in pairs(block.places) do known[name] = true end
  end
  for name in pairs(known) do names[#names + 1] = name end
  table.sort(names)
  local read, err, index = constraints.read(options.constraints, names, options.folder)
  if not read then
    local path = "grid.constraints"
    if index and type(options.constraints) == "table" then path = ("%s[%d]"):format(path, index - 1) end
    return options.fail(path, err)
  end
  self.constraints = read
  return true
end

-- Counts the combos of a block and, where there are constraints, notes their places.
local function expand(self, block, options)
  block.raw = product(block)
  if not self.constraints then
    block.count = block.raw
    return true
  end
  local valid, count, index = constraints.points(self.constraints, block.places, block.dimensions, block.raw, M.MAX)
  if not valid then
    local path = "grid.constraints"
    if index and type(options.constraints) == "table" and not options.constraints.file then
      path = ("%s[%d]"):format(path, index - 1)
    end
    return options.fail(path, count)
  end
  block.valid, block.count = valid, count
  return true
end

--- The space of a grid: its blocks with their dimensions and constraints, not expanded.
-- @param blocks list of { plan, cfg, group, dimensions = list of numbers of portfolios and execution { shown, values,
--   keys, range }, fixed = shown values of the whole block }
-- @param options { bare = whether parameters are shown without their strategy's id, names = of the dimensions between
--   blocks, constraints, folder, sampled = whether ranges without steps are taken, index_of = place of each symbol in
--   the file, fail = function(path, message) → what is returned where the grid cannot be made }
-- @return the space, an object with all methods of a grid and no combos
function M.space(blocks, options)
  local self = setmetatable({ blocks = blocks, names = options.names or {}, index_of = options.index_of, contents = {},
    n_combos = 0 }, Grid)
  for _, block in ipairs(blocks) do
    block.dimensions, block.fixed = block.dimensions or {}, block.fixed or {}
    block.n_numbers = #block.dimensions
    local ok, err = add_parameters(block, options)
    if not ok then return nil, err end
    block.places = places_of(block)
  end
  local ok, err = read_constraints(self, options)
  if not ok then return nil, err end
  return self
end

--- Whether the constraints admit a point of a block: a function of its values by dimension.
function Grid:predicate(block) return constraints.predicate(self.constraints, block.places) end

--- How many points the product of a space has, before constraints; infinite where a range has no steps.
function M.raw(space)
  local raw = 0
  for _, block in ipairs(space.blocks) do raw = raw + product(block) end
  return raw
end

--- Expands a space: all its points are combos then.
-- @return the grid, or what options.fail returns
function M.expand(space, options)
  local raw, before = M.raw(space), 0
  local most = space.constraints and M.MAX_RAW or M.MAX
  if raw > most then
    return options.fail("strategies", ("%.0f combos%s, at most %d in one run: optimize.search: random takes samples")
      :format(raw, space.constraints and " before constraints" or "", most))
  end
  for _, block in ipairs(space.blocks) do
    local ok, err = expand(space, block, options)
    if not ok then return nil, err end
    block.before, before = before, before + block.count
  end
  if before > M.MAX then
    return options.fail("grid.constraints", ("%.0f combos, at most %d in one run"):format(before, M.MAX))
  elseif before == 0 then
    return options.fail("grid.constraints", ("none of %.0f combos satisfies %s"):format(raw,
      space.constraints.predicate and "the function" or ("'%s'"):format(space.constraints.text:gsub("\n", "', '"))))
  end
  space.n_combos = before
  return space
end

--- Makes a grid of all points. Parameters as of M.space.
function M.new(blocks, options)
  local space, err = M.space(blocks, options)
  if not space then return nil, err end
  return M.expand(space, options)
end

return M

--- The axes of a grid, along which combos have neighbours.
local M = {}

-- Order of an axis' values: by size where all are numbers, else as they were met.
local function sorted(values)
  for _, value in ipairs(values) do
    if type(value) ~= "number" then return values end
  end
  table.sort(values)
  return values
end

local function collect(grid)
  local by_name, order = {}, {}
  local function add(name, value)
    local axis = by_name[name]
    if not axis then
      axis = { name = name, values = {}, index = {} }
      by_name[name], order[#order + 1] = axis, axis
    end
    if axis.index[value] == nil then
      axis.index[value] = true
      axis.values[#axis.values + 1] = value
    end
  end
  for _, name in ipairs(grid.names) do
    for _, block in ipairs(grid.blocks) do add(name, block.fixed[name]) end
  end
  for _, block in ipairs(grid.blocks) do
    for d, dimension in ipairs(block.dimensions) do
      for _, value in ipairs(grid.values_of and grid:values_of(block, d) or dimension.values) do
        add(dimension.shown, value)
      end
    end
  end
  return order
end

--- The axes of a grid: { list, by_name }. Those with one value are left out.
function M.of(grid)
  local made = { list = {}, by_name = {} }
  for _, axis in ipairs(collect(grid)) do
    if #axis.values > 1 then
      sorted(axis.values)
      for i, value in ipairs(axis.values) do axis.index[value] = i end
      made.list[#made.list + 1] = axis
      made.by_name[axis.name] = axis
      axis.number = #made.list
    end
  end
  return made
end

--- Index along each axis of a point of a block.
function M.position(axes, block, values)
  local position = {}
  for k, axis in ipairs(axes.list) do
    position[k] = block.fixed[axis.name] ~= nil and axis.index[block.fixed[axis.name]] or 0
  end
  for d, dimension in ipairs(block.dimensions) do
    local axis = axes.by_name[dimension.shown]
    if axis then position[axis.number] = axis.index[values[d]] end
  end
  return position
end

-- The place in a block of a point of its product, or nil where constraints leave it out.
local function place_of(block, raw)
  if not block.valid then return raw end
  local low, high = 0, block.count - 1
  while low <= high do
    local middle = math.floor((low + high) / 2)
    local found = block.valid[middle]
    if found == raw then return middle end
    if found < raw then low = middle + 1 else high = middle - 1 end
  end
end

local function digit_of(dimension, value)
  if not dimension.digits then
    dimension.digits = {}
    for i, one in ipairs(dimension.values) do dimension.digits[one] = i - 1 end
  end
  return dimension.digits[value]
end

-- The point of a block's product at a position, or nil.
local function raw_of(axes, block, positions)
  local used, raw = {}, 0
  for k, axis in ipairs(axes.list) do
    local fixed = block.fixed[axis.name]
    if fixed ~= nil then
      if axis.index[fixed] ~= positions[k] then return nil end
      used[k] = true
    end
  end
  for _, dimension in ipairs(block.dimensions) do
    local axis, digit = axes.by_name[dimension.shown], 0
    if axis then
      used[axis.number] = true
      digit = digit_of(dimension, axis.values[positions[axis.number]])
      if not digit then return nil end
    end
    raw = raw * #dimension.values + digit
  end
  for k = 1, #axes.list do
    if not used[k] and positions[k] ~= 0 then return nil end
  end
  return raw
end

--- The combo of an expanded grid at a position, or nil.
function M.find(grid, axes, positions)
  for _, block in ipairs(grid.blocks) do
    local raw = raw_of(axes, block, positions)
    local place = raw and place_of(block, raw)
    if place then return block.before + place + 1 end
  end
end

return M

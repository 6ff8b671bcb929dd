--- The blocks of a grid: what the dimensions of `grid` make of a configuration.
--
-- Structural dimensions (strategies, classifiers, symbols, timeframes, and keys of `set` outside of portfolios and
-- execution) make plans of their own over the same data. Dimensions of portfolios and execution override parts of
-- these: risk and execution profiles and values that are no numbers as configurations that are checked one by one,
-- numbers as single values, so that ten thousand stop levels are no ten thousand configurations.
local check = require "config_check"
local combos = require "combos"
local config = require "config"
local edit = require "grid_edit"
local setter = require "config_set"
local suggest = require "suggest"
local yaml = require "yaml"

local M = {}

local STRUCTURE = {
  { key = "strategies", shown = "strategy", edit = edit.strategy },
  { key = "classifiers", shown = "classifier", edit = edit.classifier },
  { key = "symbols", shown = "symbol", edit = edit.symbol },
  { key = "timeframes", shown = "timeframe", edit = edit.timeframe },
}

-- First keys of what a combo may have of its own, and the keys of portfolios that are no cheap overrides.
local ROOTS = { "portfolios", "execution", "risk", "symbols", "strategies", "classifiers", "data", "seed", "benchmark",
  "instruments", "corporate_actions", "universe", "halts", "fx" }
local CHEAP = { portfolios = true, execution = true, risk = true }
local STRUCTURAL_KEYS = { name = true, strategies = true, weights = true, currency = true, cash_flows = true,
  books = true }

local MOST_VARIANTS = 10000
local MOST_CORNERS = 16

local function keys_of(path)
  local keys = {}
  for key in path:gsub("%[(%d+)%]", ".%1"):gmatch("[^.]+") do keys[#keys + 1] = key end
  return keys
end

local function text_of(value)
  if value == yaml.null then return "null" end
  if type(value) ~= "table" then return tostring(value) end
  local parts = {}
  if #value > 0 then
    for i, item in ipairs(value) do parts[i] = text_of(item) end
    return "[" .. table.concat(parts, ", ") .. "]"
  end
  local names = {}
  for name in pairs(value) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do parts[i] = ("%s: %s"):format(name, text_of(value[name])) end
  return "{" .. table.concat(parts, ", ") .. "}"
end

-- What a value is called in results: itself, or the text of a list or map.
local function shown_value(value) return type(value) == "table" and text_of(value) or value end

-- `grid.set` ---------------------------------------------------------------------------------------------------------

-- Whether a value can be put into the tables of a checked configuration as it is.
local function is_number_of(plan, keys, kind, values)
  if not kind or kind.type ~= "number" then return false end
  for _, value in ipairs(values) do
    if type(value) ~= "number" then return false end
  end
  if keys[1] == "execution" then
    for _, symbol in ipairs(plan.symbols) do
      if symbol.instrument_spec and symbol.instrument_spec.commission then return false end
    end
    return #keys == 2
  end
  for _, portfolio in ipairs(plan.portfolios) do
    if portfolio.books or portfolio.book_of then return false end
  end
  if keys[1] ~= "portfolios" then return false end
  for _, key in ipairs(keys) do
    if key == "params" then return false end
  end
  return true
end

local function check_values(cfg, dimension, kind, nodes)
  local problem
  local checker = check.new(function(_, _, message) problem = problem or message end, function() end)
  for i, node in ipairs(nodes) do
    dimension.values[i] = checker:check(kind, node, dimension.path)
    if problem then return nil, config.error_at(cfg, dimension.at, ("%s: %s"):format(dimension.path, problem)) end
  end
  return true
end

-- The nodes of a dimension's values: those of the file, or made of a range.
local function nodes_of(node, values)
  if node.kind == "list" then return node.items end
  if node.kind == "scalar" then return { node } end
  local nodes = {}
  for i, value in ipairs(values) do
    local made = assert(yaml.from_plain(value, node.origin))
    made.file, made.line, made.column, made.origin = node.file, node.line, node.column, node.origin
    nodes[i] = made
  end
  return nodes
end

local function set_dimension(plan, cfg, entry)
  local given, at = cfg.grid.set[entry.key], "grid.set." .. entry.key
  local path = given.path or entry.key
  local function fail(message) return nil, config.error_at(cfg, at, message) end
  local keys, kind = keys_of(path), setter.type_at(path)
  local known = false
  for _, root in ipairs(ROOTS) do known = known or root == keys[1] end
  if not known or path == "data.start" or path == "data.end" then
    return fail(("'%s' is no key that combos can differ in%s (those begin with %s)"):format(path,
      suggest.hint(keys[1] or "", ROOTS), table.concat(ROOTS, ", ")))
  end
  local node = entry.node
  if node.kind == "map" then node = yaml.get(node, "values") or node end
  local dimension = {
    shown = given.path and entry.key or path, path = path, keys = keys, at = at, is_set = true,
    is_cheap = CHEAP[keys[1]] and not (keys[1] == "portfolios" and STRUCTURAL_KEYS[keys[3]]) or false,
  }
  if combos.is_continuous(given.values) then
    local search = cfg.optimize and cfg.optimize.search or "grid"
    if search == "grid" then return fail((select(2, combos.values(given.values)))) end
    dimension.range = { from = given.values.from, to = given.values.to, log = given.values.log or false,
      is_integer = kind and kind.integer or false }
    dimension.values = { given.values.from, given.values.to }
  else
    local values, err = combos.values(given.values, kind and kind.integer)
    if not values then return fail(err) end
    dimension.values = values
  end
  dimension.is_number = dimension.is_cheap and is_number_of(plan, keys, kind, dimension.values)
  if dimension.range and not dimension.is_number then
    return fail("a range without steps is for numbers of portfolios and execution")
  end
  local nodes = nodes_of(node, dimension.values)
  dimension.nodes = nodes
  if dimension.is_number then
    local ok, err = check_values(cfg, dimension, kind, nodes)
    if not ok then return nil, err end
  end
  dimension.names = {}
  for i, value in ipairs(dimension.values) do dimension.names[i] = shown_value(value) end
  return dimension
end

-- Dimensions ---------------------------------------------------------------------------------------------------------

-- { structure, overrides, numbers }: lists of { shown, names, apply(root, index) }, the slowest first.
local function dimensions_of(plan, cfg, root, keeps)
  local grid = cfg.grid
  local made = { structure = {}, overrides = {}, numbers = {} }
  for _, one in ipairs(STRUCTURE) do
    local listed = grid[one.key]
    if listed then
      table.insert(made.structure, {
        shown = one.shown, names = listed, at = "grid." .. one.key,
        apply = function(tree, index) return one.edit(tree, cfg, listed, listed[index], keeps) end,
      })
    end
  end
  if grid.risk then
    table.insert(made.overrides, {
      shown = "risk", names = grid.risk, at = "grid.risk",
      apply = function(tree, index) return edit.risk(tree, cfg, grid.risk, grid.risk[index]) end,
    })
  end
  local section = yaml.get(root, "grid")
  if grid.execution then
    local nodes, names = yaml.get(section, "execution"), {}
    nodes = nodes.kind == "list" and nodes.items or { nodes }
    for i, node in ipairs(nodes) do names[i] = shown_value(yaml.plain(node)) end
    table.insert(made.overrides, {
      shown = "execution", names = names, at = "grid.execution",
      apply = function(tree, index) return edit.execution(tree, nodes[index]) end,
    })
  end
  for _, entry in ipairs(grid.set and yaml.get(section, "set").entries or {}) do
    local dimension, err = set_dimension(plan, cfg, entry)
    if not dimension then return nil, err end
    dimension.apply = function(tree, index) return edit.set(tree, dimension.path, dimension.nodes[index]) end
    table.insert(dimension.is_number and made.numbers or dimension.is_cheap and made.overrides or made.structure,
      dimension)
  end
  return made
end

-- Calls take(indices) for each point of a product, the last dimension fastest; stops at an error.
local function each_point(dimensions, take)
  local index = {}
  for d = 1, #dimensions do index[d] = 1 end
  while true do
    local ok, err = take(index)
    if not ok then return nil, err end
    local d = #dimensions
    while d > 0 and index[d] == #dimensions[d].names do
      index[d] = 1
      d = d - 1
    end
    if d == 0 then return true end
    index[d] = index[d] + 1
  end
end

local function product(dimensions)
  local count = 1
  for _, dimension in ipairs(dimensions) do count = count * #dimension.names end
  return count
end

-- The configuration at a point: sets of the structure come before symbols and strategies are left out, which would
-- renumber them.
local function configuration(cfg, dimensions, structure, overrides, numbers)
  return config.variant(cfg, function(root)
    local tree, at, message = root, nil, nil
    local function apply(list, index, is_set)
      for d, dimension in ipairs(list) do
        if tree and (dimension.is_set or false) == is_set then tree, at, message = dimension.apply(tree, index[d]) end
      end
    end
    apply(dimensions.structure, structure, true)
    apply(dimensions.structure, structure, false)
    apply(dimensions.overrides, overrides, false)
    apply(dimensions.overrides, overrides, true)
    apply(dimensions.numbers, numbers, true)
    if not tree then return nil, at, message end
    return edit.plain(tree)
  end)
end

local function described(dimensions, index, lists)
  local parts = {}
  for d, dimension in ipairs(dimensions) do
    parts[#parts + 1] = ("%s = %s"):format(dimension.shown, tostring(dimension.names[index[d]]))
  end
  for _, text in ipairs(lists or {}) do parts[#parts + 1] = text end
  return table.concat(parts, ", ")
end

-- Numbers at their extremes, since rules bound one key by another.
local function corners(dimensions)
  local list, n = {}, #dimensions
  local extremes = {}
  for d, dimension in ipairs(dimensions) do
    local low, high = 1, 1
    for i, value in ipairs(dimension.values) do
      if value < dimension.values[low] then low = i end
      if value > dimension.values[high] then high = i end
    end
    extremes[d] = { low, high }
  end
  local all = 2 ^ n <= MOST_CORNERS
  for k = 0, all and 2 ^ n - 1 or 2 * n - 1 do
    local index = {}
    for d = 1, n do
      local high = all and math.floor(k / 2 ^ (d - 1)) % 2 == 1 or not all and k == 2 * d - 1
      index[d] = extremes[d][high and 2 or 1]
    end
    list[#list + 1] = index
  end
  return list
end

local function ones(dimensions)
  local index = {}
  for d = 1, #dimensions do index[d] = 1 end
  return index
end

-- Texts of an item's features where it runs on some streams only.
local function feature_texts(plan, item, streams)
  local names, texts = {}, {}
  for i, stream in ipairs(streams) do names[i] = stream.name end
  local p = item.def:check_params {}
  if not p or not names[1] then return texts end
  if item.def.rule then
    texts[1] = item.def:rule_expression(p, names[1], plan.library)
    return texts
  end
  for _, feature in ipairs(item.def:feature_list(p, names, names[1], plan.library) or {}) do
    texts[#texts + 1] = feature.expr
    local several = feature.exprs or feature.matrix and feature.matrix.exprs or {}
    for _, text in ipairs(several) do texts[#texts + 1] = text end
  end
  return texts
end

local function names_symbol(text, name)
  local first, last = text:find(name, 1, true)
  while first do
    local after = text:sub(last + 1, last + 1)
    if not text:sub(first - 1, first - 1):find("[%w.]") and (after == "_" or after == '"' or after == "") then
      return true
    end
    first, last = text:find(name, last + 1, true)
  end
  return false
end

-- Symbols of the list that combos of another one read: { [symbol] = true }. What a feature names, a parameter, `fx` or
-- the benchmark that is asked for stays.
local function cited(plan, cfg, root)
  local keeps, is_listed = {}, {}
  local listed = cfg.grid.symbols or {}
  for _, symbol in pairs(cfg.fx or {}) do keeps[symbol] = true end
  local benchmark = yaml.get(root, "benchmark")
  if benchmark and benchmark.text then keeps[benchmark.text] = true end
  for _, name in ipairs(listed) do is_listed[name] = true end
  for _, item in ipairs(plan.items) do
    for _, symbol in ipairs(listed) do
      local streams = {}
      for _, stream in ipairs(item.streams) do
        if stream.symbol == symbol or not is_listed[stream.symbol] then streams[#streams + 1] = stream end
      end
      local texts = feature_texts(plan, item, streams)
      for _, value in pairs(item.params) do
        for _, one in pairs(type(value) == "table" and value or { value }) do
          if type(one) == "string" then texts[#texts + 1] = one end
        end
      end
      for _, other in ipairs(listed) do
        for _, text in ipairs(other ~= symbol and texts or {}) do
          keeps[other] = keeps[other] or names_symbol(text, other) or nil
        end
      end
    end
  end
  return keeps
end

--- The blocks of a configuration that has `grid`.
-- @param plan of the configuration without it
-- @param make { new = function(cfg) → plan, override = function(plan, cfg) → plan }, either nil and an error
-- @return list of blocks for grids.new and the names of the dimensions between them; or nil and an error
function M.blocks(plan, cfg, make)
  local root = config.tree(cfg)
  local dimensions, err = dimensions_of(plan, cfg, root, cited(plan, cfg, root))
  if not dimensions then return nil, err end
  local count = product(dimensions.structure) * product(dimensions.overrides)
  if count > MOST_VARIANTS then
    return nil, config.error_at(cfg, "grid", ("%.0f variants of the configuration, at most %d; numbers of portfolios "
      .. "and execution under set: may be more"):format(count, MOST_VARIANTS))
  end
  local blocks, first = {}, ones(dimensions.numbers)
  local function wrong(problems, ...)
    local text = type(problems) == "table" and problems[1] or problems
    local where = described(...)
    return nil, tostring(text) .. (where ~= "" and (" (in combos with %s)"):format(where) or "")
  end
  local group = 0
  local ok, problem_at = each_point(dimensions.structure, function(structure)
    local variant
    group = group + 1
    return each_point(dimensions.overrides, function(overrides)
      local here = described(dimensions.overrides, overrides)
      local made, problem = configuration(cfg, dimensions, structure, overrides, first)
      if not made then return wrong(problem, dimensions.structure, structure, here ~= "" and { here }) end
      for _, index in ipairs(#dimensions.numbers > 0 and corners(dimensions.numbers) or {}) do
        local corner
        corner, problem = configuration(cfg, dimensions, structure, overrides, index)
        if not corner then
          return wrong(problem, dimensions.structure, structure, { described(dimensions.numbers, index) })
        end
      end
      local own
      if not variant then
        variant, problem = make.new(made)
        own = variant
      else
        own, problem = make.override(variant, made)
      end
      if not own then return wrong(problem, dimensions.structure, structure, here ~= "" and { here }) end
      local block = { plan = own, cfg = made, group = group, fixed = {}, dimensions = {} }
      local function fix(list, index)
        for d, dimension in ipairs(list) do block.fixed[dimension.shown] = dimension.names[index[d]] end
      end
      fix(dimensions.structure, structure)
      fix(dimensions.overrides, overrides)
      for d, dimension in ipairs(dimensions.numbers) do
        block.dimensions[d] = {
          shown = dimension.shown, values = dimension.values, keys = dimension.keys, range = dimension.range,
          path = dimension.at,
        }
      end
      blocks[#blocks + 1] = block
      return true
    end)
  end)
  if not ok then return nil, problem_at end
  local shown = {}
  for _, dimension in ipairs(dimensions.structure) do shown[#shown + 1] = dimension.shown end
  for _, dimension in ipairs(dimensions.overrides) do shown[#shown + 1] = dimension.shown end
  return blocks, shown
end

return M

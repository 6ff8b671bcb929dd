--- Values that make a grid, in a configuration: one value, a list of values, or a range; and the dimensions of
-- `grid.set`, whose values may be anything.
local suggest = require "suggest"
local yaml = require "yaml"

local M = {}

local KEYS = { "from", "to", "step", "n", "factor", "log" }
local FORMS = "expected {from: 5, to: 50, step: 5}, {from: 1, to: 100, n: 10, log: true} or "
  .. "{from: 1, to: 64, factor: 2}"

local ENDS = { "from", "to" }

local KNOWN = {}
for _, key in ipairs(KEYS) do KNOWN[key] = true end

-- The keys of a range as they are written, or nil after reporting.
local function read_keys(checker, reading, node, path)
  local range, complete = {}, true
  for _, entry in ipairs(node.entries) do
    local key_path = reading.join(path, entry.key)
    if not KNOWN[entry.key] then
      return checker:fail({ line = entry.line, column = entry.column, file = node.file, origin = node.origin },
        key_path, "unknown key%s; %s", suggest.hint(entry.key, KEYS), FORMS)
    end
    if entry.key == "log" then
      if entry.node.type ~= "boolean" then return checker:fail(entry.node, key_path, "expected true or false") end
      range.log = entry.node.value
    elseif entry.node.kind ~= "scalar" then
      return checker:fail(entry.node, key_path, "%s is not a number", reading.describe(entry.node))
    else
      range[entry.key] = reading.number(checker, entry.node, key_path)
    end
    checker.note(key_path, entry.node)
    complete = complete and range[entry.key] ~= nil
  end
  return complete and range or nil
end

local function check_count(checker, node, path, range)
  if range.n % 1 ~= 0 or range.n < 2 then
    return checker:fail(node, path, "n is %.15g; expected a whole number of values, at least 2", range.n)
  end
  return range
end

local function check_range(checker, reading, node, path)
  local range = read_keys(checker, reading, node, path)
  if not range then return nil end
  for _, key in ipairs(ENDS) do
    if not range[key] then return checker:fail(node, path, "a range needs '%s'; %s", key, FORMS) end
  end
  local steps = (range.step and 1 or 0) + (range.n and 1 or 0) + (range.factor and 1 or 0)
  if steps > 1 then return checker:fail(node, path, "step, n and factor are given together; expected one of them") end
  if range.factor or range.log then
    if range.from <= 0 or range.to <= 0 then
      return checker:fail(node, path, "a geometric range needs from and to above 0, got %s and %s",
        reading.number_text(range.from), reading.number_text(range.to))
    end
    local factor = range.factor or range.step
    local goes = range.to == range.from or not factor
      or factor > 0 and factor ~= 1 and (range.to > range.from) == (factor > 1)
    if not goes then
      return checker:fail(node, path, "factor %s never leads from %s to %s", reading.number_text(factor),
        reading.number_text(range.from), reading.number_text(range.to))
    end
  elseif range.step and (range.step == 0 or (range.to - range.from) / range.step < 0) then
    return checker:fail(node, path, "step %s never leads from %s to %s", reading.number_text(range.step),
      reading.number_text(range.from), reading.number_text(range.to))
  end
  if range.n then return check_count(checker, node, path, range) end
  return range
end

local function list_of(checker, node, path, read)
  if #node.items == 0 then
    return checker:fail(node, path, "an empty list makes no combination; expected values")
  end
  local values = {}
  for i, item in ipairs(node.items) do
    local item_path = ("%s[%d]"):format(path, i - 1)
    checker.note(item_path, item)
    values[i] = read(item, item_path)
  end
  return values
end

--- A strategy's parameter: a scalar, a list of them, or a range { from, to, and one of step, n, factor; log }.
function M.parameter(checker, reading, node, path)
  if node.kind == "map" and not node.empty then return check_range(checker, reading, node, path) end
  if node.kind ~= "list" then return reading.scalar(checker, node, path) end
  return list_of(checker, node, path, function(item, item_path) return reading.scalar(checker, item, item_path) end)
end

--- A dimension of `grid.set`: the same, but that values of a list may be lists and maps, and that
-- { path =, values = } names the key it is about under another name.
-- @return { path = or nil, values = list | range }
function M.dimension(checker, reading, node, path)
  -- Without a path it is what this function has made of a dimension before.
  if node.kind == "map" and (yaml.get(node, "path") or yaml.get(node, "values")) then
    local key, values = yaml.get(node, "path"), yaml.get(node, "values")
    for _, entry in ipairs(node.entries) do
      checker.note(reading.join(path, entry.key), entry.node, entry)
      if entry.key ~= "path" and entry.key ~= "values" then
        return checker:fail(entry.node, reading.join(path, entry.key), "unknown key%s",
          suggest.hint(entry.key, { "path", "values" }))
      end
    end
    if key and key.type ~= "string" then return checker:fail(key, path .. ".path", "expected the path of a key") end
    if not values then return checker:fail(node, path, "'values' is missing; expected a list or a range") end
    local made = M.dimension(checker, reading, values, path .. ".values")
    return made and { path = key and key.value, values = made.values }
  end
  if node.kind == "map" and not node.empty then
    local range = check_range(checker, reading, node, path)
    return range and { values = range }
  end
  if node.kind ~= "list" then
    local value = reading.scalar(checker, node, path)
    return value ~= nil and { values = { value } } or nil
  end
  local values = list_of(checker, node, path, yaml.plain)
  return values and { values = values }
end

return M

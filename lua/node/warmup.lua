--- Node kind `warmup`: finds out from which row on the features of each strategy are warm, without running any.
local instance = require "instance"
local signal_filter = require "node.signal_filter"
local strategies = require "node.strategies"
local abi = require "abi"
local C = abi.C

local M = { is_shared = true }

local Warmup = {}
Warmup.__index = Warmup

-- What watches one declared set of features; those that are the same are one.
function Warmup:_watch(part, spec)
  local key = instance.key(spec)
  local one = self.by_key[key]
  if one then return one end
  local err
  spec.declared, err = part:declare(spec)
  if not spec.declared then return nil, err end
  one = {
    stream = part:whole(spec.stream), declared = spec.declared, n_prices = spec.symbols and #spec.symbols * 5 or 0,
  }
  if #spec.declared.matrices > 0 then -- how many rows they want depends on the data
    spec.stream = one.stream
    local function ignore() end
    spec.on_record, spec.on_log = ignore, ignore
    one.instance, err = instance.new(spec, part.hub)
    if not one.instance then return nil, err end
  end
  self.by_key[key] = one
  table.insert(self.waiting, one)
  return one
end

--- part.watched: what must be warm before the part's strategies are.
function Warmup:declare(part)
  local plan = part.plan
  part.watched = {}
  local function watch(list)
    for _, spec in ipairs(list) do
      local one, err = self:_watch(part, spec)
      if not one then return nil, err end
      table.insert(part.watched, one)
    end
    return true
  end
  for _, component in ipairs(plan.components or {}) do
    local ok, err = watch(signal_filter.specs(part, component))
    if not ok then return nil, err end
  end
  local used = {}
  for _, strategy in ipairs(plan.strategies) do
    local ok, err = watch(strategies.specs(part, strategy))
    if not ok then return nil, err end
    if strategy.classifier then used[strategy.classifier] = true end
  end
  for _, classifier in ipairs(plan.classifiers) do
    local ok, err = watch(used[classifier.id] and strategies.specs(part, classifier) or {})
    if not ok then return nil, err end
  end
  return true
end

local function warm_row(one, hub)
  local id, declared = one.stream.hub_id, one.declared
  local first, last = tonumber(C.pln_hub_first_row(hub, id)), tonumber(C.pln_hub_last_row(hub, id))
  if first >= last then return nil end
  if one.instance then
    one.instance:rows_to_do()
    one.instance:end_slice()
    return one.instance.warm_row
  end
  local row = tonumber(C.pln_hub_first_warm(hub, id, declared.features, declared.n_features, first))
  if declared.prices then
    row = math.max(row, tonumber(C.pln_hub_first_warm(hub, id, declared.prices, one.n_prices, first)))
  end
  return row < last and row or nil
end

function Warmup:step()
  local left = {}
  for _, one in ipairs(self.waiting) do
    one.row = warm_row(one, self.phase.hub)
    if not one.row then left[#left + 1] = one end
  end
  self.waiting = left
  return true
end

--- Whether nothing is left to be found.
function Warmup:is_done() return #self.waiting == 0 end

--- Open time of the bar with which everything that a part watches is warm; nil where that is never so.
function M.of_part(part)
  local latest
  for _, one in ipairs(part.watched) do
    if not one.row then return nil end
    local ts_ns = one.stream.bars.ts_ns[one.row]
    if not latest or ts_ns > latest then latest = ts_ns end
  end
  return latest
end

function M.new(phase) return setmetatable({ phase = phase, by_key = {}, waiting = {} }, Warmup) end

return M

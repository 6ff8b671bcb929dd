--- Gauges: the features that rules, sizing and cost models of a portfolio read (src/abi/exec.h). Their columns are
-- computed once for a plan and shared by its combos, and are in the units of fills where features see adjusted prices.
local ffi = require "ffi"
local abi = require "abi"
local feature = require "feature"
local gauge_units = require "gauge_units"
local C = abi.C

local M = {}

-- plan (the one that combos share) → key → column, or bars of another timeframe
local columns = setmetatable({}, { __mode = "k" })
local computed_for = setmetatable({}, { __mode = "k" }) -- the same → list of what M.computed gives

-- The bars of a stream at a coarser timeframe; its own where they are as coarse already.
local function bars_at(plan, stream, timeframe)
  if not timeframe then return stream.bars end
  local shared = plan.base or plan
  local cache = columns[shared] or {}
  columns[shared] = cache
  local key = stream.name .. " at " .. timeframe
  if cache[key] then return cache[key] end
  local wanted = ffi.new "pln_timeframe"
  abi.must(C.pln_timeframe_parse(timeframe, wanted))
  local own = stream.bars.timeframe
  if own.unit >= wanted.unit then
    cache[key] = stream.bars
  else
    local bars = C.pln_bars_resample(stream.bars, wanted, nil)
    if bars == nil then return nil, abi.last_error() end
    cache[key] = ffi.gc(bars, C.pln_bars_free)
  end
  return cache[key]
end

local function column_of(plan, stream, expression, bars)
  local shared = plan.base or plan
  local cache = columns[shared] or {}
  columns[shared] = cache
  local key = stream.name .. " " .. expression .. (bars ~= stream.bars and " at " .. tonumber(bars.timeframe.ns) or "")
  if not cache[key] then
    local computed, err = feature.compute(bars, { expression }, { library = plan.library })
    if not computed then return nil, err end
    local ok
    ok, err = gauge_units.to_fills(stream.adjustment, bars, computed[1], expression, function(others)
      local list, message = feature.compute(others, { expression }, { library = plan.library })
      return list and list[1], message
    end)
    if not ok then return nil, err end
    cache[key] = computed[1]
    local list = computed_for[shared] or {}
    computed_for[shared] = list
    list[#list + 1] = { stream = stream, bars = bars, expr = expression }
  end
  return cache[key]
end

--- What was computed for a plan (the one that combos share) so far: list of { stream, bars, expr }.
function M.computed(plan) return computed_for[plan.base or plan] or {} end

--- The gauges of one execution container.
-- @param exec pln_exec *, with its instruments, without a portfolio yet
-- @param plan plan.new
-- @return an object with `need`
function M.new(exec, plan)
  local self, ids, kept = {}, {}, {}
  --- The number of the gauge that has `wanted` over each symbol's first timeframe, the one that its strategies run
  -- on unless they say otherwise, or over `timeframe` where that is coarser; or nil and a message.
  -- @param wanted an expression, or a function that gives that of a symbol record
  function self.need(wanted, timeframe)
    local expressions = {}
    for k, symbol in ipairs(plan.symbols) do
      local err
      expressions[k] = wanted
      if type(wanted) == "function" then expressions[k], err = wanted(symbol) end
      if not expressions[k] then return nil, err end
    end
    local key = table.concat(expressions, "\n") .. " " .. (timeframe or "")
    if ids[key] then return ids[key] end
    local id = C.pln_exec_add_gauge(exec)
    if id < 0 then return nil, abi.last_error() end
    for k, symbol in ipairs(plan.symbols) do
      local stream = symbol.streams[1]
      local bars, column, err
      bars, err = bars_at(plan, stream, timeframe)
      if not bars then return nil, err end
      column, err = column_of(plan, stream, expressions[k], bars)
      if not column then return nil, err end
      kept[#kept + 1] = column
      if C.pln_exec_set_gauge(exec, id, symbol.instrument, bars, column) < 0 then
        return nil, abi.last_error()
      end
    end
    ids[key] = id
    return id
  end
  self.kept = kept
  return self
end

return M

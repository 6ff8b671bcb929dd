--- Puts a plan's models into an execution container, with the gauges that they read.
local ffi = require "ffi"
local abi = require "abi"
local models = require "models"
local C = abi.C

local M = {}

-- The number of a gauge, -1 where the model's parameters do not ask for it.
local function gauge_of(gauges, item, gauge)
  local by_name = {}
  for i, param in ipairs(item.model.params) do by_name[param.name] = item.values[i][1] end
  if gauge.when and by_name[gauge.when] ~= gauge.equals then return -1 end
  local expression = gauge.expression:gsub("{([%w_]+)}", function(name) return ("%.14g"):format(by_name[name]) end)
  return gauges.need(expression, gauge.timeframe ~= "" and gauge.timeframe or nil)
end

local function add(exec, item, gauges)
  local setting, kept = models.setting(item.model, item.values)
  local ids = ffi.new("int32_t[?]", math.max(#item.model.gauges, 1))
  for i, gauge in ipairs(item.model.gauges) do
    local id, err = gauge_of(gauges, item, gauge)
    if not id then return nil, err end
    ids[i - 1] = id
  end
  setting.gauges, setting.instrument, setting.replaces = ids, item.instrument, item.replaces and 1 or 0
  local id = C.pln_exec_add_model(exec, setting)
  if id < 0 then return nil, abi.last_error() end
  assert(kept) -- what the setting points to lives until here
  for instrument, series in pairs(item.series or {}) do
    if C.pln_exec_set_model_series(exec, id, instrument, series.ts_ns, series.values, series.n) < 0 then
      return nil, abi.last_error()
    end
  end
  return true
end

--- Adds them all.
-- @param gauges node.gauges.new
-- @return true, or nil and a message
function M.add(exec, plan, gauges)
  for _, item in ipairs(plan.models or {}) do
    local ok, err = add(exec, item, gauges)
    if not ok then return nil, err end
  end
  return true
end

return M

--- Kinds of risk rules as the engine describes them (src/portfolio/risk_kinds.c): what the configuration's schema, the
-- help and docs/risk.md are made from.
local ffi = require "ffi"
local abi = require "abi"
local C = abi.C

local M = {}

--- All kinds but the one that stands for rules in Lua: { name, kind, help, formula, source, gauge, gauge_param, groups,
-- resizes, params = { { name, unit, help, choices, default, min, max, is_limit, is_integer } … } }, in their order.
M.list = {}

local by_name = {}

local function param_of(raw)
  local param = {
    name = ffi.string(raw.name), unit = ffi.string(raw.unit), help = ffi.string(raw.help), min = raw.min, max = raw.max,
    is_limit = raw.is_limit ~= 0, is_integer = raw.is_integer ~= 0,
  }
  if raw.fallback == raw.fallback then param.default = raw.fallback end
  if raw.choices ~= nil then
    param.choices = {}
    for word in ffi.string(raw.choices):gmatch "[^,]+" do param.choices[#param.choices + 1] = word end
  end
  return param
end

for kind = 0, C.PLN_RISK_KIND_COUNT - 1 do
  local raw = C.pln_risk_kind_info(kind)
  if kind ~= C.PLN_RISK_LUA then
    local info = {
      name = ffi.string(raw.name), kind = kind, help = ffi.string(raw.help), formula = ffi.string(raw.formula),
      source = ffi.string(raw.source), gauge = raw.gauge ~= nil and ffi.string(raw.gauge) or nil,
      gauge_param = raw.gauge_param + 1, groups = raw.takes_groups ~= 0, resizes = raw.resizes ~= 0, params = {},
    }
    for i = 1, raw.n_params do info.params[i] = param_of(raw.params[i - 1]) end
    M.list[#M.list + 1], by_name[info.name] = info, info
  end
end

--- A kind by its name, or nil.
function M.get(name) return by_name[name] end

--- The default of a parameter as it is written, "" where it has none.
function M.default_text(param)
  if not param.default then return "" end
  if param.choices then return param.choices[param.default + 1] end
  return ("%.14g"):format(param.default)
end

--- The range of a parameter in words.
function M.range_text(param)
  if param.choices then return table.concat(param.choices, ", ") end
  return ("%.14g to %.14g"):format(param.min, param.max)
end

return M

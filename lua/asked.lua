--- Functions of files that the core asks between its steps (execution_model{…}, risk_rule{…}): called with a budget,
-- under the watchdog, with the user's line in what went wrong.
local ffi = require "ffi"
local abi = require "abi"
local registry = require "registry"
local sandbox = require "sandbox"
local C = abi.C

local M = {}

--- Calls `fn`, a function of a definition, with the budget of one bar.
-- @param one { def, handler = registry.handler(def) }
-- @return what xpcall gives, up to three values
function M.call(one, limit_of_call, fn, ...)
  local def, budget = one.def, one.def.budget
  local left, limit = budget.left, budget.limit
  budget.left, budget.limit = limit_of_call, limit_of_call
  C.pln_watchdog_watch(nil, def.file)
  local outer = sandbox.charge_to(budget)
  local ok, a, b, c = xpcall(fn, one.handler, ...)
  sandbox.charge_to(outer)
  C.pln_watchdog_rest()
  budget.left, budget.limit = left, limit
  return ok, a, b, c
end

--- A message where the code changed a table of its file, else nil.
function M.changed(def)
  local name = def.constants:changed()
  if not name then return nil end
  return ("%s: '%s', a table of the file, was changed from within a function: what must last from one call to the next "
    .. "belongs in `state`"):format(def.file, name)
end

--- Loads such a file by its name.
-- @param reg registry over the folder of its kind
-- @param kind "execution_model" or "risk_rule"
-- @return the definition, or nil and a message; and whether there is such a file at all
function M.load(reg, name, kind)
  local def, message = reg:load(name)
  if not def then return nil, message, not message:find "^unknown strategy" end
  if def.kind ~= kind then
    return nil, ("%s: '%s' is %s, expected %s"):format(def.file, def.name, registry.A_KIND[def.kind],
      registry.A_KIND[kind]), true
  end
  return def
end

-- Numbers of order types, given as "MARKET LIMIT …", as a set.
local function types(names)
  local set = {}
  for name in names:gmatch "%S+" do set[tonumber(C["PLN_ORDER_" .. name])] = true end
  return set
end

M.MARKETS = types "MARKET MARKET_ON_OPEN MARKET_ON_CLOSE"
M.LIMITS = types "LIMIT STOP_LIMIT TRAILING_STOP_LIMIT"
M.STOPS = types "STOP STOP_LIMIT TRAILING_STOP TRAILING_STOP_LIMIT"

--- Whether a value is a finite number.
function M.is_finite(value) return type(value) == "number" and value - value == 0 end

--- A returned value for a message.
function M.shown(value)
  if type(value) == "number" then return ("%.10g"):format(value) end
  if type(value) == "cdata" then return "a " .. tostring(ffi.typeof(value)) end
  return tostring(value)
end

return M

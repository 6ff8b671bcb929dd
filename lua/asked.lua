--- Functions of files that the core asks between its steps (execution_model{…}, risk_rule{…}): called with a budget,
-- under the watchdog, with the user's line in what went wrong.
local ffi = require "ffi"
local abi = require "abi"
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

local LISTS = {}

--- The names of order types in a set by number: names are "MARKET LIMIT …".
function M.types(names)
  if not LISTS[names] then
    local set = {}
    for name in names:gmatch "%S+" do set[tonumber(C["PLN_ORDER_" .. name])] = true end
    LISTS[names] = set
  end
  return LISTS[names]
end

M.MARKETS = M.types "MARKET MARKET_ON_OPEN MARKET_ON_CLOSE"
M.LIMITS = M.types "LIMIT STOP_LIMIT TRAILING_STOP_LIMIT"
M.STOPS = M.types "STOP STOP_LIMIT TRAILING_STOP TRAILING_STOP_LIMIT"

--- Whether a value is a finite number.
function M.is_finite(value) return type(value) == "number" and value - value == 0 end

--- A returned value for a message.
function M.shown(value)
  if type(value) == "number" then return ("%.10g"):format(value) end
  if type(value) == "cdata" then return "a " .. tostring(ffi.typeof(value)) end
  return tostring(value)
end

return M

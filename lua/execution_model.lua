--- Models of costs written in Lua: execution_model{…} files, asked for each order before a bar is met.
--
--     return execution_model {
--       name = "thin_book", help = "A tenth of the bar's volume at most, one tick worse.",
--       params = { tick = 0.01, share = 0.1 },
--       fill = function(order, bar, p, s)
--         return p.tick, 0, p.share * bar.volume   -- offset against the order, fee, most units in this bar
--       end,
--     }
--
-- C asks, Lua answers (src/abi/exec.h, PLN_EXEC_ASK_COST). docs/models.md explains it.
local ffi = require "ffi"
local abi = require "abi"
local asked = require "asked"
local registry = require "registry"
local C = abi.C

local M = {}

--- Folder beside the configuration in which such files lie.
M.FOLDER = "execution_models"

local order_type = ffi.typeof [[struct {
  double quantity, price, limit_price, stop_price, side, tag;
  bool is_buy, is_market, is_limit, is_stop, is_exit;
}]]

local MARKETS, LIMITS, STOPS = asked.MARKETS, asked.LIMITS, asked.STOPS

--- Loads the file of a model by its name: asked.load.
function M.load(reg, name) return asked.load(reg, name, "execution_model") end

local Models = {}
Models.__index = Models

--- The models of one container, with states of their own.
-- @param list of { def, p, instrument (-1: all) }
-- @param plan for engine.loop_budget
function M.new(list, plan)
  local self = setmetatable({ models = {}, budget = plan.engine.loop_budget }, Models)
  for i, item in ipairs(list) do
    local state, err = item.def:new_state(item.p)
    if not state and err then return nil, err end
    self.models[i] = {
      def = item.def, p = item.p, state = state, instrument = item.instrument, handler = registry.handler(item.def),
    }
  end
  self.order, self.bar = order_type(), ffi.new "pln_bar_row"
  return self
end

local function explain(one, raw, order, bar)
  local place = registry.describe(raw, one.def)
  return ("%s:%d: %s\n  order: quantity=%.10g price=%.10g side=%d; bar %s: open=%.10g high=%.10g low=%.10g close=%.10g "
    .. "volume=%.10g"):format(place.file, place.line or one.def.lines.fill or 1, place.message, order.quantity,
    order.price, order.side, abi.iso_time(bar.ts_ns), bar.open, bar.high, bar.low, bar.close, bar.volume)
end

local is_finite, shown = asked.is_finite, asked.shown

function Models:_call(one)
  local ok, offset, fee, most = asked.call(one, self.budget, one.def.fill, self.order, self.bar, one.p, one.state)
  if not ok then return nil, explain(one, offset, self.order, self.bar) end
  if offset == nil then offset = 0 end
  if fee == nil then fee = 0 end
  if most == nil then most = math.huge end
  if not is_finite(offset) or not is_finite(fee) or type(most) ~= "number" or most ~= most or most < 0 then
    return nil, explain(one, ("fill returned %s, %s, %s: expected a price offset and a fee, finite numbers, and the "
      .. "largest quantity, 0 or more (nil: no bound)"):format(shown(offset), shown(fee), shown(most)), self.order,
      self.bar)
  end
  local changed = asked.changed(one.def)
  if changed then return nil, changed end
  return offset, fee, most
end

--- Answers what a container asks.
-- @return true, or nil and a message
function Models:answer(exec)
  local request, order, bar = C.pln_exec_cost_request(exec), self.order, self.bar
  local kind = tonumber(request.type)
  order.quantity, order.price, order.side, order.tag = request.quantity, request.price, request.side, request.tag
  order.limit_price, order.stop_price = request.limit_price, request.stop_price
  order.is_buy, order.is_exit = request.side > 0, request.order == 0
  order.is_market, order.is_limit, order.is_stop = MARKETS[kind] or false, LIMITS[kind] or false, STOPS[kind] or false
  bar.ts_ns, bar.open, bar.high, bar.low = request.ts_ns, request.open, request.high, request.low
  bar.close, bar.volume = request.close, request.volume
  local offset, fee, most = 0, 0, math.huge
  for _, one in ipairs(self.models) do
    if one.instrument < 0 or one.instrument == request.instrument then
      local more, charge, bound = self:_call(one)
      if not more then return nil, charge end
      offset, fee = offset + more, fee + charge
      if bound < most then most = bound end
    end
  end
  if C.pln_exec_answer_cost(exec, offset, fee, most) < 0 then return nil, abi.last_error() end
  return true
end

return M

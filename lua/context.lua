--- The `ctx` of strategies that place their own orders (on_bar, on_fill, on_order, on_start, on_end).
--
--   ctx:buy{ quantity = | percent = | cash = , limit = , stop = , stop_loss = , take_profit = , tif = "GTC",
--            symbol = k, tag = n }   → order id, or nil and the name of the refusal
--   ctx:sell{ … }                    the same, other side
--   ctx:close(k)                     brings the position to zero at market
--   ctx:target_percent(x, k)         brings the position to x percent of the equity (signed)
--   ctx:target_quantity(x, k)        brings the position to x units (signed)
--   ctx:cancel(id), ctx:cancel_all(k)
--   ctx:symbol_of(fill or order)     which of the strategy's symbols it is of
--   ctx:position_of(k)               the position in symbol k: quantity, average_price, unrealized_pnl, …
--   ctx.position, ctx.entry_price, ctx.unrealized_pnl, ctx.bars_held   of the strategy's own (first) symbol
--   ctx.equity, ctx.cash, ctx.drawdown_pct, ctx.pending                 of the portfolio
--
-- k counts the strategy's symbols from 1 and defaults to 1. Without a size, the portfolio's own sizing applies.
local ffi = require "ffi"
local abi = require "abi"
local sandbox = require "sandbox"
local suggest = require "suggest"
local C = abi.C

local M = {}

local TIF = { GTC = C.PLN_TIF_GTC, DAY = C.PLN_TIF_DAY, IOC = C.PLN_TIF_IOC }
-- The compiler gives up a trace in which it meets a C function or constant for the first time.
local _ = { C.PLN_SIDE_BUY, C.PLN_SIDE_SELL, C.PLN_ORDER_MARKET, C.PLN_ORDER_LIMIT, C.PLN_ORDER_STOP,
  C.PLN_ORDER_STOP_LIMIT, C.PLN_ORDER_SIZE_DEFAULT, C.PLN_ORDER_SIZE_TARGET_QUANTITY,
  C.PLN_ORDER_SIZE_TARGET_PERCENT, C.PLN_TIF_GTC,
  C.pln_exec_submit, C.pln_exec_cancel, C.pln_exec_cancel_all, C.pln_exec_orders, C.pln_exec_pending,
  C.pln_exec_next, C.pln_refusal_name, C.pln_exit_reason_name }

local FIELD_NAMES = {
  "quantity", "cash", "percent", "limit", "stop", "stop_loss", "take_profit", "tif", "symbol", "tag",
}
local FIELDS = {}
for _, name in ipairs(FIELD_NAMES) do FIELDS[name] = true end

-- Levels of error() below count on the public methods being tail calls: the level above them is the user's line.
local methods = {}
local scratch = ffi.new("pln_order_request")
local orders = ffi.new("const pln_order *[1]")
local context_type = ffi.typeof "pln_context"

-- `ctx.buy{…}` for `ctx:buy{…}` would pass the order for the context.
local function want_ctx(ctx)
  if not ffi.istype(context_type, ctx) then
    error("methods of ctx are called with a colon, as in ctx:buy{ percent = 50 }", 3)
  end
end

local function instrument_of(ctx, symbol)
  local k = symbol or 1
  if type(k) ~= "number" or k % 1 ~= 0 or k < 1 or k > ctx.n_symbols_ then
    error(("symbol = %s: this strategy has symbols 1 to %d"):format(tostring(symbol), ctx.n_symbols_), 3)
  end
  return ctx.instruments_[k - 1]
end

local function price_of(order, name)
  local value = order[name]
  if value == nil then return 0 end
  if type(value) ~= "number" then error(("%s = %s: expected a price"):format(name, tostring(value)), 3) end
  -- NaN and negative prices go on to the container, which refuses them with a code and counts them.
  return value == 0 and -1 or value
end

-- An order is memory and work for the bars to come: it costs as much as so many iterations of a loop.
local ORDER_COST = 500

local function submit(ctx, request)
  sandbox.spend(ORDER_COST, "orders take more than")
  local id = tonumber(C.pln_exec_submit(ctx.exec_, ctx.caller_, request))
  if id < 0 then error(abi.last_error(), 2) end
  if id == 0 then
    local n = tonumber(C.pln_exec_orders(ctx.exec_, orders))
    return nil, n > 0 and ffi.string(C.pln_refusal_name(orders[0][n - 1].refusal)) or "refused"
  end
  return id
end

-- Not compiled (see safe_pairs). Calls with a table written in place are checked when the file is loaded instead, and
-- come as `checked`.
local function check_fields(order)
  if type(order) ~= "table" then error("expected a table of order fields, such as { percent = 50 }", 3) end
  for key in pairs(order) do
    if not FIELDS[key] then
      error(("unknown order field '%s'%s"):format(tostring(key), suggest.hint(key, FIELD_NAMES)), 3)
    end
  end
  return order
end

local function put_size(request, size_type, name, value)
  if type(value) ~= "number" then error(("%s = %s: expected a number"):format(name, tostring(value)), 3) end
  if request.size_type ~= C.PLN_ORDER_SIZE_DEFAULT then
    error("an order takes one of quantity, percent and cash, not several", 3)
  end
  request.size_type, request.size = size_type, value
end

local function place(ctx, side, order)
  want_ctx(ctx)
  local request = scratch
  ffi.fill(request, ffi.sizeof("pln_order_request"))
  request.instrument = instrument_of(ctx, order.symbol)
  request.side = side
  request.size_type = C.PLN_ORDER_SIZE_DEFAULT
  request.size_at = ctx.size_at_
  local quantity, cash, percent = order.quantity, order.cash, order.percent
  -- No loop: one within the drain loop would now and then be compiled before it.
  if quantity ~= nil then put_size(request, C.PLN_ORDER_SIZE_QUANTITY, "quantity", quantity) end
  if cash ~= nil then put_size(request, C.PLN_ORDER_SIZE_CASH, "cash", cash) end
  if percent ~= nil then put_size(request, C.PLN_ORDER_SIZE_PERCENT, "percent", percent) end
  request.limit_price, request.stop_price = price_of(order, "limit"), price_of(order, "stop")
  request.stop_loss, request.take_profit = price_of(order, "stop_loss"), price_of(order, "take_profit")
  request.type = order.limit and (order.stop and C.PLN_ORDER_STOP_LIMIT or C.PLN_ORDER_LIMIT)
    or (order.stop and C.PLN_ORDER_STOP or C.PLN_ORDER_MARKET)
  local tif = order.tif or "GTC"
  if not TIF[tif] then error(("tif = %q: expected GTC, DAY or IOC"):format(tostring(tif)), 2) end
  request.tif = TIF[tif]
  local tag = order.tag or 0
  if type(tag) ~= "number" or tag % 1 ~= 0 or tag < -2 ^ 31 or tag >= 2 ^ 31 then
    error(("tag = %s: expected a whole number of at most 31 bits"):format(tostring(tag)), 2)
  end
  request.tag = tag
  return submit(ctx, request)
end

-- `checked`: the loader has seen the table's keys.
function methods.buy(ctx, order, checked)
  return place(ctx, C.PLN_SIDE_BUY, checked == true and order or check_fields(order or {}))
end
function methods.sell(ctx, order, checked)
  return place(ctx, C.PLN_SIDE_SELL, checked == true and order or check_fields(order or {}))
end

--- For the loader: by method, the keys that a table written in its call may have.
M.LITERALS = { buy = FIELDS, sell = FIELDS }

local function target(ctx, size_type, size, symbol)
  want_ctx(ctx)
  if type(size) ~= "number" or size ~= size then
    error(("target %s: expected a number"):format(tostring(size)), 2)
  end
  local request = scratch
  ffi.fill(request, ffi.sizeof("pln_order_request"))
  request.instrument = instrument_of(ctx, symbol)
  request.type, request.tif = C.PLN_ORDER_MARKET, C.PLN_TIF_GTC
  request.size_type, request.size, request.size_at = size_type, size, ctx.size_at_
  request.side = C.PLN_SIDE_BUY
  return submit(ctx, request)
end

function methods.close(ctx, symbol) return target(ctx, C.PLN_ORDER_SIZE_TARGET_QUANTITY, 0, symbol) end
function methods.target_percent(ctx, percent, symbol)
  return target(ctx, C.PLN_ORDER_SIZE_TARGET_PERCENT, percent, symbol)
end
function methods.target_quantity(ctx, quantity, symbol)
  return target(ctx, C.PLN_ORDER_SIZE_TARGET_QUANTITY, quantity, symbol)
end

--- true when the order was pending and is now canceled.
function methods.cancel(ctx, id)
  want_ctx(ctx)
  if type(id) ~= "number" then error(("cancel(%s): expected the id that an order returned"):format(tostring(id)), 2) end
  return C.pln_exec_cancel(ctx.exec_, ctx.caller_, id) == 1
end
--- How many were canceled.
function methods.cancel_all(ctx, symbol)
  want_ctx(ctx)
  return C.pln_exec_cancel_all(ctx.exec_, ctx.caller_, symbol and instrument_of(ctx, symbol) or -1)
end
function methods.position_of(ctx, symbol)
  want_ctx(ctx)
  return ctx.positions_[instrument_of(ctx, symbol)]
end

--- Which of the strategy's symbols an order or fill is of.
function methods.symbol_of(ctx, object)
  want_ctx(ctx)
  for k = 1, ctx.n_symbols_ do
    if ctx.instruments_[k - 1] == object.instrument then return k end
  end
end

local NAMES = {
  "position", "entry_price", "unrealized_pnl", "bars_held", "equity", "cash", "drawdown_pct", "pending",
}
for name in pairs(methods) do NAMES[#NAMES + 1] = name end
table.sort(NAMES)

-- A chain of comparisons with constants: the compiler folds it away, a look-up in a table it would keep.
local function index(ctx, key)
  if key == "position" then return ctx.own_.quantity end
  if key == "equity" then return ctx.account_.equity end
  if key == "cash" then return ctx.account_.cash end
  if key == "entry_price" then return ctx.own_.average_price end
  if key == "unrealized_pnl" then return ctx.own_.unrealized_pnl end
  if key == "bars_held" then return tonumber(ctx.own_.bars_held) end
  if key == "drawdown_pct" then return ctx.account_.drawdown_pct end
  if key == "pending" then return tonumber(C.pln_exec_pending(ctx.exec_, ctx.portfolio_, orders)) end
  local method = methods[key]
  if method then return method end
  error(("ctx has no '%s'%s"):format(tostring(key), suggest.hint(key, NAMES)), 2)
end

ffi.metatype("pln_context", {
  __index = index,
  __newindex = function(_, key)
    error(("ctx.%s cannot be set: keep your own values in `state`"):format(tostring(key)), 2)
  end,
})

-- What on_order and on_fill are given: the structs, with their codes in words.
local STATUS = {
  [tonumber(C.PLN_STATUS_FILLED)] = "filled", [tonumber(C.PLN_STATUS_CANCELED)] = "canceled",
  [tonumber(C.PLN_STATUS_REJECTED)] = "rejected", [tonumber(C.PLN_STATUS_EXPIRED)] = "expired",
}
local derived = {
  pln_order = {
    status_name = function(order) return STATUS[order.status] or "pending" end,
    refusal_name = function(order) return ffi.string(C.pln_refusal_name(order.refusal)) end,
    reason_name = function(order) return ffi.string(C.pln_exit_reason_name(order.reason)) end,
  },
  pln_fill = {},
}
local FIELDS_OF = {
  pln_order = {
    "id", "quantity", "filled", "limit_price", "stop_price", "average_fill_price", "fees", "side", "status", "refusal",
    "reason", "tag", "created_ns", "updated_ns", "status_name", "refusal_name", "reason_name",
  },
  pln_fill = { "id", "order", "ts_ns", "bar", "quantity", "price", "reference_price", "fee", "side", "tag" },
}
for name, members in pairs(derived) do
  local what = name == "pln_order" and "an order" or "a fill"
  ffi.metatype(name, {
    __index = function(object, key)
      local derive = members[key]
      if derive then return derive(object) end
      error(("%s has no '%s'%s"):format(what, tostring(key), suggest.hint(key, FIELDS_OF[name])), 2)
    end,
  })
end

--- A context for one caller.
-- @param exec pln_exec*
-- @param caller id of pln_exec_add_caller
-- @param portfolio { handle = pln_portfolio*, id = index in the container, size_at = pln_size_at }
-- @param instruments list of instrument numbers, one for each of the strategy's symbols
-- @return the context, and what must be kept for as long as it is used
function M.new(exec, caller, portfolio, instruments)
  local numbers = ffi.new("int32_t[?]", #instruments, instruments)
  local positions = C.pln_portfolio_positions(portfolio.handle)
  return ffi.new("pln_context", exec, positions + instruments[1], positions,
    C.pln_portfolio_account(portfolio.handle), numbers, #instruments, caller, portfolio.id, portfolio.size_at), numbers
end

return M

--- The `ctx` of strategies that place their own orders (on_bar, on_fill, on_order, on_start, on_end).
--
--   ctx:buy{ quantity = | percent = | cash = , limit = , stop = , stop_loss = , take_profit = , tif = "GTC",
--            symbol = k, tag = n, … }   → order id, or nil and the name of the refusal; with bracket = true then also
--                                    the ids of the stop and of the target order; all fields in docs/strategies.md
--   ctx:sell{ … }                    the same, other side
--   ctx:close(k)                     brings the position to zero at market
--   ctx:target_percent(x, k)         brings the position to x percent of the equity (signed)
--   ctx:target_quantity(x, k)        brings the position to x units (signed)
--   ctx:cancel(id), ctx:cancel_all(k)
--   ctx:replace(id, { … })           → the new order's id, or nil and why not
--   ctx:order(id), ctx:orders()      a pending order, all of the portfolio's
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

local TIF = {
  GTC = C.PLN_TIF_GTC, DAY = C.PLN_TIF_DAY, IOC = C.PLN_TIF_IOC, FOK = C.PLN_TIF_FOK, GTD = C.PLN_TIF_GTD,
  OPG = C.PLN_TIF_OPG, CLS = C.PLN_TIF_CLS,
}
local ALGO = {
  twap = C.PLN_ALGO_TWAP, vwap = C.PLN_ALGO_VWAP, pov = C.PLN_ALGO_POV, iceberg = C.PLN_ALGO_ICEBERG,
}
local ATR_PERIOD = 14
-- The compiler gives up a trace in which it meets a C function or constant for the first time.
local _ = { C.PLN_SIDE_BUY, C.PLN_SIDE_SELL, C.PLN_ORDER_MARKET, C.PLN_ORDER_LIMIT, C.PLN_ORDER_STOP,
  C.PLN_ORDER_STOP_LIMIT, C.PLN_ORDER_SIZE_DEFAULT, C.PLN_ORDER_SIZE_TARGET_QUANTITY,
  C.PLN_ORDER_SIZE_TARGET_PERCENT, C.PLN_TIF_GTC,
  C.pln_exec_submit, C.pln_exec_cancel, C.pln_exec_cancel_all, C.pln_exec_orders, C.pln_exec_pending,
  C.pln_exec_next, C.pln_refusal_name, C.pln_exit_reason_name, C.pln_exec_risk_score, C.PLN_ORDER_TRAILING_STOP,
  C.PLN_ORDER_TRAILING_STOP_LIMIT, C.PLN_ORDER_MARKET_ON_OPEN, C.PLN_ORDER_MARKET_ON_CLOSE, C.PLN_TRAIL_AMOUNT,
  C.PLN_TRAIL_PERCENT, C.PLN_TRAIL_GAUGE, C.PLN_ALGO_VWAP, C.PLN_ALGO_POV, C.pln_exec_replace }

local FIELD_NAMES = {
  "quantity", "cash", "percent", "limit", "stop", "stop_loss", "take_profit", "tif", "symbol", "tag",
  "type", "expires", "trail_amount", "trail_pct", "trail_atr", "atr_period", "limit_offset", "reduce_only", "oco",
  "parent", "bracket", "algo", "duration_s", "slices", "participation_pct", "visible",
}
local CHANGE_NAMES = { "quantity", "limit", "stop", "trail", "tif", "expires" }
local function set_of(names)
  local set = {}
  for _, name in ipairs(names) do set[name] = true end
  return set
end
local FIELDS, CHANGES = set_of(FIELD_NAMES), set_of(CHANGE_NAMES)

-- Levels of error() below count on the public methods being tail calls: the level above them is the user's line.
local methods = {}
local scratch = ffi.new("pln_order_request")
local change = ffi.new("pln_order_change")
local orders = ffi.new("const pln_order *[1]")
local gauges_of = {} -- node.gauges by the address of their container
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
local function check_names(order, fields, names, level)
  for key in pairs(order) do
    if not fields[key] then
      error(("unknown order field '%s'%s"):format(tostring(key), suggest.hint(key, names)), level)
    end
  end
end

local function check_fields(order)
  if type(order) ~= "table" then error("expected a table of order fields, such as { percent = 50 }", 3) end
  check_names(order, FIELDS, FIELD_NAMES, 4)
  return order
end

local function put_size(request, size_type, name, value)
  if type(value) ~= "number" then error(("%s = %s: expected a number"):format(name, tostring(value)), 3) end
  if request.size_type ~= C.PLN_ORDER_SIZE_DEFAULT then
    error("an order takes one of quantity, percent and cash, not several", 3)
  end
  request.size_type, request.size = size_type, value
end

local function number_of(order, name)
  local value = order[name]
  if type(value) ~= "number" then error(("%s = %s: expected a number"):format(name, tostring(value)), 4) end
  return value
end

local function whole_of(order, name, least)
  local value = number_of(order, name)
  if value % 1 ~= 0 or value < least or value > 2 ^ 31 - 1 then
    error(("%s = %s: expected a whole number of %d or more"):format(name, tostring(value), least), 4)
  end
  return value
end

local function tif_of(order)
  local tif = order.tif or (order.expires and "GTD" or "GTC")
  if not TIF[tif] then
    error(("tif = %q: expected GTC, DAY, IOC, FOK, GTD, OPG or CLS"):format(tostring(tif)), 3)
  end
  if (tif == "GTD") ~= (order.expires ~= nil) then
    error(("tif = %q: GTD and expires (seconds, as bar.time has) go together; expected GTC, DAY or IOC, or both")
      :format(tif), 3)
  end
  return TIF[tif]
end

local function put_trail(ctx, request, order)
  local amount, pct, atr = order.trail_amount, order.trail_pct, order.trail_atr
  local names = (amount and 1 or 0) + (pct and 1 or 0) + (atr and 1 or 0)
  if names > 1 then error("an order takes one of trail_amount, trail_pct and trail_atr, not several", 4) end
  if order.limit or order.stop then error("a trailing stop has no limit or stop price of its own (limit_offset)", 4) end
  if amount then
    request.trail_type, request.trail = C.PLN_TRAIL_AMOUNT, number_of(order, "trail_amount")
  elseif pct then
    request.trail_type, request.trail = C.PLN_TRAIL_PERCENT, number_of(order, "trail_pct")
  else
    request.trail_type, request.trail = C.PLN_TRAIL_GAUGE, number_of(order, "trail_atr")
    local period = order.atr_period and whole_of(order, "atr_period", 1) or ATR_PERIOD
    local gauge, err = gauges_of[tonumber(ffi.cast("intptr_t", ctx.exec_))].need(("atr(%d)"):format(period))
    if not gauge then error(err, 4) end
    request.gauge = gauge
  end
  request.type = C.PLN_ORDER_TRAILING_STOP
  if order.limit_offset then
    request.type, request.limit_offset = C.PLN_ORDER_TRAILING_STOP_LIMIT, number_of(order, "limit_offset")
  end
end

local function put_type(request, order)
  local kind = order.type
  if kind == "moo" or request.tif == C.PLN_TIF_OPG then
    request.type, request.tif = C.PLN_ORDER_MARKET_ON_OPEN, C.PLN_TIF_OPG
  elseif kind == "moc" or request.tif == C.PLN_TIF_CLS then
    request.type, request.tif = C.PLN_ORDER_MARKET_ON_CLOSE, C.PLN_TIF_CLS
  elseif kind ~= nil and kind ~= "market" then
    error(("type = %s: expected \"market\", \"moo\" or \"moc\"; limit, stop and trail_… say the others")
      :format(tostring(kind)), 4)
  end
  if kind and (order.limit or order.stop) then error("a market order has no limit or stop price", 4) end
end

local function put_algo(request, order)
  local algo = order.algo
  if not ALGO[algo] then
    error(("algo = %q: expected twap, vwap, pov or iceberg"):format(tostring(algo)), 4)
  end
  request.algo = ALGO[algo]
  if algo == "vwap" and order.participation_pct then request.algo = C.PLN_ALGO_POV end
  if order.participation_pct then request.participation_pct = number_of(order, "participation_pct") end
  if order.duration_s then request.duration_ns = number_of(order, "duration_s") * 1e9 end
  if order.slices then request.slices = whole_of(order, "slices", 1) end
  if order.visible then request.visible = number_of(order, "visible") end
end

-- What most orders do without.
local function put_extras(ctx, request, order)
  if order.type ~= nil or request.tif == C.PLN_TIF_OPG or request.tif == C.PLN_TIF_CLS then put_type(request, order) end
  if order.trail_amount or order.trail_pct or order.trail_atr then put_trail(ctx, request, order) end
  if order.expires then request.expires_ns = number_of(order, "expires") * 1e9 end
  if order.reduce_only then request.reduce_only = 1 end
  if order.oco then request.oco = whole_of(order, "oco", 1) end
  if order.parent then request.parent = number_of(order, "parent") end
  if order.bracket then request.bracket = 1 end
  if order.algo then put_algo(request, order) end
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
  request.tif = tif_of(order)
  local tag = order.tag or 0
  if type(tag) ~= "number" or tag % 1 ~= 0 or tag < -2 ^ 31 or tag >= 2 ^ 31 then
    error(("tag = %s: expected a whole number of at most 31 bits"):format(tostring(tag)), 2)
  end
  request.tag = tag
  put_extras(ctx, request, order)
  if not order.bracket then return submit(ctx, request) end
  local stops, targets = request.stop_loss ~= 0, request.take_profit ~= 0
  local id, refusal = submit(ctx, request)
  if not id then return nil, refusal end
  return id, stops and id + 1 or nil, targets and id + (stops and 2 or 1) or nil
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

--- Changes a pending order: the id of the order that takes its place, last in the queue; or nil and why not.
function methods.replace(ctx, id, fields)
  want_ctx(ctx)
  if type(id) ~= "number" or type(fields) ~= "table" then
    error("replace takes an order's id and a table of what changes, such as ctx:replace(id, { limit = 99 })", 2)
  end
  check_names(fields, CHANGES, CHANGE_NAMES, 3)
  sandbox.spend(ORDER_COST, "orders take more than")
  change.quantity = fields.quantity and number_of(fields, "quantity") or 0 / 0
  change.limit_price = fields.limit and number_of(fields, "limit") or 0 / 0
  change.stop_price = fields.stop and number_of(fields, "stop") or 0 / 0
  change.trail = fields.trail and number_of(fields, "trail") or 0 / 0
  change.expires_ns = fields.expires and number_of(fields, "expires") * 1e9 or 0
  change.tif = -1
  if fields.tif ~= nil then
    if not TIF[fields.tif] then error(("tif = %q is none"):format(tostring(fields.tif)), 2) end
    change.tif = TIF[fields.tif]
  end
  local before = tonumber(C.pln_exec_orders(ctx.exec_, orders))
  local new = tonumber(C.pln_exec_replace(ctx.exec_, ctx.caller_, id, change))
  if new < 0 then error(abi.last_error(), 2) end
  if new > 0 then return new end
  local n = tonumber(C.pln_exec_orders(ctx.exec_, orders))
  if n == before then return nil, "not_pending" end
  return nil, ffi.string(C.pln_refusal_name(orders[0][n - 1].refusal))
end

--- A copy of a pending order of the portfolio, or nil.
function methods.order(ctx, id)
  want_ctx(ctx)
  if type(id) ~= "number" then error(("order(%s): expected the id that an order returned"):format(tostring(id)), 2) end
  local n = tonumber(C.pln_exec_pending(ctx.exec_, ctx.portfolio_, orders))
  for j = 0, n - 1 do
    if orders[0][j].id == id then return ffi.new("pln_order", orders[0][j]) end
  end
end

--- Copies of all pending orders of the portfolio, oldest first.
function methods.orders(ctx)
  want_ctx(ctx)
  local list, n = {}, tonumber(C.pln_exec_pending(ctx.exec_, ctx.portfolio_, orders))
  for j = 0, n - 1 do list[j + 1] = ffi.new("pln_order", orders[0][j]) end
  return list
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
  "position", "entry_price", "unrealized_pnl", "bars_held", "equity", "cash", "drawdown_pct", "risk_score", "pending",
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
  if key == "risk_score" then return C.pln_exec_risk_score(ctx.exec_, ctx.portfolio_) end
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
  [tonumber(C.PLN_STATUS_ACCEPTED)] = "accepted", [tonumber(C.PLN_STATUS_PARTIALLY_FILLED)] = "partially_filled",
}
local TYPE_NAMES = {
  [0] = "market", "limit", "stop", "stop_limit", "trailing_stop", "trailing_stop_limit", "market_on_open",
  "market_on_close",
}
local TIF_NAMES = { [0] = "GTC", "DAY", "IOC", "FOK", "GTD", "OPG", "CLS" }
local derived = {
  pln_order = {
    status_name = function(order) return STATUS[order.status] or "pending" end,
    refusal_name = function(order) return ffi.string(C.pln_refusal_name(order.refusal)) end,
    reason_name = function(order) return ffi.string(C.pln_exit_reason_name(order.reason)) end,
    type_name = function(order) return TYPE_NAMES[order.type] end,
    tif_name = function(order) return TIF_NAMES[order.tif] end,
  },
  pln_fill = {},
}
local FIELDS_OF = {
  pln_order = {
    "id", "quantity", "filled", "limit_price", "stop_price", "average_fill_price", "fees", "side", "status", "refusal",
    "reason", "tag", "created_ns", "updated_ns", "status_name", "refusal_name", "reason_name", "type_name", "tif_name",
    "parent", "replaces", "expires_ns", "oco", "trail", "reduce_only", "n_children",
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
-- @param portfolio { handle = pln_portfolio*, account = that whose account it is part of, or nil, id = index in the
--   container, size_at = pln_size_at }
-- @param instruments list of instrument numbers, one for each of the strategy's symbols
-- @param gauges of node.gauges, for trailing stops by a feature; kept until M.release(exec)
-- @return the context, and what must be kept for as long as it is used
function M.new(exec, caller, portfolio, instruments, gauges)
  gauges_of[tonumber(ffi.cast("intptr_t", exec))] = gauges
  local numbers = ffi.new("int32_t[?]", #instruments, instruments)
  local positions = C.pln_portfolio_positions(portfolio.handle)
  return ffi.new("pln_context", exec, positions + instruments[1], positions,
    C.pln_portfolio_account(portfolio.account or portfolio.handle),
    numbers, #instruments, caller, portfolio.id, portfolio.size_at), numbers
end

--- The container is about to be freed.
function M.release(exec) gauges_of[tonumber(ffi.cast("intptr_t", exec))] = nil end

return M

-- Strategies in a few lines of test: the harness, and the order API that on_bar strategies see.
local harness = require "harness"
local support = require "support"

TestHarness = {}
TestContext = {}

local RISING = {}
for k = 1, 30 do RISING[k] = 100 + k end

function TestHarness.test_signals_orders_and_trades_of_a_shipped_strategy()
  local run = harness.run {
    strategy = "sma_cross", params = { fast = 2, slow = 3 }, closes = { 10, 10, 10, 9, 8, 11, 13, 12, 9, 7 },
  }
  lu.assertEquals(run.signals[1].direction, "LONG")
  lu.assertEquals(run.signals[1].bar, 6)
  lu.assertEquals(run.signals[2].direction, "SHORT")
  lu.assertEquals(run.orders[1].status, "FILLED")
  lu.assertEquals(run.orders[1].price, 13)
  lu.assertEquals(run.trades[1].side, "long")
  lu.assertEquals(run.trades[1].entry_bar, 7)
  lu.assertEquals(#run.equity, 10)
end

function TestHarness.test_keys_are_checked()
  local ok, message = pcall(harness.run, { strategy = "sma_cross", closes = { 1 }, parms = { fast = 2 } })
  lu.assertFalse(ok)
  lu.assertStrContains(message, "unknown key 'parms' for harness.run, did you mean 'params'?")
end

function TestHarness.test_signal_strategies_are_told_of_start_and_end()
  local folder = support.folder()
  support.write(folder .. "/told.lua", [[
return strategy {
  name = "told", help = "for a test", state = { n = 0 },
  on_start = function(_, _, s) s.n = 10 log("start") end,
  signal = function(_, _, _, s) s.n = s.n + 1 return FLAT end,
  on_end = function(_, _, s) log("end after %d", s.n - 10) end,
}]])
  local run = harness.run { strategy = folder .. "/told.lua", closes = { 1, 2, 3 } }
  lu.assertEquals(run.log, { "start", "end after 3" })
end

--- Runs an on_bar strategy given as the body of its function.
local function orders(body, spec)
  local folder = support.folder()
  support.write(folder .. "/mine.lua", ([[
return strategy {
  name = "mine", help = "for a test", state = { n = 0, id = 0, fills = 0, orders = 0 },
  features = function(_, x) return { mean = x.sma(x.close, 2) } end,
  on_bar = function(ctx, f, bar, p, s)
    s.n = s.n + 1
    %s
  end,
  on_fill = function(ctx, fill, p, s) s.fills = s.fills + 1 record("fill", fill.price) end,
  on_order = function(ctx, order, p, s) s.orders = s.orders + 1 record("order", order.status) end,
}]]):format(body))
  spec = spec or {}
  spec.strategy = folder .. "/mine.lua"
  spec.closes = spec.closes or not spec.bars and RISING or nil
  return harness.run(spec)
end

function TestContext.test_market_order_fills_at_the_next_open()
  local run = orders('if s.n == 1 then ctx:buy { quantity = 3 } end')
  lu.assertEquals(run.orders[1].price, 103)
  lu.assertEquals(run.orders[1].quantity, 3)
  lu.assertEquals(run.records.fill, { 103 })
  lu.assertEquals(#run.records.order, 1)
end

function TestContext.test_targets_and_positions()
  local run = orders([[
    if s.n == 1 then ctx:target_quantity(5) end
    if s.n == 3 then record("position", ctx.position) ctx:target_quantity(-2) end
    if s.n == 5 then record("position", ctx.position) ctx:close() end
    if s.n == 7 then record("position", ctx.position) record("equity", ctx.equity) record("cash", ctx.cash) end
  ]])
  lu.assertEquals(run.records.position, { 5, -2, 0 })
  lu.assertEquals(run.records.equity, run.records.cash)
  lu.assertEquals(#run.trades, 2)
end

function TestContext.test_limits_stops_and_brackets()
  local bars = {}
  for k = 1, 12 do bars[k] = { 100, 101, 99, 100 } end
  bars[5] = { 100, 101, 94, 95 }   -- reaches the limit at 95.5
  bars[8] = { 97, 104, 96, 103 }   -- reaches the target at 102
  local run = orders('if s.n == 1 then ctx:buy { quantity = 1, limit = 95.5, take_profit = 102, stop_loss = 90 } end',
    { bars = bars })
  lu.assertEquals(run.trades[1].entry_price, 95.5)
  lu.assertEquals(run.trades[1].entry_bar, 5)
  lu.assertEquals(run.trades[1].exit_price, 102)
  lu.assertEquals(run.trades[1].exit_reason, "take_profit")
end

function TestContext.test_cancel_and_pending()
  local run = orders([[
    if s.n == 1 then s.id = ctx:buy { quantity = 1, limit = 1 } record("pending", ctx.pending) end
    if s.n == 3 then record("canceled", ctx:cancel(s.id) and 1 or 0) record("pending", ctx.pending) end
    if s.n == 4 then record("canceled", ctx:cancel(s.id) and 1 or 0) end
  ]])
  lu.assertEquals(run.records.pending, { 1, 0 })
  lu.assertEquals(run.records.canceled, { 1, 0 })
  lu.assertEquals(run.orders[1].status, "CANCELED")
end

function TestContext.test_refusals_come_back_by_name()
  local run = orders([[
    if s.n == 1 then
      local id, why = ctx:buy { quantity = 1, limit = 0/0 }
      record("id", id or 0)
      record("why", why == "invalid_price" and 1 or 0)
    end
  ]])
  lu.assertEquals(run.records.id, { 0 })
  lu.assertEquals(run.records.why, { 1 })
  lu.assertEquals(run.orders[1].status, "REJECTED")
end

function TestContext.test_mistakes_name_the_user_line()
  for body, expected in pairs {
    ["ctx:buy { quantiti = 1 }"] = "did you mean 'quantity'",
    ["ctx:buy { quantity = 1, cash = 5 }"] = "one of quantity, percent and cash",
    ['ctx:buy { quantity = 1, tif = "GTD" }'] = "expected GTC, DAY or IOC",
    ["ctx:bui()"] = "did you mean 'buy'",
    ["ctx:buy { quantity = 1, symbol = 2 }"] = "symbols 1 to 1",
    ["ctx.equity = 5"] = "cannot be set",
    ['ctx:target_percent("x")'] = "expected a number",
  } do
    local ok, err = pcall(orders, body)
    lu.assertFalse(ok, body)
    lu.assertStrContains(err, "mine.lua:6:", false, body)
    lu.assertStrContains(err, expected)
  end
end

function TestContext.tearDown() support.cleanup() end

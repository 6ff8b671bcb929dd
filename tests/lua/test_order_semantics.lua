-- What orders do, through YAML and a user's Lua: figures that backtesting.py's own tests publish for its data, and
-- figures reckoned by hand.
local json = require "json"
local support = require "support"

TestOrderSemantics = {}

local STRATEGY = [[
return strategy {
  name = "scripted", help = "for a test", state = { n = -1, done = 0 },
  on_bar = function(ctx, f, bar, p, s)
    s.n = s.n + 1 -- the bar's index, from 0
    local day = bar.time / 86400
%s
  end,
}]]

local CONFIG = [[
data:
  source: csv
  path: %s
  cache: false
  start: %s
  end: %s
  quality: {price_jumps: off}
symbols:
  - {symbol: TEST, lot_size: %s}
strategies:
  - {type: scripted}
portfolios:
  - name: main
    capital: %g
    leverage: %g
    sizing: {type: percent_of_equity, percent: 100, size_at: fill}
    risk: {%s}
execution: {%s}
]]

local function days(date)
  local y, m, d = date:match("(%d+)-(%d+)-(%d+)")
  return math.floor(os.time { year = y, month = m, day = d, hour = 12 } / 86400)
end

--- Runs the body of an on_bar function; `$2004-08-19` in it is the number of that day.
local function run(spec)
  local folder = support.folder()
  local path = spec.file and support.shared("data/backtesting_py/" .. spec.file)
  if spec.bars then
    local lines = { "date,open,high,low,close" }
    for k, b in ipairs(spec.bars) do
      local o, h, l, c = b, b, b, b
      if type(b) == "table" then o, h, l, c = unpack(b) end
      lines[k + 1] = ("%s,%.17g,%.17g,%.17g,%.17g"):format(os.date("!%Y-%m-%d", (10957 + k) * 86400), o, h, l, c)
    end
    path = support.write(folder .. "/bars.csv", table.concat(lines, "\n") .. "\n")
  end
  os.execute("mkdir " .. folder .. "/strategies")
  local body = spec.body:gsub("%$(%d+%-%d+%-%d+)", days)
  support.write(folder .. "/strategies/scripted.lua", STRATEGY:format(body))
  local file = support.write(folder .. "/run.yaml", CONFIG:format(path, spec.from or "1990-01-01",
    spec.till or "2030-01-01", spec.lot or "1", spec.capital or 10000, spec.leverage or 1, spec.risk or "",
    spec.execution or ""))
  local status, out, err = support.run("run", file, "--json", "--db", "none", "--trades", folder .. "/t.csv",
    "--equity", folder .. "/e.csv", "--orders", folder .. "/o.csv")
  lu.assertEquals(status, 0, err)
  return {
    metrics = json.decode(out).results[1].metrics, trades = support.csv(support.read(folder .. "/t.csv")),
    equity = support.csv(support.read(folder .. "/e.csv")), orders = support.csv(support.read(folder .. "/o.csv")),
  }
end

local function cents(text) return math.floor(tonumber(text) * 100 + 0.5) / 100 end

local function trade_is(trade, expected, what)
  lu.assertNotNil(trade, what)
  for name, value in pairs(expected) do
    local seen = trade[name]
    if type(value) == "number" then seen = tonumber(seen) end
    if name:find("time") then seen = seen:sub(1, 10) end
    lu.assertEquals(seen, value, ("%s %s"):format(what or "trade", name))
  end
end

-- Published figures. -------------------------------------------------------------------------------------------------

function TestOrderSemantics.test_spread_and_commission_at_entry_and_exit()
  local body = "if s.n == 1 then ctx:buy {} elseif s.n == 2 then ctx:close() end"
  local spec = { file = "GOOG.csv", till = "2004-09-16", body = body,
    execution = "compat: backtesting.py, commission_pct: 1, spread_bps: 100" }
  local r = run(spec)
  lu.assertEquals(#r.equity, 20)
  lu.assertEquals(tonumber(r.trades[1].entry_price), 110.75 * 1.01)
  lu.assertEquals(cents(r.equity[3].equity), 9685.31)
  lu.assertEquals(cents(r.equity[4].equity), 9749.33)
  spec.execution = "compat: backtesting.py, commission_pct: 1, commission_per_order: 100"
  r = run(spec)
  lu.assertEquals(cents(r.equity[3].equity), 9784.50)
  lu.assertEquals(cents(r.equity[4].equity), 9718.69)
end

function TestOrderSemantics.test_fixed_and_relative_commission_of_one_trade()
  local r = run { bars = { 1, 1, 1, 2, 4, 1, 2 }, capital = 5000,
    body = "if s.n == 1 then ctx:buy { quantity = 100, take_profit = 3 } end",
    execution = "commission_pct: 1, commission_per_order: 10" }
  trade_is(r.trades[1], { entry_price = 1, exit_price = 4, fees = 10 + 1 + 10 + 4, exit_bar = 4,
    exit_reason = "take_profit" })
  lu.assertEquals(r.metrics.equity_final, 5000 + 300 - 25)
  lu.assertEquals(r.metrics.commissions, 25)
end

function TestOrderSemantics.test_a_stop_loss_is_live_in_the_entry_bar_of_a_market_order()
  local body = "if day == $2012-10-17 then ctx:buy { stop_loss = 720 } end"
  trade_is(run { file = "GOOG.csv", body = body }.trades[1], {
    entry_time = "2012-10-18", exit_time = "2012-10-18", exit_price = 720, exit_reason = "stop_loss" })
end

function TestOrderSemantics.test_a_stop_loss_waits_for_the_bar_after_a_stop_entry()
  local body = "if day == $2012-10-17 then ctx:buy { stop = 758, stop_loss = 720 } end"
  trade_is(run { file = "GOOG.csv", body = body }.trades[1], { entry_time = "2012-10-18", entry_price = 758,
    exit_time = "2012-10-19", exit_price = 705.58, exit_reason = "stop_loss" })
end

function TestOrderSemantics.test_a_stop_entry_fills_at_its_stop()
  local body = "if day == $2004-09-09 then ctx:buy { stop = 104, stop_loss = 103, take_profit = 110 } end"
  trade_is(run { file = "GOOG.csv", body = body }.trades[1], { entry_price = 104 })
end

function TestOrderSemantics.test_a_stop_loss_that_the_open_has_passed_fills_there()
  local body = "if s.n == 6 then ctx:buy { stop_loss = 99.5 } end"
  trade_is(run { file = "GOOG.csv", body = body }.trades[1],
    { entry_price = 105.28, exit_price = 99.19, exit_reason = "stop_loss" })
end

function TestOrderSemantics.test_the_target_in_the_bar_of_a_stop_entry()
  local spec = { file = "GOOG.csv",
    body = "if s.n == 2 then ctx:sell { stop = 108, take_profit = 105, stop_loss = 113 } end" }
  local trade = run(spec).trades[1]
  trade_is(trade, { entry_price = 108, entry_bar = 3 })
  lu.assertTrue(tonumber(trade.exit_bar) > 3, "from the next bar on")
  spec.execution = "compat: backtesting.py"
  trade_is(run(spec).trades[1], { entry_price = 108, exit_price = 105, entry_bar = 3, exit_bar = 3 }, "compat")
end

function TestOrderSemantics.test_margin_call()
  for _, compat in ipairs { "none", "backtesting.py" } do
    local r = run { file = "GOOG.csv", leverage = 10, execution = "compat: " .. compat, body = [[
    if day == $2006-10-19 then ctx:buy { stop = 484, limit = 466, quantity = 100 } end
    if day == $2007-10-30 then ctx:close() end
    if day == $2008-11-11 then ctx:sell { stop = bar.low, limit = 324.90, quantity = 200 } end]] }
    trade_is(r.trades[1], { entry_time = "2006-11-01", exit_time = "2007-10-31" }, compat)
    trade_is(r.trades[2], { entry_time = "2008-11-14", exit_time = "2009-09-21", exit_reason = "bankrupt" }, compat)
    lu.assertEquals(math.floor(tonumber(r.trades[1].pnl) + 0.5), 23469)
    lu.assertEquals(math.floor(tonumber(r.trades[2].pnl) + 0.5), -34420)
    lu.assertEquals(math.floor(r.metrics.equity_peak + 0.5), 46961)
    lu.assertEquals(r.metrics.equity_final, 0)
    lu.assertEquals(tonumber(r.equity[#r.equity].equity), 0)
  end
end

local FRACTIONAL = [[
data: {source: csv, path: %s}
symbols: [{symbol: BTC, timeframes: [1mo], lot_size: 1e-6}]
strategies: [{type: sma_cross, params: {fast: 2, slow: 3}}]
portfolios: [{name: main, capital: 100, sizing: {type: percent_of_equity, percent: 100, size_at: fill}}]
execution: {finalize_trades: true}
]]

function TestOrderSemantics.test_fractional_units()
  local text = support.read(support.shared "data/backtesting_py/BTCUSD.csv")
  local folder = support.folder()
  local path = support.write(folder .. "/b.csv", text:match("^[^\n]*\n") .. text:sub((text:find("\n2015")) + 1))
  local file = support.write(folder .. "/r.yaml", FRACTIONAL:format(path))
  local status, out, err = support.run("run", file, "--json", "--db", "none", "--trades", folder .. "/t.csv")
  lu.assertEquals(status, 0, err)
  local trades = support.csv(support.read(folder .. "/t.csv"))
  lu.assertEquals(#trades, 42)
  lu.assertEquals(tonumber(trades[1].entry_price), 236.69)
  local quantity = tonumber(trades[1].quantity)
  support.close(quantity * 1e6, math.floor(quantity * 1e6 + 0.5), 1e-12, "whole millionths")
  lu.assertNotNil(json.decode(out).results[1])
end

function TestOrderSemantics.test_a_daily_average_seen_from_hourly_bars()
  local path = support.shared "data/backtesting_py/EURUSD.csv"
  local folder = support.folder()
  os.execute("mkdir " .. folder .. "/strategies")
  support.write(folder .. "/strategies/daily.lua", [[
return strategy {
  name = "daily", help = "for a test", state = { n = 0, last = 0 },
  features = function(_, x) return { mean = x.tf("1d").sma(10) } end,
  on_bar = function(ctx, f, bar, p, s)
    s.n = s.n + 1
    if f.mean ~= s.last then log("%d %.6f", s.n, f.mean) s.last = f.mean end
  end,
  on_end = function(ctx, p, s) log("bars %d", s.n) end,
}]])
  local file = support.write(folder .. "/r.yaml", ([[
data: {source: csv, path: %s}
symbols: [{symbol: EURUSD, timeframes: [1h, 1d]}]
strategies: [{type: daily}]
]]):format(path))
  local status, out, err = support.run("run", file, "--json", "--db", "none")
  lu.assertEquals(status, 0, err)
  local seen = {}
  for value in (out .. err):gmatch("%d+ (1%.%d%d%d%d%d%d)") do seen[#seen + 1] = value end
  lu.assertEquals({ unpack(seen, #seen - 2) }, { "1.242643", "1.242381", "1.242275" })
end

-- By hand. -----------------------------------------------------------------------------------------------------------

-- Bar 2 is open 102, high 105, low 95, close 103.
local TABLE = { { 100, 101, 99, 100 }, { 100, 101, 99, 100 }, { 102, 105, 95, 103 }, { 103, 104, 102, 103 } }

function TestOrderSemantics.test_where_orders_fill_within_a_bar()
  for order, price in pairs {
    ["buy { quantity = 1 }"] = 102, ["sell { quantity = 1 }"] = 102,
    ["buy { quantity = 1, limit = 96 }"] = 96, ["buy { quantity = 1, limit = 103 }"] = 102,
    ["buy { quantity = 1, limit = 94 }"] = 0, ["sell { quantity = 1, limit = 104 }"] = 104,
    ["buy { quantity = 1, stop = 104 }"] = 104, ["buy { quantity = 1, stop = 101 }"] = 102,
    ["buy { quantity = 1, stop = 110 }"] = 0, ["sell { quantity = 1, stop = 96 }"] = 96,
    ["buy { quantity = 1, stop = 104, limit = 106 }"] = 104, ["buy { quantity = 1, stop = 101, limit = 106 }"] = 102,
    ["buy { quantity = 1, stop = 100, limit = 101 }"] = 101, ["buy { quantity = 1, stop = 104, limit = 96 }"] = 0,
    ['buy { quantity = 1, limit = 96, tif = "IOC" }'] = 0, ['buy { quantity = 1, limit = 103, tif = "IOC" }'] = 102,
    ['buy { quantity = 1, stop = 104, tif = "DAY" }'] = 104,
  } do
    local seen = run { bars = TABLE, body = "if s.n == 1 then ctx:" .. order .. " end" }.orders[1]
    lu.assertEquals(tonumber(seen.average_fill_price) or 0, price, order)
  end
end

function TestOrderSemantics.test_day_orders_end_with_the_day_and_gtc_orders_stay()
  local bars = { 100, 100, 100, { 100, 100, 90, 100 } }
  for tif, price in pairs { DAY = 0, GTC = 91, IOC = 0 } do
    local body = ('if s.n == 1 then ctx:buy { quantity = 1, limit = 91, tif = "%s" } end'):format(tif)
    lu.assertEquals(tonumber(run { bars = bars, body = body }.orders[1].average_fill_price) or 0, price, tif)
  end
end

function TestOrderSemantics.test_the_stop_is_assumed_to_come_before_the_target()
  local body = "if s.n == 1 then ctx:buy { quantity = 1, stop_loss = 96, take_profit = 104 } end"
  local r = run { bars = TABLE, body = body }
  trade_is(r.trades[1], { entry_bar = 2, exit_bar = 2, entry_price = 102, exit_price = 96, pnl = -6 })
  lu.assertEquals(r.metrics.ambiguous_bars, 1)
end

function TestOrderSemantics.test_rules_set_stop_target_and_trailing_stop_from_the_fill_price()
  local buy = "if s.n == 1 then ctx:buy { quantity = 1 } end"
  local bars = { 100, 100, { 100, 120, 100, 120 }, { 120, 120, 100, 100 }, 100, 80 }
  local prices = { ["stop_loss_pct: 10"] = 80, ["take_profit_pct: 20"] = 120, ["trailing_stop_pct: 10"] = 108 }
  for rule, price in pairs(prices) do
    trade_is(run { bars = bars, body = buy, risk = rule }.trades[1], { entry_price = 100, exit_price = price }, rule)
  end
end

function TestOrderSemantics.test_a_drawdown_halts()
  -- 100 units from 100: at 85 the drawdown is 15 %; out at the next open, 84; nothing is entered any more.
  local r = run { bars = { 100, 100, 100, 85, 84, 84, 84 }, risk = "max_drawdown_pct: 10",
    body = "if s.n == 1 or s.n == 5 then ctx:buy { quantity = 100 } end" }
  lu.assertEquals(#r.trades, 1)
  trade_is(r.trades[1], { exit_price = 84, exit_reason = "drawdown_halt", pnl = -1600 })
  lu.assertEquals(r.orders[#r.orders].refusal, "halted")
end

function TestOrderSemantics.test_slippage_and_spread_worsen_both_sides()
  local r = run { bars = { 100, 100, 100, 100, 100 },
    execution = "slippage_bps: 10, spread_bps: 20, commission_per_share: 0.5",
    body = "if s.n == 1 then ctx:buy { quantity = 10 } elseif s.n == 2 then ctx:close() end" }
  trade_is(r.trades[1], { entry_price = 100 * 1.002, exit_price = 100 * 0.998, fees = 10 })
  support.close(r.metrics.slippage_cost, 4, 1e-12, "slippage")
  support.close(r.metrics.equity_final, 10000 - 4 - 10, 1e-12, "equity")
end

function TestOrderSemantics.test_this_close_fills_at_the_close_that_was_seen()
  local r = run { bars = { 100, { 100, 110, 100, 110 }, 120 }, execution = "fill: this_close",
    body = "if s.n == 1 then ctx:buy { quantity = 1 } elseif s.n == 2 then ctx:close() end" }
  trade_is(r.trades[1], { entry_bar = 1, entry_price = 110, exit_bar = 2, exit_price = 120 })
end

function TestOrderSemantics.test_what_cannot_be_paid_is_reduced()
  local r = run { bars = { 100, 100, 125, 125 }, body = "if s.n == 1 then ctx:buy { quantity = 100 } end" }
  lu.assertEquals(tonumber(r.orders[1].filled), 80)
  lu.assertEquals(r.orders[1].refusal, "reduced_cash")
  r = run { bars = { 100, 100, 125, 125 }, leverage = 2, body = "if s.n == 1 then ctx:buy { quantity = 100 } end" }
  lu.assertEquals(tonumber(r.orders[1].filled), 100)
end

function TestOrderSemantics.test_an_order_that_turns_the_position_closes_the_oldest_lots_first()
  local r = run { bars = { 10, 11, 12, 13, 14, 15, 16 }, body = [[
    if s.n == 0 then ctx:buy { quantity = 2 } elseif s.n == 1 then ctx:buy { quantity = 3 }
    elseif s.n == 2 then ctx:sell { quantity = 4 } elseif s.n == 3 then ctx:sell { quantity = 5 } end]] }
  lu.assertEquals(#r.trades, 3)
  trade_is(r.trades[1], { quantity = 2, entry_price = 11, exit_price = 13 })
  trade_is(r.trades[2], { quantity = 2, entry_price = 12, exit_price = 13 })
  trade_is(r.trades[3], { quantity = 1, entry_price = 12, exit_price = 14 })
  lu.assertEquals(r.metrics.equity_final, 10000 + 4 + 2 + 2 - 4 * (16 - 14), "short 4 from 14")
end

function TestOrderSemantics.test_a_target_is_reckoned_when_it_fills()
  -- The limit order fills at the same open, before the target: that is where the position was to be.
  local r = run { bars = { 100, 100, 100, 100 }, body = [[
    if s.n == 1 then ctx:sell { quantity = 5, limit = 90 } ctx:target_quantity(-5) end
    if s.n == 2 then record("position", ctx.position) end]] }
  lu.assertEquals(tonumber(r.orders[1].filled), 5)
  lu.assertEquals(r.orders[2].status, "canceled")
  -- A stop and a close meet in one bar, there the close first, here too.
  for _, compat in ipairs { "none", "backtesting.py" } do
    r = run { bars = { 100, 100, 100, { 100, 100, 90, 90 }, 95 }, execution = "compat: " .. compat, body = [[
    if s.n == 1 then ctx:buy { quantity = 5, stop_loss = 92 } elseif s.n == 2 then ctx:close() end]] }
    lu.assertEquals(#r.trades, 1, compat)
    trade_is(r.trades[1], { exit_price = 100, exit_reason = "signal" }, compat)
    lu.assertEquals(r.metrics.equity_final, 10000, compat)
  end
end

function TestOrderSemantics.test_what_is_ordered_at_the_last_close()
  for compat, equity in pairs { none = 10000, ["backtesting.py"] = 10000 + 10 * (110 - 100) } do
    local r = run { bars = { 100, 100, 100, 100, { 100, 110, 100, 110 } },
      execution = "finalize_trades: true, compat: " .. compat,
      body = "if s.n == 1 or s.n == 4 then ctx:buy { quantity = 10 } end" }
    lu.assertEquals(#r.trades, 1, compat)
    trade_is(r.trades[1], { exit_price = 100, exit_bar = 4, exit_reason = "end_of_window" }, compat)
    lu.assertEquals(r.metrics.equity_final, equity, compat)
  end
end

function TestOrderSemantics.test_a_quiet_account_has_its_exact_volatility()
  -- One unit of 1e6: period returns of 1e-6 and less, whose powers cancel when they are subtracted as such.
  local bars = { 1, 1 }
  for k = 3, 40 do bars[k] = 2 - k % 2 end -- growth of less than thirty days is not annualised
  local r = run { bars = bars, capital = 1e6,
    body = "if s.n == 1 then ctx:buy { quantity = 1 } end" }
  local e, n, mean, sum = r.equity, #r.equity - 1, 0, 0
  for k = 2, #e do mean = mean + (tonumber(e[k].equity) - tonumber(e[k - 1].equity)) / tonumber(e[k - 1].equity) / n end
  for k = 2, #e do
    local x = (tonumber(e[k].equity) - tonumber(e[k - 1].equity)) / tonumber(e[k - 1].equity)
    sum = sum + (x - mean) * (x - mean) / (n - 1)
  end
  -- To first order sqrt(P v); the corrections are of the order of 1e-6 of it.
  support.close(r.metrics.volatility_ann_pct, 100 * math.sqrt(r.metrics.periods_per_year * sum), 1e-3, "volatility")
end

function TestOrderSemantics.tearDown() support.cleanup() end

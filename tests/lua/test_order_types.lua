-- Orders of every type from a user's strategy, and the policies of `execution`, through YAML; the figures are reckoned
-- by hand (tests/c/test_exec_types.c has more of them).
local json = require "json"
local support = require "support"

TestOrderTypes = {}

local CONFIG = [[
data:
  source: csv
  path: %s
%s  cache: false
  quality: {price_jumps: off}
symbols:
  - {symbol: TEST, lot_size: 1, tick_size: %s%s}
strategies:
  - {type: scripted}
portfolios:
  - {name: main, capital: 10000, sizing: {type: percent_of_equity, percent: 100}}
execution: {%s}
]]

local STRATEGY = [[
return strategy {
  name = "scripted", help = "for a test", state = { n = -1, id = 0 },
  on_bar = function(ctx, f, bar, p, s)
    s.n = s.n + 1 -- the bar's index, from 0
%s
  end,
}]]

-- Bars of days: { open, high, low, close, volume }.
local WAVE = { { 100, 100, 100, 100, 100 }, { 100, 101, 99, 100, 100 }, { 102, 105, 95, 103, 100 },
  { 104, 110, 90, 100, 100 }, { 80, 85, 78, 82, 100 } }

local function run(spec)
  local folder = support.folder()
  local lines = { "date,open,high,low,close,volume" }
  for k, b in ipairs(spec.bars or WAVE) do
    lines[k + 1] = ("%s,%.17g,%.17g,%.17g,%.17g,%g"):format(os.date("!%Y-%m-%d", (10957 + k) * 86400), b[1], b[2], b[3],
      b[4], b[5])
  end
  local path = support.write(folder .. "/bars.csv", spec.csv or table.concat(lines, "\n") .. "\n")
  os.execute("mkdir " .. folder .. "/strategies")
  support.write(folder .. "/strategies/scripted.lua", STRATEGY:format(spec.body))
  local file = support.write(folder .. "/run.yaml", CONFIG:format(path, spec.data or "", spec.tick or "0",
    spec.timeframes and ", timeframes: " .. spec.timeframes or "", spec.execution or ""))
  local status, out, err = support.run("run", file, "--json", "--db", spec.db or "none", "--trades",
    folder .. "/t.csv", "--orders", folder .. "/o.csv")
  if spec.fails then return status, err end
  lu.assertEquals(status, 0, err)
  return {
    metrics = json.decode(out).results[1].metrics, optimistic = json.decode(out).results[1].optimistic,
    trades = support.csv(support.read(folder .. "/t.csv")),
    orders = support.csv(support.read(folder .. "/o.csv")), err = err, folder = folder,
  }
end

local function order_is(order, expected, what)
  lu.assertNotNil(order, what)
  for name, value in pairs(expected) do
    local seen = order[name]
    if type(value) == "number" then seen = tonumber(seen) end
    lu.assertEquals(seen, value, ("%s %s"):format(what or "order", name))
  end
end

local function by_id(orders)
  local map = {}
  for _, order in ipairs(orders) do map[tonumber(order.order)] = order end
  return map
end

function TestOrderTypes.test_types_and_times_in_force()
  for order, expected in pairs {
    ["sell { quantity = 5, trail_amount = 6 }"] = { type = "trailing_stop", average_fill_price = 99 },
    ["sell { quantity = 5, trail_pct = 10 }"] = { type = "trailing_stop", average_fill_price = 94.5 },
    ["sell { quantity = 5, trail_amount = 6, limit_offset = 2 }"] =
      { type = "trailing_stop_limit", average_fill_price = 99, limit_price = 97 },
    ['buy { quantity = 5, type = "moo" }'] = { type = "market_on_open", tif = "opg", average_fill_price = 102 },
    ['buy { quantity = 5, type = "moc" }'] = { type = "market_on_close", tif = "cls", average_fill_price = 103 },
    ['buy { quantity = 5, tif = "CLS" }'] = { type = "market_on_close", average_fill_price = 103 },
    ['buy { quantity = 5, limit = 91, expires = bar.time + 86400 * 2 }'] = { tif = "gtd", status = "expired" },
    ['buy { quantity = 5, limit = 91, tif = "GTD", expires = bar.time + 86400 * 2 + 1 }'] =
      { tif = "gtd", average_fill_price = 91 },
    ['buy { quantity = 5, limit = 96, tif = "FOK" }'] = { tif = "fok", status = "expired", refusal = "expired" },
    ['buy { quantity = 5, limit = 103, tif = "FOK" }'] = { tif = "fok", average_fill_price = 102 },
    ['sell { quantity = 5, limit = 104, reduce_only = true }'] = { status = "canceled", refusal = "reduce_only" },
  } do
    order_is(run { body = "if s.n == 1 then ctx:" .. order .. " end" }.orders[1], expected, order)
  end
end

function TestOrderTypes.test_an_atr_sets_the_trailing_distance()
  -- True ranges: 0, 2, 10, 20; atr(2) begins with the mean of bars 2 and 3.
  local r = run { body = [[
    if s.n == 1 then local id, why = ctx:sell { quantity = 1, trail_atr = 1, atr_period = 2 }
      if why == "no_gauge" then record("refused", 1) end
    elseif s.n == 2 then
      local id = ctx:sell { quantity = 1, trail_atr = 0.5, atr_period = 2 }
      record("level", ctx:order(id).stop_price) record("type", ctx:order(id).type)
    end]] }
  lu.assertEquals(r.orders[1].refusal, "no_gauge")
  order_is(by_id(r.orders)[2], { type = "trailing_stop", average_fill_price = 100 }) -- 103 - 0.5 x 6
end

function TestOrderTypes.test_brackets_groups_and_children()
  local r = run { body = [[
    if s.n == 1 then
      local id, stop, target = ctx:buy { quantity = 10, stop_loss = 94, take_profit = 104.5, bracket = true }
      ctx:buy { quantity = 5, limit = 70, oco = 3 }
      ctx:buy { quantity = 5, limit = 98, oco = 3 }
      ctx:sell { quantity = 2, limit = 400, parent = id }
      if ctx:order(stop).type_name ~= "stop" or ctx:order(target).parent ~= id or #ctx:orders() ~= 6 then
        log("wrong")
      end
    end]] }
  lu.assertNil(r.err:find "wrong")
  local orders = by_id(r.orders)
  order_is(orders[1], { status = "filled", average_fill_price = 102 })
  order_is(orders[3], { type = "limit", parent = 1, average_fill_price = 104.5, reason = "take_profit" })
  order_is(orders[2], { status = "canceled", refusal = "one_cancels_other", parent = 1 })
  order_is(orders[5], { average_fill_price = 98 })
  order_is(orders[4], { status = "canceled", refusal = "one_cancels_other" })
  order_is(orders[6], { status = "expired", refusal = "end_of_data", quantity = 2 })
end

function TestOrderTypes.test_replace()
  local r = run { body = [[
    if s.n == 1 then s.id = ctx:buy { quantity = 10, limit = 50, tag = 4 }
    elseif s.n == 2 then
      local new, why = ctx:replace(s.id, { limit = 91, quantity = 8 })
      if new ~= 2 or ctx:order(s.id) or ctx:order(2).replaces ~= 1 then log("wrong") end
      new, why = ctx:replace(999, { limit = 91 })
      if new or why ~= "not_pending" then log("wrong") end
      new, why = ctx:replace(2, { limit = -5 })
      if new or why ~= "invalid_price" then log("wrong") end
    end]] }
  lu.assertNil(r.err:find "wrong")
  local orders = by_id(r.orders)
  order_is(orders[1], { status = "canceled", refusal = "replaced" })
  order_is(orders[2], { status = "filled", replaces = 1, average_fill_price = 91, quantity = 8, tag = 4 })
end

function TestOrderTypes.test_algorithms()
  local flat = {}
  for k = 1, 8 do flat[k] = { 10 + k, 10 + k, 10 + k, 10 + k, 50 } end
  local r = run { bars = flat, body = [[
    if s.n == 0 then ctx:buy { quantity = 10, algo = "twap", duration_s = 4 * 86400, slices = 2 } end
    if s.n == 1 then ctx:buy { quantity = 8, algo = "vwap", participation_pct = 10 } end
    if s.n == 2 then ctx:buy { quantity = 5, algo = "iceberg", visible = 3, limit = 30 } end]] }
  local filled, children = {}, {}
  for _, order in ipairs(r.orders) do
    local parent = tonumber(order.parent)
    if parent then
      filled[parent] = (filled[parent] or 0) + tonumber(order.filled)
      children[parent] = (children[parent] or 0) + 1
    end
  end
  local orders = by_id(r.orders)
  local parents = {}
  for id in pairs(filled) do parents[#parents + 1] = id end
  table.sort(parents)
  lu.assertEquals(#parents, 3)
  for k, expected in ipairs { { 10, 2 }, { 8, 2 }, { 5, 2 } } do
    local id = parents[k]
    lu.assertEquals({ filled[id], children[id] }, expected)
    order_is(orders[id], { status = "filled", filled = expected[1] })
  end
end

function TestOrderTypes.test_policies_of_execution()
  local bracket = "if s.n == 1 then ctx:buy { quantity = 1, stop_loss = 96, take_profit = 104 } end"
  for policy, price in pairs { pessimistic = 96, optimistic = 104, ohlc = 104, olhc = 96, nearest_extreme = 104 } do
    local r = run { body = bracket, execution = "intrabar: " .. policy }
    lu.assertEquals(tonumber(r.trades[1].exit_price), price, policy)
    lu.assertEquals(r.metrics.ambiguous_bars, 1)
  end
  local buy = "if s.n == 1 then ctx:buy { quantity = 10 } end"
  order_is(run { body = buy, execution = "fill: next_close" }.orders[1], { average_fill_price = 103 })
  order_is(run { body = buy, execution = "max_volume_pct: 4" }.orders[1],
    { filled = 10, average_fill_price = (4 * 102 + 4 * 104 + 2 * 80) / 10, status = "filled" })
  local off = "if s.n == 1 then ctx:buy { quantity = 10.5, limit = 99.03 } end"
  order_is(run { body = off, tick = "0.1" }.orders[1], { quantity = 10, limit_price = 99 })
  order_is(run { body = off, tick = "0.1", execution = "off_tick: reject" }.orders[1], { refusal = "off_tick" })
  order_is(run { body = off, execution = "off_lot: reject" }.orders[1], { refusal = "off_lot" })
end

-- Three hours of minutes at 100; within the second one two of them reach the target and the stop.
local function minutes(target, stop)
  local lines = { "date,open,high,low,close,volume" }
  for k = 0, 179 do
    local high, low = k == target and 106 or 100, k == stop and 94 or 100
    lines[k + 2] = ("%s,100,%d,%d,100,100"):format(os.date("!%Y-%m-%d %H:%M:%S", 946944000 + k * 60), high, low)
  end
  return table.concat(lines, "\n") .. "\n"
end

function TestOrderTypes.test_finer_data_resolves_a_bar()
  local body = "if s.n == 0 then ctx:buy { quantity = 1, stop_loss = 95, take_profit = 105 } end"
  for _, case in ipairs {
    { target = 70, stop = 100, timeframes = "[1h, 1m]", price = 105, ambiguous = 0 },
    { target = 100, stop = 70, timeframes = "[1h, 1m]", price = 95, ambiguous = 0 },
    { target = 70, stop = 100, timeframes = "[1h]", price = 95, ambiguous = 1 },
    { target = 70, stop = 100, timeframes = "[1h]", policy = "optimistic", price = 105, ambiguous = 1 },
    { target = 100, stop = 70, timeframes = "[1h]", policy = "optimistic", price = 105, ambiguous = 1 },
  } do
    local r = run { body = body, csv = minutes(case.target, case.stop), timeframes = case.timeframes,
      execution = "intrabar: " .. (case.policy or "pessimistic") }
    local what = ("%s, target %d, stop %d"):format(case.timeframes, case.target, case.stop)
    lu.assertEquals(#r.trades, 1, what)
    lu.assertEquals({ tonumber(r.trades[1].entry_price), tonumber(r.trades[1].exit_price) }, { 100, case.price }, what)
    lu.assertEquals(r.metrics.ambiguous_bars, case.ambiguous, what)
  end
end

function TestOrderTypes.test_the_spread_is_paid_once_on_quotes()
  local lines = { "date,bid_open,bid_high,bid_low,bid_close,ask_open,ask_high,ask_low,ask_close" }
  for k = 1, 5 do
    lines[k + 1] = os.date("!%Y-%m-%d", (10957 + k) * 86400) .. ",99,99,99,99,101,101,101,101"
  end
  local function fills(execution)
    local r = run { csv = table.concat(lines, "\n") .. "\n", data = "  price: quotes\n", execution = execution,
      body = "if s.n == 1 then ctx:buy { quantity = 1 } elseif s.n == 2 then ctx:close() end" }
    return { tonumber(r.trades[1].entry_price), tonumber(r.trades[1].exit_price) }
  end
  local function spread(params) return ("slippage: [{model: half_spread, params: {bps: 400%s}}]"):format(params) end
  lu.assertEquals(fills "", { 101, 99 })
  lu.assertEquals(fills(spread ""), { 101, 99 })
  lu.assertEquals(fills(spread ", multiple: 0.5"), { 101, 99 })
  lu.assertEquals(fills(spread ", multiple: 3"), { 103, 97 })
  lu.assertEquals(fills(spread "" .. ", quotes: off"), { 101, 99 }, "the quoted spread, about the middle")
  lu.assertEquals(fills(spread ", quoted: no"), { 101 * 1.02, 99 * 0.98 }, "as it says")
end

function TestOrderTypes.test_bands_show_both_beside_every_statistic()
  local body = "if s.n == 1 then ctx:buy { quantity = 10, stop_loss = 96, take_profit = 104 } end"
  local db = support.folder() .. "/b.db"
  local r = run { body = body, execution = "intrabar: bands", db = db }
  lu.assertEquals(r.metrics.equity_final, 10000 - 60)
  lu.assertEquals(r.optimistic.equity_final, 10000 + 20)
  lu.assertEquals(r.optimistic.ambiguous_bars, 1)
  lu.assertEquals(#r.trades, 1, "the files are of the pessimistic run")
  for name in pairs(r.metrics) do lu.assertNotNil(r.optimistic[name], name) end
  for _, policy in ipairs { "pessimistic", "optimistic" } do
    local alone = run { body = body, execution = "intrabar: " .. policy }
    lu.assertNil(alone.optimistic)
    lu.assertEquals(alone.metrics, policy == "pessimistic" and r.metrics or r.optimistic)
  end
  local status, out = support.run("sql",
    "SELECT value FROM metrics WHERE name IN ('equity_final', 'optimistic:equity_final') ORDER BY value", "--db", db,
    "--json")
  lu.assertEquals(status, 0)
  lu.assertNotNil(out:find "9940.-10020")
  local shown
  status, shown = support.run("run", r.folder .. "/run.yaml", "--db", "none")
  lu.assertEquals(status, 0)
  lu.assertNotNil(shown:find "pessimistic[^%w]+optimistic")
  lu.assertNotNil(shown:find "bands: in 1 bars %(optimistic: 1%)")
end

function TestOrderTypes.test_names_in_the_database()
  local db = support.folder() .. "/p.db"
  run { db = db, body = [[
    if s.n == 1 then ctx:buy { quantity = 5, type = "moc" } ctx:sell { quantity = 5, trail_pct = 10 } end]] }
  local status, out = support.run("sql", "SELECT type, tif, stop_price FROM orders ORDER BY order_id", "--db", db,
    "--json")
  lu.assertEquals(status, 0)
  lu.assertNotNil(out:find "market_on_close")
  lu.assertNotNil(out:find "cls")
  lu.assertNotNil(out:find "trailing_stop")
end

function TestOrderTypes.test_mistakes_name_the_line()
  for order, message in pairs {
    ['buy { tif = "GTX" }'] = "expected GTC, DAY, IOC, FOK, GTD, OPG or CLS",
    ['buy { tif = "GTD" }'] = "go together",
    ['buy { type = "limit" }'] = "expected",
    ['buy { trail_pct = 1, trail_amount = 2 }'] = "not several",
    ['buy { algo = "sniper" }'] = "expected twap, vwap, pov or iceberg",
    ['buy { algo = "twap" }'] = "a duration of 0 ns",
    ['buy { trial_pct = 3 }'] = "trail_pct",
    ['replace(1, { price = 3 })'] = "unknown order field 'price'",
  } do
    local status, err = run { fails = true, body = "if s.n == 1 then ctx:" .. order .. " end" }
    lu.assertTrue(status == 1 or status == 2, order .. err) -- 2: seen when the file is loaded
    lu.assertNotNil(err:find(message, 1, true), order .. ": " .. err)
    lu.assertNotNil(err:find "scripted.lua:%d+", err)
  end
end

-- Long from 100; the second bar after goes from 102 to 105 and 95.
function TestOrderTypes.test_as_made_takes_orders_in_their_order()
  local body = [[
    if s.n == 0 then ctx:buy{ quantity = 1 } end
    if s.n == 1 then
      ctx:buy{ quantity = 1, limit = 96, tif = "IOC" }
      ctx:sell{ quantity = 1, %s, oco = 1 }
      ctx:sell{ quantity = 1, %s, oco = 1 }
    end]]
  for _, case in ipairs { { "limit = 104", "stop = 96", 104 }, { "stop = 96", "limit = 104", 96 } } do
    local r = run { body = body:format(case[1], case[2]), execution = "intrabar: as_made" }
    lu.assertEquals(#r.trades, 1, case[1])
    lu.assertEquals(tonumber(r.trades[1].exit_price), case[3], case[1])
    lu.assertEquals(r.metrics.ambiguous_bars, 1)
    local pessimistic = run { body = body:format(case[1], case[2]) }
    lu.assertEquals(tonumber(pessimistic.trades[1].exit_price), 96, case[1])
  end
end

-- After the bar of high 105 and close 103 the level is 6 below one of them.
function TestOrderTypes.test_trailing_by_the_close()
  local body = [[
    if s.n == 0 then ctx:buy{ quantity = 1 } end
    if s.n == 1 then ctx:sell{ quantity = 1, trail_amount = 6 } end]]
  for by, price in pairs { extreme = 99, close = 97 } do
    local r = run { body = body, execution = "trail_by: " .. by }
    lu.assertEquals(tonumber(r.trades[1].exit_price), price, by)
  end
end

-- Accounts from YAML: currencies, futures and margin calls, deposits, methods of trade accounting; by hand.
local run = require "run"
local support = require "support"

TestAccount = {}

function TestAccount.tearDown() support.cleanup() end

-- Daily bars that open at the close before.
local function write_bars(folder, symbol, closes)
  local lines = { "date,open,high,low,close,volume" }
  for k, close in ipairs(closes) do
    local open = closes[k - 1] or close
    lines[k + 1] = ("2024-01-%02d,%.17g,%.17g,%.17g,%.17g,1000"):format(k, open, math.max(open, close),
      math.min(open, close), close)
  end
  support.write(("%s/%s.csv"):format(folder, symbol), table.concat(lines, "\n") .. "\n")
end

-- The configuration as a file in a folder with these closes by symbol.
local function write_run(closes, text)
  local folder = support.folder()
  for symbol, list in pairs(closes) do write_bars(folder, symbol, list) end
  return support.write(folder .. "/run.yaml", ("data: {path: '%s/{symbol}.csv'}\n"):format(folder) .. text), folder
end

local function play(closes, text)
  local file = write_run(closes, text)
  return assert(run.run(file, { db = false, trades = true, equity = true })).results[1]
end

local function equities(result)
  local list = {}
  for k, row in ipairs(result.equity) do list[k] = row.equity end
  return list
end

local function assert_near(found, expected)
  lu.assertEquals(#found, #expected)
  for k, value in ipairs(expected) do lu.assertAlmostEquals(found[k], value, 1e-9, "row " .. k) end
end

local CURRENCIES = [[
symbols: [{symbol: SAP, currency: EUR}, {symbol: EURUSD, asset_class: fx, trade: false}]
strategies: [buy_and_hold]
portfolios: [{currency: USD, fx_spread_bps: 10, sizing: {type: fixed_quantity, quantity: 10}}]
execution: {finalize_trades: true, commission_per_order: 1}
]]

function TestAccount.test_a_foreign_share()
  local closes = { SAP = { 100, 100, 110, 110 }, EURUSD = { 1.1, 1.1, 1.2, 1.2 } }
  local result = play(closes, CURRENCIES)
  -- Bought at 100 and 1.10: 1,100 dollars, a dollar of commission, 1.10 of conversion. Worth 10 x 110 x 1.20. Sold at
  -- the last open, 110, at 1.20.
  local paid = 1 + 1.1
  assert_near(equities(result), { 10000, 10000 - paid, 10000 - paid + 220, 10000 - paid + 220 - 1 - 1.32 })
  lu.assertEquals(#result.trades, 1)
  lu.assertAlmostEquals(result.trades[1].pnl, 220 - paid - 2.32, 1e-9)
end

function TestAccount.test_rates_are_in_the_files_and_the_database()
  local file, folder = write_run({ SAP = { 100, 100, 110, 110 }, EURUSD = { 1.1, 1.1, 1.2, 1.2 } }, CURRENCIES)
  local status, _, err = support.run("run", file, "--db", folder .. "/p.db", "--trades", folder .. "/trades.csv")
  lu.assertEquals(status, 0, err)
  local trade = support.csv(support.read(folder .. "/trades.csv"))[1]
  lu.assertAlmostEquals(tonumber(trade.entry_rate), 1.1, 1e-15)
  lu.assertAlmostEquals(tonumber(trade.exit_rate), 1.2, 1e-15)
  lu.assertEquals(tonumber(trade.income), 0)
  local out
  status, out, err = support.run("sql", "--db", folder .. "/p.db",
    "SELECT t.entry_rate, t.exit_rate, f.rate FROM trades t, fills f WHERE f.side = 'sell'", "--json")
  lu.assertEquals(status, 0, err)
  lu.assertStrContains(out, "1.1")
  lu.assertStrContains(out, "1.2")
end

function TestAccount.test_futures_are_called()
  -- Two contracts at 2,000 need 10,000 of the 12,000; at 1,959 the account has 7,900 of the 8,000 that keeping them
  -- takes, so both are closed at the next open, which is that close.
  local result = play({ ES = { 2000, 2000, 1959, 1950, 1950 } }, [[
instruments: [{symbol: ES, asset_class: future, multiplier: 50, initial_margin: 5000, maintenance_margin: 4000}]
symbols: [ES]
strategies: [buy_and_hold]
portfolios: [{capital: 12000, margin_call: liquidate, sizing: {type: fixed_quantity, quantity: 3}}]
]])
  assert_near(equities(result), { 12000, 12000, 7900, 7900, 7900 })
  lu.assertEquals(#result.trades, 1)
  lu.assertEquals(result.trades[1].exit_reason, "margin_call")
  lu.assertEquals(result.trades[1].quantity, 2)
end

local FLOWS = [[
symbols: [A]
strategies: [buy_and_hold]
portfolios:
  - sizing: {type: fixed_quantity, quantity: 50}
    cash_flows: [{time: 2024-01-04, amount: 9500}, {time: 2024-01-05, amount: -15000}]
]]

function TestAccount.test_deposits_and_withdrawals()
  local result = play({ A = { 100, 100, 90, 90, 90 } }, FLOWS)
  -- The withdrawal is more than the 14,500 that are not invested.
  assert_near(equities(result), { 10000, 10000, 9500, 19000, 19000 })
end

function TestAccount.test_flows_are_in_the_database()
  local file, folder = write_run({ A = { 100, 100, 90, 90, 90 } }, FLOWS)
  local status, _, err = support.run("run", file, "--db", folder .. "/p.db")
  lu.assertEquals(status, 0, err)
  local out
  status, out, err = support.run("sql", "--db", folder .. "/p.db",
    "SELECT time, value FROM records WHERE name = 'account:flow'", "--csv")
  lu.assertEquals(status, 0, err)
  lu.assertEquals(out, "time,value\n2024-01-04T00:00:00Z,9500\n")
end

local STRATEGY = [[
return strategy {
  name = "in_two_steps",
  state = { n = 0 },
  on_bar = function(ctx, f, bar, p, s)
    s.n = s.n + 1
    if s.n <= 2 then ctx:buy { quantity = 10 } elseif s.n == 3 then ctx:sell { quantity = 15 } end
  end,
}
]]

function TestAccount.test_methods_of_accounting()
  for method, pnl in pairs { fifo = { 200, 50 }, lifo = { 100, 100 }, average = { 225 } } do
    local file, folder = write_run({ A = { 100, 110, 120, 130, 130 } }, ([[
symbols: [A]
strategies: [{file: in_two_steps.lua}]
portfolios: [{accounting: %s}]
]]):format(method))
    support.write(folder .. "/in_two_steps.lua", STRATEGY)
    local result = assert(run.run(file, { db = false, trades = true, equity = true })).results[1]
    lu.assertEquals(#result.trades, #pnl, method)
    for k, value in ipairs(pnl) do lu.assertAlmostEquals(result.trades[k].pnl, value, 1e-9, method) end
    assert_near(equities(result), { 10000, 10100, 10300, 10350, 10350 })
  end
end

function TestAccount.test_backtesting_py_refuses_what_its_queue_does_not_look_at()
  local function refused(symbol, portfolio, execution)
    local file = write_run({ A = { 100, 100 } }, ("symbols: [{symbol: A%s}]\nstrategies: [buy_and_hold]\n"
      .. "portfolios: [{name: main%s}]\nexecution: {compat: backtesting.py%s}\n"):format(symbol, portfolio, execution))
    local result, message = run.run(file, { db = false })
    return result == nil and message or ""
  end
  lu.assertEquals(refused("", ", risk: {rules: [{type: max_position, pct: 20}], max_drawdown_pct: 5}",
    ", trail_by: close"), "", "these work with it")
  for _, case in ipairs {
    { "execution.intrabar", "", "", ", intrabar: ohlc" }, { "execution.intrabar", "", "", ", intrabar: bands" },
    { "execution.max_volume_pct", "", "", ", max_volume_pct: 5" },
    { "execution.child_orders", "", "", ", child_orders: next_bar" },
    { "execution.fill", "", "", ", fill: next_close" },
    { "risk.max_position_pct", "", ", risk: {max_position_pct: 20}", "" },
    { "risk.max_exposure_pct", "", ", risk: {max_exposure_pct: 20}", "" },
    { "pyramiding.max_entries", "", ", pyramiding: {max_entries: 2}", "" },
    { "sizing.max_pct", "", ", sizing: {max_pct: 50}", "" },
    { "trading_hours", "", ', trading_hours: "10:00-12:00"', "" },
    { "symbols[0].initial_margin_pct", ", initial_margin_pct: 10", "", "" },
    { "symbols[0].commission_pct", ", commission_pct: 1", "", "" },
    { "symbols[0].data.price", ", data: {price: quotes}", "", "" },
  } do
    local message = refused(case[2], case[3], case[4])
    lu.assertStrContains(message, case[1])
    lu.assertStrContains(message, "compat: backtesting.py")
    lu.assertStrMatches(message, ".*run%.yaml:%d+:%d+: .*")
  end
end

function TestAccount.test_backtesting_py_knows_one_method()
  local file = write_run({ A = { 100, 100 } }, [[
symbols: [A]
strategies: [buy_and_hold]
portfolios: [{accounting: lifo}]
execution: {compat: backtesting.py}
]])
  local result, message = run.run(file, { db = false })
  lu.assertNil(result)
  lu.assertStrContains(message, "run.yaml:4:")
  lu.assertStrContains(message, "accounting")
end

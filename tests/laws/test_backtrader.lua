-- Random orders of all kinds as backtrader executes them (tests/reference/peers/backtrader_orders.py made the numbers),
-- with the configuration of docs/execution.md: every fill, realised gains, cash and value.
local json = require "json"
local support = require "support"

TestBacktrader = {}

local FIXTURES = (os.getenv "PERILUNE_HOME" or ".") .. "/tests/fixtures/strategies"

local CONFIG = [[
data: {source: csv, path: %s}
symbols: [{symbol: SYN, timeframes: [1d]%s}]
strategies: [{file: %s/backtrader_orders.lua, params: {seed: %d, bars: %d, limits: %s, brackets: %s, percent: %s}}]
portfolios: [{capital: %s, leverage: 1000, accounting: average}]
execution:
  fill: %s
  intrabar: as_made
  child_orders: next_bar
  trail_by: close
  slippage_bps: %s
  commission_pct: %s
  commission_per_share: %s
]]

local function config_of(bars, n, run)
  local futures = run.margin ~= nil and run.margin ~= json.null
  local spec = ""
  if futures then
    spec = (", settlement: futures, multiplier: %s, initial_margin: %s"):format(run.mult, run.margin)
  end
  local function exact(x) return ("%.17g"):format(x) end
  return CONFIG:format(bars, spec, FIXTURES, run.seed, n, tostring(run.limits), tostring(run.brackets),
    tostring(run.percent), run.cash, run.on_close and "this_close" or "next_open", exact(run.slippage * 1e4),
    futures and 0 or exact(run.commission * 100), futures and exact(run.commission) or 0), futures
end

-- Orders that filled, in the order in which they were made: { bar, size, price, commission }. An order is done when
-- its bar has closed.
local function fills_of(path, bar_at)
  local fills, orders = {}, support.csv(support.read(path))
  table.sort(orders, function(a, b) return tonumber(a.order) < tonumber(b.order) end)
  for _, o in ipairs(orders) do
    local filled = tonumber(o.filled)
    if filled > 0 then
      fills[#fills + 1] = { bar_at[o.updated_time] or bar_at.last, o.side == "buy" and filled or -filled,
        tonumber(o.average_fill_price), tonumber(o.fees) }
    end
  end
  return fills
end

local function check_fills(fills, run, what)
  for k, fill in ipairs(fills) do
    for j, field in ipairs { "bar", "size", "price", "commission" } do
      lu.assertNotNil(run.fills[k], what .. ": too many fills")
      support.close(fill[j], run.fills[k][j], 1e-9, ("%s, fill %d: %s"):format(what, k, field))
    end
  end
  lu.assertEquals(#fills, #run.fills, what .. ": number of fills")
end

-- Gains by the average price, before fees: by bar, as backtrader has one for each order and we for each trade.
local function check_realized(path, run, what)
  local gains, expected, paid = {}, {}, {}
  for _, t in ipairs(support.csv(support.read(path))) do
    if t.exit_reason ~= "" and t.exit_time ~= "" then
      local bar = tonumber(t.exit_bar)
      gains[bar] = (gains[bar] or 0) + tonumber(t.pnl) + tonumber(t.fees)
      paid[bar] = (paid[bar] or 0) + tonumber(t.quantity) * tonumber(t.entry_price) * run.mult
    end
  end
  for _, realized in ipairs(run.realized) do
    expected[realized[1]] = (expected[realized[1]] or 0) + realized[2]
  end
  lu.assertTrue(next(expected) ~= nil)
  for bar, gain in pairs(expected) do
    lu.assertNotNil(gains[bar], ("%s: nothing realised in bar %d"):format(what, bar))
    lu.assertAlmostEquals(gains[bar], gain, 1e-11 * paid[bar], ("%s, bar %d: realised"):format(what, bar))
  end
end

-- Backtrader takes the margin of futures out of the cash and settles gains each day: it is the equity that is free.
local function check_account(equity, run, futures, what)
  local held, k = 0, 1
  local fills = {}
  for _, fill in ipairs(run.fills) do fills[#fills + 1] = fill end
  table.sort(fills, function(a, b) return a[1] < b[1] end)
  for _, row in ipairs(run.account) do
    local bar, cash, value = row[1], row[2], row[3]
    while fills[k] and fills[k][1] <= bar do
      held = held + fills[k][2]
      k = k + 1
    end
    local ours = equity[bar + 1]
    support.close(tonumber(ours.equity), value, 1e-9, ("%s, bar %d: value"):format(what, bar))
    local free = futures and tonumber(ours.equity) - math.abs(held) * run.margin or tonumber(ours.cash)
    support.close(free, cash, 1e-9, ("%s, bar %d: cash"):format(what, bar))
  end
end

local function check(folder, bars, n, run)
  local text, futures = config_of(bars, n, run)
  local file = support.write(folder .. "/run.yaml", text)
  local status, _, err = support.run("run", file, "--json", "--db", "none", "--trades", folder .. "/trades.csv",
    "--equity", folder .. "/equity.csv", "--orders", folder .. "/orders.csv")
  lu.assertEquals(status, 0, err)
  local equity = support.csv(support.read(folder .. "/equity.csv"))
  local bar_at = { last = #equity - 1 }
  for k = 2, #equity do bar_at[equity[k].time] = k - 2 end -- by the bar's close, at which the next one opens
  local what = "seed " .. run.seed
  check_fills(fills_of(folder .. "/orders.csv", bar_at), run, what)
  -- On close, its queue takes a market order between the next bar's others: they meet another average price.
  if not run.on_close then check_realized(folder .. "/trades.csv", run, what) end
  check_account(equity, run, futures, what)
end

function TestBacktrader.test_random_orders()
  local folder = support.folder()
  local bars = folder .. "/bars.csv"
  local reference = json.decode(support.read("tests/vectors/peers/backtrader_orders.json"))
  local status, _, err = support.run("data", "synth", "--out", bars, "--bars", tostring(reference.bars), "--timeframe",
    "1d", "--seed", "7")
  lu.assertEquals(status, 0, err)
  lu.assertEquals(#reference.runs, 8)
  for _, run in ipairs(reference.runs) do
    lu.assertTrue(#run.fills > 100)
    check(folder, bars, reference.bars, run)
  end
end

function TestBacktrader.tearDown() support.cleanup() end

-- Exits through YAML: each key does what it says, on bars that were reckoned by hand, and mistakes are told.
local runner = require "run"
local support = require "support"

TestExits = {}

local STRATEGY = [[
return strategy {
  name = "once", help = "In from the first warm bar on.", params = { direction = 1, warm = 1 },
  features = function(p, x) return { mean = x.sma(x.close, p.warm) } end,
  signal = function(f, bar, p) return p.direction end,
}]]

local CONFIG = [[
data: {source: csv, path: %s/bars.csv, cache: false, timezone: America/New_York, quality: {price_jumps: off}}
symbols: [{symbol: TEST, tick_size: %s}]
strategies: [{type: once, params: {direction: %d, warm: %d}}]
portfolios:
  - name: main
    sizing: {type: fixed_quantity, quantity: 10}
    exits: %s
]]

-- Days from 2000-01-03; {open, high, low, close}.
local HILL = { 100, 100, { 100, 102, 99, 101 }, { 101, 106, 101, 105 }, { 105, 105, 103, 104 }, { 104, 104, 96, 97 },
  { 97, 98, 90, 92 } }

local function write(bars, step)
  local folder, lines = support.folder(), { "date,open,high,low,close" }
  for k, b in ipairs(bars) do
    local o, h, l, c = b, b, b, b
    if type(b) == "table" then o, h, l, c = unpack(b) end
    local stamp = step and os.date("!%Y-%m-%dT%H:%M:%S", 946897200 + k * step) or
      os.date("!%Y-%m-%d", 946857600 + (k - 1) * 86400)
    lines[k + 1] = ("%s,%.17g,%.17g,%.17g,%.17g"):format(stamp, o, h, l, c)
  end
  support.write(folder .. "/bars.csv", table.concat(lines, "\n") .. "\n")
  os.execute("mkdir " .. folder .. "/strategies")
  support.write(folder .. "/strategies/once.lua", STRATEGY)
  return folder
end

local function run(exits, options)
  options = options or {}
  local folder = write(options.bars or HILL, options.step)
  local file = support.write(folder .. "/run.yaml",
    CONFIG:format(folder, options.tick or 0, options.direction or 1, options.warm or 1, exits))
  local made, err, fault = runner.run(file, { db = false, trades = true })
  if not made then return nil, err, fault end
  return made.results[1].trades
end

local function leaves(exits, price, reason, options)
  local trades, err = run(exits, options)
  lu.assertEquals(err, nil)
  lu.assertEquals(#trades, 1, exits)
  lu.assertAlmostEquals(trades[1].exit_price, price, 1e-9, exits)
  lu.assertEquals(trades[1].exit_reason, reason, exits)
end

function TestExits.test_each_key()
  leaves("{stop: {pct: 3}}", 97, "stop_loss")
  leaves("{stop: {amount: 2, pct: 3}}", 98, "stop_loss")
  leaves("{target: {pct: 5}}", 105, "take_profit")
  leaves("{target: {amount: 4, pct: 5}}", 104, "take_profit")
  leaves("{stop: {amount: 2}, target: {r: 3}}", 106, "take_profit")
  leaves("{trailing: {amount: 4}}", 102, "trailing_stop")
  leaves("{trailing: {pct: 5}}", 106 * 0.95, "trailing_stop")
  leaves("{break_even: {after_pct: 5}}", 100, "break_even")
  leaves("{break_even: {after_pct: 5, offset_pct: 1}}", 101, "break_even")
  leaves("{stop: {amount: 5}, break_even: {after_r: 1.2}}", 100, "break_even")
  leaves("{time: {bars: 2}}", 101, "time")
end

function TestExits.test_atr_and_chandelier()
  local bars = { 100, { 100, 103, 100, 100 }, { 100, 103, 100, 100 }, { 100, 103, 100, 100 }, { 100, 103, 100, 103 },
    { 103, 120, 103, 120 }, { 120, 120, 90, 90 } }
  -- atr(1) is the true range of the last bar: 3 at the entry at 100 in bar 3, so 1.5 of it below are 95.5.
  leaves("{stop: {atr: 1.5}, atr_bars: 1}", 95.5, "atr_stop", { bars = bars, warm = 3 })
  -- After the bar up to 120, whose true range is 17.
  leaves("{chandelier: {atr: 1.2, bars: 1}}", 99.6, "chandelier", { bars = bars, warm = 3 })
  leaves("{trailing: {atr: 4}, atr_bars: 1}", 108, "trailing_stop", { bars = bars, warm = 3 })
end

function TestExits.test_a_ladder_closes_in_parts()
  local trades = assert(run "{stop: {amount: 2}, ladder: [{pct: 2, share_pct: 35}, {r: 2, share_pct: 45}]}")
  local found = {}
  for k, t in ipairs(trades) do found[k] = ("%g at %g by %s"):format(t.quantity, t.exit_price, t.exit_reason) end
  lu.assertEquals(found, { "3 at 102 by ladder", "4 at 104 by ladder", "3 at 98 by stop_loss" })
end

function TestExits.test_short_positions_and_ticks()
  local valley = { 100, 100, { 100, 101, 98, 99 }, { 99, 99, 94, 95 }, { 95, 97, 95, 96 }, { 96, 104, 96, 103 } }
  leaves("{trailing: {amount: 4}}", 98, "trailing_stop", { bars = valley, direction = -1 })
  -- Rounded away from the price: 4.3 above 94 is 98.3, at a tick of 0.25 98.5.
  leaves("{trailing: {amount: 4.3}}", 98.5, "trailing_stop", { bars = valley, direction = -1, tick = 0.25 })
  leaves("{break_even: {after_pct: 5, offset_pct: 0.6}}", 100.5, "break_even", { tick = 0.5 })
end

-- The data's zone is New York's: 2000-01-03T11:00:00 there is the first of these hours.
function TestExits.test_time_of_day()
  local trades = assert(run("{time: {at: \"14:00\"}}", { bars = { 1, 2, 3, 4, 5, 6, 7, 8 }, step = 3600 }))
  lu.assertEquals(#trades, 1)
  lu.assertEquals(trades[1].exit_reason, "time")
  lu.assertEquals(trades[1].exit_time, "2000-01-03T19:00:00Z")
end

function TestExits.test_mistakes_are_told()
  local function bad(exits, message)
    local trades, err, fault = run(exits)
    lu.assertNil(trades)
    lu.assertEquals(fault, "configuration")
    lu.assertStrContains(err, message)
  end
  bad("{stop: {}}", "portfolios[0].exits.stop: says nothing; give one of its keys")
  bad("{target: {r: 2}}", "exits.target.r: R is the distance of the stop, and there is none")
  bad("{break_even: {offset_pct: 1}}", "after_pct, after_atr or after_r says which gain moves the stop")
  bad("{break_even: {after_pct: 1, offset_pct: 2}}", "2 is not below after_pct (1)")
  bad("{ladder: [{share_pct: 50}]}", "ladder[0]: missing; a rung is at one of pct, atr and r")
  bad("{ladder: [{pct: 1, atr: 2, share_pct: 50}]}", "goes without pct: a rung is at one of pct, atr and r")
  bad("{ladder: [{pct: 2, share_pct: 50}, {pct: 1, share_pct: 50}]}", "1 is not beyond the rung before it (2)")
  bad("{ladder: [{pct: 1, share_pct: 60}, {pct: 2, share_pct: 60}]}", "the rungs close 120 percent together")
  bad("{time: {at: 25:00}}", "'25:00' is no time of day; expected 15:45 or 15:45:30")
  bad("{time: {bars: 2}}\nexecution: {compat: backtesting.py}", "exits: goes without execution.compat: backtesting.py")
  bad("{stopp: {pct: 1}}", "unknown key, did you mean 'stop'?")
end

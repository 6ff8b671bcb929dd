-- Results grouped by regime: against sums in Lua, in any chunks, and as a replay in lanes gives them.
local ffi = require "ffi"
local lu = require "luaunit"
local abi = require "abi"
local regimes = require "regime_stats"
local replay = require "replay"
local C = abi.C

TestRegimeStats = {}

local MINUTE = 60000000000LL
local NAMES = { "calm", "wild" }

local state
local function unit()
  state = (state * 16807) % 2147483647
  return state / 2147483647
end

local function make_bars(n)
  state = 11
  local ts, p = ffi.new("int64_t[?]", n), ffi.new("double[?]", n)
  local price = 100
  for i = 0, n - 1 do
    price = price * (1 + (unit() - 0.5) * 0.01)
    ts[i], p[i] = i * MINUTE, price
  end
  return ffi.gc(C.pln_bars_from_arrays("X", "1m", n, ts, p, p, p, p, nil), C.pln_bars_free)
end

-- A change every 37 bars, known when the bar becomes visible.
local function make_changes(n)
  local list = {}
  for i = 20, n - 1, 37 do list[#list + 1] = { ts_ns = (i + 1) * MINUTE, index = #list % #NAMES + 1 } end
  return list
end

-- The regime that was known before a bar, by hand.
local function regime_before(changes, bar)
  local regime = 0
  for _, change in ipairs(changes) do
    if change.ts_ns <= bar * MINUTE then regime = change.index end
  end
  return regime
end

local function near(a, b) lu.assertTrue(math.abs(a - b) <= 1e-12 * math.max(1, math.abs(a)), ("%g %g"):format(a, b)) end

local function check(figures, equity, n, changes, capital, first_bar)
  local bars, sum, squares, growth, last = {}, {}, {}, {}, capital
  for k = 0, #NAMES do bars[k], sum[k], squares[k], growth[k] = 0, 0, 0, 1 end
  for i = 0, n - 1 do
    local k, change = regime_before(changes, first_bar + i), equity[i] / last - 1
    bars[k], sum[k], squares[k] = bars[k] + 1, sum[k] + change, squares[k] + change * change
    growth[k], last = growth[k] * (1 + change), equity[i]
  end
  for k = 0, #NAMES do
    lu.assertEquals(figures[k].bars, bars[k])
    near(figures[k].sum, sum[k])
    near(figures[k].squares, squares[k])
    near(figures[k].growth, growth[k])
    near(figures[k].mean, sum[k] / bars[k])
    near(figures[k].deviation, math.sqrt((squares[k] - sum[k] * sum[k] / bars[k]) / (bars[k] - 1)))
  end
  lu.assertEquals(figures[0].name, "none")
  lu.assertEquals(figures[2].name, "wild")
end

local function same(a, b)
  for k = 0, #NAMES do
    for name, value in pairs(a[k]) do lu.assertTrue(b[k][name] == value, name) end
  end
end

function TestRegimeStats.test_sums_by_regime_in_any_chunks()
  local n, first_bar = 600, 10
  local bars, changes = make_bars(n), make_changes(n)
  local in_force = regimes.of_changes(bars, changes)
  for i = 0, n - 2 do lu.assertEquals(in_force.values[i], regime_before(changes, i + 1)) end
  local equity, rows = ffi.new("double[?]", n), n - first_bar
  local value = 10000
  for i = 0, rows - 1 do
    value = i % 9 < 4 and value or value * (1 + (unit() - 0.5) * 0.02)
    equity[i] = value
  end
  local function run(chunk)
    local made = assert(regimes.new { regimes = in_force, names = NAMES, first_bar = first_bar, capital = 10000 })
    for at = 0, rows - 1, chunk do assert(made:add_rows(equity + at, math.min(chunk, rows - at))) end
    return made:figures()
  end
  local whole = run(rows)
  check(whole, equity, rows, changes, 10000, first_bar)
  for _, chunk in ipairs { 1, 7, 64 } do same(whole, run(chunk)) end
end

function TestRegimeStats.test_of_a_replay()
  local n = 5000
  local bars, changes = make_bars(n), make_changes(n)
  local in_force = regimes.of_changes(bars, changes)
  local r = assert(replay.new(bars))
  local signals, direction = {}, 0
  for i = 0, n - 1, 23 do
    direction = (direction + 2) % 3 - 1
    signals[#signals + 1] = { ts_ns = (i + 1) * MINUTE, direction = direction }
  end
  local list = assert(r:signals(signals))
  local made = {}
  for k, stats in ipairs { "sweep", false } do
    made[k] = assert(regimes.new { regimes = in_force, names = NAMES, capital = 10000 })
    assert(r:add({ signals = list, regimes = made[k], stats = stats, rows = k == 2, trades = k == 2,
      portfolio = { allow_short = 1 }, execution = { slippage_bps = 1 } }))
  end
  assert(r:finish())
  local result = assert(r:result(2))
  local figures = made[2]:figures()
  check(figures, result.rows.equity, n, changes, 10000, 0)
  same(figures, made[1]:figures())
  local trades, wins, pnl = {}, {}, {}
  for k = 0, #NAMES do trades[k], wins[k], pnl[k] = 0, 0, 0 end
  for i = 0, result.n_trades - 1 do
    local t = result.trades[i]
    local k = regime_before(changes, tonumber(t.entry_bar))
    trades[k], wins[k], pnl[k] = trades[k] + 1, wins[k] + (t.pnl > 0 and 1 or 0), pnl[k] + t.pnl
  end
  for k = 0, #NAMES do
    lu.assertEquals(figures[k].trades, trades[k])
    lu.assertEquals(figures[k].wins, wins[k])
    lu.assertTrue(math.abs(figures[k].pnl - pnl[k]) < 1e-6)
  end
  lu.assertTrue(trades[1] > 20 and trades[2] > 20)
end

function TestRegimeStats.test_misuse()
  local bars = make_bars(10)
  local in_force = regimes.of_changes(bars, { { ts_ns = MINUTE, index = 3 } })
  local made, message = regimes.new { regimes = in_force, names = NAMES, capital = 1 }
  lu.assertNil(made)
  lu.assertStrContains(message, "bar 0 is of regime 3, expected 0 to 2")
  in_force = regimes.of_changes(bars, {})
  made, message = regimes.new { regimes = in_force, names = NAMES, capital = 0 }
  lu.assertNil(made)
  lu.assertStrContains(message, "capital")
  made = assert(regimes.new { regimes = in_force, names = NAMES, capital = 1 })
  local ok
  ok, message = made:add_rows(ffi.new("double[11]"), 11)
  lu.assertNil(ok)
  lu.assertStrContains(message, "11 rows from bar 0 on, of 10 bars")
end

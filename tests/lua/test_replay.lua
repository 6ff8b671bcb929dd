--- The binding of the replay, beside the container on the same signals.
local ffi = require "ffi"
local lu = require "luaunit"
local abi = require "abi"
local replay = require "replay"
local C = abi.C

TestReplay = {}

local MINUTE = 60000000000LL

local function make_bars(n)
  local ts = ffi.new("int64_t[?]", n)
  local o, h, l, c = ffi.new("double[?]", n), ffi.new("double[?]", n), ffi.new("double[?]", n), ffi.new("double[?]", n)
  local price, state = 100, 7
  local function unit()
    state = (state * 16807) % 2147483647
    return state / 2147483647
  end
  for i = 0, n - 1 do
    ts[i] = i * MINUTE
    o[i] = price
    price = price * (1 + (unit() - 0.5) * 0.01)
    c[i] = price
    h[i] = math.max(o[i], price) * (1 + unit() * 0.003)
    l[i] = math.min(o[i], price) * (1 - unit() * 0.003)
  end
  local bars = C.pln_bars_from_arrays("X", "1m", n, ts, o, h, l, c, nil)
  lu.assertTrue(bars ~= nil)
  return ffi.gc(bars, C.pln_bars_free)
end

local function make_signals(n, every)
  local list, direction = {}, 0
  for i = 0, n - 1, every do
    direction = (direction + 2) % 3 - 1
    list[#list + 1] = { ts_ns = (i + 1) * MINUTE, direction = direction }
  end
  return list
end

local function run(bars, signals, stop_pct)
  local exec = ffi.gc(C.pln_exec_new(ffi.new("pln_exec_config", { slippage_bps = 2 })), C.pln_exec_free)
  local config = ffi.new("pln_portfolio_config", { capital = 10000, leverage = 1, allow_short = 1,
    sizing = { type = C.PLN_SIZE_PERCENT_OF_EQUITY, value = 90 }, risk = { stop_loss_pct = stop_pct } })
  local portfolio = ffi.gc(C.pln_portfolio_new(config, 1), C.pln_portfolio_free)
  abi.must(C.pln_exec_add_instrument(exec, bars, ffi.new("pln_instrument", { lot_size = 1, multiplier = 1 })))
  abi.must(C.pln_exec_add_portfolio(exec, portfolio))
  abi.must(C.pln_exec_add_source(exec, 0, 0, 1))
  for _, s in ipairs(signals) do
    local one = ffi.new("pln_signal", { ts_ns = s.ts_ns, direction = s.direction, strength = 1 })
    abi.must(C.pln_exec_push_signals(exec, 0, one, 1))
  end
  lu.assertEquals(C.pln_exec_run(exec, abi.INT64_MAX), tonumber(C.PLN_EXEC_DONE))
  abi.must(C.pln_exec_finish(exec))
  local trades = ffi.new "const pln_trade *[1]"
  local n = tonumber(C.pln_portfolio_trades(portfolio, trades))
  local list = {}
  for i = 0, n - 1 do list[i] = { pnl = trades[0][i].pnl, exit = tonumber(trades[0][i].exit_bar) } end
  local account = C.pln_portfolio_account(portfolio)
  return { equity = account.equity, fees = account.slippage_cost, n = n, trades = list }
end

function TestReplay.test_a_sweep_of_stops_is_what_containers_give()
  local n = 3000
  local bars, signals = make_bars(n), make_signals(n, 37)
  local r = assert(replay.new(bars))
  local list = assert(r:signals(signals))
  local stops = { 0, 0.2, 0.5, 1, 3 }
  for k, stop in ipairs(stops) do
    lu.assertEquals(r:add({ signals = list, execution = { slippage_bps = 2 }, trades = true, stats = true, rows = true,
      periods = true, portfolio = { allow_short = 1, sizing = { type = C.PLN_SIZE_PERCENT_OF_EQUITY, value = 90 },
        risk = { stop_loss_pct = stop } } }), k)
  end
  assert(r:run(1000 * MINUTE))
  assert(r:finish())
  for k, stop in ipairs(stops) do
    local expected, found = run(bars, signals, stop), assert(r:result(k))
    lu.assertEquals(found.account.equity, expected.equity)
    lu.assertEquals(found.account.slippage_cost, expected.fees)
    lu.assertEquals(found.n_trades, expected.n)
    lu.assertTrue(expected.n > 40)
    for i = 0, expected.n - 1 do
      lu.assertEquals(found.trades[i].pnl, expected.trades[i].pnl)
      lu.assertEquals(tonumber(found.trades[i].exit_bar), expected.trades[i].exit)
    end
    lu.assertEquals(found.rows.equity[n - 1], expected.equity)
    lu.assertEquals(found.periods[r.n_periods - 1], expected.equity)
    lu.assertEquals(found.metrics.equity_final, expected.equity)
    lu.assertEquals(found.metrics.max_drawdown_pct, 0 - found.max_drawdown * 100)
    lu.assertEquals(found.metrics.trades, expected.n)
    lu.assertEquals(found.n_rows, n)
    lu.assertTrue(found.n_visited < n / 3)
  end
end

function TestReplay.test_what_is_refused()
  local bars = make_bars(50)
  local r = assert(replay.new(bars))
  local ok, message = r:check({ portfolio = { rebalance = 1 } })
  lu.assertNil(ok)
  lu.assertStrContains(message, "rebalancing")
  lu.assertTrue(r:check({}))
  ok, message = r:add({ signals = 3 })
  lu.assertNil(ok)
  lu.assertStrContains(message, "does not exist")
  local list = assert(r:signals())
  ok, message = r:push(list, { { ts_ns = MINUTE, direction = 5 } })
  lu.assertNil(ok)
  lu.assertStrContains(message, "direction 5")
  ok, message = replay.new(bars, { instrument = { lot_size = -1 } })
  lu.assertNil(ok)
  lu.assertStrContains(message, "lot_size")
  -- Long, flat and long again before the next bar: more is added to what is held.
  r = assert(replay.new(bars, { instrument = { lot_size = 0.001 } }))
  list = assert(r:signals({ { ts_ns = MINUTE, direction = 1 }, { ts_ns = 5 * MINUTE, direction = 0 },
    { ts_ns = 5 * MINUTE + 1, direction = 1 } }))
  local sizing = { type = C.PLN_SIZE_PERCENT_OF_EQUITY, value = 50 }
  local id = assert(r:add({ signals = list, portfolio = { sizing = sizing } }))
  assert(r:finish())
  ok, message = r:result(id)
  lu.assertNil(ok)
  lu.assertStrContains(message, "container")
end

-- Law 2 by its own topologies: signal_generation, then signal_replay, against full_backtest; with classifiers, several
-- timeframes, symbols that begin and end at different times, and windows.
local abi = require "abi"
local captured = require "captured"
local engine = require "engine"
local market = require "market"
local plans = require "plan"
local store = require "store"
local support = require "support"
local topology = require "topology"
local C = abi.C

TestReplayLaw = {}

function TestReplayLaw.tearDown() support.cleanup() end

local FIXTURES = engine.fixtures
local ROWS = 1200

local function equities()
  local all, common = market.equities(3, 5000), {}
  local from = all[2].ts_ns[0]
  for k, bars in ipairs(all) do
    local first = tonumber(C.pln_bars_lower_bound(bars, from))
    common[k] = engine.filter(bars, function(i) return i >= first and i < first + ROWS end)
  end
  return common
end

-- The second symbol has holes, the third begins late and ends early.
local function uneven()
  local bases, lists = equities(), {}
  for k, keep in ipairs {
    function() return true end, function(i) return i % 7 < 5 end, function(i) return i > 200 and i < 1000 end,
  } do
    local bars = engine.filter(bases[k], keep)
    lists[k] = { bars, engine.resample(bars, "5m", "America/Chicago"), engine.resample(bars, "1h", "America/Chicago") }
  end
  return lists
end

local function mixed()
  return {
    strategies = {
      { file = FIXTURES .. "gated.lua", id = "gated", classifier = "trend", timeframe = "5m" },
      { type = "momentum", id = "minutes", timeframe = "1m", params = { fast = 5, slow = 20 } },
      { type = "rsi", id = "hours", timeframe = "1h" },
      { type = "rotation", id = "rotation", timeframe = "5m",
        params = { lookback = 6, top = 2, rebalance = 3, floor_pct = -5 } },
    },
    classifiers = {
      { type = "trend", id = "trend", timeframe = "5m", params = { fast = 5, slow = 15 } },
      { type = "volatility", id = "volatility", timeframe = "1m", params = { short = 5, long = 20 } },
    },
    portfolios = {
      { name = "all", capital = 100000, leverage = 4, rebalance = true,
        sizing = { type = "volatility_target", percent = 20, max_pct = 60 },
        exits = { stop = { atr = 3 }, target = { r = 2 } } },
      { name = "late", capital = 50000, strategies = { "hours", "gated" },
        sizing = { type = "percent_of_equity", percent = 30, size_at = "fill" },
        risk = { stop_loss_pct = 0.2, take_profit_pct = 0.4, trailing_stop_pct = 0.3 } },
    },
    execution = { fill = "next_open", commission_pct = 0.01, commission_per_order = 0.3, slippage_bps = 1 },
    seed = 7,
  }
end

-- What strategies emit in a window, by the topology that stops there.
local function generate(plan, writer)
  local made = writer or captured.memory()
  local own = plans.in_window(plan, plan.window, {
    capture = made, regime = function() end, record = function() end, log = function() end,
  })
  local phase = assert(topology.build(topology.topologies.signal_generation, { own }))
  assert(phase:run())
  phase:free()
  return made
end

local function windows(bars)
  local function time(row) return bars.ts_ns[row] end
  return {
    { role = "full", from_ns = abi.INT64_MIN, until_ns = abi.INT64_MAX },
    { role = "test", from_ns = time(500) + 30000000000LL, until_ns = time(1050) + 1000000000LL },
    { role = "test", from_ns = time(0), until_ns = time(700) },
    { role = "test", from_ns = time(300), until_ns = time(900), start_ns = time(640) },
  }
end

function TestReplayLaw.test_generation_then_replay_is_the_full_backtest()
  local bars = uneven()
  for chunk, chunk_rows in ipairs { 4096, 50 } do
    local base = engine.plan_config(mixed(), bars, { chunk_rows = chunk_rows })
    local replays, fulls = {}, {}
    for k, window in ipairs(windows(bars[1][1])) do
      local plan = plans.in_window(base, window)
      fulls[k] = engine.execute(plans.in_window(base, window))
      lu.assertTrue(#fulls[k].fills > 20 and #fulls[k].regimes > 4, "window " .. k)
      replays[k] = plans.in_window(base, window)
      replays[k].signals = generate(plan)
    end
    for k, again in ipairs(engine.execute_all(replays)) do
      again.records = fulls[k].records -- the strategies' own, which did not run
      engine.assert_equal(fulls[k], again, ("window %d, chunks %d"):format(k, chunk))
    end
  end
end

--- The same by way of the database: the codec, and one list for all combos that have it.
function TestReplayLaw.test_by_way_of_the_store()
  local bars = uneven()
  local base = engine.plan_config(mixed(), bars, { chunk_rows = 100 })
  local db = assert(store.open(support.folder() .. "/signals.db"))
  local list = windows(bars[1][1])
  for round = 1, 2 do -- two phases of one name
    local run = assert(db:begin_run { workflow = "signal_generation", data_hash = "d" })
    local phase = assert(run:phase { name = "signals", topology = "signal_generation",
      hash = ("%032x"):format(round), n_combos = 1, n_windows = #list })
    for k, window in ipairs(list) do
      window.number = k
      assert(phase:add_window(window))
      local result = assert(phase:add_result { window = k, number = 7, combo = "c0007", portfolio = "", params = {},
        symbols = { "SPY", "QQQ", "IWM" } })
      generate(plans.in_window(base, window), captured.to_store(result))
      assert(result:close())
    end
    assert(phase:finish "finished")
    assert(run:finish { status = "finished" })
    for k, window in ipairs(list) do
      local reader = captured.from_store(db, phase.content, k, 7)
      lu.assertIs(captured.from_store(db, phase.content, k, 7), reader)
      local full = engine.execute(plans.in_window(base, window))
      local replay = plans.in_window(base, window)
      replay.signals = reader
      local again = engine.execute(replay)
      lu.assertTrue(#again.fills > 20 and #again.regimes > 4)
      again.records = full.records
      engine.assert_equal(full, again, ("window %d, phase %d"):format(k, round))
    end
  end
  db:close()
end

--- Strategies without a memory: what was captured in all of the data is cut to the windows.
function TestReplayLaw.test_a_longer_capture_is_cut()
  local configuration = mixed()
  configuration.strategies = {
    { type = "momentum", id = "minutes", timeframe = "1m", params = { fast = 5, slow = 20 } },
    { type = "momentum", id = "gated", timeframe = "5m", params = { fast = 3, slow = 8 } },
    { type = "momentum", id = "hours", timeframe = "1h", params = { fast = 2, slow = 4 } },
  }
  local bars = uneven()
  local base = engine.plan_config(configuration, bars, {})
  local whole = generate(base)
  for k, window in ipairs(windows(bars[1][1])) do
    local full = engine.execute(plans.in_window(base, window))
    local replay = plans.in_window(base, window)
    replay.signals = whole
    local again = engine.execute(replay)
    again.records = full.records
    engine.assert_equal(full, again, "window " .. k)
  end
end

--- Each change has the regime that its strategy's classifier, or else the first, gave for the last bar seen.
function TestReplayLaw.test_the_regime_in_force()
  local bars = uneven()
  local plan = engine.plan_config(mixed(), bars, { chunk_rows = 100 })
  local made = generate(plan)
  local changes = made:regimes("trend:SPY_5m")
  lu.assertTrue(#changes > 5)
  local n_seen = 0
  for _, source in ipairs { "gated:SPY_5m", "minutes:SPY_1m" } do
    local list, n, regimes = made:read(source, "SPY")
    lu.assertTrue(n > 5, source)
    for j = 0, n - 1 do
      local expected = 0
      for _, change in ipairs(changes) do
        if change.ts_ns <= list[j].ts_ns then expected = change.index end
      end
      lu.assertEquals(regimes[j], expected, source)
      n_seen = n_seen + (expected > 0 and 1 or 0)
    end
  end
  lu.assertTrue(n_seen > 10)
end

function TestReplayLaw.test_what_places_orders_is_refused()
  local configuration = mixed()
  table.insert(configuration.strategies, { file = FIXTURES .. "restless.lua", id = "restless" })
  local plan = engine.plan_config(configuration, uneven(), {})
  plan.signals, plan.sinks = captured.memory(), { capture = captured.memory() }
  for _, name in ipairs { "signal_generation", "signal_replay" } do
    local phase, err = topology.build(topology.topologies[name], { plan })
    lu.assertNil(phase)
    lu.assertStrContains(err, "strategy 'restless' (")
    lu.assertStrContains(err, "restless.lua) places its own orders")
    lu.assertStrContains(err, name .. " cannot run it; run it with full_backtest, or leave it out")
  end
end

--- A replay has no hub: its memory and its slices do not know of features.
function TestReplayLaw.test_a_replay_computes_no_features()
  local bars = uneven()
  local plan = engine.plan_config(mixed(), bars, { chunk_rows = 100 })
  plan.signals = generate(plan)
  local slices, rows = 0, 0
  engine.execute_all({ plan }, function(phase)
    lu.assertNil(phase.hub)
    return function(n) slices, rows = slices + 1, n end
  end)
  local total = 0
  for _, list in ipairs(bars) do total = total + tonumber(list[1].n_bars) end
  lu.assertEquals(rows, total)
  lu.assertTrue(slices >= total / 3 / 100 and slices < 40, tostring(slices))
end

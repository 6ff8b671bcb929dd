-- Nothing leaks from phase to phase: containers are made at a phase's start and destroyed at its end. Neither memory,
-- of Lua and of the core, nor any state of a strategy, a classifier, an account or chance outlives them.
local abi = require "abi"
local captured = require "captured"
local engine = require "engine"
local market = require "market"
local plans = require "plan"
local topology = require "topology"
local C = abi.C

TestPhases = {}

local FIXTURES = engine.fixtures
local ROWS = 600

local function equities()
  local all, common = market.equities(2, 5000), {}
  local from = all[2].ts_ns[0]
  for k, bars in ipairs(all) do
    local first = tonumber(C.pln_bars_lower_bound(bars, from))
    local own = engine.filter(bars, function(i) return i >= first and i < first + ROWS end)
    common[k] = { own, engine.resample(own, "5m", "America/Chicago"), engine.resample(own, "1h", "America/Chicago") }
  end
  return common
end

-- State, chance, classifiers, several symbols, matrices of features, orders, a rule, combined signals, a filter.
local function mixed(seed)
  return {
    strategies = {
      { file = FIXTURES .. "gated.lua", id = "gated", classifier = "trend", timeframe = "5m" },
      { file = FIXTURES .. "restless.lua", id = "restless", classifier = "trend", timeframe = "5m" },
      { type = "pairs", id = "pairs", timeframe = "1m", params = { period = 30, entry = 1.5 } },
      { type = "rsi", id = "rsi", timeframe = "1m" },
      { type = "sma_cross", id = "rule", timeframe = "1m" },
    },
    classifiers = { { type = "trend", id = "trend", timeframe = "5m", params = { fast = 5, slow = 15 } } },
    portfolios = {
      { name = "all", capital = 100000, leverage = 4, rebalance = true,
        sizing = { type = "percent_of_equity", percent = 60 }, exits = { stop = { atr = 2 } },
        risk = { max_drawdown_pct = 20, rules = { { type = "loss_streak", trades = 4, pause_bars = 30 } } } },
      { name = "combined", capital = 50000, strategies = { "rsi", "rule" },
        combine = { weights = { rsi = 0.6, rule = 0.4 } } },
    },
    execution = { fill = "next_open", commission_pct = 0.01, slippage_bps = 1 },
    topology = { insert = { { file = FIXTURES .. "damped.lua" } } },
    seed = seed,
  }
end

local function windows(bars)
  return {
    { role = "full", from_ns = abi.INT64_MIN, until_ns = abi.INT64_MAX },
    { role = "train", from_ns = bars.ts_ns[0], until_ns = bars.ts_ns[300] },
    { role = "test", from_ns = bars.ts_ns[300], until_ns = bars.ts_ns[450] },
  }
end

-- A plan in its windows, once through each topology that takes it.
local function all_phases(base, signal_plan, list)
  local parts = {}
  for k, window in ipairs(list) do parts[k] = plans.in_window(base, window) end
  local fulls = engine.execute_all(parts)
  local made = captured.memory()
  local ignore = function() end
  local phase = assert(topology.build(topology.topologies.signal_generation, { plans.in_window(signal_plan, list[1],
    { capture = made, regime = ignore, record = ignore, log = ignore }) }))
  assert(phase:run())
  phase:free()
  local replay = plans.in_window(signal_plan, list[1])
  replay.signals = made
  fulls[#fulls + 1] = engine.execute(replay)
  return fulls
end

local function set_up()
  local bars = equities()
  local base = engine.plan_config(mixed(7), bars, {})
  local configuration = mixed(7)
  table.remove(configuration.strategies, 2) -- signals only
  return bars, base, engine.plan_config(configuration, bars, {}), windows(bars[1][1])
end

local function settle()
  collectgarbage()
  collectgarbage()
end

function TestPhases.test_memory()
  if (os.getenv "PLN_TEST_SANITIZE" or "") ~= "" then lu.skip("sanitizers keep freed memory") end
  local _, base, signal_plan, list = set_up()
  jit.off() -- traces come and go
  jit.flush()
  local ok, err = pcall(function()
    for _ = 1, 4 do all_phases(base, signal_plan, list) end -- types and loops are made once
    settle()
    local lua, all = tonumber(C.pln_host_memory_used()), tonumber(C.pln_host_malloc_used())
    for _ = 1, 25 do all_phases(base, signal_plan, list) end -- 75 phases, 125 parts
    settle()
    local lua_more = tonumber(C.pln_host_memory_used()) - lua
    local all_more = tonumber(C.pln_host_malloc_used()) - all
    lu.assertTrue(lua > 0, "Lua's memory is counted")
    lu.assertTrue(lua_more < 20000, ("%d bytes more of Lua memory after 75 phases"):format(lua_more))
    lu.assertTrue(all_more < 60000, ("%d bytes more of all memory after 75 phases"):format(all_more))
  end)
  jit.on()
  if not ok then error(err, 0) end
end

--- A phase alone gives what it gives behind fifty others.
function TestPhases.test_state()
  local bars, base, signal_plan, list = set_up()
  local alone = all_phases(base, signal_plan, list)
  lu.assertTrue(#alone[1].fills > 50 and #alone[1].records > 5 and #alone[4].fills > 20)
  for seed = 1, 10 do
    local configuration = mixed(seed)
    configuration.execution.fill = seed % 2 == 0 and "this_close" or "next_open"
    local other = engine.plan_config(configuration, bars, { chunk_rows = 10 + seed })
    for k = 1, 5 do
      local window = list[k % #list + 1]
      local phase = engine.execute(plans.in_window(other, window))
      lu.assertTrue(#phase.equity > 0)
    end
  end
  local again = all_phases(base, signal_plan, list)
  for k in ipairs(alone) do engine.assert_equal(alone[k], again[k], "phase " .. k) end
end

--- A phase that stops in its midst, or is never run, leaves nothing either.
function TestPhases.test_phases_that_do_not_end()
  local _, base, signal_plan, list = set_up()
  local alone = all_phases(base, signal_plan, list)
  local ignore = function() end
  local sink = setmetatable({}, { __index = function() return ignore end })
  for round = 1, 20 do
    local parts = {}
    for k, window in ipairs(list) do
      parts[k] = plans.in_window(base, window,
        { portfolio = function() return sink end, record = ignore, log = ignore, regime = ignore })
    end
    parts[1].engine = { chunk_rows = 32, loop_budget = 1e6 }
    local phase = assert(topology.build(topology.topologies.full_backtest, parts))
    if round % 2 == 0 then
      local slices = 0
      local ok, err = phase:run(function()
        slices = slices + 1
        return slices < round / 2
      end)
      lu.assertNil(ok)
      lu.assertEquals(err, "interrupted")
    end
    phase:free()
    for _, part in ipairs(phase.parts) do lu.assertEquals(part.state, "done") end
  end
  local again = all_phases(base, signal_plan, list)
  for k in ipairs(alone) do engine.assert_equal(alone[k], again[k], "phase " .. k) end
end

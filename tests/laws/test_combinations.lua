-- Laws 3 and 6 where parts meet: several timeframes, symbols with gaps, of different length and of different finest
-- timeframes, classifiers, windows, several portfolios sharing strategies, signals and orders side by side.
local engine = require "engine"
local market = require "market"
local plans = require "plan"
local topology = require "topology"
local abi = require "abi"
local C = abi.C

TestCombinations = {}

local FIXTURES = engine.fixtures
local CHUNKS, FEW = { 1, 2, 3, 7, 64, 4096 }, { 1, 7, 64 }
local ROWS = 1200 -- three days
local ZONE = "America/Chicago"

-- Three equities over the same days; not all of the data begin on the same one.
local common
local function equities()
  if common then return common end
  local all = market.equities(3, 5000)
  local from = all[2].ts_ns[0]
  common = {}
  for k, bars in ipairs(all) do
    local first = tonumber(C.pln_bars_lower_bound(bars, from))
    common[k] = engine.filter(bars, function(i) return i >= first and i < first + ROWS end)
  end
  return common
end

local function at(bars, timeframes)
  local list = {}
  for k, timeframe in ipairs(timeframes) do
    list[k] = timeframe == "1m" and bars or engine.resample(bars, timeframe, ZONE)
  end
  return list
end

-- Three symbols: minutes are missing, the second one's data begin late, the third's end early and are coarser.
local function uneven(bases)
  local first = engine.filter(bases[1], function(i) return i % 11 ~= 5 and not (i > 300 and i < 340) end)
  local second = engine.filter(bases[2], function(i) return i >= 300 and i % 13 ~= 2 end)
  local third = engine.filter(bases[3], function(i) return i < 1000 and i % 17 ~= 1 end)
  return { at(first, { "5m", "1m", "1h" }), at(second, { "1m", "5m", "1h" }), at(third, { "5m", "1h", "1d" }) }
end

local function one_symbol(order)
  return function(bases) return { at(bases[1], order) } end
end

local function mixed(symbols)
  return {
    strategies = {
      { file = FIXTURES .. "gated.lua", id = "gated", timeframe = "5m", classifier = "trend" },
      { file = FIXTURES .. "restless.lua", id = "restless", timeframe = "5m" },
      { type = "sma_cross", id = "hours", timeframe = "1h", params = { fast = 2, slow = 3 } },
      { file = FIXTURES .. "gated.lua", id = "minutes", timeframe = "1m", symbols = { symbols[1] },
        classifier = "volatility", params = { fast = 5, slow = 40 } },
      { file = FIXTURES .. "restless.lua", id = "quick", timeframe = "1m", symbols = { symbols[1] } },
    },
    classifiers = {
      { type = "trend", id = "trend", timeframe = "5m", params = { fast = 5, slow = 15 } },
      { type = "volatility", id = "volatility", timeframe = "1m", symbols = { symbols[1] },
        params = { short = 5, long = 20 } },
    },
    portfolios = {
      { name = "all", capital = 100000, leverage = 4, rebalance = true,
        sizing = { type = "percent_of_equity", percent = 60 },
        weights = { gated = 0.5, hours = 0.25, minutes = 0.25 },
        strategies = { "gated", "restless", "hours", "minutes", "quick" } },
      { name = "signals", capital = 50000, strategies = { "hours", "gated" },
        sizing = { type = "percent_of_equity", percent = 30, size_at = "fill" },
        risk = { stop_loss_pct = 0.2, take_profit_pct = 0.4, trailing_stop_pct = 0.3 } },
      { name = "orders", capital = 70000, strategies = { "quick", "restless" }, leverage = 2 },
    },
    execution = { fill = "next_open", commission_pct = 0.01, commission_per_order = 0.3, slippage_bps = 1,
      spread_bps = 1, finalize_trades = true },
    seed = 7,
  }
end

local function rotating()
  return {
    strategies = {
      { type = "rotation", timeframe = "5m", params = { lookback = 6, top = 2, rebalance = 3, floor_pct = -5 } },
      { type = "buy_and_hold", id = "hold", timeframe = "1h" },
      { file = FIXTURES .. "restless.lua", id = "restless", timeframe = "1h" },
    },
    portfolios = {
      { name = "rotation", capital = 100000, strategies = { "rotation" }, leverage = 2,
        sizing = { type = "percent_of_equity", percent = 40 }, risk = { max_exposure_pct = 90, stop_loss_pct = 0.3 } },
      { name = "both", capital = 100000, strategies = { "hold", "rotation", "restless" }, leverage = 2,
        sizing = { type = "percent_of_equity", percent = 30 }, risk = { max_drawdown_pct = 3 } },
    },
    execution = { fill = "next_open", commission_pct = 0.01, finalize_trades = true },
    seed = 3,
  }
end

local ALL = { "SPY", "QQQ", "IWM" }
local CASES = {
  { name = "1m first", bars = one_symbol { "1m", "5m", "1h", "1d" }, config = function() return mixed { "SPY" } end },
  { name = "5m first", bars = one_symbol { "5m", "1d", "1m", "1h" }, config = function() return mixed { "SPY" } end },
  { name = "uneven symbols", bars = uneven, config = function() return mixed(ALL) end },
  { name = "rotation", bars = uneven, config = rotating },
}

local function run(case, bars, options)
  local configuration = case.config()
  configuration.execution.fill = options.fill or "next_open"
  if options.finalize == false then configuration.execution.finalize_trades = false end
  return engine.run_config(configuration, bars, options)
end

local function check_chunks(options)
  local bases = equities()
  if options.window then
    options.from_ns, options.until_ns = bases[1].ts_ns[600] + 30000000000LL, bases[1].ts_ns[1050] + 1000000000LL
  end
  for _, case in ipairs(CASES) do
    local bars = case.bars(bases)
    options.chunk_rows = 65536
    local whole = run(case, bars, options)
    lu.assertTrue(#whole.fills > 5, case.name .. " traded")
    lu.assertTrue(#whole.records > 20, case.name .. " recorded")
    for _, chunk in ipairs(options.jit and CHUNKS or FEW) do
      options.chunk_rows = chunk
      engine.assert_equal(whole, run(case, bars, options), ("%s in chunks of %d"):format(case.name, chunk))
    end
    if options.jit then
      jit.off()
      jit.flush()
      local ok, interpreted = pcall(run, case, bars, options)
      jit.on()
      lu.assertTrue(ok, tostring(interpreted))
      engine.assert_equal(whole, interpreted, case.name .. " with the JIT off")
    end
  end
end

function TestCombinations.test_any_chunk_size() check_chunks { jit = true } end
function TestCombinations.test_any_chunk_size_at_this_close() check_chunks { fill = "this_close" } end
function TestCombinations.test_any_chunk_size_in_a_window() check_chunks { window = true } end

-- Windows that overlap, lie behind each other, lie within one day, have one bar, none, or all of them.
local function windows(bars)
  local function time(row) return bars.ts_ns[row] end
  return {
    { role = "test", from_ns = time(600) + 30000000000LL, until_ns = time(1050) + 1000000000LL },
    { role = "train", from_ns = time(0), until_ns = time(700) },
    { role = "test", from_ns = time(700), until_ns = time(1000) },
    { role = "full", from_ns = abi.INT64_MIN, until_ns = abi.INT64_MAX },
    { role = "test", from_ns = time(900), until_ns = abi.INT64_MAX },
    { role = "test", from_ns = time(901), until_ns = time(902) },
    { role = "test", from_ns = time(901), until_ns = time(901) + 1 },
    { role = "test", from_ns = time(0) - 10000000000LL, until_ns = time(0) },
    { role = "test", from_ns = time(500), until_ns = time(1150), start_ns = time(640) },
  }
end

--- Parts of one phase, one for each window, give what each gives in a phase of its own.
function TestCombinations.test_windows_of_one_phase()
  local bases = equities()
  for _, case in ipairs(CASES) do
    local bars = case.bars(bases)
    for _, chunk in ipairs { 64, 4096 } do
      local configuration = case.config()
      configuration.execution.finalize_trades = nil
      local plan = engine.plan_config(configuration, bars, { chunk_rows = chunk })
      local alone, list = {}, {}
      for k, window in ipairs(windows(bases[1])) do
        alone[k] = engine.execute(plans.in_window(plan, window))
        list[k] = plans.in_window(plan, window)
      end
      local together = engine.execute_all(list)
      for k in ipairs(list) do
        engine.assert_equal(alone[k], together[k], ("%s, window %d, chunks of %d"):format(case.name, k, chunk))
      end
      lu.assertTrue(#alone[1].fills > 5 and #alone[3].fills > 0 and #alone[4].fills > #alone[1].fills, case.name)
      lu.assertTrue(#alone[1].records > 0)
      lu.assertEquals(#alone[8].equity, 0)
      local started = engine.execute(plans.in_window(plan, {
        role = "test", from_ns = bases[1].ts_ns[640], until_ns = bases[1].ts_ns[1150],
      }))
      engine.assert_equal(started, alone[9], case.name .. " with a common start")
    end
  end
end

--- The common start is the bar from which on the slowest strategy ran.
function TestCombinations.test_common_start()
  local bases = equities()
  for _, case in ipairs(CASES) do
    local plan = engine.plan_config(case.config(), case.bars(bases), {})
    local ns = topology.warmup { plan }
    local whole = engine.execute(plan)
    local last = 0LL
    for _, strategy in ipairs(whole.warm) do
      if strategy > last then last = strategy end
    end
    lu.assertEquals(#whole.warm > 2, true)
    lu.assertEquals(tostring(ns), tostring(last), case.name)
  end
end

local function check_future(change)
  local bases = equities()
  for _, case in ipairs(CASES) do
    for _, fill in ipairs { "next_open", "this_close" } do
      local options = { fill = fill, chunk_rows = 100, finalize = false }
      local whole = run(case, case.bars(bases), options)
      for _, t in ipairs { 601, 1111 } do
        local t_ns = C.pln_bars_visible_ns(bases[1], t)
        local changed = {}
        for k = 1, 3 do changed[k] = change(bases[k], t_ns) end
        local other = run(case, case.bars(changed), options)
        engine.assert_equal(engine.decisions(whole, t_ns), engine.decisions(other, t_ns),
          ("%s, %s, future after minute %d changed"):format(case.name, fill, t))
      end
    end
  end
end

local function after(bars, t_ns)
  local row = 0
  while row < bars.n_bars and C.pln_bars_visible_ns(bars, row) <= t_ns do row = row + 1 end
  return row
end

function TestCombinations.test_truncated_future()
  check_future(function(bars, t_ns) return engine.copy(bars, after(bars, t_ns)) end)
end

function TestCombinations.test_scrambled_future()
  check_future(function(bars, t_ns)
    return engine.copy(bars, ROWS, after(bars, t_ns), function(i) return 0.7 + ((i * 7919) % 1000) / 1500 end)
  end)
end

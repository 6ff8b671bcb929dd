-- Laws 2, 3 and 6 with a component between strategies and executions, and what it does against a slow reckoning.
local abi = require "abi"
local captured = require "captured"
local engine = require "engine"
local market = require "market"
local plans = require "plan"
local support = require "support"
local topology = require "topology"
local C = abi.C

TestComponents = {}

function TestComponents.tearDown() support.cleanup() end

local FIXTURES = engine.fixtures
local DAMPED = FIXTURES .. "damped.lua"
local ROWS = 1200

local bases
local function equities()
  if bases then return bases end
  local all = market.equities(2, 5000)
  local from = all[2].ts_ns[0]
  bases = {}
  for k, bars in ipairs(all) do
    local first = tonumber(C.pln_bars_lower_bound(bars, from))
    bases[k] = engine.filter(bars, function(i) return i >= first and i < first + ROWS and (k == 1 or i % 7 < 5) end)
  end
  return bases
end

local function lists(bars)
  local made = {}
  for k, one in ipairs(bars) do
    made[k] = { one, engine.resample(one, "5m", "America/Chicago"), engine.resample(one, "1h", "America/Chicago") }
  end
  return made
end

local function mixed()
  return {
    strategies = {
      { file = FIXTURES .. "gated.lua", id = "gated", classifier = "trend", timeframe = "5m" },
      { type = "momentum", id = "minutes", timeframe = "1m", params = { fast = 5, slow = 20 } },
      { type = "pairs", id = "pairs", timeframe = "1m", params = { period = 30, entry = 1.5 } },
      { type = "sma_cross", id = "rule", timeframe = "1m" },
    },
    classifiers = { { type = "trend", id = "trend", timeframe = "5m", params = { fast = 5, slow = 15 } } },
    portfolios = {
      { name = "all", capital = 100000, leverage = 4, rebalance = true,
        sizing = { type = "percent_of_equity", percent = 60 }, risk = { stop_loss_pct = 0.4 } },
      { name = "combined", capital = 50000, strategies = { "minutes", "rule" },
        combine = { classifier = "trend", weights = { up = { minutes = 0.7, rule = 0.3 },
          otherwise = { minutes = 0.4, rule = 0.6 } } } },
    },
    execution = { fill = "next_open", commission_pct = 0.01, slippage_bps = 1 },
    topology = { insert = {
      { file = DAMPED, id = "damped" },
      { file = DAMPED, id = "again", params = { slow = 30, limit = 0.5 } },
      { file = DAMPED, id = "last", after = "combiner", params = { slow = 5 } },
    } },
    seed = 7,
  }
end

local function without(configuration)
  configuration.topology = nil
  return configuration
end

local function windows(bars)
  return {
    { role = "full", from_ns = abi.INT64_MIN, until_ns = abi.INT64_MAX },
    { role = "test", from_ns = bars.ts_ns[500], until_ns = bars.ts_ns[1050] },
  }
end

local function generate(plan)
  local made = captured.memory()
  local own = plans.in_window(plan, plan.window, {
    capture = made, regime = function() end, record = function() end, log = function() end,
  })
  local phase = assert(topology.build(topology.topologies.signal_generation, { own }))
  assert(phase:run())
  phase:free()
  return made
end

function TestComponents.test_law_3_and_law_2()
  local bars = lists(equities())
  local plain = engine.execute(engine.plan_config(without(mixed()), bars, {}))
  local whole = {}
  for _, chunk_rows in ipairs { 4096, 1, 37 } do
    local base = engine.plan_config(mixed(), bars, { chunk_rows = chunk_rows })
    for k, window in ipairs(windows(equities()[1])) do
      local full = engine.execute(plans.in_window(base, window))
      whole[k] = whole[k] or full
      engine.assert_equal(whole[k], full, ("window %d in chunks of %d"):format(k, chunk_rows))
      local replay = plans.in_window(base, window)
      replay.signals = generate(plans.in_window(base, window))
      local again = engine.execute(replay)
      local own = {} -- of the filters: the strategies did not run
      for _, line in ipairs(full.records) do
        if line:find " damped " or line:find " again " or line:find " last " then own[#own + 1] = line end
      end
      local expected = setmetatable({ records = own }, { __index = full })
      engine.assert_equal(expected, again, ("window %d, replayed in chunks of %d"):format(k, chunk_rows))
    end
  end
  lu.assertTrue(#whole[1].records > 10)
  lu.assertTrue(#whole[1].fills > 50)
  lu.assertNotEquals(table.concat(plain.fills), table.concat(whole[1].fills))
end

function TestComponents.test_law_6()
  local from = 700
  local t_ns = C.pln_bars_visible_ns(equities()[1], from)
  local function run(scrambled)
    local bars = {}
    for k, one in ipairs(equities()) do
      local row = 0
      while row < one.n_bars and C.pln_bars_visible_ns(one, row) <= t_ns do row = row + 1 end
      bars[k] = scrambled and engine.copy(one, tonumber(one.n_bars), row, function(i)
        return 0.7 + ((i * 7919) % 1000) / 1500
      end) or one
    end
    return engine.decisions(engine.execute(engine.plan_config(mixed(), lists(bars), {})), t_ns)
  end
  local whole, other = run(false), run(true)
  lu.assertTrue(#whole.fills > 20)
  engine.assert_equal(whole, other, "the future changed")
end

--- Against the strategy's signals and the bars: the level at each bar, filtered by the rule of the file.
function TestComponents.test_what_goes_on()
  local folder = support.folder()
  support.write(folder .. "/early.lua", [[
    return signal_filter {
      name = "early",
      params = { bars = 40 },
      state = { last = 0, n = 0 },
      filter = function(signal, f, bar, p, s)
        if signal.direction ~= s.last then s.last, s.n = signal.direction, 0 end
        s.n = s.n + 1
        if s.n > p.bars then return FLAT, 1, 0.25 end
        return signal.direction, signal.strength * 0.5, signal.confidence
      end,
    }
  ]])
  local bars = equities()[1]
  local function configuration(insert)
    return { strategies = { { type = "momentum", params = { fast = 5, slow = 20 } } },
      portfolios = { { capital = 1e5 } }, execution = {}, topology = { insert = insert } }
  end
  local plan = engine.plan_config(configuration { { file = folder .. "/early.lua" } }, { { bars } }, {})
  local signals = generate(plan)
  local list, n = signals:read("momentum:SPY_1m", "SPY")
  local expected, at, level, held, last, count = {}, 0, { 0, 1, 1 }, { 0, 1, 1 }, 0, 0
  for row = 0, ROWS - 1 do
    local ts_ns = C.pln_bars_visible_ns(bars, row)
    while at < n and list[at].ts_ns <= ts_ns do
      level = { list[at].direction, list[at].strength, list[at].confidence }
      at = at + 1
    end
    if level[1] ~= last then last, count = level[1], 0 end
    count = count + 1
    local now = count > 40 and { 0, 1, 0.25 } or { level[1], level[2] * 0.5, level[3] }
    if now[1] ~= held[1] or now[2] ~= held[2] or now[3] ~= held[3] then
      held = now
      expected[#expected + 1] = ("%s %d %a %a"):format(tostring(ts_ns), unpack(now))
    end
  end
  local found = {}
  package.loaded["node.watch_filter"] = { new = function()
    return { on_signal = function(_, batch)
      for j = 0, batch.n - 1 do
        local s = batch.out[j]
        found[#found + 1] = ("%s %d %a %a"):format(tostring(s.ts_ns), s.direction, s.strength, s.confidence)
      end
      return true
    end }
  end }
  local base = topology.topologies.full_backtest
  local nodes, edges = { unpack(base.nodes) }, { unpack(base.edges) }
  nodes[#nodes + 1] = { id = "watch", kind = "watch_filter" }
  edges[#edges + 1] = { "strategies", "watch", "SIGNAL" }
  edges[#edges + 1] = { "watch", "execution", "SIGNAL" } -- so that it is on the way
  plan.sinks = nil
  local watched = engine.execute(plan) -- sets the sinks
  lu.assertTrue(#watched.fills > 10)
  plan = engine.plan_config(configuration { { file = folder .. "/early.lua" } }, { { bars } }, { chunk_rows = 50 })
  local ignore = function() end
  local sink = { rows = ignore, trades = ignore, orders = ignore, fills = ignore, first_trading_row = ignore,
    finish = ignore, decisions = ignore }
  plan.sinks = { portfolio = function() return sink end, record = ignore, log = ignore, regime = ignore }
  local phase = assert(topology.build({ nodes = nodes, edges = edges }, { plan }))
  assert(phase:run())
  phase:free()
  lu.assertTrue(#expected > 40)
  lu.assertEquals(found, expected)
end

--- What trades begins when the slower of the strategy and its filter is warm, in a comparison as well.
function TestComponents.test_the_filter_is_warm_too()
  local bars = equities()[1]
  local hours = engine.resample(bars, "1h", "America/Chicago")
  local function plan(slow)
    return engine.plan_config({
      strategies = { { type = "momentum", params = { fast = 5, slow = 20 } } }, portfolios = { { capital = 1e5 } },
      execution = {}, topology = slow and { insert = { { file = DAMPED, params = { slow = slow } } } },
    }, { { bars, hours } }, {})
  end
  local ns, each = topology.warmup { plan(), plan(300) }
  lu.assertIsTable(each, each)
  lu.assertEquals(each[1], bars.ts_ns[19])
  lu.assertEquals(each[2], bars.ts_ns[300])
  lu.assertEquals(ns, bars.ts_ns[300])
  for _, line in ipairs(engine.execute(plan(300)).fills) do
    lu.assertTrue(engine.row_at(bars, line:match "^(%d+)") > 300)
  end
end

function TestComponents.test_mistakes_name_the_place()
  local folder = support.folder()
  support.write(folder .. "/bad.lua", 'return signal_filter {\n  name = "bad",\n  filter = function(signal)\n'
    .. "    return signal.size\n  end,\n}\n")
  support.write(folder .. "/level.lua", 'return signal_filter {\n  name = "level",\n'
    .. "  features = function(p, x) return { strength = x.sma(3) } end,\n"
    .. "  filter = function(signal) return signal.direction end,\n}\n")
  support.write(folder .. "/half.lua", 'return signal_filter {\n  name = "half",\n'
    .. "  filter = function(signal)\n    return signal.direction, 2\n  end,\n}\n")
  local bars = equities()[1]
  local function message(insert)
    local ok, err = pcall(function()
      return engine.run_config({ strategies = { { type = "momentum" } }, portfolios = { { capital = 1e5 } },
        execution = {}, topology = { insert = { insert } } }, { { bars } }, {})
    end)
    lu.assertFalse(ok)
    return tostring(err)
  end
  lu.assertStrContains(message { file = folder .. "/bad.lua" },
    "bad.lua:4: there is no field of a signal 'size': there are direction, strength, confidence")
  lu.assertStrContains(message { file = folder .. "/level.lua" }, "signal.strength is the signal's")
  lu.assertStrContains(message { file = folder .. "/half.lua" }, "half.lua:3: filter returned 0, 2, 1, expected LONG")
  lu.assertStrContains(message { file = DAMPED, after = "strategy" },
    "there is no node 'strategy' that emits signals, expected one of: strategies, combiner")
  lu.assertStrContains(message { file = DAMPED, before = "risk" },
    "there is no node 'risk' that takes signals, expected one of: combiner, execution")
  lu.assertStrContains(message { file = DAMPED, id = "execution" }, "id 'execution' is that of another node")
  lu.assertStrContains(message { file = FIXTURES .. "gated.lua" }, "'gated' is a strategy, expected a signal_filter")
  lu.assertStrContains(message { file = DAMPED, params = { slwo = 3 } }, "slwo")
  lu.assertStrContains(message { type = "nowhere" }, "nowhere")
  lu.assertStrContains(message { file = DAMPED, after = "combiner", before = "combiner" }, "which comes first")
end

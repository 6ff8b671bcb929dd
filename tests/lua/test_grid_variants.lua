-- Dimensions of `grid`: each combo is what a configuration of its own would be.
local config = require "config"
local coordinator = require "coordinator"
local plans = require "plan"
local stats = require "stats"

TestGridVariants = {}

local HOME = os.getenv "PERILUNE_HOME" or "."

local function base()
  return {
    data = { source = "synthetic", synthetic = { bars = 1500, seed = 7, timeframe = "1h", start = "2015-01-01" } },
    symbols = { "MOON", "SUN" },
    strategies = {
      { type = "sma_cross", params = { fast = 5, slow = 20 } },
      { type = "rsi", id = "r", params = { period = { 7, 14 } } },
    },
    results = { db = "none" },
  }
end

local function load(t, name)
  local cfg, problems = config.from_table(t, name or HOME .. "/grid.yaml")
  if not cfg then return nil, tostring(problems[1]) end
  return cfg
end

local function plan_of(t)
  local cfg, err = load(t)
  if not cfg then return nil, err end
  local plan
  plan, err = plans.new(cfg)
  if not plan then return nil, tostring(err) end
  return plan
end

local function run(t)
  local done, err = coordinator.run(assert(load(t)), { db = false })
  if not done then error(tostring(err)) end
  return done
end

local function figures(outcome) return stats.to_table(outcome.values) end

-- The combos of a grid and of configurations written out for each have the same hashes and figures.
local function check(t, singles)
  local done = run(t)
  local n = 0
  for _, single in ipairs(singles) do
    local own = run(single)
    for k = 1, own.plan.grid:size() do
      n = n + 1
      lu.assertEquals(done.plan.grid:hash(n), own.plan.grid:hash(k), "combo " .. n)
      lu.assertEquals(figures(done.results[n]), figures(own.results[k]), "combo " .. n)
    end
  end
  lu.assertEquals(done.plan.grid:size(), n)
  return done
end

function TestGridVariants.test_strategies_risk_execution_and_numbers()
  local t = base()
  t.symbols = { "MOON" }
  t.risk_profiles = {
    tight = { risk = { stop_loss_pct = 1 } },
    fixed = { sizing = { type = "fixed_cash", cash = 5000 }, exits = { target = { atr = 3 } } },
  }
  t.profiles = { dear = { commission = { { model = "percent", params = { pct = 0.3 } } } } }
  t.portfolios = { { name = "main", sizing = { type = "percent_of_equity", percent = 50 } } }
  t.grid = {
    strategies = { "sma_cross", "r" }, risk = { "tight", "fixed" },
    execution = { "dear", { slippage_bps = 4 } },
    set = { ["portfolios.0.risk.take_profit_pct"] = { from = 2, to = 4, step = 2 } },
  }
  local singles = {}
  for _, strategy in ipairs { 1, 2 } do
    for _, risk in ipairs { "tight", "fixed" } do
      for _, execution in ipairs { { profile = "dear" }, { slippage_bps = 4 } } do
        for _, target in ipairs { 2, 4 } do
          local one = base()
          one.symbols, one.profiles = { "MOON" }, t.profiles
          one.strategies = { one.strategies[strategy] }
          one.portfolios = { { name = "main", sizing = { type = "percent_of_equity", percent = 50 } } }
          for key, value in pairs(t.risk_profiles[risk]) do
            one.portfolios[1][key] = {}
            for k, v in pairs(value) do one.portfolios[1][key][k] = v end
          end
          one.portfolios[1].risk = one.portfolios[1].risk or {}
          one.portfolios[1].risk.take_profit_pct = target
          one.execution = execution
          singles[#singles + 1] = one
        end
      end
    end
  end
  local done = check(t, singles)
  local grid = done.plan.grid
  lu.assertEquals(grid:size(), 24) -- sma_cross has one point, r two
  lu.assertEquals(grid:params(24), {
    strategy = "r", risk = "fixed", execution = "{slippage_bps: 4}", ["portfolios.0.risk.take_profit_pct"] = 4,
    ["r.period"] = 14, ["r.oversold"] = 30, ["r.overbought"] = 70, ["r.short"] = false,
  })
  local names = {}
  for i, axis in ipairs(grid:axes()) do names[i] = axis.name end
  lu.assertEquals(names, { "strategy", "risk", "execution", "portfolios.0.risk.take_profit_pct", "r.period" })
  for n = 1, grid:size() do lu.assertEquals(grid:find(grid:position(n)), n) end
  lu.assertEquals(grid:position(1), { 1, 1, 1, 1, 0 })
  lu.assertEquals(done.plan.grid:group(1), 1)
  lu.assertEquals(done.plan.grid:group(24), 2)
end

function TestGridVariants.test_symbols_and_timeframes()
  local t = base()
  t.grid = { symbols = { "MOON", "SUN" }, timeframes = { "1h", "4h" } }
  local done = run(t)
  local grid = done.plan.grid
  lu.assertEquals(grid:size(), 8)
  lu.assertEquals(grid:params(8).symbol, "SUN")
  lu.assertEquals(grid:params(8).timeframe, "4h")
  local own = base()
  own.symbols = { { symbol = "MOON", timeframes = { "4h" } } }
  local single = run(own)
  lu.assertEquals(figures(done.results[3]), figures(single.results[1]))
  lu.assertEquals(grid:hash(3), single.plan.grid:hash(1))
  -- The second symbol of a synthetic market is another market than the first of one of its own.
  own.symbols = { { symbol = "SUN", timeframes = { "4h" } } }
  single = run(own)
  lu.assertNotEquals(grid:hash(7), single.plan.grid:hash(1))
  own = base()
  own.symbols = { { symbol = "MOON", trade = false }, "SUN" }
  local traded = run(own)
  lu.assertEquals(figures(done.results[5]).return_pct, figures(traded.results[1]).return_pct)
  -- What a symbol's data is was loaded once.
  lu.assertIs(grid:plan(1).streams[1].bars, done.plan.by_symbol.MOON.streams[1].bars)
  lu.assertEquals(#grid:plan(1).streams, 1)
end

function TestGridVariants.test_symbols_that_features_name_stay()
  local folder = os.tmpname()
  os.remove(folder)
  assert(os.execute("mkdir -p " .. folder .. "/strategies") == 0)
  local file = assert(io.open(folder .. "/strategies/relative.lua", "w"))
  file:write [[return strategy { name = "relative", features = function(p, x)
    return { own = x.returns(5), other = x"SUN_1h".returns(5) } end,
    signal = function(f) return f.own > f.other and LONG or FLAT end }]]
  file:close()
  local t = base()
  t.symbols = { "MOON", "SUN", "MARS" }
  t.strategies = { "relative" }
  t.grid = { symbols = { "MOON", "MARS" } }
  local plan = assert(plans.new(assert(load(t, folder .. "/grid.yaml"))))
  local function names(n)
    local list = {}
    for i, symbol in ipairs(plan.grid:plan(n).symbols) do
      list[i] = symbol.symbol .. (symbol.trade and "" or " (not traded)")
    end
    return table.concat(list, ", ")
  end
  lu.assertEquals(names(1), "MOON, SUN") -- SUN is not listed
  t.grid = { symbols = { "MOON", "SUN", "MARS" } }
  plan = assert(plans.new(assert(load(t, folder .. "/grid.yaml"))))
  lu.assertEquals(names(1), "MOON, SUN (not traded)")
  lu.assertEquals(names(2), "SUN")
  lu.assertEquals(names(3), "SUN (not traded), MARS")
  os.execute("rm -rf " .. folder)
end

function TestGridVariants.test_classifiers()
  local t = base()
  t.strategies = { "sma_cross" }
  t.classifiers = { "trend", { type = "volatility", id = "v" } }
  t.grid = { classifiers = { "trend", "v", "none" } }
  local plan = assert(plan_of(t))
  lu.assertEquals(plan.grid:size(), 3)
  lu.assertEquals(plan.grid:plan(1).strategies[1].classifier, "trend")
  lu.assertEquals(#plan.grid:plan(1).classifiers, 1)
  lu.assertEquals(plan.grid:plan(2).strategies[1].classifier, "v")
  lu.assertNil(plan.grid:plan(3).strategies[1].classifier)
  lu.assertEquals(#plan.grid:plan(3).classifiers, 0)
end

function TestGridVariants.test_ten_thousand_stops_are_quick()
  local t = base()
  t.strategies = { "sma_cross" }
  local levels = { from = 0.001, to = 10, n = 10000 }
  t.grid = { set = { stop = { path = "portfolios.0.risk.stop_loss_pct", values = levels } }, constraints = "stop > 5" }
  local started = os.clock()
  local plan = assert(plan_of(t))
  lu.assertTrue(os.clock() - started < 1)
  local grid = plan.grid
  lu.assertTrue(grid:size() > 4900 and grid:size() < 5100)
  started = os.clock()
  local sum = 0
  for n = 1, grid:size() do sum = sum + grid:plan(n).portfolios[1].risk.stop_loss_pct end
  local each = (os.clock() - started) / grid:size()
  lu.assertTrue(each < 30e-6, ("%.1f us each"):format(each * 1e6))
  lu.assertAlmostEquals(sum / grid:size(), 7.5, 0.01)
  lu.assertEquals(plan.portfolios[1].risk.stop_loss_pct, 0)
end

local function refusal(change)
  local t = base()
  change(t)
  local plan, err = plan_of(t)
  lu.assertNil(plan)
  return err
end

function TestGridVariants.test_what_is_wrong_is_named()
  lu.assertStrContains(refusal(function(t) t.grid = { strategies = { "sma_cros" } } end),
    "grid.strategies[0]: there is no strategy 'sma_cros', did you mean 'sma_cross'?")
  lu.assertStrContains(refusal(function(t) t.grid = { risk = "wild" } end), "there is no risk profile 'wild'")
  lu.assertStrContains(refusal(function(t) t.grid = { execution = { "retial" } } end), "did you mean 'retail'?")
  lu.assertStrContains(refusal(function(t) t.grid = { classifiers = { "trend" } } end),
    "there is no classifier 'trend'")
  lu.assertStrContains(refusal(function(t) t.grid = { symbols = { "MOON", "MOON" } } end), "listed twice")
  lu.assertStrContains(refusal(function(t)
    t.grid = { set = { ["portfolios.0.risk.stop_los_pct"] = { 1, 2 } } }
  end), "unknown key, did you mean 'stop_loss_pct'?")
  lu.assertStrContains(refusal(function(t) t.grid = { set = { ["portfolios.0.risk.stop_loss_pct"] = { 1, -2 } } } end),
    "-2 is below 0")
  lu.assertStrContains(refusal(function(t) t.grid = { set = { ["results.trades"] = { true, false } } } end),
    "'results.trades' is no key that combos can differ in")
  lu.assertStrContains(refusal(function(t) t.grid = { set = { ["execution.fill"] = { "next_open", "last" } } } end),
    "in combos with execution.fill = last")
  lu.assertStrContains(refusal(function(t)
    t.portfolios = { { sizing = { type = "kelly" } } }
    t.grid = { set = { ["portfolios.0.sizing.min_trades"] = { 10, 20, 80 } } }
  end), "80 trades are needed, but the window holds 50")
  lu.assertStrContains(refusal(function(t) t.strategies[1].params.fast = { from = 1, to = 10 } end),
    "neither step, n nor factor")
end

function TestGridVariants.test_any_key_may_be_set()
  local t = base()
  t.strategies = { { type = "sma_cross", params = { fast = 5, slow = 20 } } }
  t.grid = { set = {
    ["execution.fill"] = { "next_open", "this_close" },
    ["portfolios.0.sizing"] = { { type = "fixed_cash", cash = 1000 }, { type = "percent_of_equity", percent = 10 } },
    seed = { 1, 2 },
  } }
  local plan = assert(plan_of(t))
  lu.assertEquals(plan.grid:size(), 8)
  local shown = plan.grid:params(8)
  lu.assertEquals({ shown.seed, shown["execution.fill"], shown["portfolios.0.sizing"] },
    { 2, "this_close", "{percent: 10, type: percent_of_equity}" })
  lu.assertEquals(plan.grid:plan(8).execution.fill, "this_close")
  lu.assertEquals(plan.grid:plan(8).seed, 2)
  lu.assertEquals(plan.grid:plan(8).portfolios[1].sizing.percent, 10)
  local hashes = {}
  for n = 1, 8 do hashes[plan.grid:hash(n)] = n end
  local count = 0
  for _ in pairs(hashes) do count = count + 1 end
  lu.assertEquals(count, 8)
end

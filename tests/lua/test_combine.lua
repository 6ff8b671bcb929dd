--- `portfolios[].combine`: what a configuration may say, what its mistakes are told, and that a constant combination is
-- what plain weights make.
local engine = require "engine"
local lu = require "luaunit"
local plans = require "plan"
local config = require "config"
local support = require "support"
local synth = require "synth"

TestCombine = {}

function TestCombine.tearDown() support.cleanup() end

local HEAD = [[
data: {source: synthetic, synthetic: {bars: 2000, timeframe: 1h}}
symbols: [AAA]
classifiers: [volatility]
strategies: [momentum, rsi, breakout]
portfolios:
  - name: main
]]

-- The configuration's problem as text, or nil and the plan.
local function load(combine, head)
  local path = support.folder() .. "/c.yaml"
  support.write(path, (head or HEAD) .. combine)
  local cfg, problems = config.load(path)
  if not cfg then return tostring(type(problems) == "table" and problems[1] or problems) end
  local plan, err = plans.new(cfg)
  if not plan then return tostring(err) end
  return nil, plan
end

local MISTAKES = {
  { "    combine: {weights: {momentun: 1}}", "strategy of this portfolio 'momentun', did you mean 'momentum'" },
  { "    combine: {weights: {calm: {momentum: 1}}}", "weights by regime need the classifier" },
  { "    combine: {weights: {calm: {momentum: 1}, rsi: 1}, classifier: volatility}", "expected one or the other" },
  { "    combine: {classifier: volatility}", "no weights depend on it" },
  { "    combine: {classifier: volatilty, weights: {calm: {rsi: 1}}}", "did you mean 'volatility'" },
  { "    combine: {classifier: volatility, weights: {clam: {rsi: 1}}}", "no regime 'clam', did you mean 'calm'" },
  { "    combine: {classifier: volatility, weights: {calm: {rsi: 1}}}", "no weights for the regime 'normal'" },
  { "    combine: {weights: {rsi: many}}", "is not a number" },
  { "    combine: {threshold: 1}", "not below 1" },
  { "    combine: {wieghts: {rsi: 1}}", "did you mean 'weights'" },
  { "    combine: {schedule: [{from: 2001-01-01, regime: calm, weights: {rsi: 1}}]}", "need the classifier" },
  { "    combine: {schedule: [{from: tomorrow, weights: {rsi: 1}}]}", "no date or time" },
  { "    combine: {schedule: [{from: 2001-02-01, weights: {rsi: 1}}, {from: 2001-01-01, weights: {rsi: 1}}]}",
    "is before the entry that precedes it" },
  { "    combine: {}\n    weights: {rsi: 1}", "they go under combine.weights" },
  { "    combine: {}\n    books: separate", "leave combine or books out" },
}

function TestCombine.test_mistakes_are_named_with_their_line()
  for _, case in ipairs(MISTAKES) do
    local message = load(case[1])
    lu.assertStrContains(message, case[2])
    lu.assertStrMatches(message, ".*c%.yaml:[789]:.*")
  end
  lu.assertStrContains(load("    combine: {}", (HEAD:gsub("%[momentum, rsi, breakout%]",
    "[momentum, {file: " .. engine.fixtures .. "busy_orders.lua}]"))), "places its own orders")
end

function TestCombine.test_weights_become_a_list_over_time()
  local _, plan = load [[
    combine:
      classifier: volatility
      weights: {calm: {rsi: 1}, otherwise: {momentum: 0.5, breakout: 0.5}}
      schedule: [{from: 2001-01-01, regime: volatile, weights: {breakout: 2}}]
]]
  local combine = plan.portfolios[1].combine
  lu.assertEquals(combine.members, { "momentum", "rsi", "breakout" })
  lu.assertEquals(combine.regimes, { "calm", "normal", "volatile" })
  local seen = {}
  for k, entry in ipairs(combine.schedule) do seen[k] = { entry.regime, entry.weights } end
  lu.assertEquals(seen, { { 1, { 0, 1, 0 } }, { 0, { 0.5, 0, 0.5 } }, { 3, { 0, 0, 2 } } })
  lu.assertEquals(tostring(combine.schedule[3].ts_ns), "978307200000000000LL")
  lu.assertTrue(plan.portfolios[1].rebalance)
  _, plan = load("    combine: {sized_by: direction}")
  lu.assertFalse(plan.portfolios[1].rebalance)
  lu.assertEquals(plan.portfolios[1].combine.schedule[1].weights, { 1 / 3, 1 / 3, 1 / 3 })
end

-- Where nothing is cut, blocked or switched, the core's own sum over sources is the same position.
function TestCombine.test_a_constant_combination_is_what_plain_weights_make()
  local bars = {}
  for k = 1, 2 do bars[k] = { synth.bars({ bars = 1500, timeframe = "1h", seed = 3 }, "S" .. k, k - 1) } end
  local function run(portfolio)
    portfolio.capital = 100000
    return engine.run_config({
      strategies = { { type = "sma_cross" }, { type = "rsi" }, { type = "breakout" } }, portfolios = { portfolio },
      execution = { commission_pct = 0.01 },
    }, bars, {})
  end
  local weights = { sma_cross = 0.5, rsi = 0.25, breakout = 0.25 }
  local plain = run { weights = weights, rebalance = true }
  local combined = run { combine = { weights = weights } }
  lu.assertTrue(#plain.fills > 20)
  lu.assertEquals(combined.fills, plain.fills)
  lu.assertEquals(combined.equity, plain.equity)
  lu.assertEquals(combined.trades, plain.trades)
end

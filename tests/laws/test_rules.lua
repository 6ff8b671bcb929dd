-- A rule is the signal of its sign, to the bit: on real minutes, in any chunks, in windows.
local engine = require "engine"
local market = require "market"
local support = require "support"

TestRules = {}

function TestRules.tearDown() support.cleanup() end

local FORMS = 6
local CUTS = { { chunk_rows = 4096 }, { chunk_rows = 7 }, { chunk_rows = 500, from = 1000, to = 3300 } }

local function run(strategy, form, bars, options)
  local plan = engine.plan { strategy = strategy, params = { form = form }, bars = { bars },
    chunk_rows = options.chunk_rows }
  plan.strategies[1].id = "one"
  if options.from then plan.window = { from_ns = bars.ts_ns[options.from], until_ns = bars.ts_ns[options.to] } end
  return engine.execute(plan)
end

function TestRules.test_a_rule_is_the_function_of_its_sign()
  local bars = market.equities(1, 4000)[1]
  for form = 1, FORMS do
    for _, options in ipairs(CUTS) do
      local rule, fn = run("ruled", form, bars, options), run("signalled", form, bars, options)
      lu.assertTrue(#rule.signals > 20, "form " .. form)
      engine.assert_equal(fn, rule, ("form %d in chunks of %d"):format(form, options.chunk_rows))
    end
  end
end

-- Columns of which only the sign is asked are not made.
function TestRules.test_a_difference_takes_no_column()
  local registry = require "registry"
  local def = assert(registry.new { folders = { engine.fixtures } }:load("ruled"))
  local function features(form) return assert(def:rule_features({ form = form }, "SPY_1m")) end
  lu.assertEquals(features(1), { "sma(close, 5)", "sma(close, 20)" })
  lu.assertEquals(features(2), { "sma(close, 5)", "ema(close, 60)" })
  lu.assertEquals(features(3), { "rsi(14)", "50" })
  lu.assertEquals(features(4), { "rsi(14) > 60", "rsi(14) < 40" })
  lu.assertEquals(features(5), { "roc(close, 30)" })
  lu.assertEquals(features(6), { "sign(close - sma(30))" })
end

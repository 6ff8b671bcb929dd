--- Attribution: the parts sum to the whole, are what a reckoning bar by bar gives, and who was against the position
-- bears the opposite sign.
local attribution = require "attribution"
local engine = require "engine"
local lu = require "luaunit"
local synth = require "synth"
local topology = require "topology"

TestAttribution = {}

local WEIGHTS = { sma_cross = 0.5, rsi = 0.3, breakout = 0.2 }
local BY_REGIME = { classifier = "volatility", weights = { calm = { sma_cross = 1 },
  normal = { sma_cross = 0.4, rsi = 0.6 }, volatile = { rsi = 0.5, breakout = 0.5 } } }

local function bars_of(n)
  local list = {}
  for k = 1, n do list[k] = { synth.bars({ bars = 1500, timeframe = "1h", seed = 11 }, "S" .. k, k - 1) } end
  return list
end

local function copy(value)
  if type(value) ~= "table" then return value end
  local made = {}
  for key, item in pairs(value) do made[key] = copy(item) end
  return made
end

-- Runs and returns the report, and rows of { ts_ns, equity } and mixer's changes as they came.
local function run(combine, execution, n, portfolio)
  portfolio = portfolio or {}
  portfolio.capital, portfolio.combine = 100000, copy(combine)
  local plan = engine.plan_config({
    classifiers = { "volatility" }, strategies = { "sma_cross", "rsi", "breakout" }, portfolios = { portfolio },
    execution = execution,
  }, bars_of(n or 1), {})
  local seen = { rows = {}, fills = {}, changes = {} }
  local sink = setmetatable({
    rows = function(rows)
      for j = 0, tonumber(rows.n_rows) - 1 do
        table.insert(seen.rows, { ts = tonumber(rows.ts_ns[j]), equity = rows.equity[j] })
      end
    end,
    fills = function(fills, count)
      for j = 0, count - 1 do
        local fill = fills[j]
        table.insert(seen.fills, { bar = tonumber(fill.bar), quantity = fill.quantity * fill.side, price = fill.price,
          reference = fill.reference_price, fee = fill.fee, instrument = fill.instrument })
      end
    end,
  }, { __index = function() return function() end end })
  plan.sinks = { portfolio = function() return sink end, regime = function() end, record = sink.record, log = sink.log }
  attribution.attach(plan)
  local combined = plan.sinks.combined
  function plan.sinks.combined(name, mixer)
    local record = combined(name, mixer)
    return record and function(ts_ns, now)
      local c, w = {}, now:weights()
      for k = 0, now.n - 1 do c[k + 1] = w and w[k] * now.direction[k] * now.strength[k] or 0 end
      table.insert(seen.changes, { ts = tonumber(ts_ns), regime = now.regime, c = c })
      record(ts_ns, now)
    end
  end
  local phase = assert(topology.build(topology.topologies.full_backtest, { plan }))
  assert(phase:run())
  phase:free()
  return plan.attribution[1], seen, plan
end

local function assert_sums(report)
  local net, costs = 0, 0
  for _, one in ipairs(report.by_member) do
    net, costs = net + one.net, costs + one.fees + one.slippage
    lu.assertAlmostEquals(one.net, one.gross - one.fees - one.slippage, 1e-6)
  end
  lu.assertAlmostEquals(net, report.sum.net, 1e-6)
  net = 0
  for _, one in ipairs(report.by_regime) do net = net + one.net end
  lu.assertAlmostEquals(net, report.sum.net, 1e-6)
  lu.assertAlmostEquals(report.sum.net + report.other, report.total, 1e-9)
  return costs
end

local EXECUTIONS = {
  { fill = "next_open", commission_pct = 0.05, slippage_bps = 3, finalize_trades = true },
  { fill = "this_close", commission_pct = 0.05, slippage_bps = 3 },
  { fill = "next_close", commission_per_order = 1 },
}

function TestAttribution.test_the_parts_sum_to_the_whole()
  for _, execution in ipairs(EXECUTIONS) do
    for _, combine in ipairs { { weights = WEIGHTS }, BY_REGIME, { weights = WEIGHTS, sized_by = "direction" } } do
      for n = 1, 2 do
        local report = run(combine, execution, n, { risk = { stop_loss_pct = 2 } })
        local costs = assert_sums(report)
        lu.assertAlmostEquals(report.other, 0, 1e-6 * math.max(1, math.abs(report.total)))
        lu.assertTrue(costs > 0)
        lu.assertEquals({ unpack(report.members, 1, 3) }, { "sma_cross", "rsi", "breakout" })
      end
    end
  end
end

-- The same, bar by bar: the gain from one close to the next, with the position that is held, split at the open.
function TestAttribution.test_it_is_what_a_reckoning_bar_by_bar_gives()
  for _, combine in ipairs { { weights = WEIGHTS }, BY_REGIME } do
    local report, seen, plan = run(combine, EXECUTIONS[1], 1)
    local bars, gross = plan.symbols[1].bars, { {}, {}, {} }
    for m = 1, 3 do for r = 0, 3 do gross[m][r] = 0 end end
    local position, change, fill, share, regime = 0, 1, 1, nil, 0
    local function give(gain)
      if gain == 0 then return end
      for m = 1, 3 do gross[m][regime] = gross[m][regime] + share[m] * gain end
    end
    for bar = 1, tonumber(bars.n_bars) - 1 do
      give(position * (bars.open[bar] - bars.close[bar - 1]))
      while seen.changes[change] and seen.changes[change].ts <= tonumber(bars.ts_ns[bar]) do
        local c = seen.changes[change].c
        local sum = c[1] + c[2] + c[3]
        regime = seen.changes[change].regime
        if math.abs(sum) > 1e-12 then share = { c[1] / sum, c[2] / sum, c[3] / sum } end
        change = change + 1
      end
      local gain = position * (bars.close[bar] - bars.open[bar])
      while seen.fills[fill] and seen.fills[fill].bar == bar do
        local one = seen.fills[fill]
        gain = gain + one.quantity * (bars.close[bar] - one.reference)
        position = position + one.quantity
        fill = fill + 1
      end
      give(gain)
    end
    for m = 1, 3 do
      for r = 1, 4 do
        lu.assertAlmostEquals(report.cells[m][r].gross, gross[m][r <= 3 and r or 0], 1e-6, ("%d %d"):format(m, r))
      end
    end
    lu.assertTrue(math.abs(report.by_member[1].gross) > 1)
  end
end

function TestAttribution.test_regimes_of_any_portfolio_with_a_classifier()
  local report = run(nil, EXECUTIONS[1], 2, { strategies = { "sma_cross" } })
  assert_sums(report)
  lu.assertEquals(report.members, { "sma_cross" })
  lu.assertEquals(report.regimes, { "calm", "normal", "volatile", "(none)" })
  lu.assertAlmostEquals(report.other, 0, 1e-6)
  local all = run(nil, EXECUTIONS[1], 1)
  lu.assertEquals(all.members, { "all" })
  assert_sums(all)
end

-- Two that always disagree: what one gains the other loses, each by its own weight.
function TestAttribution.test_who_is_against_the_position_bears_the_opposite()
  local report, seen = run({ weights = { sma_cross = 0.8, breakout = 0.2 } }, EXECUTIONS[1], 1)
  local against, with = 0, 0
  for _, change in ipairs(seen.changes) do
    if change.c[1] * change.c[3] < 0 then against = against + 1 elseif change.c[3] ~= 0 then with = with + 1 end
  end
  lu.assertTrue(against > 10 and with > 10)
  lu.assertEquals(report.by_member[2].gross, 0) -- rsi weighs nothing
  lu.assertNotEquals(report.by_member[3].gross, 0)
end

function TestAttribution.test_text()
  local text = attribution.text((run(BY_REGIME, EXECUTIONS[1], 1)), { plain = true, width = 120 })
  for _, part in ipairs { "By strategy", "By regime of volatility", "By strategy and regime", "sma_cross", "calm",
    "total", "of the total" } do
    lu.assertStrContains(text, part)
  end
end

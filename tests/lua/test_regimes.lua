--- Results by regime: the figures are those of the periods that began in it, and the workflow shows them.
local json = require "json"
local lu = require "luaunit"
local returns = require "returns"
local runs = require "run"
local support = require "support"

TestRegimes = {}

function TestRegimes.tearDown() support.cleanup() end

local CONFIG = [[
workflow: %s
data: {source: synthetic, synthetic: {bars: 6000, timeframe: 4h, seed: 3}}
symbols: [{symbol: DEMO, lot_size: 0.001}]
classifiers:
  - {type: volatility, params: {short: 24, long: 120}}
  - {type: trend, params: {fast: 24, slow: 96}}
strategies: [{type: sma_cross, params: {fast: [6, 12], slow: [24, 48]}}]
]]

local WORKFLOW = [[
return { help = "for a test", run = function(w)
  local phase = assert(w:phase { name = "sweep" })
  local found = {}
  for k, one in ipairs(assert(w:regimes())) do
    local figures = assert(phase:by_regime { regimes = one, metrics = { "sharpe_ratio", "total_return" } })
    local whole = assert(phase:returns(2))
    found[k] = { one = one, figures = figures, whole = whole }
  end
  found.weights = assert(w:weights("equal", { { 0.1, 0.2 }, { 0.2, 0.1 } }))
  package.loaded.seen_by_test = found
  return phase:list()
end }
]]

local function run(workflow)
  local folder = support.folder()
  os.execute("mkdir " .. folder .. "/workflows")
  support.write(folder .. "/workflows/mine.lua", WORKFLOW)
  support.write(folder .. "/c.yaml", CONFIG:format(workflow))
  local outcome, err = runs.execute(folder .. "/c.yaml", { db = false, log = function() end })
  lu.assertNotNil(outcome, tostring(type(err) == "table" and err[1] or err))
  return outcome
end

function TestRegimes.test_figures_are_those_of_the_regimes_periods()
  run "mine"
  local found = package.loaded.seen_by_test
  package.loaded.seen_by_test = nil
  lu.assertEquals(found.weights, { 0.5, 0.5 })
  lu.assertEquals(#found, 2)
  for _, one in ipairs(found) do
    local figures, whole, all, product = one.figures, one.whole, 0, 1
    local parts, at, in_force = {}, 0, nil
    for t = 1, whole.n do
      while one.one.changes[at + 1] and tonumber(one.one.changes[at + 1].ts_ns) <= whole.times[t] do
        at = at + 1
        in_force = one.one.changes[at].name
      end
      local name = in_force or "(none)"
      parts[name] = parts[name] or {}
      table.insert(parts[name], whole.returns[t])
    end
    for _, name in ipairs(figures.regimes) do
      all = all + figures.periods[name]
      lu.assertEquals(figures.periods[name], #(parts[name] or {}))
      if figures.periods[name] > 1 then
        local expected = returns.total_return(parts[name])
        lu.assertAlmostEquals(figures.columns.total_return[name][2], expected, 1e-12)
        product = product * (1 + expected)
        local sharpe = returns.sharpe_ratio(parts[name], { periods_per_year = whole.periods_per_year })
        if sharpe then lu.assertAlmostEquals(figures.columns.sharpe_ratio[name][2], sharpe, 1e-9) end
      end
    end
    lu.assertEquals(all, whole.n)
    lu.assertAlmostEquals(product, 1 + returns.total_return(whole.returns), 1e-9)
    for _, name in ipairs(one.one.names) do
      local best = figures.best[name]
      for _, value in ipairs(figures.columns.sharpe_ratio[name]) do
        if value == value then lu.assertTrue(value <= best.score) end
      end
    end
    lu.assertNil(figures.best["(none)"])
  end
end

function TestRegimes.test_the_workflow()
  local outcome = run "regime_analysis"
  local text = outcome.report:format { plain = true, width = 140 }
  for _, part in ipairs { "The market by regime of volatility", "The market by regime of trend", "sideways",
    "sharpe_ratio of each regime's best combo", "4 combos by 2 classifiers" } do
    lu.assertStrContains(text, part)
  end
  local data = json.decode(json.encode(outcome.report.data))
  lu.assertEquals(data.metric, "sharpe_ratio")
  lu.assertEquals(#data.classifiers, 2)
end

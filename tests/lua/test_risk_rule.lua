-- risk_rule{…}: rules of risk in Lua, as files beside a configuration; decisions of the limits at the fill.
local json = require "json"
local support = require "support"

TestRiskRule = {}

local CONFIG = [[
data:
  source: synthetic
  synthetic: {bars: 1500, seed: 5, timeframe: 1h, start: 2020-01-01, volatility_ann_pct: 40}
symbols: [MOON, DUST]
strategies:
  - {type: %s, params: {%s}}
portfolios:
  - {name: main, capital: 100000, risk: {%s}}
%s
]]

local SOURCE = [[
return risk_rule {
  name = "careful",
  help = "Buys at most so much, and sells nothing short after so many orders.",
  params = { most = 100.0, orders = 1000 },
  state = { asked = 0 },
  check = function(order, portfolio, p, s)
    s.asked = s.asked + 1
    if not order.is_buy and s.asked > p.orders then return REFUSE end
    if order.quantity > p.most and portfolio.equity > 0 then return RESIZE, p.most end
    return ALLOW
  end,
}
]]

local function run(source, risk, options)
  options = options or {}
  local folder = support.folder()
  os.execute("mkdir -p " .. folder .. "/risk_rules")
  support.write(folder .. "/risk_rules/careful.lua", source)
  local file = support.write(folder .. "/run.yaml", CONFIG:format(options.strategy or "sma_cross",
    options.params or "fast: 5, slow: 20", risk, options.more or ""))
  local status, out, err = support.run("run", file, "--db", "none", "--json", "--decisions", folder .. "/decisions.csv")
  local decisions = status == 0 and support.csv(support.read(folder .. "/decisions.csv"))
  return status, err, decisions, status == 0 and json.decode(out)
end

local function of_kind(decisions, kind)
  local list = {}
  for _, d in ipairs(decisions) do
    if d.kind == kind then list[#list + 1] = d end
  end
  return list
end

function TestRiskRule.test_a_rule_resizes_and_refuses()
  local status, err, decisions, result = run(SOURCE, "rules: [{type: careful, params: {most: 60, orders: 4}}]")
  lu.assertEquals(status, 0, err)
  local seen = {}
  for _, d in ipairs(of_kind(decisions, "lua")) do
    seen[d.action] = (seen[d.action] or 0) + 1
    if d.action == "resize" then lu.assertEquals(tonumber(d.allowed), 60) end
    lu.assertTrue(tonumber(d.allowed) <= 60)
    lu.assertEquals(d.value .. d.limit, "", "what a rule in Lua measured is not known")
  end
  lu.assertTrue((seen.resize or 0) > 3 and (seen.refuse or 0) > 3, "resized and refused")
  lu.assertTrue(result.results[1].metrics.trades > 3)
end

function TestRiskRule.test_its_state_is_its_own_in_each_combo_and_portfolio()
  local _, err, one = run(SOURCE, "rules: [{type: careful, params: {orders: 4}}]", { params = "fast: 7, slow: 20" })
  lu.assertNotNil(one, err)
  local _, _, both = run(SOURCE, "rules: [{type: careful, params: {orders: 4}}]",
    { params = "fast: [5, 7], slow: 20" })
  local second = {}
  for _, d in ipairs(both) do
    if d.combo == "c0002" then second[#second + 1] = d end
  end
  lu.assertEquals(#second, #one)
  for i, d in ipairs(second) do lu.assertEquals(d.action .. d.allowed, one[i].action .. one[i].allowed) end
end

function TestRiskRule.test_orders_of_a_strategys_own_and_rules_across_portfolios()
  local status, err, decisions = run(SOURCE, "", { strategy = "limit_dip", params = "percent: 2",
    more = "risk: {rules: [{type: careful, params: {most: 10}}]}" })
  lu.assertEquals(status, 0, err)
  local list = of_kind(decisions, "lua")
  lu.assertTrue(#list > 10)
  for _, d in ipairs(list) do
    lu.assertEquals(d.scope, "all")
    lu.assertTrue(tonumber(d.allowed) <= 10)
  end
end

function TestRiskRule.test_mistakes_name_their_place()
  local cases = {
    { SOURCE:gsub("return ALLOW", "return 7"), "careful.lua:%d+: check returned 7, nil: expected ALLOW, REFUSE, or" },
    { SOURCE:gsub("RESIZE, p.most", "RESIZE"), "check returned 2, nil: expected", 60 },
    { SOURCE:gsub("return ALLOW", "return order.nothing"), "careful.lua:%d+: " },
    { SOURCE:gsub("return ALLOW", "while true do end"), "careful.lua:%d+: loop budget" },
    { SOURCE:gsub("check = function", "chek = function"), "careful.lua:%d+: " },
    { SOURCE:gsub("return risk_rule", "return execution_model"), "careful.lua:%d+: " },
  }
  for _, case in ipairs(cases) do
    local status, err = run(case[1], ("rules: [{type: careful, params: {most: %d}}]"):format(case[3] or 1e9))
    lu.assertTrue(status ~= 0, case[2])
    lu.assertStrMatches(err, ".*" .. case[2] .. ".*", nil, nil, err)
  end
  local status, err = run(SOURCE, "rules: [{type: carefull}]")
  lu.assertEquals(status, 2)
  lu.assertStrMatches(err, ".*run%.yaml:%d+:%d+: .*there is no type 'carefull'.*")
  status, err = run(SOURCE, "rules: [{type: careful, params: {mots: 3}}]")
  lu.assertEquals(status, 2)
  lu.assertStrContains(err, "mots")
end

-- What the limits at the fill leave is a decision, too, with the numbers of the refusal.
function TestRiskRule.test_the_limits_at_the_fill_decide()
  local status, err, decisions = run(SOURCE, "max_position_pct: 40")
  lu.assertEquals(status, 0, err)
  local resized = 0
  for _, d in ipairs(of_kind(decisions, "fill")) do
    if d.action == "resize" and d.refusal == "reduced_position" then
      resized = resized + 1
      lu.assertTrue(tonumber(d.allowed) < tonumber(d.asked) and tonumber(d.value) > 40)
      lu.assertEquals(tonumber(d.limit), 40)
    end
  end
  lu.assertTrue(resized > 3)
end

function TestRiskRule.tearDown() support.cleanup() end

-- Risk rules through YAML: what they do, how they are told and kept, and mistakes in them.
local json = require "json"
local risk_rules = require "risk_rules"
local runner = require "run"
local store = require "store"
local support = require "support"

TestRisk = {}

local STRATEGY = [[
return strategy {
  name = "twice", help = "Buys on the third and the sixth day.", params = { size = 10 }, state = { n = 0 },
  on_bar = function(ctx, f, bar, p, s)
    s.n = s.n + 1
    if s.n == 3 or s.n == 6 then ctx:buy { quantity = p.size } end
  end,
}]]

local CONFIG = [[
data: {source: csv, path: "%s/{symbol}.csv", cache: false, quality: {price_jumps: off}}
symbols: %s
strategies: [{type: twice, params: {size: %d}, symbols: [AAA]}]
portfolios:
  - name: main
    risk: %s
results: {decisions: true}
%s
]]

local function run(risk, options)
  options = options or {}
  local folder = support.folder()
  for _, symbol in ipairs(options.names or { "AAA" }) do
    local lines = { "date,open,high,low,close,volume" }
    for k = 1, 12 do
      lines[k + 1] = ("%s,100,100,100,100,1000"):format(os.date("!%Y-%m-%d", 946857600 + (k - 1) * 86400))
    end
    support.write(("%s/%s.csv"):format(folder, symbol), table.concat(lines, "\n") .. "\n")
  end
  os.execute("mkdir " .. folder .. "/strategies")
  support.write(folder .. "/strategies/twice.lua", STRATEGY)
  local file = support.write(folder .. "/run.yaml",
    CONFIG:format(folder, options.symbols or "[AAA]", options.size or 10, risk, options.more or ""))
  local made, err, fault = runner.run(file, { db = folder .. "/r.db", decisions = folder .. "/d.csv" })
  if not made then return nil, err, fault end
  local db = assert(store.open(folder .. "/r.db", { read_only = true }))
  local columns, rows = db:query("SELECT symbol, rule, kind, scope, action, refusal, asked, allowed, value, limit_value"
    .. " FROM decisions ORDER BY time, order_id")
  lu.assertEquals(#columns, 10)
  local _, refusals = db:query("SELECT name, count, last_asked, last_allowed FROM refusals")
  db:close()
  return { decisions = rows, refusals = refusals, csv = support.csv(support.read(folder .. "/d.csv")) }
end

function TestRisk.test_decisions_are_kept_with_their_numbers()
  local r = assert(run "{rules: [{type: max_gross_exposure, pct: 15}]}")
  lu.assertEquals(#r.decisions, 2)
  local first, second = r.decisions[1], r.decisions[2]
  lu.assertEquals({ first[3], first[5], first[6], first[7], first[8], first[9], first[10] },
    { "max_gross_exposure", "allow", "none", 10, 10, 10, 15 })
  lu.assertEquals({ second[1], second[2], second[4], second[5], second[6], second[7], second[8], second[9],
    second[10] },
    { "AAA", 1, "portfolio", "resize", "risk_max_gross_exposure", 10, 5, 20, 15 })
  lu.assertEquals(r.refusals, { { "risk_max_gross_exposure", 1, 20, 15, n = 4 } })
  lu.assertEquals(#r.csv, 2)
  lu.assertEquals(r.csv[2].kind, "max_gross_exposure")
  lu.assertEquals(r.csv[2].action, "resize")
  lu.assertEquals(tonumber(r.csv[2].allowed), 5)
end

function TestRisk.test_rules_across_portfolios_and_their_order()
  local r = assert(run("{rules: [{type: max_order_size, quantity: 8, action: resize}]}",
    { more = "risk: {rules: [{type: max_position, quantity: 12}]}" }))
  local found = {}
  for k, d in ipairs(r.decisions) do found[k] = ("%s %s %s %g"):format(d[4], d[3], d[5], d[8]) end
  lu.assertEquals(found, { "portfolio max_order_size resize 8", "all max_position allow 8",
    "portfolio max_order_size resize 8", "all max_position resize 4" })
end

function TestRisk.test_volume_groups_and_score()
  local r = assert(run "{rules: [{type: max_order_volume, pct: 0.5, average_bars: 2}]}")
  lu.assertEquals({ r.decisions[1][5], r.decisions[1][8], r.decisions[1][9] }, { "resize", 5, 1 })
  r = assert(run("{rules: [{type: max_group, pct: 5, groups: {tech: [AAA, BBB]}}]}",
    { names = { "AAA", "BBB" }, symbols = "[AAA, BBB]" }))
  lu.assertEquals({ r.decisions[1][5], r.decisions[1][8] }, { "resize", 5 })
  r = assert(run("{rules: [{type: max_group, pct: 5}]}", { symbols = "[{symbol: AAA, sector: tech}]" }))
  lu.assertEquals({ r.decisions[1][5], r.decisions[1][8] }, { "resize", 5 })
  -- Exposure alone, of 100 percent: 10 units are 10 percent.
  r = assert(run("{score: {weights: {concentration: 0, volatility: 0, drawdown: 0, value_at_risk: 0, liquidity: 0}, "
    .. "record: true}, rules: [{type: max_risk_score, score: 12}]}"))
  lu.assertEquals({ r.decisions[2][5], r.decisions[2][8], r.decisions[2][9] }, { "resize", 2, 20 })
end

function TestRisk.test_mistakes_are_told()
  local function bad(risk, message, options)
    local made, err, fault = run(risk, options)
    lu.assertNil(made)
    lu.assertEquals(fault, "configuration")
    lu.assertStrContains(err, message)
  end
  bad("{rules: [{type: max_gros_exposure, pct: 5}]}",
    "portfolios[0].risk.rules[0].type: there is no type 'max_gros_exposure', did you mean 'max_gross_exposure'?")
  bad("{rules: [{pct: 5}]}", "rules[0].type: missing; one of max_position")
  bad("{rules: [max_position]}", "rules[0]: expected a map with a type, got 'max_position'")
  bad("{rules: [{type: max_position}]}", "rules[0]: missing; max_position takes one of pct, cash, quantity")
  bad("{rules: [{type: max_position, pct: 5, cash: 5}]}", "rules[0].cash: goes without pct: a rule has one limit")
  bad("{rules: [{type: max_position, pct: -5}]}", "-5 is below 0")
  bad("{rules: [{type: max_position, pct: 5, bars: 3}]}", "rules[0].bars: unknown key")
  bad("{rules: [{type: loss_streak, trades: 3}]}", "missing; pause_bars or pause_days says how long entries wait")
  bad("{rules: [{type: max_group, pct: 5, groups: {a: [AAA], b: [AAA]}}]}", "AAA is in group a already")
  bad("{rules: [{type: max_group, pct: 5, groups: {a: [ZZZ]}}]}", "there is no symbol 'ZZZ'")
  bad("{rules: [{type: max_risk_score, score: 5}]}", "max_risk_score needs it")
end

function TestRisk.test_the_command_lists_every_kind()
  local status, out = support.run("risk", "list")
  lu.assertEquals(status, 0)
  for _, info in ipairs(risk_rules.list) do
    lu.assertStrContains(out, info.name)
    local done, text = support.run("risk", "help", info.name)
    lu.assertEquals(done, 0)
    for _, param in ipairs(info.params) do lu.assertStrContains(text, param.name) end
    local as_json
    done, as_json = support.run("risk", "help", info.name, "--json")
    lu.assertEquals(done, 0)
    lu.assertEquals(json.decode(as_json).name, info.name)
  end
  local missing, _, err = support.run("risk", "help", "max_positon")
  lu.assertEquals(missing, 2)
  lu.assertStrContains(err, "did you mean 'max_position'")
end

-- docs/risk.md has a row for every kind, with its parameters and formula.
function TestRisk.test_the_page_knows_every_kind()
  local page = support.read "docs/risk.md"
  for _, info in ipairs(risk_rules.list) do
    lu.assertStrContains(page, "`" .. info.name .. "`")
    for _, param in ipairs(info.params) do lu.assertStrContains(page, "`" .. param.name .. "`", nil, info.name) end
  end
end

-- Models of costs in configurations: names, parameters, profiles, files, what a run says of them.
local config = require "config"
local json = require "json"
local models = require "models"
local profiles = require "profiles"
local support = require "support"

TestModels = {}

local BASE = [[
data:
  source: synthetic
  synthetic: {bars: %d, seed: 5, timeframe: 1h, start: 2020-01-01, volatility_ann_pct: 40}
symbols: [MOON]
strategies:
  - {type: sma_cross, params: {fast: 5, slow: 20}}
execution:
]]

local function write(text)
  return support.write(support.folder() .. "/run.yaml", BASE:format(3000) .. text)
end

local function result(text, ...)
  local status, out, err = support.run("run", write(text), "--db", "none", "--json", ...)
  lu.assertEquals(status, 0, err)
  local object = json.decode(out)
  return object.results[1].metrics, object.run
end

local function problem(text)
  local status, _, err = support.run("run", write(text), "--db", "none")
  lu.assertEquals(status, 2, err)
  return err
end

function TestModels.test_the_page_of_models_is_what_the_descriptors_say()
  local file = assert(io.open(support.home .. "/docs/models.md", "rb"))
  local text = file:read "*a"
  file:close()
  lu.assertTrue(text == models.markdown(profiles.markdown()), "run build/perilune exec scripts/gen_models.lua")
end

function TestModels.test_the_command_lists_and_explains_them()
  local status, out = support.run("models", "list")
  lu.assertEquals(status, 0)
  for _, model in ipairs(models.list) do lu.assertStrContains(out, model.name) end
  status, out = support.run("models", "list", "financing", "--json")
  lu.assertEquals(status, 0)
  for _, model in ipairs(json.decode(out)) do lu.assertEquals(model.kind, "financing") end
  status, out = support.run("models", "help", "square_root_impact")
  lu.assertEquals(status, 0)
  lu.assertStrContains(out, "Almgren")
  lu.assertStrContains(out, "coefficient")
  local wrong, _, err = support.run("models", "help", "half_sprad")
  lu.assertEquals(wrong, 2)
  lu.assertStrContains(err, "half_spread")
end

function TestModels.test_short_keys_and_the_models_that_they_stand_for_agree()
  local short = result "  {slippage_bps: 5, spread_bps: 4, commission_pct: 0.1, commission_per_order: 1}\n"
  local named = result [[
  slippage: [{model: fixed_bps, params: {bps: 5}}, {model: half_spread, params: {bps: 4}}]
  commission: [{model: standard, params: {pct: 0.1, per_order: 1}}]
]]
  lu.assertTrue(short.trades > 20)
  for _, name in ipairs { "equity_final", "fees", "slippage_cost", "trades", "turnover" } do
    lu.assertAlmostEquals(named[name], short[name], math.abs(short[name]) * 1e-9, name)
  end
end

function TestModels.test_costs_cost()
  local free = result "  {profile: zero_cost}\n"
  local last = free.equity_final
  lu.assertEquals(free.fees, 0)
  for _, profile in ipairs { "institutional", "retail", "adverse_market" } do
    local metrics, run = result(("  {profile: %s}\n"):format(profile))
    lu.assertTrue(metrics.equity_final < last, profile .. " costs more than what is before it")
    last = metrics.equity_final
    lu.assertStrContains(table.concat(run.assumptions, "\n"), "profile: " .. profile)
    lu.assertStrContains(table.concat(run.assumptions, "\n"), "slippage: half_spread")
  end
end

function TestModels.test_costs_by_kind_add_up()
  local metrics = result("  {profile: retail, slippage: [fixed_bps, half_spread, {model: volatility_scaled}]}\n",
    "--set", "results.metrics=full")
  lu.assertAlmostEquals(metrics.commission_paid + metrics.exchange_fees, metrics.fees, 1e-6)
  lu.assertAlmostEquals(metrics.spread_cost + metrics.impact_cost + metrics.slippage_other - metrics.price_improvement,
    metrics.slippage_cost, 1e-6)
  lu.assertTrue(metrics.borrow_cost > 0 and metrics.spread_cost > 0 and metrics.slippage_other > 0)
  lu.assertAlmostEquals(metrics.implementation_shortfall,
    metrics.arrival_cost + metrics.opportunity_cost + metrics.fees, 1e-6)
  lu.assertAlmostEquals(metrics.arrival_slippage_bps, metrics.arrival_cost / metrics.turnover * 1e4, 1e-6)
end

function TestModels.test_a_key_beside_a_profile_replaces_the_profiles()
  local metrics = result "  {profile: retail, slippage: [], financing: []}\n"
  lu.assertEquals(metrics.slippage_cost, 0)
  lu.assertTrue(metrics.fees > 0)
  metrics = result "  profile: mine\nprofiles:\n  mine: {commission_pct: 0.5, slippage: [fixed_bps]}\n"
  lu.assertTrue(metrics.fees > 0 and metrics.slippage_cost > 0)
end

function TestModels.test_profiles_are_no_part_of_the_hash_but_what_they_say_is()
  local text = BASE:format(100) .. "  %s\n"
  local function hash(execution) return config.hash((assert(config.from_text(text:format(execution))))) end
  lu.assertEquals(hash "{profile: zero_cost}", hash "{fill: next_open}")
  lu.assertNotEquals(hash "{profile: retail}", hash "{fill: next_open}")
  lu.assertEquals(hash "{slippage: [fixed_bps]}", hash "{slippage: fixed_bps}")
end

function TestModels.test_mistakes_name_their_place_and_the_likely_fix()
  local cases = {
    { "  slippage: [half_sprad]\n", "run.yaml:8:14: execution.slippage[0].model: there is no model of slippage " ..
      "'half_sprad', did you mean 'half_spread'?" },
    { "  slippage: [percent]\n", "'percent' is a model of commission: it goes under execution.commission" },
    { "  slippage: [{model: fixed_bps, params: {bsp: 5}}]\n", "unknown parameter of fixed_bps, did you mean 'bps'?" },
    { "  slippage: [{model: fixed_bps, params: {bps: -5}}]\n", "-5 is out of range, expected 0 to 9999; basis points" },
    { "  slippage: [{model: fixed_bps, params: {bps: [1, 2]}}]\n", "expected one value, got a list" },
    { "  slippage: [{model: half_spread, params: {quoted: maybe}}]\n", "'maybe' is not one of no, yes" },
    { "  commission: [{model: tiered, params: {bounds: [1, 2], rates: [1]}}]\n", "rates needs one value more" },
    { "  profile: retial\n", "there is no profile 'retial', did you mean 'retail'?" },
    { "  slippage: [{model: fixed_bps, symbols: [MOO]}]\n", "there is no symbol 'MOO', did you mean 'MOON'?" },
    { "  slippage: [fixed_bps]\n  compat: backtesting.py\n", "not with models" },
    { "  latency: [constant]\n  fill: this_close\n", "no order can be late for a close" },
    { "  slippage: [{model: fixed_bps, file: x.csv}]\n", "fixed_bps reads no file" },
    { "  financing: [{model: borrow, file: /nowhere/x.csv}]\n", "/nowhere/x.csv" },
  }
  for _, case in ipairs(cases) do lu.assertStrContains(problem(case[1]), case[2]) end
end

function TestModels.test_what_comes_late_fills_at_another_price()
  local at_once = result "  {fill: next_open}\n"
  local late, run = result [[
  latency: [{model: distribution, params: {shape: uniform, low_ms: 60000, high_ms: 2.4e6}}]
]]
  lu.assertNotEquals(late.equity_final, at_once.equity_final)
  lu.assertEquals(late.trades, at_once.trades)
  lu.assertTrue(late.arrival_slippage_bps > at_once.arrival_slippage_bps, "the path goes against the order first")
  lu.assertStrContains(table.concat(run.assumptions, "\n"), "latency: distribution (shape uniform")
end

function TestModels.test_a_file_gives_rates_by_time()
  local file = support.write(support.folder() .. "/rates.csv",
    "time,rate_pct\n2020-01-01,1\n2020-02-01,none\n2020-03-01,2\n")
  local refused = result(("  financing: [{model: borrow, file: %s}]\n"):format(file))
  local allowed = result "  financing: [{model: borrow, params: {rate_pct: 1}}]\n"
  lu.assertTrue(refused.trades < allowed.trades, "no short sale in February")
  file = support.write(support.folder() .. "/rates.csv", "time,rate_pct\n2020-01-01,much\n")
  lu.assertStrContains(problem(("  financing: [{model: borrow, file: %s}]\n"):format(file)),
    "rates.csv:2:1: rate_pct: 'much' is not a number and not none")
end

function TestModels.test_an_instruments_own_commission_comes_first()
  local text = [[
data: {source: synthetic, synthetic: {bars: 2000, seed: 5, timeframe: 1h, start: 2020-01-01}}
symbols: [{symbol: MOON, commission_per_order: 0}]
strategies: [{type: sma_cross, params: {fast: 5, slow: 20}}]
execution: {commission_pct: 0.5, commission: [{model: per_order, params: {amount: 9}}]}
]]
  local function fees(changed)
    local file = support.write(support.folder() .. "/run.yaml", changed)
    local status, out, err = support.run("run", file, "--db", "none", "--json")
    lu.assertEquals(status, 0, err)
    local metrics = json.decode(out).results[1].metrics
    return metrics.fees, metrics.turnover
  end
  local paid, turnover = fees(text)
  lu.assertAlmostEquals(paid, turnover * 0.005, 1e-6, "per_order is the instrument's, the rest execution's keys")
  lu.assertTrue(fees((text:gsub(", commission_per_order: 0", ""))) > paid)
end

function TestModels.test_a_run_is_stored_with_what_it_assumed()
  local folder = support.folder()
  local file = support.write(folder .. "/run.yaml", BASE:format(500) .. "  profile: retail\n")
  local status, out, err = support.run("run", file, "--db", folder .. "/p.db")
  lu.assertEquals(status, 0, err)
  lu.assertStrContains(out, "slippage: half_spread (bps 5, quoted yes, multiple 1)")
  status, out = support.run("sql", "SELECT config_text FROM run", "--db", folder .. "/p.db")
  lu.assertEquals(status, 0)
  lu.assertStrContains(out, "commission: per_share (rate 0.005, minimum 1, cap_pct 1")
end

function TestModels.test_slices_and_combos_do_not_show()
  local text = "  {profile: adverse_market, slippage: [price_improvement, {model: volatility_scaled}]}\n"
  local one = result(text)
  for _, rows in ipairs { 1, 7, 4096 } do
    local other = result(text, "--set", "engine.chunk_rows=" .. rows)
    lu.assertEquals(other.equity_final, one.equity_final)
  end
end

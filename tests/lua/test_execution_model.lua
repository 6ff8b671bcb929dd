-- execution_model{…}: models of costs in Lua, as files beside a configuration.
local json = require "json"
local registry = require "registry"
local support = require "support"

TestExecutionModel = {}

local BASE = [[
data:
  source: synthetic
  synthetic: {bars: 2000, seed: 5, timeframe: 1h, start: 2020-01-01, volatility_ann_pct: 40}
symbols: [MOON]
strategies:
  - {type: %s, params: {%s}}
portfolios:
  - {name: main, capital: 100000%s}
execution:
]]

local function folder_with(name, source)
  local folder = support.folder()
  os.execute("mkdir -p " .. folder .. "/execution_models")
  support.write(folder .. "/execution_models/" .. name .. ".lua", source)
  return folder
end

local function run(folder, execution, options, ...)
  options = options or {}
  local text = BASE:format(options.strategy or "sma_cross", options.params or "fast: 5, slow: 20",
    options.portfolio or "")
  local file = support.write(folder .. "/run.yaml", text .. execution)
  return support.run("run", file, "--db", "none", "--json", "--set", "results.metrics=full", ...)
end

local function metrics(folder, execution, options, ...)
  local status, out, err = run(folder, execution, options, ...)
  lu.assertEquals(status, 0, err)
  local object = json.decode(out)
  return object.results[1].metrics, object.run
end

local BPS = [[
return execution_model {
  name = "bps_in_lua", help = "As fixed_bps, and a fee.",
  params = { bps = 5.0, fee = 0.0 },
  fill = function(order, bar, p)
    return (order.is_market and bar.open or order.price) * p.bps / 10000, p.fee
  end,
}
]]

function TestExecutionModel.test_it_does_what_the_built_in_model_does()
  local folder = folder_with("bps_in_lua", BPS)
  for _, sizing in ipairs { ", sizing: {type: fixed_quantity, quantity: 100}",
    ", sizing: {type: percent_of_equity, percent: 50, size_at: fill}" } do
    local options = { portfolio = sizing }
    local built_in = metrics(folder, "  {slippage: [{model: fixed_bps, params: {bps: 7}}], finalize_trades: true}\n",
      options)
    local in_lua, said = metrics(folder,
      "  {slippage: [{model: bps_in_lua, params: {bps: 7}}], finalize_trades: true}\n", options)
    lu.assertTrue(built_in.trades > 20)
    -- A size in percent does not reckon with what Lua will say.
    local tolerance = sizing:find "fixed" and 1e-9 or 1e-3
    for _, name in ipairs { "equity_final", "trades", "slippage_cost", "turnover" } do
      lu.assertAlmostEquals(in_lua[name], built_in[name], tolerance * math.abs(built_in[name]), name)
    end
    lu.assertStrContains(table.concat(said.assumptions, "\n"), "model in Lua: bps_in_lua (bps 7, fee 0)")
  end
end

function TestExecutionModel.test_fees_are_charged_and_paid_for()
  local folder = folder_with("bps_in_lua", BPS)
  local one = metrics(folder, "  {slippage: [{model: bps_in_lua, params: {bps: 0.0, fee: 3}}]}\n",
    { portfolio = ", sizing: {type: fixed_quantity, quantity: 100}" })
  local built_in = metrics(folder, "  {commission: [{model: per_order, params: {amount: 3}}]}\n",
    { portfolio = ", sizing: {type: fixed_quantity, quantity: 100}" })
  lu.assertTrue(built_in.fees > 0)
  lu.assertAlmostEquals(one.fees, built_in.fees, 1e-6)
  lu.assertAlmostEquals(one.equity_final, built_in.equity_final, 1e-6)
end

function TestExecutionModel.test_protective_levels_are_asked_too()
  local folder = folder_with("bps_in_lua", BPS)
  local options = { portfolio = ", sizing: {type: fixed_quantity, quantity: 100}, risk: {stop_loss_pct: 1}" }
  local built_in = metrics(folder, "  {commission: [{model: per_order, params: {amount: 3}}]}\n", options)
  local one = metrics(folder, "  {slippage: [{model: bps_in_lua, params: {bps: 0.0, fee: 3}}]}\n", options)
  lu.assertAlmostEquals(one.fees, built_in.fees, 1e-6)
end

function TestExecutionModel.test_a_largest_quantity_leaves_the_rest_waiting()
  local folder = folder_with("slowly", [[
return execution_model {
  name = "slowly", state = { asked = 0 },
  fill = function(order, bar, p, s)
    s.asked = s.asked + 1
    return 0, 0, not order.is_exit and 30 or nil
  end,
}
]])
  local options = { portfolio = ", sizing: {type: fixed_quantity, quantity: 100}" }
  local one = metrics(folder, "  {slippage: [slowly]}\n", options)
  local whole = metrics(folder, "  {fill: next_open}\n", options)
  lu.assertTrue(one.fills > 2 * whole.fills, "in parts")
end

function TestExecutionModel.test_slices_combos_and_interpreted_code_do_not_show()
  local folder = folder_with("counts", [[
return execution_model {
  name = "counts", state = { n = 0 },
  fill = function(order, bar, p, s)
    s.n = s.n + 1
    return 0.001 * (s.n % 7), 0.1 * (s.n % 3)
  end,
}
]])
  local text = "  {slippage: [counts]}\n"
  local first = metrics(folder, text)
  for _, set in ipairs { "engine.chunk_rows=7", "engine.combos_at_once=1", "engine.jit=false" } do
    lu.assertEquals(metrics(folder, text, nil, "--set", set).equity_final, first.equity_final)
  end
  local status, out, err = run(folder, text, { params = "fast: [4, 5], slow: 20" })
  lu.assertEquals(status, 0, err)
  local results = json.decode(out).results
  lu.assertEquals(results[2].metrics.equity_final, first.equity_final, "each combo has a state of its own")
end

function TestExecutionModel.test_strategies_that_place_orders_are_asked_about_too()
  local folder = folder_with("bps_in_lua", BPS)
  local name
  for _, entry in ipairs(registry.new({}):list()) do
    local def = registry.new({}):load(entry.name)
    if def and def.on_bar and not def.symbols then name = name or entry.name end
  end
  lu.assertNotNil(name)
  local options = { strategy = name, params = "" }
  local free = metrics(folder, "  {fill: next_open}\n", options)
  local paid = metrics(folder, "  {slippage: [{model: bps_in_lua, params: {fee: 1.0}}]}\n", options)
  lu.assertTrue(free.fills > 0)
  lu.assertTrue(paid.fees > 0)
end

local function failure(source, execution)
  local folder = folder_with("mine", source)
  local status, _, err = run(folder, execution or "  {slippage: [mine]}\n")
  lu.assertNotEquals(status, 0)
  return err
end

function TestExecutionModel.test_mistakes_name_file_and_line()
  local err = failure "return execution_model {\n name = 'mine',\n fill = function(order)\n  return order.qty\n end }\n"
  lu.assertStrContains(err, "mine.lua:4:")
  lu.assertStrContains(err, "order: quantity=")
  err = failure "return execution_model { name = \"mine\", fill = function() return 0 / 0 end }\n"
  lu.assertStrContains(err, "fill returned nan, 0, inf: expected a price offset and a fee, finite numbers")
  err = failure "return execution_model { name = \"mine\", fill = function() while true do end end }\n"
  lu.assertStrContains(err, "mine.lua:1:")
  lu.assertStrContains(failure "return execution_model { name = 'mine' }\n", "needs fill = function(order, bar, p, s)")
  lu.assertStrContains(failure("return execution_model { name = \"mine\", fill = function() end }\n",
    "  {slippage: [{model: mine, params: {x: 1}}]}\n"), "unknown parameter 'x'")
  lu.assertStrContains(failure("return execution_model { name = \"mine\", fill = function() end }\n",
    "  {slippage: [mine], fill: this_close}\n"), "use fill: next_open")
  lu.assertStrContains(failure("return execution_model { name = \"mine\", fill = function() return io.open(1) end }\n"),
    "io is not available")
  lu.assertStrContains(failure "return strategy { name = \"mine\", signal = function() return FLAT end }\n",
    "expected an execution_model")
  lu.assertStrContains(failure("return execution_model { name = \"mine\", fill = function() end }\n",
    "  {slippage: [mind]}\n"), "there is no model of slippage 'mind'")
end

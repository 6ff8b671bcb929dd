-- `perilune run` as a user runs it.
local json = require "json"
local support = require "support"

TestRun = {}
TestRunErrors = {}

local function config(folder, text) return support.write(folder .. "/run.yaml", text) end

local BASE = [[
data:
  source: synthetic
  synthetic: {bars: 2000, seed: 5, timeframe: 1h, start: 2020-01-01}
symbols: [MOON]
strategies:
  - type: %s
]]

local function run(strategy, ...)
  local folder = support.folder()
  local file = config(folder, BASE:format(strategy))
  return support.run("run", file, "--db", folder .. "/p.db", ...)
end

function TestRun.test_quickstart_ends_with_statistics_a_picture_and_the_place_of_the_results()
  local folder = support.folder()
  local status, out, err = support.run("run", support.home .. "/examples/quickstart.yaml", "--db", folder .. "/q.db")
  lu.assertEquals(status, 0, err)
  lu.assertStrContains(out, "Sharpe Ratio")
  lu.assertStrContains(out, "q.db")
  lu.assertEquals(err, "", "nothing on standard error")
end

function TestRun.test_a_grid_has_an_overview_of_what_differs()
  local status, out, err = run("sma_cross", "--set", "strategies.0.params={fast: [5, 10], slow: 40}")
  lu.assertEquals(status, 0, err)
  lu.assertStrMatches(out:match "^[^\n]*", "2 combos × 2,000 bars: .*")
  out = out:match "^[^\n]*\n(.*)$"
  lu.assertStrMatches(out, "combo | parameters |.*\nc000%d | fast=%d+ +|[^\n]*\nc000%d | fast=%d+ +|.*")
  lu.assertStrContains(out, "2,000 bars x 2 combos")
  lu.assertStrMatches(out, ".*\n  deflated Sharpe ratio +%d+%.%d %%   .*")
  lu.assertStrMatches(out, ".*\nc000%d, portfolio main: fast=%d+ short=true slow=40\n.*", nil, nil, "the best, in full")
end

function TestRun.test_json_is_one_object_with_the_contract()
  local status, out, err = run("sma_cross", "--json")
  lu.assertEquals(status, 0, err)
  local object = json.decode(out)
  for _, key in ipairs { "id", "config_hash", "data_hash", "seconds", "bars", "combos", "bars_per_second" } do
    lu.assertNotNil(object.run[key], "run." .. key)
  end
  lu.assertEquals(object.run.bars, 2000)
  lu.assertEquals(object.run.combos, 1)
  local result = object.results[1]
  lu.assertEquals(result.combo, "c0001")
  lu.assertEquals(result.portfolio, "main")
  lu.assertEquals(result.params.fast, 10)
  for _, name in ipairs { "equity_final", "return_pct", "return_ann_pct", "volatility_ann_pct", "cagr_pct",
    "sharpe_ratio", "sharpe_ratio_geometric", "sortino_ratio", "sortino_ratio_geometric", "calmar_ratio",
    "max_drawdown_pct", "avg_drawdown_pct", "trades", "win_rate_pct", "profit_factor", "expectancy_pct", "sqn",
    "kelly", "exposure_pct", "fees", "turnover", "exposure_long_pct", "exposure_short_pct", "ambiguous_bars" } do
    lu.assertNotNil(result.metrics[name], name)
  end
end

function TestRun.test_undefined_statistics_are_null()
  local status, out, err = run("sma_cross", "--json", "--set", "strategies.0.params={fast: 900, slow: 1990}")
  lu.assertEquals(status, 0, err)
  local metrics = json.decode(out).results[1].metrics
  lu.assertEquals(metrics.trades, 0)
  lu.assertEquals(metrics.profit_factor, json.null)
  local undefined = json.decode(out).results[1].undefined
  lu.assertEquals(undefined.win_rate_pct, "too_few")
  lu.assertNil(undefined.trades)
end

function TestRun.test_all_figures_drawdowns_months_and_confidence()
  local status, out, err = run("sma_cross", "--json", "--full")
  lu.assertEquals(status, 0, err)
  local result = json.decode(out).results[1]
  for _, name in ipairs { "ulcer_index_pct", "omega_ratio", "deflated_sharpe_ratio_pct", "beta_periods", "avg_leverage",
    "turnover_ann_pct", "net_profit", "long_trades", "short_pnl", "avg_mae_pct", "winning_months_pct" } do
    lu.assertEquals(type(result.metrics[name]), "number", name)
  end
  lu.assertAlmostEquals(result.metrics.long_pnl + result.metrics.short_pnl,
    result.metrics.gross_profit + result.metrics.gross_loss, 1e-6)
  local sharpe = result.confidence.intervals.sharpe_ratio
  lu.assertAlmostEquals(sharpe.value, result.metrics.sharpe_ratio, 1e-9)
  lu.assertTrue(sharpe.low < sharpe.value and sharpe.value < sharpe.high)
  lu.assertTrue(#result.drawdowns > 0 and #result.months > 0)
  lu.assertAlmostEquals(100 * result.drawdowns[1].depth, result.metrics.max_drawdown_periods_pct, 1e-9)
  local growth = 1
  for _, year in ipairs(result.months) do growth = growth * (1 + year.total) end
  lu.assertAlmostEquals(100 * (growth - 1), result.metrics.return_pct, 1) -- but for the first day
  status, out, err = run("sma_cross", "--full")
  lu.assertEquals(status, 0, err)
  for _, text in ipairs { "Ulcer Index", "drawdown from", "stationary bootstrap: 1,000 samples",
    "Wins (of periods)" } do
    lu.assertStrContains(out, text)
  end
end

function TestRun.test_a_risk_free_rate_and_another_year()
  local function sharpe(...)
    local status, out, err = run("sma_cross", "--json", ...)
    lu.assertEquals(status, 0, err)
    return json.decode(out).results[1].metrics
  end
  local plain, rate = sharpe(), sharpe("--set", "statistics.risk_free_pct=3")
  local year = plain.periods_per_year
  local drift = (1.03 ^ (1 / year) - 1) * math.sqrt(year) / (plain.volatility_period_pct / 100)
  lu.assertAlmostEquals(rate.sharpe_ratio, plain.sharpe_ratio - drift, 1e-9)
  lu.assertAlmostEquals(rate.smart_sharpe_ratio * rate.autocorrelation_penalty, rate.sharpe_ratio, 1e-9)
  lu.assertEquals(rate.sharpe_ratio_geometric, plain.sharpe_ratio_geometric)
  local other = sharpe("--set", "statistics.periods_per_year=100")
  lu.assertEquals(other.periods_per_year, 100)
  lu.assertAlmostEquals(other.sharpe_ratio, plain.sharpe_ratio * math.sqrt(100 / year), 1e-9)
  lu.assertAlmostEquals(other.annual_volatility_pct, plain.volatility_period_pct * 10, 1e-9)
end

function TestRun.test_only_the_short_table_where_asked()
  local status, out, err = run("sma_cross", "--json", "--set", "results.metrics=headline")
  lu.assertEquals(status, 0, err)
  local result = json.decode(out).results[1]
  lu.assertNil(result.metrics.ulcer_index_pct)
  lu.assertEquals(type(result.metrics.sharpe_ratio), "number")
end

function TestRun.test_set_overrides_the_file()
  local _, out = run("sma_cross", "--json", "--set", "portfolios.0.capital=50000", "--set", "data.synthetic.bars=500")
  local object = json.decode(out)
  lu.assertEquals(object.run.bars, 500)
  lu.assertTrue(object.results[1].metrics.equity_final > 20000)
end

function TestRun.test_same_configuration_same_hash_and_result()
  local function hashes(...)
    local _, out = run("sma_cross", "--json", ...)
    local object = json.decode(out)
    return object.run.config_hash, object.run.data_hash, object.results[1].metrics.equity_final
  end
  local a, b, c = hashes()
  local d, e, f = hashes()
  lu.assertEquals({ a, b, c }, { d, e, f })
  local g, h = hashes("--set", "data.synthetic.seed=6")
  lu.assertNotEquals(g, a)
  lu.assertNotEquals(h, b)
end

function TestRun.test_csv_files_have_the_columns_of_the_contract()
  local folder = support.folder()
  local status, _, err = run("sma_cross", "--quiet", "--trades", folder .. "/t.csv", "--equity", folder .. "/e.csv",
    "--orders", folder .. "/o.csv")
  lu.assertEquals(status, 0, err)
  lu.assertEquals(support.read(folder .. "/t.csv"):match("^[^\n]*"),
    "combo,trade,symbol,side,entry_time,entry_price,exit_time,exit_price,quantity,pnl,return_pct,fees,entry_bar,"
    .. "exit_bar,exit_reason")
  lu.assertEquals(support.read(folder .. "/e.csv"):match("^[^\n]*"), "combo,time,equity,cash,drawdown_pct")
  local rows = support.csv(support.read(folder .. "/e.csv"))
  lu.assertEquals(#rows, 2000)
  lu.assertEquals(rows[1].time, "2020-01-01T00:00:00Z")
  lu.assertTrue(#support.csv(support.read(folder .. "/o.csv")) > 0)
end

function TestRun.test_trades_in_the_file_the_database_and_the_statistics_agree()
  local folder = support.folder()
  local file = config(folder, BASE:format("sma_cross"))
  local db = folder .. "/p.db"
  local _, out = support.run("run", file, "--json", "--db", db, "--trades", folder .. "/t.csv")
  local metrics = json.decode(out).results[1].metrics
  local rows, pnl = support.csv(support.read(folder .. "/t.csv")), 0
  for _, row in ipairs(rows) do pnl = pnl + tonumber(row.pnl) end
  lu.assertEquals(#rows, metrics.trades)
  local status, answer, err = support.run("sql", "SELECT count(*) AS n, sum(pnl) AS pnl FROM trade", "--db", db,
    "--json")
  lu.assertEquals(status, 0, err)
  local stored = json.decode(answer)
  local row = stored[1] or stored.rows[1]
  lu.assertEquals(row.n, metrics.trades)
  support.close(row.pnl, pnl, 1e-9, "sum of P&L")
end

function TestRun.test_a_list_of_values_makes_combos()
  local status, out, err = run("sma_cross", "--json", "--set",
    "strategies.0.params={fast: [5, 10], slow: {from: 20, to: 40, step: 10}}")
  lu.assertEquals(status, 0, err)
  local object = json.decode(out)
  lu.assertEquals(object.run.combos, 6)
  lu.assertEquals(object.results[1].params, { fast = 5, slow = 20, short = true })
  lu.assertEquals(object.results[6].combo, "c0006")
  lu.assertEquals(object.results[6].params, { fast = 10, slow = 40, short = true })
end

function TestRun.test_a_run_without_trades_says_why()
  local _, out = run("sma_cross", "--set", "strategies.0.params={fast: 900, slow: 1990}",
    "--set", "data.synthetic.bars=1000")
  lu.assertStrContains(out, "never became warm")
  _, out = run("sma_cross", "--set", "portfolios.0.capital=1")
  lu.assertStrContains(out, "refused")
end

function TestRun.test_every_example_configuration_runs()
  local pipe = assert(io.popen(("ls '%s'/examples/*.yaml"):format(support.home)))
  local n = 0
  for path in pipe:lines() do
    local folder = support.folder()
    local status, _, err = support.run("run", path, "--quiet", "--db", folder .. "/p.db")
    lu.assertEquals(status, 0, path .. ": " .. err)
    n = n + 1
  end
  pipe:close()
  lu.assertTrue(n >= 4)
end

function TestRun.tearDown() support.cleanup() end

--- A strategy of the test's own beside the configuration.
local function run_strategy(source, ...)
  local folder = support.folder()
  os.execute(("mkdir -p '%s/strategies'"):format(folder))
  support.write(folder .. "/strategies/mine.lua", source)
  local file = config(folder, BASE:format("mine"))
  return support.run("run", file, "--db", folder .. "/p.db", ...)
end

local STRATEGY = [[
return strategy {
  name = "mine", help = "for a test",
  features = function(_, x) return { fast = x.sma(x.close, 5) } end,
  signal = function(f, bar)
    %s
  end,
}
]]

function TestRunErrors.test_an_error_in_a_strategy_names_its_line_the_bar_and_the_values()
  local status, _, err = run_strategy(STRATEGY:format("return f.fast + nil"))
  lu.assertEquals(status, 1)
  lu.assertStrContains(err, "mine.lua:5:")
  lu.assertStrContains(err, "2020-01-01T04:00:00Z")
  lu.assertStrContains(err, "features: fast=")
  lu.assertNotStrContains(err, "stack traceback")
  lu.assertNotStrContains(err, "instance.lua")
end

function TestRunErrors.test_nonsense_results_are_refused()
  for _, result in ipairs { '"buy"', "nil", "2", "LONG, 7", "LONG, 0/0", "LONG, 1, -1", "{}" } do
    local status, _, err = run_strategy(STRATEGY:format("return " .. result))
    lu.assertEquals(status, 1, result)
    lu.assertStrContains(err, "expected LONG, FLAT or SHORT", false, result)
  end
end

function TestRunErrors.test_an_endless_loop_is_stopped()
  local status, _, err = run_strategy(STRATEGY:format("while true do local _ = bar.close end"))
  lu.assertEquals(status, 1)
  lu.assertStrContains(err, "mine.lua:5:")
  lu.assertStrContains(err, "budget")
end

function TestRunErrors.test_allocation_without_end_is_stopped()
  local status, _, err = run_strategy(
    STRATEGY:format("local t = {} for i = 1, 1e9 do t[i] = { i } end return LONG"), "--set",
    "engine.memory_limit_mb=64", "--set", "engine.loop_budget=1e9")
  lu.assertEquals(status, 1)
  lu.assertStrContains(err, "memory")
end

function TestRunErrors.test_the_sandbox_holds()
  for _, code in ipairs { 'io.open("x")', 'os.exit(0)', 'require("ffi")', "x = 1", "getfenv(0)" } do
    local status, _, err = run_strategy(STRATEGY:format(code .. " return LONG"))
    lu.assertNotEquals(status, 0, code)
    lu.assertStrContains(err, "mine.lua:5:", false, code)
  end
end

function TestRunErrors.test_unknown_parameters_strategies_and_ids_have_suggestions()
  local status, _, err = run("sma_cross", "--set", "strategies.0.params={fats: 5}")
  lu.assertEquals(status, 2)
  lu.assertStrContains(err, "did you mean 'fast'")
  status, _, err = run("sma_cros")
  lu.assertEquals(status, 2)
  lu.assertStrContains(err, "did you mean 'sma_cross'")
  status, _, err = run("sma_cross", "--set", "portfolios.0.strategies=[sma_cros]")
  lu.assertEquals(status, 2)
  lu.assertStrContains(err, "did you mean 'sma_cross'")
end

function TestRunErrors.test_missing_data_is_a_configuration_error_that_names_the_file()
  local folder = support.folder()
  local file = config(folder, "data: {source: csv, path: nowhere.csv}\nsymbols: [A]\nstrategies: [sma_cross]\n")
  local status, _, err = support.run("run", file, "--db", folder .. "/p.db")
  lu.assertNotEquals(status, 0)
  lu.assertStrContains(err, "nowhere.csv")
end

function TestRunErrors.test_a_failed_run_is_marked_and_leaves_a_readable_database()
  local folder = support.folder()
  os.execute(("mkdir -p '%s/strategies'"):format(folder))
  support.write(folder .. "/strategies/mine.lua",
    STRATEGY:format("if bar.ts_ns > 1580000000000000000LL then error('no') end return LONG"))
  local file = config(folder, BASE:format("mine"))
  local db = folder .. "/p.db"
  local status = support.run("run", file, "--db", db)
  lu.assertEquals(status, 1)
  local _, out = support.run("sql", "SELECT status FROM run", "--db", db)
  lu.assertStrContains(out, "failed")
end

function TestRunErrors.tearDown() support.cleanup() end

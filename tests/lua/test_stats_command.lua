--- `perilune stats`: files of returns, equity and prices.
local json = require "json"
local returns = require "returns"
local support = require "support"

TestStatsCommand = {}

local function write(text) return support.write(support.folder() .. "/series.csv", text) end

local function ask(...)
  local status, out, err = support.run("stats", ...)
  lu.assertEquals(status, 0, err)
  return json.decode(out)
end

local function days(count, value_of)
  local lines = {}
  for k = 1, count do
    lines[k] = ("%s,%.17g"):format(os.date("!%Y-%m-%d", 1577836800 + k * 86400), value_of(k))
  end
  return table.concat(lines, "\n") .. "\n"
end

local function wave(k) return 0.01 * math.sin(k * k) end

function TestStatsCommand.test_returns_prices_and_percent_are_one_series()
  local level, levels = 100, {}
  for k = 1, 200 do
    level = level * (1 + wave(k))
    levels[k] = level
  end
  local plain = ask(write("date,returns\n" .. days(200, wave)), "--json")
  lu.assertEquals({ plain.values, plain.column, plain.returns, plain.periods_per_year },
    { "returns", "returns", 200, 365 })
  local percent = ask(write(days(200, function(k) return 100 * wave(k) end)), "--json", "--percent")
  local prices = ask(write("Date;Open;Adj Close\n2020-01-01;1;100\n" .. days(200, function(k) return levels[k] end)
    :gsub(",", ";7;")), "--json")
  lu.assertEquals({ prices.values, prices.column, prices.returns }, { "prices", "Adj Close", 200 })
  for name, value in pairs(plain.statistics) do
    if value ~= json.null and name ~= "jarque_bera_probability" then
      support.close(percent.statistics[name], value, 1e-9, name)
      support.close(prices.statistics[name], value, 1e-9, name)
    end
  end
  local list = {}
  for k = 1, 200 do list[k] = wave(k) end
  lu.assertEquals(plain.statistics.sharpe_ratio, (returns.sharpe_ratio(list, { periods_per_year = 365 })))
  lu.assertEquals(plain.undefined.beta, "no_benchmark")
end

function TestStatsCommand.test_several_rows_a_day_are_one_return_a_day()
  local lines = { "time,equity" }
  for k = 0, 79 do lines[k + 2] = ("%s,%d"):format(os.date("!%Y-%m-%dT%H:%M:%SZ", 1577836800 + k * 21600), 1000 + k) end
  local made = ask(write(table.concat(lines, "\n") .. "\n"), "--json")
  lu.assertEquals(made.returns, 19)
  support.close(made.statistics.total_return, 1079 / 1003 - 1, 1e-12, "from the first day's end to the last's")
end

function TestStatsCommand.test_a_benchmark_is_taken_as_of_the_same_times()
  local file = write("date,returns\n" .. days(100, wave))
  local same = ask(file, "--json", "--benchmark", file)
  support.close(same.statistics.beta, 1, 1e-9, "beta")
  lu.assertEquals(same.statistics.active_return, 0)
  -- The market's prices, with days that the series does not have.
  local level, rows = 50, { "date,close", "2019-12-01,49", "2020-01-01,50" }
  for k = 1, 100 do
    level = level * (1 + 2 * wave(k))
    rows[#rows + 1] = ("%s,%.17g"):format(os.date("!%Y-%m-%d", 1577836800 + k * 86400), level)
    rows[#rows + 1] = ("%s,%.17g"):format(os.date("!%Y-%m-%d 12:00", 1577836800 + k * 86400), level)
  end
  local market = ask(file, "--json", "--benchmark", write(table.concat(rows, "\n") .. "\n"))
  support.close(market.statistics.beta, 0.5, 1e-9, "beta")
  support.close(market.statistics.benchmark_return, level / 50 - 1, 1e-9, "benchmark")
end

function TestStatsCommand.test_options_reach_the_library()
  local file = write("date,returns\n" .. days(300, function(k) return wave(k) + 0.001 end))
  local made = ask(file, "--json", "--risk-free", "0.05", "--periods-per-year", "252", "--confidence", "0.9",
    "--trials", "50", "--trials-variance", "0.004", "--samples", "200", "--block", "7", "--seed", "3")
  local list = {}
  for k = 1, 300 do list[k] = wave(k) + 0.001 end
  local figures = returns.all(list, { risk_free_ann = 0.05, periods_per_year = 252, confidence = 0.9, trials = 50,
    trials_variance = 0.004 })
  for _, name in ipairs { "sharpe_ratio", "value_at_risk", "deflated_sharpe_ratio" } do
    support.close(made.statistics[name], figures[name], 1e-12, name)
  end
  lu.assertEquals({ made.confidence.samples, made.confidence.mean_block, made.confidence.seed, made.confidence.level },
    { 200, 7, 3, 0.9 })
end

function TestStatsCommand.test_tables_for_people()
  local status, out, err = support.run("stats", write("date,returns\n" .. days(400, wave)), "--top", "2")
  lu.assertEquals(status, 0, err)
  for _, text in ipairs { "400 returns of rows", "annualised with 365 periods a year; the data have 365",
    "Sharpe Ratio", "drawdown from", "2021", "stationary bootstrap: 1,000 samples",
    "undefined, there is no benchmark: " } do
    lu.assertStrContains(out, text)
  end
  local week
  status, week, err = support.run("stats", write("date,returns\n" .. days(7, wave)))
  lu.assertEquals(status, 0, err)
  lu.assertStrContains(week, "undefined, the series is too short")
end

function TestStatsCommand.test_moving_windows_as_csv()
  local status, out, err = support.run("stats", write("date,returns\n" .. days(50, wave)), "--rolling", "volatility",
    "--window", "20")
  lu.assertEquals(status, 0, err)
  local rows = support.csv(out)
  lu.assertEquals(#rows, 31)
  lu.assertEquals(rows[1].time, "2020-01-21T00:00:00Z")
  local part = {}
  for k = 1, 20 do part[k] = wave(k) end
  lu.assertEquals(tonumber(rows[1].volatility), (returns.volatility(part)))
end

function TestStatsCommand.test_the_equity_of_a_run()
  local folder = support.folder()
  local config = support.write(folder .. "/run.yaml", [[
data:
  source: synthetic
  synthetic: {bars: 3000, seed: 5, timeframe: 1h, start: 2020-01-01}
symbols: [MOON]
strategies:
  - type: sma_cross
]])
  local status, out, err = support.run("run", config, "--json", "--full", "--db", "none", "--equity",
    folder .. "/equity.csv")
  lu.assertEquals(status, 0, err)
  local run = json.decode(out).results[1]
  local made = ask(folder .. "/equity.csv", "--json", "--periods-per-year",
    ("%.17g"):format(run.metrics.periods_per_year))
  lu.assertEquals(made.column, "equity")
  for _, statistic in ipairs(returns.list) do
    local metric = statistic.metric and run.metrics[statistic.metric]
    local takes_benchmark = statistic.takes[1] == "benchmark"
    if type(metric) == "number" and not takes_benchmark and statistic.name ~= "jarque_bera_probability" then
      local scale = statistic.unit == "fraction" and 100 or statistic.unit == "days" and 86400 or 1
      support.close(made.statistics[statistic.name] * scale, metric, 1e-6, statistic.name)
    end
  end
end

function TestStatsCommand.test_mistakes_name_the_line()
  local function problem(text, ...)
    local status, _, err = support.run("stats", write(text), ...)
    lu.assertTrue(status == 1 or status == 2)
    return err
  end
  lu.assertStrContains(problem "date,returns\n2020-01-01,0.1\nyesterday,0.2\n", ":3: 'yesterday' is no time")
  lu.assertStrContains(problem "date,returns\n2020-01-02,0.1\n2020-01-01,0.2\n", ":3: 2020-01-01 is not after")
  lu.assertStrContains(problem "date,returns\n2020-01-01,much\n", ":2: 'much' in column 'returns' is no number")
  lu.assertStrContains(problem("date,equity\n2020-01-01,1\n", "--column", "equty"), "equity")
  lu.assertStrContains(problem "date,equity\n2020-01-01,1\n", "expected two or more")
  lu.assertStrContains(problem "date,returns\n", "no rows")
  lu.assertStrContains(problem("date,returns\n2020-01-01,0.1\n", "--rolling", "sharp_ratio"), "sharpe_ratio")
end

function TestStatsCommand.tearDown() support.cleanup() end

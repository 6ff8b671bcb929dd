-- perilune verify: right configurations are certified, and what is wrong on purpose is found and named.
local ffi = require "ffi"
local json = require "json"
local recording = require "recording"
local support = require "support"
local verify = require "verify"

TestVerify = {}

local FIXTURES = support.home .. "/tests/fixtures/verify/"
local ROWS = 1500
local PRICES = { "open", "high", "low", "close", "volume" }

function TestVerify.tearDown() support.cleanup() end

-- Minutes that walk as chance has it, the same on every run, with further columns made from all of the rows.
local function market(columns)
  local seed, rows = 42, {}
  local function chance()
    seed = (seed * 16807) % 2147483647
    return seed / 2147483647
  end
  local price = 100
  for i = 1, ROWS + 10 do
    local open = price
    price = price * (1 + (chance() - 0.5) * 0.004)
    rows[i] = { open = open, close = price, high = math.max(open, price) * (1 + chance() * 0.001),
      low = math.min(open, price) * (1 - chance() * 0.001), volume = math.floor(100 + 900 * chance()),
      noise = chance() }
  end
  local names = {}
  for name in pairs(columns or {}) do names[#names + 1] = name end
  table.sort(names)
  local lines = { "time,open,high,low,close,volume" .. (#names > 0 and "," or "") .. table.concat(names, ",") }
  for i = 1, ROWS do
    local r = rows[i]
    local line = { os.date("!%Y-%m-%dT%H:%M:00Z", 1704067200 + 60 * i) }
    for _, name in ipairs(PRICES) do line[#line + 1] = ("%.17g"):format(r[name]) end
    for _, name in ipairs(names) do line[#line + 1] = ("%.17g"):format(columns[name](rows, i)) end
    lines[#lines + 1] = table.concat(line, ",")
  end
  return table.concat(lines, "\n") .. "\n"
end

-- A folder with a configuration, its data and the fixtures' strategies and indicators.
local function configuration(text, columns)
  local folder = support.folder()
  os.execute(("cp -r '%s'strategies '%s'indicators '%s/'"):format(FIXTURES, FIXTURES, folder))
  support.write(folder .. "/market.csv", market(columns))
  return support.write(folder .. "/run.yaml", [[
workflow: full_backtest
data: {source: csv, path: ]] .. folder .. [[/market.csv, timeframe: 1m, cache: false}
symbols: [{symbol: TEST, timeframes: [1m]}]
]] .. text)
end

local ABOVE = "strategies: [{type: above, params: {series: '%s', level: %g}}]\nexecution: {commission_pct: 0.01}\n"

-- What `perilune verify --json` says.
local function verified(file, ...)
  local status, out, err = support.run("verify", file, "--json", ...)
  lu.assertTrue(status == 0 or status == 1, err)
  local certificate = json.decode(out)
  lu.assertEquals(certificate.holds, status == 0)
  local by_law = {}
  for _, law in ipairs(certificate.laws) do by_law[law.law] = law end
  return certificate, by_law
end

function TestVerify.test_a_right_configuration()
  local certificate, laws = verified(configuration [[
strategies:
  - {type: sma_cross, params: {fast: [3, 4, 5], slow: [10, 20]}}
portfolios: [{capital: 10000, risk: {stop_loss_pct: 0.3}}]
execution: {commission_pct: 0.01}
]])
  lu.assertTrue(certificate.holds)
  lu.assertEquals({ certificate.bars, certificate.bars_of_all }, { ROWS, ROWS })
  lu.assertEquals(certificate.combos[1].params.fast, 3)
  lu.assertEquals(certificate.combos[2].params.slow, 20)
  lu.assertEquals({ #certificate.combos, certificate.combos_of_all }, { 2, 6 })
  lu.assertEquals(laws[1].features, 4)
  -- In chunks of three sizes and over the whole array.
  lu.assertEquals(laws[1].values, 4 * 4 * ROWS)
  lu.assertTrue(laws[1].forming_bars > 100)
  for _, law in ipairs { 2, 3, 6 } do
    lu.assertTrue(laws[law].compared.signals > 10, "signals of law " .. law)
    lu.assertTrue(laws[law].compared.fills > 10, "fills of law " .. law)
  end
  lu.assertEquals(laws[2].compared.equity, 4 * ROWS)
  lu.assertEquals(#laws[6].times, 6)
  lu.assertEquals(laws[6].runs, 12)
  lu.assertEquals(#certificate.flags, 0)
end

-- Where trading begins later than the data, features still begin with the data.
function TestVerify.test_a_later_start()
  local _, laws = verified(configuration [[
strategies: [{type: sma_cross, params: {fast: 3, slow: 10}}]
]], "--laws", "1", "--set", "data.start=2024-01-01T08:00:00Z")
  lu.assertEquals(laws[1].features, 2)
  lu.assertEquals(laws[1].values, 2 * 4 * ROWS)
end

function TestVerify.test_the_tables()
  local file = configuration(ABOVE:format("sma(close, 5)", 100))
  local status, out = support.run("verify", file, "--bars", "400", "--laws", "1,6", "--times", "1")
  lu.assertEquals(status, 0)
  lu.assertStrContains(out, "run.yaml: the laws hold")
  lu.assertStrContains(out, "✓ law 1")
  lu.assertStrContains(out, "✓ law 6")
  lu.assertNotStrContains(out, "law 2")
  lu.assertStrContains(out, "TEST_1m: 400 bars, 2024-01-01T18:21:00Z to 2024-01-02T01:00:00Z")
  lu.assertStrContains(out, "the last bars only, 400 of 1,500")
end

function TestVerify.test_a_strategy_that_remembers_outside_of_its_state()
  local file = configuration "strategies: [{type: forgetful}]\n"
  local certificate, laws = verified(file)
  lu.assertFalse(certificate.holds)
  lu.assertTrue(laws[1].holds)
  local d = laws[3].difference
  lu.assertEquals(d.test, "once more")
  lu.assertEquals({ d.combo, d.what, d.stream }, { "c0001", "signal", "TEST_1m" })
  lu.assertStrContains(d.expected, "direction=")
  lu.assertNotEquals(d.expected, d.found)
  lu.assertStrContains(d.cause, "state")
  lu.assertTrue(d.row >= 9 and d.row < ROWS)
  lu.assertEquals(d.time:sub(1, 10), "2024-01-01")
  -- Law 6 by itself sees it too.
  certificate, laws = verified(file, "--laws", "6")
  lu.assertFalse(certificate.holds)
  lu.assertEquals(laws[6].difference.what, "signal")
  local status, out = support.run("verify", file, "-q")
  lu.assertEquals(status, 1)
  lu.assertStrContains(out, "law 3 does not hold: once more")
end

function TestVerify.test_an_indicator_that_remembers_outside_of_its_state()
  local certificate, laws = verified(configuration(ABOVE:format("reeling(close)", 100)))
  lu.assertFalse(certificate.holds)
  local d = laws[1].difference
  lu.assertEquals({ d.what, d.name, d.stream, d.row }, { "feature", "reeling(close)", "TEST_1m", 0 })
  lu.assertEquals(d.of, "strategy 'above', value")
  lu.assertStrContains(d.cause, "indicators/reeling.lua")
  lu.assertNotEquals(tonumber(d.expected), tonumber(d.found))
  lu.assertNil(laws[3], "the others would stumble over the same")
end

-- A chunk whose rows are a multiple of 128 shows nothing: the engine's own check after each slice lets it pass.
function TestVerify.test_an_indicator_that_depends_on_chunks()
  local file = configuration(ABOVE:format("every_128(close)", 100))
  local status, _, err = support.run("run", file, "--db", "none", "-q", "--set", "engine.chunk_rows=128")
  lu.assertEquals(status, 1, "1500 rows end within 128")
  lu.assertStrContains(err, "memory")
  local text = support.read(file:gsub("run.yaml", "market.csv"))
  local lines = {}
  for line in text:gmatch "[^\n]+" do lines[#lines + 1] = line end
  support.write((file:gsub("run.yaml", "market.csv")), table.concat(lines, "\n", 1, 1281) .. "\n")
  lu.assertEquals(support.run("run", file, "--db", "none", "-q"), 0)
  local certificate, laws = verified(file)
  lu.assertFalse(certificate.holds)
  lu.assertEquals(laws[1].difference.what, "indicator")
  lu.assertStrContains(laws[1].difference.test, "chunks of 1 ")
  lu.assertStrContains(laws[1].difference.message, "'memory', a table of the file, was changed")
end

local LEAKS = {
  { "label", function(rows, i) return rows[i + 1].close end, "close of the next bar" },
  { "label", function(rows, i) return rows[i + 3].close / rows[i].close - 1 end, "the return of the next 3 bars in" },
  { "label", function(rows, i) return rows[i + 1].close > rows[i].close and 1 or -1 end,
    "the sign of the return of the next bar" },
  { "top", function(rows, i)
    local top = 0
    for k = math.floor(i / 1440) * 1440, math.min(ROWS, math.floor(i / 1440) * 1440 + 1439) do
      if k > 0 then top = math.max(top, rows[k].high) end
    end
    return top
  end, "the day's high" },
  { "scaled", function(rows, i)
    local low, high = math.huge, 0
    for k = 1, ROWS do low, high = math.min(low, rows[k].close), math.max(high, rows[k].close) end
    return (rows[i].close - low) / (high - low)
  end, "between the lowest and the highest of all bars" },
}

function TestVerify.test_columns_that_hold_the_future()
  for _, leak in ipairs(LEAKS) do
    local file = configuration(ABOVE:format(leak[1], 0.001), { [leak[1]] = leak[2] })
    local certificate, laws = verified(file, "--laws", "6", "--times", "1")
    lu.assertFalse(certificate.holds, leak[3])
    local d = laws[6].difference
    lu.assertEquals({ d.what, d.name }, { "column", leak[1] })
    lu.assertStrContains(d.message, leak[3])
  end
end

function TestVerify.test_columns_that_do_not()
  local columns = {
    noise = function(rows, i) return rows[i].noise end, -- nothing
    before = function(rows, i) return rows[math.max(1, i - 1)].close end, -- the past
    half = function(rows, i) return rows[i].close / 2 end, -- the bar itself
    steady = function() return 1 end,
  }
  local file = configuration(ABOVE:format("noise + before + half + steady", 100), columns)
  local certificate, laws = verified(file, "--times", "2")
  lu.assertTrue(certificate.holds)
  lu.assertEquals(laws[6].columns, 4)
  lu.assertEquals(certificate.flags, {})
end

function TestVerify.test_a_column_that_knows_too_much_is_flagged()
  local certificate = verified(configuration(ABOVE:format("guess", 0), { guess = function(rows, i)
    return (rows[i + 1].close / rows[i].close - 1) * 200 + rows[i].noise - 0.5
  end }), "--laws", "6", "--times", "1")
  lu.assertTrue(certificate.holds)
  lu.assertEquals(#certificate.flags, 1)
  lu.assertStrContains(certificate.flags[1].text, "correlates with the next bar's return by 0.")
end

function TestVerify.test_what_flatters_is_told()
  local certificate, laws = verified(configuration [[
strategies: [{type: sma_cross, params: {fast: 3, slow: 9}}]
portfolios: [{capital: 10000, sizing: {type: percent_of_equity, percent: 50, size_at: fill}}]
execution: {fill: this_close, compat: backtesting.py}
]])
  lu.assertTrue(laws[2].holds)
  -- There, an order at this close fills when the next bar is there, never with the last one.
  lu.assertFalse(certificate.holds)
  lu.assertEquals(laws[6].difference.what, "fill")
  lu.assertStrContains(laws[6].difference.cause, "execution.compat: backtesting.py looks ahead")
  local keys = {}
  for k, flag in ipairs(certificate.flags) do keys[k] = flag.key end
  lu.assertEquals(keys, { "execution.fill: this_close", "execution.compat: backtesting.py",
    "portfolios: main: sizing.size_at: fill", "execution" })
end

function TestVerify.test_orders_of_a_strategy_are_not_replayed()
  local file = configuration "strategies: [{type: buy_dips}]\n"
  support.write(file:gsub("run.yaml", "strategies/buy_dips.lua"), [[
return strategy {
  name = "buy_dips", help = "Buys dips",
  features = function(_, x) return { low = x.lowest(x.low, 20) } end,
  on_bar = function(ctx, f, bar)
    if bar.low <= f.low and ctx.position == 0 then ctx:buy { quantity = 1 } end
    if bar.close > f.low * 1.002 and ctx.position > 0 then ctx:close() end
  end,
}
]])
  local certificate, laws = verified(file, "--times", "2")
  lu.assertTrue(certificate.holds)
  lu.assertStrContains(laws[2].not_applicable, "on_bar")
  lu.assertTrue(laws[6].compared.orders > 5)
  lu.assertTrue(laws[3].compared.trades > 5)
end

-- Law 2 cannot be broken by what a user writes: the signals that are replayed are changed here.
function TestVerify.test_a_replay_that_is_another_is_found()
  local run_all = recording.run_all
  recording.run_all = function(list, options)
    if options.signals then
      local signals, n = options.signals:read("sma_cross:TEST_1m", "TEST")
      signals[n - 2].direction = -signals[n - 2].direction
    end
    return run_all(list, options)
  end
  local ok, certificate, err = pcall(verify.run,
    configuration "strategies: [{type: sma_cross, params: {fast: 3, slow: 9}}]\n", { laws = { [2] = true } })
  recording.run_all = run_all
  lu.assertTrue(ok, tostring(certificate))
  lu.assertNotNil(certificate, tostring(err))
  lu.assertFalse(certificate.passed)
  local d = certificate.laws[1].difference
  lu.assertEquals(d.what, "signal")
  lu.assertNotEquals(d.expected, d.found)
  lu.assertTrue(ffi.istype("int64_t", d.time_ns))
end

function TestVerify.test_mistakes()
  local file = configuration "strategies: [{type: sma_cros}]\n"
  local status, _, err = support.run("verify", file)
  lu.assertEquals(status, 2)
  lu.assertStrContains(err, "sma_cross")
  status, _, err = support.run("verify", file, "--laws", "1,4")
  lu.assertEquals(status, 2)
  lu.assertStrContains(err, "'4' is not one of 1, 2, 3, 6")
  status, _, err = support.run("verify")
  lu.assertEquals(status, 2)
  lu.assertStrContains(err, "perilune verify CONFIG.yaml")
end

-- Tables and numbers for the terminal, and the statistics' table.
local ffi = require "ffi"
local abi = require "abi"
local stats = require "stats"
local tabulate = require "tabulate"
local terminal = require "terminal"

TestTable = {}

function TestTable.test_numbers_have_separators_and_no_negative_zero()
  lu.assertEquals(tabulate.number(1234567.891, 2), "1,234,567.89")
  lu.assertEquals(tabulate.number(-1234, 0), "-1,234")
  lu.assertEquals(tabulate.number(-123, 0), "-123")
  lu.assertEquals(tabulate.number(-0.001, 2), "0.00")
  lu.assertEquals(tabulate.number(0 / 0, 2), "-")
  lu.assertEquals(tabulate.number(nil, 2), "-")
  lu.assertEquals(tabulate.number(-1 / 0, 2), "-inf")
end

function TestTable.test_plain_table()
  local columns = { "name", { "value", decimals = 1 } }
  local text = tabulate.format(columns, { { "a", 1 }, { "bb", 1000.24 } }, { plain = true })
  lu.assertEquals(text, table.concat({
    "name |   value",
    "-----+--------",
    "a    |     1.0",
    "bb   | 1,000.2", "" }, "\n"))
end

function TestTable.test_a_column_to_keep_is_not_cut()
  local rows = { { "a text", "fast=5 slow=20 and more", 1 } }
  local options = { plain = true, width = 28 }
  local first = tabulate.format({ "note", "parameters", "n" }, rows, options)
  lu.assertNotStrContains(first, "fast=5 slow=20 and more")
  local second = tabulate.format({ "note", { "parameters", keep = true }, "n" }, rows, options)
  lu.assertStrContains(second, "fast=5 slow=20 and more")
end

function TestTable.test_unicode_table_counts_characters_not_bytes()
  local text = tabulate.format({ "é", "x" }, { { "ää", "1" }, { "a", "2" } }, { unicode = true })
  for line in text:gmatch("[^\n]+") do lu.assertEquals(terminal.columns(line), 6) end
end

function TestTable.test_table_fits_the_width()
  local text = tabulate.format({ "n", "text" }, { { 1, ("word "):rep(50) } }, { width = 60, plain = true })
  for line in text:gmatch("[^\n]+") do lu.assertTrue(#line <= 60, line) end
  lu.assertStrContains(text, "~")
end

function TestTable.test_missing_cells_and_control_characters()
  local text = tabulate.format({ "a", "b" }, { { nil, "x\ny" } }, { plain = true })
  lu.assertStrContains(text, "- | x y")
end

TestStatsTable = {}

function TestStatsTable.test_every_metric_is_documented_and_shown()
  local values = {}
  for _, metric in ipairs(stats.list) do
    lu.assertTrue(#metric.definition > 10, metric.name)
    lu.assertTrue(metric.definition:match("%.$") ~= nil, metric.name .. " ends its sentence")
    lu.assertNotNil(metric.name:match("^%l[%l%d_]+$"), metric.name)
    values[metric.name] = 1
  end
  local text = stats.table(values, { plain = true, width = 80 })
  for _, metric in ipairs(stats.list) do
    if metric.headline then lu.assertStrContains(text, metric.label) end
  end
  local full = stats.table(values, { plain = true, width = 80, full = true })
  for _, metric in ipairs(stats.list) do lu.assertStrContains(full, metric.label) end
  lu.assertStrContains(full, "Wins (of periods)")
  lu.assertNotStrContains(text, "Ulcer")
  for line in text:gmatch("[^\n]+") do lu.assertTrue(#line <= 80, line) end
end

function TestStatsTable.test_values_by_unit()
  lu.assertEquals(stats.format("return_pct", 462.6351934), "462.64 %")
  lu.assertEquals(stats.format("equity_final", 56263.51934), "56,263.52")
  lu.assertEquals(stats.format("trades", 93), "93")
  lu.assertEquals(stats.format("sharpe_ratio", 0.60074), "0.601")
  lu.assertEquals(stats.format("max_drawdown_duration", 830 * 86400), "830 d")
  lu.assertEquals(stats.format("avg_trade_duration", 3 * 86400 + 5400), "3 d 01:30")
  lu.assertEquals(stats.format("avg_trade_duration", 3661), "01:01:01")
  lu.assertEquals(stats.format("start", 1092873600e9), "2004-08-19")
  lu.assertEquals(stats.format("end", 1092925800e9), "2004-08-19 14:30:00")
  lu.assertEquals(stats.format("kelly", 0 / 0), "-")
end

function TestStatsTable.test_docs_are_up_to_date()
  local file = assert(io.open(ffi.string(abi.C.pln_host_home()) .. "/docs/metrics.md"))
  local text = file:read("*a")
  file:close()
  lu.assertEquals(text, stats.markdown(), "run build/perilune exec scripts/gen_metrics.lua")
end

function TestStatsTable.test_the_binding_computes()
  local s = assert(stats.new { capital = 100, timeframe = "1d" })
  local n = 5
  local ts = ffi.new("int64_t[?]", n)
  local equity = ffi.new("double[?]", n, 100, 110, 99, 120, 121)
  local benchmark = ffi.new("double[?]", n, 10, 11, 12, 13, 15)
  local exposure = ffi.new("int8_t[?]", n, 0, 1, 5, 2, 2)
  for i = 0, n - 1 do ts[i] = i * 86400000000000LL end
  local rows = ffi.new("pln_equity_rows", n, n, ts, equity, equity, benchmark, exposure)
  lu.assertTrue(s:add_rows(rows))
  local values = s:compute(nil, 3)
  lu.assertAlmostEquals(values.return_pct, 21, 1e-12)
  lu.assertAlmostEquals(values.buy_and_hold_return_pct, 50, 1e-12)
  lu.assertAlmostEquals(values.max_drawdown_pct, -10, 1e-12)
  lu.assertEquals(values.max_drawdown_duration, 2 * 86400)
  lu.assertEquals(values.exposure_pct, 40)
  lu.assertEquals(values.exposure_long_pct, 40)
  lu.assertEquals(values.exposure_short_pct, 40)
  lu.assertEquals(values.ambiguous_bars, 3)
  lu.assertNil(values.win_rate_pct)
  lu.assertNil(values.fees)
  local none, message = stats.new { capital = -1 }
  lu.assertNil(none)
  lu.assertStrContains(message, "capital")
end

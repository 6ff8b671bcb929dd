-- Pictures in the terminal: their size, their labels, and that the curve is where it should be.
local plot = require "plot"
local terminal = require "terminal"

TestPlot = {}

local DAY = 86400e9

local function series(values)
  local ts = {}
  for i = 1, #values do ts[i] = (12418 + i) * DAY end
  return { n = #values, ts = ts, equity = values }
end

local function lines_of(text)
  local lines = {}
  for line in text:gmatch("([^\n]*)\n") do lines[#lines + 1] = line end
  return lines
end

function TestPlot.test_a_rising_line_in_plain_text()
  local values = {}
  for i = 1, 100 do values[i] = 1000 + i end
  local lines = lines_of(plot.equity(series(values), { plain = true, width = 29, height = 4, drawdown = 0 }))
  lu.assertEquals(#lines, 5)
  lu.assertStrContains(lines[1], "1,100 |")
  lu.assertStrContains(lines[4], "1,001 |")
  local column
  for i = 4, 1, -1 do -- it climbs from the left at the bottom to the right at the top
    local found = lines[i]:find("*", 1, true)
    lu.assertNotNil(found, lines[i])
    lu.assertTrue(not column or found >= column, lines[i])
    column = found
  end
  lu.assertEquals(lines[1]:sub(-1), "*")
  lu.assertStrContains(lines[5], "2004-01-02")
end

function TestPlot.test_braille_has_the_asked_size()
  local values = {}
  for i = 1, 1000 do values[i] = 10000 + 500 * math.sin(i / 50) end
  local lines = lines_of(plot.equity(series(values), { unicode = true, width = 70, height = 8, drawdown = 2 }))
  lu.assertEquals(#lines, 8 + 2 + 1)
  for i = 1, 10 do lu.assertEquals(terminal.columns(lines[i]), 70, lines[i]) end
  lu.assertTrue(terminal.columns(lines[11]) <= 70)
  lu.assertStrContains(lines[1], "10,500 ┤")
  lu.assertStrContains(lines[8], "9,500 ┤")
  lu.assertStrContains(lines[10], "-9.5 % ┤")
  local _, dots = table.concat(lines):gsub("\226[\160-\163][\128-\191]", "")
  lu.assertTrue(dots >= 61, "every column is drawn: " .. dots)
end

function TestPlot.test_one_bad_day_is_not_lost()
  local values = {}
  for i = 1, 5000 do values[i] = 100 end
  values[2500] = 50
  local text = plot.equity(series(values), { plain = true, width = 60, height = 5 })
  lu.assertStrContains(text, "\n     50 |") -- 100 to 50 spans the axis
  lu.assertStrContains(text, "-50.0 %")
end

function TestPlot.test_flat_short_and_empty_series()
  lu.assertEquals(plot.equity(series { 1 }), "")
  lu.assertEquals(plot.equity(series {}), "")
  local text = plot.equity(series { 100, 100 }, { plain = true })
  lu.assertStrContains(text, "*")
  lu.assertNotStrContains(text, "nan")
  text = plot.equity(series { 100, 0, 0 }, { plain = true })
  lu.assertStrContains(text, "-100.0 %")
end

function TestPlot.test_intraday_dates_have_times()
  local s = series { 1, 2, 3 }
  for i = 1, 3 do s.ts[i] = 1577880000e9 + i * 60e9 end
  lu.assertStrContains(plot.equity(s, { plain = true }), "2020-01-01 12:01")
end

function TestPlot.test_spark()
  lu.assertEquals(plot.spark({ 1, 2, 3, 4, 5, 6, 7, 8 }, { unicode = true }), "▁▂▃▄▅▆▇█")
  lu.assertEquals(plot.spark({ 1, 1 }, { plain = true }), "__")
  lu.assertEquals(terminal.columns(plot.spark(series({ 1, 2, 3, 4, 5 }).equity, { unicode = true, width = 3 })), 3)
  lu.assertEquals(plot.spark({}), "")
end

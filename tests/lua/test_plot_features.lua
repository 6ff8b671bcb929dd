-- Charts of features: what shares the prices' axis, what is drawn where, how heavy an SVG may get.
local feature = require "feature"
local model = require "plot_model"
local plot = require "plot"
local synth = require "synth"
local terminal = require "terminal"
local ticks = require "plot_ticks"

TestPlotFeatures = {}

local bars

local function market(n) return assert(synth.bars({ bars = n, timeframe = "1m" }, "SYN", 1)) end

function TestPlotFeatures.setUp() bars = bars or market(3000) end

local function labels(series)
  local list = {}
  for i, one in ipairs(series) do list[i] = one.label end
  return list
end

function TestPlotFeatures.test_what_is_on_the_scale_of_the_prices()
  local chart = assert(model.new(bars, { "sma(20)", "rsi(14)", "bbands(20, 2).*", "atr(14)", "close - open",
    "hl2 * 1.01", "highest(high, 50)", "close > sma(20)", "volume" }, {}))
  lu.assertEquals(labels(chart.overlays), { "sma(20)", "bbands(20, 2).upper", "bbands(20, 2).middle",
    "bbands(20, 2).lower", "hl2 * 1.01", "highest(high, 50)" })
  lu.assertEquals(#chart.panels, 6)
  lu.assertEquals(labels(chart.panels[2]), { "bbands(20, 2).percent_b", "bbands(20, 2).width",
    "bbands(20, 2).zscore" })
  lu.assertEquals(chart.panels[6][1].kind, "bars")
end

-- An RSI is no price, where the prices happen to lie between 0 and 100 too.
function TestPlotFeatures.test_values_alone_do_not_decide()
  local chart = assert(model.new(bars, { "50 + 0 * rsi(14)", "rsi(14)" }, { last = 200 }))
  lu.assertEquals(chart.overlays, {})
end

function TestPlotFeatures.test_panels()
  local chart = assert(model.new(bars, { "macd(12, 26, 9).*", "rsi(7), rsi(14)", "rsi(14)" }, {}))
  lu.assertEquals(labels(chart.panels[1]), { "macd(12, 26, 9).histogram", "macd(12, 26, 9).macd",
    "macd(12, 26, 9).signal" })
  lu.assertEquals(labels(chart.panels[2]), { "rsi(7)", "rsi(14)" })
  lu.assertEquals(labels(chart.panels[3]), { "rsi(14)" })
  lu.assertEquals(#assert(model.new(bars, { "rsi(14)" }, { overlay = "all" })).overlays, 1)
  lu.assertEquals(#assert(model.new(bars, { "sma(14)" }, { overlay = "none" })).panels, 1)
  local _, message = model.new(bars, { "bband(14)" }, {})
  lu.assertStrContains(message, "did you mean bbands?")
end

local function lines_of(text)
  local lines = {}
  for line in text:gmatch "([^\n]*)\n" do lines[#lines + 1] = line end
  return lines
end

function TestPlotFeatures.test_text_keeps_to_the_window()
  for _, size in ipairs { { 80, 24 }, { 140, 40 }, { 40, 20 }, { 200, 60 } } do
    for _, unicode in ipairs { true, false } do
      local text = assert(plot.features(bars, { "ema(20)", "rsi(14)", "macd(12, 26, 9).*" },
        { unicode = unicode, color = false, width = size[1], height = size[2], n = 300 }))
      local lines = lines_of(text)
      lu.assertTrue(#lines <= math.max(size[2], 22), #lines)
      for _, line in ipairs(lines) do lu.assertTrue(terminal.columns(line) <= size[1], line) end
      lu.assertNotStrContains(text, "nan")
    end
  end
end

function TestPlotFeatures.test_colours()
  local text = assert(plot.features(bars, "sma(20)",
    { unicode = true, color = true, width = 80, height = 20, n = 100 }))
  lu.assertStrContains(text, "\27[38;5;33m━━\27[0m sma(20) ")
  local plain = text:gsub("\27%[[%d;]*m", "")
  for _, line in ipairs(lines_of(plain)) do lu.assertTrue(terminal.columns(line) <= 80, line) end
end

-- A rising feature climbs from the left at the bottom to the right at the top.
function TestPlotFeatures.test_lines_are_where_they_should_be()
  local text = assert(plot.features(bars, "time", { plain = true, width = 60, height = 26, n = 50, overlay = "none" }))
  local lines, column, seen = lines_of(text), nil, 0
  for i = #lines - 1, 1, -1 do
    local body = lines[i]:match "^.-[|+](.*)$"
    if lines[i]:find "^a: time" then break end
    local found = body and body:find("a", 1, true)
    if found then
      lu.assertTrue(not column or found >= column, lines[i])
      column, seen = found, seen + 1
    end
  end
  lu.assertTrue(seen >= 3)
end

function TestPlotFeatures.test_svg()
  local svg = assert(plot.features(bars, { "ema(20)", "rsi(14)", "close < open" }, { svg = true, n = 200 }))
  lu.assertStrContains(svg, "prefers-color-scheme:dark")
  lu.assertStrContains(svg, "close &lt; open")
  for _, forbidden in ipairs { "nan", "inf", "<script", "http:", "href" } do
    lu.assertNotStrContains(svg:gsub('xmlns="http://www.w3.org/2000/svg"', ""), forbidden)
  end
  local open, close = select(2, svg:gsub("<%a[^>]*[^/]>", "")), select(2, svg:gsub("</%a+>", ""))
  lu.assertEquals(open, close)
end

function TestPlotFeatures.test_svg_is_never_heavy()
  local long = market(100000)
  local few = assert(plot.features(bars, { "ema(20)", "rsi(14)", "volume" }, { svg = true, n = 3000 }))
  local many = assert(plot.features(long, { "ema(20)", "rsi(14)", "volume" }, { svg = true, n = 100000 }))
  lu.assertTrue(#many < 250000, #many)
  lu.assertTrue(#many < 3 * #few, ("%d, %d"):format(#many, #few))
end

function TestPlotFeatures.test_one_bar_constant_prices_and_nothing_warm()
  for _, options in ipairs { { plain = true, width = 60 }, { svg = true } } do
    options.first, options.last = 0, 1
    lu.assertNotNil(plot.features(bars, { "close * 0", "sma(100)", "rsi(14)" }, options))
    options.last = 0
    local text, message = plot.features(bars, { "close" }, options)
    lu.assertNil(text)
    lu.assertStrContains(message, "no bars")
  end
end

function TestPlotFeatures.test_number_ticks()
  local function texts(least, most, n)
    local list, decimals = ticks.numbers(least, most, n)
    local out = {}
    for i, number in ipairs(list) do out[i] = ticks.label(number, decimals) end
    return table.concat(out, " ")
  end
  lu.assertEquals(texts(0, 100, 5), "0 20 40 60 80 100")
  lu.assertEquals(texts(-0.05, 0.11, 4), "-0.05 0.00 0.05 0.10")
  lu.assertEquals(texts(1e6, 3.2e6, 3), "1M 2M 3M")
  lu.assertEquals(texts(206.93, 207.61, 4), "207.0 207.2 207.4 207.6")
  lu.assertEquals(texts(1e-7, 4e-7, 3), "1e-07 2e-07 3e-07 4e-07")
end

function TestPlotFeatures.test_time_ticks()
  local function texts(from, step, n, labels_wanted)
    local seconds, out = {}, {}
    for i = 1, n do seconds[i] = from + (i - 1) * step end
    for i, tick in ipairs(ticks.times(seconds, labels_wanted)) do out[i] = tick.text end
    return table.concat(out, " ")
  end
  local day = 1420070400 -- 2015-01-01T00:00
  lu.assertEquals(texts(day, 86400, 365, 12), "Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec")
  lu.assertEquals(texts(day, 86400, 1500, 5), "2016 2017 2018 2019")
  lu.assertEquals(texts(day + 9.5 * 3600, 60, 120, 5), "10:00 10:30 11:00")
  lu.assertEquals(texts(day + 22 * 3600, 3600, 8, 9), "23:00 Jan 2 01:00 02:00 03:00 04:00 05:00")
  lu.assertEquals(texts(day, 60, 1, 5), "")
end

function TestPlotFeatures.test_expand()
  local list, from = feature.expand { "sma(20)", "bbands(5, 2).*", "max(open, close), rsi(14)",
    '"A,B"_1d:close', "atr(3).*" }
  lu.assertEquals(list, { "sma(20)", "bbands(5, 2).upper", "bbands(5, 2).middle", "bbands(5, 2).lower",
    "bbands(5, 2).percent_b", "bbands(5, 2).width", "bbands(5, 2).zscore",
    "max(open, close)", "rsi(14)", '"A,B"_1d:close', "atr(3)" })
  lu.assertEquals(from, { 1, 2, 2, 2, 2, 2, 2, 3, 3, 4, 5 })
end

-- The feature builder writes the expression language.
local expression = require "expression"

local x = expression.builder "SPY_1m"

local function text(value) return (assert(expression.text(value))) end

local function message(fn)
  local ok, err = pcall(fn)
  lu.assertFalse(ok)
  return err
end

TestExpression = {}

function TestExpression.test_columns_and_calls()
  lu.assertEquals(text(x.close), "close")
  lu.assertEquals(text(x.vwap_bid), "vwap_bid")
  lu.assertEquals(text(x.sma(x.close, 20)), "sma(close, 20)")
  lu.assertEquals(text(x.sma(20)), "sma(20)")
  lu.assertEquals(text(x.ema(x.rsi(14), 5)), "ema(rsi(14), 5)")
  lu.assertEquals(text(x.ema(x.close, 20, { seed = "first", alpha = 0.1 })), "ema(close, 20, alpha=0.1, seed=first)")
  lu.assertEquals(text(x.bbands(x.close, 20, 2).upper), "bbands(close, 20, 2).upper")
  lu.assertEquals(text(x.lag(x.macd().signal, 1)), "lag(macd().signal, 1)")
  lu.assertEquals(tostring(x.sma(20)), "sma(20)")
end

-- Whatever the builder writes the hub reads.
function TestExpression.test_words_other_names_and_bare_indicators()
  local feature, synth = require "feature", require "synth"
  local bars = assert(synth.bars({ bars = 300, timeframe = "1m" }, "SPY", 0))
  local streams = { assert(synth.bars({ bars = 60, timeframe = "5m" }, "SPY", 0)) }
  local function means(built, written)
    lu.assertEquals(text(built), written)
    lu.assertNotNil(feature.compute(bars, { written }, { streams = streams }))
  end
  means(x.ma(x.close, 20, "wma"), "ma(close, 20, wma)")
  means(x.ma(20, { type = "dema" }), "ma(20, type=dema)")
  means(x.ema(20, "first"), "ema(20, first)")
  means(x.rsi(14).valid, "rsi(14).valid")
  means(x.tr, "tr")
  means(x.tr(), "tr()")
  means(x.tr + x.hl2(), "tr + hl2()")
  means(x.ema(x.tr, 14), "ema(tr, 14)")
  means(x.atr(14):lag(1), "lag(atr(14), 1)")
  means(x.heikin_ashi.close, "heikin_ashi().close")
  means(x.heikin_ashi().open, "heikin_ashi().open")
  means(x.cdlengulfing, "cdlengulfing")
  means(x.tf("5m").tr - x.tf("5m").ma(9, "wma"), "SPY_5m.tr - SPY_5m.ma(9, wma)")
  lu.assertStrContains(message(function() return x.ma(20, "emaa") end),
    "x.ma: argument 2: 'emaa' is not one of its words: ")
  lu.assertStrContains(message(function() return x.sma(20, "wma") end), "x.sma: argument 2 is the text 'wma', expected")
  lu.assertStrContains(message(function() return x.heikin_ashi.opne end), "heikin_ashi has no output 'opne', did you")
end

function TestExpression.test_arithmetic_and_comparison()
  lu.assertEquals(text(x.close / x.sma(20) - 1), "(close / sma(20)) - 1")
  lu.assertEquals(text(2 * (x.high - x.low)), "2 * (high - low)")
  lu.assertEquals(text(-x.close * -1), "-close * -1")
  lu.assertEquals(text(-(x.high - x.low)), "-(high - low)")
  lu.assertEquals(text(x.gt(x.close, x.open)), "close > open")
  lu.assertEquals(text(x.eq(x.sign(x.close - x.open), 1)), "sign(close - open) == 1")
  lu.assertEquals(text(x.crossover(x.sma(5), x.sma(10))), "crossover(sma(5), sma(10))")
  lu.assertEquals(text((x.close - x.open):lag(3)), "lag(close - open, 3)")
  lu.assertEquals(text(x.close:gt(x.open)), "close > open")
  lu.assertEquals(text(x.all(x.gt(x.close, 1), x.lt(x.close, 2), x.hl2)), "((close > 1) and (close < 2)) and hl2")
end

function TestExpression.test_numbers_survive()
  for _, number in ipairs { 0.1, 1 / 3, 1e-300, 123456789012345680, 2 ^ 53, 5e-324, -0.07, 20 } do
    lu.assertEquals(tonumber(expression.number_text(number)), number)
  end
  lu.assertEquals(expression.number_text(0.1), "0.1")
  lu.assertEquals(text(3), "3")
  lu.assertStrContains(message(function() return text(x.close + 1 / 0) end), "inf")
end

function TestExpression.test_scopes()
  lu.assertEquals(text(x"QQQ_1d".sma(50)), "QQQ_1d.sma(50)")
  lu.assertEquals(text(x.on("QQQ_1d").close), "QQQ_1d.close")
  lu.assertEquals(text(x:on("QQQ_1d").close), "QQQ_1d.close")
  lu.assertEquals(text(x.tf("1d").sma(50)), "SPY_1d.sma(50)")
  local day = x.tf "1d"
  lu.assertEquals(text(day.sma(day.close, 50)), "SPY_1d.sma(close, 50)")
  lu.assertEquals(text(day.sma(day.close - day.open, 50)), "SPY_1d.sma(close - open, 50)")
  lu.assertEquals(text(x.sma(day.close, 50)), "sma(SPY_1d.close, 50)")
  lu.assertEquals(text(day.sma(day.ema(10), 50)), "SPY_1d.sma(ema(10), 50)")
  lu.assertEquals(text(day.close:lag(1)), "SPY_1d.lag(close, 1)")
  lu.assertEquals(text(day.sma(x"QQQ_1d".close, 5)), "SPY_1d.sma(QQQ_1d.close, 5)")
  lu.assertEquals(text(x"BRK.B_1d".close), '"BRK.B"_1d.close')
  lu.assertEquals(text(x"BTC-USD_1h".close), '"BTC-USD"_1h.close')
  lu.assertEquals(text(x"A_B_1d".close), "A_B_1d.close")
  lu.assertStrContains(message(function() return day.sma(x.close, 5) end), "own symbol")
  lu.assertStrContains(message(function() return x "QQQ" end), "is not SYMBOL_TIMEFRAME")
end

function TestExpression.test_several_symbols()
  local pair = expression.builder("KO_1d", { "KO_1d", "BRK.B_1d" })
  lu.assertEquals(#pair, 2)
  lu.assertEquals(pair.n, 2)
  lu.assertEquals(text(pair[1].close / pair[2].close), 'KO_1d.close / "BRK.B"_1d.close')
  lu.assertEquals(text(pair.sma(pair[1].close - pair[2].close, 5)), 'sma(KO_1d.close - "BRK.B"_1d.close, 5)')
  lu.assertEquals(text(pair[2].tf("1w").close), '"BRK.B"_1w.close')
  local list = pair:each(function(symbol, k) return symbol.sma(k) end)
  lu.assertEquals({ text(list[1]), text(list[2]) }, { "KO_1d.sma(1)", '"BRK.B"_1d.sma(2)' })
  lu.assertStrContains(message(function() return pair.close end), "of which symbol")
  lu.assertStrContains(message(function() return pair[3] end), "symbols 1 to 2")
  lu.assertStrContains(message(function() return x[1] end), "only a strategy with `symbols`")
end

function TestExpression.test_mistakes()
  lu.assertStrContains(message(function() return x.sma(nil, 20) end),
    "x.sma: argument 1: expected a feature or a number")
  lu.assertStrContains(message(function() return x.close < x.open end), "x.lt(a, b)")
  lu.assertStrContains(message(function() return x.close .. "" end), "does not work on features")
  lu.assertStrContains(message(function() return x.sma(20)(3) end), "cannot be called")
  lu.assertStrContains(message(function() return x.smaz(20) end), "unknown indicator 'smaz', did you mean 'sma'?")
  lu.assertStrContains(message(function() return x.sma + 1 end), "sma is not a series by itself: call it, as in x.sma")
  lu.assertStrContains(message(function() return x.bbands(20).uper end),
    "bbands has no output 'uper', did you mean 'upper'? (it has upper, middle, lower, percent_b, width, zscore, valid)")
  lu.assertStrContains(message(function() return (x.close - 1).upper end), "only an indicator has outputs")
  lu.assertStrContains(message(function() x.close = 1 end), "cannot be changed")
  lu.assertStrContains(message(function() return x.gt(x.close) end), "expected two")
  lu.assertStrContains(message(function() return x.close + {} end), "expected a feature or a number, got a table")
  lu.assertStrContains(message(function() return x.ema(20, { [1] = 2 }) end), "not the name of a parameter")
end

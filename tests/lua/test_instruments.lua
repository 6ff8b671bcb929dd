-- The table of instruments, rates of exchange, quotes: from a configuration to the plan.
local config = require "config"
local instruments = require "instruments"
local plan = require "plan"
local support = require "support"

TestInstruments = {}

function TestInstruments.tearDown() support.cleanup() end

local function load(body)
  local cfg, errors = config.from_text("data: {source: synthetic, synthetic: {bars: 50}}\nstrategies: [buy_and_hold]\n"
    .. body)
  if cfg then return cfg end
  local texts = {}
  for i, item in ipairs(errors) do texts[i] = tostring(item) end
  return nil, table.concat(texts, "\n")
end

local function planned(body)
  local cfg, message = load(body)
  assert(cfg, message)
  local made, err = plan.new(cfg)
  if made then return made end
  return nil, tostring(err)
end

local function fails(body, ...)
  local cfg, message = load(body)
  if cfg then
    local made, err = plan.new(cfg)
    lu.assertNil(made)
    message = tostring(err)
  end
  for _, part in ipairs { ... } do lu.assertStrContains(message, part) end
end

local function spec_of(body, k)
  local made, message = planned(body)
  assert(made, message)
  return made.symbols[k or 1].instrument_spec, made.symbols[k or 1]
end

function TestInstruments.test_without_a_table_nothing_changes()
  local cfg = load "symbols: [A]"
  lu.assertEquals(cfg.symbols, { { symbol = "A", lot_size = 1, tick_size = 0, multiplier = 1 } })
  local spec, record = spec_of "symbols: [A]"
  lu.assertEquals(spec, { symbol = "A", asset_class = "equity", tick_size = 0, lot_size = 1, multiplier = 1,
    currency = "USD", settlement = "cash" })
  lu.assertEquals({ record.n_actions, record.trade }, { 0, true })
  lu.assertNil(record.actions)
  lu.assertNil(record.bid_bars)
end

function TestInstruments.test_defaults_of_each_class()
  local body = "symbols: [{symbol: A, asset_class: %s}]"
  local function of(class, symbol)
    return (spec_of(body:format(class):gsub("symbol: A", "symbol: " .. (symbol or "A"))))
  end
  lu.assertEquals({ of("equity").calendar, of("equity").lot_size }, { "us_equity", 1 })
  lu.assertEquals({ of("future").calendar, of("future").settlement }, { "cme_futures", "futures" })
  lu.assertEquals({ of("fx", "USDJPY").calendar, of("fx", "USDJPY").currency, of("fx", "EUR/GBP").currency },
    { "fx", "JPY", "GBP" })
  lu.assertEquals({ of("crypto", "BTCUSDT").calendar, of("crypto", "BTCUSDT").currency, of("crypto", "X").lot_size },
    { "24/7", "USDT", 1e-8 })
  lu.assertEquals({ of("crypto", "ETH-BTC").currency, of("crypto", "BTCUSD").currency }, { "BTC", "USD" })
end

local TABLE = [[
instruments:
  - {symbol: "*", currency: USD, commission_per_share: 0.005, sector: none}
  - {symbol: "ES?", asset_class: future, multiplier: 50, tick_size: 0.25, initial_margin: 12000,
     maintenance_margin: 11000, commission_per_order: 2}
  - {symbol: ESH, initial_margin_pct: 10, tick_size: 0.5}
]]

function TestInstruments.test_rows_are_laid_over_each_other()
  local spec = spec_of(TABLE .. "symbols: [ESH, ESM, {symbol: AAPL, sector: tech, tick_size: 0.01}]", 1)
  lu.assertEquals(spec, { symbol = "ESH", asset_class = "future", tick_size = 0.5, lot_size = 1, multiplier = 50,
    currency = "USD", initial_margin_pct = 10, maintenance_margin = 11000, calendar = "cme_futures", sector = "none",
    settlement = "futures", commission = { per_share = 0.005, per_order = 2 } })
  local other, record = spec_of(TABLE .. "symbols: [ESH, ESM]", 2)
  lu.assertEquals({ other.initial_margin, other.maintenance_margin, other.tick_size }, { 12000, 11000, 0.25 })
  lu.assertEquals({ record.tick_size, record.multiplier, record.lot_size }, { 0.25, 50, 1 })
  local stock = spec_of(TABLE .. "symbols: [{symbol: AAPL, sector: tech, tick_size: 0.01}]")
  lu.assertEquals({ stock.sector, stock.tick_size, stock.commission, stock.asset_class },
    { "tech", 0.01, { per_share = 0.005 }, "equity" })
end

function TestInstruments.test_tables_in_files()
  local folder = support.folder()
  local csv = support.write(folder .. "/t.csv",
    "\239\187\191symbol,asset_class,multiplier,tick_size,currency,sector\r\n"
    .. "# a comment\r\n\"ES*\",future,50,.25,USD,\r\n\r\nAAPL,equity,,0.01,USD,\"tech, \"\"big\"\"\"\r\n")
  local spec = spec_of(("instruments: %s\nsymbols: [AAPL, ESZ]"):format(csv), 1)
  lu.assertEquals({ spec.sector, spec.tick_size, spec.multiplier }, { 'tech, "big"', 0.01, 1 })
  spec = spec_of(("instruments: %s\nsymbols: [AAPL, ESZ]"):format(csv), 2)
  lu.assertEquals({ spec.multiplier, spec.tick_size, spec.settlement }, { 50, 0.25, "futures" })
  local yaml = support.write(folder .. "/t.yaml", "- {symbol: AAPL, lot_size: 100}\n")
  lu.assertEquals(spec_of(("instruments: %s\nsymbols: [AAPL]"):format(yaml)).lot_size, 100)
  -- What the table says is part of the configuration's hash, as if it stood there.
  lu.assertEquals(load(("instruments: %s\nsymbols: [AAPL]"):format(yaml)).symbols[1].lot_size, 100)
  local list = assert(instruments.of_file(csv))
  lu.assertEquals({ list[1].symbol, list[1].calendar, list[2].symbol }, { "ES*", "cme_futures", "AAPL" })
end

function TestInstruments.test_mistakes_in_tables_say_where()
  local folder = support.folder()
  local function csv(text, ...)
    local path = support.write(folder .. "/bad.csv", text)
    fails(("symbols: [A]\ninstruments: %s"):format(path), ":4:1: instruments: ", ...)
  end
  csv("symbol,tick_size\nA,0.01\nB,cheap\n", "bad.csv:3:3: tick_size: 'cheap' is not a number; price, 0 = none")
  csv("symbol,ticksize\nA,0.01\n", "bad.csv:2:3: ticksize: unknown key, did you mean 'tick_size'?")
  csv("symbol,tick_size\nA,0.01,7\n", "bad.csv:2:8: found 3 fields, expected 2 (symbol, tick_size)")
  csv("symbol\nA\nA\n", "bad.csv:3:1: symbol: 'A' has a row already")
  csv("symbol,sector\n\"A,tech\n", "bad.csv:2:1: the quote is not closed")
  csv("symbol,sector,Symbol\nA,x,B\n", "bad.csv:1:15: the column 'Symbol' is there twice")
  csv("tick_size\n0.1\n", "bad.csv:2:1: symbol: missing")
  csv("", "is empty, expected a line that names the columns")
  csv("symbol,initial_margin,initial_margin_pct\nA,1,2\n", "bad.csv:2:5: initial_margin_pct: initial_margin and")
  csv("symbol,calendar\nA,nyse\n", "bad.csv:2:3: calendar: 'nyse' is no market calendar")
  csv("symbol,currency\nA,dollars\n", "bad.csv:2:3: currency: 'dollars' is no currency")
  fails(("symbols: [A]\ninstruments: %s/none.csv"):format(folder), "none.csv: cannot be opened")
  fails("symbols: [A]\ninstruments:\n  - {symbol: A, maintenance_margin: 5, initial_margin: 4}",
    "config:5:17: instruments[0].maintenance_margin: 5 is above the initial margin, 4")
  fails("symbols: [{symbol: A, initial_margin: 5}]\ninstruments:\n  - {symbol: A, maintenance_margin: 6}",
    "symbols[0].maintenance_margin: 6 is above the initial margin, 5")
  fails("symbols: [A]\ninstruments: [{symbol: A, lotsize: 1}]", "config:4:27: instruments[0].lotsize: unknown key")
end

-- Whatever a table holds, it is taken or refused with a place in it.
function TestInstruments.test_damaged_tables()
  local folder = support.folder()
  local good = "symbol,asset_class,multiplier,tick_size,currency,sector\nES*,future,50,0.25,USD,\n"
    .. "A,equity,,0.01,USD,\"tech, \"\"big\"\"\"\n"
  local bytes = { "\0", '"', ",", "\n", "\r", "9", "-", "é", "\255", "#", "*", "%" }
  local seed, refused = 1, 0
  local function draw(n)
    seed = (seed * 48271) % 2147483647
    return seed % n + 1
  end
  for _ = 1, 1500 do
    local text = good
    for _ = 1, draw(3) do
      local at = draw(#text)
      text = text:sub(1, at - 1) .. bytes[draw(#bytes)] .. text:sub(at + draw(3) - 1)
    end
    local path = support.write(folder .. "/x.csv", text)
    local cfg, message = load(("instruments: %s\nsymbols: [A, ESZ]"):format(path))
    if not cfg then
      refused = refused + 1
      lu.assertStrContains(message, path)
    end
  end
  lu.assertTrue(refused > 500 and refused < 1500, refused)
end

-- Rates -----------------------------------------------------------------------------------------------------------

local function rates(body)
  local made, message = planned(body)
  assert(made, message)
  return made.portfolios
end

function TestInstruments.test_rates_by_name()
  local portfolios = rates [[
symbols:
  - {symbol: SAP, currency: EUR}
  - {symbol: AAPL, currency: USD}
  - {symbol: SONY, currency: JPY}
  - {symbol: EURUSD, asset_class: fx, trade: false}
  - {symbol: USDJPY, asset_class: fx, trade: false}
portfolios:
  - {name: dollars, currency: USD}
  - {name: euros, currency: EUR}
  - {name: default}
]]
  local function chain(p, k)
    local parts = {}
    for i, step in ipairs(portfolios[p].fx[k]) do
      parts[i] = (step.inverse and "/" or "*") .. step.instrument
    end
    return table.concat(parts, " ")
  end
  lu.assertEquals({ chain(1, 1), chain(1, 2), chain(1, 3) }, { "*3", "", "/4" })
  lu.assertEquals({ chain(2, 1), chain(2, 2), chain(2, 3) }, { "", "/3", "/4 /3" })
  lu.assertEquals({ portfolios[3].currency, chain(3, 2) }, { "EUR", "/3" }) -- that of the first instrument
end

function TestInstruments.test_rates_by_fx()
  local portfolios = rates [[
symbols: [{symbol: SAP, currency: EUR}, {symbol: RATE, currency: USD, trade: false}]
portfolios: [{currency: USD}]
fx: {EUR: RATE}
]]
  lu.assertEquals(portfolios[1].fx[1], { { instrument = 1, inverse = false } })
  fails("symbols: [{symbol: SAP, currency: EUR}]\nportfolios: [{currency: USD}]",
    "config:4:15: portfolios[0].currency: SAP is in EUR, the account in USD, and no rate is found",
    "add a symbol such as EURUSD")
  fails("symbols: [{symbol: SAP, currency: EUR}]\nportfolios: [{currency: USD}]\nfx: {EUR: EURUSD}",
    "config:5:6: fx.EUR: symbol 'EURUSD' is not in this run")
end

function TestInstruments.test_symbols_that_are_not_traded()
  local made = planned "symbols: [A, {symbol: B, trade: false}]"
  lu.assertEquals(#made.strategies[1].streams, 1)
  lu.assertEquals(#made.symbols, 2)
  fails("symbols: [{symbol: B, trade: false}, A]\nportfolios: [{name: x}]\nclassifiers: []\n"
    .. "instruments: []\nstrategies: [{type: momentum, symbols: [B]}]", "strategies")
end

function TestInstruments.test_a_strategy_cannot_name_them()
  local cfg = assert(config.from_text("data: {source: synthetic, synthetic: {bars: 50}}\n"
    .. "symbols: [A, {symbol: B, trade: false}]\nstrategies: [{type: momentum, symbols: [B]}]"))
  local _, err = plan.new(cfg)
  lu.assertStrContains(tostring(err), "config:3:41: strategies[0].symbols[0]: 'B' has trade: false")
end

-- Quotes ----------------------------------------------------------------------------------------------------------

local QUOTES = "time,bid_open,bid_high,bid_low,bid_close,ask_open,ask_high,ask_low,ask_close\n"
  .. "2024-01-02 00:00,1.0,1.2,0.9,1.1,1.1,1.4,1.1,1.3\n2024-01-02 00:01,1.1,1.1,1.0,1.0,1.3,1.5,1.2,1.2\n"
  .. "2024-01-02 00:02,1.0,1.3,1.0,1.2,1.2,1.4,1.2,1.4\n"

local function quotes(data, symbol)
  local cfg, errors = config.from_text(("data: {%s, cache: false}\nsymbols: [%s]\nstrategies: [momentum]"):format(data,
    symbol or "Q"))
  if not cfg then return nil, tostring(errors[1]) end
  local made, err = plan.new(cfg)
  return made and made.symbols[1], err and tostring(err)
end

function TestInstruments.test_quotes()
  local path = support.write(support.folder() .. "/q.csv", QUOTES)
  local record, message = quotes(("path: %s, price: quotes"):format(path))
  assert(record, message)
  lu.assertEquals({ record.bars.close[0], record.bid_bars.close[0], record.ask_bars.close[0] },
    { (1.1 + 1.3) / 2, 1.1, 1.3 })
  lu.assertEquals({ record.bid_bars.low[1], record.ask_bars.high[1] }, { 1.0, 1.5 })
  -- Coarser bars are made of each side, so that their extremes are those of all its minutes.
  record = assert(quotes(("path: %s, price: quotes"):format(path), "{symbol: Q, timeframes: [5m]}"))
  lu.assertEquals({ tonumber(record.bid_bars.n_bars), record.bid_bars.high[0], record.bid_bars.low[0],
    record.ask_bars.high[0], record.ask_bars.low[0] }, { 1, 1.3, 0.9, 1.5, 1.1 })
  lu.assertEquals(record.bid_bars.ts_ns[0], record.bars.ts_ns[0])
  -- One side, and the middle, as before.
  record = assert(quotes(("path: %s"):format(path)))
  lu.assertNil(record.bid_bars)
  lu.assertEquals(record.bars.close[0], (1.1 + 1.3) / 2)
end

function TestInstruments.test_quotes_in_two_files()
  local folder = support.folder()
  local bid = support.write(folder .. "/bid.csv", "time,open,high,low,close\n2024-01-02 00:00,1,2,1,2\n"
    .. "2024-01-02 00:01,2,2,1,1\n2024-01-02 00:03,2,2,1,1\n")
  local ask = support.write(folder .. "/ask.csv", "time,open,high,low,close\n2024-01-02 00:00,2,3,2,3\n"
    .. "2024-01-02 00:02,3,3,2,2\n2024-01-02 00:03,3,3,2,2\n")
  local record, message = quotes(("bid_path: %s, ask_path: %s, timeframe: 1m"):format(bid, ask))
  assert(record, message)
  lu.assertEquals({ tonumber(record.bars.n_bars), record.bars.close[0], record.bid_bars.close[1],
    record.ask_bars.close[1] }, { 2, 2.5, 1, 2 })
  lu.assertStrContains(select(2, quotes(("bid_path: %s"):format(bid))), "bid_path and ask_path go together")
  lu.assertStrContains(select(2, quotes(("bid_path: %s, ask_path: %s/no.csv"):format(bid, folder))),
    "data.ask_path: Q: " .. folder .. "/no.csv: cannot be opened")
  lu.assertStrContains(select(2, quotes(("path: %s, price: quotes"):format(bid))), "there is no column bid_open")
end

function TestInstruments.test_quotes_of_real_data()
  local bid = support.shared "data/nautilus/fxcm/gbpusd-m1-bid-2012.csv.gz"
  local ask = support.shared "data/nautilus/fxcm/gbpusd-m1-ask-2012.csv.gz"
  local record, message = quotes(("bid_path: %s, ask_path: %s"):format(bid, ask), "{symbol: GBPUSD, asset_class: fx}")
  assert(record, message)
  lu.assertEquals({ record.bid_bars.open[0], record.ask_bars.open[0] }, { 1.57597, 1.57608 })
  local crossed = 0 -- the two files end their minutes at different quotes
  for i = 0, tonumber(record.bars.n_bars) - 1 do
    if record.ask_bars.close[i] < record.bid_bars.close[i] then crossed = crossed + 1 end
  end
  lu.assertEquals({ tonumber(record.bars.n_bars), crossed }, { 30117, 347 })
  local zip = support.shared "data/lean/forex/fxcm/minute/eurusd/20140501_quote.zip"
  record, message = quotes(("path: %s, layout: lean_quote, price: quotes"):format(zip), "EURUSD")
  assert(record, message)
  lu.assertTrue(record.ask_bars.close[0] > record.bid_bars.close[0])
  support.close(record.bars.close[0], (record.ask_bars.close[0] + record.bid_bars.close[0]) / 2, 1e-15, "the middle")
end

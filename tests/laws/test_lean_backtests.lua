-- Lean's two published runs, and others by the same rules on other symbols and dates, from YAML: equity at every bar,
-- fees, orders and net profit to the cent, against arithmetic on the files that shares no code with ours. With prices
-- adjusted by the factor files for both signals and fills (Lean's default), and raw, where splits and dividends happen
-- to the account.
local json = require "json"
local run = require "run"
local support = require "support"

TestLeanBacktests = {}

function TestLeanBacktests.tearDown() support.cleanup() end

-- Lean: SetHoldings(symbol, 1) keeps a buffer of 0.25 %; equities have a leverage of 2, so that an order that opens
-- above the close it was sized at is filled all the same; Interactive Brokers' fees for US equities.
local CONFIG = [[
data:
  source: csv
  layout: lean_trade
  path: %s/%s/{symbol_lower}.zip
  price_scale: 0.0001
  timezone: America/New_York
  calendar: us_equity
  timeframe: %s
  start: %s
  end: %s
symbols: [%s]
corporate_actions: {layout: lean, path: "%s/factor_files/{symbol_lower}.csv", adjust: %s}
strategies: [buy_and_hold]
portfolios:
  - {capital: 100000, leverage: 2, sizing: {type: percent_of_equity, percent: 99.75, size_at: signal}}
execution: {fill: %s, commission_per_share: 0.005, commission_minimum: 1}
]]

local function root() return (support.shared("data/lean/equity/usa/daily/spy.zip"):match "^(.*)/daily/spy%.zip$") end

local function perilune(case)
  local folder = root()
  local text = CONFIG:format(folder, case.folder, case.folder == "daily" and "1d" or "1h", case.first, case.last,
    case.symbol, folder, case.adjust or "both", case.fill)
  local file = support.write(support.folder() .. "/run.yaml", text)
  return assert(run.run(file, { db = false, trades = true, equity = true })).results[1]
end

-- The files, read once more -----------------------------------------------------------------------------------------

local function lines_of(command)
  local pipe, list = assert(io.popen(command)), {}
  for line in pipe:lines() do list[#list + 1] = line end
  pipe:close()
  return list
end

local function bars_of(case)
  local list = {}
  local file = ("%s/%s/%s.zip"):format(root(), case.folder, case.symbol:lower())
  for _, line in ipairs(lines_of(("gzip -dc '%s' 2> /dev/null"):format(file))) do
    local day, open, _, _, close = line:match "^(%d+) %d%d:%d%d,(%d+),(%d+),(%d+),(%d+),"
    local first, last = case.first:gsub("-", ""), case.last:gsub("-", "")
    if day >= first and day <= last then list[#list + 1] = { day = day, open = open / 1e4, close = close / 1e4 } end
  end
  assert(#list > 3, "no bars for " .. case.symbol)
  return list
end

-- Factors of the first row whose date is at or after a day.
local function factors_of(case)
  local rows = {}
  for line in io.lines(("%s/factor_files/%s.csv"):format(root(), case.symbol:lower())) do
    local day, price, split = line:match "^(%d+),([^,]+),([^,]+)"
    rows[#rows + 1] = { day = day, factor = tonumber(price) * tonumber(split) }
  end
  return function(day)
    for _, row in ipairs(rows) do
      if row.day >= day then return row.factor end
    end
    return 1
  end
end

local function fee_of(shares) return math.max(1, 0.005 * shares) end

-- Cash and shares after each bar, by the rules alone.
local function expected_of(case)
  local bars, factor = bars_of(case), factors_of(case)
  if case.adjust == "signals" then factor = function() return 1 end end
  local price = bars[1].close * factor(bars[1].day)
  local shares = 0
  while (shares + 1) * price + fee_of(shares + 1) <= 99750 do shares = shares + 1 end
  local made = { shares = shares, fee = fee_of(shares), equity = {}, cash = 100000 }
  local entered, held = false, 0
  for k, bar in ipairs(bars) do
    for _, event in ipairs(entered and case.events or {}) do
      if event.day == bar.day and not event.done then
        event.done = true
        if event.dividend then made.cash = made.cash + held * event.dividend end
        if event.split then held = held * event.split end
      end
    end
    local fills = case.fill == "this_close" and k == 1 or case.fill == "next_open" and k == 2
    if fills then
      local at = case.fill == "this_close" and bar.close or bar.open
      made.cash = made.cash - shares * at * factor(bar.day) - made.fee
      entered, held = true, shares
    end
    made.equity[k] = made.cash + held * bar.close * factor(bar.day)
    -- Rows are of the mark: what fills at that close is in the next one.
    if fills and case.fill == "this_close" then made.equity[k] = 100000 end
  end
  for _, event in ipairs(case.events or {}) do assert(event.done, "no bar on " .. event.day) end
  return made
end

local function cents(x) return ("%.2f"):format(x) end

local function check(case)
  local result, expected = perilune(case), expected_of(case)
  local what = ("%s %s %s…%s "):format(case.symbol, case.folder, case.first, case.last)
  lu.assertEquals(result.metrics.orders, 1, what .. "orders")
  lu.assertEquals(result.metrics.fills, 1, what .. "fills")
  lu.assertAlmostEquals(result.metrics.fees, expected.fee, 1e-9, what .. "fees")
  local equity = result.equity
  lu.assertEquals(#equity, #expected.equity, what .. "bars")
  for k, value in ipairs(expected.equity) do
    lu.assertAlmostEquals(equity[k].equity, value, 1e-6, what .. "equity of bar " .. k)
  end
  lu.assertEquals(cents(result.metrics.equity_final), cents(expected.equity[#expected.equity]), what .. "equity")
  return result, expected
end

-- What was published ------------------------------------------------------------------------------------------------

local function published(name)
  local file = support.shared "reference/lean_backtests/lean_backtests.json"
  return json.decode(support.read(file)).algorithms[name].expected
end

local function check_published(name, case)
  local result, statistics = check(case), published(name)
  local m = result.metrics
  lu.assertEquals(("%d"):format(m.orders), statistics["Total Orders"])
  lu.assertEquals(cents(m.equity_final), statistics["End Equity"])
  lu.assertEquals(("%.3f%%"):format(m.return_pct), statistics["Net Profit"])
  -- 3.435 and 3.485 are printed as 3.44 and 3.49, away from zero.
  lu.assertEquals("$" .. cents(math.floor(m.fees * 100 + 0.5 + 1e-9) / 100), statistics["Total Fees"])
end

function TestLeanBacktests.test_basic_template_daily()
  check_published("BasicTemplateDailyAlgorithm",
    { symbol = "SPY", folder = "daily", first = "2013-10-08", last = "2013-10-17", fill = "next_open" })
end

function TestLeanBacktests.test_basic_template_hourly()
  check_published("BasicTemplateHourlyAlgorithm",
    { symbol = "SPY", folder = "hour", first = "2013-10-07", last = "2013-10-11", fill = "this_close" })
end

-- Others, by the same rules -----------------------------------------------------------------------------------------

function TestLeanBacktests.test_other_symbols_and_dates()
  for _, case in ipairs {
    { "AAPL", "daily", "2014-03-03", "2014-12-31", "next_open" }, -- a split of 7 and four dividends
    { "IBM", "daily", "1999-04-01", "1999-12-31", "next_open" },
    { "BAC", "daily", "2004-01-02", "2005-06-30", "this_close" },
    { "SPY", "daily", "2008-01-02", "2010-12-31", "next_open" },
    { "AAPL", "hour", "2014-05-28", "2014-06-20", "this_close" },
    { "IBM", "hour", "2013-02-01", "2013-08-30", "next_open" },
    { "AIG", "daily", "2009-05-01", "2009-09-30", "next_open" }, -- one for twenty
  } do
    local symbol, folder, first, last, fill = unpack(case)
    check { symbol = symbol, folder = folder, first = first, last = last, fill = fill }
  end
end

-- Raw prices: the account lives through the split and is paid the dividends, which are known from elsewhere (Apple's
-- announcements: $3.29 a share on 2014-05-08, seven for one on 2014-06-09, $0.47 on 2014-08-07 and 2014-11-06).
function TestLeanBacktests.test_raw_prices_with_splits_and_dividends()
  for _, folder in ipairs { "daily", "hour" } do
    local result = check { symbol = "AAPL", folder = folder, first = "2014-04-01", last = "2014-12-31",
      fill = "next_open", adjust = "signals",
      events = {
        { day = "20140508", dividend = 3.29 }, { day = "20140609", split = 7 }, { day = "20140807", dividend = 0.47 },
        { day = "20141106", dividend = 0.47 },
      } }
    lu.assertEquals(#result.trades, 0)
  end
end

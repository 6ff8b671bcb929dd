-- Whole runs over real data with splits and dividends, against arithmetic on the raw files.
local abi = require "abi"
local config = require "config"
local plan = require "plan"
local run = require "run"
local support = require "support"
local C = abi.C

TestCorporateRuns = {}

function TestCorporateRuns.tearDown() support.cleanup() end

local function settings(symbol, adjust, more)
  local daily = support.shared "data/lean/equity/usa/daily/aapl.zip"
  local usa = daily:match "^(.*)/daily/[^/]*$"
  return ([[
data:
  path: '%s/daily/{symbol_lower}.zip'
  layout: lean_trade
  price_scale: 0.0001
  timezone: America/New_York
  calendar: us_equity
  cache: false
  quality: {gaps: off, price_jumps: off, volume_outliers: off}
symbols: [%s]
corporate_actions: {layout: lean, path: '%s/factor_files/{symbol_lower}.csv', adjust: %s}
strategies: [{type: buy_and_hold}]
portfolios: [{capital: 100000, sizing: {type: fixed_quantity, quantity: 100}}]
%s]]):format(usa, symbol, usa, adjust, more or "")
end

local function result_of(text)
  return assert(run.run(support.write(support.folder() .. "/c.yaml", text), { db = false, equity = true })).results[1]
end

-- Hundred shares held from the second day on, as the files have it: raw prices, splits in units, dividends in cash.
local function by_hand(text)
  local made = assert(plan.new(assert(config.from_text(text))))
  local record = made.symbols[1]
  local bars, units, income, k = record.bars, 0, 0, 0
  local cost
  for i = 0, tonumber(bars.n_bars) - 1 do
    while k < record.n_actions and record.actions[k].ts_ns <= bars.ts_ns[i] do
      local action = record.actions[k]
      if action.kind == C.PLN_ACTION_SPLIT then
        units = units * action.value
      elseif action.kind == C.PLN_ACTION_DIVIDEND then
        income = income + units * action.value
      end
      k = k + 1
    end
    if i == 1 then units, cost = 100, 100 * bars.open[1] end
  end
  local last = tonumber(bars.n_bars) - 1
  return 100000 - cost + income + units * bars.close[last], units
end

function TestCorporateRuns.test_buy_and_hold()
  for _, symbol in ipairs { "AAPL", "SPY", "IBM" } do
    local text = settings(symbol, "signals")
    local expected, units = by_hand(text)
    local result = result_of(text)
    support.close(result.metrics.equity_final, expected, 1e-9, symbol)
    if symbol == "AAPL" then lu.assertEquals(units, 100 * 2 * 2 * 7 * 4) end
    -- The benchmark is what the adjusted closes say: dividends are rounded to the cent in one and not in the other.
    local stream = assert(plan.new(assert(config.from_text(text)))).symbols[1].streams[1]
    local n, first = tonumber(stream.bars.n_bars), tonumber(C.pln_bars_lower_bound(stream.bars, 0))
    local held = (stream.bars.close[n - 1] / stream.bars.close[first] - 1) * 100
    support.close(result.metrics.buy_and_hold_return_pct, held, 0.01, symbol .. ": buy and hold")
  end
end

-- No day's equity jumps where a split or a dividend is: with all of it in the stock it moves as the adjusted closes do.
function TestCorporateRuns.test_no_jumps()
  local text = settings("AAPL", "signals"):gsub("fixed_quantity, quantity: 100", "percent_of_equity, percent: 100")
  local result = result_of(text)
  local record = assert(plan.new(assert(config.from_text(text)))).symbols[1]
  local adjusted, raw = record.streams[1].bars, record.bars
  local worst, splits = 0, 0
  for i = 2, #result.equity - 1 do
    local ours = result.equity[i + 1].equity / result.equity[i].equity
    local split = raw.close[i] / raw.close[i - 1] < 0.6 and adjusted.close[i] / adjusted.close[i - 1] > 0.8
    if split then
      worst = math.max(worst, math.abs(ours - adjusted.close[i] / adjusted.close[i - 1]))
      splits = splits + 1
    end
  end
  lu.assertEquals(splits, 4)
  lu.assertTrue(worst < 0.01, worst)
end

function TestCorporateRuns.test_adjusted_for_both()
  local text = settings("AAPL", "both")
  local bars = assert(plan.new(assert(config.from_text(text)))).symbols[1].bars
  local expected = 100000 + 100 * (bars.close[tonumber(bars.n_bars) - 1] - bars.open[1])
  support.close(result_of(text).metrics.equity_final, expected, 1e-12, "equity")
end

-- A run over three timeframes and two symbols with gaps against a simulation that was written from the documents
-- alone: every trade, and the equity at every instant.
local engine = require "engine"
local market = require "market"
local support = require "support"
local abi = require "abi"
local C = abi.C

TestSlowSimulation = {}

local ROWS, QUANTITY, CAPITAL = 9000, 10, 100000
local PCT, PER_ORDER, SLIPPAGE = 0.03, 0.4, 1.5e-4
local ZONE_S = 6 * 3600 -- Chicago in winter

local function minutes_of(bars)
  local list = {}
  for i = 0, tonumber(bars.n_bars) - 1 do
    list[i + 1] = { t = tonumber(bars.ts_ns[i]) / 1e9, open = bars.open[i], close = bars.close[i] }
  end
  return list
end

-- Closes of periods, and when they are known.
local function periods(minutes, length, offset)
  local list = {}
  for _, minute in ipairs(minutes) do
    local period = math.floor((minute.t - offset) / length)
    if #list == 0 or list[#list].period ~= period then
      list[#list + 1] = { period = period, known = (period + 1) * length + offset }
    end
    list[#list].close = minute.close
  end
  return list
end

local function mean(list, last, n)
  if last < n then return nil end
  local sum = 0
  for k = last - n + 1, last do sum = sum + list[k].close end
  return sum / n
end

-- The levels that the strategy wants, each with the time at which it is known.
local function levels_of(minutes)
  local fives, days, day, levels = periods(minutes, 300, 0), periods(minutes, 86400, ZONE_S), 0, {}
  for k, five in ipairs(fives) do
    while days[day + 1] and days[day + 1].known <= five.known do day = day + 1 end
    local fast, slow, trend = mean(fives, k, 3), mean(fives, k, 8), mean(days, day, 2)
    if slow and trend then
      local level = 0
      if fast > slow + 1e-7 and days[day].close > trend + 1e-7 then level = 1 end
      if fast < slow - 1e-7 and days[day].close < trend - 1e-7 then level = -1 end
      levels[#levels + 1] = { known = five.known, level = level }
    end
  end
  return levels
end

local function simulate(symbols)
  local cash, trades, equity, times, is_time = CAPITAL, {}, {}, {}, {}
  local state = {}
  for k, minutes in ipairs(symbols) do
    state[k] = { levels = levels_of(minutes), at = 0, wanted = 0, position = 0, row = 0, last = 0 }
    for _, minute in ipairs(minutes) do
      if not is_time[minute.t] then times[#times + 1] = minute.t end
      is_time[minute.t] = true
    end
  end
  table.sort(times)
  local function pay(price, quantity) cash = cash - (math.abs(quantity) * price * PCT / 100 + PER_ORDER) end
  for _, t in ipairs(times) do
    local worth = 0
    for k, minutes in ipairs(symbols) do
      local s = state[k]
      local minute = minutes[s.row + 1]
      if minute and minute.t == t then
        s.row = s.row + 1
        -- What was known when this minute opened decides what is held from its open on.
        while s.levels[s.at + 1] and s.levels[s.at + 1].known <= t do
          s.at = s.at + 1
          s.wanted = s.levels[s.at].level
        end
        if s.wanted ~= s.position then
          if s.position ~= 0 then
            local price = minute.open * (1 - s.position * SLIPPAGE)
            cash = cash + s.position * QUANTITY * price
            pay(price, QUANTITY)
            trades[#trades + 1] = { k = k, entry = s.entry, exit = s.row - 1, entry_price = s.price,
              exit_price = price, t = t }
          end
          if s.wanted ~= 0 then
            local price = minute.open * (1 + s.wanted * SLIPPAGE)
            cash = cash - s.wanted * QUANTITY * price
            pay(price, QUANTITY)
            s.price, s.entry = price, s.row - 1
          end
          s.position = s.wanted
        end
        s.last = minute.close
      end
      worth = worth + s.position * QUANTITY * s.last
    end
    equity[#equity + 1] = { t = t, value = cash + worth }
  end
  return trades, equity
end

local function sorted(trades)
  table.sort(trades, function(a, b)
    if a.t ~= b.t then return a.t < b.t end
    return a.k < b.k
  end)
  return trades
end

local function check(order)
  local all = market.equities(2, ROWS)
  local from = all[2].ts_ns[0]
  local bars, minutes = {}, {}
  for k, one in ipairs(all) do
    local first = tonumber(C.pln_bars_lower_bound(one, from))
    local own = engine.filter(one, function(i)
      return i >= first and i % (12 + k) ~= 5 and (i + 100 * k) % 1000 > 30 and (k == 1 or i > first + 1500)
    end)
    minutes[k], bars[k] = minutes_of(own), {}
    for j, timeframe in ipairs(order) do
      bars[k][j] = timeframe == "1m" and own or engine.resample(own, timeframe, "America/Chicago")
    end
  end
  local trades, equity = simulate(minutes)
  local capture = engine.run_config({
    strategies = { { file = engine.fixtures .. "two_speeds.lua", timeframe = "5m" } },
    portfolios = { { name = "main", capital = CAPITAL, sizing = { type = "fixed_quantity", quantity = QUANTITY } } },
    execution = { fill = "next_open", commission_pct = PCT, commission_per_order = PER_ORDER,
      slippage_bps = SLIPPAGE * 1e4 },
  }, bars, { chunk_rows = 500 })

  local seen = {}
  for k, line in ipairs(capture.trades) do
    local t, name, entry, exit, _, entry_price, exit_price =
      line:match "^(%d+)LL (%S+) (%d+)LL (%d+)LL (%S+) (%S+) (%S+)"
    seen[k] = { t = tonumber(t) / 1e9, k = name == "SPY" and 1 or 2, entry = tonumber(entry), exit = tonumber(exit),
      entry_price = tonumber(entry_price), exit_price = tonumber(exit_price) }
  end
  lu.assertTrue(#trades > 100, #trades .. " trades")
  lu.assertEquals(#seen, #trades, "number of trades")
  sorted(seen)
  for k, e in ipairs(sorted(trades)) do
    for _, field in ipairs { "t", "k", "entry", "exit" } do
      lu.assertEquals(seen[k][field], e[field], ("trade %d: %s"):format(k, field))
    end
    support.close(seen[k].entry_price, e.entry_price, 1e-14, ("trade %d: entry price"):format(k))
    support.close(seen[k].exit_price, e.exit_price, 1e-14, ("trade %d: exit price"):format(k))
  end
  lu.assertEquals(#capture.equity, #equity, "rows of equity")
  for k, e in ipairs(equity) do
    local t, value = capture.equity[k]:match "^(%d+)LL (%S+)"
    lu.assertEquals(tonumber(t) / 1e9, e.t, "time of row " .. k)
    support.close(tonumber(value), e.value, 1e-12, "equity of row " .. k)
  end
end

function TestSlowSimulation.test_minutes_first() check { "1m", "5m", "1d" } end
function TestSlowSimulation.test_days_first() check { "1d", "5m", "1m" } end

-- The strategies and classifiers that are shipped: the hub knows their features, and they decide as they should.
local ffi = require "ffi"
local abi = require "abi"
local registry = require "registry"
local C = abi.C

local LONG, FLAT, SHORT = 1, 0, -1
local SHARED = os.getenv "PLN_TEST_SHARED"

local function load(name, given)
  local def = assert(registry.new({ environment = false }):load(name))
  local p = assert(def:check_params(given))
  return def, p, def:new_state(p)
end

-- Bars from a list of { open, high, low, close }, one a day.
local function bars_of(symbol, rows)
  local n = #rows
  local ts = ffi.new("int64_t[?]", n)
  local columns = {}
  for j = 1, 4 do columns[j] = ffi.new("double[?]", n) end
  for i, row in ipairs(rows) do
    ts[i - 1] = (12000 + i) * 86400000000000LL
    for j = 1, 4 do columns[j][i - 1] = row[j] end
  end
  return abi.must(C.pln_bars_from_arrays(symbol, "1d", n, ts, columns[1], columns[2], columns[3], columns[4], nil))
end

-- A wave with a trend and a ripple, so that every indicator has something to see.
local function wave(n, phase)
  local rows = {}
  for i = 1, n do
    local close = 100 + i * 0.02 + 15 * math.sin(i / 17 + phase) + math.sin(i * 1.7 + phase)
    rows[i] = { close - 0.5, close + 1.5, close - 1.5, close }
  end
  return rows
end

-- Computes a definition's features over all bars: { name = column or list of columns }, and the first warm row.
local function compute(def, p, streams, own)
  local names, hub = {}, C.pln_hub_new(65536)
  for k, bars in ipairs(streams) do
    names[k] = ffi.string(bars.symbol) .. "_1d"
    abi.must(C.pln_hub_add_stream(hub, bars))
  end
  local list = assert(def:feature_list(p, names, names[own]))
  local ids, n = ffi.new("int32_t[64]"), 0
  for _, feature in ipairs(list) do
    for _, expr in ipairs(feature.exprs or { feature.expr }) do
      ids[n] = abi.must(C.pln_hub_add_feature(hub, own - 1, expr))
      n = n + 1
    end
  end
  abi.must(C.pln_hub_seal(hub))
  while true do
    local horizon = C.pln_hub_horizon(hub)
    if horizon == 0x7fffffffffffffffLL then break end
    abi.must(tonumber(C.pln_hub_advance(hub, horizon)))
    if C.pln_hub_last_row(hub, own - 1) == streams[own].n_bars then break end
  end
  local columns, at = {}, 0
  for _, feature in ipairs(list) do
    columns[feature.name] = {}
    for k = 1, feature.exprs and #feature.exprs or 1 do
      local copy = ffi.new("double[?]", streams[own].n_bars)
      ffi.copy(copy, C.pln_hub_column(hub, ids[at]), ffi.sizeof(copy))
      columns[feature.name][k] = copy
      at = at + 1
    end
    if not feature.exprs then columns[feature.name] = columns[feature.name][1] end
  end
  local warm = tonumber(C.pln_hub_first_warm(hub, own - 1, ids, n, 0))
  C.pln_hub_free(hub)
  return columns, warm
end

-- The result of a signal or classify function at each row from the first warm one.
local function run(def, p, s, bars)
  local columns, warm = compute(def, p, { bars }, 1)
  local results, f = {}, {}
  for i = warm, tonumber(bars.n_bars) - 1 do
    for name, column in pairs(columns) do f[name] = column[i] end
    local bar = { open = bars.open[i], high = bars.high[i], low = bars.low[i], close = bars.close[i] }
    results[i] = (def.signal or def.classify)(f, bar, p, s)
  end
  return results, warm
end

TestShippedStrategies = {}

function TestShippedStrategies.test_the_hub_takes_all_features()
  local streams = { bars_of("KO", wave(400, 0)), bars_of("BRK.B", wave(400, 2)) }
  for _, entry in ipairs(registry.new({ environment = false }):list()) do
    local def, p = load(entry.name)
    local columns, warm = compute(def, p, def.symbols and streams or { streams[1] }, 1)
    lu.assertTrue(warm < 300, entry.name .. " is warm at row " .. warm)
    for name, column in pairs(columns) do
      for _, one in ipairs(type(column) == "table" and column or { column }) do
        lu.assertTrue(one[399] == one[399], entry.name .. "." .. name)
      end
    end
  end
  for _, bars in ipairs(streams) do C.pln_bars_free(bars) end
end

function TestShippedStrategies.test_every_level_is_reached()
  local bars = bars_of("KO", wave(3000, 0))
  local expected = {
    momentum = { [LONG] = true, [SHORT] = true }, sma_cross = { [LONG] = true, [SHORT] = true },
    mean_reversion = { [LONG] = true, [SHORT] = true, [FLAT] = true }, breakout = { [LONG] = true, [SHORT] = true },
    rsi = { [LONG] = true, [FLAT] = true }, buy_and_hold = { [LONG] = true },
    volatility = { normal = true }, trend = { up = true, down = true, sideways = true },
  }
  for name, levels in pairs(expected) do
    local def, p, s = load(name)
    local seen = {}
    local results, warm = run(def, p, s, bars)
    for i = warm, 2999 do
      lu.assertNotNil(results[i], name)
      seen[results[i]] = true
    end
    for level in pairs(levels) do lu.assertTrue(seen[level], name .. " never gave " .. tostring(level)) end
  end
  C.pln_bars_free(bars)
end

function TestShippedStrategies.test_long_only_forms_never_short()
  local bars = bars_of("KO", wave(2000, 0))
  for _, name in ipairs { "sma_cross", "mean_reversion", "breakout", "rsi" } do
    local def, p, s = load(name, { short = false })
    local results, warm = run(def, p, s, bars)
    for i = warm, 1999 do lu.assertTrue(results[i] == LONG or results[i] == FLAT, name) end
  end
  C.pln_bars_free(bars)
end

-- Levels of sma_cross against the trades of backtesting.py, which enters at the open after the bar that crossed.
function TestShippedStrategies.test_sma_cross_is_backtesting_py()
  local data = SHARED and io.open(SHARED .. "/data/backtesting_py/GOOG.csv")
  if not data then lu.skip "market data is not here" end
  local rows = {}
  for line in data:lines() do
    local open, high, low, close = line:match "^[%d-]+,([%d.]+),([%d.]+),([%d.]+),([%d.]+)"
    if open then rows[#rows + 1] = { tonumber(open), tonumber(high), tonumber(low), tonumber(close) } end
  end
  data:close()
  lu.assertEquals(#rows, 2148)
  local bars = bars_of("GOOG", rows)
  for run_name, slow in pairs { goog_readme_commission002_final = 20, goog_sma10_30_nocost_final = 30 } do
    local def, p, s = load("sma_cross", { fast = 10, slow = slow })
    local results, warm = run(def, p, s, bars)
    lu.assertEquals(warm, slow - 1) -- backtesting.py's first bar with all indicators
    local entries, level = {}, FLAT
    for i = warm, #rows - 2 do -- a cross on the last bar has no next open
      if results[i] ~= level then
        level = results[i]
        entries[i + 1] = level
      end
    end
    local trades = assert(io.open(SHARED .. "/reference/backtesting_py/" .. run_name .. ".trades.csv"))
    local count = 0
    for line in trades:lines() do
      local size, entry_bar = line:match "^(-?%d+),(%d+),"
      if size then
        count = count + 1
        local bar = tonumber(entry_bar)
        lu.assertEquals(entries[bar], tonumber(size) > 0 and LONG or SHORT, run_name .. " bar " .. bar)
        entries[bar] = nil
      end
    end
    trades:close()
    lu.assertTrue(count > 60)
    lu.assertNil(next(entries), run_name .. ": an entry that backtesting.py does not have")
  end
  C.pln_bars_free(bars)
end

function TestShippedStrategies.test_pairs_levels()
  local def, p, s = load("pairs", { entry = 2.0, exit = 0.5 })
  local out = { {}, {} }
  local function step(ratio, deviation)
    def.signal({ ratio = ratio, mean = 0, deviation = deviation or 1 }, nil, p, s, out)
    return { out[1].direction, out[2].direction }
  end
  lu.assertEquals(step(1), { FLAT, FLAT })
  lu.assertEquals(step(2.1), { SHORT, LONG })
  lu.assertEquals(step(0.6), { SHORT, LONG })
  lu.assertEquals(step(0.4), { FLAT, FLAT })
  lu.assertEquals(step(-2.1), { LONG, SHORT })
  lu.assertEquals(step(2.5), { SHORT, LONG })
  lu.assertEquals(step(5, 0), { FLAT, FLAT }) -- no deviation: nothing to trade
end

function TestShippedStrategies.test_rotation_levels()
  local def, p, s = load("rotation", { top = 2, rebalance = 2 })
  local momentum = registry.array_type(4)()
  local out = { {}, {}, {}, {} }
  local function step(a, b, c, d)
    momentum[1], momentum[2], momentum[3], momentum[4] = a, b, c, d
    def.signal({ momentum = momentum }, nil, p, s, out)
    return { out[1].direction, out[2].direction, out[3].direction, out[4].direction }
  end
  lu.assertEquals(step(1, 3, 2, -1), { FLAT, LONG, LONG, FLAT })
  lu.assertEquals(step(9, 0, 0, 0), { FLAT, LONG, LONG, FLAT }) -- between two looks nothing changes
  lu.assertEquals(step(5, 5, 5, 9), { LONG, FLAT, FLAT, LONG }) -- equals: the first one
  step(0, 0, 0, 0)
  lu.assertEquals(step(-1, -2, 0.1, -3), { FLAT, FLAT, LONG, FLAT }) -- what falls is not held
end

function TestShippedStrategies.test_limit_dip_orders()
  local def, p = load "limit_dip"
  local orders, canceled = {}, 0
  local ctx = {
    position = 0, buy = function(_, order) orders[#orders + 1] = order end,
    cancel_all = function() canceled = canceled + 1 end,
  }
  def.on_bar(ctx, { average = 100, atr = 2 }, nil, p)
  lu.assertEquals(orders, { { percent = 95, limit = 98, stop_loss = 94, take_profit = 102 } })
  def.on_bar(ctx, { average = 1, atr = 2 }, nil, p)
  ctx.position = 5
  def.on_bar(ctx, { average = 100, atr = 2 }, nil, p)
  lu.assertEquals({ #orders, canceled }, { 1, 2 })
end

-- Combined signals: what they are, beside a slow reckoning from what members emitted, and laws 2, 3 and 6 for them, on
-- real minutes.
local C = require("abi").C
local captured = require "captured"
local engine = require "engine"
local market = require "market"

TestCombiner = {}

local SHARES = { momentum = 0.5, rsi = 0.3, breakout = 0.2 }

local COMBINES = {
  constant = { combine = { weights = SHARES } },
  short = { combine = { weights = { momentum = 0.6, rsi = -0.3, breakout = 0.1 }, threshold = 0.15,
    strengths = false } },
  direction = { combine = { weights = { momentum = 0.5, rsi = 0.5 }, sized_by = "direction" } },
  regimes = { combine = { classifier = "volatility", weights = { calm = { momentum = 1 }, volatile = { rsi = 1 },
    otherwise = { momentum = 0.4, breakout = 0.6 } } } },
  schedule = { combine = { schedule = {
    { from = "2014-11-19T16:00:00Z", weights = SHARES },
    { from = "2014-11-20T15:07:30Z", weights = { rsi = 1 } },
    { from = "2014-11-21", weights = { breakout = 0.5, rsi = 0.25, momentum = 0.25 } } } } },
  both = { combine = { classifier = "volatility", threshold = 0.05, weights = { otherwise = SHARES }, schedule = {
    { from = "2014-11-19T18:00:00Z", regime = "calm", weights = { momentum = 1 } },
    { from = "2014-11-20T16:00:00Z", regime = "volatile", weights = { rsi = 0.7, breakout = 0.3 } },
    { from = "2014-11-20T20:00:00Z", weights = { breakout = 1 } },
    { from = "2014-11-21T15:00:00Z", regime = "calm", weights = { breakout = 0.5, rsi = 0.5 } } } } },
}

local NAMES = {}
for name in pairs(COMBINES) do NAMES[#NAMES + 1] = name end
table.sort(NAMES)

local function copy(value)
  if type(value) ~= "table" then return value end
  local made = {}
  for key, item in pairs(value) do made[key] = copy(item) end
  return made
end

local function plan_of(name, bars, options)
  local portfolio = copy(COMBINES[name])
  portfolio.capital, portfolio.risk = 100000, { stop_loss_pct = 1 }
  return engine.plan_config({
    classifiers = { { type = "volatility", params = { short = 10, long = 60 } } },
    strategies = { { type = "momentum", params = { fast = 5, slow = 20 } }, { type = "rsi", params = { period = 7 } },
      { type = "breakout" } },
    portfolios = { portfolio }, execution = { commission_pct = 0.01 },
  }, { { bars[1] }, { bars[2] } }, options or {})
end

-- Lines of a capture of signals, of the members or of the combined ones.
local function lines_of(capture, kind)
  local list = {}
  for _, line in ipairs(capture) do
    local ts, who, stream, rest = line:match("^(%d+)LL (%S+ ?m?a?i?n?) (%S+_1m) (.*)$")
    if (who == "combined main") == (kind == "combined") then
      list[#list + 1] = { ts = tonumber(ts), who = who, stream = stream, rest = rest }
    end
  end
  return list
end

local function parse_levels(entry)
  local _, d, s, c = entry.rest:match("^(%S+) (%S+) (%S+) (%S+)$")
  return tonumber(d), tonumber(s), tonumber(c)
end

-- Combined levels of a stream, by a reckoning that looks at all that is known anew at each time.
local function reckon(plan, capture, stream)
  local combine, members = plan.portfolios[1].combine, { momentum = 1, rsi = 2, breakout = 3 }
  local changes, times, seen = {}, {}, {}
  local function at(ts)
    if not seen[ts] then
      seen[ts] = true
      times[#times + 1] = ts
    end
  end
  for _, entry in ipairs(lines_of(capture.signals, "members")) do
    if entry.stream == stream then
      changes[#changes + 1] = entry
      at(entry.ts)
    end
  end
  local regimes = {}
  for _, line in ipairs(combine.classifier and capture.regimes or {}) do
    local ts, name, index = line:match("^(%d+)LL (%S+) (%d+)$")
    if name == stream then
      regimes[#regimes + 1] = { ts = tonumber(ts), index = tonumber(index) }
      at(tonumber(ts))
    end
  end
  local bars
  for _, one in ipairs(plan.streams) do
    if one.name == stream then bars = one.bars end
  end
  for _, entry in ipairs(combine.schedule) do
    for row = 0, tonumber(bars.n_bars) - 1 do
      local visible = C.pln_bars_visible_ns(bars, row)
      if visible >= entry.ts_ns then
        if row > 0 then at(tonumber(visible)) end
        break
      end
    end
  end
  table.sort(times)
  local out = {}
  for _, ts in ipairs(times) do
    local regime, levels, own, others = 0, {}, nil, nil
    for _, change in ipairs(regimes) do
      if change.ts <= ts then regime = change.index end
    end
    for _, change in ipairs(changes) do
      if change.ts <= ts then levels[members[change.who]] = { parse_levels(change) } end
      if change.ts <= ts and not combine.strengths then levels[members[change.who]][2] = 1 end
    end
    for _, entry in ipairs(combine.schedule) do
      if tonumber(entry.ts_ns) <= ts then
        if entry.regime == regime then own = entry.weights end
        if entry.regime == 0 then others = entry.weights end
      end
    end
    local weights, level, gross, sure = own or others or { 0, 0, 0 }, 0, 0, 0
    for k = 1, 3 do
      local one = levels[k] or { 0, 1, 1 }
      level = level + weights[k] * one[1] * one[2]
      gross = gross + math.abs(weights[k] * one[1]) * one[2]
      sure = sure + math.abs(weights[k] * one[1]) * one[2] * one[3]
    end
    local d = math.abs(level) <= combine.threshold + 1e-12 and 0 or level > 0 and 1 or -1
    local s = d == 0 and 0 or math.min(1, math.abs(level))
    local c = gross > 0 and math.abs(level) / gross * sure / gross or nil
    out[#out + 1] = { ts = ts, d = d, s = s, c = c }
  end
  return out
end

function TestCombiner.test_levels_are_the_weighted_sums_of_what_members_said()
  local bars = market.equities(2, 1100)
  for _, name in ipairs(NAMES) do
    local plan = plan_of(name, bars)
    local capture = engine.execute(plan)
    local checked, changed = 0, {}
    for _, one in ipairs(plan.streams) do
      local found, at = {}, 0
      for _, entry in ipairs(lines_of(capture.signals, "combined")) do
        if entry.stream == one.name then found[#found + 1] = entry end
      end
      local d, s, c = 0, 0, nil
      for _, expected in ipairs(reckon(plan, capture, one.name)) do
        while found[at + 1] and found[at + 1].ts <= expected.ts do
          at = at + 1
          lu.assertEquals(found[at].ts, expected.ts, name) -- none at another time
          d, s, c = parse_levels(found[at])
          changed[d] = true
        end
        lu.assertEquals(d, expected.d, name)
        lu.assertAlmostEquals(s, expected.s, 1e-12, name)
        if expected.c and at > 0 then lu.assertAlmostEquals(c, expected.c, 1e-12, name) end
        checked = checked + 1
      end
      lu.assertEquals(at, #found)
    end
    lu.assertTrue(checked > 100 and changed[1] and (changed[-1] or changed[0]), name)
    lu.assertTrue(#capture.fills > 20, name)
  end
end

-- Law 3 for chunk sizes.
function TestCombiner.test_any_chunk_size_gives_the_same_results()
  local bars = market.equities(2, 1500)
  for _, name in ipairs(NAMES) do
    local whole = engine.execute(plan_of(name, bars, { chunk_rows = 65536 }))
    lu.assertTrue(#whole.fills > 10, name)
    for _, chunk in ipairs { 1, 7, 100 } do
      engine.assert_equal(whole, engine.execute(plan_of(name, bars, { chunk_rows = chunk })),
        ("%s in chunks of %d"):format(name, chunk))
    end
  end
end

-- Law 2: the members' signals, replayed, are combined to the same.
function TestCombiner.test_replay_is_the_full_run()
  local bars = market.equities(2, 1500)
  for _, name in ipairs(NAMES) do
    local plan = plan_of(name, bars)
    plan.recorded = captured.memory()
    local full = engine.execute(plan)
    for _, chunk_rows in ipairs { 65536, 37 } do
      local again = plan_of(name, bars, { chunk_rows = chunk_rows })
      again.signals = plan.recorded
      engine.assert_equal(full, engine.execute(again), name)
    end
  end
end

-- Law 6.
function TestCombiner.test_the_future_changes_no_combined_signal()
  local bars, n, from = market.equities(2, 1500), 1500, 900
  local scrambled = {}
  for k = 1, 2 do
    scrambled[k] = engine.copy(bars[k], n, from, function(row) return 1 + 0.05 * ((row * 7919) % 13 - 6) / 6 end)
  end
  local known = math.min(tonumber(C.pln_bars_visible_ns(bars[1], from - 1)),
    tonumber(C.pln_bars_visible_ns(bars[2], from - 1)))
  for _, name in ipairs(NAMES) do
    local function early(with)
      local list, late = {}, 0
      for _, line in ipairs(engine.execute(plan_of(name, with)).signals) do
        if tonumber(line:match("^%d+")) <= known then list[#list + 1] = line else late = late + 1 end
      end
      return list, late
    end
    local whole, late = early(bars)
    local other, other_late = early(scrambled)
    lu.assertEquals(other, whole, name)
    lu.assertTrue(#whole > 50 and late ~= other_late, name)
  end
end

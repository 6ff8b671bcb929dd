--- Ensemble weights: beside other libraries (tests/reference/peers/ensemble.py), their properties, and what comes of
-- input that has no good answer.
local ffi = require "ffi"
local ensemble = require "ensemble"
local hedge = require "hedge"
local json = require "json"
local lu = require "luaunit"
local plot = require "plot"
local support = require "support"

TestEnsemble = {}

local NAN = 0 / 0

--- Repeatable numbers in 0 … 1.
local function uniform(seed)
  local state = seed
  return function()
    state = (state * 16807) % 2147483647
    return state / 2147483647
  end
end

local function noise(n, periods, seed)
  local u, series = uniform(seed), {}
  for k = 1, n do
    series[k] = {}
    for t = 1, periods do series[k][t] = (u() + u() + u() - 1.5) * 0.01 * k + 0.0005 end
  end
  return series
end

local function sum_of(w)
  local sum = 0
  for _, x in ipairs(w) do sum = sum + x end
  return sum
end

local function assert_weights(w, n)
  lu.assertEquals(#w, n)
  for _, x in ipairs(w) do lu.assertTrue(x >= 0 and x <= 1 + 1e-12, tostring(x)) end
  lu.assertTrue(math.abs(sum_of(w) - 1) < 1e-12, tostring(sum_of(w)))
end

function TestEnsemble.test_weights_are_those_of_other_libraries()
  local compared = 0
  for c, case in ipairs(json.decode(support.read "tests/vectors/peers/ensemble.json").cases) do
    for _, expected in ipairs(case.expected) do
      local w, info = ensemble.weights(expected.method, case.series, expected.options)
      lu.assertNotNil(w, info)
      local what = ("case %d, %s by %s"):format(c, expected.method, expected.by or "formula")
      lu.assertNil(info.fallback, what)
      for k, value in ipairs(expected.weights) do
        local found = math.abs(w[k] - value)
        lu.assertTrue(found <= expected.tolerance, ("%s: weight %d is %.12g, expected %.12g"):format(what, k, w[k],
          value))
      end
      if expected.covariance_shrinkage then
        lu.assertAlmostEquals(info.covariance_shrinkage, expected.covariance_shrinkage, 1e-12, what)
      end
      if expected.regret then lu.assertAlmostEquals(info.regret, expected.regret, 1e-9, what) end
      compared = compared + 1
    end
  end
  lu.assertTrue(compared > 50)
end

function TestEnsemble.test_every_method_gives_weights_of_one_that_keep_to_their_bounds()
  local series = noise(5, 200, 11)
  for _, method in ipairs(ensemble.methods) do
    assert_weights((ensemble.weights(method.name, series)), 5)
    local w = ensemble.weights(method.name, series, { max_weight = 0.25, min_weight = 0.1, shrinkage = 0.1 })
    assert_weights(w, 5)
    for _, x in ipairs(w) do lu.assertTrue(x >= 0.1 - 1e-12 and x <= 0.25 + 1e-12, method.name .. ": " .. x) end
    w = ensemble.weights(method.name, series, { leverage = 2 })
    lu.assertAlmostEquals(sum_of(w), 2, 1e-12)
  end
end

function TestEnsemble.test_each_member_contributes_the_same_risk()
  local w, info = ensemble.weights("risk_parity", noise(7, 150, 3))
  assert_weights(w, 7)
  for k = 1, 7 do lu.assertAlmostEquals(info.contributions[k], 1 / 7, 1e-10) end
  lu.assertTrue(info.error <= 1e-12)
  w, info = ensemble.weights("risk_parity", noise(3, 150, 3), { budgets = { 2, 1, 0 } })
  lu.assertAlmostEquals(info.contributions[1], 2 / 3, 1e-10)
  lu.assertEquals(w[3], 0)
end

function TestEnsemble.test_minimum_variance_is_below_all_that_a_search_finds()
  local series = noise(4, 120, 5)
  local function variance(w)
    local sum, squares = 0, 0
    for t = 1, 120 do
      local r = 0
      for k = 1, 4 do r = r + w[k] * series[k][t] end
      sum, squares = sum + r, squares + r * r
    end
    return (squares - sum * sum / 120) / 119
  end
  local w, info = ensemble.weights("minimum_variance", series)
  local least, u = variance(w), uniform(17)
  lu.assertAlmostEquals(math.sqrt(least), info.volatility, 1e-12)
  for _ = 1, 2000 do
    local other, total = {}, 0
    for k = 1, 4 do
      other[k] = u()
      total = total + other[k]
    end
    for k = 1, 4 do other[k] = w[k] + 0.05 * (other[k] / total - w[k]) end
    lu.assertTrue(variance(other) >= least)
  end
end

function TestEnsemble.test_copies_of_a_member_weigh_together_what_one_does()
  local series = noise(2, 300, 23)
  local alone = ensemble.weights("adaptive", series)
  local w, info = ensemble.weights("adaptive", { series[1], series[2], series[2], series[2] })
  lu.assertTrue(info.uniqueness[2] <= 1 / 3 + 1e-12 and info.uniqueness[1] > 0.5)
  lu.assertAlmostEquals(w[2], w[3], 1e-12)
  -- Not exactly: the first is somewhat like each of the copies.
  lu.assertTrue(math.abs(w[2] + w[3] + w[4] - alone[2]) < 0.15)
  local plain = ensemble.weights("adaptive", { series[1], series[2], series[2], series[2] }, { diversification = 0 })
  lu.assertTrue(plain[2] + plain[3] + plain[4] > w[2] + w[3] + w[4])
end

function TestEnsemble.test_adaptive_forgets()
  local early, late = {}, {}
  local u = uniform(5)
  for t = 1, 200 do
    early[t] = (u() - 0.5) * 0.02 + (t <= 120 and 0.004 or -0.003)
    late[t] = (u() - 0.5) * 0.02 + (t > 120 and 0.003 or -0.002)
  end
  lu.assertTrue(ensemble.weights("performance", { early, late })[1] > 0.6)
  lu.assertTrue(ensemble.weights("adaptive", { early, late }, { half_life = 20 })[2] > 0.9)
end

-- ---- Hedge ----

function TestEnsemble.test_regret_stays_below_its_bound()
  for _, form in ipairs { "anytime", "horizon", 0.7 } do
    for seed = 1, 20 do
      local n = 2 + seed % 7
      local _, info = ensemble.weights("hedge", noise(n, 40 + 20 * seed, seed * 101), { eta = form })
      lu.assertTrue(info.regret <= info.bound, ("%s: %g above %g"):format(form, info.regret, info.bound))
      lu.assertEquals(info.rounds, 40 + 20 * seed)
    end
  end
end

-- The sequence that is worst for following the leader: the one who leads loses next.
function TestEnsemble.test_regret_against_an_adversary()
  for _, options in ipairs { {}, { horizon = 500 } } do
    local h = hedge.new(2, options)
    local leader_losses = 0
    for _ = 1, 500 do
      local w = h:weights()
      local first = w[1] >= w[2]
      h:update { first and 1 or 0, first and 0 or 1 }
      leader_losses = leader_losses + 1
      lu.assertTrue(h:regret() <= h:bound())
    end
    lu.assertTrue(h:regret() > 0.2 * h:bound()) -- the bound is not idle
    lu.assertTrue(h.loss < 0.6 * leader_losses) -- who followed the leader lost each time
  end
end

function TestEnsemble.test_experts_that_sleep_take_no_part()
  local h = hedge.new(3, { horizon = 100 })
  local u = uniform(9)
  for t = 1, 100 do
    h:update { u(), t > 50 and u() * 0.5 or NAN, u() }
    lu.assertTrue(h:regret() <= h:bound())
  end
  lu.assertNil(h:update { NAN, NAN, NAN })
  lu.assertEquals(h.n_periods, 100)
  lu.assertErrorMsgContains("expected 0 … 1", h.update, h, { 2, 0, 0 })
end

-- ---- what has no good answer ----

function TestEnsemble.test_one_member_has_all()
  for _, method in ipairs(ensemble.methods) do
    lu.assertAlmostEquals(ensemble.weights(method.name, noise(1, 50, 3))[1], 1, 1e-12, method.name)
  end
end

function TestEnsemble.test_nothing_to_go_by_gives_equal_weights_and_says_why()
  local flat = { {}, {}, {} }
  for t = 1, 60 do flat[1][t], flat[2][t], flat[3][t] = 0, 0, 0 end
  for _, method in ipairs(ensemble.methods) do
    local w, info = ensemble.weights(method.name, flat)
    for k = 1, 3 do lu.assertAlmostEquals(w[k], 1 / 3, 1e-15, method.name) end
    if method.name ~= "equal" then lu.assertStrContains(info.fallback, "equal weights") end
    w, info = ensemble.weights(method.name, { {}, {} })
    lu.assertEquals(w, { 0.5, 0.5 })
    lu.assertStrContains(info.fallback, "no member has 2 returns")
  end
  local losing = noise(2, 60, 3)
  for k = 1, 2 do for t = 1, 60 do losing[k][t] = losing[k][t] - 0.05 end end
  lu.assertStrContains(select(2, ensemble.weights("performance", losing)).fallback, "no member has a score above 0")
  lu.assertStrContains(select(2, ensemble.weights("kelly", losing)).fallback, "no member is worth a bet")
  lu.assertEquals((ensemble.weights("kelly", losing, { cash = true })), { 0, 0 })
end

function TestEnsemble.test_a_member_that_never_moved_weighs_nothing_where_risk_counts()
  local series = noise(3, 80, 7)
  for t = 1, 80 do series[2][t] = 0 end
  for _, method in ipairs { "performance", "inverse_volatility", "kelly", "risk_parity", "minimum_variance",
    "adaptive" } do
    local w = ensemble.weights(method, series)
    assert_weights(w, 3)
    lu.assertEquals(w[2], 0, method)
  end
  for t = 1, 80 do series[2][t] = 0.1 end -- not exactly representable: its deviation is 0 nevertheless
  lu.assertEquals(ensemble.weights("inverse_volatility", series)[2], 0)
end

function TestEnsemble.test_singular_covariances()
  local series = noise(2, 40, 31)
  local copied = { series[1], series[2], series[1] }
  for _, method in ipairs { "kelly", "risk_parity", "minimum_variance" } do
    local w, info = ensemble.weights(method, copied)
    assert_weights(w, 3)
    lu.assertTrue(info.ridge > 0)
    lu.assertAlmostEquals(w[1], w[3], 1e-3, method) -- copies share
    -- Fewer periods than members.
    w, info = ensemble.weights(method, noise(8, 5, 77))
    assert_weights(w, 8)
    lu.assertTrue(info.ridge > 0 and info.complete_periods == 5)
  end
  -- Two that cancel: all the risk can be taken away.
  local mirrored = { {}, {} }
  for t = 1, 40 do mirrored[1][t], mirrored[2][t] = series[1][t], -series[1][t] end
  for _, method in ipairs { "risk_parity", "minimum_variance" } do
    local w = ensemble.weights(method, mirrored)
    lu.assertAlmostEquals(w[1], 0.5, 1e-4, method)
  end
end

function TestEnsemble.test_missing_returns()
  local series = noise(3, 100, 41)
  local cut = { series[1], series[2], {} }
  for t = 1, 100 do cut[3][t] = t <= 60 and NAN or series[3][t] end
  local info = select(2, ensemble.weights("minimum_variance", cut))
  lu.assertEquals(info.complete_periods, 40)
  local tail = {}
  for k = 1, 3 do
    tail[k] = {}
    for t = 61, 100 do tail[k][t - 60] = series[k][t] end
  end
  lu.assertEquals((ensemble.weights("minimum_variance", cut)), (ensemble.weights("minimum_variance", tail)))
  local w
  w, info = ensemble.weights("inverse_volatility", cut, { min_periods = 50 })
  lu.assertEquals(w[3], 0)
  lu.assertEquals(info.left_out[3], "40 returns, expected at least 50")
  for t = 1, 100 do cut[3][t] = false end
  for _, method in ipairs(ensemble.methods) do
    w = ensemble.weights(method.name, cut)
    assert_weights(w, 3)
    lu.assertEquals(w[3], 0, method.name)
  end
end

function TestEnsemble.test_shorting_and_cash()
  local series = noise(3, 200, 51)
  for t = 1, 200 do series[3][t] = series[3][t] - 0.004 end
  local w, info = ensemble.weights("kelly", series, { allow_short = true })
  lu.assertTrue(w[3] < 0)
  lu.assertAlmostEquals(math.abs(w[1]) + math.abs(w[2]) + math.abs(w[3]), 1, 1e-12)
  lu.assertTrue(info.fractions[3] < 0)
  lu.assertEquals(ensemble.weights("kelly", series)[3], 0)
  for k = 1, 2 do for t = 1, 200 do series[k][t] = series[k][t] * 100 end end -- so wild that Kelly bets little
  w, info = ensemble.weights("kelly", series, { cash = true, fraction = 0.5 })
  lu.assertTrue(sum_of(w) < 1)
  for k = 1, 3 do lu.assertAlmostEquals(w[k], info.fractions[k] * 0.5, 1e-15) end
end

function TestEnsemble.test_arrays_and_lists_are_the_same()
  local lists, arrays = noise(3, 90, 61), {}
  for k = 1, 3 do arrays[k] = ffi.new("double[90]", lists[k]) end
  for _, method in ipairs(ensemble.methods) do
    lu.assertEquals((ensemble.weights(method.name, arrays, { n = 90 })), (ensemble.weights(method.name, lists)))
  end
end

function TestEnsemble.test_mistakes_are_named()
  local series = noise(2, 30, 3)
  local function message(method, options) return select(2, ensemble.weights(method, series, options)) end
  lu.assertStrContains(message("risk_partiy"), "did you mean 'risk_parity'")
  lu.assertStrContains(message("equal", { max_weigth = 1 }), "did you mean 'max_weight'")
  lu.assertStrContains(message("equal", { max_weight = 0.4 }), "2 members of at most that sum to less than 1")
  lu.assertStrContains(message("equal", { min_weight = 0.6 }), "2 members of at least that sum to more than 1")
  lu.assertStrContains(message("equal", { shrinkage = 2 }), "expected at most 1")
  lu.assertStrContains(message("kelly", { covariance = "ledoit" }), "did you mean 'ledoit_wolf'")
  lu.assertStrContains(message("hedge", { eta = "fast" }), "anytime, horizon or a number")
  lu.assertStrContains(message("risk_parity", { budgets = { 1 } }), "1 numbers for 2 members")
  lu.assertErrorMsgContains("series 2 has 29 periods, expected 30", ensemble.weights, "equal",
    { series[1], { unpack(series[2], 1, 29) } })
end

-- ---- over time ----

local function times(n)
  local list = {}
  for t = 1, n do list[t] = 1000000000000000000LL + t * 86400000000000LL end
  return list
end

-- Law 6: what comes after a time changes no weights at or before it.
function TestEnsemble.test_weights_over_time_do_not_know_the_future()
  local series, regimes = noise(4, 160, 71), {}
  local u = uniform(3)
  for t = 1, 160 do regimes[t] = t <= 4 and false or u() < 0.3 and "volatile" or "calm" end
  for _, method in ipairs(ensemble.methods) do
    for _, lookback in ipairs { false, 60 } do
      local function run(with)
        return ensemble.over_time(method.name, with, { times = times(160), every = 10, first = 30, regimes = regimes,
          regime_names = { "calm", "volatile" }, lookback = lookback or nil })
      end
      local whole = run(series)
      local scrambled, v = {}, uniform(99)
      for k = 1, 4 do
        scrambled[k] = {}
        for t = 1, 160 do scrambled[k][t] = t <= 100 and series[k][t] or v() - 0.5 end
      end
      local other, same, differ = run(scrambled), 0, 0
      lu.assertEquals(#other, #whole)
      for k, entry in ipairs(whole) do
        lu.assertEquals(other[k].ts_ns, entry.ts_ns)
        if entry.ts_ns <= times(160)[100] then
          lu.assertEquals(other[k].weights, entry.weights)
          same = same + 1
        elseif not pcall(lu.assertEquals, other[k].weights, entry.weights) then
          differ = differ + 1
        end
      end
      lu.assertEquals(same, 8 * 3)
      lu.assertTrue(differ > 0 or method.name == "equal", method.name)
    end
  end
end

function TestEnsemble.test_an_entry_is_the_weights_of_its_periods()
  local series = noise(3, 100, 81)
  local list = ensemble.over_time("minimum_variance", series, { times = times(100), lookback = 40, every = 20 })
  lu.assertEquals(#list, 4)
  for k, entry in ipairs(list) do
    local last = 40 + (k - 1) * 20
    lu.assertEquals(entry.ts_ns, times(100)[last])
    local part = {}
    for m = 1, 3 do part[m] = { unpack(series[m], last - 39, last) } end
    lu.assertEquals(entry.weights, (ensemble.weights("minimum_variance", part)))
  end
  list = ensemble.over_time("equal", series, { times = times(100), first = 90, start_ns = 5LL })
  lu.assertEquals(list[1].ts_ns, 5LL)
  lu.assertEquals(list[1].weights, { 1 / 3, 1 / 3, 1 / 3 })
end

function TestEnsemble.test_weights_of_a_regime_come_from_its_periods()
  local u, series, regimes = uniform(7), { {}, {} }, {}
  for t = 1, 200 do
    regimes[t] = t % 3 == 0 and "b" or "a"
    local good = regimes[t] == "a" and 1 or 2
    for k = 1, 2 do series[k][t] = (u() - 0.5) * 0.01 + (k == good and 0.002 or -0.002) end
  end
  local list = ensemble.over_time("performance", series, { times = times(200), first = 200, regimes = regimes })
  lu.assertEquals(#list, 3)
  lu.assertNil(list[1].regime)
  lu.assertEquals(list[2].regime, "a")
  lu.assertTrue(list[2].weights[1] > 0.95)
  lu.assertTrue(list[3].weights[2] > 0.95)
  -- Too few periods: in part those of all regimes.
  for t = 1, 200 do regimes[t] = t <= 5 and "b" or "a" end
  list = ensemble.over_time("inverse_volatility", series,
    { times = times(200), first = 200, regimes = regimes, min_regime_periods = 20, regime_names = { "a", "b", "c" } })
  local five = ensemble.weights("inverse_volatility", { { unpack(series[1], 1, 5) }, { unpack(series[2], 1, 5) } })
  lu.assertEquals(list[3].info.trust, 0.25)
  lu.assertAlmostEquals(list[3].weights[1], 0.25 * five[1] + 0.75 * list[1].weights[1], 1e-15)
  lu.assertEquals(list[4].weights, list[1].weights) -- never seen
end

function TestEnsemble.test_the_regime_of_a_period_is_that_in_force_when_it_began()
  local changes = { { ts_ns = 10, name = "a" }, { ts_ns = 20, name = "b" }, { ts_ns = 21, name = "a" } }
  lu.assertEquals(ensemble.regimes_at(changes, { 5, 10, 19, 20, 25 }), { false, "a", "a", "b", "a" })
end

-- ---- the picture ----

function TestEnsemble.test_weights_are_drawn_as_bands()
  local day = 86400000000000LL
  local schedule = {
    { ts_ns = 0LL, weights = { 0.25, 0.75 } }, { ts_ns = 50 * day, weights = { 1, 0 } },
    { ts_ns = 0LL, regime = "calm", weights = { 0, 1 } },
  }
  local text = plot.weights({ schedule[1], schedule[2] },
    { names = { "up", "down" }, until_ns = 100 * day, plain = true, width = 47, height = 4 })
  lu.assertEquals(text, table.concat({
    "Weights",
    "100 % |" .. ("b"):rep(20) .. ("a"):rep(20), "      |" .. ("b"):rep(20) .. ("a"):rep(20),
    "      |" .. ("b"):rep(20) .. ("a"):rep(20), "  0 % |" .. ("a"):rep(40),
    "       1970-01-01" .. (" "):rep(20) .. "1970-04-11", "       a: up 100 %  b: down 0 %", "",
  }, "\n"))
  text = plot.weights(schedule, { names = { "up", "down" }, until_ns = 100 * day, plain = true, width = 47 })
  lu.assertStrContains(text, "Weights: calm\n100 % |" .. ("b"):rep(40) .. "\n")
  text = plot.weights({ schedule[1] }, { names = { "up", "down" }, until_ns = 100 * day, color = true, unicode = true })
  lu.assertStrContains(text, "\27[38;5;208m█")
end

-- Speed of the store, as a sweep uses it: `perilune exec bench/store.lua [RESULTS] [PERIODS]`. Results go in through a
-- staged store that is flushed every 10,000; each has its figures and, where PERIODS is given, that many returns.
local ffi = require "ffi"
local abi = require "abi"
local store = require "store"
local C = abi.C

local n_results, n_periods = tonumber((...)) or 200000, tonumber((select(2, ...))) or 0
local FLUSH_EVERY, N_SIGNALS, N_SIGNAL_COMBOS = 10000, 5000, 200

local function now() return tonumber(C.pln_clock_monotonic_ns()) / 1e9 end

local function measure(what, count, unit, body)
  local start = now()
  local value = body()
  local seconds = now() - start
  print(("%-44s %9.3f s %12.0f %s/s"):format(what, seconds, count / seconds, unit))
  return value
end

local function temporary()
  local path = os.tmpname()
  os.remove(path)
  return path
end

local function remove(path)
  for _, suffix in ipairs(store.FILES) do os.remove(path .. suffix) end
end

local path, target = temporary(), temporary()
local db = assert(store.open(path, { staged = true }))
local run = assert(db:begin_run {})
local phase = assert(run:phase { name = "sweep", n_combos = n_results, n_windows = 1 })
local values = ffi.new("double[?]", C.pln_metric_count())
for k = 0, C.pln_metric_count() - 1 do values[k] = k / 7 end
local returns, benchmark = ffi.new("double[?]", n_periods + 1), ffi.new("double[?]", n_periods + 1)
local ts = ffi.new("int64_t[?]", n_periods + 1)
for k = 0, n_periods - 1 do
  returns[k], benchmark[k], ts[k] = math.sin(k) / 100, math.cos(k) / 100, k * 86400000000000LL
end

measure("results in, staged and flushed", n_results, "results", function()
  local hash = ffi.new "char[33]"
  for n = 1, n_results do
    local combo = ("c%04d"):format(n)
    C.pln_hash128_hex(combo, #combo, hash)
    local result = assert(phase:add_result { number = n, combo = combo, portfolio = "main", params = '{"fast":10}',
      hash = ffi.string(hash) })
    values[14], returns[0] = n, n
    result:add_figures(values)
    if n_periods > 0 then result:add_returns(returns, benchmark, ts, n_periods, 252) end
    result:close()
    if n % FLUSH_EVERY == 0 then assert(db:flush()) end
  end
  assert(db:flush())
end)
measure("three figures of all, as columns", n_results, "results", function()
  return assert(phase:results { names = { "sharpe_ratio", "max_drawdown_pct", "trades" } })
end)
measure("what is done", n_results, "results", function() return assert(phase:done()) end)
measure("the ten best, in SQL (figures)", n_results, "results", function()
  return assert(db:query "SELECT combo, sharpe_ratio FROM figures WHERE run = 1 ORDER BY sharpe_ratio DESC LIMIT 10")
end)
measure("the ten best, in SQL (metrics)", n_results, "results", function()
  return assert(db:query("SELECT combo, value FROM metrics WHERE run = 1 AND name = 'sharpe_ratio' ORDER BY value DESC "
    .. "LIMIT 10"))
end)
if n_periods > 0 then
  local combos = {}
  for n = 1, math.min(n_results, 10000) do combos[n] = n end
  measure(("returns of %d combos, %d each"):format(#combos, n_periods), #combos, "results", function()
    return assert(phase:returns { combos = combos })
  end)
end
assert(phase:finish "finished")

local signals = ffi.new("pln_signal[?]", N_SIGNALS)
for k = 0, N_SIGNALS - 1 do
  signals[k] = { ts_ns = k * 420000000000LL, strength = 1, confidence = math.sin(k) ^ 2, direction = k % 3 - 1 }
end
local captured = assert(run:phase { name = "signals", n_combos = N_SIGNAL_COMBOS, n_windows = 1 })
measure("signals in", N_SIGNAL_COMBOS * N_SIGNALS, "signals", function()
  for n = 1, N_SIGNAL_COMBOS do
    local result = assert(captured:add_result { number = n, combo = ("c%04d"):format(n), portfolio = "" })
    result:add_signals("s", "SPY", signals, N_SIGNALS)
    result:close()
  end
  assert(db:flush())
end)
measure("signals out, as arrays", N_SIGNAL_COMBOS * N_SIGNALS, "signals", function()
  for n = 1, N_SIGNAL_COMBOS do
    assert(assert(captured:signals { combo = n, source = "s", symbol = "SPY" }).n == N_SIGNALS)
  end
end)
assert(run:finish { status = "finished" })
db:close()
db = assert(store.open(target))
run = assert(db:begin_run {})
local copy = assert(run:phase { name = "sweep" })
measure("copying them into another file", n_results, "results", function()
  return assert(copy:copy_from(path, function() return 1 end))
end)
assert(run:finish { status = "finished" })
db:close()
local file = io.open(path, "rb")
print(("%-44s %9.1f bytes a result"):format("size of the file", file:seek "end" / n_results))
file:close()
remove(path)
remove(target)

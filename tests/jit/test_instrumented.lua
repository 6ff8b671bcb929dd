-- What the loader adds to a strategy's source costs no trace: loops over shipped and test strategies compile, with
-- no abort and no stitch, and run at the speed of the bare function.
local ffi = require "ffi"
local abi = require "abi"
local registry = require "registry"

-- Counts trace events while fn runs.
local function traced(fn)
  local counts = { start = 0, stop = 0, abort = 0, stitch = 0 }
  local function on_trace(what, number)
    counts[what] = (counts[what] or 0) + 1
    if what == "stop" and require("jit.util").traceinfo(number).linktype == "stitch" then
      counts.stitch = counts.stitch + 1
    end
  end
  jit.flush()
  jit.attach(on_trace, "trace")
  fn()
  jit.attach(on_trace)
  return counts
end

local function loop_over(def, f, p, s, n)
  local signal, budget = def.signal, def.budget
  local bar = ffi.new("struct { double open, high, low, close, volume; }", 1, 2, 0.5, 1.5, 10)
  local sum = 0
  for i = 1, n do
    bar.close = i % 7
    budget.left = 1000000
    local direction, strength = signal(f, bar, p, s)
    sum = sum + direction * (strength or 1)
  end
  return sum
end

local function nanoseconds(fn, n)
  local best = math.huge
  for _ = 1, 5 do
    local start = abi.C.pln_clock_monotonic_ns()
    fn()
    best = math.min(best, tonumber(abi.C.pln_clock_monotonic_ns() - start))
  end
  return best / n
end

TestInstrumented = {}

local FIELDS = {
  "fast", "slow", "fast_before", "slow_before", "upper", "middle", "lower", "top", "bottom", "exit_top", "exit_bottom",
  "rsi", "before",
}

local function features()
  local f = ffi.new("struct { double " .. table.concat(FIELDS, ", ") .. "; }")
  for i, name in ipairs(FIELDS) do f[name] = i end
  return f
end

function TestInstrumented.test_shipped_signals_compile()
  local reg = registry.new { environment = false }
  for _, name in ipairs { "momentum", "sma_cross", "mean_reversion", "breakout", "rsi", "buy_and_hold" } do
    local def = assert(reg:load(name))
    local p = assert(def:check_params())
    local s, f = def:new_state(p), features()
    -- Hot counters are shared by hash of the address, so that now and then the function is found hot before its loop,
    -- which costs an abort that a second try need not have.
    local counts
    for _ = 1, 5 do
      counts = traced(function() loop_over(def, f, p, s, 20000) end)
      if counts.abort == 0 then break end
    end
    lu.assertTrue(counts.stop >= 1, name .. ": traces made: " .. counts.stop)
    lu.assertEquals(counts.abort, 0, name .. ": aborted traces")
    lu.assertEquals(counts.stitch, 0, name .. ": stitched traces")
  end
end

function TestInstrumented.test_loops_state_and_powers_compile()
  local def = assert(registry.compile([[
    local function mean(ring, n)
      local sum = 0
      for i = 1, n do sum = sum + ring[i] end
      return sum / n
    end
    return strategy { name = "t", params = { n = 100 }, state = { i = 0, ring = array(100) },
      signal = function(f, bar, p, s)
        s.i = s.i % p.n + 1
        s.ring[s.i] = bar.close
        local m, k = mean(s.ring, p.n), 0
        while k < 50 do k = k + 1 end
        repeat k = k - 1 until k == 0
        return math.max(m^2, k) > 3 and 1 or 0, math.min(1, math.ceil(m))
      end }]], "user.lua"))
  local p = assert(def:check_params())
  local s, f = def:new_state(p), features()
  local counts = traced(function() loop_over(def, f, p, s, 5000) end)
  lu.assertEquals(counts.stitch, 0)
  lu.assertTrue(counts.stop >= 3)
  lu.assertTrue(counts.abort <= 3, "aborted traces: " .. counts.abort) -- inner loops first, as always in LuaJIT
end

function TestInstrumented.test_the_counter_is_cheap()
  local reg = registry.new { environment = false }
  local def = assert(reg:load "momentum")
  local p = assert(def:check_params())
  local f = features()
  local bare = { budget = def.budget, signal = function(ff, _, pp)
    local gap = ff.fast / ff.slow - 1
    if gap > pp.threshold then return 1, math.min(gap, 1) end
    if gap < -pp.threshold then return -1, math.min(-gap, 1) end
    return 0
  end }
  local n = 2000000
  jit.flush()
  local with = nanoseconds(function() loop_over(def, f, p, nil, n) end, n)
  jit.flush()
  local without = nanoseconds(function() loop_over(bare, f, p, nil, n) end, n)
  print(("a bar: %.2f ns instrumented, %.2f ns bare"):format(with, without))
  -- Generous, for a machine that does other things too: an interpreted call would be fifty times as much.
  lu.assertTrue(with < 4 * without + 5, ("%.2f ns against %.2f ns"):format(with, without))
end

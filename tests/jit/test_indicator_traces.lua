-- The loop of an indicator in Lua compiles to a loop trace, with no abort in it and no stitch.
local ffi = require "ffi"
local feature = require "feature"
local indicator_hub = require "indicator_hub"
local registry = require "registry"
local synth = require "synth"
local util = require "jit.util"
local vmdef = require "jit.vmdef"

TestIndicatorTraces = {}

-- Attempts that begin at the call of the loop's function or end where the loop does, rather than in the loop: which of
-- them are made differs from run to run. They are given up for a better trace, and cost nothing later.
local HARMLESS = { ["loop unroll limit reached"] = true,
  ["inner loop in root trace"] = true, ["leaving loop in root trace"] = true,
  ["NYI: return to lower frame"] = true }

local function watch(work, chunk)
  local seen = { loops = 0, stitches = 0, aborts = {} }
  local started = {}
  local function on_trace(what, trace, func, pc, code, reason)
    if what == "start" then
      local source = util.funcinfo(func, pc).source
      started[trace] = source == "=indicator loop" or source == "@" .. chunk or (code and started[code]) or false
    elseif what == "stop" and started[trace] then
      local link = util.traceinfo(trace).linktype
      if link == "stitch" then seen.stitches = seen.stitches + 1 end
      -- A step with a loop of its own: that is the loop's trace, which the rows' trace ends in.
      if link == "loop" or link == "root" then seen.loops = seen.loops + 1 end
    elseif what == "abort" and started[trace] then
      local message = vmdef.traceerr[code] or tostring(code)
      if not HARMLESS[message] then seen.aborts[#seen.aborts + 1] = message:format(tostring(reason)) end
    end
  end
  jit.flush()
  jit.attach(on_trace, "trace")
  collectgarbage "stop"
  local ok, err = pcall(work)
  collectgarbage "restart"
  jit.attach(on_trace)
  assert(ok, err)
  return seen
end

local SOURCES = {
  [[return indicator { name = "t_average", params = { period = 20 }, state = { n = 0, e = 0 },
  warmup = function(p) return p.period - 1 end,
  step = function(s, x, p)
    s.n = s.n + 1
    if s.n < p.period then s.e = s.e + x return end
    if s.n == p.period then s.e = (s.e + x) / p.period else s.e = s.e + 2 / (p.period + 1) * (x - s.e) end
    return s.e
  end }]],
  [[return indicator { name = "t_window", inputs = { "high", "low", "close" },
  outputs = { "value", "top" }, valid = true,
  params = { period = 8, mode = { "a", choices = { "a", "b" } } }, state = { i = 0, ring = array "period" },
  step = function(s, x, p)
    s.i = s.i % #s.ring + 1
    s.ring[s.i] = p.mode == "a" and x.high - x.low or x.close
    local top = 0
    for k = 1, #s.ring do top = math.max(top, s.ring[k]) end
    return x.close ^ 2 - top, top, top > 0
  end }]],
}

function TestIndicatorTraces.test_loops_compile()
  local library = indicator_hub.library { folders = { (os.getenv "PERILUNE_HOME" or ".") .. "/examples/indicators" },
    environment = false }
  local bars = assert(synth.bars({ bars = 20000 }, "SYN", 0))
  local names = {}
  for _, def in ipairs((library:list())) do names[#names + 1] = def.name end
  for i, source in ipairs(SOURCES) do
    local def = assert(registry.compile(source, "t" .. i .. ".lua"))
    library:add(def)
    names[#names + 1] = def.name
  end
  lu.assertTrue(#names >= 3)
  for _, name in ipairs(names) do
    local chunk = library:find(name).chunk
    local seen = watch(function() assert(feature.compute(bars, { name .. "()" }, { library = library })) end, chunk)
    lu.assertEquals(seen.aborts, {}, name)
    lu.assertEquals(seen.stitches, 0, name)
    lu.assertTrue(seen.loops > 0, name .. ": no loop trace")
  end
end

-- One loop and one struct type, whatever the parameters: a sweep over an array's size makes no new ones.
function TestIndicatorTraces.test_a_sweep_makes_one_loop()
  local library = indicator_hub.library { environment = false }
  library:add(assert(registry.compile(SOURCES[2], "t.lua")))
  local bars = assert(synth.bars({ bars = 100 }, "SYN", 0))
  local list = {}
  for n = 1, 60 do list[n] = ("t_window(%d)"):format(n) end
  assert(feature.compute(bars, { "t_window(100)" }, { library = library }))
  local before = tonumber(ffi.typeof "struct { char c; }")
  assert(feature.compute(bars, list, { library = library }))
  local made = tonumber(ffi.typeof "struct { char d; }") - before
  lu.assertTrue(made < 40, made)
end

-- The drain loop of every shipped strategy and classifier compiles to a loop trace: no abort in it, no stitch.
local ffi = require "ffi"
local engine = require "engine"
local market = require "market"
local registry = require "registry"
local util = require "jit.util"
local vmdef = require "jit.vmdef"

TestTraces = {}

local N_SYMBOLS = { pairs = 2, rotation = 3 }

-- Attempts that begin at the call of the loop's function or end where the loop does, rather than in the loop: they are
-- given up for a better trace and cost nothing later.
local HARMLESS = { ["inner loop in root trace"] = true, ["leaving loop in root trace"] = true,
  ["NYI: return to lower frame"] = true }

-- Records what the compiler did while `work` ran: loop traces, stitches and aborts that began in a drain
-- loop or in a trace that leaves one.
local function watch(work)
  local seen = { loops = 0, stitches = 0, aborts = {} }
  local started = {}
  local function on_trace(what, trace, func, pc, code, reason)
    if what == "start" then -- `code` is the trace that a side trace leaves
      started[trace] = util.funcinfo(func, pc).source == "=drain loop" or (code and started[code]) or false
    elseif what == "stop" and started[trace] then
      local link = util.traceinfo(trace).linktype
      if link == "stitch" then seen.stitches = seen.stitches + 1 end
      if link == "loop" then seen.loops = seen.loops + 1 end
    elseif what == "abort" and started[trace] then
      local message = vmdef.traceerr[code] or tostring(code)
      if not HARMLESS[message] then seen.aborts[#seen.aborts + 1] = message:format(tostring(reason)) end
    end
  end
  jit.flush()
  jit.attach(on_trace, "trace")
  collectgarbage "stop" -- a finalizer that runs while a trace is recorded makes the compiler give it up, for a while
  local ok, err = pcall(work)
  collectgarbage "restart"
  jit.attach(on_trace)
  assert(ok, err)
  return seen
end

local function check(name, spec)
  local seen = watch(function() engine.run(spec) end)
  lu.assertEquals(seen.aborts, {}, name .. ": aborts in the drain loop")
  lu.assertEquals(seen.stitches, 0, name .. ": stitches")
  lu.assertTrue(seen.loops > 0, name .. ": no loop trace was made of the drain loop")
end

-- A matrix is one more call a bar, and reading it is compiled.
function TestTraces.test_a_strategy_over_a_matrix()
  local path = os.tmpname() .. ".lua"
  local file = assert(io.open(path, "w"))
  file:write [[
return strategy { name = "window",
  features = function(p, x)
    return { fast = x.sma(5), m = x.matrix { x.returns(), x.rsi(14), rows = 16, clip = 3 } }
  end,
  signal = function(f, bar)
    local m = f.m
    if not m.ready or m:is_missing(1, 1) then return FLAT end
    return m:last(1) - m:at(m.rows - 1, 1) > m:last(2) / m.columns and LONG or SHORT
  end }]]
  file:close()
  check("window", { strategy = path, bars = { market.equities(1, 4000)[1] } })
  os.remove(path)
end

function TestTraces.test_every_shipped_strategy_and_classifier()
  local bars = market.equities(3, 4000)
  local checked = 0
  for _, entry in ipairs(registry.new { folders = {} }:list()) do
    local shipped = entry.file:find(ffi.string(require("abi").C.pln_host_home()) .. "/strategies/", 1, true) == 1
    if shipped then
      lu.assertNil(entry.error, entry.file)
      local own = {}
      for k = 1, N_SYMBOLS[entry.name] or 1 do own[k] = bars[k] end
      if entry.kind == "classifier" then
        check(entry.name, { strategy = "buy_and_hold", bars = own, classifiers = { entry.name } })
      else
        check(entry.name, { strategy = entry.name, bars = own })
      end
      checked = checked + 1
    end
  end
  lu.assertTrue(checked >= 10, "strategies checked: " .. checked)
end

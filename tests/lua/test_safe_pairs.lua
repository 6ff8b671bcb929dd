-- Tables are traversed by the interpreter: what LuaJIT's beta makes of `next` may cut pointers in half.
local safe_pairs = require "safe_pairs"
local support = require "support"
local harness = require "harness"

TestSafePairs = {}

local function traversals_compiled(work)
  local util = require "jit.util"
  local seen, own = 0, util.funcinfo(work).source
  local function on_trace(what, _, func)
    if what == "stop" and func and util.funcinfo(func).source == own then seen = seen + 1 end
  end
  jit.attach(on_trace, "trace")
  work()
  jit.attach(on_trace)
  return seen
end

function TestSafePairs.test_traversals_are_not_compiled()
  local t, sum = {}, 0
  for k = 1, 200 do t["k" .. k] = k end
  lu.assertEquals(traversals_compiled(function()
    for _, value in pairs(t) do sum = sum + value end
    for _, value in next, t do sum = sum + value end
  end), 0)
  lu.assertEquals(sum, 2 * 20100)
end

function TestSafePairs.test_they_are_what_lua_has()
  local seen = {}
  for k, v in safe_pairs.pairs { 10, 20, x = 30 } do seen[tostring(k)] = v end
  lu.assertEquals(seen, { ["1"] = 10, ["2"] = 20, x = 30 })
  lu.assertNil((safe_pairs.next {}))
  lu.assertFalse((pcall(safe_pairs.pairs, nil)))
end

-- Orders whose tables the loader cannot read: checked when they are made, in the interpreter.
local DYNAMIC = [[
local ORDERS = { { quantity = 1 }, { quantity = 2, stop_loss = 1 }, { quantity = 3, %s = 1000 } }
return strategy {
  name = "mine", help = "for a test", state = { n = 0 },
  on_bar = function(ctx, f, bar, p, s)
    s.n = s.n + 1
    for k, order in ipairs(ORDERS) do
      if s.n %% 4 == k then ctx:buy(order) elseif s.n %% 4 == 0 and k == 3 then ctx:close() end
    end
  end,
}]]

function TestSafePairs.test_orders_from_tables_made_elsewhere()
  local folder, closes = support.folder(), {}
  for k = 1, 3000 do closes[k] = 100 + k % 7 end
  local file = support.write(folder .. "/mine.lua", DYNAMIC:format "take_profit")
  lu.assertEquals(#harness.run { strategy = file, closes = closes, capital = 1e6 }.orders, 3000)
  file = support.write(folder .. "/other.lua", DYNAMIC:format "take_profits")
  local ok, err = pcall(harness.run, { strategy = file, closes = closes })
  lu.assertFalse(ok)
  lu.assertStrContains(err, "other.lua:7:")
  lu.assertStrContains(err, "did you mean 'take_profit'")
end

-- By body of on_bar: what a mistake in a table that is written in the call is told as, or nil.
local LITERAL = {
  { 'ctx:buy { quantity = 1, tagg = 2 }', "unknown order field 'tagg'" },
  { 'ctx:sell({ limt = f and 1, quantity = 1 })', "unknown order field 'limt'" },
  { 'ctx:buy { quantity = math.max(1, 2), tag = ({ 1, x = 2 })[1] }', nil },
  { 'ctx:buy { ["quantity"] = 1 }', nil },
  { 'ctx:buy()', nil },
  { 'local other = { buy = function() return 1 end } other:buy { anything = 1 }', nil },
}

function TestSafePairs.test_tables_in_the_call_are_checked_when_the_file_is_loaded()
  local registry = require "registry"
  for _, case in ipairs(LITERAL) do
    local def, err = registry.compile(
      ('return strategy { name = "mine", help = "x",\non_bar = function(ctx, f) %s end }'):format(case[1]), "mine.lua")
    if case[2] then
      lu.assertNil(def, case[1])
      lu.assertStrContains(err, "mine.lua:2: " .. case[2])
    else
      lu.assertNotNil(def, tostring(err))
    end
  end
end

function TestSafePairs.tearDown() support.cleanup() end

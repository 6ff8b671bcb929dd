-- What a strategy's code can reach, and that it computes the same bits whether it is compiled or not.
local ffi = require "ffi"
local registry = require "registry"
local sandbox = require "sandbox"

local function load_text(body)
  return registry.compile("local result = (function() " .. body .. " end)()\n"
    .. "return strategy { name = 't', signal = function() return result end }", "user.lua")
end

-- The value of a piece of strategy code.
local function value(body)
  local def = assert(load_text(body))
  return def.signal()
end

local function message(body)
  local def, err = load_text(body)
  lu.assertNil(def, body)
  return err
end

TestSandbox = {}

function TestSandbox.test_the_outside_is_out_of_reach()
  for _, name in ipairs {
    "io", "os", "ffi", "debug", "require", "package", "load", "loadstring", "loadfile", "dofile", "setfenv", "getfenv",
    "_G", "setmetatable", "getmetatable", "rawset", "rawget", "collectgarbage", "next", "coroutine", "jit", "newproxy",
    "xpcall", "module",
  } do
    lu.assertStrContains(message("return " .. name), "user.lua:1: " .. name .. " is not available in a strategy")
  end
  lu.assertStrContains(message "return string.dump", "string.dump is not available")
  lu.assertStrContains(message "return math.randomseed", "math.randomseed is not available")
  lu.assertStrContains(message "return math.pow", "write x ^ y")
  lu.assertStrContains(message "return perilune", "unknown name 'perilune'")
end

function TestSandbox.test_string_methods_are_bounded_too()
  lu.assertStrContains(message "return ('x'):rep(1e9)", "string.rep: the result would have 1000000000 bytes")
  lu.assertStrContains(message "return string.rep('xy', 1e9)", "string.rep")
  lu.assertStrContains(message "return ('x'):rep(10, ('y'):rep(1e7))", "string.rep")
  lu.assertStrContains(message "return ('x').dump(function() end)", "dump")
  lu.assertEquals(value "return ('ab'):rep(3) .. ('%d'):format(4) .. ('abc'):upper()", "ababab4ABC")
end

function TestSandbox.test_nothing_shows_an_address()
  lu.assertEquals(value "return tostring({}) .. tostring(print) .. tostring(nil) .. tostring(1.5)",
    "tablefunctionnil1.5")
  lu.assertEquals(value "return string.format('%s %s %d', {}, pcall, 3)", "table function 3")
  lu.assertEquals(value "return ('%s'):format({})", "table")
  lu.assertEquals(value "return ('%d %s %g %s %s|'):format(1, 'a', 0.5, nil, true) .. ('p%%p'):format()",
    "1 a 0.5 nil true|p%p")
  lu.assertStrContains(message "return ('%d'):format('x')", "user.lua:1: bad argument #2 to")
  lu.assertStrContains(message "return ('%p'):format({})", "%p")
  lu.assertStrContains(message "return ('%-10p'):format({})", "%p")
  lu.assertEquals(value "return tostring(0/0) .. tostring(-(0/0)) .. ('%g'):format(0/0) .. ('%g'):format(-(0/0))",
    "nannannannan")
end

function TestSandbox.test_libraries_are_read_only_under_any_name()
  lu.assertStrContains(message "local m = math m.abs = 1", "math.abs cannot be set")
  lu.assertStrContains(message "local s = string s.note = 1", "string.note cannot be set")
  lu.assertStrContains(message "local b = bit b.note = 1", "bit.note cannot be set")
  lu.assertEquals(value "return bit.band(6, 3)", 2)
end

function TestSandbox.test_pairs_is_sorted()
  lu.assertEquals(value [[
    local t = { z = 1, a = 2, [10] = 3, [2] = 4, [-1.5] = 5, [true] = 6, m = 7 }
    local keys = {}
    for k, v in pairs(t) do keys[#keys + 1] = tostring(k) .. v end
    return table.concat(keys, " ")]], "true6 -1.55 24 103 a2 m7 z1")
  lu.assertEquals(value [[
    local t, n = { 1, 2, 3 }, 0
    for k in pairs(t) do t[k + 1] = nil n = n + 1 end
    return n]], 2)
  lu.assertStrContains(message "for k in pairs({ [{}] = 1 }) do end", "user.lua:1: pairs: a key of type table")
  lu.assertStrContains(message "for k in pairs(nil) do end", "table expected, got nil")
end

function TestSandbox.test_random_is_the_runs()
  local def = assert(registry.compile([[return strategy { name = "r", signal = function(f, bar, p)
    return math.random(), math.random(6), math.random(-3, 3) end }]], "user.lua"))
  lu.assertTrue(def.uses_random)
  registry.seed_random(def.random, 42)
  local saved = ffi.new(ffi.typeof(def.random))
  ffi.copy(saved, def.random, ffi.sizeof(saved))
  local a, b, c = def.signal()
  local a2 = def.signal()
  lu.assertTrue(a ~= a2)
  ffi.copy(def.random, saved, ffi.sizeof(saved)) -- plain memory: it goes on from where it was
  lu.assertEquals({ def.signal() }, { a, b, c })
  registry.seed_random(def.random, 43)
  lu.assertTrue((def.signal()) ~= a)
  local sum, faces, low, high = 0, {}, 0, 0
  for _ = 1, 60000 do
    local u, face, k = def.signal()
    lu.assertTrue(u >= 0 and u < 1)
    sum = sum + u
    faces[face] = (faces[face] or 0) + 1
    low, high = math.min(low, k), math.max(high, k)
  end
  lu.assertTrue(math.abs(sum / 60000 - 0.5) < 0.01)
  for face = 1, 6 do lu.assertTrue(math.abs(faces[face] - 10000) < 500, "face " .. face) end
  lu.assertEquals(#faces, 6)
  lu.assertEquals({ low, high }, { -3, 3 })
  lu.assertStrContains(message "return math.random(3, 1)", "interval is empty")
end

function TestSandbox.test_random_reference()
  -- The first values of RngStreams, L'Ecuyer's own program, whose initial state is six times 12345.
  local def = assert(registry.compile("return strategy { signal = function() return math.random() end }", "user.lua"))
  for i = 0, 5 do def.random.s[i] = 12345 end
  lu.assertAlmostEquals(def.signal(), 0.127011122046577, 1e-12)
  lu.assertAlmostEquals(def.signal(), 0.318527565396794, 1e-12)
  lu.assertAlmostEquals(def.signal(), 0.309186015583956, 1e-12)
end

function TestSandbox.test_minimum_and_maximum_with_nan()
  lu.assertEquals(value "return math.min(3, 1, 2) + math.max(3, 1, 2)", 4)
  lu.assertEquals(value "return math.min(5)", 5)
  for _, call in ipairs { "min(1, 0/0)", "min(0/0, 1)", "max(1, 0/0)", "max(0/0, 1)", "max(1, 0/0, 3)" } do
    lu.assertEquals(value("local x = math." .. call .. " return x ~= x"), true, call)
  end
  lu.assertStrContains(message "return math.min(1, 'x')",
    "user.lua:1: bad argument #2 to 'min' (number expected, got string)")
  lu.assertStrContains(message "return math.max()", "user.lua:1: bad argument #1 to 'max'")
end

function TestSandbox.test_log_and_record()
  local def = assert(registry.compile([[return strategy { name = "t", signal = function(f)
    log("%d bars of %s", 3, "SPY") log("a", 1, nil, {}) print("100%") log(0/0) record("x", 1.5)
    record("y", f) end }]], "user.lua"))
  local lines, series = {}, {}
  def.hooks.log = function(text) lines[#lines + 1] = text end
  def.hooks.record = function(name, number) series[name] = number end
  local ok, err = pcall(def.signal, "no number")
  lu.assertFalse(ok)
  lu.assertEquals(lines, { "3 bars of SPY", "a 1 nil table", "100%", "nan" })
  lu.assertEquals(series, { x = 1.5 })
  lu.assertEquals(registry.describe(err, def).message, "record: the value of 'y' is a string, expected a number")
  lu.assertEquals(registry.describe(err, def).line, 3)
end

function TestSandbox.test_power_reports_the_users_line()
  local def = assert(registry.compile("return strategy {\nsignal = function(f)\nlocal y = f.x^2 return y end }",
    "user.lua"))
  local ok, err = pcall(def.signal, {})
  lu.assertFalse(ok)
  lu.assertEquals(registry.describe(err, def),
    { file = "user.lua", line = 3, message = "attempt to perform arithmetic (^) on a nil value" })
  lu.assertEquals(def.signal { x = -3 }, 9)
end

-- Law: the same bits with the compiler off.
function TestSandbox.test_compiled_and_interpreted_agree()
  local body = [[
    return strategy { name = "t", signal = function(x, y, p, s)
      local a = x^y + x^2 + y^-1 + x^0.5 + 2^y
      local b = math.min(x, y) + math.max(x, y) + math.min(y, x, 1) + math.ceil(x) + math.floor(y)
      local c = math.exp(y) + math.log(x * x + 1) + math.log10(x * x + 2) + math.sin(x) + math.cos(y) + math.tan(x)
      local d = math.sqrt(x * x) + math.fmod(x, 3) + x % 7 + math.abs(x) + math.atan2(x, y)
      return a, b, c, d, 1 / math.ceil(x / 1e9), math.random()
    end }]]
  local n = 20000
  local function series(mode)
    local def = assert(registry.compile(body, "user.lua"))
    local out = ffi.new("double[?]", n * 6)
    local random = ffi.new(ffi.typeof(def.random))
    sandbox.seed(random, 7)
    local function loop()
      for i = 0, n - 1 do
        local k = i % 1000
        local x, y = (k - 500) * 1.37e-3 * 2 ^ (k % 40 - 20), (k % 17 - 8) / 3
        if k == 3 then x = 0 / 0 elseif k == 5 then y = 0 / 0 end
        if k == 7 then x = -0.0 elseif k == 9 then x = 1 / 0 end
        def.budget.left = 1000
        local a, b, c, d, e, f = def.signal(x, y)
        out[i * 6], out[i * 6 + 1], out[i * 6 + 2] = a, b, c
        out[i * 6 + 3], out[i * 6 + 4], out[i * 6 + 5] = d, e, f
      end
    end
    jit.flush()
    if mode == "on" then jit.on() else jit.off() end
    loop()
    jit.on()
    return out
  end
  local compiled, interpreted = series "on", series "off"
  local different = 0
  local a, b = ffi.cast("uint64_t *", compiled), ffi.cast("uint64_t *", interpreted)
  for i = 0, n * 6 - 1 do
    local both_nan = compiled[i] ~= compiled[i] and interpreted[i] ~= interpreted[i]
    if a[i] ~= b[i] and not both_nan then different = different + 1 end
  end
  lu.assertEquals(different, 0)
end

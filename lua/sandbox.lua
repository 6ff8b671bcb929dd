--- What a strategy's code sees: the names of Lua that give the same result on every run, and nothing that reaches
-- outside of its arguments.
--
-- Differences from plain Lua, all for determinism (two runs, interpreted or compiled, agree to the last bit):
-- `pairs` is sorted, `math.min`, `max`, `ceil` and `x^y` are replaced, `math.random` is seeded by the run, `tostring`
-- shows no address, libraries are read-only. There is no io, os, ffi, debug, require, load, setmetatable, coroutine.
local ffi = require "ffi"
local abi = require "abi"
local C = abi.C

local M = {}

--- Longest result of string.rep, in bytes.
M.MAX_REPEAT = 16 * 1024 * 1024

local NAN = ffi.new("union { uint64_t bits; double value; }", { bits = 0x7ff8000000000000ULL }).value

local random_type = ffi.typeof "struct { double s[6]; }"
local budget_type = ffi.typeof "struct { double left; double limit; }"
ffi.metatype(budget_type, {})

--- Loop iterations and calls that one call of a strategy's function may use, unless the driver says otherwise.
M.DEFAULT_BUDGET = 10000000

-- Numbers -----------------------------------------------------------------------------------------------------------

local function want_number(value, what, position)
  if type(value) ~= "number" then
    error(("bad argument #%d to '%s' (number expected, got %s)"):format(position, what, type(value)), 3)
  end
end

-- The square is exactly rounded and needs no call; all else is the C library's, compiled or not.
local function pow(x, y)
  if type(x) ~= "number" or type(y) ~= "number" then
    error(("attempt to perform arithmetic (^) on a %s value"):format(type(x) ~= "number" and type(x) or type(y)), 2)
  end
  if y == 2 then return x * x end
  return C.pln_pow(x, y)
end

-- NaN in any place gives NaN. (LuaJIT's own depend on the order and on whether the code was compiled.)
local function min(x, y, ...)
  want_number(x, "min", 1)
  if y == nil then return x end
  want_number(y, "min", 2)
  if y < x or y ~= y then x = y end
  if select("#", ...) > 0 then return min(x, ...) end
  return x
end

local function max(x, y, ...)
  want_number(x, "max", 1)
  if y == nil then return x end
  want_number(y, "max", 2)
  if y > x or y ~= y then x = y end
  if select("#", ...) > 0 then return max(x, ...) end
  return x
end

local floor = math.floor

-- Interpreted and compiled math.ceil differ in the sign of zero.
local function ceil(x)
  want_number(x, "ceil", 1)
  return -floor(-x)
end

-- MRG32k3a (L'Ecuyer 1999, "Good parameters and implementations for combined multiple recursive random number
-- generators", Operations Research 47): exact in doubles, so that it needs no 64-bit integers and is plain memory.
local M1, M2, NORM = 4294967087, 4294944443, 2.328306549295727688e-10 -- NORM = 1 / (M1 + 1)

local function next_random(state)
  local s = state.s
  local p1 = (1403580 * s[1] - 810728 * s[0]) % M1
  s[0], s[1], s[2] = s[1], s[2], p1
  local p2 = (527612 * s[5] - 1370589 * s[3]) % M2
  s[3], s[4], s[5] = s[4], s[5], p2
  local difference = p1 - p2
  if difference <= 0 then difference = difference + M1 end
  return difference * NORM -- inside (0, 1)
end

--- Sets a generator (the struct in def.random) from a seed: any number that is a whole one.
function M.seed(state, seed)
  local x = seed % 4294967296
  for i = 0, 5 do -- spread the seed with a linear congruential step; every word is in 1 … M2 - 1
    x = (1664525 * x + 1013904223) % 4294967296
    state.s[i] = x % (M2 - 1) + 1
  end
  for _ = 1, 16 do next_random(state) end
end

--- A generator of its own (lua/random.lua): { double s[6]; }, and its next number inside (0, 1).
M.random_type, M.next_random = random_type, next_random

-- Text --------------------------------------------------------------------------------------------------------------

local function text_of(value)
  local kind = type(value)
  if kind == "number" then
    return value ~= value and "nan" or tostring(value)
  elseif kind == "string" then
    return value
  elseif kind == "nil" or kind == "boolean" then
    return tostring(value)
  elseif kind == "cdata" and tonumber(value) then
    return tostring(value)
  end
  return kind
end

local raw_format, raw_find, raw_gsub = string.format, string.find, string.gsub

local function printable(value)
  local kind = type(value)
  if kind == "number" then return value == value and value or NAN end
  if kind == "table" or kind == "function" or kind == "thread" or kind == "userdata" then return kind end
  if kind == "cdata" and not tonumber(value) then return kind end
  return value
end

-- Written out for few arguments, so that it compiles: all of the engine's own formatting goes through it too.
local function safe_format(format, ...)
  if type(format) == "string" and raw_find(format, "p", 1, true)
    and raw_find(raw_gsub(format, "%%%%", ""), "%%[^%a]*p") then
    error("string.format: '%p' is not available", 2)
  end
  local n = select("#", ...)
  if n == 0 then
    return raw_format(format)
  elseif n == 1 then
    return raw_format(format, printable((...)))
  elseif n == 2 then
    local a, b = ...
    return raw_format(format, printable(a), printable(b))
  elseif n == 3 then
    local a, b, c = ...
    return raw_format(format, printable(a), printable(b), printable(c))
  end
  local values = { ... }
  for i = 1, n do values[i] = printable(values[i]) end
  return raw_format(format, unpack(values, 1, n))
end

-- What the functions on texts cost. The loop budget counts what is written in Lua; these work in C, where a pattern
-- can take longer than the age of the universe, so that they are charged what they may cost at worst.

local charged -- the budget of the user's code that runs, nil outside of it

--- Charges the functions on texts to a budget from now on, nil = to none. Returns the one before.
function M.charge_to(budget)
  local before = charged
  charged = budget
  return before
end

--- Takes units from the budget of the user's code that runs; an error, "WHAT the loop budget of N iterations", where
-- there are not so many left.
function M.spend(units, what)
  local budget = charged
  if budget == nil then return end
  local left = budget.left - units
  budget.left = left
  if left < 0 then error(raw_format("%s the loop budget of %.0f iterations", what, budget.limit), 3) end
end

local STEPS_PER_UNIT = 64 -- steps in C that take as long as an iteration of a loop

local function charge(steps, what)
  local left = charged.left - steps / STEPS_PER_UNIT
  if left < 0 then
    error(raw_format("string.%s could take more than the loop budget of %.0f iterations allows", what,
      charged.limit), 3)
  end
  charged.left = left
end

local QUANTIFIERS = { ["*"] = true, ["+"] = true, ["-"] = true }

-- Most steps that matching takes: each repetition may end anywhere behind the one before, each optional item is tried
-- both ways.
local function pattern_steps(text, pattern)
  local n, at, repeats, options = #text + 1, 1, 0, 0
  if pattern:byte(1) == 94 then at = 2 else repeats = 1 end -- "^", or a start at each character
  while at <= #pattern do
    local character = pattern:sub(at, at)
    local after = at + 1
    if character == "%" then
      after = at + 2
      if pattern:sub(at + 1, at + 1) == "b" then after = at + 4 end
    elseif character == "[" then
      local first = pattern:sub(at + 1, at + 1) == "^" and at + 2 or at + 1
      after = first + 1 -- a bracket that comes first is itself
      if pattern:sub(first, first) == "%" then after = first + 2 end
      while after <= #pattern and pattern:sub(after, after) ~= "]" do
        after = after + (pattern:sub(after, after) == "%" and 2 or 1)
      end
      after = after + 1
    end
    local suffix = pattern:sub(after, after)
    if QUANTIFIERS[suffix] then
      repeats, after = repeats + 1, after + 1
    elseif suffix == "?" then
      options, after = options + 1, after + 1
    end
    at = after
  end
  local steps = n * 2 ^ options
  for k = 1, repeats do steps = steps * (n + k - 1) / k end
  return steps
end

-- The functions of `string` with their costs; what a call costs is asked only within the user's code.
local function with_pattern(name)
  local raw = string[name]
  return function(text, pattern, ...)
    if charged and type(text) == "string" and type(pattern) == "string" then
      local plain = name == "find" and select(2, ...)
      charge(plain and #text * #pattern or pattern_steps(text, pattern), name)
    end
    return raw(text, pattern, ...)
  end
end

local function with_length(name)
  local raw = string[name]
  return function(text, ...)
    if charged and type(text) == "string" then charge(#text, name) end
    return raw(text, ...)
  end
end

-- gsub calls its function from C, where a recursion would run over the end of the C stack.
local MAX_GSUB_DEPTH = 50
local gsub_depth = 0

local function nested_gsub(gsub)
  return function(text, pattern, replacement, limit)
    if not charged or type(replacement) ~= "function" then return gsub(text, pattern, replacement, limit) end
    if gsub_depth >= MAX_GSUB_DEPTH then
      error(raw_format("string.gsub: more than %d of them within one another", MAX_GSUB_DEPTH), 2)
    end
    gsub_depth = gsub_depth + 1
    local ok, result, count = pcall(gsub, text, pattern, replacement, limit)
    gsub_depth = gsub_depth - 1
    if not ok then error(result, 0) end
    return result, count
  end
end

local costly = {}
for _, name in ipairs { "find", "gmatch", "gsub", "match" } do costly[name] = with_pattern(name) end
costly.gsub = nested_gsub(costly.gsub)
for _, name in ipairs { "lower", "reverse", "upper" } do costly[name] = with_length(name) end

local raw_rep = string.rep

local function bounded_rep(s, n, separator)
  local length = type(s) == "string" and #s + (type(separator) == "string" and #separator or 0) or 1
  if type(n) == "number" and n * length > M.MAX_REPEAT then
    error(("string.rep: the result would have %.0f bytes, at most %d are allowed"):format(n * length, M.MAX_REPEAT), 2)
  end
  if charged and type(n) == "number" and n > 0 then charge(n * length, "rep") end
  return raw_rep(s, n, separator)
end

local safe_string = {}
for _, name in ipairs { "byte", "char", "len", "sub" } do safe_string[name] = string[name] end
for name, wrapped in pairs(costly) do safe_string[name] = wrapped end
safe_string.rep, safe_string.format = bounded_rep, safe_format

-- Methods of strings (`("x"):rep(n)`) go through the metatable of all strings, which a sandbox cannot have for
-- itself: it is replaced for the whole state, without what nothing here calls as a method.
do
  local meta = getmetatable ""
  if meta and type(meta.__index) == "table" and meta.__index == string then
    local methods = {}
    for name, method in pairs(string) do methods[name] = method end
    methods.dump, methods.rep, methods.format = nil, bounded_rep, safe_format
    for name, wrapped in pairs(costly) do methods[name] = wrapped end
    meta.__index = methods
  end
end

-- Order -------------------------------------------------------------------------------------------------------------

local RANK = { boolean = 1, number = 2, string = 3 }

local function key_order(a, b)
  local ta, tb = type(a), type(b)
  if ta ~= tb then return RANK[ta] < RANK[tb] end
  if ta == "boolean" then return not a and b end
  return a < b
end

local function next_element(array, i)
  i = i + 1
  if i <= #array then return i, array[i] end
end

--- ipairs, over the arrays of state, features and bars too.
local function any_ipairs(t)
  if type(t) == "cdata" and #t >= 0 then return next_element, t, 0 end
  return ipairs(t)
end

--- pairs in a fixed order: booleans, then numbers, then strings.
local function sorted_pairs(t)
  if type(t) == "cdata" then
    error("pairs goes over tables: name the fields, or write `for i = 1, #a do` for an array", 2)
  end
  if type(t) ~= "table" then
    error(("bad argument #1 to 'pairs' (table expected, got %s)"):format(type(t)), 2)
  end
  local keys, n = {}, 0
  for key in next, t do
    if not RANK[type(key)] then
      error(("pairs: a key of type %s has no order that is the same in every run"):format(type(key)), 2)
    end
    n = n + 1
    keys[n] = key
  end
  table.sort(keys, key_order)
  local i = 0
  return function()
    while i < n do
      i = i + 1
      local key = keys[i]
      local value = t[key]
      if value ~= nil then return key, value end
    end
    return nil
  end
end

-- The environment -----------------------------------------------------------------------------------------------------

--- Why a name is missing.
M.HINTS = {
  io = "strategies read no files; data comes from the configuration",
  os = "strategies see no clock and no system; the time is bar.time",
  ffi = "strategies are plain Lua", debug = "strategies cannot look into the engine",
  require = "a strategy is one file", package = "a strategy is one file", module = "a strategy is one file",
  load = "code cannot be made from text", loadstring = "code cannot be made from text",
  loadfile = "a strategy is one file", dofile = "a strategy is one file",
  setfenv = "environments are fixed", getfenv = "environments are fixed", _G = "there are no globals",
  setmetatable = "use plain tables and functions", getmetatable = "use plain tables and functions",
  rawget = "use plain indexing", rawset = "use plain indexing", rawequal = "use ==",
  collectgarbage = "memory is the engine's to manage", gcinfo = "memory is the engine's to manage",
  next = "use pairs, which is sorted here", coroutine = "what must last between calls belongs in `state`",
  jit = "the compiler is the engine's to manage", newproxy = "use plain tables", xpcall = "use pcall",
  ["math.randomseed"] = "the run's seed is used, so that a run can be repeated",
  ["math.pow"] = "write x ^ y", ["string.dump"] = "code cannot be made from text",
  ["table.foreach"] = "use pairs", ["table.getn"] = "use #t", ["table.maxn"] = "use #t",
}

local function read_only(members, name)
  return setmetatable({}, {
    __index = members, __metatable = false,
    __newindex = function(_, key)
      error(("%s.%s cannot be set: %s is read-only"):format(name, tostring(key), name), 2)
    end,
  })
end

local safe_math = {}
for _, name in ipairs {
  "abs", "acos", "asin", "atan", "atan2", "cos", "cosh", "deg", "exp", "floor", "fmod", "frexp", "huge", "ldexp", "log",
  "log10", "modf", "pi", "rad", "sin", "sinh", "sqrt", "tan", "tanh",
} do
  safe_math[name] = math[name]
end
safe_math.min, safe_math.max, safe_math.ceil = min, max, ceil

local safe_table = {}
for _, name in ipairs { "concat", "insert", "remove", "sort" } do safe_table[name] = table[name] end

local safe_bit = {}
for name, value in pairs(bit) do safe_bit[name] = value end

local shared_string, shared_table, shared_bit =
  read_only(safe_string, "string"), read_only(safe_table, "table"), read_only(safe_bit, "bit")

local BASE = {
  assert = assert, error = error, ipairs = any_ipairs, pairs = sorted_pairs, pcall = pcall, select = select,
  tonumber = tonumber, tostring = text_of, type = type, unpack = unpack,
  LONG = C.PLN_DIRECTION_LONG, FLAT = C.PLN_DIRECTION_FLAT, SHORT = C.PLN_DIRECTION_SHORT,
  ALLOW = tonumber(C.PLN_RISK_ALLOW), RESIZE = tonumber(C.PLN_RISK_RESIZE), REFUSE = tonumber(C.PLN_RISK_REFUSE),
}

-- For the parser: which names and which members of the libraries exist.
M.known = { math = { random = true }, string = safe_string, table = safe_table, bit = safe_bit }
for name in pairs(BASE) do M.known[name] = true end
for name in pairs(safe_math) do M.known.math[name] = true end
for _, name in ipairs { "log", "print", "record", "strategy", "classifier", "indicator", "execution_model",
  "risk_rule", "signal_filter", "array" } do
  M.known[name] = true
end

local function joined(...)
  local n, parts = select("#", ...), { ... }
  local first = parts[1]
  if n > 1 and type(first) == "string" and first:find("%", 1, true) then return safe_format(...) end
  for i = 1, n do parts[i] = text_of(parts[i]) end
  return table.concat(parts, " ", 1, n)
end

--- A new environment.
-- @param hooks table whose fields log(message) and record(name, value) are called, looked up at each call
-- @param words { strategy=, classifier=, indicator=, execution_model=, risk_rule=, signal_filter=, array= }: the
-- functions by which a file declares what it is
-- @return { env =, budget = struct { double left, limit }, random = struct, stop =, pow = }
function M.new(hooks, words)
  local random = random_type()
  M.seed(random, 1)
  local budget = budget_type(M.DEFAULT_BUDGET, 0)
  local math_members = {}
  for name, value in pairs(safe_math) do math_members[name] = value end
  function math_members.random(low, high)
    local u = next_random(random)
    if low == nil then return u end
    if high == nil then low, high = 1, low end
    want_number(low, "random", 1)
    want_number(high, "random", 2)
    if low > high or low ~= low or high ~= high then error("bad argument to 'random' (interval is empty)", 2) end
    return floor(low) + floor(u * (floor(high) - floor(low) + 1))
  end

  local env = {}
  for name, value in pairs(BASE) do env[name] = value end
  env.math, env.string, env.table, env.bit = read_only(math_members, "math"), shared_string, shared_table, shared_bit
  env.strategy, env.classifier, env.indicator = words.strategy, words.classifier, words.indicator
  env.execution_model, env.risk_rule, env.signal_filter = words.execution_model, words.risk_rule, words.signal_filter
  env.array = words.array
  function env.log(...) hooks.log(joined(...)) end
  env.print = env.log
  function env.record(name, value)
    if type(name) ~= "string" then error(("record: the name is a %s, expected a string"):format(type(name)), 2) end
    if type(value) ~= "number" then
      error(("record: the value of '%s' is a %s, expected a number"):format(name, type(value)), 2)
    end
    hooks.record(name, value)
  end

  local function stop()
    local limit = budget.limit
    error(limit > 0 and ("loop budget of %.0f iterations used up"):format(limit) or "loop budget used up", 2)
  end
  return { env = env, budget = budget, random = random, stop = stop, pow = pow }
end

return M

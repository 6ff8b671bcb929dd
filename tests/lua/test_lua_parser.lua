-- The instrumented source means what the user's did, keeps its lines, and refuses what a strategy may not do.
local parser = require "lua_parser"

local OPTIONS = {
  known = {
    print = true, select = true, ipairs = true, pcall = true, tostring = true, unpack = true, strategy = true,
    LONG = true, math = { abs = true, huge = true }, table = { insert = true, concat = true, sort = true },
  },
  hints = { io = "no files here" },
}

local function instrument(source) return parser.instrument(source, "user.lua", "user.lua", OPTIONS) end

-- Runs a source as a strategy file would be; returns its results and how much of the budget is left.
local function run(source, budget_size)
  local text = assert(instrument(source))
  local budget = { left = budget_size or 1000 }
  local chunk = assert(loadstring(text, "@user.lua"))
  setfenv(chunk, {
    print = print, select = select, ipairs = ipairs, pcall = pcall, tostring = tostring, unpack = unpack, LONG = 1,
    math = math, table = table,
  })
  local results = { pcall(chunk, budget, function() error("stopped", 2) end, function(x, y) return x ^ y end) }
  return results, budget.left
end

local function value(source, budget)
  local results = run(source, budget)
  lu.assertTrue(results[1], tostring(results[2]))
  return results[2]
end

local function message(source)
  local text, err = instrument(source)
  lu.assertNil(text, source)
  return err
end

TestLuaParser = {}

function TestLuaParser.test_powers_keep_their_precedence()
  lu.assertEquals(value "local x = 3 return -x^2", -9)
  lu.assertEquals(value "return 2^3^2", 512)
  lu.assertEquals(value "return 2^-1", 0.5)
  lu.assertEquals(value "return 2^-2^2", 2 ^ -(2 ^ 2))
  lu.assertEquals(value "return 2*3^2*2", 36)
  lu.assertEquals(value "local t = {a = {3}} return t.a[1]^2 + 1", 10)
  lu.assertEquals(value "return (1 + 1)^(1 + 2)", 8)
  lu.assertEquals(value "return (#'abc')^2", 9)
  lu.assertEquals(value "local function f() return 2, 3 end return f()^f()", 4)
  lu.assertEquals(value "return select('#', (function() return 2, 3 end)()^2)", 1)
  lu.assertEquals(value "local s = 'x' return (s .. 2^2)", "x4")
  lu.assertEquals(value "return not (2^2 == 4)", false)
  lu.assertEquals(value "local t = { 2^2, [2^1] = 5, k = 2^3 } return t[1] + t[2] + t.k", 17)
  lu.assertEquals(value "return (function(...) return 2^... end)(3, 4)", 8)
  lu.assertEquals(value "local a = 2 local b = a^a^a; (print or print)() return b", 16)
  lu.assertStrContains((instrument "return 1^2"), "__pow(")
  lu.assertNil((instrument "return '^'"):find("__pow(", 1, true))
end

function TestLuaParser.test_every_loop_and_function_counts()
  local _, left = run "local n = 0 while n < 10 do n = n + 1 end"
  lu.assertEquals(left, 990)
  _, left = run "local n = 0 repeat n = n + 1 until n == 10"
  lu.assertEquals(left, 990)
  _, left = run "for i = 1, 10 do end for _ in ipairs { 1, 2 } do end"
  lu.assertEquals(left, 988)
  _, left = run "local n = 0 ::top:: n = n + 1 if n < 10 then goto top end"
  lu.assertEquals(left, 991)
  _, left = run "local function f() end f() f() local t = { g = function() end } t.g() function t:m() end t:m()"
  lu.assertEquals(left, 996)
  _, left = run "for i = 1, 3 do if i == 2 then goto continue end local x = i ::continue:: end"
  lu.assertEquals(left, 997)
end

function TestLuaParser.test_endless_loops_stop()
  for _, source in ipairs {
    "while true do end", "repeat until false", "for i = 1, math.huge do end", "::top:: goto top",
    "local function f() return f() end f()", "while true do pcall(function() while true do end end) end",
    "do ::a:: do goto a end end", "while true do if true then goto continue end ::continue:: end",
  } do
    local results = run(source)
    lu.assertFalse(results[1], source)
    lu.assertEquals(results[2], "user.lua:1: stopped", source)
  end
end

function TestLuaParser.test_a_forward_goto_is_no_loop()
  local _, left = run "goto out do local x = 1 end ::out:: do goto out2 end ::out2::"
  lu.assertEquals(left, 1000)
end

function TestLuaParser.test_lines_stay()
  local source = "local a = [[\n\n]] --[==[\n\n]==]\nlocal b = 'x\\\ny' .. \"\\\"\" -- comment\n"
    .. "for i = 1, 1 do\n  local c = 2^2\n  print(\nnil.x)\nend"
  local text = assert(instrument((source:gsub("print%(\nnil%.x%)", "local d\n d.x = 1"))))
  local chunk = assert(loadstring(text, "@user.lua"))
  local ok, err = pcall(chunk, { left = 10 }, error, function() return 4 end)
  lu.assertFalse(ok)
  lu.assertStrContains(err, "user.lua:11:")
  local crlf = assert(instrument "local a = 1\r\nlocal b\r\nb.x = 2")
  local _, crlf_err = pcall(assert(loadstring(crlf, "@user.lua")), { left = 10 })
  lu.assertStrContains(crlf_err, "user.lua:3:")
end

function TestLuaParser.test_globals_are_refused()
  lu.assertEquals(message "x = 1",
    "user.lua:1: assignment to global 'x': write `local x = …`, or keep it in `state` where it must last")
  lu.assertStrContains(message "local a\na, y = 1, 2", "user.lua:2: assignment to global 'y'")
  lu.assertStrContains(message "function foo() end", "write `local function foo(…)`")
  lu.assertStrContains(message "local count = 1 return coutn", "unknown name 'coutn', did you mean 'count'?")
  lu.assertStrContains(message "\n\nio.write('x')", "user.lua:3: io is not available in a strategy: no files here")
  lu.assertStrContains(message "return math.aps(1)", "math has no 'aps', did you mean 'abs'?")
  lu.assertStrContains(message "print = 1", "'print' cannot be assigned")
  lu.assertStrContains(message "math.abs = 1", "'math' cannot be changed")
  lu.assertStrContains(message "function math.foo() end", "'math' cannot be changed")
  lu.assertStrContains(message "do local z = 1 end return z", "unknown name 'z'")
  lu.assertStrContains(message "for i = 1, 2 do end return i", "unknown name 'i'")
  lu.assertStrContains(message "local __budget = 1", "reserved")
  lu.assertStrContains(message "local t = {} return t.__values", "reserved")
end

function TestLuaParser.test_scopes_follow_lua()
  lu.assertEquals(value "local x = 1 local x = x + 1 return x", 2)
  lu.assertEquals(value "local x = 1 do local x = 2 end return x", 1)
  lu.assertEquals(value "local n = 0 repeat local y = n n = n + 1 until y == 3 return n", 4)
  lu.assertEquals(value "local function f(n) if n == 0 then return 0 end return f(n - 1) end return f(3)", 0)
  lu.assertEquals(value [[local t = {}
    function t.f(self, a) return a end
    function t:g() return self.f(t, 4) end
    return t:g()]], 4)
  lu.assertEquals(value "local goto_ = 1 local t = { ['end'] = 3 } return t['end'] + goto_", 4)
  lu.assertStrContains(message "local f = function() return f end", "unknown name 'f'")
end

function TestLuaParser.test_mutable_upvalues_are_refused()
  lu.assertStrContains(message "local n = 0\nreturn function()\n n = n + 1 end",
    "user.lua:3: assignment to 'n', a local of an enclosing function")
  lu.assertStrContains(message "local t = {} return function() t.x = 1 end", "change of 't'")
  lu.assertStrContains(message "local t = {} return function() t.a.b[1] = 1 end", "change of 't'")
  lu.assertStrContains(message "local t = {} return function() (t).x = 1 end", "change of 't'")
  lu.assertStrContains(message "local t = {} return function(i) table.insert(t, i) end", "change of 't'")
  lu.assertStrContains(message "local t = {} return function() function t.f() end end", "change of 't'")
  lu.assertStrContains(message "local t = {} return function() t[1], t[2] = 1, 2 end", "change of 't'")
  lu.assertStrContains(message "local t = {} return function() local u = t u.x = 1 end", "change of 't'")
  lu.assertStrContains(message "local t = {} return function() local a, u = 1, t.deep local w = u w.x = 1 end",
    "change of 't'")
  lu.assertNotNil(instrument "local t = {} return function() local u = t.x or {} u.x = 1 end")
  lu.assertNotNil(instrument "local t = {} return function() local u = t u = {} u.x = 1 end")
  -- What a call makes it may change.
  lu.assertEquals(value("local t = {} t.x = 1 local function f() local u = {} u.x = t.x "
    .. "table.insert(u, 1) return u end return f()[1]"), 1)
end

function TestLuaParser.test_arguments_of_a_strategy_are_read_only()
  local function body(code) return "return strategy { signal = function(f, bar, p, s, out) " .. code .. " end }" end
  lu.assertStrContains(message(body "p.fast = 1"), "parameters are read-only")
  lu.assertStrContains(message(body "f.fast = 1"), "features are read-only")
  lu.assertStrContains(message(body "bar.close = 1"), "read-only")
  lu.assertStrContains(message(body "bar[1].close = 1"), "read-only")
  lu.assertStrContains(message(body "local q = p q.fast = 1"), "'p' cannot be changed")
  lu.assertNotNil(instrument(body "local level = out[1] level.direction = 1 local mine = s mine.x = 1"))
  lu.assertNotNil(instrument(body "s.x = 1 out[1].direction = 2 local q = {} q.p = 1"))
end

function TestLuaParser.test_fields_and_their_lines_are_recorded()
  local _, info = instrument [[
return strategy {
  params = { fast = 10, slow = { 2.0,
    min = 1 } },
  signal = function(f, b, p, s)
    return f.gap + p.fast + s.x
  end,
}]]
  lu.assertEquals(info.lines["params.slow.min"], 3)
  lu.assertEquals(info.lines.signal, 4)
  lu.assertEquals(info.literals["params.fast"], "10")
  lu.assertEquals(info.literals["params.slow"], "2.0")
  lu.assertEquals(info.uses, {
    { role = "features", name = "gap", line = 5 }, { role = "params", name = "fast", line = 5 },
    { role = "state", name = "x", line = 5 },
  })
  lu.assertStrContains(message "return strategy { name = 'a',\n name = 'b' }", "user.lua:2: 'name' is given twice")
end

function TestLuaParser.test_syntax_errors_are_the_compilers()
  lu.assertStrContains(message "local x = = 1", "user.lua:1: unexpected symbol near '='")
  lu.assertStrContains(message "\nif true then", "user.lua:2: 'end' expected")
  lu.assertStrContains(message "return 'open", "user.lua:1: unfinished string")
  lu.assertStrContains(message("return " .. ("("):rep(1000) .. "1" .. (")"):rep(1000)), "user.lua:1:")
  lu.assertStrContains(message(("do "):rep(5000) .. ("end "):rep(5000)), "user.lua:1:")
  lu.assertStrContains(message(string.dump(function() end)), "compiled chunk")
  lu.assertStrContains(message(("-"):rep(2 * parser.MAX_SOURCE)), "bytes of source")
end

function TestLuaParser.test_headers_are_skipped()
  lu.assertEquals(value "\239\187\191#!/usr/bin/lua\nreturn 5", 5)
  lu.assertEquals(value "#!/usr/bin/lua\nreturn 5", 5)
end

function TestLuaParser.test_the_projects_own_sources_go_through()
  -- A corpus of real Lua: what is accepted compiles, and no construct is unknown to the parser.
  local home = os.getenv "PERILUNE_HOME" or "."
  local seen = 0
  local permissive = { known = setmetatable({}, { __index = function() return true end }) }
  for _, file in ipairs { "lua_parser", "lua_lexer", "sandbox", "registry", "expression", "params", "args",
    "suggest" } do
    local handle = assert(io.open(home .. "/lua/" .. file .. ".lua"))
    local source = handle:read "*a"
    handle:close()
    local text, err = parser.instrument(source, file, file, permissive)
    if text then
      seen = seen + 1
      local _, before = source:gsub("\n", "")
      local _, after = text:gsub("\n", "")
      lu.assertEquals(after, before)
    else -- house code may change its upvalues, which a strategy may not
      lu.assertTrue(err:find "enclosing function" ~= nil or err:find "reserved" ~= nil, err)
    end
  end
  lu.assertTrue(seen >= 1, "sources that went through: " .. seen)
end

function TestLuaParser.test_shorn_sources_never_fail_inside()
  -- Every prefix of a source, and every source with a piece cut out, is instrumented or refused with a message.
  local handle = assert(io.open((os.getenv "PERILUNE_HOME" or ".") .. "/tests/fixtures/strategies/counter.lua"))
  local source = handle:read "*a"
  handle:close()
  for i = 1, #source, 3 do
    for _, text in ipairs { source:sub(1, i), source:sub(i), source:sub(1, i) .. source:sub(i + 7) } do
      local done, result, err = pcall(instrument, text)
      lu.assertTrue(done, tostring(result))
      if not result then lu.assertStrMatches(err, "user%.lua:%d+: .+") end
    end
  end
end

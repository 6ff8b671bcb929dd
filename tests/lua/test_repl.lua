-- The prompt: from standard input, and through a terminal (script(1) makes one); readable values.
local ffi = require "ffi"
local abi = require "abi"
local inspect = require "inspect"
local shell = require "shell"

TestRepl = {}

local function session(input, out, err, status)
  local got = shell.perilune({ "repl" }, { input = input })
  lu.assertEquals(got.out, out, input)
  lu.assertEquals(got.err, err, input)
  lu.assertEquals(got.status, status, input)
end

function TestRepl.test_values_are_printed()
  session("1+1\n", "2\n", "", 0)
  session("1+1", "2\n", "", 0)
  session("", "", "", 0)
  session("\n-- nothing\n  \nx = 5\nx\n", "5\n", "", 0)
  session("1, nil, 'a'\n_\n", '1\nnil\n"a"\n1\n', "", 0)
  session("nil\nprint('x')\nreturn 7\n", "nil\nx\n7\n", "", 0)
  session("x = 1; x = x + 1\nx == 2\n", "true\n", "", 0)
  session("pp({a = 1}, 2)\n", "{ a = 1 }\n2\n", "", 0)
end

function TestRepl.test_a_line_that_is_not_complete_goes_on()
  session("for i = 1, 2 do\nprint(i)\nend\n{\n1,\n2}\n", "1\n2\n{ 1, 2 }\n", "", 0)
  session("function f(x)\n  return x * 2\nend\nf(4)\n", "8\n", "", 0)
  session("x = [[\na\n]]\nx\n", '"a\\n"\n', "", 0)
  session("a = {}; a.b, a.c\n1\n", "1\n", "perilune: prompt:1: '=' expected near '<eof>'\n", 1)
  session("a = {}; a.b\n1\n", "1\n", "perilune: prompt:1: '=' expected near '<eof>'\n", 1)
  session("f(\n", "", "perilune: prompt:1: unexpected symbol near '<eof>'\n", 1)
end

function TestRepl.test_errors_do_not_end_the_session()
  session("nil + 1\n2\n", "2\n", "perilune: prompt:1: attempt to perform arithmetic on a nil value\n", 1)
  session("x = = 1\n2\n", "2\n", "perilune: prompt:1: unexpected symbol near '='\n", 1)
  session("confg.load()\n",
    "", "perilune: prompt:1: attempt to index global 'confg' (a nil value), did you mean 'config'?\n", 1)
  session("do\n  local a\n  a.b = 1\nend\n", "",
    "perilune: prompt:3: attempt to index local 'a' (a nil value)\n    a.b = 1\n", 1)
  session("error({code = 3})\n", "", "perilune: { code = 3 }\n", 1)
end

function TestRepl.test_an_error_in_a_file_shows_its_line()
  local path = shell.temporary("local t = {}\nreturn t.a.b -- here\n")
  local got = shell.perilune({ "repl" }, { input = ("dofile '%s'\n"):format(path) })
  os.remove(path)
  lu.assertEquals(got.err, ("perilune: %s:2: attempt to index field 'a' (a nil value)\n    return t.a.b -- here\n")
    :format(path))
end

function TestRepl.test_modules_help_and_leaving()
  session("config.from_text('data: {source: synthetic}\\nsymbols: [A]\\nstrategies: [m]').seed\n", "1\n", "", 0)
  session("exit()\n1\n", "", "", 0)
  session("exit(4)\n1\n", "", "", 4)
  session("quit\n1\n", "", "", 0)
  local got = shell.perilune({ "repl" }, { input = "help\nhelp(suggest.distance)\nhelp(suggest)\nhelp(1)\n" })
  lu.assertEquals(got.err, "")
  lu.assertStrContains(got.out, "Type Lua: the value of an expression is printed")
  lu.assertStrContains(got.out, "function (a, b)  -- ")
  lu.assertStrContains(got.out, "\nOptimal string alignment distance: insertions,")
  lu.assertStrContains(got.out, 'hint(name, candidates)\n    ", did you mean')
end

function TestRepl.test_at_a_terminal_with_history()
  if os.execute("script -qec true /dev/null >/dev/null 2>&1 </dev/null") ~= 0 then
    lu.skip("no script(1), or no /dev/pts, to make a terminal with")
  end
  local folder = os.tmpname()
  os.remove(folder)
  local history = folder .. "/state/history"
  local function run(input)
    local file = shell.temporary(input)
    local out = os.tmpname()
    local status = os.execute(("env TERM=dumb PERILUNE_HISTORY=%s timeout 20 script -qec '%s repl' /dev/null <%s >%s")
      :format(history, os.getenv "PLN_TEST_PERILUNE", file, out))
    local handle = assert(io.open(out))
    local text = handle:read("*a"):gsub("\r", "")
    handle:close()
    os.remove(out)
    os.remove(file)
    return text, status / 256
  end
  local text, status = run("6 * 7\nfor i = 1, 2 do\nprint(i + 10)\nend\nerror('oops', 0)\nexit(3)\n")
  lu.assertEquals(status, 3)
  lu.assertStrContains(text, "Type help for help")
  lu.assertStrContains(text, "> 6 * 7\n42\n")
  lu.assertStrContains(text, ">> end\n11\n12\n")
  lu.assertStrContains(text, "perilune: oops\n")
  -- The next session finds the line: Ctrl-P six times goes back to "6 * 7".
  text = run("\16\16\16\16\16\16\nexit()\n")
  lu.assertStrContains(text, "\n42\n")
  local kept = assert(io.open(history)):read("*a")
  lu.assertStrContains(kept, "6\\040*\\0407\n")
  os.execute("rm -rf " .. folder)
end

TestInspect = {}

local function shows(value, expected)
  lu.assertEquals(inspect.format(value, { width = 60 }), expected)
end

function TestInspect.test_plain_values()
  shows(nil, "nil")
  shows(0.1, "0.1")
  shows(1 / 3, "0.33333333333333")
  shows(1e300, "1e+300")
  shows(0 / 0, "nan")
  shows(-math.huge, "-inf")
  shows(2 ^ 53, "9.007199254741e+15")
  shows('a"\n\1', '"a\\"\\n\\001"')
  shows(("x"):rep(1000), '"' .. ("x"):rep(400) .. '" … (1000 bytes)')
  shows(print, "function (built in)")
  shows(9007199254740993LL, "9007199254740993")
  shows(18446744073709551615ULL, "18446744073709551615")
end

function TestInspect.test_tables()
  shows({}, "{}")
  shows({ 1, 2, 3 }, "{ 1, 2, 3 }")
  shows({ b = 1, a = { "x", true }, [10] = 0, ["end"] = 1, ["a b"] = 2 }, [[
{
  [10] = 0,
  a = { "x", true },
  ["a b"] = 2,
  b = 1,
  ["end"] = 1
}]])
  shows({ b = 1, a = { "x", true }, [10] = 0, ["and"] = 1 }, '{ [10] = 0, a = { "x", true }, ["and"] = 1, b = 1 }')
  shows({ name = ("n"):rep(30), inner = { text = ("t"):rep(30) } }, [[
{
  inner = { text = "tttttttttttttttttttttttttttttt" },
  name = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
}]])
  local cycle = { 1, "x" }
  cycle[3] = cycle
  shows(cycle, '{ 1, "x", <cycle> }')
  shows(setmetatable({}, { __tostring = function() return "mine" end }), "mine")
  local numbers = {}
  for i = 1, 20 do numbers[i] = i * 1000 end
  shows(numbers, [[
{
   1:   1000   2000   3000   4000   5000
   6:   6000   7000   8000   9000  10000
  11:  11000  12000  13000  14000  15000
  16:  16000  17000  18000  19000  20000
}]])
  shows({ { px = 1.5, side = "buy" }, { px = 22.25, side = "sell" } }, [[
# |    px | side
--+-------+-----
1 |   1.5 | buy
2 | 22.25 | sell]])
  local big = {}
  for i = 1, 1000 do big[i] = { {}, {}, {}, "x" } end
  lu.assertStrContains(inspect.format(big, { width = 60 }), "… 960 more")
end

function TestInspect.test_c_values()
  shows(ffi.new("pln_timeframe", 2, 1, 50), "pln_timeframe { unit = 2, count = 1, ns = 50 }")
  shows(ffi.new("pln_order", { created_ns = 1420209000000000000LL }).created_ns, "1420209000000000000")
  lu.assertStrContains(inspect.format(ffi.new("pln_order", { created_ns = 1420209000000000000LL }), { width = 60 }),
    "created_ns = 1420209000000000000 (2015-01-02T14:30:00Z),\n")
  shows(ffi.new("double[3]", 1, 2, 3), "{ 1, 2, 3 }")
  shows(ffi.new("double[?]", 2), "{ 0, 0 }")
  shows(ffi.new("const char *", "text"), '"text"')
  shows(ffi.new("void *"), "NULL")
  shows(ffi.new("double *", ffi.new("double[1]")), "double *")
  lu.assertEquals(inspect.time(1420209000000000000LL), "2015-01-02T14:30:00Z")
end

function TestInspect.test_bars()
  local n = 12
  local times, prices = ffi.new("int64_t[?]", n), ffi.new("double[?]", n)
  for i = 0, n - 1 do times[i], prices[i] = 1420209000000000000LL + i * 60000000000LL, 100 + i / 4 end
  local bars = assert(abi.check(abi.C.pln_bars_from_arrays("SPY", "1m", n, times, prices, prices, prices, prices, nil)))
  lu.assertEquals(inspect.format(bars, { width = 100 }), [[
SPY 1m: 12 bars, 2015-01-02T14:30:00Z to 2015-01-02T14:41:00Z
 # | time                 |   open |   high |    low |  close | volume
---+----------------------+--------+--------+--------+--------+-------
 0 | 2015-01-02T14:30:00Z |    100 |    100 |    100 |    100 |      0
 1 | 2015-01-02T14:31:00Z | 100.25 | 100.25 | 100.25 | 100.25 |      0
 2 | 2015-01-02T14:32:00Z |  100.5 |  100.5 |  100.5 |  100.5 |      0
 3 | 2015-01-02T14:33:00Z | 100.75 | 100.75 | 100.75 | 100.75 |      0
 4 | 2015-01-02T14:34:00Z |    101 |    101 |    101 |    101 |      0
 … | …                    |        |        |        |        |
 7 | 2015-01-02T14:37:00Z | 101.75 | 101.75 | 101.75 | 101.75 |      0
 8 | 2015-01-02T14:38:00Z |    102 |    102 |    102 |    102 |      0
 9 | 2015-01-02T14:39:00Z | 102.25 | 102.25 | 102.25 | 102.25 |      0
10 | 2015-01-02T14:40:00Z |  102.5 |  102.5 |  102.5 |  102.5 |      0
11 | 2015-01-02T14:41:00Z | 102.75 | 102.75 | 102.75 | 102.75 |      0]])
  lu.assertEquals(inspect.format({ bars = bars }), "{ bars = pln_bars * (12 bars of SPY) }")
  abi.C.pln_bars_free(bars)
end

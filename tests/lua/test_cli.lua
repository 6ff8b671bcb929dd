-- The frame of the command line: dispatch, options, exit status, where messages go.
local shell = require "shell"
local args = require "args"
local suggest = require "suggest"

TestCli = {}

local function expect(words, status, out, err, options)
  local got = shell.perilune(words, options)
  local what = "perilune " .. table.concat(words, " ")
  lu.assertEquals(got.err, err, what .. ": standard error")
  if out then lu.assertStrContains(got.out, out, false, what) else lu.assertEquals(got.out, "", what) end
  lu.assertEquals(got.status, status, what .. ": status")
end

local USAGE = "usage: perilune COMMAND [ARGUMENTS]   (perilune help lists the commands)\n"

function TestCli.test_help_and_version()
  expect({ "help" }, 0, "commands:\n", "")
  expect({ "--help" }, 0, "  exec        Run a Lua script", "")
  expect({ "-h" }, 0, "commands:\n", "")
  expect({ "help", "exec" }, 0, "usage: perilune exec SCRIPT.lua [ARG…]\n", "")
  expect({ "help", "data", "synth" }, 0, "usage: perilune data synth --out FILE [options]\n", "")
  expect({ "exec", "--help" }, 0, "usage: perilune exec SCRIPT.lua [ARG…]\n", "")
  expect({ "version" }, 0, "perilune 0.1.0\n", "")
  expect({ "--version" }, 0, "perilune 0.1.0\n", "")
  local bare = shell.perilune {}
  lu.assertEquals(bare.status, 2)
  lu.assertEquals(bare.out, "")
  lu.assertStrContains(bare.err, "commands:\n")
end

function TestCli.test_mistakes_are_status_2_with_a_suggestion()
  expect({ "hlep" }, 2, nil, "perilune: unknown command 'hlep', did you mean 'help'?\n" .. USAGE)
  expect({ "../main" }, 2, nil, "perilune: unknown command '../main'\n" .. USAGE)
  expect({ "--versoin" }, 2, nil, "perilune: unknown option '--versoin', did you mean '--version'?\n" .. USAGE)
  expect({ "version", "--hlp" }, 2, nil,
    "perilune: unknown option '--hlp', did you mean '--help'?\nusage: perilune version\n")
  expect({ "version", "now" }, 2, nil, "perilune: unexpected argument 'now'\nusage: perilune version\n")
  expect({ "exec" }, 2, nil, "perilune: an argument is missing\nusage: perilune exec SCRIPT.lua [ARG…]\n")
  expect({ "help", "exce" }, 2, nil,
    "perilune: unknown command 'exce', did you mean 'exec'?\nusage: perilune help [COMMAND [SUBCOMMAND]]\n")
  expect({ "help", "data", "sinth" }, 2, nil, "perilune: perilune data: unknown subcommand 'sinth', did you mean "
    .. "'synth'?\nusage: perilune help [COMMAND [SUBCOMMAND]]\n")
  expect({ "data.synth" }, 2, nil, "perilune: unknown command 'data.synth', did you mean 'data'?\n" .. USAGE)
  expect({ "exec", "/nonexistent.lua" }, 2, nil, "perilune: cannot open /nonexistent.lua: No such file or directory\n")
end

local function script(text, words, check)
  local path = shell.temporary(text)
  local got = shell.perilune { "exec", path, unpack(words or {}) }
  os.remove(path)
  check(got, path)
end

function TestCli.test_exec_passes_arguments_and_status()
  script("print(#arg, arg[1], arg[2], ...) return 7", { "--db=x", "y" }, function(got)
    lu.assertEquals(got, { status = 7, out = "2\t--db=x\ty\t--db=x\ty\n", err = "" })
  end)
  script("return nil", {}, function(got) lu.assertEquals(got.status, 0) end)
  script("return false", {}, function(got) lu.assertEquals(got.status, 1) end)
end

function TestCli.test_exec_reports_errors_with_the_scripts_line()
  script("\n\nlocal x = nil + 1", {}, function(got, path)
    lu.assertEquals(got.status, 1)
    lu.assertStrContains(got.err, "perilune: " .. path .. ":3: attempt to perform arithmetic on a nil value\n")
  end)
  script("x = = 1", {}, function(got, path)
    lu.assertEquals(got.status, 2)
    lu.assertEquals(got.err, "perilune: " .. path .. ":1: unexpected symbol near '='\n")
  end)
  script("require 'args'.exit(5, 'that is all')", {}, function(got)
    lu.assertEquals(got, { status = 5, out = "", err = "perilune: that is all\n" })
  end)
end

function TestCli.test_a_reader_that_goes_away_is_no_error()
  local path = shell.temporary("for i = 1, 1e6 do io.write(i, '\\n') end")
  local err = os.tmpname()
  local pipe = assert(io.popen(("%s exec %s 2>%s | head -n 2"):format(
    shell.quote(os.getenv "PLN_TEST_PERILUNE"), path, err)))
  lu.assertEquals(pipe:read("*a"), "1\n2\n")
  pipe:close()
  local file = assert(io.open(err))
  lu.assertEquals(file:read("*a"), "")
  file:close()
  os.remove(err)
  os.remove(path)
end

function TestCli.test_a_full_disk_is_told()
  local full = io.open("/dev/full", "w")
  if not full then return end
  full:close()
  local err = os.tmpname()
  local status = os.execute(("%s version >/dev/full 2>%s"):format(shell.quote(os.getenv "PLN_TEST_PERILUNE"), err))
  local file = assert(io.open(err))
  lu.assertEquals(file:read("*a"), "perilune: standard output: No space left on device\n")
  file:close()
  os.remove(err)
  lu.assertEquals(status / 256, 1)
end

function TestCli.test_ctrl_c_is_quiet()
  local path = shell.temporary("io.write 'started' io.flush() local x = 0 while true do x = x + 1 end")
  local out = os.tmpname()
  local status = os.execute(("timeout --preserve-status -s INT 0.5 %s exec %s >%s 2>&1"):format(
    shell.quote(os.getenv "PLN_TEST_PERILUNE"), path, out))
  local file = assert(io.open(out))
  lu.assertEquals(file:read("*a"), "started")
  file:close()
  lu.assertEquals(status / 256, 130)
  os.remove(out)
  os.remove(path)
end

TestArgs = {}

local command = {
  usage = "perilune x", help = "X", max = 2,
  options = {
    { "json", help = "switch" }, { "quiet", short = "q" },
    { "db", short = "d", value = "FILE" }, { "set", value = "K=V", repeated = true },
    { "chunk-rows", short = "c", value = "N", type = "integer", min = 1, max = 65536, default = 4096 },
    { "rate", value = "R", type = "number" }, { "format", value = "F", choices = { "csv", "json" } },
  },
}

local function parse(...) return args.parse({ ... }, command) end

local function refused(message, ...)
  local ok, object = pcall(parse, ...)
  lu.assertFalse(ok)
  lu.assertTrue(args.is_exit(object), tostring(object))
  lu.assertEquals(object.message, message)
  lu.assertEquals(object.status, 2)
end

function TestArgs.test_forms()
  lu.assertEquals(parse(), { chunk_rows = 4096 })
  lu.assertEquals(parse("a", "--json", "-q", "b"), { "a", "b", json = true, quiet = true, chunk_rows = 4096 })
  lu.assertEquals(parse("--db", "f", "--set=a=1", "--set", "b=2").set, { "a=1", "b=2" })
  lu.assertEquals(parse("-df").db, "f")
  lu.assertEquals(parse("-d=f").db, "f")
  lu.assertEquals(parse("-qd", "f"), { quiet = true, db = "f", chunk_rows = 4096 })
  lu.assertEquals(parse("--chunk-rows=7").chunk_rows, 7)
  lu.assertEquals(parse("--rate", "-1.5e-3").rate, -1.5e-3)
  lu.assertEquals(parse("--", "--json", "-x"), { "--json", "-x", chunk_rows = 4096 })
  lu.assertEquals(parse("-", "-5"), { "-", "-5", chunk_rows = 4096 })
  lu.assertEquals(parse("--db=").db, "")
end

function TestArgs.test_mistakes()
  refused("unknown option '--jsno', did you mean '--json'?", "--jsno")
  refused("unknown option '-x'", "-x")
  refused("unknown option '-j', did you mean '--json'?", "-json")
  refused("--json takes no value", "--json=1")
  refused("--db needs a value (FILE)", "--db")
  refused("--db is given twice", "--db", "a", "--db=b")
  refused("--chunk-rows: '1.5' is not a whole number", "--chunk-rows=1.5")
  refused("--chunk-rows: 'nan' is not a whole number", "--chunk-rows=nan")
  refused("-c: 0 is below 1", "-c0")
  refused("-c: 65537 is above 65536", "-c", "65537")
  refused("--format: 'cvs' is not one of csv, json, did you mean 'csv'?", "--format", "cvs")
  refused("unexpected argument 'c'", "a", "b", "c")
end

TestSuggest = {}

function TestSuggest.test_nearest()
  local names = { "percent", "quantity", "cash", "size_at", "type" }
  lu.assertEquals(suggest.nearest("percnt", names), "percent")
  lu.assertEquals(suggest.nearest("Percent", names), "percent")
  lu.assertEquals(suggest.nearest("size-at", names), "size_at")
  lu.assertEquals(suggest.nearest("pct", names), nil)
  lu.assertEquals(suggest.nearest("tpye", names), "type")
  lu.assertEquals(suggest.nearest("zzz", names), nil)
  lu.assertEquals(suggest.nearest(("x"):rep(100000), names), nil)
  lu.assertEquals(suggest.distance("ab", "ba"), 1)
  lu.assertEquals(suggest.distance("", "abc"), 3)
  lu.assertEquals(suggest.hint("csah", names), ", did you mean 'cash'?")
  lu.assertEquals(suggest.hint("nothing", names), "")
end

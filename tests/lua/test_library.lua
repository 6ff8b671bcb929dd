-- `require "perilune"` in a LuaJIT that is not the perilune executable, and in one that is.
local shell = require "shell"

TestLibrary = {}

local home = assert(os.getenv "PERILUNE_HOME")
local build = assert(os.getenv "PLN_TEST_BUILD")

-- Runs a script in the system's luajit; the library of this very build.
local function luajit(script, folder)
  lu.skipIf((os.getenv "PLN_TEST_SANITIZE" or "") ~= "", "a foreign program cannot load a sanitizer's library")
  local path = shell.temporary(script)
  local pipe = assert(io.popen(("cd %s && env -u PERILUNE_HOME PERILUNE_LIBRARY=%s LUA_PATH=%s luajit %s 2>&1"):format(
    shell.quote(folder or "/"), shell.quote(build .. "/libperilune.so"),
    shell.quote("./?.lua;" .. home .. "/lua/perilune.lua"), path))) -- the one file: nothing else of lua/ is on the path
  local text = pipe:read("*a")
  pipe:close()
  os.remove(path)
  return text
end

function TestLibrary.test_a_plain_luajit_loads_it()
  local text = luajit [[
    local pln = require "perilune"
    print(pln.version:match "^%d+%.%d+%.%d+$" and "version" or pln.version)
    print(#pln.stats.list > 30, pln.stats == pln.stats, pln.no_such_module)
  ]]
  lu.assertEquals(text, "version\ntrue\ttrue\tnil\n")
end

-- Data, features, a configuration and the harness, as docs/lua_api.md has them, where nothing of lua/ is on the path.
function TestLibrary.test_a_plain_luajit_runs_backtests()
  local text = luajit [=[
    local pln = require "perilune"
    local cfg = { data = { source = "synthetic", synthetic = { bars = 500 } }, symbols = { "A" },
      strategies = { { type = "sma_cross", params = { fast = { 5, 8 }, slow = 20 } } } }
    local result = assert(pln.run(cfg, { db = false, trades = true, equity = true }))
    for _, one in ipairs(result.results) do
      print(one.combo, one.params.fast, #one.trades == one.metrics.trades, #one.equity)
    end
    print(select(2, pln.run({ data = { sorce = "csv" } })):match "did you mean 'source'")
    local name = os.tmpname()
    local file = io.open(name, "w")
    file:write "time,close,bid\n2020-01-01,3,1\n2020-01-02,5,2\n2020-01-03,10,3\n"
    file:close()
    local entry = assert(pln.data.load_one({ path = name, cache = false }, "X"))
    local columns, warmups = assert(pln.feature.compute(entry.bars, { "sma(close, 2)", "bid" }))
    print(entry.timeframe, columns[1][1], columns[1][2], warmups[1], columns[2][2])
    os.remove(name)
    local run = pln.harness.run { strategy = "sma_cross", params = { fast = 2, slow = 3 },
      closes = { 10, 10, 10, 9, 8, 11, 13, 12, 9, 7 } }
    print(run.signals[1].direction, run.signals[1].bar, run.orders[1].price)
  ]=]
  lu.assertEquals(text, "c0001\t5\ttrue\t500\nc0002\t8\ttrue\t500\ndid you mean 'source'\n" ..
    "1d\t4\t7.5\t1\t3\nLONG\t6\t13\n")
end

function TestLibrary.test_modules_of_the_program_and_of_perilune_are_kept_apart()
  local folder = os.tmpname()
  os.remove(folder)
  assert(os.execute("mkdir " .. folder) == 0)
  local file = assert(io.open(folder .. "/stats.lua", "w"))
  file:write("return { mine = true }")
  file:close()
  local text = luajit([[
    print(require("stats").mine)
    local pln = require "perilune"
    print(pln.stats.mine, #pln.stats.list > 30, package.loaded.abi, require("stats").mine)
  ]], folder)
  os.remove(folder .. "/stats.lua")
  os.remove(folder)
  lu.assertEquals(text, "true\nnil\ttrue\tnil\ttrue\n")
end

function TestLibrary.test_the_executable_has_it_too()
  local path = shell.temporary [[
    local pln = require "perilune"
    print(pln.stats == require "stats", pln.version)
  ]]
  local result = shell.perilune { "exec", path }
  os.remove(path)
  lu.assertEquals(result.status, 0, result.err)
  lu.assertNotNil(result.out:match("^true\t%d+%.%d+%.%d+\n$"), result.out)
end

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

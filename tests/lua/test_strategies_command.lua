-- perilune strategies, as a user runs it.
local json = require "json"

local PERILUNE = os.getenv "PLN_TEST_PERILUNE" or "build/perilune"
local FIXTURES = (os.getenv "PERILUNE_HOME" or ".") .. "/tests/fixtures/strategies"

local function run(arguments, environment)
  local pipe = assert(io.popen(("%s '%s' strategies %s 2>&1; echo \"status $?\""):format(environment or "", PERILUNE,
    arguments)))
  local text = pipe:read "*a"
  pipe:close()
  local output, status = text:match "^(.*)status (%d+)\n$"
  return output, tonumber(status)
end

TestStrategiesCommand = {}

function TestStrategiesCommand.test_list()
  local output, status = run "list"
  lu.assertEquals(status, 0)
  lu.assertStrContains(output, "Long while the fast average is above the slow one, short below.")
  lu.assertStrContains(output, "classifier")
  output, status = run(("list --json --folder '%s'"):format(FIXTURES))
  lu.assertEquals(status, 0)
  local found = {}
  for _, entry in ipairs(assert(json.decode(output))) do found[entry.name] = entry end
  lu.assertEquals(found.two_moods.kind, "classifier")
  lu.assertStrContains(found.broken.error, "broken.lua:5:")
end

function TestStrategiesCommand.test_perilune_path()
  local output, status = run("help two_moods", ("PERILUNE_PATH='/nowhere:%s'"):format(FIXTURES))
  lu.assertEquals(status, 0)
  lu.assertStrContains(output, "regimes: good, bad")
end

function TestStrategiesCommand.test_list_with_a_broken_file()
  local output, status = run(("list --folder '%s'"):format(FIXTURES))
  lu.assertEquals(status, 1)
  lu.assertStrContains(output, "broken.lua:5: unexpected symbol near ','")
end

function TestStrategiesCommand.test_help()
  local output, status = run "help sma_cross"
  lu.assertEquals(status, 0)
  lu.assertStrContains(output, "sma(close, 20)")
  lu.assertStrContains(output, "1 to 10000")
  output, status = run(("help '%s/counter.lua' --json"):format(FIXTURES))
  lu.assertEquals(status, 0)
  local object = assert(json.decode(output))
  lu.assertEquals(object.params[1].name, "n")
  lu.assertEquals(object.features[1].expr, "sma(3)")
end

function TestStrategiesCommand.test_mistakes()
  local output, status = run "help momentm"
  lu.assertEquals(status, 2)
  lu.assertStrContains(output, "did you mean 'momentum'?")
  output, status = run "lsit"
  lu.assertEquals(status, 2)
  lu.assertStrContains(output, "unknown action 'lsit'")
end

-- perilune doctor, as a user runs it.
local json = require "json"
local shell = require "shell"

TestDoctor = {}

function TestDoctor.test_all_is_well_here()
  local result = shell.perilune { "doctor" }
  lu.assertEquals(result.status, 0, result.out .. result.err)
  for _, word in ipairs { "luajit", "sqlite 3.", "zstd 1.", "libyaml", "time zones", "everything" } do
    lu.assertStrContains(result.out, word)
  end
end

function TestDoctor.test_json()
  local result = shell.perilune { "doctor", "--json" }
  local object = assert(json.decode(result.out))
  lu.assertTrue(object.ok)
  lu.assertTrue(#object.findings >= 8)
end

function TestDoctor.test_what_is_missing_is_named_with_its_remedy()
  local result = shell.perilune({ "doctor" }, { env = { "PERILUNE_PATH=/no/such/folder", "TMPDIR=/no/such/tmp" } })
  lu.assertEquals(result.status, 1)
  lu.assertStrContains(result.out, "/no/such/folder")
  lu.assertStrContains(result.out, "correct PERILUNE_PATH")
  lu.assertStrContains(result.out, "set TMPDIR")
end

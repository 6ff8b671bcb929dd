-- perilune sql, as a user runs it.
local shell = require "shell"
local json = require "json"
local store = require "store"

TestStoreSql = {}

function TestStoreSql:setUp()
  self.path = os.tmpname()
  local db = assert(store.open(self.path))
  local run = assert(db:begin_run { name = 'a "quoted", name' })
  local result = assert(run:add_result { combo = "c0001", portfolio = "main" })
  assert(result:add_metrics({ "return_pct", "sharpe_ratio" }, { 0 / 0, 0.1 + 0.2 }))
  assert(run:finish { status = "finished" })
  assert(db:close())
end

function TestStoreSql:tearDown() os.remove(self.path) end

function TestStoreSql:ask(...)
  return shell.perilune { "sql", "--db", self.path, ... }
end

function TestStoreSql:test_table()
  local got = self:ask("SELECT combo, name, value FROM metrics WHERE name IN ('return_pct', 'sharpe_ratio') "
    .. "ORDER BY name")
  lu.assertEquals(got.err, "")
  lu.assertEquals(got.out, [[
combo | name         | value
------+--------------+------
c0001 | return_pct   |     -
c0001 | sharpe_ratio |   0.3
]])
  lu.assertEquals(got.status, 0)
end

function TestStoreSql:test_csv_and_json_are_exact()
  local sql = "SELECT run, name, value FROM metrics WHERE name IN ('return_pct', 'sharpe_ratio') ORDER BY name"
  lu.assertEquals(self:ask(sql, "--csv").out, "run,name,value\n1,return_pct,\n1,sharpe_ratio,0.30000000000000004\n")
  lu.assertEquals(self:ask(sql, "--json").out, [=[
[
 {"run":1,"name":"return_pct","value":null},
 {"run":1,"name":"sharpe_ratio","value":0.30000000000000004}
]
]=])
  lu.assertEquals(self:ask("SELECT name, x'00ff' AS b FROM runs", "--csv").out,
    'name,b\n"a ""quoted"", name",00ff\n')
  lu.assertEquals(self:ask("SELECT 9223372036854775807 AS n", "--json").out, '[\n {"n":9223372036854775807}\n]\n')
  lu.assertEquals(json.decode(self:ask("SELECT 1 WHERE 0", "--json").out), {})
end

function TestStoreSql:test_listing_names_everything_to_ask()
  local out = self:ask().out
  for _, name in ipairs { "trades", "metrics", "orders", "fills", "refusals", "runs", "figures", "phases",
    "equity(combo, run, portfolio, phase, window)", "records(combo, name, run, portfolio, phase, window)",
    "returns(combo, run, portfolio, phase, window)", "signals(combo, run, phase, window, portfolio)" } do
    lu.assertStrContains(out, name .. ": ")
  end
end

function TestStoreSql:test_mistakes()
  local function fails(status, message, ...)
    local got = self:ask(...)
    lu.assertStrContains(got.err, message)
    lu.assertEquals(got.out, "")
    lu.assertEquals(got.status, status)
  end
  fails(2, "perilune: SQL: no such table: trade_s, did you mean 'trades'?\n", "SELECT * FROM trade_s")
  fails(2, "no such column: vlaue, did you mean 'value'?", "SELECT vlaue FROM metrics")
  fails(2, 'SQL:1:1: near "SELEKT": syntax error', "SELEKT 1")
  fails(2, "exclude each other", "SELECT 1", "--csv", "--json")
  fails(1, "reading only", "DELETE FROM run")
  fails(1, "integer overflow", "SELECT abs(-9223372036854775808)")
  local got = shell.perilune { "sql", "--db", "/nonexistent.db", "SELECT 1" }
  lu.assertEquals(got.status, 1)
  lu.assertStrContains(got.err, "/nonexistent.db: no such database")
end

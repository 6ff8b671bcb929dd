-- A process that is killed while it writes leaves a database that can be read, and of which nothing refers to what is
-- missing.
local shell = require "shell"
local store = require "store"

TestStoreKill = {}

local CHILD = [[
local ffi = require "ffi"
local store = require "store"
local path, journal = ...
local db = assert(store.open(path, { rollback_journal = journal == "rollback" }))
local trades = ffi.new "pln_trade[500]"
for i = 0, 499 do trades[i].id = i + 1 end
local n = 3000
local ts, equity = ffi.new("int64_t[?]", n), ffi.new("double[?]", n)
for i = 0, n - 1 do ts[i], equity[i] = i, 1e4 + i end
local rows = ffi.new("pln_equity_rows", n, n, ts, equity, equity)
while true do
  local run = assert(db:begin_run { name = "killed" })
  for c = 1, 5 do
    local result = assert(run:add_result { combo = "c" .. c, portfolio = "main", symbols = { "SPY" } })
    for _ = 1, 4 do
      assert(result:add_trades(trades, 500))
      assert(result:add_equity(rows))
      if c % 2 == 0 then assert(db:commit()) end
    end
    assert(result:add_metrics({ "trades" }, { 2000 }))
  end
  assert(run:finish { status = "finished" })
end
]]

local function number(db, sql)
  local columns, rows = db:query(sql)
  assert(columns, rows)
  return rows[1][1]
end

local function check(path)
  local db = assert(store.open(path, { read_only = true }))
  lu.assertEquals(number(db, "PRAGMA integrity_check"), "ok")
  local _, orphans = db:query "PRAGMA foreign_key_check"
  lu.assertEquals(orphans, {})
  lu.assertEquals(number(db, "SELECT count(*) FROM result WHERE run NOT IN (SELECT id FROM run)"), 0)
  lu.assertEquals(number(db, [[SELECT count(*) FROM run WHERE status = 'finished' AND
    (SELECT count(*) FROM result r WHERE r.run = run.id) <> 5]]), 0)
  lu.assertEquals(number(db, [[SELECT count(*) FROM result r JOIN run ON run.id = r.run AND run.status = 'finished'
    WHERE (SELECT count(*) FROM trade_row t WHERE t.result = r.id) <> 2000
      OR (SELECT sum(rows) FROM equity_chunk e WHERE e.result = r.id) <> 12000
      OR (SELECT trades FROM figure_row f WHERE f.result = r.id) IS NOT 2000]]), 0)
  local finished = number(db, "SELECT count(*) FROM run WHERE status = 'finished'")
  local running = number(db, "SELECT count(*) FROM runs WHERE status = 'running'")
  db:close()
  return finished, running
end

local function kill_often(journal, times)
  local path = os.tmpname()
  local child = shell.temporary(CHILD)
  assert(store.open(path)):close()
  local seed, finished, running, longest, kills = 20, 0, 0, 0.35, 0
  while kills < times or finished == 0 do
    kills = kills + 1
    if kills > times then longest = longest * 2 end -- a slow machine: nothing was finished yet
    lu.assertTrue(longest < 30, "no run finished in time")
    seed = seed * 16807 % 2147483647
    local command = ("timeout -s KILL %.3f %s exec %s %s %s 2>&1"):format(0.05 + seed % 1000 / 1000 * longest,
      shell.quote(os.getenv "PLN_TEST_PERILUNE"), child, path, journal)
    local pipe = assert(io.popen(command))
    local said = pipe:read "*a"
    lu.assertTrue(said == "" or said == "Killed\n", said) -- ended by the signal, not by an error of its own
    pipe:close()
    finished, running = check(path)
  end
  lu.assertTrue(running > 0 and running <= kills, "runs that were killed: " .. running)
  os.remove(child)
  for _, suffix in ipairs { "", "-wal", "-shm", "-journal" } do os.remove(path .. suffix) end
end

-- Eight processes make the same database and write to it at once.
function TestStoreKill.test_writers_wait_for_each_other()
  local path = os.tmpname()
  os.remove(path)
  local child = shell.temporary [[
    local store = require "store"
    local db = assert(store.open(...))
    for _ = 1, 5 do
      local run = assert(db:begin_run {})
      local result = assert(run:add_result { combo = "c0001", portfolio = "main" })
      assert(result:add_metrics({ "a", "b" }, { 1, 2 }))
      assert(run:finish { status = "finished" })
    end
    assert(db:close())]]
  local one = ("%s exec %s %s 2>&1"):format(shell.quote(os.getenv "PLN_TEST_PERILUNE"), child, path)
  local pipe = assert(io.popen("for i in 1 2 3 4 5 6 7 8; do " .. one .. " & done; wait"))
  lu.assertEquals(pipe:read "*a", "")
  pipe:close()
  local db = assert(store.open(path, { read_only = true }))
  lu.assertEquals(number(db, "SELECT count(*) FROM metrics"), 80)
  lu.assertEquals(number(db, "SELECT count(DISTINCT run) FROM metrics"), 40)
  db:close()
  os.remove(path)
  os.remove(child)
end

function TestStoreKill.test_with_wal() kill_often("wal", 10) end
function TestStoreKill.test_with_a_rollback_journal() kill_often("rollback", 4) end

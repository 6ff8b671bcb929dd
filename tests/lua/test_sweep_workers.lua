-- What a user sees of a sweep on workers: the same messages and log lines as without, in the same order.
local shell = require "shell"

TestSweepWorkers = {}

local folder

function TestSweepWorkers.setUp()
  folder = os.tmpname()
  os.remove(folder)
  assert(os.execute("mkdir -p " .. folder .. "/strategies") == 0)
end

function TestSweepWorkers.tearDown() os.execute("rm -r " .. folder) end

local function write(name, text)
  local file = assert(io.open(folder .. "/" .. name, "w"))
  file:write(text)
  file:close()
end

local CONFIG = [[
data: { source: synthetic, synthetic: { bars: 400 } }
symbols: [AAA]
strategies: [{ type: own, params: { which: { from: 1, to: 40, step: 1 } } }]
portfolios: [{ name: main, capital: 10000 }]
results: { db: none, keep: figures, top: 0 }
engine: { combos_at_once: 3 }
]]

local STRATEGY = [[
return strategy {
  name = "own", help = "For tests.", params = { which = 1 },
  signal = function(f, bar, p)
    %s
    if bar.close > bar.open then return LONG end
    return FLAT
  end,
}
]]

local function run(body, n, settings)
  write("c.yaml", CONFIG)
  write("strategies/own.lua", STRATEGY:format(body))
  local words = { "run", folder .. "/c.yaml", "--quiet", "--workers", n }
  for _, setting in ipairs(settings or {}) do
    words[#words + 1] = "--set"
    words[#words + 1] = setting
  end
  return shell.perilune(words)
end

local function same_failure(body, message, settings)
  local first = run(body, 1, settings)
  lu.assertEquals(first.status, 1)
  lu.assertStrContains(first.err, message)
  for _, n in ipairs { 2, 4 } do
    local other = run(body, n, settings)
    lu.assertEquals({ other.status, other.err }, { first.status, first.err })
  end
end

function TestSweepWorkers.test_the_first_failure_is_told()
  same_failure("if p.which >= 20 and p.which % 4 == 0 then error('which is ' .. p.which) end",
    "strategies/own.lua:4: which is 20")
end

function TestSweepWorkers.test_a_strategy_that_does_not_come_back_is_stopped()
  same_failure("if p.which == 33 then while true do end end", "did not come back within 0.5 s (engine.timeout_s)",
    { "engine.loop_budget=1e12", "engine.timeout_s=0.5", "engine.jit=false" })
end

function TestSweepWorkers.test_a_strategy_without_end_of_memory_is_stopped()
  same_failure("if p.which == 33 then local t = {} for i = 1, 1e9 do t[i] = { i } end end", "not enough memory",
    { "engine.loop_budget=1e12", "engine.memory_limit_mb=60" })
end

function TestSweepWorkers.test_log_lines_stand_in_the_order_of_the_cells()
  local body = "if bar.volume >= 0 and bar.time % 36000 == 0 then log('combo', p.which) end"
  local first = run(body, 1)
  lu.assertEquals(first.status, 0, first.err)
  local lines = {}
  for line in first.err:gmatch "[^\n]+" do lines[#lines + 1] = line end
  lu.assertTrue(#lines >= 40)
  local function order_of(text)
    local seen, list = {}, {}
    for which in text:gmatch "combo (%d+)" do
      if not seen[which] then list[#list + 1] = tonumber(which) end
      seen[which] = true
    end
    return list
  end
  local expected = order_of(first.err)
  lu.assertEquals(#expected, 40)
  table.sort(lines)
  for _, n in ipairs { 2, 4 } do
    local other = run(body, n)
    lu.assertEquals(order_of(other.err), expected)
    local theirs = {}
    for line in other.err:gmatch "[^\n]+" do theirs[#theirs + 1] = line end
    table.sort(theirs)
    lu.assertEquals(theirs, lines)
  end
end

function TestSweepWorkers.test_many_workers()
  local out = run("", 64)
  lu.assertEquals({ out.status, out.err }, { 0, "" })
end

function TestSweepWorkers.test_what_is_no_number_of_workers()
  local out = run("", "many")
  lu.assertEquals(out.status, 2)
  lu.assertStrContains(out.err, "--workers: found 'many', expected a number from 1, or auto")
end

function TestSweepWorkers.test_what_is_no_shard()
  write("c.yaml", CONFIG)
  write("strategies/own.lua", STRATEGY:format "")
  local out = shell.perilune { "run", folder .. "/c.yaml", "--shard", "5/4" }
  lu.assertEquals(out.status, 2)
  lu.assertStrContains(out.err, "--shard: found shard 5 of 4, expected 1 to 4")
  out = shell.perilune { "run", folder .. "/c.yaml", "--shard", "1/4" }
  lu.assertEquals(out.status, 2)
  lu.assertStrContains(out.err, "a shard needs a database to keep its part in: give one with --db")
end

local function shard_run(k, db)
  return shell.perilune { "run", folder .. "/c.yaml", "--quiet", "--shard", k .. "/2", "--db", folder .. "/" .. db }
end

function TestSweepWorkers.test_merge_refuses_a_part_of_other_strategy_files()
  write("c.yaml", CONFIG)
  write("strategies/own.lua", STRATEGY:format "")
  lu.assertEquals(shard_run(1, "a.db").status, 0)
  write("strategies/own.lua", STRATEGY:format "-- has changed")
  lu.assertEquals(shard_run(2, "b.db").status, 0)
  local out = shell.perilune { "merge", folder .. "/out.db", folder .. "/a.db", folder .. "/b.db" }
  lu.assertEquals(out.status, 1)
  lu.assertStrContains(out.err, "a.db: phase 'full_backtest' of shard 1/2 was made of something else")
  out = shell.perilune { "merge", folder .. "/a.db", folder .. "/a.db", folder .. "/b.db" }
  lu.assertEquals(out.status, 1)
  lu.assertStrContains(out.err, "a.db is a part itself: give another file to merge into")
  out = shell.perilune { "merge", folder .. "/out.db" }
  lu.assertEquals(out.status, 2)
end

function TestSweepWorkers.test_a_shard_that_is_resumed_is_still_a_shard()
  write("c.yaml", CONFIG)
  write("strategies/own.lua", STRATEGY:format "if p.which == 15 then error 'once' end")
  lu.assertEquals(shard_run(1, "a.db").status, 1)
  write("strategies/own.lua", STRATEGY:format "")
  lu.assertEquals(shard_run(2, "b.db").status, 0)
  local words = { "merge", folder .. "/out.db", folder .. "/b.db", folder .. "/a.db" }
  local out = shell.perilune(words)
  lu.assertEquals(out.status, 1)
  lu.assertStrContains(out.err, "shard 1/2 is failed: perilune resume 1 --db " .. folder .. "/a.db")
  out = shell.perilune { "resume", "--db", folder .. "/a.db" }
  lu.assertEquals(out.status, 0, out.err)
  lu.assertStrContains(out.out, "Shard 1/2: combos 1 to 20 of 40, in " .. folder .. "/a.db")
  out = shell.perilune(words)
  lu.assertEquals(out.status, 0, out.err)
  out = shell.perilune { "sql", "SELECT count(*) AS n FROM results", "--db", folder .. "/out.db" }
  lu.assertStrContains(out.out, "40")
end

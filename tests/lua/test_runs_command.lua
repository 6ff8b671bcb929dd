-- perilune runs, as a user runs it.
local json = require "json"
local shell = require "shell"
local store = require "store"

TestRunsCommand = {}

local DAY_NS = 86400000000000LL

function TestRunsCommand:setUp()
  self.path = os.tmpname()
  os.remove(self.path)
  local db = assert(store.open(self.path))
  local run = assert(db:begin_run { workflow = "walk_forward", name = "goog", config_hash = "abc", seed = 1 })
  for fold = 1, 2 do
    local phase = assert(run:phase { name = "train " .. fold, topology = "full_backtest", hash = "h" .. fold,
      n_combos = 20, n_windows = 2 })
    assert(phase:add_windows {
      { number = 1, role = "train", fold = fold, until_ns = 10 * DAY_NS },
      { number = 2, role = "test", fold = fold, from_ns = 10 * DAY_NS, until_ns = 20 * DAY_NS + 1000000000LL },
    })
    for number = 1, fold == 1 and 20 or 3 do
      for window = 1, 2 do
        local result = assert(phase:add_result { window = window, number = number, combo = ("c%04d"):format(number),
          portfolio = "main" })
        if number < 3 or fold == 1 then assert(result:close()) end
      end
    end
    if fold == 1 then assert(phase:finish "finished") end
  end
  assert(run:finish { status = "interrupted", seconds = 12.5 })
  local second = assert(db:begin_run { workflow = "walk_forward", name = "goog", shard = "3/64" })
  assert(second:use_phase("train 1", db:finished_phase "h1"))
  db:close()
end

function TestRunsCommand:tearDown() os.remove(self.path) end

function TestRunsCommand:ask(...) return shell.perilune { "runs", "--db", self.path, ... } end

function TestRunsCommand:test_runs_with_their_progress()
  local got = self:ask()
  lu.assertEquals(got.err, "")
  local started = "%d%d%d%d%-%d%d%-%d%d %d%d:%d%d"
  local how_far = "train 2: 4 of 40 %(10 %%%), 1 finished"
  lu.assertStrMatches(got.out, "run | started %(UTC%) +| status +| workflow +| name | combos | seconds | phases\n"
    .. "[-+]+\n  1 | " .. started .. " | interrupted | walk_forward | goog |     20 |    12%.5 | " .. how_far .. "\n"
    .. "  2 | " .. started .. " | running     | walk_forward | goog |     20 |       %- | train 1\n")
end

function TestRunsCommand:test_one_run()
  local got = self:ask "1"
  lu.assertEquals(got.err, "")
  lu.assertStrContains(got.out, "Run 1: walk_forward 'goog', interrupted\n")
  lu.assertStrContains(got.out, "(12.5 s)\nconfiguration abc, data -, seed 1, Perilune ")
  lu.assertStrContains(got.out, "train 1 | full_backtest | finished    |     20 |       2 |             40 |      -\n")
  lu.assertStrContains(got.out, "train 2 | full_backtest | interrupted |     20 |       2 | 4 of 40 (10 %) |      -\n")
  lu.assertStrContains(got.out, [[
Windows of train 2 (until: not included)
window | role  | fold | from       | until
-------+-------+------+------------+--------------------
     1 | train |    2 | -          | 1970-01-11
     2 | test  |    2 | 1970-01-11 | 1970-01-21 00:00:01
]])
  lu.assertStrContains(self:ask("2").out, "shard 3/64")
  lu.assertStrMatches(self:ask("2").out, ".*train 1 | full_backtest | finished | +20 | +2 | +40 | +1\n.*")
end

function TestRunsCommand:test_json()
  local runs = json.decode(self:ask("--json").out)
  lu.assertEquals(#runs, 2)
  lu.assertEquals(runs[1], json.decode(self:ask("1", "--json").out))
  local phase = runs[1].phases[2]
  lu.assertEquals({ runs[1].status, phase.phase, phase.status, phase.done, phase.total },
    { "interrupted", "train 2", "interrupted", 4, 40 })
  lu.assertEquals(phase.windows[2], { number = 2, role = "test", fold = 2, from = "1970-01-11T00:00:00Z",
    ["until"] = "1970-01-21T00:00:01Z" })
  lu.assertEquals({ runs[2].shard, runs[2].phases[1].source_run }, { "3/64", 1 })
end

function TestRunsCommand:test_mistakes()
  local function fails(status, message, ...)
    local got = self:ask(...)
    lu.assertStrContains(got.err, message)
    lu.assertEquals(got.status, status)
  end
  fails(1, "there is no run 9", "9")
  fails(2, "found 'x', expected the number of a run", "x")
  local got = shell.perilune { "runs", "--db", "/nonexistent.db" }
  lu.assertEquals(got.status, 1)
  lu.assertStrContains(got.err, "/nonexistent.db: no such database")
end

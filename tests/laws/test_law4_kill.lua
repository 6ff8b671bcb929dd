-- Law 4 for sweeps: a run that is killed at any moment, and resumed, ends with the database of one that never was. Ten
-- kills of each case; PLN_KILLS says how many else, PLN_KILL_SEED which moments.
local abi = require "abi"
local shell = require "shell"
local store = require "store"
local support = require "support"

TestLaw4Kill = {}

local KILLS = tonumber(os.getenv "PLN_KILLS" or "") or 10
local SEED = tonumber(os.getenv "PLN_KILL_SEED" or "") or 4
local MOST_OF_ONE_RUN = 4 -- kills of a run before it may finish

local made = {}

local function temporary(text)
  local path = shell.temporary(text or "")
  if not text then os.remove(path) end
  made[#made + 1] = path
  return path
end

local function clean()
  for _, path in ipairs(made) do
    for _, ending in ipairs { "", "-wal", "-shm", "-journal" } do os.remove(path .. ending) end
  end
  made = {}
end

TestLaw4Kill.tearDown = clean

local SWEEP = [[
data: { source: synthetic, synthetic: { bars: 10000, seed: 5 } }
symbols: [AAA]
strategies: [{ type: sma_cross, params: { fast: { from: 2, to: 25, step: 1 }, slow: { from: 30, to: 75, step: 5 } } }]
portfolios: [{ name: main, capital: 10000 }, { name: second, capital: 3000 }]
results: { top: 4 }
engine: { combos_at_once: 8 }
]]

local KEPT = [[
data: { source: synthetic, synthetic: { bars: 10000, seed: 5 } }
symbols: [AAA, BBB]
strategies: [{ type: momentum, params: { fast: { from: 4, to: 16, step: 1 }, slow: [20, 30] } }]
classifiers: [volatility]
portfolios: [{ name: main, capital: 10000, leverage: 2, risk: { stop_loss_pct: 3 } }]
results: { keep: all, decisions: true }
engine: { combos_at_once: 2 }
]]

-- Minutes of real equities.
local REAL = [[
data: { path: "%s", timezone: America/Chicago, start: 2015-01-02, end: 2015-01-30, cache: false }
symbols: [SPY, QQQ]
strategies: [{ type: sma_cross, params: { fast: { from: 5, to: 20, step: 1 }, slow: { from: 30, to: 60, step: 10 } } }]
portfolios: [{ name: main, capital: 10000 }]
execution: { commission_pct: 0.01 }
results: { keep: figures, top: 2 }
engine: { combos_at_once: 4 }
]]

local function now_s() return tonumber(abi.C.pln_clock_monotonic_ns()) / 1e9 end

-- Runs a command, killed after so many seconds (nil: never). Returns whether it was killed.
local function perilune(words, seconds)
  local parts = seconds and { ("timeout -s KILL %.3f"):format(seconds) } or {}
  parts[#parts + 1] = shell.quote(os.getenv "PLN_TEST_PERILUNE")
  for _, word in ipairs(words) do parts[#parts + 1] = shell.quote(word) end
  local errors = temporary()
  local status = os.execute(table.concat(parts, " ") .. " > /dev/null 2> " .. errors)
  local file = assert(io.open(errors))
  local said = file:read "*a"
  file:close()
  if seconds and (status == 9 or status == 137 * 256 or status == 137) then return true end
  lu.assertEquals(status, 0, said)
  return false
end

-- The first command of a process that is to end what another began: the run itself where it was killed before the
-- database had it.
local function next_command(config, db, extra)
  local words = { "run", config, "--db", db, "--quiet" }
  local opened = store.open(db, { must_exist = true })
  if opened then
    local columns, rows = opened:query "SELECT count(*) FROM run WHERE status <> 'finished'"
    lu.assertNotNil(columns, rows)
    opened:close()
    if rows[1][1] > 0 then words = { "resume", "--db", db, "--quiet" } end
  end
  for _, word in ipairs(extra) do words[#words + 1] = word end
  return words
end

local function kill_often(config, extra)
  local whole = temporary()
  local began = now_s()
  perilune(next_command(config, whole, extra))
  local longest = now_s() - began
  local expected = assert(store.dump(whole))
  lu.assertTrue(#expected > 20000)
  local state, kills, rounds = SEED, 0, 0
  while kills < KILLS do
    local db, of_this = temporary(), 0
    repeat
      state = state * 16807 % 2147483647
      local killed = perilune(next_command(config, db, extra), 0.02 + state / 2147483647 * longest)
      of_this = of_this + (killed and 1 or 0)
    until not killed or of_this == MOST_OF_ONE_RUN
    if of_this == MOST_OF_ONE_RUN then perilune(next_command(config, db, extra)) end
    kills, rounds = kills + of_this, rounds + 1
    lu.assertTrue(rounds < 10 * KILLS, "the runs finish before they are killed")
    local found = assert(store.dump(db))
    lu.assertTrue(found == expected, ("content differs after %d kills (PLN_KILL_SEED=%d)"):format(kills, SEED))
    local opened = assert(store.open(db, { read_only = true }))
    local _, problems = opened:query "PRAGMA foreign_key_check"
    lu.assertEquals(problems, {})
    opened:close()
    os.remove(db)
  end
end

function TestLaw4Kill.test_a_sweep() kill_often(temporary(SWEEP), {}) end

function TestLaw4Kill.test_a_sweep_on_workers() kill_often(temporary(SWEEP), { "--workers", "2" }) end

function TestLaw4Kill.test_real_minutes()
  local path = support.shared "data/equity_1m_2015/SPY_1m.csv.gz":gsub("SPY", "{symbol}")
  kill_often(temporary(REAL:format(path)), { "--workers", "2" })
end

function TestLaw4Kill.test_where_all_is_kept() kill_often(temporary(KEPT), { "--workers", "2" }) end

local ENSEMBLE = (os.getenv "PERILUNE_HOME" or ".") .. "/examples/adaptive_ensemble.yaml"

function TestLaw4Kill.test_the_adaptive_ensemble() kill_often(ENSEMBLE, {}) end

function TestLaw4Kill.test_the_adaptive_ensemble_on_workers() kill_often(ENSEMBLE, { "--workers", "2" }) end

-- Ctrl-C ends a run with what is done, and says how to go on. (Without --foreground, timeout sends it twice.)
function TestLaw4Kill.test_ctrl_c()
  local config, whole = temporary(SWEEP), temporary()
  perilune { "run", config, "--db", whole, "--quiet" }
  local expected, interrupted = assert(store.dump(whole)), 0
  for round = 1, 4 do
    local db, errors = temporary(), temporary()
    local status = os.execute(("timeout --foreground -s INT %.2f %s run %s --db %s --quiet --workers %d 2> %s"):format(
      0.12 * round, shell.quote(os.getenv "PLN_TEST_PERILUNE"), config, db, round % 2 + 1, errors))
    local opened = store.open(db, { must_exist = true })
    local run = opened and opened:run()
    if opened then opened:close() end
    if run and run.status ~= "finished" then
      lu.assertNotEquals(status, 0)
      interrupted = interrupted + 1
      lu.assertEquals(run.status, "interrupted")
      local file = assert(io.open(errors))
      lu.assertStrContains(file:read "*a", "perilune resume")
      file:close()
    end
    if status ~= 0 then perilune(next_command(config, db, { "--workers", "2" })) end
    lu.assertTrue(assert(store.dump(db)) == expected, "content differs after Ctrl-C")
  end
  lu.assertTrue(interrupted > 0)
end

-- Law 3 for sweeps: the database holds the same, whatever the number of workers, the size of cells and chunks, and the
-- shards that a sweep was cut into.
local json = require "json"
local shell = require "shell"
local store = require "store"
local support = require "support"

TestLaw3Sweep = {}

local made = {}

local function temporary(text)
  local path = shell.temporary(text or "")
  if not text then os.remove(path) end
  made[#made + 1] = path
  return path
end

function TestLaw3Sweep.tearDown()
  for _, path in ipairs(made) do
    for _, ending in ipairs { "", "-wal", "-shm", "-journal" } do os.remove(path .. ending) end
  end
  made = {}
end

local MARKET = [[
data: { source: synthetic, synthetic: { bars: 3000, seed: 11, timeframe: 1h, volatility_ann_pct: 40 } }
symbols: [AAA, BBB]
]]

-- More combos than are kept in full: figures and period returns, the best once more.
local FIGURES = [[
strategies: [{ type: sma_cross, params: { fast: { from: 2, to: 12, step: 1 }, slow: { from: 15, to: 60, step: 5 } } }]
portfolios: [{ name: main, capital: 10000 }, { name: other, capital: 500 }]
execution: { commission_pct: 0.05 }
results: { top: 5 }
]]

-- All that can be kept of each combo: trades, orders, equity, records; several strategies, a classifier, one strategy
-- that places its own orders.
local ALL = [[
strategies:
  - { id: a, type: sma_cross, params: { fast: [3, 5, 8], slow: [20, 40] }, classifier: volatility }
  - { id: b, type: limit_dip, symbols: [BBB] }
  - { id: c, type: momentum, params: { fast: [5, 10] } }
classifiers: [volatility]
portfolios: [{ name: main, capital: 10000, leverage: 3, risk: { stop_loss_pct: 2, max_drawdown_pct: 30 } }]
results: { decisions: true }
]]

local function run(words)
  local out = shell.perilune(words)
  lu.assertEquals(out.status, 0, out.err)
  return out
end

local function content(path) return assert(store.dump(path)) end

-- The content of a run with more words on the command line.
local function content_of(config, words)
  local db = temporary()
  local all = { "run", config, "--db", db, "--quiet" }
  for _, word in ipairs(words or {}) do all[#all + 1] = word end
  run(all)
  return content(db)
end

local function assert_same(expected, found, what)
  if expected == found then return end
  local other = found:gmatch "[^\n]*"
  for line in expected:gmatch "[^\n]*" do
    local theirs = other()
    if line ~= theirs then lu.fail(("%s: expected\n%s\nfound\n%s"):format(what, line, tostring(theirs))) end
  end
  lu.fail(what .. ": there is more than expected")
end

-- What a run prints of its combos.
local function printed(config, words)
  local all = { "run", config, "--db", "none", "--json" }
  for _, word in ipairs(words) do all[#all + 1] = word end
  return json.decode(run(all).out).results
end

function TestLaw3Sweep.test_what_is_printed()
  local config = temporary(MARKET .. FIGURES)
  local expected = printed(config, { "--workers", "1" })
  lu.assertEquals(#expected, 2 * 11 * 10)
  lu.assertEquals(printed(config, { "--workers", "2" }), expected)
end

-- Lanes keep the settings of portfolios and execution once for the combos that have them in common.
local VARIANTS = [[
data: { source: synthetic, synthetic: { bars: 3000, seed: 11, timeframe: 1h, volatility_ann_pct: 40 } }
symbols: [AAA]
strategies: [{ type: sma_cross, params: { fast: 3, slow: [10, 20] } }]
portfolios: [{ name: main, capital: 10000 }]
risk_profiles: { low: { leverage: 1 }, high: { leverage: 2, sizing: { percent: 150 } } }
grid:
  risk: [low, high]
  execution: [{ commission_pct: 0.01 }, { commission_pct: 0.1, slippage_bps: 3 }]
  set:
    portfolios.0.risk.stop_loss_pct: [0.2, 0.5, 1, 3]
]]

function TestLaw3Sweep.test_settings_in_lanes_and_in_containers()
  local lanes = printed(temporary(VARIANTS .. "results: { keep: figures, metrics: sweep, top: 0 }\n"), {})
  local containers = printed(temporary(VARIANTS .. "results: { metrics: full }\n"), {})
  lu.assertEquals(#lanes, 32)
  local finals, n = {}, 0
  for k, one in ipairs(lanes) do
    lu.assertEquals(one.params, containers[k].params)
    for _, name in ipairs { "equity_final", "trades", "max_drawdown_pct", "fees", "sharpe_ratio", "turnover" } do
      lu.assertEquals(one.metrics[name], containers[k].metrics[name], ("%s of %s"):format(name, one.combo))
    end
    n = n + (finals[one.metrics.equity_final] and 0 or 1)
    finals[one.metrics.equity_final] = true
  end
  lu.assertEquals(n, 32, "each combo has an outcome of its own")
end

local function check_workers(text)
  local config = temporary(text)
  local expected = content_of(config)
  lu.assertTrue(#expected > 10000)
  for _, n in ipairs { "2", "5", "auto" } do
    assert_same(expected, content_of(config, { "--workers", n }), n .. " workers")
  end
  for _, case in ipairs { { 1, 1, 4096 }, { 1, 7, 100 }, { 2, 3, 17 }, { 5, 1, 999 }, { 2, 1000, 65536 } } do
    assert_same(expected, content_of(config, { "--workers", case[1], "--set", "engine.combos_at_once=" .. case[2],
      "--set", "engine.chunk_rows=" .. case[3] }), ("%d workers, cells of %d, chunks of %d"):format(unpack(case)))
  end
  return config, expected
end

function TestLaw3Sweep.test_workers_cells_and_chunks_of_a_sweep_of_figures() check_workers(MARKET .. FIGURES) end

function TestLaw3Sweep.test_workers_cells_and_chunks_where_all_is_kept() check_workers(MARKET .. ALL) end

local function shards_of(config, count, words)
  local parts = {}
  for k = 1, count do
    parts[k] = temporary()
    local all = { "run", config, "--db", parts[k], "--quiet", "--shard", ("%d/%d"):format(k, count) }
    for _, word in ipairs(words or {}) do all[#all + 1] = word end
    run(all)
  end
  return parts
end

local function merged(parts)
  local db = temporary()
  local words = { "merge", db }
  for k = #parts, 1, -1 do words[#words + 1] = parts[k] end
  words[#words + 1] = "--quiet"
  run(words)
  return content(db)
end

function TestLaw3Sweep.test_shards()
  for _, text in ipairs { FIGURES, ALL } do
    local config = temporary(MARKET .. text)
    local expected = content_of(config)
    assert_same(expected, merged(shards_of(config, 1)), "one shard")
    assert_same(expected, merged(shards_of(config, 7)), "7 shards")
    assert_same(expected, merged(shards_of(config, 3, { "--workers", "2" })), "3 shards on 2 workers")
  end
end

-- Signals once for the combos that share them, which a shard of theirs captures for itself.
function TestLaw3Sweep.test_replayed_signals()
  local config = temporary("workflow: signal_replay\n" .. MARKET .. [[
strategies: [{ id: a, type: sma_cross, params: { fast: { from: 2, to: 9, step: 1 }, slow: [20, 30] } }]
portfolios: [{ name: main, capital: 10000, leverage: 3, risk: { stop_loss_pct: 2 } }]
grid: { set: { portfolios.0.risk.stop_loss_pct: [1, 2, 3] } }
results: { keep: figures, top: 3 }
]])
  local expected = content_of(config)
  for _, n in ipairs { "2", "5" } do assert_same(expected, content_of(config, { "--workers", n }), n .. " workers") end
  assert_same(expected, merged(shards_of(config, 7)), "7 shards")
end

function TestLaw3Sweep.test_the_adaptive_ensemble()
  local config = (os.getenv "PERILUNE_HOME" or ".") .. "/examples/adaptive_ensemble.yaml"
  local expected = content_of(config)
  for _, n in ipairs { "2", "5" } do assert_same(expected, content_of(config, { "--workers", n }), n .. " workers") end
  local out = shell.perilune { "run", config, "--db", temporary(), "--shard", "1/2" }
  lu.assertEquals(out.status, 1)
  lu.assertStrContains(out.err, "cannot be cut into shards")
end

function TestLaw3Sweep.test_more_shards_than_combos()
  local config = temporary(MARKET .. [[
strategies: [{ type: sma_cross, params: { fast: [5, 8], slow: [20] } }]
portfolios: [{ name: main, capital: 10000 }]
]])
  assert_same(content_of(config), merged(shards_of(config, 5)), "5 shards of 2 combos")
end

-- The commands of docs/cluster.md, with fewer shards: those of xargs, and of GNU parallel where it is installed.
function TestLaw3Sweep.test_the_documented_commands()
  local doc = assert(io.open((os.getenv "PERILUNE_HOME" or ".") .. "/docs/cluster.md"))
  local page = doc:read "*a"
  doc:close()
  local config = temporary(MARKET .. FIGURES)
  local expected, tried = content_of(config), 0
  for _, tool in ipairs { "xargs", "parallel" } do
    if os.execute("command -v " .. tool .. " > /dev/null") == 0 then
      local line = assert(page:match(tool == "xargs" and "\n(seq 64 | xargs[^\n]*)" or "\n(parallel %-j[^\n]*)"))
      local folder = temporary()
      assert(os.execute("mkdir " .. folder) == 0)
      local command = line:gsub("64", "4"):gsub("perilune", shell.quote(os.getenv "PLN_TEST_PERILUNE"))
        :gsub("sweep%.yaml", config)
      lu.assertEquals(os.execute(("cd %s && %s 2> errors"):format(folder, command)), 0, command)
      local parts = {}
      for k = 1, 4 do parts[k] = ("%s/part%d.db"):format(folder, k) end
      assert_same(expected, merged(parts), command)
      os.execute("rm -r " .. folder)
      tried = tried + 1
    end
  end
  lu.assertTrue(tried > 0)
end

-- Minutes of real equities, over walk-forward windows that the workflow chooses parameters on.
function TestLaw3Sweep.test_real_minutes()
  local path = support.shared "data/equity_1m_2015/SPY_1m.csv.gz":gsub("SPY", "{symbol}")
  local config = temporary(([[
data: { path: "%s", timezone: America/Chicago, start: 2015-01-02, end: 2015-01-30, cache: false }
symbols: [SPY, QQQ]
strategies: [{ type: sma_cross, params: { fast: [5, 10, 20], slow: { from: 30, to: 60, step: 10 } } }]
portfolios: [{ name: main, capital: 10000 }]
execution: { commission_pct: 0.01 }
results: { keep: figures, top: 2 }
]]):format(path))
  local expected = content_of(config)
  for _, n in ipairs { "2", "5" } do assert_same(expected, content_of(config, { "--workers", n }), n .. " workers") end
  assert_same(expected, merged(shards_of(config, 7)), "7 shards")
end

-- Phases, windows, staged writing, resuming, captured series: what sweeps keep.
local ffi = require "ffi"
local abi = require "abi"
local stats = require "stats"
local store = require "store"
local C = abi.C

TestStorePhase = {}

local paths = {}

local function temporary()
  local path = os.tmpname()
  os.remove(path)
  paths[#paths + 1] = path
  return path
end

function TestStorePhase.tearDown()
  for _, path in ipairs(paths) do
    for _, suffix in ipairs { "", "-wal", "-shm", "-journal" } do os.remove(path .. suffix) end
  end
  paths = {}
end

local function one(db, sql, ...)
  local columns, rows = db:query(sql, ...)
  assert(columns, rows)
  return rows[1] and rows[1][1]
end

local function hash(text)
  local out = ffi.new "char[33]"
  C.pln_hash128_hex(text, #text, out)
  return ffi.string(out)
end

local N_METRICS = C.pln_metric_count()

-- Every figure is made of the combo's number and the window.
local function figures(number, window)
  local values = ffi.new("double[?]", N_METRICS)
  for k = 0, N_METRICS - 1 do values[k] = number + window / 100 + k / 1000 end
  values[stats.get("kelly").index] = 0 / 0
  return values
end

local function returns(number, n)
  local r, b, ts = ffi.new("double[?]", n), ffi.new("double[?]", n), ffi.new("int64_t[?]", n)
  for k = 0, n - 1 do
    r[k], b[k] = math.sin(number + k) / 100, k == 0 and 0 / 0 or k / 1e4
    ts[k] = 1420070400000000000LL + k * 86400000000000LL
  end
  return r, b, ts
end

local function signals(n, first)
  local list, regimes = ffi.new("pln_signal[?]", n), ffi.new("int8_t[?]", n)
  for k = 0, n - 1 do
    local row = first + k
    list[k] = { ts_ns = 1420070400000000000LL + row * 60000000000LL, strength = 1 / (row + 1), confidence = 0.5,
      direction = row % 3 - 1, row = 77 }
    regimes[k] = row % 4
  end
  return list, regimes
end

local function add(phase, number, window, portfolio, leave_open)
  local combo = ("c%04d"):format(number)
  local result = assert(phase:add_result { window = window, number = number, combo = combo,
    portfolio = portfolio or "main", params = { fast = number }, symbols = { "SPY" }, hash = hash(combo) })
  assert(result:add_figures(figures(number, window)))
  local r, b, ts = returns(number, 50)
  assert(result:add_returns(r, b, ts, 50, 252))
  local list, regimes = signals(10, 0)
  assert(result:add_signals("momentum:SPY_1d", "SPY", list, 10, regimes))
  if not leave_open then assert(result:close()) end
  return result
end

local function begin(db, info)
  local run = assert(db:begin_run { workflow = "sweep", data_hash = "d" })
  local given = { name = "sweep", topology = "full_backtest", hash = hash "sweep", n_combos = 5, n_windows = 2 }
  for key, value in pairs(info or {}) do given[key] = value end
  local phase = assert(run:phase(given))
  assert(phase:add_windows {
    { number = 1, role = "train", fold = 1, from_ns = abi.INT64_MIN, until_ns = 1420070400000000000LL },
    { number = 2, role = "test", fold = 1, from_ns = 1420070400000000000LL, until_ns = abi.INT64_MAX },
  })
  return run, phase
end

function TestStorePhase.test_phases_and_windows()
  local db = assert(store.open(temporary()))
  local run, phase = begin(db, { spec = { by = "sharpe_ratio" } })
  lu.assertEquals({ phase.name, phase.topology, phase.status, phase.n_combos, phase.n_windows, phase.spec.by },
    { "sweep", "full_backtest", "running", 5, 2, "sharpe_ratio" })
  lu.assertEquals(assert(run:phase { name = "sweep", hash = hash "sweep" }).id, phase.id)
  lu.assertNotEquals(assert(run:phase { name = "sweep", hash = hash "another" }).id, phase.id)
  local windows = phase:windows()
  lu.assertEquals(#windows, 2)
  lu.assertEquals({ windows[1].number, windows[1].role, windows[1].fold }, { 1, "train", 1 })
  lu.assertTrue(windows[1].from_ns == abi.INT64_MIN and windows[1].until_ns == 1420070400000000000LL)
  lu.assertTrue(windows[2].until_ns == abi.INT64_MAX)
  local _, rows = db:query "SELECT run, phase, number, role, fold, from_time, until_time FROM windows ORDER BY number"
  lu.assertEquals(rows[1], { 1, "sweep", 1, "train", 1, nil, "2015-01-01T00:00:00Z", n = 7 })
  lu.assertEquals(assert(db:phase(phase.id)).name, "sweep")
  local none, message = db:phase(99)
  lu.assertNil(none)
  lu.assertStrContains(message, "no phase 99")
  lu.assertErrorMsgContains("found 'done', expected finished", function() phase:finish "done" end)
  assert(phase:finish "finished")
  lu.assertEquals(db:phase(phase.id).status, "finished")
  assert(run:finish { status = "interrupted" })
  local _, phases = db:query "SELECT phase, status, hash FROM phases ORDER BY hash"
  table.sort(phases, function(a, b) return a[2] < b[2] end)
  lu.assertEquals({ phases[1][2], phases[2][2] }, { "finished", "interrupted" })
  lu.assertEquals(#assert(run:phases()), 2)
  db:close()
end

function TestStorePhase.test_figures_are_rows_and_metrics()
  local db = assert(store.open(temporary()))
  local run, phase = begin(db)
  for number = 1, 3 do add(phase, number, 1) end
  assert(run:finish { status = "finished" })
  local _, best = db:query("SELECT combo, sharpe_ratio, json_extract(params, '$.fast'), phase, window FROM figures "
    .. "WHERE run = ? ORDER BY sharpe_ratio DESC LIMIT 1", run.id)
  local index = stats.get("sharpe_ratio").index
  lu.assertEquals(best, { { "c0003", 3 + 1 / 100 + index / 1000, 3, "sweep", 1, n = 5 } })
  local _, rows = db:query "SELECT name, value FROM metrics WHERE combo = 'c0002'"
  local headline = 0
  for k, metric in ipairs(stats.list) do
    if metric.headline then
      headline = headline + 1
      lu.assertEquals(rows[k][1], metric.name)
      lu.assertEquals(rows[k][2], metric.name ~= "kelly" and 2 + 1 / 100 + metric.index / 1000 or nil)
    end
  end
  lu.assertEquals(#rows, headline)
  db:close()
end

function TestStorePhase.test_results_of_a_phase_as_columns()
  local db = assert(store.open(temporary(), { staged = true }))
  local run, phase = begin(db)
  for number = 3, 1, -1 do
    for window = 1, 2 do
      for _, portfolio in ipairs { "second", "main" } do
        local result = add(phase, number, window, portfolio, true)
        assert(result:add_metrics({ "omega_ratio" }, { number * 10 }))
        assert(result:close())
      end
    end
  end
  add(phase, 5, 1, "main", true) -- not done, so not among them
  assert(db:flush())
  local got = assert(phase:results { names = { "sharpe_ratio", "omega_ratio", "kelly" }, window = 2 })
  lu.assertEquals(got.n, 6)
  local order = {}
  for k = 0, got.n - 1 do
    order[k + 1] = ("%d %d %s %g"):format(got.combos[k], got.windows[k], got.portfolio_names[got.portfolios[k] + 1],
      got.values.omega_ratio[k])
    lu.assertEquals(got.values.sharpe_ratio[k], got.combos[k] + 2 / 100 + stats.get("sharpe_ratio").index / 1000)
    lu.assertTrue(got.values.kelly[k] ~= got.values.kelly[k])
  end
  lu.assertEquals(order, { "1 2 main 10", "1 2 second 10", "2 2 main 20", "2 2 second 20", "3 2 main 30",
    "3 2 second 30" })
  lu.assertEquals(assert(db:fetch_results { phase = phase.id, names = {} }).n, 12)
  local none, message = phase:results { names = { "sharp" } }
  lu.assertNil(none)
  lu.assertStrContains(message, "no metric 'sharp'")
  assert(run:finish { status = "interrupted" })
  db:close()
end

function TestStorePhase.test_period_returns()
  local db = assert(store.open(temporary()))
  local run, phase = begin(db)
  for number = 1, 5 do add(phase, number, 1) end
  local odd = assert(phase:add_result { window = 2, number = 1, combo = "c0001", portfolio = "main" })
  local r, _, ts = returns(1, 30)
  assert(odd:add_returns(r, nil, ts, 30, 365))
  assert(odd:close())
  local shorter = assert(phase:add_result { window = 2, number = 2, combo = "c0002", portfolio = "main" })
  assert(shorter:add_returns(r, nil, ts, 20, 365))
  assert(shorter:close())
  assert(run:finish { status = "finished" })
  local got = assert(phase:returns { window = 1 })
  lu.assertEquals({ got.n_results, got.n, got.periods_per_year }, { 5, 50, 252 })
  for i = 0, 4 do
    local expected, benchmark, times = returns(i + 1, 50)
    lu.assertEquals(got.combos[i], i + 1)
    for k = 0, 49 do
      lu.assertTrue(got.returns[i * 50 + k] == expected[k])
      lu.assertTrue(got.ts_ns[k] == times[k] and (k == 0 or got.benchmark[k] == benchmark[k]))
    end
  end
  lu.assertTrue(got.benchmark[0] ~= got.benchmark[0])
  got = assert(phase:returns { window = 1, portfolio = "main", combos = { 2, 4, 9 } })
  lu.assertEquals({ got.n_results, got.combos[0], got.combos[1] }, { 2, 2, 4 })
  lu.assertEquals(assert(phase:returns { window = 1, portfolio = "none" }).n_results, 0)
  local none, message = phase:returns { window = 2 }
  lu.assertNil(none)
  lu.assertStrContains(message, "different periods")
  lu.assertEquals(one(db, "SELECT count(*) FROM returns_axis"), 3)
  local _, rows = db:query("SELECT time, \"return\", benchmark, combo, window "
    .. "FROM returns('c0002', ?, 'main', 'sweep', 1)", run.id)
  lu.assertEquals(#rows, 50)
  lu.assertEquals(rows[2], { "2015-01-02T00:00:00Z", math.sin(3) / 100, 1e-4, "c0002", 1, n = 5 })
  lu.assertNil(rows[1][3])
  db:close()
end

function TestStorePhase.test_period_returns_of_the_statistics_module()
  local db = assert(store.open(temporary()))
  local run, phase = begin(db)
  local result = assert(phase:add_result { window = 1, number = 1, combo = "c0001", portfolio = "main" })
  assert(result:add_returns { returns = { 0.5, -0.25 }, times = { 1LL, 2LL }, periods_per_year = 12 })
  assert(result:close())
  assert(run:finish { status = "finished" })
  local got = assert(phase:returns())
  lu.assertEquals({ got.n, got.returns[0], got.returns[1], got.periods_per_year }, { 2, 0.5, -0.25, 12 })
  lu.assertTrue(got.ts_ns[1] == 2LL and got.benchmark[0] ~= got.benchmark[0])
  db:close()
end

function TestStorePhase.test_signals_come_back_in_any_chunking()
  local db = assert(store.open(temporary(), { staged = true }))
  local run, phase = begin(db)
  local n = 20000
  local whole, all_regimes = signals(n, 0)
  for number = 1, 2 do
    local result = assert(phase:add_result { window = 1, number = number, combo = "c000" .. number, portfolio = "" })
    local at = 0
    while at < n do
      local size = number == 1 and n or math.min(at % 777 + 1, n - at)
      assert(result:add_signals("a", "SPY", whole + at, size, all_regimes + at))
      at = at + size
    end
    assert(result:add_signals("b", "QQQ", whole, 3))
    assert(result:close())
  end
  assert(db:flush())
  for number = 1, 2 do
    local got = assert(phase:signals { window = 1, combo = number, source = "a", symbol = "SPY" })
    lu.assertEquals(got.n, n)
    for k = 0, n - 1 do
      local a, b = got.signals[k], whole[k]
      lu.assertTrue(a.ts_ns == b.ts_ns and a.strength == b.strength and a.confidence == b.confidence
        and a.direction == b.direction and a.row == 0 and got.regimes[k] == all_regimes[k])
    end
  end
  lu.assertEquals(assert(phase:signals { combo = 1, source = "a", symbol = "QQQ" }).n, 0)
  lu.assertEquals(assert(phase:signal_sources { combo = 2 }),
    { { source = "a", symbol = "SPY", n = n }, { source = "b", symbol = "QQQ", n = 3 } })
  local _, blobs = db:query("SELECT group_concat(hex(data), '') FROM signal_chunk WHERE source = 'a' GROUP BY result "
    .. "ORDER BY result")
  lu.assertTrue(blobs[1][1] == blobs[2][1])
  local _, rows = db:query("SELECT time, source, symbol, direction, strength, confidence, regime, run, portfolio "
    .. "FROM signals('c0001') WHERE source = 'a' LIMIT 3")
  lu.assertEquals(rows[2], { "2015-01-01T00:01:00Z", "a", "SPY", "FLAT", 0.5, 0.5, 1, run.id, "", n = 9 })
  lu.assertEquals({ rows[1][4], rows[3][4], rows[3][7] }, { "SHORT", "LONG", 2 })
  lu.assertEquals(one(db, "SELECT count(*) FROM signals('c0002', ?, 'sweep', 1)", run.id), n + 3)
  lu.assertEquals(one(db, "SELECT max(regime) FROM signals WHERE source = 'b'"), 0)
  db:close()
end

function TestStorePhase.test_staged_rows_appear_at_flush_and_whole_combos_only()
  local path = temporary()
  local main = assert(store.open(path))
  local run, phase = begin(main)
  local worker = assert(store.open(path, { staged = true }))
  local part = assert(worker:phase(phase.id))
  add(part, 1, 1, "main")
  add(part, 1, 1, "second")
  add(part, 2, 1, "main")
  local open = add(part, 2, 1, "second", true)
  lu.assertEquals(one(main, "SELECT count(*) FROM result"), 0)
  lu.assertEquals(assert(worker:flush()), 2)
  lu.assertEquals(one(main, "SELECT group_concat(combo || portfolio) FROM result"), "c0001main,c0001second")
  lu.assertEquals(assert(worker:flush()), 0)
  assert(open:close())
  add(part, 3, 2, "main", true)
  lu.assertEquals(assert(worker:flush()), 2)
  local done = assert(phase:done())
  lu.assertEquals(done.n, 2)
  lu.assertTrue(done:has(1, 1) and done:has(1, 2) and not done:has(2, 1) and not done:has(1, 3) and not done:has(9, 9))
  lu.assertFalse(done:has({ number = 2 }, 1))
  assert(worker:close()) -- what was not closed is lost
  lu.assertEquals(one(main, "SELECT count(*) FROM result"), 4)
  lu.assertEquals(one(main, "SELECT count(*) FROM figures"), 4)
  lu.assertEquals(one(main, "SELECT count(*) FROM signal_chunk"), 4)
  lu.assertEquals(one(main, "SELECT count(*) FROM pragma_foreign_key_check"), 0)
  lu.assertEquals(main:count_trials(), 2)
  lu.assertEquals(main:count_trials { data_hash = "d" }, 2)
  lu.assertEquals(main:count_trials { data_hash = "other" }, 0)
  assert(run:finish { status = "finished" })
  main:close()
end

function TestStorePhase.test_what_is_done_is_left_and_what_was_killed_is_replaced()
  local path = temporary()
  local main = assert(store.open(path))
  local _, phase = begin(main)
  add(phase, 1, 1)
  add(phase, 2, 1, "main", true) -- stands there as a killed process would have left it
  assert(main:commit())
  local worker = assert(store.open(path, { staged = true }))
  local part = worker:phase(phase.id)
  add(part, 1, 1)
  add(part, 2, 1)
  add(part, 3, 1)
  main:close()
  lu.assertEquals(assert(worker:flush()), 2)
  local _, rows = worker:query("SELECT combo, count(*), min(done) FROM result GROUP BY combo ORDER BY combo")
  lu.assertEquals(rows, { { "c0001", 1, 1, n = 3 }, { "c0002", 1, 1, n = 3 }, { "c0003", 1, 1, n = 3 } })
  lu.assertEquals(one(worker, "SELECT count(*) FROM pragma_foreign_key_check"), 0)
  lu.assertEquals(one(worker, "SELECT count(*) FROM staging.result_row"), 0)
  worker:close()
end

function TestStorePhase.test_resuming()
  local path = temporary()
  local db = assert(store.open(path))
  local run, phase = begin(db)
  add(phase, 1, 1)
  add(phase, 1, 2)
  add(phase, 2, 1, "main")
  add(phase, 2, 1, "second", true)
  add(phase, 3, 1, "main", true)
  assert(run:finish { status = "interrupted" })
  lu.assertEquals(one(db, "SELECT count(*) FROM result"), 5)
  lu.assertNil(db:finished_phase(hash "sweep"))
  db:close()

  db = assert(store.open(path))
  run = assert(db:run())
  lu.assertEquals({ run.status, run.workflow, run.data_hash }, { "interrupted", "sweep", "d" })
  assert(run:reopen())
  lu.assertEquals(assert(db:run(run.id)).status, "running")
  phase = assert(run:phase { name = "sweep", hash = hash "sweep" })
  lu.assertEquals({ phase.status, phase.n_combos, phase.n_windows }, { "running", 5, 2 })
  local done = assert(phase:done())
  lu.assertEquals(done.n, 2)
  lu.assertTrue(done:has(1, 1) and done:has(2, 1) and not done:has(1, 2))
  lu.assertEquals(one(db, "SELECT count(*) FROM result"), 2)
  lu.assertEquals(one(db, "SELECT count(*) FROM signal_chunk"), 2)
  lu.assertEquals(one(db, "SELECT count(*) FROM pragma_foreign_key_check"), 0)
  add(phase, 2, 1)
  assert(phase:finish "finished")
  assert(run:finish { status = "finished" })
  lu.assertEquals(db:finished_phase(hash "sweep").id, phase.id)
  local none, message = db:run(9)
  lu.assertNil(none)
  lu.assertStrContains(message, "no run 9")
  db:close()
end

function TestStorePhase.test_a_cached_phase_shows_its_source()
  local db = assert(store.open(temporary()))
  local first, phase = begin(db)
  add(phase, 1, 1)
  local none, message = first:use_phase("again", phase)
  lu.assertNil(none)
  lu.assertStrContains(message, "phase 'sweep' of run 1 is running, expected a finished one")
  assert(phase:finish "finished")
  assert(first:finish { status = "finished" })
  local second = assert(db:begin_run { workflow = "sweep" })
  local used = assert(second:use_phase("cached", db:finished_phase(hash "sweep")))
  lu.assertEquals({ used.run, used.status, used.content, used.n_combos }, { 2, "finished", phase.id, 5 })
  lu.assertEquals(assert(second:use_phase("cached", phase.id)).id, used.id)
  local third = assert(second:use_phase("once more", used)) -- shows the content of the first, not of its source
  lu.assertEquals(third.content, phase.id)
  lu.assertNil((used:add_result { number = 2, combo = "c0002", portfolio = "main" }))
  lu.assertEquals(#used:windows(), 2)
  lu.assertEquals(assert(used:returns()).n_results, 1)
  lu.assertEquals(assert(used:signals { combo = 1, source = "momentum:SPY_1d", symbol = "SPY" }).n, 10)
  lu.assertTrue(assert(used:done()):has(1, 1))
  for _, what in ipairs { "figures", "results", "combos", "metrics WHERE name = 'sharpe_ratio'" } do
    lu.assertEquals(one(db, "SELECT group_concat(run || phase) FROM " .. what),
      "1sweep,2cached,2once more", what)
  end
  lu.assertEquals(one(db, "SELECT count(*) FROM signals('c0001', 2, 'cached')"), 10)
  lu.assertEquals(one(db, "SELECT count(*) FROM signals('c0001')"), 10)
  lu.assertEquals(one(db, "SELECT source FROM phase WHERE name = 'cached'"), phase.id)
  lu.assertEquals(one(db, "SELECT source_run FROM phases WHERE phase = 'cached'"), 1)
  db:close()
end

function TestStorePhase.test_curves_without_a_phase_are_those_of_top_or_the_last()
  local db = assert(store.open(temporary()))
  local run = assert(db:begin_run {})
  local function curve(phase, number, last)
    local ts, equity = ffi.new("int64_t[1]", 1), ffi.new("double[1]", last)
    local result = assert(phase:add_result { number = number, combo = "c000" .. number, portfolio = "main" })
    assert(result:add_equity(ffi.new("pln_equity_rows", 1, 1, ts, equity, equity)))
    assert(result:close())
  end
  local a = assert(run:phase { name = "a" })
  curve(a, 1, 1)
  curve(a, 2, 1)
  local top = assert(run:phase { name = "top" })
  curve(top, 2, 2)
  local c = assert(run:phase { name = "c" })
  curve(c, 1, 3)
  curve(c, 2, 3)
  lu.assertEquals(one(db, "SELECT equity FROM equity('c0001')"), 3)
  lu.assertEquals(one(db, "SELECT equity FROM equity('c0002')"), 2)
  lu.assertEquals(one(db, "SELECT equity FROM equity('c0002', NULL, NULL, 'a')"), 1)
  lu.assertEquals(one(db, "SELECT group_concat(phase || combo) FROM equity"), "topc0002,cc0001")
  lu.assertEquals(one(db, "SELECT count(*) FROM equity('c0002', 1, 'main', 'c', 2)"), 0)
  db:close()
end

function TestStorePhase.test_weights()
  local db = assert(store.open(temporary(), { staged = true }))
  local run, phase = begin(db)
  assert(phase:add_weights("adaptive", {
    { ts_ns = 86400000000000LL, regime = "bull", member = "b", weight = 0.75 },
    { ts_ns = 0, member = "a", weight = 1 },
    { ts_ns = 86400000000000LL, regime = "bull", member = "a", weight = 0.25 },
  }))
  local got = phase:weights "adaptive"
  lu.assertEquals(#got, 3)
  lu.assertEquals({ got[1].regime, got[2].regime, got[2].member, got[2].weight }, { 0, "bull", "a", 0.25 })
  lu.assertTrue(got[3].ts_ns == 86400000000000LL)
  local _, rows = db:query "SELECT * FROM weights WHERE member = 'b'"
  lu.assertEquals(rows, { { run.id, "sweep", "adaptive", "1970-01-02T00:00:00Z", "bull", "b", 0.75, n = 7 } })
  db:close()
end

function TestStorePhase.test_mistakes()
  local db = assert(store.open(temporary()))
  local _, phase = begin(db)
  local function refused(expected, info)
    local result, message = phase:add_result(info)
    lu.assertNil(result)
    lu.assertStrContains(message, expected)
  end
  refused("found 'xyz', expected 32 hexadecimal digits", { number = 1, combo = "c0001", portfolio = "m", hash = "xyz" })
  refused("a phase, a window", { number = 0, combo = "c0001", portfolio = "m" })
  add(phase, 1, 1)
  refused("UNIQUE", { number = 1, combo = "c0001", portfolio = "main" })
  db:close()
end

-- "The same content": however a sweep was cut, spread and interrupted, its run holds the same.
local shell = require "shell"
local store = require "store"

TestStoreContent = {}

local paths = {}

local function temporary()
  local path = os.tmpname()
  os.remove(path)
  paths[#paths + 1] = path
  return path
end

function TestStoreContent.tearDown()
  for _, path in ipairs(paths) do
    for _, suffix in ipairs { "", "-wal", "-shm", "-journal" } do os.remove(path .. suffix) end
  end
  paths = {}
end

local N_COMBOS, N_WINDOWS = 12, 2

-- The whole result of a combo, as text for children too.
local WORK = [[
local ffi = require "ffi"
local abi = require "abi"
local C = abi.C
local portfolios = { "main", "second" }
return function(phase, number, window)
  local hash = ffi.new "char[33]"
  C.pln_hash128_hex(tostring(number), #tostring(number), hash)
  for _, portfolio in ipairs(portfolios) do
    local result = assert(phase:add_result { window = window, number = number, combo = ("c%04d"):format(number),
      portfolio = portfolio, params = { fast = number }, symbols = { "SPY", "QQQ" }, hash = ffi.string(hash) })
    local values = ffi.new("double[?]", C.pln_metric_count())
    for k = 0, C.pln_metric_count() - 1 do values[k] = number * 1000 + window * 100 + k / 7 end
    assert(result:add_figures(values))
    assert(result:add_metrics({ "omega_ratio", "own" .. number % 3 }, { number / 3, 0 / 0 }))
    local n = 100
    local ts, a, b = ffi.new("int64_t[?]", n), ffi.new("double[?]", n), ffi.new("double[?]", n)
    for k = 0, n - 1 do ts[k], a[k], b[k] = k * 1000000000LL, math.sin(k * number), window / (k + 1) end
    assert(result:add_returns(a, b, ts, n, 252))
    assert(result:add_equity(ffi.new("pln_equity_rows", n, n, ts, a, b)))
    assert(result:add_record("gap", ts, b, n))
    local signals = ffi.new("pln_signal[?]", 5)
    for k = 0, 4 do signals[k] = { ts_ns = ts[k], direction = k % 3 - 1, strength = a[k] } end
    assert(result:add_signals("s", "SPY", signals, 5))
    local trades = ffi.new("pln_trade[?]", 3)
    for k = 0, 2 do trades[k] = { id = k + 1, entry_ts_ns = ts[k], exit_ts_ns = ts[k + 1], side = 1, pnl = a[k] } end
    assert(result:add_trades(trades, 3))
    assert(result:add_orders(ffi.new("pln_order[1]", { { id = 1, side = 1, quantity = number } }), 1))
    assert(result:add_fills(ffi.new("pln_fill[1]", { { id = 1, side = 1, price = 1 / number } }), 1))
    assert(result:add_decisions(ffi.new("pln_decision[1]", { { order = 1, action = 1 } }), 1))
    assert(result:close(number == 3 and "bankrupt" or nil))
  end
end]]

local work = assert(loadstring(WORK))()

local function begin(path, shard, options)
  local db = assert(store.open(path, options))
  local run = assert(db:begin_run { workflow = "sweep", name = "s", config_text = "x: 1\n", config_hash = "c",
    data_hash = "d", seed = 7, shard = shard })
  local phase = assert(run:phase { name = "sweep", topology = "full_backtest", hash = "h", n_combos = N_COMBOS,
    n_windows = N_WINDOWS })
  assert(phase:add_windows {
    { number = 1, role = "train", fold = 1, from_ns = 0LL, until_ns = 10LL },
    { number = 2, role = "test", fold = 1, from_ns = 10LL, until_ns = 20LL },
  })
  return db, run, phase
end

local function finish(db, run, phase)
  assert(phase:add_weights("equal", { { ts_ns = 5, member = "a", weight = 0.5 } }))
  assert(phase:finish "finished")
  assert(run:finish { status = "finished", seconds = 1, bars = 10 })
  assert(db:close())
end

local function serial(path)
  local db, run, phase = begin(path)
  for number = 1, N_COMBOS do
    for window = 1, N_WINDOWS do work(phase, number, window) end
  end
  finish(db, run, phase)
end

local reference

function TestStoreContent.setUp()
  if reference then return end
  local path = temporary()
  serial(path)
  reference = assert(store.dump(path))
end

-- Where two texts differ, for a message of a bearable length.
local function same(found, expected)
  if found == expected then return end
  local lines = expected:gmatch "[^\n]*"
  for line in found:gmatch "[^\n]*" do lu.assertEquals(line, lines()) end
  lu.fail "the texts differ in length"
end

function TestStoreContent.test_the_text_holds_everything()
  for _, line in ipairs {
    'run "sweep" "s" "finished" "d" 7', 'phase "sweep" "h" "full_backtest" "finished" 12 2',
    'window 2 "test" 1 10 20', 'combo 3 "c0003" "{\\"fast\\":3}" ', 'weight "equal" 5 0 "a" 0.5',
    'result 3 1 "main" 1 "bankrupt"', "figure sharpe_ratio 12 2 \"second\" ", 'metric 3 1 "main" "own0" -',
    'instrument 1 1 "main" 1 "QQQ"', 'trade 1 1 "main" 1 1 0 1 ', 'order 1 1 "main" ', 'fill 1 1 "main" ',
    'decision 1 1 "main" ', 'equity 1 1 "main" 0 0 99000000000 100 ', 'record 1 1 "main" "gap" 0 ',
    'returns 1 1 "main" ', 'signal 1 1 "main" "s" "SPY" 0 ' } do
    lu.assertStrContains(reference, line)
  end
end

function TestStoreContent.test_another_value_is_another_content()
  local path = temporary()
  serial(path)
  same(assert(store.dump(path)), reference)
  local before = assert(store.content_hash(path))
  for _, change in ipairs { "UPDATE figure_row SET sharpe_ratio = 1 WHERE result = 9",
    "UPDATE trade_row SET pnl = pnl + 1 WHERE result = 5 AND seq = 2", "DELETE FROM weight_row",
    "UPDATE equity_chunk SET data = (SELECT data FROM equity_chunk WHERE id = 20) WHERE id = 7",
    "UPDATE result_row SET status = 'x' WHERE id = 4", "UPDATE window_row SET until_ts = 21 WHERE number = 2" } do
    local db = assert(store.open(path))
    assert(db:query(change))
    db:close()
    local after = assert(store.content_hash(path))
    lu.assertNotEquals(after, before, change)
    before = after
  end
  local db = assert(store.open(path))
  assert(db:query "UPDATE run SET started_at = 1, seconds = 9, message = 'x', build_info = 'y'")
  db:close()
  lu.assertEquals(assert(store.content_hash(path)), before)
end

function TestStoreContent.test_staged_in_any_order_is_the_same()
  for _, every in ipairs { 1, 5, 1000 } do
    local path = temporary()
    local db, run, phase = begin(path)
    local workers = {}
    for k = 1, 3 do
      local own = assert(store.open(path, { staged = true }))
      workers[k] = { db = own, phase = assert(own:phase(phase.id)) }
    end
    local n = 0
    for window = N_WINDOWS, 1, -1 do
      for number = N_COMBOS, 1, -1 do
        local worker = workers[(number * 7 + window) % 3 + 1]
        work(worker.phase, number, window)
        n = n + 1
        if n % every == 0 then assert(worker.db:flush()) end
      end
    end
    for _, worker in ipairs(workers) do assert(worker.db:close()) end
    finish(db, run, phase)
    same(assert(store.dump(path)), reference)
  end
end

function TestStoreContent.test_parts_copied_are_the_same()
  for _, count in ipairs { 1, 2, 5 } do
    local sources = {}
    for shard = count, 1, -1 do
      local path = temporary()
      local db, run, phase = begin(path, count > 1 and ("%d/%d"):format(shard, count) or nil)
      for number = 1, N_COMBOS do
        if number % count == shard % count then
          for window = 1, N_WINDOWS do work(phase, number, window) end
        end
      end
      finish(db, run, phase)
      sources[#sources + 1] = path
    end
    local target = temporary()
    local db, run, phase = begin(target)
    work(phase, 1, 1) -- is there already, and stays as it is
    for _, source in ipairs(sources) do
      local copied = assert(phase:copy_from(source, function(both)
        local _, rows = both:query "SELECT content FROM source.phase_row WHERE name = 'sweep'"
        return rows[1][1]
      end))
      lu.assertTrue(copied > 0)
    end
    lu.assertEquals(assert(phase:done()).n, N_COMBOS * N_WINDOWS)
    finish(db, run, phase)
    same(assert(store.dump(target)), reference)
    db = assert(store.open(target, { read_only = true }))
    local _, rows = db:query "SELECT count(*) FROM pragma_foreign_key_check"
    lu.assertEquals(rows[1][1], 0)
    lu.assertEquals(db:count_trials(), N_COMBOS)
    db:close()
  end
end

function TestStoreContent.test_copying_what_cannot_be()
  local db, run, phase = begin(temporary())
  local copied, message = phase:copy_from("/nonexistent/x.db", function() return 1 end)
  lu.assertNil(copied)
  lu.assertStrContains(message, "attaching a database")
  local other = temporary()
  local source = begin(other)
  source:close()
  copied, message = phase:copy_from(other, function() return nil, "not that one" end)
  lu.assertNil(copied)
  lu.assertEquals(message, "not that one")
  lu.assertErrorMsgContains("of the test", function() phase:copy_from(other, function() error "of the test" end) end)
  lu.assertEquals(assert(phase:copy_from(other, function() return 1 end)), 0) -- it is attached again: nothing was left
  finish(db, run, phase)
end

-- Three processes work at one phase, each on a third, and are killed at any moment, many times; then they go on with
-- what is not done, until all is. The content is that of a run by one.
local WORKER = [[
local store = require "store"
local path, id, part, of, journal = ...
local db = assert(store.open(path, { staged = true, rollback_journal = journal == "rollback" }))
local phase = assert(db:phase(tonumber(id)))
local done = assert(phase:done())
for number = 1, phase.n_combos do
  if number % of == part % of then
    for window = 1, phase.n_windows do
      if not done:has(window, number) then
        work(phase, number, window)
        if number % 2 == 0 then assert(db:flush()) end
      end
    end
  end
end
assert(db:close())]]

local function killed_and_resumed(journal)
  local path = temporary()
  local options = { rollback_journal = journal == "rollback" }
  assert(store.open(path, options)):close()
  local db, run, phase = begin(path, nil, options)
  local id = phase.id
  db:close()
  local child = shell.temporary("local work = (function() " .. WORK .. " end)()\n" .. WORKER)
  local seed, kills = 11, 0
  for round = 1, 8 do
    local commands = {}
    for part = 1, 3 do
      seed = seed * 16807 % 2147483647
      local life = round < 8 and ("timeout -s KILL %.3f "):format(0.01 + seed % 1000 / 1000 * 0.04) or ""
      commands[part] = ("(%s%s exec %s %s %d %d 3 %s; [ $? = 137 ] && echo KILLED) 2>&1 &"):format(life,
        shell.quote(os.getenv "PLN_TEST_PERILUNE"), child, path, id, part, journal)
    end
    local pipe = assert(io.popen(table.concat(commands, " ") .. " wait"))
    local said = pipe:read "*a"
    pipe:close()
    local rest, n = said:gsub("Killed\n", ""):gsub("KILLED\n", "")
    kills = kills + n
    lu.assertEquals(rest, "") -- ended by the signal, not by an error of its own
    db = assert(store.open(path, options))
    run = assert(db:run())
    assert(run:reopen())
    phase = assert(run:phase { name = "sweep", hash = "h" })
    local _, rows = db:query "SELECT count(*) FROM pragma_foreign_key_check"
    lu.assertEquals(rows[1][1], 0)
    _, rows = db:query "SELECT count(*) FROM result_row"
    lu.assertEquals(assert(phase:done()).n * 2, rows[1][1])
    if round < 8 then db:close() end
  end
  os.remove(child)
  lu.assertTrue(kills > 0, "nobody was killed")
  finish(db, run, phase)
  same(assert(store.dump(path)), reference)
end

function TestStoreContent.test_killed_and_resumed_is_the_same() killed_and_resumed "wal" end
function TestStoreContent.test_killed_and_resumed_with_a_rollback_journal() killed_and_resumed "rollback" end

-- The store through its Lua API: what goes in comes out, as rows, views and table-valued functions.
local ffi = require "ffi"
local abi = require "abi"
local store = require "store"
local C = abi.C

local function temporary() return os.tmpname() end

local function remove(path)
  for _, suffix in ipairs { "", "-wal", "-shm", "-journal" } do os.remove(path .. suffix) end
end

local function with_store(body)
  local path = temporary()
  local db = assert(store.open(path))
  local ok, message = xpcall(body, debug.traceback, db, path)
  db:close()
  remove(path)
  if not ok then error(message, 0) end
end

local function equity_rows(n, first)
  local ts, equity, cash = ffi.new("int64_t[?]", n), ffi.new("double[?]", n), ffi.new("double[?]", n)
  local exposure = ffi.new("int8_t[?]", n)
  for i = 0, n - 1 do
    local row = first + i
    ts[i] = 1420070400000000000LL + row * 60000000000LL
    equity[i] = 10000 + 100 * math.sin(row / 7) + row / 3
    cash[i] = 5000 - row / 7
    exposure[i] = row % 3
  end
  local rows = ffi.new("pln_equity_rows", n, n, ts, equity, cash, nil, exposure)
  return rows, { ts, equity, cash, exposure }
end

local function trades(n)
  local list = ffi.new("pln_trade[?]", n)
  for i = 0, n - 1 do
    local t = list[i]
    t.id, t.entry_ts_ns, t.exit_ts_ns = i + 1, 1104710400000000000LL + i, 1104796800000000000LL
    t.entry_bar, t.exit_bar, t.quantity, t.entry_price, t.exit_price = i, i + 1, 17, 100.1, 0.1 + 0.2
    t.pnl, t.return_pct, t.fees, t.mae, t.mfe = -1.5, 0 / 0, 1 / 0, 0.25, 0.5
    t.entry_order, t.exit_order = 2 * i + 1, 2 * i + 2
    t.instrument, t.source, t.side, t.exit_reason = i % 2, 3, i % 2 == 0 and 1 or -1, C.PLN_EXIT_STOP_LOSS
  end
  return list
end

local function begin(db)
  local run = assert(db:begin_run { workflow = "full_backtest", name = "a", config_text = "x: 1\n", config_hash = "c",
    data_hash = "d", seed = 7 })
  local result = assert(run:add_result { combo = "c0001", portfolio = "main", params = { fast = 10, slow = 20 },
    symbols = { "SPY", "QQQ" } })
  return run, result
end

TestStore = {}

function TestStore.test_a_run_and_its_results()
  with_store(function(db)
    local run, result = begin(db)
    lu.assertEquals(run.id, 1)
    local columns, rows = db:query("SELECT status, seed, config_text, engine_version FROM run WHERE id = ?", run.id)
    lu.assertEquals(columns, { "status", "seed", "config_text", "engine_version" })
    lu.assertEquals(rows, { { "running", 7, "x: 1\n", ffi.string(C.pln_version()), n = 4 } })

    assert(result:add_trades(trades(3), 3))
    assert(result:add_metrics({ "sharpe_ratio", "return_pct", "sqn" }, { 0.1 + 0.2, 0 / 0, -1 / 0 }))
    assert(run:finish { status = "finished", seconds = 0.5, bars = 1000 })
    local _, runs = db:query "SELECT status, seconds, bars, combos, started FROM runs"
    lu.assertEquals(runs[1][1], "finished")
    lu.assertEquals({ runs[1][2], runs[1][3], runs[1][4] }, { 0.5, 1000, 1 })

    local _, metrics = db:query ("SELECT combo, portfolio, name, value FROM metric WHERE run = 1 "
      .. "AND name IN ('sharpe_ratio', 'return_pct', 'sqn') ORDER BY name")
    lu.assertEquals(metrics[1], { "c0001", "main", "return_pct", nil, n = 4 })
    lu.assertEquals(metrics[2], { "c0001", "main", "sharpe_ratio", 0.1 + 0.2, n = 4 })
    lu.assertEquals(metrics[3][4], nil)
    local _, params = db:query "SELECT json_extract(params, '$.fast') FROM combo"
    lu.assertEquals(params[1][1], 10)
  end)
end

function TestStore.test_trades_come_back_exactly()
  with_store(function(db)
    local _, result = begin(db)
    local list = trades(2)
    list[1].is_open = 1
    assert(result:add_trades(list, 2))
    local _, rows = db:query("SELECT trade, symbol, side, entry_ts, entry_price, exit_price, quantity, pnl, "
      .. "return_pct, fees, entry_bar, exit_bar, exit_reason FROM trade ORDER BY trade")
    lu.assertEquals(rows[1], { 1, "SPY", "long", 1104710400000000000LL, 100.1, 0.1 + 0.2, 17, -1.5, nil, nil, 0, 1,
      "stop_loss", n = 13 })
    lu.assertEquals({ rows[2][2], rows[2][3], rows[2][13] }, { "QQQ", "short", "open" })
    local _, views = db:query "SELECT entry_time, exit_time FROM trades ORDER BY trade"
    lu.assertEquals(views[1], { "2005-01-03T00:00:00Z", "2005-01-04T00:00:00Z", n = 2 })
    lu.assertEquals(views[2][1], "2005-01-03T00:00:00.000000001Z")
  end)
end

function TestStore.test_times_in_views_are_those_of_the_c_formatter()
  with_store(function(db)
    local _, result = begin(db)
    local list = ffi.new "pln_trade[8]"
    local times = { 0, 1, -1, -1000000000, 1500000000, -86400000000001LL, 1104710400123456000LL, 4102444799999000000LL }
    for i, ts in ipairs(times) do list[i - 1].id, list[i - 1].entry_ts_ns = i, ts end
    assert(result:add_trades(list, 8))
    local _, rows = db:query "SELECT entry_time FROM trades ORDER BY trade"
    local text = ffi.new "char[40]"
    for i, ts in ipairs(times) do
      C.pln_time_format_iso(ts, text)
      lu.assertEquals(rows[i][1], ffi.string(text))
    end
  end)
end

function TestStore.test_orders_fills_and_refusals()
  with_store(function(db)
    local _, result = begin(db)
    local orders = ffi.new "pln_order[2]"
    orders[0] = { id = 1, created_ns = 1, updated_ns = 2, quantity = 5, filled = 5, average_fill_price = 10.5, side = 1,
      type = C.PLN_ORDER_LIMIT, tif = C.PLN_TIF_DAY, status = C.PLN_STATUS_FILLED, limit_price = 11, stop_price = 3 }
    orders[1] = { id = 2, side = -1, type = C.PLN_ORDER_STOP, status = C.PLN_STATUS_REJECTED, stop_price = 9,
      refusal = C.PLN_REFUSAL_CASH, instrument = 1, tag = 42 }
    assert(result:add_orders(orders, 2))
    local _, rows = db:query("SELECT order_id, symbol, side, type, tif, status, limit_price, stop_price, "
      .. "average_fill_price, refusal, tag FROM orders ORDER BY order_id")
    lu.assertEquals(rows[1], { 1, "SPY", "buy", "limit", "day", "filled", 11, nil, 10.5, "none", 0, n = 11 })
    lu.assertEquals(rows[2], { 2, "QQQ", "sell", "stop", "gtc", "rejected", nil, 9, nil, "cash", 42, n = 11 })

    local fills = ffi.new "pln_fill[1]"
    fills[0] = { id = 1, order = 1, ts_ns = 1104710400000000000LL, bar = 4, quantity = 5, price = 10.5,
      reference_price = 10.25, fee = 0.5, side = 1 }
    assert(result:add_fills(fills, 1))
    local _, seen = db:query("SELECT fill, order_id, symbol, side, time, bar, quantity, price, reference_price, fee "
      .. "FROM fills")
    lu.assertEquals(seen[1], { 1, 1, "SPY", "buy", "2005-01-03T00:00:00Z", 4, 5, 10.5, 10.25, 0.5, n = 10 })

    local refusals = ffi.new("pln_refusal_count[?]", C.PLN_REFUSAL_COUNT)
    refusals[C.PLN_REFUSAL_CASH] = { count = 3, first_ts_ns = 1, last_ts_ns = 2, first_asked = 10, first_allowed = 1 }
    assert(result:add_refusals(refusals))
    local _, counts = db:query "SELECT name, count, first_symbol, first_asked, first_allowed FROM refusals"
    lu.assertEquals(counts, { { "cash", 3, "SPY", 10, 1, n = 5 } })
  end)
end

function TestStore.test_equity_comes_back_bit_for_bit_in_any_slicing()
  with_store(function(db)
    local run, whole = begin(db)
    local n = 20000
    local rows, columns = equity_rows(n, 0)
    assert(whole:add_equity(rows))
    local sliced = assert(run:add_result { combo = "c0002", portfolio = "main", symbols = { "SPY" } })
    local at = 0
    while at < n do
      local size = math.min(at % 4999 + 1, n - at)
      local part, keep = equity_rows(size, at)
      assert(sliced:add_equity(part))
      at = at + size
      keep[1] = nil
    end
    assert(run:finish { status = "finished" })
    local peak, count = 0, 0
    for row in db:rows("SELECT ts, equity, cash, drawdown_pct, exposure, combo, run FROM equity('c0001')") do
      lu.assertTrue(row[1] == columns[1][count] or row[1] == tonumber(columns[1][count]))
      lu.assertTrue(row[2] == columns[2][count] and row[3] == columns[3][count])
      peak = math.max(peak, row[2])
      lu.assertEquals(row[4], (1 - row[2] / peak) * 100)
      lu.assertEquals(row[5], columns[4][count])
      lu.assertEquals(row[6], "c0001")
      count = count + 1
    end
    lu.assertEquals(count, n)
    local _, blobs = db:query("SELECT group_concat(hex(data), '') FROM equity_chunk GROUP BY result ORDER BY result")
    lu.assertTrue(blobs[1][1] == blobs[2][1])
    local _, sizes = db:query "SELECT sum(length(data)) FROM equity_chunk WHERE result = 1"
    lu.assertTrue(sizes[1][1] < n * 20, "bytes: " .. sizes[1][1])
  end)
end

function TestStore.test_equity_arguments_and_joins()
  with_store(function(db)
    local run, result = begin(db)
    assert(result:add_equity((equity_rows(5, 0))))
    local other = assert(run:add_result { combo = "c0001", portfolio = "second" })
    assert(other:add_equity((equity_rows(7, 0))))
    assert(run:finish { status = "finished" })
    local second = begin(db)
    assert(second:finish { status = "failed", message = "for a test" })
    local function count(sql, ...)
      local columns, rows = db:query("SELECT count(*) FROM " .. sql, ...)
      assert(columns, rows)
      return rows[1][1]
    end
    lu.assertEquals(count "equity('c0001')", 0) -- the newest run has none
    lu.assertEquals(count("equity('c0001', ?)", run.id), 12)
    lu.assertEquals(count("equity('c0001', ?, 'second')", run.id), 7)
    lu.assertEquals(count("equity WHERE run = ? AND portfolio = 'main'", run.id), 5)
    lu.assertEquals(count("equity(NULL, ?)", run.id), 12)
    lu.assertEquals(count "result r JOIN equity(r.combo, r.run, r.portfolio)", 12)
    lu.assertEquals(count("result r, equity e WHERE e.run = r.run AND e.combo = r.combo "
      .. "AND e.portfolio = r.portfolio"), 12)
    lu.assertEquals(count("equity('nothing', ?)", run.id), 0)
    local _, rows = db:query("SELECT time, portfolio FROM equity('c0001', 1) WHERE ts > 1420070400000000000 LIMIT 1")
    lu.assertEquals(rows[1], { "2015-01-01T00:01:00Z", "main", n = 2 })
    local _, messages = db:query "SELECT message FROM runs WHERE status = 'failed'"
    lu.assertEquals(messages[1][1], "for a test")
  end)
end

function TestStore.test_records()
  with_store(function(db)
    local run, result = begin(db)
    local n = 9000
    local ts, values = ffi.new("int64_t[?]", n), ffi.new("double[?]", n)
    for i = 0, n - 1 do ts[i], values[i] = i * 1000000000LL, i == 3 and 0 / 0 or i / 3 end
    assert(result:add_record("spread", ts, values, n))
    assert(result:add_record("other", ts, values, 2))
    assert(result:add_record("other", ts + 2, values + 2, 2))
    assert(run:finish { status = "finished" })
    local _, rows = db:query "SELECT time, value, name, combo FROM records('c0001', 'other')"
    lu.assertEquals(#rows, 4)
    lu.assertEquals(rows[3], { "1970-01-01T00:00:02Z", 2 / 3, "other", "c0001", n = 4 })
    lu.assertNil(rows[4][2])
    local _, counts = db:query "SELECT name, count(*), sum(value IS NULL) FROM records GROUP BY name ORDER BY name"
    lu.assertEquals(counts, { { "other", 4, 1, n = 3 }, { "spread", 9000, 1, n = 3 } })
  end)
end

function TestStore.test_data_files()
  with_store(function(db)
    local run = begin(db)
    local ts = ffi.new("int64_t[2]", { 1104710400000000000LL, 1104796800000000000LL })
    local price = ffi.new("double[2]", { 10, 11 })
    local bars = C.pln_bars_from_arrays("SPY", "1d", 2, ts, price, price, price, price, nil)
    lu.assertTrue(bars ~= nil, abi.last_error())
    assert(run:add_data { bars = bars, quality = { gaps = 1 } })
    C.pln_bars_free(bars)
    local _, rows = db:query("SELECT symbol, timeframe, rows, first_time, last_time, length(content_hash), quality "
      .. "FROM data_files")
    lu.assertEquals(rows[1], { "SPY", "1d", 2, "2005-01-03T00:00:00Z", "2005-01-04T00:00:00Z", 16, '{"gaps":1}',
      n = 7 })
  end)
end

function TestStore.test_a_result_is_there_once()
  with_store(function(db)
    local run = begin(db)
    local result, message = run:add_result { combo = "c0001", portfolio = "main" }
    lu.assertNil(result)
    lu.assertStrContains(message, "UNIQUE")
  end)
end

function TestStore.test_queries()
  with_store(function(db)
    local _, rows = db:query("SELECT ?, ?, ?, ?, ?, x'00ff', 9007199254740993", 1, 2.5, "a\0b", true, nil)
    lu.assertEquals(rows[1][1], 1)
    lu.assertEquals(rows[1][2], 2.5)
    lu.assertEquals(rows[1][3], "a\0b")
    lu.assertEquals(rows[1][4], 1)
    lu.assertNil(rows[1][5])
    lu.assertEquals(rows[1][6], "\0\255")
    lu.assertTrue(rows[1][7] == 9007199254740993LL)
    for sql, expected in pairs {
      ["SELECT missing"] = "SQL:1:8: no such column: missing",
      ["SELECT 1; SELECT 2"] = "more than one statement",
      [""] = "no statement",
      ["-- a comment"] = "no statement",
      ["SELECT ?"] = "found 0 parameters, expected 1",
      ["SELECT abs('x', 1)"] = "wrong number of arguments",
    } do
      local none, message = db:query(sql)
      lu.assertNil(none, sql)
      lu.assertStrContains(message, expected)
    end
    lu.assertErrorMsgContains("parameter 1 of a query: a table", function() db:query("SELECT ?", {}) end)
  end)
end

function TestStore.test_reading_while_another_writes()
  with_store(function(db, path)
    local run, result = begin(db)
    assert(result:add_trades(trades(5), 5))
    local reader = assert(store.open(path, { read_only = true }))
    local _, before = reader:query "SELECT (SELECT status FROM run), (SELECT count(*) FROM trade)"
    lu.assertEquals(before[1], { "running", 0, n = 2 })
    assert(db:commit())
    local _, after = reader:query "SELECT count(*) FROM trade"
    lu.assertEquals(after[1][1], 5)
    local none, message = reader:query "DELETE FROM run"
    lu.assertNil(none)
    lu.assertStrContains(message, "read")
    none, message = reader:begin_run {}
    lu.assertNil(none)
    lu.assertStrContains(message, "reading only")
    reader:close()
    assert(run:finish { status = "finished" })
  end)
end

function TestStore.test_what_is_not_a_store_is_refused()
  local path = temporary()
  local function refused(expected, options)
    local db, message = store.open(path, options)
    lu.assertNil(db, expected)
    lu.assertStrContains(message, expected)
    lu.assertStrContains(message, path)
  end
  local function write(content)
    local file = assert(io.open(path, "w"))
    file:write(content)
    file:close()
  end
  write(("this is text, not a database\n"):rep(100))
  refused "it is not a database"
  refused("it is not a database", { read_only = true })
  write ""
  refused("the database is empty", { read_only = true })
  remove(path)
  refused("no such database", { read_only = true })
  refused("no such database", { must_exist = true })

  local db = assert(store.open(path))
  assert(db:commit())
  db:close()
  -- Bytes 60 … 63 of the header are the user version, 68 … 71 the application id (sqlite.org/fileformat.html).
  local function patch(offset, bytes)
    local file = assert(io.open(path, "r+"))
    file:seek("set", offset)
    file:write(bytes)
    file:close()
  end
  patch(60, "\0\0\0\99")
  refused "a newer Perilune (schema 99"
  refused("a newer Perilune (schema 99", { read_only = true })
  patch(60, "\0\0\0\1")
  patch(68, "\1\2\3\4")
  refused "a SQLite database of another program"
  remove(path)
  path = "/nonexistent/folder/x.db"
  refused "cannot be opened"
  path = "/tmp"
  refused "found a folder"
end

function TestStore.test_rollback_journal()
  local path = temporary()
  local db = assert(store.open(path, { rollback_journal = true }))
  local _, rows = db:query "PRAGMA journal_mode"
  lu.assertEquals(rows[1][1], "delete")
  local run = begin(db)
  assert(run:finish { status = "interrupted" })
  db:close()
  db = assert(store.open(path))
  _, rows = db:query "PRAGMA journal_mode"
  lu.assertEquals(rows[1][1], "wal")
  db:close()
  remove(path)
end

function TestStore.test_closing_ends_everything()
  local path = temporary()
  local db = assert(store.open(path))
  local _, result = begin(db)
  assert(result:add_equity((equity_rows(3, 0))))
  assert(db:close())
  assert(db:close())
  lu.assertErrorMsgContains("the result is closed", function() result:add_trades(nil, 0) end)
  lu.assertErrorMsgContains("the store is closed", function() db:query "SELECT 1" end)
  db = assert(store.open(path, { read_only = true }))
  local _, rows = db:query "SELECT (SELECT status FROM runs), (SELECT count(*) FROM equity)"
  lu.assertEquals(rows[1], { "running", 3, n = 2 })
  db:close()
  remove(path)
end

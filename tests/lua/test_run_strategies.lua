-- Users' strategies inside `perilune run`: callbacks, random numbers, mistakes in each place.
local json = require "json"
local support = require "support"

TestUserStrategies = {}

local BASE = [[
data:
  source: synthetic
  synthetic: {bars: 3000, seed: 5, timeframe: 1h, start: 2020-01-01}
symbols: [MOON]
strategies: [{file: mine.lua}]
]]

--- Runs a strategy file over a synthetic market. Returns status, output, errors, path of the database.
local function run(code, ...)
  local folder = support.folder()
  support.write(folder .. "/mine.lua", code)
  local file = support.write(folder .. "/run.yaml", BASE)
  local status, out, err = support.run("run", file, "--db", folder .. "/p.db", ...)
  return status, out, err, folder .. "/p.db"
end

local CALLER = [[
return strategy {
  on_bar = function(ctx, f, bar, p) %s end,
  on_start = function(ctx, p) %s end,
  on_fill = function(ctx, fill, p) %s end,
  on_order = function(ctx, order, p) %s end,
  on_end = function(ctx, p) %s end,
}
]]
local BUY = "if ctx.position == 0 then ctx:buy{ quantity = 1 } end"

function TestUserStrategies.test_a_mistake_in_any_callback_names_its_line()
  local line = { 2, 3, 4, 5, 6 }
  for _, mistake in ipairs { "local t = nil t.x = 1", "error 'boom'", "while true do end" } do
    for k = 1, 5 do
      local parts = { BUY, "", "", "", "" }
      parts[k] = mistake
      local status, out, err = run(CALLER:format(unpack(parts)))
      lu.assertEquals(status, 1, err)
      lu.assertEquals(out, "")
      lu.assertStrContains(err, ("mine.lua:%d: "):format(line[k]))
      lu.assertNotStrContains(err, "traceback")
      lu.assertNotStrContains(err, "1970")
    end
  end
end

function TestUserStrategies.test_misuse_of_ctx_is_told_where_it_happens()
  for code, message in pairs {
    ["ctx.buy{ quantity = 1 }"] = "with a colon", ["ctx.close()"] = "with a colon",
    ["ctx.cancel_all()"] = "with a colon", ["ctx:cancel(nil)"] = "cancel(nil)", ["ctx:buy{ quantity = 1, tag = 'a' }"] =
    "tag = a", ["ctx:buy{ quantity = 1, tag = 1.5 }"] = "tag = 1.5", ["ctx:buy{ quantity = {} }"] = "expected a number",
    ["ctx:sell{ quantity = 1, symbol = 2 }"] = "symbols 1 to 1", ["ctx:target_percent(0/0)"] = "expected a number",
    ["ctx.x = 1"] = "cannot be set", ["local x = ctx.equty"] = "did you mean 'equity'",
  } do
    local status, _, err = run(CALLER:format(code, "", "", "", ""))
    lu.assertEquals(status, 1, code .. ": " .. err)
    lu.assertStrContains(err, "mine.lua:2: ", false, code)
    lu.assertStrContains(err, message, false, code)
  end
end

local DICE = [[
return strategy {
  state = { n = 0 },
  on_bar = function(ctx, f, bar, p, s)
    if math.random() < 0.1 then ctx:target_quantity(math.random(1, 9)) end
  end,
  on_fill = function(ctx, fill, p, s) s.n = s.n + math.random() end,
}
]]

function TestUserStrategies.test_random_numbers_do_not_depend_on_slices_but_on_the_seed()
  local function equity(...)
    local status, out, err = run(DICE, "--json", ...)
    lu.assertEquals(status, 0, err)
    return json.decode(out).results[1].metrics.equity_final
  end
  local whole = equity()
  lu.assertEquals(equity("--set", "engine.chunk_rows=7"), whole)
  lu.assertEquals(equity("--set", "engine.chunk_rows=1", "--set", "engine.jit=false"), whole)
  lu.assertNotEquals(equity("--set", "seed=2", "--set", "data.synthetic.seed=5"), whole)
end

function TestUserStrategies.test_instances_of_one_strategy_draw_their_own_numbers()
  local status, _, err, db = run([[
    return strategy { signal = function() record("r", math.random()) return FLAT end }
  ]], "--set", "strategies=[{id: a, file: mine.lua}, {id: b, file: mine.lua}]", "--set", "data.synthetic.bars=50")
  lu.assertEquals(status, 0, err)
  local _, out = support.run("sql", "SELECT count(DISTINCT value) FROM records", "--csv", "--db", db)
  lu.assertStrContains(out, "100")
end

local function query(db, sql)
  local status, out, err = support.run("sql", sql, "--csv", "--db", db)
  lu.assertEquals(status, 0, err)
  return out
end

function TestUserStrategies.test_recorded_series_are_stored_and_drawn()
  local code = [[return strategy { signal = function(f, bar) record("gap", bar.high - bar.low) return FLAT end }]]
  local status, out, err, db = run(code)
  lu.assertEquals(status, 0, err)
  lu.assertStrContains(out, "\ngap\n")
  lu.assertStrContains(query(db, "SELECT name, count(*) FROM records('c0001')"), "gap,3000")
  status, out, err, db = run(code, "--set", "symbols=[A, B]",
    "--set", "strategies=[{id: x, file: mine.lua}, {id: y, file: mine.lua, symbols: A}]",
    "--set", "portfolios=[{name: one, strategies: y}, {name: two}]")
  lu.assertEquals(status, 0, err)
  lu.assertStrContains(out, "\nx:A_1h:gap\n")
  lu.assertStrContains(query(db, "SELECT portfolio, name, count(*) FROM records GROUP BY 1, 2"),
    "one,y:A_1h:gap,3000\ntwo,x:A_1h:gap,3000\ntwo,x:B_1h:gap,3000")
end

function TestUserStrategies.test_series_without_end_are_stopped()
  local status, _, err = run [[
return strategy { signal = function(f, bar)
  record("at " .. bar.time, 1)
  return FLAT
end }]]
  lu.assertEquals(status, 1)
  lu.assertStrContains(err, "mine.lua:2: ")
  lu.assertStrContains(err, "at most 256")
end

function TestUserStrategies.test_items_without_what_they_are_and_amounts_beyond_reason()
  for set, message in pairs {
    ["strategies.0={}"] = "expected the type of a strategy, or its file",
    ["classifiers.0={}"] = "expected the type of a classifier, or its file",
    ["symbols=[{symbol: A, multiplier: 1e308}]"] = "multiplier: 1e308 is above",
    ["portfolios=[{capital: 1e300}]"] = "capital: 1e300 is above",
  } do
    local status, _, err = run("return strategy { signal = function() return LONG end }", "--set", set)
    lu.assertEquals(status, 2, set)
    lu.assertStrContains(err, message)
  end
end

function TestUserStrategies.test_two_exports_do_not_share_a_file()
  local status, _, err = run("return strategy { signal = function() return FLAT end }", "--trades", "x.csv", "--equity",
    "x.csv")
  lu.assertEquals(status, 2)
  lu.assertStrContains(err, "--trades and --equity name the same file")
end

function TestUserStrategies.test_csv_files_tell_portfolios_apart()
  local folder = support.folder()
  local status, _, err = run([[return strategy { signal = function() return LONG end }]], "--quiet",
    "--set", "portfolios=[{name: one}, {name: two}]", "--set", "execution.finalize_trades=true",
    "--trades", folder .. "/t.csv", "--orders", folder .. "/o.csv", "--equity", folder .. "/e.csv")
  lu.assertEquals(status, 0, err)
  for _, kind in ipairs { "t", "o", "e" } do
    local text = support.read(("%s/%s.csv"):format(folder, kind))
    lu.assertStrContains(text, "c0001/one,")
    lu.assertStrContains(text, "c0001/two,")
  end
end

function TestUserStrategies.test_a_run_without_trades_says_why()
  for _, case in ipairs {
    { "signal = function() return FLAT end", "FLAT on every bar" },
    { "signal = function() return LONG end", "1 of 1 order filled, but no position was closed" },
    { "on_bar = function() end", "placed no order" },
    { "on_bar = function(ctx) if ctx.pending == 0 then ctx:buy{ quantity = 1, limit = 1 } end end",
      "none of 1 order was filled" },
    { "features = function(p, x) return { a = x.sma(5000) } end, signal = function(f) return LONG end",
      "never became warm" },
    { "signal = function() return LONG end", "no bar between data.start and data.end: its data goes from 2020-01-01",
      "data.start=2030-01-01" },
    { "signal = function() return LONG end", "refused: 1 x zero_quantity", "portfolios=[{capital: 1}]" },
    { "signal = function() return SHORT end", "refused: 1 x short_not_allowed", "portfolios=[{allow_short: false}]" },
  } do
    local status, out, err = run(("return strategy { %s }"):format(case[1]), "--set", case[3] or "seed=1")
    lu.assertEquals(status, 0, err)
    lu.assertStrContains(out, "no trades: ")
    lu.assertStrContains(out, case[2])
  end
end

function TestUserStrategies.test_the_bar_is_whole_however_it_is_reached()
  local sums = {}
  for k, code in ipairs {
    "signal = function(f, bar) record('c', bar.close) return FLAT end",
    "signal = function(...) local f, bar = ... record('c', bar.close) return FLAT end",
    "signal = function(f, bar) local b = { bar } record('c', b[1].close) return FLAT end",
    "signal = function(f, bar) local k = 'close' record('c', bar[k]) return FLAT end",
    "on_bar = function(ctx, f, bar) local function c() return bar.close end record('c', c()) end",
  } do
    local status, _, err, db = run(("return strategy { %s }"):format(code))
    lu.assertEquals(status, 0, err)
    sums[k] = query(db, "SELECT sum(value) FROM records('c0001', 'c')")
    lu.assertEquals(sums[k], sums[1], code)
  end
  local _, _, err = run "return strategy { signal = function() error 'no' end }"
  lu.assertStrContains(err, "open=")
  lu.assertNotStrContains(err, "close=0 ")
end

function TestUserStrategies.test_what_the_loop_budget_cannot_count_is_stopped()
  for _, code in ipairs {
    "local s = ('a'):rep(40) s:find(('a?'):rep(40) .. s)", "string.find(('a'):rep(1e5), '.-.-.-.-b')",
    "for i = 1, 1e5 do (('a'):rep(1000)):gsub('.', '%0%0') end", "while true do (('ab'):rep(1e6)):upper() end",
  } do
    local status, _, err = run(("return strategy { signal = function(f, bar)\n%s return FLAT end }"):format(code))
    lu.assertEquals(status, 1, code)
    lu.assertStrContains(err, "mine.lua:2: ", false, code)
    lu.assertStrContains(err, "loop budget", false, code)
  end
  local status, _, err = run("return strategy { signal = function(f, bar)\nwhile true do end return FLAT end }",
    "--set", "engine.loop_budget=1000000000000", "--set", "engine.timeout_s=0.5", "--set", "engine.jit=false")
  lu.assertEquals(status, 1, err)
  lu.assertStrContains(err, "mine.lua:2: ")
  lu.assertStrContains(err, "did not come back within 0.5 s")
end

function TestUserStrategies.test_arrays_are_gone_through()
  local status, _, err = run([[
return strategy {
  state = { ring = array(3, 2) }, symbols = 2,
  features = function(p, x) return { c = x:each(function(symbol) return symbol.close end) } end,
  signal = function(f, bar, p, s)
    local sum, n = 0, 0
    for i, value in ipairs(s.ring) do sum, n = sum + value, i end
    for k, close in ipairs(f.c) do assert(close == bar[k].close) n = n + 1 end
    for k, one in ipairs(bar) do assert(one.close == f.c[k]) n = n + 1 end
    for _, value in ipairs { 1, 2 } do sum = sum + value end
    assert(sum == 9 and n == 7)
  end,
}]], "--set", "symbols=[A, B]")
  lu.assertEquals(status, 0, err)
end

function TestUserStrategies.test_recursions_are_stopped()
  for _, code in ipairs {
    "local function f() return (('x'):gsub('x', f)) end", "local function f(a, b) table.sort({ 1, 2, 3 }, f) end",
    "local function f(n) return 1 + f(n) end", "local function f() return f() end",
  } do
    local status, _, err = run(code .. "\nreturn strategy { signal = function() f() return FLAT end }")
    lu.assertEquals(status, 1, code)
    -- Where the stack is full to the brim, only the callback's own line is known.
    lu.assertTrue(err:find("mine.lua:1: ", 1, true) ~= nil or err:find("mine.lua:2: stack overflow", 1, true) ~= nil,
      code .. "\n" .. err)
  end
end

function TestUserStrategies.test_ordinary_patterns_are_no_matter()
  local status, _, err = run [[
return strategy { signal = function(f, bar)
  local name, number = ("  level_17 "):match "^%s*(%a+)_(%d+)%s*$"
  assert(name == "level" and number == "17" and ("a,b"):gsub(",", ";") == "a;b")
  for word in ("one two three"):gmatch "%a+" do assert(#word >= 3 and word:upper() ~= word) end
  return FLAT
end }]]
  lu.assertEquals(status, 0, err)
end

-- Starts a run that would take long, signals it once it has written something, and waits for its end.
local function stopped_by(signal, work, jit)
  local folder = support.folder()
  support.write(folder .. "/mine.lua", ([[
    return strategy { features = function(p, x) return { a = x.sma(200) } end, signal = function(f, bar)
      local n = 0
      for i = 1, %d do n = n + math.random() end
      return n > 500 and LONG or SHORT
    end }]]):format(work))
  local file = support.write(folder .. "/run.yaml", BASE)
  -- Job control, because without it a shell's background jobs ignore Ctrl-C.
  local script = support.write(folder .. "/go", ([[
    set -m
    %s run '%s' --db '%s/p.db' --trades '%s/t.csv' --set data.synthetic.bars=1000000 \
      --set data.synthetic.timeframe=1m --set engine.jit=%s >'%s/out' 2>'%s/err' &
    for i in $(seq 200); do [ -e '%s/p.db' ] && break; sleep 0.1; done
    sleep 0.5
    kill -%s $!
    wait $!
    echo $? >'%s/status'
  ]]):format(support.perilune, file, folder, folder, tostring(jit), folder, folder, folder, signal, folder))
  os.execute("timeout 60 bash " .. script .. " 2>/dev/null")
  return folder, tonumber(support.read(folder .. "/status"))
end

function TestUserStrategies.test_ctrl_c_ends_a_run_cleanly()
  local folder, status = stopped_by("INT", 1000, true)
  lu.assertEquals(status, 130, support.read(folder .. "/err"))
  lu.assertEquals(support.read(folder .. "/out"), "")
  lu.assertStrContains(query(folder .. "/p.db", "SELECT status, message, bars < 1000000 FROM runs"),
    "interrupted,interrupted,1")
  lu.assertNil(io.open(folder .. "/t.csv"), "no half-written file")
end

function TestUserStrategies.test_ctrl_c_reaches_into_a_slice_that_takes_long()
  local folder, status = stopped_by("INT", 500000, false)
  lu.assertEquals(status, 130, support.read(folder .. "/err"))
  lu.assertEquals(support.read(folder .. "/err"):match "^[^;\n]*", "perilune: interrupted")
end

function TestUserStrategies.test_a_killed_run_leaves_a_readable_database()
  local folder, status = stopped_by("KILL", 1000, true)
  lu.assertEquals(status, 137)
  lu.assertStrContains(query(folder .. "/p.db", "SELECT status FROM runs"), "running")
  lu.assertStrContains(query(folder .. "/p.db", "PRAGMA integrity_check"), "ok")
end

function TestUserStrategies.test_results_db_none_keeps_nothing_and_failures_say_why()
  local folder = support.folder()
  local file = support.write(folder .. "/run.yaml", BASE .. "results: {db: none}\n")
  support.write(folder .. "/mine.lua", "return strategy { signal = function() return FLAT end }")
  local status, out, err = support.run("run", file)
  lu.assertEquals(status, 0, err)
  lu.assertNotStrContains(out, "perilune sql")
  lu.assertNil(io.open "none")
  local db
  status, out, err, db = run "return strategy { signal = function() error 'so it is' end }"
  lu.assertEquals(status, 1, out .. err)
  lu.assertStrContains(query(db, "SELECT status, message FROM runs"), "so it is")
end

function TestUserStrategies.test_a_grid_is_ranked_with_what_differs()
  local status, out, err = run("return strategy { params = { n = 5 }, signal = function(f, bar, p)\n"
    .. "return bar.time / 3600 % p.n < 2 and LONG or FLAT end }", "--set", "strategies.0.params.n=[4, 6, 9]")
  lu.assertEquals(status, 0, err)
  for _, text in ipairs { "c0001", "c0002", "c0003", "n=4", "n=6", "n=9", "Sharpe Ratio" } do
    lu.assertStrContains(out, text)
  end
end

function TestUserStrategies.test_orders_without_end_are_stopped()
  for n, message in pairs {
    [100000] = "orders take more than the loop budget", [1000] = "100000 orders are pending",
  } do
    local status, _, err = run(([[
return strategy { on_bar = function(ctx)
  for i = 1, %d do ctx:buy{ quantity = 1, limit = 1 } end
end }]]):format(n))
    lu.assertEquals(status, 1)
    lu.assertStrContains(err, "mine.lua:2: " .. message)
  end
end

function TestUserStrategies.test_results_keep_what_is_asked_for()
  local folder = support.folder()
  local code = "return strategy { signal = function(f, bar) return bar.time % 36000 < 18000 and LONG or FLAT end }"
  local status, _, err, db = run(code, "--quiet", "--set", "results.trades=false", "--set", "results.orders=false",
    "--set", "results.equity=none", "--trades", folder .. "/t.csv", "--orders", folder .. "/o.csv")
  lu.assertEquals(status, 0, err)
  lu.assertStrContains(support.read(folder .. "/t.csv"), "\nc0001,1,MOON,long,")
  lu.assertStrContains(support.read(folder .. "/o.csv"), "\nc0001,1,MOON,buy,")
  lu.assertStrContains(query(db, "SELECT (SELECT count(*) FROM trades) + (SELECT count(*) FROM orders) + "
    .. "(SELECT count(*) FROM fills) + (SELECT count(*) FROM equity('c0001')) AS n"), "n\n0\n")
end

function TestUserStrategies.test_fills_and_orders_come_back_with_what_was_asked()
  local status, _, err = run([[
return strategy {
  state = { fills = 0, canceled = 0, refused = 0, first = 0, waiting = 0 },
  on_bar = function(ctx, f, bar, p, s)
    if s.first == 0 then
      s.first = ctx:buy{ quantity = 3, tag = 77 }
      s.waiting = ctx:buy{ quantity = 1, limit = 0.01, tag = 5 }
      local id, why = ctx:buy{ quantity = 0.001 }
      assert(id == nil and why == "zero_quantity", why)
    elseif ctx.pending == 1 then
      assert(ctx:cancel(s.waiting) and not ctx:cancel(s.waiting))
    end
  end,
  on_fill = function(ctx, fill, p, s)
    assert(fill.order == s.first and tonumber(fill.order) == s.first and fill.tag == 77 and fill.side == 1)
    assert(fill.quantity == 3 and fill.price > 0 and fill.fee == 0 and ctx:symbol_of(fill) == 1)
    assert(ctx.position == 3 and ctx:position_of(1).average_price == fill.price)
    s.fills = s.fills + 1
  end,
  on_order = function(ctx, order, p, s)
    if order.status_name == "filled" then
      assert(order.tag == 77 and order.filled == 3 and order.refusal_name == "none", order.refusal_name)
    elseif order.status_name == "canceled" then
      assert(order.tag == 5 and order.id == s.waiting and order.limit_price == 0.01)
      s.canceled = s.canceled + 1
    else
      assert(order.status_name == "rejected" and order.refusal_name == "zero_quantity")
      s.refused = s.refused + 1
    end
  end,
  on_end = function(ctx, p, s) assert(s.fills == 1 and s.canceled == 1 and s.refused == 1) end,
}]])
  lu.assertEquals(status, 0, err)
  for field, message in pairs { prise = "a fill has no 'prise', did you mean 'price'?" } do
    status, _, err = run(CALLER:format(BUY, "", "log(fill." .. field .. ")", "", ""))
    lu.assertEquals(status, 1)
    lu.assertStrContains(err, "mine.lua:4: " .. message)
  end
end

function TestUserStrategies.test_tables_of_the_file_are_constants()
  for _, code in ipairs {
    "local t = { a = { b = 1 } }\nlocal function change(x) x.b = x.b + 1 end\n"
      .. "return strategy { signal = function() change(t.a) return FLAT end }",
    "local t = { 1 }\nlocal function change(x) table.insert(x, 2) end\n"
      .. "return strategy { on_bar = function() change(t) end }",
    "local t = { 1 }\nlocal function change(x) x[1] = nil end\nlocal function deeper() change(t) end\n"
      .. "return strategy { symbols = 'all', signal = function() deeper() end }",
  } do
    local status, _, err = run(code)
    lu.assertEquals(status, 1, code)
    lu.assertStrContains(err, "'t', a table of the file, was changed")
  end
  local status, _, err = run("local t = { 1, 0 / 0, { 'x' } }\nlocal function read(x) return x[1] end\n"
    .. "return strategy { signal = function() local own = { read(t) } own[2] = 1 return FLAT end }")
  lu.assertEquals(status, 0, err)
end

function TestUserStrategies.test_messages_do_not_speak_of_structs()
  for code, message in pairs {
    ["return f()"] = "this value is not callable", ["return math.random(0)"] = "interval is empty",
    ["for k in pairs(s) do log(k) end"] = "pairs goes over tables", ["return s.r.x"] = "indexed by numbers",
    ["return ipairs(s)"] = "attempt to get length",
  } do
    local status, _, err = run(("return strategy {\nstate = { r = array(3) },\nsignal = function(f, bar, p, s)\n%s\n"
      .. "return FLAT end }"):format(code:gsub("return", "do return", 1) .. (code:find "^return" and " end" or "")))
    lu.assertEquals(status, 1, code)
    lu.assertStrMatches(err:match "^[^\n]*", ".*mine%.lua:[34]: .*")
    lu.assertStrContains(err, message, false, code)
    lu.assertNotStrContains(err, "drain loop")
    lu.assertNotStrContains(err, "struct")
  end
  local _, _, err = run "return strategy { signal = function(f, bar) return bar > 3 and LONG or FLAT end }"
  lu.assertStrContains(err, "attempt to compare 'number' with 'bar'")
end

function TestUserStrategies.test_json_of_a_run_that_is_not_stored()
  local folder = support.folder()
  support.write(folder .. "/mine.lua", "return strategy { signal = function() return FLAT end }")
  local _, out = support.run("run", support.write(folder .. "/run.yaml", BASE), "--db", "none", "--json")
  lu.assertEquals(json.decode(out).run.id, json.null)
end

local PAIR = [[
return strategy {
  symbols = "all", params = { n = 5 },
  features = function(p, x) return { own = x:each(function(symbol) return symbol.close end), mean = x[1].sma(p.n) } end,
  on_bar = function(ctx, f, bar, p)
    for k = 1, #bar do assert(bar[k].close == f.own[k] and bar[k].high >= bar[k].low) end
    if f.mean > bar[1].close then
      ctx:target_percent(30, 1) ctx:target_percent(-30, #bar)
    else
      ctx:close(1) ctx:close(#bar)
    end
    record("gross", math.abs(ctx:position_of(1).quantity) + math.abs(ctx:position_of(#bar).quantity))
  end,
  on_fill = function(ctx, fill) assert(ctx:symbol_of(fill) ~= nil) end,
}
]]

function TestUserStrategies.test_orders_over_several_symbols()
  for _, symbols in ipairs { "[A, B]", "[A, B, C, D, E, F, G, H]" } do
    local first
    for _, rows in ipairs { 4096, 50, 1 } do
      local status, _, err, db = run(PAIR, "--set", "symbols=" .. symbols, "--set", "engine.chunk_rows=" .. rows)
      lu.assertEquals(status, 0, err)
      local sums = query(db, "SELECT count(*), sum(pnl), (SELECT sum(value) FROM records) FROM trades")
      lu.assertNotStrContains(sums, "\n0,")
      first = first or sums
      lu.assertEquals(sums, first)
    end
  end
  local status, _, err = run("return strategy { symbols = 2, on_bar = function(ctx, f, bar)\nerror 'no' end }", "--set",
    "symbols=[A, B]")
  lu.assertEquals(status, 1)
  lu.assertStrContains(err, "mine.lua:2: no\n  A_1h bar ")
  lu.assertStrContains(err, "\n  B_1h bar ")
end

local CLASSIFIER = [[
return classifier {
  regimes = { "up", "down" },
  features = function(p, x) return { mean = x.sma(x.close, 50) } end,
  classify = function(f, bar) %s end,
}
]]

local function run_with_classifier(classify, strategy, ...)
  local folder = support.folder()
  support.write(folder .. "/mine.lua", strategy)
  support.write(folder .. "/regimes.lua", CLASSIFIER:format(classify))
  local file = support.write(folder .. "/run.yaml", BASE:gsub("mine.lua", "mine.lua, classifier: regimes")
    .. "classifiers: [{file: regimes.lua}]\n")
  local status, out, err = support.run("run", file, "--db", folder .. "/p.db", ...)
  return status, out, err, folder .. "/p.db"
end

function TestUserStrategies.test_strategies_wait_for_their_classifier()
  for _, strategy in ipairs {
    "return strategy { signal = function(f, bar) record('r', f.regime) return f.regime == 1 and LONG or SHORT end }",
    "return strategy { on_bar = function(ctx, f) record('r', f.regime) ctx:target_percent(20 * f.regime) end }",
  } do
    for _, rows in ipairs { "7", "4096" } do
      local status, out, err, db = run_with_classifier("return bar.close > f.mean and 'up' or 2", strategy, "--set",
        "engine.chunk_rows=" .. rows)
      lu.assertEquals(status, 0, err)
      lu.assertStrContains(out, "regimes: regimes on MOON_1h: up ")
      lu.assertStrContains(query(db, "SELECT min(value), max(value), count(*) FROM records WHERE name LIKE '%:r'"),
        "\n1,2,2951\n")
    end
  end
end

function TestUserStrategies.test_mistakes_of_classifiers_and_about_regimes()
  local strategy = "return strategy { signal = function(f) return f.regime == 1 and LONG or FLAT end }"
  for code, message in pairs {
    ["return 'sideways'"] = 'classify returned "sideways", expected one of up, down', ["return 3"] = "returned 3",
    ["error 'no'"] = "no", ["while true do end"] = "loop budget",
  } do
    local status, _, err = run_with_classifier(code, strategy)
    lu.assertEquals(status, 1)
    lu.assertStrContains(err, "regimes.lua:4: ")
    lu.assertStrContains(err, message)
    lu.assertStrContains(err, "mean=")
  end
  local status, _, err = run(strategy)
  lu.assertEquals(status, 1)
  lu.assertStrContains(err, "mine.lua:1: there is no f.regime: no classifier is named")
end

function TestUserStrategies.test_a_level_that_is_returned_over_several_symbols_is_a_mistake()
  local status, _, err = run("return strategy { symbols = 2, signal = function(f, bar, p, s, out) return LONG end }",
    "--set", "symbols=[A, B]")
  lu.assertEquals(status, 1)
  lu.assertStrContains(err, "mine.lua:1: signal returned 1, expected nothing")
end

function TestUserStrategies.tearDown() support.cleanup() end

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

function TestUserStrategies.tearDown() support.cleanup() end

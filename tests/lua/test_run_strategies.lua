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

function TestUserStrategies.tearDown() support.cleanup() end

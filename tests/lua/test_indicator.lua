-- Indicators written in Lua: what a file may declare, what the hub gets, and what is said of mistakes.
local ffi = require "ffi"
local check = require "indicator_check"
local expression = require "expression"
local feature = require "feature"
local harness = require "harness"
local indicator_hub = require "indicator_hub"
local registry = require "registry"
local support = require "support"
local synth = require "synth"

TestIndicator = {}

local bars

function TestIndicator.setUp() bars = bars or assert(synth.bars({ bars = 3000, seed = 5 }, "SYN", 0)) end
function TestIndicator.tearDownClass() support.cleanup() end

local function library_with(...)
  local library = indicator_hub.library { environment = false }
  for _, source in ipairs { ... } do library:add(assert(registry.compile(source, "mine.lua"))) end
  return library
end

local function values(expressions, library, options)
  options = options or {}
  options.library = library
  return feature.compute(options.bars or bars, expressions, options)
end

local function same(a, b, n)
  for i = 0, n - 1 do
    if a[i] ~= b[i] and (a[i] == a[i] or b[i] == b[i]) then return false, i end
  end
  return true
end

local EMA = [[
return indicator {
  name = "my_ema", help = "Average", group = "trend", formula = "as ema",
  params = { period = { 20, min = 1, max = 1000, help = "rows" }, seed = { "sma", choices = { "sma", "first" } } },
  outputs = { "value", "gap" },
  state = { n = 0, e = 0 },
  warmup = function(p) return p.seed == "first" and 0 or p.period - 1 end,
  step = function(s, x, p)
    s.n = s.n + 1
    if p.seed == "first" and s.n == 1 then
      s.e = x
    elseif p.seed == "sma" and s.n < p.period then
      s.e = s.e + x
      return
    elseif p.seed == "sma" and s.n == p.period then
      s.e = (s.e + x) / p.period
    else
      s.e = s.e + 2 / (p.period + 1) * (x - s.e)
    end
    return s.e, x - s.e
  end,
}]]

function TestIndicator.test_it_is_like_a_built_in_one()
  local library = library_with(EMA)
  local columns, warmups = assert(values({ "my_ema(20)", "ema(20)", "my_ema(rsi(14), 5, first)",
    "ema(rsi(14), 5, seed=first)", "sma(my_ema(9).gap, 3)", "my_ema(9, seed=sma).gap", "close - my_ema(9)",
    "my_ema()" }, library))
  lu.assertEquals(warmups, { 19, 19, 14, 14, 10, 8, 8, 19 })
  for i = 0, 2999 do
    lu.assertTrue(i < 19 == (columns[1][i] ~= columns[1][i]))
    if i >= 19 then lu.assertAlmostEquals(columns[1][i], columns[2][i], 1e-10) end
    if i >= 14 then lu.assertAlmostEquals(columns[3][i], columns[4][i], 1e-10) end
  end
  lu.assertTrue(same(columns[6], columns[7], 3000))
  lu.assertTrue(same(columns[1], columns[8], 3000))
end

-- Equal calls are one node; scopes, further columns with holes and slices of any size work as for built-in ones.
function TestIndicator.test_the_hub_shares_and_joins()
  local library = library_with(EMA)
  local hub = assert(feature.hub(64, library))
  assert(hub:add_stream(bars))
  local one = assert(hub:add(0, "my_ema(5)"))
  local n = hub:nodes()
  lu.assertEquals(assert(hub:add(0, "my_ema(source=close, period=5)")), one)
  lu.assertEquals(hub:nodes(), n)
  local C = require("abi").C
  local timeframe = ffi.new "pln_timeframe"
  C.pln_timeframe_parse("5m", timeframe)
  local coarse = ffi.gc(C.pln_bars_resample(bars, timeframe, nil), C.pln_bars_free)
  local scoped = { "SYN_5m.my_ema(3)", "my_ema(SYN_5m.my_ema(2).gap, 4)" }
  local a = assert(values(scoped, library, { streams = { coarse } }))
  for _, rows in ipairs { 1, 13, 1000 } do
    local b = assert(values(scoped, library, { streams = { coarse }, chunk_rows = rows }))
    for k = 1, 2 do lu.assertTrue(same(a[k], b[k], 3000)) end
  end
end

-- What the hub does with states it does with those in Lua: a peek leaves one as it was, a saved one goes on in another
-- hub.
function TestIndicator.test_peek_save_and_load()
  local library = library_with(EMA, [[
return indicator { name = "ring", params = { n = 5 }, state = { i = 0, last = array "n" },
  warmup = function(p) return p.n end,
  step = function(s, x, p)
    s.i = s.i % p.n + 1
    local before = s.last[s.i]
    s.last[s.i] = x
    return x - before
  end }]])
  local list = { "my_ema(5)", "ring(7)", "ring(my_ema(3), 4)" }
  local whole = assert(values(list, library))
  local function fresh()
    local hub = assert(feature.hub(100, library))
    assert(hub:add_stream(bars))
    for k, text in ipairs(list) do lu.assertEquals(assert(hub:add(0, text)), k - 1) end
    assert(hub:seal())
    return hub
  end
  local hub = fresh()
  for _ = 1, 29 do
    assert(hub:advance())
    local _, next_row = hub:rows(0)
    local row = { ts_ns = bars.ts_ns[next_row], open = bars.open[next_row], high = bars.high[next_row],
      low = bars.low[next_row], close = bars.close[next_row], volume = bars.volume[next_row] }
    for _ = 1, 2 do
      local out = assert(hub:peek(0, row))
      for k = 1, 3 do lu.assertEquals(out[k - 1], whole[k][next_row]) end
    end
    local bytes = assert(hub:save())
    hub = fresh()
    assert(hub:load(bytes))
  end
  assert(hub:advance())
  for k = 1, 3 do lu.assertEquals(hub:column(k - 1)[99], whole[k][2999]) end
end

function TestIndicator.test_inputs_outputs_and_states()
  local library = library_with([[
return indicator {
  name = "span", inputs = { "high", "low" }, outputs = { "value", "widest" }, valid = true,
  params = { k = 1.5, on = true },
  state = function(p) return { ring = array(p.k * 2, 7), seen = false } end,
  step = function(s, x, p)
    local first = s.seen
    s.seen = true
    s.ring[#s.ring] = p.on and x.high - x.low or -1
    return s.ring[1] * p.k, s.ring[3], first
  end,
}]], [[
return indicator {
  name = "between", inputs = { "a", "b" }, step = function(s, x) return x.a - x.b end,
}]], [[
return indicator {
  name = "typical", inputs = { "hlc3", "volume" }, step = function(s, x) return x.hlc3 * x.volume end,
}]])
  local c = assert(values({ "span()", "span(2, true).widest", "span.valid", "span(on=false).widest", "high - low",
    "between(high, low)", "typical()", "hlc3 * volume", "typical(close, volume=high)", "close * high" }, library))
  lu.assertEquals(c[1][5], 7 * 1.5)
  lu.assertEquals(c[2][5], 7) -- four numbers: the third is never set
  lu.assertEquals({ c[3][0], c[3][1] }, { 0, 1 })
  lu.assertEquals(c[4][9], -1)
  lu.assertTrue(same(c[5], c[6], 3000))
  lu.assertTrue(same(c[7], c[8], 3000))
  lu.assertTrue(same(c[9], c[10], 3000))
end

function TestIndicator.test_arrays_are_checked()
  local function message(step)
    local library = library_with(([[
return indicator { name = "odd", params = { n = 3 }, state = { ring = array "n" },
  step = function(s, x, p)
    %s
    return s.ring[1]
  end,
}]]):format(step))
    return select(2, values({ "odd()" }, library))
  end
  lu.assertStrContains(message "s.ring[4] = 1", "mine.lua:3: index 4 is outside of the array's 1 to 3")
  lu.assertStrContains(message "s.ring[1.5] = 1", "index 1.5")
  lu.assertStrContains(message "x = s.ring[0]", "mine.lua:3: index 0")
  lu.assertStrContains(message "s['rung'] = 1", "the state has no field 'rung', did you mean 'ring'?")
end

-- What is remembered elsewhere than in the state is told when the file is loaded.
function TestIndicator.test_declarations_are_checked()
  local function refused(source, part)
    local def, message = registry.compile(source, "mine.lua")
    lu.assertNil(def)
    lu.assertStrContains(message, part)
  end
  local function body(fields) return ("return indicator { name = 'x1',\n%s }"):format(fields) end
  local STEP = "step = function(s, x, p) return x end"
  refused(body "help = 'x'", "mine.lua:1: an indicator needs step")
  refused(body("setp = 1, " .. STEP), "mine.lua:2: unknown key 'setp' in indicator{…}, did you mean 'step'?")
  refused(body("signal = function() end, " .. STEP), "'signal' belongs to a strategy, this is an indicator")
  refused(("return indicator { name = 'ema', %s }"):format(STEP), "'ema' is built in: choose another name")
  refused(("return indicator { name = 'close', %s }"):format(STEP), "'close' is a column")
  refused(("return indicator { name = 'a-b', %s }"):format(STEP), "'a-b' is not a name")
  refused(body("inputs = { 'high', 'mine' }, " .. STEP), "mine.lua:2: inputs: columns and series")
  refused(body("outputs = {}, " .. STEP), "outputs must be a list of names")
  refused(body("outputs = { 'a', 'a' }, " .. STEP), "'a' is there twice")
  refused(body("params = { mode = { 'a' } }, " .. STEP), "parameter 'mode': a text needs choices")
  refused(body("params = { n = { 5, min = 6 } }, " .. STEP), "parameter 'n': its default")
  refused(body("warmup = 'soon', " .. STEP), "warmup is a string")
  refused(body("state = { ring = array 'm' }, params = { n = 3 }, " .. STEP), "there is no parameter of that name")
  refused(body "step = function(s, x, p) return p.perod end, params = { period = 3 }", "there is no parameter 'perod'")
  refused(body "step = function(s, x, p) return x.close end", "mine.lua:2: there is no input 'close': with one input")
  refused(body "step = function(s, x, p) return x.hig end, inputs = { 'high', 'low' }", "did you mean 'high'?")
  refused(body "step = function(s, x, p) return s.n end, state = { m = 0 }", "there is no state field 'n'")
  refused(body "step = function(s, x, p) return math.random() end", "math.random is not available in an indicator")
  refused(body "step = function(s, x, p) return os.time() end", "os is not available")
  refused("local n = 0\n" .. body "step = function(s, x, p)\nn = n + 1\nreturn n end", "mine.lua:4: assignment to 'n'")
  refused("local t = {}\n" .. body "step = function(s, x, p)\nt.n = 1\nreturn 1 end", "mine.lua:4: change of 't'")
  refused(body "step = function(s, x, p) x.high = 1 return 1 end, inputs = { 'high', 'low' }", "inputs are read-only")
end

function TestIndicator.test_mistakes_while_it_runs()
  local function message(fields, call)
    local library = library_with(("return indicator { name = 'x1', params = { n = 3 },\n%s }"):format(fields))
    local columns, text = values({ call or "x1(4)" }, library)
    lu.assertNil(columns)
    return text
  end
  local text = message("state = { i = 0 }, step = function(s, x, p)\ns.i = s.i + 1\n"
    .. "return s.i == 2500 and 0 / 0 or x end")
  lu.assertStrContains(text, "mine.lua:2: step returned nan as output 'value' after its warm-up of 0 rows, expected a "
    .. "finite number\n  x1(n = 4), row 2499 of its input: source=")
  lu.assertStrContains(message "step = function(s, x, p) return x / 0 end", "returned inf")
  lu.assertStrContains(message "step = function(s, x, p) end", "returned nothing as output 'value'")
  lu.assertStrContains(message "step = function(s, x, p) return 'a' end", 'returned "a"')
  lu.assertStrContains(message "outputs = { 'a', 'b' }, step = function(s, x, p) return x end", "nothing as output 'b'")
  lu.assertStrContains(message "valid = true, step = function(s, x, p) return x, 1 end", "1 as output 'valid'")
  lu.assertStrContains(message "step = function(s, x, p)\nreturn x + nil end", "mine.lua:3: attempt to perform")
  lu.assertStrContains(message "step = function(s, x, p) error 'no' end", "mine.lua:2: no\n  x1(n = 4), row 0")
  lu.assertStrContains(message "step = function(s, x, p)\nwhile true do end end", "mine.lua:3: loop budget of")
  lu.assertStrContains(message "step = function(s, x, p) log 'x' return 1 end", "log is not available in an indicator")
  lu.assertStrContains(message "warmup = function(p) return -1 end, step = function(s, x) return x end",
    "mine.lua:2: x1(n = 4): warmup gave -1")
  lu.assertStrContains(message "warmup = function(p) return p.n.x end, step = function(s, x) return x end",
    "mine.lua:2: ")
  lu.assertStrContains(message("step = function(s, x) return x end", "x1(0.5)"), "whole number")
  lu.assertStrContains(message("step = function(s, x) return x end", "x1(m=3)"), "no parameter 'm'")
  lu.assertStrContains(message("step = function(s, x) return x end", "x2(3)"), "no indicator 'x2'")
end

function TestIndicator.test_folders()
  local folder = support.folder()
  support.write(folder .. "/my_ema.lua", EMA)
  support.write(folder .. "/broken.lua", "return indicator {")
  support.write(folder .. "/bh.lua", "return strategy { signal = function() return LONG end }")
  local library = indicator_hub.library { folders = { folder }, environment = false }
  local defs, errors = library:list()
  lu.assertEquals({ #defs, defs[1].name, #errors }, { 1, "my_ema", 1 })
  lu.assertNotNil(values({ "my_ema(3)" }, library))
  lu.assertStrContains(select(2, values({ "broken(3)" }, library)), "broken.lua:1: ")
  lu.assertStrContains(select(2, values({ "my_emma(3)" }, library)), "did you mean 'my_ema'?")
  local info = assert(feature.info("my_ema", library))
  lu.assertEquals({ info.group, info.lookback, info.example, info.params[2].words[2], info.file },
    { "trend", 19, "my_ema(20, sma)", "first", folder .. "/my_ema.lua" })
  lu.assertEquals(#assert(feature.search({ "my_ema" }, library)), 1)
  lu.assertEquals(#feature.list(library), #feature.built_in() + 1)
  local names = {}
  for _, entry in ipairs(registry.new({ folders = { folder }, environment = false }):list()) do
    names[entry.name] = entry.kind or "broken"
  end
  lu.assertEquals({ names.my_ema, names.bh }, { nil, "strategy" })
end

function TestIndicator.test_the_builder_knows_it()
  local x = expression.builder("SYN_1m", nil, library_with(EMA))
  lu.assertEquals(tostring(x.my_ema(x.close, 20, "first").gap), "my_ema(close, 20, first).gap")
  lu.assertEquals(tostring(x.my_ema(5, { seed = "sma" })), "my_ema(5, seed=sma)")
  lu.assertErrorMsgContains("my_ema has no output 'gaps', did you mean 'gap'?", function() return x.my_ema(5).gaps end)
  lu.assertErrorMsgContains("'frist' is not one of its words: first, sma, did you mean 'first'?",
    function() return x.my_ema(5, "frist") end)
  lu.assertErrorMsgContains("unknown indicator 'my_emma', did you mean 'my_ema'?", function() return x.my_emma(5) end)
end

function TestIndicator.test_strategies_use_it()
  local folder = support.folder()
  local file = support.write(folder .. "/mine.lua", [[
return strategy { name = "mine", features = function(p, x) return { gap = x.adaptive_average(2).efficiency } end,
  signal = function(f) return f.gap > 0.5 and LONG or FLAT end }]])
  local run
  local ok, message = pcall(harness.run, { strategy = file, closes = { 1, 2, 3, 2, 3 } })
  lu.assertFalse(ok)
  lu.assertStrContains(message, "unknown indicator 'adaptive_average'")
  run = harness.run { strategy = file, closes = { 1, 2, 3, 2, 3, 4 },
    indicators = { support.home .. "/examples/indicators" } }
  lu.assertEquals({ run.signals[1].bar, run.signals[1].direction, run.signals[2].direction }, { 3, "LONG", "FLAT" })
end

-- Law 3 for strategies on indicators in Lua and on matrices: combos that share a hub, in slices of any size.
function TestIndicator.test_combos_that_share_a_hub()
  local run = require "run"
  for file, grid in pairs { own_indicator = "params.period=[5,10,20]", feature_matrix = "params.rows=[32,64]" } do
    local first
    for _, engine in ipairs { { 1, 4096 }, { 16, 4096 }, { 16, 333 } } do
      local result = assert(run.run(("%s/examples/%s.yaml"):format(support.home, file), {
        db = false,
        set = { "strategies.0." .. grid, "data.synthetic.bars=3000", "engine.combos_at_once=" .. engine[1],
          "engine.chunk_rows=" .. engine[2] },
      }))
      local metrics = {}
      for i, one in ipairs(result.results) do metrics[i] = { one.params, one.metrics } end
      first = first or metrics
      lu.assertTrue(#metrics >= 2)
      lu.assertEquals(metrics, first, file)
    end
  end
end

function TestIndicator.test_check_finds_what_is_wrong()
  local library = library_with([[
local box = { n = 0 }
local function hidden(t) t.n = t.n + 1 return t.n end
return indicator { name = "counter", step = function(s, x) return hidden(box) end }]], [[
return indicator { name = "own_ratio", state = { before = 0 }, step = function(s, x)
  local r = x / s.before
  s.before = x
  return r
end, warmup = 1 }]])
  local _, message = check.check(assert(feature.info("counter", library)), library)
  lu.assertStrContains(message, "'box', a table of the file, was changed")
  _, message = check.check(assert(feature.info("own_ratio", library)), library)
  lu.assertStrContains(message, "a price of zero: mine.lua")
end

function TestIndicator.test_examples_pass_their_checks()
  local library = indicator_hub.library { folders = { support.home .. "/examples/indicators" }, environment = false }
  local defs, errors = library:list()
  lu.assertEquals(errors, {})
  lu.assertTrue(#defs >= 1)
  for _, def in ipairs(defs) do
    local lines, message = check.check(assert(feature.info(def.name, library)), library)
    lu.assertNotNil(lines, message)
    lu.assertStrContains(lines[3], "values agree")
  end
end

function TestIndicator.test_documentation_is_true()
  local text = support.read(support.home .. "/docs/indicators_lua.md")
  local library = library_with((text:match "```lua\n(.-)\n```"))
  local vectors = text:match "\n(    # by hand\n.-)\n\n":gsub("    ", "") .. "\n"
  local path = support.write(support.folder() .. "/v.csv", vectors)
  lu.assertEquals(assert(check.vectors(path, library)), 1)
end

function TestIndicator.test_reload()
  local folder = support.folder()
  os.execute("mkdir " .. folder .. "/indicators")
  local path = folder .. "/indicators/twice.lua"
  local script = support.write(folder .. "/script.lua", ([[
local feature, synth = require "feature", require "synth"
local bars = assert(synth.bars({ bars = 3 }, "SYN", 0))
for _, factor in ipairs { 2, 3 } do
  local file = assert(io.open(%q, "w"))
  file:write(("return indicator { name = 'twice', step = function(s, x) return x * %%d end }"):format(factor))
  file:close()
  feature.reload()
  print(assert(feature.compute(bars, { "twice(1 + 0 * close)" }))[1][2])
end]]):format(path))
  local got = require("shell").perilune({ "exec", script },
    { env = { "PERILUNE_PATH=" .. folder .. "/indicators" }, program = support.perilune })
  lu.assertEquals({ got.out, got.err }, { "2\n3\n", "" })
end

function TestIndicator.test_command_line()
  local folder = support.folder()
  os.execute("mkdir " .. folder .. "/indicators")
  support.write(folder .. "/indicators/my_ema.lua", EMA)
  local shell = require "shell"
  local function run(...)
    local env = { "PERILUNE_PATH=" .. folder .. "/indicators" }
    return shell.perilune({ "features", ... }, { env = env, program = support.perilune })
  end
  lu.assertStrContains(run("list", "my_ema").out, "  my_ema  Average")
  lu.assertStrContains(run("help", "my_ema").out, "file       " .. folder .. "/indicators/my_ema.lua")
  local got = run("check", "my_ema")
  lu.assertEquals(got.status, 0, got.err)
  lu.assertStrContains(got.out, "the same bits")
  support.write(folder .. "/indicators/my_ema.csv", "close;my_ema(1)\n1;2\n")
  got = run("check", "my_ema")
  lu.assertEquals(got.status, 1)
  lu.assertStrContains(got.err, "my_ema(1): row 0 is 1, expected 2")
  support.write(folder .. "/indicators/broken.lua", "return indicator {")
  got = run("list", "my_ema")
  lu.assertEquals(got.status, 0)
  lu.assertStrContains(got.err, "broken.lua:1: ")
  got = shell.perilune({ "strategies", "help", folder .. "/indicators/my_ema.lua" }, { program = support.perilune })
  lu.assertStrContains(got.err, "'my_ema' is an indicator: perilune features help")
  lu.assertErrorMsgContains("'my_ema' is an indicator, expected a strategy", harness.run,
    { strategy = folder .. "/indicators/my_ema.lua", closes = { 1, 2 } })
  got = run("check", "sma")
  lu.assertEquals(got.status, 2)
end

-- Finding, loading and describing strategies and classifiers.
local ffi = require "ffi"
local registry = require "registry"

local HOME = os.getenv "PERILUNE_HOME" or "."
local FIXTURES = HOME .. "/tests/fixtures/strategies"

local function new() return registry.new { folders = { FIXTURES }, environment = false } end

local function compile(source) return registry.compile(source, "user.lua") end

local function message(source)
  local def, err = compile(source)
  lu.assertNil(def, source)
  lu.assertNil(err:find "\n")
  return err
end

TestRegistry = {}

function TestRegistry.test_search()
  local reg = new()
  local def = assert(reg:load "counter")
  lu.assertEquals({ def.kind, def.name, def.file }, { "strategy", "counter", FIXTURES .. "/counter.lua" })
  lu.assertIs(reg:load "counter", def)
  lu.assertEquals(assert(reg:load "two_moods").file, FIXTURES .. "/renamed_file.lua")
  lu.assertEquals(assert(reg:load "momentum").file, HOME .. "/strategies/momentum.lua")
  lu.assertEquals(assert(reg:load(FIXTURES .. "/counter.lua")).name, "counter")
  lu.assertStrMatches(def.source_hash, ("%x"):rep(32))
  local _, err = reg:load "momentm"
  lu.assertStrContains(err, "unknown strategy 'momentm', did you mean 'momentum'?")
  lu.assertStrContains(err, "broken.lua:5:")
  _, err = reg:load "renamed_file"
  lu.assertStrContains(err, "unknown strategy 'renamed_file'")
  _, err = reg:load "./nowhere.lua"
  lu.assertStrContains(err, "nowhere.lua: No such file")
  _, err = reg:load "broken"
  lu.assertEquals(err, FIXTURES .. "/broken.lua:5: unexpected symbol near ','")
end

function TestRegistry.test_list_is_sorted_and_shows_errors()
  local names, by_name = {}, {}
  for _, entry in ipairs(new():list()) do
    names[#names + 1] = entry.name
    by_name[entry.name] = entry
  end
  local sorted = { unpack(names) }
  table.sort(sorted)
  lu.assertEquals(names, sorted)
  lu.assertEquals(by_name.two_moods.kind, "classifier")
  lu.assertEquals(by_name.two_moods.help, "Found by the name that it declares.")
  lu.assertStrContains(by_name.broken.error, "broken.lua:5:")
  lu.assertNil(by_name.broken.kind)
end

function TestRegistry.test_every_shipped_file_loads_and_is_documented()
  local reg = registry.new { environment = false }
  local seen = {}
  for _, entry in ipairs(reg:list()) do
    lu.assertNil(entry.error)
    seen[entry.name] = entry.kind
    local def = assert(reg:load(entry.name))
    lu.assertTrue(#def.help > 10, entry.name)
    for _, param in ipairs(def.params) do
      lu.assertTrue(#param.help > 5, entry.name .. "." .. param.name)
      lu.assertTrue(param.type == "boolean" or param.min ~= nil and param.max ~= nil, entry.name .. "." .. param.name)
    end
    local p = assert(def:check_params())
    local symbols = def.symbols and { "KO_1d", "PEP_1d" } or { "KO_1d" }
    local list, err = def:feature_list(p, symbols, "KO_1d")
    lu.assertNotNil(list, err)
    def:new_state(p)
  end
  for _, name in ipairs {
    "momentum", "mean_reversion", "breakout", "sma_cross", "rsi", "buy_and_hold", "pairs", "rotation", "limit_dip",
  } do
    lu.assertEquals(seen[name], "strategy", name)
  end
  lu.assertEquals({ seen.volatility, seen.trend }, { "classifier", "classifier" })
end

function TestRegistry.test_examples_of_the_guide_load()
  local handle = assert(io.open(HOME .. "/docs/strategies.md"))
  local guide, seen = handle:read "*a", 0
  handle:close()
  for block in guide:gmatch "```lua\n(return .-)```" do
    local def, err = compile(block)
    lu.assertNotNil(def, err)
    lu.assertNotNil(def:feature_list(assert(def:check_params()), { "SPY_1d" }, "SPY_1d"))
    seen = seen + 1
  end
  lu.assertEquals(seen, 2)
end

function TestRegistry.test_state_is_plain_memory()
  local def = assert(new():load "counter")
  local p = assert(def:check_params { n = 5 })
  local s = def:new_state(p)
  lu.assertEquals(ffi.istype(ffi.typeof(s), def:new_state(p)), true)
  lu.assertEquals(type(s), "cdata")
  lu.assertEquals({ s.count, s.armed, #s.ring, s.ring[1], s.ring[5] }, { 0, true, 5, 7, 7 })
  s.ring[3], s.count, s.armed = 2.5, 4, false
  local copy = def:new_state(p)
  ffi.copy(copy, s, ffi.sizeof(s))
  lu.assertEquals({ copy.ring[3], copy.count, copy.armed }, { 2.5, 4, false })
  for _, index in ipairs { 0, 6, -1, 1.5, 0 / 0, 1e18 } do
    lu.assertErrorMsgContains("outside of the array's 1 to 5", function() return s.ring[index] end)
    lu.assertErrorMsgContains("outside of the array's 1 to 5", function() s.ring[index] = 1 end)
  end
  lu.assertErrorMsgContains("the state has no field 'conut', did you mean 'count'?", function() return s.conut end)
  lu.assertErrorMsgContains("the state has no field 'conut'", function() s.conut = 1 end)
  lu.assertEquals(#def:new_state(assert(def:check_params { n = 9 })).ring, 9)
  lu.assertNil(assert(new():load "momentum"):new_state {})
end

function TestRegistry.test_a_strategy_runs()
  local def = assert(new():load "counter")
  local p = assert(def:check_params { n = 2, loud = true })
  local lines = {}
  def.hooks.log = function(text) lines[#lines + 1] = text end
  local s = def:new_state(p)
  lu.assertEquals({ def.signal({ price = -6.5 }, {}, p, s) }, { 0, 0.25 })
  lu.assertEquals({ def.signal({ price = 1 }, {}, p, s) }, { 1, 0 })
  lu.assertEquals(lines, { "count 1 of up", "count 2 of up" })
end

function TestRegistry.test_feature_list()
  local def = assert(new():load "counter")
  local p = assert(def:check_params { n = 4 })
  lu.assertEquals(def:feature_list(p, { "SPY_1m" }, "SPY_1m"),
    { { name = "average", expr = "sma(4)" }, { name = "price", expr = "close" } })
  local pairs_def = assert(new():load "pairs")
  local list = assert(pairs_def:feature_list(assert(pairs_def:check_params()), { "KO_1d", "PEP_1d" }, "KO_1d"))
  lu.assertEquals(list[3], { name = "ratio", expr = "log(KO_1d.close / PEP_1d.close)" })
  local _, err = pairs_def:feature_list(assert(pairs_def:check_params()), { "KO_1d" }, "KO_1d")
  lu.assertStrContains(err, "strategy 'pairs' trades 2 symbols together, 1 were given")
  local rotation = assert(new():load "rotation")
  list = assert(rotation:feature_list(assert(rotation:check_params { lookback = 5 }), { "A_1d", "B_1d", "C_1d" },
    "A_1d"))
  lu.assertEquals(list, { { name = "momentum", exprs = { "A_1d.roc(close, 5)", "B_1d.roc(close, 5)",
    "C_1d.roc(close, 5)" } } })
end

function TestRegistry.test_mistakes_in_features_have_a_line()
  local function features(body, used)
    local def = assert(compile("return strategy {\n features = function(p, x)\n " .. body .. " end,\n"
      .. " signal = function(f)\n return f." .. (used or "a") .. " end }"))
    local list, err = def:feature_list({}, { "SPY_1m" }, "SPY_1m")
    lu.assertNil(list)
    return err
  end
  lu.assertStrContains(features "return { a = x.sma(nil, 3) }", "user.lua:3: x.sma: argument 1: expected a feature")
  lu.assertStrContains(features "return { a = x.smaz(3) }",
    "user.lua:3: unknown indicator 'smaz', did you mean 'sma'?")
  lu.assertStrContains(features "return x.sma(x.close + nil)", "user.lua:3: +: expected a feature or a number, got nil")
  lu.assertStrContains(features "return { a = {} }", "feature 'a': a list, which only a strategy with `symbols`")
  lu.assertStrContains(features "return { a = true }", "feature 'a': expected a feature, got a boolean")
  lu.assertStrContains(features "return { double = 1 }", "reserved word")
  lu.assertStrContains(features "return { regime = 1 }", "the classifier's")
  lu.assertStrContains(features "return 5", "expected a table")
  lu.assertStrContains(features "local t\n return t.x", "user.lua:4: attempt to index local 't'")
  lu.assertStrContains(features "while true do end", "user.lua:3: loop budget of 10000000 iterations used up")
  lu.assertStrContains(features("return { fast = x.close }", "fsat"),
    "user.lua:5: there is no feature 'fsat', did you mean 'fast'?")
end

function TestRegistry.test_rules()
  local def = assert(compile("return strategy { params = { n = 5 },\n"
    .. "rule = function(p, x) return x.sign(x.sma(p.n) - x.close) end }"))
  lu.assertEquals(def:rule_expression(assert(def:check_params()), "SPY_1m"), "sign(sma(5) - close)")
  local bad = assert(compile "return strategy { rule = function(p, x) return nil end }")
  local text, err = bad:rule_expression({}, "SPY_1m")
  lu.assertNil(text)
  lu.assertStrContains(err, "user.lua:1: rule: expected a feature, got nil")
end

function TestRegistry.test_declarations_are_checked()
  local signal = "signal = function() end"
  lu.assertStrContains(message("return strategy { " .. signal .. ",\n featurs = 1 }"),
    "user.lua:2: unknown key 'featurs' in strategy{…}, did you mean 'features'?")
  lu.assertStrContains(message("return strategy { " .. signal .. ", regimes = {} }"),
    "'regimes' belongs to a classifier")
  lu.assertStrContains(message "return strategy { name = 'a' }", "a strategy needs one of: signal")
  lu.assertStrContains(message("return strategy { " .. signal .. ",\non_bar = function() end }"),
    "user.lua:2: a strategy has one of signal, on_bar and rule: here are signal and on_bar")
  lu.assertStrContains(message("return strategy { " .. signal .. ", on_fill = function() end }"),
    "on_fill goes with on_bar")
  local caller = "on_bar = function() end"
  local timed = ", schedule = { at = '10:00' }, on_schedule = function() end }"
  lu.assertStrContains(message("return strategy { " .. signal .. timed), "on_schedule goes with on_bar")
  lu.assertStrContains(message("return strategy { " .. caller .. ",\nschedule = { at = '10:00' } }"),
    "user.lua:2: schedule asks for calls of on_schedule")
  lu.assertStrContains(message("return strategy { " .. caller .. ",\non_schedule = function() end }"),
    "user.lua:2: on_schedule is called at the times of `schedule`, which is missing")
  for wrong, told in pairs {
    ["{ at = '25:00' }"] = "at: 25:00 is no time of day", ["{ opn = {} }"] = "there is no 'opn'",
    ["{ open = { minutes_before = 5 } }"] = "open: expected open = { minutes_after = minutes from 0 on }",
    ["{ close = { minutes_before = -1 } }"] = "close: expected", ["{}"] = "it names no time",
    ["{ at = '10:00', every = '2d' }"] = "every = 2d: expected", ["5"] = "schedule is a number",
  } do
    lu.assertStrContains(message("return strategy { " .. caller .. ",\nschedule = " .. wrong
      .. ", on_schedule = function() end }"), told)
  end
  lu.assertStrContains(message "return strategy { signal = 5 }", "'signal' is a number, expected a function")
  lu.assertStrContains(message("return strategy { " .. signal .. ", symbols = 1.5 }"), "symbols = 1.5")
  lu.assertStrContains(message("return strategy { " .. signal .. ", name = 'a b' }"), "name = a b")
  lu.assertStrContains(message("return strategy { " .. signal .. ", help = 5 }"), "help is a number")
  lu.assertStrContains(message("return strategy { " .. signal .. ",\nparams = { a = {} } }"),
    "user.lua:2: parameter 'a'")
  lu.assertStrContains(message("return strategy { " .. signal .. ", state = { a = 'x' } }"), "state: 'a' is a string")
  lu.assertStrContains(message("return strategy { " .. signal .. ", state = { int = 1 } }"), "reserved word")
  lu.assertStrContains(message("return strategy { " .. signal .. ", state = {} }"), "state is empty")
  lu.assertStrContains(message("return strategy { " .. signal .. ", state = { a = array(0) } }"), "array(0): expected")
  lu.assertStrContains(message("return { " .. signal .. " }"), "the file returns no strategy")
  lu.assertStrContains(message "local a = 1", "the file returns no strategy")
  lu.assertStrContains(message "strategy(5)", "user.lua:1: strategy: expected a table")
  lu.assertStrContains(message("local a = strategy { " .. signal .. " }\nreturn strategy { " .. signal .. " }"),
    "a file declares one strategy, classifier, indicator")
  lu.assertStrContains(message "return classifier { regimes = { 'a' } }", "needs classify")
  lu.assertStrContains(message "return classifier { classify = function() end }", "needs regimes")
  lu.assertStrContains(message "return classifier { classify = function() end, regimes = { 'a', 'a' } }", "there twice")
  lu.assertStrContains(message "return classifier { classify = function() end, regimes = { 1 } }", "'1' is not a word")
  lu.assertStrContains(message "while true do end", "user.lua:1: loop budget of 10000000 iterations used up")
  lu.assertStrContains(message "local t = nil\nt.x = 1", "user.lua:2: attempt to index local 't' (a nil value)")
end

function TestRegistry.test_misspelt_fields_are_found_at_load()
  lu.assertStrContains(message("return strategy { params = { fast = 1 },\n"
    .. "signal = function(f, bar, p) return p.fsat end }"),
    "user.lua:2: there is no parameter 'fsat', did you mean 'fast'?")
  lu.assertStrContains(message "return strategy { signal = function(f, bar, p) return p.level end }",
    "there is no parameter 'level': add it to params = { level = … }")
  lu.assertStrContains(message "return strategy { state = { n = 1 }, signal = function(f, bar, p, s)\ns.m = 1 end }",
    "user.lua:2: there is no state field 'm', did you mean 'n'?")
  lu.assertStrContains(message "return strategy { signal = function(f, bar, p, s) s.m = 1 end }",
    "no state field 'm': add it to state = { m = 0 }")
end

function TestRegistry.test_errors_are_described_by_the_users_line()
  local def = assert(compile([[return strategy {
    signal = function(f)
      local t = { {}, {} }
      table.sort(t)
      return t
    end,
    on_end = function() error({ message = "of my own" }) end,
    on_start = function() error("told", 0) end }]]))
  local function describe(fn, ...) return registry.describe(select(2, pcall(fn, ...)), def) end
  -- The C function that failed says no line, but with the registry's handler it is known even so.
  local _, compared = xpcall(def.signal, registry.handler(def), {})
  lu.assertEquals(registry.describe(compared, def),
    { file = "user.lua", line = 4, message = "attempt to compare two table values" })
  lu.assertEquals(describe(def.on_end).message, "of my own")
  lu.assertEquals(describe(def.on_start), { file = "user.lua", message = "told" })
  local _, err = xpcall(def.on_start, registry.handler(def))
  lu.assertEquals(registry.describe(err, def), { file = "user.lua", line = 8, message = "told" })
  def.feature_names = { "fast" }
  local struct = ffi.new "struct { double fast; }"
  local other = assert(compile "return strategy { signal = function(f) return f[\"fsat\"] end }")
  other.feature_names = { "fast" }
  lu.assertEquals(registry.describe(select(2, pcall(other.signal, struct)), other).message,
    "there is no field 'fsat' here, did you mean 'fast'?")
end

function TestRegistry.test_endless_code_is_stopped()
  local def = assert(new():load "endless")
  local lines = { ["while"] = 7, ["repeat"] = 9, ["for"] = 11, ["goto"] = 14, recursion = 4, protected = 20, tail = 5 }
  for how, line in pairs(lines) do
    def.budget.left, def.budget.limit = 5000, 5000
    local p = assert(def:check_params { how = how })
    local place = registry.describe(select(2, pcall(def.signal, {}, { close = 1 }, p)), def)
    lu.assertEquals(place.message, "loop budget of 5000 iterations used up", how)
    lu.assertEquals(place.line, line, how)
  end
end

function TestRegistry.test_compiled_loops_are_stopped()
  local def = assert(compile "return strategy { signal = function() local n = 0 while true do n = n + 1 end end }")
  def.budget.left, def.budget.limit = 5e6, 5e6
  local ok, err = pcall(def.signal)
  lu.assertFalse(ok)
  lu.assertStrContains(err, "loop budget of 5000000 iterations used up")
end

function TestRegistry.test_allocation_without_end_is_stopped()
  local C = require("abi").C
  local sources = {
    "return strategy { signal = function() local s = 'x' while true do s = s .. s end end }",
    "return strategy { signal = function() local t = {} for i = 1, 1e9 do t[i] = { i } end end }",
    "return strategy { signal = function() local function f(...) return f(1, ...) end f() end }",
    "local t = {} for i = 1, 1e7 do t[i] = { i } end\nreturn strategy { signal = function() end }",
  }
  for _, source in ipairs(sources) do
    collectgarbage()
    local before = C.pln_host_set_memory_limit(C.pln_host_memory_used() + 32 * 1024 * 1024)
    local def, err = compile(source)
    if def then
      def.budget.left = 1e8
      local ok, raw = xpcall(def.signal, registry.handler(def))
      lu.assertFalse(ok)
      err = registry.describe(raw, def).message
    end
    C.pln_host_set_memory_limit(before)
    lu.assertTrue(err:find "not enough memory" ~= nil or err:find "stack overflow" ~= nil, err)
  end
end

function TestRegistry.test_long_paths_keep_their_name()
  local path = ("/very/long/folder"):rep(8) .. "/user.lua"
  local def = assert(registry.compile("return strategy {\nsignal = function(f) return f.x.y end }", path))
  local place = registry.describe(select(2, pcall(def.signal, {})), def)
  lu.assertEquals({ place.file, place.line }, { path, 2 })
  local _, err = registry.compile("x = 1", path)
  lu.assertStrContains(err, path .. ":1:")
  _, err = registry.compile("x = ", path)
  lu.assertStrContains(err, path .. ":1:")
end

function TestRegistry.test_compiled_chunks_and_binaries_are_refused()
  lu.assertStrContains(message(string.dump(function() return 1 end)), "compiled chunk")
  lu.assertStrContains(message "\0\1\2", "user.lua:1:")
end

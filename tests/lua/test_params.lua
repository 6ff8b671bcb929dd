-- Parameters as a checked schema.
local params = require "params"

local function schema(declared, literals) return params.read_schema(declared, literals or {}, {}) end

TestParams = {}

function TestParams.test_types_come_from_the_default()
  local list = assert(schema({
    a = 10, b = 0.5, c = true, d = "x", e = { 2, min = 1 }, f = { 2.0, help = "two" },
    g = { default = 3, type = "number" },
    h = 0,
  }, { ["params.f"] = "2.0", ["params.a"] = "10" }))
  local types = {}
  for _, param in ipairs(list) do types[param.name] = param.type end
  lu.assertEquals(types, { a = "integer", b = "number", c = "boolean", d = "string", e = "integer", f = "number",
    g = "number", h = "number" })
  lu.assertEquals(list[1].name, "a")
  lu.assertEquals(list[6].help, "two")
end

function TestParams.test_order_is_the_files()
  local list = params.read_schema({ a = 1, b = 2, c = 3 }, {}, { ["params.c"] = 2, ["params.a"] = 3, ["params.b"] = 3 })
  lu.assertEquals({ list[1].name, list[2].name, list[3].name }, { "c", "a", "b" })
end

function TestParams.test_bad_schemas()
  local function problem(declared)
    local list, message = schema(declared)
    lu.assertNil(list)
    return message
  end
  lu.assertStrContains(problem(5), "params must be a table")
  lu.assertStrContains(problem { 5 }, "is not a name")
  lu.assertStrContains(problem { a = {} }, "parameter 'a': it has no default")
  lu.assertStrContains(problem { a = { 1, mni = 3 } }, "unknown field 'mni', did you mean 'min'?")
  lu.assertStrContains(problem { a = { 1, min = 3 } }, "its default: 1 is below its minimum of 3")
  lu.assertStrContains(problem { a = { 1, default = 3 } }, "given twice")
  lu.assertStrContains(problem { a = { "x", choices = { "y", "z" } } }, "'x' is not one of 'y', 'z'")
  lu.assertStrContains(problem { a = { 1, type = "int" } }, "its type is 'int'")
  lu.assertStrContains(problem { a = { 1.5, type = "integer" } }, "expected an integer, got 1.5")
  lu.assertStrContains(problem { a = { 1, min = "0" } }, "min must be a number")
  lu.assertStrContains(problem { a = 0 / 0 }, "expected a finite number")
  lu.assertStrContains(problem { a = print }, "its type is 'function'")
end

function TestParams.test_check_completes_and_refuses()
  local list = assert(schema {
    fast = { 10, min = 1, max = 100 }, level = 0.5, side = { "both", choices = { "both", "long" } }, on = true,
  })
  lu.assertEquals(params.check(list, nil), { fast = 10, level = 0.5, side = "both", on = true })
  lu.assertEquals(params.check(list, { fast = 5.0, on = false }), { fast = 5, level = 0.5, side = "both", on = false })
  local function problem(given)
    local p, message = params.check(list, given)
    lu.assertNil(p)
    return message
  end
  lu.assertEquals(problem { fsat = 5 },
    "unknown parameter 'fsat', did you mean 'fast'? (there are: fast, level, on, side)")
  lu.assertStrContains(problem { fast = 5.5 }, "parameter 'fast': expected an integer, got 5.5")
  lu.assertStrContains(problem { fast = 0 }, "0 is below its minimum of 1")
  lu.assertStrContains(problem { fast = 101 }, "101 is above its maximum of 100")
  lu.assertStrContains(problem { fast = "5" }, "expected an integer, got '5'")
  lu.assertStrContains(problem { fast = {} }, "expected an integer")
  lu.assertStrContains(problem { level = 0 / 0 }, "finite")
  lu.assertStrContains(problem { side = "lnog" }, "is not one of 'both', 'long', did you mean 'long'?")
  lu.assertStrContains(problem { on = 1 }, "expected a boolean, got 1")
  lu.assertStrContains(problem "fast", "expected a mapping")
end

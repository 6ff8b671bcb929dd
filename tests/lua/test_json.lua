local ffi = require "ffi"
local json = require "json"

TestJson = {}

function TestJson.test_numbers_are_shortest_and_exact()
  local cases = {
    { 0, "0" }, { -0.0, "-0" }, { 1, "1" }, { -17, "-17" }, { 0.1, "0.1" }, { 1 / 3, "0.3333333333333333" },
    { 1e16, "10000000000000000" }, { 1e17, "1e+17" }, { 123456789012345, "123456789012345" }, { 1e-7, "1e-07" },
    { 2.5e300, "2.5e+300" },
    { 5e-324, "4.94065645841247e-324" }, { 1.7976931348623157e308, "1.7976931348623157e+308" },
    { 703.2199999999999, "703.2199999999999" },
  }
  for _, case in ipairs(cases) do lu.assertEquals(json.encode(case[1]), case[2]) end
  lu.assertEquals(json.encode(0 / 0), "null")
  lu.assertEquals(json.encode(math.huge), "null")
  lu.assertEquals(json.encode(-math.huge), "null")
  lu.assertEquals(json.encode(ffi.new("int64_t", -9223372036854775807LL - 1)), "-9223372036854775808")
  lu.assertEquals(json.encode(18446744073709551615ULL), "18446744073709551615")
end

function TestJson.test_random_doubles_come_back_bit_for_bit()
  local bits = ffi.new "union { double d; uint64_t u; }"
  local state = 88172645463325252ULL
  local n = 0
  while n < 20000 do
    state = bit.bxor(state, bit.lshift(state, 13))
    state = bit.bxor(state, bit.rshift(state, 7))
    state = bit.bxor(state, bit.lshift(state, 17))
    bits.u = state
    -- Neither infinite nor NaN: LuaJIT keeps its own tags in the bits of NaN, so it must not even read such a double.
    if bit.band(state, 0x7ff0000000000000ULL) ~= 0x7ff0000000000000ULL then
      local value = bits.d
      n = n + 1
      local text = json.encode { value }
      local back = json.decode(text)[1]
      bits.d = tonumber(back)
      lu.assertTrue(bits.u == state, text)
    end
  end
end

function TestJson.test_tables()
  lu.assertEquals(json.encode { b = 1, a = { true, false, json.null } }, '{"a":[true,false,null],"b":1}')
  lu.assertEquals(json.encode {}, "{}")
  lu.assertEquals(json.encode(json.array {}), "[]")
  lu.assertEquals(json.encode(json.object { { "z", 1 }, { "a", json.null }, { "m", nil } }),
    '{"z":1,"a":null,"m":null}')
  lu.assertEquals(json.encode({ a = { 1, { b = 2 } }, c = json.array {} }, { indent = 2 }),
    '{\n  "a": [\n    1,\n    {\n      "b": 2\n    }\n  ],\n  "c": []\n}')
end

function TestJson.test_strings()
  lu.assertEquals(json.encode 'a"b\\c\n\t\r\1\127/é', [["a\"b\\c\n\t\r\u0001\u007f/é"]])
  lu.assertEquals(json.encode "\255a\195", '"\239\191\189a\239\191\189"')
  lu.assertEquals(json.encode "\237\160\128", ('"' .. ("\239\191\189"):rep(3) .. '"')) -- a surrogate
  lu.assertEquals(json.decode(json.encode "nul\0inside"), "nul\0inside")
  lu.assertEquals(json.decode [["\u00e9\ud83c\udf19"]], "é🌙")
end

function TestJson.test_misuse_is_an_error_that_names_the_place()
  lu.assertErrorMsgContains(".a[2]: a function has no form", json.encode, { a = { 1, print } })
  lu.assertErrorMsgContains("holes", json.encode, { [1] = 1, [3] = 3 })
  lu.assertErrorMsgContains("both a list and named", json.encode, { 1, x = 2 })
  local loop = {}
  loop.loop = loop
  lu.assertErrorMsgContains("contains itself", json.encode, loop)
end

function TestJson.test_round_trip()
  local text = '{"a":[1,2.5,"x",true,null,{"b":[]}],"c":{},"n":-9007199254740993}'
  local value = assert(json.decode(text))
  lu.assertEquals(tostring(value.n), "-9007199254740993LL")
  lu.assertTrue(value.a[5] == json.null)
  lu.assertEquals(json.encode(value), text)
end

function TestJson.test_errors_have_line_and_column()
  for text, expected in pairs {
    ["{\n  \"a\": ,\n}"] = "x.json:2:8: not JSON:",
    ["[1,2"] = "x.json:1:",
    [""] = "x.json:1:1:",
    ['{"a":1,"a":2}'] = "duplicate",
    ["[1] 2"] = "x.json:1:",
    ["nul"] = "x.json:1:",
    ["[1e999]"] = "x.json:1:",
    ["[99999999999999999999]"] = "x.json:1:",
    ['"\255"'] = "x.json:1:",
  } do
    local value, message = json.decode(text, "x.json")
    lu.assertNil(value, text)
    lu.assertStrContains(message, expected)
  end
end

function TestJson.test_deep_nesting_is_refused()
  local value, message = json.decode(("["):rep(100000))
  lu.assertNil(value)
  lu.assertStrContains(message, "JSON:1:513: JSON nested deeper than 512 levels")
  lu.assertNotNil(json.decode(("["):rep(512) .. ("]"):rep(512)))
end

function TestJson.test_damaged_texts_never_crash()
  local text = json.encode { run = { id = 1, seconds = 0.25 }, results = { { combo = "c1", metrics = { a = 1e-9 } } } }
  local seed = 1
  for _ = 1, 20000 do
    seed = (seed * 16807) % 2147483647
    local at = seed % #text + 1
    seed = (seed * 16807) % 2147483647
    local damaged = text:sub(1, at - 1) .. string.char(seed % 256) .. text:sub(at + 1 + seed % 3)
    local value, message = json.decode(damaged)
    lu.assertTrue(value ~= nil or #message > 0)
  end
end

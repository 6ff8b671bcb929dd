local ffi = require "ffi"
local pack = require "pack"

TestPack = {}

local function round(value) return pack.decode(pack.encode(value)) end

function TestPack.test_values_come_back()
  local values = { 0, -0.0, 1 / 3, 5e-324, 1.7976931348623157e308, math.huge, -math.huge, "", "a\0b\r\n\"", true,
    false, 123456789012345678LL, -1LL, 18446744073709551615ULL }
  for _, value in ipairs(values) do
    local back = round(value)
    lu.assertEquals(type(back), type(value))
    lu.assertTrue(back == value)
  end
  lu.assertTrue(1 / round(-0.0) < 0)
  lu.assertNil(round(nil))
  local nan = round(0 / 0)
  lu.assertTrue(nan ~= nan)
  lu.assertEquals(tostring(round(5LL)), "5LL")
end

function TestPack.test_tables_come_back()
  local value = { 1, "two", { three = 3, [4.5] = true, [false] = "f", deep = { { {} } } }, x = {}, y = { [0] = 0 } }
  lu.assertEquals(round(value), value)
  local long = {}
  for k = 1, 70000 do long[k] = { k, tostring(k) } end -- more than a Lua function has room for constants
  lu.assertEquals(round(long), long)
end

function TestPack.test_arrays_come_back_bit_for_bit()
  local numbers = ffi.new("double[?]", 3, { 1.5, -0.0, 1 / 0 })
  local whole = ffi.new("int32_t[4]", { 1, -2, 3, 4 })
  local back = round { numbers = numbers, whole = whole }
  lu.assertEquals(ffi.sizeof(back.numbers), 24)
  lu.assertEquals(ffi.string(back.numbers, 24), ffi.string(numbers, 24))
  lu.assertEquals(ffi.string(back.whole, 16), ffi.string(whole, 16))
end

function TestPack.test_what_has_no_form_is_an_error_that_says_where()
  lu.assertErrorMsgContains("value.a[2].f is a function", pack.encode, { a = { 1, { f = print } } })
  lu.assertErrorMsgContains("value.p is ctype<char *>", pack.encode, { p = ffi.cast("char *", 0) })
  lu.assertErrorMsgContains("has a key of type table", pack.encode, { [{}] = 1 })
  lu.assertErrorMsgContains("found tag", pack.decode, "?")
end

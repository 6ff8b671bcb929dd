-- The two compilers that read src/abi agree on every struct.
local ffi = require "ffi"
local abi = require "abi"

TestAbi = {}

function TestAbi.test_layout_is_the_same_for_both_compilers()
  local layout = ffi.string(abi.C.pln_abi_layout())
  local structs, fields = 0, 0
  for name, size, offset in layout:gmatch("(%S+) (%d+) (%d+)\n") do
    local struct, field = name:match("^([%w_]+)%.([%w_]+)$")
    if field then
      fields = fields + 1
      local seen, _, bits = ffi.offsetof(struct, field)
      lu.assertEquals(seen, tonumber(offset), name .. " offset")
      lu.assertNil(bits, name .. " is a bitfield")
    else
      structs = structs + 1
      lu.assertEquals(ffi.sizeof(name), tonumber(size), name .. " size")
    end
  end
  lu.assertTrue(structs > 10, "structs found: " .. structs)
  lu.assertTrue(fields > 100, "fields found: " .. fields)
end

function TestAbi.test_every_prototype_is_exported()
  local text = ffi.string(abi.C.pln_abi_text()):gsub("/%*.-%*/", "")
  local missing = {}
  for name in text:gmatch("[%s%*](pln_[%w_]+)%s*%(") do
    if not pcall(function() return abi.C[name] end) then missing[#missing + 1] = name end
  end
  lu.assertEquals(missing, {})
end

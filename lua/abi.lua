--- The C API: the only ffi.cdef in the tree.
-- Returns `C`, through which every function of src/abi is called. Inside the perilune executable the symbols are
-- its own; under any other LuaJIT they come from libperilune.so (see lua/perilune.lua).
local ffi = require "ffi"

ffi.cdef "const char *pln_abi_text(void);"

local function in_executable()
  return pcall(function() return ffi.C.pln_abi_text end)
end

local M = {}

--- The namespace of the C API.
M.C = in_executable() and ffi.C or ffi.load(require("library").path())

ffi.cdef(ffi.string(M.C.pln_abi_text()))

--- The bounds of int64, which stand for "no bound" and "nothing is left" in times.
M.INT64_MIN, M.INT64_MAX = -0x7fffffffffffffffLL - 1, 0x7fffffffffffffffLL

local time_text = ffi.new "char[40]"

local hex = ffi.new "char[33]"

--- XXH3-128 of a text, as 32 hexadecimal digits.
function M.hash128(text)
  M.C.pln_hash128_hex(text, #text, hex)
  return ffi.string(hex)
end

--- Nanoseconds since 1970 (int64 or a number) as ISO 8601, UTC: "2015-01-02T14:30:00Z".
function M.iso_time(ts_ns)
  M.C.pln_time_format_iso(ts_ns, time_text)
  return ffi.string(time_text)
end

--- The text of this thread's last C error.
function M.last_error()
  return ffi.string(M.C.pln_error_last().text)
end

--- Turns a C status into nil, message: `return abi.check(C.pln_x(…))` gives the result or nil and the error.
function M.check(status)
  if status == nil or (type(status) == "number" and status < 0) then return nil, M.last_error() end
  return status
end

--- Raises the last C error at the caller's level (for misuse that cannot be the user's data).
function M.must(status, level)
  if status == nil or (type(status) == "number" and status < 0) then error(M.last_error(), (level or 1) + 1) end
  return status
end

return M

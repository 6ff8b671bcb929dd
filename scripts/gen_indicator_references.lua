-- Writes docs/indicator_references.md from tests/reference/: build/perilune exec scripts/gen_indicator_references.lua
local ffi = require "ffi"
local abi = require "abi"
local home = ffi.string(abi.C.pln_host_home())
package.path = home .. "/tests/reference/?.lua;" .. package.path
local path = home .. "/docs/indicator_references.md"
local file = assert(io.open(path, "w"))
file:write(require("ref_docs").of_folder(home .. "/tests/reference"))
file:close()
print(path)

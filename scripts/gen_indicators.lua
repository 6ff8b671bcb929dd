-- Writes docs/indicators.md from the indicators' descriptors: build/perilune exec scripts/gen_indicators.lua
local ffi = require "ffi"
local abi = require "abi"
local path = ffi.string(abi.C.pln_host_home()) .. "/docs/indicators.md"
local file = assert(io.open(path, "w"))
file:write(require("feature").markdown())
file:close()
print(path)

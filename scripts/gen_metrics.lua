-- Writes docs/metrics.md from the metrics' descriptors: build/perilune exec scripts/gen_metrics.lua
local ffi = require "ffi"
local abi = require "abi"
local path = ffi.string(abi.C.pln_host_home()) .. "/docs/metrics.md"
local file = assert(io.open(path, "w"))
file:write(require("stats").markdown())
file:close()
print(path)

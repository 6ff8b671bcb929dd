-- Writes docs/models.md from the models' descriptors: build/perilune exec scripts/gen_models.lua
local ffi = require "ffi"
local abi = require "abi"
local path = ffi.string(abi.C.pln_host_home()) .. "/docs/models.md"
local file = assert(io.open(path, "w"))
file:write(require("models").markdown(require("profiles").markdown()))
file:close()
print(path)

--- perilune version
local ffi = require "ffi"
local abi = require "abi"
local args = require "args"

local M = {
  help = "Print the version and how it was built",
  usage = "perilune version",
  max = 0,
}

function M.run(argv)
  args.parse(argv, M)
  io.write("perilune ", ffi.string(abi.C.pln_version()), "\n", ffi.string(abi.C.pln_build_info()), "\n",
    jit.version, "\n")
  return 0
end

return M

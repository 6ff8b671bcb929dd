--- perilune repl
local args = require "args"
local ffi = require "ffi"
local abi = require "abi"
local repl = require "repl"

local M = {
  help = "Explore data, features and results at a Lua prompt",
  usage = "perilune repl",
  details = "Reads Lua from the terminal, or from standard input where that is a file or pipe; the exit status is\n" ..
    "then 1 where something failed. The history is kept in $PERILUNE_HISTORY (empty: not at all), by default\n" ..
    "in ~/.local/state/perilune/history.",
  max = 0,
}

local function is_terminal(descriptor)
  local terminal = ffi.new "pln_terminal"
  abi.C.pln_terminal_describe(descriptor, terminal)
  return terminal.is_terminal == 1
end

function M.run(argv)
  args.parse(argv, M)
  if is_terminal(0) and is_terminal(1) then return repl.interactive() end
  return repl.from_stream()
end

return M

--- The commands of the executable: lua/cli/<name>.lua, each with `help`, `usage`, `options` and `run(argv)`
-- (see lua/args.lua).
local suggest = require "suggest"

local M = {}

-- The order in which the overview lists them. A file in lua/cli that is not named here runs all the same.
local ORDER = {
  "run", "repl", "exec", "data", "features", "strategies", "sql", "doctor", "version", "help",
}

--- The program itself, in the form of a command, for usage messages.
M.program = { usage = "perilune COMMAND [ARGUMENTS]   (perilune help lists the commands)" }

local function path_of(name)
  return name:match("^[%l%d_]+$") and package.searchpath("cli." .. name, package.path) or nil
end

--- Names of the commands that exist, in the order of the overview.
function M.names()
  local names = {}
  for _, name in ipairs(ORDER) do
    if path_of(name) then names[#names + 1] = name end
  end
  return names
end

--- The module of a command, or nil and a message.
function M.load(name)
  if not path_of(name) then
    return nil, ("unknown command '%s'%s"):format(name, suggest.hint(name, M.names()))
  end
  return require("cli." .. name)
end

--- The text of `perilune help`.
function M.overview()
  local lines = {
    "usage: perilune COMMAND [ARGUMENTS]", "",
    "Perilune, a trading engine scripted in Lua.", "", "commands:",
  }
  for _, name in ipairs(M.names()) do
    lines[#lines + 1] = ("  %-11s %s"):format(name, M.load(name).help)
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = "perilune help COMMAND, or perilune COMMAND --help, tells more."
  return table.concat(lines, "\n") .. "\n"
end

return M

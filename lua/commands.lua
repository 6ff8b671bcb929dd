--- The commands of the executable: lua/cli/<name>.lua, each with `help`, `usage`, `options` and `run(argv)`
-- (see lua/args.lua).
local ffi = require "ffi"
local abi = require "abi"
local suggest = require "suggest"

local M = {}

-- The order in which the overview lists them; what is found in lua/cli beyond these comes after them.
local ORDER = {
  "run", "verify", "repl", "exec", "data", "features", "strategies", "models", "runs", "sql",
  "doctor", "version", "help",
}

--- The program itself, in the form of a command, for usage messages.
M.program = { usage = "perilune COMMAND [ARGUMENTS]   (perilune help lists the commands)" }

local function path_of(name)
  return name:match("^[%l%d_]+$") and package.searchpath("cli." .. name, package.path) or nil
end

local function found_in_folder()
  local found = {}
  local folder = abi.C.pln_folder_new(ffi.string(abi.C.pln_host_home()) .. "/lua/cli", ".lua")
  if folder == nil then return found end
  for i = 0, abi.C.pln_folder_count(folder) - 1 do
    found[#found + 1] = ffi.string(abi.C.pln_folder_name(folder, i)):match("^(.*)%.lua$")
  end
  abi.C.pln_folder_free(folder)
  return found
end

--- Names of the commands that exist, in the order of the overview.
function M.names()
  local names, listed = {}, {}
  for _, list in ipairs { ORDER, found_in_folder() } do
    for _, name in ipairs(list) do
      if not listed[name] and path_of(name) then names[#names + 1] = name end
      listed[name] = true
    end
  end
  return names
end

--- The module of a command, or of its subcommand where these are modules (`subcommands`); or nil and a message.
function M.load(name, subcommand)
  if not path_of(name) then
    return nil, ("unknown command '%s'%s"):format(name, suggest.hint(name, M.names()))
  end
  local command = require("cli." .. name)
  if not subcommand or not command.subcommands then return command end
  for _, known in ipairs(command.subcommands) do
    if known == subcommand then
      return require("cli." .. name .. "." .. known)
    end
  end
  return nil, ("perilune %s: unknown subcommand '%s'%s"):format(name, subcommand,
    suggest.hint(subcommand, command.subcommands))
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

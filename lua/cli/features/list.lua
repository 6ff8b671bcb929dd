--- perilune features list [WORD…]: the indicators by group, with a line on each.
local args = require "args"
local feature = require "feature"
local json = require "json"
local terminal = require "terminal"

local M = {
  help = "List the indicators and functions by group, or those that all WORDs are found in",
  usage = "perilune features list [WORD…] [--json]",
  options = { { "json", help = "print an array with one object for each" } },
  details = [[
A WORD is a group (momentum), or part of a name, another name (TA-Lib's, say), an output or the description.]],
}

function M.run(argv)
  local opts = args.parse(argv, M)
  local _, errors = require("indicator_hub").default():list()
  for _, broken in ipairs(errors) do io.stderr:write("perilune: ", broken, "\n") end
  local found, message = feature.search({ unpack(opts) })
  if not found then return nil, message, 2 end
  if opts.json then
    io.write(json.encode(json.array(found)), "\n")
    return 0
  end
  io.write(feature.listing(found, terminal.describe().width))
  io.write("\n", #found == 1 and "1 indicator" or #found .. " indicators",
    ". perilune features help NAME tells all about one.\n")
  return 0
end

return M

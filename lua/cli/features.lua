--- perilune features list | help | compute | plot | check: what the feature hub knows, and features of a file.
local args = require "args"
local suggest = require "suggest"

local M = {
  help = "List and explain the indicators, compute and plot features of a file",
  usage = {
    "perilune features list [WORD…] [--json]",
    "perilune features help NAME [--json]",
    "perilune features compute FILE EXPRESSION… [--last N] [--json]",
    "perilune features plot FILE EXPRESSION… [-o OUT.svg] [--last N]",
    "perilune features check [NAME|FILE.lua…]",
  },
  subcommands = { "list", "help", "compute", "plot", "check" },
  details = [[
list     the indicators by group, with a line on each; WORDs select (features list volume, features list moving average)
help     all about one: formula, source, convention, parameters, warm-up, an example
compute  values of expressions over a file's bars: a CSV, or a table at a terminal
plot     the same as a picture with the prices, in the terminal or as SVG
check    tests indicators written in Lua (docs/indicators_lua.md): vectors, any chunking, odd prices

perilune features SUBCOMMAND --help lists the options of each. docs/expressions.md has the grammar of expressions.]],
}

function M.run(argv)
  local name = argv[1]
  if name == nil then args.usage_error("a subcommand is missing", M) end
  for _, known in ipairs(M.subcommands) do
    if name == known then return require("cli.features." .. name).run({ unpack(argv, 2) }) end
  end
  if name:sub(1, 1) == "-" then args.parse({ name }, M) end -- --help, or an unknown option
  args.usage_error(("features: no '%s'%s"):format(name, suggest.hint(name, M.subcommands)), M)
end

return M

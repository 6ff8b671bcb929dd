--- perilune data check | info | convert | synth | calendar | instruments | actions: looking at market data, making it.
local args = require "args"
local suggest = require "suggest"

local M = {
  help = "Check, describe, convert and synthesise market data",
  usage = {
    "perilune data info FILE… [--json]",
    "perilune data check FILE…|CONFIG.yaml [--json]",
    "perilune data convert IN OUT [--resample 1h]",
    "perilune data synth --out FILE [--bars N] [--symbols A,B]",
    "perilune data calendar NAME YEAR…",
    "perilune data instruments TABLE|CONFIG.yaml",
    "perilune data actions CONFIG.yaml",
  },
  subcommands = { "info", "check", "convert", "synth", "calendar", "instruments", "actions" },
  details = [[
info         rows, range, timeframe, columns and hash of CSV and column files
check        the quality report: duplicates, order, gaps, impossible prices, jumps, outliers, with file and line
convert      CSV (plain, .gz, .zip) to a column file (.plc) or back; "-" writes CSV to standard output
synth        bars of the synthetic market, as .plc or .csv
calendar     holidays and half days of a market calendar
instruments  a table of instruments as a run takes it
actions      splits, dividends, delistings, halts, membership, deposits: what a run applies, in order

perilune data SUBCOMMAND --help lists the options of each.]],
}

function M.run(argv)
  local name = argv[1]
  if name == nil then args.usage_error("a subcommand is missing", M) end
  for _, known in ipairs(M.subcommands) do
    if name == known then return require("cli.data." .. name).run({ unpack(argv, 2) }) end
  end
  if name:sub(1, 1) == "-" then args.parse({ name }, M) end -- --help, or an unknown option
  args.usage_error(("unknown subcommand '%s'%s"):format(name, suggest.hint(name, M.subcommands)), M)
end

return M

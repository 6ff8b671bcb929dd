--- perilune features help NAME: all about an indicator.
local args = require "args"
local feature = require "feature"
local json = require "json"
local terminal = require "terminal"

local M = {
  help = "Explain an indicator: formula, source, convention, parameters, outputs, warm-up, an example",
  usage = "perilune features help NAME [--json]",
  options = { { "json", help = "print an object" } },
  max = 1,
}

function M.run(argv)
  local opts = args.parse(argv, M)
  if not opts[1] then args.usage_error("features help: which indicator? (perilune features list shows all)", M) end
  local info, message = feature.info(opts[1])
  if not info then return nil, message, 2 end
  if opts.json then
    io.write(json.encode(info, { indent = 2 }), "\n")
  else
    io.write(feature.help(info, terminal.describe().width))
  end
  return 0
end

return M

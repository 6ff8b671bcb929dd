--- perilune help [COMMAND [SUBCOMMAND]]
local args = require "args"
local commands = require "commands"

local M = {
  help = "List the commands, or tell about one",
  usage = "perilune help [COMMAND [SUBCOMMAND]]",
  max = 2,
}

function M.run(argv)
  local opts = args.parse(argv, M)
  if not opts[1] then
    io.write(commands.overview())
    return 0
  end
  local command, message = commands.load(opts[1], opts[2])
  if not command then args.usage_error(message, M) end
  io.write(args.help_text(command))
  return 0
end

return M

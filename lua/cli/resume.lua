--- perilune resume [RUN]: goes on with a run that was interrupted, killed or failed.
local args = require "args"
local run_command = require "cli.run"
local runner = require "run"
local store = require "store"

local M = {
  help = "Go on with a run that was interrupted or killed",
  usage = "perilune resume [RUN] [--db FILE] [--workers N] [--config FILE] [--json]",
  options = {
    { "db", value = "FILE", help = "database that the run is in (default: " .. store.DEFAULT_PATH .. ")" },
    { "config", value = "FILE", help = "where the configuration lies now (default: where it was)" },
    { "workers", value = "N", help = "threads that combos are spread over, or auto (default: engine.workers)" },
    { "json", help = "print one JSON object instead of tables" },
    { "full", help = "all figures, the worst drawdowns, returns by month, confidence intervals" },
    { "quiet", short = "q", help = "print nothing but errors" },
  },
  min = 0, max = 1,
  details = "RUN is the number that perilune runs shows; the newest unfinished run by default. What was finished is "
    .. "kept; the result is that of a run that was never interrupted.",
}

function M.run(argv)
  local opts = args.parse(argv, M)
  local id
  if opts[1] then
    id = tonumber(opts[1])
    if not id or id % 1 ~= 0 or id < 1 then
      args.usage_error(("found run '%s', expected its number, as in perilune runs"):format(opts[1]), M)
    end
  end
  return run_command.show(opts, function(options)
    return runner.resume(opts.db or store.DEFAULT_PATH, id, opts.config, options)
  end)
end

return M

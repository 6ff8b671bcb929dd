--- perilune merge OUT.db PART.db…: joins the parts of a sharded sweep into one run.
local args = require "args"
local run_command = require "cli.run"
local runner = require "run"

local M = {
  help = "Join the parts of a sweep that was cut with --shard",
  usage = "perilune merge OUT.db PART.db… [--config FILE] [--workers N] [--json]",
  options = {
    { "config", value = "FILE", help = "where the configuration lies now (default: where the parts had it)" },
    { "workers", value = "N", help = "threads for what is left to do, or auto (default: engine.workers)" },
    { "json", help = "print one JSON object instead of tables" },
    { "full", help = "all figures, the worst drawdowns, returns by month, confidence intervals" },
    { "quiet", short = "q", help = "print nothing but errors" },
  },
  min = 2,
  details = "The parts become a new run of OUT.db; then what needs all combos is done (docs/cluster.md). All shards "
    .. "must be there, each once, finished, and of the same configuration, data and version.",
}

function M.run(argv)
  local opts = args.parse(argv, M)
  local parts = {}
  for k = 2, #opts do parts[k - 1] = opts[k] end
  return run_command.show(opts, function(options)
    return runner.merge(opts[1], parts, opts.config, options)
  end)
end

return M

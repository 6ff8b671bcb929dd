--- Signal replay: signals are generated once for all combos that have the same, and replayed through each combo's
-- portfolios, risk rules and execution.
local replays = require "replays"
local sweep = require "sweep"

local M = {}

M.help = "Run every combo by replaying signals that combos share: for grids of stops, sizes, weights and costs"

function M.run(w)
  local generated, origin = replays.generate(w, { name = "signals", sharded = true, goes_on = true })
  if not generated then return nil, origin end
  local phase, err = replays.replay(w, generated, origin, { name = "replay", sharded = true })
  if not phase then return nil, err end
  return sweep.finish(w, phase)
end

return M

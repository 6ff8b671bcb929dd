--- The full backtest: every combo through data, features, strategies, portfolio and execution; of a sweep the best
-- once more in full.
local sweep = require "sweep"

local M = {}

M.help = "Run every combo of the configuration over the whole window"

function M.run(w)
  local phase, err = w:phase { name = "full_backtest", sharded = true }
  if not phase then return nil, err end
  return sweep.finish(w, phase)
end

return M

--- An ensemble of several strategies under weights that do not depend on a regime: parameters and weights found
-- walk-forward from captured signals, and tried on data that nothing was chosen on (docs/ensemble.md).
local adaptive = require "adaptive"
local adaptive_report = require "adaptive_report"

local M = {}

M.help = "Parameters and weights of several strategies, found walk-forward, validated on a holdout"

function M.run(w)
  local study, err = adaptive.run(w, { by_regime = false })
  if not study then return nil, err end
  return study.results, adaptive_report.new(study)
end

return M

--- The adaptive ensemble: parameters and weights of several strategies by regime, found walk-forward from captured
-- signals, and tried on data that nothing was chosen on (docs/ensemble.md).
local adaptive = require "adaptive"
local adaptive_report = require "adaptive_report"

local M = {}

M.help = "Parameters and weights of several strategies by regime, found walk-forward, validated on a holdout"

function M.run(w)
  if #w.plan.classifiers == 0 then
    return nil, "adaptive_ensemble: there is no classifier; list one or several under classifiers, or run ensemble"
  end
  local study, err = adaptive.run(w, { by_regime = true })
  if not study then return nil, err end
  return study.results, adaptive_report.new(study)
end

return M

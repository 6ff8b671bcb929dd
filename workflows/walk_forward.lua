--- Walk-forward: the best of a sweep on each training part, on the part that follows; folds of any other kind alike.
local folds_report = require "folds_report"

local M = {}

M.help = "Choose parameters on each fold's training windows and run them on its test windows, stitched into one curve"

function M.run(w)
  local folds, list = w:folds()
  if not folds then return nil, list end
  return folds_report.run(w, folds, list)
end

return M

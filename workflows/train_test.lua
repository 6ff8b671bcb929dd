--- Train and test: the best of a sweep on the first part of the data, on the rest.
local folds_report = require "folds_report"

local M = {}

M.help = "Choose parameters on the first part of the data and run them on the rest"

function M.run(w)
  local spec = w.cfg.windows
  local folds, list = w:folds(spec and spec.type == "train_test" and spec or { type = "train_test", train = "70%" })
  if not folds then return nil, list end
  return folds_report.run(w, folds, list)
end

return M

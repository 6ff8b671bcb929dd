--- Node kind `classifiers`: runs the plan's classifiers over each slice and keeps their regimes for strategies.
local instance = require "instance"

local M = {}

function M.new(part)
  local plan = part.plan
  local all = {}
  part.classifiers = {}
  for _, classifier in ipairs(plan.classifiers) do
    for _, stream in ipairs(classifier.streams) do
      local one, err = instance.new({
        id = classifier.id, def = classifier.def, p = classifier.p, stream = stream,
        library = plan.library,
        budget = plan.engine.loop_budget, rows = plan.engine.chunk_rows, seed = plan.seed,
        on_record = plan.sinks.record, on_log = plan.sinks.log,
      }, part.hub)
      if not one then return nil, err end
      all[#all + 1] = one
      part.classifiers[classifier.id .. "|" .. stream.name] = one
    end
  end
  part.all_classifiers = all
  return {
    step = function()
      for _, one in ipairs(all) do
        local ok, err = one:classify(plan.sinks.regime)
        if not ok then return nil, err end
        one:end_slice()
      end
      return true
    end,
  }
end

return M

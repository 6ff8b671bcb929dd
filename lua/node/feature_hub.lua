--- Node kind `feature_hub`: advances the phase's hub by one slice.
local indicator_hub = require "indicator_hub"

local M = { is_shared = true }

function M.new(phase)
  return {
    step = function(_, until_ns)
      local rows, err = indicator_hub.advance(phase.hub, until_ns)
      if not rows then return nil, err end
      phase.hub_rows = phase.hub_rows + rows
      return true
    end,
  }
end

return M

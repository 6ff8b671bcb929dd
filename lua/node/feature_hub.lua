--- Node kind `feature_hub`: advances the phase's hub by one slice.
local abi = require "abi"
local C = abi.C

local M = {}

function M.new(phase)
  return {
    step = function(_, until_ns)
      local rows = tonumber(C.pln_hub_advance(phase.hub, until_ns))
      if rows < 0 then return nil, abi.last_error() end
      phase.hub_rows = phase.hub_rows + rows
      return true
    end,
  }
end

return M

--- Node kind `signal_recorder`: appends each change of a signal to plan.signal_list, for tests of strategies.
local ffi = require "ffi"
local C = require("abi").C

local M = {}

local NAMES = { [-1] = "SHORT", [0] = "FLAT", [1] = "LONG" }

function M.new(part)
  return {
    on_signal = function(_, batch)
      local one = batch.instance
      local stream = one.symbols and one.symbols[batch.symbol] or one.stream
      local clock, bar = one.stream.bars, 0
      for j = 0, batch.n - 1 do
        local change = ffi.cast("pln_signal *", batch.out) + j
        while C.pln_bars_visible_ns(clock, bar) < change.ts_ns do bar = bar + 1 end
        table.insert(part.plan.signal_list, {
          symbol = stream.symbol, bar = bar + 1, direction = NAMES[change.direction], strength = change.strength,
          confidence = change.confidence,
        })
      end
      return true
    end,
  }
end

return M

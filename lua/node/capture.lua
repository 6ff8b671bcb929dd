--- Node kind `capture`: hands the signals that strategies emit to the plan's sinks.capture (a writer of
-- lua/captured.lua), with the regime in force at each: of the strategy's own classifier, or else of the plan's first.
-- Changes of regimes reach it from the classifiers.
local ffi = require "ffi"
local captured = require "captured"
local C = require("abi").C

local M = {}

--- Why a plan cannot run without its executions, or nil.
function M.refusal(plan, topology)
  for _, strategy in ipairs(plan.strategies) do
    if strategy.def.on_bar then
      return ("strategy '%s' (%s) places its own orders and acts on their fills: it has no signals apart from its "
        .. "executions, so that %s cannot run it; run it with full_backtest, or leave it out"):format(strategy.id,
        strategy.def.file, topology)
    end
  end
end

function M.declare(part)
  local refusal = M.refusal(part.plan, "signal_generation")
  if refusal then return nil, refusal end
  return true
end

function M.new(part)
  local sink = part.plan.sinks.capture
  local room, regimes = 0, nil
  return {
    on_signal = function(_, batch)
      local one, n = batch.instance, batch.n
      local stream = one.symbols and one.symbols[batch.symbol] or one.stream
      local classifier = one.regime_of or part.all_classifiers[1]
      if classifier and n > room then room, regimes = n, ffi.new("int8_t[?]", n) end
      for j = 0, classifier and n - 1 or -1 do regimes[j] = classifier:regime_at(batch.out[j].ts_ns) end
      sink:add(captured.source(one.id, one.stream), stream.symbol, batch.out, n, classifier and regimes)
      return true
    end,
    finish = function()
      for _, one in ipairs(part.instances) do
        if one.warm_row and not one.def.on_bar then
          sink:add_warm(captured.source(one.id, one.stream), C.pln_bars_visible_ns(one.stream.bars, one.warm_row),
            one.warm_row)
        end
      end
      return true
    end,
  }
end

return M

--- The full backtest: every combo through data, features, strategies, portfolio and execution.
local summary = require "summary"

local M = {}

M.help = "Run every combo of the configuration over the whole window"

-- Pictures and notes are kept for the best combo of a grid only, so that a grid's memory is that of its figures.
local function drop_pictures(outcome)
  outcome.sample, outcome.records, outcome.strategies, outcome.regimes = nil, nil, nil, nil
end

function M.run(run)
  local results, best = {}, nil
  local ok, err = run:each("full_backtest", function(outcomes)
    for _, outcome in ipairs(outcomes) do
      results[#results + 1] = outcome
      if run:n_combos() > 1 then
        local is_best = not best or summary.ranks_before(outcome, best)
        local loser = is_best and best or not is_best and outcome
        if loser then drop_pictures(loser) end
        if is_best then best = outcome end
      end
    end
  end)
  if not ok then return nil, err end
  return results
end

return M

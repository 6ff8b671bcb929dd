--- The full backtest: every combo through data, features, strategies, portfolio and execution.
local M = {}

M.help = "Run every combo of the configuration over the whole window"

function M.run(run)
  local results = {}
  for number = 1, run:n_combos() do
    local outcomes, err = run:combo(number, "full_backtest")
    if not outcomes then return nil, err end
    for _, outcome in ipairs(outcomes) do results[#results + 1] = outcome end
  end
  return results
end

return M

--- What a run says in words: notes under its tables, above all why a run has no trades.
local abi = require "abi"
local returns = require "returns"
local stats = require "stats"

local M = {}

local iso = abi.iso_time

local function number(value)
  return value == value and ("%.6g"):format(value) or "nothing"
end

--- Whether one outcome of a grid is shown before another: by Sharpe ratio, undefined ones last, then by combo.
function M.ranks_before(a, b)
  local x, y = stats.value(a.values, "sharpe_ratio"), stats.value(b.values, "sharpe_ratio")
  if x ~= y then return (x or -math.huge) > (y or -math.huge) end
  return a.combo < b.combo
end

--- One line for each refusal code that occurred.
function M.refusals(outcome)
  local lines = {}
  for _, refusal in ipairs(outcome.refusals) do
    local what = refusal.name:find "^reduced" and "reduced" or refusal.name:find "^risk_" and "bounded" or "refused"
    lines[#lines + 1] = ("%s: %d x %s: %s First at %s in %s: asked %s, allowed %s."):format(
      what, refusal.count, refusal.name, refusal.help,
      iso(refusal.ts_ns), refusal.symbol or "?", number(refusal.asked), number(refusal.allowed))
  end
  return lines
end

--- Why there were no trades: a list of lines, empty when there were some.
function M.why_no_trades(outcome, n_trades)
  if n_trades > 0 then return {} end
  local lines = {}
  for _, strategy in ipairs(outcome.strategies) do
    local who = ("strategy '%s' on %s"):format(strategy.id, strategy.stream)
    if strategy.n_bars <= 0 then
      lines[#lines + 1] = ("%s has no bar between data.start and data.end: its data goes from %s to %s"):format(who,
        iso(strategy.first_ns), iso(strategy.last_ns))
    elseif not strategy.warm_row then
      lines[#lines + 1] = ("%s never became warm: its features, or its classifier's, need more than the %d bars up to "
        .. "the window's end"):format(who, strategy.n_all)
    elseif strategy.calls then
      if outcome.orders == 0 then lines[#lines + 1] = who .. " placed no order" end
    elseif strategy.n_changes == 0 then
      lines[#lines + 1] = ("%s was FLAT on every bar from row %d on"):format(who, strategy.warm_row)
    else
      lines[#lines + 1] = ("%s changed its signal %d times"):format(who, strategy.n_changes)
    end
  end
  if #lines == 0 or outcome.orders > 0 then
    lines[#lines + 1] = outcome.fills == 0
      and ("none of %d order%s was filled"):format(outcome.orders, outcome.orders == 1 and "" or "s")
      or ("%d of %d order%s filled, but no position was closed before the data ended (finalize_trades: true closes it)")
        :format(outcome.fills, outcome.orders, outcome.orders == 1 and "" or "s")
  end
  return lines
end

--- Share of bars in each regime of each classifier, one line a classifier and stream.
function M.regimes(outcome)
  local lines = {}
  for _, classifier in ipairs(outcome.regimes) do
    local total, parts = 0, {}
    for index = 1, #classifier.names do total = total + classifier.bars[index] end
    for index, name in ipairs(classifier.names) do
      parts[index] = ("%s %.1f %%"):format(name, total > 0 and 100 * classifier.bars[index] / total or 0)
    end
    lines[#lines + 1] = ("%s on %s: %s"):format(classifier.id, classifier.stream, table.concat(parts, ", "))
  end
  return lines
end

--- What the figures cannot say: growth that was not annualised, a calendar unlike the factor that is annualised with.
function M.annualisation(outcome)
  local lines = {}
  if stats.undefined(outcome.why).cagr_pct == "too_short" then
    lines[#lines + 1] = ("the run spans %s, too little to annualise growth (30 days are needed): CAGR and what is made "
      .. "of it are undefined"):format(stats.duration(stats.value(outcome.values, "duration")))
  end
  local used = stats.value(outcome.values, "periods_per_year")
  local observed = stats.value(outcome.values, "periods_per_year_observed")
  local span = stats.value(outcome.values, "duration")
  if used and observed and span > 360 * 86400 and math.abs(observed / used - 1) > 0.1 then
    lines[#lines + 1] = ("annualised with %g periods a year, the data have %.0f: with statistics.periods_per_year=%.0f "
      .. "the Sharpe and Sortino ratios are %.2f times as large"):format(used, observed, observed,
        math.sqrt(observed / used))
  end
  return lines
end

--- The run's period returns as a series, or nil where they were not kept.
function M.period_series(result)
  local kept = result.period_returns
  if not kept or #kept.returns < 2 then return nil end
  return returns.series(kept.returns, {
    times = kept.times, benchmark = kept.benchmark, periods_per_year = kept.periods_per_year,
    risk_free_ann = kept.risk_free_ann,
  })
end

--- The deflated Sharpe ratio of the best of a grid's outcomes (Bailey, Lopez de Prado 2014), every outcome counted as
-- an independent try; nil where it is undefined or returns were not kept.
-- @param ranked outcomes, the best first
function M.deflated_sharpe(ranked)
  local ratios = {}
  for _, outcome in ipairs(ranked) do
    local ratio = stats.value(outcome.values, "sharpe_ratio")
    if ratio then ratios[#ratios + 1] = ratio / math.sqrt(stats.value(outcome.values, "periods_per_year")) end
  end
  local kept = ranked[1] and ranked[1].period_returns
  local variance = returns.volatility(ratios) -- of any list of numbers: their sample deviation
  if not kept or not variance then return nil end
  return (returns.deflated_sharpe_ratio(kept.returns, {
    periods_per_year = kept.periods_per_year, risk_free_ann = kept.risk_free_ann, trials = #ratios,
    trials_variance = variance ^ 2,
  }))
end

--- All notes of an outcome, in the order in which they are shown.
function M.notes(outcome, n_trades)
  local lines = {}
  if outcome.optimistic then
    lines[1] = ("bands: in %d bars (optimistic: %d) it is not known what came first. The two columns are an indication "
      .. "of sensitivity to that, not bounds."):format(stats.value(outcome.values, "ambiguous_bars"),
      stats.value(outcome.optimistic, "ambiguous_bars"))
  end
  for _, line in ipairs(M.why_no_trades(outcome, n_trades)) do lines[#lines + 1] = "no trades: " .. line end
  for _, line in ipairs(M.refusals(outcome)) do lines[#lines + 1] = line end
  for _, line in ipairs(M.annualisation(outcome)) do lines[#lines + 1] = line end
  for _, line in ipairs(M.regimes(outcome)) do lines[#lines + 1] = "regimes: " .. line end
  if outcome.halted then lines[#lines + 1] = "halted: the drawdown limit closed everything and stopped trading" end
  if outcome.bankrupt then lines[#lines + 1] = "bankrupt: the equity reached zero; the account ends there" end
  if (outcome.unpriced or 0) > 0 then
    lines[#lines + 1] = ("costs: %d times a model could not tell its cost (a feature that was not warm, or no volume): "
      .. "those fills were free of it"):format(outcome.unpriced)
  end
  return lines
end

return M

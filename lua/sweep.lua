--- What follows a phase over many combos: the best of them once more in full, and the list that is shown.
local findings = require "findings"
local honesty = require "honesty"
local stats = require "stats"
local summary = require "summary"

local M = {}

local MOST_LISTED, LISTED_OF_MORE = 10000, 1000

--- Keeps the best `results.top` combos of a phase that keeps figures only in full, in a phase of their own.
-- @param window one of the phase's, in which they are ranked and run (the first)
-- @return the phase; false where there is nothing to do; or nil and a message
function M.keep_top(w, phase, window, name)
  local wanted = w.cfg.results.top
  if phase.keep ~= "figures" or wanted == 0 or w.shard then return false end
  window = window or phase.windows[1]
  local list, err = phase:ranked { metric = w.cfg.results.top_by, windows = { window }, n = wanted }
  if not list then return nil, err end
  if #list == 0 then return false end
  return M.keep(w, phase, list, window, name)
end

--- Runs combos of a phase once more, to keep all of them.
-- @param list of { number }; window of the phase (the first); name of the new phase ("top")
-- @return the phase, or nil and a message
function M.keep(w, phase, list, window, name)
  local numbers = {}
  for k, one in ipairs(list) do numbers[k] = one.number end
  table.sort(numbers)
  return w:phase {
    name = name or "top", combos = numbers, windows = { window or phase.windows[1] }, keep = "full", metrics = "full",
    topology = phase.topology, config = phase.spec.config, signals = phase.spec.signals,
    origin = phase.spec.origin,
  }
end

-- Outcomes of all combos, or of the best of very many.
local function listed(phase)
  if phase.grid:size() <= MOST_LISTED then return phase:list() end
  local ranked, err = phase:ranked { metric = "sharpe_ratio", n = LISTED_OF_MORE }
  if not ranked then return nil, err end
  local numbers = {}
  for k, one in ipairs(ranked) do numbers[k] = one.number end
  return phase:list(nil, numbers)
end

-- What the best of a grid is worth: { text, data }, nil where it cannot be said.
local function selection_of(w, phase, best)
  local score = stats.value(best.values, "sharpe_ratio")
  if not w.db or not score or best.portfolio ~= phase.plan.portfolios[1].name then return nil end
  local found = findings.new()
  local report = honesty.add(w, found, {
    phase = phase, metric = "sharpe_ratio", best = { number = best.number, combo = best.combo, score = score },
  })
  return report and { text = found:format(), data = found.data.selection } or nil
end

--- The outcomes of a phase's combos in its first window, the best of them with its curve; the best ones are kept in
-- full. Of more than 10,000 combos the best 1,000.
-- @return list of outcomes, with `n_combos` and, of several combos, `selection` = { text, data }: what the best is
--   worth; or nil and a message
function M.finish(w, phase)
  local top, err = M.keep_top(w, phase)
  if top == nil then return nil, err end
  local list
  list, err = listed(phase)
  if not list then return nil, err end
  list.n_combos = phase.grid:size()
  local best
  for _, outcome in ipairs(list) do
    if not best or summary.ranks_before(outcome, best) then best = outcome end
  end
  if best and list.n_combos > 1 then list.selection = selection_of(w, phase, best) end
  if not best or (best.sample and phase.keep == "full") then return list end
  local full
  full, err = w:outcome(top or phase, best.number)
  if not full then return nil, err end
  for k, outcome in ipairs(list) do
    for _, one in ipairs(full) do
      if outcome.number == one.number and outcome.portfolio == one.portfolio then list[k] = one end
    end
  end
  return list
end

return M

--- Sweeps by replay: signals are generated once for combos that differ in portfolios and execution only, and each combo
-- replays those of its origin.
local grid_origins = require "grid_origins"
local signal_sources = require "signal_sources"

local M = {}

-- Whether a shard's combos take a combo's signals.
local function needed_by(w, origin)
  local needed = {}
  local first, last = w.shard:range(w:n_combos())
  for number = first, last do needed[origin(number)] = true end
  return function(number) return needed[number] == true end
end

--- Captures the signals of a run's combos, once for those that have the same.
-- @param w the run; spec = { name, windows, config, sharded, goes_on } as of w:phase; a shard captures those that its
--   combos take
-- @return the phase and function(combo number) giving the combo whose signals it has; or nil and a message
function M.generate(w, spec)
  local origin, list = grid_origins.of(w.plan.grid)
  local phase, err = w:phase {
    name = spec.name, topology = "signal_generation", combos = list, windows = spec.windows, keep = "figures",
    sharded = spec.sharded and w.shard and needed_by(w, origin) or spec.sharded, goes_on = spec.goes_on,
  }
  if not phase then return nil, err end
  return phase, origin
end

--- Replays all of a run's combos from such a phase, in the same windows.
-- @param spec { name, windows, keep, metrics } as of w:phase
function M.replay(w, generated, origin, spec)
  local made = { topology = "signal_replay", signals = { signal_sources.of_phase(generated) }, origin = origin }
  for key, value in pairs(spec) do made[key] = value end
  return w:phase(made)
end

return M

--- The schema of `combine`, a portfolio's strategies as one signal, and of `ensemble`, how its weights are found.
local ensemble_methods = require "ensemble_methods"
local ensemble_options = require "ensemble_options"
local types = require "schema_types"

local enum, list, map, number, name = types.enum, types.list, types.map, types.number, types.name
local boolean, time = types.boolean, types.time

local UNITS = {
  max_weight = "share", min_weight = "share", shrinkage = "share", leverage = "times the equity",
  min_periods = "periods", half_life = "periods", risk_free = "fraction a period", fraction = "share",
}

local weight = number("share; below 0 the member counts the other way", { min = -1000, max = 1000 })
local weights = { type = "table", of = weight }

local M = {}

--- A key of a portfolio.
M.combine = { "combine", map {
    { "weights", { type = "table", of = { type = "either", scalar = weight, map = weights } }, default = {},
      help = "weight of each strategy, by id; or of each regime a map of them, `otherwise` for all others. A " ..
        "strategy that is not named weighs nothing; by default all weigh the same" },
    { "classifier", name, help = "id of the classifier whose regimes choose the weights" },
    { "schedule", list(map {
        { "from", time, required = true, help = "when they come into force" },
        { "regime", name, help = "for which regime; by default for all that have no weights of their own" },
        { "weights", weights, required = true, help = "weight of each strategy, by id" },
      }), default = {}, help = "weights over time, in order" },
    { "threshold", number("of the combined level, 0 … 1", { min = 0, below = 1 }), default = 0,
      help = "the combined signal is FLAT while its level is no more than that" },
    { "strengths", boolean, default = true,
      help = "whether a member counts by its strength; false: fully in its direction, for members whose " ..
        "strengths are not of one scale" },
    { "sized_by", enum("strength", "direction"), default = "strength",
      help = "strength: the position is the level's share of the sizing, and follows it as with rebalance: true; " ..
        "direction: all of the sizing, whatever the level" },
  }, optional = true, help = "the strategies' signals become one for each symbol, by weights that may change with " ..
    "the regime and over time (docs/ensemble.md); instead of `weights`" }

-- Options of the weights, as lua/ensemble_options.lua has them, but for those that a file has no use for.
local function option_fields(add)
  for _, option in ipairs(ensemble_options.list) do
    local key, kind, found = option[1], option[2], nil
    if kind == "number" or kind == "integer" then
      found = number(UNITS[key] or "number", { min = option.min, max = option.max, above = option.above })
      found.integer = kind == "integer" or nil
    elseif kind == "boolean" then
      found = boolean
    elseif kind == "enum" then
      found = enum(unpack(option.values))
    end
    if found then add { key, found, default = option.default, help = option.help } end
  end
end

local methods = {}
for k, method in ipairs(ensemble_methods.list) do methods[k] = method.name end

local fields = {
  { "method", enum(unpack(methods)), default = "adaptive", help = "how the weights are reckoned" },
  { "metric", name, default = "sharpe_ratio",
    help = "statistic of returns (docs/statistics.md) by which parameters are chosen" },
  { "holdout", { type = "string", check = "window_size" }, default = "30%",
    help = "the last part of the data, which only the validation sees" },
  { "lookback", types.integer("periods", { min = 2, max = 1e9 }), help = "how many of the last periods weights are " ..
    "reckoned from; all by default" },
  { "every", types.integer("periods", { min = 1, max = 1e9 }), default = 20,
    help = "from one reckoning of the weights to the next" },
  { "min_regime_periods", types.integer("periods", { min = 2, max = 1e9 }), default = 20,
    help = "a regime with fewer takes the parameters, and in part the weights, of all regimes" },
  { "threshold", number("of the combined level, 0 … 1", { min = 0, below = 1 }), default = 0, help = "as of combine" },
  { "strengths", boolean, default = false, help = "as of combine" },
  { "sized_by", enum("strength", "direction"), default = "strength", help = "as of combine" },
}
option_fields(function(field) fields[#fields + 1] = field end)

--- A key of the root.
M.root = { "ensemble", map(fields), optional = true,
  help = "of the workflows ensemble and adaptive_ensemble (docs/ensemble.md)" }

--- What holds where a configuration says nothing of `ensemble`.
function M.defaults()
  local made = {}
  for _, field in ipairs(fields) do made[field[1]] = field.default end
  return made
end

return M

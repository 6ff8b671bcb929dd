--- The schema of `combine`: a portfolio's strategies as one signal.
local types = require "schema_types"

local enum, list, map, number, name = types.enum, types.list, types.map, types.number, types.name
local boolean, time = types.boolean, types.time

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

return M

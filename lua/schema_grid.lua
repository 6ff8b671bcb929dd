--- The schema of `grid`, `risk_profiles` and `optimize`.
local schema_execution = require "schema_execution"
local schema_portfolio = require "schema_portfolio"
local types = require "schema_types"

local enum, list, map, integer, number = types.enum, types.list, types.map, types.integer, types.number
local boolean, name, text = types.boolean, types.name, types.text

-- What stays the same in all combos.
local OF_THE_ACCOUNT = { name = true, strategies = true, weights = true, currency = true, cash_flows = true }

local profile = {}
for _, field in ipairs(schema_portfolio[2].of.fields) do
  if not OF_THE_ACCOUNT[field[1]] then profile[#profile + 1] = field end
end

local several = { single = true, min = 1 }

return {
  { "grid", map({
      { "strategies", list(name, several), help = "ids of strategies: each combo runs one of them, with those that " ..
        "are not listed" },
      { "classifiers", list(name, several),
        help = "ids of classifiers: each combo's strategies see one of them; none: no one" },
      { "symbols", list(types.symbol, several),
        help = "each combo trades one of them, with those that are not listed" },
      { "timeframes", list(types.timeframe, several), help = "each combo's strategies run on one of them" },
      { "risk", list(name, several), help = "names of risk_profiles" },
      { "execution", list({ type = "either", scalar = name, map = map(schema_execution[2].fields, { partial = true }) },
        several), help = "names of execution profiles, or maps of keys of `execution`" },
      { "set", { type = "table", of = { type = "values" } },
        help = "any key by its path: values, a list or a range; or NAME: {path: …, values: …}" },
      { "constraints", { type = "either", scalar = text, list = list(text, { min = 1 }),
        map = map { { "file", text, required = true, help = "Lua file that returns function(p) → true or false" } } },
        help = "expressions over the names of parameters, \"fast < slow\": combos for which one is false are " ..
          "left out" },
    }), optional = true, help = "dimensions besides the lists and ranges of parameters (docs/sweeps.md)" },
  { "risk_profiles", { type = "table", of = map(profile, { partial = true }) }, default = {},
    help = "keys of portfolios by name, for grid.risk; each replaces the portfolio's key as a whole" },
  { "optimize", map({
      { "metric", name, default = "sharpe_ratio", help = "figure of docs/metrics.md that is looked at" },
      { "maximize", boolean, default = true, help = "whether more is better" },
      { "search", enum("grid", "random", "latin_hypercube", "bayesian"), default = "grid",
        help = "all combos, or so many samples of them; bayesian: the tree-structured Parzen estimator" },
      { "samples", integer("combos", { min = 1, max = 1e6 }), default = 200,
        help = "with a search that takes samples" },
      { "seed", types.seed, help = "of the samples; the run's by default" },
      { "top", integer("combos", { min = 1, max = 1e6 }), default = 10, help = "how many of the best are shown" },
      { "min_trades", integer("trades", { min = 0, max = 1e9 }), default = 0,
        help = "combos with fewer are no candidates" },
      { "batch", integer("combos", { min = 1, max = 10000 }), default = 16,
        help = "with bayesian: how many are asked for before their results are looked at, whatever the workers" },
      { "startup", integer("combos", { min = 1, max = 1e6 }), default = 20,
        help = "with bayesian: samples of a Latin hypercube before the estimator is used" },
      { "candidates", integer("points", { min = 1, max = 10000 }), default = 24,
        help = "with bayesian: among how many the next point is chosen" },
      { "gamma", number("share of the points", { above = 0, below = 1 }), default = 0.15,
        help = "with bayesian: which share counts as good" },
    }), optional = true, help = "which combos are tried, and which is best (docs/sweeps.md)" },
}

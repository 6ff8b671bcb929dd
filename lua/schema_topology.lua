--- The schema of `topology`.
local types = require "schema_types"

local enum, list, map, text, name = types.enum, types.list, types.map, types.text, types.name

local M = {}

--- A key of the configuration.
M.root = { "topology", map {
    { "insert", list(map({
        { "id", name, help = "of the node, for the `after` of others; its type by default" },
        { "type", name, help = "a component of a components folder" },
        { "file", text, help = "a file that returns a component, instead of a type; relative to this file" },
        { "after", name, help = "node whose signals it takes: strategies, combiner, or an earlier one's id; by " ..
            "default strategies, or the last one inserted behind them" },
        { "before", name, help = "node on the way to which it stands: combiner or execution; execution by default" },
        { "topic", enum("SIGNAL"), default = "SIGNAL", help = "what flows through it" },
        { "params", { type = "table", of = { type = "parameter" } }, default = {},
          help = "its parameters; a list or {from, to, step} makes a grid" },
      }, { shorthand = "type" }), { single = true }), default = {}, help = "components, in order (docs/topology.md)" },
  }, optional = true, help = "what is inserted between strategies and executions" }

return M

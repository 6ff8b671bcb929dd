--- Types of configuration keys: what lua/schema*.lua is written with. The forms are explained in lua/schema.lua.
local M = {}

function M.enum(...) return { type = "enum", values = { ... } } end
function M.list(of, options)
  local made = { type = "list", of = of }
  for key, value in pairs(options or {}) do made[key] = value end
  return made
end
function M.map(fields, options)
  local made = { type = "map", fields = fields }
  for key, value in pairs(options or {}) do made[key] = value end
  return made
end
function M.number(unit, options)
  local made = { type = "number", unit = unit }
  for key, value in pairs(options or {}) do made[key] = value end
  return made
end
function M.integer(unit, options)
  local made = M.number(unit, options)
  made.integer = true
  return made
end

M.text = { type = "string" }
M.boolean = { type = "boolean" }
M.name = { type = "string", check = "name" }
M.symbol = { type = "string", check = "symbol" }
M.timeframe = { type = "string", check = "timeframe" }
M.time = { type = "string", check = "time" }
M.zone = { type = "string", check = "timezone" }
M.seed = M.integer("of a random sequence", { min = 0, max = 2 ^ 53 })

return M

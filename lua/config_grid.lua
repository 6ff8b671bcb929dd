--- What `grid` has to satisfy across keys.
local profiles = require "profiles"
local suggest = require "suggest"

local M = {}

local function cite(list, names, path, what, fail)
  local seen = {}
  for i, name in ipairs(list or {}) do
    local at, known = ("grid.%s[%d]"):format(path, i - 1), false
    for _, one in ipairs(names) do known = known or one == name end
    if not known and type(name) == "string" then
      fail(at, ("there is no %s '%s'%s%s"):format(what, name, suggest.hint(name, names),
        #names > 0 and " (there are: " .. table.concat(names, ", ") .. ")" or ""))
    elseif seen[name] then
      fail(at, ("%s '%s' is listed twice"):format(what, name))
    end
    seen[name] = true
  end
end

local function column(list, key)
  local names = {}
  for i, item in ipairs(list) do names[i] = item[key] end
  return names
end

local function keys(map)
  local names = {}
  for name in pairs(map or {}) do names[#names + 1] = name end
  table.sort(names)
  return names
end

--- Checks it; `fail(path, message)` is called for each violation.
function M.check(cfg, fail)
  local optimize = cfg.optimize
  if optimize and optimize.search == "bayesian" and cfg.workflow == "full_backtest" then
    fail("optimize.search", "bayesian asks for combos as results come in, which workflow: full_backtest does not: "
      .. "use workflow: optimize, or search: random or latin_hypercube")
  end
  local grid = cfg.grid
  if not grid then return end
  local classifiers = column(cfg.classifiers, "id")
  classifiers[#classifiers + 1] = "none"
  cite(grid.strategies, column(cfg.strategies, "id"), "strategies", "strategy", fail)
  cite(grid.classifiers, classifiers, "classifiers", "classifier", fail)
  cite(grid.symbols, column(cfg.symbols, "symbol"), "symbols", "symbol", fail)
  cite(grid.timeframes, grid.timeframes or {}, "timeframes", "timeframe", fail)
  cite(grid.risk, keys(cfg.risk_profiles), "risk", "risk profile", fail)
  local execution = column(profiles.BUILT_IN, "name")
  for _, name in ipairs(keys(cfg.profiles)) do execution[#execution + 1] = name end
  cite(grid.execution, execution, "execution", "execution profile", fail)
end

return M

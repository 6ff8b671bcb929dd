--- What `portfolios[].combine` has to satisfy beyond its schema.
local M = {}

local function sorted_keys(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

local function check_members(weights, members, path, cite, fail)
  for _, id in ipairs(sorted_keys(weights)) do
    cite(id, members, path .. "." .. id, "strategy of this portfolio", fail)
  end
end

--- Whether weights are given by regime: { calm = { a = 1 } } rather than { a = 1 }.
function M.by_regime(weights)
  for _, value in pairs(weights) do
    if type(value) == "table" then return true end
  end
  return false
end

--- Checks a portfolio's combine.
-- @param members ids of the portfolio's strategies
-- @param classifiers ids of all classifiers
-- @param cite function(name, names, path, what, fail)
-- @param fail function(path, message), called for each violation
function M.check(portfolio, path, members, classifiers, cite, fail)
  local combine = portfolio.combine
  if not combine then return end
  if next(portfolio.weights) then
    fail(path .. ".weights", "combine has the weights: they go under combine.weights")
  end
  if portfolio.books == "separate" then
    fail(path .. ".combine", "strategies with books of their own are not combined: leave combine or books out")
  end
  path = path .. ".combine"
  if combine.classifier then
    cite(combine.classifier, classifiers, path .. ".classifier", "classifier", fail)
  end
  local regimes = M.by_regime(combine.weights)
  for _, key in ipairs(sorted_keys(combine.weights)) do
    local value = combine.weights[key]
    if regimes and type(value) ~= "table" then
      fail(path .. ".weights." .. key, ("%s is the weight of a strategy, other entries are maps by regime; expected "
        .. "one or the other"):format(tostring(value)))
    elseif regimes then
      check_members(value, members, path .. ".weights." .. key, cite, fail)
    end
  end
  if not regimes and next(combine.weights) then
    check_members(combine.weights, members, path .. ".weights", cite, fail)
  end
  for k, entry in ipairs(combine.schedule) do
    local at = ("%s.schedule[%d]"):format(path, k - 1)
    if entry.weights then check_members(entry.weights, members, at .. ".weights", cite, fail) end
    regimes = regimes or entry.regime ~= nil
  end
  if regimes and not combine.classifier then
    fail(path .. ".classifier", "missing; weights by regime need the classifier that tells them")
  end
  if combine.classifier and not regimes then
    fail(path .. ".classifier", "no weights depend on it: give weights by regime, or leave it out")
  end
end

return M

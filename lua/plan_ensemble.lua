--- The combined signals of a plan: `portfolios[].combine`, with its weights as one list over time.
local ffi = require "ffi"
local abi = require "abi"
local config = require "config"
local config_ensemble = require "config_ensemble"
local suggest = require "suggest"
local C = abi.C

local M = {}

local OTHERWISE = "otherwise"

local function index_of(names, name)
  for k, known in ipairs(names) do
    if known == name then return k end
  end
end

-- Weights in the order of the portfolio's strategies.
local function in_order(uses, by_id)
  local made = {}
  for k, use in ipairs(uses) do made[k] = by_id[use.strategy.id] or 0 end
  return made
end

local function sorted_keys(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

--- Resolves a portfolio's combine.
-- @param uses the portfolio's strategies: list of { strategy, weight }
-- @param classifiers by id
-- @return nil where there is none; { classifier = id or nil, regimes = names or nil, threshold, strengths,
--   by_direction, members = ids, schedule = list of { ts_ns, regime = index, 0 for all others, weights = list }, in
--   order of time }; or false and a message
function M.combine(cfg, portfolio, path, uses, classifiers)
  local given = portfolio.combine
  if not given then return nil end
  path = path .. ".combine"
  local function fail(where, message) return false, config.error_at(cfg, path .. where, message) end
  for _, use in ipairs(uses) do
    if use.strategy.def.on_bar then
      return fail("", ("'%s' places its own orders: only strategies that emit signals can be combined"):format(
        use.strategy.id))
    end
  end
  local made = {
    classifier = given.classifier, threshold = given.threshold, strengths = given.strengths,
    by_direction = given.sized_by == "direction", schedule = {}, members = {},
  }
  for k, use in ipairs(uses) do made.members[k] = use.strategy.id end
  local regimes = given.classifier and classifiers[given.classifier].def.regimes or {}
  made.regimes = given.classifier and regimes or nil
  local function add(ts_ns, regime, weights)
    table.insert(made.schedule, { ts_ns = ts_ns, regime = regime, weights = weights, order = #made.schedule })
  end
  local function regime_index(name, where)
    if name == nil or name == OTHERWISE then return 0 end
    local index = index_of(regimes, name)
    if index then return index end
    return fail(where, ("'%s' has no regime '%s'%s"):format(given.classifier, name, suggest.hint(name, regimes)))
  end
  if config_ensemble.by_regime(given.weights) then
    for _, name in ipairs(sorted_keys(given.weights)) do
      local index, err = regime_index(name, ".weights." .. name)
      if not index then return false, err end
      add(abi.INT64_MIN, index, in_order(uses, given.weights[name]))
    end
    for _, name in ipairs(regimes) do
      if not given.weights[name] and not given.weights[OTHERWISE] then
        return fail(".weights", ("no weights for the regime '%s': add them, or `otherwise` for all that are not named")
          :format(name))
      end
    end
  elseif next(given.weights) then
    add(abi.INT64_MIN, 0, in_order(uses, given.weights))
  elseif #given.schedule == 0 then
    local equal = {}
    for k = 1, #uses do equal[k] = 1 / #uses end
    add(abi.INT64_MIN, 0, equal)
  end
  local instant = ffi.new "int64_t[1]"
  local zone = C.pln_timezone_get(cfg.data.timezone or "UTC")
  for k, entry in ipairs(given.schedule) do
    local index, err = regime_index(entry.regime, (".schedule.%d.regime"):format(k - 1))
    if not index then return false, err end
    abi.must(C.pln_time_parse_iso(entry.from, zone, instant))
    if k > 1 and instant[0] < made.schedule[#made.schedule].ts_ns then
      return fail((".schedule.%d.from"):format(k - 1), ("%s is before the entry that precedes it"):format(entry.from))
    end
    add(instant[0], index, in_order(uses, entry.weights))
  end
  return made
end

return M

--- The models of a plan: those of its configuration with their values as numbers, instruments and series.
local ffi = require "ffi"
local abi = require "abi"
local config = require "config"
local execution_model = require "execution_model"
local models = require "models"
local registry = require "registry"
local suggest = require "suggest"
local tables = require "tables"
local types = require "schema_types"
local C = abi.C

local M = {}

-- Rows of a file of rates. `none` is what cannot be borrowed.
local rate_row = types.map {
  { "time", types.time, required = true, help = "from when on the rate holds" },
  { "symbol", types.symbol, help = "whose; all by default" },
  { "rate_pct", { type = "parameter" }, required = true, help = "percent, or none" },
}

local NOT_AVAILABLE = -1

-- Series of a file by instrument: { [instrument] = { n, ts_ns, values } }; or nil and an error.
local function series_of(plan, cfg, model, item, path)
  local function wrong(message) return nil, config.error_at(cfg, path .. ".file", message) end
  local rows, at = tables.rows(item.file, rate_row)
  if not rows then return wrong(table.concat(at, "\n")) end
  local zone, ns = C.pln_timezone_get(cfg.data.timezone), ffi.new "int64_t[1]"
  local lists = {}
  for i, row in ipairs(rows) do
    local function bad(message) return wrong(("%s: %s"):format(at(("[%d]"):format(i - 1)), message)) end
    local value = row.rate_pct
    if model.name == "borrow" and (value == "none" or (type(value) == "number" and value < 0)) then
      value = NOT_AVAILABLE
    end
    if type(value) ~= "number" then
      return bad(("rate_pct: '%s' is not a number%s"):format(tostring(value),
        model.name == "borrow" and " and not none" or ""))
    end
    if C.pln_time_parse_iso(row.time, zone, ns) < 0 then return bad("time: " .. abi.last_error()) end
    local record = row.symbol and plan.by_symbol[row.symbol]
    for _, symbol in ipairs(record and { record } or not row.symbol and plan.symbols or {}) do
      local list = lists[symbol.instrument] or {}
      lists[symbol.instrument] = list
      if #list > 0 and list[#list].ns >= ns[0] then return bad "time: not later than that of the row before" end
      list[#list + 1] = { ns = ns[0], value = value }
    end
  end
  local made = {}
  for instrument, list in pairs(lists) do
    local series = { n = #list, ts_ns = ffi.new("int64_t[?]", #list), values = ffi.new("double[?]", #list) }
    for i, entry in ipairs(list) do series.ts_ns[i - 1], series.values[i - 1] = entry.ns, entry.value end
    made[instrument] = series
  end
  return made
end

local function add_builtin(plan, cfg, model, item, path)
  local problem
  local values = models.values(model, item.params, function(name, message)
    problem = problem or config.error_at(cfg, path .. ".params." .. name, message)
  end)
  if problem then return nil, problem end
  local fits, message = models.fits(model, values)
  if not fits then return nil, config.error_at(cfg, path .. ".params", message) end
  local series
  if item.file then
    series, problem = series_of(plan, cfg, model, item, path)
    if not series then return nil, problem end
  end
  local instruments = { -1 }
  for k, name in ipairs(item.symbols or {}) do instruments[k] = plan.by_symbol[name].instrument end
  for _, instrument in ipairs(instruments) do
    table.insert(plan.models, {
      model = model, values = values, instrument = instrument, series = series, path = path,
      symbol = instrument >= 0 and plan.symbols[instrument + 1].symbol or nil, file = item.file,
    })
  end
  return true
end

-- A model in Lua, of a file in execution_models/ beside the configuration (or of PERILUNE_PATH).
local function add_lua(plan, cfg, name, item, path)
  plan.model_registry = plan.model_registry
    or registry.new { folders = { plan.folder .. "/" .. execution_model.FOLDER } }
  local def, message, is_there = execution_model.load(plan.model_registry, name)
  if not def and not is_there then
    local names = models.names "slippage"
    message = ("there is no model of slippage '%s'%s (there are: %s; own ones lie in %s/%s)"):format(name,
      suggest.hint(name, names), table.concat(names, ", "), plan.folder, execution_model.FOLDER)
  end
  if not def then return nil, config.error_at(cfg, path .. ".model", message) end
  if cfg.execution.fill == "this_close" then
    return nil, config.error_at(cfg, path .. ".model",
      ("'%s' is a model in Lua, which is asked before a bar: use fill: next_open"):format(name))
  elseif cfg.execution.compat ~= "none" then
    return nil, config.error_at(cfg, path .. ".model", "compat goes with the short keys, not with models")
  elseif item.file then
    return nil, config.error_at(cfg, path .. ".file", ("%s reads no file"):format(name))
  end
  local p
  p, message = def:check_params(item.params)
  if not p then return nil, config.error_at(cfg, path .. ".params", message) end
  local instruments = { -1 }
  for k, symbol in ipairs(item.symbols or {}) do instruments[k] = plan.by_symbol[symbol].instrument end
  for _, instrument in ipairs(instruments) do
    table.insert(plan.lua_models, {
      def = def, p = p, instrument = instrument,
      symbol = instrument >= 0 and plan.symbols[instrument + 1].symbol or nil,
    })
  end
  return true
end

-- A commission of an instrument's own replaces that of `execution`; keys that it leaves out are execution's.
local function add_own_commission(plan, symbol, execution)
  local own = symbol.instrument_spec and symbol.instrument_spec.commission
  if not own then return end
  local model, values = models.get "standard", {}
  for i, param in ipairs(model.params) do
    values[i] = { own[param.name] or execution["commission_" .. param.name] or 0 }
  end
  table.insert(plan.models, {
    model = model, values = values, instrument = symbol.instrument, replaces = true, symbol = symbol.symbol,
  })
end

--- Adds `plan.models`: list of { model (models.get), values, instrument (-1: all), replaces, series, symbol, file },
-- and `plan.lua_models`: list of { def, p, instrument, symbol }.
-- @return true, or nil and an error
function M.add(plan, cfg)
  plan.models, plan.lua_models = {}, {}
  for _, kind in ipairs(models.KINDS) do
    for i, item in ipairs(cfg.execution[kind] or {}) do
      local path = ("execution.%s.%d"):format(kind, i - 1)
      local model = models.get(item.model)
      local add = model and add_builtin or add_lua
      local ok, err = add(plan, cfg, model or item.model, item, path)
      if not ok then return nil, err end
    end
  end
  for _, symbol in ipairs(plan.symbols) do add_own_commission(plan, symbol, cfg.execution) end
  return true
end

local SHORT_FORMS = { "commission_pct", "commission_per_share", "commission_per_order", "commission_minimum",
  "slippage_bps", "spread_bps" }

--- What a plan assumes of execution, in words: one line each.
function M.assumptions(plan)
  local execution, lines = plan.execution, {}
  lines[#lines + 1] = ("fills: %s, %s within a bar"):format(execution.fill, execution.intrabar or "pessimistic")
  if execution.profile then lines[#lines + 1] = "profile: " .. execution.profile end
  local short = {}
  for _, key in ipairs(SHORT_FORMS) do
    if execution[key] and execution[key] ~= 0 then
      short[#short + 1] = ("%s %.14g"):format(key, execution[key])
    end
  end
  if #short > 0 then lines[#lines + 1] = "costs: " .. table.concat(short, ", ") end
  for _, item in ipairs(plan.models or {}) do
    lines[#lines + 1] = ("%s: %s%s%s"):format(item.model.kind, models.describe(item.model, item.values),
      item.symbol and " for " .. item.symbol or "", item.file and (", by %s"):format(item.file) or "")
  end
  for _, item in ipairs(plan.lua_models or {}) do
    local params = {}
    for i, param in ipairs(item.def.params) do
      params[i] = ("%s %s"):format(param.name, tostring(item.p[param.name]))
    end
    lines[#lines + 1] = ("model in Lua: %s (%s)%s, %s"):format(item.def.name, table.concat(params, ", "),
      item.symbol and " for " .. item.symbol or "", item.def.file)
  end
  if #short == 0 and #(plan.models or {}) + #(plan.lua_models or {}) == 0 then lines[#lines + 1] = "costs: none" end
  if execution.finalize_trades then lines[#lines + 1] = "open positions are closed at the end, with costs" end
  if execution.compat and execution.compat ~= "none" then lines[#lines + 1] = "compat: " .. execution.compat end
  for _, portfolio in ipairs(plan.portfolios) do
    lines[#lines + 1] = ("%s: sized at the %s's price"):format(portfolio.name, portfolio.sizing.size_at or "signal")
  end
  return lines
end

return M

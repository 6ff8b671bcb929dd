--- Risk rules in Lua of a plan: the files in risk_rules/ beside the configuration that its rules name.
local config = require "config"
local registry = require "registry"
local risk_rule = require "risk_rule"
local risk_rules = require "risk_rules"
local suggest = require "suggest"

local M = {}

local function load(plan, cfg, reg, rule, path)
  local def, message, is_there = risk_rule.load(reg, rule.type)
  if not def and not is_there then
    local names = {}
    for i, info in ipairs(risk_rules.list) do names[i] = info.name end
    message = ("there is no type '%s'%s (`perilune risk list` shows them; own ones lie in %s/%s)"):format(rule.type,
      suggest.hint(rule.type, names), plan.folder, risk_rule.FOLDER)
  end
  if not def then return nil, config.error_at(cfg, path .. ".type", message) end
  local p
  p, message = def:check_params(rule.params or {})
  if not p then return nil, config.error_at(cfg, path .. ".params", message) end
  return { def = def, p = p }
end

--- Fills plan.lua_rules: { def, p } by the rule of the configuration. true, or nil and a message.
function M.add(plan, cfg)
  plan.lua_rules = {}
  local reg
  local function each(rules, path)
    for i, rule in ipairs(rules or {}) do
      if not risk_rules.get(rule.type) then
        reg = reg or registry.new { folders = { plan.folder .. "/" .. risk_rule.FOLDER } }
        local item, err = load(plan, cfg, reg, rule, ("%s.%d"):format(path, i - 1))
        if not item then return nil, err end
        plan.lua_rules[rule] = item
      end
    end
    return true
  end
  local ok, err = each(cfg.risk and cfg.risk.rules, "risk.rules")
  for i, portfolio in ipairs(cfg.portfolios) do
    if ok then ok, err = each(portfolio.risk.rules, ("portfolios.%d.risk.rules"):format(i - 1)) end
  end
  return ok, err
end

return M

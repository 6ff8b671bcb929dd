--- What `portfolios[].exits` has to satisfy across its keys.
local risk_rules = require "risk_rules"

local M = {}

local MAX_RUNGS = 8
local UNITS = { "pct", "atr", "r" }
local PARTS = { "stop", "target", "trailing", "time" }

local function has_stop(portfolio, exits)
  return portfolio.risk.stop_loss_pct > 0 or portfolio.risk.trailing_stop_pct > 0
    or next(exits.stop or {}) ~= nil or next(exits.trailing or {}) ~= nil or exits.chandelier ~= nil
end

local function check_ladder(ladder, path, stopped, fail)
  if #ladder > MAX_RUNGS then fail(path, ("%d rungs, expected at most %d"):format(#ladder, MAX_RUNGS)) end
  local shares, before = 0, nil
  for i, rung in ipairs(ladder) do
    local at, unit = ("%s[%d]"):format(path, i - 1), nil
    for _, name in ipairs(UNITS) do
      if rung[name] and unit then
        fail(at .. "." .. name, ("goes without %s: a rung is at one of pct, atr and r"):format(unit))
      end
      if rung[name] then unit = name end
    end
    if not unit then fail(at, "missing; a rung is at one of pct, atr and r") end
    if unit == "r" and not stopped then fail(at .. ".r", "R is the distance of the stop, and there is none") end
    if unit and before and before.unit == unit and rung[unit] <= before.value then
      fail(at .. "." .. unit, ("%.15g is not beyond the rung before it (%.15g)"):format(rung[unit], before.value))
    end
    before = unit and { unit = unit, value = rung[unit] }
    shares = shares + (rung.share_pct or 0)
  end
  if shares > 100 + 1e-9 then
    fail(path, ("the rungs close %.15g percent together, expected at most 100"):format(shares))
  end
end

local function given_limits(rule, info)
  local given, names = {}, {}
  for _, param in ipairs(info.params) do
    if param.is_limit then names[#names + 1] = param.name end
    if param.is_limit and rule[param.name] then given[#given + 1] = param.name end
  end
  return given, names
end

-- Rules: one limit each; groups name symbols once.
function M.check_rules(rules, path, symbols, fail)
  for i, rule in ipairs(rules or {}) do
    local at, info = ("%s[%d]"):format(path, i - 1), risk_rules.get(rule.type)
    if info then
      local given, names = given_limits(rule, info)
      if #given == 0 then
        fail(at, ("missing; %s takes %s%s"):format(rule.type, #names > 1 and "one of " or "",
          table.concat(names, ", ")))
      elseif #given > 1 then
        fail(("%s.%s"):format(at, given[2]), ("goes without %s: a rule has one limit"):format(given[1]))
      end
      if rule.type == "loss_streak" and (rule.pause_bars or 0) == 0 and (rule.pause_days or 0) == 0 then
        fail(at, "missing; pause_bars or pause_days says how long entries wait")
      end
      local seen, groups = {}, {}
      for name in pairs(rule.groups or {}) do groups[#groups + 1] = name end
      table.sort(groups)
      for _, name in ipairs(groups) do
        for k, symbol in ipairs(rule.groups[name]) do
          local item = ("%s.groups.%s[%d]"):format(at, name, k - 1)
          if not symbols[symbol] then fail(item, ("there is no symbol '%s'"):format(symbol)) end
          if seen[symbol] then fail(item, ("%s is in group %s already"):format(symbol, seen[symbol])) end
          seen[symbol] = name
        end
      end
    end
  end
end

--- Checks the exits of a portfolio; `fail(path, message)` is called for each violation.
function M.check(portfolio, path, compat, fail)
  local exits = portfolio.exits
  if not exits then return end
  path = path .. ".exits"
  if compat == "backtesting.py" then
    return fail(path, "goes without execution.compat: backtesting.py, which has none; risk.stop_loss_pct and "
      .. "take_profit_pct are there")
  end
  local stopped = has_stop(portfolio, exits)
  for _, key in ipairs(PARTS) do
    if exits[key] and next(exits[key]) == nil then fail(path .. "." .. key, "says nothing; give one of its keys") end
  end
  if exits.target and exits.target.r and not stopped then
    fail(path .. ".target.r", "R is the distance of the stop, and there is none")
  end
  local even = exits.break_even
  if even then
    if not (even.after_pct or even.after_atr or even.after_r) then
      fail(path .. ".break_even", "missing; after_pct, after_atr or after_r says which gain moves the stop")
    end
    if even.after_r and not stopped then
      fail(path .. ".break_even.after_r", "R is the distance of the stop, and there is none")
    end
    if even.after_pct and even.offset_pct >= even.after_pct then
      fail(path .. ".break_even.offset_pct",
        ("%.15g is not below after_pct (%.15g): the stop would be beyond the price"):format(even.offset_pct,
          even.after_pct))
    end
  end
  if exits.ladder then check_ladder(exits.ladder, path .. ".ladder", stopped, fail) end
end

return M

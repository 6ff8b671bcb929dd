--- Risk rules, risk scores and exits as the structs of src/abi/risk.h.
local ffi = require "ffi"
local abi = require "abi"
local risk_rules = require "risk_rules"
local schema_risk = require "schema_risk"
local C = abi.C

local M = {}

local ACTION = { resize = C.PLN_RISK_RESIZE, refuse = C.PLN_RISK_REFUSE }

-- Of a limit that is given in two places, the tighter; 0 and nil are none.
local function tighter(a, b)
  if not a or a == 0 then return b or 0 end
  return b and b > 0 and b < a and b or a
end

local function seconds_of(clock)
  local hours, minutes, seconds = clock:match "^(%d+):(%d+):?(%d*)$"
  return hours * 3600 + minutes * 60 + (tonumber(seconds) or 0)
end

-- Exits in the portfolio's struct, and whether they read the ATR.
local function put_exits(config, exits)
  local e, risk = config.exits, config.risk
  local stop, target, trailing = exits.stop or {}, exits.target or {}, exits.trailing or {}
  risk.stop_loss_pct = tighter(risk.stop_loss_pct, stop.pct)
  risk.take_profit_pct = tighter(risk.take_profit_pct, target.pct)
  risk.trailing_stop_pct = tighter(risk.trailing_stop_pct, trailing.pct)
  e.stop_amount, e.stop_atr = stop.amount or 0, stop.atr or 0
  e.target_amount, e.target_atr, e.target_r = target.amount or 0, target.atr or 0, target.r or 0
  e.trailing_amount, e.trailing_atr = trailing.amount or 0, trailing.atr or 0
  local even = exits.break_even or {}
  e.break_even_pct, e.break_even_atr, e.break_even_r = even.after_pct or 0, even.after_atr or 0, even.after_r or 0
  e.break_even_offset_pct = even.offset_pct or 0
  local time = exits.time or {}
  e.max_bars = time.bars or 0
  if time.at then e.has_time, e.time_s = 1, seconds_of(time.at) end
  local reads = stop.atr or target.atr or trailing.atr or even.after_atr
  e.n_rungs = #(exits.ladder or {})
  for i, rung in ipairs(exits.ladder or {}) do
    local r = e.rungs[i - 1]
    r.pct, r.atr, r.r, r.share_pct = rung.pct or 0, rung.atr or 0, rung.r or 0, rung.share_pct
    reads = reads or rung.atr
  end
  return reads ~= nil
end

--- Fills in what a portfolio's `risk` and `exits` say.
-- @param config pln_portfolio_config
-- @param portfolio of the plan
-- @param gauges node/gauges.lua
-- @return true, or nil and a message
function M.put(config, portfolio, gauges)
  for name, value in pairs(portfolio.risk) do
    if type(value) == "number" then config.risk[name] = value end
  end
  local exits = portfolio.exits
  if not exits then return true end
  if put_exits(config, exits) then
    local gauge, err = gauges.need(("atr(%d)"):format(exits.atr_bars))
    if not gauge then return nil, err end
    config.exits.atr_gauge = gauge
  end
  if exits.chandelier then
    config.exits.chandelier_atr = exits.chandelier.atr
    local gauge, err = gauges.need(("atr(%d)"):format(exits.chandelier.bars))
    if not gauge then return nil, err end
    config.exits.chandelier_gauge = gauge
  end
  return true
end

-- The number of each instrument's group, from 1; 0: in none. By the rule's own groups, or by sector.
local function groups_of(rule, plan)
  local names, group_of = {}, {}
  for name, members in pairs(rule.groups or {}) do
    names[#names + 1] = name
    for _, symbol in ipairs(members) do group_of[symbol] = name end
  end
  if not rule.groups then
    local known = {}
    for _, symbol in ipairs(plan.symbols) do
      local sector = symbol.instrument_spec and symbol.instrument_spec.sector or symbol.sector
      group_of[symbol.symbol] = sector
      if sector and not known[sector] then
        known[sector], names[#names + 1] = true, sector
      end
    end
    if #names == 0 then
      return nil, "rule max_group: no instrument has a sector; give groups: {NAME: [SYMBOL, …]}"
    end
  end
  table.sort(names)
  local number_of, numbers = {}, ffi.new("int32_t[?]", #plan.symbols)
  for i, name in ipairs(names) do number_of[name] = i end
  for k, symbol in ipairs(plan.symbols) do numbers[k - 1] = number_of[group_of[symbol.symbol]] or 0 end
  return numbers
end

local function value_of(param, value)
  if value == nil then return 0 / 0 end
  if not param.choices then return value end
  for i, word in ipairs(param.choices) do
    if word == value then return i - 1 end
  end
end

-- A rule of a file: the core asks for its verdicts.
local function add_lua(item, add, on_lua)
  local made = ffi.new "pln_risk_rule"
  made.kind, made.gauge, made.action = C.PLN_RISK_LUA, -1, C.PLN_RISK_DEFAULT
  local number = add(made)
  if number < 0 then return nil, abi.last_error() end
  return on_lua(item, tonumber(number))
end

-- A rule of the core.
local function add_rule(rule, plan, gauges, add)
  local info = risk_rules.get(rule.type)
  local made = ffi.new "pln_risk_rule"
  made.kind, made.gauge = info.kind, -1
  made.action = rule.action and ACTION[rule.action] or C.PLN_RISK_DEFAULT
  for i, param in ipairs(info.params) do made.value[i - 1] = value_of(param, rule[param.name]) end
  if info.gauge then
    local param = info.params[info.gauge_param]
    local gauge, err = gauges.need(info.gauge:format(rule[param.name] or param.default))
    if not gauge then return nil, err end
    made.gauge = gauge
  end
  local groups -- kept until the rule is added
  if info.groups then
    local err
    groups, err = groups_of(rule, plan)
    if not groups then return nil, err end
    made.groups, made.n_groups = groups, #plan.symbols
  end
  if add(made) < 0 then return nil, abi.last_error() end
  return true
end

-- Hands each rule to `add` as a struct, and those in Lua, with their numbers, to `on_lua`. true, or nil and a message.
local function add_rules(list, plan, gauges, add, on_lua)
  for _, rule in ipairs(list or {}) do
    local item = plan.lua_rules and plan.lua_rules[rule]
    local ok, err
    if item then
      ok, err = add_lua(item, add, on_lua)
    else
      ok, err = add_rule(rule, plan, gauges, add)
    end
    if not ok then return nil, err end
  end
  return true
end

local function set_score(handle, score, gauges)
  local made = ffi.new("pln_score_config")
  for i, part in ipairs(schema_risk.SCORE_PARTS) do
    made.weight[i - 1], made.full[i - 1] = score.weights[part[1]], score.full[part[1]]
  end
  made.confidence_pct, made.bars, made.record = score.confidence_pct, score.bars, score.record and 1 or 0
  made.gauge = -1
  if score.weights.liquidity > 0 then
    local gauge, err = gauges.need(("sma(volume, %d)"):format(score.average_bars))
    if not gauge then return nil, err end
    made.gauge = gauge
  end
  if C.pln_portfolio_set_score(handle, made) < 0 then return nil, abi.last_error() end
  return true
end

--- Whether a plan has any rule or score.
function M.any(plan)
  local found = plan.risk ~= nil and plan.risk.rules ~= nil
  for _, portfolio in ipairs(plan.portfolios) do
    found = found or portfolio.risk.rules ~= nil or portfolio.risk.score ~= nil
  end
  return found
end

--- Gives a portfolio its rules and score, before the container gets it. true, or nil and a message.
-- @param on_lua function(item of plan.lua_rules, the rule's number) → true, or nil and a message
function M.add_to_portfolio(handle, risk, plan, gauges, on_lua)
  if risk.score then
    local ok, err = set_score(handle, risk.score, gauges)
    if not ok then return nil, err end
  end
  return add_rules(risk.rules, plan, gauges, function(rule) return C.pln_portfolio_add_rule(handle, rule) end, on_lua)
end

--- Gives a container the rules across its portfolios. true, or nil and a message.
function M.add_to_container(exec, plan, gauges, on_lua)
  return add_rules(plan.risk and plan.risk.rules, plan, gauges, function(rule)
    return C.pln_exec_add_rule(exec, rule)
  end, on_lua)
end

return M

--- Risk rules written in Lua: risk_rule{…} files, asked about each order that a portfolio's rules review.
--
--     return risk_rule {
--       name = "no_third_loss", help = "Half of the size while the account is below its peak.",
--       params = { from_pct = 2.0 },
--       check = function(order, portfolio, p, s)
--         if portfolio.drawdown_pct > p.from_pct then return RESIZE, order.quantity / 2 end
--         return ALLOW
--       end,
--     }
--
-- C asks, Lua answers (src/abi/exec.h, PLN_EXEC_ASK_RISK). docs/risk.md explains it.
local ffi = require "ffi"
local abi = require "abi"
local asked = require "asked"
local registry = require "registry"
local C = abi.C

local M = {}

--- Folder beside the configuration in which such files lie.
M.FOLDER = "risk_rules"

local order_type = ffi.typeof [[struct {
  double quantity, reduces, price, limit_price, stop_price, side, value, symbol;
  bool is_buy, is_market, is_limit, is_stop;
}]]
local portfolio_type = ffi.typeof [[struct {
  double equity, cash, gross_exposure, net_exposure, margin_used, drawdown_pct, peak_equity, position, trades;
}]]

--- Loads the file of a rule by its name: asked.load.
function M.load(reg, name) return asked.load(reg, name, "risk_rule") end

local Rules = {}
Rules.__index = Rules

--- The rules in Lua of one container.
-- @param plan for engine.loop_budget
function M.new(plan)
  return setmetatable({
    budget = plan.engine.loop_budget, portfolio_rules = {}, container_rules = {}, accounts = {},
    order = order_type(), portfolio = portfolio_type(),
  }, Rules)
end

--- Adds one with a state of its own, under the number that the core gave it.
-- @param portfolio index of the portfolio, nil for a rule across portfolios
-- @return true, or nil and a message
function Rules:add(item, number, portfolio)
  local state, err = item.def:new_state(item.p)
  if not state and err then return nil, err end
  local one = { def = item.def, p = item.p, state = state, handler = registry.handler(item.def) }
  if portfolio then
    self.portfolio_rules[portfolio] = self.portfolio_rules[portfolio] or {}
    self.portfolio_rules[portfolio][number] = one
  else
    self.container_rules[number] = one
  end
  return true
end

--- Tells the account of a portfolio (pln_portfolio *), which its rules see.
function Rules:watch(portfolio, handle) self.accounts[portfolio] = C.pln_portfolio_account(handle) end

local function explain(one, raw, order)
  local place = registry.describe(raw, one.def)
  return ("%s:%d: %s\n  order: quantity=%.10g price=%.10g side=%d reduces=%.10g"):format(place.file,
    place.line or one.def.lines.check or 1, place.message, order.quantity, order.price, order.side, order.reduces)
end

local ACTIONS = {
  [tonumber(C.PLN_RISK_ALLOW)] = true, [tonumber(C.PLN_RISK_RESIZE)] = true, [tonumber(C.PLN_RISK_REFUSE)] = true,
}

function Rules:_call(one)
  local ok, action, quantity = asked.call(one, self.budget, one.def.check, self.order, self.portfolio, one.p, one.state)
  if not ok then return nil, explain(one, action, self.order) end
  if not ACTIONS[action] or action == C.PLN_RISK_RESIZE and not (asked.is_finite(quantity) and quantity >= 0) then
    return nil, explain(one, ("check returned %s, %s: expected ALLOW, REFUSE, or RESIZE and a quantity of 0 or more")
      :format(asked.shown(action), asked.shown(quantity)), self.order)
  end
  local changed = asked.changed(one.def)
  if changed then return nil, changed end
  return action, action == C.PLN_RISK_RESIZE and quantity or 0
end

--- Answers what a container asks.
-- @return true, or nil and a message
function Rules:answer(exec)
  local request, order, portfolio = C.pln_exec_risk_request(exec), self.order, self.portfolio
  local index, number, kind = tonumber(request.portfolio), tonumber(request.rule), tonumber(request.type)
  local account = self.accounts[index]
  order.quantity, order.reduces, order.price = request.quantity, request.reduces, request.price
  order.limit_price, order.stop_price, order.side = request.limit_price, request.stop_price, request.side
  order.value, order.symbol, order.is_buy = request.value, request.instrument + 1, request.side > 0
  order.is_market, order.is_limit = asked.MARKETS[kind] or false, asked.LIMITS[kind] or false
  order.is_stop = asked.STOPS[kind] or false
  portfolio.equity, portfolio.cash, portfolio.peak_equity = account.equity, account.cash, account.peak_equity
  portfolio.gross_exposure, portfolio.net_exposure = account.gross_exposure, account.net_exposure
  portfolio.margin_used, portfolio.drawdown_pct = account.margin_used, account.drawdown_pct
  portfolio.position, portfolio.trades = request.position, tonumber(account.n_trades)
  local one = request.scope == 0 and self.portfolio_rules[index][number] or self.container_rules[number]
  local action, quantity = self:_call(one)
  if not action then return nil, quantity end
  if C.pln_exec_answer_risk(exec, action, quantity, 0 / 0, 0 / 0) < 0 then return nil, abi.last_error() end
  return true
end

return M

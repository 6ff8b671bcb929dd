--- A plan's settings as the structs that the execution container and its portfolios are made from.
local ffi = require "ffi"
local abi = require "abi"
local periods = require "periods"
local risk_settings = require "node.risk_settings"
local C = abi.C

local M = {}

local SIZING_KEYS = { "max_pct", "multiple", "fraction", "min_pct", "window", "min_trades" }
local PYRAMIDING_KEYS = { "max_entries", "step_pct", "add_pct" }

local FILL = {
  next_open = C.PLN_FILL_NEXT_OPEN, this_close = C.PLN_FILL_THIS_CLOSE, next_close = C.PLN_FILL_NEXT_CLOSE,
}
local INTRABAR = {
  pessimistic = C.PLN_INTRABAR_PESSIMISTIC, optimistic = C.PLN_INTRABAR_OPTIMISTIC,
  nearest_extreme = C.PLN_INTRABAR_NEAREST_EXTREME, ohlc = C.PLN_INTRABAR_OHLC, olhc = C.PLN_INTRABAR_OLHC,
  as_made = C.PLN_INTRABAR_AS_MADE,
}
local OFF_STEP = { round = C.PLN_OFF_STEP_ROUND, reject = C.PLN_OFF_STEP_REJECT }
local SIZE_TYPE = {
  percent_of_equity = { C.PLN_SIZE_PERCENT_OF_EQUITY, "percent" },
  fixed_quantity = { C.PLN_SIZE_QUANTITY, "quantity" },
  fixed_cash = { C.PLN_SIZE_CASH, "cash" },
  volatility_target = { C.PLN_SIZE_VOLATILITY_TARGET, "percent" },
  atr_risk = { C.PLN_SIZE_ATR_RISK, "percent" },
  fixed_fractional = { C.PLN_SIZE_FIXED_FRACTIONAL, "percent" },
  kelly = { C.PLN_SIZE_KELLY, "percent" },
}
M.SIZE_AT = { signal = C.PLN_SIZE_AT_SIGNAL, fill = C.PLN_SIZE_AT_FILL }
local ACCOUNTING = { fifo = C.PLN_ACCOUNTING_FIFO, lifo = C.PLN_ACCOUNTING_LIFO, average = C.PLN_ACCOUNTING_AVERAGE }
local MARGIN_CALL = {
  off = C.PLN_MARGIN_CALL_OFF, liquidate = C.PLN_MARGIN_CALL_LIQUIDATE, close_all = C.PLN_MARGIN_CALL_CLOSE_ALL,
}
local ON_LEAVE = { close = C.PLN_ON_LEAVE_CLOSE, hold = C.PLN_ON_LEAVE_HOLD }
local SETTLEMENT = { cash = C.PLN_SETTLE_CASH, futures = C.PLN_SETTLE_FUTURES }
local BACKTESTING_PY = "backtesting.py"

--- Whether what is open at the end of a window is closed there: as the configuration says, else where more follows.
function M.finalizes(execution, window)
  if execution.finalize_trades ~= nil then return execution.finalize_trades end
  return window.role ~= nil and window.role ~= "full"
end

--- pln_exec_config of a plan.
function M.exec(plan)
  local execution, window = plan.execution, plan.window
  local config = ffi.new("pln_exec_config")
  config.fill, config.intrabar = FILL[execution.fill], INTRABAR[execution.intrabar or "pessimistic"]
  config.off_tick = OFF_STEP[execution.off_tick or "round"]
  config.off_lot = OFF_STEP[execution.off_lot or "round"]
  config.max_volume_pct = execution.max_volume_pct or 0
  config.children_next_bar = execution.child_orders == "next_bar" and 1 or 0
  config.trail_closes = execution.trail_by == "close" and 1 or 0
  config.finalize_trades = M.finalizes(execution, window) and 1 or 0
  config.commission.pct = execution.commission_pct
  config.commission.per_share = execution.commission_per_share
  config.commission.per_order = execution.commission_per_order
  config.commission.minimum = execution.commission_minimum
  config.slippage_bps = execution.slippage_bps
  -- backtesting.py's spread is paid once, on the entry, in full.
  if execution.compat == BACKTESTING_PY then
    config.entry_spread_bps = execution.spread_bps
  else
    config.spread_bps = execution.spread_bps
  end
  config.trade_from_ns, config.trade_until_ns = window.from_ns, window.until_ns
  config.benchmark = plan.benchmark or 0
  config.record_equity = 1
  config.record_orders = plan.record_orders and 1 or 0
  config.seed = plan.seed or 1
  config.record_decisions = plan.record_decisions and 1 or 0
  return config
end

-- The gauge that a size is made from; nothing for the other types.
local function sizing_gauge(sizing, gauges)
  if sizing.type == "atr_risk" then return gauges.need(("atr(%d)"):format(sizing.period)) end
  if sizing.type == "volatility_target" then
    return gauges.need(function(symbol)
      local annual, err = sizing.periods_per_year, nil
      if not annual then annual, err = periods.per_year(symbol, symbol.streams[1]) end
      return annual and ("volatility(close, %d, %.17g)"):format(sizing.period, annual), err
    end)
  end
  return 0
end

--- pln_portfolio_config of one of a plan's portfolios; or nil and a message.
function M.portfolio(portfolio, execution, gauges)
  local config = ffi.new("pln_portfolio_config")
  local sizing = portfolio.sizing
  local size = SIZE_TYPE[sizing.type]
  config.capital, config.leverage = portfolio.capital, portfolio.leverage
  config.sizing.type, config.sizing.value = size[1], sizing[size[2]]
  config.sizing.at = M.SIZE_AT[sizing.size_at]
  for _, key in ipairs(SIZING_KEYS) do
    config.sizing[key] = sizing[key] or 0
  end
  local gauge, err = sizing_gauge(sizing, gauges)
  if not gauge then return nil, err end
  config.sizing.gauge = gauge
  local scaling, pyramiding = config.scaling, portfolio.pyramiding or {}
  scaling.band_pct = portfolio.rebalance_band_pct or 0
  scaling.band_relative_pct = portfolio.rebalance_band_relative_pct or 0
  scaling.every_bar = portfolio.rebalance_every == "bar" and 1 or 0
  scaling.long_pct, scaling.short_pct = portfolio.long_pct or 0, portfolio.short_pct or 0
  for _, key in ipairs(PYRAMIDING_KEYS) do scaling[key] = pyramiding[key] or 0 end
  local ok, risk_err = risk_settings.put(config, portfolio, gauges)
  if not ok then return nil, risk_err end
  config.accounting = ACCOUNTING[portfolio.accounting or "fifo"]
  config.margin_call = MARGIN_CALL[portfolio.margin_call or "off"]
  config.maintenance_pct = portfolio.maintenance_margin_pct or 0
  config.fx_spread_bps = portfolio.fx_spread_bps or 0
  config.on_leave = ON_LEAVE[portfolio.on_leave or "close"]
  config.allow_short = portfolio.allow_short and 1 or 0
  config.rebalance = portfolio.rebalance and 1 or 0
  config.fill_price_quirk = execution.compat == BACKTESTING_PY and 1 or 0
  return config
end

-- A margin per contract or in percent: the type and the value.
local function margin(spec, kind)
  if spec[kind] then return C.PLN_MARGIN_CURRENCY, spec[kind] end
  if spec[kind .. "_pct"] then return C.PLN_MARGIN_PERCENT, spec[kind .. "_pct"] end
  return C.PLN_MARGIN_BY_LEVERAGE, 0
end

--- pln_instrument of one of a plan's symbols.
function M.instrument(symbol)
  local made = ffi.new("pln_instrument", { symbol.lot_size, symbol.tick_size, symbol.multiplier })
  local spec = symbol.instrument_spec or {}
  made.margin_type, made.margin_initial = margin(spec, "initial_margin")
  made.maintenance_type, made.margin_maintenance = margin(spec, "maintenance_margin")
  made.settlement = SETTLEMENT[spec.settlement or "cash"]
  made.is_rate = symbol.trade == false and 1 or 0
  return made
end

--- Tells the container what happens to a plan's instruments.
-- @return true, or nil and an error
function M.add_actions(exec, plan)
  for _, symbol in ipairs(plan.symbols) do
    if symbol.actions and C.pln_exec_add_actions(exec, symbol.instrument, symbol.actions, symbol.n_actions) < 0 then
      return nil, symbol.symbol .. ": " .. abi.last_error()
    end
  end
  return true
end

--- Tells the container in which currencies a portfolio trades, and of its deposits and withdrawals.
-- @param portfolio of the plan
-- @param id of the portfolio in the container
-- @return true, or nil and an error
function M.add_account(exec, plan, portfolio, id)
  for k, symbol in ipairs(plan.symbols) do
    local steps = portfolio.fx and portfolio.fx[k]
    if steps and #steps > 0 then
      local fx = ffi.new("pln_fx", { { -1, -1 } })
      for leg, step in ipairs(steps) do
        fx.rate[leg - 1], fx.inverse[leg - 1] = step.instrument, step.inverse and 1 or 0
      end
      if C.pln_exec_set_fx(exec, id, symbol.instrument, fx) < 0 then return nil, abi.last_error() end
    end
  end
  local flows = portfolio.cash_actions
  if flows and C.pln_exec_add_cash_flows(exec, id, flows, portfolio.n_cash_actions) < 0 then
    return nil, portfolio.name .. ": " .. abi.last_error()
  end
  return true
end

return M

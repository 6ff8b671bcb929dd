--- A plan's settings as the structs that the execution container and its portfolios are made from.
local ffi = require "ffi"
local abi = require "abi"
local C = abi.C

local M = {}

local FILL = { next_open = C.PLN_FILL_NEXT_OPEN, this_close = C.PLN_FILL_THIS_CLOSE }
local SIZE_TYPE = {
  percent_of_equity = { C.PLN_SIZE_PERCENT_OF_EQUITY, "percent" },
  fixed_quantity = { C.PLN_SIZE_QUANTITY, "quantity" },
  fixed_cash = { C.PLN_SIZE_CASH, "cash" },
}
M.SIZE_AT = { signal = C.PLN_SIZE_AT_SIGNAL, fill = C.PLN_SIZE_AT_FILL }
local BACKTESTING_PY = "backtesting.py"

--- pln_exec_config of a plan.
function M.exec(plan)
  local execution, window = plan.execution, plan.window
  local config = ffi.new("pln_exec_config")
  config.fill = FILL[execution.fill]
  config.finalize_trades = execution.finalize_trades and 1 or 0
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
  return config
end

--- pln_portfolio_config of one of a plan's portfolios.
function M.portfolio(portfolio, execution, _)
  local config = ffi.new("pln_portfolio_config")
  local size = SIZE_TYPE[portfolio.sizing.type]
  config.capital, config.leverage = portfolio.capital, portfolio.leverage
  config.sizing.type, config.sizing.value = size[1], portfolio.sizing[size[2]]
  config.sizing.at = M.SIZE_AT[portfolio.sizing.size_at]
  for name, value in pairs(portfolio.risk) do config.risk[name] = value end
  config.allow_short = portfolio.allow_short and 1 or 0
  config.rebalance = portfolio.rebalance and 1 or 0
  config.fill_price_quirk = execution.compat == BACKTESTING_PY and 1 or 0
  return config
end

--- pln_instrument of one of a plan's symbols.
function M.instrument(symbol)
  return ffi.new("pln_instrument", { symbol.lot_size, symbol.tick_size, symbol.multiplier })
end

return M

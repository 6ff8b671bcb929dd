--- A plan's settings as the structs that the execution container and its portfolios are made from.
local ffi = require "ffi"
local abi = require "abi"
local periods = require "periods"
local C = abi.C

local M = {}

local SIZING_KEYS = { "max_pct", "multiple", "fraction", "min_pct", "window", "min_trades" }
local PYRAMIDING_KEYS = { "max_entries", "step_pct", "add_pct" }

local FILL = { next_open = C.PLN_FILL_NEXT_OPEN, this_close = C.PLN_FILL_THIS_CLOSE }
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
  config.seed = plan.seed or 1
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

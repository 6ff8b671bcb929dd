--- What `compat: backtesting.py` goes with: that engine's queue does not look at the keys named here, so that they
-- would change nothing.
local M = {}

local NAME = "backtesting.py"
local MARGINS = { "initial_margin", "initial_margin_pct" }
local COMMISSIONS = { "commission_pct", "commission_per_share", "commission_per_order", "commission_minimum" }

local function check_execution(execution, fail)
  local function other(key, default, reason)
    if execution[key] ~= default then
      fail("execution." .. key, ("goes without compat: %s, %s; leave one of them out"):format(NAME, reason))
    end
  end
  other("intrabar", "pessimistic", "which has a queue of its own within a bar")
  other("max_volume_pct", 0, "which knows no volume")
  other("child_orders", "entry_bar", "whose queue says from when protection works")
  if execution.fill == "next_close" then
    fail("execution.fill", ("next_close goes without compat: %s, which fills at next_open or this_close"):format(NAME))
  end
end

local function check_data(data, quotes, path, fail)
  if quotes ~= "off" and data and (data.price == "quotes" or data.bid_path) then
    fail(("%s.%s"):format(path, data.bid_path and "bid_path" or "price"),
      ("compat: %s has no bid and ask: set execution.quotes: off, for fills at the middle"):format(NAME))
  end
end

local function check_symbol(symbol, path, fail)
  for _, key in ipairs(MARGINS) do
    if symbol[key] then
      fail(path .. "." .. key, ("goes without execution.compat: %s, which knows the leverage only"):format(NAME))
    end
  end
  for _, key in ipairs(COMMISSIONS) do
    if symbol[key] then
      fail(path .. "." .. key,
        ("goes without execution.compat: %s, which has one commission for all: execution.%s"):format(NAME, key))
    end
  end
end

local function check_portfolio(portfolio, path, fail)
  local scaling, risk = portfolio.pyramiding or {}, portfolio.risk
  local function off(key, value, what)
    if value and value ~= 0 and value ~= "off" and value ~= "" then
      fail(path .. "." .. key, ("goes without execution.compat: %s, which has no %s"):format(NAME, what))
    end
  end
  off("pyramiding.max_entries", scaling.max_entries, "bounds of adding to a position")
  off("pyramiding.step_pct", scaling.step_pct, "bounds of adding to a position")
  off("pyramiding.add_pct", scaling.add_pct, "bounds of adding to a position")
  off("sizing.max_pct", portfolio.sizing.max_pct, "bound of a size")
  off("risk.max_position_pct", risk.max_position_pct, "bound of a position at the fill (a rule max_position has one)")
  off("risk.max_exposure_pct", risk.max_exposure_pct,
    "bound of all positions at the fill (a rule max_gross_exposure has one)")
  off("trading_hours", portfolio.trading_hours, "trading hours")
  if portfolio.accounting ~= "fifo" then
    fail(path .. ".accounting", ("compat: %s closes trades first in, first out; expected fifo"):format(NAME))
  end
end

--- Checks a cfg that satisfies the schema; `fail(path, message)` is called for each violation.
function M.check(cfg, fail)
  local execution = cfg.execution
  if execution.compat ~= NAME then return end
  check_execution(execution, fail)
  check_data(cfg.data, execution.quotes, "data", fail)
  for i, symbol in ipairs(cfg.symbols) do
    local path = ("symbols[%d]"):format(i - 1)
    check_data(symbol.data, execution.quotes, path .. ".data", fail)
    check_symbol(symbol, path, fail)
  end
  for i, portfolio in ipairs(cfg.portfolios) do check_portfolio(portfolio, ("portfolios[%d]"):format(i - 1), fail) end
end

return M

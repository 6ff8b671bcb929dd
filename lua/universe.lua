--- Membership by date, halts, deposits and withdrawals: from the configuration to actions.
local abi = require "abi"
local actions = require "actions"
local config = require "config"
local schema_instruments = require "schema_instruments"
local tables = require "tables"

local M = {}

-- Times of a row: from, until (exclusive; int64), or nil and an error.
local function bounds(row, i, timezone, fail)
  local from, to, message = abi.INT64_MIN, abi.INT64_MAX
  if row.from then
    from, message = actions.instant(row.from, timezone)
    if not from then return nil, fail(i, "from", message) end
  end
  if row["until"] then
    to, message = actions.instant_after(row["until"], timezone)
    if not to then return nil, fail(i, "until", message) end
  end
  if to <= from then
    return nil, fail(i, "until", ("%s is not after from (%s)"):format(row["until"], row.from))
  end
  return from, to
end

-- Spans of each symbol of the run in the order of time, none overlapping: { from, until, row }, by name.
local function spans_of(cfg, rows, fail, what)
  local by_symbol = {}
  for _, symbol in ipairs(cfg.symbols) do
    by_symbol[symbol.symbol] = { timezone = config.data_for(cfg, symbol).timezone }
  end
  for i, row in ipairs(rows) do
    local spans = by_symbol[row.symbol]
    if spans then -- others are of no concern here
      local from, to = bounds(row, i, spans.timezone, fail)
      if not from then return nil, to end
      spans[#spans + 1] = { from = from, to = to, row = row, index = i }
    end
  end
  for _, symbol in ipairs(cfg.symbols) do
    local name = symbol.symbol
    local spans = by_symbol[name]
    table.sort(spans, function(a, b)
      if a.from ~= b.from then return a.from < b.from end
      return a.index < b.index
    end)
    for k = 2, #spans do
      if spans[k].from < spans[k - 1].to then
        return nil, fail(spans[k].index, spans[k].row.from and "from" or nil,
          ("this %s of %s begins before the one before it has ended"):format(what, name))
      end
    end
  end
  return by_symbol
end

local function add(out, name, ts_ns, kind, value)
  if ts_ns == abi.INT64_MAX then return end
  out[name] = out[name] or {}
  table.insert(out[name], { ts_ns = ts_ns, kind = kind, value = value })
end

local function add_universe(cfg, out)
  if not cfg.universe then return true end
  local rows, fail = tables.of_key(cfg, "universe", cfg.universe, schema_instruments.member)
  if not rows then return nil, fail end
  local by_symbol, err = spans_of(cfg, rows, fail, "membership")
  if not by_symbol then return nil, err end
  for k, symbol in ipairs(cfg.symbols) do
    local spans = by_symbol[symbol.symbol]
    if #spans == 0 and symbol.trade ~= false then
      return nil, config.error_at(cfg, ("symbols[%d]"):format(k - 1),
        ("%s is not in the universe: add it there, or say trade: false"):format(symbol.symbol))
    end
    for _, span in ipairs(spans) do
      add(out, symbol.symbol, span.from, "enter")
      local final = span.row.final_price
      if final and span.to == abi.INT64_MAX then
        return nil, fail(span.index, "final_price", "is given without until, the last day")
      elseif final then
        add(out, symbol.symbol, span.to, "delist", final == "last" and 0 / 0 or tonumber(final))
      end
      add(out, symbol.symbol, span.to, "leave")
    end
  end
  return true
end

local function add_halts(cfg, out)
  if not cfg.halts then return true end
  local rows, fail = tables.of_key(cfg, "halts", cfg.halts, schema_instruments.halt)
  if not rows then return nil, fail end
  local by_symbol, err = spans_of(cfg, rows, fail, "halt")
  if not by_symbol then return nil, err end
  for _, symbol in ipairs(cfg.symbols) do
    for _, span in ipairs(by_symbol[symbol.symbol]) do
      add(out, symbol.symbol, span.from, "halt")
      add(out, symbol.symbol, span.to, "resume")
    end
  end
  return true
end

--- Actions of each symbol from `universe` and `halts`: lists of { ts_ns, kind, value } by name, or nil and an error.
function M.actions(cfg)
  local out = {}
  local ok, err = add_universe(cfg, out)
  if ok then ok, err = add_halts(cfg, out) end
  if not ok then return nil, err end
  return out
end

--- Deposits and withdrawals of a portfolio: a list of { ts_ns, kind = "cash", value }, or nil and an error.
-- @param index of the portfolio, from 0
function M.cash_flows(cfg, portfolio, index)
  if not portfolio.cash_flows then return {} end
  local rows, fail = tables.of_key(cfg, ("portfolios[%d].cash_flows"):format(index), portfolio.cash_flows,
    schema_instruments.cash_flow)
  if not rows then return nil, fail end
  local list = {}
  for i, row in ipairs(rows) do
    local ts_ns, message = actions.instant(row.time, cfg.data.timezone)
    if not ts_ns then return nil, fail(i, "time", message) end
    if row.amount == 0 then return nil, fail(i, "amount", "is 0; expected a deposit above or a withdrawal below it") end
    list[i] = { ts_ns = ts_ns, kind = "cash", value = row.amount }
  end
  return list
end

return M

--- Instruments: what is known of each symbol besides its prices, from the table `instruments`, the symbol's own keys
-- and the defaults of its asset class.
local market_calendar = require "market_calendar"
local schema_instruments = require "schema_instruments"
local tables = require "tables"

local M = {}

local MARGINS = { "initial_margin", "maintenance_margin" }
local MARGIN_UNITS = { "", "_pct" }

-- Where the class is stated; without one nothing is assumed.
local CLASSES = {
  equity = { calendar = "us_equity" },
  future = { calendar = "cme_futures", settlement = "futures" },
  fx = { calendar = "fx" },
  crypto = { calendar = "24/7", lot_size = 1e-8 },
}
local COMMISSIONS = { "pct", "per_share", "per_order", "minimum" }
-- Currencies in which crypto currencies are quoted without a separator, longest first.
local QUOTES = { "USDT", "USDC", "BUSD", "TUSD", "USD", "EUR", "GBP", "JPY", "BTC", "ETH" }

--- The two currencies of a pair's name ("EURUSD", "EUR/USD", "BTC-USDT"), or nil.
function M.pair(symbol, asset_class)
  local base, quote = symbol:upper():match "^(%u[%u%d]+)[/_-](%u[%u%d]+)"
  if base then return base, quote end
  if asset_class == "fx" then return symbol:upper():match "^(%u%u%u)(%u%u%u)$" end
  for _, name in ipairs(QUOTES) do
    if #symbol > #name and symbol:upper():sub(-#name) == name then return symbol:upper():sub(1, -#name - 1), name end
  end
end

local function pattern_of(symbol)
  local pattern = symbol:gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0"):gsub("%*", ".*"):gsub("%?", ".")
  return "^" .. pattern .. "$"
end

local function is_pattern(symbol) return symbol:find "[*?]" ~= nil end

-- Rows of the table with the place of each: a list, `at(i, key)` and `fail(i, key, message)`; nil after failures.
local function rows_of(cfg, fail)
  local given = cfg.instruments
  if type(given) ~= "string" then
    return given or {}, function(i, key, message)
      fail(("instruments[%d]%s"):format(i - 1, key and "." .. key or ""), message)
    end
  end
  local rows, at = tables.rows(given, schema_instruments.instrument)
  if not rows then
    for _, message in ipairs(at) do fail("instruments", message) end
    return nil
  end
  return rows, function(i, key, message)
    fail("instruments", ("%s: %s%s"):format(at(("[%d]%s"):format(i - 1, key and "." .. key or "")),
      key and key .. ": " or "", message))
  end
end

-- What does not go together, whichever place it was said at.
local function check(item, fail)
  for _, kind in ipairs(MARGINS) do
    if item[kind] and item[kind .. "_pct"] then
      fail(kind .. "_pct", ("%s and %s_pct are both given; expected one of them"):format(kind, kind))
    end
  end
  for _, unit in ipairs(MARGIN_UNITS) do
    local initial, kept = item["initial_margin" .. unit], item["maintenance_margin" .. unit]
    if initial and kept and kept > initial then
      fail("maintenance_margin" .. unit, ("%.15g is above the initial margin, %.15g"):format(kept, initial))
    end
  end
end

--- Lays the table and the class's defaults under each of cfg.symbols; `fail(path, message)` is told what is wrong.
function M.apply(cfg, fail)
  local rows, fail_row = rows_of(cfg, fail)
  if not rows then return end
  local seen, patterns, exact = {}, {}, {}
  for i, row in ipairs(rows) do
    if seen[row.symbol] then
      fail_row(i, "symbol", ("'%s' has a row already; expected one"):format(row.symbol))
    end
    seen[row.symbol] = true
    check(row, function(key, message) fail_row(i, key, message) end)
    if is_pattern(row.symbol) then
      patterns[#patterns + 1] = { match = pattern_of(row.symbol), row = row }
    else
      exact[row.symbol] = row
    end
  end
  for i, symbol in ipairs(cfg.symbols) do
    local name = symbol.symbol
    if not name then return end -- which has been told already
    local layers = {}
    for _, pattern in ipairs(patterns) do
      if name:find(pattern.match) then layers[#layers + 1] = pattern.row end
    end
    layers[#layers + 1] = exact[name]
    local made = {}
    layers[#layers + 1] = symbol
    for _, layer in ipairs(layers) do
      for _, field in ipairs(schema_instruments.fields) do
        local key = field[1]
        if layer[key] ~= nil then
          made[key] = layer[key]
          -- A margin per contract replaces one in percent, and the other way round.
          local other = key:match "^(.*_margin)_pct$" or key:find "_margin$" and key .. "_pct"
          if other and layer[other] == nil then made[other] = nil end
        end
      end
    end
    check(made, function(key, message) fail(("symbols[%d].%s"):format(i - 1, key), message) end)
    for key, value in pairs(CLASSES[made.asset_class] or {}) do
      if made[key] == nil then made[key] = value end
    end
    made.lot_size, made.tick_size, made.multiplier = made.lot_size or 1, made.tick_size or 0, made.multiplier or 1
    if not made.currency and (made.asset_class == "fx" or made.asset_class == "crypto") then
      made.currency = select(2, M.pair(name, made.asset_class))
    end
    for key, value in pairs(made) do symbol[key] = value end
  end
end

local function commission_of(symbol)
  local commission
  for _, key in ipairs(COMMISSIONS) do
    local value = symbol["commission_" .. key]
    if value then
      commission = commission or {}
      commission[key] = value
    end
  end
  return commission
end

--- The record of one of a checked configuration's symbols.
-- @param symbol an item of cfg.symbols, after `apply`
-- @param account currency of the account, for an instrument that states none
-- @return { symbol, asset_class, tick_size, lot_size, multiplier, currency, initial_margin, initial_margin_pct,
--   maintenance_margin, maintenance_margin_pct, commission = { pct, per_share, per_order, minimum; nil: execution's }
--   or nil, calendar (name or file, nil: none), sector, settlement = "cash" or "futures" }
function M.record(symbol, account)
  return {
    symbol = symbol.symbol, asset_class = symbol.asset_class or "equity", tick_size = symbol.tick_size or 0,
    lot_size = symbol.lot_size or 1, multiplier = symbol.multiplier or 1,
    currency = symbol.currency or account or "USD",
    initial_margin = symbol.initial_margin, initial_margin_pct = symbol.initial_margin_pct,
    maintenance_margin = symbol.maintenance_margin, maintenance_margin_pct = symbol.maintenance_margin_pct,
    commission = commission_of(symbol), calendar = symbol.calendar, sector = symbol.sector,
    settlement = symbol.settlement or "cash",
  }
end

--- The market calendar of a record (const pln_calendar *), or nil where it has none.
function M.calendar(record)
  return record.calendar and assert(market_calendar.get(record.calendar))
end

--- Records of a file, with what its asset class adds: a list, or nil and a list of messages.
function M.of_file(path)
  local cfg, problems = { symbols = {}, instruments = path }, {}
  local rows, messages = tables.rows(path, schema_instruments.instrument)
  if not rows then return nil, messages end
  for i, row in ipairs(rows) do cfg.symbols[i] = { symbol = row.symbol } end
  M.apply(cfg, function(_, message) problems[#problems + 1] = message end)
  if #problems > 0 then return nil, problems end
  local list = {}
  for i, symbol in ipairs(cfg.symbols) do list[i] = M.record(symbol) end
  return list
end

return M

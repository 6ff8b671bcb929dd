--- CSV exports, written as a run goes.
--
--     local w = assert(export.trades "trades.csv")
--     w:add("c0001", trades, n, { "SPY" })
--     assert(w:close())
--
-- The file appears under its name when it is closed, complete; "-" is standard output. Functions return true, or nil
-- and a message.
local ffi = require "ffi"
local abi = require "abi"
local C = abi.C

local M = {}

local Writer = {}
Writer.__index = Writer

local names_t = ffi.typeof "const char *[?]"

local function done(status)
  if status < 0 then return nil, abi.last_error() end
  return true
end

local function open(path, kind, add)
  if path == "-" then io.stdout:flush() end
  local handle = C.pln_csv_new(path, kind)
  if handle == nil then return nil, abi.last_error() end
  return setmetatable({ handle = ffi.gc(handle, C.pln_csv_free), path = path, add = add, names = {}, peaks = {} },
    Writer)
end

local function handle_of(writer)
  if writer.handle == nil then error("the export is closed", 3) end
  return writer.handle
end

-- The C array of a list of symbols, made once for each list.
local function names_of(writer, symbols)
  local names = writer.names[symbols]
  if not names then
    names = names_t(math.max(#symbols, 1), symbols)
    writer.names[symbols] = names
  end
  return names, #symbols
end

local function add_trades(self, combo, trades, n, symbols)
  local names, n_names = names_of(self, symbols)
  return done(C.pln_csv_add_trades(handle_of(self), combo, trades, n, names, n_names))
end

local function add_orders(self, combo, orders, n, symbols)
  local names, n_names = names_of(self, symbols)
  return done(C.pln_csv_add_orders(handle_of(self), combo, orders, n, names, n_names))
end

local function add_decisions(self, combo, decisions, n, symbols)
  local names, n_names = names_of(self, symbols)
  return done(C.pln_csv_add_decisions(handle_of(self), combo, decisions, n, names, n_names))
end

local function add_equity(self, combo, rows, portfolio)
  local key = combo .. "\0" .. (portfolio or "")
  local peak = self.peaks[key]
  if not peak then
    peak = ffi.new "double[1]"
    self.peaks[key] = peak
  end
  return done(C.pln_csv_add_equity(handle_of(self), combo, rows, peak))
end

--- A writer of trades: `w:add(combo, trades, n, symbols)` with const pln_trade * and the names of instruments 0, 1, ….
function M.trades(path) return open(path, C.PLN_CSV_TRADES, add_trades) end

--- The same with the columns income, entry_rate and exit_rate: for runs with several currencies or with dividends.
function M.trades_in_currency(path) return open(path, C.PLN_CSV_TRADES_IN_CURRENCY, add_trades) end

--- A writer of orders: `w:add(combo, orders, n, symbols)` with const pln_order *.
function M.orders(path) return open(path, C.PLN_CSV_ORDERS, add_orders) end

--- A writer of verdicts of risk rules: `w:add(combo, decisions, n, symbols)` with const pln_decision *.
function M.decisions(path) return open(path, C.PLN_CSV_DECISIONS, add_decisions) end

--- A writer of equity: `w:add(combo, rows, portfolio)` with const pln_equity_rows *; a curve (one of a combo and
-- portfolio) comes in time order, several may be interleaved.
function M.equity(path) return open(path, C.PLN_CSV_EQUITY, add_equity) end

--- Completes the file and gives it its name.
function Writer:close()
  local handle = handle_of(self)
  self.handle = nil
  local ok, message = done(C.pln_csv_close(handle))
  C.pln_csv_free(ffi.gc(handle, nil))
  return ok, message
end

--- Abandons the file: nothing appears under its name. Harmless after close.
function Writer:abort()
  if self.handle == nil then return end
  C.pln_csv_free(ffi.gc(self.handle, nil))
  self.handle = nil
end

return M

--- The store: runs and their results in one SQLite file a project (tables in docs/database.md).
--
--     local db = assert(store.open "perilune.db")
--     local run = assert(db:begin_run { workflow = "full_backtest", config_text = yaml, seed = 1 })
--     local result = assert(run:add_result { combo = "c0001", portfolio = "main", params = { fast = 10 },
--       symbols = { "SPY" } })
--     result:add_trades(trades, n)
--     run:finish { status = "finished", seconds = 0.2, bars = 10000 }
--     local columns, rows = db:query("SELECT name, value FROM metric WHERE run = ?", run.id)
--     db:close()
--
-- Functions return nil and a message on failure, true (or what they say) on success.
local ffi = require "ffi"
local abi = require "abi"
local json = require "json"
local C = abi.C

local M = {}

--- The database in which runs are kept when none is named.
M.DEFAULT_PATH = "perilune.db"

local Store, Run, Result = {}, {}, {}
Store.__index, Run.__index, Result.__index = Store, Run, Result

local names_t = ffi.typeof "const char *[?]"
local int64_t, uint64_t = ffi.typeof "int64_t", ffi.typeof "uint64_t"

local function done(status)
  if status < 0 then return nil, abi.last_error() end
  return true
end

local function handle_of(object, what)
  local handle = object.handle
  if handle == nil then error("the " .. what .. " is closed", 3) end
  return handle
end

--- Opens (or makes) a database.
-- @param path the file, default `perilune.db`
-- @param options `read_only`, `must_exist`, `rollback_journal`: true to ask for it
-- @return the store, or nil and a message
function M.open(path, options)
  options = options or {}
  local flags = (options.read_only and C.PLN_STORE_READ_ONLY or 0)
    + (options.must_exist and C.PLN_STORE_MUST_EXIST or 0)
    + (options.rollback_journal and C.PLN_STORE_ROLLBACK_JOURNAL or 0)
  local handle = C.pln_store_open(path or M.DEFAULT_PATH, flags)
  if handle == nil then return nil, abi.last_error() end
  return setmetatable({ handle = ffi.gc(handle, C.pln_store_free), path = path or M.DEFAULT_PATH, results = {} }, Store)
end

--- Writes out what is buffered and closes. Runs that were not finished stay "running". Harmless when repeated.
function Store:close()
  local handle = self.handle
  if handle == nil then return true end
  self.handle = nil
  for result in pairs(self.results) do result.handle = nil end
  local committed, message = done(C.pln_store_commit(handle))
  C.pln_store_free(ffi.gc(handle, nil))
  if not committed then return nil, message end
  return true
end

--- Makes what was added so far visible to other processes at once (it is within a second of adding more).
function Store:commit()
  return done(C.pln_store_commit(handle_of(self, "store")))
end

--- Starts a run.
-- @param info `workflow`, `name`, `config_text` (the whole YAML), `config_hash`, `data_hash`, `seed`; all optional
-- @return the run, with its `id`; or nil and a message
function Store:begin_run(info)
  local c_info = ffi.new("pln_run_info", info.workflow, info.name, info.config_text, info.config_hash, info.data_hash,
    info.seed or 0)
  local id = C.pln_store_begin_run(handle_of(self, "store"), c_info)
  if id < 0 then return nil, abi.last_error() end
  return setmetatable({ store = self, id = tonumber(id) }, Run)
end

--- Names data that the run read.
-- @param data `bars` (pln_bars cdata); `timeframe` ("1d") and `quality` (a table or JSON text) where known
function Run:add_data(data)
  local quality = data.quality
  if type(quality) == "table" then quality = json.encode(quality) end
  local timeframe = data.timeframe
  if not timeframe then
    local text = ffi.new "char[16]"
    C.pln_timeframe_format(data.bars.timeframe, text)
    timeframe = ffi.string(text)
  end
  return done(C.pln_store_add_data(handle_of(self.store, "store"), self.id, timeframe, data.bars, quality))
end

--- Adds the result of a combo in a portfolio.
-- @param info `combo` ("c0001"), `portfolio`, `params` (a table), `symbols` (names of instruments 0, 1, … as a list)
-- @return the result; or nil and a message
function Run:add_result(info)
  local symbols = info.symbols or {}
  local names = names_t(math.max(#symbols, 1), symbols)
  local handle = C.pln_store_add_result(handle_of(self.store, "store"), self.id, info.combo, info.portfolio,
    json.encode(info.params and next(info.params) ~= nil and info.params or json.object {}), names, #symbols)
  if handle == nil then return nil, abi.last_error() end
  local result = setmetatable({ handle = handle, store = self.store, run = self }, Result)
  self.store.results[result] = true
  return result
end

--- Ends the run and its results.
-- @param info `status` ("finished", "failed" or "interrupted"), `seconds`, `bars`, `message` (why it failed)
function Run:finish(info)
  local handle = handle_of(self.store, "store")
  for result in pairs(self.store.results) do
    if result.run == self then
      result.handle = nil
      self.store.results[result] = nil
    end
  end
  return done(C.pln_store_finish_run(handle, self.id, info.status, info.seconds or 0, info.bars or 0, info.message))
end

--- Adds n closed trades (const pln_trade *).
function Result:add_trades(trades, n)
  return done(C.pln_store_add_trades(handle_of(self, "result"), trades, n))
end

--- Adds n orders (const pln_order *).
function Result:add_orders(orders, n)
  return done(C.pln_store_add_orders(handle_of(self, "result"), orders, n))
end

--- Adds n fills (const pln_fill *).
function Result:add_fills(fills, n)
  return done(C.pln_store_add_fills(handle_of(self, "result"), fills, n))
end

--- Adds n verdicts of risk rules (const pln_decision *).
function Result:add_decisions(decisions, n)
  return done(C.pln_store_add_decisions(handle_of(self, "result"), decisions, n))
end

--- Adds equity rows (const pln_equity_rows *), in time order.
function Result:add_equity(rows)
  return done(C.pln_store_add_equity(handle_of(self, "result"), rows))
end

--- Adds the counters of refusals (const pln_refusal_count *, PLN_REFUSAL_COUNT of them).
function Result:add_refusals(refusals)
  return done(C.pln_store_add_refusals(handle_of(self, "result"), refusals))
end

--- Adds metrics: a list of names and as many values (a Lua list, or doubles counted from 0); NaN becomes NULL.
function Result:add_metrics(names, values)
  local n = #names
  local c_values = values
  if type(values) == "table" then
    c_values = ffi.new("double[?]", math.max(n, 1))
    for i = 1, n do c_values[i - 1] = type(values[i]) == "number" and values[i] or 0 / 0 end
  end
  return done(C.pln_store_add_metrics(handle_of(self, "result"), names_t(math.max(n, 1), names), c_values, n))
end

--- Adds n values of a series of the user's own (int64 times, doubles); more of the same name continues it.
function Result:add_record(name, ts_ns, values, n)
  return done(C.pln_store_add_record(handle_of(self, "result"), name, ts_ns, values, n))
end

--- Ends a result before its run: writes out what is buffered and frees its memory.
function Result:close()
  local handle = handle_of(self, "result")
  self.handle = nil
  self.store.results[self] = nil
  return done(C.pln_store_result_free(handle))
end

local function bind(query, index, value)
  local kind = type(value)
  if kind == "nil" or value == json.null then return C.pln_query_bind_null(query, index) end
  if kind == "number" then
    if value % 1 == 0 and math.abs(value) <= 9007199254740992 then
      return C.pln_query_bind_integer(query, index, value)
    end
    return C.pln_query_bind_real(query, index, value)
  elseif kind == "boolean" then
    return C.pln_query_bind_integer(query, index, value and 1 or 0)
  elseif kind == "cdata" and (ffi.istype(int64_t, value) or ffi.istype(uint64_t, value)) then
    return C.pln_query_bind_integer(query, index, value)
  elseif kind == "string" then
    return C.pln_query_bind_text(query, index, value, #value)
  end
  error(("parameter %d of a query: a %s has no form in SQL"):format(index + 1, kind), 4)
end

local length = ffi.new "int64_t[1]"

local function value_of(query, column)
  local kind = C.pln_query_type(query, column)
  if kind == C.PLN_VALUE_REAL then
    return C.pln_query_real(query, column)
  elseif kind == C.PLN_VALUE_INTEGER then
    local value = C.pln_query_integer(query, column)
    local plain = tonumber(value)
    return plain > -9007199254740992 and plain < 9007199254740992 and plain or value
  elseif kind == C.PLN_VALUE_NULL then
    return nil
  end
  local text = C.pln_query_text(query, column, length)
  return ffi.string(text, length[0])
end

--- Runs a query and walks its rows one by one: `for row in db:rows(sql, …) do … row[1] … end`; memory does not grow
-- with their number. The row's table is made anew each time; NULL is nil, so `row.n` is the number of columns;
-- `row.blobs[i]` is true where the text is a blob's.
-- @return an iterator and the list of column names; or nil and a message (errors while walking are raised)
function Store:rows(sql, ...)
  local query = C.pln_query_new(handle_of(self, "store"), sql)
  if query == nil then return nil, abi.last_error() end
  query = ffi.gc(query, C.pln_query_free)
  local n, wanted = select("#", ...), C.pln_query_parameters(query)
  if n ~= wanted then return nil, ("SQL: found %d parameters, expected %d"):format(n, wanted) end
  for i = 1, n do
    if bind(query, i - 1, (select(i, ...))) < 0 then return nil, abi.last_error() end
  end
  local columns = {}
  for i = 1, C.pln_query_columns(query) do columns[i] = ffi.string(C.pln_query_column_name(query, i - 1)) end
  local width = #columns
  local function step()
    if query == nil then return nil end
    local status = C.pln_query_step(query)
    if status == 1 then
      local row = { n = width }
      for i = 1, width do
        row[i] = value_of(query, i - 1)
        if C.pln_query_type(query, i - 1) == C.PLN_VALUE_BLOB then
          row.blobs = row.blobs or {}
          row.blobs[i] = true
        end
      end
      return row
    end
    local message = status < 0 and abi.last_error()
    C.pln_query_free(ffi.gc(query, nil))
    query = nil
    if message then error({ store_error = message }, 0) end
    return nil
  end
  return step, columns
end

--- Runs a query.
-- @param sql one statement, with `?` for parameters
-- @param ... the parameters: numbers, strings, booleans, int64 cdata, nil
-- @return the list of column names and the list of rows, each a list of values (NULL is nil; integers beyond 2^53 are
-- int64 cdata); or nil and a message
function Store:query(sql, ...)
  local step, columns = self:rows(sql, ...)
  if not step then return nil, columns end
  local rows = {}
  local ok, failure = pcall(function()
    for row in step do rows[#rows + 1] = row end
  end)
  if not ok then
    if type(failure) == "table" and failure.store_error then return nil, failure.store_error end
    error(failure, 0)
  end
  return columns, rows
end

return M

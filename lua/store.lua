--- The store: runs, their phases and results in one SQLite file a project (tables in docs/database.md).
--
--     local db = assert(store.open "perilune.db")
--     local run = assert(db:begin_run { workflow = "full_backtest", config_text = yaml, seed = 1 })
--     local phase = assert(run:phase { name = "sweep", topology = "full_backtest", hash = hash, n_combos = 100 })
--     local result = assert(phase:add_result { window = 1, number = 7, combo = "c0007", portfolio = "main",
--       params = { fast = 10 }, symbols = { "SPY" } })
--     result:add_trades(trades, n)
--     result:close()
--     phase:finish "finished"
--     run:finish { status = "finished", seconds = 0.2, bars = 10000 }
--     local columns, rows = db:query("SELECT name, value FROM metric WHERE run = ?", run.id)
--     db:close()
--
-- Functions return nil and a message on failure, true (or what they say) on success. Phases are in lua/store_phase.lua,
-- "the same content" in lua/store_content.lua.
local ffi = require "ffi"
local abi = require "abi"
local json = require "json"
local store_phase = require "store_phase"
local C = abi.C

local M = {}

--- The database in which runs are kept when none is named.
M.DEFAULT_PATH = "perilune.db"

--- What is appended to a database's path for the names of all its files.
M.FILES = { "", "-wal", "-shm", "-journal" }

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
-- @param options `read_only`, `must_exist`, `rollback_journal`: true to ask for it; `staged`: results are kept in a
--   private temporary database until `flush` (for workers, any number of which may write to one file)
-- @return the store, or nil and a message
function M.open(path, options)
  options = options or {}
  local flags = (options.read_only and C.PLN_STORE_READ_ONLY or 0)
    + (options.must_exist and C.PLN_STORE_MUST_EXIST or 0)
    + (options.rollback_journal and C.PLN_STORE_ROLLBACK_JOURNAL or 0)
    + (options.staged and C.PLN_STORE_STAGED or 0)
  local handle = C.pln_store_open(path or M.DEFAULT_PATH, flags)
  if handle == nil then return nil, abi.last_error() end
  return setmetatable({
    handle = ffi.gc(handle, C.pln_store_free), path = path or M.DEFAULT_PATH, results = {}, staged = options.staged,
  }, Store)
end

--- Writes out what is buffered and closes. Runs that were not finished stay "running", results that were not closed are
-- not done. Harmless when repeated.
function Store:close()
  local handle = self.handle
  if handle == nil then return true end
  self.handle = nil
  for result in pairs(self.results) do result.handle = nil end
  local status = self.staged and tonumber(C.pln_store_flush(handle)) or C.pln_store_commit(handle)
  local committed, message = done(status)
  C.pln_store_free(ffi.gc(handle, nil))
  if not committed then return nil, message end
  return true
end

--- Makes what was added so far visible to other processes at once (it is within a second of adding more).
function Store:commit()
  return done(C.pln_store_commit(handle_of(self, "store")))
end

--- Of a staged store: moves the results of combos that are complete (all their results in a window are closed) into
-- the file, in one transaction. What is done there already is left as it is. Otherwise commits.
-- @return the number of results that were moved; or nil and a message: nothing has moved then, and it may be repeated
function Store:flush()
  local moved = tonumber(C.pln_store_flush(handle_of(self, "store")))
  if moved < 0 then return nil, abi.last_error() end
  return moved
end

--- Starts a run.
-- @param info `workflow`, `name`, `config_text` (the whole YAML), `config_hash`, `data_hash`, `seed`, `shard` ("3/64",
--   where the run is a part of a sweep); all optional
-- @return the run, with its `id`; or nil and a message
function Store:begin_run(info)
  local c_info = ffi.new("pln_run_info", info.workflow, info.name, info.config_text, info.config_hash, info.data_hash,
    info.seed or 0, info.shard)
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

--- Adds the result of a combo in a portfolio to the run's phase `full_backtest`, window 1, which is made if need be.
-- @param info `combo` ("c0001"), `portfolio`, `params` (a table), `symbols` (names of instruments 0, 1, … as a list)
-- @return the result; or nil and a message
function Run:add_result(info)
  if not self.only_phase then
    local phase, err = self:phase { name = "full_backtest", topology = "full_backtest" }
    if not phase then return nil, err end
    local added
    added, err = phase:add_window { number = 1, role = "full" }
    if not added then return nil, err end
    self.only_phase, self.combo_numbers, self.n_combos = phase, {}, 0
  end
  local number = self.combo_numbers[info.combo]
  if not number then
    number = tonumber(info.combo:match "^c0*(%d+)$") or self.n_combos + 1
    self.combo_numbers[info.combo], self.n_combos = number, math.max(self.n_combos, number)
  end
  return self.only_phase:add_result {
    window = 1, number = number, combo = info.combo, portfolio = info.portfolio, params = info.params,
    symbols = info.symbols,
  }
end

-- Of a phase: see lua/store_phase.lua.
local function new_result(phase, c_info)
  local db = phase.store
  local handle = C.pln_store_add_result(handle_of(db, "store"), c_info)
  if handle == nil then return nil, abi.last_error() end
  local result = setmetatable({ handle = handle, store = db, run = phase.run }, Result)
  db.results[result] = true
  return result
end

--- Ends the run, its phases and its results, which are done if it is finished.
-- @param info `status` ("finished", "failed" or "interrupted"), `seconds`, `bars`, `message` (why it failed)
function Run:finish(info)
  local handle = handle_of(self.store, "store")
  for result in pairs(self.store.results) do
    if result.run == self.id then
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

--- Adds the metrics of the short table: an array of pln_metric_count() doubles.
function Result:add_figures(values)
  return done(C.pln_store_add_figures(handle_of(self, "result"), values))
end

--- Adds the period returns, once.
-- @param returns double array; or what stats.period_returns gives, alone
-- @param benchmark double array or nil; ts_ns int64 array; n their length; periods_per_year
function Result:add_returns(returns, benchmark, ts_ns, n, periods_per_year)
  if type(returns) == "table" then
    local given = returns
    n, periods_per_year = #given.returns, given.periods_per_year
    local room = math.max(n, 1)
    returns, ts_ns = ffi.new("double[?]", room, given.returns), ffi.new("int64_t[?]", room)
    for k = 1, n do ts_ns[k - 1] = given.times[k] end
    benchmark = given.benchmark and ffi.new("double[?]", room, given.benchmark) or nil
  end
  return done(C.pln_store_add_returns(handle_of(self, "result"), returns, benchmark, ts_ns, n, periods_per_year))
end

--- Adds n signals (const pln_signal *) of a source ("momentum:SPY_1d") for a symbol, in time order.
-- @param regimes int8 array, the index of the regime in force at each (0 = none); or nil
function Result:add_signals(source, symbol, signals, n, regimes)
  return done(C.pln_store_add_signals(handle_of(self, "result"), source, symbol, signals, regimes, n))
end

--- Adds n values of a series of the user's own (int64 times, doubles); more of the same name continues it.
function Result:add_record(name, ts_ns, values, n)
  return done(C.pln_store_add_record(handle_of(self, "result"), name, ts_ns, values, n))
end

--- Ends a result: writes out what is buffered, says that it is done, and frees its memory.
-- @param status a word to keep with it ("bankrupt"), or nil
function Result:close(status)
  local handle = handle_of(self, "result")
  self.handle = nil
  self.store.results[self] = nil
  return done(C.pln_store_result_close(handle, status))
end

--- Gives a result up: it is not done, and goes when its phase is resumed.
function Result:abandon()
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

store_phase.extend(Store, Run, new_result)

--- The content of a run as text, and its hash: see lua/store_content.lua.
function M.dump(...) return require("store_content").dump(...) end
function M.content_hash(...) return require("store_content").hash(...) end

return M

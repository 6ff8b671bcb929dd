--- Phases of a run in the store: their windows, what is done of them, and reading what they hold.
local ffi = require "ffi"
local abi = require "abi"
local json = require "json"
local C = abi.C

local M = {}

local Phase, Done = {}, {}
Phase.__index, Done.__index = Phase, Done

local names_t = ffi.typeof "const char *[?]"
local new_result -- of lua/store.lua

local COLUMNS = "id, run, content, name, topology, hash, status, n_combos, n_windows, spec"
local STATUSES = { running = true, finished = true, failed = true, interrupted = true }

local function handle_of(db)
  if db.handle == nil then error("the store is closed", 3) end
  return db.handle
end

-- Runs `body` in a transaction of the file. It returns a value, or nil and a message: then nothing was changed.
local function transaction(db, body)
  local handle = handle_of(db)
  if C.pln_store_begin(handle) < 0 then return nil, abi.last_error() end
  local ok, value, err = pcall(body)
  if not ok or value == nil then
    C.pln_store_rollback(handle)
    if not ok then error(value, 0) end
    return nil, err
  end
  if C.pln_store_commit(handle) < 0 then
    err = abi.last_error()
    C.pln_store_rollback(handle)
    return nil, err
  end
  return value
end

local function from_row(db, row)
  return setmetatable({
    store = db, id = row[1], run = row[2], content = row[3], name = row[4], topology = row[5], hash = row[6],
    status = row[7], n_combos = row[8], n_windows = row[9], spec = row[10] and json.decode(row[10]) or nil,
  }, Phase)
end

-- The phase that a query finds, or nil; nil and a message when it fails.
local function find(db, where, ...)
  local columns, rows = db:query(("SELECT %s FROM main.phase_row WHERE %s"):format(COLUMNS, where), ...)
  if not columns then return nil, rows end
  return rows[1] and from_row(db, rows[1]) or nil
end

local function insert(db, run, info, status, content)
  local columns, err = db:query("INSERT INTO main.phase_row (run, name, topology, hash, status, content, n_combos, "
    .. "n_windows, spec) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", run, info.name, info.topology, info.hash or "", status,
    content or 0, info.n_combos, info.n_windows, type(info.spec) == "table" and json.encode(info.spec) or info.spec)
  if not columns then return nil, err end
  if not content then
    columns, err = db:query "UPDATE main.phase_row SET content = id WHERE id = last_insert_rowid()"
    if not columns then return nil, err end
  end
  return find(db, "id = last_insert_rowid()")
end

local Run = {}

--- The run's phase of that name and hash, made if it has none. One that was interrupted goes on: it is "running" again,
-- and what was left of combos that are not complete is deleted. One that is finished is as it is (`status`).
-- @param info `name`, `topology`, `hash` (of everything that goes into it; nil: none, so that it is found by its name),
--   `n_combos`, `n_windows` (as far as they are known), `spec` (a table or JSON text for the caller's own use)
-- @return the phase: `id`, `run` (id), `name`, `topology`, `hash`, `status`, `n_combos`, `n_windows`, `spec`, `content`
--   (id of the phase whose rows it shows: its own, or an earlier one's); or nil and a message
function Run:phase(info)
  local db, found = self.store, false
  local phase, err = transaction(db, function()
    local phase, err = find(db, "run = ? AND name = ? AND hash = ?", self.id, info.name, info.hash or "")
    if err then return nil, err end
    if not phase then return insert(db, self.id, info, "running") end
    found = phase.status ~= "finished"
    if found then
      local columns
      columns, err = db:query("UPDATE main.phase_row SET status = 'running', n_combos = coalesce(?, n_combos), "
        .. "n_windows = coalesce(?, n_windows) WHERE id = ?", info.n_combos, info.n_windows, phase.id)
      if not columns then return nil, err end
      return find(db, "id = ?", phase.id)
    end
    return phase
  end)
  if not phase then return nil, err end
  if found and phase.content == phase.id and C.pln_store_drop_partial(handle_of(db), phase.id) < 0 then
    return nil, abi.last_error()
  end
  return phase
end

--- Shows a finished phase of this or another run under a name in this run, as if it had been computed again.
-- @param name its name here
-- @param source the phase or its id
-- @return the phase; or nil and a message
function Run:use_phase(name, source)
  local db = self.store
  return transaction(db, function()
    local from, err = find(db, "id = ?", type(source) == "table" and source.id or source)
    if not from then return nil, err or "there is no such phase" end
    if from.status ~= "finished" then
      return nil, ("phase '%s' of run %d is %s, expected a finished one"):format(from.name, from.run, from.status)
    end
    local own
    own, err = find(db, "run = ? AND name = ? AND hash = ?", self.id, name, from.hash)
    if own or err then return own, err end
    return insert(db, self.id, {
      name = name, topology = from.topology, hash = from.hash, n_combos = from.n_combos, n_windows = from.n_windows,
      spec = from.spec,
    }, "finished", from.content)
  end)
end

--- The run's phases in the order in which they were made.
function Run:phases()
  local columns, rows = self.store:query(("SELECT %s FROM main.phase_row WHERE run = ? ORDER BY id"):format(COLUMNS),
    self.id)
  if not columns then return nil, rows end
  local list = {}
  for k, row in ipairs(rows) do list[k] = from_row(self.store, row) end
  return list
end

--- Lets an interrupted run go on: its status is "running" again.
function Run:reopen()
  return transaction(self.store, function()
    local columns, err = self.store:query("UPDATE main.run SET status = 'running', finished_at = NULL, message = NULL "
      .. "WHERE id = ?", self.id)
    if not columns then return nil, err end
    return true
  end)
end

local Store = {}

--- A run by its number (nil: the newest), for reading or to go on with it.
-- @return the run, with `id`, `workflow`, `name`, `status`, `config_text`, `config_hash`, `data_hash`, `seed`, `shard`,
--   `message`; or nil and a message
function Store:run(id)
  local columns, rows = self:query("SELECT id, workflow, name, status, config_text, config_hash, data_hash, seed, "
    .. "shard, message, seconds, bars FROM main.run WHERE id = coalesce(?, (SELECT max(id) FROM main.run))", id)
  if not columns then return nil, rows end
  local row = rows[1]
  if not row then
    return nil, self.path .. (id and ": there is no run " .. tostring(id) or ": there is no run yet")
  end
  return setmetatable({
    store = self, id = row[1], workflow = row[2], name = row[3], status = row[4], config_text = row[5],
    config_hash = row[6], data_hash = row[7], seed = row[8], shard = row[9], message = row[10], seconds = row[11],
    bars = row[12],
  }, self.Run)
end

--- A phase by its id: how a worker gets at what the main thread has made.
function Store:phase(id)
  local phase, err = find(self, "id = ?", id)
  if not phase then return nil, err or ("%s: there is no phase %s"):format(self.path, tostring(id)) end
  return phase
end

--- Any run's finished phase with that hash, whose results another run may show (run:use_phase); not that of a shard,
-- which has a part of them. nil: there is none.
function Store:finished_phase(hash)
  if not hash or hash == "" then return nil end
  return find(self, "hash = ? AND status = 'finished' AND content = id AND run IN (SELECT id FROM main.run WHERE shard "
    .. "IS NULL) ORDER BY id LIMIT 1", hash)
end

--- Number of distinct trials (hashes of combos) that the database has seen.
-- @param filter nil, or `data_hash`: only those first seen by a run on that data
function Store:count_trials(filter)
  local columns, rows
  if filter and filter.data_hash then
    columns, rows = self:query("SELECT count(*) FROM trial WHERE data_hash = ?", filter.data_hash)
  else
    columns, rows = self:query "SELECT count(*) FROM main.trial_row"
  end
  if not columns then return nil, rows end
  return rows[1][1]
end

--- Metrics of a phase's results as columns, quick for a million of them.
-- @param info `phase` (or its id), `window` (number; nil: all), `names` (list of metrics)
-- @return { n, combos = int32 numbers, windows = int32 numbers, portfolios = int32 indices into portfolio_names (from
--   0, so portfolio_names[i + 1]), portfolio_names = list, values = { name = doubles, NaN where undefined } }, ordered
--   by combo, window, portfolio and indexed from 0; or nil and a message
function Store:fetch_results(info)
  local phase = info.phase
  if type(phase) ~= "table" then
    local err
    phase, err = self:phase(phase)
    if not phase then return nil, err end
  end
  local n = #info.names
  local stored = C.pln_store_read_results(handle_of(self), phase.content, info.window or 0,
    names_t(math.max(n, 1), info.names), n)
  if stored == nil then return nil, abi.last_error() end
  stored = ffi.gc(stored, C.pln_stored_results_free)
  local made = {
    handle = stored, n = tonumber(stored.n), combos = stored.combos, windows = stored.windows,
    portfolios = stored.portfolios, portfolio_names = {}, values = {},
  }
  for k = 1, stored.n_portfolios do made.portfolio_names[k] = ffi.string(stored.portfolio_names[k - 1]) end
  for k, name in ipairs(info.names) do made.values[name] = stored.values[k - 1] end
  return made
end

local function window_number(window)
  return type(window) == "table" and window.number or window or 1
end

--- Adds a window { number, role, fold, from_ns, until_ns } (int64; the extremes or nil: no bound), or changes it.
function Phase:add_window(window)
  return self:add_windows { window }
end

local function bound(ns)
  if ns == nil or ns == abi.INT64_MIN or ns == abi.INT64_MAX then return nil end
  return ns
end

--- The same for a list of windows.
function Phase:add_windows(windows)
  local db = self.store
  return transaction(db, function()
    for _, window in ipairs(windows) do
      local columns, err = db:query("INSERT OR REPLACE INTO main.window_row VALUES (?, ?, ?, ?, ?, ?)", self.content,
        window.number, window.role, window.fold, bound(window.from_ns), bound(window.until_ns))
      if not columns then return nil, err end
    end
    return true
  end)
end

local function time_of(value, otherwise)
  if value == nil then return otherwise end
  return type(value) == "number" and ffi.cast("int64_t", value) or value
end

--- The list of its windows, by number.
function Phase:windows()
  local columns, rows = self.store:query("SELECT number, role, fold, from_ts, until_ts FROM main.window_row WHERE "
    .. "phase = ? ORDER BY number", self.content)
  if not columns then return nil, rows end
  local list = {}
  for k, row in ipairs(rows) do
    list[k] = {
      number = row[1], role = row[2], fold = row[3], from_ns = time_of(row[4], abi.INT64_MIN),
      until_ns = time_of(row[5], abi.INT64_MAX),
    }
  end
  return list
end

--- Adds a result. Combos are made as they come.
-- @param info `window` (a window or its number; default 1), `number` and `combo` (7, "c0007"), `portfolio` ("" for
--   signals that belong to none), `params` (a table or JSON text), `symbols` (names of instruments 0, 1, …), `hash` (of
--   the trial that the combo is: 32 hexadecimal digits; nil: no trial)
-- @return the result; or nil and a message
function Phase:add_result(info)
  if self.content ~= self.id then
    return nil, ("phase '%s' shows the results of another one, and takes none"):format(self.name)
  end
  local params, symbols = info.params, info.symbols or {}
  if type(params) ~= "string" then
    params = json.encode(params and next(params) ~= nil and params or json.object {})
  end
  local names = names_t(math.max(#symbols, 1), symbols)
  self.lent = { names, params } -- what the struct points to lives until the call is done
  return new_result(self, ffi.new("pln_result_info", self.run, self.id, window_number(info.window), info.number,
    info.combo, info.portfolio, params, info.hash, names, #symbols))
end

--- Copies what is done of a phase of another database, which this one is to hold too: combos that it has already are
-- left as they are.
-- @param path the other database, of the same schema
-- @param find_source function(db) → content of the phase to copy, which asks the other database under the schema's name
--   `source`, as in "SELECT content FROM source.phase_row WHERE …"; or nil and a message
-- @return the number of results that were copied; or nil and a message, and nothing was changed
function Phase:copy_from(path, find_source)
  local db = self.store
  local handle = handle_of(db)
  if C.pln_store_attach(handle, path) < 0 then return nil, abi.last_error() end
  local ok, copied, err = pcall(transaction, db, function()
    local from, message = find_source(db)
    if not from then return nil, message end
    local n = tonumber(C.pln_store_copy_phase(handle, from, self.id))
    if n < 0 then return nil, ("%s: %s"):format(path, abi.last_error()) end
    return n
  end)
  local detached = C.pln_store_detach(handle)
  if not ok then error(copied, 0) end
  if detached < 0 and copied then return nil, abi.last_error() end
  return copied, err
end

--- Ends the phase: "finished", "failed" or "interrupted".
function Phase:finish(status)
  if not STATUSES[status] then
    error(("a phase's status: found '%s', expected finished, failed or interrupted"):format(tostring(status)), 2)
  end
  local ok, err = transaction(self.store, function()
    local columns, message = self.store:query("UPDATE main.phase_row SET status = ?, n_combos = coalesce(n_combos, "
      .. "(SELECT count(*) FROM main.combo_row WHERE phase = ?2)), n_windows = coalesce(n_windows, (SELECT count(*) "
      .. "FROM main.window_row WHERE phase = ?2)) WHERE id = ?2", status, self.id)
    if not columns then return nil, message end
    return true
  end)
  if ok then self.status = status end
  return ok, err
end

--- What is done: `done:has(window, number)` is true where all results of that combo in that window are; `done.n` is the
-- number of such pairs. A picture of the moment: it does not follow what comes later.
function Phase:done()
  local set = C.pln_store_done(handle_of(self.store), self.content, self.n_windows or 0, self.n_combos or 0)
  if set == nil then return nil, abi.last_error() end
  return setmetatable({ handle = ffi.gc(set, C.pln_done_free), n = tonumber(set.n_done) }, Done)
end

function Done:has(window, number) return C.pln_done_has(self.handle, window_number(window), number) == 1 end

--- Metrics of its results: see store:fetch_results.
-- @param info `window`, `names`
function Phase:results(info)
  return self.store:fetch_results {
    phase = self, window = info.window and window_number(info.window), names = info.names,
  }
end

--- A combo: { number, combo, params (a table), hash }; nil where there is none.
function Phase:combo(number)
  local columns, rows = self.store:query("SELECT number, combo, params, lower(hex(hash)) FROM main.combo_row WHERE "
    .. "phase = ? AND number = ?", self.content, number)
  if not columns then return nil, rows end
  local row = rows[1]
  return row and {
    number = row[1], combo = row[2], params = json.decode(row[3]), hash = row[4] ~= "" and row[4] or nil,
  }
end

--- Period returns of many combos over the same periods.
-- @param info `window` (default 1), `portfolio` (default: the first by name), `combos` (ascending list of numbers;
--   nil: all)
-- @return { n_results, n = periods, combos = int32 numbers, returns = doubles, row after row: result i's start at
--   returns + i * n, benchmark = doubles, ts_ns = int64, periods_per_year }, indexed from 0; combos without returns are
--   left out; or nil and a message, as when the periods differ
function Phase:returns(info)
  info = info or {}
  local list, n = nil, 0
  if info.combos then
    n = #info.combos
    list = ffi.new("int32_t[?]", math.max(n, 1), info.combos)
  end
  local stored = C.pln_store_read_returns(handle_of(self.store), self.content, window_number(info.window),
    info.portfolio, list, n)
  if stored == nil then return nil, abi.last_error() end
  stored = ffi.gc(stored, C.pln_stored_returns_free)
  return {
    handle = stored, n_results = tonumber(stored.n_results), n = tonumber(stored.n), combos = stored.combos,
    returns = stored.returns, benchmark = stored.benchmark, ts_ns = stored.ts_ns,
    periods_per_year = stored.periods_per_year,
  }
end

--- Signals of a combo.
-- @param info `window` (default 1), `combo` (its number), `source`, `symbol`
-- @return { n, signals = pln_signal array, regimes = int8 array }, n = 0 where there are none; or nil and a message
function Phase:signals(info)
  local stored = C.pln_store_read_signals(handle_of(self.store), self.content, window_number(info.window), info.combo,
    info.source, info.symbol)
  if stored == nil then return nil, abi.last_error() end
  stored = ffi.gc(stored, C.pln_stored_signals_free)
  return { handle = stored, n = tonumber(stored.n), signals = stored.signals, regimes = stored.regimes }
end

--- What signals a combo has: list of { source, symbol, n }.
-- @param info `window` (default 1), `combo` (its number)
function Phase:signal_sources(info)
  local columns, rows = self.store:query("SELECT c.source, c.symbol, sum(c.rows) FROM main.result_row r CROSS JOIN "
    .. "main.signal_chunk c ON c.result = r.id WHERE r.phase = ? AND r.combo = ? AND r.window = ? GROUP BY 1, 2 "
    .. "ORDER BY 1, 2", self.content, info.combo, window_number(info.window))
  if not columns then return nil, rows end
  local list = {}
  for k, row in ipairs(rows) do list[k] = { source = row[1], symbol = row[2], n = row[3] } end
  return list
end

--- Adds weights over time under a name.
-- @param rows list of { ts_ns, regime (index or name; default 0), member, weight }
function Phase:add_weights(name, rows)
  local db = self.store
  return transaction(db, function()
    for _, row in ipairs(rows) do
      local columns, err = db:query("INSERT OR REPLACE INTO main.weight_row VALUES (?, ?, ?, ?, ?, ?)", self.content,
        name, row.ts_ns, row.regime or 0, row.member, row.weight)
      if not columns then return nil, err end
    end
    return true
  end)
end

--- Weights of that name: the list of rows as add_weights takes it, by time, regime and member.
function Phase:weights(name)
  local columns, rows = self.store:query("SELECT ts, regime, member, weight FROM main.weight_row WHERE phase = ? AND "
    .. "name = ? ORDER BY ts, regime, member", self.content, name)
  if not columns then return nil, rows end
  local list = {}
  for k, row in ipairs(rows) do
    list[k] = { ts_ns = time_of(row[1]), regime = row[2], member = row[3], weight = row[4] }
  end
  return list
end

--- Gives the store's classes their methods about phases (lua/store.lua).
function M.extend(store_class, run_class, make_result)
  new_result = make_result
  for name, method in pairs(Store) do store_class[name] = method end
  for name, method in pairs(Run) do run_class[name] = method end
  store_class.Run = run_class
  M.transaction = transaction
end

return M

--- "The same content": what a run holds, without clocks and row ids, as text. Two runs of the same configuration on the
-- same data give the same text, whichever number of workers, shards and interruptions they had.
local ffi = require "ffi"
local abi = require "abi"
local C = abi.C

local M = {}

-- Each is a line of columns, sorted by natural keys; ?1 is the run. docs/database.md lists them.
local TABLES = {
  { "run", "SELECT workflow, name, status, data_hash, seed FROM main.run WHERE id = ?1" },
  { "data_file", "SELECT symbol, timeframe, rows, first_ts, last_ts, content_hash FROM main.data_file WHERE run = ?1 "
    .. "ORDER BY symbol, timeframe" },
  { "phase", "SELECT name, hash, topology, status, n_combos, n_windows FROM phase WHERE run = ?1 ORDER BY name, hash" },
}

-- Of each phase; ?1 is the phase whose rows it shows.
local OF_PHASE = {
  { "window", "SELECT number, role, fold, from_ts, until_ts FROM main.window_row WHERE phase = ?1 ORDER BY number" },
  { "combo", "SELECT number, combo, params, lower(hex(hash)) FROM main.combo_row WHERE phase = ?1 ORDER BY number" },
  { "weight", "SELECT name, ts, regime, member, weight FROM main.weight_row WHERE phase = ?1 ORDER BY name, ts, "
    .. "regime, member" },
}

local KEY = "r.combo, r.window, r.portfolio"
local FROM = " FROM main.result_row r JOIN main.%s t ON t.result = r.id WHERE r.phase = ?1 ORDER BY " .. KEY

-- Of each result of a phase. Series are hashes of what they hold.
local OF_RESULT = {
  { "instrument", "instrument, symbol", "instrument", "instrument" },
  { "trade", "*", "trade_row", "seq" },
  { "order", "*", "order_row", "seq" },
  { "fill", "*", "fill_row", "seq" },
  { "refusal", "*", "refusal_row", "code" },
  { "decision", "*", "decision_row", "seq" },
  { "equity", "chunk, first_ts, last_ts, rows, peak, content_hash(t.data, 4, 1, t.rows)", "equity_chunk", "chunk" },
  { "record", "name, chunk, first_ts, last_ts, rows, content_hash(t.data, 2, 1, t.rows)", "record_chunk",
    "name, chunk" },
  { "returns", "axis, rows, content_hash(t.data, 1, 0, t.rows)", "returns_row" },
  { "signal", "source, symbol, chunk, first_ts, last_ts, rows, content_hash(t.data, 4, 1, t.rows)", "signal_chunk",
    "source, symbol, chunk" },
}

local number_text = ffi.new "char[32]"

-- One value: numbers so that every bit shows, texts quoted where they would be ambiguous, blobs as hexadecimal digits.
local function text_of(value, is_blob)
  if value == nil then return "-" end
  if type(value) == "number" then
    C.pln_format_17(value, number_text)
    return ffi.string(number_text)
  elseif type(value) == "cdata" then
    return (tostring(value):gsub("U?LL$", ""))
  elseif is_blob then
    return (value:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
  end
  return ("%q"):format(value)
end

local function put(db, write, label, sql, ...)
  local step, columns = db:rows(sql, ...)
  if not step then error({ content = columns }, 0) end
  local cells = {}
  for row in step do
    for i = 1, row.n do cells[i] = text_of(row[i], row.blobs and row.blobs[i]) end
    write(label, " ", table.concat(cells, " ", 1, row.n), "\n")
  end
end

-- Names of a table's columns without the result's id, in order of name where the table grows by columns.
local function columns_of(db, name, sorted)
  local columns, rows = db:query(("SELECT name FROM pragma_table_info('%s') WHERE name <> 'result' ORDER BY %s")
    :format(name, sorted and "name" or "cid"))
  if not columns then error({ content = rows }, 0) end
  local list = {}
  for k, row in ipairs(rows) do list[k] = row[1] end
  return list
end

local function put_results(db, write, content)
  put(db, write, "result", ("SELECT %s, done, status FROM main.result_row r WHERE phase = ?1 ORDER BY %s")
    :format(KEY, KEY), content)
  -- Columns of figures are named, since files of several versions have them in several orders; those without a value
  -- are left out, so that one that a file does not have yet makes no difference.
  for _, name in ipairs(columns_of(db, "figure_row", true)) do
    put(db, write, "figure " .. name, ('SELECT %s, t."%s" FROM main.result_row r JOIN main.figure_row t ON t.result = '
      .. 'r.id WHERE r.phase = ?1 AND t."%s" IS NOT NULL ORDER BY %s'):format(KEY, name, name, KEY), content)
  end
  put(db, write, "metric", ("SELECT %s, n.name, t.value FROM main.result_row r JOIN main.metric_row t ON t.result = "
    .. "r.id JOIN main.metric_name n ON n.id = t.metric WHERE r.phase = ?1 ORDER BY %s, n.name")
    :format(KEY, KEY), content)
  for _, one in ipairs(OF_RESULT) do
    local label, columns, name, order = one[1], one[2], one[3], one[4]
    if columns == "*" then columns = "t." .. table.concat(columns_of(db, name), ", t.") end
    put(db, write, label, ("SELECT " .. KEY .. ", %s" .. FROM .. "%s"):format(columns, name,
      order and ", t." .. order:gsub(", ", ", t.") or ""), content)
  end
end

--- Writes the content of a run.
-- @param db a store, or the path of a database
-- @param run its number (nil: the newest)
-- @param write function(…) that takes texts; nil: the whole text is returned
-- @return the text, or true where `write` is given; or nil and a message
function M.dump(db, run, write)
  local own
  if type(db) == "string" then
    local err
    own, err = require("store").open(db, { read_only = true })
    if not own then return nil, err end
    db = own
  end
  local parts = {}
  local function collect(...)
    for k = 1, select("#", ...) do parts[#parts + 1] = (select(k, ...)) end
  end
  local ok, failure = pcall(function()
    local found, err = db:run(run)
    if not found then error({ content = err }, 0) end
    for _, one in ipairs(TABLES) do put(db, write or collect, one[1], one[2], found.id) end
    local phases
    phases, err = found:phases()
    if not phases then error({ content = err }, 0) end
    table.sort(phases, function(a, b)
      if a.name ~= b.name then return a.name < b.name end
      return a.hash < b.hash
    end)
    for _, phase in ipairs(phases) do
      (write or collect)("# phase ", text_of(phase.name), " ", text_of(phase.hash), "\n")
      for _, one in ipairs(OF_PHASE) do put(db, write or collect, one[1], one[2], phase.content) end
      put_results(db, write or collect, phase.content)
    end
  end)
  if own then own:close() end
  if ok then return write and true or table.concat(parts) end
  if type(failure) == "table" then return nil, failure.content or failure.store_error end
  error(failure, 0)
end

--- 32 hexadecimal digits that two runs have in common when their content is the same. Arguments as for dump.
function M.hash(db, run)
  local text, err = M.dump(db, run)
  if not text then return nil, err end
  return abi.hash128(text)
end

return M

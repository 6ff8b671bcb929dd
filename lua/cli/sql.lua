--- perilune sql "SELECT …": questions to the database of results.
local ffi = require "ffi"
local abi = require "abi"
local args = require "args"
local json = require "json"
local store = require "store"
local suggest = require "suggest"
local tabulate = require "tabulate"

local M = {
  help = "Ask the database of results in SQL",
  usage = { 'perilune sql "SELECT …" [--db FILE] [--json | --csv]', "perilune sql [--db FILE]" },
  options = {
    { "db", value = "FILE", help = "database (default: " .. store.DEFAULT_PATH .. " in this folder)" },
    { "json", help = "print an array of objects, one for each row" },
    { "csv", help = "print a header and rows, numbers exact, NULL empty" },
  },
  max = 1,
  details = [[
The database is only read. Without SQL, lists what there is to ask. runs, phases, figures, metrics, trades, orders,
fills and refusals are for reading, with times in ISO 8601 UTC; run, phase, metric, trade, "order", fill and refusal
are the same with times in nanoseconds. equity('c0001'), records('c0001', 'name'), returns('c0001') and
signals('c0001') are the series of the newest run as rows; a run's number is equity's second argument.
docs/database.md has it all.

  perilune sql "SELECT combo, sharpe_ratio FROM figures WHERE phase <> 'top' ORDER BY sharpe_ratio DESC LIMIT 10"
  perilune sql "SELECT * FROM signals('c0001')" --csv]],
}

local number_text = ffi.new "char[32]"

local function number(value)
  if type(value) == "cdata" then return (tostring(value):gsub("LL$", "")) end
  return ffi.string(number_text, abi.C.pln_format_shortest(value, number_text))
end

local function hex(bytes)
  return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

local function print_csv(step, columns)
  local function field(text)
    return text:find '[,"\r\n]' and '"' .. text:gsub('"', '""') .. '"' or text
  end
  local cells = {}
  for i, name in ipairs(columns) do cells[i] = field(name) end
  io.write(table.concat(cells, ","), "\n")
  for row in step do
    for i = 1, row.n do
      local value = row[i]
      if value == nil then
        cells[i] = ""
      elseif type(value) ~= "string" then
        cells[i] = number(value)
      else
        cells[i] = row.blobs and row.blobs[i] and hex(value) or field(value)
      end
    end
    io.write(table.concat(cells, ","), "\n")
  end
end

local function print_json(step, columns)
  local separator = "[\n "
  for row in step do
    local members = {}
    for i, name in ipairs(columns) do
      local value = row[i]
      if row.blobs and row.blobs[i] then value = hex(value) end
      members[i] = { name, value }
    end
    io.write(separator, json.encode(json.object(members)))
    separator = ",\n "
  end
  io.write(separator == ",\n " and "\n]\n" or "[]\n")
end

local function print_table(step, columns)
  local rows, specs = {}, {}
  for i, name in ipairs(columns) do specs[i] = { name, right = true } end
  for row in step do
    local texts = {}
    for i = 1, row.n do
      local value = row[i]
      if row.blobs and row.blobs[i] then
        texts[i] = ("<%d bytes>"):format(#value)
      elseif type(value) == "number" and value % 1 ~= 0 then
        texts[i] = ("%.10g"):format(value)
      elseif type(value) == "string" then
        texts[i] = value
        specs[i].right = false
      elseif value ~= nil then
        texts[i] = number(value)
      end
    end
    rows[#rows + 1] = texts
  end
  local out = ffi.new "pln_terminal"
  abi.C.pln_terminal_describe(1, out)
  io.write(tabulate.format(specs, rows, { width = out.is_terminal == 0 and math.huge or nil })) -- files get all of it
end

local function print_listing(step)
  for row in step do
    local line = row[1] .. ":"
    for word in row[3]:gmatch "%S+" do
      if #line + 1 + #word > 100 then
        io.write(line, "\n")
        line = "   "
      end
      line = line .. " " .. word
    end
    io.write(line, "\n")
  end
end

local LISTING = [[
SELECT t.name, t.type AS kind, (SELECT group_concat(c.name, ', ') FROM pragma_table_info(t.name) c) AS columns
FROM sqlite_schema t WHERE t.type = 'view' OR t.name IN ('run', 'data_file')
UNION ALL SELECT 'equity(combo, run, portfolio, phase, window)', 'function',
  'time, ts, equity, cash, drawdown_pct, exposure'
UNION ALL SELECT 'records(combo, name, run, portfolio, phase, window)', 'function', 'time, ts, value'
UNION ALL SELECT 'returns(combo, run, portfolio, phase, window)', 'function', 'time, ts, "return", benchmark'
UNION ALL SELECT 'signals(combo, run, phase, window, portfolio)', 'function',
  'time, ts, source, symbol, direction, strength, confidence, regime'
ORDER BY 2, 1]]

-- SQLite's message with the name that was probably meant.
local function with_hint(db, message)
  local kind, name = message:match "no such (%w+): ([%w_.]+)"
  if not kind then return message end
  local candidates = { "equity", "records", "returns", "signals" }
  local sql = kind == "column" and "SELECT DISTINCT c.name FROM sqlite_schema t, pragma_table_info(t.name) c "
    .. "WHERE t.type = 'view' ORDER BY 1" or "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY 1"
  local columns, rows = db:query(sql)
  if not columns then return message end
  for _, row in ipairs(rows) do candidates[#candidates + 1] = row[1] end
  local hint = suggest.hint(name:match "[^.]*$", candidates)
  return message .. (hint ~= "" and hint or " (`perilune sql` lists what there is)")
end

function M.run(argv)
  local opts = args.parse(argv, M)
  if opts.json and opts.csv then args.usage_error("--json and --csv exclude each other", M) end
  local db, message = store.open(opts.db or store.DEFAULT_PATH, { read_only = true })
  if not db then return nil, message end
  local step, columns = db:rows(opts[1] or LISTING)
  if not step then
    message = with_hint(db, columns)
    db:close()
    return nil, message, 2
  end
  local show = opts.json and print_json or opts.csv and print_csv or opts[1] and print_table or print_listing
  local ok, failure = pcall(show, step, columns)
  if not ok then
    if type(failure) == "table" and failure.store_error then return nil, failure.store_error end
    error(failure, 0)
  end
  db:close()
  return 0
end

return M

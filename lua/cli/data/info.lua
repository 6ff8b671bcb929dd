--- perilune data info FILE…: what is in a data file.
local ffi = require "ffi"
local abi = require "abi"
local args = require "args"
local common = require "cli.data.common"
local json = require "json"
local tabulate = require "tabulate"
local C = abi.C

local M = {
  help = "Describe data files: rows, range, timeframe, columns, hash",
  usage = "perilune data info FILE… [options]",
  options = common.with_read_options { { "json", help = "print an array with one object for each file" } },
  min = 1,
}

local function range_of(bars)
  local low, high = math.huge, -math.huge
  for i = 0, tonumber(bars.n_bars) - 1 do
    if bars.low[i] < low then low = bars.low[i] end
    if bars.high[i] > high then high = bars.high[i] end
  end
  return low, high
end

local function describe(path, entry)
  local bars = entry.bars
  local n = tonumber(bars.n_bars)
  local made = {
    path = path, kind = common.is_column_file(path) and "column file" or "text",
    bytes = common.size(path), symbol = ffi.string(bars.symbol), timeframe = entry.timeframe,
    timezone = ffi.string(bars.timezone), bars = n, columns = json.array(common.columns(bars)),
    content_hash = ("%016x"):format(bars.content_hash), cached = entry.cached or false,
  }
  if n > 0 then
    made.first, made.last = common.time(bars.ts_ns[0]), common.time(bars.ts_ns[n - 1])
    made.last_close = common.time(C.pln_bars_visible_ns(bars, n - 1))
    made.low, made.high = range_of(bars)
  end
  if made.kind == "column file" then made.origin = ffi.string(C.pln_column_origin(bars)) end
  if entry.report then made.rows = entry.report.rows end
  return made
end

local function section(info)
  local rows = {}
  local function add(label, value)
    if value ~= nil and value ~= "" then rows[#rows + 1] = { label, value } end
  end
  add("kind", info.kind .. (info.cached and " (read from its cache)" or ""))
  add("size", info.bytes and tabulate.number(info.bytes) .. " bytes")
  add("symbol", info.symbol)
  add("timeframe", info.timeframe)
  add("time zone", info.timezone)
  if info.rows and info.rows ~= info.bars then add("rows", tabulate.number(info.rows)) end
  add("bars", tabulate.number(info.bars))
  add("first", info.first)
  add("last", info.last)
  add("last close", info.last_close)
  add("prices", info.low and ("%.10g to %.10g"):format(info.low, info.high))
  add("columns", table.concat(info.columns, ", "))
  add("content hash", info.content_hash)
  add("origin", info.origin)
  local lines = { info.path }
  for _, row in ipairs(rows) do lines[#lines + 1] = ("  %-13s %s"):format(row[1], row[2]) end
  return table.concat(lines, "\n") .. "\n"
end

function M.run(argv)
  local opts = args.parse(argv, M)
  local all = {}
  for i, path in ipairs(opts) do
    local entry, message = common.load(path, opts, M)
    if not entry then return nil, message end
    all[i] = describe(path, entry)
  end
  return common.print_all(all, opts, section)
end

return M

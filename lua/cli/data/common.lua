--- What the subcommands of `perilune data` share: reading a file of either kind, times, tables.
local ffi = require "ffi"
local abi = require "abi"
local args = require "args"
local data = require "data"
local json = require "json"
local C = abi.C

local M = {}

--- Options of all subcommands that read files; those of text files have no effect on column files.
M.read_options = {
  { "symbol", value = "NAME", help = "name of the bars, and what a symbol column must hold" },
  { "timeframe", value = "TF", help = "length of the file's bars, such as 5m; detected by default" },
  { "timezone", value = "ZONE", help = "IANA name of the zone of local times (default UTC)" },
  { "stamp", value = "END", choices = { "open", "close" }, help = "whether a row's time is the bar's open or close" },
  { "columns", value = "LIST", help = "in order: time,open,close,high,low,volume; or by name: close=AAPL" },
  { "no-header", help = "the first line is data" },
  { "delimiter", value = "CHAR", help = "one character, or comma, semicolon, tab, pipe, space" },
  { "time-format", value = "FORMAT", help = "iso, ymd, mdy, dmy, epoch_s … epoch_ns, ms_of_day, or %Y%m%d %H:%M" },
  { "layout", value = "NAME", choices = { "lean_trade", "lean_quote", "binance" }, help = "a known kind of file" },
  { "price", value = "SIDE", choices = { "mid", "bid", "ask" }, help = "which side of quotes makes the bars" },
  { "price-scale", value = "X", type = "number", help = "factor for prices" },
  { "volume-scale", value = "X", type = "number", help = "factor for volumes" },
  { "symbol-column", value = "NAME", help = "name or number of the column that names the symbol" },
  { "member", value = "NAME", help = "file within a .zip; * and ? match" },
  { "session", value = "HOURS", help = "local hours in which bars open, 09:30-16:00" },
  { "quality", value = "RULE=POLICY", repeated = true, help = "as under data.quality of a configuration" },
  { "no-cache", help = "neither read nor write the column file beside a CSV" },
}

--- The list of `read_options`, but for the one named `without`, with more of a subcommand's own before it.
function M.with_read_options(own, without)
  local all = {}
  for _, option in ipairs(own) do all[#all + 1] = option end
  for _, option in ipairs(M.read_options) do
    if option[1] ~= without then all[#all + 1] = option end
  end
  return all
end

local function split(text)
  local list = {}
  for item in (text .. ","):gmatch "%s*(.-)%s*," do list[#list + 1] = item end
  return list
end
M.split = split

-- "time,open,…", or "close=AAPL,time=Day" as a map.
local function columns_of(text, command)
  local list, map, named = split(text), {}, 0
  for _, item in ipairs(list) do
    local role, name = item:match "^([%w_]+)%s*=%s*(.-)$"
    if role then map[role], named = name, named + 1 end
  end
  if named > 0 and named < #list then
    args.usage_error(("--columns: found '%s', expected a list of columns, or ROLE=NAME for each"):format(text), command)
  end
  return named > 0 and map or list
end

function M.is_column_file(path) return path:lower():match "%.plc$" ~= nil end

local function quality_of(opts, command)
  local settings = {}
  for _, item in ipairs(opts.quality or {}) do
    local rule, policy = item:match "^%s*([%w_]+)%s*=%s*([%w_.]+)%s*$"
    if not rule then
      args.usage_error(("--quality: found '%s', expected RULE=POLICY such as gaps=off"):format(item), command)
    end
    settings[rule] = tonumber(policy) or policy
  end
  return settings
end

--- The keys of a configuration's `data` section for one file, from command-line options.
function M.spec(path, opts, command)
  return {
    source = M.is_column_file(path) and "column" or "csv", path = path,
    timezone = opts.timezone, timeframe = opts.timeframe, stamp = opts.stamp,
    columns = opts.columns and columns_of(opts.columns, command), header = opts.no_header and false or nil,
    delimiter = opts.delimiter, time_format = opts.time_format, layout = opts.layout, price = opts.price,
    price_scale = opts.price_scale, volume_scale = opts.volume_scale, symbol_column = opts.symbol_column,
    member = opts.member, session = opts.session, quality = quality_of(opts, command),
    cache = not opts.no_cache,
  }
end

--- Loads one file. What data.load_one returns, or nil and a message.
function M.load(path, opts, command)
  return data.load_one(M.spec(path, opts, command), opts.symbol)
end

--- ISO 8601, UTC.
M.time = abi.iso_time

--- Names of all columns that bars have.
function M.columns(bars)
  local names = { "time", "open", "high", "low", "close" }
  if bars.has_volume == 1 then names[#names + 1] = "volume" end
  for i = 0, bars.n_extra - 1 do names[#names + 1] = ffi.string(bars.extra_names[i]) end
  return names
end

--- Size of a file in bytes, nil where it cannot be opened.
function M.size(path)
  local file = io.open(path, "rb")
  local size = file and file:seek "end"
  if file then file:close() end
  return size
end

--- A line on standard error that is drawn over itself, for what takes more than a second on a terminal:
-- returns `show(done)` and `clear()`.
function M.progress(label, total)
  local out = ffi.new "pln_terminal"
  C.pln_terminal_describe(2, out)
  local start, shown, drawn = C.pln_clock_monotonic_ns(), 0LL, false
  local function show(done)
    local now = C.pln_clock_monotonic_ns()
    if out.is_terminal == 0 or now - start < 1000000000LL or now - shown < 200000000LL then return end
    shown, drawn = now, true
    local rate = done / (tonumber(now - start) / 1e9)
    io.stderr:write(("\r%s: %d %%, %.1f M bars/s, %.0f s left \27[K"):format(label, done / total * 100, rate / 1e6,
      (total - done) / rate))
  end
  local function clear()
    if drawn then io.stderr:write "\r\27[K" end
    drawn = false
  end
  return show, clear
end

--- Prints a list of descriptions: as a JSON array, or each as the text that `section` makes of it, with a line between.
-- @return the exit status
function M.print_all(all, opts, section)
  if opts.json then
    io.write(json.encode(json.array(all), { indent = 2 }), "\n")
    return 0
  end
  for i, info in ipairs(all) do io.write(i > 1 and "\n" or "", section(info)) end
  return 0
end

return M

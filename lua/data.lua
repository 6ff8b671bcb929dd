--- Data: from the `data:` and `symbols:` sections of a configuration to bars.
--
--     local loaded, message = data.load(cfg)
--     for _, entry in ipairs(loaded) do print(entry.symbol, entry.timeframe, entry.bars.n_bars) end
--
-- Keys of `data` (and of a symbol's own `data`, which is laid over it):
--   source         csv (default), column, synthetic
--   path           file or list of files, joined in this order. {symbol}, {symbol_lower}, {symbol_upper}, {timeframe}
--                  are substituted; {date} (20150102, 2015-01-02), * and ? match existing files, sorted by name
--   start, end     trading only: parsed and handed back, bars are not cut. A day as `end` is included
--   timezone       IANA name of local times, in which days begin (UTC)
--   timeframe      of the file; detected by default
--   stamp          open (default) or close
--   columns        list of roles by position, or role: name of column
--   header         true, false; detected by default
--   delimiter, time_format, layout, price, price_scale, volume_scale, symbol_column, member   as in abi/csv.h
--   session        "09:30-16:00", for the rule out_of_session
--   quality        rule: policy, and price_jump_pct, volume_outlier_multiple, as in abi/quality.h
--   cache          true (default): a column file beside the CSV, or in $XDG_CACHE_HOME/perilune where that folder
--                  is read-only; a folder's name; false
--   bid_path, ask_path   instead of path: bars of each side of quotes, joined by time; with price: quotes (or these),
--                  an entry has bid_bars and ask_bars beside the middle
--   calendar       market calendar: days, weeks and months are visible when its session closes
--   synthetic      bars, seed, start, timeframe, session (24/7, us_equity), correlation, volatility_ann_pct
-- Items of `symbols`: a name, or symbol, timeframes (the file's own, and any coarser one, made from it), data.
local ffi = require "ffi"
local abi = require "abi"
local cache = require "data_cache"
local quality = require "data_quality"
local files = require "data_files"
local json = require "json"
local market_calendar = require "market_calendar"
local prepare = require "data_prepare"
local synth = require "synth"
local C = abi.C

local M = {}

local READ_KEYS = { "timezone", "timeframe", "stamp", "columns", "header", "delimiter", "time_format", "layout",
  "price", "price_scale", "volume_scale", "symbol_column", "member", "session", "calendar", "quality" }

local OUTCOMES = { "dropped", "repaired" }
local NATIVE_BARS = { "bars", "fill", "bid", "ask" } -- of data_prepare.native

--- A report of the quality pass as a table: rows, bars, reversed, found, dropped, repaired (by rule), issues, text.
M.report_table = quality.table

local function own(bars)
  return bars ~= nil and ffi.gc(bars, C.pln_bars_free) or nil
end

--- The canonical name of a timeframe ("60m" → "1h"), or nil and a message.
function M.timeframe_name(text)
  local timeframe = ffi.new "pln_timeframe"
  local ok, message = abi.check(C.pln_timeframe_parse(text, timeframe))
  if not ok then return nil, message end
  local name = ffi.new "char[16]"
  C.pln_timeframe_format(timeframe, name)
  return ffi.string(name)
end

local function name_of(timeframe)
  local name = ffi.new "char[16]"
  C.pln_timeframe_format(timeframe, name)
  return ffi.string(name)
end

-- Options of the CSV reader ---------------------------------------------------------------------------------------

local HEADER = { [true] = "PLN_CSV_HEADER_PRESENT", [false] = "PLN_CSV_HEADER_NONE" }
local TEXTS = { "timeframe", "timezone", "time_format", "delimiter", "layout", "price", "symbol_column", "member" }

local function string_array(list)
  return ffi.new("const char *[?]", math.max(#list, 1), list)
end

local function set_columns(options, columns, kept)
  if not columns then return end
  if #columns > 0 then
    kept.columns = columns
    options.columns, options.n_columns = string_array(columns), #columns
    kept.array = options.columns
    return
  end
  local roles, names = {}, {}
  for role in pairs(columns) do roles[#roles + 1] = role end
  table.sort(roles)
  for i, role in ipairs(roles) do names[i] = tostring(columns[role]) end
  kept.roles, kept.names, kept.role_array, kept.name_array = roles, names, string_array(roles), string_array(names)
  options.map_roles, options.map_names, options.n_map = kept.role_array, kept.name_array, #roles
end

local function clock_ns(text)
  local hours, minutes = text:match "^(%d+):(%d%d)$"
  return hours and (tonumber(hours) * 3600LL + tonumber(minutes) * 60LL) * 1000000000LL
end

-- Returns options (cdata) and a table that keeps alive what they point to, or nil and a message.
local function csv_options(spec, symbol, timeframe)
  local options, kept = ffi.new "pln_csv_options", {}
  C.pln_csv_options_init(options)
  kept.symbol = symbol
  options.symbol = symbol
  for _, key in ipairs(TEXTS) do
    local value = spec[key]
    if key == "timeframe" then value = timeframe or value end
    if key == "price" and value == "quotes" then value = "mid" end -- whose sides stay beside it
    if value ~= nil then
      kept[key] = tostring(value)
      options[key] = kept[key]
    end
  end
  set_columns(options, spec.columns, kept)
  if spec.header ~= nil then options.header = C[HEADER[spec.header]] end
  if spec.stamp == "close" then options.stamp = C.PLN_CSV_STAMP_CLOSE end
  options.price_scale = spec.price_scale or 1
  options.volume_scale = spec.volume_scale or 1
  local config, message = quality.config(spec.quality)
  if not config then return nil, message end
  if spec.session then
    local from, to = spec.session:match "^(.-)%-(.*)$"
    config.session_open_ns, config.session_close_ns = clock_ns(from or "") or 0, clock_ns(to or "") or 0
    if config.session_open_ns == config.session_close_ns then
      return nil, ("session is '%s', expected local times as 09:30-16:00"):format(spec.session)
    end
  end
  if spec.calendar then
    config.calendar, message = market_calendar.get(spec.calendar)
    if config.calendar == nil then return nil, message end
  end
  kept.quality = config
  options.quality = config
  return options, kept
end

-- What decides the bars besides the files' contents, as text.
local function describe(spec, symbol, timeframe, paths)
  local parts = { ffi.string(C.pln_version()), symbol or "", timeframe or "", table.concat(paths, "\n") }
  local function add(prefix, value)
    if type(value) ~= "table" then
      parts[#parts + 1] = prefix .. "=" .. (type(value) == "number" and ("%.17g"):format(value) or tostring(value))
      return
    end
    local keys = {}
    for key in pairs(value) do keys[#keys + 1] = key end
    table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
    for _, key in ipairs(keys) do add(prefix .. "." .. tostring(key), value[key]) end
  end
  for _, key in ipairs(READ_KEYS) do
    if spec[key] ~= nil then add(key, spec[key]) end
  end
  if market_calendar.is_file(spec.calendar) then -- what it says, not its name alone
    local hex = ffi.new "char[33]"
    C.pln_csv_content_hash(string_array { spec.calendar }, 1, hex)
    parts[#parts + 1] = ffi.string(hex)
  end
  return table.concat(parts, "\n")
end

-- Sources ---------------------------------------------------------------------------------------------------------

-- The files of a source, or nil, a message and "path", the key that is at fault.
local function find_files(spec, symbol, timeframe)
  local paths, message = files.find(spec.path, symbol, timeframe)
  if not paths then return nil, message, "path" end
  for _, path in ipairs(paths) do
    local file, why = io.open(path, "rb")
    if not file then return nil, ("%s: cannot be opened: %s"):format(path, (why:gsub("^.*: ", ""))), "path" end
    file:close()
  end
  return paths
end

local function load_csv(spec, symbol, timeframe)
  local paths, message, fault = find_files(spec, symbol, timeframe)
  if not paths then return nil, message, fault end
  local options, kept = csv_options(spec, symbol, timeframe)
  if not options then return nil, kept end
  local description = describe(spec, symbol, timeframe, paths)
  local place = cache.place(spec.cache, paths, description)
  if place then
    local bars, report = cache.read(place)
    if bars then return { bars = own(bars), report = report, cached = true, paths = paths } end
  end
  local report = C.pln_quality_report_new()
  if report == nil then return nil, abi.last_error() end
  report = ffi.gc(report, C.pln_quality_report_free)
  local bars = own(C.pln_csv_load(string_array(paths), #paths, options, report))
  if not bars then return nil, abi.last_error() end
  local found = quality.table(report)
  if place then cache.write(place, bars, found) end
  return { bars = bars, report = found, cached = false, paths = paths, kept = kept }
end

local function load_column(spec, symbol, timeframe)
  local paths, message, fault = find_files(spec, symbol, timeframe)
  if not paths then return nil, message, fault end
  if #paths ~= 1 then
    return nil, ("found %d column files (%s), expected one"):format(#paths, table.concat(paths, ", ")), "path"
  end
  local bars = own(C.pln_column_open(paths[1]))
  if not bars then return nil, abi.last_error() end
  return { bars = bars, cached = false, paths = paths }
end

local function load_synthetic(spec, symbol, _, index)
  local options = {}
  for key, value in pairs(spec.synthetic or {}) do options[key] = value end
  options.start, options.timezone = options.start or "2020-01-01", spec.timezone
  local bars, message = synth.bars(options, symbol, index)
  if not bars then return nil, message end
  return { bars = bars, cached = false, paths = {} }
end

local SOURCES = { csv = load_csv, column = load_column, synthetic = load_synthetic }

-- Loading ---------------------------------------------------------------------------------------------------------

-- What was changed is said once for each symbol, even where it comes from a cache.
local function note_changes(report, path)
  local changes = {}
  for _, what in ipairs(OUTCOMES) do
    local rules = {}
    for rule in pairs(report[what]) do rules[#rules + 1] = rule end
    table.sort(rules)
    for i, rule in ipairs(rules) do rules[i] = ("%d %s (%s)"):format(report[what][rule], what, rule) end
    if #rules > 0 then changes[#changes + 1] = table.concat(rules, ", ") end
  end
  if report.reversed then changes[#changes + 1] = "newest first, reversed" end
  if #changes > 0 then
    C.pln_log_message(C.PLN_LOG_NOTE, ("%s: of %d rows, %s"):format(path, report.rows, table.concat(changes, "; ")))
  end
end

local function finish(entry, symbol)
  entry.symbol = symbol
  entry.timeframe = name_of(entry.bars.timeframe)
  entry.fingerprint = ("%016x"):format(entry.bars.content_hash)
  return entry
end

--- Loads one symbol at its data's own timeframe.
-- @param spec the keys of `data`
-- @param symbol its name: substituted in the path, and what a symbol column is filtered by; nil: from the file
-- @param timeframe of the file, nil: spec.timeframe, or detected
-- @param index of the symbol among those of a synthetic market, from 0
-- @return { bars = pln_bars *, symbol, timeframe, report (nil without a quality pass), cached, fingerprint, paths }, or
--   nil, a message and, where the key `path` is at fault, "path". The bars live as long as `entry.bars` is referenced.
function M.load_one(spec, symbol, timeframe, index)
  local source = SOURCES[spec.source or "csv"]
  if not source then
    return nil, ("data.source is '%s', expected csv, column or synthetic"):format(tostring(spec.source))
  end
  local entry, message, fault
  if spec.bid_path and spec.ask_path then
    entry, message, fault = prepare.join(spec, function(path)
      return source(setmetatable({ path = path }, { __index = spec }), symbol, timeframe, index or 0)
    end)
  elseif spec.source ~= "synthetic" and not spec.path then
    return nil, "data.path is missing, expected a file", "path"
  else
    entry, message, fault = source(spec, symbol, timeframe, index or 0)
  end
  if not entry then return nil, message, fault end
  return finish(entry, symbol or ffi.string(entry.bars.symbol))
end

local function overlay(base, over)
  local made = {}
  for key, value in pairs(base) do made[key] = value end
  for key, value in pairs(over or {}) do
    local both = type(value) == "table" and #value == 0 and type(made[key]) == "table" and key ~= "columns"
    made[key] = both and overlay(made[key], value) or value
  end
  return made
end

-- The wanted timeframe (nil: the data's own) of what was loaded.
local function at_timeframe(native, symbol, wanted, spec)
  local from = native.entry
  local bars, message = prepare.at(native.bars, wanted, spec)
  if not bars then
    return nil, ("%s: %s cannot be made from the data, which is %s: %s"):format(symbol, wanted or "that",
      from.timeframe, message)
  end
  if bars == from.bars then return from end
  local resampled = name_of(bars.timeframe) ~= from.timeframe and from.timeframe or nil
  return finish({ bars = bars, report = from.report, cached = from.cached, paths = from.paths,
    resampled_from = resampled }, symbol)
end

local function path_has(path, what)
  for _, item in ipairs(type(path) == "table" and path or { path or "" }) do
    if item:find(what, 1, true) then return true end
  end
  return false
end

-- What was read, with its bars put through options.change.
local function changed(native, spec, symbol, change)
  local visible, message = prepare.at(native.bars, nil, spec) -- with a calendar's close times
  if not visible then return nil, message end
  local made, entry = setmetatable({}, { __index = native }), setmetatable({}, { __index = native.entry })
  local by_old = {}
  for _, key in ipairs(NATIVE_BARS) do
    local bars = native[key]
    if bars then
      by_old[bars] = by_old[bars] or change(bars, visible, symbol)
      made[key] = by_old[bars]
    end
  end
  made.entry, entry.bars = entry, by_old[native.entry.bars] or made.bars
  return made
end

-- The file's bars, prepared; the last result of a failure is the key that is at fault.
local function load_native(cfg, item, index, spec, timeframe)
  local entry, message, fault = M.load_one(spec, item.symbol, timeframe, index)
  if not entry then
    local own_key = fault and item.data and item.data[fault]
    return nil, message, fault and (own_key and ("symbols[%d].data."):format(index) or "data.") .. fault
  end
  if entry.report then note_changes(entry.report, entry.paths[1]) end
  if entry.ask_report then note_changes(entry.ask_report, entry.paths[2]) end
  local native
  native, message, fault = prepare.native(cfg, spec, item.symbol, entry)
  return native, message, fault
end

-- What decides a symbol's entries, as text.
local function identity(cfg, item, index, spec, timeframes)
  return json.encode {
    symbol = item.symbol, timeframes = timeframes, index = spec.source == "synthetic" and index or nil,
    data = overlay(spec, { start = "", ["end"] = "" }), corporate_actions = cfg.corporate_actions,
  }
end

-- What `make` gives for a key, made once for all configurations that are loaded with the same `kept`.
local function once(kept, key, make)
  if not kept then return make() end
  kept.made = kept.made or {}
  if kept.made[key] then return kept.made[key] end
  local made, message, fault = make()
  kept.made[key] = made
  return made, message, fault
end

-- The last result of a failure is the key of the configuration that is at fault, nil where it is the data.
local function load_symbol(out, cfg, item, index, spec, kept)
  local symbol = item.symbol
  local wanted = item.timeframes
  if type(wanted) == "string" then wanted = { wanted } end
  local by_file = path_has(spec.path, "{timeframe}") or path_has(spec.bid_path, "{timeframe}")
  if by_file and not wanted then
    return nil, ("%s: the path holds {timeframe}, but no timeframes are given"):format(symbol),
      ("symbols[%d]"):format(index)
  end
  local native, finest
  local source = kept and identity(cfg, item, index, spec)
  for _, name in ipairs(wanted or { false }) do
    local entry, message, fault
    if by_file or not native then
      native, message, fault = once(kept, ("%s %s"):format(source, tostring(by_file and name)), function()
        return load_native(cfg, item, index, spec, by_file and name or nil)
      end)
      if not native then return nil, ("%s: %s"):format(symbol, message), fault end
      if kept and kept.change then
        native, message = changed(native, spec, symbol, kept.change)
        if not native then return nil, ("%s: %s"):format(symbol, message) end
      end
    end
    entry, message = once(not (kept and kept.change) and kept, ("%s at %s"):format(source, tostring(name)), function()
      return at_timeframe(native, symbol, not by_file and name or nil, spec)
    end)
    if not entry then return nil, message, ("symbols[%d].timeframes"):format(index) end
    entry.adjustment = native.adjustment
    if not finest or entry.bars.timeframe.ns < finest.entry.bars.timeframe.ns then
      finest = { entry = entry, native = native, name = not by_file and name or nil }
    end
    out[#out + 1] = entry
  end
  finest.entry.actions = finest.native.actions
  local ok, message = prepare.fill(finest.native, finest.entry, finest.name, spec)
  if not ok then return nil, ("%s: %s"):format(symbol, message) end
  return true
end

-- A time of the configuration as UTC; a day as `end` is included.
local function instant(text, timezone, is_end)
  if text == nil then return nil end
  local zone = C.pln_timezone_get(timezone)
  local ns = ffi.new "int64_t[1]"
  if zone == nil or C.pln_time_parse_iso(text, zone, ns) < 0 then return nil, abi.last_error() end
  if is_end and #text <= 10 then -- to the start of the day after, whatever clocks do in between
    return C.pln_timezone_day_start(zone, ns[0] + 36LL * 3600LL * 1000000000LL)
  end
  return ns[0]
end

--- Loads all symbols at all their timeframes, in the configuration's order.
-- @param cfg with `data` and `symbols`
-- @param shared nil, or a table in which what is loaded is kept, by what decides it: loads that are given the same
--   table share their bars (lua/data_shared.lua passes one from thread to thread)
-- @param variants nil, or for configurations that differ in their symbols and timeframes: { index_of = { [symbol] = its
--   place in a synthetic market, from 0 }, in which files and bars are kept that they have in common; change = nil
--   or, for `perilune verify`, function(bars, visible, symbol) that gives the bars to take in the place of those read,
--   before other timeframes are made of them (visible: bars with the same rows, whose close times are known) }
-- @return a list of what load_one returns (resampled_from names the data's timeframe where bars were made from it),
--   with start_ns and end_ns (int64, end exclusive, nil where not given), or nil, a message and, where the
--   configuration is at fault rather than the data, the path of the key. The entry of a symbol's finest timeframe, on
--   which it is traded, has actions (a list of { ts_ns, kind, value } for the account) and, where they differ from
--   `bars`, fill_bars (raw prices, where features see adjusted ones; the `adjustment` of each entry is between them);
--   with quotes, bid_bars and ask_bars. All have the times of `bars`.
function M.load(cfg, shared, variants)
  local out = {}
  for i, item in ipairs(cfg.symbols) do
    if type(item) == "string" then item = { symbol = item } end
    local spec, index = overlay(cfg.data, item.data), variants and variants.index_of[item.symbol] or i - 1
    local key = shared and identity(cfg, item, index, spec, item.timeframes)
    local entries = shared and shared[key]
    if not entries then
      entries = {}
      local ok, message, fault = load_symbol(entries, cfg, item, index, spec, variants)
      if not ok then return nil, message, fault end
      if shared then shared[key] = entries end
    end
    for _, entry in ipairs(entries) do out[#out + 1] = entry end
  end
  local message
  out.start_ns, message = instant(cfg.data.start, cfg.data.timezone)
  if message then return nil, message, "data.start" end
  out.end_ns, message = instant(cfg.data["end"], cfg.data.timezone, true)
  if message then return nil, message, "data.end" end
  return out
end

return M

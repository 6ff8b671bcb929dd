--- perilune data check: the quality report of data files, or of all data of a configuration.
local ffi = require "ffi"
local abi = require "abi"
local args = require "args"
local common = require "cli.data.common"
local config = require "config"
local data = require "data"
local json = require "json"
local market_calendar = require "market_calendar"
local quality = require "data_quality"
local C = abi.C

local M = {
  help = "Report the quality of data",
  usage = "perilune data check FILE…|CONFIG.yaml… [options]",
  options = common.with_read_options {
    { "json", help = "print an array with one object for each file" },
    { "issues", value = "N", type = "integer", min = 0, max = 1e9, default = 20,
      help = "how many to list, of each file" },
  },
  min = 1,
  details = [[
Every rule is reported, whatever its policy. Exit status 0 when a run would take the data as it is (by the policies of
the configuration, of --quality, or by default), 1 when a run would reject it.]],
}

-- Policies under which everything is read to the end and reported.
local LENIENT = {
  duplicates = "drop", out_of_order = "repair", gaps = "flag", impossible_ohlc = "flag", non_finite = "repair",
  negative = "flag", price_jumps = "flag", volume_outliers = "flag", out_of_session = "flag",
}

local function with(spec, changes)
  local made = {}
  for key, value in pairs(spec) do made[key] = value end
  for key, value in pairs(changes) do made[key] = value end
  return made
end

-- Checks bars that exist; like quality.check, with the session's hours or calendar.
local function check_bars(bars, settings, session, calendar)
  local rules, message = quality.config(settings)
  if not rules then return nil, message end
  local from_h, from_m, to_h, to_m = (session or ""):match "^(%d+):(%d%d)%-(%d+):(%d%d)$"
  if session and not from_h then
    return nil, ("session is '%s', expected local times as 09:30-16:00"):format(session)
  end
  if from_h then
    rules.session_open_ns = (from_h * 60 + from_m) * 60e9
    rules.session_close_ns = (to_h * 60 + to_m) * 60e9
  end
  if calendar then rules.calendar = assert(market_calendar.get(calendar)) end -- checked with the configuration
  local report = C.pln_quality_report_new()
  if report == nil then return nil, abi.last_error() end
  report = ffi.gc(report, C.pln_quality_report_free)
  if C.pln_quality_check(bars, rules, report) < 0 then return nil, abi.last_error() end
  return quality.table(report)
end

-- A report of everything, and what a run would say about the data.
local function check_spec(spec, max_issues, symbol, timeframe, index)
  local settings = { max_issues = max_issues }
  for key, value in pairs(LENIENT) do settings[key] = value end
  for key, value in pairs(spec.quality or {}) do
    if type(value) == "number" or value == "off" then settings[key] = value end
  end
  if spec.source == "column" or spec.source == "synthetic" then
    local entry, message = data.load_one(spec, symbol, timeframe, index)
    if not entry then return { rejected = message } end
    local report, rejected = check_bars(entry.bars, settings, spec.session, spec.calendar)
    if not report then return { rejected = rejected } end
    local taken
    taken, rejected = check_bars(entry.bars, spec.quality, spec.session, spec.calendar)
    return { report = report, rejected = not taken and rejected or nil, entry = entry }
  end
  local entry, message = data.load_one(with(spec, { quality = settings, cache = false }), symbol, timeframe, index)
  local taken, rejected = data.load_one(with(spec, { cache = false }), symbol, timeframe, index)
  return { report = entry and entry.report, rejected = not taken and (rejected or message) or nil, entry = entry }
end

local function check_file(path, opts, out)
  local result = check_spec(common.spec(path, opts, M), opts.issues, opts.symbol)
  result.name = path
  out[#out + 1] = result
end

local function check_config(path, opts, out)
  local cfg, errors = config.load(path)
  if not cfg then
    for i, item in ipairs(errors) do errors[i] = tostring(item) end
    args.exit(2, errors)
  end
  for i, symbol in ipairs(cfg.symbols) do
    local spec = config.data_for(cfg, symbol)
    local timeframes = { false }
    local paths = type(spec.path) == "table" and table.concat(spec.path, "\n") or spec.path or ""
    if paths:find("{timeframe}", 1, true) then timeframes = symbol.timeframes or { false } end
    for _, timeframe in ipairs(timeframes) do
      local result = check_spec(spec, opts.issues, symbol.symbol, timeframe or nil, i - 1)
      result.name = timeframe and symbol.symbol .. "_" .. timeframe or symbol.symbol
      out[#out + 1] = result
    end
  end
end

local function print_text(result)
  local entry = result.entry
  local what = entry and (": %d bars of %s"):format(tonumber(entry.bars.n_bars), entry.timeframe) or ""
  io.write(result.name, what, "\n")
  if result.report then
    for line in result.report.text:gmatch "[^\n]+" do io.write("  ", line, "\n") end
  end
  io.write("  verdict: ", result.rejected and "rejected: " .. result.rejected or "accepted", "\n")
end

local function as_object(result)
  local report, entry = result.report or {}, result.entry
  return {
    name = result.name, accepted = not result.rejected, rejected = result.rejected,
    timeframe = entry and entry.timeframe, bars = entry and tonumber(entry.bars.n_bars), rows = report.rows,
    reversed = report.reversed, found = report.found, issues = json.array(report.issues or {}),
  }
end

function M.run(argv)
  local opts = args.parse(argv, M)
  local results = {}
  for _, path in ipairs(opts) do
    if path:lower():match "%.ya?ml$" then check_config(path, opts, results) else check_file(path, opts, results) end
  end
  local status = 0
  local objects = {}
  for i, result in ipairs(results) do
    if result.rejected then status = 1 end
    if opts.json then
      objects[i] = as_object(result)
    else
      if i > 1 then io.write "\n" end
      print_text(result)
    end
  end
  if opts.json then io.write(json.encode(json.array(objects), { indent = 2 }), "\n") end
  return status
end

return M

--- perilune features list|help|compute: what the feature hub knows, and features of a file.
local ffi = require "ffi"
local abi = require "abi"
local args = require "args"
local common = require "cli.data.common"
local feature = require "feature"
local suggest = require "suggest"
local terminal = require "terminal"
local C = abi.C

local M = {
  help = "List and explain the indicators, compute features of a file",
  usage = {
    "perilune features list [--json]",
    "perilune features help NAME",
    "perilune features compute FILE EXPRESSION… [--timeframe TF] [--json] [options of perilune data]",
  },
  options = common.with_read_options({
    { "timeframe", value = "TF", help = "coarser bars than the file's, made from them: 5m, 1h, 1d …" },
    { "json", help = "print JSON" },
  }, "timeframe"),
  min = 1,
  details = [[
compute prints a CSV: time (ISO 8601 UTC, the bar's open) and a column for each expression, with 17 significant digits,
empty where the feature is not warm yet. Expressions are like sma(close, 20), ema(rsi(14), 5), macd(12, 26, 9).signal or
close > highest(lag(high, 1), 20); one that begins with a minus stands after --. A scope such as SPY_1d.sma(50) is of
the same symbol's days, made from the file's bars. docs/expressions.md has the grammar.]],
}

local ACTIONS = { "list", "help", "compute" }

local function list(opts)
  if opts[2] then args.usage_error(("unexpected argument '%s'"):format(opts[2]), M) end
  if opts.json then
    local json = require "json"
    io.write(json.encode(json.array(feature.list())), "\n")
    return 0
  end
  local width = 0
  for _, info in ipairs(feature.list()) do width = math.max(width, #feature.signature(info)) end
  for i, group in ipairs(feature.groups()) do
    io.write(i > 1 and "\n" or "", group.name, "\n")
    for _, info in ipairs(group) do
      io.write(("  %-" .. width .. "s  %s\n"):format(feature.signature(info), info.help))
    end
  end
  io.write "\nperilune features help NAME tells more.\n"
  return 0
end

local function wrap(text, indent)
  local width = terminal.describe().width - #indent
  local lines, line = {}, ""
  for word in text:gmatch "%S+" do
    if line ~= "" and terminal.columns(line) + 1 + terminal.columns(word) > width then
      lines[#lines + 1] = line
      line = word
    else
      line = line == "" and word or line .. " " .. word
    end
  end
  lines[#lines + 1] = line
  return indent .. table.concat(lines, "\n" .. indent) .. "\n"
end

local function help(opts)
  if not opts[2] then args.usage_error("features help: which indicator? (perilune features list shows all)", M) end
  if opts[3] then args.usage_error(("unexpected argument '%s'"):format(opts[3]), M) end
  local info, message = feature.info(opts[2])
  if not info then return nil, message, 2 end
  io.write(feature.signature(info), "\n", wrap(info.help .. " (" .. info.group .. ")", "  "), "\n")
  io.write(wrap(info.formula, "  "), "\n")
  if #info.aliases > 0 then io.write("  also      ", table.concat(info.aliases, ", "), "\n") end
  if info.input_kind == "columns" then io.write("  reads     ", table.concat(info.inputs, ", "), "\n") end
  for i, param in ipairs(info.params) do
    io.write(i == 1 and "  parameters\n" or "",
      ("    %-9s %s (%s; default %s)\n"):format(param.name, param.help, feature.range_text(param),
        feature.param_text(param, param.default)))
  end
  if #info.outputs > 1 then
    io.write("  outputs   ", table.concat(info.outputs, ", "), " (without a name: ", info.outputs[1], ")\n")
  end
  if info.has_valid then io.write "  valid     NAME(…).valid: 1 where defined, 0 where the neutral value stands\n" end
  io.write("  warm-up   first value at row ", info.lookback,
    #info.params > 0 and " with the defaults, rows counted from 0\n" or ", rows counted from 0\n")
  io.write("  example   ", info.example, "\n")
  return 0
end

local function quote(text) return text:find '[,"\n]' and '"' .. text:gsub('"', '""') .. '"' or text end

local function print_csv(bars, expressions, columns)
  local header = { "time" }
  for i, expression in ipairs(expressions) do header[i + 1] = quote(expression) end
  io.write(table.concat(header, ","), "\n")
  for row = 0, tonumber(bars.n_bars) - 1 do
    local cells = { abi.iso_time(bars.ts_ns[row]) }
    for i, column in ipairs(columns) do
      local value = column[row]
      cells[i + 1] = value == value and ("%.17g"):format(value) or ""
    end
    io.write(table.concat(cells, ","), "\n")
  end
end

local function print_json(bars, expressions, columns)
  local json = require "json"
  local n = tonumber(bars.n_bars)
  local times, features = json.array(), {}
  for row = 0, n - 1 do
    times[row + 1] = abi.iso_time(bars.ts_ns[row])
  end
  for i, expression in ipairs(expressions) do
    local values = json.array()
    for row = 0, n - 1 do
      local value = columns[i][row]
      values[row + 1] = value == value and value or json.null
    end
    features[i] = json.object { { "expression", expression }, { "values", values } }
  end
  io.write(json.encode(json.object { { "time", times }, { "features", json.array(features) } }), "\n")
end

-- The bars of the file, and what the expressions' scopes ask for of the same symbol, made from them.
local function load(opts, expressions)
  local data = require "data"
  local path = opts[2]
  local spec = common.spec(path, opts, M)
  spec.timeframe = nil -- the option is about the features, not about the file
  local entry, message = data.load_one(spec, opts.symbol)
  if not entry then return nil, message end
  local bars = entry.bars

  local function at(timeframe)
    local wanted = ffi.new "pln_timeframe"
    if C.pln_timeframe_parse(timeframe, wanted) < 0 then return nil, abi.last_error() end
    local made = C.pln_bars_resample(bars, wanted, opts.timezone)
    if made == nil then return nil, abi.last_error() end
    return ffi.gc(made, C.pln_bars_free)
  end

  local main, streams, seen = bars, {}, {}
  local own = entry.timeframe
  if opts.timeframe then
    own, message = data.timeframe_name(opts.timeframe)
    if not own then args.usage_error("--timeframe: " .. message, M) end
    if own ~= entry.timeframe then main, message = at(own) end
    if not main then return nil, message end
  end
  seen[own] = true
  for _, expression in ipairs(expressions) do
    for _, scope in ipairs(feature.scopes(expression) or {}) do
      local symbol, timeframe = scope:match "^(.+)_(%w+)$"
      if symbol == entry.symbol and not seen[timeframe] then
        local other = timeframe == entry.timeframe and bars
        if not other then other, message = at(timeframe) end
        if not other then return nil, message end
        seen[timeframe], streams[#streams + 1] = true, other
      end
    end
  end
  return main, streams
end

local function compute(opts)
  if not opts[3] then args.usage_error("features compute: a FILE and at least one EXPRESSION", M) end
  local expressions = { unpack(opts, 3) }
  local bars, streams = load(opts, expressions)
  if not bars then return nil, streams end
  local columns, message = feature.compute(bars, expressions, { streams = streams })
  if not columns then return nil, message, 2 end
  if opts.json then
    print_json(bars, expressions, columns)
  else
    print_csv(bars, expressions, columns)
  end
  return 0
end

function M.run(argv)
  local opts = args.parse(argv, M)
  local action = opts[1]
  if action == "list" then return list(opts) end
  if action == "help" then return help(opts) end
  if action == "compute" then return compute(opts) end
  args.usage_error(("features: no '%s'%s"):format(action, suggest.hint(action, ACTIONS)), M)
end

return M

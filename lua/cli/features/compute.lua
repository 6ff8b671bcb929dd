--- perilune features compute FILE EXPRESSION…: values of features over a file's bars.
local abi = require "abi"
local args = require "args"
local common = require "cli.features.common"
local feature = require "feature"
local json = require "json"
local tabulate = require "tabulate"
local terminal = require "terminal"

local M = {
  help = "Compute features over the bars of a file",
  usage = "perilune features compute FILE EXPRESSION… [options]",
  options = common.with_options {
    { "head", value = "N", type = "integer", min = 0, help = "only the first N rows" },
    { "last", value = "N", type = "integer", min = 0, help = "only the last N rows; features begin with the data" },
    { "tail", value = "N", type = "integer", min = 0, help = "the same as --last" },
    { "csv", help = "CSV at a terminal too" },
    { "json", help = "print JSON" },
  },
  details = [[
Prints a CSV: time (ISO 8601 UTC, the bar's open) and a column for each expression, with 17 significant digits, empty
where the feature is not warm yet. At a terminal a table with fewer digits. Expressions are like sma(close, 20),
ema(rsi(14), 5) or close > highest(lag(high, 1), 20); one that begins with a minus stands after --. bbands(20, 2).* is
all outputs of an indicator. A scope such as SPY_1d.sma(50) is of the same symbol's days, made from the file's bars.
docs/expressions.md has the grammar.]],
}

local TABLE_ROWS, SHOWN = 1000, 20 -- at a terminal, longer tables are shown by their two ends

local function quote(text) return text:find '[,"\n]' and '"' .. text:gsub('"', '""') .. '"' or text end

local function print_csv(bars, expressions, columns, first, last)
  local header = { "time" }
  for i, expression in ipairs(expressions) do header[i + 1] = quote(expression) end
  io.write(table.concat(header, ","), "\n")
  for row = first, last - 1 do
    local cells = { abi.iso_time(bars.ts_ns[row]) }
    for i, column in ipairs(columns) do
      local value = column[row]
      cells[i + 1] = value == value and ("%.17g"):format(value) or ""
    end
    io.write(table.concat(cells, ","), "\n")
  end
end

local function print_json(bars, expressions, columns, first, last)
  local times, features = json.array(), {}
  for row = first, last - 1 do times[#times + 1] = abi.iso_time(bars.ts_ns[row]) end
  for i, expression in ipairs(expressions) do
    local values = json.array()
    for row = first, last - 1 do
      local value = columns[i][row]
      values[#values + 1] = value == value and value or json.null
    end
    features[i] = json.object { { "expression", expression }, { "values", values } }
  end
  io.write(json.encode(json.object { { "time", times }, { "features", json.array(features) } }), "\n")
end

local function cell(value) return value ~= value and "" or ("%.8g"):format(value) end

local TIME_COLUMNS, VALUE_COLUMNS, BETWEEN = 19, 13, 3

-- Headings: the expressions, or where these make the table wider than the window, numbers, after a list of them.
local function headings(expressions)
  local names, width = {}, TIME_COLUMNS
  for i, expression in ipairs(expressions) do
    names[i] = expression
    width = width + BETWEEN + math.max(VALUE_COLUMNS, terminal.columns(expression))
  end
  if width <= terminal.describe().width then return names end
  for i, expression in ipairs(expressions) do
    names[i] = "#" .. i
    io.write(("#%-2d %s\n"):format(i, expression))
  end
  return names
end

local function print_table(bars, expressions, columns, first, last)
  local specs, rows = { { "time", keep = true } }, {}
  for i, name in ipairs(headings(expressions)) do specs[i + 1] = { name, right = true } end
  local function add(from, to)
    for row = from, to - 1 do
      local cells = { (abi.iso_time(bars.ts_ns[row]):gsub("T", " "):gsub("Z$", "")) }
      for i, column in ipairs(columns) do cells[i + 1] = cell(column[row]) end
      rows[#rows + 1] = cells
    end
  end
  local is_cut = last - first > TABLE_ROWS
  if is_cut then
    add(first, first + SHOWN / 2)
    rows[#rows + 1] = { "…" }
    for i = 1, #expressions do rows[#rows][i + 1] = "" end
    add(last - SHOWN / 2, last)
  else
    add(first, last)
  end
  io.write(tabulate.format(specs, rows))
  if is_cut then
    io.write(tabulate.number(last - first), " rows; --head, --last, --from and --to choose some, --csv prints all.\n")
  end
end

function M.run(argv)
  local opts = args.parse(argv, M)
  if not opts[2] then args.usage_error("features compute: a FILE and at least one EXPRESSION", M) end
  opts.last = opts.last or opts.tail
  local expressions, message = feature.expand({ unpack(opts, 2) })
  if not expressions then return nil, message, 2 end
  local bars, streams = common.load(opts, expressions, M)
  if not bars then return nil, streams end
  local columns
  columns, message = feature.compute(bars, expressions, { streams = streams })
  if not columns then return nil, message, 2 end
  local first, last = common.rows(opts, bars, nil, M)
  local print_as = opts.json and print_json
    or (terminal.is_terminal(1) and not opts.csv) and print_table or print_csv
  print_as(bars, expressions, columns, first, last)
  return 0
end

return M

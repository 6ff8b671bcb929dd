--- perilune data instruments FILE: a table of instruments, or the instruments of a configuration, with all that holds.
local args = require "args"
local config = require "config"
local instruments = require "instruments"
local json = require "json"
local tabulate = require "tabulate"
local yaml = require "yaml"

local M = {
  help = "Show a table of instruments, or those of a configuration",
  usage = "perilune data instruments TABLE.csv|TABLE.yaml|CONFIG.yaml [--json]",
  options = { { "json", help = "print an array with one object for each instrument" } },
  min = 1, max = 1,
  details = [[
Values are those that a run takes: rows with patterns laid under the row of the symbol, the symbol's own keys over both,
defaults of the asset class below (docs/instruments.md).]],
}

local function is_config(path)
  if not path:lower():find "%.ya?ml$" then return false end
  local root = yaml.load_file(path)
  return root and root.kind == "map"
end

local function of_config(path)
  local cfg, errors = config.load(path)
  if not cfg then
    local texts = {}
    for i, item in ipairs(errors) do texts[i] = tostring(item) end
    return nil, texts
  end
  local list = {}
  for i, symbol in ipairs(cfg.symbols) do list[i] = instruments.record(symbol, cfg.portfolios[1].currency) end
  return list
end

local function margin(record, kind)
  local percent = record[kind .. "_margin_pct"]
  return percent and ("%.15g %%"):format(percent) or record[kind .. "_margin"]
end

local FEES = { "pct", "per_share", "per_order", "minimum" }

local function commission(record)
  local parts = {}
  for _, key in ipairs(FEES) do
    local value = record.commission and record.commission[key]
    if value then parts[#parts + 1] = ("%s %.15g"):format(key, value) end
  end
  return #parts > 0 and table.concat(parts, ", ") or nil
end

local COLUMNS = {}
for i, name in ipairs { "symbol", "class", "lot", "tick", "multiplier", "currency", "initial", "maintenance",
  "commission", "calendar", "sector", "settlement" } do
  COLUMNS[i] = { name, keep = true } -- nothing is cut: a table is there to be compared
end

function M.run(argv)
  local opts = args.parse(argv, M)
  local list, messages = (is_config(opts[1]) and of_config or instruments.of_file)(opts[1])
  if not list then return nil, table.concat(messages, "\n"), 2 end
  if opts.json then
    io.write(json.encode(json.array(list), { indent = 2 }), "\n")
    return 0
  end
  local rows = {}
  for i, record in ipairs(list) do
    rows[i] = { record.symbol, record.asset_class, record.lot_size, record.tick_size, record.multiplier,
      record.currency, margin(record, "initial"), margin(record, "maintenance"), commission(record), record.calendar,
      record.sector, record.settlement }
  end
  io.write(tabulate.format(COLUMNS, rows))
  return 0
end

return M

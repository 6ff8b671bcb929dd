-- Writes docs/configuration.md from lua/schema.lua: build/perilune exec scripts/gen_config_docs.lua
-- With an argument `-` it prints the text instead; a test compares that with the file.
local ffi = require "ffi"
local abi = require "abi"
local schema = require "schema"

local INTRO = [[
# Configuration

<!-- Written by `build/perilune exec scripts/gen_config_docs.lua`; do not edit. -->

A run is described by a YAML file: `perilune run CONFIG.yaml`. This is all that one needs:

```yaml
data: {source: synthetic}
symbols: [DEMO]
strategies: [momentum]
```

and this is one that says more:

```yaml
workflow: full_backtest
data:
  source: csv
  path: data/{symbol}.csv
  start: 2005-01-01
  end: 2012-12-31
symbols:
  - symbol: GOOG
    timeframes: [1d]
strategies:
  - type: sma_cross
    params: {fast: 10, slow: 20}
portfolios:
  - name: main
    capital: 10000
    strategies: [sma_cross]
    sizing: {type: percent_of_equity, percent: 100}
    risk: {max_position_pct: 100, stop_loss_pct: 5}
execution:
  fill: next_open
  commission_pct: 0.2
  slippage_bps: 5
```

## How it is read

- The file is YAML 1.2 in UTF-8, one document, up to 1 MiB. Only `true`, `false`, `null`, `~` and numbers are more than
  text: `yes`, `on`, dates and times are text and need no quotes; nor do symbols that look like numbers. Digits may be
  grouped (`1_000_000`).
- Anchors, aliases and merge keys (`<<: *base`) work. A key that is given twice is an error that names both lines.
- Every mistake is reported, up to twenty at once, with file, line and column, the key's path and, where a name is
  unknown, the one that was probably meant. The exit status is then 2.
- `null` (or nothing after the colon) means the default.
- Where a list of maps is expected, an item may be just a name: `symbols: [SPY, QQQ]` is short for
  `symbols: [{symbol: SPY}, {symbol: QQQ}]`, `strategies: [momentum]` for `strategies: [{type: momentum}]`.
- Names with the suffix `_pct` are percent: `0.2` means 0.2 %. `_bps` are basis points: `5` means 0.05 %.
- A strategy's parameter whose value is a list (`fast: [5, 10, 20]`) or a range (`{from: 5, to: 50, step: 5}`, both
  ends included where the steps meet them) makes a grid: [sweeps.md](sweeps.md).

## Values from the command line

`--set KEY=VALUE` replaces or adds one value before the check; it may be given several times. Items of lists are
numbered from 0, and the number after the last adds one. The value is YAML, so lists and maps are written in brackets.

```
perilune run C.yaml --set portfolios.0.capital=50000 --set 'strategies.0.params.fast=[5, 10, 20]'
```

## The configuration's hash

Each run stores the canonical form of its configuration (every default written out, keys sorted) and a hash of it. Two
files that mean the same have the same hash, whatever their layout, comments, aliases and order of keys. Keys that
change no result are left out of it; they are marked * below.

## Keys
]]

local function number(value) return value == 2 ^ 53 and "2^53" or ("%.15g"):format(value) end

local function type_text(kind)
  if kind.type == "string" then
    local known = { timeframe = "timeframe", time = "date or time", timezone = "time zone", symbol = "symbol",
      name = "name", session = "hours", delimiter = "character", currency = "currency",
      calendar = "market calendar", final_price = "price, or `last`",
      clock = "time of day", window_size = "length",
      workers = "whole number ≥ 1 ≤ 1024, or `auto`" }
    return known[kind.check] or "text"
  elseif kind.type == "enum" then
    local words = {}
    for i, value in ipairs(kind.values) do words[i] = "`" .. value .. "`" end
    return table.concat(words, ", ")
  elseif kind.type == "boolean" then
    return kind.also and "true, false or text" or "true or false"
  elseif kind.type == "number" then
    local bounds = {}
    if kind.min then bounds[#bounds + 1] = "≥ " .. number(kind.min) end
    if kind.above then bounds[#bounds + 1] = "> " .. number(kind.above) end
    if kind.max then bounds[#bounds + 1] = "≤ " .. number(kind.max) end
    if kind.below then bounds[#bounds + 1] = "< " .. number(kind.below) end
    local text = kind.integer and "whole number" or "number"
    if #bounds > 0 then text = text .. " " .. table.concat(bounds, ", ") end
    return text .. "; " .. kind.unit
  elseif kind.type == "list" then
    if kind.of.type == "map" then return "list of maps" .. (kind.of.shorthand and " or names" or "") end
    return "list of " .. type_text(kind.of) .. (kind.single and ", or one" or "")
  elseif kind.type == "map" then
    return "map"
  elseif kind.type == "variant" then
    return kind.text
  elseif kind.type == "values" then
    return "values"
  elseif kind.type == "table" then
    return (kind.of.type == "parameter" or kind.of.type == "values") and "map of name: value, list or range" or
      "map of name: " .. type_text(kind.of)
  elseif kind.type == "either" then
    local forms = {}
    for _, form in ipairs { "scalar", "list", "map" } do
      local of = kind[form]
      if of then forms[#forms + 1] = type_text(of) end
    end
    return table.concat(forms, ", or ")
  end
  error("no text for type " .. kind.type)
end

local function default_text(field)
  if field.required then return "required" end
  local value = field.default
  if type(value) == "number" then return number(value) end
  if type(value) == "string" then return "`" .. value .. "`" end
  if type(value) == "boolean" then return tostring(value) end
  return ""
end

local lines = {}
local function add(format, ...) lines[#lines + 1] = select("#", ...) > 0 and format:format(...) or format end

local function map_of(kind)
  if kind.type == "map" then return kind end
  if kind.type == "either" and kind.list then kind = kind.list end
  if kind.type == "list" and kind.of.type == "map" then return kind.of, "[]" end
end

local described = {}

local function section(title, kind, cosmetic)
  add("### %s\n", title)
  add("| key | value | default | what |")
  add("|---|---|---|---|")
  local inner = {}
  for _, field in ipairs(kind.fields) do
    local key, of = field[1], field[2]
    local mark = (cosmetic or field.cosmetic) and "\\*" or ""
    add("| `%s`%s | %s | %s | %s |", key, mark, type_text(of), default_text(field), (field.help:gsub("|", "\\|")))
    local child, suffix = map_of(of)
    if child then inner[#inner + 1] = { field, child, suffix or "" } end
  end
  add("")
  for _, item in ipairs(inner) do
    local field, child = item[1], item[2]
    local path = (title == "The file" and "" or title:gsub("`", "") .. ".") .. field[1] .. item[3]
    if not described[child.fields] then
      described[child.fields] = path
      section("`" .. path .. "`", child, cosmetic or field.cosmetic)
    end
  end
end

described[schema.root.fields] = ""
section("The file", schema.root)

add [[
Keys of `symbols[].data` are those of `data`; what is given there replaces it for that symbol.

A timeframe is `1m`, `5m`, `1h`, `1d`, `1w`, `1mo` or the like; `tick` for irregular data. A date or time is
`2015-01-31`, `2015-01-31 09:30` or `2015-01-31T09:30:00Z`; without a zone it is local to `data.timezone`.
]]

local text = INTRO .. "\n" .. table.concat(lines, "\n")
if ... == "-" then
  io.write(text)
else
  local path = ffi.string(abi.C.pln_host_home()) .. "/docs/configuration.md"
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  print(path)
end

--- docs/indicator_references.md, from the table (map.csv): their names and ours.
local M = {}

local SOURCES = {
  { "talib", "TA-Lib", [[
TA-Lib 0.4.0 on its own 252 bars, to 1e-9, the first row included. Options are in TA-Lib's order.]] },
  { "tulip", "Tulip Indicators", [[
The tests of Tulip's own suite, to 1e-3 (their values have three decimals). `real`, `real0` and `real1` are the inputs
of a test.]] },
  { "stock_indicators", "Stock.Indicators (Skender)", [[
Every output of every indicator on 502 days, to 1e-9.]] },
  { "lean", "Lean (QuantConnect)", [[
The sheets of Lean's indicator tests, at the tolerance of the test (1e-3 where it names none).]] },
  { "stockcharts", "StockCharts (bukosabino/ta)", [[
The sheets of StockCharts' ChartSchool, by which the library `ta` is tested: the last five rows, to 1e-5.]] },
  { "jesse", "jesse", [[
Values of the last bar, as jesse's tests round them.]] },
}

local function cell(text) return (text:gsub("|", "\\|")) end

-- "adx(14)#2.adx" → "adx(14).adx": tests of one thing are one line.
local function plain(source, name) return source == "tulip" and name:gsub("#%d+", "") or name end

local function sorted(list)
  table.sort(list, function(a, b)
    local x, y = a.name:lower(), b.name:lower()
    if x ~= y then return x < y end
    if a.name ~= b.name then return a.name < b.name end
    return a.expression < b.expression
  end)
  return list
end

local FUNCTIONS = [[
Functions of which the reference has no results, at their defaults; most were compared with TA-Lib 0.6.4 and 0.8.1 on
other series by hand. Those that came after 0.6 say so.]]

local function add_functions(add, functions)
  add ""
  add "## TA-Lib's other functions"
  add ""
  add(FUNCTIONS)
  add ""
  add "| theirs | ours | convention |"
  add "|---|---|---|"
  table.sort(functions, function(a, b) return a.name < b.name end)
  for _, line in ipairs(functions) do
    add(("| `%s` | `%s` | %s |"):format(line.name, cell(line.expression), cell(line.note)))
  end
end

local function add_source(add, key, title, text, entries)
  local matched, open, seen, n, right = {}, {}, {}, 0, 0
  for _, entry in ipairs(entries) do
    if entry.source == key then
      n = n + 1
      if entry.expression ~= "" then right = right + 1 end
      local line = { name = plain(key, entry.result), expression = entry.expression, note = entry.reason }
      local id = line.name .. "\0" .. line.expression .. "\0" .. line.note
      if not seen[id] then
        seen[id] = true
        table.insert(entry.expression ~= "" and matched or open, line)
      end
    end
  end
  add ""
  add("## " .. title)
  add ""
  add(text)
  add(("%d of %d results are matched."):format(right, n))
  add ""
  add "| theirs | ours | convention |"
  add "|---|---|---|"
  for _, line in ipairs(sorted(matched)) do
    add(("| `%s` | `%s` | %s |"):format(cell(line.name), cell(line.expression), cell(line.note)))
  end
  if #open > 0 then
    add ""
    add "Not matched:"
    add ""
    add "| theirs | reason |"
    add "|---|---|"
    for _, line in ipairs(sorted(open)) do add(("| `%s` | %s |"):format(cell(line.name), cell(line.note))) end
  end
  return right, n
end

--- The document for the lines of the table, and for the functions without results.
function M.markdown(entries, functions)
  local out, body = {}, {}
  local function add(line) body[#body + 1] = line end
  local rights, all, counts = 0, 0, {}
  for _, source in ipairs(SOURCES) do
    local right, n = add_source(add, source[1], source[2], source[3], entries)
    rights, all = rights + right, all + n
    if source[1] == "talib" and #functions > 0 then add_functions(add, functions) end
    counts[#counts + 1] = ("| [%s](#%s) | %d | %d |"):format(source[2],
      source[2]:lower():gsub("[^%w%s-]", ""):gsub("%s", "-"), right, n)
  end
  for _, line in ipairs {
    "# Other libraries' indicators by our names",
    "",
    "What other libraries compute, and which expression gives the same here. Written by",
    "`scripts/gen_indicator_references.lua` from `tests/reference/map.csv`, each line of which a test checks against",
    "the library's own results ([how](../tests/reference/README.md)). What an indicator takes and gives is in",
    "[indicators.md](indicators.md), how expressions are written in [expressions.md](expressions.md).",
    "",
    "| library | matched | results |",
    "|---|---|---|",
  } do
    out[#out + 1] = line
  end
  for _, line in ipairs(counts) do out[#out + 1] = line end
  out[#out + 1] = ("| all | %d | %d |"):format(rights, all)
  return table.concat(out, "\n") .. "\n" .. table.concat(body, "\n") .. "\n"
end

--- The document for a folder of tables. Of two lines for one result the one with an expression counts.
function M.of_folder(folder)
  local reference = require "ref_check"
  local lines, problems = reference.tables(folder)
  if #problems > 0 then error(table.concat(problems, "\n"), 0) end
  local at, entries = {}, {}
  for _, entry in ipairs(lines) do
    local key = entry.source .. ";" .. entry.result
    if not at[key] then
      entries[#entries + 1] = entry
      at[key] = #entries
    elseif entries[at[key]].expression == "" then
      entries[at[key]] = entry
    end
  end
  return M.markdown(entries, reference.functions(folder))
end

return M

--- What is known of the indicators as text: the help of one, lists by group, the page docs/indicators.md.
local terminal = require "terminal"

local M = {}

local MAX_NAME = 22 -- columns; a longer name has its description below

-- What the groups are about, in the order in which lists show them; others follow by name.
local GROUPS = {
  { "trend", "averages and what follows a trend" },
  { "momentum", "how fast and how far prices move" },
  { "volatility", "how much prices move" },
  { "volume", "what was traded" },
  { "statistics", "moments, relations and regressions over a window" },
  { "cycle", "periods and phases" },
  { "pattern", "candlesticks" },
  { "structure", "gaps, swings and levels" },
  { "learning", "models that learn as bars arrive" },
  { "calendar", "time of day, week and year" },
  { "cross", "between symbols and timeframes" },
  { "math", "functions of series" },
  { "operators", "earlier rows and crossings" },
  { "series", "prices combined" },
}
local PLACE = {}
for i, group in ipairs(GROUPS) do PLACE[group[1]] = i end

--- Infos by group: { { name, about, infos } … }, in the order of the groups, then of names.
function M.groups(list)
  local groups, at = {}, {}
  for _, info in ipairs(list) do
    local group = at[info.group]
    if not group then
      local known = GROUPS[PLACE[info.group]]
      group = { name = info.group, about = known and known[2] or "" }
      at[info.group], groups[#groups + 1] = group, group
    end
    group[#group + 1] = info
  end
  table.sort(groups, function(a, b)
    local x, y = PLACE[a.name] or math.huge, PLACE[b.name] or math.huge
    if x ~= y then return x < y end
    return a.name < b.name
  end)
  for _, group in ipairs(groups) do table.sort(group, function(a, b) return a.name < b.name end) end
  return groups
end

--- A value of a parameter as it is written: a number or a word.
function M.param_text(param, value)
  return param.words and param.words[value + 1] or ("%.14g"):format(value)
end

--- What a parameter may be: "whole number, 1 … 100000".
function M.range_text(param)
  if param.words then return table.concat(param.words, ", ") end
  local kind = param.is_integer and "whole number" or "number"
  return ("%s, %.14g … %.14g"):format(kind, param.min, param.max)
end

--- How an indicator is called, with the names of its arguments: "bbands(source = close, period = 20, k = 2)".
function M.signature(info)
  local parts = {}
  if info.input_kind == "source" then
    parts[1] = info.inputs[1] == "source" and "source = close" or "source = " .. info.inputs[1]
  elseif info.input_kind == "series" then
    parts = { unpack(info.inputs) }
  elseif info.input_kind == "variadic" then
    parts = { unpack(info.inputs) }
    parts[#parts + 1] = "…"
  elseif #info.params == 0 then
    return info.name
  end
  for _, param in ipairs(info.params) do
    parts[#parts + 1] = param.name .. " = " .. M.param_text(param, param.default)
  end
  return info.name .. "(" .. table.concat(parts, ", ") .. ")"
end

-- What it reads, in words.
local function inputs_text(info)
  local first = info.inputs[1]
  if info.input_kind == "columns" then return "the columns " .. table.concat(info.inputs, ", ") end
  if info.input_kind == "source" then
    local text = first == "source" and "a series, by default close" or "a series, by default " .. first
    if #info.inputs > 1 then
      text = text .. "; the columns " .. table.concat(info.inputs, ", ", 2) .. ", unless given by name"
    end
    return text
  end
  local text = (#info.inputs > 1 and "the series " or "a series: ") .. table.concat(info.inputs, ", ")
  return info.input_kind == "variadic" and text .. " and any more, 8 in all" or text
end

local function outputs_text(info)
  return ("%s (the first is meant where none is named)"):format(table.concat(info.outputs, ", "))
end

--- All about an indicator.
-- @param info of feature.info
-- @param width columns
-- @return text with a final newline
function M.help(info, width)
  local lines = {}
  local function add(text) lines[#lines + 1] = text end
  local function paragraph(text, indent)
    for _, line in ipairs(terminal.wrap(text, width - #indent)) do add(indent .. line) end
  end
  local function item(label, text)
    for i, line in ipairs(terminal.wrap(text, width - 13)) do
      add("  " .. terminal.pad(i == 1 and label or "", 11) .. line)
    end
  end
  for _, line in ipairs(terminal.wrap(M.signature(info), width, "    ")) do add(line) end
  paragraph(info.help .. " (" .. info.group .. ")", "  ")
  if info.formula ~= "" then
    add ""
    paragraph(info.formula, "  ")
  end
  add ""
  if #info.aliases > 0 then item("also", table.concat(info.aliases, ", ")) end
  item("reads", inputs_text(info))
  if #info.params > 0 then
    add "  parameters"
    local name_width = 0
    for _, param in ipairs(info.params) do name_width = math.max(name_width, terminal.columns(param.name)) end
    for _, param in ipairs(info.params) do
      local indent = "    " .. terminal.pad("", name_width) .. "  "
      local text = ("%s (%s; default %s)"):format(param.help, M.range_text(param), M.param_text(param, param.default))
      for i, line in ipairs(terminal.wrap(text, math.max(20, width - #indent))) do
        add((i == 1 and "    " .. terminal.pad(param.name, name_width) .. "  " or indent) .. line)
      end
    end
  end
  if #info.outputs > 1 then item("outputs", outputs_text(info)) end
  if info.has_valid then item("valid", "NAME(…).valid: 1 where defined, 0 where the neutral value stands") end
  item("warm-up", ("first value at row %d%s, rows counted from 0"):format(info.lookback,
    #info.params > 0 and " with the defaults" or ""))
  if info.file then item("file", info.file) end
  if info.example ~= "" then item("example", info.example) end
  return table.concat(lines, "\n") .. "\n"
end

--- Infos by group with a line on each, as text with a final newline.
function M.listing(list, width)
  local lines, name_width = {}, 0
  for _, info in ipairs(list) do
    if #info.name <= MAX_NAME then name_width = math.max(name_width, #info.name) end
  end
  local indent = (" "):rep(name_width + 4)
  for _, group in ipairs(M.groups(list)) do
    if #lines > 0 then lines[#lines + 1] = "" end
    lines[#lines + 1] = ("%s (%d)%s"):format(group.name, #group, group.about ~= "" and ": " .. group.about or "")
    for _, info in ipairs(group) do
      local words = terminal.wrap(info.help, math.max(20, width - #indent))
      local name = "  " .. info.name
      if #info.name <= name_width then name = terminal.pad(name, #indent) .. table.remove(words, 1) end
      lines[#lines + 1] = name
      for _, line in ipairs(words) do lines[#lines + 1] = indent .. line end
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

-- docs/indicators.md -------------------------------------------------------------------------------------------------

local WIDTH = 120

-- What Markdown would read as something else, but for what stands between backticks.
local MEANT = { ["<"] = "&lt;", [">"] = "&gt;", ["*"] = "\\*", ["_"] = "\\_", ["|"] = "\\|" }

local function escaped(text)
  local out, is_code = {}, false
  for part in (text .. "`"):gmatch "([^`]*)`" do
    out[#out + 1] = is_code and part or part:gsub("[<>*_|]", MEANT)
    is_code = not is_code
  end
  return table.concat(out, "`")
end

local function title(name) return name:sub(1, 1):upper() .. name:sub(2) end

-- A line for each group, with a blank one between: branches that add indicators to several groups merge.
local function add_contents(add, groups)
  for _, group in ipairs(groups) do
    local links = {}
    for i, info in ipairs(group) do links[i] = ("[%s](#%s)"):format(escaped(info.name), info.name) end
    add ""
    add(("- **[%s](#group-%s)**: %s"):format(title(group.name), group.name, table.concat(links, " ")))
  end
end

local function add_indicator(add, info)
  local function paragraph(text, indent)
    for _, line in ipairs(terminal.wrap(text, WIDTH, indent)) do add(line) end
  end
  add ""
  add("### " .. escaped(info.name))
  add ""
  paragraph(escaped(info.help) .. (info.formula ~= "" and ": " .. escaped(info.formula) .. "." or "."))
  add ""
  add "```"
  for _, line in ipairs(terminal.wrap(M.signature(info), WIDTH, "    ")) do add(line) end
  add "```"
  add ""
  if #info.aliases > 0 then paragraph("- also called: " .. escaped(table.concat(info.aliases, ", ")), "  ") end
  if info.input_kind ~= "source" or #info.inputs > 1 or info.inputs[1] ~= "source" then
    paragraph("- reads: " .. escaped(inputs_text(info)), "  ")
  end
  if #info.outputs > 1 then paragraph("- outputs: " .. escaped(outputs_text(info)), "  ") end
  if info.has_valid then add "- `.valid`: 1 where the outputs are defined, 0 where they are neutral values" end
  add(("- first row with a value: %d; example: `%s`"):format(info.lookback, info.example))
  if #info.params > 0 then
    add ""
    add "| parameter | default | range | meaning |"
    add "|---|---|---|---|"
    for _, param in ipairs(info.params) do
      add(("| %s | %s | %s | %s |"):format(escaped(param.name), escaped(M.param_text(param, param.default)),
        escaped(M.range_text(param)), escaped(param.help)))
    end
  end
end

--- The page (scripts/gen_indicators.lua writes it).
function M.markdown(list)
  local out = {}
  local function add(line) out[#out + 1] = line end
  local groups = M.groups(list)
  add "# Indicators and functions"
  add ""
  add "What is built in, by group. Written from the descriptors by `scripts/gen_indicators.lua`;"
  add "`perilune features help NAME` prints the same, `perilune features list WORD…` looks for words. How they are put"
  add "together is in [expressions.md](expressions.md), how to write one in Lua in"
  add "[indicators_lua.md](indicators_lua.md)."
  add "Rows are counted from 0, and the first row with a value is that of the defaults."
  add_contents(add, groups)
  for _, group in ipairs(groups) do
    add ""
    add(('## <a name="group-%s"></a>%s'):format(group.name, title(group.name)))
    if group.about ~= "" then
      add ""
      add(title(group.about) .. ".")
    end
    for _, info in ipairs(group) do add_indicator(add, info) end
  end
  return table.concat(out, "\n") .. "\n"
end

return M

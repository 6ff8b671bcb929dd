--- Aligned tables for the terminal: Unicode lines on a terminal, plain ASCII in files and pipes.
local terminal = require "terminal"

local M = {}

--- A number for people: `decimals` places, thousands separated by commas; nil or NaN is "-", infinity "inf".
function M.number(value, decimals)
  if value == nil or value ~= value then return "-" end
  if value == math.huge then return "inf" end
  if value == -math.huge then return "-inf" end
  local text = ("%." .. (decimals or 0) .. "f"):format(value)
  local sign, whole, rest = text:match("^(-?)(%d+)(.*)$")
  if (whole .. rest):match("^[0.]*$") then sign = "" end
  whole = whole:reverse():gsub("(%d%d%d)", "%1,"):reverse():gsub("^,", "")
  return sign .. whole .. rest
end

local function cell_text(value, column)
  if type(value) == "number" then
    if column.format then return column.format(value) end
    if column.decimals then return M.number(value, column.decimals) end
    if value ~= value then return "-" end
    if value % 1 == 0 and math.abs(value) < 1e15 then return M.number(value, 0) end
    return ("%.6g"):format(value)
  end
  if value == nil then return "-" end
  return (tostring(value):gsub("%c", " "))
end

local function is_number_column(rows, index)
  local seen = false
  for _, row in ipairs(rows) do
    local kind = type(row[index])
    if kind ~= "number" and kind ~= "nil" then return false end
    seen = seen or kind == "number"
  end
  return seen
end

local STYLES = {
  unicode = { cross = "─┼─", line = "─", between = " │ " },
  plain = { cross = "-+-", line = "-", between = " | " },
}

--- Formats rows (lists of cells) as text with a header and a final newline. Columns of numbers are aligned right.
-- @param columns list of names, or of { name, decimals = n, format = function, right = bool, max = columns,
--   keep = bool }
-- @param rows list of lists; nil cells show as "-"
-- @param options terminal.describe's: plain, width, unicode; a table wider than `width` has its longest text
--   cut, but not in columns to `keep`
function M.format(columns, rows, options)
  local out = terminal.describe(options)
  local style = out.unicode and STYLES.unicode or STYLES.plain
  local n = #columns
  local specs, texts, widths, right = {}, {}, {}, {}
  for c = 1, n do
    specs[c] = type(columns[c]) == "table" and columns[c] or { columns[c] }
    widths[c] = terminal.columns(specs[c][1])
    right[c] = specs[c].right
    if right[c] == nil then right[c] = is_number_column(rows, c) end
  end
  for r, row in ipairs(rows) do
    texts[r] = {}
    for c = 1, n do
      local text = cell_text(row[c], specs[c])
      if specs[c].max then text = terminal.cut(text, specs[c].max, out.unicode) end
      texts[r][c] = text
      widths[c] = math.max(widths[c], terminal.columns(text))
    end
  end
  local total = 3 * (n - 1)
  for c = 1, n do total = total + widths[c] end
  while total > out.width do -- narrow the widest column of text until it fits or nothing is left to cut
    local widest
    for c = 1, n do
      local may_cut = not right[c] and not specs[c].keep and widths[c] > 8
      if may_cut and (not widest or widths[c] > widths[widest]) then widest = c end
    end
    if not widest then break end
    local less = math.min(total - out.width, widths[widest] - 8)
    widths[widest] = widths[widest] - less
    total = total - less
  end
  local lines = {}
  local function add(cells)
    local parts = {}
    for c = 1, n do parts[c] = terminal.pad(terminal.cut(cells[c], widths[c], out.unicode), widths[c], right[c]) end
    lines[#lines + 1] = (table.concat(parts, style.between):gsub("%s+$", ""))
  end
  local header, rule = {}, {}
  for c = 1, n do
    header[c] = specs[c][1]
    rule[c] = style.line:rep(widths[c])
  end
  add(header)
  lines[#lines + 1] = table.concat(rule, style.cross)
  for r = 1, #texts do add(texts[r]) end
  return table.concat(lines, "\n") .. "\n"
end

--- Lays blocks of { label, value } pairs out side by side: sections with a title each, as many columns as fit.
-- @param sections list of { title = "Return", { label, text }, … }
-- @param options terminal.describe's
function M.sheet(sections, options)
  local out = terminal.describe(options)
  local GAP = 3
  local width = 20
  for _, section in ipairs(sections) do
    for _, pair in ipairs(section) do
      width = math.max(width, terminal.columns(pair[1]) + 2 + terminal.columns(pair[2]))
    end
  end
  local n_columns = math.max(1, math.min(#sections, 3, math.floor((out.width + GAP) / (width + GAP))))
  local columns = {}
  for c = 1, n_columns do columns[c] = {} end
  -- Sections stay whole and in order; each goes on in the current column until it holds its share of the lines.
  local total = 0
  for _, section in ipairs(sections) do total = total + #section + 2 end
  local share, c = total / n_columns, 1
  for _, section in ipairs(sections) do
    if #columns[c] > 0 and #columns[c] + (#section + 2) / 2 > share and c < n_columns then c = c + 1 end
    local lines = columns[c]
    if #lines > 0 then lines[#lines + 1] = "" end
    local rule = (out.unicode and "─" or "-"):rep(math.max(0, width - terminal.columns(section.title) - 1))
    lines[#lines + 1] = section.title .. " " .. rule
    for _, pair in ipairs(section) do
      lines[#lines + 1] = pair[1] .. terminal.pad(pair[2], width - terminal.columns(pair[1]), true)
    end
  end
  local height = 0
  for i = 1, n_columns do height = math.max(height, #columns[i]) end
  local lines = {}
  for r = 1, height do
    local parts = {}
    for i = 1, n_columns do parts[i] = terminal.pad(columns[i][r] or "", width) end
    lines[r] = (table.concat(parts, (" "):rep(GAP)):gsub("%s+$", ""))
  end
  return table.concat(lines, "\n") .. "\n"
end

return M

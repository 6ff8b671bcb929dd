-- Draws docs/quickstart.svg, README's picture: what `perilune run examples/quickstart.yaml` prints at a terminal of 72
-- columns. From the project's folder: build/perilune exec scripts/gen_picture.lua
-- With an argument `-` it prints the picture instead; .ci/run compares that with the file.
local COLUMNS, CELL_WIDTH, CELL_HEIGHT, MARGIN = 72, 8, 17, 14
local COMMAND = "perilune run examples/quickstart.yaml"

-- script(1) gives the program a terminal.
local inside = ("stty cols %d rows 50; LC_ALL=C.UTF-8 build/%s --db none"):format(COLUMNS, COMMAND)
local run = ("TERM=dumb NO_COLOR=1 script -qec '%s' /dev/null </dev/null"):format(inside)
local pipe = assert(io.popen(run))
local output = pipe:read("*a"):gsub("\r", "")
pipe:close()
-- What follows the table (how long it took, …) differs from run to run.
local body = output:match("^(.-Kelly Criterion[^\n]*)\n")
if not body then error("expected a run's table, found: " .. output, 0) end

local rows = { "$ " .. COMMAND }
for line in (body .. "\n"):gmatch("([^\n]*)\n") do rows[#rows + 1] = line end

local function code_point(character)
  local a, b, c = character:byte(1, 3)
  if a < 0x80 then return a end
  if a < 0xE0 then return (a % 0x20) * 0x40 + b % 0x40 end
  return (a % 0x10) * 0x1000 + (b % 0x40) * 0x40 + c % 0x40
end

local function number(value) return ("%.4g"):format(value) end

-- Dots and lines are drawn, so that they do not depend on what fonts the viewer has; the text is text.
local DOTS = { { 0, 0 }, { 0, 1 }, { 0, 2 }, { 1, 0 }, { 1, 1 }, { 1, 2 }, { 0, 3 }, { 1, 3 } } -- by bit of U+2800
local curve, fall, lines, texts = {}, {}, {}, {}
local below = false -- whether the drawdown's rows have begun

local function add_text(column, y, words, bold)
  texts[#texts + 1] = ('<text x="%d" y="%d" textLength="%d"%s>%s</text>'):format(MARGIN + column * CELL_WIDTH, y + 13,
    #words * CELL_WIDTH, bold and ' class="b"' or "", (words:gsub("&", "&amp;"):gsub("<", "&lt;")))
end

for index, row in ipairs(rows) do
  local y = MARGIN + (index - 1) * CELL_HEIGHT
  below = below or row:match("^ *0 %%") ~= nil
  local column, words, start = 0, "", 0
  local function flush(bold)
    local trimmed = words:gsub(" +$", "")
    if trimmed ~= "" then add_text(start, y, trimmed, bold or index == 1) end
    words = ""
  end
  for character in row:gmatch("[%z\1-\127\194-\244][\128-\191]*") do
    local code, x = code_point(character), MARGIN + column * CELL_WIDTH
    if code < 0x80 then
      -- Two blanks end a text, so that columns stay where they are in any font.
      if character == " " and (words == "" or words:sub(-1) == " ") then
        flush()
      else
        if words == "" then start = column end
        words = words .. character
      end
    else
      flush(character == "─") -- a title, with a line after it
      if code >= 0x2800 and code <= 0x28FF then
        local path = below and fall or curve
        for bit_index, dot in ipairs(DOTS) do
          if math.floor((code - 0x2800) / 2 ^ (bit_index - 1)) % 2 == 1 then
            path[#path + 1] = ("M%s %sh3v3h-3z"):format(number(x + dot[1] * 4 + 0.5), number(y + dot[2] * 4.25 + 0.6))
          end
        end
      elseif character == "─" then
        lines[#lines + 1] = ("M%d %sh%d"):format(x, number(y + 8.5), CELL_WIDTH)
      elseif character == "┤" then
        lines[#lines + 1] = ("M%s %dv%dM%d %sh4"):format(number(x + 4), y, CELL_HEIGHT, x, number(y + 8.5))
      else
        error("no way to draw " .. character, 0)
      end
    end
    column = column + 1
  end
  flush()
end

local width, height = 2 * MARGIN + COLUMNS * CELL_WIDTH, 2 * MARGIN + #rows * CELL_HEIGHT
local svg = ([[
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">
<!-- Written by scripts/gen_picture.lua; do not edit. -->
<title>%s: the equity curve, its drawdown and the table of statistics</title>
<style>
text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#d6deeb}
.b{font-weight:bold}
</style>
<rect width="100%%" height="100%%" rx="8" fill="#10151f"/>
<path d="%s" fill="#7fd1ae"/>
<path d="%s" fill="#e06c75"/>
<path d="%s" stroke="#5c6a80" fill="none"/>
<g>
%s
</g>
</svg>
]]):format(width, height, width, height, COMMAND, table.concat(curve), table.concat(fall), table.concat(lines),
  table.concat(texts, "\n"))

if ... == "-" then
  io.write(svg)
else
  local file = assert(io.open("docs/quickstart.svg", "w"))
  file:write(svg)
  file:close()
end

--- A grid of dots that is read out as lines of text: braille dots, 2 x 4 in a cell, or one character for each cell.
local bit = require "bit"

local M = {}

-- Bits of the braille cell (U+2800), by row and column of its 4 x 2 dots.
local DOTS = { { 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 } }

local function braille(bits)
  local code = 0x2800 + bits
  return string.char(0xE2, 0x80 + bit.band(bit.rshift(code, 6), 0x3F), 0x80 + bit.band(code, 0x3F))
end

--- A grid of `columns` x `lines` cells.
-- @return canvas with `width` and `height` in dots,
--   set(x, y, layer): a dot, from 0, y downward. A cell shows one layer: the highest that has dots in it (default 1).
--   line(number, marks, paint): a line of text, from 1. `marks` is what ASCII cells show, one for all layers or a list
--   by layer; where a layer of a Unicode canvas has a mark in `letters` (a table by layer), its cells show that.
--   `paint(layer, text)` adds colours to a run of cells.
function M.new(columns, lines, unicode)
  local dots_x, dots_y = unicode and 2 or 1, unicode and 4 or 1
  local self = { width = columns * dots_x, height = lines * dots_y, letters = {} }
  local cells, layers = {}, {}
  for i = 1, columns * lines do cells[i], layers[i] = 0, 0 end

  function self.set(x, y, layer)
    if x < 0 or y < 0 or x >= self.width or y >= self.height then return end
    layer = layer or 1
    local index = math.floor(y / dots_y) * columns + math.floor(x / dots_x) + 1
    if layer < layers[index] then return end
    if layer > layers[index] then cells[index], layers[index] = 0, layer end
    cells[index] = unicode and bit.bor(cells[index], DOTS[y % dots_y + 1][x % dots_x + 1]) or 1
  end

  function self.line(number, marks, paint)
    local parts, run, run_layer = {}, {}, 0
    local function flush()
      if #run == 0 then return end
      local text = table.concat(run)
      parts[#parts + 1] = paint and run_layer > 0 and paint(run_layer, text) or text
      run = {}
    end
    for column = 1, columns do
      local index = (number - 1) * columns + column
      local value, layer = cells[index], layers[index]
      if layer ~= run_layer then
        flush()
        run_layer = layer
      end
      local mark = type(marks) == "table" and marks[layer] or marks
      run[#run + 1] = value == 0 and " " or unicode and (self.letters[layer] or braille(value)) or mark
    end
    flush()
    return table.concat(parts)
  end
  return self
end

return M

--- What output may look like: width, Unicode, colour.
local ffi = require "ffi"
local abi = require "abi"

local M = {}

local PLAIN_WIDTH = 80

--- Describes a stream. Options: `plain` (ASCII, no colour), `width` (columns), `fd` (default 1, standard output).
-- A file or pipe gets plain output, 80 columns wide, so that what is stored does not depend on a terminal.
-- @return { width, height, unicode, color }
function M.describe(options)
  options = options or {}
  local t = ffi.new("pln_terminal")
  abi.C.pln_terminal_describe(options.fd or 1, t)
  local is_terminal = t.is_terminal == 1
  local plain = options.plain or not is_terminal
  local unicode = not plain and t.utf8 == 1
  if options.unicode ~= nil then unicode = options.unicode end
  return {
    width = options.width or (is_terminal and t.columns or PLAIN_WIDTH),
    height = is_terminal and t.rows or 24,
    unicode = unicode,
    color = not plain and t.color == 1,
  }
end

--- Whether a stream (1 standard output, 2 standard error) is a terminal.
function M.is_terminal(fd)
  local t = ffi.new("pln_terminal")
  abi.C.pln_terminal_describe(fd, t)
  return t.is_terminal == 1
end

--- Columns that a UTF-8 text takes, counting one for each code point (no wide characters are used here).
function M.columns(text)
  local _, continuation = text:gsub("[\128-\191]", "")
  return #text - continuation
end

--- Pads to `width` columns; `right` puts the text at the right.
function M.pad(text, width, right)
  local fill = (" "):rep(math.max(0, width - M.columns(text)))
  return right and fill .. text or text .. fill
end

--- Breaks a text into lines of at most `width` columns, at blanks; a longer word keeps a line of its own.
-- @param indent what the second line and further ones begin with (counted in the width), default ""
-- @return list of lines
function M.wrap(text, width, indent)
  indent = indent or ""
  local lines, line, used = {}, nil, 0
  for word in text:gmatch "%S+" do
    local columns = M.columns(word)
    if not line then
      line, used = word, columns
    elseif used + 1 + columns > width then
      lines[#lines + 1] = line
      line, used = indent .. word, M.columns(indent) + columns
    else
      line, used = line .. " " .. word, used + 1 + columns
    end
  end
  lines[#lines + 1] = line
  return lines
end

--- Cuts to `width` columns, marking the cut.
function M.cut(text, width, unicode)
  if M.columns(text) <= width then return text end
  local mark = unicode and "…" or "~"
  local out, n = {}, 0
  for character in text:gmatch("[%z\1-\127\194-\244][\128-\191]*") do
    if n == width - 1 then break end
    out[#out + 1] = character
    n = n + 1
  end
  return table.concat(out) .. mark
end

return M

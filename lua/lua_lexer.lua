--- Tokens of Lua 5.1 with LuaJIT's extensions, with their places in the source.
-- The lexer follows a source that the real compiler has accepted, so it is lenient: it never fails.
local M = {}

local byte, find, sub = string.byte, string.find, string.sub

local KEYWORDS = {}
for word in ([[and break do else elseif end false for function if in local nil not or repeat return then true
  until while]]):gmatch "%a+" do
  KEYWORDS[word] = true
end
M.KEYWORDS = KEYWORDS

local NAME = "^[%a_\128-\255][%w_\128-\255]*"

--- Reads all tokens of a source: parallel lists { type, text, first, last, line } and their number n. A type is
-- "name", "number", "string", "eof" (the last one), or the keyword or operator itself; first and last are byte
-- positions, line is that of the first byte.
function M.tokens(source)
  local types, texts, firsts, lasts, lines = {}, {}, {}, {}, {}
  local n, pos, line, size = 0, 1, 1, #source

  local function count_lines(first, last)
    local at = first
    while true do
      local newline = find(source, "[\r\n]", at)
      if not newline or newline > last then return end
      local pair = sub(source, newline, newline + 1)
      at = newline + ((pair == "\r\n" or pair == "\n\r") and 2 or 1)
      line = line + 1
    end
  end

  local function long_bracket(at) -- position after a long string or comment that opens at `at`, or nil
    local _, open_last, level = find(source, "^%[(=*)%[", at)
    if not open_last then return nil end
    local _, last = find(source, "]" .. level .. "]", open_last + 1, true)
    return (last or size) + 1
  end

  local function short_string(at)
    local quote = byte(source, at)
    local i = at + 1
    while i <= size do
      local c = byte(source, i)
      if c == quote then return i + 1 end
      if c == 92 then -- backslash
        if find(source, "^\\z", i) then
          i = (find(source, "[^ \t\r\n\v\f]", i + 2) or size + 1)
        elseif find(source, "^\\\r\n", i) or find(source, "^\\\n\r", i) then
          i = i + 3
        else
          i = i + 2
        end
      else
        i = i + 1
      end
    end
    return size + 1
  end

  local function number(at)
    local exponent = find(source, "^0[xX]", at) and "[pP]" or "[eE]"
    local i = at
    while i <= size do
      local c = sub(source, i, i)
      if find(c, "[%w_.\128-\255]") or ((c == "+" or c == "-") and find(sub(source, i - 1, i - 1), exponent)) then
        i = i + 1
      else
        break
      end
    end
    return i
  end

  local function add(kind, first, after)
    n = n + 1
    types[n], firsts[n], lasts[n], lines[n] = kind, first, after - 1, line
    texts[n] = sub(source, first, after - 1)
  end

  while true do
    local start = find(source, "[^ \t\r\v\f\n]", pos) or size + 1
    if start > pos then count_lines(pos, start - 1) end
    pos = start
    if pos > size then break end
    local c = sub(source, pos, pos)
    local after
    if find(source, NAME, pos) then
      local _, last = find(source, NAME, pos)
      after = last + 1
      local word = sub(source, pos, last)
      add(KEYWORDS[word] and word or "name", pos, after)
    elseif find(source, "^%.?%d", pos) then
      after = number(pos)
      add("number", pos, after)
    elseif find(source, "^%-%-", pos) then
      after = long_bracket(pos + 2) or find(source, "[\r\n]", pos) or size + 1
      count_lines(pos, after - 1)
    elseif c == '"' or c == "'" then
      after = short_string(pos)
      add("string", pos, after)
      count_lines(pos, after - 1)
    elseif c == "[" and long_bracket(pos) then
      after = long_bracket(pos)
      add("string", pos, after)
      count_lines(pos, after - 1)
    else
      local op = source:match("^%.%.%.", pos) or source:match("^%.%.", pos) or source:match("^::", pos)
        or source:match("^[=~<>]=", pos) or c
      after = pos + #op
      add(op, pos, after)
    end
    pos = after
  end
  add("eof", size + 1, size + 1)
  return { type = types, text = texts, first = firsts, last = lasts, line = lines, n = n }
end

return M

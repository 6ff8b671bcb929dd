--- Values as text for people: tables as trees, lists of numbers in aligned rows, records and bars as tables, C structs
-- with their fields. Bounded in depth, items and total size, so that anything may be printed.
local ffi = require "ffi"
local abi = require "abi"
local tabulate = require "tabulate"
local terminal = require "terminal"

local M = {}

local MAX_DEPTH = 6
local MAX_ITEMS = 40     -- of a table or struct
local MAX_NUMBERS = 100  -- of a list of numbers
local MAX_STRING = 400   -- bytes
local MAX_VALUES = 1500  -- in all
local HEAD_BARS, TAIL_BARS = 5, 5

local KEYWORDS = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return then true
  until while]]):gmatch("%l+") do KEYWORDS[word] = true end

local ESCAPES = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\" }

local function string_text(value)
  local shown = #value > MAX_STRING and value:sub(1, MAX_STRING) or value
  shown = shown:gsub('[%c"\\]', function(c) return ESCAPES[c] or ("\\%03d"):format(c:byte()) end)
  return '"' .. shown .. '"' .. (#value > MAX_STRING and (" … (%d bytes)"):format(#value) or "")
end

local function number_text(value)
  if type(value) == "cdata" then return (tostring(value):gsub("U?LL$", "")) end
  if value ~= value then return "nan" end
  if value == math.huge then return "inf" end
  if value == -math.huge then return "-inf" end
  return ("%.14g"):format(value)
end

--- Nanoseconds since 1970 as "2015-01-02T14:30:00Z".
M.time = abi.iso_time

local function function_text(value)
  local info = debug.getinfo(value, "Su")
  if info.what == "C" then return "function (built in)" end
  local names = {}
  for i = 1, info.nparams or 0 do names[i] = debug.getlocal(value, i) or "?" end
  if info.isvararg then names[#names + 1] = "..." end
  return ("function (%s)  -- %s:%d"):format(table.concat(names, ", "), info.short_src, info.linedefined)
end

-- Field names of the C API's structs, in order: LuaJIT does not tell them.
local structs

local function fields_of(name)
  if not structs then
    structs = {}
    local text = ffi.string(abi.C.pln_abi_text()):gsub("/%*.-%*/", "")
    for body, struct in text:gmatch("typedef struct [%w_]+ (%b{}) ([%w_]+);") do
      local fields = {}
      for declaration in body:sub(2, -2):gmatch("([^;]+);") do
        local bare = declaration:gsub("%b[]", "")
        for field in bare:gmatch("([%w_]+)%s*%f[,%z]") do fields[#fields + 1] = field end
      end
      structs[struct] = fields
    end
  end
  return structs[name]
end

local function ctype_of(value)
  return tostring(ffi.typeof(value)):match("^ctype<(.*)>$") or "?"
end

local Printer = {}
Printer.__index = Printer

local function is_list(value)
  local n = #value
  if n == 0 then return false end
  local count = 0
  for _ in pairs(value) do count = count + 1 end
  return count == n
end

local function is_wide_integer(value)
  return type(value) == "cdata" and tostring(value):match("^-?%d+U?LL$") ~= nil
end

local function all_numbers(value)
  for i = 1, #value do
    if type(value[i]) ~= "number" and not is_wide_integer(value[i]) then return false end
  end
  return true
end

local ORDER = { number = 1, string = 2, boolean = 3 }

local function sorted_keys(value)
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b)
    local ta, tb = type(a), type(b)
    if ta ~= tb then return (ORDER[ta] or 9) < (ORDER[tb] or 9) end
    if ta == "number" or ta == "string" then return a < b end
    return tostring(a) < tostring(b)
  end)
  return keys
end

function Printer:fits(text, indent)
  return not text:find("\n", 1, true) and terminal.columns(text) + indent <= self.width
end

-- "{ a, b }" on one line where that fits, else one part a line; `open` stands before it.
function Printer:block(open, parts, indent, more)
  if more then parts[#parts + 1] = more end
  if #parts == 0 then return open .. "{}" end
  local line = open .. "{ " .. table.concat(parts, ", ") .. " }"
  if self:fits(line, indent) then return line end
  local pad = (" "):rep(indent + 2)
  return open .. "{\n" .. pad .. table.concat(parts, ",\n" .. pad) .. "\n" .. (" "):rep(indent) .. "}"
end

function Printer:numbers(value, indent)
  local n = #value
  local texts, widest = {}, 0
  for i = 1, math.min(n, MAX_NUMBERS) do
    texts[i] = number_text(value[i])
    widest = math.max(widest, #texts[i])
  end
  local line = "{ " .. table.concat(texts, ", ") .. " }"
  if n <= MAX_NUMBERS and self:fits(line, indent) then return line end
  local label = #tostring(#texts)
  local per_row = math.max(1, math.floor((self.width - indent - label - 4) / (widest + 2)))
  per_row = per_row >= 10 and 10 or per_row >= 5 and 5 or per_row
  local rows = { "{" }
  for first = 1, #texts, per_row do
    local cells = {}
    for i = first, math.min(first + per_row - 1, #texts) do
      cells[#cells + 1] = (" "):rep(widest + 2 - #texts[i]) .. texts[i]
    end
    rows[#rows + 1] = ("%s%" .. label .. "d:%s"):format((" "):rep(indent + 2), first, table.concat(cells))
  end
  if n > #texts then rows[#rows + 1] = ("%s… %d more"):format((" "):rep(indent + 2), n - #texts) end
  rows[#rows + 1] = (" "):rep(indent) .. "}"
  return table.concat(rows, "\n")
end

local function key_text(key)
  if type(key) == "string" and key:match("^[%a_][%w_]*$") and not KEYWORDS[key] then return key end
  return "[" .. (type(key) == "string" and string_text(key) or type(key) == "number" and number_text(key) or
    tostring(key)) .. "]"
end

function Printer:table(value, indent, depth)
  local meta = getmetatable(value)
  if type(meta) == "table" and rawget(meta, "__tostring") then return tostring(value) end
  if self.open[value] then return "<cycle>" end
  if depth >= MAX_DEPTH then return next(value) == nil and "{}" or "{ … }" end
  self.open[value] = true
  local result
  if is_list(value) then
    if #value > 1 and all_numbers(value) then
      result = self:numbers(value, indent)
    else
      local parts = {}
      for i = 1, math.min(#value, MAX_ITEMS) do parts[i] = self:any(value[i], indent + 2, depth + 1) end
      result = self:block("", parts, indent, #value > MAX_ITEMS and ("… %d more"):format(#value - MAX_ITEMS) or nil)
    end
  else
    local parts, keys = {}, sorted_keys(value)
    for i = 1, math.min(#keys, MAX_ITEMS) do
      local name = key_text(keys[i]) .. " = "
      parts[i] = name .. self:any(value[keys[i]], indent + 2, depth + 1)
    end
    result = self:block("", parts, indent, #keys > MAX_ITEMS and ("… %d more"):format(#keys - MAX_ITEMS) or nil)
  end
  self.open[value] = nil
  return result
end

-- A list of tables that all have the same few scalar fields, as a table; nil where the value is something else.
local function records(value)
  if type(value) ~= "table" or getmetatable(value) or not is_list(value) or #value < 2 then return nil end
  local first = value[1]
  if type(first) ~= "table" or getmetatable(first) then return nil end
  local names = sorted_keys(first)
  if #names < 2 or #names > 12 then return nil end
  for i = 1, math.min(#value, MAX_ITEMS) do
    local row, count = value[i], 0
    if type(row) ~= "table" then return nil end
    for key, item in pairs(row) do
      count = count + 1
      if type(key) ~= "string" or type(item) == "table" or type(item) == "function" or first[key] == nil then
        return nil
      end
    end
    if count ~= #names then return nil end
  end
  local columns, rows = { "#" }, {}
  for _, name in ipairs(names) do columns[#columns + 1] = name end
  for i = 1, math.min(#value, MAX_ITEMS) do
    rows[i] = { i }
    for c, name in ipairs(names) do
      local item = value[i][name]
      rows[i][c + 1] = type(item) == "cdata" and tostring(item):gsub("U?LL$", "") or item
      if type(item) == "boolean" then rows[i][c + 1] = tostring(item) end
    end
  end
  return columns, rows, #value
end

local function bars_text(bars, printer)
  local n = tonumber(bars.n_bars)
  local name = ffi.new "char[16]"
  abi.C.pln_timeframe_format(bars.timeframe, name)
  local symbol = bars.symbol ~= nil and ffi.string(bars.symbol) or "?"
  local head = ("%s %s: %d bars"):format(symbol, ffi.string(name), n)
  if n == 0 then return head end
  head = ("%s, %s to %s"):format(head, M.time(bars.ts_ns[0]), M.time(bars.ts_ns[n - 1]))
  local columns = { "#", "time", "open", "high", "low", "close", "volume" }
  local n_extra = math.min(bars.n_extra, 4)
  for c = 0, n_extra - 1 do columns[#columns + 1] = ffi.string(bars.extra_names[c]) end
  for c, column in ipairs(columns) do
    if c > 2 then columns[c] = { column, format = number_text, right = true } end
  end
  columns[1] = { "#", format = number_text, right = true }
  local rows = {}
  local function add(i)
    local row = { i, M.time(bars.ts_ns[i]), bars.open[i], bars.high[i], bars.low[i], bars.close[i], bars.volume[i] }
    for c = 0, n_extra - 1 do row[#row + 1] = bars.extra[c][i] end
    rows[#rows + 1] = row
  end
  if n <= HEAD_BARS + TAIL_BARS then
    for i = 0, n - 1 do add(i) end
  else
    for i = 0, HEAD_BARS - 1 do add(i) end
    rows[#rows + 1] = { "…", "…" }
    for c = 3, #columns do rows[#rows][c] = "" end
    for i = n - TAIL_BARS, n - 1 do add(i) end
  end
  return head .. "\n" .. tabulate.format(columns, rows, { width = printer.width }):gsub("\n$", "")
end

function Printer:struct(value, name, indent, depth)
  local fields = fields_of(name)
  if not fields then return tostring(value) end
  if depth >= MAX_DEPTH then return name .. " { … }" end
  local parts = {}
  for _, field in ipairs(fields) do
    if #parts == MAX_ITEMS then break end
    local item = value[field]
    local text
    if field:match("_ns$") and type(item) == "cdata" and tonumber(item) and math.abs(tonumber(item)) > 1e17
      and math.abs(tonumber(item)) < 7e18 then
      text = tostring(item):gsub("U?LL$", "") .. " (" .. M.time(item) .. ")"
    else
      text = self:any(item, indent + 2, depth + 1)
    end
    parts[#parts + 1] = field .. " = " .. text
  end
  local more = #fields > MAX_ITEMS and ("… %d more"):format(#fields - MAX_ITEMS) or nil
  return self:block(name .. " ", parts, indent, more)
end

function Printer:array(value, element, indent, depth)
  local ok, size = pcall(ffi.sizeof, element:gsub("^const ", ""))
  if not ok or not size or size == 0 then return tostring(value) end
  local n = ffi.sizeof(value) / size
  local items = {}
  for i = 1, math.min(n, MAX_NUMBERS) do
    items[i] = value[i - 1]
  end
  if all_numbers(items) and #items > 1 then
    local text = self:numbers(items, indent)
    return n > #items and text:gsub("}$", ("  … %d more\n}"):format(n - #items)) or text
  end
  local parts = {}
  for i = 1, math.min(#items, MAX_ITEMS) do parts[i] = self:any(items[i], indent + 2, depth + 1) end
  return self:block("", parts, indent, n > #parts and ("… %d more"):format(n - #parts) or nil)
end

function Printer:cdata(value, indent, depth)
  if is_wide_integer(value) then return number_text(value) end
  if tostring(value):match("^ctype<") then return tostring(value) end
  local name = ctype_of(value)
  if name:find("%(%)") or name:find("%(.*%)$") then return "C function " .. name end
  local element = name:match("^(.-) ?%[[%d%?]+%]$")
  if element then return self:array(value, element, indent, depth) end
  if name:match("%*$") and value == nil then return "NULL" end
  if name == "const char *" or name == "char *" then return string_text(ffi.string(value)) end
  local struct, mark = name:match("^const struct ([%w_]+) ?([*&]?)$")
  if not struct then struct, mark = name:match("^struct ([%w_]+) ?([*&]?)$") end
  if struct and not (mark == "*" and depth > 0) then
    if struct == "pln_bars" then return bars_text(value, self) end
    return self:struct(value, struct, indent, depth)
  end
  if struct == "pln_bars" then
    return ("pln_bars * (%d bars of %s)"):format(tonumber(value.n_bars), value.symbol ~= nil and
      ffi.string(value.symbol) or "?")
  end
  if struct then return struct .. " *" end
  if name:match("^enum ") then return ("%d (%s)"):format(tonumber(value), name) end
  return name:match("%*$") and name or tostring(value)
end

function Printer:any(value, indent, depth)
  self.count = self.count + 1
  if self.count > MAX_VALUES then return "…" end
  local kind = type(value)
  if kind == "number" then return number_text(value) end
  if kind == "string" then return string_text(value) end
  if kind == "table" then return self:table(value, indent, depth) end
  if kind == "cdata" then return self:cdata(value, indent, depth) end
  if kind == "function" then return function_text(value) end
  return tostring(value)
end

--- A value as text, without a final newline. `options.width`: columns (default: the terminal's, 80 in a pipe).
function M.format(value, options)
  local width = options and options.width or terminal.describe().width
  local columns, rows, n = records(value)
  if columns then
    local text = tabulate.format(columns, rows, { width = width, unicode = options and options.unicode })
    return (text:gsub("\n$", "")) .. (n > #rows and ("\n… %d more"):format(n - #rows) or "")
  end
  local printer = setmetatable({ width = width, open = {}, count = 0 }, Printer)
  return printer:any(value, 0, 0)
end

return M

--- Checks a tree of nodes (lua/yaml.lua) against a type of the schema, fills in defaults and collects every error.
local ffi = require "ffi"
local abi = require "abi"
local suggest = require "suggest"
local schema = require "schema"
local grid_values = require "config_values"

local M = {}

local FORMS = { "scalar", "list", "map" }

local MAX_SHOWN = 60 -- characters of a value that a message repeats

--- Errors that are listed; further ones are only counted.
M.MAX_ERRORS = 20

local function clip(text)
  text = tostring(text):gsub("[%c]", "?")
  if #text <= MAX_SHOWN then return text end
  local cut = MAX_SHOWN
  while cut > 0 and text:byte(cut + 1) >= 0x80 and text:byte(cut + 1) < 0xC0 do cut = cut - 1 end
  return text:sub(1, cut) .. "…"
end
M.clip = clip

local function describe(node)
  if node.kind == "list" then return "a list" end
  if node.kind == "map" then return "a map" end
  if node.type == "null" then return "nothing" end
  return ("'%s'"):format(clip(node.text))
end

local function number_text(value) return ("%.15g"):format(value) end

--- Checks of strings: each returns the canonical text, or nil and what was expected.
M.checks = {}

local timeframe = ffi.new "pln_timeframe"
local buffer = ffi.new "char[16]"
local instant = ffi.new "int64_t[1]"

function M.checks.timeframe(text)
  if abi.C.pln_timeframe_parse(text, timeframe) < 0 then
    return nil, "no timeframe; expected 1m, 5m, 1h, 1d, 1w, 1mo or the like"
  end
  abi.C.pln_timeframe_format(timeframe, buffer)
  return ffi.string(buffer)
end

function M.checks.time(text)
  if abi.C.pln_time_parse_iso(text, nil, instant) < 0 then
    return nil, "no date or time; expected 2015-01-31, 2015-01-31 09:30 or 2015-01-31T09:30:00Z"
  end
  return text
end

function M.checks.timezone(text)
  if abi.C.pln_timezone_get(text) == nil then
    return nil, "no time zone; expected an IANA name such as America/New_York"
  end
  return text
end

function M.checks.symbol(text)
  if text == "" or #text > 64 or text:find("[%s%c'\"{}]") then
    return nil, "no symbol; expected up to 64 characters without spaces, quotes and braces"
  end
  return text
end

function M.checks.name(text)
  if not text:find("^[%w_][%w_.-]*$") or #text > 64 then
    return nil, "no name; expected up to 64 letters, digits, '_', '-' and '.'"
  end
  return text
end

function M.checks.delimiter(text)
  local words = { comma = true, semicolon = true, tab = true, pipe = true, space = true }
  if #text == 1 or words[text] then return text end
  return nil, "no delimiter; expected one character, or comma, semicolon, tab, pipe, space"
end

function M.checks.session(text)
  local from_h, from_m, to_h, to_m = text:match("^(%d%d):(%d%d)-(%d%d):(%d%d)$")
  if not from_h or from_h + 0 > 23 or from_m + 0 > 59 or to_h + 0 > 24 or to_m + 0 > 59
    or to_h * 60 + to_m > 1440 then
    return nil, "no session; expected local times as 09:30-16:00"
  end
  return text
end

function M.checks.currency(text)
  if not text:find "^%u[%u%d]+$" or #text < 2 or #text > 10 then
    return nil, "no currency; expected a code in capitals such as USD"
  end
  return text
end

function M.checks.calendar(text)
  local calendar, message = require("market_calendar").get(text)
  if not calendar then return nil, "no market calendar: " .. message end
  return text
end

function M.checks.window_size(text)
  local size, message = require("windows").size(text)
  if not size then return nil, message end
  return size.text
end

function M.checks.workers(text)
  local n = tonumber(text)
  if text == "auto" then return text end
  if not n or n % 1 ~= 0 or n < 1 or n > 1024 then
    return nil, "no number of threads; expected 1 to 1024, or auto for as many as there are processors"
  end
  return n
end

function M.checks.final_price(text)
  local price = tonumber(text)
  if text ~= "last" and not (price and price >= 0 and price < math.huge) then
    return nil, "no price; expected a number of at least 0, or last for the last close"
  end
  return text
end

function M.checks.clock(text)
  local hours, minutes, seconds = text:match "^(%d%d):(%d%d):?(%d?%d?)$"
  if not hours or hours + 0 > 23 or minutes + 0 > 59 or (tonumber(seconds) or 0) > 59 or #text == 6 or #text == 7 then
    return nil, "no time of day; expected 15:45 or 15:45:30"
  end
  return text
end

local Checker = {}
Checker.__index = Checker

--- A checker; `report(node, path, message)` is called for each error, `note(path, node)` for each place.
function M.new(report, note)
  return setmetatable({ report = report, note = note }, Checker)
end

local function join(path, key) return path == "" and key or path .. "." .. key end

local scalar_types = {}

function Checker:fail(node, path, format, ...)
  self.report(node, path, select("#", ...) > 0 and format:format(...) or format)
end

function Checker:fail_null(node, path)
  if node.text == "" then return self:fail(node, path, "a text is missing") end
  self:fail(node, path, "'%s' means nothing; quote it to make it text", node.text)
end

function scalar_types.string(self, kind, node, path)
  if node.type == "null" then return self:fail_null(node, path) end
  local text = node.text
  if text == "" then return self:fail(node, path, "the text is empty") end
  if text:find("%c") then
    return self:fail(node, path, "'%s' holds a control character", clip(text))
  end
  if kind.check then
    local canonical, expected = M.checks[kind.check](text)
    if not canonical then return self:fail(node, path, "'%s' is %s", clip(text), expected) end
    return canonical
  end
  return text
end

function scalar_types.boolean(self, kind, node, path)
  if node.type == "boolean" then return node.value end
  if kind.also then return scalar_types[kind.also.type](self, kind.also, node, path) end
  local hint = ({ yes = "true", on = "true", y = "true", ["1"] = "true", no = "false", off = "false", n = "false",
    ["0"] = "false" })[node.text:lower()]
  if hint then return self:fail(node, path, "'%s' is not true or false; write %s", clip(node.text), hint) end
  self:fail(node, path, "%s is not true or false", describe(node))
end

function scalar_types.enum(self, kind, node, path)
  local words = {}
  for i, value in ipairs(kind.values) do
    if value == node.text then return kind.alias and kind.alias[value] or value end
    words[i] = value
  end
  self:fail(node, path, "%s is not one of %s%s", describe(node), table.concat(words, ", "),
    node.type == "null" and "" or suggest.hint(node.text, words))
end

function scalar_types.number(self, kind, node, path)
  local unit = kind.unit and "; " .. kind.unit or ""
  local value = node.value
  if type(value) ~= "number" then
    local bare = node.type == "string" and tonumber((node.text:match("^([-+]?[%d.]+)%s*%%$")))
    if bare then
      return self:fail(node, path, "'%s' is not a number; write %s%s", clip(node.text), number_text(bare), unit)
    elseif node.type == "string" and node.text:match("^[-+]?%d+[%d,]*%.?%d*$") and node.text:find(",", 1, true) then
      return self:fail(node, path, "'%s' is not a number; write %s%s", clip(node.text), node.text:gsub(",", "_"), unit)
    elseif node.type == "string" and tonumber(node.text) then
      return self:fail(node, path, "'%s' is quoted, so it is text; expected a number%s", clip(node.text), unit)
    end
    return self:fail(node, path, "%s is not a number%s", describe(node), unit)
  end
  if value ~= value or value == math.huge or value == -math.huge then
    return self:fail(node, path, "%s is not a finite number%s", clip(node.text), unit)
  end
  if kind.integer and (value % 1 ~= 0 or math.abs(value) > 2 ^ 53) then
    return self:fail(node, path, value % 1 ~= 0 and "%s is not a whole number%s" or "%s is beyond 2^53%s",
      clip(node.text), unit)
  end
  local bound, what
  if kind.min and value < kind.min then
    bound, what = kind.min, "below"
  elseif kind.max and value > kind.max then
    bound, what = kind.max, "above"
  elseif kind.above and value <= kind.above then
    bound, what = kind.above, "not above"
  elseif kind.below and value >= kind.below then
    bound, what = kind.below, "not below"
  end
  if bound then
    return self:fail(node, path, "%s is %s %s%s", clip(node.text), what, number_text(bound), unit)
  end
  return value == 0 and 0 or value -- no negative zero
end

local function parameter_scalar(self, node, path)
  if node.kind ~= "scalar" then
    return self:fail(node, path, "%s is no value; expected a number, true, false or text", describe(node))
  end
  if node.type == "null" then return self:fail(node, path, "a value is missing") end
  if type(node.value) == "number" then return scalar_types.number(self, {}, node, path) end
  return node.value
end

-- What config_values.lua needs of a checker.
local reading = {
  scalar = parameter_scalar, describe = describe, join = join, number_text = number_text,
  number = function(self, node, path) return scalar_types.number(self, {}, node, path) end,
}

function Checker:parameter(_, node, path) return grid_values.parameter(self, reading, node, path) end

function Checker:values(_, node, path) return grid_values.dimension(self, reading, node, path) end

function Checker:list(kind, node, path)
  local items = node.items
  if node.kind == "scalar" and node.type ~= "null" and kind.single then items = { node } end
  if not items or (node.kind == "map" and not node.empty) then
    return self:fail(node, path, "expected a list, got %s", describe(node))
  end
  if #items < (kind.min or 0) then return self:fail(node, path, "the list is empty; expected at least one") end
  local values = {}
  for i, item in ipairs(items) do
    local item_path = ("%s[%d]"):format(path, i - 1)
    self.note(item_path, item)
    values[i] = self:check(kind.of, item, item_path)
  end
  return values
end

-- A free table's keys are names, so that paths stay readable.
function Checker:table(kind, node, path)
  if node.kind ~= "map" and not node.empty then
    return self:fail(node, path, "expected a map of names to values, got %s", describe(node))
  end
  local values = {}
  for _, entry in ipairs(node.entries) do
    local key_path = join(path, entry.key)
    self.note(key_path, entry.node, entry)
    if M.checks.name(entry.key) then
      values[entry.key] = self:check(kind.of, entry.node, key_path)
    else
      self:fail({ line = entry.line, column = entry.column, file = node.file, origin = node.origin }, path,
        "'%s' is %s", clip(entry.key), select(2, M.checks.name(entry.key)))
    end
  end
  return values
end

local EMPTY = { kind = "map", entries = {}, items = {}, empty = true, implied = true }

local function copy(value)
  if type(value) ~= "table" then return value end
  local made = {}
  for key, item in pairs(value) do made[key] = copy(item) end
  return made
end

function Checker:default(field, kind, partial, parent, path)
  if field.required and not partial then
    return self:fail(parent, path, "missing; %s", field.help)
  end
  if partial or field.optional then return nil end
  if kind.type == "map" then return self:map(kind, EMPTY, path) end
  if kind.type == "list" and field.default then
    local values = {}
    for i in ipairs(field.default) do
      values[i] = self:map(kind.of, EMPTY, ("%s[%d]"):format(path, i - 1))
    end
    return values
  end
  return copy(field.default)
end

function Checker:map(kind, node, path, partial)
  partial = partial or kind.partial
  if node.kind == "scalar" and kind.shorthand and node.type ~= "null" then
    node = { kind = "map", file = node.file, line = node.line, column = node.column, origin = node.origin,
      entries = { { key = kind.shorthand, node = node, line = node.line, column = node.column } } }
  end
  if node.kind ~= "map" and not node.empty then
    if kind.shorthand and node.type == "null" then return self:fail_null(node, path) end
    return self:fail(node, path, "expected a map of keys to values, got %s", describe(node))
  end
  local given = {}
  for _, entry in ipairs(node.entries) do
    local key_path = join(path, entry.key)
    self.note(key_path, entry.node, entry)
    if schema.field(kind, entry.key) then
      given[entry.key] = entry.node
    else
      self:fail({ line = entry.line, column = entry.column, file = node.file,
        origin = entry.node.origin or node.origin }, join(path, clip(entry.key)),
        "unknown key%s", suggest.hint(entry.key, schema.names(kind)))
    end
  end
  local values = {}
  for _, field in ipairs(kind.fields) do
    local key, field_type = field[1], field[2]
    local value = given[key]
    if value and value.kind == "scalar" and value.type == "null" then value = nil end
    if value then
      values[key] = self:check(field_type, value, join(path, key), partial)
    else
      values[key] = self:default(field, field_type, partial, given[key] or node, join(path, key))
    end
  end
  return values
end

function Checker:either(kind, node, path)
  local chosen = kind[node.kind]
  if chosen then return self:check(chosen, node, path) end
  local forms = {}
  for _, form in ipairs(FORMS) do
    if kind[form] then forms[#forms + 1] = ({ scalar = "a text", list = "a list", map = "a map" })[form] end
  end
  self:fail(node, path, "expected %s, got %s", table.concat(forms, " or "), describe(node))
end

-- A map whose fields depend on the value of one of them.
function Checker:variant(kind, node, path, partial)
  if node.kind ~= "map" or node.empty then
    return self:fail(node, path, "expected a map with a %s, got %s", kind.key, describe(node))
  end
  for _, entry in ipairs(node.entries) do
    if entry.key == kind.key then
      local name = entry.node.kind == "scalar" and entry.node.text or ""
      if kind.variants[name] then return self:map(kind.variants[name], node, path, partial) end
      if kind.other and self:looks_like(kind.other, node) then return self:map(kind.other, node, path, partial) end
      return self:fail(entry.node, join(path, kind.key), "there is no %s '%s'%s", kind.key, clip(name),
        suggest.hint(name, kind.names))
    end
  end
  self:fail(node, join(path, kind.key), "missing; one of %s", table.concat(kind.names, ", "))
end

-- Whether a map has no key but those of a type.
function Checker:looks_like(kind, node) -- luacheck: ignore self
  for _, entry in ipairs(node.entries) do
    local known = false
    for _, field in ipairs(kind.fields) do known = known or field[1] == entry.key end
    if not known then return false end
  end
  return true
end

--- Checks a node against a type; returns the plain value, or nil after reporting.
function Checker:check(kind, node, path, partial)
  local scalar = scalar_types[kind.type]
  if not scalar then return self[kind.type](self, kind, node, path, partial) end
  if node.kind ~= "scalar" then
    return self:fail(node, path, "expected %s, got %s",
      kind.type == "number" and "a number" or kind.type == "boolean" and "true or false" or "a text", describe(node))
  end
  return scalar(self, kind, node, path)
end

return M

--- Tables of a configuration that may stand in a file: rows of a CSV with a header, or items of a YAML list, checked
-- against a type of the schema with the place of each value.
local check = require "config_check"
local yaml = require "yaml"

local M = {}

local MAX_BYTES = 256 * 1024 * 1024

-- Fields of one line: { text, column }. A field may be quoted, with "" for a quote. Returns nil and a message.
local function fields_of(line)
  local fields, at, n = {}, 1, #line
  while true do
    local from = at
    if line:sub(at, at):find '["]' then
      local parts = {}
      at = at + 1
      while true do
        local close = line:find('"', at, true)
        if not close then return nil, "the quote is not closed", from end
        parts[#parts + 1] = line:sub(at, close - 1)
        at = close + 1
        if line:sub(at, at) ~= '"' then break end
        parts[#parts + 1] = '"'
        at = at + 1
      end
      fields[#fields + 1] = { text = table.concat(parts), column = from, quoted = true }
      local rest = line:match("^[ \t]*", at)
      at = at + #rest
      if at <= n and line:sub(at, at) ~= "," then return nil, "found text after the closing quote", at end
    else
      local comma = line:find(",", at, true) or n + 1
      local text = line:sub(at, comma - 1):match "^%s*(.-)%s*$"
      fields[#fields + 1] = { text = text, column = from }
      at = comma
    end
    if at > n then return fields end
    at = at + 1 -- the comma
    if at > n then
      fields[#fields + 1] = { text = "", column = at }
      return fields
    end
  end
end

local function scalar(field, file, line)
  local kind, value = yaml.type_of(field.text)
  if field.quoted or kind == "null" then kind, value = "string", field.text end
  return { kind = "scalar", file = file, line = line, column = field.column, text = field.text, type = kind,
    value = value }
end

local function place(path, line, column, message)
  return ("%s:%d:%d: %s"):format(path, line, column, message)
end

-- A list node of map nodes from the text of a CSV; `names` instead of a header where given.
local function csv_nodes(text, path, names)
  local list = { kind = "list", file = path, line = 1, column = 1, items = {}, entries = {} }
  local number = 0
  text = text:gsub("^\239\187\191", "")
  for line in (text .. "\n"):gmatch "(.-)\r?\n" do
    number = number + 1
    if line:find "%S" and line:sub(1, 1) ~= "#" then
      local fields, message, column = fields_of(line)
      if not fields then return nil, place(path, number, column, message) end
      if not names then
        names = {}
        local seen = {}
        for i, field in ipairs(fields) do
          names[i] = field.text:lower()
          if seen[names[i]] and names[i] ~= "" then
            return nil, place(path, number, field.column, ("the column '%s' is there twice"):format(field.text))
          end
          seen[names[i]] = true
        end
      else
        local node = { kind = "map", file = path, line = number, column = 1, entries = {} }
        for i, field in ipairs(fields) do
          if not names[i] then
            return nil, place(path, number, field.column, ("found %d fields, expected %d (%s)"):format(#fields, #names,
              table.concat(names, ", ")))
          end
          if field.text ~= "" and names[i] ~= "" then
            node.entries[#node.entries + 1] = { key = names[i], node = scalar(field, path, number), line = number,
              column = field.column }
          end
        end
        list.items[#list.items + 1] = node
      end
    end
  end
  if not names then return nil, path .. ": is empty, expected a line that names the columns" end
  return list
end

local function read(path)
  local file, why = io.open(path, "rb")
  if not file then return nil, ("%s: cannot be opened: %s"):format(path, (why:gsub("^.*: ", ""))) end
  local text
  text, why = file:read(MAX_BYTES)
  file:close()
  if not text and why then return nil, ("%s: cannot be read: %s"):format(path, why) end
  return text or ""
end

--- A file as a tree of nodes (lua/yaml.lua): .yaml and .yml as they are, anything else as CSV: a list of maps.
-- @param names of the columns of a CSV without header, nil: its first line
-- @return the node, or nil and a message
function M.nodes(path, names)
  if path:lower():find "%.ya?ml$" then return yaml.load_file(path) end
  local text, message = read(path)
  if not text then return nil, message end
  return csv_nodes(text, path, names)
end

--- Checks a tree against a type of the schema.
-- @return the plain value and `at(path)`, the place of a value in it ("table.csv:3:5"); or nil and a list of messages
function M.check(node, kind)
  local problems, places = {}, {}
  local function text_of(where)
    return ("%s:%d:%d"):format(where.file or "", where.line or 1, where.column or 1)
  end
  local checker = check.new(function(where, path, message)
    local shown = path:gsub("^%[%d+%]%.?", "") -- the line says which row it is
    problems[#problems + 1] = ("%s: %s%s"):format(text_of(where.file and where or node), shown == "" and "" or shown
      .. ": ", message)
  end, function(path, value, entry) places[path] = { file = value.file, line = (entry or value).line,
    column = (entry or value).column } end)
  local value = checker:check(kind, node, "")
  if #problems > 0 then return nil, problems end
  local function at(path)
    while path ~= "" do
      if places[path] then return text_of(places[path]) end
      path = path:match("^(.*)%.[^.]*$") or path:match("^(.*)%[%d+%]$") or ""
    end
    return text_of(node)
  end
  return value, at
end

--- Rows of a file, each checked against a map type. As `check`; messages are a list.
function M.rows(path, row_type)
  local node, message = M.nodes(path)
  if not node then return nil, { message } end
  return M.check(node, { type = "list", of = row_type })
end

--- Rows of a key of the configuration that is a list (checked with it) or the path of a file.
-- @param path of the key, for messages
-- @return rows and `fail(i, key, message)`, which makes the error about row i (from 1; key nil: the row); or nil and an
--   error
function M.of_key(cfg, path, value, row_type)
  local config = require "config" -- which needs this module
  if type(value) ~= "string" then
    return value, function(i, key, message)
      return config.error_at(cfg, ("%s[%d]%s"):format(path, i - 1, key and "." .. key or ""), message)
    end
  end
  local rows, at = M.rows(value, row_type)
  if not rows then return nil, config.error_at(cfg, path, table.concat(at, "\n")) end
  return rows, function(i, key, message)
    return config.error_at(cfg, path, ("%s: %s%s"):format(at(("[%d]%s"):format(i - 1, key and "." .. key or "")),
      key and key .. ": " or "", message))
  end
end

return M

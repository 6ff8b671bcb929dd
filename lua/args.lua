--- Command-line arguments, for every command alike.
--
-- A command is a module lua/cli/<name>.lua:
--
--     local args = require "args"
--     local M = {
--       help = "One line for `perilune help`",
--       usage = "perilune data info FILE [options]",        -- a string or a list of them
--       options = {
--         { "json", help = "print one JSON object" },                          -- a switch: true or nil
--         { "db", short = "d", value = "FILE", help = "database" },            -- takes a value
--         { "set", value = "KEY=VALUE", repeated = true, help = "…" },         -- a list of values
--         { "chunk-rows", value = "N", type = "integer", min = 1, default = 4096 }, -- opts.chunk_rows
--         { "format", value = "NAME", choices = { "csv", "json" } },
--       },
--       min = 1, max = 1,          -- how many positional arguments; max = nil: any number
--       details = "Further paragraphs of the command's help",
--     }
--     function M.run(argv)
--       local opts = args.parse(argv, M)   -- opts.json, opts.db, opts.set[i]; positional in opts[1], opts[2], …
--       …
--       return 0                  -- exit status; or nil, message [, status] (default 1), printed by lua/main.lua
--     end
--
-- Values come as `--db FILE`, `--db=FILE`, `-d FILE` or `-dFILE`; short switches may be joined; `--` ends options.
-- A mistake raises an object that lua/main.lua prints as "perilune: …" and turns into exit status 2.
local suggest = require "suggest"

local M = {}

local Exit = {}
Exit.__index = Exit
Exit.__tostring = function(self) return self.message or "exit" end

--- Ends the command: prints "perilune: MESSAGE" (a string, a list of lines, or nil for none) and exits with `status`.
function M.exit(status, message)
  error(setmetatable({ status = status, message = message }, Exit), 0)
end

--- Ends the command with a mistake in its use (exit status 2). `command` (a module as above) adds its usage line.
function M.usage_error(message, command)
  error(setmetatable({ status = 2, message = message, command = command }, Exit), 0)
end

--- Whether an error object came from `exit` or `usage_error`.
function M.is_exit(object)
  return getmetatable(object) == Exit
end

local function key_of(option) return (option[1]:gsub("-", "_")) end

local function index_options(command)
  local long, short, names = {}, {}, { "--help" }
  for _, option in ipairs(command.options or {}) do
    long[option[1]] = option
    if option.short then short[option.short] = option end
    names[#names + 1] = "--" .. option[1]
  end
  return long, short, names
end

local function convert(option, shown, text, command)
  local kind = option.type
  if option.choices then
    for _, choice in ipairs(option.choices) do
      if choice == text then return text end
    end
    M.usage_error(("%s: '%s' is not one of %s%s"):format(shown, text, table.concat(option.choices, ", "),
      suggest.hint(text, option.choices)), command)
  end
  if kind ~= "number" and kind ~= "integer" then return text end
  local number = text:match("^[+-]?[%d.]") and tonumber(text) or nil
  if not number or number ~= number or (kind == "integer" and number % 1 ~= 0) then
    M.usage_error(("%s: '%s' is not %s"):format(shown, text, kind == "integer" and "a whole number" or "a number"),
      command)
  end
  if option.min and number < option.min then
    M.usage_error(("%s: %s is below %s"):format(shown, text, tostring(option.min)), command)
  end
  if option.max and number > option.max then
    M.usage_error(("%s: %s is above %s"):format(shown, text, tostring(option.max)), command)
  end
  return number
end

local function store(opts, option, value, shown, command)
  local key = key_of(option)
  if option.repeated then
    opts[key] = opts[key] or {}
    table.insert(opts[key], value)
  elseif opts[key] ~= nil and option.value then
    M.usage_error(shown .. " is given twice", command)
  else
    opts[key] = value
  end
end

local function count_text(n) return n == 1 and "1 argument" or n .. " arguments" end

local function check_count(opts, command)
  local n, min, max = #opts, command.min or 0, command.max
  if n >= min and (not max or n <= max) then return end
  if n > (max or n) then
    M.usage_error(("unexpected argument '%s'"):format(opts[max + 1]), command)
  end
  M.usage_error(n == 0 and "an argument is missing" or
    ("expected at least %s, got %d"):format(count_text(min), n), command)
end

--- Parses `argv` (a list of strings) by `command.options`; see the head of this file. With
-- `command.stop_at_first` options end at the first positional argument (for commands that pass arguments on).
-- Returns a table of options (dashes in names become underscores) with the positional arguments in its list part.
function M.parse(argv, command)
  local long, short, names = index_options(command)
  local opts, given = {}, {}
  local i, n = 1, #argv

  local function value_of(option, shown, attached)
    if attached then return attached end
    i = i + 1
    if i > n then M.usage_error(("%s needs a value (%s)"):format(shown, option.value), command) end
    return argv[i]
  end

  while i <= n do
    local word = argv[i]
    local name, attached = word:match("^%-%-([^=]+)=?(.*)$")
    if word == "--" then
      for j = i + 1, n do opts[#opts + 1] = argv[j] end
      break
    elseif name then
      if not word:find("=", 1, true) then attached = nil end
      local option = long[name]
      local shown = "--" .. name
      if not option then
        if name == "help" then error(setmetatable({ status = 0, help_of = command }, Exit), 0) end
        M.usage_error(("unknown option '%s'%s"):format(shown, suggest.hint(shown, names)), command)
      end
      if option.value then
        store(opts, option, convert(option, shown, value_of(option, shown, attached), command), shown, command)
      elseif attached then
        M.usage_error(shown .. " takes no value", command)
      else
        store(opts, option, true, shown, command)
      end
      given[key_of(option)] = true
    elseif word:match("^%-.") and not (word:match("^%-[%d.]") and not short[word:sub(2, 2)]) then
      local j = 2
      while j <= #word do
        local letter = word:sub(j, j)
        local option, shown = short[letter], "-" .. letter
        if not option then
          if letter == "h" then error(setmetatable({ status = 0, help_of = command }, Exit), 0) end
          M.usage_error(("unknown option '%s'%s"):format(shown,
            j == 2 and #word > 2 and suggest.hint("-" .. word, names) or ""), command)
        end
        given[key_of(option)] = true
        if option.value then
          local rest = j < #word and word:sub(j + 1):gsub("^=", "") or nil
          store(opts, option, convert(option, shown, value_of(option, shown, rest), command), shown, command)
          break
        end
        store(opts, option, true, shown, command)
        j = j + 1
      end
    else
      opts[#opts + 1] = word
      if command.stop_at_first then
        for k = i + 1, n do opts[#opts + 1] = argv[k] end
        break
      end
    end
    i = i + 1
  end
  for _, option in ipairs(command.options or {}) do
    local key = key_of(option)
    if not given[key] and option.default ~= nil then opts[key] = option.default end
  end
  check_count(opts, command)
  return opts
end

--- The help text of a command: usage, what it does, its options.
function M.help_text(command)
  local lines = {}
  local usages = type(command.usage) == "table" and command.usage or { command.usage }
  for i, usage in ipairs(usages) do lines[#lines + 1] = (i == 1 and "usage: " or "       ") .. usage end
  lines[#lines + 1] = ""
  lines[#lines + 1] = command.help
  if command.details then
    lines[#lines + 1] = ""
    lines[#lines + 1] = command.details
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = "options:"
  local rows, width = {}, 0
  local function add(left, right)
    rows[#rows + 1] = { left, right }
    width = math.max(width, #left)
  end
  for _, option in ipairs(command.options or {}) do
    local left = (option.short and "-" .. option.short .. ", " or "") .. "--" .. option[1] ..
      (option.value and " " .. option.value or "")
    local right = option.help or ""
    if option.choices then right = right .. " (" .. table.concat(option.choices, ", ") .. ")" end
    if option.repeated then right = right .. " (may be given more than once)" end
    if option.default ~= nil then right = right .. " (default " .. tostring(option.default) .. ")" end
    add(left, right)
  end
  add("-h, --help", "print this help")
  for _, row in ipairs(rows) do
    lines[#lines + 1] = ("  %-" .. width .. "s  %s"):format(row[1], row[2])
  end
  return table.concat(lines, "\n") .. "\n"
end

return M

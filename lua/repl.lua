--- The prompt: reads Lua, evaluates it, prints values readably; a mistake does not end the session.
local ffi = require "ffi"
local abi = require "abi"
local args = require "args"
local inspect = require "inspect"
local suggest = require "suggest"

local M = {}

local PROMPT, CONTINUATION = "> ", ">> "
local MAX_WORDS = 4000 -- that Tab completes from

-- Every module in lua/ is a global at the prompt, loaded when first used, but for these and parts of others ("x_y").
local HIDDEN = { args = true, commands = true, library = true, main = true, repl = true }

local HELP = [[
Type Lua: the value of an expression is printed, `_` is the last one. A line that is not complete goes on.
Names are kept from line to line, but not `local` ones. Modules are loaded when their name is used:
  %s

  help(x)     what a function or module is for      pp(x, …)    print values readably
  help "rsi"  all about an indicator                feature.list(), feature.plot(bars, "sma(20)")
  Tab         complete a name                       Ctrl-R      search the history
  Ctrl-C      stop what runs (twice: leave)         Ctrl-D      leave

C functions: abi.C.pln_…; the headers in src/abi describe them.
]]

local function available()
  local names = {}
  local folder = abi.C.pln_folder_new(ffi.string(abi.C.pln_host_home()) .. "/lua", ".lua")
  if folder == nil then return names end
  for i = 0, abi.C.pln_folder_count(folder) - 1 do
    local name = ffi.string(abi.C.pln_folder_name(folder, i)):match("^(%l+)%.lua$")
    if name and not HIDDEN[name] then names[#names + 1] = name end
  end
  abi.C.pln_folder_free(folder)
  return names
end

-- Lines of comment right above a line of a file, without their dashes.
local function comment_above(path, line)
  local file = io.open(path)
  if not file then return nil end
  local lines, n = {}, 0
  for text in file:lines() do
    n = n + 1
    if n >= line then break end
    local comment = text:match("^%s*%-%-%-?%s?(.*)$")
    if comment then
      lines[#lines + 1] = comment
    else
      lines = {}
    end
  end
  file:close()
  return lines[1] and table.concat(lines, "\n") or nil
end

local function help_function(value)
  local info = debug.getinfo(value, "S")
  local text = inspect.format(value)
  local comment = info.source:sub(1, 1) == "@" and comment_above(info.source:sub(2), info.linedefined)
  return comment and text .. "\n" .. comment or text
end

local function help_module(value)
  local names = {}
  for name, item in pairs(value) do
    if type(name) == "string" and type(item) == "function" then names[#names + 1] = name end
  end
  table.sort(names)
  if #names == 0 then return inspect.format(value) end
  local lines = {}
  for _, name in ipairs(names) do
    local parameters = inspect.format(value[name]):match("%((.-)%)") or "…"
    local info = debug.getinfo(value[name], "S")
    local comment = info.source:sub(1, 1) == "@" and comment_above(info.source:sub(2), info.linedefined)
    lines[#lines + 1] = ("%s(%s)%s"):format(name, parameters, comment and "\n    " .. comment:match("[^\n]*") or "")
  end
  return table.concat(lines, "\n")
end

local function make_environment(session)
  local environment = {}
  local named = {}
  for _, name in ipairs(available()) do named[name] = true end
  local help = setmetatable({}, {
    __tostring = function() return (HELP:format(table.concat(available(), " ")):gsub("\n$", "")) end,
    __call = function(self, ...)
      if select("#", ...) == 0 then return print(tostring(self)) end
      local value = ...
      if type(value) == "function" then return print(help_function(value)) end
      if type(value) == "table" then
        local meta = getmetatable(value)
        return print(type(meta) == "table" and meta.__tostring and tostring(value) or help_module(value))
      end
      if type(value) == "string" then
        local info, message = require("feature").info(value)
        return print(info and tostring(info) or message)
      end
      print(inspect.format(value))
    end,
  })
  environment.help = help
  environment.ffi = ffi
  environment._G = environment
  function environment.pp(...)
    for i = 1, select("#", ...) do io.write(inspect.format((select(i, ...))), "\n") end
  end
  local leave = setmetatable({}, {
    __tostring = function()
      session.done = true
      return ""
    end,
    __call = function(_, status) args.exit(status or 0) end,
  })
  environment.exit, environment.quit = leave, leave
  return setmetatable(environment, {
    __index = function(self, name)
      local value = _G[name]
      if value == nil and named[name] then
        value = require(name)
        rawset(self, name, value)
      end
      return value
    end,
  }), named
end

-- Whether more lines may complete a text. "a; b.c" could go on too, but is far likelier to be a mistake.
local function goes_on(message)
  return message:find("'<eof>'$") and not message:find("'=' expected near '<eof>'", 1, true)
    and not message:find("syntax error near '<eof>'", 1, true)
end

-- "incomplete", or a function, or nil and the message.
local function compile(text, name, environment)
  local chunk, as_value = loadstring("return " .. text, name)
  local message
  if not chunk then
    chunk, message = loadstring(text, name)
    if not chunk and (goes_on(message) or goes_on(as_value)) then return "incomplete" end
  end
  if not chunk then return nil, message end
  return setfenv(chunk, environment)
end

local function source_line(message, text)
  local path, line = message:match("^([^\n:]+):(%d+): ")
  if not path then return nil end
  line = tonumber(line)
  local n = 0
  if path == "prompt" then
    for found in (text .. "\n"):gmatch("(.-)\n") do
      n = n + 1
      if n == line and text:find("\n", 1, true) then return found end
    end
    return nil
  end
  local file = io.open(path)
  if not file then return nil end
  for found in file:lines() do
    n = n + 1
    if n == line then
      file:close()
      return found
    end
  end
  file:close()
end

local function describe_error(object, text, environment)
  if type(object) ~= "string" then return inspect.format(object) end
  local message = object
  local global = object:match("global '([%w_]+)' %(a nil value%)")
  if global then
    local names = {}
    for name in pairs(environment) do names[#names + 1] = name end
    for name in pairs(_G) do names[#names + 1] = name end
    for _, name in ipairs(available()) do names[#names + 1] = name end
    table.sort(names)
    message = message .. suggest.hint(global, names)
  end
  local line = source_line(object, text)
  return line and message .. "\n    " .. line:match("^%s*(.-)%s*$") or message
end

local Session = {}
Session.__index = Session

--- A session; `write(text)` and `complain(text)` get what it prints (default: standard output and error).
function M.new(options)
  options = options or {}
  local session = setmetatable({
    write = options.write or function(text) io.stdout:write(text) end,
    complain = options.complain or function(text) io.stderr:write(text) end,
    failed = false,
  }, Session)
  session.environment, session.modules = make_environment(session)
  return session
end

function Session:print_results(ok, ...)
  local first = ...
  if not ok then
    if args.is_exit(first) then
      self.done, self.status = true, first.status
      if first.message then self.complain("perilune: " .. tostring(first.message) .. "\n") end
      return
    end
    self.failed = true
    self.complain("perilune: " .. first .. "\n")
    return
  end
  local n = select("#", ...)
  if n == 0 then return end
  self.environment._ = first
  for i = 1, n do
    local shown, text = pcall(inspect.format, (select(i, ...)))
    if not shown then text = "cannot be printed: " .. tostring(text) end
    if text ~= "" then self.write(text .. "\n") end
  end
end

--- Evaluates a piece of Lua. Returns false where it is not complete, so that more lines have to come.
function Session:evaluate(text)
  if not text:find("%S") then return true end
  local chunk, message = compile(text, "=prompt", self.environment)
  if chunk == "incomplete" then return false end
  if not chunk then
    self.failed = true
    self.complain("perilune: " .. describe_error(message, text, self.environment) .. "\n")
    return true
  end
  jit.off(chunk) -- Ctrl-C does not reach a compiled loop; what the line calls is compiled all the same
  abi.C.pln_interrupt_begin()
  self:print_results(xpcall(chunk, function(object)
    if args.is_exit(object) then return object end
    return describe_error(object, text, self.environment)
  end))
  abi.C.pln_interrupt_end()
  return true
end

--- Words that Tab completes: what the session's globals and their fields are called.
function Session:words()
  local words, seen = {}, {}
  local function add(word)
    if #words < MAX_WORDS and not seen[word] and word:match("^[%a_][%w_.]*$") then
      seen[word] = true
      words[#words + 1] = word
    end
  end
  local function add_fields(prefix, value, depth)
    if type(value) ~= "table" or depth == 0 then return end
    for name, item in pairs(value) do
      if type(name) == "string" then
        add(prefix .. name)
        if item ~= value then add_fields(prefix .. name .. ".", item, depth - 1) end
      end
    end
  end
  for _, environment in ipairs { self.environment, _G } do
    for name, value in pairs(environment) do
      if type(name) == "string" then
        add(name)
        if name ~= "_G" and name ~= "package" then add_fields(name .. ".", value, 2) end
      end
    end
  end
  for name in pairs(self.modules) do
    add(name)
    if name ~= "abi" then
      local ok, module = pcall(require, name)
      if ok then add_fields(name .. ".", module, 1) end
    end
  end
  for name in ffi.string(abi.C.pln_abi_text()):gsub("/%*.-%*/", ""):gmatch("[%s*](pln_[%w_]+)%s*%(") do
    add("abi.C." .. name)
  end
  table.sort(words)
  return words
end

local function history_file()
  local named = os.getenv "PERILUNE_HISTORY"
  if named then return named ~= "" and named or nil end
  local state = os.getenv "XDG_STATE_HOME"
  if state and state ~= "" then return state .. "/perilune/history" end
  local home = os.getenv "HOME"
  return home and home ~= "" and home .. "/.local/state/perilune/history" or nil
end

-- Calls `read(prompt)` for lines until it gives none: text, nil ("end") or nil, "interrupted".
local function loop(session, read)
  local pending
  while not session.done do
    local line, reason = read(pending and CONTINUATION or PROMPT)
    if line then
      local text = pending and pending .. "\n" .. line or line
      if session:evaluate(text) then
        pending = nil
      else
        pending = text
      end
      io.stdout:flush()
    elseif reason == "interrupted" then
      pending = nil
    else
      if pending then
        session.failed = true
        session.complain("perilune: " .. select(2, loadstring(pending, "=prompt")) .. "\n")
      end
      break
    end
  end
end

--- The session at a terminal, with line editing and history. Returns the exit status, or nil and a message.
function M.interactive()
  local editor, message = abi.check(abi.C.pln_line_edit_new(history_file()))
  if not editor then return nil, message end
  ffi.gc(editor, abi.C.pln_line_edit_free)
  local session = M.new()
  io.write(("Perilune %s. Type help for help, Ctrl-D to leave.\n"):format(ffi.string(abi.C.pln_version())))
  local line = ffi.new "pln_line"
  local finished = 0
  loop(session, function(prompt)
    local words = table.concat(session:words(), "\n") .. "\n"
    abi.C.pln_line_edit_set_words(editor, words, #words)
    io.stdout:flush()
    local status = abi.C.pln_line_edit_read(editor, prompt, line)
    if status == abi.C.PLN_ERR_INTERRUPTED then return nil, "interrupted" end
    if status < 0 then
      finished = 1
      return nil
    end
    abi.C.pln_line_edit_add(editor, line.text)
    return ffi.string(line.text, line.length)
  end)
  if finished == 1 then io.write("\n") end
  abi.C.pln_line_edit_free(ffi.gc(editor, nil))
  return session.status or 0
end

--- Evaluates what comes in on a stream (default: standard input). Returns 1 where something failed, else 0.
function M.from_stream(stream)
  local session = M.new()
  stream = stream or io.stdin
  loop(session, function() return stream:read("*l") end)
  return session.status or (session.failed and 1 or 0)
end

return M

--- Entry of the executable: dispatches `perilune COMMAND …` to lua/cli/COMMAND.lua and returns the exit status:
-- 0 success, 1 the run failed, 2 usage or configuration. This is the one place that prints errors.
require("safe_pairs").install(_G)

local args = require "args"
local commands = require "commands"
local suggest = require "suggest"

local function complain(message)
  if message == nil then return end
  for _, line in ipairs(type(message) == "table" and message or { message }) do
    io.stderr:write("perilune: ", tostring(line), "\n")
  end
end

local function finish(status)
  -- A reader that went away (| head) is no error to report; a full disk is.
  local ok, message, code = io.stdout:flush()
  local EPIPE = 32
  if not ok then
    if code ~= EPIPE then complain("standard output: " .. tostring(message)) end
    if status == 0 then status = 1 end
  end
  return status
end

local function ended(object)
  if object.help_of then
    io.stdout:write(args.help_text(object.help_of))
    return 0
  end
  complain(object.message)
  if object.status == 2 and object.command then
    local usage = object.command.usage
    for i, line in ipairs(type(usage) == "table" and usage or { usage }) do
      io.stderr:write(i == 1 and "usage: " or "       ", line, "\n")
    end
  end
  return object.status
end

local function handler(object)
  if args.is_exit(object) then return object end
  return debug.traceback("perilune: internal error, please report it: " .. tostring(object), 2)
end

local function dispatch(argv)
  local name = argv[1]
  if name == nil or name == "-h" or name == "--help" then
    if name == nil then
      io.stderr:write(commands.overview())
      return 2
    end
    name = "help"
  elseif name == "--version" or name == "-V" then
    name = "version"
  elseif name:sub(1, 1) == "-" then
    args.usage_error(("unknown option '%s'%s"):format(name, suggest.hint(name, { "--help", "--version" })),
      commands.program)
  end
  local command, message = commands.load(name)
  if not command then args.usage_error(message, commands.program) end
  local rest = {}
  for i = 2, #argv do rest[i - 1] = argv[i] end
  local status, failure, failure_status = command.run(rest)
  if status == nil and failure ~= nil then
    complain(failure)
    return failure_status or 1
  end
  return status or 0
end

local ok, result = xpcall(dispatch, handler, { ... })
if ok then return finish(result) end
if args.is_exit(result) then return finish(ended(result)) end
if tostring(result):find "^[^\n]*not enough memory" then
  collectgarbage()
  complain "not enough memory (engine.memory_limit_mb bounds what Lua may hold)"
  return finish(1)
end
io.stderr:write(result, "\n")
return finish(1)

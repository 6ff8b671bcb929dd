--- perilune exec SCRIPT.lua ARGS: runs a script with Perilune's modules on its path.
local args = require "args"

local M = {
  help = "Run a Lua script with Perilune's modules at hand",
  usage = "perilune exec SCRIPT.lua [ARG…]",
  details = "The script sees its arguments as `...` and in `arg`, finds every module of Perilune by `require` and,\n" ..
    "after those, Lua files beside itself. The number that it returns is the exit status.",
  min = 1,
  stop_at_first = true,
}

local function handler(object)
  if args.is_exit(object) then return object end
  -- The script's own part of the stack: what called it is the engine's.
  local trace = debug.traceback(tostring(object), 2)
  local own = trace:find("\n[^\n]*: in main chunk\n")
  if not own then return trace end
  return trace:sub(1, (trace:find("\n", own + 1, true) or #trace + 1) - 1)
end

function M.run(argv)
  local opts = args.parse(argv, M)
  local path = opts[1]
  local chunk, message = loadfile(path)
  if not chunk then return nil, message, 2 end
  package.path = package.path .. ";" .. (path:match("^(.*/)") or "./") .. "?.lua"
  _G.arg = { [0] = path, unpack(opts, 2) }
  local ok, result = xpcall(chunk, handler, unpack(opts, 2))
  if not ok then
    if args.is_exit(result) then error(result, 0) end
    return nil, result
  end
  if type(result) == "number" then return result end
  return result == false and 1 or 0
end

return M

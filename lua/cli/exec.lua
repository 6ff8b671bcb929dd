--- perilune exec SCRIPT.lua ARGS: runs a script with Perilune's modules on its path.
local M = {}
M.help = "Run a Lua script with Perilune's modules at hand"

function M.run(args)
  local path = args[1]
  if not path then
    io.stderr:write("usage: perilune exec SCRIPT.lua [ARG…]\n")
    return 2
  end
  local chunk, message = loadfile(path)
  if not chunk then
    io.stderr:write("perilune: ", message, "\n")
    return 2
  end
  _G.arg = { [0] = path, unpack(args, 2) }
  local ok, result = xpcall(chunk, debug.traceback, unpack(args, 2))
  if not ok then
    io.stderr:write("perilune: ", tostring(result), "\n")
    return 1
  end
  return type(result) == "number" and result or 0
end

return M

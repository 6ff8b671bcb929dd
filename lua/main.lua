--- Entry of the executable: dispatches `perilune COMMAND …` to lua/cli/COMMAND.lua.
local command, rest = (...), { select(2, ...) }
local ok, module = pcall(require, "cli." .. tostring(command))
if not ok then
  io.stderr:write(("perilune: unknown command '%s'\n"):format(tostring(command)))
  return 2
end
return module.run(rest)

--- Where libperilune.so is, for a LuaJIT that is not the perilune executable.
local M = {}

local PLACES = { "/build/libperilune.so", "/../../lib/libperilune.so" }

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

--- The folder that holds lua/: that of this file. Absolute or relative as LuaJIT was given it.
M.home = debug.getinfo(1, "S").source:match("^@(.*)/lua/library%.lua$") or "."

--- The library to load: PERILUNE_LIBRARY, or the one that belongs to these Lua files (a build in the source tree, or
-- PREFIX/lib beside PREFIX/share/perilune), or whatever the dynamic linker knows under that name.
function M.path()
  local named = os.getenv "PERILUNE_LIBRARY"
  if named and named ~= "" then return named end
  for _, place in ipairs(PLACES) do
    if exists(M.home .. place) then return M.home .. place end
  end
  return "perilune"
end

return M

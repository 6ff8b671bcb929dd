-- Runs one luaunit suite: perilune exec tests/run_suite.lua tests/lua/test_x.lua [luaunit options]
-- A suite is a file that defines globals named Test*; one that defines none fails, since luaunit would call that OK.
local path = ...
local home = os.getenv "PERILUNE_HOME" or "."
package.path = home .. "/tests/?.lua;" .. package.path
_G.arg = { [0] = path, select(2, ...) } -- luaunit reads the command line when it is loaded
local lu = require "luaunit"
_G.lu = lu

-- Temporary files lie in a folder that goes when the suite ends, with what SQLite puts beside them.
local pipe = assert(io.popen("mktemp -d"))
local scratch, scratch_files = pipe:read("*l"), 0
pipe:close()
function os.tmpname()
  scratch_files = scratch_files + 1
  local name = ("%s/%d"):format(scratch, scratch_files)
  assert(io.open(name, "wb")):close()
  return name
end
assert(loadfile(path))()
local found = false
for name, value in pairs(_G) do
  if type(name) == "string" and name:match("^Test") and type(value) == "table" then found = true end
end
if not found then error(path .. " defines no global Test* table", 0) end
local runner = lu.LuaUnit.new()
runner:setOutputType("text")
local status = runner:runSuite()
os.execute(("rm -rf '%s'"):format(scratch))
return status

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
-- Tests are not compiled, so that what they compare with is the interpreter's; but for those of compilation.
local is_compiled = path:find "tests/jit/" ~= nil
local function load_interpreted(file)
  local chunk = assert(loadfile(file))
  if not is_compiled then jit.off(chunk, true) end
  return chunk
end
table.insert(package.loaders, 2, function(name)
  local file = home .. "/tests/" .. name:gsub("%.", "/") .. ".lua"
  local handle = io.open(file)
  if not handle then return "\n\tno file '" .. file .. "'" end
  handle:close()
  return load_interpreted(file)
end)
load_interpreted(path)()
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

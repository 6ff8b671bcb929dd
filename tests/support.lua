--- Helpers that Lua suites share.
local shell = require "shell"

local M = {}

M.home = os.getenv "PERILUNE_HOME" or "."
M.perilune = os.getenv "PLN_TEST_PERILUNE" or (M.home .. "/build/perilune")

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

--- Path of a file of real market data or of a reference; skips the test where it is absent.
function M.shared(path)
  local full = (os.getenv "PLN_TEST_SHARED" or (M.home .. "/../shared")) .. "/" .. path
  if not exists(full) then lu.skip("no " .. path .. " beside the project") end
  return full
end

function M.read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

function M.write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  return path
end

--- A fresh folder; removed by M.cleanup.
local folders = {}
function M.folder()
  local pipe = assert(io.popen("mktemp -d"))
  local path = pipe:read("*l")
  pipe:close()
  folders[#folders + 1] = path
  return path
end

function M.cleanup()
  for _, path in ipairs(folders) do os.execute(("rm -rf '%s'"):format(path)) end
  folders = {}
end

--- Runs the executable as a user would.
-- @return exit status, standard output, standard error
function M.run(...)
  local ran = shell.perilune({ ... }, { program = M.perilune })
  return ran.status, ran.out, ran.err
end

--- Rows of a CSV without quotes as tables by column name; values stay text.
function M.csv(text)
  local rows, names = {}, nil
  for line in text:gmatch("[^\r\n]+") do
    local cells, n = {}, 0
    for cell in (line .. ","):gmatch("([^,]*),") do
      n = n + 1
      cells[n] = cell
    end
    if not names then
      names = cells
    else
      local row = {}
      for k, name in ipairs(names) do row[name] = cells[k] end
      rows[#rows + 1] = row
    end
  end
  return rows
end

--- Text of a gzip file.
function M.gunzip(path)
  local pipe = assert(io.popen("gzip -dc " .. shell.quote(path)))
  local text = pipe:read("*a")
  pipe:close()
  return text
end

--- Asserts that two numbers agree to a relative tolerance.
function M.close(seen, expected, tolerance, what)
  if seen == expected then return end
  local scale = math.max(math.abs(expected), 1e-300)
  if seen ~= seen or math.abs(seen - expected) > tolerance * scale then
    lu.fail(("%s: %.17g, expected %.17g (relative difference %.3g, allowed %.1g)"):format(what, seen, expected,
      math.abs(seen - expected) / scale, tolerance))
  end
end

return M

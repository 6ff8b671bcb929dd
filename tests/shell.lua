--- Runs the executable as a user does, for tests of the command line.
local M = {}

--- A word, quoted for the shell.
function M.quote(word) return "'" .. tostring(word):gsub("'", [['\'']]) .. "'" end

local function take(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  os.remove(path)
  return text
end

--- Runs `perilune WORDS…` (a list); `options.input` is its standard input, `options.env` a list of "NAME=value",
-- `options.program` the executable where it is not PLN_TEST_PERILUNE's.
-- Returns { status = n, out = text, err = text }; a status above 128 means that a signal ended it.
function M.perilune(words, options)
  options = options or {}
  local program = options.program or assert(os.getenv "PLN_TEST_PERILUNE", "PLN_TEST_PERILUNE is not set")
  local out, err, input = os.tmpname(), os.tmpname(), os.tmpname()
  local file = assert(io.open(input, "wb"))
  file:write(options.input or "")
  file:close()
  local parts = { "env" }
  for _, setting in ipairs(options.env or {}) do parts[#parts + 1] = M.quote(setting) end
  parts[#parts + 1] = M.quote(program)
  for _, word in ipairs(words) do parts[#parts + 1] = M.quote(word) end
  local line = table.concat(parts, " ") .. " <" .. input .. " >" .. out .. " 2>" .. err
  local status = os.execute(line)
  os.remove(input)
  return { status = status >= 256 and math.floor(status / 256) or status, out = take(out), err = take(err) }
end

--- Writes a temporary file that the caller removes; returns its path.
function M.temporary(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  return path
end

return M

--- perilune features check [NAME…]: checks indicators in Lua as the built-in ones are checked.
local args = require "args"
local check = require "indicator_check"
local feature = require "feature"
local indicator_hub = require "indicator_hub"

local M = {
  help = "Check indicators written in Lua: vectors, any chunking, compiled and interpreted, odd prices",
  usage = "perilune features check [NAME|FILE.lua…]",
  options = {},
  details = [[
Without a NAME all of the folder `indicators`, of PERILUNE_PATH and of the installation. The vectors of NAME.lua are in
NAME.csv beside it (docs/indicators_lua.md). Exit status 1 where something is wrong.]],
}

local function library_of(opts)
  local library, names = indicator_hub.default(), {}
  for i, word in ipairs(opts) do
    if word:find "%.lua$" then
      local def, message = require("registry").load_file(word)
      if not def then return nil, message end
      if def.kind ~= "indicator" then return nil, ("%s: a %s, not an indicator"):format(word, def.kind) end
      library:add(def)
      names[i] = def.name
    else
      names[i] = word
    end
  end
  return library, names
end

function M.run(argv)
  local opts = args.parse(argv, M)
  local library, names = library_of(opts)
  if not library then return nil, names end
  local defs, errors = library:list()
  local status = 0
  if #names == 0 then
    for i, def in ipairs(defs) do names[i] = def.name end
    for _, message in ipairs(errors) do
      io.stderr:write("perilune: ", message, "\n")
      status = 1
    end
    if #names == 0 and status == 0 then return nil, "there are no indicators in Lua (in the folder indicators)" end
  end
  for _, name in ipairs(names) do
    local info, message = feature.info(name, library)
    if not info then return nil, message, 2 end
    if not info.file then return nil, name .. " is built in: its tests are the project's", 2 end
    local lines
    lines, message = check.check(info, library)
    io.write(name, lines and "" or ": wrong", "\n")
    for _, line in ipairs(lines or {}) do io.write("  ", line, "\n") end
    if not lines then
      io.stderr:write("perilune: ", name, ": ", message, "\n")
      status = 1
    end
  end
  return status
end

return M

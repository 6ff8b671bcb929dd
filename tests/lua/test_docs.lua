-- The examples in the documentation: YAML that the schema accepts as far as it goes, Lua that compiles.
local config = require "config"
local support = require "support"

TestDocs = {}

local PAGES = { "README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/configuration.md", "docs/data.md",
  "docs/database.md", "docs/ensemble.md", "docs/execution.md", "docs/expressions.md", "docs/features.md",
  "docs/indicators_lua.md", "docs/instruments.md", "docs/lua_api.md", "docs/overfitting.md", "docs/replay.md",
  "docs/statistics.md", "docs/strategies.md", "docs/sweeps.md", "docs/windows.md", "docs/workflows.md" }

local function blocks(language)
  local found = {}
  for _, page in ipairs(PAGES) do
    for body in support.read(support.home .. "/" .. page):gmatch("```" .. language .. "\n(.-)\n```") do
      found[#found + 1] = { page = page, body = body }
    end
  end
  return found
end

function TestDocs.test_yaml()
  local list = blocks "yaml"
  lu.assertTrue(#list >= 4)
  for _, block in ipairs(list) do
    local cfg, errors = config.from_text(block.body, block.page)
    for _, item in ipairs(cfg and {} or errors) do -- an excerpt may leave out what is required
      lu.assertStrContains(tostring(item), ": missing;", false, block.body .. "\n" .. tostring(item))
    end
  end
end

function TestDocs.test_lua()
  local list = blocks "lua"
  lu.assertTrue(#list >= 6)
  for _, block in ipairs(list) do
    local chunk, message = loadstring(block.body, "@" .. block.page)
    chunk = chunk or loadstring("return {" .. block.body .. "\n}") -- the fields of a strategy
    lu.assertNotNil(chunk, block.body .. "\n" .. tostring(message))
  end
end

local RUN = { ["docs/overfitting.md"] = true, ["docs/statistics.md"] = true, ["docs/windows.md"] = true }

function TestDocs.test_examples_of_statistics_run()
  local n = 0
  for _, block in ipairs(blocks "lua") do
    if RUN[block.page] then
      local shown = {}
      local chunk = assert(loadstring(block.body, "@" .. block.page))
      setfenv(chunk, setmetatable({ print = function(...) shown[#shown + 1] = { ... } end }, { __index = _G }))
      chunk()
      lu.assertTrue(#shown > 0, block.body)
      n = n + 1
    end
  end
  lu.assertTrue(n >= 9)
end

--- What a combo is, whatever grid it stands in: a hash of all that decides its results but the data's content.
local abi = require "abi"
local config = require "config"
local registry = require "registry"

local M = {}

-- Sections of a configuration that decide a combo's results, those of portfolios and execution apart.
local SECTIONS = { "seed", "data", "symbols", "strategies", "classifiers", "statistics", "engine", "benchmark", "risk",
  "instruments", "corporate_actions", "universe", "halts", "fx" }
local ITEMS = { strategies = true, classifiers = true }
-- Of a strategy: its parameters are the combo's, and its file counts by its content.
local OF_THE_FILE = { params = true, type = true, file = true }

M.hash = abi.hash128

local function content(path, contents)
  if contents[path] then return contents[path] end
  local file = io.open(path, "rb")
  local text = file and file:read "*a" or ""
  if file then file:close() end
  contents[path] = M.hash(text)
  return contents[path]
end

local function without_params(list)
  local made = {}
  for i, item in ipairs(list) do
    made[i] = {}
    for key, value in pairs(item) do
      if not OF_THE_FILE[key] then made[i][key] = value end
    end
  end
  return made
end

-- The files that a plan's combos run.
local function sources(plan, contents)
  local parts = {}
  local function add(what, path) parts[#parts + 1] = what .. " " .. content(path, contents) end
  for _, item in ipairs(plan.items) do add(item.id, item.def.file) end
  for _, item in ipairs(plan.lua_models or {}) do add("model", item.def.file) end
  local rules = {}
  for _, item in pairs(plan.lua_rules or {}) do rules[#rules + 1] = item.def.file end
  table.sort(rules)
  for _, path in ipairs(rules) do add("rule", path) end
  if plan.folder then
    for _, file in ipairs(registry.files_of(plan.folder .. "/indicators") or {}) do
      add(file, plan.folder .. "/indicators/" .. file)
    end
  end
  return table.concat(parts, "\n")
end

--- The part of a block that its combos have in common, as text.
-- @param index_of place of each symbol in the file, from 0: a synthetic market differs by it
function M.block(block, index_of, contents)
  local cfg, made = block.cfg, {}
  for _, key in ipairs(SECTIONS) do
    made[key] = ITEMS[key] and without_params(cfg[key] or {}) or cfg[key]
  end
  if cfg.topology then made.topology = { insert = without_params(cfg.topology.insert) } end
  local parts = { config.canonical(made), sources(block.plan, contents) }
  for i, symbol in ipairs(cfg.symbols) do
    local index = index_of and index_of[symbol.symbol] or i - 1
    if index ~= i - 1 and (symbol.data and symbol.data.source or cfg.data.source) == "synthetic" then
      parts[#parts + 1] = ("%s is symbol %d"):format(symbol.symbol, index)
    end
  end
  return M.hash(table.concat(parts, "\n"))
end

--- Portfolios and execution, as text.
function M.account(portfolios, execution)
  return M.hash(config.canonical { portfolios = portfolios, execution = execution })
end

--- The parameters of a combo, as text.
function M.point(items, point)
  local parts = {}
  for k, item in ipairs(items) do
    parts[#parts + 1] = item.id
    for _, param in ipairs(item.def.params) do
      local value = point[k][param.name]
      parts[#parts + 1] = ("%s=%s"):format(param.name, type(value) == "number" and ("%.17g"):format(value)
        or type(value) .. " " .. tostring(value))
    end
  end
  return table.concat(parts, "\n")
end

return M

--- The components that a configuration inserts into its topologies: signal_filter{…} files, of the folder components/
-- beside the configuration, of the installation, or named by `file`.
local ffi = require "ffi"
local abi = require "abi"
local components = require "components"
local config = require "config"
local registry = require "registry"
local C = abi.C

local M = {}

M.FOLDER = "components"

-- The streams of all strategies, each once.
local function streams_of(plan)
  local list, seen = {}, {}
  for _, strategy in ipairs(plan.strategies) do
    for _, stream in ipairs(strategy.streams) do
      if not seen[stream.name] then
        seen[stream.name] = true
        list[#list + 1] = stream
      end
    end
  end
  return list
end

--- Fills plan.components: list of { id, def, params, path, streams, kind, after, before, topic, of }.
-- @return true, or nil and a message
function M.add(plan, cfg, shared)
  plan.components = {}
  local list = cfg.topology and cfg.topology.insert or {}
  if #list == 0 then return true end
  shared.components = shared.components or registry.new {
    folders = { plan.folder .. "/" .. M.FOLDER, ffi.string(C.pln_host_home()) .. "/" .. M.FOLDER },
  }
  for index, item in ipairs(list) do
    local path = ("topology.insert.%d"):format(index - 1)
    local file = item.file
    if file and file:sub(1, 1) ~= "/" then file = plan.folder .. "/" .. file end
    local def, err = shared.components:load(file or item.type)
    if not def then return nil, config.error_at(cfg, path .. (item.file and ".file" or ".type"), err) end
    if def.kind ~= "signal_filter" then
      return nil, config.error_at(cfg, path, ("'%s' is %s, expected %s"):format(def.name, registry.A_KIND[def.kind],
        registry.A_KIND.signal_filter))
    end
    local component = {
      id = item.id or def.name, def = def, params = item.params or {}, path = path, kind = def.kind,
      after = item.after, before = item.before, topic = item.topic, streams = streams_of(plan),
    }
    local placed, problem, key = components.place(component, plan.components)
    if not placed then
      return nil, config.error_at(cfg, item[key] and path .. "." .. key or path, problem)
    end
    plan.components[index] = component
  end
  return true
end

return M

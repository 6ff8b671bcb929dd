--- Node kind `strategies`: the strategies that emit signals; sends each slice's changes on as SIGNAL batches.
local instance = require "instance"

local M = {}

--- The classifier instance that a strategy asked for, on the same stream. nil and a message if there is none.
function M.regime_of(part, strategy, stream)
  if not strategy.classifier then return nil end
  local found = part.classifiers[strategy.classifier .. "|" .. stream.name]
  if not found then
    return nil, ("strategy '%s' asks for the regimes of classifier '%s' on %s, where that classifier does not run")
      :format(strategy.id, strategy.classifier, stream.name)
  end
  return found
end

--- What the instances of a strategy are made from, but for where they write to: one for each stream, or one over all
-- symbols.
-- @return list of specs of instance.new, without what M.declare_strategy adds
function M.specs(part, strategy)
  local plan, made = part.plan, {}
  local function add(stream, symbols)
    local spec = {
      id = strategy.id, def = strategy.def, p = strategy.p, stream = part:stream(stream),
      symbols = symbols and part:streams(symbols), has_regime = strategy.classifier ~= nil, library = plan.library,
      budget = plan.engine.loop_budget, rows = plan.engine.chunk_rows, seed = plan.seed,
    }
    made[#made + 1] = spec
  end
  if strategy.def.symbols then
    add(strategy.streams[1], strategy.streams)
  else
    for _, stream in ipairs(strategy.streams) do add(stream) end
  end
  return made
end

local function declared_specs(part, strategy)
  local made = M.specs(part, strategy)
  for _, spec in ipairs(made) do
    local err
    spec.regime_of, err = M.regime_of(part, strategy, spec.stream)
    if err then return nil, err end
    spec.declared, err = part:declare(spec)
    if not spec.declared then return nil, err end
  end
  return made
end

--- Declares what the instances of a strategy will ask of the hub.
-- @return true, or nil and a message
function M.declare_strategy(part, strategy)
  local made, err = declared_specs(part, strategy)
  if not made then return nil, err end
  for _, spec in ipairs(made) do
    -- A matrix is fed from the first bar on, whenever the window begins.
    if #spec.declared.matrices > 0 then part.has_history = true end
  end
  part.n_instances = part.n_instances + #made
  return true
end

--- Makes the instances of a strategy.
-- @return list of instances, or nil and a message
function M.instances(part, strategy, overrides)
  local sinks = part.plan.sinks
  local made, err = declared_specs(part, strategy)
  if not made then return nil, err end
  for k, spec in ipairs(made) do
    spec.on_record = overrides and overrides.record or sinks.record
    spec.on_log = overrides and overrides.log or sinks.log
    made[k], err = instance.new(spec, part.hub)
    if not made[k] then return nil, err end
    part.instances[#part.instances + 1] = made[k]
  end
  return made
end

function M.declare(part)
  for _, strategy in ipairs(part.plan.strategies) do
    if not strategy.def.on_bar then
      local ok, err = M.declare_strategy(part, strategy)
      if not ok then return nil, err end
    end
  end
  return true
end

function M.new(part, node)
  local all = {}
  part.signal_instances = {} -- strategy id → instances, for the execution node's sources
  for _, strategy in ipairs(part.plan.strategies) do
    if not strategy.def.on_bar then
      local made, err = M.instances(part, strategy)
      if not made then return nil, err end
      part.signal_instances[strategy.id] = made
      for _, one in ipairs(made) do all[#all + 1] = one end
    end
  end
  -- A strategy that emits signals places no orders: its on_start and on_end get no ctx.
  local function notify(name)
    for _, one in ipairs(all) do
      local ok, err = one:notify(name, nil, one.p, one.state)
      if not ok then return nil, err end
    end
    return true
  end
  local started = false
  return {
    finish = function() return notify("on_end") end,
    step = function()
      if not started then
        started = true
        local ok, err = notify("on_start")
        if not ok then return nil, err end
      end
      for _, one in ipairs(all) do
        local changes, err = one:generate()
        if not changes then return nil, err end
        one:end_slice()
        for _, batch in ipairs(changes) do
          if batch.n > 0 then
            batch.instance = one
            local ok
            ok, err = part:emit(node, "SIGNAL", batch)
            if not ok then return nil, err end
          end
        end
      end
      return true
    end,
  }
end

return M

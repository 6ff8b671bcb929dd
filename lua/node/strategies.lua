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

--- Makes the instances of a strategy: one for each stream, or one over all symbols.
-- @return list of instances, or nil and a message
function M.instances(part, strategy, overrides)
  local plan, made = part.plan, {}
  local function add(stream, symbols)
    local regime, err = M.regime_of(part, strategy, stream)
    if err then return nil, err end
    local one
    one, err = instance.new({
      id = strategy.id, def = strategy.def, p = strategy.p, stream = stream, symbols = symbols, regime_of = regime,
      library = plan.library,
      budget = plan.engine.loop_budget, rows = plan.engine.chunk_rows, seed = plan.seed,
      on_record = overrides and overrides.record or plan.sinks.record,
      on_log = overrides and overrides.log or plan.sinks.log,
    }, part.hub)
    if not one then return nil, err end
    made[#made + 1] = one
    part.instances[#part.instances + 1] = one
    return true
  end
  if strategy.def.symbols then
    local ok, err = add(strategy.streams[1], strategy.streams)
    if not ok then return nil, err end
  else
    for _, stream in ipairs(strategy.streams) do
      local ok, err = add(stream)
      if not ok then return nil, err end
    end
  end
  return made
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

--- Instances of strategies that give their signal as a rule: the sign of a feature. No Lua runs for their bars; the
-- core finds the changes of the sign (src/abi/rule.h). Otherwise they are instances like others (lua/instance.lua).
local ffi = require "ffi"
local abi = require "abi"
local C = abi.C

local M = {}

local NOTHING = {}

-- What a strategy may have besides its rule, for which its own code runs.
local CALLBACKS = { "on_start", "on_end" }

local function has_callbacks(def)
  for _, name in ipairs(CALLBACKS) do
    if def[name] then return true end
  end
  return false
end

--- The class, made from that of all instances.
-- @param Instance what is not said here
-- @param scratch function(rows) → pln_signal[rows], whose contents nobody keeps
function M.class(Instance, scratch)
  local Rule = setmetatable({}, { __index = Instance })
  Rule.__index = Rule

  --- As instance.new.
  function Rule.new(spec, hub)
    local self = setmetatable({}, Rule)
    local def, declared, stream = spec.def, spec.declared, spec.stream
    self.id, self.def, self.p, self.hub, self.stream = spec.id, def, spec.p, hub, stream
    self.regime_of, self.matrices = spec.regime_of, NOTHING
    self.columns, self.features, self.n_features = declared.columns, declared.features, declared.n_features
    self.n_changes = 0 -- of its signal, so far
    self.rule = ffi.new("pln_signal_rule", stream.hub_id, declared.features[0],
      declared.n_features > 1 and declared.features[1] or -1, 0, stream.window_first, stream.window_last, -1, 0)
    self.out = scratch(spec.rows)
    if has_callbacks(def) then
      local ok, err = self:_init_calls(spec)
      if not ok then return nil, err end
    end
    return self
  end

  --- Runs the rule over the current slice.
  -- @return as of a strategy of signals
  function Rule:generate()
    local rule = self.rule
    if self.is_driven then return NOTHING end
    if self.regime_of and not self.warm_row then
      local known = self.regime_of.warm_row -- the regime is a feature like the others, made earlier in the slice
      if not known then return NOTHING end
      if known > rule.first_row then rule.first_row = known end
    end
    local n = tonumber(C.pln_rule_signals(rule, self.hub, self.stream.bars, self.out))
    self:see()
    if n == 0 then return NOTHING end
    return { { out = self.out, n = n } }
  end

  --- Leaves the rule to who runs it in C over the slices (node/lanes.lua): the instance emits nothing any more.
  -- @return true; false where it cannot be left
  function Rule:drive()
    self.is_driven = not self.regime_of and not self.bar
    return self.is_driven
  end

  --- Takes over what the rule came to know.
  function Rule:see()
    local rule = self.rule
    self.n_changes = tonumber(rule.n_changes)
    if not self.warm_row and rule.warm_row >= 0 then self.warm_row = tonumber(rule.warm_row) end
    if self.bar and self.warm_row then
      local last = math.min(tonumber(C.pln_hub_last_row(self.hub, self.stream.hub_id)), self.stream.window_last)
      if last > self.warm_row then self.bar.ts_ns = self.stream.bars.ts_ns[last - 1] end
    end
  end

  return Rule
end

return M

--- Where a replay's signals come from: combos of phases of signal_generation, in the store.
--
-- A source is { phase = id of the rows (content), hash = of that phase, combo = number or nil: the replayed combo's
-- origin, window = number or nil: the replayed window's, id = strategy of the replay or nil: all, as = what it was
-- called when it was captured or nil: the same }. Plain values: they go to other threads.
local captured = require "captured"

local M = {}

local Reader = {}
Reader.__index = Reader

-- The reader and the name there for a source "ID:STREAM" (a strategy's or a classifier's).
function Reader:_of(name)
  local id, stream = name:match "^(.-):(.*)$"
  for _, one in ipairs(self.sources) do
    if one.id == id then return one.reader, ("%s:%s"):format(one.as, stream) end
  end
  return self.rest, name
end

function Reader:read(source, symbol)
  local reader, name = self:_of(source)
  if not reader then return nil, 0 end
  return reader:read(name, symbol)
end

function Reader:warm(source)
  local reader, name = self:_of(source)
  return reader and reader:warm(name)
end

-- A classifier's regimes are the same in all of a phase's combos that share its parameters.
function Reader:regimes(name)
  local reader = self.rest or self.sources[1].reader
  return reader:regimes(name)
end

--- The reader of a combo in a window, as plan.signals.
-- @param context of lua/cell.lua, with `signals` and `db`
-- @param origins { combo number = number of the combo whose signals it takes } or nil: its own
function M.reader(context, number, window, origins)
  local self = setmetatable({ sources = {} }, Reader)
  for _, source in ipairs(context.signals) do
    local combo = source.combo or (origins and origins[number]) or number
    local reader = captured.from_store(context.db, source.phase, source.window or window.number, combo)
    if source.id then
      table.insert(self.sources, { id = source.id, as = source.as or source.id, reader = reader })
    else
      self.rest = reader
    end
  end
  return self
end

--- The source that a phase of signal_generation is.
-- @param phase of lua/phase.lua
-- @param options nil or { combo, window, id, as } as above
function M.of_phase(phase, options)
  options = options or {}
  return {
    phase = phase.stored.content, hash = phase.hash, combo = options.combo, window = options.window, id = options.id,
    as = options.as,
  }
end

return M

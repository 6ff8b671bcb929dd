--- Captured signals of one combo in one window: what `capture` (lua/node/capture.lua) writes and `signal_source`
-- (lua/node/signal_source.lua) reads, in memory or in the store.
--
-- A writer has
--   add(source, symbol, signals, n, regimes)   changes of a target level, in time order: const pln_signal *, of which
--                                              time, direction, strength and confidence count, and int8_t * with
--                                              the index of the regime in force at each (0: none); source:
--                                              "momentum:SPY_1m", a strategy and the stream that it runs on
--   add_warm(source, ts_ns, row)               the bar with which a strategy began, at the end of its window
--   add_regime(name, ts_ns, index)             a regime that begins; name: "trend:SPY_5m", a classifier and its stream
-- and a reader
--   read(source, symbol)                       → const pln_signal *, n, int8_t * of regimes (or nil); n = 0 for none
--   warm(source)                               → the row of that bar in its stream, or nil
--   regimes(name)                              → list of { ts_ns = int64, index }
local ffi = require "ffi"
local abi = require "abi"
local C = abi.C

local M = {}

--- The name of a source.
function M.source(id, stream) return ("%s:%s"):format(id, stream.name) end

-- In memory -----------------------------------------------------------------------------------------------------------

local Memory = {}
Memory.__index = Memory

-- Makes room for n more in a list of { signals, regimes, n, room }.
local function grow(list, n)
  if list.n + n <= list.room then return end
  local room = math.max(list.room * 2, list.n + n)
  local signals, regimes = ffi.new("pln_signal[?]", room), ffi.new("int8_t[?]", room)
  if list.n > 0 then
    ffi.copy(signals, list.signals, list.n * ffi.sizeof "pln_signal")
    ffi.copy(regimes, list.regimes, list.n)
  end
  list.signals, list.regimes, list.room = signals, regimes, room
end

function Memory:add(source, symbol, signals, n, regimes)
  local key = source .. "\n" .. symbol
  local list = self.lists[key] or { n = 0, room = 0 }
  self.lists[key] = list
  grow(list, n)
  ffi.copy(list.signals + list.n, signals, n * ffi.sizeof "pln_signal")
  if regimes ~= nil then ffi.copy(list.regimes + list.n, regimes, n) end
  list.n = list.n + n
end

function Memory:add_warm(source, _, row) self.warm_rows[source] = row end

function Memory:add_regime(name, ts_ns, index)
  local list = self.changes[name] or {}
  self.changes[name] = list
  list[#list + 1] = { ts_ns = ts_ns, index = index }
end

function Memory:read(source, symbol)
  local list = self.lists[source .. "\n" .. symbol]
  if not list then return nil, 0 end
  return list.signals, list.n, list.regimes
end

function Memory:warm(source) return self.warm_rows[source] end
function Memory:regimes(name) return self.changes[name] or {} end

--- Signals in memory: a writer that can be read.
function M.memory() return setmetatable({ lists = {}, warm_rows = {}, changes = {} }, Memory) end

-- In the store --------------------------------------------------------------------------------------------------------

local WARM, REGIME = "warm:", "regime:" -- series of a result

local function must(ok, err)
  if not ok then error(err, 0) end
end

local Writer = {}
Writer.__index = Writer

local one_ts, one_value = ffi.new "int64_t[1]", ffi.new "double[1]"

function Writer:_add_record(name, ts_ns, value)
  one_ts[0], one_value[0] = ts_ns, value
  must(self.result:add_record(name, one_ts, one_value, 1))
end

function Writer:add(source, symbol, signals, n, regimes)
  must(self.result:add_signals(source, symbol, signals, n, regimes))
end

function Writer:add_warm(source, ts_ns, row) self:_add_record(WARM .. source, ts_ns, row) end
function Writer:add_regime(name, ts_ns, index) self:_add_record(REGIME .. name, ts_ns, index) end

--- Writes to a result of the store (lua/store.lua), which the caller closes.
function M.to_store(result) return setmetatable({ result = result }, Writer) end

local Reader = {}
Reader.__index = Reader

function Reader:read(source, symbol)
  local key = source .. "\n" .. symbol
  local stored = self.lists[key]
  if not stored then
    stored = C.pln_store_read_signals(self.store.handle, self.phase, self.window, self.combo, source, symbol)
    if stored == nil then error(abi.last_error(), 0) end
    stored = ffi.gc(stored, C.pln_stored_signals_free)
    self.lists[key] = stored
  end
  return stored.signals, tonumber(stored.n), stored.regimes
end

-- A series of the result: list of { ts_ns, value }.
function Reader:_series(name)
  if self.series[name] then return self.series[name] end
  local list = {}
  local rows, err = self.store:rows("SELECT r.ts, r.value FROM main.phase_row p, records(?, ?, p.run, '', p.id, ?) r "
    .. "WHERE p.id = ? ORDER BY r.ts", ("c%04d"):format(self.combo), name, self.window, self.phase)
  must(rows, err)
  for row in rows do list[#list + 1] = { ts_ns = ffi.cast("int64_t", row[1]), value = row[2] } end
  self.series[name] = list
  return list
end

function Reader:warm(source)
  local first = self:_series(WARM .. source)[1]
  return first and first.value
end

function Reader:regimes(name)
  local list = {}
  for k, entry in ipairs(self:_series(REGIME .. name)) do list[k] = { ts_ns = entry.ts_ns, index = entry.value } end
  return list
end

local readers = setmetatable({}, { __mode = "k" }) -- store → key → reader, for as long as one is used

--- Reads what M.to_store wrote. Many combos of a replay may have the signals of one: what is decoded is shared.
-- @param store of lua/store.lua
-- @param phase whose signals they are (its `content`), window and combo: their numbers
function M.from_store(store, phase, window, combo)
  local known = readers[store] or setmetatable({}, { __mode = "v" })
  readers[store] = known
  local key = ("%d %d %d"):format(phase, window, combo)
  local reader = known[key]
  if not reader then
    reader = setmetatable({ store = store, phase = phase, window = window, combo = combo, lists = {}, series = {} },
      Reader)
    known[key] = reader
  end
  return reader
end

return M

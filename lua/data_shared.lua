--- Loaded data from one thread to another: bars stay where they are in memory, and threads read them there.
--
-- Bars and factors are passed by address: the thread that loaded them keeps them until the others have ended.
local ffi = require "ffi"
require "abi" -- which declares the types

local M = {}

local BARS = { "bars", "fill_bars", "bid_bars", "ask_bars" }

local function address_of(pointer)
  return ffi.cast("uint64_t", ffi.cast("uintptr_t", ffi.cast("const void *", pointer)))
end

local function pointer_of(address, ctype)
  return ffi.cast(ctype, ffi.cast("uintptr_t", address))
end

local function describe(entry)
  local made = { symbol = entry.symbol, timeframe = entry.timeframe, fingerprint = entry.fingerprint,
    resampled_from = entry.resampled_from, cached = entry.cached, paths = entry.paths, actions = entry.actions }
  for _, key in ipairs(BARS) do
    if entry[key] then made[key] = address_of(entry[key]) end
  end
  local adjustment = entry.adjustment
  if adjustment then
    made.adjustment = { factors = address_of(adjustment.factors), n = adjustment.n, mode = adjustment.mode }
  end
  return made
end

local function restore(made)
  for _, key in ipairs(BARS) do
    if made[key] then made[key] = pointer_of(made[key], "const pln_bars *") end
  end
  if made.adjustment then
    made.adjustment.factors = pointer_of(made.adjustment.factors, "const pln_price_factor *")
  end
  return made
end

local function mapped(loaded, change)
  local made = {}
  for key, entries in pairs(loaded) do
    made[key] = {}
    for k, entry in ipairs(entries) do made[key][k] = change(entry) end
  end
  return made
end

--- The `loaded` of a plan (lua/plan.lua) as plain values (lua/pack.lua), without the reports of the quality pass.
function M.describe(loaded) return mapped(loaded, describe) end

--- The same table in another thread, from `describe`'s: for plans.new { loaded = … }.
function M.restore(described) return mapped(described, restore) end

--- Bytes that the columns of a plan's bars take, each counted once.
function M.bytes(loaded)
  local seen, bytes = {}, 0
  for _, entries in pairs(loaded) do
    for _, entry in ipairs(entries) do
      for _, key in ipairs(BARS) do
        local bars = entry[key]
        local address = bars and tostring(address_of(bars))
        if bars and not seen[address] then
          seen[address] = true
          local columns = 6 + bars.n_extra + (bars.visible_ns ~= nil and 1 or 0)
          bytes = bytes + tonumber(bars.n_bars) * 8 * columns
        end
      end
    end
  end
  return bytes
end

return M

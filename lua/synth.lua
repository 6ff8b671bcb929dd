--- The synthetic market: options as configuration and command line give them, bars in memory or in a file.
--
--     local synth = require "synth"
--     local bars = assert(synth.bars({ bars = 10000, seed = 1, timeframe = "1m", session = "24/7" }, "SYN", 0))
--
-- Options (all optional): `bars` (10000), `seed` (1), `start` (ISO 8601, local to `timezone`; "2000-01-03"),
-- `timezone` (of `start`; by default that of the session),
-- `timeframe` ("1m"; up to "1d"), `session` ("24/7", in UTC, or "us_equity": 09:30-16:00 New York, Monday to Friday),
-- `volatility_ann_pct` (over all regimes, of a symbol of ordinary risk; 16.5), `correlation` (of two symbols' returns,
-- over all regimes; 0.5), `start_price`, `price_decimals` (2), `regime` (true: an extra column `regime`, 0 calm,
-- 1 trending, 2 volatile).
--
-- Symbols are numbered 0, 1, … in the order of the configuration; a symbol's bars depend on its number and the options,
-- not on its name or the other symbols.
local ffi = require "ffi"
local abi = require "abi"
local C = abi.C

local M = {}

M.SESSIONS = { "24/7", "us_equity" }

-- What the default regimes come to, measured over long markets.
local DEFAULT_VOLATILITY_PCT, DEFAULT_CORRELATION = 16.5, 0.5

local anchors = setmetatable({}, { __mode = "k" }) -- the options' texts, which C borrows

-- Seeds are whole numbers: a double, an int64, or (negative) its two's complement.
local function seed_of(value)
  if type(value) == "number" then return ffi.cast("uint64_t", ffi.cast("int64_t", value)) end
  return ffi.cast("uint64_t", value)
end

--- The C options of a market's symbol (`index` counts from 0), or nil and a message.
-- @return pln_synth_options
function M.options(spec, symbol, index)
  local o = ffi.new "pln_synth_options"
  C.pln_synth_options_init(o)
  anchors[o] = { symbol }
  o.symbol = symbol
  o.symbol_index = index or 0
  if spec.bars then o.n_bars = spec.bars end
  if spec.seed then o.seed = seed_of(spec.seed) end
  local timeframe = spec.timeframe or "1m"
  if C.pln_timeframe_parse(timeframe, o.timeframe) < 0 then return nil, abi.last_error() end
  local zone = nil
  if spec.session == "us_equity" then
    o.session = C.PLN_SYNTH_SESSION
    zone = C.pln_timezone_get(o.timezone)
    if zone == nil then return nil, abi.last_error() end
  elseif spec.session and spec.session ~= "24/7" then
    return nil, ("synthetic market: session '%s' is not one of %s"):format(tostring(spec.session),
      table.concat(M.SESSIONS, ", "))
  end
  if spec.start then
    if spec.timezone then
      zone = C.pln_timezone_get(spec.timezone)
      if zone == nil then return nil, abi.last_error() end
    end
    local start = ffi.new "int64_t[1]"
    if C.pln_time_parse_iso(spec.start, zone, start) < 0 then return nil, abi.last_error() end
    o.start_ns = start[0]
  end
  if spec.start_price then o.start_price = spec.start_price end
  if spec.price_decimals then o.price_decimals = spec.price_decimals end
  o.with_regime = spec.regime and 1 or 0
  local risk = (spec.volatility_ann_pct or DEFAULT_VOLATILITY_PCT) / DEFAULT_VOLATILITY_PCT
  local likeness = (spec.correlation or DEFAULT_CORRELATION) / DEFAULT_CORRELATION
  for i = 0, C.PLN_SYNTH_REGIMES - 1 do
    local regime = o.regimes[i]
    regime.volatility_pct = regime.volatility_pct * risk
    -- Towards 1 as it is asked for, never beyond.
    regime.correlation = likeness <= 1 and regime.correlation * likeness
      or regime.correlation + (1 - regime.correlation) * (likeness - 1)
  end
  if C.pln_synth_options_check(o) < 0 then return nil, abi.last_error() end
  return o
end

--- Bars, freed when they are no longer used (very many lie in a temporary file), or nil and a message.
-- @return const pln_bars *
function M.bars(spec, symbol, index)
  local o, message = M.options(spec, symbol, index)
  if not o then return nil, message end
  local bars = C.pln_synth_bars(o)
  if bars == nil then return nil, abi.last_error() end
  return ffi.gc(bars, C.pln_bars_free)
end

--- Writes the same bars to a column file in constant memory. `on_step(done)` (optional) is called with the number of
-- bars made after every `step` (default 1,000,000) of them. True, or nil and a message.
function M.write(spec, symbol, index, path, on_step, step)
  local o, message = M.options(spec, symbol, index)
  if not o then return nil, message end
  local writer = C.pln_synth_writer_new(o, path)
  if writer == nil then return nil, abi.last_error() end
  writer = ffi.gc(writer, C.pln_synth_writer_free)
  repeat
    local left = tonumber(C.pln_synth_writer_step(writer, step or 1000000))
    if left < 0 then return nil, abi.last_error() end
    if on_step then on_step(tonumber(o.n_bars) - left) end
  until left == 0
  if C.pln_synth_writer_finish(ffi.gc(writer, nil)) < 0 then return nil, abi.last_error() end
  return true
end

return M

--- From the bars of a file to those of a run: corporate actions, both sides of quotes, coarser timeframes, and the
-- close times of a market calendar.
local ffi = require "ffi"
local abi = require "abi"
local corporate_actions = require "corporate_actions"
local market_calendar = require "market_calendar"
local C = abi.C

local M = {}

local SIDES = { "bid", "ask" }

local function own(bars)
  return bars ~= nil and ffi.gc(bars, C.pln_bars_free) or nil
end

--- Bars of quotes from a file of bids and one of asks.
-- @param load_side function(path): an entry of data.load_one, or nil and a message
-- @return an entry, or nil, a message and the key that is at fault
function M.join(spec, load_side)
  local bid, message = load_side(spec.bid_path)
  if not bid then return nil, message, "bid_path" end
  local ask
  ask, message = load_side(spec.ask_path)
  if not ask then return nil, message, "ask_path" end
  local left_out = ffi.new "int64_t[1]"
  local bars = own(C.pln_bars_join_quotes(bid.bars, ask.bars, left_out))
  if not bars then return nil, abi.last_error(), "ask_path" end
  if left_out[0] > 0 then
    C.pln_log_message(C.PLN_LOG_NOTE, ("%s: %d bars of bids or asks have no counterpart and are left out"):format(
      bid.paths[1], tonumber(left_out[0])))
  end
  return { bars = bars, report = bid.report, cached = bid.cached and ask.cached, paths = { bid.paths[1], ask.paths[1] },
    ask_report = ask.report }
end

--- What a file's bars are for a run.
-- @param spec the symbol's keys of `data`
-- @param entry of data.load_one
-- @return { entry, bars (for features), fill (at which it is traded), bid, ask (nil without quotes), actions,
--   adjustment }; or nil, a message and the key that is at fault
function M.native(cfg, spec, symbol, entry)
  local made, message, fault = corporate_actions.apply(cfg, symbol, spec.timezone, entry.bars)
  if not made then return nil, message, fault end
  local native = { entry = entry, bars = made.bars, fill = made.fill_bars, actions = made.actions,
    adjustment = made.adjustment }
  if spec.price == "quotes" or spec.bid_path then
    for _, side in ipairs(SIDES) do
      native[side] = own(C.pln_bars_quote_side(native.fill, side))
      if not native[side] then return nil, abi.last_error(), "data.price" end
    end
  end
  return native
end

local function same_timeframe(a, b)
  return a.unit == b.unit and a.count == b.count and a.ns == b.ns
end

local function by_days(timeframe)
  return timeframe.unit == C.PLN_TIMEFRAME_DAY or timeframe.unit == C.PLN_TIMEFRAME_WEEK
    or timeframe.unit == C.PLN_TIMEFRAME_MONTH
end

-- Close times by the calendar, where the data has one.
local function at_calendar(bars, spec, finer)
  if not spec.calendar or not by_days(bars.timeframe) then return bars end
  local calendar, message = market_calendar.get(spec.calendar)
  if not calendar then return nil, message end
  local without = ffi.new "int64_t[1]"
  local made = own(C.pln_bars_at_calendar(bars, calendar, finer, without))
  if not made then return nil, abi.last_error() end
  if without[0] > 0 then
    C.pln_log_message(C.PLN_LOG_NOTE, ("%s: %d bars lie in periods without a session of %s; they are visible at the "
      .. "period's end"):format(ffi.string(bars.symbol), tonumber(without[0]), spec.calendar))
  end
  return made
end

--- Bars at a timeframe ("1h"; nil: their own), with a calendar's close times; the same where nothing changes.
-- Returns nil and a message where that timeframe cannot be made of them.
function M.at(bars, wanted, spec)
  local timeframe = ffi.new "pln_timeframe"
  if not wanted then return at_calendar(bars, spec, nil) end
  if C.pln_timeframe_parse(wanted, timeframe) < 0 then return nil, abi.last_error() end
  if same_timeframe(bars.timeframe, timeframe) then return at_calendar(bars, spec, nil) end
  local made = own(C.pln_bars_resample(bars, timeframe, spec.timezone))
  if not made then return nil, abi.last_error() end
  return at_calendar(made, spec, bars)
end

--- The bars at which a symbol is traded, at the timeframe of one of its entries: sets fill_bars (nil: the entry's own),
-- bid_bars and ask_bars (nil without quotes). True, or nil and a message.
function M.fill(native, entry, wanted, spec)
  local message
  if native.fill ~= native.bars then
    entry.fill_bars, message = M.at(native.fill, wanted, spec)
    if not entry.fill_bars then return nil, message end
  end
  for _, side in ipairs(SIDES) do
    if native[side] then
      entry[side .. "_bars"], message = M.at(native[side], wanted, spec)
      if not entry[side .. "_bars"] then return nil, message end
    end
  end
  return true
end

return M

--- Results grouped by regime: a binding of src/abi/regimes.h.
--
--     local in_force = regimes.of_changes(bars, { { ts_ns = 1420102800000000000LL, index = 1 }, … })
--     local by_regime = assert(regimes.new { regimes = in_force, names = { "calm", "wild" }, capital = 10000 })
--     by_regime:add_rows(equity, n)          -- double array of recorded rows, in any chunks
--     by_regime:add_trades(trades, n)        -- const pln_trade *
--     print(by_regime:figures()[2].name, by_regime:figures()[2].return_pct)
--
-- The regime of a bar's return is the one that was known when the return began, that of a trade the one before the bar
-- of its entry. In a replay in lanes (lua/replay.lua, `regimes`) rows and trades come by themselves.
local ffi = require "ffi"
local abi = require "abi"
local C = abi.C

local M = {}

local Regimes = {}
Regimes.__index = Regimes

--- The regime in force when each bar becomes visible.
-- @param bars const pln_bars *
-- @param changes list of { ts_ns (int64), index = number of the regime, from 1 }, in time order
-- @return { values = int8_t array, n = bars }
function M.of_changes(bars, changes)
  local n, count = tonumber(bars.n_bars), #changes
  local values = ffi.new("int8_t[?]", math.max(n, 1))
  local ts, index = ffi.new("int64_t[?]", math.max(count, 1)), ffi.new("int8_t[?]", math.max(count, 1))
  for k, change in ipairs(changes) do ts[k - 1], index[k - 1] = change.ts_ns, change.index end
  C.pln_regimes_fill(bars, ts, index, count, values)
  return { values = values, n = n }
end

--- Statistics by regime of one combo.
-- @param options { regimes = of M.of_changes, names = list of the regimes' names, first_bar = bar of the first recorded
--   row (0), capital }
-- @return an object, or nil and a message
function M.new(options)
  local handle = C.pln_regime_stats_new(options.regimes.values, options.regimes.n, #options.names,
    options.first_bar or 0, options.capital)
  if handle == nil then return nil, abi.last_error() end
  return setmetatable({
    handle = ffi.gc(handle, C.pln_regime_stats_free), names = options.names, regimes = options.regimes,
  }, Regimes)
end

--- Equity of the next recorded rows. True, or nil and a message.
function Regimes:add_rows(equity, n)
  local status, message = abi.check(C.pln_regime_stats_add_rows(self.handle, equity, n))
  if not status then return nil, message end
  return true
end

--- Closed trades. True, or nil and a message.
function Regimes:add_trades(trades, n)
  local status, message = abi.check(C.pln_regime_stats_add_trades(self.handle, trades, n))
  if not status then return nil, message end
  return true
end

local UNKNOWN = "none" -- before the first regime was known

local function figures_of(name, f)
  local bars, mean, deviation = tonumber(f.bars), nil, nil
  if bars > 0 then mean = f.sum / bars end
  if bars > 1 then
    local rest = f.squares - f.sum * mean
    deviation = rest > 0 and math.sqrt(rest / (bars - 1)) or 0
  end
  return {
    name = name, bars = bars, sum = f.sum, squares = f.squares, growth = f.growth, return_pct = (f.growth - 1) * 100,
    mean = mean, deviation = deviation, trades = tonumber(f.trades), wins = tonumber(f.wins), pnl = f.pnl,
  }
end

--- What came of each regime: a list by number, with [0] for the bars before one was known: { name, bars, growth,
-- return_pct, sum, squares, mean and sample deviation of the bars' returns (fractions; nil where there are too few),
-- trades, wins, pnl }.
function Regimes:figures()
  local made, out = {}, ffi.new "pln_regime_figures"
  for k = 0, #self.names do
    abi.must(C.pln_regime_stats_get(self.handle, k, out))
    made[k] = figures_of(self.names[k] or UNKNOWN, out)
  end
  return made
end

return M

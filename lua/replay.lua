--- Replay of captured signals over many combos, bit for bit what a container would do: a binding of src/abi/replay.h
-- (docs/replay.md).
--
--     local replay = require "replay"
--     local r = assert(replay.new(bars))
--     local crossings = r:signals({ { ts_ns = 1420102800000000000LL, direction = 1 }, … })
--     for stop = 1, 10 do
--       assert(r:add({ signals = crossings, portfolio = { risk = { stop_loss_pct = stop } } }))
--     end
--     assert(r:finish())
--     print(r:result(1).account.equity, r:result(1).max_drawdown)
local ffi = require "ffi"
local abi = require "abi"
local stats = require "stats"
local C = abi.C

local M = {}

local Replay = {}
Replay.__index = Replay

local ACCOUNT = {
  "cash", "equity", "peak_equity", "drawdown_pct", "realized_pnl", "fees", "slippage_cost", "turnover", "n_orders",
  "n_fills", "n_trades",
}
local FIGURES = {
  "max_drawdown", "equity_final", "equity_peak", "n_rows", "exposed_rows", "exposed_until_close", "long_rows",
  "short_rows", "ambiguous_bars", "n_visited",
}
local ROWS = { equity = "double[?]", cash = "double[?]", gross = "double[?]", exposure = "int8_t[?]" }

--- A replay over `bars` (const pln_bars *, which has to outlive it).
-- @param options { instrument = { lot_size, tick_size, multiplier } or pln_instrument, from_ns, until_ns }
-- @return an object, or nil and a message
function M.new(bars, options)
  options = options or {}
  local spec = ffi.new("pln_instrument", options.instrument or {})
  if spec.lot_size == 0 then spec.lot_size = 1 end
  if spec.multiplier == 0 then spec.multiplier = 1 end
  local handle = C.pln_replay_new(bars, spec, options.from_ns or 0, options.until_ns or 0)
  if handle == nil then return nil, abi.last_error() end
  return setmetatable({
    handle = ffi.gc(handle, C.pln_replay_free), bars = bars, combos = {}, from_ns = options.from_ns or 0,
    until_ns = options.until_ns or 0, n_rows = tonumber(C.pln_replay_n_rows(handle)),
    n_periods = tonumber(C.pln_replay_periods(handle, nil)),
  }, Replay)
end

local function signals_of(list, n)
  if type(list) == "cdata" then return list, n end
  local out = ffi.new("pln_signal[?]", math.max(#list, 1))
  for i, signal in ipairs(list) do
    local s = out[i - 1]
    s.ts_ns, s.direction = signal.ts_ns, signal.direction
    s.strength, s.confidence = signal.strength or 1, signal.confidence or 1
  end
  return out, #list
end

--- A new list of signals, in time order: a Lua list of { ts_ns, direction, strength = 1 } or const pln_signal * and n;
-- nothing for one that is pushed to later.
-- @return its number, or nil and a message
function Replay:signals(list, n)
  local id, message = abi.check(C.pln_replay_add_signals(self.handle))
  if not id then return nil, message end
  if list then
    local ok
    ok, message = self:push(id, list, n)
    if not ok then return nil, message end
  end
  return id
end

--- More of a list's signals. True, or nil and a message.
function Replay:push(id, list, n)
  local array, count = signals_of(list, n)
  local status, message = abi.check(C.pln_replay_push_signals(self.handle, id, array, count))
  if not status then return nil, message end
  return true
end

local function settings(self, combo)
  local exec = ffi.new("pln_exec_config", combo.execution or {})
  if self.from_ns ~= 0 then exec.trade_from_ns = self.from_ns end
  if self.until_ns ~= 0 then exec.trade_until_ns = self.until_ns end
  local portfolio = ffi.new("pln_portfolio_config", combo.portfolio or {})
  if portfolio.capital == 0 then portfolio.capital = 10000 end
  if portfolio.leverage == 0 then portfolio.leverage = 1 end
  if portfolio.sizing.value == 0 then
    portfolio.sizing.type, portfolio.sizing.value = C.PLN_SIZE_PERCENT_OF_EQUITY, 100
  end
  return exec, portfolio
end

--- True where a combo of these settings can be replayed; or nil and why not.
function Replay:check(combo)
  local status, message = abi.check(C.pln_replay_check(settings(self, combo)))
  if not status then return nil, message end
  return true
end

--- Adds a combo, before the first run.
-- @param combo { signals = list's number, weight = 1, execution = pln_exec_config or a table of its fields, portfolio =
--   pln_portfolio_config or a table of its fields (capital 10000 and all of the equity where nothing is said), and what
--   is wanted beside account and figures: trades = true, stats = true (every metric) or "sweep" (those of sweeps),
--   rows = true (equity, cash, gross, exposure of each bar), periods = true (equity at the end of each period),
--   regimes = statistics of lua/regimes.lua, which get every row and trade }
-- @return its number, from 1; or nil and a message
function Replay:add(combo)
  local exec, portfolio = settings(self, combo)
  local handle = C.pln_portfolio_new(portfolio, 1)
  if handle == nil then return nil, abi.last_error() end
  local made = { portfolio = ffi.gc(handle, C.pln_portfolio_free), trades = combo.trades }
  local c = ffi.new("pln_replay_combo")
  c.exec, c.portfolio, c.weight, c.signals = exec, handle, combo.weight or 1, combo.signals
  c.keep_trades = combo.trades and 1 or 0
  if combo.stats then
    local zone = self.bars.timezone
    local message
    made.stats, message = stats.new({
      capital = portfolio.capital, timeframe = self.bars.timeframe,
      timezone = zone ~= nil and ffi.string(zone) or nil, sweep = combo.stats == "sweep",
    })
    if not made.stats then return nil, message end
    c.stats = made.stats.handle
  end
  if combo.regimes then
    made.regimes, c.regimes = combo.regimes, combo.regimes.handle
  end
  if combo.rows then
    made.rows = {}
    for name, ctype in pairs(ROWS) do
      made.rows[name] = ffi.new(ctype, math.max(self.n_rows, 1))
      c[name] = made.rows[name]
    end
  end
  if combo.periods then
    made.periods = ffi.new("double[?]", math.max(self.n_periods, 1))
    c.period_equity = made.periods
  end
  local id, message = abi.check(C.pln_replay_add_combo(self.handle, c))
  if not id then return nil, message end
  self.combos[id + 1] = made
  return id + 1
end

--- Replays up to a time (int64 ns). True, or nil and a message.
function Replay:run(until_ns)
  local status, message = abi.check(C.pln_replay_run(self.handle, until_ns))
  if not status then return nil, message end
  return true
end

--- The rest, and the end of the run. True, or nil and a message.
function Replay:finish()
  local status, message = abi.check(C.pln_replay_finish(self.handle))
  if not status then return nil, message end
  return true
end

--- What came of a combo: pln_replay_result's figures; account = fields of pln_account; trades = const pln_trade * and
-- n_trades, metrics (a table by name), rows (arrays from 0, n_rows long) and periods (array from 0, n_periods long), as
-- far as they were asked for.
-- @return a table; or nil and a message where the combo was given up
function Replay:result(number)
  local combo = self.combos[number] or error(("there is no combo %s"):format(tostring(number)), 2)
  local r = C.pln_replay_result_of(self.handle, number - 1)
  if r.status ~= 0 then
    return nil, r.status == C.PLN_ERR_UNSUPPORTED and
      "two changes of the signal between two bars ask for adding to a position: run this combo in a container" or
      ("the replay of this combo failed with status %d"):format(r.status)
  end
  local out = { account = {}, rows = combo.rows, periods = combo.periods }
  local account = C.pln_portfolio_account(combo.portfolio)
  for _, name in ipairs(FIGURES) do out[name] = tonumber(r[name]) end
  for _, name in ipairs(ACCOUNT) do out.account[name] = tonumber(account[name]) end
  out.account.halted, out.account.bankrupt = account.halted ~= 0, account.bankrupt ~= 0
  if combo.trades then
    local trades = ffi.new "const pln_trade *[1]"
    out.n_trades = tonumber(C.pln_portfolio_trades(combo.portfolio, trades))
    out.trades = trades[0]
  end
  if combo.stats then out.metrics = combo.stats:compute(account, r.ambiguous_bars) end
  return out
end

return M

--- Runs strategies over bars in memory and captures everything that the laws compare: signals, orders, fills,
-- trades and equity, as text with every bit of each number.
local ffi = require "ffi"
local abi = require "abi"
local config = require "config"
local data = require "data"
local plans = require "plan"
local recording = require "recording"
local registry = require "registry"
local C = abi.C

local M = {}

local INT64_MIN, INT64_MAX = abi.INT64_MIN, abi.INT64_MAX
local NO_RISK = { max_position_pct = 0, max_exposure_pct = 0, stop_loss_pct = 0, take_profit_pct = 0,
  trailing_stop_pct = 0, max_drawdown_pct = 0 }

--- A copy of bars [0, n) in which rows from `from` on are multiplied by `factor(row)`.
function M.copy(bars, n, from, factor, symbol)
  local columns = {}
  for _, name in ipairs { "open", "high", "low", "close", "volume" } do
    local column = ffi.new("double[?]", n)
    ffi.copy(column, bars[name], n * 8)
    for i = from or n, n - 1 do column[i] = column[i] * factor(i) end
    columns[name] = column
  end
  local timeframe = ffi.new("char[16]")
  C.pln_timeframe_format(bars.timeframe, timeframe)
  local copy = C.pln_bars_from_arrays(symbol or bars.symbol, timeframe, n, bars.ts_ns, columns.open, columns.high,
    columns.low, columns.close, columns.volume)
  if copy == nil then error(abi.last_error()) end
  return ffi.gc(copy, C.pln_bars_free)
end

--- Folder of the strategies that tests bring.
M.fixtures = (os.getenv "PERILUNE_HOME" or ".") .. "/tests/fixtures/strategies/"

local function timeframe_of(bars)
  local text = ffi.new("char[16]")
  C.pln_timeframe_format(bars.timeframe, text)
  return ffi.string(text)
end

--- A plan of one strategy, or of several under one portfolio.
-- @param spec { strategy = a name, or a list of names (all over the same symbols), params,
--   bars = list of bars, chunk_rows, execution = overrides, portfolio = overrides,
--   classifiers = list of names }
function M.plan(spec)
  local reg = registry.new { folders = { (os.getenv "PERILUNE_HOME" or ".") .. "/tests/fixtures/strategies" } }
  local plan = {
    streams = {}, symbols = {}, classifiers = {}, record_orders = true,
    window = { from_ns = INT64_MIN, until_ns = INT64_MAX },
    engine = { chunk_rows = spec.chunk_rows or 4096, loop_budget = 1e6 },
    execution = { fill = "next_open", commission_pct = 0.02, commission_per_share = 0.001, commission_per_order = 0.5,
      commission_minimum = 0, slippage_bps = 2, spread_bps = 1, finalize_trades = true, compat = "none" },
  }
  for key, value in pairs(spec.execution or {}) do plan.execution[key] = value end
  for k, bars in ipairs(spec.bars) do
    local symbol, timeframe = ffi.string(bars.symbol), timeframe_of(bars)
    plan.symbols[k] = { symbol = symbol, bars = bars, lot_size = 0.001, tick_size = 0, multiplier = 1,
      session = spec.session, instrument = k - 1 }
    plan.streams[k] = { name = symbol .. "_" .. timeframe, symbol = symbol, timeframe = timeframe, bars = bars,
      instrument = k - 1 }
    plan.symbols[k].streams = { plan.streams[k] }
  end
  for k, name in ipairs(spec.classifiers or {}) do
    local classifier = assert(reg:load(name))
    plan.classifiers[k] = { id = name, def = classifier, p = assert(classifier:check_params {}),
      streams = { plan.streams[1] } }
  end
  local names = type(spec.strategy) == "table" and spec.strategy or { spec.strategy }
  plan.strategies = {}
  local uses = {}
  for k, name in ipairs(names) do
    local def = assert(reg:load(name))
    plan.strategies[k] = { id = def.name, def = def, p = assert(def:check_params(spec.params or {})),
      streams = (def.symbols or #names > 1) and plan.streams or { plan.streams[1] } }
    uses[k] = { strategy = plan.strategies[k], weight = 1 / #names }
  end
  local portfolio = { name = "main", capital = 100000, leverage = 1, allow_short = true, rebalance = false,
    sizing = { type = "percent_of_equity", percent = 90, size_at = "signal" }, risk = NO_RISK,
    strategies = uses }
  for key, value in pairs(spec.portfolio or {}) do portfolio[key] = value end
  plan.portfolios = { portfolio }
  plans.add_books(plan)
  return plan
end

--- Runs M.plan of a spec.
-- @return capture: lists of lines { signals, orders, fills, trades, equity, regimes }, each line starting with the
--   time at which it was known
function M.run(spec) return M.execute(M.plan(spec)) end

--- Runs a plan and captures it; its sinks are set here. Where plan.recorded is a writer of lua/captured.lua, it gets
-- what strategies emit; where plan.signals is a reader, they do not run and the portfolios get that instead.
function M.execute(plan) return M.execute_all({ plan })[1] end

--- Runs plans of the same data as the parts of one phase: list of captures.
-- @param watch nil or function(phase) → the function that phase:run calls after each slice
function M.execute_all(plans_of_parts, watch)
  local first = plans_of_parts[1]
  return assert(recording.run_all(plans_of_parts,
    { recorded = first.recorded, signals = first.signals and "own", watch = watch }))
end

--- The plan of a configuration over bars in memory.
-- @param configuration a table as config.from_table takes it; `symbols` and `data` are made here, relative files of
--   strategies are fixtures
-- @param bars list of { symbol = bars list }: for each symbol a list of bars, one for each timeframe
-- @param options { chunk_rows, from_ns, until_ns, actions = by symbol: list of { ts_ns, kind, value } }
function M.plan_config(configuration, bars, options)
  configuration.data = { source = "csv", path = "memory" }
  configuration.symbols = {}
  local entries = { start_ns = options.from_ns, end_ns = options.until_ns }
  for k, list in ipairs(bars) do
    local timeframes = {}
    for j, one in ipairs(list) do
      timeframes[j] = timeframe_of(one)
      entries[#entries + 1] = { symbol = ffi.string(one.symbol), timeframe = timeframes[j], bars = one,
        actions = options.actions and options.actions[ffi.string(one.symbol)] }
    end
    configuration.symbols[k] = { symbol = ffi.string(list[1].symbol), timeframes = timeframes, lot_size = 0.001 }
  end
  local cfg, problems = config.from_table(configuration, "test")
  if not cfg then error(type(problems) == "table" and tostring(problems[1]) or tostring(problems)) end
  local load = data.load
  data.load = function() return entries end
  local ok, plan, err = pcall(plans.new, cfg)
  data.load = load
  if not ok then error(plan) end
  if not plan then error(err) end
  plan.engine = { chunk_rows = options.chunk_rows or 4096, loop_budget = 1e6 }
  plan.record_orders = options.record_orders ~= false
  return plans.of_combo(plan, 1)
end

--- Runs M.plan_config.
function M.run_config(configuration, bars, options)
  return M.execute(M.plan_config(configuration, bars, options))
end

--- The rows of bars for which keep(row) is true.
function M.filter(bars, keep)
  local rows = {}
  for i = 0, tonumber(bars.n_bars) - 1 do
    if keep(i) then rows[#rows + 1] = i end
  end
  local n = #rows
  local ts, columns = ffi.new("int64_t[?]", n), {}
  for _, name in ipairs { "open", "high", "low", "close", "volume" } do
    local column = ffi.new("double[?]", n)
    for k, row in ipairs(rows) do column[k - 1], ts[k - 1] = bars[name][row], bars.ts_ns[row] end
    columns[name] = column
  end
  local made = C.pln_bars_from_arrays(bars.symbol, timeframe_of(bars), n, ts, columns.open, columns.high, columns.low,
    columns.close, columns.volume)
  if made == nil then error(abi.last_error()) end
  return ffi.gc(made, C.pln_bars_free)
end

--- Bars of a longer timeframe, with days of a time zone.
function M.resample(bars, timeframe, timezone)
  local parsed = ffi.new "pln_timeframe"
  abi.must(C.pln_timeframe_parse(timeframe, parsed))
  local made = C.pln_bars_resample(bars, parsed, timezone)
  if made == nil then error(abi.last_error()) end
  return ffi.gc(made, C.pln_bars_free)
end

M.decisions, M.until_time, M.is_at_or_before = recording.known_at, recording.until_time, recording.is_at_or_before

--- The row of bars at a time, the text of a whole number.
function M.row_at(bars, digits) return tonumber(C.pln_bars_lower_bound(bars, recording.time_of(digits))) end

--- Asserts that two captures are equal, naming the first line that differs.
function M.assert_equal(a, b, what)
  local d = recording.difference(a, b)
  if not d then return end
  lu.fail(("%s: %s differ first at line %d:\n  %s\n  %s"):format(what, d.kind, d.line, tostring(d.a), tostring(d.b)))
end

return M

--- Runs strategies over bars in memory and captures everything that the laws compare: signals, orders, fills,
-- trades and equity, as text with every bit of each number.
local ffi = require "ffi"
local abi = require "abi"
local config = require "config"
local data = require "data"
local plans = require "plan"
local registry = require "registry"
local sinks = require "sinks"
local stats = require "stats"
local topology = require "topology"
local C = abi.C

local M = {}

local INT64_MIN, INT64_MAX = abi.INT64_MIN, abi.INT64_MAX
local NO_RISK = { max_position_pct = 0, max_exposure_pct = 0, stop_loss_pct = 0, take_profit_pct = 0,
  trailing_stop_pct = 0, max_drawdown_pct = 0 }

local function note(list, ...) list[#list + 1] = table.concat({ ... }, " ") end
local function bits(value) return ("%a"):format(value) end

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

local KINDS = { "signals", "regimes", "orders", "fills", "trades", "equity", "records", "metrics", "decisions",
  "scores" }

local function empty()
  local capture = {}
  for _, kind in ipairs(KINDS) do capture[kind] = {} end
  return capture
end

-- The sink of one portfolio: notes everything, and has the real one's statistics.
local function sink_of(plan, portfolio)
  local capture = empty()
  local prefix = #plan.portfolios > 1 and portfolio.name .. " " or ""
  local function add(list, time, ...) note(list, tostring(time), prefix .. table.concat({ ... }, " ")) end
  local names = {}
  for k, symbol in ipairs(plan.symbols) do names[k] = symbol.symbol end
  local base = plan.symbols[(plan.benchmark or 0) + 1].bars
  local real = assert(sinks.portfolio {
    combo = "c0001", portfolio = portfolio.name, capital = portfolio.capital, timeframe = base.timeframe,
    timezone = base.timezone ~= nil and ffi.string(base.timezone) or "UTC", symbols = names, n_portfolios = 1,
    equity = "none", files = {}, n_instances = function() return 1 end, metrics = "full",
  })
  local sink = { source = real.source, first_trading_row = real.first_trading_row }
  function sink.rows(rows)
    real.rows(rows)
    for j = 0, tonumber(rows.n_rows) - 1 do
      add(capture.equity, rows.ts_ns[j], bits(rows.equity[j]), bits(rows.cash[j]), tostring(rows.exposure[j]))
    end
  end
  function sink.trades(trades, n)
    real.trades(trades, n)
    for j = 0, n - 1 do
      local t = trades[j]
      add(capture.trades, t.exit_ts_ns, names[t.instrument + 1], tostring(t.entry_bar), tostring(t.exit_bar),
        bits(t.quantity), bits(t.entry_price), bits(t.exit_price), bits(t.pnl), bits(t.fees), bits(t.mae), bits(t.mfe),
        tostring(t.exit_reason))
    end
  end
  function sink.orders(orders, n, id)
    for j = 0, n - 1 do
      local o = orders[j]
      if o.portfolio == id then
        add(capture.orders, o.created_ns, tostring(o.id), tostring(o.updated_ns), tostring(o.instrument),
          bits(o.quantity), bits(o.average_fill_price), tostring(o.source), tostring(o.side), tostring(o.status),
          tostring(o.refusal))
      end
    end
  end
  function sink.fills(fills, n, id)
    for j = 0, n - 1 do
      local fill = fills[j]
      if fill.portfolio == id then
        -- Booked when the bar closes.
        local bars = plan.symbols[fill.instrument + 1].bars
        add(capture.fills, C.pln_bars_visible_ns(bars, fill.bar), names[fill.instrument + 1], tostring(fill.bar),
          bits(fill.quantity), bits(fill.price), bits(fill.fee), tostring(fill.side))
      end
    end
  end
  function sink.record(instance, name, value)
    add(capture.records, instance:now_ns(), instance.id, instance.stream.name, name, bits(value))
  end
  function sink.log(instance, message) add(capture.records, instance:now_ns(), instance.id, "log", message) end
  function sink.scores(times, values, n)
    for j = 0, n - 1 do add(capture.scores, times[j], bits(values[j])) end
  end
  function sink.decisions(decisions, n, id)
    for j = 0, n - 1 do
      local d = decisions[j]
      if d.portfolio == id then
        add(capture.decisions, d.ts_ns, tostring(d.order), tostring(d.kind), tostring(d.action), bits(d.asked),
          bits(d.allowed), bits(d.value), bits(d.limit), "rule", tostring(d.rule))
      end
    end
  end
  function sink.finish(handle, view)
    real.finish(handle, view)
    for k, metric in ipairs(stats.list) do
      add(capture.metrics, "0LL", metric.name, bits(real.values[k - 1]))
    end
  end
  return sink, capture
end

--- Runs a plan and captures it; its sinks are set here. Where plan.recorded is a writer of lua/captured.lua, it gets
-- what strategies emit; where plan.signals is a reader, they do not run and the portfolios get that instead.
function M.execute(plan) return M.execute_all({ plan })[1] end

-- Gives a plan sinks that note everything. Returns a function that makes the capture once it has run.
local function listen(plan)
  local capture, made, parts = empty(), {}, {}
  for k, portfolio in ipairs(plan.portfolios) do made[portfolio.name], parts[k] = sink_of(plan, portfolio) end
  local first = made[plan.portfolios[1].name]
  plan.sinks = {
    portfolio = function(name) return made[name] end, record = first.record, log = first.log,
    regime = function(one, ts_ns, index) note(capture.regimes, tostring(ts_ns), one.stream.name, tostring(index)) end,
    capture = plan.recorded,
  }
  plan.note = function(...) note(capture.signals, ...) end
  return function()
    for _, part in ipairs(parts) do -- one portfolio after the other, whatever the slices
      for kind, list in pairs(part) do
        for _, line in ipairs(list) do note(capture[kind], line) end
      end
    end
    -- Instances come one after the other within a slice.
    for _, kind in ipairs { "signals", "records", "regimes" } do table.sort(capture[kind]) end
    return capture
  end
end

--- Runs plans of the same data as the parts of one phase: list of captures.
-- @param watch nil or function(phase) → the function that phase:run calls after each slice
function M.execute_all(plans_of_parts, watch)
  local done, captures = {}, {}
  for k, plan in ipairs(plans_of_parts) do done[k] = listen(plan) end
  package.loaded["node.note"] = package.loaded["node.note"] or {
    new = function(part)
      return {
        on_signal = function(_, batch)
          for j = 0, batch.n - 1 do
            local s, one = batch.out[j], batch.instance
            part.plan.note(tostring(s.ts_ns), one.id, one.stream.name, tostring(batch.symbol or 1),
              tostring(s.direction), bits(s.strength), bits(s.confidence))
          end
          return true
        end,
      }
    end,
  }
  local first = plans_of_parts[1]
  local base = topology.topologies[first.signals and "signal_replay" or "full_backtest"]
  local nodes, edges = { unpack(base.nodes) }, { unpack(base.edges) }
  nodes[#nodes + 1] = { id = "note", kind = "note" }
  edges[#edges + 1] = { "strategies", "note", "SIGNAL" }
  edges[#edges + 1] = { "combiner", "note", "SIGNAL" }
  if first.recorded then
    nodes[#nodes + 1] = { id = "capture", kind = "capture" }
    edges[#edges + 1] = { "strategies", "capture", "SIGNAL" }
  end
  local phase = assert(topology.build({ nodes = nodes, edges = edges }, plans_of_parts))
  assert(phase:run(watch and watch(phase)))
  for k, capture in ipairs(done) do
    captures[k] = capture()
    captures[k].warm = {} -- open times of the bars with which strategies began
    for j, one in ipairs(phase.parts[k].instances) do
      captures[k].warm[j] = one.warm_row and one.stream.bars.ts_ns[one.warm_row] or 0LL
    end
  end
  phase:free()
  return captures
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

--- What is known of a capture at a time: signals, regimes, the orders that strategies made, and the fills of bars that
-- have closed. What becomes of an order later is the future's; so is a protective order, recorded when it fires.
function M.decisions(capture, t_ns)
  local orders = {}
  for _, line in ipairs(M.until_time(capture.orders, t_ns)) do
    local fields = {}
    for field in line:gmatch "%S+" do fields[#fields + 1] = field end
    local n = #fields
    if fields[n - 3] ~= "-1" then
      orders[#orders + 1] = table.concat({ fields[1], n > 10 and fields[2] or "", fields[n - 3], fields[n - 2] }, " ")
    end
  end
  table.sort(orders)
  return {
    signals = M.until_time(capture.signals, t_ns), regimes = M.until_time(capture.regimes, t_ns),
    orders = orders, fills = M.until_time(capture.fills, t_ns),
  }
end

local function int64(digits)
  local value = ffi.cast("int64_t", 0)
  for digit in digits:gmatch "%d" do value = value * 10 + tonumber(digit) end
  return value
end

--- The row of bars at a time, the text of a whole number.
function M.row_at(bars, digits) return tonumber(C.pln_bars_lower_bound(bars, int64(digits))) end

--- Whether the time with which a line begins is at or before another.
function M.is_at_or_before(line, ts_ns) return int64(line:match "^(-?%d+)LL") <= ts_ns end

--- Lines of a list whose first field (a time, "…LL") is at or before a time.
function M.until_time(list, ts_ns)
  local kept = {}
  for _, line in ipairs(list) do
    if M.is_at_or_before(line, ts_ns) then kept[#kept + 1] = line end
  end
  return kept
end

--- Asserts that two captures are equal, naming the first line that differs.
function M.assert_equal(a, b, what)
  for _, kind in ipairs(KINDS) do
    a[kind], b[kind] = a[kind] or {}, b[kind] or {}
    for k = 1, math.max(#a[kind], #b[kind]) do
      if a[kind][k] ~= b[kind][k] then
        lu.fail(("%s: %s differ first at line %d:\n  %s\n  %s"):format(what, kind, k, tostring(a[kind][k]),
          tostring(b[kind][k])))
      end
    end
  end
end

return M

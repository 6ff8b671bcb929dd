--- Recordings of runs: everything that the laws compare (signals, regimes, orders, fills, trades, equity, decisions of
-- risk rules, figures) as lines of text with every bit of each number, and the comparison of two of them. For
-- `perilune verify` and the tests of the laws.
--
--     local capture = recording.run(plan)
--     local difference = recording.difference(capture, recording.run(other_plan))
local ffi = require "ffi"
local abi = require "abi"
local sinks = require "sinks"
local stats = require "stats"
local topology = require "topology"
local C = abi.C

local M = {}

--- What a capture holds: lists of lines, each of which starts with the time (ns, "…LL") at which it was known.
M.KINDS = { "signals", "regimes", "orders", "fills", "trades", "equity", "records", "metrics", "decisions", "scores" }

local IN_ORDER_OF_TIME = { "signals", "records", "regimes" } -- instances come one after the other within a slice

--- The fields of a line after its time, by kind, for messages. With several portfolios the name of one comes before
-- them in orders, fills, trades, equity, decisions and scores.
M.FIELDS = {
  signals = { "strategy", "stream", "symbol", "direction", "strength", "confidence" },
  regimes = { "stream", "regime" },
  orders = { "order", "updated", "instrument", "quantity", "price", "source", "side", "status", "refusal" },
  fills = { "symbol", "bar", "quantity", "price", "fee", "side" },
  trades = { "symbol", "entry_bar", "exit_bar", "quantity", "entry_price", "exit_price", "pnl", "fees", "mae", "mfe",
    "exit_reason" },
  equity = { "equity", "cash", "exposure" },
  records = { "strategy", "stream", "name", "value" },
  metrics = { "metric", "value" },
  decisions = { "order", "kind", "action", "asked", "allowed", "value", "limit", "rule", "number" },
  scores = { "score" },
}

local function note(list, ...) list[#list + 1] = table.concat({ ... }, " ") end
local function bits(value) return ("%a"):format(value) end

local function empty()
  local capture = { rows = {} }
  for _, kind in ipairs(M.KINDS) do capture[kind] = {} end
  return capture
end

-- What there may be one of for each bar, as columns of a time and doubles instead of lines (options.compact).
local Rows = {}
Rows.__index = Rows

local function new_rows(kind, key, n_columns)
  return setmetatable({ kind = kind, key = key, n = 0, size = 0, n_columns = n_columns, columns = {} }, Rows)
end

-- Makes room for n more rows. Returns the row at which they begin.
function Rows:reserve(n)
  local first = self.n
  self.n = first + n
  if self.n > self.size then
    self.size = math.max(2 * self.size, self.n, 64)
    local time = ffi.new("int64_t[?]", self.size)
    if first > 0 then ffi.copy(time, self.time, first * 8) end
    self.time = time
    for k = 1, self.n_columns do
      local column = ffi.new("double[?]", self.size)
      if first > 0 then ffi.copy(column, self.columns[k], first * 8) end
      self.columns[k] = column
    end
  end
  return first
end

-- Number of rows at or before a time.
function Rows:until_time(t_ns)
  local low, high = 0, self.n
  while low < high do
    local middle = math.floor((low + high) / 2)
    if self.time[middle] <= t_ns then low = middle + 1 else high = middle end
  end
  return low
end

-- The line of a row, as it would be among lines.
function Rows:line(i)
  if i >= self.n then return nil end
  local parts = { tostring(self.time[i]), self.key }
  for k = 1, self.n_columns do
    local value = self.columns[k][i]
    parts[k + 2] = self.whole[k] and ("%.0f"):format(value) or bits(value)
  end
  return (table.concat(parts, " "):gsub("  +", " "))
end

-- Index of the first row that is another one, or nil.
local function differing_row(a, b)
  local n, found = math.min(a.n, b.n), nil
  for k = 0, a.n_columns do
    local x = ffi.cast("const int64_t *", k == 0 and a.time or a.columns[k])
    local y = ffi.cast("const int64_t *", k == 0 and b.time or b.columns[k])
    local i = 0
    while i < n and x[i] == y[i] do i = i + 1 end
    if i < n then n, found = i, i end
  end
  return found or (a.n ~= b.n and n or nil)
end

local function rows_of(capture, kind, key, n_columns, whole)
  local name = kind .. " " .. key
  local rows = capture.rows[name]
  if not rows then
    rows = new_rows(kind, key, n_columns)
    rows.whole = whole
    capture.rows[name] = rows
  end
  return rows
end

local EQUITY_WHOLE, SIGNAL_WHOLE = { [3] = true }, { true }

local function add_equity(capture, key, rows)
  local kept = rows_of(capture, "equity", key, 3, EQUITY_WHOLE)
  local n = tonumber(rows.n_rows)
  local first = kept:reserve(n)
  local time, equity, cash, exposure = kept.time, kept.columns[1], kept.columns[2], kept.columns[3]
  for j = 0, n - 1 do
    time[first + j], equity[first + j], cash[first + j] = rows.ts_ns[j], rows.equity[j], rows.cash[j]
    exposure[first + j] = rows.exposure[j]
  end
end

local function add_signals(capture, key, out, n)
  local kept = rows_of(capture, "signals", key, 3, SIGNAL_WHOLE)
  local first = kept:reserve(n)
  local time, direction, strength, confidence = kept.time, kept.columns[1], kept.columns[2], kept.columns[3]
  for j = 0, n - 1 do
    time[first + j], direction[first + j] = out[j].ts_ns, out[j].direction
    strength[first + j], confidence[first + j] = out[j].strength, out[j].confidence
  end
end

-- The sink of one portfolio: notes everything, and has the real one's statistics.
local function sink_of(plan, portfolio, options, capture)
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
    if options.compact then return add_equity(capture, prefix, rows) end
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
  return sink
end

-- Node kind `recording`: notes signals.
local function new_recording(part)
  local options = part.plan.recording
  return {
    on_signal = function(_, batch)
      local one, symbol = batch.instance, tostring(batch.symbol or 1)
      if options.compact then
        add_signals(options.capture, table.concat({ one.id, one.stream.name, symbol }, " "), batch.out, batch.n)
        return true
      end
      for j = 0, batch.n - 1 do
        local s = batch.out[j]
        note(options.capture.signals, tostring(s.ts_ns), one.id, one.stream.name, symbol, tostring(s.direction),
          bits(s.strength), bits(s.confidence))
      end
      return true
    end,
  }
end

package.loaded["node.recording"] = { new = new_recording }

-- The nodes of a run or a replay, with one that notes signals and, where they are to be kept, one that captures them.
local function topology_for(options)
  local base = topology.topologies[options.signals and "signal_replay" or "full_backtest"]
  local nodes, edges = { unpack(base.nodes) }, { unpack(base.edges) }
  nodes[#nodes + 1] = { id = "recording", kind = "recording" }
  edges[#edges + 1] = { "strategies", "recording", "SIGNAL" }
  edges[#edges + 1] = { "combiner", "recording", "SIGNAL" }
  if options.recorded then
    nodes[#nodes + 1] = { id = "capture", kind = "capture" }
    edges[#edges + 1] = { "strategies", "capture", "SIGNAL" }
  end
  return { nodes = nodes, edges = edges }
end

-- Sets a plan's sinks. Returns a function that gives the capture once the run is over.
local function prepare(plan, options)
  local capture, made, parts = empty(), {}, {}
  for k, portfolio in ipairs(plan.portfolios) do
    parts[k] = empty()
    made[portfolio.name] = sink_of(plan, portfolio, options, parts[k])
  end
  local first = made[plan.portfolios[1].name]
  plan.sinks = {
    portfolio = function(name) return made[name] end, record = first.record, log = first.log,
    regime = function(one, ts_ns, index) note(capture.regimes, tostring(ts_ns), one.stream.name, tostring(index)) end,
    capture = options.recorded,
  }
  plan.recording = { capture = capture, compact = options.compact }
  if options.signals and options.signals ~= "own" then plan.signals = options.signals end
  return function()
    for _, part in ipairs(parts) do -- one portfolio after the other, whatever the slices
      for name, rows in pairs(part.rows) do capture.rows[name] = rows end
      for _, kind in ipairs(M.KINDS) do
        for _, line in ipairs(part[kind]) do note(capture[kind], line) end
      end
    end
    for _, kind in ipairs(IN_ORDER_OF_TIME) do table.sort(capture[kind]) end
    return capture
  end
end

--- Runs plans of combos together, through one phase.
-- @param list plans (plan.of_combo, or such as tests make); their sinks are set here
-- @param options nil or { recorded = a writer of lua/captured.lua that gets what the strategies of the one plan emit,
--   signals = a reader: the strategies do not run and the portfolios get that instead ("own": each plan's own
--   `signals`), compact = true for captures that
--   hold signals and equity as columns instead of lines: M.count and the comparisons know both, watch =
--   function(phase), before the first bar, that gives the function which Phase:run calls after each slice, or nil }
-- @return a list of captures; or nil and a message
function M.run_all(list, options)
  options = options or {}
  local finish = {}
  for k, plan in ipairs(list) do finish[k] = prepare(plan, options) end
  local phase, err = topology.build(topology_for(options), list)
  if not phase then return nil, err end
  local ok
  ok, err = phase:run(options.watch and options.watch(phase))
  local captures = {}
  for k = 1, ok and #list or 0 do
    local capture = finish[k]()
    captures[k], capture.warm = capture, {} -- open times of the bars with which strategies began
    for j, one in ipairs(phase.parts[k].instances) do
      capture.warm[j] = one.warm_row and one.stream.bars.ts_ns[one.warm_row] or 0LL
    end
  end
  phase:free()
  if not ok then return nil, err end
  return captures
end

--- M.run_all of one plan. Returns its capture, or nil and a message.
function M.run(plan, options)
  local captures, err = M.run_all({ plan }, options)
  if not captures then return nil, err end
  return captures[1]
end

-- Comparison ---------------------------------------------------------------------------------------------------------

--- How many there are of a kind.
function M.count(capture, kind)
  local n = #(capture[kind] or {})
  for _, rows in pairs(capture.rows or {}) do
    if rows.kind == kind then n = n + rows.n end
  end
  return n
end

--- Times of up to n signals and orders of a capture, evenly picked of each.
function M.decision_times(capture, n)
  local times = {}
  local function pick(count, time_at)
    for k = 0, count - 1, math.max(1, math.floor(count / n)) do times[#times + 1] = time_at(k) end
  end
  for _, rows in pairs(capture.rows or {}) do
    if rows.kind == "signals" then pick(rows.n, function(k) return rows.time[k] end) end
  end
  local function time_in(list) return function(k) return M.time_of(list[k + 1]:match "^(%-?%d+)LL") end end
  pick(#capture.signals, time_in(capture.signals))
  pick(#capture.orders, time_in(capture.orders))
  table.sort(times)
  return times
end

--- A time as it stands in a line: the text of a whole number, or of one with LL.
function M.time_of(digits)
  local first, last = digits:byte(1) == 45 and 2 or 1, #digits -- 45: "-"
  while digits:byte(last) == 76 do last = last - 1 end -- "L"
  local high, low = 0, 0
  for i = first, last do
    if last - i >= 9 then high = high * 10 + (digits:byte(i) - 48) else low = low * 10 + (digits:byte(i) - 48) end
  end
  return (high * 1000000000LL + low) * (first == 2 and -1 or 1)
end

--- Whether the time with which a line begins is at or before another.
function M.is_at_or_before(line, ts_ns) return M.time_of(line:match "^(-?%d+)LL") <= ts_ns end

--- Lines of a list whose time is at or before a time.
function M.until_time(list, ts_ns)
  local kept = {}
  for _, line in ipairs(list) do
    if M.is_at_or_before(line, ts_ns) then kept[#kept + 1] = line end
  end
  return kept
end

--- What is known of a capture at a time: signals, regimes, the orders that strategies made, and the fills of bars that
-- have closed. What becomes of an order later is the future's; so is a protective order, recorded when it fires.
function M.known_at(capture, t_ns)
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
  local kept = {}
  for name, rows in pairs(capture.rows or {}) do
    local n = rows.kind == "signals" and rows:until_time(t_ns) or 0
    if n > 0 then kept[name] = setmetatable({ n = n }, { __index = rows }) end
  end
  return { rows = kept,
    signals = M.until_time(capture.signals, t_ns), regimes = M.until_time(capture.regimes, t_ns),
    orders = orders, fills = M.until_time(capture.fills, t_ns),
  }
end

-- Of columns: the difference that comes first in time.
local function differing_rows(a, b)
  local names, seen = {}, {}
  for _, capture in ipairs { a, b } do
    for name in pairs(capture.rows or {}) do
      if not seen[name] then names[#names + 1] = name end
      seen[name] = true
    end
  end
  table.sort(names)
  local first
  for _, name in ipairs(names) do
    local one, other = a.rows[name], b.rows[name]
    local kind = (one or other).kind
    local i = one and other and differing_row(one, other) or (not one or not other) and 0 or nil
    if i then
      local here, there = one and one:line(i), other and other:line(i)
      local t_ns = M.time_of((here or there):match "^(%-?%d+)LL")
      if there then
        local other_ns = M.time_of(there:match "^(%-?%d+)LL")
        if other_ns < t_ns then t_ns = other_ns end
      end
      -- Of one time, a signal comes before the equity that it makes.
      if not first or t_ns < first.t_ns or t_ns == first.t_ns and kind == "signals" and first.kind ~= "signals" then
        first = { kind = kind, line = i + 1, a = here, b = there, t_ns = t_ns }
      end
    end
  end
  return first
end

--- The first line of two captures that differs, or nil: { kind, line = its number, a, b = the lines, nil where there is
-- none }.
function M.difference(a, b)
  local in_rows = differing_rows(a, b)
  if in_rows and in_rows.kind == "signals" then return in_rows end
  for _, kind in ipairs(M.KINDS) do
    if in_rows and in_rows.kind == kind then return in_rows end
    local one, other = a[kind] or {}, b[kind] or {}
    for k = 1, math.max(#one, #other) do
      if one[k] ~= other[k] then return { kind = kind, line = k, a = one[k], b = other[k] } end
    end
  end
end

return M

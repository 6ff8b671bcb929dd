--- `perilune verify`, the part about runs: replay of captured signals (law 2), chunks, combos together, the JIT off and
-- once more (law 3), and the future changed (law 6).
local abi = require "abi"
local captured = require "captured"
local plans = require "plan"
local recording = require "recording"
local C = abi.C

local M = {}

--- Rows of a slice that law 3 tries.
M.CHUNKS = { 7, 4096, 65536 }

local OUTSIDE = "the code remembers something outside of its `state`: an iterator made at the top of the file, such as "
  .. "string.gmatch's, is such a thing"
local ENGINE = "no strategy may be able to do this: please report it, with the configuration and the data"

local REPLAYED = { 65536, 37 } -- rows of a slice

-- Of orders at a time recording.known_at keeps this: the rest is the future's.
local KNOWN_FIELDS = { orders = { "source", "side" } }

local DIRECTIONS = { ["-1"] = "SHORT", ["0"] = "FLAT", ["1"] = "LONG" }
local SINGULAR = { signals = "signal", regimes = "regime", orders = "order", fills = "fill", trades = "trade",
  records = "recorded value", metrics = "figure", decisions = "verdict of a risk rule", scores = "risk score" }

local Runs = {}
Runs.__index = Runs

--- @param plan of verify_data
-- @param numbers of the combos that are verified, all of one group of the plan's grid
-- @param base the plan that they are made from
-- @param on_step function(label), called before each run
function M.new(plan, numbers, base, on_step)
  return setmetatable({ root = plan, plan = base, numbers = numbers, on_step = on_step }, Runs)
end

-- Where a configuration asks for both bounds of what happens within a bar, the pessimistic one is verified.
local function combo_plan(plan, number, changes)
  local intrabar = plan.execution.intrabar == "bands" and "pessimistic" or nil
  local made = plans.of_combo(plan, number, nil, intrabar)
  if changes.chunk_rows then
    made.engine = setmetatable({ chunk_rows = changes.chunk_rows }, { __index = plan.engine })
  end
  if changes.finalize == false then
    local execution = {}
    for key, value in pairs(made.execution) do execution[key] = value end
    execution.finalize_trades = false
    made.execution = execution
  end
  return made
end

-- Runs combos together, with options of recording.run_all. Returns a capture for each, or nil and a message.
function Runs:run(plan, numbers, label, changes, options)
  changes, options = changes or {}, options or {}
  self.on_step(label)
  local list = {}
  for k, number in ipairs(numbers) do list[k] = combo_plan(plan, number, changes) end
  local on_phase = options.on_phase
  return recording.run_all(list, {
    recorded = options.recorded, signals = options.signals, compact = true,
    watch = function(phase)
      if on_phase then on_phase(phase) end
      return function()
        if C.pln_stop_requested() ~= 0 then return false end
      end
    end,
  })
end

-- Runs one combo. Returns its capture, or nil and a message.
function Runs:one(number, label, changes, options)
  local captures, err = self:run(self.root, { number }, label, changes, options)
  if not captures then return nil, err end
  return captures[1]
end

-- Differences --------------------------------------------------------------------------------------------------------

local function shown(text)
  if text == nil then return "nothing" end
  local number = text:find "^%-?0x" and tonumber(text)
  return number and ("%.17g"):format(number) or (text:gsub("^(%-?%d+)LL$", "%1"))
end

-- The fields of a line: its time, portfolio (nil where there is one only) and values.
local function split(line, names)
  local values = {}
  for value in line:gmatch "%S+" do values[#values + 1] = value end
  local portfolio = #values > #names + 1 and table.remove(values, 2) or nil
  return recording.time_of(table.remove(values, 1)), portfolio, values
end

-- The line's values by name; with its time where that is what differs.
local function describe(line, names, with_time)
  if not line then return "nothing" end
  local time_ns, portfolio, values = split(line, names)
  local parts = {}
  if with_time then parts[1] = "time=" .. abi.iso_time(time_ns) end
  if portfolio then parts[#parts + 1] = ("portfolio=%s"):format(portfolio) end
  for k, name in ipairs(names) do
    local value = shown(values[k])
    if name == "direction" then value = DIRECTIONS[value] or value end
    parts[#parts + 1] = ("%s=%s"):format(name, value)
  end
  return table.concat(parts, " ")
end

-- Row of a stream, named or the first, that was visible or open at a time; nil where there is none.
local function row_of(plan, name, time_ns, is_open)
  for _, stream in ipairs(plan.streams) do
    if not name or stream.name == name then
      local bars = stream.bars
      local row = tonumber(C.pln_bars_lower_bound(bars, time_ns))
      if is_open then return row < bars.n_bars and row or nil end
      for i = math.max(0, row - 2), math.min(row, tonumber(bars.n_bars) - 1) do
        if C.pln_bars_visible_ns(bars, i) == time_ns then return i end
      end
      return nil
    end
  end
end

-- The first difference of two captures as the certificate tells it, or nil. `fields`: instead of recording.FIELDS.
local function compare(plan, combo, test, a, b, cause, fields)
  local d = recording.difference(a, b)
  if not d then return nil end
  local line = d.a or d.b
  local names = fields and fields[d.kind] or recording.FIELDS[d.kind]
  local time_ns, _, values = split(line, names)
  if d.a and d.b and split(d.b, names) < time_ns then -- what is there but should not be comes first
    time_ns, _, values = split(d.b, names)
  end
  local moved = d.a and d.b and split(d.a, names) ~= split(d.b, names)
  local by_signal = d.kind == "signals"
  local stream = by_signal and values[2] or (d.kind == "regimes" and values[1]) or nil
  return {
    test = test, combo = combo, what = SINGULAR[d.kind] or d.kind,
    name = ("%s %d"):format(SINGULAR[d.kind] or d.kind, d.line), of = by_signal and values[1] or nil, stream = stream,
    time_ns = d.kind ~= "metrics" and time_ns or nil,
    row = d.kind ~= "metrics" and row_of(plan, stream, time_ns, d.kind == "equity" or d.kind == "records") or nil,
    expected = describe(d.a, names, moved),
    found = describe(d.b, names, moved),
    cause = cause,
  }
end

-- A run that could not be made although the one it is compared with could.
local function failed(combo, test, message, cause)
  return { test = test, combo = combo, what = "run", message = message, cause = cause }
end

local function count(capture, counts)
  for _, kind in ipairs(recording.KINDS) do counts[kind] = (counts[kind] or 0) + recording.count(capture, kind) end
end

-- Laws ---------------------------------------------------------------------------------------------------------------

--- The runs that the others are compared with: self.base[k] = { capture, recorded } of each combo.
-- @param on_phase gets the first phase, for its features, or nil
-- @return true, or nil and a message
function Runs:make_base(on_phase)
  self.base = {}
  for k, number in ipairs(self.numbers) do
    local recorded = not M.law2_reason(self.plan) and captured.memory() or nil
    local capture, err = self:one(number, "run", nil, { recorded = recorded, on_phase = on_phase })
    if not capture then return nil, err end
    self.base[k] = { capture = capture, recorded = recorded }
  end
  return true
end

--- Why law 2 says nothing about a plan, or nil.
function M.law2_reason(plan)
  for _, strategy in ipairs(plan.strategies) do
    if strategy.def.on_bar then
      return ("strategy '%s' places its own orders (on_bar), which depend on what became of those before: there is "
        .. "nothing to replay, it always runs in full"):format(strategy.id)
    end
  end
end

--- Law 2. Returns { counts, n_runs, difference or nil }, or nil and a message.
function Runs:law2()
  local result = { counts = {}, n_runs = 0 }
  for k, number in ipairs(self.numbers) do
    local base = self.base[k]
    for _, chunk_rows in ipairs(REPLAYED) do
      local test = ("replay of the signals in slices of %d against the run"):format(chunk_rows)
      local capture, err = self:one(number, "replay", { chunk_rows = chunk_rows }, { signals = base.recorded })
      if not capture then return nil, err end
      capture.records = base.capture.records -- which a replay does not make
      count(capture, result.counts)
      result.n_runs = result.n_runs + 1
      result.difference = compare(self.plan, number, test, base.capture, capture, ENGINE)
      if result.difference then return result end
    end
  end
  return result
end

local function without_jit(fn, ...)
  local was_on = jit.status()
  jit.off()
  jit.flush()
  local ok, a, b = pcall(fn, ...)
  if was_on then jit.on() end
  if not ok then return nil, tostring(a) end
  return a, b
end

--- Law 3. Returns { counts, n_runs, tests = names, difference or nil }, or nil and a message.
function Runs:law3()
  local result = { counts = {}, n_runs = 0, tests = {} }
  local function check(k, test, capture, err, cause)
    local combo = self.numbers[k]
    if not capture then
      if C.pln_stop_requested() ~= 0 then return nil, err end
      result.difference = failed(combo, test, err, cause)
      return true
    end
    count(capture, result.counts)
    result.difference = compare(self.plan, combo, test, self.base[k].capture, capture, cause)
    return true
  end
  local function test_each(test, label, changes, cause, wrap)
    result.tests[#result.tests + 1] = test
    for k, number in ipairs(self.numbers) do
      local capture, err
      if wrap then capture, err = wrap(self.one, self, number, label, changes)
      else capture, err = self:one(number, label, changes) end
      result.n_runs = result.n_runs + 1
      local ok, message = check(k, test, capture, err, cause)
      if not ok then return nil, message end
      if result.difference then return true end
    end
    return true
  end
  local ok, err = test_each("once more", "run again", nil, OUTSIDE)
  if not ok or result.difference then return ok and result, err end
  for _, chunk in ipairs(M.CHUNKS) do
    ok, err = test_each(("chunks of %d rows"):format(chunk), ("run in chunks of %d"):format(chunk),
      { chunk_rows = chunk }, OUTSIDE)
    if not ok or result.difference then return ok and result, err end
  end
  ok, err = test_each("the JIT off", "run with the JIT off", nil, ENGINE, without_jit)
  if not ok or result.difference then return ok and result, err end
  -- With one combo only, it runs beside itself.
  local together = {}
  for k, number in ipairs(self.numbers) do together[k] = number end
  if #together == 1 then together[2] = together[1] end
  result.tests[#result.tests + 1] = ("%d combos together"):format(#together)
  local captures
  captures, err = self:run(self.root, together, "combos together")
  result.n_runs = result.n_runs + 1
  for k = 1, #together do
    local which = math.min(k, #self.numbers)
    ok, err = check(which, "combos together against alone", captures and captures[k], err, OUTSIDE)
    if not ok then return nil, err end
    if result.difference then return result end
  end
  return result
end

--- Times at which law 6 changes the future: half of them at decisions that were made, the others spread over the data.
-- @param n how many
-- @return list of int64 times, ascending
function Runs:times(n)
  local bars = self.plan.symbols[1].bars
  local rows, seen, times = tonumber(bars.n_bars), {}, {}
  local function add(t_ns)
    local key = tostring(t_ns)
    if seen[key] then return end
    seen[key] = true
    times[#times + 1] = t_ns
  end
  local decided = {}
  for _, base in ipairs(self.base) do
    for _, t_ns in ipairs(recording.decision_times(base.capture, 8 * n)) do decided[#decided + 1] = t_ns end
  end
  table.sort(decided)
  local n_decided = math.floor(n / 2)
  for k = 1, n_decided do
    local t_ns = decided[math.floor(#decided * k / (n_decided + 1)) + 1]
    if t_ns then add(t_ns) end
  end
  for k = 1, n - #times do
    add(C.pln_bars_visible_ns(bars, math.min(rows - 1, math.floor(rows * k / (n - n_decided + 1)))))
  end
  table.sort(times)
  return times
end

--- The decisions of the data as it is, without the closing of positions at its end.
function Runs:make_decided()
  local captures, err = self:run(self.root, self.numbers, "run", { finalize = false })
  if not captures then return nil, err end
  self.decided = captures
  return true
end

--- Law 6 for one change of the future: adds to result.counts; sets result.difference where there is one.
-- @param changed the plan over the changed data
-- @return true, or nil and a message
function Runs:known_at(changed, t_ns, test, result)
  local captures, err = self:run(changed, self.numbers, test, { finalize = false })
  if not captures then
    if C.pln_stop_requested() ~= 0 then return nil, err end
    result.difference = failed(nil, test, err, OUTSIDE)
    return true
  end
  result.n_runs = result.n_runs + 1
  for k, number in ipairs(self.numbers) do
    local known = recording.known_at(captures[k], t_ns)
    count(known, result.counts)
    local before = recording.known_at(self.decided[k], t_ns)
    local compat = self.plan.execution.compat
    result.difference = compare(self.plan, number, test, before, known, compat and compat ~= "none"
      and ("execution.compat: %s looks ahead, as that engine does"):format(compat) or OUTSIDE, KNOWN_FIELDS)
    if result.difference then return true end
  end
  return true
end

return M

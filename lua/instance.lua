--- Instances: one strategy or classifier on one stream of bars, with its features, state and place in the data.
-- An instance is the Lua half of a container: everything in it lives from the start of a phase to its end.
local ffi = require "ffi"
local abi = require "abi"
local drain = require "drain"
local indicator_hub = require "indicator_hub"
local matrix = require "matrix"
local registry = require "registry"
local rule = require "rule"
local sandbox = require "sandbox"
local C = abi.C

local M = {}

local PRICE_COLUMNS = { "open", "high", "low", "close", "volume" }

-- Columns that do not come from the hub: of a signal_filter, and of who sees a classifier.
local LEVEL, REGIME, NOTHING = { "direction", "strength", "confidence" }, { "regime" }, {}

local NO_BAR = abi.INT64_MIN -- as a bar's time: none was seen yet

local Instance = {}
Instance.__index = Instance

-- Each instance draws its own numbers, whatever else is in the run.
local function own_seed(spec)
  return tonumber(abi.hash128(("%.0f %s %s"):format(spec.seed or 1, spec.id, spec.stream.name)):sub(1, 8), 16)
end

-- Signals of a slice on their way: whoever is told of them copies what is to stay.
local scratches = {}
local function scratch(rows)
  scratches[rows] = scratches[rows] or ffi.new("pln_signal[?]", rows)
  return scratches[rows]
end

local Rule = rule.class(Instance, scratch)

-- The sign of a rule is that of one feature, or of the first of two less the second.
local function features_of(def, p, names, own, library)
  if not def.rule then return def:feature_list(p, names, own, library) end
  local exprs, err = def:rule_features(p, own, library)
  if not exprs then return nil, err end
  local list = {}
  for k, expr in ipairs(exprs) do list[k] = { name = "rule", expr = expr } end
  return list
end

-- Adds one of an instance's features to the hub. Returns its id, or nil and a message.
local function add_feature(spec, hub, field, expression)
  local id, message = indicator_hub.add_feature(hub, spec.stream.hub_id, expression)
  if id then return id end
  local symbol, timeframe = message:match("no stream '(.+)_(%w+)' here")
  local expr = #expression > 100 and expression:sub(1, 100) .. "…" or expression
  local hint = symbol and ("; streams are the configuration's symbols at their timeframes: list %s under the "
    .. "timeframes of %s"):format(timeframe, symbol) or ""
  if #message > 300 then message = "…" .. message:sub(-300) end
  local def = spec.def
  return nil, ("%s:%d: feature '%s' of %s '%s' is '%s': %s%s"):format(def.file,
    def.lines[def.rule and "rule" or "features"] or 1, field, def.kind, spec.id, expr, message, hint)
end

-- Bars of the other symbols are what had been seen of them: an as-of join like any feature. Five ids a symbol.
local function add_prices(spec, hub)
  local ids = ffi.new("int32_t[?]", #spec.symbols * 5)
  for k, stream in ipairs(spec.symbols) do
    for j, name in ipairs(PRICE_COLUMNS) do
      local expr = stream.name == spec.stream.name and name or ('"%s"_%s.%s'):format(stream.symbol, stream.timeframe,
        name)
      ids[(k - 1) * 5 + j - 1] = abi.must(C.pln_hub_add_feature(hub, spec.stream.hub_id, expr))
    end
  end
  return ids
end

local function exact(value)
  if type(value) == "number" then return ("%.17g"):format(value) end
  return tostring(value)
end

--- A text that is equal for specs that ask the same of a hub: definition, parameters, streams.
function M.key(spec)
  local parts = { spec.def.kind, spec.def.file, spec.stream.name, spec.has_regime and "regime" or "" }
  for _, param in ipairs(spec.def.params) do
    parts[#parts + 1] = ("%s=%s"):format(param.name, exact(spec.p[param.name]))
  end
  for _, stream in ipairs(spec.symbols or {}) do parts[#parts + 1] = stream.name end
  return table.concat(parts, "\n")
end

--- What instances of one definition, with the same parameters on the same streams, ask of a hub.
-- @param spec as of M.new, of which are read: id, def, p, stream, symbols, library, has_regime = it sees a classifier's
-- @param hub pln_hub*, not sealed yet
-- @return { list, columns, features = ids, n_features, matrices = lists of ids, prices = ids or nil }, which may be
--   given to M.new any number of times as spec.declared; or nil and a message
function M.declare(spec, hub)
  local names = {}
  for k, stream in ipairs(spec.symbols or { spec.stream }) do names[k] = stream.name end
  local list, err = features_of(spec.def, spec.p, names, spec.stream.name, spec.library)
  if not list then return nil, err end
  local columns = drain.columns(list)
  local declared = {
    list = list, columns = columns, features = ffi.new("int32_t[?]", math.max(#columns, 1)), n_features = #columns,
    matrices = {},
  }
  for k, column in ipairs(columns) do
    local id
    id, err = add_feature(spec, hub, column.field, column.expr)
    if not id then return nil, err end
    declared.features[k - 1] = id
  end
  for i, feature in ipairs(columns.matrices) do
    declared.matrices[i] = {}
    for k, expression in ipairs(feature.matrix.exprs) do
      local id
      id, err = add_feature(spec, hub, ("%s[%d]"):format(feature.name, k), expression)
      if not id then return nil, err end
      declared.matrices[i][k] = id
    end
  end
  if spec.symbols then declared.prices = add_prices(spec, hub) end
  local others = spec.def.filter and LEVEL or spec.has_regime and REGIME or NOTHING
  for _, name in ipairs(others) do
    list[#list + 1] = { name = name }
    columns[#columns + 1] = { field = name }
  end
  return declared
end

-- Matrices are fed every row of the stream, whether the strategy is called for it or not.
function Instance:_make_matrices(declared)
  self.matrices = {}
  for i, feature in ipairs(self.columns.matrices) do
    local spec, one = feature.matrix, { name = feature.name, ids = declared.matrices[i] }
    local err
    one.matrix, err = matrix.new(#spec.exprs,
      { rows = spec.rows, clip = spec.clip, missing = spec.missing, scale = spec.scale })
    if not one.matrix then return nil, err end
    one.columns = ffi.new("const double *[?]", #spec.exprs)
    self.matrices[i] = one
  end
  return true
end

-- The slice's columns, such that index i is row i of the stream.
function Instance:_bind_matrices()
  if #self.matrices == 0 then return end
  local first = tonumber(C.pln_hub_first_row(self.hub, self.stream.hub_id))
  if first == tonumber(C.pln_hub_last_row(self.hub, self.stream.hub_id)) then return end
  for _, one in ipairs(self.matrices) do
    for k, id in ipairs(one.ids) do one.columns[k - 1] = C.pln_hub_column(self.hub, id) - first end
    C.pln_matrix_bind(one.matrix, one.columns, first)
  end
end

--- After the rows of a slice: matrices get those for which the strategy was not called.
function Instance:end_slice()
  if #self.matrices == 0 then return end
  local last = tonumber(C.pln_hub_last_row(self.hub, self.stream.hub_id))
  if last == tonumber(C.pln_hub_first_row(self.hub, self.stream.hub_id)) then return end
  for _, one in ipairs(self.matrices) do C.pln_matrix_to(one.matrix, last - 1) end
end

--- Makes an instance.
-- @param spec { id, def, p, stream = stream record of the topology, symbols = list of stream records (multi-symbol),
--   library = indicators in Lua (nil: the default ones), regime_of = classifier instance or nil, budget = loop
--   iterations a bar, rows = chunk size, seed, declared = of M.declare }
-- @param hub pln_hub*
-- @return the instance, or nil and a message
function M.new(spec, hub)
  if spec.def.rule then return Rule.new(spec, hub) end
  local self = setmetatable({}, Instance)
  self.id, self.def, self.p = spec.id, spec.def, spec.p
  self.hub, self.stream, self.symbols = hub, spec.stream, spec.symbols
  self.budget = spec.budget
  self.warm_row = nil
  self.regime_of = spec.regime_of
  local declared, list = spec.declared, spec.declared.list
  self.signal = self.def.signal
  self.columns, self.features, self.n_features = declared.columns, declared.features, declared.n_features
  local made, err = self:_make_matrices(declared)
  if not made then return nil, err end
  self.f = drain.new_features(list)
  for _, one in ipairs(self.matrices) do matrix.show(self.f[one.name], one.matrix) end
  self.n_arguments = #self.columns
  if drain.is_gathered(self.columns) then
    self.gather, self.gathered, self.kept = drain.new_gather(self.f, drain.places(self.f, self.columns))
    self.n_arguments = 1
  end
  self.rows = spec.rows
  made, err = self:_init_calls(spec)
  if not made then return nil, err end
  self.n_changes = 0 -- of its signal, so far
  self.pointers = {}
  self.arguments = self.gather and {} or self.pointers -- of the loop
  for k, one in ipairs(self.matrices) do self.arguments[self.n_arguments + k] = one.matrix end
  self.n_arguments = self.n_arguments + #self.matrices
  if spec.symbols then
    self:_init_levels(declared)
  else
    self.held = ffi.new("pln_signal", { direction = 0, strength = 1, confidence = 1 })
  end
  if self.def.on_bar then
    self.loop = drain.caller_loop(self.def, self.columns, self.symbols and #self.symbols)
  elseif self.def.classify then
    self.loop = drain.classifier_loop(self.def, self.columns)
  elseif self.symbols then
    self.loop = drain.levels_loop(self.def, self.columns, #self.symbols)
  else
    self.loop = drain.signal_loop(self.def, self.columns)
  end
  self.out = scratch(spec.rows)
  if self.def.filter then -- the level at each row of the slice, for the caller to fill
    self.seen = {}
    for k = 1, #LEVEL do self.seen[k] = ffi.new("double[?]", spec.rows) end
  end
  if self.def.kind == "classifier" then
    self.regimes = ffi.new("double[?]", spec.rows)
    self.index_of = {}
    for index, name in ipairs(self.def.regimes) do
      self.index_of[index], self.index_of[name] = index, index
    end
    self.regime = 0
  end
  return self
end

-- What calls of the user's functions need: state, random numbers, the bar that they see, where they write to.
function Instance:_init_calls(spec)
  local err
  self.budget = spec.budget
  self.state, err = self.def:new_state(self.p)
  if not self.state and err then return nil, err end
  if self.def.uses_random then
    self.random = ffi.new(ffi.typeof(self.def.random))
    registry.seed_random(self.random, own_seed(spec))
  end
  self.handler = registry.handler(self.def)
  self.on_record = function(name, value) spec.on_record(self, name, value) end
  self.on_log = function(message) spec.on_log(self, message) end
  if spec.symbols then
    self.bars = drain.new_array("pln_bar_row", #spec.symbols, "bars cannot be assigned to")
    for k = 1, #spec.symbols do self.bars[k].ts_ns = NO_BAR end
  else
    self.bar = ffi.new("pln_bar_row", { ts_ns = NO_BAR })
  end
  self.heartbeat = ffi.cast("const int64_t *", self.bar or self.bars[1]) -- the bar's first field, its time
  return true
end

function Instance:_init_levels(declared)
  local n = #self.symbols
  self.levels = drain.new_array("pln_signal", n, "set its fields, as in out[1].direction = LONG")
  self.held = drain.new_array("pln_signal", n, "")
  self.outs, self.counts = {}, {}
  self.price_features = declared.prices
  self.prices = ffi.new("const double *[?]", n * 5)
  if drain.are_bars_gathered(n) then
    local size, places = ffi.sizeof("pln_bar_row") / 8, {}
    for k = 1, n do
      for j, name in ipairs(PRICE_COLUMNS) do
        places[(k - 1) * 5 + j] = k * size + ffi.offsetof("pln_bar_row", name) / 8
      end
      places[n * 5 + k] = k * size + ffi.offsetof("pln_bar_row", "ts_ns") / 8
    end
    self.bar_gather, self.bars_gathered, self.kept_bars = drain.new_gather(self.bars, places)
  end
  for k = 1, n do
    self.levels[k].strength, self.levels[k].confidence = 1, 1
    self.held[k].strength, self.held[k].confidence = 1, 1
    self.outs[k] = ffi.new("pln_signal[?]", self.rows)
  end
end

--- Rows of the instance's stream that are in the current slice, inside the trading window and warm: [first, last).
-- A classifier's stream has no window, as features have none: what it is at a window's start does not depend on it.
-- Empty when first >= last.
function Instance:rows_to_do()
  local hub, stream = self.hub, self.stream
  self:_bind_matrices()
  local first = tonumber(C.pln_hub_first_row(hub, stream.hub_id))
  first = math.max(first, stream.window_first)
  local last = math.min(tonumber(C.pln_hub_last_row(hub, stream.hub_id)), stream.window_last)
  if not self.warm_row then
    if self.regime_of then
      local known = self.regime_of.warm_row -- the regime is a feature like the others, made earlier in the slice
      if not known then return 0, 0 end
      first = math.max(first, known)
    end
    if first >= last then return 0, 0 end
    local warm = tonumber(C.pln_hub_first_warm(hub, stream.hub_id, self.features, self.n_features, first))
    if self.price_features then
      warm = math.max(warm,
        tonumber(C.pln_hub_first_warm(hub, stream.hub_id, self.price_features, #self.symbols * 5, first)))
    end
    for _, one in ipairs(self.matrices) do
      warm = math.max(warm, tonumber(C.pln_matrix_first_ready(one.matrix, last)))
    end
    if warm >= last then return 0, 0 end
    self.warm_row = warm
  end
  return math.max(first, self.warm_row), last
end

--- Pointers to the feature columns such that index i is row i of the stream.
function Instance:_bind_columns()
  local base = tonumber(C.pln_hub_first_row(self.hub, self.stream.hub_id))
  for k = 1, self.n_features do
    self.pointers[k] = C.pln_hub_column(self.hub, self.features[k - 1]) - base
  end
  if self.regime_of then self.pointers[self.n_features + 1] = self.regime_of.regimes - base end
  for k, column in ipairs(self.seen or NOTHING) do self.pointers[self.n_features + k] = column - base end
  if self.prices then
    for k = 0, #self.symbols * 5 - 1 do
      self.prices[k] = C.pln_hub_column(self.hub, self.price_features[k]) - base
    end
  end
  if self.bars_gathered then
    for k = 0, #self.symbols * 5 - 1 do self.bars_gathered[k] = self.prices[k] end
    for k = 0, #self.symbols - 1 do self.bars_gathered[#self.symbols * 5 + k] = self.stream.bars.ts_ns end
  end
  if self.gather then
    for k = 1, #self.columns do self.gathered[k - 1] = self.pointers[k] end
    self.arguments[1] = self.gather
  end
  return self.arguments
end

--- Open time of the bar that the user's code saw last; before the first, of the first inside the window.
function Instance:now_ns()
  local ts_ns = (self.bar or self.bars[1]).ts_ns
  if ts_ns ~= NO_BAR then return ts_ns end
  local bars = self.stream.bars
  return bars.ts_ns[math.min(self.stream.window_first, tonumber(bars.n_bars) - 1)]
end

local running -- the instance whose code runs

--- Puts the instance's own series, log and random numbers in the user's reach while its code runs.
function Instance:enter()
  local def = self.def
  running = self
  C.pln_watchdog_watch(self.heartbeat, def.file)
  sandbox.charge_to(def.budget)
  def.hooks.record, def.hooks.log = self.on_record, self.on_log
  def.budget.limit = self.budget
  if self.random then ffi.copy(def.random, self.random, ffi.sizeof(self.random)) end
end

function Instance:leave()
  C.pln_watchdog_rest()
  sandbox.charge_to(nil)
  running = nil
  if self.random then ffi.copy(self.random, self.def.random, ffi.sizeof(self.random)) end
end

-- Runs the user's code, which several instances may share, and which may be within a call of its own already (on_fill
-- comes between two calls of on_bar, from the same loop). Returns xpcall's results.
function Instance:_protected(...)
  local outer = running
  if outer == self then return xpcall(...) end
  if outer then outer:leave() end
  self:enter()
  local ok, a, b, c, d, e = xpcall(...)
  self:leave()
  if outer then outer:enter() end
  return ok, a, b, c, d, e
end

-- Drain loops copy only what a strategy names of a bar; messages show all of it.
local function whole_bar(bars, ts_ns)
  local i = C.pln_bars_lower_bound(bars, ts_ns)
  return { open = bars.open[i], high = bars.high[i], low = bars.low[i], close = bars.close[i], volume = bars.volume[i] }
end

-- nil and a message where the user's code changed a table of its file.
function Instance:_check_constants()
  local name = self.def.constants:changed()
  if not name then return true end
  return nil, ("%s: '%s', a table of the file, was changed from within a function: what must last from one call to the "
    .. "next belongs in `state`"):format(self.def.file, name)
end

local function describe_values(self)
  local lines = {}
  local function add(...) lines[#lines + 1] = string.format(...) end
  local bars = self.bar and { self.bar } or {}
  if self.bars then
    for k = 1, #self.symbols do bars[k] = self.bars[k] end
  end
  local is_seen = bars[1].ts_ns ~= NO_BAR
  for k, bar in ipairs(is_seen and bars or {}) do
    local stream = self.symbols and self.symbols[k] or self.stream
    local all = self.symbols and bar or whole_bar(stream.bars, bar.ts_ns)
    add("  %s bar %s: open=%.10g high=%.10g low=%.10g close=%.10g volume=%.10g", stream.name, abi.iso_time(bar.ts_ns),
      all.open, all.high, all.low, all.close, all.volume)
  end
  local seen = {}
  for _, column in ipairs(is_seen and self.columns or {}) do
    local name, index = column.field:match("^(.-)%[(%d+)%]$")
    local value = name and self.f[name][tonumber(index)] or self.f[column.field]
    seen[#seen + 1] = ("%s=%.10g"):format(column.field, value)
  end
  if #seen > 0 then add("  features: %s", table.concat(seen, " ")) end
  local params = {}
  for _, param in ipairs(self.def.params) do
    params[#params + 1] = ("%s=%s"):format(param.name, tostring(self.p[param.name]))
  end
  if #params > 0 then add("  parameters: %s", table.concat(params, " ")) end
  return table.concat(lines, "\n")
end

--- The message for an error in the user's code: their file and line, and what the code saw.
function Instance:explain(raw)
  local inner = type(raw) == "table" and raw.perilune_error or raw
  if type(inner) == "table" and inner.explained then return inner.explained end
  local place = registry.describe(raw, self.def)
  local where = place.line and ("%s:%d: "):format(place.file, place.line) or (place.file .. ": ")
  return ("%s%s\n%s"):format(where, place.message, describe_values(self))
end

function Instance:_bad_result(what, expected)
  local name = self.def.filter and "filter" or self.def.signal and "signal" or "classify"
  return ("%s:%d: %s returned %s, expected %s\n%s"):format(self.def.file, self.def.lines[name] or 1, name, what,
    expected, describe_values(self))
end

local SIGNAL_FORM = "LONG, FLAT or SHORT, then optionally a strength and a confidence, each from 0 to 1"

local function shown(value)
  if type(value) == "string" then return ("%q"):format(value) end
  if type(value) == "table" or type(value) == "function" then return "a " .. type(value) end
  return tostring(value)
end

--- Runs a signal strategy over the current slice.
-- @return a list of { out = pln_signal*, n = changes, symbol = k or nil }, or nil and a message
function Instance:generate()
  local first, last = self:rows_to_do()
  if first >= last then return {} end
  local columns = self:_bind_columns()
  if self.symbols then return self:_generate_levels(first, last, columns) end
  local b = self.stream.bars
  local ok, n, row, d, st, cf = self:_protected(self.loop, self.handler, self.signal, self.def.budget, self.budget,
    self.f, self.bar, self.p, self.state, self.held, self.out, first, last, b.ts_ns, b.open, b.high, b.low, b.close,
    b.volume,
    unpack(columns, 1, self.n_arguments))
  if not ok then return nil, self:explain(n) end
  if n == drain.BAD_RESULT and row then
    return nil, self:_bad_result(("%s, %s, %s"):format(shown(d), shown(st), shown(cf)), SIGNAL_FORM)
  end
  local constant, err = self:_check_constants()
  if not constant then return nil, err end
  self:_stamp(self.out, n, first)
  self.n_changes = self.n_changes + n
  return { { out = self.out, n = n } }
end

function Instance:_generate_levels(first, last, columns)
  for k = 1, #self.symbols do self.counts[k] = 0 end
  local ok, status, _, symbol, returned = self:_protected(self.loop, self.handler, self.signal, self.def.budget,
    self.budget, self.f, self.bars, self.p, self.state, self.levels, self.held, self.outs, self.counts, first, last,
    self.stream.bars.ts_ns, self.bar_gather or self.prices,
    unpack(columns, 1, self.n_arguments))
  if not ok then return nil, self:explain(status) end
  if status == drain.BAD_RESULT and not symbol then
    local form = "%s:%d: signal returned %s, expected nothing: over several symbols it sets out[k].direction\n%s"
    return nil, form:format(self.def.file, self.def.lines.signal or 1, shown(returned),
      describe_values(self))
  elseif status == drain.BAD_RESULT then
    local level = self.levels[symbol]
    return nil, ("%s:%d: signal set out[%d] (%s) to direction %d, strength %g, confidence %g, expected %s\n%s"):format(
      self.def.file, self.def.lines.signal or 1, symbol, self.symbols[symbol].name, level.direction, level.strength,
      level.confidence, SIGNAL_FORM, describe_values(self))
  end
  local constant, err = self:_check_constants()
  if not constant then return nil, err end
  local changes = {}
  for k = 1, #self.symbols do
    self:_stamp(self.outs[k], self.counts[k], first)
    self.n_changes = self.n_changes + self.counts[k]
    changes[k] = { out = self.outs[k], n = self.counts[k], symbol = k }
  end
  return changes
end

function Instance:_stamp(out, n, first)
  local bars = self.stream.bars
  for j = 0, n - 1 do out[j].ts_ns = C.pln_bars_visible_ns(bars, first + out[j].row) end
end

--- Runs a classifier over the current slice: fills self.regimes (0 before it is warm).
-- @return true, or nil and a message
function Instance:classify()
  local base = tonumber(C.pln_hub_first_row(self.hub, self.stream.hub_id))
  local slice_rows = tonumber(C.pln_hub_last_row(self.hub, self.stream.hub_id)) - base
  for j = 0, slice_rows - 1 do self.regimes[j] = self.regime end
  local first, last = self:rows_to_do()
  if first >= last then return true end
  local columns = self:_bind_columns()
  local b = self.stream.bars
  local ok, status, _, regime = self:_protected(self.loop, self.handler, self.def.classify, self.def.budget,
    self.budget, self.f, self.bar, self.p, self.state, self.index_of, self.regimes + (first - base), first, last,
    b.ts_ns, b.open, b.high, b.low, b.close, b.volume, unpack(columns, 1, self.n_arguments))
  if not ok then return nil, self:explain(status) end
  if status == drain.BAD_RESULT then
    return nil, self:_bad_result(shown(regime), "one of " .. table.concat(self.def.regimes, ", "))
  end
  local constant, err = self:_check_constants()
  if not constant then return nil, err end
  self.regime = self.regimes[last - 1 - base]
  return true
end

--- What is left of an instance when its part of a phase is over: what results tell of it.
function Instance:summary()
  return {
    id = self.id, def = self.def, stream = self.stream, symbols = self.symbols, warm_row = self.warm_row,
    n_changes = self.n_changes,
  }
end

--- Runs the lock-step loop of a caller from the row that is due; returns what pln_exec_next returned at the end.
-- @return status, or nil and a message
function Instance:call(exec, caller, until_ns, view, ctx, deliver)
  local b = self.stream.bars
  local open, high, low, close, volume = b.open, b.high, b.low, b.close, b.volume
  if self.symbols then open, high, low, close, volume = self.bar_gather or self.prices, nil, nil, nil, nil end
  local ok, due = self:_protected(self.loop, self.handler, self.def.on_bar, deliver, ctx, self.def.budget, self.budget,
    self.f, self.bar or self.bars, self.p, self.state, exec, caller, until_ns, view, b.ts_ns, open, high, low, close,
    volume,
    unpack(self.arguments, 1, self.n_arguments))
  if not ok then return nil, self:explain(due) end
  local constant, err = self:_check_constants()
  if not constant then return nil, err end
  return due
end

--- Calls one of the strategy's other functions (on_start, on_end, on_fill, on_order) if it has it.
-- @return true, or nil and a message
function Instance:notify(name, ...)
  local callback = self.def[name]
  if not callback then return true end
  local budget = self.def.budget
  local left = budget.left
  budget.left = self.budget
  local ok, err = self:_protected(callback, self.handler, ...)
  budget.left = left
  if not ok then return nil, self:explain(err) end
  return true
end

--- Calls on_schedule for an entry of the strategy's schedule, with what the last bar before it left; not before the
-- strategy is warm. `deliver` as in `call`.
-- @return true, or nil and a message
function Instance:scheduled(name, ctx, deliver, view)
  if not self.warm_row or C.pln_bars_visible_ns(self.stream.bars, self.warm_row) > view.now_ns then return true end
  local ok, err = self:_protected(function()
    if deliver and (view.n_new_fills > 0 or view.n_new_orders > 0) then deliver(view) end
    self.def.budget.left = self.budget
    self.def.on_schedule(ctx, name, self.f, self.bar or self.bars, self.p, self.state)
  end, self.handler)
  if not ok then return nil, self:explain(err) end
  return self:_check_constants()
end

--- Before a slice's lock-step: binds columns and tells the container from which row to call.
function Instance:prepare_calls(exec, caller)
  local was_warm = self.warm_row
  self:rows_to_do()
  self:_bind_columns()
  if self.warm_row and not was_warm then
    abi.must(C.pln_exec_set_first_row(exec, caller, self.warm_row))
  end
end

return M

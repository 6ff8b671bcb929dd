--- Indicators written in Lua: finding their files, and answering what the feature hub asks of them (src/abi/feature.h,
-- "Indicators of the caller's own").
local ffi = require "ffi"
local abi = require "abi"
local indicator = require "indicator"
local registry = require "registry"
local sandbox = require "sandbox"
local suggest = require "suggest"
local C = abi.C

local M = {}

-- The library -------------------------------------------------------------------------------------------------------

local Library = {}
Library.__index = Library

--- A library: the indicators of some folders. They are searched in this order: options.folders, PERILUNE_PATH (whose
-- folders may hold strategies too), the installation's own.
-- @param options { folders = list of paths, environment = false to leave PERILUNE_PATH out } or nil
function M.library(options)
  options = options or {}
  local folders = {}
  for _, folder in ipairs(options.folders or {}) do folders[#folders + 1] = folder end
  if options.environment ~= false then
    for folder in (os.getenv "PERILUNE_PATH" or ""):gmatch "[^:]+" do folders[#folders + 1] = folder end
  end
  local home = ffi.string(C.pln_host_home())
  if home ~= "" then folders[#folders + 1] = home .. "/indicators" end
  return setmetatable({ folders = folders }, Library)
end

local default

--- The library of whoever names none: the folder `indicators` where the program was started.
function M.default()
  default = default or M.library { folders = { "indicators" } }
  return default
end

--- Forgets the default library's files, so that they are read again: for the prompt, after a file was changed.
function M.reload() default = nil end

-- Loads all files, once: of one name the first folder's.
function Library:_index()
  if self.by_name then return end
  self.by_name, self.broken, self.defs, self.errors = {}, {}, {}, {}
  for _, folder in ipairs(self.folders) do
    for _, file in ipairs(registry.files_of(folder)) do
      local path = folder .. "/" .. file
      local def, message = registry.load_file(path)
      if not def then
        local name = file:gsub("%.lua$", "")
        self.broken[name] = self.broken[name] or message
        self.errors[#self.errors + 1] = message
      elseif def.kind == "indicator" and not self.by_name[def.name] then
        self.by_name[def.name] = def
        self.defs[#self.defs + 1] = def
      end
    end
  end
  table.sort(self.defs, function(a, b) return a.name < b.name end)
end

--- Adds a definition (registry.compile), in place of one of its name.
function Library:add(def)
  self:_index()
  if def.kind ~= "indicator" then error(("%s: a %s, expected an indicator"):format(def.file, def.kind), 2) end
  local before = self.by_name[def.name]
  for i, other in ipairs(self.defs) do
    if other == before then table.remove(self.defs, i) end
  end
  self.by_name[def.name] = def
  table.insert(self.defs, def)
  table.sort(self.defs, function(a, b) return a.name < b.name end)
end

--- The definition of that name, or nil, and a message where a file of that name could not be loaded.
function Library:find(name)
  self:_index()
  local def = self.by_name[name]
  if def then return def end
  return nil, self.broken[name]
end

--- All definitions, sorted by name, and the messages of files that could not be loaded.
function Library:list()
  self:_index()
  return self.defs, self.errors
end

-- Hubs --------------------------------------------------------------------------------------------------------------

local records = setmetatable({}, { __mode = "k" }) -- hub → what is known of its definitions and calls

--- Makes a library's indicators known to a hub, before features are added.
-- @param hub pln_hub *
-- @param library of M.library, nil: the default one
-- @param budget loop iterations and calls that a step may use, nil: sandbox.DEFAULT_BUDGET
function M.attach(hub, library, budget)
  records[hub] = {
    added = {}, -- ids by stream and text
    library = library or M.default(), budget = budget or sandbox.DEFAULT_BUDGET, ids = {}, defs = {}, calls = {},
    n_calls = 0, kept = {},
  }
end

local KINDS = {
  source = C.PLN_INPUT_SOURCE, columns = C.PLN_INPUT_COLUMNS, series = C.PLN_INPUT_SERIES,
}

local function define(hub, record, def)
  local strings = {}
  local function text(value)
    strings[#strings + 1] = value
    return value
  end
  local params = ffi.new("pln_indicator_param[?]", math.max(#def.hub_params, 1))
  for i, param in ipairs(def.hub_params) do
    local made = params[i - 1]
    made.name, made.help = text(param.name), text(param.help)
    made.default_value, made.min_value, made.max_value = param.default, param.min, param.max
    made.words = param.words and text(table.concat(param.words, " ")) or nil
    made.is_integer = param.is_integer and 1 or 0
  end
  local info = ffi.new "pln_indicator_info"
  info.name, info.group, info.help, info.formula = text(def.name), text(def.group), text(def.help), text(def.formula)
  info.inputs, info.outputs = text(table.concat(def.inputs, " ")), text(table.concat(def.outputs, " "))
  info.params, info.n_params, info.input_kind = params, #def.hub_params, KINDS[def.input_kind]
  info.has_valid = def.has_valid and 1 or 0
  local id = C.pln_hub_define(hub, info)
  if id < 0 then return nil, ("%s:%d: %s"):format(def.file, def.lines.name or 1, abi.last_error()) end
  assert(#strings > 0) -- they live until here
  record.ids[def.name], record.defs[id] = id, def
  return true
end

local function call_text(call)
  local parts = {}
  for i, param in ipairs(call.def.params) do
    parts[i] = ("%s = %s"):format(param.name, tostring(call.p[param.name]))
  end
  return ("%s(%s)"):format(call.def.name, table.concat(parts, ", "))
end

--- The lookback of a definition for parameters as the hub tells them (numbers from 0). nil and a message on its errors.
function M.lookback(def, values)
  local p = indicator.params_table(def, values)
  local lookback, message = def.warmup
  if type(lookback) == "function" then
    local ok
    ok, lookback = registry.run(def, "warmup", def.warmup, p)
    if not ok then return nil, lookback end
  end
  lookback, message = indicator.lookback(lookback)
  if lookback then return lookback end
  return nil, ("%s:%d: %s: %s"):format(def.file, def.lines.warmup or 1, call_text { def = def, p = p }, message)
end

local function answer(hub, record, number)
  local def = record.defs[C.pln_hub_call_definition(hub, number)]
  local values = C.pln_hub_call_params(hub, number)
  local call = { def = def, p = indicator.params_table(def, values) }
  local lookback, message = M.lookback(def, values)
  if not lookback then return nil, message end
  local bytes = 0
  if def.state ~= nil then
    local declared = def.state
    if type(declared) == "function" then
      local ok
      ok, declared = registry.run(def, "state", def.state, call.p)
      if not ok then return nil, declared end
    end
    call.layout, message = indicator.layout(declared, call.p)
    if not call.layout then
      return nil, ("%s:%d: %s: %s"):format(def.file, def.lines.state or 1, call_text(call), message)
    end
    bytes = call.layout.bytes
  end
  call.lookback, call.x, call.loop, call.handler = lookback, indicator.new_inputs(def), indicator.loop(def),
    registry.handler(def)
  if C.pln_hub_answer_call(hub, number, lookback, bytes) < 0 then return nil, abi.last_error() end
  record.calls[number] = call
  return true
end

--- Adds a feature to a hub; indicators of its library that the expression names are defined first.
-- @return its id, or nil and a message
function M.add_feature(hub, stream, expression)
  local record = records[hub]
  if not record then return abi.check(C.pln_hub_add_feature(hub, stream, expression)) end
  local added = record.added[stream] or {}
  record.added[stream] = added
  if added[expression] then return added[expression] end
  local ok, message, broken
  for word in expression:gmatch "[%a_][%w_]*" do
    if not record.ids[word] and not indicator.is_taken(word) then
      local def
      def, message = record.library:find(word)
      broken = broken or message
      if def then
        ok, message = define(hub, record, def)
        if not ok then return nil, message end
      end
    end
  end
  local id
  id, message = abi.check(C.pln_hub_add_feature(hub, stream, expression))
  for number = record.n_calls, C.pln_hub_calls(hub) - 1 do
    record.n_calls = number + 1
    local answered, problem = answer(hub, record, number)
    if not answered then return nil, problem end
  end
  local unknown = message and not message:find("did you mean", 1, true) and message:match "no indicator '([%w_]+)'"
  if unknown then
    local names = {}
    for i, def in ipairs((record.library:list())) do names[i] = def.name end
    message = message .. suggest.hint(unknown, names)
  end
  added[expression] = id
  if not id and broken then message = message .. "; a file of such a name could not be loaded: " .. broken end
  return id, message
end

-- Runs ----------------------------------------------------------------------------------------------------------------

local beat = ffi.new "int64_t[1]" -- the row that runs, for the watchdog and messages

local function describe_inputs(call, request, row)
  local parts = {}
  for k, name in ipairs(call.def.inputs) do parts[k] = ("%s=%.10g"):format(name, request.inputs[k - 1][row]) end
  return ("  %s, row %.0f of its input: %s"):format(call_text(call), tonumber(request.seen) + row,
    table.concat(parts, " "))
end

local function explain(call, request, raw)
  local place = registry.describe(raw, call.def)
  return ("%s:%d: %s\n%s"):format(place.file, place.line or call.def.lines.step or 1, place.message,
    describe_inputs(call, request, tonumber(beat[0])))
end

local function shown(value)
  if type(value) == "number" then return ("%.10g"):format(value) end
  if type(value) == "string" then return ("%q"):format(value) end
  return value == nil and "nothing" or type(value) == "boolean" and tostring(value) or "a " .. type(value)
end

local function collect(ok, row, ...) return ok, row, { ... } end

local function bad_value(call, request, row, given)
  local def = call.def
  for k = 1, #def.outputs + (def.has_valid and 1 or 0) do
    local value = given[k]
    local is_valid = k > #def.outputs
    local is_bad = is_valid and type(value) ~= "boolean" or not is_valid and (type(value) ~= "number"
      or value - value ~= 0)
    if is_bad then
      return ("%s:%d: step returned %s as output '%s' after its warm-up of %d rows, expected %s\n%s"):format(def.file,
        def.lines.step or 1, shown(value), def.outputs[k] or "valid", call.lookback,
        is_valid and "true or false" or "a finite number", describe_inputs(call, request, row))
    end
  end
end

local function answer_request(record, request)
  local call = record.calls[request.call]
  local def, budget = call.def, call.def.budget
  local seen, n = tonumber(request.seen), tonumber(request.rows)
  local s
  if call.layout then
    if seen == 0 then indicator.init_state(call.layout, request.state) end
    s = ffi.cast(call.layout.pointer, request.state)
  end
  local columns = {}
  for k = 0, request.n_inputs - 1 do columns[k + 1] = request.inputs[k] end
  for k = 0, request.n_outputs - 1 do columns[request.n_inputs + k + 1] = request.outputs[k] end
  local n_columns = request.n_inputs + request.n_outputs
  beat[0] = 0
  C.pln_watchdog_watch(beat, def.file)
  local outer = sandbox.charge_to(budget)
  budget.limit = record.budget
  local ok, row, given = collect(xpcall(call.loop, call.handler, def.step, budget, record.budget, beat, s,
    call.p, call.x, math.max(0, call.lookback - seen), n, unpack(columns, 1, n_columns)))
  sandbox.charge_to(outer)
  C.pln_watchdog_rest()
  if not ok then return nil, explain(call, request, row) end
  if row < n then return nil, bad_value(call, request, row, given) end
  local changed = def.constants:changed()
  if changed then
    return nil, ("%s: '%s', a table of the file, was changed from within a function: what must last from one row to "
      .. "the next belongs in `state`"):format(def.file, changed)
  end
  return true
end

--- Answers all that a hub asks, after pln_hub_advance (or peek) returned.
-- @return true, or nil and a message
function M.answer_all(hub)
  local record = records[hub]
  if not record or record.n_calls == 0 then return true end
  record.request = record.request or ffi.new "pln_hub_request"
  while C.pln_hub_pending(hub, record.request) == 1 do
    local ok, message = answer_request(record, record.request)
    if not ok then return nil, message end
    if C.pln_hub_resume(hub) < 0 then return nil, abi.last_error() end
  end
  return true
end

--- pln_hub_advance with the answers that it asks for.
-- @return how many rows were computed, or nil and a message
function M.advance(hub, until_ns)
  local rows = tonumber(C.pln_hub_advance(hub, until_ns))
  if rows < 0 then return nil, abi.last_error() end
  local ok, message = M.answer_all(hub)
  if not ok then return nil, message end
  return rows
end

return M

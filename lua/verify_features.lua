--- `perilune verify`, the part about features: each distinct one of a run is the same in one piece, streaming in chunks
-- of any size, alone over the whole array, and in the forming bar (law 1); and what is known of it at a time does not
-- depend on what comes later (law 6).
local ffi = require "ffi"
local abi = require "abi"
local feature = require "feature"
local gauges = require "node.gauges"
local indicator_hub = require "indicator_hub"
local verify_data = require "verify_data"
local C = abi.C

local M = {}

M.CHUNKS = { 1, 7, 4096 }

local WHOLE = 65536
local PEEKS = 64 -- forming bars of each stream that are tried
local PRICES = { "open", "high", "low", "close", "volume" }

-- Index of the first of n values that differ in any bit (whatever the bits of NaN), or nil.
local function first_difference(a, b, n)
  local x, y = ffi.cast("const int64_t *", a), ffi.cast("const int64_t *", b)
  for i = 0, n - 1 do
    if x[i] ~= y[i] and (a[i] == a[i] or b[i] == b[i]) then return i end
  end
end

--- The distinct features of a phase.
-- @param phase a built one
-- @param found nil or a list to add to
-- @return list of { expr, stream = stream record, of = who asks for it }
function M.collect(phase, found)
  found = found or { seen = {} }
  local function add(stream, expr, of)
    local key = stream.name .. "\n" .. expr
    if found.seen[key] then return end
    found.seen[key] = true
    found[#found + 1] = { expr = expr, stream = stream.name, of = of }
  end
  local function add_declared(one)
    local kind = one.def.kind
    for _, column in ipairs(one.columns) do
      if column.expr then add(one.stream, column.expr, ("%s '%s', %s"):format(kind, one.id, column.field)) end
    end
    for _, item in ipairs(one.columns.matrices) do
      for k, expr in ipairs(item.matrix.exprs) do
        add(one.stream, expr, ("%s '%s', %s[%d]"):format(kind, one.id, item.name, k))
      end
    end
    for _, other in ipairs(one.symbols or {}) do
      for _, name in ipairs(other ~= one.stream and PRICES or {}) do
        add(one.stream, ('"%s"_%s.%s'):format(other.symbol, other.timeframe, name),
          ("%s '%s', bars of %s"):format(kind, one.id, other.name))
      end
    end
  end
  for _, part in ipairs(phase.parts) do
    for _, one in ipairs(part.declarations) do add_declared(one) end
    for _, gauge in ipairs(gauges.computed(part.plan)) do
      if gauge.bars == gauge.stream.bars then
        add(gauge.stream, gauge.expr, "gauge of rules, sizes or models")
      end
    end
  end
  return found
end

local function open_hub(plan, list, chunk_rows)
  local hub, err = feature.hub(chunk_rows, plan.library)
  if not hub then return nil, err end
  indicator_hub.attach(hub, plan.library, plan.engine.loop_budget)
  local streams, ids = {}, {}
  for k, stream in ipairs(plan.streams) do
    local id
    id, err = hub:add_stream(stream.bars)
    if not id then return nil, err end
    streams[stream.name] = { id = id, bars = stream.bars, number = k }
  end
  for k, item in ipairs(list) do
    ids[k], err = hub:add(streams[item.stream].id, item.expr)
    if not ids[k] then return nil, err end
  end
  local ok
  ok, err = hub:seal()
  if not ok then return nil, err end
  return hub, ids, streams
end

-- Advances slice by slice: each(k, first, n, column) for each feature with rows in the slice, before(hub) ahead of it.
local function pull(hub, ids, streams, list, each, before)
  while true do
    if before then
      local ok, err = before()
      if ok == nil then return nil, err end
    end
    local done, err = hub:advance()
    if not done then return nil, err end
    if done == 0 then return true end
    for k, id in ipairs(ids) do
      local first, last = hub:rows(streams[list[k].stream].id)
      if last > first then each(k, first, last - first, hub:column(id)) end
    end
  end
end

--- The columns of features over a plan's data, each in one array as long as its stream.
-- @return list of double[n], or nil and a message
function M.columns(plan, list)
  local hub, ids, streams = open_hub(plan, list, WHOLE)
  if not hub then return nil, ids end
  local columns = {}
  for k, item in ipairs(list) do
    columns[k] = ffi.new("double[?]", math.max(tonumber(streams[item.stream].bars.n_bars), 1))
  end
  local ok, err = pull(hub, ids, streams, list, function(k, first, n, column)
    ffi.copy(columns[k] + first, column, n * 8)
  end)
  if not ok then return nil, err end
  return columns
end

local function uses_lua(plan, expr)
  local library = plan.library or indicator_hub.default()
  for word in expr:gmatch "[%a_][%w_]*" do
    local def = library:find(word)
    if def then return def end
  end
end

local function difference(plan, item, test, row, expected, found)
  local stream
  for _, one in ipairs(plan.streams) do
    if one.name == item.stream then stream = one end
  end
  local def = uses_lua(plan, item.expr)
  local cause = def and ("indicator '%s' (%s) remembers something outside of its `state`: an iterator made at the top "
    .. "of the file, such as string.gmatch's, is such a thing"):format(def.name, def.file)
    or "a built-in indicator may not do this: please report it, with the data"
  return {
    test = test, what = "feature", name = item.expr, of = item.of, stream = item.stream, row = row,
    time_ns = stream.bars.ts_ns[row], expected = expected, found = found, cause = cause,
  }
end

local function row_of(bars, i)
  local extra = ffi.new("double[?]", math.max(bars.n_extra, 1))
  for k = 0, bars.n_extra - 1 do extra[k] = bars.extra[k][i] end
  local row = ffi.new "pln_hub_row"
  row.ts_ns, row.visible_ns, row.extra = bars.ts_ns[i], C.pln_bars_visible_ns(bars, i), extra
  for _, name in ipairs(PRICES) do row[name] = bars[name][i] end
  return row, extra
end

-- Peeks at the row after those computed, of each stream every so often; notes where it is not what comes to be.
local function peeker(hub, ids, streams, list, columns, note)
  local next_at, scoped = {}, {}
  for k, item in ipairs(list) do scoped[k] = #(feature.scopes(item.expr) or {}) > 0 end
  local count = 0
  return function()
    for name, stream in pairs(streams) do
      local _, row = hub:rows(stream.id)
      local n = tonumber(stream.bars.n_bars)
      if row < n and row >= (next_at[name] or 0) then
        next_at[name] = row + math.ceil(n / PEEKS)
        local bar, extra = row_of(stream.bars, row)
        local out, err = hub:peek(stream.id, bar)
        if not out then return nil, err end
        assert(extra)
        for k, item in ipairs(list) do
          if item.stream == name and not scoped[k] then
            count = count + 1
            if first_difference(out + ids[k], columns[k] + row, 1) then note(k, row, columns[k][row], out[ids[k]]) end
          end
        end
      end
    end
    return count
  end
end

--- Law 1 for all features of a list.
-- @param columns of M.columns
-- @param on_step function(label), called before each pass
-- @return { n_features, n_values, difference = nil or the first one (test, what, name, of, stream, row, time_ns,
--   expected, found, cause) }; or nil and a message
function M.law1(plan, list, columns, on_step)
  local result = { n_features = #list, n_values = 0 }
  for _, chunk in ipairs(M.CHUNKS) do
    local test = ("chunks of %d against one of %d"):format(chunk, WHOLE)
    on_step(("features in chunks of %d"):format(chunk))
    local hub, ids, streams = open_hub(plan, list, chunk)
    if not hub then return nil, ids end
    local found
    local function note(kind, k, row, expected, value)
      if found and found.row <= row then return end
      found = difference(plan, list[k], kind, row, expected, value)
    end
    local peek
    if chunk == 7 then
      peek = peeker(hub, ids, streams, list, columns, function(k, row, expected, value)
        note("the forming bar against the closed one", k, row, expected, value)
      end)
    end
    local ok, err = pull(hub, ids, streams, list, function(k, first, n, column)
      result.n_values = result.n_values + n
      local at = first_difference(columns[k] + first, column, n)
      if at then note(test, k, first + at, columns[k][first + at], column[at]) end
    end, peek)
    if not ok and not err:find(": '", 1, true) then return nil, err end
    if not ok then -- a Lua indicator that could not go on in these chunks
      result.difference = { test = test, what = "indicator", message = err,
        cause = "what lasts from row to row belongs in `state`" }
      return result
    end
    if peek then result.n_peeks = peek() end
    if found then
      result.difference = found
      return result
    end
  end
  on_step "features over whole arrays"
  for k, item in ipairs(list) do
    if #(feature.scopes(item.expr) or {}) == 0 and not uses_lua(plan, item.expr) then
      local bars
      for _, stream in ipairs(plan.streams) do
        if stream.name == item.stream then bars = stream.bars end
      end
      local n = tonumber(bars.n_bars)
      local out = ffi.new("double[?]", n)
      local ok, err = abi.check(C.pln_feature_compute(bars, item.expr, out))
      if not ok then return nil, err end
      result.n_values = result.n_values + n
      local at = first_difference(columns[k], out, n)
      if at then
        result.difference = difference(plan, item, "the one-shot form against the stream", at, columns[k][at], out[at])
        return result
      end
    end
  end
  return result
end

--- Law 6 for features: columns over data that is changed after t_ns, against those of the data as it is.
-- @return n values compared and the first difference or nil; or nil and a message
function M.known_at(plan, list, columns, changed_plan, t_ns, test)
  local others, err = M.columns(changed_plan, list)
  if not others then return nil, err end
  local by_name, n_values = {}, 0
  for _, stream in ipairs(plan.streams) do by_name[stream.name] = stream.bars end
  local found
  for k, item in ipairs(list) do
    local n = verify_data.rows_at(by_name[item.stream], t_ns)
    n_values = n_values + n
    local at = first_difference(columns[k], others[k], n)
    if at and not (found and found.row <= at) then
      found = difference(plan, item, test, at, columns[k][at], others[k][at])
    end
  end
  return n_values, found
end

return M

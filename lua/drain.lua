--- Drain loops: the generated Lua loops that pull rows from the feature hub and call a user's function.
-- One loop is generated for each strategy and feature signature, never for each combo: it is its own root trace,
-- each feature is a column bound to a parameter, and what the strategy sees (`f.fast`) is a field of a scratch
-- struct whose type is made from the feature names. Loops and types are kept for the life of the state, because
-- LuaJIT never frees a ctype.
local ffi = require "ffi"
local abi = require "abi"
local matrix = require "matrix"
local registry = require "registry"

local M = {}

local BAR_COLUMNS = { { "open", "o" }, { "high", "h" }, { "low", "l" }, { "close", "c" }, { "volume", "v" } }

-- The bar that a strategy sees: pln_bar_row, with fields that are derived only when they are asked for.
local bar_index = {
  time = function(bar) return tonumber(bar.ts_ns) * 1e-9 end, -- open time, seconds since 1970 UTC
}
ffi.metatype("pln_bar_row", {
  __index = function(bar, key)
    local derive = bar_index[key]
    if derive then return derive(bar) end
    error("a bar has no field '" .. tostring(key) .. "'; it has ts_ns, time, open, high, low, close, volume", 2)
  end,
})

local PRICE_COLUMNS = { "open", "high", "low", "close", "volume" }
local struct_types = {}
local loops = setmetatable({}, { __mode = "k" })

local array_types = {}

--- An array of n structs, counted from 1, with every index checked: bars and levels of several symbols.
-- @param element name of the struct
-- @param n how many
-- @param on_assign message for `array[k] = value`, which would replace a struct rather than set its fields
function M.new_array(element, n, on_assign)
  local key = element .. n
  local ctype = array_types[key]
  if not ctype then
    ctype = ffi.typeof(("struct { %s __values[%d]; }"):format(element, n + 1))
    ffi.metatype(ctype, {
      __len = function() return n end,
      __index = function(array, k)
        if type(k) == "number" and k >= 1 and k <= n and k % 1 == 0 then return array.__values[k] end
        error(("there is no symbol %s here, they count from 1 to %d"):format(tostring(k), n), 2)
      end,
      __newindex = function() error(on_assign, 2) end,
    })
    array_types[key] = ctype
  end
  return ctype()
end

--- The scratch struct for a feature list (registry's def:feature_list): a field for each name, an array
-- (from 1) for each name that stands for several symbols.
-- @return a struct instance; equal signatures share one ctype.
function M.new_features(list)
  local fields, arrays, key = {}, {}, {}
  for i, feature in ipairs(list) do
    if feature.exprs or feature.matrix then
      arrays[#arrays + 1] = feature.matrix and matrix.view_type or registry.array_type(#feature.exprs)
      fields[i] = ("$ %s;"):format(feature.name)
    else
      fields[i] = ("double %s;"):format(feature.name)
    end
    key[i] = feature.name .. (feature.exprs and (":%d"):format(#feature.exprs) or feature.matrix and ":m" or "")
  end
  local name = table.concat(key, " ")
  local ctype = struct_types[name]
  if not ctype then
    local body = #fields > 0 and table.concat(fields, " ") or "double unused_;"
    ctype = ffi.typeof("struct { " .. body .. " }", unpack(arrays))
    struct_types[name] = ctype
  end
  return ctype()
end

--- The columns of a feature list in the order in which loops take them: { {field=, expr=}, … }, and matrices = the
-- features that are matrices, whose columns are not among them.
function M.columns(list)
  local columns = { matrices = {} }
  for _, feature in ipairs(list) do
    if feature.matrix then
      table.insert(columns.matrices, feature)
    elseif feature.exprs then
      for k, expr in ipairs(feature.exprs) do
        columns[#columns + 1] = { field = ("%s[%d]"):format(feature.name, k), expr = expr }
      end
    else
      columns[#columns + 1] = { field = feature.name, expr = feature.expr }
    end
  end
  return columns
end

local function parameter_names(prefix, n)
  local names = {}
  for k = 1, n do names[k] = prefix .. k end
  return names
end

local _ = abi.C.pln_gather_row -- known before a trace meets it

-- A Lua function has at most 200 local variables, and a trace has room for so many constants: many columns are copied
-- by one call for each row.
local MAX_COPIES = 60

--- Whether loops over these columns take them as one pln_gather in place of F1, F2, ….
function M.is_gathered(columns) return #columns > MAX_COPIES end

--- Whether the loop of so many symbols takes their bars as a pln_gather.
function M.are_bars_gathered(n_symbols) return n_symbols * #PRICE_COLUMNS > MAX_COPIES end

--- A pln_gather of n columns into a struct; its columns are set by who reads it.
-- @param out the struct
-- @param places list of n places in it, counted in 8 bytes
-- @return the gather, its array of columns (from 0), and what must be kept for as long as it is used
function M.new_gather(out, places)
  local columns = ffi.new("const void *[?]", #places)
  local numbers = ffi.new("int32_t[?]", #places, places)
  return ffi.new("pln_gather", ffi.cast("void *", out), columns, numbers, #places), columns, { out, numbers }
end

--- Where the columns of a feature list are in their struct, counted in 8 bytes.
function M.places(f, columns)
  local places = {}
  for k, column in ipairs(columns) do
    local name, index = column.field:match "^(.-)%[(%d+)%]$"
    places[k] = ffi.offsetof(f, name or column.field) / 8 + (index and tonumber(index) or 0)
  end
  return places
end

local function copy_features(columns)
  local lines = {}
  for k = 1, #columns.matrices do lines[k] = ("C.pln_matrix_to(M%d, i)"):format(k) end
  if M.is_gathered(columns) then
    lines[#lines + 1] = "C.pln_gather_row(F, i)"
    return table.concat(lines, "\n    ")
  end
  for k, column in ipairs(columns) do
    -- Quoted: a feature may have the name of a word of Lua.
    lines[#lines + 1] = ('f["%s"]%s = F%d[i]'):format(column.field:match "^[^%[]+", column.field:match "%[.*$" or "", k)
  end
  return table.concat(lines, "\n    ")
end

-- Only what the function can reach is copied; the time always is, by which an error finds its bar.
local function copy_bar(def)
  local wanted = not def.rule and def:bar_fields()
  local parts = { "bar.ts_ns = ts[i]" }
  for _, column in ipairs(BAR_COLUMNS) do
    local name, source = column[1], column[2]
    if wanted == nil or wanted and wanted[name] then parts[#parts + 1] = ("bar.%s = %s[i]"):format(name, source) end
  end
  return table.concat(parts, " ")
end

-- Loops belong to a definition: a file that is loaded again has other functions, and a trace is made for one function.
local function compile(kind, def, columns, make_source)
  local fields = {}
  for k, column in ipairs(columns) do fields[k] = column.field end
  local key = ("%s|%s|%d"):format(kind, table.concat(fields, ","), #columns.matrices)
  local of_def = loops[def]
  if not of_def then
    of_def = {}
    loops[def] = of_def
  end
  local loop = of_def[key]
  if not loop then
    loop = assert(loadstring("local C = ...\n" .. make_source(), "=drain loop"))(abi.C)
    of_def[key] = loop
  end
  return loop
end

local function arguments(columns)
  local names = M.is_gathered(columns) and { "F" } or parameter_names("F", #columns)
  for _, name in ipairs(parameter_names("M", #columns.matrices)) do names[#names + 1] = name end
  return #names > 0 and ", " .. table.concat(names, ", ") or ""
end

--- What every loop returns when the user's function gave something that is not a signal: the loop stops at the
-- row, and the scratch structs still hold what the function saw.
M.BAD_RESULT = -1

--- Loop of a `signal` strategy over rows [first, last):
-- loop(signal, budget, limit, f, bar, p, s, last_signal, out, first, last, ts, o, h, l, c, v, F1, …)
-- writes changes of the signal to out[0…] (pln_signal: row, direction, strength, confidence) and returns how many;
-- or BAD_RESULT, row, and what was returned.
function M.signal_loop(def, columns)
  return compile("signal", def, columns, function() return ([[
return function(signal, budget, limit, f, bar, p, s, held, out, first, last, ts, o, h, l, c, v%s)
  local direction, strength, confidence = held.direction, held.strength, held.confidence
  local n = 0
  for i = first, last - 1 do
    %s
    %s
    budget.left = limit
    local d, st, cf = signal(f, bar, p, s)
    if st == nil then st = 1 end
    if cf == nil then cf = 1 end
    if d ~= direction or st ~= strength or cf ~= confidence then
      if (d ~= 1 and d ~= 0 and d ~= -1) or type(st) ~= "number" or type(cf) ~= "number"
        or not (st >= 0 and st <= 1 and cf >= 0 and cf <= 1) then
        return -1, i, d, st, cf
      end
      local change = out[n]
      change.row = i - first
      change.direction = d
      change.strength = st
      change.confidence = cf
      n = n + 1
      direction, strength, confidence = d, st, cf
    end
  end
  held.direction, held.strength, held.confidence = direction, strength, confidence
  return n
end]]):format(arguments(columns), copy_bar(def), copy_features(columns)) end)
end

-- Copies the bars of several symbols from their columns, `prices`, or from a pln_gather of them.
local function copy_bars(n_symbols)
  local copies = M.are_bars_gathered(n_symbols) and { "C.pln_gather_row(prices, i)" } or {}
  for k = 1, #copies == 0 and n_symbols or 0 do
    local lines = { ("bars[%d].ts_ns = ts[i]"):format(k) }
    for j, name in ipairs(PRICE_COLUMNS) do
      lines[#lines + 1] = ("bars[%d].%s = prices[%d][i]"):format(k, name, (k - 1) * #PRICE_COLUMNS + j - 1)
    end
    copies[k] = table.concat(lines, " ")
  end
  return table.concat(copies, "\n    ")
end

--- Loop of a multi-symbol strategy: bars is an array of pln_bar_row (from 1), levels an array of pln_signal (from 1)
-- that the user's function sets and that persists, held what was last captured, outs[k] the changes of symbol k,
-- counts[k] how many. Prices of all symbols come as columns too: O1, H1, L1, C1, V1, O2, …
-- loop(signal, budget, limit, f, bars, p, s, levels, held, outs, counts, first, last, ts, prices, F1, …) → n or
-- BAD_RESULT, row, symbol, or BAD_RESULT, row, nil and what the function returned.
function M.levels_loop(def, columns, n_symbols)
  return compile("levels" .. n_symbols, def, columns, function() return ([=[
local n_symbols = %d
return function(signal, budget, limit, f, bars, p, s, levels, held, outs, counts, first, last, ts, prices%s)
  for i = first, last - 1 do
    %s
    %s
    budget.left = limit
    local returned = signal(f, bars, p, s, levels)
    if returned ~= nil then return -1, i, nil, returned end
    for k = 1, n_symbols do
      local level, old = levels[k], held[k]
      local d, st, cf = level.direction, level.strength, level.confidence
      if d ~= old.direction or st ~= old.strength or cf ~= old.confidence then
        if (d ~= 1 and d ~= 0 and d ~= -1) or not (st >= 0 and st <= 1 and cf >= 0 and cf <= 1) then
          return -1, i, k
        end
        local change = outs[k][counts[k]]
        change.row = i - first
        change.direction = d
        change.strength = st
        change.confidence = cf
        counts[k] = counts[k] + 1
        old.direction, old.strength, old.confidence = d, st, cf
      end
    end
  end
  return 0
end]=]):format(n_symbols, arguments(columns), copy_bars(n_symbols), copy_features(columns)) end)
end

--- Loop of a classifier: writes the index of the regime (1 … n) of each row to out[row - first].
-- loop(classify, budget, limit, f, bar, p, s, index_of, out, first, last, ts, o, h, l, c, v, F1, …) → 0 or
-- BAD_RESULT, row, what was returned.
function M.classifier_loop(def, columns)
  return compile("classifier", def, columns, function() return ([[
return function(classify, budget, limit, f, bar, p, s, index_of, out, first, last, ts, o, h, l, c, v%s)
  for i = first, last - 1 do
    %s
    %s
    budget.left = limit
    local regime = classify(f, bar, p, s)
    local index = index_of[regime]
    if not index then return -1, i, regime end
    out[i - first] = index
  end
  return 0
end]]):format(arguments(columns), copy_bar(def), copy_features(columns)) end)
end

--- Loop of a strategy that places its own orders, in lock-step with the execution container. Call it when its
-- caller is due; it returns what pln_exec_next returned once that is not this caller. `deliver` is called with what
-- happened to orders since, nil where nobody listens.
-- loop(on_bar, deliver, ctx, budget, limit, f, bar, p, s, exec, caller, until_ns, view, ts, o, h, l, c, v, F1, …)
-- Columns are indexed by the absolute row of the caller's stream. Over several symbols `bar` is the array of them, `o`
-- their prices as in M.levels_loop, and h to v are nil.
function M.caller_loop(def, columns, n_symbols)
  return compile("caller" .. (n_symbols or ""), def, columns, function() return ([[
return function(on_bar, deliver, ctx, budget, limit, f, bar, p, s, exec, caller, until_ns, view, ts, o, h, l, c, v%s)
  %s
  local due
  repeat
    local i = tonumber(view.row)
    %s
    %s
    if deliver and (view.n_new_fills > 0 or view.n_new_orders > 0) then deliver(view) end
    budget.left = limit
    on_bar(ctx, f, bar, p, s)
    due = C.pln_exec_next(exec, until_ns)
  until due ~= caller
  return due
end]]):format(arguments(columns), n_symbols and "local bars, prices = bar, o" or "",
    n_symbols and copy_bars(n_symbols) or copy_bar(def), copy_features(columns)) end)
end

return M

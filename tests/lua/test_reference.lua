-- Our expressions against the results of other libraries, as tests/reference/*.csv pairs them.
local support = require "support"
package.path = support.home .. "/tests/reference/?.lua;" .. package.path
local reference = require "ref_check"

TestReference = {}

local folder, root = reference.folders()

function TestReference.test_every_line_of_the_tables()
  local catalog = reference.sources.catalog(root)
  if not catalog then lu.skip("no reference results beside the project") end
  local lines, problems = reference.tables(folder)
  local right, wrong = reference.run(catalog, lines)
  for _, entry in ipairs(lines) do
    if entry.error then
      problems[#problems + 1] = ("%s%s;%s  %s\n      %s"):format(entry.at, entry.source, entry.result, entry.expression,
        entry.error)
    end
  end
  local open = reference.uncovered(catalog, lines)
  print(("%d of %d reference results matched"):format(#catalog - #open, #catalog))
  if #problems > 0 then lu.fail(table.concat(problems, "\n")) end
  lu.assertEquals(wrong, 0)
  lu.assertTrue(right >= 195)
end

-- Every result has a line, in a table one only: an expression, or the reason why there is none.
function TestReference.test_the_table_is_complete()
  local lines = reference.tables(folder)
  local seen, twice = {}, {}
  for _, entry in ipairs(lines) do
    local key = entry.source .. ";" .. entry.result
    if seen[key] and seen[key].file == entry.file then
      twice[#twice + 1] = ("%sis there already at %s"):format(entry.at, seen[key].at)
    end
    seen[key] = entry
  end
  if #twice > 0 then lu.fail(table.concat(twice, "\n")) end
  local catalog = reference.sources.catalog(root)
  if not catalog then lu.skip("no reference results beside the project") end
  local missing = {}
  for _, result in ipairs(catalog) do
    local key = result.source .. ";" .. result.name
    if not seen[key] then missing[#missing + 1] = key end
  end
  if #missing > 0 then lu.fail("results without a line:\n" .. table.concat(missing, "\n")) end
end

function TestReference.test_document_is_current()
  for _, entry in ipairs((reference.tables(folder))) do
    if entry.file ~= "map.csv" then lu.skip(entry.file .. " is not merged into map.csv yet") end
  end
  lu.assertTrue(support.read(support.home .. "/docs/indicator_references.md") == require("ref_docs").of_folder(folder),
    "docs/indicator_references.md: run build/perilune exec scripts/gen_indicator_references.lua")
end

function TestReference.test_functions_without_results()
  local tables = require "ref_tables"
  local close, volume, periods = {}, {}, {}
  for i = 1, 400 do
    close[i], volume[i], periods[i] = 100 + math.sin(i / 7) * 5 + (i * 7 % 13) / 10, 1000 + i * 37 % 101, 2 + i % 29
  end
  local bars = tables.bars({ close = close, volume = volume }, { n = 400, extra = { periods = periods } })
  local lines = reference.functions(folder)
  lu.assertTrue(#lines > 80)
  for _, line in ipairs(lines) do
    local columns, message = require("feature").compute(bars, { line.expression })
    lu.assertNotNil(columns, line.name .. ": " .. tostring(message))
    lu.assertTrue(columns[1][399] == columns[1][399], line.name)
  end
end

-- The harness itself: what is wrong must be found.

local function result(theirs, more)
  local made = { source = "s", name = "r", abs = 1e-9, rel = 1e-9, at = function() return theirs end }
  for key, value in pairs(more or {}) do made[key] = value end
  return made
end

local function compare(theirs, ours, more, options)
  local column = {}
  for i, value in ipairs(ours) do column[i - 1] = value end
  return reference.compare(result(theirs, more), column, #ours, options)
end

local NAN = 0 / 0

function TestReference.test_compare()
  lu.assertTrue(compare({ [1] = 2, [2] = 3 }, { NAN, 2, 3 }).ok)
  local seen = compare({ [1] = 2, [2] = 3 }, { NAN, 2, 3.0001 })
  lu.assertFalse(seen.ok)
  lu.assertEquals(seen.row, 2)
  lu.assertStrContains(seen.text, "ours 3.0001, theirs 3: differs by 0.0001")
  lu.assertTrue(compare({ [1] = 2, [2] = 3 }, { NAN, 2, 3.0001 }, { abs = 1e-3 }).ok)
  lu.assertTrue(compare({ [1] = 2, [2] = 3 }, { NAN, 2, 3.0001 }, nil, { tol = 1e-3 }).ok)
  lu.assertFalse(compare({ [1] = 2 }, { NAN, 2, 3 }, { strict = true }).ok)
  lu.assertTrue(compare({ [1] = 2 }, { NAN, 2, 3 }).ok)
  lu.assertFalse(compare({ [0] = 1, [1] = 2 }, { NAN, 2 }).ok)
  lu.assertFalse(compare({ [0] = 1, [1] = 2 }, { NAN, NAN }, nil, { nan = "any" }).ok) -- nothing was compared
  lu.assertTrue(compare({ [0] = 1, [1] = 2 }, { NAN, 2 }, nil, { nan = "any" }).ok)
  lu.assertTrue(compare({ [0] = 1, [1] = 2 }, { NAN, 2 }, nil, { first = 1 }).ok)
  lu.assertTrue(compare({ [0] = 1, [1] = 2 }, { 1, 7 }, nil, { last = 0 }).ok)
  lu.assertTrue(compare({ [0] = 2, [1] = 3 }, { 1, 2, 3 }, nil, { shift = 1 }).ok)
  lu.assertTrue(compare({ [0] = 0, [1] = 2 }, { NAN, 2 }, { leading_zeros = true }).ok)
  lu.assertFalse(compare({ [0] = 1, [1] = 0 }, { 1, NAN }, { leading_zeros = true }).ok)
  lu.assertFalse(compare({ [0] = 1 }, { math.huge }).ok)
end

function TestReference.test_tables()
  local head = "source;result;expression;note\n"
  local lines, problems = reference.parse(head .. "# remark\ntalib;SMA(5);sma(5);\n" ..
    "talib;X;y;[first=33][nan=any] it starts later\n", "t.csv")
  lu.assertEquals(problems, {})
  lu.assertEquals(#lines, 2)
  lu.assertEquals(lines[2].directives, { first = 33, nan = "any" })
  lu.assertEquals(lines[2].reason, "it starts later")
  for text, message in pairs {
    ["talib;SMA(5);sma(5)"] = "t.csv:2: expected four fields",
    ["talib;SMA(5);;"] = "without an expression the note must say why",
    ["talib;SMA(5);sma(5);[skip=1] for a good reason"] = "unknown directive [skip=1]",
    ["talib;SMA(5);sma(5);[first=x] for a good reason"] = "unknown directive [first=x]",
    ["talib;SMA(5);sma(5);[first=1]"] = "a directive needs its reason",
  } do
    lu.assertStrContains(tostring(select(2, reference.parse(head .. text, "t.csv"))[1]), message)
  end
  lu.assertStrContains(select(2, reference.parse("", "t.csv"))[1], "the header")
end

function TestReference.test_run()
  local tables = require "ref_tables"
  local set = { bars = function() return { tables.bars({ close = { 1, 2, 4 } }, { n = 3 }) } end }
  local good = result({ [1] = 1.5, [2] = 3 }, { set = set })
  local gone = result({}, { set = set, name = "gone", absent = "it is lost" })
  local catalog = { good, gone, by = { ["s;r"] = good, ["s;gone"] = gone } }
  local entries = {}
  for _, pair in ipairs { { "r", "sma(2)" }, { "r", "sma(3)" }, { "r", "smaa(2)" }, { "q", "sma(2)" },
    { "gone", "sma(2)" }, { "gone", "" } } do
    entries[#entries + 1] = { source = "s", result = pair[1], expression = pair[2], note = "" }
  end
  local right, wrong = reference.run(catalog, entries)
  lu.assertEquals({ right, wrong }, { 1, 4 })
  lu.assertNil(entries[1].error)
  lu.assertStrContains(entries[2].error, "row 1: ours has no value, theirs is 1.5")
  lu.assertStrContains(entries[3].error, "no indicator 'smaa'")
  lu.assertStrContains(entries[4].error, "no result 'q' in s")
  lu.assertStrContains(entries[5].error, "it is lost")
  local open, silent = reference.uncovered(catalog, entries)
  lu.assertEquals({ #open, #silent }, { 1, 0 })
end

function TestReference.test_times()
  local seconds = require("ref_tables").seconds
  for text, expected in pairs {
    ["1970-01-02"] = 86400, ["2013/02/22"] = 1361491200, ["2021-09-30T10:30:00Z"] = 1632997800,
    ["2/22/2013 12:00:00 AM"] = 1361491200, ["3/4/2015 2:00:00 PM"] = 1425477600, ["20130222 00:00"] = 1361491200,
    ["6/19/06 12:00 AM"] = 1150675200, ["725898600"] = 725898600, ["1361491200000"] = 1361491200,
  } do
    lu.assertEquals(seconds(text), expected, text)
  end
  lu.assertNil(seconds "27/11/2010")
  lu.assertNil(seconds "12-Feb-10")
end

-- Turning points that others draw where they lie, against ours, which are known later: the same points.
local support = require "support"
package.path = support.home .. "/tests/reference/?.lua;" .. package.path
local reference = require "ref_check"

TestTurningPoints = {}

local _, root = reference.folders()

-- The column of an expression on the bars of a reference result, and what the reference has.
local function columns(catalog, name, expressions)
  local entries = {}
  for i, expression in ipairs(expressions) do
    entries[i] = { source = "stock_indicators", result = name, expression = expression, note = "" }
  end
  reference.run(catalog, entries)
  return entries, catalog.by["stock_indicators;" .. name].at(), entries[1].n
end

function TestTurningPoints.test_zigzag()
  local catalog = reference.sources.catalog(root)
  if not catalog then lu.skip("no reference results beside the project") end
  for _, name in ipairs { "zigzag-close.pointType", "zigzag.pointType" } do
    local entries, theirs, n = columns(catalog, name, { "zigzag(5).confirmed", "zigzag(5).age", "zigzag(5).direction" })
    local ours, seen = {}, 0
    for row = 0, n - 1 do
      -- A leg that falls began with a high. The first point is where the data begins: they do not count it.
      if entries[1].column[row] == 1 and row > entries[2].column[row] then
        ours[row - entries[2].column[row]] = -entries[3].column[row]
      end
    end
    for row = 0, n - 1 do
      lu.assertEquals(ours[row], theirs[row], name .. " row " .. row)
      if theirs[row] then seen = seen + 1 end
    end
    lu.assertEquals(seen, 10)
  end
end

-- Out-of-sample windows joined into one series.
local ffi = require "ffi"
local returns = require "returns"
local windows = require "windows"

TestStitching = {}

local DAY = 86400000000000LL

local function piece(first_day, values)
  local times = {}
  for k = 1, #values do times[k] = (first_day + k - 1) * DAY end
  return { returns = values, times = times }
end

function TestStitching.test_pieces_follow_each_other_in_time()
  local joined = assert(windows.stitch { piece(10, { 0.03, 0.04 }), piece(1, { 0.01, false }), piece(5, {}) })
  lu.assertEquals(joined.n, 4)
  lu.assertEquals(joined.returns[1], 0.01)
  lu.assertTrue(joined.returns[2] ~= joined.returns[2]) -- a period without a figure stays one
  lu.assertEquals({ joined.returns[3], joined.returns[4] }, { 0.03, 0.04 })
  lu.assertTrue(joined.times[2] == 2 * DAY and joined.times[4] == 11 * DAY)
  local figures = windows.figures(joined)
  lu.assertAlmostEquals(figures.total_return, 1.01 * 1.03 * 1.04 - 1, 1e-15)
  lu.assertEquals(assert(windows.stitch {}).n, 0)
end

-- A day that is cut in two has one return, which is that of both parts.
function TestStitching.test_a_shared_period_compounds()
  local a, b = piece(1, { 0.01, 0.02 }), piece(2, { 0.1, 0.05 })
  a.benchmark, b.benchmark = { 0.1, 0.2 }, { 0 / 0, 0.3 }
  local joined = assert(windows.stitch { a, b })
  lu.assertEquals(joined.n, 3)
  lu.assertAlmostEquals(joined.returns[2], 1.02 * 1.1 - 1, 1e-15)
  lu.assertEquals(joined.benchmark, { 0.1, 0.2, 0.3 })
  b.benchmark = nil
  lu.assertNil(assert(windows.stitch { a, b }).benchmark)
end

function TestStitching.test_overlaps_are_refused()
  local joined, message = windows.stitch { piece(1, { 0.01, 0.02, 0.03 }), piece(2, { 0.1 }) }
  lu.assertNil(joined)
  lu.assertStrContains(message, "begins at 1970-01-03T00:00:00Z, the one before lasts until 1970-01-04T00:00:00Z")
  joined, message = windows.stitch { { returns = { 1, 2 }, times = { DAY, DAY } } }
  lu.assertNil(joined)
  lu.assertStrContains(message, "do not ascend")
  lu.assertErrorMsgContains("expected { returns, times }", windows.stitch, { { times = {} } })
end

function TestStitching.test_arrays_do_as_lists_do()
  local r, t = ffi.new("double[3]", 0.5, 0.25, -0.5), ffi.new("int64_t[3]", 1, 2, 3)
  local joined = assert(windows.stitch { { returns = r, times = t, n = 3 } })
  lu.assertEquals(joined.returns, { 0.5, 0.25, -0.5 })
  local equity = assert(windows.stitch_equity { { equity = r, times = t, n = 2, initial = 1 } })
  lu.assertEquals(equity.equity, { 0.5, 0.25 })
end

function TestStitching.test_equity_goes_on_where_it_was()
  local joined = assert(windows.stitch_equity {
    { equity = { 10000, 10500, 11000 }, times = { 1LL, 2LL, 3LL } },
    { equity = { 9900, 10200 }, times = { 5LL, 6LL }, initial = 10000 },
  })
  lu.assertEquals(joined.start, 10000)
  lu.assertEquals(joined.equity, { 10000, 10500, 11000, 10890, 11220 })
  joined = assert(windows.stitch_equity({ { equity = { 10000, 10500 }, times = { 1LL, 2LL } } }, 1))
  lu.assertEquals(joined.equity, { 1, 1.05 })
end

-- The growth of what is joined is the product of the windows' growths, whatever the cut.
function TestStitching.test_cutting_and_joining_changes_nothing()
  local all, times = {}, {}
  for k = 1, 200 do
    all[k], times[k] = 0.02 * math.sin(k * k), k * DAY
  end
  local pieces, k = {}, 1
  for _, n in ipairs { 50, 1, 99, 30, 20 } do
    pieces[#pieces + 1] = { returns = {}, times = {} }
    for _ = 1, n do
      table.insert(pieces[#pieces].returns, all[k])
      table.insert(pieces[#pieces].times, times[k])
      k = k + 1
    end
  end
  pieces[1], pieces[4] = pieces[4], pieces[1]
  local joined = assert(windows.stitch(pieces))
  lu.assertEquals(joined.returns, all)
  lu.assertEquals((windows.figures(joined)).sharpe_ratio, returns.sharpe_ratio(all, { times = times }))
end

-- One curve for each path through combinatorial folds, of which each takes a group from another fold.
function TestStitching.test_paths_of_combinatorial_folds()
  local C = require("abi").C
  local ts, price = ffi.new "int64_t[60]", ffi.new "double[60]"
  for i = 0, 59 do
    ts[i], price[i] = i * DAY, 100
  end
  local bars = ffi.gc(C.pln_bars_from_arrays("X", "1d", 60, ts, price, price, price, price, nil), C.pln_bars_free)
  local folds = assert(windows.make({ type = "combinatorial", groups = 6, test_groups = 2 }, { bars = bars }))
  local curves = assert(windows.stitch_paths(folds, function(fold, window)
    return piece(window.first, { fold, window.group })
  end))
  lu.assertEquals(#curves, 5)
  lu.assertEquals(curves[2].returns, { 2, 1, 6, 2, 6, 3, 7, 4, 8, 5, 9, 6 })
end

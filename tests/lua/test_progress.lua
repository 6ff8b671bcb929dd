local progress = require "progress"

TestProgress = {}

local clock, written

local function bar_of(options)
  clock, written = 100, {}
  return progress.new {
    watched = options.watched ~= false, width = options.width or 100, unicode = options.unicode or false,
    now = function() return clock end, write = function(text) written[#written + 1] = text end, quiet = options.quiet,
  }
end

local function last() return (written[#written]:gsub("^\r\27%[K", "")) end

function TestProgress.test_nothing_within_a_second_and_then_five_times_a_second()
  local task = bar_of({}):task { name = "sweep", total = 1000, unit = "combos", bars = 2000 }
  for _ = 1, 9 do
    clock = clock + 0.1
    task.done(1)
  end
  lu.assertEquals(#written, 0)
  for _ = 1, 400 do
    clock = clock + 0.01
    task.done(1)
  end
  lu.assertTrue(#written >= 5 * 4 - 4 and #written <= 8 * 4 + 1, #written)
end

function TestProgress.test_share_rate_and_time_left()
  local bar = bar_of {}
  local task = bar:task { name = "sweep", total = 2000, unit = "combos", bars = 100000 }
  task.done(0)
  clock = clock + 10
  task.done(500)
  lu.assertEquals(last(), "sweep  [######..................]   25 %  500 of 2,000 combos  5 M bars x combos/s  "
    .. "00:00:30 left")
  clock = clock + 10
  task.part(1000, 50000) -- half way through the next thousand
  lu.assertStrContains(last(), " 50 %  1,000 of 2,000 combos")
  task.clear()
  lu.assertEquals(written[#written], "\r\27[K")
  local n = #written
  task.clear()
  lu.assertEquals(#written, n)
end

function TestProgress.test_a_line_never_is_wider_than_the_terminal()
  for width = 10, 130 do
    for _, unicode in ipairs { true, false } do
      local task = bar_of({ width = width, unicode = unicode }):task { name = "merge", total = 64, unit = "parts" }
      clock = clock + 2
      task.done(28)
      lu.assertTrue(require("terminal").columns(last()) < width)
    end
  end
end

function TestProgress.test_no_terminal_no_line()
  local task = bar_of({ watched = false }):task { name = "merge", total = 64, unit = "parts" }
  clock = clock + 2
  task.done(28)
  task.clear()
  lu.assertEquals(#written, 0)
  lu.assertFalse(progress.new({ quiet = true }).watched)
end

function TestProgress.test_rates()
  for value, text in pairs { [0.4] = "0.40", [850] = "850", [12340] = "12.3 k", [4.2e9] = "4.2 G", [1e13] = "10 T" } do
    lu.assertEquals(progress.rate(value), text)
  end
end

-- Memory does not grow with the data: a run over ten times the bars, from a mapped column file, holds as much.
local config = require "config"
local coordinator = require "coordinator"
local support = require "support"

TestMemory = {}

-- Anonymous memory of this process in MB: what is resident beside mapped files.
local function resident_mb()
  return tonumber(support.read("/proc/self/status"):match("RssAnon:%s+(%d+) kB")) / 1024
end

local function most_while_running(folder, bars)
  local file = ("%s/%d.plc"):format(folder, bars)
  local status, _, err = support.run("data", "synth", "--bars", tostring(bars), "--seed", "1", "--symbols", "MOON",
    "--timeframe", "1m", "--start", "1990-01-01", "--out", file)
  lu.assertEquals(status, 0, err)
  local cfg = assert(config.from_table({
    data = { source = "column", path = file }, symbols = { "MOON" },
    strategies = { { type = "sma_cross", params = { fast = 500, slow = 2000 } } },
  }, "test"))
  local most = 0
  assert(coordinator.run(cfg, {
    db = folder .. "/p.db",
    on_slice = function() most = math.max(most, resident_mb()) end,
  }))
  return most
end

function TestMemory.test_ten_times_the_bars_in_the_same_memory()
  if (os.getenv "PLN_TEST_SANITIZE" or "") ~= "" then lu.skip("sanitizers keep freed memory") end
  local folder = support.folder()
  most_while_running(folder, 300000) -- what is allocated once
  local small = most_while_running(folder, 300000)
  local large = most_while_running(folder, 3000000)
  lu.assertTrue(large < small + 10, ("%.1f MB for 300,000 bars, %.1f MB for 3,000,000"):format(small, large))
  lu.assertTrue(large < 200, ("%.1f MB"):format(large))
end

function TestMemory.tearDown() support.cleanup() end

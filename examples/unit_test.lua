-- How to unit-test a strategy: feed bars, assert on signals and trades.
--   perilune exec examples/unit_test.lua
local harness = require("perilune").harness

local run = harness.run {
  strategy = "sma_cross", params = { fast = 2, slow = 3 },
  closes = { 10, 10, 10, 9, 8, 11, 13, 12, 9, 7 },
}

assert(run.signals[1].direction == "LONG", "the averages cross upwards first")
assert(run.signals[1].bar == 6, "at the close of the sixth bar")
assert(run.orders[1].status == "FILLED" and run.orders[1].price == 13, "filled at the next open")
assert(run.trades[1].exit_reason == "signal")
print(("ok: %d signals, %d trades, first trade %+.2f"):format(#run.signals, #run.trades, run.trades[1].pnl))

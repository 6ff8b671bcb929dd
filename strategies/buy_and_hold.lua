-- The benchmark: what a strategy has to beat.
return strategy {
  name = "buy_and_hold",
  help = "Long from the first bar to the last.",
  signal = function() return LONG end,
}

-- Two timeframes in one strategy: the daily average comes as an as-of join, known only once its day has closed.
return strategy {
  name = "trend_filter",
  help = "Long when the fast average rises above the slow one and the day's trend agrees.",
  params = {
    fast = { 12, min = 2, max = 500, help = "bars of the fast average" },
    slow = { 48, min = 3, max = 2000, help = "bars of the slow average" },
    days = { 3, min = 2, max = 100, help = "days of the trend" },
  },
  features = function(p, x)
    local day = x.tf("1d")
    return {
      fast = x.sma(x.close, p.fast),
      slow = x.sma(x.close, p.slow),
      day_close = day.close,
      day_trend = day.sma(day.close, p.days),
    }
  end,
  signal = function(f)
    if f.fast > f.slow and f.day_close > f.day_trend then return LONG end
    return FLAT
  end,
}

--- Real minutes for the laws: the first bars of several equities on the same dates.
local data = require "data"
local support = require "support"
local engine = require "engine"

local M = {}

local SYMBOLS = { "SPY", "QQQ", "IWM", "DIA", "AAPL", "FB" }
local loaded

--- A list of the first n one-minute bars of `count` equities; skips the test where the data is absent.
function M.equities(count, n)
  local path = support.shared "data/equity_1m_2015/SPY_1m.csv.gz":gsub("SPY", "{symbol}")
  if not loaded then
    local symbols = {}
    for k, symbol in ipairs(SYMBOLS) do symbols[k] = { symbol = symbol, timeframes = { "1m" } } end
    loaded = assert(data.load { file = "test", symbols = symbols,
      data = { source = "csv", path = path, timezone = "America/Chicago", cache = false } })
  end
  local list = {}
  for k = 1, count do list[k] = engine.copy(loaded[k].bars, n) end
  return list
end

return M

-- Coarser timeframes made from one file of minutes show nothing before its time: every value that a strategy saw on
-- USD/JPY minutes, in the days of New York, against a reading of the file that shares no code with ours.
local run = require "run"
local support = require "support"

TestTimeframes = {}

function TestTimeframes.tearDown() support.cleanup() end

local STRATEGY = [[
return strategy {
  name = "seen",
  features = function(p, x)
    return { h4 = x.tf("4h").close, day = x.tf("1d").close, high = x.tf("1d").high, week = x.tf("1w").close }
  end,
  signal = function(f, bar, p)
    log("%d %.17g %.17g %.17g %.17g", bar.time, f.h4, f.day, f.high, f.week)
    return FLAT
  end,
}
]]

local EASTERN = -5 * 3600 -- February: no clock changes

local function days_from_civil(y, m, d)
  if m <= 2 then y, m = y - 1, m + 12 end
  return 365 * y + math.floor(y / 4) - math.floor(y / 100) + math.floor(y / 400) + math.floor((153 * (m - 3) + 2) / 5) +
    d - 719469
end

-- The number of the period that a time is in, by local time.
local PERIODS = {
  h4 = function(t) return math.floor(t / 14400) end,
  day = function(t) return math.floor(t / 86400) end,
  week = function(t) return math.floor((t / 86400 + 3) / 7) end, -- from Monday on
}

local function read_minutes(path)
  local rows = {}
  local pipe = io.popen("gzip -dc '" .. path .. "'")
  for line in pipe:lines() do
    local y, m, d, hour, minute, high, close =
      line:match "^(%d+)-(%d+)-(%d+) (%d+):(%d+):00%+00:00,[^,]+,([^,]+),[^,]+,([^,]+)"
    if y then
      local t = days_from_civil(tonumber(y), tonumber(m), tonumber(d)) * 86400 + hour * 3600 + minute * 60
      rows[#rows + 1] = { t = t, high = tonumber(high), close = tonumber(close) }
    end
  end
  pipe:close()
  return rows
end

-- For each minute: the last period that had ended when the minute closed.
local function add_known(rows, kind)
  local period, open, closed = PERIODS[kind], nil, nil
  for _, row in ipairs(rows) do
    local number = period(row.t + EASTERN)
    if not open or open.number ~= number then open, closed = { number = number, high = row.high }, open end
    open.close, open.high = row.close, math.max(open.high, row.high)
    local has_ended = period(row.t + 60 + EASTERN) ~= number
    local known = has_ended and open or closed
    row[kind] = known and { close = known.close, high = known.high }
  end
end

function TestTimeframes.test_every_value_against_an_independent_reading()
  local path = support.shared "data/nautilus/fxcm/usdjpy-m1-bid-2013.csv.gz"
  local folder = support.folder()
  support.write(folder .. "/seen.lua", STRATEGY)
  local lines = {}
  assert(run({
    data = { path = path, timezone = "America/New_York", cache = false },
    symbols = { { symbol = "JPY", timeframes = { "1m", "4h", "1d", "1w" } } },
    strategies = { { file = folder .. "/seen.lua" } },
  }, { db = false, log = function(line) lines[#lines + 1] = line end }))
  local rows, by_time = read_minutes(path), {}
  for kind in pairs(PERIODS) do add_known(rows, kind) end
  local first
  for i, row in ipairs(rows) do
    by_time[row.t] = row
    first = first or row.week and i
  end
  lu.assertEquals(#lines, #rows - first + 1)
  for _, line in ipairs(lines) do
    local t, h4, day, high, week = line:match ": (%d+) (%S+) (%S+) (%S+) (%S+)$"
    local row = by_time[tonumber(t)]
    if tonumber(h4) ~= row.h4.close or tonumber(day) ~= row.day.close or tonumber(high) ~= row.day.high or
      tonumber(week) ~= row.week.close then
      lu.fail(("%s: expected %.17g %.17g %.17g %.17g"):format(line, row.h4.close, row.day.close, row.day.high,
        row.week.close))
    end
  end
end

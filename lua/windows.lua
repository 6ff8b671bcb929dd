--- Windows: how a range of bars is cut into training and test windows (docs/windows.md).
--
--     local folds, windows = windows.make({ type = "walk_forward", train = "2y", test = "6mo" },
--       { bars = bars, from_ns = from, until_ns = till, timezone = "America/New_York" })
--     for _, fold in ipairs(folds) do print(fold.number, #fold.train, fold.test[1].from_ns) end
--     io.write(windows.describe(folds))
--
-- A window is { number, role = "full", "train" or "test", fold, from_ns, until_ns (int64, exclusive), bars, first_ns,
-- last_ns (of its first and last bar), group (of k-fold and combinatorial tests) }. A fold is { number, train = {
-- window … }, test = { window … } }, both lists in the order of time. Windows of the same bars have the same number.
--
-- A size is a number of bars (2000), of days that have bars (252d), of calendar time (4w, 6mo, 2y), a share of the
-- range (70%), or, of the first training and the only test window, the day with which it ends (2021-06-30).
local ffi = require "ffi"
local abi = require "abi"
local schema_windows = require "schema_windows"
local suggest = require "suggest"
local tabulate = require "tabulate"
local C = abi.C

local M = {}

local DAY_NS = 86400000000000LL
local SLACK_DAYS = 4 -- by which data may end (or begin) beside a calendar boundary: a long weekend
local MIN_BARS = 2   -- of a window: one to decide on, one to trade at
local MAX_FOLDS = 10000

local SIZES = "expected bars (2000), days (252d), calendar time (4w, 6mo, 2y), a share (70%) or a date (2021-06-30)"
local UNITS = { d = "days", w = "weeks", mo = "months", y = "years" }

local parsed = ffi.new "int64_t[1]"

--- Reads a size: { kind = "bars", "days", "weeks", "months", "share" or "date", n, text }, or nil and what is wrong.
function M.size(value)
  if type(value) == "number" then value = ("%.15g"):format(value) end
  if type(value) ~= "string" then return nil, "no length; " .. SIZES end
  local number, unit = value:match "^([%d_]+)%s*(%a*)$"
  if number then
    local n = tonumber((number:gsub("_", "")))
    if unit == "" and n then return { kind = "bars", n = n, text = ("%.15g"):format(n) } end
    if n and UNITS[unit] and n <= 1e6 then
      local text = ("%.15g%s"):format(n, unit)
      if unit == "y" then return { kind = "months", n = 12 * n, text = text } end
      return { kind = UNITS[unit], n = n, text = text }
    end
    return nil, "no length; " .. SIZES
  end
  local percent = tonumber(value:match "^([%d.]+)%s*%%$")
  if percent then
    if percent > 100 then return nil, "more than all of it; expected a share up to 100%" end
    return { kind = "share", n = percent / 100, text = ("%.15g%%"):format(percent) }
  end
  if value:find "^%d%d%d%d%-%d%d%-%d%d" and C.pln_time_parse_iso(value, nil, parsed) == 0 then
    return { kind = "date", is_day = #value == 10, text = value }
  end
  return nil, "no length; " .. SIZES
end

-- ---- the calendar: positions of bars by size ----

-- Positions are numbers of bars of the whole stream; `first` is the first one in the range, `last` the first after it.
-- A point is { i = position, base = local time, months = added to it }: what calendar time is added to; points after
-- the end of the range have i > last.
local Calendar = {}
Calendar.__index = Calendar

local function new_calendar(given)
  local bars = given.bars
  local self = setmetatable({
    bars = bars, from_ns = given.from_ns or abi.INT64_MIN, until_ns = given.until_ns or abi.INT64_MAX,
    zone = abi.must(C.pln_timezone_get(given.timezone or bars.timezone)),
  }, Calendar)
  self.timezone = ffi.string(C.pln_timezone_name(self.zone))
  self.first = tonumber(C.pln_bars_lower_bound(bars, self.from_ns))
  self.last = math.max(self.first, tonumber(C.pln_bars_lower_bound(bars, self.until_ns)))
  self.n = self.last - self.first
  if self.n == 0 then
    return nil, ("there are no bars from %s to %s"):format(abi.iso_time(self.from_ns), abi.iso_time(self.until_ns))
  end
  self.end_ns = self.until_ns
  if self.last == tonumber(bars.n_bars) then self.end_ns = C.pln_bars_visible_ns(bars, self.last - 1) end
  return self
end

function Calendar:to_local(ts_ns) return C.pln_timezone_to_local(self.zone, ts_ns) end
function Calendar:to_utc(local_ns) return C.pln_timezone_to_utc(self.zone, local_ns, 0, nil) end

-- The time at which a window begins or ends at a position.
function Calendar:time(i)
  if i < self.last then return self.bars.ts_ns[i] end
  return self.end_ns
end

-- Numbers of the days (from 0): the first bar of each, in order; made when first asked for.
function Calendar:days()
  if self.day_starts then return self.day_starts end
  local starts, n = {}, 0
  local cursor, ts, zone = ffi.new "pln_timezone_cursor", self.bars.ts_ns, self.zone
  local day_before = abi.INT64_MIN
  for i = self.first, self.last - 1 do
    local at = C.pln_timezone_to_local_cursor(zone, ts[i], cursor)
    local day = at / DAY_NS
    if at < 0 and day * DAY_NS ~= at then day = day - 1 end
    if day ~= day_before then
      n = n + 1
      starts[n], day_before = i, day
    end
  end
  self.day_starts = starts
  return starts
end

-- The day (from 1) in which a position lies; one more than there are for the end.
function Calendar:day_of(i)
  local starts = self:days()
  if i >= self.last then return #starts + 1 end
  local low, high = 1, #starts
  while low < high do
    local middle = math.ceil((low + high) / 2)
    if starts[middle] <= i then low = middle else high = middle - 1 end
  end
  return low
end

function Calendar:point(i)
  local at = self:time(math.min(i, self.last))
  return { i = i, base = self:to_local(at), months = 0 }
end

-- Where windows begin: the range's start where that is given within the data, else the first bar's midnight.
function Calendar:start()
  local ts = self.bars.ts_ns[self.first]
  local made = { i = self.first, base = self:to_local(C.pln_timezone_day_start(self.zone, ts)), months = 0 }
  if self.first > 0 or self.from_ns <= ts and self.from_ns > ts - SLACK_DAYS * DAY_NS then
    made.base = self:to_local(self.from_ns)
  end
  return made
end

local civil = ffi.new "pln_civil"

-- A local time some months later; the month's last day where it is shorter.
local function add_months(local_ns, months)
  if months == 0 then return local_ns end
  C.pln_civil_from_ns(local_ns, civil)
  local month = civil.year * 12 + civil.month - 1 + months
  civil.year, civil.month = math.floor(month / 12), month % 12 + 1
  civil.day = math.min(civil.day, C.pln_days_in_month(civil.year, civil.month))
  return C.pln_civil_to_ns(civil)
end

-- The point of a local time: the first bar at or after it. Past the end by more than a seventh of the length and more
-- than a long weekend is past the end.
function Calendar:at_local(base, months, length_days)
  local at = self:to_utc(add_months(base, months))
  local i = math.max(self.first, math.min(self.last, tonumber(C.pln_bars_lower_bound(self.bars, at))))
  local slack = math.floor(math.min(SLACK_DAYS, length_days / 7) * 86400) * 1000000000LL
  if at > self.end_ns + slack then i = self.last + 1 end
  return { i = i, base = base, months = months }
end

--- The point `times` sizes after one (before it, where times is negative).
function Calendar:add(point, size, times)
  times = times or 1
  local n = size.n and size.n * times
  if size.kind == "bars" then return self:point(point.i + n) end
  if size.kind == "share" then return self:point(point.i + math.floor(size.n * self.n + 1e-9) * times) end
  if size.kind == "days" then
    local starts = self:days()
    local day = self:day_of(point.i) + n
    if point.i > self.last or day > #starts + 1 then return self:point(self.last + 1) end
    return self:point(starts[math.max(day, 1)] or self.last)
  end
  if size.kind == "weeks" then
    return self:at_local(add_months(point.base, point.months) + n * 7 * DAY_NS, 0, 7 * math.abs(n))
  elseif size.kind == "months" then
    return self:at_local(point.base, point.months + n, 28 * math.abs(n))
  end
  C.pln_time_parse_iso(size.text, self.zone, parsed) -- a date
  local at = self:to_local(parsed[0])
  if size.is_day then at = at + DAY_NS end
  return self:at_local(at, 0, 7 * SLACK_DAYS)
end

-- ---- windows and folds ----

local function count(n) return tabulate.number(n, 0) end

function Calendar:window(role, fold, from, to, group)
  return {
    role = role, fold = fold, from_ns = self:time(from), until_ns = self:time(to), bars = to - from,
    first_ns = self.bars.ts_ns[from], last_ns = self.bars.ts_ns[to - 1], group = group, first = from, last = to,
  }
end

local function date(self, i)
  return self:text_of(self.bars.ts_ns[math.max(self.first, math.min(i, self.last - 1))])
end

--- A time as text in the calendar's zone: a date where it is midnight.
function Calendar:text_of(ts_ns)
  C.pln_civil_from_ns(self:to_local(ts_ns), civil)
  local text = ("%04d-%02d-%02d"):format(civil.year, civil.month, civil.day)
  if civil.hour == 0 and civil.minute == 0 and civil.second == 0 then return text end
  return text .. (" %02d:%02d"):format(civil.hour, civil.minute)
end

function Calendar:text()
  return ("%s bars (%s to %s)"):format(count(self.n), date(self, self.first), date(self, self.last - 1))
end

local makers = {}

function makers.full(self)
  local window = self:window("full", 1, self.first, self.last)
  window.from_ns, window.until_ns = self.from_ns, self.until_ns
  return { { number = 1, train = {}, test = { window } } }
end

function makers.train_test(self, spec)
  local start, finish = self:start(), { i = self.last, base = self:to_local(self.end_ns), months = 0 }
  if not spec.train and not spec.test then
    return nil, "neither train nor test is given; expected for example train: 70%", "type"
  end
  if not spec.train and spec.test.kind == "date" then
    return nil, ("test: %s says when it ends, not when it begins; expected train too"):format(spec.test.text), "test"
  end
  local train_end, test_start, test_end
  if spec.train then
    train_end = self:add(start, spec.train)
    test_start = spec.gap and self:add(train_end, spec.gap) or train_end
    test_end = spec.test and self:add(test_start, spec.test) or finish
  else
    test_start, test_end = self:add(finish, spec.test, -1), finish
    train_end = spec.gap and self:add(test_start, spec.gap, -1) or test_start
  end
  local key = spec.train and "train" or "test"
  local train, test = train_end.i - self.first, test_end.i - test_start.i
  if train_end.i > self.last or test_end.i > self.last then
    if train_end.i <= self.last then key = "test" end
    return nil, ("a %s window of %s does not fit%s: the range has %s; expected a shorter one, or more data"):format(key,
      spec[key].text, key == "test" and " behind the training" or "", self:text()), key
  elseif train < MIN_BARS or test < MIN_BARS then
    return nil, ("%s bars are left for the training and %s for the test, expected at least %d each; the range has %s")
      :format(count(math.max(0, train)), count(math.max(0, test)), MIN_BARS, self:text()), key
  end
  return { {
    number = 1, train = { self:window("train", 1, self.first, train_end.i) },
    test = { self:window("test", 1, test_start.i, test_end.i) },
  } }
end

-- Whether a window of a fold is long enough.
local function long_enough(self, number, role, from, to)
  if to - from >= MIN_BARS then return true end
  return nil, ("fold %d: the %s window at %s has %s bars, expected at least %d: a longer %s"):format(number, role,
    date(self, from), count(math.max(0, to - from)), MIN_BARS, role), role
end

-- Steps are counted from the end of the first training, so that tests follow each other whatever units the sizes have.
function makers.walk_forward(self, spec)
  local start, step = self:start(), spec.step or spec.test
  if spec.test.kind == "date" or step.kind == "date" or spec.train.kind == "date" and not spec.anchored then
    local key = spec.test.kind == "date" and "test" or step.kind == "date" and "step" or "train"
    return nil, ("%s is a date; expected a length (only the train of anchored windows may be a date)"):format(key), key
  end
  local folds = {}
  local first_end = self:add(start, spec.train)
  while true do
    local number = #folds + 1
    if number > MAX_FOLDS then
      return nil, ("there are more than %s folds; expected a longer step"):format(count(MAX_FOLDS)), "step"
    end
    local train_end = number == 1 and first_end or self:add(first_end, step, number - 1)
    if train_end.i >= self.last then break end
    local from = self.first
    if number > 1 and not spec.anchored then from = self:add(train_end, spec.train, -1).i end
    local test_start, test_end = train_end, self:add(train_end, spec.test)
    if spec.gap then test_start, test_end = self:add(test_start, spec.gap), self:add(test_end, spec.gap) end
    if test_end.i > self.last and spec.partial and test_start.i + MIN_BARS <= self.last then
      test_end = { i = self.last }
    end
    if test_end.i > self.last then break end
    local ok, message, key = long_enough(self, number, "train", from, train_end.i)
    if ok then ok, message, key = long_enough(self, number, "test", test_start.i, test_end.i) end
    if not ok then return nil, message, key end
    local before = folds[number - 1]
    if before and test_start.i < before.test[1].last then
      return nil, ("test windows overlap: that of fold %d begins at %s, the one before lasts until %s; expected a step "
        .. "as long as test (%s) or longer"):format(number, date(self, test_start.i),
        date(self, before.test[1].last - 1), spec.test.text), "step"
    end
    folds[number] = {
      number = number, train = { self:window("train", number, from, train_end.i) },
      test = { self:window("test", number, test_start.i, test_end.i) },
    }
    if test_end.i >= self.last then break end
  end
  if #folds > 0 then return folds end
  return nil, ("not one fold fits: train %s%s and test %s are longer than the range, %s; expected shorter ones, or "
    .. "more data"):format(spec.train.text, spec.gap and (", gap " .. spec.gap.text) or "", spec.test.text,
    self:text()), "train"
end

-- The first bar of each of n parts of equal length, and the end; the first ones get what is left over.
local function parts(self, n)
  local starts, at = {}, self.first
  for g = 1, n do
    starts[g] = at
    at = at + math.floor(self.n / n) + (g <= self.n % n and 1 or 0)
  end
  starts[n + 1] = self.last
  return starts
end

-- The fold in which the marked parts are the test: training windows are what lies between, as long as it is joined.
local function fold_of(self, number, starts, is_test, spec)
  local n = #starts - 1
  local fold = { number = number, train = {}, test = {} }
  local g = 1
  while g <= n do
    if is_test[g] then
      fold.test[#fold.test + 1] = self:window("test", number, starts[g], starts[g + 1], g)
      g = g + 1
    else
      local from, begins = starts[g], g
      while g <= n and not is_test[g] do g = g + 1 end
      local till = starts[g]
      if begins > 1 and spec.embargo then from = self:add(self:point(from), spec.embargo).i end
      if g <= n and spec.purge then till = self:add(self:point(till), spec.purge, -1).i end
      if till - from >= MIN_BARS then fold.train[#fold.train + 1] = self:window("train", number, from, till) end
    end
  end
  if #fold.train == 0 then
    return nil, ("fold %d: purge%s leaves nothing for the training between its test windows; parts have %s bars; "
      .. "expected fewer parts, or less to leave out"):format(number, spec.embargo and " and embargo" or "",
      count(starts[2] - starts[1])), spec.purge and "purge" or "embargo"
  end
  return fold
end

local function check_parts(self, n, key, spec)
  local name = spec.purge and spec.purge.kind == "date" and "purge" or spec.embargo and spec.embargo.kind == "date"
    and "embargo"
  if name then return nil, name .. " is a date; expected a length", name end
  if self.n >= n * MIN_BARS then return true end
  return nil, ("%d parts of at least %d bars need %d bars, there are %s; expected fewer parts"):format(n, MIN_BARS,
    n * MIN_BARS, self:text()), key
end

function makers.kfold(self, spec)
  local ok, message, key = check_parts(self, spec.folds, "folds", spec)
  if not ok then return nil, message, key end
  local starts, folds = parts(self, spec.folds), {}
  for k = 1, spec.folds do
    folds[k], message, key = fold_of(self, k, starts, { [k] = true }, spec)
    if not folds[k] then return nil, message, key end
  end
  return folds
end
makers.purged_kfold = makers.kfold

function makers.combinatorial(self, spec)
  local n, k = spec.groups, spec.test_groups
  if k >= n then
    return nil, ("test_groups is %d of %d groups: nothing is left to train on; expected fewer"):format(k, n),
      "test_groups"
  end
  local splits = 1
  for i = 1, k do splits = splits * (n - k + i) / i end
  if splits > MAX_FOLDS then
    return nil, ("%d of %d groups can be chosen in %s ways, at most %s folds are made; expected fewer groups")
      :format(k, n, count(splits), count(MAX_FOLDS)), "groups"
  end
  local ok, message, key = check_parts(self, n, "groups", spec)
  if not ok then return nil, message, key end
  local starts, folds, chosen = parts(self, n), {}, {}
  for i = 1, k do chosen[i] = i end
  while true do
    local is_test = {}
    for i = 1, k do is_test[chosen[i]] = true end
    local fold
    fold, message, key = fold_of(self, #folds + 1, starts, is_test, spec)
    if not fold then return nil, message, key end
    folds[#folds + 1] = fold
    local i = k -- the next choice, in lexicographic order
    while i > 0 and chosen[i] == n - k + i do i = i - 1 end
    if i == 0 then return folds end
    chosen[i] = chosen[i] + 1
    for j = i + 1, k do chosen[j] = chosen[j - 1] + 1 end
  end
end

-- ---- from a specification ----

local function fields_of(kind)
  local names, by_name = {}, {}
  for i, field in ipairs(schema_windows.variants[kind].fields) do names[i], by_name[field[1]] = field[1], field end
  return names, by_name
end

--- Checks a specification and fills in its defaults: sizes as windows.size gives them; or nil, a message, the key.
function M.check(spec)
  if type(spec) == "string" then spec = { type = spec } end
  if type(spec) ~= "table" then return nil, "expected a table with a type", "type" end
  local kind = spec.type
  if not schema_windows.variants[kind] then
    return nil, ("there is no type '%s' of windows%s; expected one of %s"):format(tostring(kind),
      suggest.hint(tostring(kind), schema_windows.names), table.concat(schema_windows.names, ", ")), "type"
  end
  local names, by_name = fields_of(kind)
  local given = {}
  for key in pairs(spec) do given[#given + 1] = tostring(key) end
  table.sort(given)
  for _, key in ipairs(given) do
    if not by_name[key] then
      return nil, ("%s takes no '%s'%s; expected %s"):format(kind, key, suggest.hint(key, names),
        table.concat(names, ", ")), key
    end
  end
  local made = {}
  for _, key in ipairs(names) do
    local field, value = by_name[key], spec[key]
    if value == nil then value = field.default end
    if value == nil and field.required then return nil, ("%s is missing: %s"):format(key, field.help), "type" end
    local field_type = field[2]
    if value ~= nil and field_type.check == "window_size" then
      local size, message = M.size(value)
      if not size then return nil, ("%s: '%s' is %s"):format(key, tostring(value), message), key end
      if size.n == 0 and (key == "step" or key == "train" or key == "test") then
        return nil, ("%s is %s; expected more than nothing"):format(key, size.text), key
      end
      value = size
    elseif field_type.type == "number" and (type(value) ~= "number" or value % 1 ~= 0 or value < field_type.min
      or value > field_type.max) then
      return nil, ("%s is %s; expected a whole number from %d to %d"):format(key, tostring(value), field_type.min,
        field_type.max), key
    elseif field_type.type == "boolean" and type(value) ~= "boolean" then
      return nil, ("%s is %s; expected true or false"):format(key, tostring(value)), key
    end
    made[key] = value
  end
  return made
end

--- The distinct windows of folds, in the order in which they are first used: windows of the same bars are one. Each is
-- { number, role ("full", "train", "test"; "both"), from_ns, until_ns, bars, first_ns, last_ns, fold (where it is used
-- in one fold only), uses = { { fold, role } … } }. Numbers the windows of the folds likewise.
function M.distinct(folds)
  local list, known = {}, {}
  local function visit(window)
    local key = tostring(window.from_ns) .. tostring(window.until_ns)
    local one = known[key]
    if not one then
      one = { number = #list + 1, role = window.role, fold = window.fold, group = window.group, bars = window.bars,
        from_ns = window.from_ns, until_ns = window.until_ns, first_ns = window.first_ns, last_ns = window.last_ns,
        uses = {} }
      list[#list + 1], known[key] = one, one
    end
    window.number = one.number
    one.uses[#one.uses + 1] = { fold = window.fold, role = window.role }
    if one.role ~= window.role then one.role = "both" end
    if one.fold ~= window.fold then one.fold = nil end
  end
  for _, fold in ipairs(folds) do
    for _, window in ipairs(fold.train) do visit(window) end
    for _, window in ipairs(fold.test) do visit(window) end
  end
  return list
end

--- Cuts a range into folds.
-- @param spec type (or only its name) and that type's keys, as under `windows:`; sizes as numbers or texts
-- @param calendar { bars = of the reference stream, from_ns, until_ns = the range (int64; default: all bars), timezone
--   = in which days begin (default: the bars') }
-- @return folds, their distinct windows; or nil, a message and the key of `windows` that it is about. folds.type,
--   folds.common_start and folds.timezone are what was asked for
function M.make(spec, calendar)
  local checked, message, key = M.check(spec)
  if not checked then return nil, message, key end
  local self
  self, message = new_calendar(calendar)
  if not self then return nil, message, "type" end
  local folds
  folds, message, key = makers[checked.type](self, checked)
  if not folds then return nil, message, key end
  folds.type, folds.common_start, folds.timezone = checked.type, checked.common_start, self.timezone
  return folds, M.distinct(folds)
end

--- The paths through the test windows: each is a list of { fold, window } in the order of time that covers what is
-- tested once. Combinatorial folds have C(groups - 1, test_groups - 1) of them: in path p each group is taken from the
-- p-th fold that tests it (Lopez de Prado 2018, 12.4.1); other folds have one.
function M.paths(folds)
  if folds.type ~= "combinatorial" then
    local path = {}
    for _, fold in ipairs(folds) do
      for _, window in ipairs(fold.test) do path[#path + 1] = { fold = fold.number, window = window } end
    end
    table.sort(path, function(a, b) return a.window.from_ns < b.window.from_ns end)
    return { path }
  end
  local paths, taken = {}, {}
  for _, fold in ipairs(folds) do
    for _, window in ipairs(fold.test) do
      local p = (taken[window.group] or 0) + 1
      taken[window.group] = p
      paths[p] = paths[p] or {}
      paths[p][window.group] = { fold = fold.number, window = window }
    end
  end
  return paths
end

local MAX_ROWS = 60

--- The folds as a table for the terminal. `options` as tabulate.format's, and rows: how many at most (default 60).
function M.describe(folds, options)
  local zone = C.pln_timezone_get(folds.timezone or "UTC")
  local show = setmetatable({ zone = zone }, Calendar)
  local rows, total = {}, 0
  local most = options and options.rows or MAX_ROWS
  local function add(window)
    total = total + 1
    if total > most then return end
    rows[#rows + 1] = { window.fold, window.role, window.number, show:text_of(window.first_ns),
      show:text_of(window.last_ns), window.bars }
  end
  for _, fold in ipairs(folds) do
    for _, window in ipairs(fold.train) do add(window) end
    for _, window in ipairs(fold.test) do add(window) end
  end
  local text = tabulate.format({ "fold", "role", "window", "first bar", "last bar", "bars" }, rows, options)
  if total > most then text = text .. ("… and %s more windows\n"):format(count(total - most)) end
  return text
end

local stitching = require "stitching"
M.stitch, M.stitch_equity, M.figures = stitching.stitch, stitching.equity, stitching.figures

--- Out-of-sample series of each path through the folds; get(fold number, window) gives the piece of a window.
function M.stitch_paths(folds, get) return stitching.paths(M.paths(folds), get) end

return M

--- Corporate actions: splits, dividends and delistings of a symbol, from Lean's factor and map files, from the data's
-- own columns (zipline's csvdir, yfinance) or from a table, and the bars that are adjusted for them.
local ffi = require "ffi"
local abi = require "abi"
local actions = require "actions"
local files = require "data_files"
local schema_instruments = require "schema_instruments"
local tables = require "tables"
local C = abi.C

local M = {}

local DAY_NS = 86400000000000LL

-- The start of the day after a date "20140606", in the data's zone.
local function day_after(text, timezone)
  local y, m, d = text:match "^(%d%d%d%d)(%d%d)(%d%d)$"
  if not y or tonumber(m) < 1 or tonumber(m) > 12 or tonumber(d) < 1
    or tonumber(d) > C.pln_days_in_month(tonumber(y), tonumber(m)) then
    return nil
  end
  return C.pln_timezone_to_utc(C.pln_timezone_get(timezone),
    (C.pln_days_from_civil(tonumber(y), tonumber(m), tonumber(d)) + 1) * DAY_NS, 0, nil)
end

-- Lean ------------------------------------------------------------------------------------------------------------

local FACTOR_ROW = { type = "map", fields = {
  { "date", { type = "string" }, required = true, help = "the last day on which the factors hold, as 20140606" },
  { "price_factor", { type = "number", min = 0 }, required = true, help = "of dividends" },
  { "split_factor", { type = "number", min = 0 }, required = true, help = "of splits" },
  { "reference_price", { type = "number", min = 0 }, help = "raw close of that day" },
  { "source", { type = "string" }, help = "not read" },
} }
local FACTOR_NAMES = { "date", "price_factor", "split_factor", "reference_price", "source" }

-- Factors are written with 7 or 8 decimals: a split's ratio is the fraction of small numbers that is so near.
local function split_ratio(before, after)
  local ratio = after / before
  for q = 1, 20 do
    local p = math.floor(ratio * q + 0.5)
    if p > 0 and math.abs(p / q / ratio - 1) < 5e-5 then return p / q end
    p = math.floor(q / ratio + 0.5)
    if p > 0 and math.abs(q / p / ratio - 1) < 5e-5 then return q / p end
  end
  return ratio
end

-- To so many decimals, halves to even as in Lean (whose arithmetic is decimal: what is that near a half is one).
local function rounded(value, decimals)
  local scale = 10 ^ decimals
  local down = math.floor(value * scale)
  local rest = value * scale - down
  if math.abs(rest - 0.5) < 1e-9 then return (down % 2 == 0 and down or down + 1) / scale end
  return math.floor(value * scale + 0.5) / scale
end

local function without_overflow(node) -- Lean passes over rows whose factor was too large to be written
  local kept = {}
  for _, row in ipairs(node.items) do
    local ok = true
    for _, entry in ipairs(row.entries) do
      if entry.node.text:find "inf" or entry.node.text:find "e%+" then ok = false end
    end
    if ok then kept[#kept + 1] = row end
  end
  node.items = kept
  return node
end

local function lean_factors(path, timezone)
  local node, message = tables.nodes(path, FACTOR_NAMES)
  if not node then return nil, message end
  local rows, at = tables.check(without_overflow(node), { type = "list", of = FACTOR_ROW })
  if not rows then return nil, at[1] end
  local kept = {}
  for i, row in ipairs(rows) do
    row.until_ns = day_after(row.date, timezone)
    if not row.until_ns then
      return nil, ("%s: found the date '%s', expected one as 20140606"):format(at(("[%d].date"):format(i - 1)),
        row.date)
    end
    local before = kept[#kept]
    if before and row.until_ns <= before.until_ns then
      return nil, ("%s: %s is not after the row before it"):format(at(("[%d].date"):format(i - 1)), row.date)
    end
    if row.price_factor > 0 and row.split_factor > 0 then kept[#kept + 1] = row end
  end
  return kept
end

local function lean_actions(rows, list, decimals)
  for i = 1, #rows - 1 do
    local row, after = rows[i], rows[i + 1]
    local amount = rounded((row.reference_price or 0) * (1 - row.price_factor / after.price_factor), decimals)
    if amount > 0 then list[#list + 1] = { ts_ns = row.until_ns, kind = "dividend", value = amount } end
    local ratio = split_ratio(row.split_factor, after.split_factor)
    if ratio ~= 1 then list[#list + 1] = { ts_ns = row.until_ns, kind = "split", value = ratio } end
  end
end

local MAP_NAMES = { "date", "ticker", "exchange", "mode" }

-- The day after the last one of a map file, nil where it goes on.
local function delisted(path, timezone)
  local node, message = tables.nodes(path, MAP_NAMES)
  if not node then return nil, message end
  local row = node.items[#node.items]
  local text = row and row.entries[1] and row.entries[1].node.text or ""
  local after = day_after(text, timezone)
  if not after then
    return nil, ("%s: the last row begins with '%s', expected a date as 20180615"):format(path, text)
  end
  return text < "20500101" and after or false
end

local function find_file(path, symbol, missing)
  local found, message = files.find(path, symbol)
  if not found then return nil, message end
  if #found ~= 1 then return nil, ("found %d files for '%s', expected one"):format(#found, path) end
  local file = io.open(found[1], "rb")
  if file then
    file:close()
    return found[1]
  end
  if missing == "ignore" then return false end
  return nil, ("%s: there is no such file; expected one for each symbol (missing: ignore takes that for no action)")
    :format(found[1])
end

local function of_lean(spec, symbol, timezone)
  local path, message = find_file(spec.path, symbol, spec.missing)
  if path == nil then return nil, message end
  local rows, list = {}, {}
  if path then
    rows, message = lean_factors(path, timezone)
    if not rows then return nil, message end
    lean_actions(rows, list, spec.dividend_decimals)
  end
  if spec.map_path then
    path, message = find_file(spec.map_path, symbol, spec.missing)
    if path == nil then return nil, message end
    if path then
      local after
      after, message = delisted(path, timezone)
      if after == nil then return nil, message end
      if after then list[#list + 1] = { ts_ns = after, kind = "delist", value = 0 / 0 } end
    end
  end
  local factors = ffi.new("pln_price_factor[?]", math.max(#rows, 1))
  for i, row in ipairs(rows) do
    factors[i - 1].until_ns = row.until_ns
    factors[i - 1].price_factor, factors[i - 1].split_factor = row.price_factor, row.split_factor
  end
  return list, factors, #rows
end

-- Columns of the data -----------------------------------------------------------------------------------------------

local DIVIDENDS = { dividend = true, dividends = true }
local SPLITS = { split = true, splits = true, stock_splits = true }

local function of_columns(bars)
  local list, found = {}, false
  for c = 0, bars.n_extra - 1 do
    local name = ffi.string(bars.extra_names[c])
    local kind = DIVIDENDS[name] and "dividend" or SPLITS[name] and "split"
    found = found or kind ~= nil and kind ~= false
    for i = 0, kind and tonumber(bars.n_bars) - 1 or -1 do
      local value = bars.extra[c][i]
      local none = value ~= value or value == 0 or kind == "split" and value == 1
      if not none then list[#list + 1] = { ts_ns = bars.ts_ns[i], kind = kind, value = value } end
    end
  end
  if not found then
    return nil, ("%s: there is no column dividend or split in the data, which layout: zipline reads"):format(
      ffi.string(bars.source))
  end
  return list
end

-- A table ---------------------------------------------------------------------------------------------------------

local function of_table(cfg, spec, symbol, timezone)
  local path, message = find_file(spec.path, symbol, spec.missing)
  if path == nil then return nil, message end
  if not path then return {} end
  local rows, fail = tables.of_key(cfg, "corporate_actions.path", path, schema_instruments.action)
  if not rows then return nil, tostring(fail.message) end
  local list = {}
  for i, row in ipairs(rows) do
    if row.symbol == symbol then
      local ts_ns
      ts_ns, message = actions.instant(row.date, timezone)
      if not ts_ns then return nil, fail(i, "date", message).message end
      if not row.value and row.kind ~= "delist" or row.kind == "split" and row.value == 0 then
        return nil, fail(i, "value", ("a %s needs a value above 0"):format(row.kind)).message
      end
      list[#list + 1] = { ts_ns = ts_ns, kind = row.kind, value = row.value or 0 / 0 }
    end
  end
  return list
end

-- Together --------------------------------------------------------------------------------------------------------

-- A split of raw prices shows in them: where it does not, they have been adjusted already.
local function check_splits(bars, list)
  for _, action in ipairs(list) do
    local i = tonumber(C.pln_bars_lower_bound(bars, action.ts_ns))
    if action.kind == "split" and (action.value >= 1.25 or action.value <= 0.8) and i > 0 and i < bars.n_bars then
      local jump = bars.open[i] / bars.close[i - 1]
      if jump > 0 and math.abs(math.log(jump)) < math.abs(math.log(jump * action.value)) then
        return nil, ("the split of %s, %.6g for one, does not show in the prices (%.6g before it, %.6g after): they "
          .. "are adjusted already; say corporate_actions.prices: split_adjusted, or take raw ones"):format(
          abi.iso_time(action.ts_ns):sub(1, 10), action.value, bars.close[i - 1], bars.open[i])
      end
    end
  end
  return true
end

local function keep(list, wanted)
  local kept = {}
  for _, action in ipairs(list) do
    if wanted(action) then kept[#kept + 1] = action end
  end
  return kept
end

-- What is left for the account where prices are adjusted for both: dividends in today's units, where prices are not
-- adjusted for them, and delistings.
local function account_of_both(list, spec, factors, n)
  return keep(list, function(action)
    if action.kind ~= "dividend" then return action.kind == "delist" end
    if spec.adjust_for ~= "splits" then return false end
    for i = 0, n - 1 do -- the last units before the ex-date
      if factors[i].until_ns == action.ts_ns then action.value = action.value * factors[i].split_factor end
    end
    return true
  end)
end

--- Actions of a symbol and its bars, adjusted as cfg.corporate_actions says.
-- @param bars as they were read, which stay as they are
-- @return { bars = adjusted bars (for features), fill_bars = bars of prices at which it is traded (`bars` itself where
--   they are the same), actions = list of { ts_ns, kind, value } for the account, adjustment = { factors, n, mode } of
--   pln_bars_adjust where the two differ }, or nil, a message and the key that is at fault (nil: the data)
function M.apply(cfg, symbol, timezone, bars)
  local spec = cfg.corporate_actions
  if not spec or spec.adjust == "raw" then return { bars = bars, fill_bars = bars, actions = {} } end
  local list, factors, n
  if spec.layout == "lean" then
    list, factors, n = of_lean(spec, symbol, timezone)
  elseif spec.layout == "zipline" then
    list = { of_columns(bars) }
    list, factors = list[1], list[2]
  else
    list, factors = of_table(cfg, spec, symbol, timezone)
  end
  if not list then return nil, factors, "corporate_actions" end
  if spec.prices == "split_adjusted" then
    list = keep(list, function(action) return action.kind ~= "split" end)
  else
    local ok, message = check_splits(bars, list)
    if not ok then return nil, message, "corporate_actions.prices" end
  end
  if not n then
    local array, count = actions.array(list)
    factors = ffi.new("pln_price_factor[?]", math.max(count, 1))
    n = C.pln_price_factors_of(bars, array, count, factors)
    if n < 0 then return nil, abi.last_error(), "corporate_actions" end
  end
  local mode = spec.adjust_for == "splits" and C.PLN_ADJUST_SPLITS or C.PLN_ADJUST_ALL
  local adjusted = C.pln_bars_adjust(bars, factors, n, mode)
  if adjusted == nil then return nil, abi.last_error(), "corporate_actions" end
  adjusted = ffi.gc(adjusted, C.pln_bars_free)
  if spec.adjust == "both" then
    return { bars = adjusted, fill_bars = adjusted, actions = account_of_both(list, spec, factors, n) }
  end
  return { bars = adjusted, fill_bars = bars, actions = list, adjustment = { factors = factors, n = n, mode = mode } }
end

--- What does not go together in a configuration.
function M.check(cfg, fail)
  local spec = cfg.corporate_actions
  if not spec then return end
  if spec.layout ~= "zipline" and not spec.path then
    fail("corporate_actions.path", ("missing; layout: %s needs the path of a file"):format(spec.layout))
  elseif spec.layout == "zipline" and spec.path then
    fail("corporate_actions.path", "goes with layout: lean and csv; zipline reads the data's own columns")
  end
  if spec.map_path and spec.layout ~= "lean" then fail("corporate_actions.map_path", "goes with layout: lean") end
  if spec.prices == "split_adjusted" and spec.layout == "lean" then
    fail("corporate_actions.prices", "factor files are made for raw prices; expected raw")
  end
end

return M

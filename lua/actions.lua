--- Arrays of actions (src/abi/actions.h) from lists of { ts_ns, kind, value }.
local ffi = require "ffi"
local abi = require "abi"
local C = abi.C

local M = {}

M.KINDS = {
  split = C.PLN_ACTION_SPLIT, dividend = C.PLN_ACTION_DIVIDEND, delist = C.PLN_ACTION_DELIST, halt = C.PLN_ACTION_HALT,
  resume = C.PLN_ACTION_RESUME, enter = C.PLN_ACTION_ENTER, leave = C.PLN_ACTION_LEAVE, cash = C.PLN_ACTION_CASH,
}

-- What applies first at one instant: a dividend is for each unit before the split; a halt that ends makes room for one
-- that begins, as a membership does.
local RANK = { dividend = 1, split = 2, delist = 3, leave = 4, enter = 5, resume = 6, halt = 7, cash = 8 }

local DAY_NS = 86400000000000LL

--- The instant of a time of the configuration, in an IANA zone.
function M.instant(text, timezone)
  local ns = ffi.new "int64_t[1]"
  local zone = C.pln_timezone_get(timezone)
  if zone == nil or C.pln_time_parse_iso(text, zone, ns) < 0 then return nil, abi.last_error() end
  return ns[0]
end

--- The end of what a time closes: of a day its last instant's successor, of a time that time.
function M.instant_after(text, timezone)
  local ns, message = M.instant(text, timezone)
  if not ns then return nil, message end
  if #text > 10 then return ns end
  return C.pln_timezone_day_start(C.pln_timezone_get(timezone), ns + DAY_NS + DAY_NS / 2)
end

--- Sorts a list of { ts_ns = int64, kind = name, value = number } by time and by what comes first at one instant.
-- @return pln_action[n] (nil where there is none), n
function M.array(list)
  if #list == 0 then return nil, 0 end
  local sorted = {}
  for i, item in ipairs(list) do sorted[i] = { item = item, order = i } end
  table.sort(sorted, function(a, b)
    local x, y = a.item, b.item
    if x.ts_ns ~= y.ts_ns then return x.ts_ns < y.ts_ns end
    if x.kind ~= y.kind then return RANK[x.kind] < RANK[y.kind] end
    return a.order < b.order
  end)
  local array = ffi.new("pln_action[?]", #sorted)
  for i, one in ipairs(sorted) do
    array[i - 1].ts_ns, array[i - 1].kind = one.item.ts_ns, M.KINDS[one.item.kind]
    array[i - 1].value = one.item.value or 0
  end
  return array, #sorted
end

--- The array as plain tables, for people: { time, kind, value }.
function M.list(array, n)
  local names, list = {}, {}
  for name, kind in pairs(M.KINDS) do names[tonumber(kind)] = name end
  for i = 0, n - 1 do
    local ts_ns = array[i].ts_ns
    list[i + 1] = { time = ts_ns > abi.INT64_MIN and abi.iso_time(ts_ns) or nil, kind = names[array[i].kind],
      value = array[i].value }
  end
  return list
end

return M

--- Out-of-sample windows joined into one series: returns that compound, equity that goes on (docs/windows.md).
local ffi = require "ffi"
local abi = require "abi"
local returns = require "returns"

local M = {}

-- Lists count from 1, arrays (cdata) from 0.
local function reader(values)
  if type(values) == "cdata" then return function(k) return values[k - 1] end end
  return function(k) return values[k] end
end

local function length(piece, field, number)
  local n = piece.n or type(piece[field]) == "table" and #piece[field]
  if not n or not piece.times or not piece[field] then
    error(("piece %d: expected { %s, times } (and n where they are arrays)"):format(number, field), 3)
  end
  return tonumber(n)
end

-- Pieces with something in them, in the order of time, none within another; or nil and a message.
local function ordered(pieces, field)
  local list = {}
  for number, piece in ipairs(pieces) do
    local n = length(piece, field, number)
    if n > 0 then
      local one = { piece = piece, n = n, number = number, time = reader(piece.times), value = reader(piece[field]) }
      one.first, one.last = ffi.cast("int64_t", one.time(1)), ffi.cast("int64_t", one.time(n))
      for k = 2, n do
        if one.time(k) <= one.time(k - 1) then
          return nil, ("piece %d: times do not ascend at %s"):format(number, abi.iso_time(one.time(k)))
        end
      end
      list[#list + 1] = one
    end
  end
  table.sort(list, function(a, b)
    if a.first ~= b.first then return a.first < b.first end
    if a.last ~= b.last then return a.last < b.last end
    return a.number < b.number
  end)
  for k = 2, #list do
    if list[k].first < list[k - 1].last then
      return nil, ("pieces overlap: one begins at %s, the one before lasts until %s; expected windows that follow "
        .. "each other"):format(abi.iso_time(list[k].first), abi.iso_time(list[k - 1].last))
    end
  end
  return list
end

-- Two returns of one period that windows share: the first part of the day belongs to one of them, the rest to another.
local function compound(a, b)
  if a == nil or a ~= a then return b end
  if b == nil or b ~= b then return a end
  return (1 + a) * (1 + b) - 1
end

--- Joins period returns of windows that follow each other.
-- @param pieces list, in any order, of { returns, times (int64 ns, ascending: the period's date), benchmark }, as
--   lists, or as arrays with n
-- @return { returns, times, benchmark (where all pieces have one), n, periods_per_year, risk_free_ann (of the first) };
--   a period that two windows share is there once, its returns compounded; or nil and a message where pieces overlap
function M.stitch(pieces)
  local list, message = ordered(pieces, "returns")
  if not list then return nil, message end
  local out = { returns = {}, times = {}, n = 0 }
  local benchmark = {}
  for _, one in ipairs(list) do
    local bench = one.piece.benchmark and reader(one.piece.benchmark)
    if not bench then benchmark = nil end
    for k = 1, one.n do
      local time, at = ffi.cast("int64_t", one.time(k)), out.n + 1
      local before
      if out.n > 0 and out.times[out.n] == time then at, before = out.n, true end
      out.times[at], out.n = time, at
      out.returns[at] = compound(before and out.returns[at], one.value(k) or 0 / 0)
      if benchmark then benchmark[at] = compound(before and benchmark[at], bench(k) or 0 / 0) end
    end
  end
  out.benchmark = #list > 0 and benchmark or nil
  local first = list[1] and list[1].piece or {}
  out.periods_per_year, out.risk_free_ann = first.periods_per_year, first.risk_free_ann
  return out
end

--- Joins equity curves: each piece goes on where the one before ended, as if all of it had been put into the next.
-- @param pieces list of { equity, times, initial (what the piece began with; default: its first value) }, as above
-- @param start what the curve begins with; default: what the first piece began with
-- @return { equity, times, n, start }, or nil and a message
function M.equity(pieces, start)
  local list, message = ordered(pieces, "equity")
  if not list then return nil, message end
  local out = { equity = {}, times = {}, n = 0 }
  local level = start
  for _, one in ipairs(list) do
    local initial = one.piece.initial or one.value(1)
    level = level or initial
    out.start = out.start or level
    local factor = level / initial
    for k = 1, one.n do
      local time, at = ffi.cast("int64_t", one.time(k)), out.n + 1
      if out.n > 0 and out.times[out.n] == time then at = out.n end
      out.times[at], out.n = time, at
      out.equity[at] = one.value(k) * factor
    end
    level = out.equity[out.n]
  end
  out.start = out.start or start
  return out
end

--- Out-of-sample series of each path through the folds: windows.paths.
-- @param paths of windows.paths
-- @param get function(fold's number, window) → a piece for `stitch`
-- @return list of stitched series, or nil and a message
function M.paths(paths, get)
  local made = {}
  for p, path in ipairs(paths) do
    local pieces = {}
    for k, step in ipairs(path) do pieces[k] = get(step.fold, step.window) end
    local message
    made[p], message = M.stitch(pieces)
    if not made[p] then return nil, ("path %d: %s"):format(p, message) end
  end
  return made
end

--- All statistics of a stitched series (lua/returns.lua): values by name, and the reasons for what is undefined.
function M.figures(stitched, options)
  local given = { times = stitched.times, benchmark = stitched.benchmark, periods_per_year = stitched.periods_per_year,
    risk_free_ann = stitched.risk_free_ann }
  for name, value in pairs(options or {}) do given[name] = value end
  return returns.all(stitched.returns, given)
end

return M

--- Columns that are computed over adjusted prices, in the units of the raw prices at which orders fill.
--
-- Features see prices adjusted for splits and dividends (corporate_actions.adjust: signals), so that an average true
-- range has no jump at a split; but stops, sizes and cost models need it in the units of the account at that time. A
-- feature that is proportional to a power of prices and of volumes is multiplied by what those were divided by. The
-- powers are found by computing it over bars whose prices, or volumes, are doubled: exact in binary.
local ffi = require "ffi"
local abi = require "abi"
local C = abi.C

local M = {}

local LOG_2 = math.log(2)
local DOUBLED = { { 2, 1 }, { 1, 2 } } -- factors of prices and of volumes
local MOST = 4 -- the largest power that is looked for: variance of prices has 2

-- Bars with prices times `price` and volumes times `volume`.
local function scaled(bars, price, volume)
  local factor = ffi.new("pln_price_factor[1]")
  factor[0].until_ns, factor[0].price_factor, factor[0].split_factor = abi.INT64_MAX, price * volume, 1 / volume
  local made = C.pln_bars_adjust(bars, factor, 1, C.PLN_ADJUST_ALL)
  return made ~= nil and ffi.gc(made, C.pln_bars_free) or nil
end

-- The whole power of 2 by which `doubled` differs from `column` everywhere; nil where there is none.
local function power(column, doubled, n)
  local found
  for i = 0, n - 1 do
    local before, after = column[i], doubled[i]
    if before == before and before ~= 0 then
      if not found then
        local ratio = after / before
        found = ratio > 0 and math.floor(math.log(ratio) / LOG_2 + 0.5) or nil
        if not found or math.abs(found) > MOST then return nil end
      end
      if math.abs(after - math.ldexp(before, found)) > 1e-9 * math.abs(after) then return nil end
    end
  end
  return found or 0
end

-- `^` gives other bits compiled than interpreted.
local function whole_power(base, exponent)
  local made = 1
  for _ = 1, math.abs(exponent) do made = made * base end
  return exponent < 0 and 1 / made or made
end

--- Multiplies a column over adjusted bars by the factors that were in force when each bar closed.
-- @param adjustment of a plan's stream: { factors = pln_price_factor[], n, mode }, nil where features see the prices of
--   fills
-- @param bars the adjusted bars
-- @param column double[], over `bars`; changed in place
-- @param compute function(bars): the same column over other bars, or nil and a message
-- @return true, or nil and a message
function M.to_fills(adjustment, bars, column, expression, compute)
  if not adjustment or adjustment.n == 0 then return true end
  local n = tonumber(bars.n_bars)
  local powers = {}
  for k, what in ipairs(DOUBLED) do
    local changed = scaled(bars, what[1], what[2])
    if not changed then return nil, abi.last_error() end
    local doubled, message = compute(changed)
    if not doubled then return nil, message end
    powers[k] = power(column, doubled, n)
    if not powers[k] then
      return nil, ("'%s' is not proportional to %s, so that its value over adjusted bars cannot be brought to the "
        .. "units of fills; say corporate_actions.adjust: both"):format(expression, k == 1 and "prices" or "volumes")
    end
  end
  local factors, row = adjustment.factors, 0
  for i = 0, n - 1 do
    local last_ns = C.pln_bars_visible_ns(bars, i) - 1
    while row < adjustment.n and factors[row].until_ns <= last_ns do row = row + 1 end
    if row == adjustment.n then break end
    local split = factors[row].split_factor
    local price = adjustment.mode == C.PLN_ADJUST_SPLITS and split or factors[row].price_factor * split
    column[i] = column[i] / whole_power(price, powers[1]) * whole_power(split, powers[2])
  end
  return true
end

return M

--- Times that no bar brings: when positions are brought back to their targets, when a portfolio may trade and when it
-- is out of the market.
local ffi = require "ffi"
local abi = require "abi"
local C = abi.C

local M = {}

local function array_of(list)
  local array = ffi.new("int64_t[?]", math.max(#list, 1))
  for k, value in ipairs(list) do array[k - 1] = value end
  return array
end

-- What combos share: plan → key → made
local made_of = setmetatable({}, { __mode = "k" })

local function shared(plan, key, make)
  local base = plan.base or plan
  local made = made_of[base] or {}
  made_of[base] = made
  if not made[key] then made[key] = make() end
  return made[key]
end

--- The closes of the first bars of each day, week or month, of a plan's first symbol at its finest timeframe; periods
-- are counted in the data's zone, and the one in which the data begin has none.
-- @param every "1d", "1w" or "1mo"
-- @return { times = int64_t[], n }
function M.rebalancing(plan, every)
  return shared(plan, every, function()
    local bars = plan.symbols[1].bars
    local n, zone = tonumber(bars.n_bars), C.pln_timezone_get(bars.timezone)
    local period = ffi.new("pln_timeframe")
    abi.must(C.pln_timeframe_parse(every, period))
    local from, to, times, row = ffi.new("int64_t[1]"), ffi.new("int64_t[1]"), {}, 0
    while row < n do
      if row > 0 then times[#times + 1] = C.pln_bars_visible_ns(bars, row) end
      C.pln_timeframe_bucket(period, zone, bars.ts_ns[row], from, to)
      row = tonumber(C.pln_bars_lower_bound(bars, to[0]))
    end
    return { times = array_of(times), n = #times }
  end)
end

--- Tells a container of the times of one of a plan's portfolios. The arrays outlive the plan's runs.
-- @return true, or nil: the core says what is wrong
function M.apply(exec, id, plan, portfolio)
  local every = portfolio.rebalance_every
  if every and every ~= "never" and every ~= "bar" then
    local made = M.rebalancing(plan, every)
    if C.pln_exec_set_rebalancing(exec, id, made.times, made.n) < 0 then return nil end
  end
  return true
end

return M

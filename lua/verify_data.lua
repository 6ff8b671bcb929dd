--- The data of `perilune verify`: the last bars of each symbol, and the same with everything after a time changed.
local ffi = require "ffi"
local abi = require "abi"
local plans = require "plan"
local C = abi.C

local M = {}

local PRICES = { "open", "high", "low", "close" }

local Data = {}
Data.__index = Data

--- @param cfg of config.load
-- @param n_bars bars of each symbol (each file) at most: the last ones before `data.end`
function M.new(cfg, n_bars)
  return setmetatable({ cfg = cfg, n_bars = n_bars, kept = {}, is_cut = false }, Data)
end

local backing = setmetatable({}, { __mode = "k" }) -- bars → what they borrow from

local function slice(bars, first, last)
  local made = C.pln_bars_slice(bars, first, last)
  if made == nil then error(abi.last_error(), 0) end
  made = ffi.gc(made, C.pln_bars_free)
  backing[made] = { bars }
  return made
end

--- Number of rows that are visible at a time.
function M.rows_at(bars, t_ns)
  local low, high = 0, tonumber(bars.n_bars)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if C.pln_bars_visible_ns(bars, middle) <= t_ns then low = middle + 1 else high = middle end
  end
  return low
end

-- A factor in (0.5, 1.5) that looks like chance and is the same on every run.
local function factor(row, salt) return 0.5 + ((row * 7919 + salt * 104729) % 1000 + 0.5) / 1000 end

-- A copy whose rows from `from` on are others: each bar's prices times one factor, its volume and further columns times
-- others.
local function scrambled(bars, from)
  local n = tonumber(bars.n_bars)
  local made = slice(bars, 0, n)
  local function column(source, salt)
    local copy = ffi.new("double[?]", n)
    ffi.copy(copy, source, n * 8)
    for i = from, n - 1 do copy[i] = copy[i] * factor(i, salt) end
    table.insert(backing[made], copy)
    return copy
  end
  for _, name in ipairs(PRICES) do made[name] = column(bars[name], 1) end
  made.volume = column(bars.volume, 2)
  local extra = ffi.cast("const double **", made.extra)
  for k = 0, bars.n_extra - 1 do extra[k] = column(bars.extra[k], 3 + k) end
  made.content_hash = bars.content_hash + 1 + from
  return made
end

-- What happens to symbols and accounts after a time is not known then either: a delisting closes a position.
local function without_actions(plan, t_ns)
  local function until_time(array, n)
    local kept = 0
    while kept < n and array[kept].ts_ns <= t_ns do kept = kept + 1 end
    if kept > 0 then return array, kept end
    return nil, 0
  end
  for _, symbol in ipairs(plan.symbols) do
    if symbol.actions then symbol.actions, symbol.n_actions = until_time(symbol.actions, symbol.n_actions) end
  end
  for _, portfolio in ipairs(plan.portfolios) do
    local actions, n = rawget(portfolio, "cash_actions"), rawget(portfolio, "n_cash_actions")
    if actions then portfolio.cash_actions, portfolio.n_cash_actions = until_time(actions, n) end
  end
end

--- The configuration's plan over this data.
-- @param change nil, or { t_ns = time, kind = "removed" | "scrambled" }: what is done to the bars that are not visible
--   then. Of a symbol that has none before, bars are scrambled, since a run without any is none.
-- @return the plan, or nil, a message and what is at fault as of plan.new
function Data:plan(change)
  local options = { made = self.kept }
  function options.change(bars, visible)
    local n = tonumber(bars.n_bars)
    local stop = self.until_ns and tonumber(C.pln_bars_lower_bound(bars, self.until_ns)) or n
    local first, last = math.max(0, stop - self.n_bars), math.min(n, stop + self.n_bars)
    if last - first < n then self.is_cut = true end
    local rows = change and M.rows_at(visible, change.t_ns) - first
    local view = last - first < n and slice(bars, first, last) or bars
    if not change or rows >= last - first then return view end
    if change.kind == "removed" and rows > 0 then return slice(view, 0, rows) end
    return scrambled(view, math.max(rows, 0))
  end
  local plan, err, fault = plans.new(self.cfg, { bars = options })
  if not plan then return nil, err, fault or "configuration" end
  if self.until_ns == nil and plan.window.until_ns < abi.INT64_MAX then
    self.until_ns = plan.window.until_ns -- known now: bars are counted back from there
    return self:plan(change)
  end
  return plan
end

--- The plan that a combo is made from, of a plan of Data:plan and the change that this has, ready to be run.
function M.base_of(plan, number, change)
  local base = plan.grid:plan(number)
  base.record_orders, base.record_decisions = true, true
  if change and change.kind == "removed" then without_actions(base, change.t_ns) end
  return base
end

--- Hash of all the data, as a run of it is stored with, and how many bars that is; or as of plan.
function Data:hash()
  local plan, err, fault = plans.new(self.cfg, { bars = { made = self.kept } })
  if not plan then return nil, err, fault or "configuration" end
  return plan.data_hash, plan.n_bars
end

return M

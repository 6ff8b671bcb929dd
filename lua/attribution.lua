--- Attribution: which strategy, and which regime, a portfolio's gains and losses came from (docs/ensemble.md).
--
-- From fills, closes and the changes of the combined signal, without a look at each bar: between two boundaries a
-- position is constant but for its fills, so that what it gained is the difference of cash and worth at both ends.
-- Boundaries are where the members' shares or the regime change: a change that becomes known at a bar's close holds
-- from the next bar's open on (where orders fill at the close just seen: from that close on), as the orders that it
-- causes do.
--
-- What is gained while members contribute c_i = weight x direction x strength to the level is theirs by
-- c_i / sum of c, so that who was against the position bears the opposite sign; where the position's size is that of
-- its direction alone (sized_by: direction), by c_i / sum of those in its direction. A position that is held while the
-- level is 0 (its exit is on the way) belongs to the last shares. The gain is before costs: at the prices before
-- spread and slippage. Costs of a fill (fees; slippage with spread) are borne in proportion to how much each member's
-- contribution has changed since the symbol's last fill, |new c_i - old c_i|; by the size of the shares where none has.
-- What no fill tells of (financing, dividends, conversion) is `other`, so that the parts sum to the total exactly.
local ffi = require "ffi"
local abi = require "abi"
local json = require "json"
local tabulate = require "tabulate"
local C = abi.C

local M = {}

-- ---- lists that grow ----

local fill_t = ffi.typeof [[struct {
  int64_t bar; double quantity, price, reference, fee, rate;
}[?] ]]
local change_t = ffi.typeof "struct { int64_t ts_ns; int32_t regime, first; }[?]"
local doubles = ffi.typeof "double[?]"

local function grown(array, n, room, make)
  if n < room then return array, room end
  local made = make(room * 2)
  ffi.copy(made, array, ffi.sizeof(array))
  return made, room * 2
end

local function new_fills() return { items = fill_t(64), n = 0, room = 64 } end

-- Contributions of the members at each change lie one after the other in `values`.
local function new_changes(n_members)
  return { items = change_t(64), n = 0, room = 64, values = doubles(64 * n_members), n_members = n_members }
end

local function add_change(changes, ts_ns, regime, weights, direction, strength)
  local n_members = changes.n_members
  if changes.n == changes.room then
    local values = doubles(changes.room * 2 * n_members)
    ffi.copy(values, changes.values, changes.n * n_members * 8)
    changes.values = values
  end
  changes.items, changes.room = grown(changes.items, changes.n, changes.room, change_t)
  local item = changes.items[changes.n]
  item.ts_ns, item.regime, item.first = ts_ns, regime, changes.n * n_members
  for k = 0, n_members - 1 do
    changes.values[item.first + k] = weights and weights[k] * (direction[k] * strength[k]) or 0
  end
  changes.n = changes.n + 1
end

-- ---- collecting ----

local Collector = {}
Collector.__index = Collector

-- Where regimes of an instrument come from when nothing is combined: the classifier's own stream on the symbol, or the
-- only one it has.
local function regime_source(classifier, symbol)
  for _, stream in ipairs(classifier.streams) do
    if stream.symbol == symbol then return stream.name end
  end
  return #classifier.streams == 1 and classifier.streams[1].name or nil
end

local function classifier_of(plan, portfolio)
  local id = portfolio.combine and portfolio.combine.classifier
  for _, classifier in ipairs(plan.classifiers) do
    if classifier.id == id or not id then return classifier end
  end
end

local function new_collector(plan, portfolio, id)
  local self = setmetatable({
    plan = plan, portfolio = portfolio, id = id, fills = {}, changes = {}, regimes = {}, flows = 0,
    classifier = classifier_of(plan, portfolio), members = {},
  }, Collector)
  if portfolio.combine then
    self.members = portfolio.combine.members
  else
    self.members = { #portfolio.strategies == 1 and portfolio.strategies[1].strategy.id or "all" }
  end
  return self
end

function Collector:add_fills(fills, n)
  for j = 0, n - 1 do
    local fill = fills[j]
    if fill.portfolio == self.id then
      local list = self.fills[fill.instrument] or new_fills()
      self.fills[fill.instrument] = list
      list.items, list.room = grown(list.items, list.n, list.room, fill_t)
      local item = list.items[list.n]
      item.bar, item.price, item.reference = fill.bar, fill.price, fill.reference_price
      item.quantity = fill.quantity * fill.side
      item.fee, item.rate = fill.fee, fill.rate
      list.n = list.n + 1
    end
  end
end

--- What the combiner calls at each change of a symbol's members, weights or regime.
function Collector:recorder(mixer)
  local changes = new_changes(mixer.n)
  self.changes[mixer.instrument] = changes
  return function(ts_ns, now)
    add_change(changes, ts_ns, now.regime, now:weights(), now.direction, now.strength)
  end
end

function Collector:add_regime(one, ts_ns, index)
  if not self.classifier or one.id ~= self.classifier.id then return end
  local name = one.stream.name
  self.regimes[name] = self.regimes[name] or {}
  table.insert(self.regimes[name], { ts_ns = ts_ns, index = index })
end

-- The changes of an instrument that are not of a combined signal: of the regime alone, with one member.
function Collector:_plain_changes(instrument)
  local changes = new_changes(1)
  local one = doubles(1, 1)
  local symbol = self.plan.symbols[instrument + 1].symbol
  local name = self.classifier and regime_source(self.classifier, symbol)
  add_change(changes, abi.INT64_MIN, 0, one, one, one)
  for _, change in ipairs(name and self.regimes[name] or {}) do
    add_change(changes, change.ts_ns, change.index, one, one, one)
  end
  return changes
end

-- ---- reckoning ----

-- Shares of the members by their contributions; nil where they sum to nothing.
local function shares_of(values, first, n, by_direction, into)
  local level = 0
  for k = 0, n - 1 do level = level + values[first + k] end
  if math.abs(level) <= 1e-12 then return false end
  local sum = level
  if by_direction then
    sum = 0
    for k = 0, n - 1 do
      if values[first + k] * level > 0 then sum = sum + values[first + k] end
    end
  end
  for k = 0, n - 1 do
    local c = values[first + k]
    into[k] = by_direction and c * level <= 0 and 0 or c / sum
  end
  return true
end

-- Rows of a table of what came of each member in each regime.
local function new_cells(n_members, n_regimes)
  local cells = {}
  for m = 1, n_members + 1 do -- the last: of nobody
    cells[m] = {}
    for r = 0, n_regimes do cells[m][r] = { gross = 0, slippage = 0, fees = 0 } end
  end
  return cells
end

-- Splits of an instrument as the first bars that are in new units: { bar, ratio } in order.
local function splits_of(symbol)
  local list = {}
  for j = 0, (symbol.n_actions or 0) - 1 do
    local action = symbol.actions[j]
    if action.kind == C.PLN_ACTION_SPLIT then
      list[#list + 1] = { bar = tonumber(C.pln_bars_lower_bound(symbol.bars, action.ts_ns)), ratio = action.value }
    end
  end
  return list
end

local Walk = {}
Walk.__index = Walk

-- The gain up to the open (or close) of a bar, in the account's currency: cash of fills at their prices before costs,
-- and what is held at that price.
function Walk:gain_at(price) return self.cash + self.quantity * price * self.multiplier * self.rate end

function Walk:take_fill(fill)
  local before = self.n_fills > 0
  self.cash = self.cash - fill.quantity * fill.reference * self.multiplier * fill.rate
  self.quantity, self.rate, self.n_fills = self.quantity + fill.quantity, fill.rate, self.n_fills + 1
  local slippage = fill.quantity * (fill.price - fill.reference) * self.multiplier * fill.rate
  -- Who changed the position bears its costs.
  local total, n = 0, self.n
  for k = 0, n - 1 do total = total + math.abs(self.now[k] - (before and self.at_fill[k] or 0)) end
  for k = 0, n - 1 do
    local part = total > 0 and math.abs(self.now[k] - (before and self.at_fill[k] or 0)) / total
      or self.size > 0 and math.abs(self.share[k]) / self.size or 0
    local cell = self.cells[k + 1][self.regime]
    cell.slippage, cell.fees = cell.slippage + part * slippage, cell.fees + part * fill.fee
    self.at_fill[k] = self.now[k]
  end
  if total == 0 and self.size == 0 then
    local cell = self.cells[n + 1][self.regime]
    cell.slippage, cell.fees = cell.slippage + slippage, cell.fees + fill.fee
  end
end

-- What was gained since the last boundary goes to those who had the shares.
function Walk:settle(price)
  local gain = self:gain_at(price)
  local delta = gain - self.last_gain
  self.last_gain = gain
  if delta == 0 then return end
  if self.size == 0 then
    local cell = self.cells[self.n + 1][self.regime]
    cell.gross = cell.gross + delta
    return
  end
  for k = 0, self.n - 1 do
    local cell = self.cells[k + 1][self.regime]
    cell.gross = cell.gross + self.share[k] * delta
  end
end

function Walk:take_change(change, values, by_direction)
  for k = 0, self.n - 1 do self.now[k] = values[change.first + k] end
  if shares_of(values, change.first, self.n, by_direction, self.share) then
    self.size = 0
    for k = 0, self.n - 1 do self.size = self.size + math.abs(self.share[k]) end
  end
  self.regime = change.regime
end

function Walk:take_split(split) self.quantity = self.quantity * split.ratio end

-- Where a change of signals holds from: the bar, and whether from its close on or from its open.
local HOLDS = {
  next_open = { after = 0, at_close = false }, next_close = { after = 0, at_close = true },
  this_close = { after = -1, at_close = true },
}

-- One instrument: its fills, changes and splits in order of bars; within a bar splits, then changes at its open, then
-- fills, but for those at the close that a change at the close has caused.
local function walk(self, cells, instrument)
  local symbol = self.plan.symbols[instrument + 1]
  local bars, fills = symbol.bars, self.fills[instrument]
  local changes = self.changes[instrument] or self:_plain_changes(instrument)
  local holds = HOLDS[self.plan.execution.fill] or HOLDS.next_open
  local n, n_bars = changes.n_members, tonumber(bars.n_bars)
  local never = n_bars + 1
  local by_direction = self.portfolio.combine and self.portfolio.combine.by_direction
  local w = setmetatable({
    n = n, cash = 0, quantity = 0, rate = 1, multiplier = symbol.multiplier or 1, n_fills = 0, last_gain = 0,
    regime = 0, now = doubles(n), at_fill = doubles(n), share = doubles(n), size = 0, cells = cells,
  }, Walk)
  local splits, s, f, c = splits_of(symbol), 1, 0, 0
  local function bar_of_change(index)
    if index >= changes.n then return never end
    local ts_ns = changes.items[index].ts_ns
    local bar = tonumber(C.pln_bars_lower_bound(bars, ts_ns))
    while bar > 0 and C.pln_bars_visible_ns(bars, bar - 1) > ts_ns do bar = bar - 1 end
    return math.max(0, bar + holds.after)
  end
  local change_bar = bar_of_change(0)
  while true do
    local fill_bar = f < fills.n and tonumber(fills.items[f].bar) or never
    local split_bar = splits[s] and splits[s].bar or never
    local is_change = change_bar <= fill_bar
    if is_change and holds.at_close and change_bar == fill_bar and change_bar < n_bars then
      is_change = fills.items[f].reference == bars.close[change_bar]
    end
    if split_bar < never and split_bar <= fill_bar and split_bar <= change_bar then
      w:take_split(splits[s])
      s = s + 1
    elseif change_bar < never and is_change then
      local at = math.min(change_bar, n_bars - 1)
      w:settle((holds.at_close or change_bar >= n_bars) and bars.close[at] or bars.open[at])
      w:take_change(changes.items[c], changes.values, by_direction)
      c = c + 1
      change_bar = bar_of_change(c)
    elseif fill_bar < never then
      w:take_fill(fills.items[f])
      f = f + 1
    else
      break
    end
  end
  local last = math.max(0, math.min(n_bars, tonumber(C.pln_bars_lower_bound(bars, self.plan.window.until_ns))) - 1)
  w:settle(bars.close[last])
end

local PARTS = { "gross", "slippage", "fees" }

local function net(cell) return cell.gross - cell.slippage - cell.fees end

local function summed(into, cell)
  for _, key in ipairs(PARTS) do into[key] = (into[key] or 0) + cell[key] end
  into.net = net(into)
  return into
end

--- What came of it all.
-- @param total the portfolio's gain: equity at the end less capital and deposits
-- @return { members = names, regimes = names (the last: before the classifier spoke), cells[member][regime], by_member,
--   by_regime = lists of { name, gross, slippage, fees, net }, sum, total, other = total - sum.net }
function Collector:report(total)
  local names = self.classifier and self.classifier.def.regimes or {}
  local cells = new_cells(#self.members, #names)
  local instruments = {}
  for instrument in pairs(self.fills) do instruments[#instruments + 1] = instrument end
  table.sort(instruments)
  for _, instrument in ipairs(instruments) do walk(self, cells, instrument) end
  local report = { members = {}, regimes = {}, cells = {}, by_member = {}, by_regime = {}, sum = {}, total = total }
  report.classifier = self.classifier and self.classifier.id or nil
  for r = 1, #names + 1 do
    report.regimes[r] = names[r] or "(none)"
    report.by_regime[r] = { name = report.regimes[r], gross = 0, slippage = 0, fees = 0, net = 0 }
  end
  for m = 1, #self.members + 1 do
    local whole = { name = self.members[m] or "(nobody)", gross = 0, slippage = 0, fees = 0, net = 0 }
    local row, any = {}, self.members[m] ~= nil
    for r = 1, #names + 1 do
      local cell = cells[m][r <= #names and r or 0]
      cell.net = net(cell)
      any = any or cell.gross ~= 0 or cell.slippage ~= 0 or cell.fees ~= 0
      row[r] = cell
    end
    if any then
      for r, cell in ipairs(row) do
        summed(whole, cell)
        summed(report.by_regime[r], cell)
        summed(report.sum, cell)
      end
      report.members[#report.members + 1] = whole.name
      report.cells[#report.cells + 1], report.by_member[#report.by_member + 1] = row, whole
    end
  end
  report.other = total - (report.sum.net or 0)
  return report
end

-- ---- attaching to a run ----

--- Whether a plan has anything to attribute to.
function M.wanted(plan) return #plan.classifiers > 0 or M.is_combined(plan) end

--- Whether a portfolio of the plan is combined.
function M.is_combined(plan)
  for _, portfolio in ipairs(plan.portfolios) do
    if portfolio.combine then return true end
  end
  return false
end

--- Has a plan (of plan.of_combo, before the topology is built) attribute what its portfolios gain: when it has run,
-- plan.attribution is a list of reports, one for each portfolio (false for those that are divided into books).
function M.attach(plan)
  plan.record_orders = true
  plan.attribution = {}
  local collectors, sinks = {}, plan.sinks
  local made = setmetatable({}, { __index = sinks })
  local wrapped = {}
  for k, portfolio in ipairs(plan.portfolios) do
    local sink = sinks.portfolio(portfolio.name)
    plan.attribution[k] = false
    if not portfolio.books and not portfolio.book_of then
      local one = new_collector(plan, portfolio, k - 1)
      collectors[portfolio.name], collectors[#collectors + 1] = one, one
      wrapped[portfolio.name] = setmetatable({
        rows = function(rows)
          if rows.flow ~= nil then
            for j = 0, tonumber(rows.n_rows) - 1 do one.flows = one.flows + rows.flow[j] end
          end
          return sink.rows(rows)
        end,
        fills = function(fills, n, id)
          one:add_fills(fills, n)
          return sink.fills(fills, n, id)
        end,
        finish = function(handle, view)
          local account = C.pln_portfolio_account(handle)
          plan.attribution[k] = one:report(account.equity - portfolio.capital - one.flows)
          return sink.finish(handle, view)
        end,
      }, { __index = sink })
    end
  end
  function made.portfolio(name) return wrapped[name] or sinks.portfolio(name) end
  function made.combined(name, mixer) return collectors[name] and collectors[name]:recorder(mixer) end
  function made.regime(one, ts_ns, index)
    for _, collector in ipairs(collectors) do collector:add_regime(one, ts_ns, index) end
    return sinks.regime(one, ts_ns, index)
  end
  plan.sinks = made
end

-- ---- showing ----

local function data_of(cell)
  return json.object { { "gain", cell.gross }, { "slippage", cell.slippage }, { "fees", cell.fees },
    { "net", cell.net } }
end

--- A report as JSON shows it.
function M.data(report)
  local members, regimes, both = {}, {}, {}
  for k, one in ipairs(report.by_member) do members[k] = { one.name, data_of(one) } end
  for k, one in ipairs(report.by_regime) do regimes[k] = { one.name, data_of(one) } end
  for m, name in ipairs(report.members) do
    local row = {}
    for r, regime in ipairs(report.regimes) do row[r] = { regime, report.cells[m][r].net } end
    both[m] = { name, json.object(row) }
  end
  return json.object { { "total", report.total }, { "other", report.other },
    { "classifier", report.classifier or json.null }, { "by_strategy", json.object(members) },
    { "by_regime", json.object(regimes) }, { "net", json.object(both) } }
end

local function row_of(name, cell, total)
  return { name, cell.gross, -cell.slippage, -cell.fees, cell.net,
    total ~= 0 and ("%.1f %%"):format(cell.net / math.abs(total) * 100) or "-" }
end

local MONEY = { decimals = 2 }

local function column(name) return { name, decimals = MONEY.decimals } end

--- A report as text: a table by member, one by regime where there is a classifier, and of both.
-- @param options terminal.describe's
function M.text(report, options)
  local lines = {}
  local function add(title, first, list)
    local rows = {}
    for _, one in ipairs(list) do
      if one.gross ~= 0 or one.slippage ~= 0 or one.fees ~= 0 or one.name ~= "(none)" then
        rows[#rows + 1] = row_of(one.name, one, report.total)
      end
    end
    local sum = report.sum.gross and report.sum or { gross = 0, slippage = 0, fees = 0, net = 0 }
    if math.abs(report.other) > 1e-9 * math.max(1, math.abs(report.total)) then
      rows[#rows + 1] = { "other (financing, income)", nil, nil, nil, report.other, "" }
    end
    rows[#rows + 1] = { "total", sum.gross, -sum.slippage, -sum.fees, report.total, "" }
    lines[#lines + 1] = title
    lines[#lines + 1] = tabulate.format({ first, column "gain", column "slippage", column "fees", column "net",
      { "of the total", right = true } }, rows, options)
  end
  if #report.by_member > 1 then add("By strategy", "strategy", report.by_member) end
  if report.classifier then add("By regime of " .. report.classifier, "regime", report.by_regime) end
  if #report.by_member > 1 and report.classifier then
    local columns, rows, n = { "net" }, {}, #report.regimes
    local before = report.by_regime[n]
    if before.gross == 0 and before.slippage == 0 and before.fees == 0 then n = n - 1 end
    for r = 1, n do columns[r + 1] = column(report.regimes[r]) end
    for m, name in ipairs(report.members) do
      rows[m] = { name }
      for r = 1, n do rows[m][r + 1] = report.cells[m][r].net end
    end
    lines[#lines + 1] = "By strategy and regime"
    lines[#lines + 1] = tabulate.format(columns, rows, options)
  end
  return table.concat(lines, "\n")
end

return M

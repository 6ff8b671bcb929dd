--- The part of a plan that is about what is traded: streams, instruments, actions, rates of exchange.
local ffi = require "ffi"
local abi = require "abi"
local actions = require "actions"
local config = require "config"
local instruments = require "instruments"
local universe = require "universe"
local C = abi.C

local M = {}

local SIDES = { "bid", "ask" }

-- The currency of each account: its own, or that of the first instrument that is traded and states one.
local function default_currency(cfg)
  for _, symbol in ipairs(cfg.symbols) do
    if symbol.trade ~= false and symbol.currency then return symbol.currency end
  end
  return "USD"
end

--- Streams by symbol in the configuration's order, each symbol's finest timeframe being what fills happen on. Sets
-- plan.streams, plan.symbols and plan.by_symbol. A symbol's record has
--   symbol, instrument (from 0), streams, bars, lot_size, tick_size, multiplier, trade (false: for rates and features)
--   instrument_spec: instruments.record
--   session: hours of its sessions as data.session has them, or nil
--   bid_bars, ask_bars: of quotes, at the times of `bars`; nil without
--   actions, n_actions: pln_action[n] in the order of time; nil and 0 without
function M.add(plan, cfg, loaded)
  plan.streams, plan.symbols, plan.by_symbol = {}, {}, {}
  local account = cfg.portfolios and cfg.portfolios[1] and cfg.portfolios[1].currency
  for index, symbol in ipairs(cfg.symbols) do
    local record = {
      symbol = symbol.symbol, lot_size = symbol.lot_size, tick_size = symbol.tick_size,
      session = symbol.data and symbol.data.session or cfg.data and cfg.data.session,
      multiplier = symbol.multiplier, streams = {}, instrument = index - 1, trade = symbol.trade ~= false,
      instrument_spec = instruments.record(symbol, account or default_currency(cfg)), n_actions = 0,
    }
    plan.symbols[index], plan.by_symbol[symbol.symbol] = record, record
  end
  for _, entry in ipairs(loaded) do
    local record = plan.by_symbol[entry.symbol]
    local stream = {
      name = entry.symbol .. "_" .. entry.timeframe, symbol = entry.symbol, timeframe = entry.timeframe,
      bars = entry.bars, instrument = record.instrument, entry = entry, adjustment = entry.adjustment,
    }
    plan.streams[#plan.streams + 1] = stream
    record.streams[#record.streams + 1] = stream
    if not record.finest or entry.bars.timeframe.ns < record.finest.bars.timeframe.ns then record.finest = entry end
  end
  for _, record in ipairs(plan.symbols) do
    local finest = record.finest
    record.bars, record.corporate_actions = finest.fill_bars or finest.bars, finest.actions
    record.bid_bars, record.ask_bars = finest.bid_bars, finest.ask_bars
  end
end

--- Puts actions into the plan: of symbols, and deposits and withdrawals as cash_actions, n_cash_actions of portfolios.
-- @return true, or nil and an error
function M.add_actions(plan, cfg)
  local of_symbols, err = universe.actions(cfg)
  if not of_symbols then return nil, err end
  for _, record in ipairs(plan.symbols) do
    local list = {}
    for _, source in ipairs { record.corporate_actions or {}, of_symbols[record.symbol] or {} } do
      for _, action in ipairs(source) do list[#list + 1] = action end
    end
    record.actions, record.n_actions = actions.array(list)
  end
  for index, portfolio in ipairs(cfg.portfolios) do
    local flows
    flows, err = universe.cash_flows(cfg, portfolio, index - 1)
    if not flows then return nil, err end
    local made = plan.portfolios[index]
    made.cash_actions, made.n_cash_actions = actions.array(flows)
  end
  return true
end

-- Rates -----------------------------------------------------------------------------------------------------------

-- Pairs that a run has: { base, quote, instrument }, those that `fx` names first.
local function pairs_of(plan, cfg)
  local list, named = {}, {}
  for currency in pairs(cfg.fx or {}) do named[#named + 1] = currency end
  table.sort(named)
  for _, currency in ipairs(named) do
    local record = plan.by_symbol[cfg.fx[currency]]
    if not record then
      return nil, config.error_at(cfg, "fx." .. currency,
        ("symbol '%s' is not in this run; add it to symbols, with trade: false where it is for rates only"):format(
          cfg.fx[currency]))
    end
    local base, quote = instruments.pair(record.symbol, "fx")
    if base ~= currency and quote ~= currency then base, quote = currency, record.instrument_spec.currency end
    list[#list + 1] = { base = base, quote = quote, instrument = record.instrument }
  end
  for _, record in ipairs(plan.symbols) do
    local class = record.instrument_spec.asset_class
    if class == "fx" or class == "crypto" then
      local base, quote = instruments.pair(record.symbol, class)
      if base then list[#list + 1] = { base = base, quote = quote, instrument = record.instrument } end
    end
  end
  return list
end

-- Steps from one currency to others by one pair: { to, { instrument, inverse } }.
local function steps_from(rates, from)
  local steps = {}
  for _, pair in ipairs(rates) do
    if pair.base == from then
      steps[#steps + 1] = { to = pair.quote, step = { instrument = pair.instrument, inverse = false } }
    elseif pair.quote == from then
      steps[#steps + 1] = { to = pair.base, step = { instrument = pair.instrument, inverse = true } }
    end
  end
  return steps
end

-- At most two steps: {} where the currencies are the same, nil where there is no way.
local function chain(rates, from, to)
  if from == to then return {} end
  local first = steps_from(rates, from)
  for _, one in ipairs(first) do
    if one.to == to then return { one.step } end
  end
  for _, one in ipairs(first) do
    for _, two in ipairs(steps_from(rates, one.to)) do
      if two.to == to then return { one.step, two.step } end
    end
  end
end

--- Resolves rates: each of plan.portfolios gets `currency` and `fx`, which has for each symbol that is traded, by its
-- place in plan.symbols, a list of at most two { instrument, inverse }: an amount in the instrument's currency times
-- the price of each (inverse: divided by it) is one in the account's. An empty list: they are the same.
-- @return true, or nil and an error
function M.add_rates(plan, cfg)
  local rates, err = pairs_of(plan, cfg)
  if not rates then return nil, err end
  for index, portfolio in ipairs(cfg.portfolios) do
    local made = plan.portfolios[index]
    made.currency, made.fx = portfolio.currency or default_currency(cfg), {}
    for k, record in ipairs(plan.symbols) do
      local currency = record.instrument_spec.currency
      local found = chain(rates, currency, made.currency)
      if not found and record.trade then
        local path = ("portfolios[%d]%s"):format(index - 1, portfolio.currency and ".currency" or "")
        return nil, config.error_at(cfg, path,
          ("%s is in %s, the account in %s, and no rate is found: add a symbol such as %s%s with asset_class: fx (and "
            .. "trade: false where it is for the rate only), or name one under fx"):format(record.symbol, currency,
            made.currency, currency, made.currency))
      end
      made.fx[k] = found
    end
  end
  return true
end

-- Hash ------------------------------------------------------------------------------------------------------------

--- XXH3-128 of what the run's bars and actions hold, as hexadecimal digits.
function M.data_hash(plan)
  local parts, hex = {}, ffi.new("char[33]")
  local function add_bars(name, bars)
    parts[#parts + 1] = ("%s %016x %d"):format(name, bars.content_hash, tonumber(bars.n_bars))
  end
  local function add_actions(name, array, n)
    if not array then return end
    C.pln_hash128_hex(ffi.cast("const char *", array), n * ffi.sizeof "pln_action", hex)
    parts[#parts + 1] = ("%s actions %s %d"):format(name, ffi.string(hex), n)
  end
  for _, stream in ipairs(plan.streams) do add_bars(stream.name, stream.bars) end
  for _, record in ipairs(plan.symbols) do
    local own = false
    for _, stream in ipairs(record.streams) do own = own or stream.bars == record.bars end
    if not own then add_bars(record.symbol .. " fills", record.bars) end
    for _, side in ipairs(SIDES) do
      if record[side .. "_bars"] then add_bars(record.symbol .. " " .. side, record[side .. "_bars"]) end
    end
    add_actions(record.symbol, record.actions, record.n_actions)
  end
  for _, portfolio in ipairs(plan.portfolios) do
    add_actions(portfolio.name .. " cash", portfolio.cash_actions, portfolio.n_cash_actions)
  end
  return abi.hash128(table.concat(parts, "\n"))
end

return M

-- Membership, halts, deposits: from the configuration to actions in the plan.
local actions = require "actions"
local config = require "config"
local plan = require "plan"
local run = require "run"
local support = require "support"

TestUniverse = {}

function TestUniverse.tearDown() support.cleanup() end

local function planned(keys, symbols)
  local cfg, errors = config.from_text("data: {source: synthetic, synthetic: {bars: 50}}\nstrategies: [buy_and_hold]\n"
    .. "symbols: " .. (symbols or "[A, B]") .. "\n" .. keys)
  if not cfg then return nil, tostring(errors[1]) end
  local made, err = plan.new(cfg)
  if not made then return nil, tostring(err) end
  return made
end

local function texts(record, key)
  local list = {}
  for i, action in ipairs(actions.list(record[key or "actions"], record["n_" .. (key or "actions")])) do
    list[i] = ("%s %s %g"):format(action.time and action.time:sub(1, 16) or "ever", action.kind, action.value)
  end
  return list
end

local ROWS = "symbol,from,until,final_price\nA,,2000-01-31,\nA,2000-03-01,,\nB,2000-01-05,2000-02-15,12.5\nZ,,,\n"

function TestUniverse.test_membership()
  local path = support.write(support.folder() .. "/u.csv", ROWS)
  local made = assert(planned("universe: " .. path))
  lu.assertEquals(texts(made.symbols[1]), { "ever enter 0", "2000-02-01T00:00 leave 0", "2000-03-01T00:00 enter 0" })
  lu.assertEquals(texts(made.symbols[2]),
    { "2000-01-05T00:00 enter 0", "2000-02-16T00:00 delist 12.5", "2000-02-16T00:00 leave 0" })
  made = assert(planned "universe: [{symbol: A}, {symbol: B, until: 2000-02-15, final_price: last}]")
  lu.assertEquals(texts(made.symbols[1]), { "ever enter 0" })
  lu.assertEquals(texts(made.symbols[2])[2], "2000-02-16T00:00 delist nan")
end

function TestUniverse.test_contiguous_memberships()
  local made = assert(planned "universe: [{symbol: A, until: 2000-01-31}, {symbol: A, from: 2000-02-01}, {symbol: B}]")
  lu.assertEquals(texts(made.symbols[1]), { "ever enter 0", "2000-02-01T00:00 leave 0", "2000-02-01T00:00 enter 0" })
end

function TestUniverse.test_days_begin_in_the_zone_of_the_data()
  local made = assert(planned("universe: [{symbol: A, from: 2000-01-05}]",
    "[{symbol: A, data: {timezone: America/New_York}}]"))
  lu.assertEquals(texts(made.symbols[1]), { "2000-01-05T05:00 enter 0" })
end

function TestUniverse.test_mistakes()
  local function fails(keys, part)
    local made, message = planned(keys)
    lu.assertNil(made)
    lu.assertStrContains(message, part)
  end
  fails("universe: [{symbol: A}]",
    "config:3:14: symbols[1]: B is not in the universe: add it there, or say trade: false")
  fails("universe: [{symbol: A}, {symbol: A, from: 2000-02-01}, {symbol: B}]",
    "config:4:37: universe[1].from: this membership of A begins before the one before it has ended")
  fails("universe: [{symbol: A, from: 2000-02-01, until: 2000-01-01}, {symbol: B}]",
    "universe[0].until: 2000-01-01 is not after from (2000-02-01)")
  fails("universe: [{symbol: A, final_price: 5}, {symbol: B}]", "universe[0].final_price: is given without until")
  fails("universe: [{symbol: A, until: 2000-01-01, final_price: much}, {symbol: B}]", "'much' is no price")
  local path = support.write(support.folder() .. "/u.csv", "symbol,from\nA,yesterday\nB,\n")
  fails("universe: " .. path, "config:4:1: universe: " .. path .. ":2:3: from: 'yesterday' is no date or time")
  path = support.write(path, "symbol,from,until\nA,2000-01-02,2000-01-01\nB,,\n")
  fails("universe: " .. path, path .. ":2:14: until: 2000-01-01 is not after from (2000-01-02)")
  lu.assertNotNil(planned("universe: [{symbol: A}]", "[A, {symbol: B, trade: false}]"))
end

function TestUniverse.test_halts()
  local made = assert(planned [[
halts:
  - {symbol: A, from: 2000-01-03T10:00:00, until: 2000-01-03T11:30:00}
  - {symbol: A, from: 2000-01-03T11:30:00, until: 2000-01-04}
  - {symbol: B, from: 2000-01-03T00:05:00}
]])
  lu.assertEquals(texts(made.symbols[1]), { "2000-01-03T10:00 halt 0", "2000-01-03T11:30 resume 0",
    "2000-01-03T11:30 halt 0", "2000-01-05T00:00 resume 0" })
  lu.assertEquals(texts(made.symbols[2]), { "2000-01-03T00:05 halt 0" })
  lu.assertStrContains(select(2, planned "halts: [{symbol: A, until: 2000-01-03}]"), "halts[0].from: missing")
end

function TestUniverse.test_deposits()
  local made = assert(planned("portfolios: [{cash_flows: [{time: 2000-02-01, amount: -50}, "
    .. "{time: 2000-01-10, amount: 100}]}]"))
  lu.assertEquals(texts(made.portfolios[1], "cash_actions"),
    { "2000-01-10T00:00 cash 100", "2000-02-01T00:00 cash -50" })
  local path = support.write(support.folder() .. "/c.csv",
    "time,amount\n2000-01-10T12:00:00Z,2500\n2000-01-11,nothing\n")
  local _, message = planned("portfolios: [{cash_flows: " .. path .. "}]")
  lu.assertStrContains(message, path .. ":3:12: amount: 'nothing' is not a number; currency of the account")
  support.write(path, "time,amount\n2000-01-10T12:00:00Z,2500\n")
  made = assert(planned("portfolios: [{cash_flows: " .. path .. "}]"))
  lu.assertEquals(texts(made.portfolios[1], "cash_actions"), { "2000-01-10T12:00 cash 2500" })
  lu.assertStrContains(select(2, planned "portfolios: [{cash_flows: [{time: 2000-01-10, amount: 0}]}]"),
    "is 0; expected")
  made = assert(planned "")
  lu.assertEquals({ made.portfolios[1].n_cash_actions, made.portfolios[1].cash_actions }, { 0, nil })
end

-- Whole runs: what was asked for is what the trades show.
local function trades(keys)
  local path = support.write(support.folder() .. "/c.yaml", [[
data: {source: synthetic, synthetic: {bars: 400, timeframe: 1d, start: 2000-01-03}}
symbols: [A, B]
strategies: [{type: momentum, params: {fast: 3, slow: 8}}]
portfolios: [{capital: 100000, sizing: {type: fixed_quantity, quantity: 10}}]
]] .. keys)
  return assert(run.run(path, { db = false, trades = true })).results[1].trades
end

function TestUniverse.test_runs()
  local plain, inside = { A = 0, B = 0 }, { A = 0, B = 0 }
  for _, trade in ipairs(trades "") do plain[trade.symbol] = plain[trade.symbol] + 1 end
  local delisted
  for _, trade in ipairs(trades [[
universe:
  - {symbol: A, from: 2000-03-01, until: 2000-06-30}
  - {symbol: A, from: 2000-10-02}
  - {symbol: B, until: 2000-08-31, final_price: 77.25}
]]) do
    inside[trade.symbol] = inside[trade.symbol] + 1
    local entry, exit = trade.entry_time:sub(1, 10), (trade.exit_time or ""):sub(1, 10)
    if trade.symbol == "A" then
      lu.assertTrue(entry >= "2000-03-01" and entry <= "2000-06-30" or entry >= "2000-10-02", entry)
      lu.assertTrue(exit <= "2000-07-01" or entry >= "2000-10-02", exit)
    else
      lu.assertTrue(entry <= "2000-08-31" and exit <= "2000-09-01", exit)
      if trade.exit_reason == "delisted" then delisted = trade end
    end
  end
  lu.assertTrue(inside.A > 0 and inside.A < plain.A and inside.B > 0 and inside.B < plain.B)
  lu.assertNotNil(delisted)
  lu.assertEquals(delisted.exit_price, 77.25)
  -- Nothing fills while trading is halted.
  local n = 0
  for _, trade in ipairs(trades "halts: [{symbol: A, from: 2000-04-03, until: 2000-04-30}]\n") do
    local entry, exit = trade.entry_time:sub(1, 10), (trade.exit_time or ""):sub(1, 10)
    for _, day in ipairs { entry, not trade.is_open and exit or entry } do
      lu.assertFalse(trade.symbol == "A" and day >= "2000-04-03" and day <= "2000-04-30", day)
    end
    n = n + (trade.symbol == "A" and 1 or 0)
  end
  lu.assertTrue(n > 10)
end

-- What happens to a run is part of its data's hash.
function TestUniverse.test_hash()
  local plain = assert(planned "").data_hash
  local one = assert(planned "halts: [{symbol: A, from: 2000-01-03}]").data_hash
  local other = assert(planned "halts: [{symbol: A, from: 2000-01-04}]").data_hash
  lu.assertNotEquals(plain, one)
  lu.assertNotEquals(one, other)
  lu.assertEquals(assert(planned "halts: []").data_hash, plain)
end

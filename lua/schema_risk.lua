--- The schema of `portfolios[].risk` and `portfolios[].exits`, and of `risk`, the rules across portfolios.
local risk_rules = require "risk_rules"
local types = require "schema_types"

local map, number, integer, list, enum = types.map, types.number, types.integer, types.list, types.enum

local M = {}

-- A rule is a map whose keys follow from its type: those of the kind's description.
local function rule_type(info)
  local fields = { { "type", enum(info.name), required = true, help = info.help } }
  for _, param in ipairs(info.params) do
    local kind
    if param.choices then
      kind = enum(unpack(param.choices))
    else
      kind = (param.is_integer and integer or number)(param.unit, { min = param.min, max = param.max })
    end
    fields[#fields + 1] = { param.name, kind, help = param.help }
  end
  fields[#fields + 1] = { "action", enum("resize", "refuse"), help = "what is done with an order beyond the limit" }
  if info.groups then
    fields[#fields + 1] = { "groups", { type = "table", of = list(types.symbol, { single = true, min = 1 }) },
      help = "symbols of each group; by default the instruments' sectors" }
  end
  return map(fields)
end

local rule = { type = "variant", key = "type", variants = {}, names = {}, text = "rules (docs/risk.md)" }
for i, info in ipairs(risk_rules.list) do
  rule.variants[info.name], rule.names[i] = rule_type(info), info.name
end

-- Of a file in risk_rules/: its name, and the parameters that it declares. The plan knows whether there is one.
rule.other = map {
  { "type", types.name, required = true, help = "a rule in Lua, of the folder risk_rules beside this file" },
  { "params", { type = "table", of = { type = "parameter" } }, default = {}, help = "its parameters" },
}

local PARTS = {
  { "exposure", "gross exposure", "percent of the equity", 100 },
  { "concentration", "Herfindahl index of the positions' shares", "0 … 1", 1 },
  { "volatility", "of what is held", "percent a year", 40 },
  { "drawdown", "from the peak", "percent", 20 },
  { "value_at_risk", "parametric, of one bar", "percent of the equity", 5 },
  { "liquidity", "the largest position", "bars of average volume", 1 },
}
M.SCORE_PARTS = PARTS

local weights, full = {}, {}
for i, part in ipairs(PARTS) do
  weights[i] = { part[1], number("share in the score", { min = 0, max = 1e6 }), default = 1, help = part[2] }
  full[i] = { part[1], number(part[3], { above = 0, max = 1e9 }), default = part[4], help = "what counts in full" }
end

local score = { "score", map {
    { "weights", map(weights), help = "weight of each measure" },
    { "full", map(full), help = "the value of each measure that counts in full" },
    { "confidence_pct", number("percent", { min = 50, below = 100 }), default = 95, help = "of the value at risk" },
    { "bars", integer("bars", { min = 2, max = 100000 }), default = 60, help = "window of returns" },
    { "average_bars", integer("bars", { min = 1, max = 100000 }), default = 20, help = "of the average volume" },
    { "record", types.boolean, default = false,
      help = "reckon it at each bar, for the series risk_score and its mean and maximum" },
  }, optional = true, help = "the composite risk score (docs/risk.md)" }

--- Rules across portfolios.
M.root = { "risk", map {
    { "rules", list(rule), help = "judged after those of the portfolio, over all portfolios together" },
  }, help = "rules across portfolios" }

M.risk = { "risk", map {
    { "max_position_pct", number("percent of the equity, 0 = off", { min = 0 }), default = 0,
      help = "bound of one position; larger orders are reduced" },
    { "max_exposure_pct", number("percent of the equity, 0 = off", { min = 0 }), default = 0,
      help = "bound of all positions together; larger orders are reduced" },
    { "stop_loss_pct", number("percent from the fill price of the entry, 0 = off", { min = 0, max = 100 }),
      default = 0, help = "closes a position that lost so much" },
    { "take_profit_pct", number("percent from the fill price of the entry, 0 = off", { min = 0 }),
      default = 0, help = "closes a position that gained so much" },
    { "trailing_stop_pct", number("percent from the best price since the entry, 0 = off",
      { min = 0, max = 100 }), default = 0, help = "closes a position that fell back so much" },
    { "max_drawdown_pct", number("percent from the equity's peak, 0 = off", { min = 0, max = 100 }),
      default = 0, help = "closes everything and ends trading" },
    { "rules", list(rule), help = "judged in their order when an order is made" },
    score,
  }, help = "rules that bound or close positions" }

local function percent(what) return number("percent of the entry's price, " .. what, { above = 0, max = 1e6 }) end
local function amount(what) return number("price distance from " .. what, { above = 0, max = 1e12 }) end
local function atr(what) return number("multiples of the ATR " .. what, { above = 0, max = 1e6 }) end
local function r(what)
  return number("multiples of R, the distance of the first stop" .. what, { above = 0, max = 1e6 })
end

local stop = map {
  { "pct", number("percent of the entry's price", { above = 0, max = 100 }), help = "as risk.stop_loss_pct" },
  { "amount", amount "the entry", help = "so far away" },
  { "atr", atr "at the entry", help = "so far away" },
}

local target = map {
  { "pct", percent "gained", help = "as risk.take_profit_pct" },
  { "amount", amount "the entry", help = "so far away" },
  { "atr", atr "at the entry", help = "so far away" },
  { "r", r "", help = "so far away; needs a stop" },
}

local trailing = map {
  { "pct", number("percent of the best price since the entry", { above = 0, max = 100 }),
    help = "as risk.trailing_stop_pct" },
  { "amount", amount "the best price since the entry", help = "so far away" },
  { "atr", atr "at the entry", help = "so far away from the best price since" },
}

local chandelier = map {
  { "atr", atr "as it is now", required = true, help = "below the highest high since the entry; never moves back" },
  { "bars", integer("bars of the ATR", { min = 1, max = 100000 }), default = 22, help = "of its own ATR" },
}

local break_even = map {
  { "after_pct", percent "gained", help = "moves the stop to the entry's price, or" },
  { "after_atr", atr "gained", help = "… so much gained, or" },
  { "after_r", r ", gained", help = "… so much gained; whichever comes first" },
  { "offset_pct", number("percent of the entry's price", { min = 0, max = 100 }), default = 0,
    help = "how far into the gain the stop is put" },
}

local time = map {
  { "bars", integer("bars after the entry's", { min = 1, max = 1e9 }),
    help = "closes at the open of that bar (with this_close: its close)" },
  { "at", { type = "string", check = "clock" },
    help = "closes at the open of the first bar from this time of day on, \"15:45\", in the data's zone" },
}

local rung = map {
  { "pct", percent "gained", help = "where the rung is: one of pct, atr and r" },
  { "atr", atr "gained", help = "or so" },
  { "r", r ", gained", help = "or so; needs a stop" },
  { "share_pct", number("percent of the position as it was opened", { above = 0, max = 100 }), required = true,
    help = "how much is closed there; the last rung of 100 together closes the rest" },
}

M.exits = { "exits", map {
    { "stop", stop, optional = true, help = "protective stop; of several the tightest holds" },
    { "target", target, optional = true, help = "take profit; of several the nearest holds" },
    { "trailing", trailing, optional = true, help = "stop that follows the best price up to the bar before" },
    { "chandelier", chandelier, optional = true, help = "stop that hangs from the highest high since the entry" },
    { "break_even", break_even, optional = true, help = "moves the stop to the entry's price after a gain" },
    { "time", time, optional = true, help = "closes after a while" },
    { "ladder", list(rung, { min = 1 }), help = "closes in parts as the gain grows; up to eight rungs" },
    { "atr_bars", integer("bars of the ATR", { min = 1, max = 100000 }), default = 14,
      help = "of the ATR that stop, target, trailing, break_even and ladder read, on the symbol's first timeframe" },
  }, optional = true, help = "how positions are left; together with the levels in `risk` and in orders (docs/risk.md)" }

return M

-- Sweeps over variants of a configuration: the same on one thread and on several, in small and large cells.
local combos = require "combos"
local config = require "config"
local coordinator = require "coordinator"
local stats = require "stats"
local store = require "store"

TestGridWorkers = {}

local FIGURES = { "return_pct", "trades", "fees", "max_drawdown_pct" }

local TEXT = [[
data: {source: synthetic, synthetic: {bars: 2000, seed: 7, timeframe: 1h, start: 2015-01-01}}
symbols: ["000001", MOON]
strategies:
  - {type: sma_cross, params: {fast: [10, 20], slow: {from: 40, to: 160, factor: 2}}}
  - {type: rsi, id: r, params: {period: [7, 14]}}
profiles:
  dear: {commission: [{model: percent, params: {pct: 0.3}}]}
risk_profiles:
  plain: {}
  stopped: {risk: {trailing_stop_pct: 3}}
portfolios: [{capital: 100000}]
grid:
  strategies: [sma_cross, r]
  symbols: ["000001", MOON]
  risk: [plain, stopped]
  execution: [zero_cost, retail, dear, {slippage_bps: 3}]
  set:
    slow_first: {path: portfolios.0.risk.take_profit_pct, values: [2, 8]}
    portfolios.0.sizing.type: [kelly, percent_of_equity]
  constraints: [fast * 3 < slow]
results: {keep: figures, top: 3, metrics: %s}
]]

local function figures(metrics, workers, at_once)
  local path = os.tmpname()
  local cfg, problems = config.from_text(TEXT:format(metrics), "sweep.yaml",
    { set = { "engine.combos_at_once=" .. at_once } })
  if not cfg then error(tostring(problems[1])) end
  local done, err = coordinator.run(cfg, { db = path, workers = workers })
  if not done then error(tostring(err)) end
  local db = assert(store.open(path))
  local _, rows = db:query "SELECT phase, combo, params, return_pct, trades, fees, max_drawdown_pct FROM figures"
  db:close()
  os.remove(path)
  local lines = {}
  for i, row in ipairs(rows) do
    local parts = {}
    for k = 1, 7 do parts[k] = type(row[k]) == "number" and ("%.17g"):format(row[k]) or tostring(row[k]) end
    lines[i] = table.concat(parts, "|")
  end
  table.sort(lines)
  return lines, done
end

local function check(metrics)
  local one, done = figures(metrics, 1, 16)
  local n = done.plan.grid:size()
  lu.assertEquals(n, (5 + 2) * 2 * 2 * 4 * 2 * 2)
  lu.assertEquals(#one, n + 3)
  lu.assertEquals((figures(metrics, 1, 1)), one)
  lu.assertEquals((figures(metrics, 2, 5)), one)
  -- The best in full have the figures that they have among the others.
  local by_combo = {}
  for _, line in ipairs(one) do
    local phase, rest = line:match "^(.-)|(.*)$"
    if phase ~= "top" then by_combo[rest] = true end
  end
  for _, line in ipairs(one) do
    local phase, rest = line:match "^(.-)|(.*)$"
    lu.assertTrue(phase ~= "top" or by_combo[rest], line)
  end
end

function TestGridWorkers.test_figures_of_lanes() check "sweep" end

function TestGridWorkers.test_figures_of_containers() check "headline" end

-- Each in a run of its own, whatever the sweep takes for it.
function TestGridWorkers.test_combos_of_a_sweep_are_those_of_runs()
  local lines, done = figures("sweep", 2, 16)
  local grid, by_combo, n_checked = done.plan.grid, {}, 0
  for _, line in ipairs(lines) do
    local phase, combo, rest = line:match "^(.-)|(.-)|.-|(.*)$"
    if phase ~= "top" then by_combo[combo] = rest end
  end
  for n = 1, grid:size(), 37 do
    local shown, block = grid:params(n), grid:decode(n)
    if shown.symbol == "000001" then -- the second symbol is of a market of two
      local portfolio = {}
      for key, value in pairs(block.cfg.portfolios[1]) do portfolio[key] = value end
      portfolio.risk = grid:plan(n).portfolios[1].risk
      local cfg = assert(config.derive(block.cfg, {
        strategies = { { type = shown.strategy == "r" and "rsi" or "sma_cross", id = shown.strategy,
          params = grid:point(n)[1] } },
        portfolios = { portfolio }, results = { db = "none" },
      }))
      local values = assert(coordinator.run(cfg, { db = false })).results[1].values
      local own = {}
      for k, name in ipairs(FIGURES) do
        own[k] = ("%.17g"):format(stats.value(values, name))
      end
      lu.assertEquals(by_combo[combos.id(n)], table.concat(own, "|"), "combo " .. n)
      n_checked = n_checked + 1
    end
  end
  lu.assertTrue(n_checked >= 4)
end

--- perilune data actions CONFIG.yaml: what happens to a configuration's instruments and accounts besides prices.
local actions = require "actions"
local args = require "args"
local config = require "config"
local json = require "json"
local plan = require "plan"
local tabulate = require "tabulate"

local M = {
  help = "Show splits, dividends, delistings, halts, membership and cash flows of a configuration",
  usage = "perilune data actions CONFIG.yaml [--json]",
  options = { { "json", help = "print an array with one object for each action" } },
  min = 1, max = 1,
}

local function add(list, whose, array, n)
  for _, action in ipairs(actions.list(array, n)) do
    action.of = whose
    if action.value ~= action.value then action.value = nil end -- a delisting at the last close
    list[#list + 1] = action
  end
end

function M.run(argv)
  local opts = args.parse(argv, M)
  local cfg, errors = config.load(opts[1])
  if not cfg then
    local texts = {}
    for i, item in ipairs(errors) do texts[i] = tostring(item) end
    return nil, table.concat(texts, "\n"), 2
  end
  local made, err, kind = plan.new(cfg)
  if not made then return nil, tostring(err), kind ~= "data" and 2 or nil end
  local list = {}
  for _, symbol in ipairs(made.symbols) do add(list, symbol.symbol, symbol.actions, symbol.n_actions) end
  for _, portfolio in ipairs(made.portfolios) do
    add(list, "portfolio " .. portfolio.name, portfolio.cash_actions, portfolio.n_cash_actions)
  end
  if opts.json then
    io.write(json.encode(json.array(list), { indent = 2 }), "\n")
    return 0
  end
  local rows = {}
  for i, action in ipairs(list) do
    rows[i] = { action.of, action.time or "from the start", action.kind,
      action.value and ("%.10g"):format(action.value) or "last close" }
  end
  io.write(#rows > 0 and tabulate.format({ "of", "time", "what", { "value", right = true } }, rows)
    or "nothing happens to these instruments\n")
  return 0
end

return M

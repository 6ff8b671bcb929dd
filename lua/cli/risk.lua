--- perilune risk list | help NAME
local args = require "args"
local json = require "json"
local risk_rules = require "risk_rules"
local suggest = require "suggest"
local tabulate = require "tabulate"

local M = {
  help = "List the kinds of risk rules, or tell about one",
  usage = { "perilune risk list [--json]", "perilune risk help NAME [--json]" },
  options = { { "json", help = "print JSON" } },
  min = 1, max = 2,
  details = "Rules stand under `portfolios[].risk.rules`, and under `risk.rules` for those across portfolios "
    .. "(docs/risk.md).",
}

local UNCUT = { width = 10000 }

local function list(opts)
  if opts.json then
    io.write(json.encode(json.array(risk_rules.list)), "\n")
    return 0
  end
  local rows = {}
  for i, info in ipairs(risk_rules.list) do rows[i] = { info.name, info.help } end
  io.write(tabulate.format({ "name", "help" }, rows, UNCUT))
  return 0
end

local function help_of(name, opts)
  local info = risk_rules.get(name)
  if not info then
    local names = {}
    for i, one in ipairs(risk_rules.list) do names[i] = one.name end
    return nil, ("unknown risk rule '%s'%s"):format(name, suggest.hint(name, names)), 2
  end
  if opts.json then
    io.write(json.encode(info), "\n")
    return 0
  end
  io.write(("%s: %s\n\nmeasure: %s\n"):format(info.name, info.help, info.formula))
  if info.source ~= "" then io.write(("source:  %s\n"):format(info.source)) end
  io.write(("action:  %s by default\n"):format(info.resizes and "resize" or "refuse"))
  local rows = {}
  for i, param in ipairs(info.params) do
    rows[i] = { param.name, param.is_limit and "limit" or "", risk_rules.default_text(param),
      risk_rules.range_text(param), param.unit, param.help }
  end
  io.write("\nparameters:\n", tabulate.format({ "name", "", "default", "range", "unit", "help" }, rows, UNCUT))
  if info.groups then io.write("groups: {NAME: [SYMBOL, …]} by default the instruments' sectors\n") end
  return 0
end

function M.run(argv)
  local opts = args.parse(argv, M)
  local action = opts[1]
  if action == "list" then
    if opts[2] then args.usage_error(("unexpected argument '%s'"):format(opts[2]), M) end
    return list(opts)
  elseif action == "help" then
    if not opts[2] then args.usage_error("help needs the name of a rule", M) end
    return help_of(opts[2], opts)
  end
  args.usage_error(("unknown action '%s', expected list or help"):format(action), M)
end

return M

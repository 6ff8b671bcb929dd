--- perilune models list | help NAME: models of slippage, commission, latency and financing
local args = require "args"
local json = require "json"
local models = require "models"
local suggest = require "suggest"
local tabulate = require "tabulate"

local M = {
  help = "List models of costs and latency, or tell about one",
  usage = { "perilune models list [KIND] [--json]", "perilune models help NAME [--json]" },
  options = { { "json", help = "print JSON" } },
  min = 1, max = 2,
  details = "KIND is slippage, commission, latency or financing. docs/models.md has them all, and the profiles.",
}

local UNCUT = { width = 10000 }

local function list(opts)
  local kind = opts[2]
  local known = false
  for _, name in ipairs(models.KINDS) do known = known or name == kind end
  if kind and not known then
    args.usage_error(("unknown kind '%s'%s"):format(kind, suggest.hint(kind, models.KINDS)), M)
  end
  local rows, entries = {}, {}
  for _, name in ipairs(models.KINDS) do
    for _, model in ipairs(models.list) do
      if model.kind == name and (not kind or kind == name) then
        rows[#rows + 1] = { model.name, model.kind, model.help }
        entries[#entries + 1] = models.to_table(model)
      end
    end
  end
  if opts.json then
    io.write(json.encode(json.array(entries)), "\n")
  else
    io.write(tabulate.format({ "name", "kind", "help" }, rows, UNCUT))
  end
  return 0
end

local function help_of(opts)
  local name = opts[2]
  local model = models.get(name)
  if not model then
    local names = {}
    for i, one in ipairs(models.list) do names[i] = one.name end
    return nil, ("there is no model '%s'%s; perilune models list"):format(name, suggest.hint(name, names)), 2
  end
  if opts.json then
    io.write(json.encode(models.to_table(model)), "\n")
    return 0
  end
  io.write(("%s: %s\n\nkind:    %s\nformula: %s\n"):format(model.name, model.help, model.kind, model.formula))
  if model.series then
    io.write(("file:    a CSV with time, %s and (where they differ) symbol\n"):format(model.series))
  end
  for _, gauge in ipairs(model.gauges) do
    io.write(("reads:   %s%s\n"):format(gauge.expression, gauge.timeframe ~= "" and " on " .. gauge.timeframe or ""))
  end
  if #model.params == 0 then return 0 end
  local rows = {}
  for i, param in ipairs(model.params) do
    rows[i] = { param.name, param.unit .. (param.is_list and ", a list" or ""), models.default_text(param),
      models.range_text(param), param.help }
  end
  io.write("\nparameters:\n", tabulate.format({ "name", "unit", "default", "range", "help" }, rows, UNCUT))
  return 0
end

function M.run(argv)
  local opts = args.parse(argv, M)
  if opts[1] == "list" then return list(opts) end
  if opts[1] == "help" then
    if not opts[2] then args.usage_error("help needs the name of a model", M) end
    return help_of(opts)
  end
  args.usage_error(("unknown action '%s', expected list or help"):format(opts[1]), M)
end

return M

--- perilune strategies list | help NAME
local args = require "args"
local json = require "json"
local registry = require "registry"
local tabulate = require "tabulate"

local M = {
  help = "List strategies and classifiers, or tell about one",
  usage = { "perilune strategies list [--json] [--folder DIR]", "perilune strategies help NAME|FILE.lua [--json]" },
  options = {
    { "folder", short = "f", value = "DIR", repeated = true, help = "search this folder first" },
    { "json", help = "print JSON" },
  },
  min = 1, max = 2,
  details = "Strategies are searched in the given folders, ./strategies, those of PERILUNE_PATH and the installation's "
    .. "own.\ndocs/strategies.md tells how to write one.",
}

local UNCUT = { width = 10000 } -- a help text that is cut helps nobody; terminals wrap

local function range_of(param)
  if param.choices then
    local shown = {}
    for i, choice in ipairs(param.choices) do shown[i] = tostring(choice) end
    return table.concat(shown, ", ")
  elseif param.min and param.max then
    return ("%.14g to %.14g"):format(param.min, param.max)
  elseif param.min then
    return ("from %.14g"):format(param.min)
  elseif param.max then
    return ("to %.14g"):format(param.max)
  end
  return ""
end

local function shown(value)
  return type(value) == "number" and ("%.14g"):format(value) or tostring(value)
end

local function list(reg, opts)
  local entries = reg:list()
  if opts.json then
    io.write(json.encode(json.array(entries)), "\n")
    return 0
  end
  local rows, broken = {}, {}
  for _, entry in ipairs(entries) do
    if entry.error then
      broken[#broken + 1] = entry.error
    else
      rows[#rows + 1] = { entry.name, entry.kind, entry.help }
    end
  end
  io.write(tabulate.format({ "name", "kind", "help" }, rows, UNCUT))
  for _, message in ipairs(broken) do io.stderr:write("perilune: ", message, "\n") end
  return #broken > 0 and 1 or 0
end

-- The features with the default parameters, for a made-up symbol where there must be a name.
local function features_of(def)
  local p = def:check_params()
  local streams = { "OWN_1d" }
  if def.symbols then
    streams = {}
    for k = 1, def.symbols == "all" and 2 or def.symbols do streams[k] = "SYMBOL" .. k .. "_1d" end
  end
  return def:feature_list(p, streams, streams[1])
end

local function features_text(features)
  local lines = {}
  for _, feature in ipairs(features) do
    lines[#lines + 1] = ("  %s = %s"):format(feature.name, feature.expr or feature.matrix
      and ("matrix of %d rows: %s"):format(feature.matrix.rows, table.concat(feature.matrix.exprs, ", "))
      or table.concat(feature.exprs, " | "))
  end
  return table.concat(lines, "\n")
end

local KINDS = {
  { "signal", "signal for each bar" }, { "on_bar", "places its own orders" },
  { "rule", "a rule: the sign of a feature" }, { "classify", "a regime for each bar" },
}

local function help_of(reg, name, opts)
  local def, message = reg:load(name)
  if not def then return nil, message, 2 end
  if def.kind == "indicator" then
    return nil, ("%s: '%s' is an indicator: perilune features help tells about it"):format(def.file, def.name), 2
  end
  local features, problem = features_of(def)
  if not features then return nil, problem, 2 end
  if opts.json then
    io.write(json.encode {
      name = def.name, kind = def.kind, help = def.help, file = def.file, params = json.array(def.params),
      features = json.array(features), regimes = def.regimes, symbols = def.symbols, source_hash = def.source_hash,
    }, "\n")
    return 0
  end
  local form
  for _, kind in ipairs(KINDS) do
    if def[kind[1]] then form = kind[2] end
  end
  io.write(("%s: %s\n\n"):format(def.name, def.help))
  io.write(("kind:    %s (%s)\n"):format(def.kind, form))
  if def.symbols then
    io.write(("symbols: %s, traded together\n"):format(def.symbols == "all" and "all of the run" or def.symbols))
  end
  if def.regimes then io.write(("regimes: %s\n"):format(table.concat(def.regimes, ", "))) end
  io.write(("file:    %s\n"):format(def.file))
  if #def.params > 0 then
    local rows = {}
    for i, param in ipairs(def.params) do
      rows[i] = { param.name, param.type, shown(param.default), range_of(param), param.help }
    end
    io.write("\nparameters:\n", tabulate.format({ "name", "type", "default", "range", "help" }, rows, UNCUT))
  end
  if #features > 0 then io.write("\nfeatures (with the default parameters):\n", features_text(features), "\n") end
  if def.rule then io.write("\nrule:\n  ", (def:rule_expression(def:check_params(), "OWN_1d")), "\n") end
  return 0
end

function M.run(argv)
  local opts = args.parse(argv, M)
  local folders = opts.folder or {}
  folders[#folders + 1] = "strategies"
  local reg = registry.new { folders = folders }
  local action = opts[1]
  if action == "list" then
    if opts[2] then args.usage_error(("unexpected argument '%s'"):format(opts[2]), M) end
    return list(reg, opts)
  elseif action == "help" then
    if not opts[2] then args.usage_error("help needs the name of a strategy, or a file", M) end
    return help_of(reg, opts[2], opts)
  end
  args.usage_error(("unknown action '%s', expected list or help"):format(action), M)
end

return M

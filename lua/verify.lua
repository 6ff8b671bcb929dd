--- `perilune verify`: the laws (docs/verify.md) on a user's own strategy and data.
--
--     local certificate = assert(require("verify").run("config.yaml", { n_bars = 20000 }))
--     print(certificate.passed, certificate.laws[1].difference)
local ffi = require "ffi"
local abi = require "abi"
local combos = require "combos"
local config = require "config"
local plan_models = require "plan_models"
local verify_columns = require "verify_columns"
local verify_data = require "verify_data"
local verify_features = require "verify_features"
local verify_runs = require "verify_runs"
local C = abi.C

local M = {}

--- Bars of each symbol, combos and times of a changed future that are verified unless more are asked for.
M.BARS, M.COMBOS, M.TIMES = 50000, 2, 6

--- The laws that can be verified, in the order in which they are.
M.LAWS = { 1, 3, 2, 6 }

M.TITLES = {
  [1] = "Streaming = batch", [2] = "Generation, then replay = full backtest", [3] = "Parallel = serial",
  [6] = "The future does not exist",
}

local CHANGES = { "removed", "scrambled" }

-- The combos to verify: the first, the last, and others evenly between them.
local function chosen(n, wanted)
  local numbers = {}
  wanted = math.min(n, wanted)
  for k = 1, wanted do
    numbers[k] = wanted == 1 and 1 or 1 + math.floor((k - 1) * (n - 1) / (wanted - 1) + 0.5)
  end
  return numbers
end

-- What is known to look ahead or to flatter, by the configuration alone.
local function flags_of(plan)
  local flags, execution = {}, plan.execution
  local function add(key, text) flags[#flags + 1] = { key = key, text = text } end
  if execution.fill == "this_close" then
    add("execution.fill: this_close",
      "an order fills at the very close that the strategy saw; next_open and next_close do not do that")
  end
  if execution.compat and execution.compat ~= "none" then
    add("execution.compat: " .. execution.compat,
      "that engine's quirks, its readings of a bar's close before the bar is over included: for comparison only")
  end
  if execution.intrabar == "optimistic" then
    add("execution.intrabar: optimistic", "of what may have happened within a bar, the best is taken")
  end
  for _, portfolio in ipairs(plan.portfolios) do
    if portfolio.sizing.size_at == "fill" then
      add(("portfolios: %s: sizing.size_at: fill"):format(portfolio.name),
        "a size is reckoned with the price of the fill, which is not known when the order is made")
    end
  end
  for _, stream in ipairs(plan.streams) do
    if stream.adjustment then
      add(("corporate_actions: %s"):format(stream.name), "features see prices that are scaled by later splits and "
        .. "dividends: what compares a price with a fixed number knows of these")
    end
  end
  local assumed = plan_models.assumptions(plan)
  for _, line in ipairs(assumed) do
    if line == "costs: none" then add("execution", "no costs are assumed at all") end
  end
  return flags
end

-- Law 6 for further columns of the data; flags what is only suspicious.
local function check_columns(certificate, plan, features, result)
  for _, column in ipairs(verify_columns.used(plan, features)) do
    local found = verify_columns.look(column.stream.bars, column.stream.bars.extra[column.index])
    result.n_columns = (result.n_columns or 0) + 1
    local text = found and ("column '%s' of %s %s"):format(column.name, column.stream.name, found.text)
    if found and found.certain and not result.difference then
      result.difference = {
        test = "what further columns hold", what = "column", name = column.name, of = column.of,
        stream = column.stream.name, message = text .. (", and feature '%s' reads it"):format(column.expr),
        cause = "a label was left in the data: shift it by as many bars as it looks ahead, or take it out of the "
          .. "features",
      }
    elseif found then
      table.insert(certificate.flags, { key = "data", text = text .. ": was it known when the bar closed?" })
    elseif column.name:find "adj" then
      table.insert(certificate.flags, { key = "data", text = ("column '%s' of %s is by its name adjusted for what came "
        .. "later: what compares it with a fixed number knows of that"):format(column.name, column.stream.name) })
    end
  end
end

local function law6(certificate, data, group, options)
  local runs, features = group.runs, group.features
  local result = { counts = {}, n_runs = 0, n_values = 0, times = {} }
  check_columns(certificate, group.plan, features, result)
  if result.difference then return result end
  local ok, err = runs:make_decided()
  if not ok then return nil, err end
  for _, t_ns in ipairs(runs:times(options.times)) do
    table.insert(result.times, abi.iso_time(t_ns))
    for _, kind in ipairs(CHANGES) do
      local test, change = ("everything after %s %s"):format(abi.iso_time(t_ns), kind), { t_ns = t_ns, kind = kind }
      local changed
      changed, err = data:plan(change)
      if not changed then return nil, err end
      local base = verify_data.base_of(changed, group.numbers[1], change)
      options.on_step(test)
      local n
      n, err = verify_features.known_at(group.plan, features, group.columns, base, t_ns, test)
      if not n then return nil, err end
      result.n_values, result.difference = result.n_values + n, err
      if result.difference then return result end
      ok, err = runs:known_at(changed, t_ns, test, result)
      if not ok then return nil, err end
      if result.difference then return result end
    end
  end
  return result
end

-- The combos that are verified, those with the same streams together.
local function groups_of(plan, numbers)
  local groups, by_group = {}, {}
  for _, number in ipairs(numbers) do
    local key = plan.grid:group(number)
    if not by_group[key] then
      by_group[key] = { numbers = {}, plan = verify_data.base_of(plan, number) }
      groups[#groups + 1] = by_group[key]
    end
    table.insert(by_group[key].numbers, number)
  end
  return groups
end

-- A guess at how many steps there will be, for the progress line.
local function count_steps(groups, wanted, times)
  local n = 0
  for _, group in ipairs(groups) do
    local n_combos = #group.numbers
    n = n + n_combos + (wanted[1] and #verify_features.CHUNKS + 1 or 0)
    if wanted[3] then n = n + n_combos * (2 + #verify_runs.CHUNKS) + 1 end
    if wanted[2] and not verify_runs.law2_reason(group.plan) then n = n + 2 * n_combos end
    if wanted[6] then n = n + 1 + 4 * times end
  end
  return n
end

-- The runs that the others are compared with, and the features that these ask for. True, or nil and a message.
local function prepare(root, group, on_step)
  group.runs = verify_runs.new(root, group.numbers, group.plan, on_step)
  local ok, err = group.runs:make_base(function(phase)
    group.features = verify_features.collect(phase, group.features)
  end)
  if not ok then return nil, err end
  group.columns, err = verify_features.columns(group.plan, group.features)
  if not group.columns then return nil, err end
  return true
end

local function law_of(law, certificate, data, group, options)
  if law == 1 then
    return verify_features.law1(group.plan, group.features, group.columns, options.on_step)
  elseif law == 2 then
    local reason = verify_runs.law2_reason(group.plan)
    if reason then return { not_applicable = reason } end
    return group.runs:law2()
  elseif law == 3 then
    return group.runs:law3()
  end
  return law6(certificate, data, group, options)
end

-- Adds what was done for one group to what was done for those before.
local function merge(all, result)
  if not all then return result end
  for key, value in pairs(result) do
    if type(value) == "number" then all[key] = (all[key] or 0) + value end
  end
  for kind, n in pairs(result.counts or {}) do
    all.counts = all.counts or {}
    all.counts[kind] = (all.counts[kind] or 0) + n
  end
  all.difference, all.times = result.difference, all.times or result.times
  return all
end

-- What was covered, by what.
local function new_certificate(cfg, data, plan, numbers, groups)
  local data_hash, n_all = data:hash()
  local certificate = {
    engine = ffi.string(C.pln_version()), build = ffi.string(C.pln_build_info()), jit = jit.version,
    config_hash = config.hash(cfg), data_hash = data_hash, covered_hash = plan.data_hash, bars = plan.n_bars,
    bars_of_all = n_all, streams = {}, combos = {}, combos_of_all = plan.grid:size(), laws = {},
    flags = flags_of(plan), passed = true,
  }
  for k, number in ipairs(numbers) do
    certificate.combos[k] = { id = combos.id(number), params = plan.grid:params(number) }
  end
  local seen = {}
  for _, group in ipairs(groups) do
    for _, stream in ipairs(group.plan.streams) do
      local n = tonumber(stream.bars.n_bars)
      if not seen[stream.name] then
        table.insert(certificate.streams, { stream = stream.name, bars = n, first = abi.iso_time(stream.bars.ts_ns[0]),
          last = abi.iso_time(stream.bars.ts_ns[n - 1]) })
      end
      seen[stream.name] = true
    end
  end
  return certificate
end

local function verify(cfg, options)
  local data = verify_data.new(cfg, options.n_bars or M.BARS)
  local plan, err, fault = data:plan()
  if not plan then return nil, err, fault end
  local numbers = chosen(plan.grid:size(), options.combos or M.COMBOS)
  local groups = groups_of(plan, numbers)
  local certificate = new_certificate(cfg, data, plan, numbers, groups)
  local wanted = options.laws or { [1] = true, [2] = true, [3] = true, [6] = true }
  local times = options.times or M.TIMES
  local n_steps, step = count_steps(groups, wanted, times), 0
  local function on_step(label)
    if options.on_step then options.on_step(step, n_steps, label) end
    step = step + 1
  end
  for _, group in ipairs(groups) do
    local ok
    ok, err = prepare(plan, group, on_step)
    if not ok then return nil, err end
  end
  for _, law in ipairs(M.LAWS) do
    local all
    for _, group in ipairs(wanted[law] and groups or {}) do
      local result
      result, err = law_of(law, certificate, data, group, { times = times, on_step = on_step })
      if not result then return nil, err end
      all = merge(all, result)
      if all.difference then break end
    end
    if all then
      all.law, all.title = law, M.TITLES[law]
      table.insert(certificate.laws, all)
    end
    if all and all.difference then
      certificate.passed = false
      break -- what comes after would stumble over the same
    end
  end
  return certificate
end

--- Verifies a configuration.
-- @param source path of a YAML file, or a table of the same structure
-- @param options nil or { set = list of KEY=VALUE, folder = as of run.run, n_bars = of each symbol (default 50,000, the
--   last ones), combos = how many of a grid (default 2: the first and the last), times = of a changed future (default
--   6), laws = set of the numbers 1, 2, 3, 6 (default: all), on_step = function(done, of, label) }
-- @return a certificate: { passed, laws = { { law, title, n_features, n_values, n_runs, counts, tests, times,
--   not_applicable = reason, difference = { test, combo, what, name, of, stream, row, time_ns, expected, found,
--   message, cause } } … }, flags = { { key, text } … }, engine, config_hash, data_hash, bars, streams, combos …
--   }; or nil, a message or list of problems, and what is at fault ("configuration", "data", "interrupted" or nil: the
--   run itself)
function M.run(source, options)
  options = options or {}
  local cfg, problems
  if type(source) == "table" then
    cfg, problems = config.from_table(source, (options.folder or ".") .. "/config", { set = options.set })
  else
    cfg, problems = config.load(source, { set = options.set })
  end
  if not cfg then return nil, problems, "configuration" end
  C.pln_watchdog_limit(cfg.engine.timeout_s)
  C.pln_stop_begin()
  local ok, certificate, err, fault = pcall(verify, cfg, options)
  C.pln_stop_end()
  if not ok then return nil, tostring(certificate) end
  if not certificate and C.pln_stop_requested() ~= 0 then return nil, "interrupted", "interrupted" end
  return certificate, err, fault
end

return M

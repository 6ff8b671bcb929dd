--- perilune run CONFIG.yaml: the main job.
local abi = require "abi"
local args = require "args"
local attribution = require "attribution"
local json = require "json"
local param_text = require "params_text"
local plot = require "plot"
local progress = require "progress"
local runner = require "run"
local shard = require "shard"
local stats = require "stats"
local summary = require "summary"
local tabulate = require "tabulate"
local tearsheet = require "tearsheet"
local C = abi.C

local FILE_KINDS = { "trades", "equity", "orders", "decisions" }

local M = {
  help = "Run a configuration and show its results",
  usage = "perilune run CONFIG.yaml [--set KEY=VALUE]… [--db FILE] [--json] [--trades FILE.csv] …",
  options = {
    { "set", value = "KEY=VALUE", repeated = true, help = "override the file, e.g. portfolios.0.capital=50000" },
    { "db", value = "FILE", help = "database of results (none: keep nothing; default: results.db of the file)" },
    { "json", help = "print one JSON object instead of tables" },
    { "full", help = "all figures, the worst drawdowns, returns by month, confidence intervals" },
    { "trades", value = "FILE", help = "write the closed trades as CSV" },
    { "equity", value = "FILE", help = "write the equity of every bar as CSV" },
    { "orders", value = "FILE", help = "write the orders as CSV" },
    { "decisions", value = "FILE", help = "write the verdicts of risk rules as CSV" },
    { "workers", value = "N", help = "threads that combos are spread over, or auto (default: engine.workers)" },
    { "shard", value = "K/N", help = "run the K-th of N parts of a sweep; perilune merge joins them" },
    { "quiet", short = "q", help = "print nothing but errors" },
  },
  min = 1, max = 1,
  details = "Exit status: 0 the run finished, 1 it failed, 2 the configuration is wrong, 130 Ctrl-C ended it.",
}

local RANKED = 20       -- combos that the overview of a grid shows
local DRAWN_RECORDS = 4 -- recorded series that are drawn

local function as_json(outcome, full)
  local results = {}
  for k, result in ipairs(outcome.results) do
    local metrics, undefined, optimistic = {}, {}, {}
    local reasons = stats.undefined(result.why)
    for _, metric in ipairs(stats.list) do
      if metric.headline or result.period_returns then
        metrics[#metrics + 1] = { metric.name, stats.value(result.values, metric.name) or json.null }
        if result.optimistic then
          optimistic[#optimistic + 1] = { metric.name, stats.value(result.optimistic, metric.name) or json.null }
        end
        if reasons[metric.name] then undefined[#undefined + 1] = { metric.name, reasons[metric.name] } end
      end
    end
    local members = {
      { "combo", result.combo }, { "portfolio", result.portfolio },
      { "params", next(result.params) and result.params or json.object {} }, { "metrics", json.object(metrics) },
      { "undefined", json.object(undefined) },
    }
    if result.optimistic then members[#members + 1] = { "optimistic", json.object(optimistic) } end
    if result.attribution then
      members[#members + 1] = { "attribution", attribution.data(result.attribution) }
    end
    local series = full and summary.period_series(result)
    if series then
      local kept = result.period_returns
      for _, member in ipairs(tearsheet.data(kept.returns, kept.times, series)) do members[#members + 1] = member end
    end
    results[k] = json.object(members)
  end
  outcome.run.id = outcome.run.id or json.null -- null: nothing was stored
  outcome.run.assumptions = json.array(outcome.run.assumptions)
  local whole = { { "run", outcome.run }, { "results", json.array(results) } }
  if outcome.results.selection then whole[#whole + 1] = { "selection", outcome.results.selection.data } end
  if outcome.report then whole[#whole + 1] = { "report", outcome.report.data } end
  return json.encode(json.object(whole), { indent = 2 }) .. "\n"
end

--- Series that strategies record, drawn small under the equity; those of classifiers are told in words.
local function print_records(records)
  local names = {}
  for name in pairs(records) do
    if not name:find("^regime:") then names[#names + 1] = name end
  end
  table.sort(names)
  for k = 1, math.min(#names, DRAWN_RECORDS) do
    io.write(plot.equity(records[names[k]].series(), { title = names[k], height = 4, drawdown = 0 }), "\n")
  end
  if #names > DRAWN_RECORDS then
    io.write(("… and %d more recorded series, in the database\n\n"):format(#names - DRAWN_RECORDS))
  end
end

--- Drawdowns, months and confidence intervals of the period returns.
local function print_rest(result)
  local series, kept = summary.period_series(result), result.period_returns
  if not series then return end
  for _, text in ipairs { tearsheet.drawdowns(kept.returns, kept.times), tearsheet.months(kept.returns, kept.times),
    tearsheet.confidence(series) } do
    if text ~= "" then io.write(text, "\n") end
  end
end

local function print_one(result, full)
  local params = param_text(result.params)
  io.write(("%s, portfolio %s"):format(result.combo, result.portfolio), params ~= "" and (": " .. params) or "", "\n\n")
  io.write(plot.equity(result.sample.series(), { title = "Equity" }), "\n")
  print_records(result.records)
  if result.optimistic then
    io.write(stats.bands(result.values, result.optimistic, { full = full }), "\n")
  else
    io.write(stats.table(result.values, { full = full }), "\n")
  end
  if result.attribution then io.write(attribution.text(result.attribution), "\n") end
  if full then print_rest(result) end
end

-- What tells the rows of a grid apart: the parameters that differ, and whether the portfolios do.
local function differences(results)
  local params, portfolios = {}, false
  local first = results[1]
  for _, result in ipairs(results) do
    portfolios = portfolios or result.portfolio ~= first.portfolio
    for name, value in pairs(result.params) do
      if value ~= first.params[name] then params[name] = true end
    end
  end
  return params, portfolios
end

local function print_grid(results)
  local params, portfolios = differences(results)
  local order = {}
  for k, result in ipairs(results) do order[k] = result end
  table.sort(order, summary.ranks_before)
  local names = { "return_pct", "sharpe_ratio", "max_drawdown_pct", "trades", "win_rate_pct" }
  local rows = {}
  for k = 1, math.min(RANKED, #order) do
    local result = order[k]
    rows[k] = { result.combo, param_text(result.params, params) }
    if portfolios then table.insert(rows[k], 2, result.portfolio) end
    for _, name in ipairs(names) do table.insert(rows[k], stats.format(name, stats.value(result.values, name))) end
  end
  local columns = { "combo", { "parameters", keep = true } }
  if portfolios then table.insert(columns, 2, "portfolio") end
  for _, name in ipairs(names) do columns[#columns + 1] = { stats.get(name).label, right = true } end
  io.write(tabulate.format(columns, rows), "\n")
  local n_more = math.max(results.n_combos or 0, #order) - RANKED
  if n_more > 0 then io.write(("… and %d more, all of them in the database\n"):format(n_more)) end
  io.write("In-sample figures of many tries: the best of them is better than it will be.\n")
  local deflated = not results.selection and summary.deflated_sharpe(order)
  if results.selection then io.write("\n", results.selection.text) end
  if deflated then
    io.write(("Deflated Sharpe ratio of the best: %s %% (the chance that it is not just the luckiest of %s tries)\n")
      :format(tabulate.number(100 * deflated, 1), tabulate.number(#order, 0)))
  end
  io.write("\n")
  return order[1]
end

-- As it was called: `build/perilune` may not be on the path.
local program = arg and arg[0] or "perilune"

local function print_results(outcome, full)
  local results = outcome.results
  local shown = results
  if outcome.report then
    io.write(outcome.report:format(), "\n")
    shown = {}
  elseif #results > 1 and outcome.run.combos > 1 then
    shown = { print_grid(results) }
  end
  for _, result in ipairs(shown) do
    print_one(result, full)
    local notes = summary.notes(result, stats.value(result.values, "trades") or 0)
    for _, line in ipairs(notes) do io.write(line, "\n") end
    if #notes > 0 then io.write("\n") end
  end
  local run = outcome.run
  io.write("Assumed of execution (docs/execution.md, docs/models.md):\n")
  for _, line in ipairs(run.assumptions) do io.write("  ", line, "\n") end
  io.write(("\n%s bars%s in %.3f s (%s bars/s)\n"):format(tabulate.number(outcome.plan.n_bars, 0),
    run.combos > 1 and (" x %d combos"):format(run.combos) or "", run.seconds,
    tabulate.number(run.bars_per_second, 0)))
  if outcome.db then
    io.write(("run %d is in %s; try: %s sql \"SELECT * FROM trades WHERE run = %d LIMIT 5\"%s\n"):format(run.id,
      outcome.db, program, run.id, outcome.db == "perilune.db" and "" or " --db " .. outcome.db))
  end
end

function M.run(argv)
  local opts = args.parse(argv, M)
  local taken = {}
  for _, kind in ipairs(FILE_KINDS) do
    local file = opts[kind]
    if file and taken[file] then
      args.usage_error(("--%s and --%s name the same file"):format(taken[file], kind), M)
    end
    if file then taken[file] = kind end
  end
  local db
  if opts.db then
    db = opts.db ~= "none" and opts.db
  end
  return M.show(opts, function(options)
    options.set, options.db = opts.set, db
    for _, kind in ipairs(FILE_KINDS) do options[kind] = opts[kind] end
    return runner.execute(opts[1], options)
  end)
end

--- Runs what `execute(options)` runs, with progress and log lines on standard error, and prints what came of it; of
-- `perilune run` and `perilune resume`.
-- @param opts the options json, full, quiet, workers, shard
-- @return exit status
function M.show(opts, execute)
  local bar = progress.new { quiet = opts.quiet }
  local n_workers = opts.workers
  if n_workers and n_workers ~= "auto" then
    n_workers = tonumber(n_workers)
    if not n_workers or n_workers % 1 ~= 0 or n_workers < 1 or n_workers > 1024 then
      args.usage_error(("--workers: found '%s', expected a number from 1, or auto"):format(opts.workers), M)
    end
  end
  local part
  if opts.shard then
    local wrong
    part, wrong = shard.parse(opts.shard)
    if not part then args.usage_error("--shard: " .. wrong, M) end
  end
  local outcome, err, fault = execute {
    workers = n_workers, shard = part,
    on_progress = function(...) return bar:phase(...) end,
    on_task = function(spec) return bar:task(spec) end,
    on_estimate = function(line)
      if not opts.quiet and not opts.json then io.write(line, "\n") end
    end,
    log = function(line)
      bar:clear()
      io.stderr:write(line, "\n")
    end,
  }
  bar:clear()
  if not outcome then
    local status = fault == "configuration" and 2 or fault == "interrupted" and 128 + C.pln_stop_requested() or 1
    args.exit(status, runner.problem_lines(err))
  end
  if opts.json then
    io.write(as_json(outcome, opts.full))
  elseif not opts.quiet then
    print_results(outcome, opts.full)
  end
  return 0
end

return M

--- perilune stats FILE.csv: all figures of any series of returns.
local abi = require "abi"
local args = require "args"
local json = require "json"
local returns = require "returns"
local returns_file = require "returns_file"
local tabulate = require "tabulate"
local tearsheet = require "tearsheet"

local M = {
  help = "Statistics of a file of returns, equity or prices",
  usage = "perilune stats FILE.csv [--benchmark FILE.csv] [--json] …",
  options = {
    { "column", value = "NAME", help = "column of the values (default: equity, close, returns, … or the first)" },
    { "prices", help = "the values are equity or prices (default: told by the column's name, then by the values)" },
    { "returns", help = "the values are returns, as fractions" },
    { "percent", help = "the values are returns in percent" },
    { "benchmark", value = "FILE", help = "a CSV to compare with: as of the same times" },
    { "benchmark-column", value = "NAME", help = "its column" },
    { "periods-per-year", value = "N", type = "number", min = 0.001, help = "default: from the times" },
    { "risk-free", value = "RATE", type = "number", help = "a year's risk-free rate, as a fraction" },
    { "required-return", value = "RATE", type = "number", help = "a year's least acceptable return, as a fraction" },
    { "confidence", value = "SHARE", type = "number", min = 0.5, max = 0.9999, default = 0.95,
      help = "of value at risk and of the intervals" },
    { "trials", value = "N", type = "number", min = 1, help = "this is the best of so many tries" },
    { "trials-variance", value = "V", type = "number", min = 0,
      help = "variance of their Sharpe ratios per period" },
    { "min-days", value = "N", type = "number", min = 0, default = 30, help = "growth of less is not annualised" },
    { "top", value = "N", type = "integer", min = 1, max = 1000, default = 5, help = "how many drawdowns" },
    { "samples", value = "N", type = "integer", min = 2, max = 1000000, default = 1000,
      help = "of the bootstrap of the confidence intervals" },
    { "block", value = "N", type = "number", min = 1, help = "mean length of its blocks (default: n^(1/3))" },
    { "seed", value = "N", type = "integer", min = 0, default = 0, help = "of its random numbers" },
    { "rolling", value = "NAME", help = "write this statistic over moving windows as CSV, and nothing else" },
    { "window", value = "N", type = "integer", min = 1, default = 126, help = "returns in a window" },
    { "json", help = "print one JSON object instead of tables" },
  },
  min = 1, max = 1,
  details = [[
A file has a column of times (dates, times, seconds since 1970) and one of values. Several rows a day become one return
a day. docs/metrics.md defines every figure, docs/statistics.md shows the same from Lua.]],
}

local function fail(message) args.exit(1, message) end

local function options_of(opts, times, benchmark)
  return {
    times = times, benchmark = benchmark, periods_per_year = opts.periods_per_year, risk_free_ann = opts.risk_free,
    required_return_ann = opts.required_return, confidence = opts.confidence, trials = opts.trials,
    trials_variance = opts.trials_variance, min_days = opts.min_days,
  }
end

--- What is undefined, by reason, in lines.
local function undefined_lines(values, reasons)
  local by_reason, order = {}, {}
  for _, statistic in ipairs(returns.list) do
    local reason = reasons[statistic.name]
    if reason and values[statistic.name] == nil then
      if not by_reason[reason] then
        by_reason[reason] = {}
        order[#order + 1] = reason
      end
      table.insert(by_reason[reason], statistic.name)
    end
  end
  local lines = {}
  for k, reason in ipairs(order) do
    local names = by_reason[reason]
    local shown = table.concat(names, ", ", 1, math.min(#names, 6))
    lines[k] = ("undefined, %s: %s%s"):format(returns.reason(reason), shown,
      #names > 6 and (" and %d more"):format(#names - 6) or "")
  end
  return lines
end

local function print_rolling(series, opts, times)
  local statistic, message = returns.get(opts.rolling)
  if not statistic then args.usage_error("--rolling: " .. message, M) end
  local values = series:roll(statistic.name, opts.window)
  io.write("time,", statistic.name, "\n")
  local offset = #times - #values
  for k, value in ipairs(values) do
    io.write(abi.iso_time(times[k + offset]), ",", value == value and ("%.17g"):format(value) or "", "\n")
  end
end

local function print_json(series, read, r, times, opts)
  local values, reasons = series:all()
  local figures, undefined = {}, {}
  for k, statistic in ipairs(returns.list) do
    figures[k] = { statistic.name, tearsheet.finite(values[statistic.name]) }
    if reasons[statistic.name] then undefined[#undefined + 1] = { statistic.name, reasons[statistic.name] } end
  end
  local used, observed = series:periods_per_year()
  local members = {
    { "file", opts[1] }, { "column", read.column }, { "values", read.prices and "prices" or "returns" },
    { "returns", #r }, { "start", abi.iso_time(times[1]) }, { "end", abi.iso_time(times[#times]) },
    { "periods_per_year", used }, { "periods_per_year_observed", observed or json.null },
    { "statistics", json.object(figures) }, { "undefined", json.object(undefined) },
  }
  local how = { samples = opts.samples, mean_block = opts.block, seed = opts.seed, confidence = opts.confidence }
  for _, member in ipairs(tearsheet.data(r, times, series, how)) do members[#members + 1] = member end
  io.write(json.encode(json.object(members), { indent = 2 }), "\n")
end

local function print_text(series, read, r, times, by, opts)
  local values, reasons = series:all()
  io.write(("%s: %s returns of %s (%s, column '%s'), %s to %s; %s\n\n"):format(opts[1], tabulate.number(#r, 0), by,
    read.prices and "values are equity or prices" or "values are returns", read.column,
    abi.iso_time(times[1]):sub(1, 10), abi.iso_time(times[#times]):sub(1, 10), tearsheet.calendar(series)))
  local how = { samples = opts.samples, mean_block = opts.block, seed = opts.seed, confidence = opts.confidence }
  for _, text in ipairs { tearsheet.figures(values), tearsheet.drawdowns(r, times, opts.top),
    tearsheet.months(r, times), tearsheet.confidence(series, how) } do
    if text ~= "" then io.write(text, "\n") end
  end
  for _, line in ipairs(undefined_lines(values, reasons)) do io.write(line, "\n") end
end

function M.run(argv)
  local opts = args.parse(argv, M)
  if opts.prices and (opts.returns or opts.percent) then
    args.usage_error("--prices does not go with --returns or --percent", M)
  end
  local read, message = returns_file.read(opts[1],
    { column = opts.column, prices = opts.prices, returns = opts.returns or opts.percent, percent = opts.percent })
  if not read then fail(message) end
  local r, times, by, base = returns_file.returns(read)
  if #r == 0 then fail(opts[1] .. ": one row of prices has no return; expected two or more") end
  local benchmark
  if opts.benchmark then
    local other
    other, message = returns_file.read(opts.benchmark, { column = opts.benchmark_column })
    if not other then fail(message) end
    benchmark = returns_file.as_of(other, times, by, base)
  end
  local ok, series = pcall(returns.series, r, options_of(opts, times, benchmark))
  if not ok then fail(series) end
  if opts.rolling then
    print_rolling(series, opts, times)
  elseif opts.json then
    print_json(series, read, r, times, opts)
  else
    print_text(series, read, r, times, by, opts)
  end
  return 0
end

return M

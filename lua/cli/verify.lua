--- perilune verify CONFIG.yaml: a certificate that the laws hold for it, or the first thing that differs.
local abi = require "abi"
local args = require "args"
local combos = require "combos"
local json = require "json"
local runner = require "run"
local tabulate = require "tabulate"
local terminal = require "terminal"
local verify = require "verify"
local C = abi.C

local M = {
  help = "Check the laws on your own strategy and data",
  usage = "perilune verify CONFIG.yaml [--set KEY=VALUE]… [--bars N] [--combos N] [--laws 1,6] [--json]",
  options = {
    { "set", value = "KEY=VALUE", repeated = true, help = "override the file, e.g. strategies.0.params.fast=5" },
    { "bars", value = "N", type = "integer", min = 100, default = verify.BARS,
      help = "the last N bars of each symbol (default 50000)" },
    { "combos", value = "N", type = "integer", min = 1, default = verify.COMBOS,
      help = "combos of a grid: the first, the last, others between them (default 2)" },
    { "times", value = "N", type = "integer", min = 1, default = verify.TIMES,
      help = "times after which the future is changed (default 6)" },
    { "laws", value = "LIST", help = "of 1, 2, 3 and 6, with commas (default: all)" },
    { "json", help = "print one JSON object" },
    { "quiet", short = "q", help = "print nothing but what differs" },
  },
  min = 1, max = 1,
  details = "Exit status: 0 the laws hold, 1 something differs, 2 the configuration is wrong, 130 Ctrl-C ended it. "
    .. "docs/verify.md tells more.",
}

local TITLES = {
  [1] = "each feature in chunks, alone over the whole array, and in the forming bar",
  [2] = "captured signals replayed: orders, fills, trades, equity and figures",
  [3] = "the same results in any chunks, together and alone, compiled and interpreted",
  [6] = "no decision changes with what comes after it",
}

local COUNTED = { "signals", "regimes", "orders", "fills", "trades", "equity", "records", "metrics", "decisions",
  "scores" }
local NAMES = { equity = "rows of equity", metrics = "figures", decisions = "verdicts", records = "recorded values",
  scores = "risk scores" }

local function laws_of(text)
  if not text then return nil end
  local laws = {}
  for word in text:gmatch "[^,%s]+" do
    local law = tonumber(word)
    if not law or not verify.TITLES[law] then
      args.usage_error(("--laws: '%s' is not one of 1, 2, 3, 6"):format(word), M)
    end
    laws[law] = true
  end
  return laws
end

local function progress(quiet)
  local start_ns, drawn = C.pln_clock_monotonic_ns(), false
  local watched = not quiet and terminal.is_terminal(2)
  local self = {}
  function self.on_step(done, of, label)
    if not watched or C.pln_clock_monotonic_ns() - start_ns < 1000000000LL then return end
    drawn = true
    io.stderr:write(("\r\27[K%3.0f %%  %s"):format(math.min(99, 100 * done / of), label))
  end
  function self.clear()
    if drawn then io.stderr:write("\r\27[K") end
  end
  return self
end

local function number(value) return tabulate.number(value, 0) end

local function value_text(value)
  if type(value) == "number" then return value ~= value and "nan" or ("%.17g"):format(value) end
  return tostring(value)
end

local function counts_text(counts)
  local parts = {}
  for _, kind in ipairs(COUNTED) do
    if counts[kind] and counts[kind] > 0 then
      parts[#parts + 1] = ("%s %s"):format(number(counts[kind]), NAMES[kind] or kind)
    end
  end
  return table.concat(parts, ", ")
end

-- What was compared for a law.
local function compared(law)
  local parts = {}
  if law.n_features then parts[#parts + 1] = ("%s features"):format(number(law.n_features)) end
  if law.n_values and law.n_values > 0 then parts[#parts + 1] = ("%s values"):format(number(law.n_values)) end
  if law.n_peeks and law.n_peeks > 0 then parts[#parts + 1] = ("%s forming bars"):format(number(law.n_peeks)) end
  if law.n_columns then parts[#parts + 1] = ("%s further columns"):format(number(law.n_columns)) end
  if law.n_runs then parts[#parts + 1] = ("%d runs"):format(law.n_runs) end
  local counted = law.counts and counts_text(law.counts) or ""
  if counted ~= "" then parts[#parts + 1] = counted end
  return table.concat(parts, ", ")
end

local function params_text(params)
  local names = {}
  for name in pairs(params) do names[#names + 1] = name end
  table.sort(names)
  for k, name in ipairs(names) do names[k] = ("%s=%s"):format(name, tostring(params[name])) end
  return table.concat(names, " ")
end

local function difference_lines(law)
  local d, lines = law.difference, {}
  local function add(label, text)
    if text then lines[#lines + 1] = ("  %-10s%s"):format(label, text) end
  end
  lines[1] = ("law %d does not hold: %s"):format(law.law, d.test)
  add("combo", d.combo and combos.id(d.combo))
  add(d.what, d.name and d.name .. (d.of and (" (%s)"):format(d.of) or ""))
  local row = d.row and (", row %d"):format(d.row) or ""
  add("where", (d.stream or d.time_ns) and ("%s%s%s"):format(d.stream or "", d.stream and d.time_ns and " at " or "",
    d.time_ns and abi.iso_time(d.time_ns) .. row or ""))
  if d.expected ~= nil then
    add("expected", value_text(d.expected))
    add("found", value_text(d.found))
  end
  add("message", d.message)
  add("likely", d.cause)
  return lines
end

local function print_certificate(certificate, path)
  io.write(("%s: %s\n\n"):format(path, certificate.passed and "the laws hold" or "a law does not hold"))
  for _, law in ipairs(certificate.laws) do
    local mark = law.not_applicable and "—" or law.difference and "✗" or "✓"
    io.write(("%s law %d  %s\n"):format(mark, law.law, TITLES[law.law]))
    if law.not_applicable then
      io.write(("         not applicable: %s\n"):format(law.not_applicable))
    elseif not law.difference then
      io.write(("         %s\n"):format(compared(law)))
    end
  end
  for _, law in ipairs(certificate.laws) do
    if law.difference then io.write("\n", table.concat(difference_lines(law), "\n"), "\n") end
  end
  if #certificate.flags > 0 then io.write("\nTo know:\n") end
  for _, flag in ipairs(certificate.flags) do io.write(("  %s: %s\n"):format(flag.key, flag.text)) end
  io.write("\nCovered:\n")
  for _, stream in ipairs(certificate.streams) do
    io.write(("  %s: %s bars, %s to %s\n"):format(stream.stream, number(stream.bars), stream.first, stream.last))
  end
  if certificate.bars < certificate.bars_of_all then
    io.write(("  the last bars only, %s of %s; --bars takes more\n"):format(number(certificate.bars),
      number(certificate.bars_of_all)))
  end
  for _, combo in ipairs(certificate.combos) do
    io.write(("  %s%s\n"):format(combo.id, next(combo.params) and ": " .. params_text(combo.params) or ""))
  end
  if #certificate.combos < certificate.combos_of_all then
    io.write(("  %d of %s combos; --combos takes more\n"):format(#certificate.combos,
      number(certificate.combos_of_all)))
  end
  io.write(("\nconfiguration %s\ndata          %s\nperilune %s, %s, %s\n"):format(certificate.config_hash,
    certificate.data_hash, certificate.engine, certificate.build:gsub("\n", ", "), certificate.jit))
end

local function as_json(certificate)
  local laws, flags = {}, {}
  for k, law in ipairs(certificate.laws) do
    local d = law.difference
    laws[k] = json.object {
      { "law", law.law }, { "title", law.title },
      { "holds", law.not_applicable and json.null or not d }, { "not_applicable", law.not_applicable or json.null },
      { "features", law.n_features or 0 }, { "values", law.n_values or 0 }, { "forming_bars", law.n_peeks or 0 },
      { "columns", law.n_columns or 0 }, { "runs", law.n_runs or 0 },
      { "compared", law.counts and next(law.counts) and law.counts or json.object {} },
      { "times", json.array(law.times or {}) },
      { "difference", d and json.object {
        { "test", d.test }, { "combo", d.combo and combos.id(d.combo) or json.null }, { "what", d.what },
        { "name", d.name or json.null }, { "of", d.of or json.null }, { "stream", d.stream or json.null },
        { "row", d.row or json.null }, { "time", d.time_ns and abi.iso_time(d.time_ns) or json.null },
        { "expected", d.expected ~= nil and value_text(d.expected) or json.null },
        { "found", d.found ~= nil and value_text(d.found) or json.null }, { "message", d.message or json.null },
        { "cause", d.cause },
      } or json.null },
    }
  end
  for k, flag in ipairs(certificate.flags) do flags[k] = json.object { { "key", flag.key }, { "text", flag.text } } end
  local shown = {}
  for k, combo in ipairs(certificate.combos) do
    local params = next(combo.params) and combo.params or json.object {}
    shown[k] = json.object { { "combo", combo.id }, { "params", params } }
  end
  return json.encode(json.object {
    { "holds", certificate.passed }, { "laws", json.array(laws) }, { "flags", json.array(flags) },
    { "streams", json.array(certificate.streams) }, { "combos", json.array(shown) },
    { "combos_of_all", certificate.combos_of_all }, { "bars", certificate.bars },
    { "bars_of_all", certificate.bars_of_all }, { "config_hash", certificate.config_hash },
    { "data_hash", certificate.data_hash }, { "covered_hash", certificate.covered_hash },
    { "engine", certificate.engine }, { "build", certificate.build }, { "jit", certificate.jit },
  }, { indent = 2 }) .. "\n"
end

function M.run(argv)
  local opts = args.parse(argv, M)
  local bar = progress(opts.quiet)
  local certificate, err, fault = verify.run(opts[1], {
    set = opts.set, n_bars = opts.bars, combos = opts.combos, times = opts.times, laws = laws_of(opts.laws),
    on_step = bar.on_step,
  })
  bar.clear()
  if not certificate then
    local status = fault == "configuration" and 2 or fault == "interrupted" and 128 + C.pln_stop_requested() or 1
    args.exit(status, runner.problem_lines(err))
  end
  if opts.json then
    io.write(as_json(certificate))
  elseif not opts.quiet or not certificate.passed then
    print_certificate(certificate, opts[1])
  end
  return certificate.passed and 0 or 1
end

return M

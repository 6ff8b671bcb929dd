--- perilune data synth: bars of the synthetic market.
local ffi = require "ffi"
local abi = require "abi"
local args = require "args"
local common = require "cli.data.common"
local json = require "json"
local synth = require "synth"
local C = abi.C

local M = {
  help = "Make bars of the synthetic market",
  usage = "perilune data synth --out FILE [options]",
  options = {
    { "out", short = "o", value = "FILE", help = ".plc (column file) or .csv; {symbol} is substituted" },
    { "bars", value = "N", type = "integer", min = 0, max = 1e11, default = 10000, help = "bars of each symbol" },
    { "seed", value = "S", type = "integer", min = 0, max = 2 ^ 53, default = 1, help = "the market's seed" },
    { "symbols", value = "A,B", default = "SYN", help = "names; symbols of one seed are correlated" },
    { "timeframe", value = "TF", default = "1m", help = "length of a bar, up to 1d" },
    { "start", value = "TIME", default = "2000-01-03", help = "no bar before it" },
    { "session", value = "WHEN", choices = synth.SESSIONS, default = "24/7", help = "when the market is open" },
    { "volatility", value = "PCT", type = "number", min = 0, help = "annual, of the first symbol (default 16.5)" },
    { "correlation", value = "X", type = "number", min = 0, max = 1, help = "between symbols (default 0.5)" },
    { "start-price", value = "X", type = "number", min = 0.01, max = 1e6, help = "first price (default 100)" },
    { "decimals", value = "N", type = "integer", min = 0, max = 6, default = 2, help = "of prices" },
    { "regime", help = "add the column regime: 0 calm, 1 trending, 2 volatile" },
    { "json", help = "print an array with one object for each file" },
    { "quiet", short = "q", help = "print nothing" },
  },
  max = 0,
}

local function write(spec, symbol, index, path)
  if common.is_column_file(path) then
    local show, clear = common.progress(path, spec.bars)
    local ok, message = synth.write(spec, symbol, index, path, show)
    clear()
    return ok, message
  end
  local bars, message = synth.bars(spec, symbol, index)
  if not bars then return nil, message end
  io.stdout:flush()
  if C.pln_bars_write_csv(bars, path) < 0 then return nil, abi.last_error() end
  return true
end

local function targets(opts)
  local symbols = common.split(opts.symbols)
  local made, seen = {}, {}
  for i, symbol in ipairs(symbols) do
    if symbol == "" or symbol:find "[/%c]" then
      args.usage_error(("--symbols: found '%s', expected names such as A,B"):format(opts.symbols), M)
    end
    local path = opts.out:gsub("{symbol}", (symbol:gsub("%%", "%%%%")))
    if seen[symbol] then args.usage_error(("--symbols: '%s' is listed twice"):format(symbol), M) end
    if #symbols > 1 and not opts.out:find("{symbol}", 1, true) then
      args.usage_error(("--out is '%s', expected {symbol} in it since there are %d symbols"):format(opts.out, #symbols),
        M)
    end
    if not common.is_column_file(path) and not path:lower():match "%.csv$" and path ~= "-" then
      args.usage_error(("--out is '%s', expected a name that ends in .plc or .csv, or -"):format(opts.out), M)
    end
    seen[symbol] = true
    made[i] = { symbol = symbol, path = path }
  end
  return made
end

function M.run(argv)
  local opts = args.parse(argv, M)
  if not opts.out then args.usage_error("--out FILE is missing", M) end
  local spec = {
    bars = opts.bars, seed = opts.seed, timeframe = opts.timeframe, start = opts.start, session = opts.session,
    volatility_ann_pct = opts.volatility, correlation = opts.correlation, start_price = opts.start_price,
    price_decimals = opts.decimals, regime = opts.regime,
  }
  local files = targets(opts)
  local ok, mistake = synth.options(spec, files[1].symbol, 0) -- before anything is written
  if not ok then return nil, mistake, 2 end
  local timeframe = ffi.new "char[16]"
  C.pln_timeframe_format(ok.timeframe, timeframe)
  local made = {}
  for i, file in ipairs(files) do
    local message
    ok, message = write(spec, file.symbol, i - 1, file.path)
    if not ok then return nil, message end
    made[i] = { path = file.path, symbol = file.symbol, bars = opts.bars, timeframe = ffi.string(timeframe) }
    if not opts.quiet and not opts.json and file.path ~= "-" then
      io.write(("%s: %d bars of %s\n"):format(file.path, opts.bars, made[i].timeframe))
    end
  end
  if opts.json then io.write(json.encode(json.array(made), { indent = 2 }), "\n") end
  return 0
end

return M

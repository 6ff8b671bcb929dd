--- perilune data convert IN OUT: between text and column files.
local ffi = require "ffi"
local abi = require "abi"
local args = require "args"
local common = require "cli.data.common"
local C = abi.C

local M = {
  help = "Convert data between text and column files",
  usage = "perilune data convert IN OUT [options]",
  options = common.with_read_options {
    { "resample", value = "TF", help = "make coarser bars, such as 1h, in the data's time zone" },
    { "quiet", short = "q", help = "print nothing" },
  },
  min = 2, max = 2,
  details = [[
OUT ends in .plc (column file), .csv or .txt (comma-separated text), or is - (text on standard output). Text has times
in ISO 8601 UTC and numbers that read back bit for bit.]],
}

local function resampled(bars, name)
  local timeframe = ffi.new "pln_timeframe"
  if C.pln_timeframe_parse(name, timeframe) < 0 then return nil, "--resample: " .. abi.last_error() end
  local made = C.pln_bars_resample(bars, timeframe, nil)
  if made == nil then return nil, abi.last_error() end
  return ffi.gc(made, C.pln_bars_free)
end

function M.run(argv)
  local opts = args.parse(argv, M)
  local from, to = opts[1], opts[2]
  local to_column = common.is_column_file(to)
  if not to_column and to ~= "-" and not to:lower():match "%.csv$" and not to:lower():match "%.txt$" then
    args.usage_error(("OUT is '%s', expected a name that ends in .plc, .csv or .txt, or -"):format(to), M)
  end
  if from == to then args.usage_error("IN and OUT are the same file", M) end
  local entry, message = common.load(from, opts, M)
  if not entry then return nil, message end
  local bars = entry.bars
  if opts.resample then
    bars, message = resampled(bars, opts.resample)
    if not bars then return nil, message end
  end
  local status
  if to_column then
    status = C.pln_column_write(to, bars, "converted from " .. from, nil)
  else
    io.stdout:flush()
    status = C.pln_bars_write_csv(bars, to)
  end
  if status < 0 then return nil, abi.last_error() end
  if not opts.quiet and to ~= "-" then
    local name = ffi.new "char[16]"
    C.pln_timeframe_format(bars.timeframe, name)
    io.write(("%s: %d bars of %s\n"):format(to, tonumber(bars.n_bars), ffi.string(name)))
  end
  return 0
end

return M

--- What `perilune features compute` and `plot` share: the bars of a file, the expressions, the rows that are meant.
local ffi = require "ffi"
local abi = require "abi"
local args = require "args"
local common = require "cli.data.common"
local data = require "data"
local feature = require "feature"
local C = abi.C

local M = {}

local RANGE_OPTIONS = {
  { "from", value = "TIME", help = "first bar: 2015-01-02, 2015-01-02T14:30 (in the data's time zone)" },
  { "to", value = "TIME", help = "end: bars that open before" },
  { "timeframe", value = "TF", help = "coarser bars than the file's, made from them: 5m, 1h, 1d …" },
}

--- Options of both, with more of a subcommand's own before them.
function M.with_options(own)
  local all = {}
  for _, option in ipairs(own) do all[#all + 1] = option end
  for _, option in ipairs(RANGE_OPTIONS) do all[#all + 1] = option end
  return common.with_read_options(all, "timeframe")
end

local function at_timeframe(bars, timeframe, timezone)
  local wanted = ffi.new "pln_timeframe"
  if C.pln_timeframe_parse(timeframe, wanted) < 0 then return nil, abi.last_error() end
  local made = C.pln_bars_resample(bars, wanted, timezone)
  if made == nil then return nil, abi.last_error() end
  return ffi.gc(made, C.pln_bars_free)
end

--- The bars of the file, and what the expressions' scopes ask for of the same symbol, made from them.
-- @param expressions list of texts
-- @return bars and the list of further streams, or nil and a message
function M.load(opts, expressions, command)
  local spec = common.spec(opts[1], opts, command)
  spec.timeframe = nil -- the option is about the features, not about the file
  local entry, message = data.load_one(spec, opts.symbol)
  if not entry then return nil, message end
  local bars = entry.bars
  local main, streams, seen = bars, {}, {}
  local own = entry.timeframe
  if opts.timeframe then
    own, message = data.timeframe_name(opts.timeframe)
    if not own then args.usage_error("--timeframe: " .. message, command) end
    if own ~= entry.timeframe then main, message = at_timeframe(bars, own, opts.timezone) end
    if not main then return nil, message end
  end
  seen[own] = true
  for _, expression in ipairs(expressions) do
    for _, scope in ipairs(feature.scopes(expression) or {}) do
      local symbol, timeframe = scope:match "^(.+)_(%w+)$"
      if symbol == entry.symbol and not seen[timeframe] then
        local other = timeframe == entry.timeframe and bars
        if not other then other, message = at_timeframe(bars, timeframe, opts.timezone) end
        if not other then return nil, message end
        seen[timeframe], streams[#streams + 1] = true, other
      end
    end
  end
  return main, streams
end

local function time_option(opts, name, bars, command)
  if not opts[name] then return nil end
  local ns = ffi.new "int64_t[1]"
  if C.pln_time_parse_iso(opts[name], C.pln_timezone_get(bars.timezone), ns) < 0 then
    args.usage_error(("--%s: %s"):format(name, abi.last_error()), command)
  end
  return tonumber(C.pln_bars_lower_bound(bars, ns[0]))
end

--- The rows that --from, --to, --head and --last (or --tail) mean: first, and last + 1. `default`: how many of the last
-- where nothing is said, nil: all.
function M.rows(opts, bars, default, command)
  local first = time_option(opts, "from", bars, command)
  local last = time_option(opts, "to", bars, command)
  local is_said = first or last or opts.head or opts.last
  first, last = first or 0, last or tonumber(bars.n_bars)
  if opts.head then last = math.min(last, first + opts.head) end
  local tail = opts.last or not is_said and default
  if tail then first = math.max(first, last - tail) end
  return first, math.max(first, last)
end

return M

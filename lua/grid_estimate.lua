--- What a sweep will take, before it starts: numbers, and a line for people.
--
--     local seconds = estimate.measure(plan, function(numbers, window) … run them … return seconds end)
--     print(estimate.of(plan, { workers = 2, seconds_per_bar_combo = seconds }).text)
local abi = require "abi"
local combos = require "combos"
local data_shared = require "data_shared"
local C = abi.C

local M = {}

-- Measured (x86-64, Debian 12): a Lua state with the engine's modules and a run's compiled loops; the containers and
-- statistics of one combo in one window; and bytes of a feature's column for each bar of a slice, with what it reads.
local COMBOS_AT_ONCE = 256 -- at most, where nothing is said (lua/sequencer.lua)
local THREAD_BYTES, PART_BYTES, COLUMN_BYTES = 24e6, 120e3, 16

-- Bars of a trial, and combos in it.
local TRIAL_BARS, TRIAL_COMBOS = 20000, 2

local function bars_within(symbol, window)
  local bars = symbol.bars
  local first = C.pln_bars_lower_bound(bars, window.from_ns)
  local last = C.pln_bars_lower_bound(bars, window.until_ns)
  return tonumber(last) - tonumber(first)
end

-- Bars that a combo of a plan is run over: of all its symbols in all windows.
local function bars_of(plan, windows)
  local count = 0
  for _, window in ipairs(windows) do
    for _, symbol in ipairs(plan.symbols) do count = count + bars_within(symbol, window) end
  end
  return count
end

-- Features that a combo's strategies ask for, at most.
local function n_features(plan, point)
  local count = 0
  for k, item in ipairs(plan.items) do
    local names = {}
    for i, stream in ipairs(item.streams) do names[i] = stream.name end
    local list = item.def.rule and { {} } or item.def:feature_list(point[k], names, names[1], plan.library) or {}
    for _, feature in ipairs(list) do count = count + (feature.exprs and #feature.exprs or 1) end
  end
  return count
end

--- The combos and the window of a trial: the first of the plan's combos (of one group) over the first bars of its
-- window.
-- @return list of numbers, window, and the bars of all of them together
function M.trial(plan)
  local grid, numbers = plan.grid, {}
  for n = 1, math.min(TRIAL_COMBOS, grid:size()) do
    if grid:group(n) == grid:group(1) then numbers[#numbers + 1] = n end
  end
  local base = grid:plan(1)
  local from, until_ns = plan.window.from_ns, plan.window.until_ns
  local bars = base.symbols[1].bars
  local first = tonumber(C.pln_bars_lower_bound(bars, from))
  local last = tonumber(C.pln_bars_lower_bound(bars, until_ns))
  local window = { number = 1, role = "full", from_ns = from, until_ns = until_ns }
  if first + TRIAL_BARS < last then window.until_ns = bars.ts_ns[first + TRIAL_BARS] end
  return numbers, window, bars_of(base, { window }) * #numbers
end

--- Seconds that a bar of a combo takes: the second of two trials, when loops are compiled.
-- @param run function(numbers, window) → seconds that it took, or nil and a message; nothing of it is kept
-- @return seconds, or nil and a message
function M.measure(plan, run)
  local numbers, window, bars = M.trial(plan)
  local seconds, err
  for _ = 1, 2 do
    seconds, err = run(numbers, window)
    if not seconds then return nil, err end
  end
  return bars > 0 and seconds / bars or 0
end

local function grouped(number)
  local text = ("%.0f"):format(number)
  local first = #text % 3
  local parts = { first > 0 and text:sub(1, first) or nil }
  for at = first + 1, #text, 3 do parts[#parts + 1] = text:sub(at, at + 2) end
  return table.concat(parts, ",")
end

local function duration(seconds)
  if seconds < 1 then return "less than a second" end
  if seconds < 100 then return ("about %.0f s"):format(seconds) end
  if seconds < 5400 then return ("about %.0f min"):format(seconds / 60) end
  if seconds < 48 * 3600 then return ("about %.1f h"):format(seconds / 3600) end
  return ("about %.1f days"):format(seconds / 86400)
end

local function memory(bytes)
  if bytes < 9.5e8 then return ("%.0f MB"):format(math.max(1, bytes / 1e6)) end
  return ("%.1f GB"):format(bytes / 1e9)
end

--- What a phase over all combos of a plan will take.
-- @param options { workers (1), windows = list of { from_ns, until_ns } (the plan's own), seconds_per_bar_combo = of
--   M.measure (nil: the time is left out), combos = how many (the grid's) }
-- @return { combos, windows, bars (of one combo, on average), bar_combos, seconds (nil without a measurement), bytes,
--   text }
function M.of(plan, options)
  options = options or {}
  local grid, workers = plan.grid, options.workers or 1
  local windows = options.windows or { plan.window }
  local size = grid:size()
  local per_combo, weight, of_block = 0, 0, {}
  for _, point in ipairs(grid.points or {}) do of_block[point.block] = (of_block[point.block] or 0) + 1 end
  for number, block in ipairs(grid.blocks) do
    local count = grid.points and (of_block[number] or 0) or block.count
    per_combo, weight = per_combo + count * bars_of(block.plan, windows), weight + count
  end
  per_combo = weight > 0 and per_combo / weight or 0
  local n = options.combos or size
  local made = { combos = n, windows = #windows, bars = per_combo, bar_combos = n * per_combo }
  if options.seconds_per_bar_combo then
    made.seconds = made.bar_combos * options.seconds_per_bar_combo / math.min(workers, math.max(n, 1))
  end
  local at_once = math.min(plan.engine.combos_at_once or COMBOS_AT_ONCE, math.max(n, 1))
  local features = size > 0 and n_features(grid:plan(1), grid:point(1)) or 1
  local part = PART_BYTES * #windows + features * COLUMN_BYTES * plan.engine.chunk_rows
  local valid = 0
  for _, block in ipairs(grid.blocks) do
    if block.valid then valid = valid + 4 * math.min(block.raw, combos.MAX) end
  end
  made.bytes = data_shared.bytes(plan.loaded or {}) + valid + (workers + (workers > 1 and 1 or 0)) * THREAD_BYTES
    + workers * at_once * part
  made.text = ("%s combo%s × %s%s bars: %s%s, %s"):format(grouped(n), n == 1 and "" or "s",
    #windows > 1 and ("%d windows × "):format(#windows) or "", grouped(per_combo / #windows),
    made.seconds and duration(made.seconds) or "time unknown",
    workers > 1 and (" on %d workers"):format(workers) or "", memory(made.bytes))
  return made
end

return M

--- The common start of a comparison: all combos are traded from the bar on with which the slowest of them is warm,
-- whatever their own warm-up.
local plans = require "plan"
local topology = require "topology"

local M = {}

local AT_ONCE = 64 -- combos whose features are in one hub

--- Open time of the first bar with which all combos of a plan are warm (int64); nil where none ever is; or nil and a
-- message.
function M.of(plan)
  local latest, list = nil, {}
  for n = 1, plan.grid:size() do
    list[#list + 1] = plans.of_combo(plans.in_window(plan, plan.window), n, {})
    if #list == AT_ONCE or n == plan.grid:size() or plan.grid:group(n + 1) ~= plan.grid:group(n) then
      local ts_ns, err = topology.warmup(list)
      if not ts_ns and type(err) == "string" then return nil, err end
      if ts_ns and (not latest or ts_ns > latest) then latest = ts_ns end
      list = {}
    end
  end
  return latest
end

--- Cuts what lies before the common start off the windows of folds.
-- @param folds of windows.make; windows = their distinct windows
-- @return true, or nil and a message
function M.apply(plan, folds, windows)
  local start, err = M.of(plan)
  if err then return nil, err end
  local function cut(window)
    if start and window.from_ns < start then window.from_ns = start end
    if window.from_ns >= window.until_ns then
      return nil, ("fold %s: the slowest combo is not warm before the window's end: make `train` longer, or the "
        .. "warm-up shorter"):format(tostring(window.fold))
    end
    return true
  end
  for _, window in ipairs(windows) do
    local ok, message = cut(window)
    if not ok then return nil, message end
  end
  for _, fold in ipairs(folds) do
    for _, window in ipairs(fold.train) do cut(window) end
    for _, window in ipairs(fold.test) do cut(window) end
  end
  return true
end

return M

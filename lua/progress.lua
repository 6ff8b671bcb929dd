--- A progress bar on standard error for what takes longer than a second; none where that is no terminal.
--
--     local bar = progress.new { quiet = false }
--     local task = bar:task { name = "merge", total = 64, unit = "parts" }
--     for k = 1, 64 do … task.done(1) end
--     task.clear()
--
-- shows "merge  ━━━━━━╌╌╌╌╌╌  43 %  28 of 64 parts  3.1 parts/s  00:00:12 left".
local abi = require "abi"
local stats = require "stats"
local tabulate = require "tabulate"
local terminal = require "terminal"

local M = {}

local WAIT_S = 1          -- nothing is drawn before
local INTERVAL_S = 0.125  -- between two drawings
local BAR_COLUMNS = 24
local CLEAR = "\r\27[K"

local Bar = {}
Bar.__index = Bar

local function monotonic_s() return tonumber(abi.C.pln_clock_monotonic_ns()) / 1e9 end

local SCALES = { { 1e12, "T" }, { 1e9, "G" }, { 1e6, "M" }, { 1e3, "k" } }

--- A rate for people: "12.3 M", "850", "0.40".
function M.rate(value)
  if value ~= value or value == math.huge then return "-" end
  for k = 1, #SCALES do
    if value >= SCALES[k][1] then return ("%.3g %s"):format(value / SCALES[k][1], SCALES[k][2]) end
  end
  return (value >= 10 and "%.0f" or "%.2f"):format(value)
end

--- A bar for one command, which does one thing after another.
-- @param options { quiet = true: draws nothing; and for tests: write = function(text), watched = boolean, width,
--   unicode, now = function() → seconds }
function M.new(options)
  options = options or {}
  local watched = options.watched
  if watched == nil then watched = not options.quiet and terminal.is_terminal(2) end
  local look = watched and terminal.describe { fd = 2, width = options.width, unicode = options.unicode } or {}
  return setmetatable({
    watched = watched, drawn = false, width = look.width, unicode = look.unicode, now = options.now or monotonic_s,
    write = options.write or function(text) io.stderr:write(text) end,
  }, Bar)
end

--- Removes the line, for what is written in its place; it comes back by itself.
function Bar:clear()
  if not self.drawn then return end
  self.drawn = false
  self.write(CLEAR)
end

local function gauge(self, share)
  local full = math.floor(BAR_COLUMNS * share)
  if self.unicode then return ("━"):rep(full) .. ("╌"):rep(BAR_COLUMNS - full) end
  return "[" .. ("#"):rep(full) .. ("."):rep(BAR_COLUMNS - full) .. "]"
end

local function line_of(self, task, units, seconds)
  local share = task.total > 0 and math.min(1, units / task.total) or 1
  local parts = {
    task.name, gauge(self, share), ("%3.0f %%"):format(math.floor(100 * share)),
    ("%s of %s %s"):format(tabulate.number(math.floor(units), 0), tabulate.number(task.total, 0), task.unit),
  }
  local rate = units / seconds
  parts[#parts + 1] = task.bars and M.rate(rate * task.bars) .. " bars x combos/s" or M.rate(rate) .. " " .. task.unit
    .. "/s"
  if units > 0 then parts[#parts + 1] = stats.duration(math.ceil((task.total - units) / rate)) .. " left" end
  -- What does not fit is left out: first the gauge, then from the end.
  local text = table.concat(parts, "  ")
  if terminal.columns(text) >= self.width then table.remove(parts, 2) end
  repeat
    text = table.concat(parts, "  ")
    if terminal.columns(text) < self.width then return text end
    table.remove(parts)
  until #parts == 0
  return ""
end

--- Begins something.
-- @param spec { name = "sweep", total = how many units, unit = "combos", bars = bars that a unit goes through, where
--   that is what the rate is about }
-- @return { part = function(units, rows): so many more are on their way and have seen so many rows; done =
--   function(units): so many more are done; clear = function(): the end, removes the line }
function Bar:task(spec)
  local began_s, shown_s, done = self.now(), -math.huge, 0
  local function draw(units)
    if not self.watched then return end
    local now_s = self.now()
    if now_s - began_s < WAIT_S or now_s - shown_s < INTERVAL_S then return end
    shown_s, self.drawn = now_s, true
    self.write(CLEAR .. line_of(self, spec, units, now_s - began_s))
  end
  return {
    part = function(units, rows)
      draw(done + units * (spec.bars and spec.bars > 0 and math.min(1, rows / spec.bars) or 0))
    end,
    done = function(units)
      done = done + units
      draw(done)
    end,
    clear = function() self:clear() end,
  }
end

--- A phase of so many combos (lua/sequencer.lua).
function Bar:phase(phase, n_combos)
  return self:task { name = phase.name, total = n_combos, unit = "combos", bars = phase.plan.n_bars }
end

return M

--- What runs in a worker thread (abi/workers.h): takes tasks, has a module compute them, gives back what came of them.
-- The other side is lua/workers.lua.
--
-- A task comes with the number of a setup, which names the module: `require(setup.module).new(setup, tools)` makes a
-- function(task) that returns the task's outcome, or nil and a message. It is made once for each setup. `tools` has
--   setup(number)   another setup, decoded
--   kept            a table that lives as long as the thread: what several setups share
--   log(...)        plain values that `on_log` of the pool gets, in the order of the tasks
--   part(value)     how far the task is; told at most four times a second
require("safe_pairs").install(_G)

local ffi = require "ffi"
local abi = require "abi"
local config = require "config"
local pack = require "pack"
local C = abi.C

local LOG_LINES = 200              -- that are sent together
local PART_INTERVAL_NS = 250000000LL

local function give(message)
  local text = pack.encode(message)
  if C.pln_worker_give(text, #text) < 0 then error(abi.last_error(), 0) end
end

local task_id, lines, told_ns

local function send_log()
  if #lines == 0 then return end
  give { id = task_id, log = lines }
  lines = {}
end

local setups, functions = {}, {}

local function setup_of(number)
  if not setups[number] then
    local message = C.pln_worker_setup(number)
    if message == nil then error(("there is no setup %d"):format(number), 0) end
    setups[number] = pack.decode(ffi.string(message.bytes, message.length))
  end
  return setups[number]
end

local tools = { setup = setup_of, kept = {} }

function tools.log(...)
  lines[#lines + 1] = { ... }
  if #lines >= LOG_LINES then send_log() end
end

function tools.part(value)
  local now = C.pln_clock_monotonic_ns()
  if now - told_ns < PART_INTERVAL_NS then return end
  told_ns = now
  give { id = task_id, part = value }
end

local function compute(number, task)
  if not functions[number] then
    local setup = setup_of(number)
    local made, err = require(setup.module).new(setup, tools)
    if not made then return nil, err end
    functions[number] = made
  end
  return functions[number](task)
end

local message = C.pln_worker_take()
while message ~= nil do
  local sent = pack.decode(ffi.string(message.bytes, message.length))
  task_id, lines, told_ns = sent.id, {}, C.pln_clock_monotonic_ns()
  local ok, outcome, err = pcall(compute, message.worker, sent.task)
  if not ok then outcome, err = nil, outcome end
  -- What is said of a lack of memory needs some itself.
  local limit = C.pln_host_set_memory_limit(0)
  send_log()
  if outcome == nil then
    local lines_of = config.problem_lines(err == nil and "the task has no outcome" or err)
    give { id = task_id, error = table.concat(lines_of, "\n") }
  else
    give { id = task_id, outcome = outcome }
  end
  C.pln_host_set_memory_limit(limit)
  message = C.pln_worker_take()
end

--- Pools of worker threads, each with a Lua state of its own (lua/worker.lua), and the tasks that they share.
--
--     local pool = assert(workers.new { n = 2 })
--     assert(pool:use { module = "my_module", … })        -- plain values (lua/pack.lua)
--     for k = 1, 10 do assert(pool:send { number = k }) end
--     for _ = 1, 10 do local message = pool:receive(1) … end
--     pool:close()
--
-- Idle workers take the next task, so that outcomes come in any order; log lines and failures come in the order of the
-- tasks, as if one thread had done them all: lines wait for the tasks before theirs, and of several tasks that failed
-- the first is told, once all before it are done.
local ffi = require "ffi"
local abi = require "abi"
local config = require "config"
local data_shared = require "data_shared"
local pack = require "pack"
local C = abi.C

local M = {}

local Pool = {}
Pool.__index = Pool

--- Starts a pool.
-- @param options { n = threads, on_log = function(…) that gets what tools.log of a worker was given, file = nil or
--   another file than lua/worker.lua, setup = nil or what cells of a run are computed with, for `phase`:
--   { config = cfg, file = where it was read, db = path, run = id, plan = plan, log = function(instance, message) } }
-- @return the pool, which has the number of its threads as `n`; or nil and a message
function M.new(options)
  local handle = C.pln_workers_new(options.n, options.file or "worker")
  if handle == nil then return nil, abi.last_error() end
  local self = setmetatable({
    handle = ffi.gc(handle, C.pln_workers_free), n = options.n, on_log = options.on_log or function() end,
    sent = 0, finished = 0, done = {}, lines = {}, setup = -1, kept = options.setup,
  }, Pool)
  if options.setup then
    local ok, err = self:_of_run(options.setup)
    if not ok then
      self:close()
      return nil, err
    end
  end
  return self
end

--- What the workers compute the tasks with that are sent from now on.
-- @param setup { module = name of a module for `require`, and whatever else its `new` takes }
-- @return the setup's number, or nil and a message
function Pool:use(setup)
  local text = pack.encode(setup)
  local number = C.pln_workers_add_setup(self.handle, text, #text)
  if number < 0 then return nil, abi.last_error() end
  self.setup = number
  return number
end

-- The setup of a run, which its phases' cite.
function Pool:_of_run(setup)
  local log = setup.log
  if log then
    self.on_log = function(ts_ns, id, message)
      log({ id = id, now_ns = function() return ts_ns end }, message)
    end
  end
  local number, err = self:use { tree = config.tree(setup.config), file = setup.file, db = setup.db, run = setup.run }
  self.of_run = number
  return number, err
end

--- Cells of a phase are sent from now on (lua/cell_worker.lua).
-- @param description of the phase, plain values
-- @return true, or nil and a message
function Pool:phase(description)
  local number, err = self:use {
    module = "cell_worker", of_run = self.of_run, phase = description,
    loaded = data_shared.describe(self.kept.plan.loaded),
  }
  return number and true, err
end

--- Sends a task: plain values.
-- @return true, or nil and a message
function Pool:send(task)
  if self.failed then return true end -- `receive` is about to tell
  local id = self.sent + 1
  local text = pack.encode { id = id, task = task }
  if C.pln_workers_send(self.handle, self.setup, text, #text) < 0 then return nil, abi.last_error() end
  self.sent = id
  return true
end

-- Writes the lines of tasks before which all are done, and of the first that is not.
function Pool:_write_lines()
  while true do
    local id = self.finished + 1
    for _, line in ipairs(self.lines[id] or {}) do self.on_log(unpack(line, 1, #line)) end
    self.lines[id] = nil
    if not self.done[id] then return end
    self.done[id] = nil
    self.finished = id
  end
end

function Pool:_fail(id, text)
  if not self.failed or id < self.failed.id then self.failed = { id = id, error = text } end
  C.pln_workers_take_back(self.handle)
end

-- What a message is to the owner of the pool; nil: nothing.
function Pool:_sort(message)
  if message.log then
    local kept = self.lines[message.id] or {}
    for _, line in ipairs(message.log) do kept[#kept + 1] = line end
    self.lines[message.id] = kept
    self:_write_lines()
    return nil
  elseif message.error then
    self:_fail(message.id, message.error)
    return nil
  elseif message.part then
    return message
  end
  self.done[message.id] = true
  self:_write_lines()
  local outcome = type(message.outcome) == "table" and message.outcome or { value = message.outcome }
  outcome.done, outcome.id = true, message.id
  return outcome
end

--- The next thing that a worker told.
-- @param timeout_s seconds for which it waits at most
-- @return nil (nothing yet), or a table: the outcome of a task with `done` = true and `id` = the task's place among
--   those that were sent, from 1; { id, part = what tools.part was given }; or { error = text }, after which nothing
--   comes
function Pool:receive(timeout_s)
  local began_ns = C.pln_clock_monotonic_ns()
  while true do
    if self.failed and self.failed.id <= self.finished + 1 then
      self.lines = {}
      return { error = self.failed.error }
    end
    local waited_s = tonumber(C.pln_clock_monotonic_ns() - began_ns) / 1e9
    local message = C.pln_workers_receive(self.handle, math.max(0, timeout_s - waited_s))
    if message == nil then
      if C.pln_workers_running(self.handle) > 0 then return nil end
      return { error = self.failed and self.failed.error or "all workers have ended" }
    end
    local text = ffi.string(message.bytes, message.length)
    if message.kind == C.PLN_MESSAGE_FAILED then return { error = text } end
    local told = self:_sort(pack.decode(text))
    if told then return told end
  end
end

--- Ends the threads: what they are about is given up. Harmless when repeated.
function Pool:close()
  local handle = self.handle
  if handle == nil then return end
  self.handle = nil
  C.pln_workers_free(ffi.gc(handle, nil))
end

--- Number of threads for a setting: "auto" is the processors that this process may use; nil is 1.
function M.count(setting)
  if setting == "auto" then return C.pln_processors() end
  return setting or 1
end

return M

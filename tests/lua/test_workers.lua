-- Pools of worker threads: what comes back, in which order, and what is told of failures.
local workers = require "workers"

TestWorkers = {}

local SCRATCH = os.tmpname()
os.remove(SCRATCH)

local COMPUTE = [[
local C = require("abi").C
local M = {}
function M.new(setup, tools)
  tools.kept.made = (tools.kept.made or 0) + 1
  return function(task)
    if task.wait then
      local until_ns = C.pln_clock_monotonic_ns() + task.wait * 1e9
      while C.pln_clock_monotonic_ns() < until_ns and C.pln_stop_requested() == 0 do end
    end
    for k = 1, task.lines or 0 do tools.log(task.number, k) end
    if task.fail then return nil, "task " .. task.number .. " failed" end
    if task.raise then error("task " .. task.number .. " raised", 0) end
    if task.eat then
      C.pln_host_set_memory_limit(20e6)
      local t = {}
      for k = 1, 1e9 do t[k] = { k } end
    end
    return { number = task.number, square = task.number ^ 2 + (setup.add or 0), made = tools.kept.made,
      of = setup.other and tools.setup(setup.other).name }
  end
end
return M
]]

local function write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
end

local pools = {}

-- A pool whose threads find the module above; and the module's name.
local function open(n, on_log)
  local folder, name = SCRATCH:match "^(.*/)([^/]*)$"
  write(SCRATCH .. ".lua", COMPUTE)
  write(SCRATCH .. "_worker.lua", ("package.path = %q .. package.path\ndofile(%q)\n"):format(folder .. "?.lua;",
    require("ffi").string(require("abi").C.pln_host_home()) .. "/lua/worker.lua"))
  local pool = assert(workers.new { n = n, on_log = on_log, file = SCRATCH .. "_worker.lua" })
  pools[#pools + 1] = pool
  assert(pool:use { module = name })
  return pool, name
end

function TestWorkers.tearDown()
  for _, pool in ipairs(pools) do pool:close() end
  pools = {}
  os.remove(SCRATCH .. ".lua")
  os.remove(SCRATCH .. "_worker.lua")
end

local function collect(pool, n)
  local squares = {}
  for _ = 1, n do
    local message = pool:receive(20)
    lu.assertNotNil(message)
    if message.error then return nil, message.error end
    if message.done then squares[message.number] = message.square end
  end
  return squares
end

function TestWorkers.test_outcomes_come_back_whatever_the_number_of_workers()
  for _, n in ipairs { 1, 2, 5 } do
    local pool = open(n)
    for k = 1, 40 do assert(pool:send { number = k }) end
    local squares = assert(collect(pool, 40))
    for k = 1, 40 do lu.assertEquals(squares[k], k * k) end
    lu.assertNil(pool:receive(0))
    pool:close()
    pool:close()
  end
end

function TestWorkers.test_a_setup_is_made_once_for_each_thread()
  local pool, name = open(1)
  local first = assert(pool:use { name = "the first" })
  assert(pool:use { module = name, add = 100, other = first })
  for k = 1, 3 do assert(pool:send { number = k }) end
  for k = 1, 3 do
    local message = pool:receive(20)
    lu.assertEquals(message.square, k * k + 100)
    lu.assertEquals(message.of, "the first")
    lu.assertEquals(message.made, 1)
  end
  assert(pool:use { module = name, add = 1000 })
  assert(pool:send { number = 1 })
  local message = pool:receive(20)
  lu.assertEquals({ message.square, message.made }, { 1001, 2 })
end

function TestWorkers.test_log_lines_stand_in_the_order_of_the_tasks()
  local seen = {}
  local pool = open(3, function(number, k) seen[#seen + 1] = number * 1000 + k end)
  for k = 1, 12 do assert(pool:send { number = k, wait = k % 3 == 1 and 0.05 or 0, lines = k == 5 and 450 or 2 }) end
  assert(collect(pool, 12))
  local want = {}
  for k = 1, 12 do
    for line = 1, k == 5 and 450 or 2 do want[#want + 1] = k * 1000 + line end
  end
  lu.assertEquals(seen, want)
end

function TestWorkers.test_the_first_failure_is_told_whichever_comes_first()
  for _, n in ipairs { 1, 2, 4 } do
    local pool = open(n)
    for k = 1, 20 do
      assert(pool:send { number = k, wait = k == 6 and 0.1 or 0, fail = k == 6 or k == 7, raise = k == 8 })
    end
    local squares, err = collect(pool, 20)
    lu.assertNil(squares)
    lu.assertEquals(err, "task 6 failed")
    lu.assertEquals(pool:receive(0).error, err)
    lu.assertTrue(pool:send { number = 21 })
    pool:close()
  end
end

function TestWorkers.test_errors_of_lua_and_of_memory_are_messages()
  local pool = open(2)
  assert(pool:send { number = 1, raise = true })
  lu.assertEquals(pool:receive(20).error, "task 1 raised")
  pool = open(2)
  assert(pool:send { number = 1, eat = true })
  lu.assertStrContains(pool:receive(20).error, "not enough memory")
  pool = assert(workers.new { n = 1 })
  pools[#pools + 1] = pool
  assert(pool:use { module = "no_such_module" })
  assert(pool:send {})
  lu.assertStrContains(pool:receive(20).error, "module 'no_such_module' not found")
end

function TestWorkers.test_closing_does_not_wait_for_what_is_under_way()
  local pool = open(2)
  for k = 1, 10 do assert(pool:send { number = k, wait = 60 }) end
  local before = os.time()
  pool:close()
  lu.assertTrue(os.time() - before < 10)
end

function TestWorkers.test_counts()
  lu.assertEquals({ workers.count(nil), workers.count(3) }, { 1, 3 })
  lu.assertTrue(workers.count "auto" >= 1)
  local pool, err = workers.new { n = 0 }
  lu.assertNil(pool)
  lu.assertStrContains(err, "0 workers, expected 1 to 1024")
end

-- CSV exports: the contract that scripts rely on.
local ffi = require "ffi"
local abi = require "abi"
local export = require "export"
local shell = require "shell"
local C = abi.C

TestStoreExport = {}

local function read(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read "*a"
  file:close()
  return text
end

local function temporary()
  local path = os.tmpname()
  os.remove(path)
  return path
end

local function a_trade()
  local t = ffi.new "pln_trade[2]"
  t[0] = { id = 1, entry_ts_ns = 1104710400000000000LL, exit_ts_ns = 1104796800000000000LL, entry_bar = 3, exit_bar = 4,
    quantity = 17, entry_price = 0.1, exit_price = 100, pnl = -1 / 3, return_pct = 1e-5, fees = 0, instrument = 1,
    side = 1, exit_reason = C.PLN_EXIT_TAKE_PROFIT }
  t[1] = { id = 2, entry_ts_ns = -1, exit_ts_ns = 1, quantity = 1e22, entry_price = 0 / 0, exit_price = 1 / 0,
    side = -1, is_open = 1 }
  return t
end

function TestStoreExport.test_trades()
  local path = temporary()
  local w = assert(export.trades(path))
  lu.assertNil(read(path))
  assert(w:add("c0001", a_trade(), 2, { "A,B", "SPY" }))
  lu.assertNil(read(path), "the file appears when it is complete")
  assert(w:close())
  lu.assertEquals(read(path), "combo,trade,symbol,side,entry_time,entry_price,exit_time,exit_price,quantity,pnl,"
    .. "return_pct,fees,entry_bar,exit_bar,exit_reason\n"
    .. "c0001,1,SPY,long,2005-01-03T00:00:00Z,0.10000000000000001,2005-01-04T00:00:00Z,100,17,-0.33333333333333331,"
    .. "1.0000000000000001e-05,0,3,4,take_profit\n"
    .. 'c0001,2,"A,B",short,1969-12-31T23:59:59.999999999Z,,1970-01-01T00:00:00.000000001Z,,1e+22,0,0,0,0,0,open\n')
  os.remove(path)
end

function TestStoreExport.test_equity_and_its_drawdown_across_chunks_and_curves()
  local path = temporary()
  local w = assert(export.equity(path))
  local function add(combo, first, values)
    local n = #values
    local ts, equity = ffi.new("int64_t[?]", n), ffi.new("double[?]", n, values)
    for i = 0, n - 1 do ts[i] = 1420070400000000000LL + (first + i) * 43200500000000LL end
    assert(w:add(combo, ffi.new("pln_equity_rows", n, n, ts, equity, equity), "main"))
  end
  add("c0001", 0, { 100, 200 })
  add("c0002", 0, { 50 })
  add("c0001", 2, { 150, 300 })
  add("c0002", 1, { 25 })
  assert(w:close())
  lu.assertEquals(read(path), [[
combo,time,equity,cash,drawdown_pct
c0001,2015-01-01T00:00:00Z,100,100,0
c0001,2015-01-01T12:00:00.500Z,200,200,0
c0002,2015-01-01T00:00:00Z,50,50,0
c0001,2015-01-02T00:00:01Z,150,150,25
c0001,2015-01-02T12:00:01.500Z,300,300,0
c0002,2015-01-01T12:00:00.500Z,25,25,50
]])
  os.remove(path)
end

function TestStoreExport.test_times_equal_the_c_formatter()
  local path = temporary()
  local w = assert(export.equity(path))
  local n = 5000
  local ts, equity = ffi.new("int64_t[?]", n), ffi.new("double[?]", n, 1)
  local seed, expected, text = 7, {}, ffi.new "char[40]"
  for i = 0, n - 1 do
    seed = seed * 16807 % 2147483647
    -- Near neighbours, far jumps, fractions, both sides of 1970.
    local step = seed % 3 == 0 and seed * 100000000LL or seed % 3 == 1 and seed % 90000 * 1000000000LL or 0LL + seed
    ts[i] = (seed % 2 == 0 and -1 or 1) * step
    C.pln_time_format_iso(ts[i], text)
    expected[#expected + 1] = ffi.string(text)
  end
  assert(w:add("c", ffi.new("pln_equity_rows", n, n, ts, equity, equity)))
  assert(w:close())
  local i = 0
  for time in read(path):gmatch "c,([^,]+),1" do
    i = i + 1
    lu.assertEquals(time, expected[i])
  end
  lu.assertEquals(i, n)
  os.remove(path)
end

function TestStoreExport.test_orders()
  local path = temporary()
  local w = assert(export.orders(path))
  local orders = ffi.new "pln_order[2]"
  orders[0] = { id = 1, created_ns = 0, updated_ns = 86400000000000LL, quantity = 5, filled = 5,
    average_fill_price = 10.5, fees = 0.25, side = 1, type = C.PLN_ORDER_LIMIT,
    status = C.PLN_STATUS_FILLED, limit_price = 11, tag = -3 }
  orders[1] = { id = 2, side = -1, type = C.PLN_ORDER_STOP, tif = C.PLN_TIF_IOC, status = C.PLN_STATUS_EXPIRED,
    stop_price = 9, quantity = 1, refusal = C.PLN_REFUSAL_EXPIRED, reason = C.PLN_EXIT_ORDER }
  assert(w:add("c0001", orders, 2, { "SPY" }))
  assert(w:close())
  lu.assertEquals(read(path), "combo,order,symbol,side,type,tif,created_time,updated_time,status,quantity,filled,"
    .. "limit_price,stop_price,average_fill_price,fees,refusal,reason,tag,parent,replaces\n"
    .. "c0001,1,SPY,buy,limit,gtc,1970-01-01T00:00:00Z,1970-01-02T00:00:00Z,filled,5,5,11,,10.5,0.25,,signal,-3,,\n"
    .. "c0001,2,SPY,sell,stop,ioc,1970-01-01T00:00:00Z,1970-01-01T00:00:00Z,expired,1,0,,9,,0,expired,order,0,,\n")
  os.remove(path)
end

function TestStoreExport.test_many_rows_pass_the_buffer()
  local path = temporary()
  local w = assert(export.trades(path))
  local t = a_trade()
  for _ = 1, 5000 do assert(w:add("c0001", t, 1, { "A", "SPY" })) end
  assert(w:close())
  local text = read(path)
  local _, lines = text:gsub("\n", "")
  lu.assertEquals(lines, 5001)
  local _, same = text:gsub("\nc0001,1,SPY,long,[^\n]+,take_profit%f[\n]", "")
  lu.assertEquals(same, 5000)
  os.remove(path)
end

function TestStoreExport.test_abandoned_files_leave_nothing()
  local path = temporary()
  local w = assert(export.trades(path))
  assert(w:add("c0001", a_trade(), 2, { "SPY" }))
  w:abort()
  lu.assertNil(read(path))
  local left = io.popen("ls " .. path .. "* 2>/dev/null")
  lu.assertEquals(left:read "*a", "")
  left:close()
end

function TestStoreExport.test_failures_are_told()
  local w, message = export.trades "/nonexistent/folder/x.csv"
  lu.assertNil(w)
  lu.assertStrContains(message, "/nonexistent/folder/x.csv: opening the export")
  w, message = export.trades "/tmp"
  lu.assertNil(w)
  lu.assertStrContains(message, "Is a directory")
  local full = io.open("/dev/full", "w")
  if full then
    full:close()
    w = assert(export.trades "/dev/full")
    local ok
    ok, message = w:close()
    lu.assertNil(ok)
    lu.assertStrContains(message, "/dev/full: writing the export: No space left on device")
  end
  w = assert(export.equity(temporary()))
  w:abort()
  lu.assertErrorMsgContains("the export is closed", function() w:close() end)
end

function TestStoreExport.test_standard_output()
  local script = shell.temporary [[
    local export = require "export"
    io.write("before\n")
    for _, path in ipairs { "-", "/dev/stdout" } do
      local w = assert(export.equity(path))
      assert(w:close())
    end
    io.write("after\n")]]
  local got = shell.perilune { "exec", script }
  os.remove(script)
  lu.assertEquals(got.err, "")
  local header = "combo,time,equity,cash,drawdown_pct\n"
  lu.assertEquals(got.out, "before\n" .. header .. header .. "after\n")
end

function TestStoreExport.test_a_link_stays_a_link()
  local path, link = temporary(), temporary()
  assert(io.open(path, "w")):close()
  assert(os.execute(("ln -s %s %s"):format(path, link)) == 0)
  local w = assert(export.equity(link))
  assert(w:close())
  lu.assertEquals(read(path), "combo,time,equity,cash,drawdown_pct\n")
  lu.assertEquals(os.execute(("test -L %s"):format(link)), 0)
  os.remove(path)
  os.remove(link)
end

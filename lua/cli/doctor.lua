--- perilune doctor: what is installed, what is missing, and how to get it.
local ffi = require "ffi"
local abi = require "abi"
local args = require "args"
local json = require "json"
local terminal = require "terminal"
local C = abi.C

local FOLDERS = { "lua", "strategies", "examples" }
local CPU_FLAGS = { "sse4_2", "avx", "avx2", "fma", "avx512f", "asimd" }
local ZONES = { "America/New_York", "Europe/London", "Asia/Tokyo" }
local TOOLS = { "cmake", "ninja", "ctest", "luajit", "clang", "clang-format", "clang-tidy", "luacheck" }

local M = {
  help = "Check the installation: what is there, what is missing, how to get it",
  usage = "perilune doctor [--json]",
  options = { { "json", help = "print one JSON object" } },
  max = 0,
  details = "Exit status 1 when something that Perilune needs does not work.",
}

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

-- Each check returns a list of { name, state = "ok" | "missing" | "note", detail, fix }.

local function program()
  local home = ffi.string(C.pln_host_home())
  local found = {
    { name = "perilune", state = "ok", detail = ffi.string(C.pln_version()) .. ", " .. ffi.string(C.pln_build_info()) },
    { name = "home", state = "ok", detail = home },
  }
  for _, folder in ipairs(FOLDERS) do
    local handle = C.pln_folder_new(home .. "/" .. folder, "")
    if handle == nil then
      found[#found + 1] = { name = folder .. "/", state = folder == "lua" and "missing" or "note",
        detail = "not in " .. home, fix = "set PERILUNE_HOME to the folder that holds it" }
    else
      C.pln_folder_free(handle)
    end
  end
  return found
end

local function luajit()
  local enabled = jit.status()
  local flags = { select(2, jit.status()) }
  return {
    { name = "luajit", state = "ok", detail = ("%s, %s, %s"):format(jit.version, jit.arch,
      ffi.abi "gc64" and "64-bit memory (GC64)" or "memory below 2 GB (no GC64)") },
    enabled and { name = "jit compiler", state = "ok", detail = table.concat(flags, " ") }
      or { name = "jit compiler", state = "missing", detail = "switched off: strategies run 20 to 50 times slower",
        fix = "do not call jit.off(); on this processor LuaJIT may have no compiler" },
  }
end

local function libraries()
  local names = {}
  for name, version in ffi.string(C.pln_host_libraries()):gmatch("(%S+) (%S+)\n") do
    names[#names + 1] = name .. " " .. version
  end
  return { { name = "libraries", state = "ok", detail = table.concat(names, ", ") } }
end

local function processor()
  local file = io.open "/proc/cpuinfo"
  if not file then return { { name = "processor", state = "note", detail = "/proc/cpuinfo cannot be read" } } end
  local text = file:read "*a"
  file:close()
  local _, count = text:gsub("\nprocessor%s*:", "")
  if text:match "^processor%s*:" then count = count + 1 end
  local flags = " " .. (text:match "\nflags%s*: ([^\n]*)" or text:match "\nFeatures%s*: ([^\n]*)" or "") .. " "
  local features = {}
  for _, flag in ipairs(CPU_FLAGS) do
    if flags:find(" " .. flag .. " ", 1, true) then features[#features + 1] = flag end
  end
  return { { name = "processor", state = "ok", detail = ("%s, %d x, %s"):format(
    text:match "\nmodel name%s*: ([^\n]*)" or jit.arch, math.max(count, 1), table.concat(features, " ")) } }
end

local function time_zones()
  for _, zone in ipairs(ZONES) do
    if C.pln_timezone_get(zone) == nil then
      return { { name = "time zones", state = "missing", detail = abi.last_error(), fix = "apt-get install tzdata" } }
    end
  end
  return { { name = "time zones", state = "ok", detail = "the system's tz database" } }
end

local function folders()
  local found = {}
  local function writable(name, folder, fix)
    local status, message = abi.check(C.pln_host_check_writable(folder))
    found[#found + 1] = { name = name, state = status and "ok" or "note",
      detail = status and folder .. " can be written" or message, fix = not status and fix or nil }
  end
  writable("database", ".", "results go to perilune.db in the current folder: name another place with --db FILE")
  writable("temporary files", os.getenv "TMPDIR" or "/tmp", "set TMPDIR to a folder that can be written")
  for folder in (os.getenv "PERILUNE_PATH" or ""):gmatch "[^:]+" do
    local handle = C.pln_folder_new(folder, ".lua")
    found[#found + 1] = handle ~= nil
      and { name = "PERILUNE_PATH", state = "ok", detail = ("%s: %d Lua files"):format(folder,
        C.pln_folder_count(handle)) }
      or { name = "PERILUNE_PATH", state = "missing", detail = abi.last_error(), fix = "correct PERILUNE_PATH" }
    if handle ~= nil then C.pln_folder_free(handle) end
  end
  return found
end

local function screen()
  local t = terminal.describe()
  return { { name = "terminal", state = "ok", detail = ("%d columns, %s, %s"):format(t.width,
    t.unicode and "Unicode" or "plain text", t.color and "colour" or "no colour") } }
end

local function on_path(program_name)
  for folder in (os.getenv "PATH" or ""):gmatch "[^:]+" do
    if exists(folder .. "/" .. program_name) then return folder .. "/" .. program_name end
  end
end

-- What developing needs, in a source tree only.
local function development()
  if not exists(ffi.string(C.pln_host_home()) .. "/CMakeLists.txt") then return {} end
  local there, missing = {}, {}
  for _, name in ipairs(TOOLS) do
    local list = on_path(name) and there or missing
    list[#list + 1] = name
  end
  local found = { { name = "development", state = "ok", detail = table.concat(there, ", ") } }
  if #missing > 0 then
    found[2] = { name = "development", state = "note", detail = "not found: " .. table.concat(missing, ", "),
      fix = "scripts/setup --dev" }
  end
  return found
end

--- All findings, in the order in which they are shown.
function M.findings()
  local all = {}
  for _, check in ipairs { program, luajit, libraries, processor, time_zones, folders, screen, development } do
    for _, finding in ipairs(check()) do all[#all + 1] = finding end
  end
  return all
end

function M.run(argv)
  local opts = args.parse(argv, M)
  local findings, missing = M.findings(), 0
  for _, finding in ipairs(findings) do
    if finding.state == "missing" then missing = missing + 1 end
  end
  if opts.json then
    local list = json.array {}
    for i, finding in ipairs(findings) do
      list[i] = json.object { { "name", finding.name }, { "state", finding.state }, { "detail", finding.detail },
        { "fix", finding.fix or json.null } }
    end
    io.write(json.encode(json.object { { "ok", missing == 0 }, { "findings", list } }), "\n")
  else
    for _, finding in ipairs(findings) do
      io.write(("%-8s %-16s %s\n"):format(finding.state, finding.name, finding.detail))
      if finding.fix then io.write((" "):rep(26), "-> ", finding.fix, "\n") end
    end
    io.write(missing == 0 and "everything that Perilune needs is there\n"
      or ("%d of the things that Perilune needs are missing\n"):format(missing))
  end
  return missing == 0 and 0 or 1
end

return M

--- The automatic cache: a column file beside a CSV, made again when the CSV changes.
--
-- A cache is believed when its origin names these options and these files with their sizes and times, and
-- all of its checksums are right. Where times differ, or the files were changed so shortly before the cache was made
-- that a clock could not tell, the files' contents are hashed and compared. It holds the quality report.
local ffi = require "ffi"
local abi = require "abi"
local json = require "json"
local C = abi.C

local M = {}

local MAGIC = "perilune cache 2"
local ORIGIN_SIZE = 512
local RACE_NS = 2000000000LL -- coarser than the clocks of file systems in use
local hex, newest = ffi.new "char[33]", ffi.new "int64_t[1]"

local function string_array(list)
  return ffi.new("const char *[?]", math.max(#list, 1), list)
end

local function note(format, ...)
  C.pln_log_message(C.PLN_LOG_NOTE, format:format(...))
end

local function folder_for(setting, path)
  if type(setting) == "string" then
    if C.pln_folder_writable(setting) == 0 and C.pln_folder_make(setting) < 0 then return nil end
    return C.pln_folder_writable(setting) == 1 and setting or nil
  end
  local beside = path:match "^(.*)/[^/]*$" or "."
  if beside == "" then beside = "/" end
  if C.pln_folder_writable(beside) == 1 then return beside end
  local base = os.getenv "XDG_CACHE_HOME"
  if not base or base == "" then
    base = os.getenv "HOME"
    base = base and base ~= "" and base .. "/.cache" or nil
  end
  if not base then return nil end
  local folder = base .. "/perilune"
  if C.pln_folder_writable(folder) == 0 and C.pln_folder_make(folder) < 0 then return nil end
  return C.pln_folder_writable(folder) == 1 and folder or nil
end

--- Where the cache of these files is, or nil where there is none (caching is off, or no folder can be written).
-- @param setting true or nil, false, or a folder
-- @param description all options that decide the bars, as text
function M.place(setting, paths, description)
  if setting == false then return nil end
  local array = string_array(paths)
  if C.pln_csv_files_state(array, #paths, hex, newest) < 0 then return nil end
  local state, newest_ns = ffi.string(hex), newest[0]
  local folder = folder_for(setting, paths[1])
  if not folder then return nil end
  local options = abi.hash128(description)
  return {
    path = ("%s/.%s.%s.plc"):format(folder, paths[1]:match "[^/]+$", options:sub(1, 16)),
    options = options, state = state, newest_ns = newest_ns, array = array, n = #paths, anchors = paths,
  }
end

local function content_hash(place)
  if not place.content then
    if C.pln_csv_content_hash(place.array, place.n, hex) < 0 then return nil end
    place.content = ffi.string(hex)
  end
  return place.content
end

local function is_current(place, origin)
  local magic, options, state, content = origin:match "^(.-); options (%x+); state (%x+); content (%x+)$"
  if magic ~= MAGIC or options ~= place.options then return false, "it was made by another version" end
  local made = ffi.new "int64_t[1]"
  if C.pln_csv_files_state(string_array { place.path }, 1, hex, made) < 0 then return false, "it cannot be read" end
  if state == place.state and place.newest_ns + RACE_NS < made[0] then return true end
  if content_hash(place) == content then return true end
  return false, "the data has changed"
end

--- The bars of a cache and their quality report, or nil where there is none that can be believed (then a note in the
-- log says why).
function M.read(place)
  local origin = ffi.new("char[?]", ORIGIN_SIZE)
  local status = C.pln_column_read_origin(place.path, origin, ORIGIN_SIZE)
  if status == C.PLN_ERR_NOT_FOUND then return nil end
  local why
  if status < 0 then
    why = abi.last_error()
  else
    local current
    current, why = is_current(place, ffi.string(origin))
    if current then
      local bars = C.pln_column_open(place.path)
      if bars ~= nil then
        local report = json.decode(ffi.string(C.pln_column_metadata(bars)), place.path)
        if type(report) == "table" then return bars, report end
        C.pln_bars_free(bars)
        why = "it holds no quality report"
      else
        why = abi.last_error()
      end
    end
  end
  note("cache %s is made again: %s", place.path, why)
  return nil
end

--- Writes bars and their report. A failure is a note, not an error.
function M.write(place, bars, report)
  local content = content_hash(place)
  if not content then return end
  local state = ffi.string(place.state)
  -- The files must be those that were read: had they changed since, the cache would speak of others.
  if C.pln_csv_files_state(place.array, place.n, hex, newest) < 0 or ffi.string(hex) ~= state then return end
  local origin = ("%s; options %s; state %s; content %s"):format(MAGIC, place.options, state, content)
  if C.pln_column_write_cache(place.path, bars, origin, json.encode(report)) < 0 then
    note("no cache is kept: %s", abi.last_error())
  end
end

return M

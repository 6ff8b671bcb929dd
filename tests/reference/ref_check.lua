--- Reference tables (tests/reference/*.csv) against the references: README.md has the rules.
local ffi = require "ffi"
local abi = require "abi"
local feature = require "feature"
local sources = require "ref_sources"
local suggest = require "suggest"

local M = {}

local CHUNK_ROWS = 512

-- Tables -------------------------------------------------------------------------------------------------------------

local NUMBERS = { first = true, last = true, tol = true, rel = true, shift = true }

-- "[first=33] why" → { first = 33 }, "why"; or nil and what is wrong.
local function directives(note)
  local found, problem = {}, nil
  local reason = note:gsub("%[(%l+)=([^%]]*)%]", function(key, value)
    if key == "nan" and value == "any" then
      found.nan = "any"
    elseif NUMBERS[key] and tonumber(value) then
      found[key] = tonumber(value)
    else
      problem = ("unknown directive [%s=%s]"):format(key, value)
    end
    return ""
  end)
  reason = reason:match "^%s*(.-)%s*$"
  if not problem and next(found) and #reason < 8 then problem = "a directive needs its reason in the note" end
  if problem then return nil, problem end
  return found, reason
end

--- The lines of a table: { { file, line, source, result, expression, note, directives, reason } … } and a list of
-- problems.
function M.parse(text, name)
  local lines, problems, number = {}, {}, 0
  for line in (text .. "\n"):gmatch "(.-)\r?\n" do
    number = number + 1
    local at = ("%s:%d: "):format(name, number)
    if number == 1 then
      if line ~= "source;result;expression;note" then
        problems[#problems + 1] = at .. "the header must be source;result;expression;note"
      end
    elseif line ~= "" and line:sub(1, 1) ~= "#" then
      local source, result, expression, note = line:match "^([^;]*);([^;]*);([^;]*);(.*)$"
      if not source then
        problems[#problems + 1] = at .. "expected four fields split by ';'"
      else
        local entry = { file = name, line = number, at = at, source = source, result = result,
          expression = expression:match "^%s*(.-)%s*$", note = note }
        local found, reason = directives(note)
        if not found then
          problems[#problems + 1] = at .. reason
        elseif entry.expression == "" and #reason < 8 then
          problems[#problems + 1] = at .. "without an expression the note must say why"
        else
          entry.directives, entry.reason = found, reason
          lines[#lines + 1] = entry
        end
      end
    end
  end
  return lines, problems
end

--- All tables of a folder, but for the list of functions without results.
function M.tables(folder)
  local pipe = assert(io.popen("ls '" .. folder:gsub("'", "'\\''") .. "'"))
  local names = {}
  for name in pipe:lines() do
    if name:match "%.csv$" and name ~= "talib_functions.csv" then names[#names + 1] = name end
  end
  pipe:close()
  table.sort(names)
  local lines, problems = {}, {}
  for _, name in ipairs(names) do
    local file = assert(io.open(folder .. "/" .. name, "rb"))
    local some, wrong = M.parse(file:read "*a", name)
    file:close()
    for _, entry in ipairs(some) do lines[#lines + 1] = entry end
    for _, problem in ipairs(wrong) do problems[#problems + 1] = problem end
  end
  return lines, problems
end

--- TA-Lib's functions of which there are no results: lines of function;expression;note.
function M.functions(folder)
  local lines, number = {}, 0
  for line in io.lines(folder .. "/talib_functions.csv") do
    number = number + 1
    local name, expression, note = line:match "^([^;]*);([^;]*);([^;]*)$"
    if not name or (number == 1 and line ~= "function;expression;note") then
      error(("talib_functions.csv:%d: expected function;expression;note"):format(number), 0)
    end
    if number > 1 then lines[#lines + 1] = { name = name, expression = expression, note = note } end
  end
  return lines
end

-- Comparing ----------------------------------------------------------------------------------------------------------

local function show(value)
  if value == nil or value ~= value then return "none" end
  return ("%.12g"):format(value)
end

-- What stands around a row, for the eye: "12: 1.5 | 1.5, 13: none | 1.4 …" (ours | theirs).
local function around(ours, theirs, n, row, shift)
  local parts = {}
  for i = row - 3, row + 2 do
    if i >= 0 and i < n then
      local our = i + shift >= 0 and i + shift < n and ours[i + shift] or nil
      parts[#parts + 1] = ("%s%d: %s | %s"):format(i == row and ">" or "", i, show(our), show(theirs[i]))
    end
  end
  return table.concat(parts, "   ")
end

--- Compares a column of ours with a result.
-- @return { ok, rows = compared, worst = error in units of the tolerance, worst_row, row = first wrong row, text }
function M.compare(result, ours, n, options)
  options = options or {}
  local theirs = result.at()
  local shift = options.shift or 0
  local abs, rel = result.abs, result.rel
  if options.tol then abs, rel = options.tol, options.rel or 0 elseif options.rel then rel = options.rel end
  local out = { ok = true, rows = 0, worst = 0, worst_error = 0 }
  local seen = not result.leading_zeros
  local function wrong(row, text)
    if not out.ok then return end
    out.ok, out.row = false, row
    out.text = ("row %d: %s\n      ours | theirs:  %s"):format(row, text, around(ours, theirs, n, row, shift))
  end
  for i = 0, n - 1 do
    local expected = theirs[i]
    local our = i + shift >= 0 and i + shift < n and ours[i + shift] or 0 / 0
    seen = seen or (expected ~= nil and expected ~= 0)
    local compared = i >= (options.first or 0) and i <= (options.last or n)
    if compared and expected == nil then
      if result.strict and our == our and options.nan ~= "any" then
        wrong(i, ("ours is %s, theirs has no value"):format(show(our)))
      end
    elseif compared and our ~= our then
      local leading = expected == 0 and not seen
      if not leading and options.nan ~= "any" then
        wrong(i, ("ours has no value, theirs is %s"):format(show(expected)))
      end
    elseif compared then
      out.rows = out.rows + 1
      local allowed = abs + rel * math.abs(expected)
      if result.slack and not options.tol then allowed = math.max(allowed, result.slack(i)) end
      local difference = math.abs(our - expected)
      if difference / allowed > out.worst or not out.worst_row then
        out.worst, out.worst_row, out.worst_error = difference / allowed, i, difference
      end
      if difference > allowed then
        wrong(i, ("ours %s, theirs %s: differs by %.3g, allowed %.3g"):format(show(our), show(expected), difference,
          allowed))
      end
    end
  end
  if out.ok and out.rows == 0 then out.ok, out.text = false, "no row was compared" end
  return out
end

-- Running ------------------------------------------------------------------------------------------------------------

-- Computes the expressions of entries on one set of bars; entry.column or entry.error.
local function compute(set, entries)
  local bars = set.bars()
  local n = tonumber(bars[1].n_bars)
  local hub = assert(feature.hub(CHUNK_ROWS))
  for _, stream in ipairs(bars) do assert(hub:add_stream(stream)) end
  for _, entry in ipairs(entries) do
    local message
    entry.id, message = hub:add(0, entry.expression)
    entry.error, entry.n = not entry.id and message or nil, n
    if entry.id then entry.column = ffi.new("double[?]", n) end
  end
  assert(hub:seal())
  while assert(hub:advance()) > 0 do
    local first, last = hub:rows(0)
    for _, entry in ipairs(last > first and entries or {}) do
      if entry.id then ffi.copy(entry.column + first, hub:column(entry.id), (last - first) * 8) end
    end
  end
end

local function suggestion(catalog, entry)
  local names = {}
  for _, result in ipairs(catalog) do
    if result.source == entry.source then names[#names + 1] = result.name end
  end
  return suggest.hint(entry.result, names)
end

--- Checks entries; each gets `check` (see compare) or `error`.
-- @return how many are right, how many are wrong
function M.run(catalog, entries)
  local by_set, order = {}, {}
  for _, entry in ipairs(entries) do
    local result = catalog.by[entry.source .. ";" .. entry.result]
    entry.found = result
    if not result then
      entry.error = ("no result '%s' in %s%s"):format(entry.result, entry.source, suggestion(catalog, entry))
    elseif entry.expression ~= "" and result.absent then
      entry.error = "there is nothing to compare with: " .. result.absent
    elseif entry.expression ~= "" then
      if not by_set[result.set] then
        by_set[result.set] = {}
        order[#order + 1] = result.set
      end
      table.insert(by_set[result.set], entry)
    end
  end
  for _, set in ipairs(order) do compute(set, by_set[set]) end
  local right, wrong = 0, 0
  for _, entry in ipairs(entries) do
    if entry.column and not entry.error then
      entry.check = M.compare(entry.found, entry.column, entry.n, entry.directives)
      if not entry.check.ok then entry.error = entry.check.text end
    end
    if entry.error then wrong = wrong + 1 elseif entry.expression ~= "" then right = right + 1 end
  end
  return right, wrong
end

--- The results that no right line covers, and those that no line at all mentions.
function M.uncovered(catalog, entries)
  local matched, mentioned, open, silent = {}, {}, {}, {}
  for _, entry in ipairs(entries) do
    local key = entry.source .. ";" .. entry.result
    mentioned[key] = true
    if entry.expression ~= "" and not entry.error then matched[key] = true end
  end
  for _, result in ipairs(catalog) do
    local key = result.source .. ";" .. result.name
    if not matched[key] then open[#open + 1] = result end
    if not mentioned[key] then silent[#silent + 1] = result end
  end
  return open, silent
end

--- Folders: of the tables, and of the references.
function M.folders()
  local home = ffi.string(abi.C.pln_host_home())
  return home .. "/tests/reference", (os.getenv "PLN_TEST_SHARED" or (home .. "/../shared")) .. "/reference"
end

M.sources = sources
return M

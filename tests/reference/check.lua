-- Our expressions against the references: build/perilune exec tests/reference/check.lua …
--   [TEXT]                            checks the lines that contain the text (of any field, or the file's name)
--   --wrong [TEXT]                    prints only those that are wrong
--   --try SOURCE RESULT EXPRESSION…   checks expressions that are in no table
--   --show SOURCE RESULT [EXPRESSION] prints bars, their values (and ours)
--   --uncovered [SOURCE]              lists the results that no line matches
--   --names [TEXT]                    lists the names of results
local reference = require "ref_check"

local folder, root = reference.folders()
local catalog = reference.sources.catalog(root)
if not catalog then
  io.stderr:write("no references at ", root, "\n")
  return 2
end
local lines, problems = reference.tables(folder)
local mode, text = ...
if mode and mode:sub(1, 2) ~= "--" then mode, text = nil, mode end

local function holds(entry, wanted)
  return not wanted or table.concat({ entry.file, entry.source, entry.result, entry.expression, entry.note }, ";")
    :find(wanted, 1, true)
end

local function print_entry(entry)
  local verdict = entry.error and "WRONG" or "ok   "
  local what = ("%s  %s;%s  %s"):format(verdict, entry.source, entry.result, entry.expression)
  if entry.check and entry.check.worst_row then
    what = what .. ("   (%d rows, worst error %.3g at row %d, %.3g of what is allowed)"):format(entry.check.rows,
      entry.check.worst_error, entry.check.worst_row, entry.check.worst)
  end
  print(what)
  if entry.error then print("      " .. entry.error) end
end

local function named(source, name)
  local result = catalog.by[tostring(source) .. ";" .. tostring(name)]
  if not result or result.absent then
    io.stderr:write(result and result.absent or ("no result '%s' in '%s'; --names lists them"):format(tostring(name),
      tostring(source)), "\n")
    return nil
  end
  return result
end

if mode == "--try" then
  local source, name = select(2, ...)
  if not named(source, name) then return 2 end
  local entries = {}
  for _, expression in ipairs { select(4, ...) } do
    entries[#entries + 1] = { file = "", source = source, result = name, expression = expression, note = "" }
  end
  local _, wrong = reference.run(catalog, entries)
  for _, entry in ipairs(entries) do print_entry(entry) end
  return wrong > 0 and 1 or 0
elseif mode == "--show" then
  local source, name, expression = select(2, ...)
  local result = named(source, name)
  if not result then return 2 end
  local entry = { source = source, result = name, expression = expression or "close" }
  reference.run(catalog, { entry })
  if not entry.column then
    io.stderr:write(entry.error, "\n")
    return 2
  end
  local bars, theirs = result.set.bars()[1], result.at()
  print("row  open high low close volume | theirs" .. (expression and " | ours" or ""))
  for i = 0, entry.n - 1 do
    print(("%d  %.10g %.10g %.10g %.10g %.10g | %s%s"):format(i, bars.open[i], bars.high[i], bars.low[i], bars.close[i],
      bars.volume[i], theirs[i] and ("%.15g"):format(theirs[i]) or "none",
      expression and (" | %.15g"):format(entry.column[i]) or ""))
  end
  return 0
elseif mode == "--names" then
  for _, result in ipairs(catalog) do
    local name = result.source .. ";" .. result.name
    local why = result.absent and "   (" .. result.absent .. ")" or ""
    if not text or name:find(text, 1, true) then print(name .. why) end
  end
  return 0
elseif mode == "--uncovered" then
  reference.run(catalog, lines)
  local notes = {}
  for _, entry in ipairs(lines) do notes[entry.source .. ";" .. entry.result] = entry.note end
  for _, result in ipairs((reference.uncovered(catalog, lines))) do
    local name = result.source .. ";" .. result.name
    if not text or result.source == text then
      local why = result.absent or notes[name]
      print(name .. (why and "   (" .. why .. ")" or ""))
    end
  end
  return 0
elseif mode and mode ~= "--wrong" then
  io.stderr:write("unknown option ", mode, "; the head of this script says which there are\n")
  return 2
end

local chosen = {}
for _, entry in ipairs(lines) do
  if holds(entry, text) then chosen[#chosen + 1] = entry end
end
local right, wrong = reference.run(catalog, chosen)
for _, entry in ipairs(chosen) do
  if entry.error or (mode ~= "--wrong" and entry.expression ~= "") then print_entry(entry) end
end
for _, problem in ipairs(problems) do print("WRONG  " .. problem) end
print(("%d right, %d wrong, %d without an expression; %d results in all"):format(right, wrong + #problems,
  #chosen - right - wrong, #catalog))
return wrong + #problems > 0 and 1 or 0

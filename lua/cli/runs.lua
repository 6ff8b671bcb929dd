--- perilune runs: what the database has of runs and their phases.
local abi = require "abi"
local args = require "args"
local json = require "json"
local store = require "store"
local tabulate = require "tabulate"
local terminal = require "terminal"

local M = {
  help = "List runs, or one run's phases and how far they are",
  usage = { "perilune runs [RUN] [--db FILE] [--json]" },
  options = {
    { "db", value = "FILE", help = "database (default: " .. store.DEFAULT_PATH .. " in this folder)" },
    { "json", help = "print an array of runs, or one run with its phases and windows" },
  },
  max = 1,
  details = [[
Without RUN (a number), lists all runs, the newest last. A run that is "running" goes on elsewhere, or its process was
killed; `perilune resume RUN` goes on with it, and with one that was interrupted, where it stopped.]],
}

local MAX_WINDOWS = 40 -- shown; --json has all

-- Files and pipes get all of a table.
local function print_table(columns, rows)
  io.write(tabulate.format(columns, rows, { width = not terminal.is_terminal(1) and math.huge or nil }))
end

local function must(value, err)
  if value == nil then error({ runs = err }, 0) end
  return value
end

-- { done, total (nil: not known) } of a phase, in combos x windows.
local function progress(phase)
  local done = must(phase:done()).n
  if phase.status == "finished" then return done, done end
  local total = phase.n_combos and phase.n_windows and phase.n_combos * phase.n_windows or nil
  return done, type(phase.spec) == "table" and phase.spec.n_pairs or total -- not all of them: `top`, a shard
end

local function progress_text(done, total)
  if not total then return tabulate.number(done) end
  if done == total then return tabulate.number(total) end
  return ("%s of %s (%.0f %%)"):format(tabulate.number(done), tabulate.number(total), math.floor(100 * done / total))
end

-- One line on how far a run is: names of its phases; of one that goes on, those that are not finished, with their
-- progress, and how many are.
local function phases_text(phases)
  local names, open, n_finished = {}, {}, 0
  for k, phase in ipairs(phases) do
    names[k] = phase.name
    if phase.status == "finished" then
      n_finished = n_finished + 1
    else
      local done, total = progress(phase)
      open[#open + 1] = ("%s: %s"):format(phase.name, progress_text(done, total))
    end
  end
  if #open == 0 then return table.concat(names, ", ") end
  if n_finished > 0 then open[#open + 1] = ("%d finished"):format(n_finished) end
  return table.concat(open, ", ")
end

local function phase_object(phase)
  local done, total = progress(phase)
  local windows = {}
  for k, window in ipairs(must(phase:windows())) do
    windows[k] = json.object {
      { "number", window.number }, { "role", window.role }, { "fold", window.fold },
      { "from", window.from_ns ~= abi.INT64_MIN and abi.iso_time(window.from_ns) or nil },
      { "until", window.until_ns ~= abi.INT64_MAX and abi.iso_time(window.until_ns) or nil },
    }
  end
  return json.object {
    { "phase", phase.name }, { "topology", phase.topology }, { "status", phase.status }, { "hash", phase.hash },
    { "combos", phase.n_combos }, { "n_windows", phase.n_windows }, { "done", done }, { "total", total },
    { "source_run", phase.content ~= phase.id and must(phase.store:phase(phase.content)).run or nil },
    { "windows", json.array(windows) },
  }
end

local RUNS = "SELECT run, started, finished, status, workflow, name, combos, bars, seconds, message, config_hash, "
  .. "data_hash, engine_version, seed, (SELECT shard FROM run r WHERE r.id = runs.run) AS shard FROM runs"

local function run_object(columns, row, phases)
  local members = {}
  for i, name in ipairs(columns) do members[i] = { name, row[i] } end
  local list = {}
  for k, phase in ipairs(phases) do list[k] = phase_object(phase) end
  members[#members + 1] = { "phases", json.array(list) }
  return json.object(members)
end

local function list(db, opts)
  local columns, rows = db:query(RUNS .. " ORDER BY run")
  if not columns then return nil, rows end
  if opts.json then
    local objects = {}
    for k, row in ipairs(rows) do objects[k] = run_object(columns, row, must(must(db:run(row[1])):phases())) end
    io.write(json.encode(json.array(objects)), "\n")
    return 0
  end
  if #rows == 0 then
    io.write(db.path, " has no runs yet\n")
    return 0
  end
  local lines = {}
  for k, row in ipairs(rows) do
    local started = row[2]:gsub("T", " "):gsub(":%d%dZ$", "")
    lines[k] = { row[1], started, row[4], row[5], row[6], row[7], row[9],
      phases_text(must(must(db:run(row[1])):phases())) }
  end
  print_table({ "run", { "started (UTC)", keep = true }, { "status", keep = true }, "workflow", "name",
    { "combos", decimals = 0, right = true }, { "seconds", decimals = 1, right = true }, "phases" }, lines)
  return 0
end

local function time_text(ns, none)
  if ns == none then return nil end
  return (abi.iso_time(ns):gsub("T00:00:00Z$", ""):gsub("T", " "):gsub("Z$", ""))
end

-- Phases with the same windows share their lines.
local function print_windows(phases)
  local groups, by_text = {}, {}
  for _, phase in ipairs(phases) do
    local rows, key = {}, {}
    for k, window in ipairs(must(phase:windows())) do
      rows[k] = { window.number, window.role, window.fold, time_text(window.from_ns, abi.INT64_MIN),
        time_text(window.until_ns, abi.INT64_MAX) }
      key[k] = ("%d %s %s %s %s"):format(window.number, window.role or "", window.fold or "", tostring(window.from_ns),
        tostring(window.until_ns))
    end
    local text = table.concat(key, "\n")
    local bounded = #rows > 1 or rows[1] and (rows[1][4] or rows[1][5])
    if by_text[text] then
      table.insert(by_text[text].names, phase.name)
    elseif bounded then
      by_text[text] = { names = { phase.name }, rows = rows }
      groups[#groups + 1] = by_text[text]
    end
  end
  for _, group in ipairs(groups) do
    io.write("\nWindows of ", table.concat(group.names, ", "), " (until: not included)\n")
    local shown = {}
    for k = 1, math.min(#group.rows, MAX_WINDOWS) do shown[k] = group.rows[k] end
    print_table({ "window", "role", "fold", "from", "until" }, shown)
    if #shown < #group.rows then io.write(("… and %d more (--json has all)\n"):format(#group.rows - #shown)) end
  end
end

local function show(db, number, opts)
  local run = must(db:run(number))
  local phases = must(run:phases())
  local columns, rows = db:query(RUNS .. " WHERE run = ?", number)
  if not columns then return nil, rows end
  local row = rows[1]
  if opts.json then
    io.write(json.encode(run_object(columns, row, phases)), "\n")
    return 0
  end
  io.write(("Run %d: %s%s, %s\n"):format(run.id, run.workflow or "?", run.name and (" '%s'"):format(run.name) or "",
    run.status))
  if run.message and run.message ~= run.status then io.write(run.message, "\n") end
  io.write(("started %s%s\n"):format(row[2], row[3] and (", ended %s (%.1f s)"):format(row[3], row[9] or 0) or ""))
  io.write(("configuration %s, data %s, seed %s, Perilune %s%s\n\n"):format(run.config_hash or "-",
    run.data_hash or "-", tostring(run.seed), row[13], run.shard and ", shard " .. run.shard or ""))
  local lines = {}
  for k, phase in ipairs(phases) do
    local done, total = progress(phase)
    local source = phase.content ~= phase.id and must(db:phase(phase.content)).run or nil
    local columns_of_phase, counts = db:query("SELECT count(*) FROM combo_row WHERE phase = ?", phase.content)
    if not columns_of_phase then return nil, counts end
    local n_combos = phase.status ~= "finished" and phase.n_combos or counts[1][1]
    lines[k] = { phase.name, phase.topology, phase.status, n_combos, phase.n_windows, progress_text(done, total),
      source }
  end
  if #lines == 0 then
    io.write "no phase was begun\n"
    return 0
  end
  print_table({ { "phase", keep = true }, "topology", { "status", keep = true }, { "combos", right = true },
    { "windows", right = true }, { "done", right = true, keep = true }, { "as run", right = true } }, lines)
  print_windows(phases)
  return 0
end

function M.run(argv)
  local opts = args.parse(argv, M)
  local number
  if opts[1] then
    number = tonumber(opts[1])
    if not number or number % 1 ~= 0 or number < 1 then
      args.usage_error(("found '%s', expected the number of a run"):format(opts[1]), M)
    end
  end
  local db, message = store.open(opts.db or store.DEFAULT_PATH, { read_only = true })
  if not db then return nil, message end
  local ok, status, err = pcall(number and show or list, db, number or opts, opts)
  db:close()
  if ok then return status, err end
  if type(status) == "table" and status.runs then return nil, status.runs end
  error(status, 0)
end

return M

--- Merging: the runs of a sweep's shards, each in a file of its own, become one run of one file. Its content is that of
-- the run without shards.
local abi = require "abi"
local C = abi.C

local M = {}

local RUN_COLUMNS = "workflow, name, config_text, config_hash, data_hash, engine_version, build_info, seed"

local function must(value, err)
  if value == nil then error({ merge = err }, 0) end
  return value
end

local function query(db, sql, ...)
  local columns, rows = db:query(sql, ...)
  if not columns then error({ merge = rows }, 0) end
  return rows
end

-- What is to be joined: the newest run of each file, with its shard.
local function look(store, path)
  local db, err = store.open(path, { read_only = true })
  must(db, err)
  local run
  run, err = db:run()
  if not run then
    db:close()
    error({ merge = err }, 0)
  end
  run.path = path
  run.phase_list = must(run:phases())
  run.engine_version = query(db, "SELECT engine_version FROM main.run WHERE id = ?", run.id)[1][1]
  local number, count = (run.shard or "1/1"):match "^(%d+)/(%d+)$"
  run.number, run.count = tonumber(number), tonumber(count)
  db:close()
  if not run.number then
    error({ merge = ("%s: run %d: found shard '%s', expected one such as 3/64"):format(path, run.id, run.shard) }, 0)
  end
  return run
end

-- The phases that two shards have must be made of the same: the hash is of files of strategies too.
local function check_phases(run, first)
  for k = 1, math.max(#run.phase_list, #first.phase_list) do
    local own, other = run.phase_list[k], first.phase_list[k]
    if not own or not other or own.name ~= other.name then
      error({ merge = ("%s: run %d does not have the phases of %s: %s, expected %s"):format(run.path, run.id,
        first.path, own and own.name or "none", other and other.name or "none") }, 0)
    elseif own.hash ~= other.hash then
      error({ merge = ("%s: phase '%s' of run %d was made of something else than that of %s (files of strategies that "
        .. "have changed since?): run the shard again"):format(run.path, own.name, run.id, first.path) }, 0)
    end
  end
end

-- All of one sweep, each shard once, none missing.
local function check(runs, partial)
  local first, by_number = runs[1], {}
  for _, run in ipairs(runs) do
    if run.config_hash ~= first.config_hash or run.data_hash ~= first.data_hash then
      error({ merge = ("%s: run %d is of another %s than %s: shards of one sweep have the same")
        :format(run.path, run.id, run.config_hash ~= first.config_hash and "configuration" or "data", first.path) }, 0)
    end
    if run.engine_version ~= first.engine_version then
      error({ merge = ("%s: run %d was made by Perilune %s, that of %s by %s: shards of one sweep have the same")
        :format(run.path, run.id, run.engine_version, first.path, first.engine_version) }, 0)
    end
    if run.count ~= first.count then
      error({ merge = ("%s: found shard %s, expected one of %d as in %s"):format(run.path, run.shard or "1/1",
        first.count, first.path) }, 0)
    end
    if by_number[run.number] then
      error({ merge = ("%s: shard %s is there twice, also in %s"):format(run.path, run.shard,
        by_number[run.number].path) }, 0)
    end
    by_number[run.number] = run
  end
  if partial then return end
  local missing = {}
  for number = 1, first.count do
    local run = by_number[number]
    if not run then missing[#missing + 1] = ("%d/%d"):format(number, first.count) end
    if run and run.status ~= "finished" then
      error({ merge = ("%s: run %d is %s, expected a finished one (`perilune resume` goes on with it)"):format(run.path,
        run.id, run.status) }, 0)
    end
  end
  if #missing > 0 then
    error({ merge = "missing shards: " .. table.concat(missing, ", ", 1, math.min(#missing, 20))
      .. (#missing > 20 and (" and %d more"):format(#missing - 20) or "") }, 0)
  end
  for _, run in ipairs(runs) do check_phases(run, first) end
end

-- The target's run: its text from the first shard, its clocks from all.
local function make_run(db)
  query(db, ("INSERT INTO main.run (started_at, status, %s) SELECT started_at, 'running', %s FROM source.run WHERE id "
    .. "= (SELECT max(id) FROM source.run)"):format(RUN_COLUMNS, RUN_COLUMNS))
  return must(db:run(query(db, "SELECT last_insert_rowid()")[1][1]))
end

local PHASE_COLUMNS = "run, name, topology, hash, status, content, n_combos, n_windows, spec"

local function join_phase(db, run, phase)
  local found = query(db, "SELECT id, status FROM main.phase_row WHERE run = ? AND name = ? AND hash = ?", run.id,
    phase.name, phase.hash)[1]
  local id = found and found[1]
  if not id then
    query(db, ("INSERT INTO main.phase_row (%s) SELECT ?, name, topology, hash, status, 0, n_combos, n_windows, spec "
      .. "FROM source.phase_row WHERE id = ?"):format(PHASE_COLUMNS), run.id, phase.id)
    id = query(db, "SELECT last_insert_rowid()")[1][1]
    query(db, "UPDATE main.phase_row SET content = id WHERE id = ?", id)
  elseif found[2] == "finished" and phase.status ~= "finished" then
    query(db, "UPDATE main.phase_row SET status = ? WHERE id = ?", phase.status, id)
  end
  query(db, "INSERT OR IGNORE INTO main.window_row SELECT ?, number, role, fold, from_ts, until_ts FROM "
    .. "source.window_row WHERE phase = ?", id, phase.content)
  query(db, "INSERT OR IGNORE INTO main.weight_row SELECT ?, name, ts, regime, member, weight FROM source.weight_row "
    .. "WHERE phase = ?", id, phase.content)
  local copied = tonumber(C.pln_store_copy_phase(db.handle, phase.content, id))
  if copied < 0 then error({ merge = abi.last_error() }, 0) end
  return copied
end

local function join(db, runs, options)
  local run, results = nil, 0
  for k, source in ipairs(runs) do
    if C.pln_store_attach(db.handle, source.path) < 0 or C.pln_store_begin(db.handle) < 0 then
      error({ merge = abi.last_error() }, 0)
    end
    run = run or make_run(db)
    query(db, "INSERT OR IGNORE INTO main.data_file SELECT ?, symbol, timeframe, source, rows, first_ts, last_ts, "
      .. "content_hash, quality FROM source.data_file WHERE run = ?", run.id, source.id)
    for _, phase in ipairs(source.phase_list) do results = results + join_phase(db, run, phase) end
    query(db, "UPDATE main.run AS r SET started_at = min(r.started_at, s.started_at), finished_at = "
      .. "max(coalesce(r.finished_at, 0), coalesce(s.finished_at, s.started_at)), seconds = coalesce(r.seconds, 0) + "
      .. "coalesce(s.seconds, 0), bars = coalesce(r.bars, 0) + coalesce(s.bars, 0) FROM source.run AS s WHERE s.id = "
      .. "?1 AND r.id = ?2", source.id, run.id)
    if C.pln_store_detach(db.handle) < 0 then error({ merge = abi.last_error() }, 0) end
    if options.progress then options.progress(k, #runs, results) end
  end
  return run, results
end

-- Of shards that are all there and finished, the phases are finished, and the run is where nothing is to follow.
local function finish(db, run, runs, goes_on)
  local status = "finished"
  for _, source in ipairs(runs) do
    if source.status ~= "finished" then status = "interrupted" end
  end
  if #runs < runs[1].count then status = "interrupted" end
  C.pln_store_begin(db.handle)
  query(db, "UPDATE main.run SET status = ? WHERE id = ?", goes_on and "interrupted" or status, run.id)
  query(db, "UPDATE main.phase_row SET status = CASE WHEN status = 'finished' THEN ?1 ELSE status END WHERE run = ?2",
    status, run.id)
  must(db:commit())
end

--- Joins the newest runs of several files, the shards of one sweep, into a new run of the target.
-- @param target path of the database that gets the run; made if it is not there
-- @param sources list of paths
-- @param options nil, or `partial`: shards may be missing or unfinished (the run is then "interrupted", and can be
--   resumed); `goes_on`: the run is left "interrupted" also where all is there, for what its workflow does with all
--   combos; `progress` = function(files done, files, results so far)
-- @return { run = its number, results = how many }; or nil and a message: the target is then without a part of it, or
--   has a run that is "running"
function M.merge(target, sources, options)
  options = options or {}
  local store = require "store"
  local db
  local ok, run, results = pcall(function()
    if #sources == 0 then error({ merge = "nothing to merge: give the databases of the shards" }, 0) end
    local runs = {}
    for k, path in ipairs(sources) do
      if path == target then error({ merge = path .. ": a file cannot be merged into itself" }, 0) end
      runs[k] = look(store, path)
    end
    check(runs, options.partial)
    table.sort(runs, function(a, b) return a.number < b.number end)
    local err
    db, err = store.open(target)
    must(db, err)
    local run, results = join(db, runs, options)
    finish(db, run, runs, options.goes_on)
    return run.id, results
  end)
  if db then
    if not ok then C.pln_store_rollback(db.handle) end
    db:close()
  end
  if ok then return { run = run, results = results } end
  if type(run) == "table" and run.merge then return nil, run.merge end
  error(run, 0)
end

return M

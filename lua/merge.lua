--- Joining the parts of a sharded run (docs/cluster.md): finds the parts in databases, checks that they belong
-- together, and copies what their phases hold into the phases of one run.
local abi = require "abi"
local shard = require "shard"
local store = require "store"
local C = abi.C

local M = {}

-- What must be the same in all parts: columns of `run`, and what they are to a reader.
local SAME = {
  { "config_hash", "another configuration" }, { "data_hash", "other data" },
  { "engine_version", "another version of Perilune" }, { "workflow", "another workflow" }, { "seed", "another seed" },
}
local COLUMNS = "id, status, shard, config_text, config_hash, data_hash, engine_version, workflow, seed"

local function parts_of(path)
  local db, err = store.open(path, { read_only = true, must_exist = true })
  if not db then return nil, err end
  local columns, rows = db:query("SELECT " .. COLUMNS .. " FROM run WHERE shard IS NOT NULL ORDER BY id DESC")
  db:close()
  if not columns then return nil, rows end
  local parts = {}
  for k, row in ipairs(rows) do
    local part = { path = path }
    for i, name in ipairs(columns) do part[name] = row[i] end
    part.shard, err = shard.parse(part.shard)
    if not part.shard then return nil, ("%s: run %d: %s"):format(path, part.id, err) end
    parts[k] = part
  end
  if #parts == 0 then
    return nil, ("%s: none of its runs is a part of a sweep: perilune run CONFIG.yaml --shard K/N makes one")
      :format(path)
  end
  return parts
end

-- How a part differs from the first one, nil where it does not.
local function difference(part, first)
  if part.shard.count ~= first.shard.count then
    return ("is shard %s of a sweep that was cut into %d parts, %s is shard %s"):format(part.shard.text,
      part.shard.count, first.path, first.shard.text)
  end
  for _, same in ipairs(SAME) do
    local own, other = part[same[1]], first[same[1]]
    if tostring(own) ~= tostring(other) then
      return ("has %s than %s (found %s, expected %s)"):format(same[2], first.path, tostring(own),
        tostring(other))
    end
  end
end

-- The newest run of each shard in one file that belongs to the same sweep as `first`.
local function take_file(parts, first, by_shard, problems)
  local taken, why = {}, nil
  for _, part in ipairs(parts) do
    local differs = difference(part, first)
    why = why or differs
    if not differs and not taken[part.shard.index] then
      taken[part.shard.index] = true
      local before = by_shard[part.shard.index]
      if before then
        problems[#problems + 1] = ("shard %s is in %s and in %s: give one of them"):format(part.shard.text,
          before.path, part.path)
      end
      by_shard[part.shard.index] = part
      if part.status ~= "finished" then
        problems[#problems + 1] = ("%s: shard %s is %s: perilune resume %d --db %s"):format(part.path,
          part.shard.text, part.status, part.id, part.path)
      end
    end
  end
  if next(taken) == nil then problems[#problems + 1] = ("%s %s"):format(parts[1].path, why) end
end

local SHOWN_MISSING = 10

local function add_missing(by_shard, count, problems)
  local missing = {}
  for index = 1, count do
    if not by_shard[index] then missing[#missing + 1] = ("%d/%d"):format(index, count) end
  end
  if #missing == 0 then return end
  local shown = table.concat(missing, ", ", 1, math.min(SHOWN_MISSING, #missing))
  problems[#problems + 1] = ("%s missing: %s%s"):format(#missing == 1 and "a shard is" or "shards are", shown,
    #missing > SHOWN_MISSING and (" and %d more"):format(#missing - SHOWN_MISSING) or "")
end

--- Finds the parts of one sweep in databases.
-- @param paths list of files
-- @return list of parts in the order of their shards, { path, id = of the run, shard, config_text, config_hash, … }; or
--   nil and a list of messages
function M.find(paths)
  local problems, by_shard, first = {}, {}, nil
  for _, path in ipairs(paths) do
    local parts, err = parts_of(path)
    if parts then
      first = first or parts[1]
      take_file(parts, first, by_shard, problems)
    else
      problems[#problems + 1] = err
    end
  end
  if first then add_missing(by_shard, first.shard.count, problems) end
  if #problems > 0 then return nil, problems end
  local list = {}
  for index = 1, first.shard.count do list[index] = by_shard[index] end
  return list
end

-- The phase of a part that holds what a phase of this name and hash would: content of it in the attached database.
local function content_of(db, part, name, hash)
  local columns, rows = db:query("SELECT content, hash, status FROM source.phase_row WHERE run = ? AND name = ?",
    part.id, name)
  if not columns then return nil, rows end
  for _, row in ipairs(rows) do
    if row[2] == hash and row[3] == "finished" then return row[1] end
  end
  if #rows == 0 then return nil, ("%s: shard %s has no phase '%s'"):format(part.path, part.shard.text, name) end
  return nil, ("%s: phase '%s' of shard %s was made of something else (files of strategies that have changed since?): "
    .. "run the shard again"):format(part.path, name, part.shard.text)
end

--- Copies what the parts hold of a phase into a phase of the store.
-- @param stored phase of lua/store_phase.lua, with the name and hash that it has in the parts
-- @param parts of find
-- @param on_part nil or function(), called after each
-- @return true, or nil and a message
function M.copy(stored, parts, on_part)
  for _, part in ipairs(parts) do
    if C.pln_stop_requested() ~= 0 then return nil, "interrupted" end
    local copied, err = stored:copy_from(part.path, function(db)
      return content_of(db, part, stored.name, stored.hash)
    end)
    if not copied then return nil, err end
    if on_part then on_part() end
  end
  return true
end

return M

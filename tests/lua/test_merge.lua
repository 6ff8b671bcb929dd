-- Which databases are the parts of one sweep, and what is said of those that are not.
local merge = require "merge"
local store = require "store"

TestMerge = {}

local function database(runs)
  local path = os.tmpname()
  os.remove(path)
  local db = assert(store.open(path))
  for _, run in ipairs(runs) do
    local info = { workflow = "full_backtest", config_hash = "c1", data_hash = "d1", seed = 1 }
    for key, value in pairs(run) do info[key] = value end
    local one = assert(db:begin_run(info))
    if run.status ~= "running" then assert(one:finish { status = run.status or "finished" }) end
  end
  assert(db:close())
  return path
end

local function part(shard, more)
  local run = { shard = shard }
  for key, value in pairs(more or {}) do run[key] = value end
  return database { run }
end

local function refused(paths, ...)
  local found, problems = merge.find(paths)
  lu.assertNil(found)
  local text = table.concat(problems, "\n")
  for _, message in ipairs { ... } do lu.assertStrContains(text, message) end
end

function TestMerge.test_parts_in_the_order_of_their_shards()
  local paths = { part "3/3", part "1/3", part "2/3" }
  local found = assert(merge.find(paths))
  lu.assertEquals({ found[1].path, found[2].path, found[3].path }, { paths[2], paths[3], paths[1] })
  lu.assertEquals(found[3].shard.text, "3/3")
end

function TestMerge.test_several_parts_in_one_file_of_which_the_newest_counts()
  local path = database { { shard = "1/2", status = "failed" }, { shard = "2/2" }, { shard = "1/2" }, {},
    { shard = "1/4", config_hash = "other" } }
  refused({ path }, "shards are missing: 2/4, 3/4, 4/4")
  path = database { { shard = "1/4", config_hash = "other" }, { shard = "1/2", status = "failed" }, {},
    { shard = "1/2" }, { shard = "2/2" } }
  local found = assert(merge.find { path })
  lu.assertEquals({ found[1].id, found[2].id }, { 4, 5 })
end

function TestMerge.test_what_does_not_belong_together_is_refused_by_name()
  local first = part "1/3"
  local second = part "2/3"
  local third = part "3/3"
  refused({ first, third }, "a shard is missing: 2/3")
  refused({ first, second, third, second }, ("shard 2/3 is in %s and in %s"):format(second, second))
  local other = part("2/3", { config_hash = "c2" })
  refused({ first, other, third }, other .. " has another configuration than " .. first .. " (found c2, expected c1)",
    "a shard is missing: 2/3")
  other = part("2/3", { data_hash = "d2" })
  refused({ first, other, third }, other .. " has other data than")
  other = part("2/3", { seed = 2 })
  refused({ first, other, third }, other .. " has another seed than")
  other = part "2/4"
  refused({ first, other, third }, other .. " is shard 2/4 of a sweep that was cut into 4 parts")
  for _, status in ipairs { "running", "interrupted", "failed" } do
    other = part("2/3", { status = status })
    refused({ first, other, third }, ("%s: shard 2/3 is %s: perilune resume 1 --db %s"):format(other, status, other))
  end
  other = database { {} }
  refused({ first, other, third }, other .. ": none of its runs is a part of a sweep")
  refused({ first, "/nowhere/at.db", third }, "/nowhere/at.db")
end

function TestMerge.test_many_missing_shards_are_not_all_named()
  refused({ part "1/64" }, "shards are missing: 2/64, 3/64", "11/64 and 53 more")
end

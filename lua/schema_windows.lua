--- The schema of `windows`: how the bars are cut into training and test windows (docs/windows.md).
local types = require "schema_types"

local map, enum, integer = types.map, types.enum, types.integer

local M = {}

local size = { type = "string", check = "window_size" }

local HELP = {
  train = "length of the training windows",
  test = "length of the test windows",
  step = "how far a fold begins after the one before; as long as test by default",
  gap = "bars left out between training and test",
  purge = "bars left out of the training before each test window: what is decided there may still be held in the test",
  embargo = "bars left out of the training after each test window",
}

local function of(key, extra)
  local field = { key, size, help = HELP[key] }
  for name, value in pairs(extra or {}) do field[name] = value end
  return field
end

local common_start = { "common_start", types.boolean, default = true,
  help = "all combos begin to trade when the one with the longest warm-up can" }
local partial = { "partial", types.boolean, default = false, help = "the last test window may be a shorter one" }
local folds = { "folds", integer("windows", { min = 2, max = 1000 }), default = 5, help = "parts of equal length" }

-- Each kind of windows with its keys.
local KINDS = {
  { "full", "all bars in one window", {} },
  { "train_test", "one training window, then one test window", {
      of("train", { help = HELP.train .. ", or the day with which they end; all that test leaves by default" }),
      of("gap"),
      of("test", { help = HELP.test .. ", or the day with which they end; all that is left by default" }),
    } },
  { "walk_forward", "training and test windows that move on through time", {
      of("train", { required = true }), of("gap"), of("test", { required = true }), of("step"),
      { "anchored", types.boolean, default = false, help = "every training window begins at the start" },
      partial,
    } },
  { "kfold", "each part is the test once, all others the training, also those after it", { folds } },
  { "purged_kfold", "the same with purge and embargo around the test", { folds, of("purge"), of("embargo") } },
  { "combinatorial", "every choice of test_groups of the groups is the test once, all others are the training", {
      { "groups", integer("parts", { min = 2, max = 100 }), default = 6, help = "parts of equal length" },
      { "test_groups", integer("parts", { min = 1, max = 99 }), default = 2, help = "how many of them are the test" },
      of("purge"), of("embargo"),
    } },
}

--- The types of windows, in order.
M.names = {}
--- The map type of each.
M.variants = {}

for i, kind in ipairs(KINDS) do
  local fields = { { "type", enum(kind[1]), required = true, help = kind[2] } }
  for _, field in ipairs(kind[3]) do fields[#fields + 1] = field end
  fields[#fields + 1] = common_start
  M.names[i], M.variants[kind[1]] = kind[1], map(fields)
end

--- The key of the root.
M.root = { "windows", {
    type = "variant", key = "type", variants = M.variants, names = M.names,
    text = "map with a type: " .. table.concat(M.names, ", ") .. " (docs/windows.md)",
  }, optional = true, help = "how the bars are cut into training and test windows" }

return M

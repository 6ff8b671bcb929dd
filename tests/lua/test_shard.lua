local shard = require "shard"

TestShard = {}

local function grid_of(size) return { size = function() return size end } end

function TestShard.test_each_combo_is_in_exactly_one()
  for _, case in ipairs { { 1, 1 }, { 7, 1 }, { 7, 7 }, { 10, 3 }, { 3, 10 }, { 1000, 64 }, { 999983, 7 } } do
    local size, count = case[1], case[2]
    local before = 0
    for index = 1, count do
      local part = assert(shard.parse(("%d/%d"):format(index, count)))
      local first, last = part:range(size)
      lu.assertEquals(first, before + 1)
      lu.assertTrue(last - first + 1 <= math.ceil(size / count))
      lu.assertTrue(last - first + 1 >= math.floor(size / count))
      if last >= first then
        local grid = grid_of(size)
        lu.assertTrue(part:has(first, grid))
        lu.assertTrue(part:has(last, grid))
        lu.assertFalse(part:has(first - 1, grid))
        lu.assertFalse(part:has(last + 1, grid))
      end
      before = last
    end
    lu.assertEquals(before, size)
  end
end

function TestShard.test_what_is_no_shard_is_told()
  lu.assertEquals(shard.parse(" 3 / 64 ").text, "3/64")
  for text, message in pairs {
    [""] = "found '', expected K/N, as in 3/64", ["3"] = "found '3', expected K/N", ["a/b"] = "expected K/N",
    ["-1/4"] = "expected K/N", ["1.5/4"] = "expected K/N", ["0/4"] = "found shard 0 of 4, expected 1 to 4",
    ["5/4"] = "found shard 5 of 4, expected 1 to 4", ["1/0"] = "found 0 shards",
    ["1/99999999"] = "found 99999999 shards, expected 1 to 1000000",
  } do
    local part, err = shard.parse(text)
    lu.assertNil(part)
    lu.assertStrContains(err, message)
  end
end

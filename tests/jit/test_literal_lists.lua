-- LuaJIT 2.1 (beta3) leaves items out of a loop over a list of constants that is made within an outer loop. What the
-- loader makes of a strategy's source must not.
local parser = require "lua_parser"

TestLiteralLists = {}

local SOURCE = [[
return function(list, out)
  for k, item in ipairs(list) do
    out.last = item
    for j, name in ipairs %s do
      out[(k - 1) * 5 + j] = item.x + j
    end
  end
end
]]

-- How many of the numbers that the loops write are wrong. Items of the second kind have another shape than those for
-- which the inner loop was compiled: from the exit that they take the loops are compiled once more.
local function wrong_numbers(make)
  local wrong = 0
  for round = 1, 5 do
    jit.flush()
    local fill = make()
    local function items(n, extra)
      local list = {}
      for k = 1, n do
        list[k] = { x = 0 }
        for q = 1, extra do list[k]["y" .. q .. round] = q end
      end
      return list
    end
    for _ = 1, 30 do fill(items(12, 0), {}) end
    for _ = 1, 30 do
      local out = {}
      fill(items(13, 9), out)
      for q = 1, 65 do
        if out[q] ~= (q - 1) % 5 + 1 then wrong = wrong + 1 end
      end
    end
  end
  return wrong
end

local KNOWN = setmetatable({}, { __index = function() return true end })
local LISTS = { '{ "a", "b", "c", "d", "e" }', "{ 1, -2, 3 + 4, (5), nil or 6 }", "{ true, list, 3, 'x', item.x }" }

function TestLiteralLists.test_loops_over_lists_of_constants_are_whole()
  for _, list in ipairs(LISTS) do
    local source = assert(parser.instrument(SOURCE:format(list), "f.lua", "f.lua", { known = KNOWN }))
    local budget = { left = 1e9 }
    lu.assertEquals(wrong_numbers(function() return loadstring(source)(budget, error, math.pow) end), 0, list)
  end
end

--- "Did you mean": the nearest of a list of names.
local M = {}

local MAX_LENGTH = 64 -- longer names are not compared: no typing mistake is that long

--- Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours.
function M.distance(a, b)
  local n, m = #a, #b
  local before, previous, current = {}, {}, {}
  for j = 0, m do previous[j] = j end
  for i = 1, n do
    current[0] = i
    for j = 1, m do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      local best = math.min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + cost)
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        best = math.min(best, before[j - 2] + 1)
      end
      current[j] = best
    end
    before, previous, current = previous, current, before
  end
  return previous[m]
end

--- The candidate that `name` was probably meant to be, or nil. `candidates` is a list; ties go to the first.
function M.nearest(name, candidates)
  name = tostring(name)
  if #name > MAX_LENGTH then return nil end
  local lower = name:lower()
  local best, best_distance
  for _, candidate in ipairs(candidates) do
    local other = candidate:lower()
    if #other <= MAX_LENGTH then
      local distance
      if lower:gsub("[-_%s]", "") == other:gsub("[-_%s]", "") then
        distance = 0.5
      elseif #lower >= 3 and (other:sub(1, #lower) == lower or lower:sub(1, #other) == other and #other >= 3) then
        distance = 1.5
      else
        distance = M.distance(lower, other)
        local length = math.max(#lower, #other)
        local limit = length <= 4 and 1 or length <= 8 and 2 or 3
        if distance > limit then
          distance = nil
        elseif lower:byte(1) == other:byte(1) then
          distance = distance - 0.25 -- the first letter is seldom wrong
        end
      end
      if distance and (not best_distance or distance < best_distance) then
        best, best_distance = candidate, distance
      end
    end
  end
  return best
end

--- ", did you mean 'x'?" or "", to be appended to a message.
function M.hint(name, candidates)
  local nearest = M.nearest(name, candidates)
  return nearest and (", did you mean '%s'?"):format(nearest) or ""
end

return M

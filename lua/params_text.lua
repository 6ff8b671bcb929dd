--- Parameters of a combo in one line.

--- "fast=5 slow=20", sorted by name; with `only`, a set of names, just those.
return function(params, only)
  local names = {}
  for name in pairs(params) do
    if not only or only[name] then names[#names + 1] = name end
  end
  table.sort(names)
  for k, name in ipairs(names) do names[k] = ("%s=%s"):format(name, tostring(params[name])) end
  return table.concat(names, " ")
end

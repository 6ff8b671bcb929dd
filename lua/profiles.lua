--- Profiles: named bundles of execution's keys. A profile's keys hold where `execution` does not give them itself.
--
-- They are applied to the tree of nodes before it is checked, so that what a profile says is checked like the rest.
local suggest = require "suggest"
local yaml = require "yaml"

local M = {}

local KINDS = { "slippage", "commission", "financing" }

--- The built-in ones. The figures are round ones for liquid US shares and the like, to begin with: a cost that matters
-- has to come from one's own broker and fills.
M.BUILT_IN = {
  { name = "zero_cost", help = "Nothing costs anything: the strategy alone", keys = {
    slippage = {}, commission = {}, financing = {},
  } },
  { name = "retail", help = "A private account at a discount broker", keys = {
    slippage = { { model = "half_spread", params = { bps = 5 } }, { model = "fixed_bps", params = { bps = 1 } } },
    commission = { { model = "per_share", params = { rate = 0.005, minimum = 1, cap_pct = 1 } } },
    financing = {
      { model = "margin_interest", params = { rate_pct = 8 } }, { model = "borrow", params = { rate_pct = 3 } },
    },
  } },
  { name = "institutional", help = "Low fees, large orders that move the market", keys = {
    slippage = {
      { model = "half_spread", params = { bps = 2 } }, { model = "square_root_impact", params = { coefficient = 1 } },
    },
    commission = { { model = "per_share", params = { rate = 0.0015, minimum = 0, cap_pct = 0 } } },
    financing = {
      { model = "margin_interest", params = { rate_pct = 6 } }, { model = "borrow", params = { rate_pct = 0.5 } },
    },
  } },
  { name = "adverse_market", help = "A stress test: wide spreads, thin books, dear money", keys = {
    slippage = {
      { model = "half_spread", params = { bps = 20, multiple = 2 } },
      { model = "volatility_scaled", params = { multiple = 0.1 } },
      { model = "square_root_impact", params = { coefficient = 2 } },
    },
    commission = { { model = "per_share", params = { rate = 0.01, minimum = 2, cap_pct = 2 } } },
    financing = {
      { model = "margin_interest", params = { rate_pct = 12 } }, { model = "borrow", params = { rate_pct = 15 } },
    },
  } },
}

local function entry_of(node, key)
  for _, entry in ipairs(node and node.entries or {}) do
    if entry.key == key then return entry.node, entry end
  end
end

local function names(root)
  local list = {}
  for i, profile in ipairs(M.BUILT_IN) do list[i] = profile.name end
  for _, entry in ipairs(entry_of(root, "profiles") and entry_of(root, "profiles").entries or {}) do
    list[#list + 1] = entry.key
  end
  return list
end

local function find(root, name)
  local own = entry_of(entry_of(root, "profiles"), name)
  if own then return own end
  for _, profile in ipairs(M.BUILT_IN) do
    if profile.name == name then return yaml.from_plain(profile.keys, ("profile %s"):format(name)) end
  end
end

local function shallow(node)
  local made = {}
  for key, value in pairs(node) do made[key] = value end
  return made
end

--- Applies `execution.profile` of a tree.
-- @return the tree, or nil, the node at fault and a message
function M.apply(root)
  local execution, at = entry_of(root, "execution")
  local chosen = execution and entry_of(execution, "profile")
  if not chosen or chosen.kind ~= "scalar" or chosen.type == "null" then return root end
  local profile = find(root, chosen.text)
  if not profile then
    local known = names(root)
    return nil, chosen, ("there is no profile '%s'%s (there are: %s)"):format(chosen.text,
      suggest.hint(chosen.text, known), table.concat(known, ", "))
  end
  local made, entries = shallow(execution), {}
  for i, entry in ipairs(execution.entries) do entries[i] = entry end
  for _, entry in ipairs(profile.entries or {}) do
    if not entry_of(execution, entry.key) then entries[#entries + 1] = entry end
  end
  made.entries = entries
  local whole, list = shallow(root), {}
  for i, entry in ipairs(root.entries) do
    list[i] = entry
    if entry == at then
      list[i] = shallow(entry)
      list[i].node = made
    end
  end
  whole.entries = list
  return whole
end

local function value_text(value)
  if type(value) ~= "table" then return tostring(value) end
  local keys, parts = {}, {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys)
  for i, key in ipairs(keys) do parts[i] = ("%s: %s"):format(key, value_text(value[key])) end
  return "{" .. table.concat(parts, ", ") .. "}"
end

--- The section of docs/models.md.
function M.markdown()
  local lines = { [[
## Profiles

`execution.profile: NAME` stands for these keys of `execution`; a key that is given beside it replaces the profile's,
and `profiles:` at the top of a configuration adds one's own: `profiles: {mine: {slippage: [fixed_bps]}}`. The figures
are round ones for liquid shares: a cost that matters has to come from one's own broker and fills.
]] }
  for _, profile in ipairs(M.BUILT_IN) do
    lines[#lines + 1] = ("- `%s`: %s."):format(profile.name, profile.help)
    for _, kind in ipairs(KINDS) do
      local parts = {}
      for i, item in ipairs(profile.keys[kind]) do
        parts[i] = ("`%s` %s"):format(item.model, value_text(item.params))
      end
      if #parts > 0 then lines[#lines + 1] = ("  - %s: %s"):format(kind, table.concat(parts, ", ")) end
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

return M

--- Models of slippage, commission, latency and financing: what there is (src/exec/model_<name>.c), checks of how a
-- configuration sets them, docs/models.md.
local ffi = require "ffi"
local abi = require "abi"
local json = require "json"
local suggest = require "suggest"
local C = abi.C

local M = {}

local function text_of(pointer) return pointer ~= nil and ffi.string(pointer) or nil end

local function param_of(p)
  local param = {
    name = ffi.string(p.name), unit = ffi.string(p.unit), help = ffi.string(p.help), default = p.default_value,
    min = p.min_value, max = p.max_value, is_list = p.is_list ~= 0, is_integer = p.is_integer ~= 0,
  }
  if p.words ~= nil then
    param.words = {}
    for word in ffi.string(p.words):gmatch "%S+" do param.words[#param.words + 1] = word end
  end
  return param
end

local function describe(index)
  local info = C.pln_cost_model_get(index)
  local model = {
    index = index, name = ffi.string(info.name), kind = ffi.string(C.pln_cost_model_kind_name(info.kind)),
    help = ffi.string(info.help), formula = ffi.string(info.formula), series = text_of(info.series),
    params = {}, gauges = {},
  }
  for i = 0, info.n_params - 1 do model.params[i + 1] = param_of(info.params[i]) end
  for i = 0, info.n_gauges - 1 do
    local g = info.gauges[i]
    model.gauges[i + 1] = {
      expression = ffi.string(g.expression), timeframe = ffi.string(g.timeframe), when = text_of(g.when),
      equals = g.equals,
    }
  end
  return model
end

--- All of them, sorted by name: { index, name, kind, help, formula, series (what a file gives by time, or nil), params
-- = { name, unit, help, default, min, max, words (or nil), is_list, is_integer } …, gauges }.
M.list = {}
local by_name = {}
for i = 0, C.pln_cost_model_count() - 1 do
  M.list[i + 1] = describe(i)
  by_name[M.list[i + 1].name] = M.list[i + 1]
end

--- The kinds in the order of the configuration's keys.
M.KINDS = { "slippage", "commission", "latency", "financing" }

--- A model by name, or nil.
function M.get(name) return by_name[name] end

--- Names of the models of a kind.
function M.names(kind)
  local names = {}
  for _, model in ipairs(M.list) do
    if model.kind == kind then names[#names + 1] = model.name end
  end
  return names
end

local function show(value) return type(value) == "number" and ("%.14g"):format(value) or tostring(value) end

--- A parameter's value as one shows it: words as words, lists with commas.
function M.show_value(param, numbers)
  local shown = {}
  for i, number in ipairs(numbers) do
    shown[i] = param.words and param.words[number + 1] or show(number)
  end
  return table.concat(shown, ", ")
end

-- One number of a parameter, or nil and what is wrong.
local function number_of(param, value)
  if param.words then
    for i, word in ipairs(param.words) do
      -- YAML reads `yes` and `no` as text, `true` and `false` as booleans.
      if word == value or (word == "yes" and value == true) or (word == "no" and value == false) then return i - 1 end
    end
    return nil, ("'%s' is not one of %s%s"):format(tostring(value), table.concat(param.words, ", "),
      type(value) == "string" and suggest.hint(value, param.words) or "")
  end
  if type(value) ~= "number" then
    return nil, ("'%s' is not a number; %s"):format(tostring(value), param.unit)
  elseif param.is_integer and value % 1 ~= 0 then
    return nil, ("%s is not a whole number; %s"):format(show(value), param.unit)
  elseif value < param.min or value > param.max then
    return nil, ("%s is out of range, expected %s to %s; %s"):format(show(value), show(param.min), show(param.max),
      param.unit)
  end
  return value
end

local function numbers_of(param, value)
  if type(value) ~= "table" then
    local number, message = number_of(param, value)
    if not number then return nil, message end
    return { number }
  elseif value.from then
    return nil, "a range makes a grid of strategies; a model's parameter is a value"
  elseif not param.is_list then
    return nil, "expected one value, got a list"
  end
  local numbers = {}
  for i, item in ipairs(value) do
    local message
    numbers[i], message = number_of(param, item)
    if not numbers[i] then return nil, message end
  end
  return numbers
end

--- Completes and checks the parameters of a model.
-- @param fail function(name or nil, message), called for each mistake
-- @return list of lists of numbers, one for each parameter
function M.values(model, given, fail)
  local names, values = {}, {}
  for i, param in ipairs(model.params) do
    names[i] = param.name
    values[i] = { param.default }
    if given[param.name] ~= nil then
      local numbers, message = numbers_of(param, given[param.name])
      if numbers then values[i] = numbers else fail(param.name, message) end
    end
  end
  local keys = {}
  for key in pairs(given) do keys[#keys + 1] = key end
  table.sort(keys)
  for _, key in ipairs(keys) do
    local known = false
    for _, name in ipairs(names) do known = known or name == key end
    if not known then
      fail(key, ("unknown parameter of %s%s%s"):format(model.name, suggest.hint(key, names),
        #names > 0 and " (there are: " .. table.concat(names, ", ") .. ")" or " (there are none)"))
    end
  end
  return values
end

--- pln_model_setting of a model with its values, for all instruments, and what has to live as long as it.
function M.setting(model, values)
  local n, kept = math.max(#values, 1), {}
  kept.pointers, kept.counts = ffi.new("const double *[?]", n), ffi.new("int32_t[?]", n)
  for i, numbers in ipairs(values) do
    kept[i] = ffi.new("double[?]", math.max(#numbers, 1), numbers)
    kept.pointers[i - 1], kept.counts[i - 1] = kept[i], #numbers
  end
  return ffi.new("pln_model_setting", kept.pointers, kept.counts, nil, model.index, -1), kept
end

--- Whether values go together: true, or nil and a message.
function M.fits(model, values)
  local setting, kept = M.setting(model, values)
  local status, message = abi.check(C.pln_cost_model_check(setting))
  assert(kept)
  if not status then return nil, message end
  return true
end

--- Checks the models of `execution`; `fail(path, message)` for each mistake.
function M.check(execution, symbols, fail)
  for _, kind in ipairs(M.KINDS) do
    for i, item in ipairs(execution[kind] or {}) do
      local path = ("execution.%s[%d]"):format(kind, i - 1)
      local model = by_name[item.model]
      if model and model.kind ~= kind then
        fail(path .. ".model", ("'%s' is a model of %s: it goes under execution.%s"):format(model.name, model.kind,
          model.kind))
      elseif model then
        M.values(model, item.params, function(name, message) fail(path .. ".params." .. name, message) end)
        if item.file and not model.series then
          fail(path .. ".file", ("%s reads no file"):format(model.name))
        end
      elseif kind ~= "slippage" then -- which may be a file's, found later
        local names = M.names(kind)
        fail(path .. ".model", ("there is no model of %s '%s'%s (there are: %s)"):format(kind, item.model,
          suggest.hint(item.model, names), table.concat(names, ", ")))
      end
      for k, name in ipairs(item.symbols or {}) do
        local found = false
        for _, symbol in ipairs(symbols) do found = found or symbol == name end
        if not found then
          fail(("%s.symbols[%d]"):format(path, k - 1), ("there is no symbol '%s'%s"):format(name,
            suggest.hint(name, symbols)))
        end
      end
    end
  end
  if execution.compat ~= "none" and #execution.slippage + #execution.commission + #execution.latency > 0 then
    fail("execution.compat", "goes with commission_pct and the other short keys, not with models")
  end
  if execution.fill == "this_close" and #execution.latency > 0 then
    fail("execution.latency", "no order can be late for a close that was just seen: use fill: next_open")
  end
end

-- Text ----------------------------------------------------------------------------------------------------------------

--- The default of a parameter, as shown.
function M.default_text(param) return M.show_value(param, { param.default }) end

--- What a parameter may be, as shown.
function M.range_text(param)
  if param.words then return table.concat(param.words, ", ") end
  if param.max >= 1e12 then return (param.min == 0 and "0 or more" or "from " .. show(param.min)) end
  return ("%s to %s"):format(show(param.min), show(param.max))
end

--- "half_spread (bps 4, quoted yes, multiple 1)".
function M.describe(model, values)
  local parts = {}
  for i, param in ipairs(model.params) do
    parts[i] = ("%s %s"):format(param.name, M.show_value(param, values[i]))
  end
  return #parts > 0 and ("%s (%s)"):format(model.name, table.concat(parts, ", ")) or model.name
end

--- A model as a table for JSON.
function M.to_table(model)
  local params = {}
  for i, param in ipairs(model.params) do
    params[i] = {
      name = param.name, unit = param.unit, help = param.help, default = M.default_text(param), min = param.min,
      max = param.max, words = param.words and json.array(param.words) or nil, list = param.is_list,
    }
  end
  local gauges = {}
  for i, gauge in ipairs(model.gauges) do gauges[i] = gauge.expression end
  return {
    name = model.name, kind = model.kind, help = model.help, formula = model.formula, params = json.array(params),
    reads = json.array(gauges), file = model.series,
  }
end

local IN_LUA = [[
## In Lua

A model of one's own is a file `NAME.lua` in the folder `execution_models` beside the configuration, and is chosen like
a built-in one, under `slippage`:

```lua
return execution_model {
  name = "thin_book",
  help = "A tick worse for each tenth of the bar's volume; half of the volume at most, for a ticket of two dollars.",
  params = { tick = { 0.01, min = 0 }, share = { 0.5, min = 0.01, max = 1 } },
  fill = function(order, bar, p, s)
    local ticks = bar.volume > 0 and math.ceil(10 * order.quantity / bar.volume) or 1
    return ticks * p.tick, 2, bar.volume > 0 and p.share * bar.volume or nil
  end,
}
```

`fill` is asked before each bar that an order could fill in, and once for the protective levels of a position that the
bar could touch. It returns how much worse the price is for the order (a distance; below 0 it is better; it worsens no
limit order), a fee for all of `order.quantity` (in proportion where less of it fills), and how many units fill in this
bar at most: the rest waits, but protective levels fill whole. `nil` stands for 0, 0 and no bound.

- `order`: `quantity` (units), `price` (about where: its limit or stop, or the open), `limit_price`, `stop_price`
  (0 = none), `side` (1, -1), `is_buy`, `is_market`, `is_limit`, `is_stop`, `is_exit` (protective levels, and what is
  closed at the end), `tag`.
- `bar`: `open`, `high`, `low`, `close`, `volume`, `ts_ns`: the whole bar. A model of costs may know it, since it
  decides nothing.
- `p` and `s`: parameters and state, as those of strategies ([strategies.md](strategies.md)); the state is of one run.

Sizes in cash or percent do not reckon with it; at the fill, what cannot be paid with its costs is reduced. What had no
answer (an order that was made within the bar, of a position without protective levels) costs nothing and is counted in
a note. It goes with neither `fill: this_close` nor `compat`.

]]

local INTRO = [[
# Models

<!-- Written by `build/perilune exec scripts/gen_models.lua`; do not edit. -->

What trading costs, by name. Models of slippage add up, and so do commissions and latencies; of borrow, interest and
funding the one for the instrument comes before the one for all. [execution.md](execution.md) tells when and how they
act.

```yaml
data: {source: synthetic}
symbols: [DEMO]
strategies: [momentum]
execution:
  slippage:
    - {model: half_spread, params: {bps: 4}}
    - square_root_impact
  commission: [{model: per_share, params: {rate: 0.005, minimum: 1}}]
  financing: [{model: borrow, params: {rate_pct: 2}}]
```

`symbols: [SPY]` makes a model one of some instruments only. `file: rates.csv` gives values by time where a model has
a series: columns `time` (the value holds from then on), `rate_pct` (of borrow also `none`: there is nothing to borrow)
and, where they differ, `symbol`.
]]

--- The text of docs/models.md.
function M.markdown(profiles)
  local lines = { INTRO .. profiles .. "\n" .. IN_LUA }
  for _, kind in ipairs(M.KINDS) do
    lines[#lines + 1] = ("## %s\n"):format(kind:gsub("^%l", string.upper))
    for _, model in ipairs(M.list) do
      if model.kind == kind then
        lines[#lines + 1] = ("### %s\n\n%s.\n\n%s.\n"):format(model.name, model.help, model.formula)
        if #model.params > 0 then
          lines[#lines + 1] = "| parameter | unit | default | range | |\n|---|---|---|---|---|"
          for _, param in ipairs(model.params) do
            lines[#lines + 1] = ("| `%s`%s | %s | %s | %s | %s |"):format(param.name,
              param.is_list and " (list)" or "", param.unit, M.default_text(param), M.range_text(param), param.help)
          end
          lines[#lines + 1] = ""
        end
        for _, gauge in ipairs(model.gauges) do
          lines[#lines + 1] = ("Reads `%s`%s.\n"):format(gauge.expression,
            gauge.timeframe ~= "" and (" on %s bars"):format(gauge.timeframe) or "")
        end
        if model.series then lines[#lines + 1] = ("A file may give `%s` by time.\n"):format(model.series) end
      end
    end
  end
  return (table.concat(lines, "\n"):gsub("\n\n\n+", "\n\n"))
end

return M

--- Pictures of ensemble weights over time in the terminal: what share each member had, stacked, with its legend.
local abi = require "abi"
local terminal = require "terminal"

local M = {}

-- As in lua/plot_text.lua: told apart on light and dark grounds.
local COLORS = { 33, 208, 142, 170, 37, 99, 203, 30 }
local LETTERS = "abcdefghijklmnopqrstuvwxyz"

local function paint(color, text) return ("\27[38;5;%dm%s\27[0m"):format(color, text) end

local function letter(k)
  k = (k - 1) % #LETTERS + 1
  return LETTERS:sub(k, k)
end

-- Mean weights in force over [from, to): list of shares of the absolute values' sum, and that sum; nil where there are
-- none.
local function mean_weights(entries, n, from, to, at)
  local sums, total = {}, 0
  for k = 1, n do sums[k] = 0 end
  while entries[at + 1] and entries[at + 1].ts <= from do at = at + 1 end
  local now, i = from, at
  while now < to do
    local next_ts = entries[i + 1] and entries[i + 1].ts or to
    local until_ts = next_ts < to and next_ts or to
    local weights = entries[i] and entries[i].weights
    if weights then
      for k = 1, n do sums[k] = sums[k] + math.abs(weights[k]) * (until_ts - now) end
      total = total + (until_ts - now)
    end
    now, i = until_ts, i + 1
  end
  if total == 0 then return nil, 0, at end
  local gross = 0
  for k = 1, n do
    sums[k] = sums[k] / total
    gross = gross + sums[k]
  end
  return sums, gross, at
end

local function date_line(from, to, columns, margin)
  local first, last = abi.iso_time(from):sub(1, 10), abi.iso_time(to):sub(1, 10)
  return (" "):rep(margin) .. first .. (" "):rep(math.max(1, columns - #first - #last)) .. last
end

-- Which member's band a level (0 … 1 of the greatest sum) lies in; nil above all of them.
local function member_at(shares, level)
  local top = 0
  for k, share in ipairs(shares) do
    top = top + share
    if level < top then return k end
  end
end

local MARGIN = 7

--- Draws weights over time: bands from the bottom up in the members' order.
-- @param series { names = list, entries = list of { ts_ns, weights = list or nil for none }, in order of time,
--   until_ns = end of the last one, title = text }; weights below 0 count with their size
-- @param options terminal.describe's (plain, width, unicode, color) and height (lines, default 8)
-- @return text with a final newline; "" without entries
function M.render(series, options)
  options = options or {}
  local out = terminal.describe(options)
  if options.color ~= nil then out.color = options.color end
  local n, height = #series.names, math.max(2, options.height or 8)
  local columns = math.max(20, math.min(out.width, 120) - MARGIN)
  local entries = {}
  for k, entry in ipairs(series.entries) do entries[k] = { ts = tonumber(entry.ts_ns), weights = entry.weights } end
  if #entries == 0 then return "" end
  local from, to = entries[1].ts, tonumber(series.until_ns)
  if to <= from then to = from + 1 end
  local shares, most, at = {}, 1e-300, 0
  for x = 1, columns do
    local gross
    shares[x], gross, at = mean_weights(entries, n, from + (to - from) * (x - 1) / columns,
      from + (to - from) * x / columns, at)
    if gross > most then most = gross end
  end
  local top = most > 1 + 1e-9 and most or 1
  local lines = {}
  if series.title then lines[1] = series.title end
  for y = 1, height do
    local level = (height - y + 0.5) / height * top
    local parts, run, run_of = {}, 0, nil
    local function flush()
      if run > 0 then
        local mark = not run_of and " " or out.color and (out.unicode and "█" or "#") or letter(run_of)
        local text = mark:rep(run)
        parts[#parts + 1] = run_of and out.color and paint(COLORS[(run_of - 1) % #COLORS + 1], text) or text
      end
      run = 0
    end
    for x = 1, columns do
      local member = shares[x] and member_at(shares[x], level)
      if member ~= run_of then
        flush()
        run_of = member
      end
      run = run + 1
    end
    flush()
    local label = y == 1 and ("%.0f %%"):format(top * 100) or y == height and "0 %" or ""
    lines[#lines + 1] = terminal.pad(label, MARGIN - 2, true) .. (out.unicode and " ┤" or " |")
      .. table.concat(parts)
  end
  lines[#lines + 1] = date_line(series.entries[1].ts_ns, series.until_ns, columns, MARGIN)
  local legend, used, line = {}, 0, (" "):rep(MARGIN)
  local last
  for x = columns, 1, -1 do
    if shares[x] then
      last = shares[x]
      break
    end
  end
  for k, name in ipairs(series.names) do
    local key = out.color and paint(COLORS[(k - 1) % #COLORS + 1], out.unicode and "██" or "##") or letter(k) .. ":"
    local text = ("%s %.0f %%"):format(name, (last and last[k] or 0) * 100)
    local width = 3 + terminal.columns(text)
    if used > 0 and used + 2 + width > columns then
      legend[#legend + 1] = line
      line, used = (" "):rep(MARGIN), 0
    end
    line = line .. (used > 0 and "  " or "") .. key .. " " .. text
    used = used + (used > 0 and 2 or 0) + width
  end
  legend[#legend + 1] = line
  for _, text in ipairs(legend) do lines[#lines + 1] = text end
  return table.concat(lines, "\n") .. "\n"
end

--- Draws what ensemble.over_time made: one picture, or one for each regime that has weights of its own.
-- @param schedule list of { ts_ns, regime, weights }
-- @param options of M.render, names = members' names, until_ns = where it ends
function M.schedule(schedule, options)
  local order, by_regime = {}, {}
  for _, entry in ipairs(schedule) do
    local key = entry.regime or ""
    if not by_regime[key] then
      by_regime[key] = {}
      order[#order + 1] = key
    end
    table.insert(by_regime[key], entry)
  end
  local several, texts = #order > 1, {}
  for _, key in ipairs(order) do
    if key ~= "" or not several then
      texts[#texts + 1] = M.render({
        names = options.names, entries = by_regime[key], until_ns = options.until_ns,
        title = key ~= "" and ("Weights: %s"):format(key) or "Weights",
      }, options)
    end
  end
  return table.concat(texts, "\n")
end

return M

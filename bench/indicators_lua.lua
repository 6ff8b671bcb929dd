-- Indicators in Lua beside the built-in ones that compute the same, and matrices of features: ns a row, the best of
-- several turns. From the project's folder: build/perilune exec bench/indicators_lua.lua
local ffi = require "ffi"
local abi = require "abi"
local feature = require "feature"
local indicator_hub = require "indicator_hub"
local registry = require "registry"
local synth = require "synth"
local C = abi.C

local ROWS, TURNS = 1000000, 9

local SOURCES = { [[
return indicator { name = "lua_ema", params = { period = 20 }, state = { n = 0, e = 0 },
  warmup = function(p) return p.period - 1 end,
  step = function(s, x, p)
    local n = s.n + 1
    s.n = n
    if n < p.period then s.e = s.e + x return end
    local e = n == p.period and (s.e + x) / n or s.e + 2 / (p.period + 1) * (x - s.e)
    s.e = e
    return e
  end }]], [[
return indicator { name = "lua_highest", inputs = { "high" }, params = { period = 20 },
  state = { n = 0, ring = array "period" }, warmup = function(p) return p.period - 1 end,
  step = function(s, x, p)
    local period = p.period
    s.ring[s.n % period + 1] = x
    s.n = s.n + 1
    local top = x
    for k = 1, period do if s.ring[k] > top then top = s.ring[k] end end
    return top
  end }]], [[
return indicator { name = "lua_change", step = function(s, x, p) return x * 1.5 - 1 end }]] }

local library = indicator_hub.library { environment = false }
for i, source in ipairs(SOURCES) do library:add(assert(registry.compile(source, "bench" .. i .. ".lua"))) end
local bars = assert(synth.bars({ bars = ROWS }, "BENCH", 0))

local function run(expression)
  local hub = assert(feature.hub(4096, library))
  assert(hub:add_stream(bars))
  assert(hub:add(0, expression))
  assert(hub:seal())
  local start = C.pln_clock_monotonic_ns()
  while assert(hub:advance()) > 0 do end
  return tonumber(C.pln_clock_monotonic_ns() - start) / ROWS
end

print(("%-22s %8s"):format("expression", "ns a row"))
local best = {}
local expressions = {
  "close * 1.5 - 1", "lua_change()", "ema(20)", "lua_ema(20)", "highest(high, 20)", "lua_highest(20)",
}
for _ = 1, TURNS do
  for _, expression in ipairs(expressions) do
    best[expression] = math.min(best[expression] or math.huge, run(expression))
  end
end
for _, expression in ipairs(expressions) do print(("%-22s %8.2f"):format(expression, best[expression])) end

local function matrices(n_features, n_rows)
  local rows = 20000
  local m = assert(require("matrix").new(n_features, { rows = n_rows, clip = 3 }))
  local columns, kept = ffi.new("const double *[?]", n_features), {}
  for k = 0, n_features - 1 do
    kept[k] = ffi.new("double[?]", rows)
    for i = 0, rows - 1 do kept[k][i] = bars.close[i] * (1 + k * ((i * 7919 + k) % 100) / 1e4) end
    columns[k] = kept[k]
  end
  local pushed, made = math.huge, math.huge
  for _ = 1, TURNS do
    C.pln_matrix_bind(m, columns, 0)
    local start = C.pln_clock_monotonic_ns()
    for i = 0, rows - 1 do C.pln_matrix_to(m, i) end
    pushed = math.min(pushed, tonumber(C.pln_clock_monotonic_ns() - start) / rows)
    C.pln_matrix_bind(m, columns, 0)
    start = C.pln_clock_monotonic_ns()
    for i = 0, rows - 1 do
      C.pln_matrix_to(m, i)
      C.pln_matrix_refresh(m)
    end
    made = math.min(made, tonumber(C.pln_clock_monotonic_ns() - start) / rows)
  end
  print(("%3d x %-3d %12.1f %16.1f %18.3f"):format(n_features, n_rows, pushed, made, made / n_features / n_rows))
end

print(("\n%9s %12s %16s %18s"):format("matrix", "push, ns", "and scale, ns", "of that a value"))
for _, size in ipairs { { 8, 32 }, { 16, 64 }, { 17, 64 }, { 32, 256 } } do matrices(unpack(size)) end

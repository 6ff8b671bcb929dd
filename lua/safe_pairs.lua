--- Keeps `next` and `pairs` out of compiled code.
--
-- LuaJIT 2.1.0-beta3 (2022, Debian 12) compiles `next` on x64 to a call with two results, and where these have to
-- change registers it emits `xchg eax, edx`: the pointer to the key loses its upper half, and the next access crashes
-- or reads other memory. Whether it happens depends on the registers that a trace has left. So tables are traversed by
-- the interpreter: `pairs` gives an iterator that the compiler leaves alone. Code that has to be compiled uses arrays.
local M = {}

local raw_next, raw_pairs = next, pairs

local function interpreted_next(t, key) return raw_next(t, key) end

--- The same as `next`, never compiled.
M.next = interpreted_next

--- The same as `pairs`, its traversal never compiled.
function M.pairs(t)
  if type(t) ~= "table" then return raw_pairs(t) end -- a ctype's own, or the error
  return interpreted_next, t, nil
end

if jit and jit.arch == "x64" and jit.version:find("beta", 1, true) then
  jit.off(interpreted_next)
else
  M.next, M.pairs = raw_next, raw_pairs
end

--- Replaces both in an environment: before modules that keep them in locals are loaded.
function M.install(env)
  env.next, env.pairs = M.next, M.pairs
end

return M

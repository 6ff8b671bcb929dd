-- Turns the ABI headers into two C files:
--   abi_text.c    one string of all headers, in dependency order, for ffi.cdef
--   abi_layout.c  a string of sizes and offsets as the C compiler sees them, for the layout test
-- usage: luajit gen_abi.lua OUT_FOLDER HEADER…
local out_folder = arg[1]
local text, order, seen = {}, {}, {}

for i = 2, #arg do
  local file = assert(io.open(arg[i]))
  text[arg[i]:match("([^/]+)$")] = file:read("*a")
  file:close()
end

local function visit(name)
  if seen[name] then return end
  seen[name] = true
  for include in assert(text[name], name .. " is included but not an ABI header"):gmatch('#include "abi/([^"]+)"') do
    visit(include)
  end
  order[#order + 1] = name
end

local names = {}
for name in pairs(text) do names[#names + 1] = name end
table.sort(names)
for _, name in ipairs(names) do visit(name) end

local function write(name, content)
  local file = assert(io.open(out_folder .. "/" .. name, "w"))
  file:write(content)
  file:close()
end

local lines, includes, layout = {}, {}, {}
for _, name in ipairs(order) do
  includes[#includes + 1] = ('#include "abi/%s"'):format(name)
  for line in text[name]:gmatch("([^\n]*)\n") do
    if line:match("^#") then
      assert(line:match("^#pragma") or line:match("^#include"),
        ("%s: an ABI header may hold no directive but #pragma and #include: %s"):format(name, line))
    else
      lines[#lines + 1] = '  "' .. line:gsub("\\", "\\\\"):gsub('"', '\\"') .. '\\n"'
    end
  end
  local plain = text[name]:gsub("/%*.-%*/", "")
  for body, struct in plain:gmatch("typedef struct [%w_]+ (%b{}) ([%w_]+);") do
    layout[#layout + 1] = ('  add("%s", (int64_t)sizeof(%s), 0);'):format(struct, struct)
    for declaration in body:sub(2, -2):gmatch("([^;]+);") do
      local bare = declaration:gsub("%b[]", "")
      for field in bare:gmatch("([%w_]+)%s*%f[,%z]") do
        layout[#layout + 1] = ('  add("%s.%s", (int64_t)sizeof(((%s *)0)->%s), (int64_t)offsetof(%s, %s));')
          :format(struct, field, struct, field, struct, field)
      end
    end
  end
end

-- Long strings are split: C promises only 4095 characters for one literal.
local chunks, current = {}, {}
for i, line in ipairs(lines) do
  current[#current + 1] = line
  if #current == 30 or i == #lines then
    chunks[#chunks + 1] = table.concat(current, "\n")
    current = {}
  end
end
local parts = {}
for i, chunk in ipairs(chunks) do parts[i] = ("static const char part_%d[] =\n%s;\n"):format(i, chunk) end
local joins = {}
for i = 1, #chunks do joins[i] = ("    text = append(text, part_%d, sizeof part_%d - 1);"):format(i, i) end

write("abi_text.c", ([[
/* Written by scripts/gen_abi.lua from src/abi. */
#include "abi/core.h"
#include <pthread.h>
#include <string.h>

%s
static char whole[%d];

static char *append(char *text, const char *part, size_t size) {
  memcpy(text, part, size);
  return text + size;
}

static void join(void) {
  char *text = whole;
%s
  *text = 0;
}

const char *pln_abi_text(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, join);
  return whole;
}
]]):format(table.concat(parts, "\n"), #table.concat(lines, "\n") + 16, table.concat(joins, "\n")))

write("abi_layout.c", ([[
/* Written by scripts/gen_abi.lua from src/abi. */
%s
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static char layout[%d];
static size_t used;

static void add(const char *name, int64_t size, int64_t offset) {
  used += (size_t)snprintf(layout + used, sizeof layout - used, "%%s %%lld %%lld\n", name, (long long)size,
                           (long long)offset);
}

static void describe(void) {
%s
}

const char *pln_abi_layout(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, describe);
  return layout;
}
]]):format(table.concat(includes, "\n"), 128 * (#layout + 1), table.concat(layout, "\n")))

#include "script/host.h"

#include "abi/script.h"
#include "core/error.h"
#include "script/workers.h"

#include <lauxlib.h>
#include <limits.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct pln_host {
  lua_State *state;
  int64_t used;
  int64_t peak;
  int64_t limit;
};

/* Lua asks about "this state's memory" through functions without arguments: one state runs on a thread. */
static _Thread_local pln_host *current_host;

static void *bounded_alloc(void *context, void *block, size_t old_size, size_t new_size) {
  pln_host *host = context;
  const int64_t used = host->used - (int64_t)(block ? old_size : 0) + (int64_t)new_size;
  if (new_size == 0) {
    free(block);
    host->used = used;
    return NULL;
  }
  if (host->limit > 0 && used > host->limit && new_size > old_size) return NULL;
  void *moved = realloc(block, new_size);
  if (!moved) return NULL;
  host->used = used;
  if (used > host->peak) host->peak = used;
  return moved;
}

int64_t pln_host_memory_used(void) { return current_host ? current_host->used : 0; }
int64_t pln_host_memory_peak(void) { return current_host ? current_host->peak : 0; }

int64_t pln_host_malloc_used(void) {
#ifdef __GLIBC__
  const struct mallinfo2 info = mallinfo2();
  return (int64_t)(info.uordblks + info.hblkhd);
#else
  return -1;
#endif
}

int64_t pln_host_set_memory_limit(int64_t bytes) {
  if (!current_host) return 0;
  const int64_t previous = current_host->limit;
  current_host->limit = bytes;
  return previous;
}

static int is_home(const char *folder) {
  char probe[PATH_MAX + 32];
  snprintf(probe, sizeof probe, "%s/lua/main.lua", folder);
  return access(probe, R_OK) == 0;
}

static void find_home(char *home, size_t size) {
  const char *named = getenv("PERILUNE_HOME");
  if (named && *named) {
    snprintf(home, size, "%s", named);
    return;
  }
  char self[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  if (length > 0) {
    self[length] = 0;
    char *slash = strrchr(self, '/');
    if (slash) *slash = 0;
    static const char *const places[] = {"/..", "/../share/perilune", "/../.."};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
      char folder[PATH_MAX + 32], resolved[PATH_MAX];
      snprintf(folder, sizeof folder, "%s%s", self, places[i]);
      if (is_home(folder) && realpath(folder, resolved)) {
        snprintf(home, size, "%s", resolved);
        return;
      }
    }
  }
  home[0] = 0;
}

static _Thread_local char current_home[PATH_MAX];

const char *pln_host_home(void) {
  if (!current_home[0]) find_home(current_home, sizeof current_home);
  return current_home;
}

void pln_host_set_home(const char *folder) {
  if (!realpath(folder, current_home)) snprintf(current_home, sizeof current_home, "%s", folder);
}

pln_host *pln_host_new(int64_t memory_limit) {
  pln_host *host = calloc(1, sizeof *host);
  if (!host) {
    pln_fail(PLN_ERR_MEMORY, "no memory for a Lua state");
    return NULL;
  }
  host->limit = memory_limit;
  host->state = lua_newstate(bounded_alloc, host);
  if (!host->state) {
    pln_fail(PLN_ERR_MEMORY, "no memory for a Lua state (limit %lld bytes)", (long long)memory_limit);
    free(host);
    return NULL;
  }
  current_host = host;
  luaL_openlibs(host->state);
  lua_getglobal(host->state, "package");
  lua_pushfstring(host->state, "%s/lua/?.lua;", pln_host_home());
  lua_getfield(host->state, -2, "path");
  lua_concat(host->state, 2);
  lua_setfield(host->state, -2, "path");
  lua_getfield(host->state, -1, "loaded"); /* tells lua/perilune.lua that this is no foreign LuaJIT */
  lua_pushboolean(host->state, 1);
  lua_setfield(host->state, -2, "perilune.host");
  lua_pop(host->state, 2);
  return host;
}

void pln_host_free(pln_host *host) {
  if (!host) return;
  if (current_host == host) pln_workers_end_all();
  lua_close(host->state);
  if (current_host == host) current_host = NULL;
  free(host);
}

lua_State *pln_host_state(pln_host *host) { return host->state; }
lua_State *pln_host_current_state(void) { return current_host ? current_host->state : NULL; }

static int with_traceback(lua_State *L) {
  luaL_traceback(L, L, lua_tostring(L, 1), 1);
  return 1;
}

int pln_host_main(int argc, char **argv) {
  if (!pln_host_home()[0] || !is_home(pln_host_home())) {
    fprintf(stderr, "perilune: cannot find lua/main.lua beside the executable or in ../share/perilune; "
                    "set PERILUNE_HOME to the folder that holds lua/\n");
    return 1;
  }
  pln_host *host = pln_host_new(0);
  if (!host) {
    fprintf(stderr, "perilune: %s\n", pln_error_last()->text);
    return 1;
  }
  lua_State *L = host->state;
  char main_file[PATH_MAX + 32];
  snprintf(main_file, sizeof main_file, "%s/lua/main.lua", pln_host_home());
  lua_pushcfunction(L, with_traceback);
  int status = luaL_loadfile(L, main_file);
  if (status == 0) {
    lua_createtable(L, argc, 1); /* `arg`, as any Lua interpreter has it */
    for (int i = 0; i < argc; i++) {
      lua_pushstring(L, argv[i]);
      lua_rawseti(L, -2, i);
    }
    lua_setglobal(L, "arg");
    for (int i = 1; i < argc; i++) lua_pushstring(L, argv[i]);
    status = lua_pcall(L, argc > 1 ? argc - 1 : 0, 1, 1);
  }
  int exit_status = 1;
  if (status == LUA_ERRMEM)
    fprintf(stderr, "perilune: not enough memory (engine.memory_limit_mb bounds what Lua may hold)\n");
  else if (status != 0)
    fprintf(stderr, "perilune: internal error, please report it: %s\n", lua_tostring(L, -1));
  else
    exit_status = (int)lua_tointeger(L, -1);
  pln_host_free(host);
  return exit_status;
}

#pragma once
#include <stdint.h>
#include <lua.h>

/* A Lua state that a thread can own: LuaJIT with a bounded allocator and Perilune's modules on its path.
 * Nothing is shared between states. */
typedef struct pln_host pln_host;

/* memory_limit in bytes (0 = none): an allocation beyond it fails as Lua's "not enough memory". NULL on
 * error. */
pln_host *pln_host_new(int64_t memory_limit);
void pln_host_free(pln_host *host);
lua_State *pln_host_state(pln_host *host);
/* The state that this thread made last, NULL where there is none. */
lua_State *pln_host_current_state(void);
/* Runs lua/main.lua with the command line; returns the exit status. */
int pln_host_main(int argc, char **argv);

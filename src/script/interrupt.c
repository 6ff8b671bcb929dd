/* Ctrl-C while Lua runs. */
#include "abi/line_edit.h"
#include "script/host.h"

#include <lauxlib.h>
#include <signal.h>

static lua_State *volatile target;
static struct sigaction before;

static void stop(lua_State *L, lua_Debug *activation) {
  (void)activation;
  lua_sethook(L, NULL, 0, 0);
  luaL_error(L, "interrupted");
}

/* lua_sethook is what may be called from a signal handler; SA_RESETHAND lets a second Ctrl-C end the process.
 */
static void on_interrupt(int number) {
  (void)number;
  if (target) lua_sethook(target, stop, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
}

void pln_interrupt_begin(void) {
  target = pln_host_current_state();
  if (!target) return;
  struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &before);
}

void pln_interrupt_end(void) {
  if (!target) return;
  sigaction(SIGINT, &before, NULL);
  lua_sethook(target, NULL, 0, 0);
  target = NULL;
}

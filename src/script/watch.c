#include "abi/watch.h"
#include "script/host.h"

#include <lauxlib.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static struct sigaction before_int, before_term;
static volatile sig_atomic_t stop_signal;
static int32_t stop_ticks; /* since it was asked for */

static void on_stop(int number) { stop_signal = number; }

void pln_stop_begin(void) {
  stop_signal = 0;
  stop_ticks = 0;
  struct sigaction action = {.sa_handler = on_stop, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &before_int);
  sigaction(SIGTERM, &action, &before_term);
  /* A program started in the background of a script ignores Ctrl-C, and so do we. */
  if (before_int.sa_handler == SIG_IGN) sigaction(SIGINT, &before_int, NULL);
}

void pln_stop_end(void) {
  sigaction(SIGINT, &before_int, NULL);
  sigaction(SIGTERM, &before_term, NULL);
}

int32_t pln_stop_requested(void) { return (int32_t)stop_signal; }

enum { TICKS_PER_SECOND = 4, GRACE_TICKS = 5 * TICKS_PER_SECOND, MESSAGE_SIZE = 1024 };

static double limit_s = 60;
static const int64_t no_heartbeat = 0;
static const volatile int64_t *volatile watched;
static lua_State *watched_state;
static int64_t last_beat;
static int64_t ticks;
static volatile sig_atomic_t ticking, hooked;
static char last_words[MESSAGE_SIZE];

static void give_up(lua_State *L, lua_Debug *activation) {
  (void)activation;
  lua_sethook(L, NULL, 0, 0);
  if (stop_signal) luaL_error(L, "interrupted");
  luaL_error(L, "the strategy did not come back within %f s (engine.timeout_s)", limit_s);
}

static void interrupt_code(void) {
  hooked = 1;
  lua_sethook(watched_state, give_up, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
}

/* Code that catches the error and goes on is interrupted again at the next tick. */
static void on_tick(int number) {
  (void)number;
  const volatile int64_t *heartbeat = watched;
  if (!heartbeat) return;
  /* Runs look for a stop between slices; user code that keeps one going for long is told here. */
  if (stop_signal && watched_state && ++stop_ticks >= TICKS_PER_SECOND) interrupt_code();
  const int64_t beat = *heartbeat;
  if (beat != last_beat) {
    last_beat = beat;
    ticks = 0;
    return;
  }
  ticks++;
  const double waited = (double)ticks / TICKS_PER_SECOND;
  if (!(limit_s > 0) || waited < limit_s) return;
  if ((double)(ticks - GRACE_TICKS) / TICKS_PER_SECOND >= limit_s || !watched_state) {
    const ssize_t written = write(STDERR_FILENO, last_words, strlen(last_words));
    (void)written;
    _exit(1);
  }
  interrupt_code();
}

static void start_ticking(void) {
  struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask);
  sigaction(SIGALRM, &action, NULL);
  const struct timeval tick = {.tv_usec = 1000000 / TICKS_PER_SECOND};
  setitimer(ITIMER_REAL, &(struct itimerval){.it_interval = tick, .it_value = tick}, NULL);
  ticking = 1;
}

void pln_watchdog_limit(double seconds) { limit_s = seconds; }

static void append(const char *text) {
  const size_t used = strlen(last_words);
  const size_t size = strlen(text), room = sizeof last_words - 1 - used;
  const size_t taken = size < room ? size : room;
  memcpy(last_words + used, text, taken);
  last_words[used + taken] = 0;
}

void pln_watchdog_watch(const int64_t *heartbeat, const char *name) {
  watched = NULL;
  watched_state = pln_host_current_state();
  if (!watched_state) return;
  last_words[0] = 0;
  append("perilune: ");
  append(name);
  append(": the strategy did not come back within engine.timeout_s, and could not be stopped otherwise\n");
  const int64_t *beat = heartbeat ? heartbeat : &no_heartbeat;
  last_beat = *beat;
  ticks = 0;
  if (!ticking) start_ticking();
  watched = beat;
}

void pln_watchdog_rest(void) {
  watched = NULL;
  /* Only where there is one: any change of hooks makes the compiler give up the trace that it records. */
  if (hooked && watched_state) lua_sethook(watched_state, NULL, 0, 0);
  hooked = 0;
}

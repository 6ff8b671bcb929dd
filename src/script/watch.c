#include "abi/watch.h"
#include "script/host.h"
#include "script/watch.h"

#include <lauxlib.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id /* in older C libraries the field has no public name */
#define sigev_notify_thread_id _sigev_un._tid
#endif

static struct sigaction before_int, before_term;
static _Atomic int32_t stop_signal;
/* What asks this thread alone to stop: its pool of workers. */
static const _Atomic int32_t no_stop = 0;
static _Thread_local const _Atomic int32_t *volatile thread_stop = &no_stop;

static void on_stop(int number) { stop_signal = number; }

void pln_stop_begin(void) {
  stop_signal = 0;
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

int32_t pln_stop_requested(void) {
  const int32_t number = stop_signal;
  return number ? number : *thread_stop ? SIGTERM : 0;
}

enum { TICKS_PER_SECOND = 4, GRACE_TICKS = 5 * TICKS_PER_SECOND, MESSAGE_SIZE = 1024 };

static const int64_t no_heartbeat = 0;

/* One for each thread, whose timer signals that thread and no other: a hook is set by the thread that runs
 * the state. */
static _Thread_local struct {
  double limit_s;
  const volatile int64_t *volatile heartbeat; /* NULL: nothing is watched */
  lua_State *state;
  int64_t last_beat;
  int64_t ticks;
  int32_t stop_ticks; /* since a stop was asked for */
  volatile sig_atomic_t hooked;
  int32_t has_timer;
  timer_t timer;
  char last_words[MESSAGE_SIZE];
} own = {.limit_s = 60};

static void give_up(lua_State *L, lua_Debug *activation) {
  (void)activation;
  lua_sethook(L, NULL, 0, 0);
  if (pln_stop_requested()) luaL_error(L, "interrupted");
  luaL_error(L, "the strategy did not come back within %f s (engine.timeout_s)", own.limit_s);
}

static void interrupt_code(void) {
  own.hooked = 1;
  lua_sethook(own.state, give_up, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
}

/* Code that catches the error and goes on is interrupted again at the next tick. */
static void on_tick(int number) {
  (void)number;
  const volatile int64_t *heartbeat = own.heartbeat;
  if (!heartbeat) return;
  /* Runs look for a stop between slices; user code that keeps one going for long is told here. */
  if (!pln_stop_requested())
    own.stop_ticks = 0;
  else if (++own.stop_ticks >= TICKS_PER_SECOND)
    interrupt_code();
  const int64_t beat = *heartbeat;
  if (beat != own.last_beat) {
    own.last_beat = beat;
    own.ticks = 0;
    return;
  }
  own.ticks++;
  const double waited = (double)own.ticks / TICKS_PER_SECOND;
  if (!(own.limit_s > 0) || waited < own.limit_s) return;
  if ((double)(own.ticks - GRACE_TICKS) / TICKS_PER_SECOND >= own.limit_s) {
    const ssize_t written = write(STDERR_FILENO, own.last_words, strlen(own.last_words));
    (void)written;
    _exit(1);
  }
  interrupt_code();
}

static void start_ticking(void) {
  struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask);
  sigaction(SIGALRM, &action, NULL);
  struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM};
  event.sigev_notify_thread_id = gettid();
  if (timer_create(CLOCK_MONOTONIC, &event, &own.timer) != 0) return; /* no timers left: not watched */
  own.has_timer = 1;
  const struct timespec tick = {.tv_nsec = 1000000000 / TICKS_PER_SECOND};
  timer_settime(own.timer, 0, &(struct itimerspec){.it_interval = tick, .it_value = tick}, NULL);
}

void pln_watch_thread_begin(const _Atomic int32_t *stop) { thread_stop = stop; }

void pln_watch_thread_end(void) {
  own.heartbeat = NULL;
  if (own.has_timer) timer_delete(own.timer);
  own.has_timer = 0;
  thread_stop = &no_stop;
}

void pln_watchdog_limit(double seconds) { own.limit_s = seconds; }

static void append(const char *text) {
  const size_t used = strlen(own.last_words);
  const size_t size = strlen(text), room = sizeof own.last_words - 1 - used;
  const size_t taken = size < room ? size : room;
  memcpy(own.last_words + used, text, taken);
  own.last_words[used + taken] = 0;
}

void pln_watchdog_watch(const int64_t *heartbeat, const char *name) {
  own.heartbeat = NULL;
  own.state = pln_host_current_state();
  if (!own.state) return;
  own.last_words[0] = 0;
  append("perilune: ");
  append(name);
  append(": the strategy did not come back within engine.timeout_s, and could not be stopped otherwise\n");
  const int64_t *beat = heartbeat ? heartbeat : &no_heartbeat;
  own.last_beat = *beat;
  own.ticks = 0;
  if (!own.has_timer) start_ticking();
  own.heartbeat = beat;
}

void pln_watchdog_rest(void) {
  own.heartbeat = NULL;
  /* Only where there is one: any change of hooks makes the compiler give up the trace that it records. */
  if (own.hooked && own.state) lua_sethook(own.state, NULL, 0, 0);
  own.hooked = 0;
}

/* Worker threads with a Lua state each, and the two queues between them and the thread that made them. */
#include "abi/workers.h"
#include "abi/core.h"
#include "abi/script.h"
#include "core/error.h"
#include "script/host.h"
#include "script/watch.h"
#include "script/workers.h"

#include <lauxlib.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
  MAX_WORKERS = 1024,
  /* As a main thread has it: LuaJIT nests 200 C calls, of which those on strings hold 8 KB buffers. Pages
   * that are not touched cost nothing. */
  STACK_BYTES = 8 << 20
};

typedef struct letter {
  struct letter *next;
  pln_message message;
  char bytes[];
} letter;

typedef struct {
  letter *first, *last;
  int64_t n;
} queue;

typedef struct {
  pln_workers *pool;
  pthread_t thread;
  letter *held; /* what it took last */
  int32_t index;
} worker;

struct pln_workers {
  pthread_mutex_t lock;
  pthread_cond_t work, results;
  queue sent, given;
  letter **setups;
  int32_t n_setups;
  int32_t n_started; /* of `workers`, of which that many are to be joined */
  int32_t n_running;
  _Atomic int32_t stop;
  letter *received;  /* the owner's last message */
  pln_workers *next; /* of this thread's pools */
  char home[PATH_MAX];
  char file[PATH_MAX];
  worker workers[];
};

static _Thread_local pln_workers *made_here;
static _Thread_local worker *this_worker;

static letter *letter_new(const char *bytes, int64_t length, int32_t kind, int32_t number) {
  letter *made = malloc(sizeof *made + (size_t)length + 1);
  if (!made) {
    pln_fail(PLN_ERR_MEMORY, "no memory for a message of %lld bytes", (long long)length);
    return NULL;
  }
  if (length) memcpy(made->bytes, bytes, (size_t)length);
  made->bytes[length] = 0;
  made->next = NULL;
  made->message = (pln_message){made->bytes, length, kind, number};
  return made;
}

static void put(queue *q, letter *l) {
  if (q->last)
    q->last->next = l;
  else
    q->first = l;
  q->last = l;
  q->n++;
}

static letter *take_first(queue *q) {
  letter *l = q->first;
  if (!l) return NULL;
  q->first = l->next;
  if (!q->first) q->last = NULL;
  q->n--;
  return l;
}

static void free_letters(letter *l) {
  while (l) {
    letter *next = l->next;
    free(l);
    l = next;
  }
}

/* The thread
 * ------------------------------------------------------------------------------------------------*/

static int with_traceback(lua_State *L) {
  luaL_traceback(L, L, lua_tostring(L, 1), 1);
  return 1;
}

static void give(worker *w, letter *l) {
  pln_workers *pool = w->pool;
  pthread_mutex_lock(&pool->lock);
  put(&pool->given, l);
  pthread_cond_signal(&pool->results);
  pthread_mutex_unlock(&pool->lock);
}

static void give_failure(worker *w, const char *text) {
  letter *l = letter_new(text, (int64_t)strlen(text), PLN_MESSAGE_FAILED, w->index);
  if (l) give(w, l);
}

static void run_file(worker *w) {
  pln_host_set_home(w->pool->home);
  pln_host *host = pln_host_new(0);
  if (!host) {
    give_failure(w, pln_error_last()->text);
    return;
  }
  lua_State *L = pln_host_state(host);
  lua_pushcfunction(L, with_traceback);
  int status = luaL_loadfile(L, w->pool->file);
  if (status == 0) status = lua_pcall(L, 0, 0, 1);
  if (status == LUA_ERRMEM)
    give_failure(w, "not enough memory (engine.memory_limit_mb bounds what Lua may hold)");
  else if (status != 0)
    give_failure(w, lua_tostring(L, -1) ? lua_tostring(L, -1) : "an error that is no text");
  pln_host_free(host);
}

/* The watchdog's timer is this thread's own; faults end the process wherever they happen. */
static const int taken_signals[] = {SIGALRM, SIGSEGV, SIGBUS, SIGFPE, SIGILL,
                                    SIGABRT, SIGTRAP, SIGSYS, SIGPROF};

static void *run_thread(void *context) {
  worker *w = context;
  this_worker = w;
  pln_watch_thread_begin(&w->pool->stop);
  sigset_t taken;
  sigemptyset(&taken);
  for (size_t i = 0; i < sizeof taken_signals / sizeof *taken_signals; i++)
    sigaddset(&taken, taken_signals[i]);
  pthread_sigmask(SIG_UNBLOCK, &taken, NULL);
  run_file(w);
  pln_watch_thread_end();
  free(w->held);
  w->held = NULL;
  pthread_mutex_lock(&w->pool->lock);
  w->pool->n_running--;
  pthread_cond_signal(&w->pool->results);
  pthread_mutex_unlock(&w->pool->lock);
  return NULL;
}

int32_t pln_worker_index(void) { return this_worker ? this_worker->index : -1; }

const pln_message *pln_worker_take(void) {
  worker *w = this_worker;
  if (!w) return NULL;
  free(w->held);
  pln_workers *pool = w->pool;
  pthread_mutex_lock(&pool->lock);
  while (!pool->stop && !pool->sent.first) pthread_cond_wait(&pool->work, &pool->lock);
  w->held = pool->stop ? NULL : take_first(&pool->sent);
  pthread_mutex_unlock(&pool->lock);
  return w->held ? &w->held->message : NULL;
}

const pln_message *pln_worker_setup(int32_t number) {
  if (!this_worker) return NULL;
  pln_workers *pool = this_worker->pool;
  pthread_mutex_lock(&pool->lock);
  letter *l = number >= 0 && number < pool->n_setups ? pool->setups[number] : NULL;
  pthread_mutex_unlock(&pool->lock);
  return l ? &l->message : NULL;
}

int32_t pln_worker_give(const char *bytes, int64_t length) {
  if (!this_worker) return pln_fail(PLN_ERR_STATE, "pln_worker_give: this thread is no worker");
  letter *l = letter_new(bytes, length, PLN_MESSAGE_BYTES, this_worker->index);
  if (!l) return PLN_ERR_MEMORY;
  give(this_worker, l);
  return 0;
}

/* The owner
 * --------------------------------------------------------------------------------------------------*/

static int start(worker *w) {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return -1;
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before); /* which the thread inherits */
  const int status = pthread_create(&w->thread, &attributes, run_thread, w);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return status;
}

pln_workers *pln_workers_new(int32_t n, const char *file) {
  if (n < 1 || n > MAX_WORKERS) {
    pln_fail(PLN_ERR_RANGE, "%d workers, expected 1 to %d", n, MAX_WORKERS);
    return NULL;
  }
  pln_workers *pool = calloc(1, sizeof *pool + (size_t)n * sizeof *pool->workers);
  if (!pool) {
    pln_fail(PLN_ERR_MEMORY, "no memory for %d workers", n);
    return NULL;
  }
  snprintf(pool->home, sizeof pool->home, "%s", pln_host_home());
  const int length = strchr(file, '/')
                         ? snprintf(pool->file, sizeof pool->file, "%s", file)
                         : snprintf(pool->file, sizeof pool->file, "%s/lua/%s.lua", pool->home, file);
  if (length < 0 || (size_t)length >= sizeof pool->file) {
    free(pool);
    pln_fail(PLN_ERR_RANGE, "the workers' file has a path of %d bytes", length);
    return NULL;
  }
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->work, NULL);
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&pool->results, &monotonic);
  pthread_condattr_destroy(&monotonic);
  pool->next = made_here;
  made_here = pool;
  pool->n_running = n;
  for (int32_t i = 0; i < n; i++) {
    pool->workers[i] = (worker){.pool = pool, .index = i};
    const int status = start(&pool->workers[i]);
    if (status != 0) {
      pthread_mutex_lock(&pool->lock);
      pool->n_running -= n - i;
      pthread_mutex_unlock(&pool->lock);
      pln_workers_free(pool);
      pln_fail(PLN_ERR_MEMORY, "worker %d of %d cannot be started: %s", i + 1, n, strerror(status));
      return NULL;
    }
    pool->n_started++;
  }
  return pool;
}

int32_t pln_workers_add_setup(pln_workers *pool, const char *bytes, int64_t length) {
  letter *l = letter_new(bytes, length, PLN_MESSAGE_BYTES, pool->n_setups);
  if (!l) return PLN_ERR_MEMORY;
  pthread_mutex_lock(&pool->lock);
  letter **grown = realloc(pool->setups, (size_t)(pool->n_setups + 1) * sizeof *grown);
  const int32_t number = grown ? pool->n_setups++ : PLN_ERR_MEMORY;
  if (grown) {
    pool->setups = grown;
    grown[number] = l;
  }
  pthread_mutex_unlock(&pool->lock);
  if (number >= 0) return number;
  free(l);
  return pln_fail(PLN_ERR_MEMORY, "no memory for a setup of %lld bytes", (long long)length);
}

int32_t pln_workers_send(pln_workers *pool, int32_t setup, const char *bytes, int64_t length) {
  letter *l = letter_new(bytes, length, PLN_MESSAGE_BYTES, setup);
  if (!l) return PLN_ERR_MEMORY;
  pthread_mutex_lock(&pool->lock);
  put(&pool->sent, l);
  pthread_cond_signal(&pool->work);
  pthread_mutex_unlock(&pool->lock);
  return 0;
}

static struct timespec after(double seconds) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  if (!(seconds > 0)) return at;
  if (seconds > 1e9) seconds = 1e9;
  const int64_t ns = at.tv_nsec + (int64_t)((seconds - (double)(int64_t)seconds) * 1e9);
  at.tv_sec += (time_t)seconds + (time_t)(ns / 1000000000);
  at.tv_nsec = ns % 1000000000;
  return at;
}

const pln_message *pln_workers_receive(pln_workers *pool, double timeout_s) {
  free(pool->received);
  const struct timespec until = after(timeout_s);
  pthread_mutex_lock(&pool->lock);
  while (!pool->given.first && pool->n_running > 0 && timeout_s > 0)
    if (pthread_cond_timedwait(&pool->results, &pool->lock, &until) != 0) break;
  pool->received = take_first(&pool->given);
  pthread_mutex_unlock(&pool->lock);
  return pool->received ? &pool->received->message : NULL;
}

int32_t pln_workers_running(pln_workers *pool) {
  pthread_mutex_lock(&pool->lock);
  const int32_t n = pool->n_running;
  pthread_mutex_unlock(&pool->lock);
  return n;
}

static queue take_all(queue *q) {
  const queue taken = *q;
  *q = (queue){0};
  return taken;
}

int64_t pln_workers_take_back(pln_workers *pool) {
  pthread_mutex_lock(&pool->lock);
  const queue taken = take_all(&pool->sent);
  pthread_mutex_unlock(&pool->lock);
  free_letters(taken.first);
  return taken.n;
}

void pln_workers_stop(pln_workers *pool) {
  pthread_mutex_lock(&pool->lock);
  pool->stop = 1;
  const queue taken = take_all(&pool->sent);
  pthread_cond_broadcast(&pool->work);
  pthread_mutex_unlock(&pool->lock);
  free_letters(taken.first);
}

static void join_all(pln_workers *pool) {
  pln_workers_stop(pool);
  for (int32_t i = 0; i < pool->n_started; i++) pthread_join(pool->workers[i].thread, NULL);
  pool->n_started = 0;
}

void pln_workers_end_all(void) {
  for (pln_workers *pool = made_here; pool; pool = pool->next) pln_workers_stop(pool);
  for (pln_workers *pool = made_here; pool; pool = pool->next) join_all(pool);
}

void pln_workers_free(pln_workers *pool) {
  if (!pool) return;
  join_all(pool);
  for (pln_workers **link = &made_here; *link; link = &(*link)->next) {
    if (*link != pool) continue;
    *link = pool->next;
    break;
  }
  free_letters(pool->given.first);
  free(pool->received);
  for (int32_t i = 0; i < pool->n_setups; i++) free(pool->setups[i]);
  free(pool->setups);
  pthread_cond_destroy(&pool->results);
  pthread_cond_destroy(&pool->work);
  pthread_mutex_destroy(&pool->lock);
  free(pool);
}

int32_t pln_processors(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  const int n = CPU_COUNT(&set);
  return n > 0 ? n : 1;
}

#include "feature/hub_pool.h"
#include "core/error.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Turns of waiting before a thread sleeps: some ten microseconds. */
enum { SPINS = 500 };

struct pln_pool {
  void (*run)(const void *context, int32_t part);
  const void *context;
  /* The batch's number and, in the lower half, the next part to be taken. A part is taken by raising it: that
   * fails where a new batch has begun meanwhile, so that who comes late does no harm. */
  _Atomic uint64_t ticket;
  _Atomic int32_t end;
  _Atomic int64_t done; /* parts of all batches */
  _Atomic int32_t sleepers;
  _Atomic int32_t is_caller_asleep;
  _Atomic int32_t is_closing;
  pthread_mutex_t lock;
  pthread_cond_t work;     /* there is a new batch */
  pthread_cond_t finished; /* the last part is done */
  int64_t wanted;          /* `done` at the end of the batch; the caller's */
  int32_t n_threads;
  pthread_t threads[];
};

static inline void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/* Takes parts until none is left. */
static void work(pln_pool *pool) {
  uint64_t ticket = atomic_load(&pool->ticket);
  for (;;) {
    const int32_t part = (int32_t)(uint32_t)ticket;
    if (part >= atomic_load(&pool->end)) {
      const uint64_t now = atomic_load(&pool->ticket);
      if (now == ticket) return;
      ticket = now; /* `end` may have been a later batch's */
      continue;
    }
    if (!atomic_compare_exchange_weak(&pool->ticket, &ticket, ticket + 1)) continue;
    pool->run(pool->context, part);
    atomic_fetch_add(&pool->done, 1);
    if (atomic_load(&pool->is_caller_asleep)) {
      pthread_mutex_lock(&pool->lock);
      pthread_cond_signal(&pool->finished);
      pthread_mutex_unlock(&pool->lock);
    }
    ticket = atomic_load(&pool->ticket);
  }
}

static int is_idle(pln_pool *pool) {
  return (int32_t)(uint32_t)atomic_load(&pool->ticket) >= atomic_load(&pool->end) &&
         !atomic_load(&pool->is_closing);
}

static void *thread_main(void *argument) {
  pln_pool *pool = argument;
  while (!atomic_load(&pool->is_closing)) {
    work(pool);
    for (int i = 0; i < SPINS && is_idle(pool); i++) relax();
    if (!is_idle(pool)) continue;
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->sleepers, 1);
    while (is_idle(pool)) pthread_cond_wait(&pool->work, &pool->lock);
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->lock);
  }
  return NULL;
}

static void wake(pln_pool *pool) {
  if (!atomic_load(&pool->sleepers)) return;
  pthread_mutex_lock(&pool->lock);
  pthread_cond_broadcast(&pool->work);
  pthread_mutex_unlock(&pool->lock);
}

void pln_pool_run(pln_pool *pool, int32_t first, int32_t end) {
  pool->wanted += end - first;
  /* No part of the batch before is open any more. In between, `ticket` stands at the end of one or the other.
   */
  const uint64_t number = (atomic_load(&pool->ticket) >> 32) + 1;
  atomic_store(&pool->end, INT32_MIN);
  atomic_store(&pool->ticket, number << 32 | (uint32_t)first);
  atomic_store(&pool->end, end);
  wake(pool);
  work(pool);
  for (int i = 0; i < SPINS && atomic_load(&pool->done) < pool->wanted; i++) relax();
  if (atomic_load(&pool->done) == pool->wanted) return;
  pthread_mutex_lock(&pool->lock);
  atomic_store(&pool->is_caller_asleep, 1);
  while (atomic_load(&pool->done) < pool->wanted) pthread_cond_wait(&pool->finished, &pool->lock);
  atomic_store(&pool->is_caller_asleep, 0);
  pthread_mutex_unlock(&pool->lock);
}

pln_pool *pln_pool_new(int32_t n, void (*run)(const void *context, int32_t part), const void *context) {
  pln_pool *pool = calloc(1, sizeof *pool + (size_t)n * sizeof(pthread_t));
  if (!pool) {
    pln_fail(PLN_ERR_MEMORY, "feature hub: out of memory");
    return NULL;
  }
  pool->run = run;
  pool->context = context;
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->work, NULL);
  pthread_cond_init(&pool->finished, NULL);
  /* Signals are for the threads that were there before. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int status = 0;
  while (pool->n_threads < n - 1 && status == 0) {
    status = pthread_create(&pool->threads[pool->n_threads], NULL, thread_main, pool);
    if (status == 0) pool->n_threads++;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (status == 0) return pool;
  pln_pool_free(pool);
  pln_fail(PLN_ERR_LIMIT, "feature hub: a thread cannot be started: %s", strerror(status));
  return NULL;
}

void pln_pool_free(pln_pool *pool) {
  if (!pool) return;
  pthread_mutex_lock(&pool->lock);
  atomic_store(&pool->is_closing, 1);
  pthread_cond_broadcast(&pool->work);
  pthread_mutex_unlock(&pool->lock);
  for (int32_t i = 0; i < pool->n_threads; i++) pthread_join(pool->threads[i], NULL);
  pthread_cond_destroy(&pool->finished);
  pthread_cond_destroy(&pool->work);
  pthread_mutex_destroy(&pool->lock);
  free(pool);
}

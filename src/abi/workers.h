#pragma once
#include "abi/types.h"
/* Worker threads: each has a Lua state of its own, in which it runs one Lua file, and nothing is shared but what the
 * messages point to (read-only columns, by address). Messages are bytes, copied once each way: `send` puts one into a
 * queue from which the workers that are idle take in turn, `give` puts one into the queue that `receive` reads.
 *
 * Threads ignore Ctrl-C: signals go to the thread that made the pool, and workers see them through
 * pln_stop_requested. A Lua error that leaves the file, also one for lack of memory, comes back as a message. */
typedef struct pln_workers pln_workers;

typedef enum pln_message_kind {
  PLN_MESSAGE_BYTES = 0,
  PLN_MESSAGE_FAILED = 1   /* the worker has ended with an error: the bytes are its text with a traceback */
} pln_message_kind;

typedef struct pln_message {
  const char *bytes;   /* with a NUL behind them */
  int64_t length;
  int32_t kind;        /* pln_message_kind */
  int32_t worker;      /* that gave it, from 0; of a message to a worker: the number of its setup, -1 for none */
} pln_message;

/* Starts n threads (1 to 1024). Each runs `file`: the name of one of lua/ ("worker") or, where it has a slash, a path.
 * NULL on error. A pool belongs to the thread that made it and ends, at the latest, with that thread's Lua state. */
pln_workers *pln_workers_new(int32_t n, const char *file);
/* Stops, waits for the threads, and destroys the pool and its messages. */
void pln_workers_free(pln_workers *pool);

/* Keeps bytes that any worker may ask for by their number (from 0), which is returned, until the pool is freed. */
int32_t pln_workers_add_setup(pln_workers *pool, const char *bytes, int64_t length);
/* Puts a message into the workers' queue. `setup` goes with it: the number of a setup, -1 for none. */
int32_t pln_workers_send(pln_workers *pool, int32_t setup, const char *bytes, int64_t length);
/* The next message of any worker, for which it waits so many seconds at most (0 = not at all). NULL when there is none,
 * at once when all threads have ended. Valid until the next call, or free. */
const pln_message *pln_workers_receive(pln_workers *pool, double timeout_s);
/* Threads that have not ended. */
int32_t pln_workers_running(pln_workers *pool);
/* Takes back the messages that no worker has begun with; returns how many. */
int64_t pln_workers_take_back(pln_workers *pool);
/* Takes back what waits and asks the threads to end: from now on `take` gives them NULL, and pln_stop_requested is not
 * 0 in them. Does not wait for them. */
void pln_workers_stop(pln_workers *pool);

/* Within a worker. Its number in the pool, from 0; -1 in any other thread. */
int32_t pln_worker_index(void);
/* Waits for the next message; NULL when the worker is to end. Valid until the next call. */
const pln_message *pln_worker_take(void);
/* A setup by its number, NULL where there is none. Valid as long as the pool. */
const pln_message *pln_worker_setup(int32_t number);
/* Sends a message to the pool's owner. 0 or a status. */
int32_t pln_worker_give(const char *bytes, int64_t length);

/* Processors that this process may use (sched_getaffinity), at least 1. */
int32_t pln_processors(void);

#pragma once
#include "abi/types.h"
/* What ends a run early: Ctrl-C, and a strategy that does not come back. */

/* On the main thread: from now until `end`, the first Ctrl-C (or SIGTERM) is noted for pln_stop_requested; a second
 * ends the process. */
void pln_stop_begin(void);
void pln_stop_end(void);
/* The number of the signal that asked the run to stop, 0 while none has; the same in all threads. In a worker it is also
 * not 0 once its pool is to stop (abi/workers.h). */
int32_t pln_stop_requested(void);

/* Each thread has a watchdog of its own, behind the loop budget, for what the budget cannot count (a pattern in C code,
 * operations on huge texts). It looks four times a second whether `heartbeat` changed. Where it has not for the limit's
 * seconds, it raises a Lua error in this thread's state; where that does not help within another five, it says so on
 * standard error and ends the process with status 1.
 *
 * Sets the limit for what is watched from now on, in seconds; 0 = do not watch. 60 until it is set. */
void pln_watchdog_limit(double seconds);
/* Watches user code. `heartbeat` is a number that changes as the code makes progress (the time of the bar that it sees),
 * NULL for code that is to end within the limit as a whole; `name` says whose code it is, for the message. Both are
 * borrowed until the next call. */
void pln_watchdog_watch(const int64_t *heartbeat, const char *name);
/* Nothing of a user's is running. */
void pln_watchdog_rest(void);

#pragma once
#include "abi/exec.h"
/* The Lua states' host, as seen from inside a state. */

/* The bar that a strategy sees: one row, copied from the columns by the drain loop. */
typedef struct pln_bar_row {
  int64_t ts_ns;   /* open time */
  double open;
  double high;
  double low;
  double close;
  double volume;   /* 0 where the source has none */
} pln_bar_row;

/* What the `ctx` of a strategy that places its own orders stands on (lua/context.lua); made once, never changed. */
typedef struct pln_context {
  pln_exec *const exec_;
  const pln_position *const own_;        /* position in the strategy's first symbol */
  const pln_position *const positions_;  /* of the portfolio, by instrument */
  const pln_account *const account_;
  const int32_t *const instruments_;     /* instrument of each of the strategy's symbols */
  const int32_t n_symbols_;
  const int32_t caller_;
  const int32_t portfolio_;
  const int32_t size_at_;                /* pln_size_at of the portfolio's sizing */
} pln_context;

/* Bytes allocated by this thread's current state, and the most that it ever held; 0 outside the executable. */
int64_t pln_host_memory_used(void);
int64_t pln_host_memory_peak(void);
/* Bytes that the C allocator has given out and not taken back, over all threads: Lua's and the core's; -1 where it does
 * not tell (other C libraries than glibc). */
int64_t pln_host_malloc_used(void);
/* Limits this thread's state to so many bytes from now on, 0 = none: a strategy that allocates without end gets
 * Lua's "not enough memory". Returns the previous limit. */
int64_t pln_host_set_memory_limit(int64_t bytes);
/* Folder that holds lua/, strategies/ and examples/; static. */
const char *pln_host_home(void);
/* Says where that is, for a program that is not the perilune executable (lua/perilune.lua); for this thread. A folder
 * that does not exist is kept as it was written. */
void pln_host_set_home(const char *folder);
/* The libraries in use, "name version" a line, as they say themselves at run time; static. */
const char *pln_host_libraries(void);
/* Whether a file could be written in a folder: 0, or PLN_ERR_IO with the reason. Leaves nothing behind. */
int32_t pln_host_check_writable(const char *folder);

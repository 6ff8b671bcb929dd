#pragma once
#include "abi/types.h"
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

/* Bytes allocated by this thread's current state, and the most that it ever held; 0 outside the executable. */
int64_t pln_host_memory_used(void);
int64_t pln_host_memory_peak(void);
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

#pragma once
#include <stdatomic.h>

/* For a thread that is to stop also when *stop is not 0: call at its start; `end` before it ends. */
void pln_watch_thread_begin(const _Atomic int32_t *stop);
void pln_watch_thread_end(void);

#pragma once
#include <stdint.h>

/* Threads that compute the parts of a batch together with the caller. Parts must not depend on each other;
 * which thread computes which is left open. One caller at a time. */
typedef struct pln_pool pln_pool;

/* A pool of n threads, the caller's included (n >= 2). NULL: no memory, or no threads. */
pln_pool *pln_pool_new(int32_t n, void (*run)(const void *context, int32_t part), const void *context);
void pln_pool_free(pln_pool *pool);
/* run(context, part) for parts first … end - 1; returns when all are done. */
void pln_pool_run(pln_pool *pool, int32_t first, int32_t end);

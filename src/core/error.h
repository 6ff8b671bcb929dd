#pragma once
#include "abi/core.h"

/* Sets the thread's error and returns `code`, so that a function can `return pln_fail(PLN_ERR_ARGUMENT, …)`.
 * The text says what was found, what was expected and the likely fix. */
int32_t pln_fail(int32_t code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for a place in a file; line and column are 1-based, 0 = unknown. */
int32_t pln_fail_at(int32_t code, const char *file, int64_t line, int64_t column, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* A log line, formatted. */
void pln_logf(int32_t level, const char *format, ...) __attribute__((format(printf, 2, 3)));

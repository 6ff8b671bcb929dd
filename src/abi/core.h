#pragma once
#include "abi/types.h"
/* Errors, log, clock, version. Thread safety: every function here may be called from any thread. */

/* The last failure of this thread. Strings are owned by the thread and valid until its next failing call. */
typedef struct pln_error {
  int32_t code;      /* pln_status */
  int32_t line;      /* 1-based line of `file`, 0 where there is none */
  int32_t column;    /* 1-based column, 0 where there is none */
  int32_t reserved;
  const char *file;  /* path as the user gave it, "" where there is none */
  const char *text;  /* the whole message on one line: "file:line:column: found, expected (fix)" */
} pln_error;

const pln_error *pln_error_last(void);
void pln_error_clear(void);
/* Puts "prefix: " before the message of this thread's last error. */
void pln_error_prepend(const char *prefix);
/* Sets this thread's error from Lua, so that C callers of Lua can report it. `code` is a pln_status. */
void pln_error_raise(int32_t code, const char *file, int32_t line, int32_t column, const char *message);

typedef enum pln_log_level {
  PLN_LOG_ERROR = 0,
  PLN_LOG_WARNING = 1,
  PLN_LOG_NOTE = 2,
  PLN_LOG_DEBUG = 3
} pln_log_level;

/* Messages go to standard error, one line each ("perilune: warning: …"), when at or below the level that was
 * set (default PLN_LOG_NOTE). */
void pln_log_set_level(int32_t level);
int32_t pln_log_get_level(void);
void pln_log_message(int32_t level, const char *message);

int64_t pln_clock_monotonic_ns(void); /* for durations; the epoch is arbitrary */
int64_t pln_clock_wall_ns(void);      /* UTC; never part of a result */

const char *pln_version(void);        /* "0.1.0"; static */
const char *pln_build_info(void);     /* compiler, flags, processor features; static */

/* All ABI headers as one C text for ffi.cdef; static. */
const char *pln_abi_text(void);
/* Sizes and offsets as the C compiler sees them, for the layout test: "struct.field size offset\n" and
 * "struct size 0\n" lines; static. */
const char *pln_abi_layout(void);

/* XXH3-64 of a block of memory. */
uint64_t pln_hash64(const void *data, int64_t size, uint64_t seed);
/* 128-bit XXH3 as 32 lowercase hexadecimal digits and a NUL; `out` has room for 33 bytes. */
void pln_hash128_hex(const void *data, int64_t size, char *out);

/* x^y of the C library, always through the same code path whether or not the caller was compiled. */
double pln_pow(double x, double y);

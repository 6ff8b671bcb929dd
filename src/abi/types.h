#pragma once
#include <stdint.h>
/* Common types of the C API.
 *
 * These headers are read twice: by the C compiler and, as they stand, by LuaJIT's ffi.cdef (lua/abi.lua).
 * So they hold fixed-width types, enums, structs and prototypes, and nothing else.
 *
 * Conventions of the whole API
 *  - Times are int64 nanoseconds since 1970-01-01T00:00:00 UTC (`_ns`).
 *  - A function that can fail returns 0 (or a non-negative result) or a negative pln_status; a constructor
 *    returns NULL. The detail is then in pln_error_last(), per thread, until the next failing call.
 *  - `_new` makes what `_free` destroys; `_free(NULL)` does nothing. Borrowed pointers say until when.
 *  - An object belongs to one thread at a time unless its header says otherwise. */

typedef enum pln_status {
  PLN_OK = 0,
  PLN_ERR_ARGUMENT = -1,    /* the caller's mistake: a value out of the documented range */
  PLN_ERR_MEMORY = -2,      /* out of memory, or over a stated memory limit */
  PLN_ERR_IO = -3,          /* the operating system refused: errno's text is in the message */
  PLN_ERR_PARSE = -4,       /* text that cannot be read: file, line and column are set */
  PLN_ERR_FORMAT = -5,      /* a file that is not of the expected format or version */
  PLN_ERR_CORRUPT = -6,     /* right format, but damaged: a checksum or length is wrong */
  PLN_ERR_RANGE = -7,       /* a value that can be read but makes no sense (a date in year 9999) */
  PLN_ERR_NOT_FOUND = -8,   /* a file, symbol, column, indicator or output that does not exist */
  PLN_ERR_STATE = -9,       /* right call, wrong moment (adding to a sealed hub) */
  PLN_ERR_LIMIT = -10,      /* a stated bound was hit (depth, size, budget) */
  PLN_ERR_UNSUPPORTED = -11,
  PLN_ERR_INTERRUPTED = -12 /* a signal or a cancel request ended it; what was done is kept */
} pln_status;

typedef enum pln_direction {
  PLN_DIRECTION_SHORT = -1,
  PLN_DIRECTION_FLAT = 0,
  PLN_DIRECTION_LONG = 1
} pln_direction;

#include "core/error.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

static _Atomic int32_t log_level = PLN_LOG_NOTE;

void pln_log_set_level(int32_t level) { atomic_store(&log_level, level); }
int32_t pln_log_get_level(void) { return atomic_load(&log_level); }

void pln_log_message(int32_t level, const char *message) {
  static const char *const names[] = {"error", "warning", "note", "debug"};
  if (level > atomic_load(&log_level) || level < PLN_LOG_ERROR || level > PLN_LOG_DEBUG) return;
  fprintf(stderr, "perilune: %s: %s\n", names[level], message);
}

void pln_logf(int32_t level, const char *format, ...) {
  char message[2048];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  pln_log_message(level, message);
}

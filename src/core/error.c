#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_SIZE = 2048, FILE_SIZE = 1024 };

static _Thread_local char error_text[TEXT_SIZE];
static _Thread_local char error_file[FILE_SIZE];
static _Thread_local pln_error error_last = {.file = "", .text = ""};

const pln_error *pln_error_last(void) { return &error_last; }

void pln_error_clear(void) {
  error_text[0] = 0;
  error_file[0] = 0;
  error_last = (pln_error){.file = error_file, .text = error_text};
}

static void set_place(int32_t code, const char *file, int64_t line, int64_t column) {
  char kept[FILE_SIZE];
  snprintf(kept, sizeof kept, "%s", file ? file : "");
  memcpy(error_file, kept, sizeof kept);
  error_last = (pln_error){.code = code,
                           .line = (int32_t)(line > INT32_MAX ? INT32_MAX : line),
                           .column = (int32_t)(column > INT32_MAX ? INT32_MAX : column),
                           .file = error_file,
                           .text = error_text};
}

static void set_text(const char *file, int64_t line, int64_t column, const char *message) {
  char place[FILE_SIZE + 64] = "";
  if (file && *file) {
    if (line > 0 && column > 0)
      snprintf(place, sizeof place, "%s:%lld:%lld: ", file, (long long)line, (long long)column);
    else if (line > 0)
      snprintf(place, sizeof place, "%s:%lld: ", file, (long long)line);
    else
      snprintf(place, sizeof place, "%s: ", file);
  }
  size_t used = strlen(place);
  if (used >= TEXT_SIZE) used = TEXT_SIZE - 1;
  memcpy(error_text, place, used);
  snprintf(error_text + used, TEXT_SIZE - used, "%s", message);
}

static int32_t fail_va(int32_t code, const char *file, int64_t line, int64_t column, const char *format,
                       va_list arguments) {
  char message[TEXT_SIZE];
  vsnprintf(message, sizeof message, format, arguments);
  set_place(code, file, line, column);
  set_text(error_file, line, column, message);
  return code;
}

int32_t pln_fail(int32_t code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fail_va(code, NULL, 0, 0, format, arguments);
  va_end(arguments);
  return code;
}

int32_t pln_fail_at(int32_t code, const char *file, int64_t line, int64_t column, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fail_va(code, file, line, column, format, arguments);
  va_end(arguments);
  return code;
}

void pln_error_raise(int32_t code, const char *file, int32_t line, int32_t column, const char *message) {
  pln_fail_at(code, file, line, column, "%s", message);
}

void pln_error_prepend(const char *prefix) {
  char joined[TEXT_SIZE];
  snprintf(joined, sizeof joined, "%s: %.*s", prefix, (int)(TEXT_SIZE - 512), error_text);
  memcpy(error_text, joined, sizeof joined);
}

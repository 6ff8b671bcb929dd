/* Bars as text. */
#include "abi/time.h"
#include "core/error.h"
#include "data/timezone.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Decimal digits of value, which is not negative; returns their end. */
static char *put_integer(char *out, int64_t value) {
  char digits[24];
  int n = 0;
  do digits[n++] = (char)('0' + value % 10);
  while (value /= 10);
  while (n) *out++ = digits[--n];
  return out;
}

/* A double with at most 15 digits is the nearest to m / 10^d for some integer m < 2^53, and that division is
 * correctly rounded (Clinger 1990), so that the text m and d read back the same. */
static char *put_double(char *out, double value) {
  static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
  const double size = fabs(value);
  for (int d = 0; d <= 8 && size < 1e6 * (9e9 / powers[d]); d++) {
    const double scaled = size * powers[d];
    const int64_t m = (int64_t)(scaled + 0.5);
    if ((double)m / powers[d] != size) continue;
    if (signbit(value)) *out++ = '-';
    const int64_t power = (int64_t)powers[d];
    out = put_integer(out, m / power);
    if (d == 0) return out;
    *out++ = '.';
    int64_t fraction = m % power;
    for (int64_t place = power / 10; place; place /= 10) {
      *out++ = (char)('0' + fraction / place);
      fraction %= place;
    }
    return out;
  }
  const int n = snprintf(out, 32, "%.17g", value);
  for (int i = 0; i < n; i++)
    if (out[i] == ',') out[i] = '.'; /* a locale's decimal comma */
  return out + n;
}

static int needs_quotes(const char *name) { return strpbrk(name, ",\"\r\n") != NULL; }

static void put_header(FILE *file, const pln_bars *bars) {
  fputs(bars->has_volume ? "time,open,high,low,close,volume" : "time,open,high,low,close", file);
  for (int32_t i = 0; i < bars->n_extra; i++) {
    fputc(',', file);
    if (!needs_quotes(bars->extra_names[i])) {
      fputs(bars->extra_names[i], file);
      continue;
    }
    fputc('"', file);
    for (const char *p = bars->extra_names[i]; *p; p++) {
      if (*p == '"') fputc('"', file);
      fputc(*p, file);
    }
    fputc('"', file);
  }
  fputc('\n', file);
}

static int put_rows(FILE *file, const pln_bars *bars) {
  const double *const columns[] = {bars->open, bars->high, bars->low, bars->close, bars->volume};
  const int n_columns = bars->has_volume ? 5 : 4;
  char row[40 + 6 * 40];
  for (int64_t i = 0; i < bars->n_bars; i++) {
    pln_time_format_iso(bars->ts_ns[i], row);
    char *end = row + strlen(row);
    for (int c = 0; c < n_columns; c++) {
      *end++ = ',';
      end = put_double(end, columns[c][i]);
    }
    fwrite(row, 1, (size_t)(end - row), file);
    for (int32_t c = 0; c < bars->n_extra; c++) {
      end = row;
      *end++ = ',';
      if (!isnan(bars->extra[c][i])) end = put_double(end, bars->extra[c][i]);
      fwrite(row, 1, (size_t)(end - row), file);
    }
    if (fputc('\n', file) == EOF) return -1;
  }
  return fflush(file);
}

static int32_t failed(const char *path, const char *temporary) {
  const int32_t status = pln_fail(PLN_ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
  if (temporary) unlink(temporary);
  return status;
}

int32_t pln_bars_write_csv(const pln_bars *bars, const char *path) {
  if (!strcmp(path, "-")) {
    put_header(stdout, bars);
    return put_rows(stdout, bars) || ferror(stdout) ? failed("standard output", NULL) : PLN_OK;
  }
  struct stat there;
  if (!stat(path, &there) && !S_ISREG(there.st_mode)) /* a rename would put a file in the place of a device */
    return pln_fail(PLN_ERR_IO, "%s: is no regular file; write to - and redirect instead", path);
  const size_t size = strlen(path) + 40;
  char *temporary = malloc(size);
  if (!temporary) return pln_fail(PLN_ERR_MEMORY, "%s: no memory", path);
  snprintf(temporary, size, "%s.%ld.tmp", path, (long)getpid());
  FILE *file = fopen(temporary, "w");
  int32_t status = PLN_OK;
  if (!file)
    status = failed(path, NULL);
  else {
    put_header(file, bars);
    const int bad = put_rows(file, bars) || ferror(file) || fsync(fileno(file));
    if (bad) status = failed(path, temporary);
    if (fclose(file) && !status) status = failed(path, temporary);
    if (!status && rename(temporary, path)) status = failed(path, temporary);
  }
  free(temporary);
  return status;
}

#pragma once
/* Decimal text to the nearest double, whatever the locale. */
#include "data/csv_pow5.h"

#include <string.h>

/* Exactly rounded value of digits × 10^exponent, by any method. `text` … `end` is the same number as text,
 * for the cases that need all of its digits. */
double pln_number_slow(const char *text, const char *end, uint64_t digits, int32_t exponent, int32_t shift,
                       int negative);

extern const double pln_power_of_ten[23];

/* Reads [-+]digits[.digits][e[-+]digits], times 10^shift. Returns where it ended, or NULL where `p` is no
 * number, or one beyond the largest double. It reads no byte after the first that belongs to no number. */
static inline const char *pln_number(const char *p, int32_t shift, double *out) {
  const char *const start = p;
  const int negative = *p == '-';
  if (negative || *p == '+') p++;
  uint64_t digits = 0;
  const char *const first = p;
  uint32_t c;
  while ((c = (uint32_t)(unsigned char)*p - '0') <= 9) {
    digits = digits * 10 + c;
    p++;
  }
  int64_t count = p - first;
  int32_t exponent = shift;
  if (*p == '.') {
    p++;
    const char *const fraction = p;
    while ((c = (uint32_t)(unsigned char)*p - '0') <= 9) {
      digits = digits * 10 + c;
      p++;
    }
    const int64_t places = p - fraction;
    count += places;
    exponent -= places < 100000 ? (int32_t)places : 100000;
  }
  if (count == 0) return NULL;
  const char *end = p;
  if (*p == 'e' || *p == 'E') {
    p++;
    const int minus = *p == '-';
    if (minus || *p == '+') p++;
    int32_t power = 0;
    if ((uint32_t)(unsigned char)*p - '0' > 9) return NULL;
    while ((c = (uint32_t)(unsigned char)*p - '0') <= 9) {
      if (power < 100000) power = power * 10 + (int32_t)c;
      p++;
    }
    exponent += minus ? -power : power;
    end = p;
  }
  /* Clinger's fast path: both factors exact, so one rounding. Leading zeroes make `count` an upper bound. */
  if (count <= 19 && digits <= (1ull << 53) && exponent >= -22 && exponent <= 22) {
    const double value = exponent < 0 ? (double)digits / pln_power_of_ten[-exponent]
                                      : (double)digits * pln_power_of_ten[exponent];
    *out = negative ? -value : value;
  } else {
    *out = pln_number_slow(start, end, digits, exponent, shift, negative);
    if (*out - *out != 0) return NULL; /* beyond the largest double */
  }
  return end;
}

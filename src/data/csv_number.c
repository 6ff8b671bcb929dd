#include "data/csv_number.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

const double pln_power_of_ten[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                     1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static locale_t c_locale;
static void make_locale(void) { c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); }

/* Any number of digits: through the C library, with the shift put into the exponent. */
static double by_library(const char *text, const char *end, int32_t shift) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, make_locale);
  const char *mark = text;
  while (mark < end && *mark != 'e' && *mark != 'E') mark++;
  long power = 0;
  if (mark < end) power = strtol(mark + 1, NULL, 10);
  if (power > 100000) power = 100000;
  if (power < -100000) power = -100000;
  const size_t length = (size_t)(mark - text);
  char small[128];
  char *copy = length + 32 < sizeof small ? small : malloc(length + 32);
  if (!copy) return NAN;
  memcpy(copy, text, length);
  snprintf(copy + length, 32, "e%ld", power + shift);
  const double value = strtod_l(copy, NULL, c_locale);
  if (copy != small) free(copy);
  return value;
}

__extension__ typedef unsigned __int128 wide;

/* Eisel and Lemire's algorithm as given in Lemire, "Number parsing at a gigabyte per second" (2021), section
 * 5, for 1 … 19 digits and normal results. Returns 0 where it cannot decide. */
static int eisel_lemire(uint64_t w, int32_t q, double *out) {
  if (q < PLN_POW5_MIN || q > PLN_POW5_MAX) return 0;
  const int leading = __builtin_clzll(w);
  w <<= leading;
  const uint64_t *const power = pln_pow5[q - PLN_POW5_MIN];
  wide product = (wide)w * power[0];
  uint64_t upper = (uint64_t)(product >> 64), lower = (uint64_t)product;
  if ((upper & 0x1ff) == 0x1ff) {
    const wide second = (wide)w * power[1];
    const uint64_t carry = (uint64_t)(second >> 64);
    lower += carry;
    if (lower < carry) upper++;
  }
  if (lower == UINT64_MAX && (q < -27 || q > 55)) return 0;
  const int top = (int)(upper >> 63);
  uint64_t mantissa = upper >> (top + 64 - 52 - 3);
  int32_t binary = (int32_t)((((152170 + 65536) * (int64_t)q) >> 16) + 63) + top - leading + 1023;
  if (binary <= 0 || binary >= 2046) return 0;
  if (lower <= 1 && q >= -4 && q <= 23 && (mantissa & 3) == 1 && (mantissa << (top + 64 - 52 - 3)) == upper)
    mantissa &= ~1ull; /* halfway: to even */
  mantissa += mantissa & 1;
  mantissa >>= 1;
  if (mantissa >= 1ull << 53) {
    mantissa = 1ull << 52;
    binary++;
  }
  const uint64_t bits = (mantissa & ~(1ull << 52)) | (uint64_t)binary << 52;
  memcpy(out, &bits, sizeof bits);
  return 1;
}

/* Digits that count, to tell whether `digits` holds them all. */
static int significant(const char *text, const char *end) {
  int count = 0;
  for (; text < end && *text != 'e' && *text != 'E'; text++) {
    if (*text < '0' || *text > '9' || (count == 0 && *text == '0')) continue;
    if (++count > 19) break;
  }
  return count;
}

double pln_number_slow(const char *text, const char *end, uint64_t digits, int32_t exponent, int32_t shift,
                       int negative) {
  double value;
  if (significant(text, end) > 19) return by_library(text, end, shift);
  if (digits == 0) return negative ? -0.0 : 0.0;
  if (eisel_lemire(digits, exponent, &value)) return negative ? -value : value;
  return by_library(text, end, shift);
}

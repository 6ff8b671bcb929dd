/* Numbers as text, independent of the locale. */
#include "abi/store.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 u128;

static locale_t c_locale;
static void make_c_locale(void) { c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); }

static int32_t print_in_c_locale(char *out, int digits, double value) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, make_c_locale);
  const locale_t before = uselocale(c_locale);
  const int32_t length = (int32_t)snprintf(out, 32, "%.*g", digits, value);
  uselocale(before);
  return length;
}

static double read_in_c_locale(const char *text) {
  const locale_t before = uselocale(c_locale);
  const double value = strtod(text, NULL);
  uselocale(before);
  return value;
}

enum { MAX_POWER = 22 };
static const uint64_t low_powers[20] = {1u,
                                        10u,
                                        100u,
                                        1000u,
                                        10000u,
                                        100000u,
                                        1000000u,
                                        10000000u,
                                        100000000u,
                                        1000000000u,
                                        10000000000u,
                                        100000000000u,
                                        1000000000000u,
                                        10000000000000u,
                                        100000000000000u,
                                        1000000000000000u,
                                        10000000000000000u,
                                        100000000000000000u,
                                        1000000000000000000u,
                                        10000000000000000000u};

static u128 power_of_10(int n) {
  return n < 20 ? (u128)low_powers[n] : (u128)low_powers[19] * low_powers[n - 19];
}

/* round-half-even(m * 2^e * 10^p), exactly: m < 2^53 and 10^p < 2^74 fit 128 bits. 0 where it does not apply.
 */
static uint64_t scaled(uint64_t m, int e, int p) {
  if (p < 0 || p > MAX_POWER) return 0;
  const u128 product = (u128)m * power_of_10(p);
  if (e >= 0) return e < 11 && (product >> (64 - e)) == 0 ? (uint64_t)(product << e) : 0;
  const int shift = -e;
  if (shift > 126) return 0;
  const u128 whole = product >> shift;
  const u128 rest = product & (((u128)1 << shift) - 1);
  const u128 half = (u128)1 << (shift - 1);
  if (whole >> 63) return 0;
  return (uint64_t)whole + (rest > half || (rest == half && (whole & 1)) ? 1 : 0);
}

/* Writes %.Ng for 17 digits of values in [1e-4, 1e16] by exact integer arithmetic (about ten times as fast as
 * snprintf, which is what a CSV of ten million rows spends its time in); 0 where it does not apply. */
static int32_t fast_17(double value, char *out) {
  const double magnitude = fabs(value);
  if (!(magnitude >= 1e-4 && magnitude <= 1e16)) return 0;
  uint64_t bits;
  memcpy(&bits, &magnitude, sizeof bits);
  const int e = (int)(bits >> 52) - 1075;
  const uint64_t m = (bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1 << 52;
  /* The decimal exponent by estimate from the binary one (floor(x log10 2)), at most one too low. */
  int exponent = (int)(((int64_t)(e + 52) * 315653) >> 20);
  uint64_t digits = scaled(m, e, 16 - exponent);
  if (digits >= low_powers[17]) digits = scaled(m, e, 16 - ++exponent);
  if (digits < low_powers[16] || digits >= low_powers[17])
    return 0; /* rounded up to a power of ten: leave it */
  char text[17];
  for (int i = 16; i >= 0; i--) {
    text[i] = (char)('0' + digits % 10);
    digits /= 10;
  }
  int significant = 17;
  while (significant > 1 && text[significant - 1] == '0') significant--;
  char *to = out;
  if (value < 0) *to++ = '-';
  if (exponent < 0) {
    *to++ = '0';
    *to++ = '.';
    for (int i = -1; i > exponent; i--) *to++ = '0';
    memcpy(to, text, (size_t)significant);
    to += significant;
  } else {
    const int before = exponent + 1;
    for (int i = 0; i < before; i++) *to++ = i < 17 ? text[i] : '0';
    if (significant > before) {
      *to++ = '.';
      memcpy(to, text + before, (size_t)(significant - before));
      to += significant - before;
    }
  }
  *to = 0;
  return (int32_t)(to - out);
}

int32_t pln_format_17(double value, char *out) {
  if (value == 0 && !signbit(value)) {
    memcpy(out, "0", 2);
    return 1;
  }
  const int32_t length = fast_17(value, out);
  return length ? length : print_in_c_locale(out, 17, value);
}

int32_t pln_format_shortest(double value, char *out) {
  if (value == floor(value) && fabs(value) < 1e17 && !(value == 0 && signbit(value)))
    return (int32_t)snprintf(out, 32, "%lld", (long long)value);
  int32_t length = 0;
  for (int digits = 15; digits <= 17; digits++) {
    length = print_in_c_locale(out, digits, value);
    if (digits == 17 || isnan(value) || read_in_c_locale(out) == value) break;
  }
  return length;
}

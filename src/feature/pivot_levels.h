#pragma once
#include "feature/ind.h"

/* Levels of support and resistance from the high, low and close of the window before. */
enum pln_pivot_kind {
  PLN_PIVOT_STANDARD,
  PLN_PIVOT_CAMARILLA,
  PLN_PIVOT_DEMARK,
  PLN_PIVOT_FIBONACCI,
  PLN_PIVOT_WOODIE
};
#define PLN_PIVOT_KINDS "standard camarilla demark fibonacci woodie"
enum { PLN_PIVOT_LEVELS = 9 };
#define PLN_PIVOT_OUTPUTS "pp s1 s2 s3 s4 r1 r2 r3 r4"
#define PLN_PIVOT_FORMULAS                                                                                     \
  "standard: pp = (H + L + C) / 3, s1 = 2 pp - H, s2 = pp - (H - L), s3 = L - 2 (H - pp), r1 = 2 pp - L, "     \
  "r2 = pp + "                                                                                                 \
  "(H - L), r3 = H + 2 (pp - L); camarilla: pp = C, s and r 1 to 4: C ∓ (H - L) 1.1 / 12, 6, 4, 2; demark: " \
  "X = H + "                                                                                                   \
  "2 L + C where C < O, 2 H + L + C where C > O, else H + L + 2 C; pp = X / 4, s1 = X / 2 - H, r1 = X / 2 "    \
  "- L; "                                                                                                      \
  "fibonacci: pp as standard, s and r 1 to 3: pp ∓ 0.382, 0.618, 1 (H - L); woodie: pp = (H + L + 2 O) / 4 " \
  "with the "                                                                                                  \
  "open O of the present window, levels as standard. Levels that a kind does not have are 0"

/* open: of the same window (demark), or of the present one (woodie). */
static inline void pln_pivot_levels(int32_t kind, double open, double high, double low, double close,
                                    double *out) {
  const double range = high - low;
  double pp = (high + low + close) / 3.0;
  for (int32_t i = 0; i < PLN_PIVOT_LEVELS; i++) out[i] = 0.0;
  double *s = out, *r = out + 4; /* s[1] … s[4], r[1] … r[4] */
  switch (kind) {
  case PLN_PIVOT_CAMARILLA: {
    static const double parts[] = {0.0, 1.1 / 12.0, 1.1 / 6.0, 1.1 / 4.0, 1.1 / 2.0};
    pp = close;
    for (int32_t i = 1; i <= 4; i++) {
      s[i] = close - parts[i] * range;
      r[i] = close + parts[i] * range;
    }
    break;
  }
  case PLN_PIVOT_DEMARK: {
    const double x = close < open   ? high + 2.0 * low + close
                     : close > open ? 2.0 * high + low + close
                                    : high + low + 2.0 * close;
    pp = x / 4.0;
    s[1] = x / 2.0 - high;
    r[1] = x / 2.0 - low;
    break;
  }
  case PLN_PIVOT_FIBONACCI: {
    static const double parts[] = {0.0, 0.382, 0.618, 1.0};
    for (int32_t i = 1; i <= 3; i++) {
      s[i] = pp - parts[i] * range;
      r[i] = pp + parts[i] * range;
    }
    break;
  }
  default:
    if (kind == PLN_PIVOT_WOODIE) pp = (high + low + 2.0 * open) / 4.0;
    s[1] = pp * 2.0 - high;
    s[2] = pp - range;
    s[3] = low - 2.0 * (high - pp);
    r[1] = pp * 2.0 - low;
    r[2] = pp + range;
    r[3] = high + 2.0 * (pp - low);
  }
  out[0] = pp;
}

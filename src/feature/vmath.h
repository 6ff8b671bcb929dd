#pragma once
#include "feature/ind.h"
#include <string.h>

/* Elementary functions without branches or tables, so that loops over them run in vector lanes, and with the
 * same bits on every processor (+ - × ÷ √ only). Errors are a few units in the last place
 * (tests/c/test_feature_math.c). Reductions and polynomials are those of fdlibm (Sun Microsystems, 1993). */

/* Adding it rounds to a whole number, which is then in the low bits. */
static const double pln_rounder = 6755399441055744.0; /* 1.5 · 2^52 */

PLN_INLINE uint64_t pln_bits(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}
PLN_INLINE double pln_double(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* e^r - 1, |r| <= ln 2 / 2. */
PLN_INLINE double pln_exp_rest(double r) {
  const double z = r * r, w = z * z;
  const double p0 = 0.5 + r * (1.0 / 6), p1 = 1.0 / 24 + r * (1.0 / 120), p2 = 1.0 / 720 + r * (1.0 / 5040);
  const double p3 = 1.0 / 40320 + r * (1.0 / 362880), p4 = 1.0 / 3628800 + r * (1.0 / 39916800);
  const double p5 = 1.0 / 479001600 + r * (1.0 / 6227020800.0);
  return r + z * ((p0 + z * p1) + w * ((p2 + z * p3) + w * (p4 + z * p5)));
}

/* x = n ln 2 + r; gives r and 2^n, for |x| <= 709. */
PLN_INLINE double pln_exp_reduce(double x, double *scale) {
  const double shifted = x * 1.4426950408889634 + pln_rounder, n = shifted - pln_rounder;
  *scale = pln_double((pln_bits(shifted) + 1023) << 52);
  return (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
}

/* e^x for x within ±708. */
PLN_INLINE double pln_exp(double x) {
  double scale;
  const double r = pln_exp_reduce(x, &scale);
  return scale + scale * pln_exp_rest(r);
}

/* e^x - 1 for x within ±708. */
PLN_INLINE double pln_expm1(double x) {
  double scale;
  const double r = pln_exp_reduce(x, &scale);
  return scale * pln_exp_rest(r) + (scale - 1.0);
}

/* ln x, x > 0. */
PLN_INLINE double pln_log(double x) {
  const int tiny = x < 2.2250738585072014e-308;
  const double y = tiny ? x * 18014398509481984.0 : x; /* 2^54 */
  /* The mantissa within √½ … √2. */
  const uint64_t bits = pln_bits(y) + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);
  const double k =
      pln_double((bits >> 52) | 0x4330000000000000u) - (4503599627370496.0 + 1023.0) - (tiny ? 54.0 : 0.0);
  const double m = pln_double((bits & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu);
  const double f = m - 1.0, s = f / (2.0 + f), z = s * s, w = z * z, half = 0.5 * f * f;
  const double odd =
      w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
  const double even =
      z * (6.666666666666735130e-01 +
           w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
  return k * 6.93147180369123816490e-01 -
         ((half - (s * (half + (odd + even)) + k * 1.90821492927058770002e-10)) - f);
}

/* atan(y / x), within ±π / 2; 0 where both are 0. */
PLN_INLINE double pln_atan_ratio(double y, double x) {
  const double a = fabs(y), b = fabs(x);
  double top = a, bottom = b, high = 0.0, low = 0.0;
  const int k1 = a > 0.4375 * b, k2 = a > 0.6875 * b, k3 = a > 1.1875 * b, k4 = a > 2.4375 * b;
  top = k1 ? 2.0 * a - b : top;
  bottom = k1 ? 2.0 * b + a : bottom;
  high = k1 ? 4.63647609000806093515e-01 : high;
  low = k1 ? 2.26987774529616870924e-17 : low;
  top = k2 ? a - b : top;
  bottom = k2 ? a + b : bottom;
  high = k2 ? 7.85398163397448278999e-01 : high;
  low = k2 ? 3.06161699786838301793e-17 : low;
  top = k3 ? a - 1.5 * b : top;
  bottom = k3 ? b + 1.5 * a : bottom;
  high = k3 ? 9.82793723247329054082e-01 : high;
  low = k3 ? 1.39033110312309984516e-17 : low;
  top = k4 ? -b : top;
  bottom = k4 ? a : bottom;
  high = k4 ? 1.57079632679489655800e+00 : high;
  low = k4 ? 6.12323399573676603587e-17 : low;
  const double t = top / (bottom > 0.0 ? bottom : 1.0), z = t * t, w = z * z;
  const double w2 = w * w;
  const double s1 = z * ((3.33333333333329318027e-01 + w * 1.42857142725034663711e-01) +
                         w2 * ((9.09088713343650656196e-02 + w * 6.66107313738753120669e-02) +
                               w2 * (4.97687799461593236017e-02 + w * 1.62858201153657823623e-02)));
  const double s2 = w * ((-1.99999999998764832476e-01 + w * -1.11111104054623557880e-01) +
                         w2 * ((-7.69187620504482999495e-02 + w * -5.83357013379057348645e-02) +
                               w2 * -3.65315727442169155270e-02));
  const double angle = high - ((t * (s1 + s2) - low) - t);
  return (y < 0.0) != (x < 0.0) ? -angle : angle;
}
PLN_INLINE double pln_atan(double x) { return pln_atan_ratio(x, 1.0); }
PLN_INLINE double pln_asin(double x) { return pln_atan_ratio(x, sqrt((1.0 - x) * (1.0 + x))); }
PLN_INLINE double pln_acos(double x) { return 2.0 * pln_atan_ratio(sqrt(1.0 - x), sqrt(1.0 + x)); }

/* Up to here sines and cosines are as exact as that; beyond, the caller takes the C library's. */
static const double pln_sin_limit = 1e6;

/* Sine and cosine of x. */
PLN_INLINE void pln_sin_cos(double x, double *sine, double *cosine) {
  const double shifted = x * 6.36619772367581382433e-01 + pln_rounder, n = shifted - pln_rounder;
  const double r = ((x - n * 1.57079632673412561417e+00) - n * 6.07710050630396597660e-11) -
                   n * 2.02226624879595063154e-21;
  const double z = r * r, w = z * z;
  const double s = r + r * z *
                           ((-1.66666666666666324348e-01 + z * 8.33333333332248946124e-03) +
                            w * ((-1.98412698298579493134e-04 + z * 2.75573137070700676789e-06) +
                                 w * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10)));
  const double c =
      1.0 - (0.5 * z - w * ((4.16666666666666019037e-02 + z * -1.38888888888741095749e-03) +
                            w * ((2.48015872894767294178e-05 + z * -2.75573143513906633035e-07) +
                                 w * (2.08757232129817482790e-09 + z * -1.13596475577881948265e-11))));
  /* A quarter turn swaps them, half a turn changes their signs. */
  const uint64_t quarter = pln_bits(shifted), odd = 0 - (quarter & 1), flip = (quarter & 2) << 62;
  const uint64_t sb = pln_bits(s), cb = pln_bits(c);
  *sine = pln_double(((sb & ~odd) | (cb & odd)) ^ flip);
  *cosine = pln_double(((cb & ~odd) | (sb & odd)) ^ flip ^ (odd & 0x8000000000000000u));
}

PLN_INLINE double pln_sin(double x) {
  double s, c;
  pln_sin_cos(x, &s, &c);
  return s;
}
PLN_INLINE double pln_cos(double x) {
  double s, c;
  pln_sin_cos(x, &s, &c);
  return c;
}
PLN_INLINE double pln_tan(double x) {
  double s, c;
  pln_sin_cos(x, &s, &c);
  return s / c;
}

PLN_INLINE double pln_with_sign(double magnitude, double sign) {
  return pln_double(pln_bits(magnitude) | (pln_bits(sign) & 0x8000000000000000u));
}
/* For |x| <= 708. */
PLN_INLINE double pln_sinh(double x) {
  const double e = pln_expm1(fabs(x));
  return pln_with_sign(0.5 * (e + e / (e + 1.0)), x);
}
PLN_INLINE double pln_cosh(double x) {
  const double e = pln_exp(fabs(x));
  return 0.5 * (e + 1.0 / e);
}
PLN_INLINE double pln_tanh(double x) {
  const double a = fabs(x), e = pln_expm1(2.0 * (a < 22.0 ? a : 22.0));
  return pln_with_sign(e / (e + 2.0), x);
}

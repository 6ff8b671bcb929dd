#pragma once
#include "feature/hilbert.h"

/* What the phase and the trend of the dominant cycle need beside the discriminator (TA-Lib's HT functions
 * that begin with row 63). State is a pln_ht and pln_ht_doubles() doubles behind it: for each whole period N
 * up to 50 the sines and cosines of 2 π i / N. */
enum { PLN_HT_LONGEST = 50, PLN_HT_RING = 64, PLN_HT_LOOKBACK = 63 };

typedef struct pln_ht {
  pln_hilbert hilbert;
  double smooth[PLN_HT_RING * 2]; /* of the last rows, twice, so that any window lies in one piece */
  double price[PLN_HT_RING];
  double sums[PLN_HT_RING]; /* of price - anchor, up to each row; rebuilt every 64 rows */
  double anchor;
  double phase;    /* degrees */
  double trend[3]; /* means over the dominant cycle of the rows before, the newest first */
  double defined;  /* 1: this row has a phase of its own */
} pln_ht;

static inline int64_t pln_ht_doubles(void) { return (int64_t)PLN_HT_LONGEST * (PLN_HT_LONGEST + 1); }

/* Where the table of N begins: N sines, then N cosines. */
PLN_INLINE int64_t pln_ht_table(int64_t n) { return n * (n - 1); }

static inline void pln_ht_init(pln_ht *s, double *memory, int64_t start) {
  pln_hilbert_init(&s->hilbert, start);
  for (int64_t n = 1; n <= PLN_HT_LONGEST; n++)
    for (int64_t i = 0; i < n; i++) {
      const double angle = pln_hilbert_turn * (double)i / (double)n;
      memory[pln_ht_table(n) + i] = sin(angle);
      memory[pln_ht_table(n) + n + i] = cos(angle);
    }
}

/* Rows of the dominant cycle, rounded. */
PLN_INLINE int64_t pln_ht_cycle(const pln_ht *s) { return (int64_t)(s->hilbert.smooth_period + 0.5); }

PLN_INLINE pln_hilbert_row pln_ht_step(pln_ht *s, double x) {
  const int64_t at = s->hilbert.row & (PLN_HT_RING - 1);
  const pln_hilbert_row r = pln_hilbert_step(&s->hilbert, x);
  s->smooth[at] = s->smooth[at + PLN_HT_RING] = r.smooth;
  return r;
}

/* The last value of a ring after `rows` rows; those before lie before it. */
PLN_INLINE const double *pln_ht_last(const double *ring, int64_t rows) {
  return ring + PLN_HT_RING + ((rows - 1) & (PLN_HT_RING - 1));
}

/* Phase of the dominant cycle: that of the discrete Fourier transform of the smoothed price over one cycle.
 * Sums are over differences from the newest value, whose own share is zero; where nothing moves there is no
 * phase, and it stays what it was. */
PLN_INLINE void pln_ht_phase(pln_ht *s, const double *memory) {
  const int64_t n = pln_ht_cycle(s);
  const double *x = pln_ht_last(s->smooth, s->hilbert.row), *table = memory + pln_ht_table(n);
  double re[4] = {0}, im[4] = {0};
  int64_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (int64_t k = 0; k < 4; k++) {
      const double d = x[-(i + k)] - x[0];
      re[k] += table[i + k] * d;
      im[k] += table[n + i + k] * d;
    }
  for (; i < n; i++) {
    const double d = x[-i] - x[0];
    re[0] += table[i] * d;
    im[0] += table[n + i] * d;
  }
  const double real = (re[0] + re[1]) + (re[2] + re[3]), imaginary = (im[0] + im[1]) + (im[2] + im[3]);
  s->defined = real != 0.0 || imaginary != 0.0;
  if (s->defined == 0.0) return;
  double phase = s->phase;
  if (imaginary != 0.0)
    phase = pln_hilbert_degrees * pln_atan_ratio(real, imaginary);
  else
    phase += real > 0.0 ? 90.0 : -90.0;
  phase += 90.0 + 360.0 / s->hilbert.smooth_period;
  if (imaginary < 0.0) phase += 180.0;
  if (phase > 315.0) phase -= 360.0;
  s->phase = phase;
}

/* The row's price joins the sums. */
PLN_INLINE void pln_ht_add_price(pln_ht *s, double x) {
  const int64_t row = s->hilbert.row - 1, at = row & (PLN_HT_RING - 1);
  s->price[at] = x;
  if (at == 0) {
    double sum = 0.0;
    s->anchor = x;
    for (int64_t i = 1; row > 0 && i < PLN_HT_RING; i++) s->sums[i] = sum += s->price[i] - x;
    s->sums[0] = sum;
    return;
  }
  s->sums[at] = s->sums[at - 1] + (x - s->anchor);
}

/* Mean price over the dominant cycle, weighted 4 3 2 1 with those of the rows before. */
PLN_INLINE double pln_ht_trendline(pln_ht *s, double x) {
  pln_ht_add_price(s, x);
  const int64_t rows = s->hilbert.row, cycle = pln_ht_cycle(s), n = cycle < rows ? cycle : rows;
  const double sum = s->sums[(rows - 1) & (PLN_HT_RING - 1)] - s->sums[(rows - 1 - n) & (PLN_HT_RING - 1)];
  const double mean = n > 0 ? s->anchor + sum / (double)n : x;
  const double line =
      mean + 0.1 * (3.0 * (s->trend[0] - mean) + (2.0 * (s->trend[1] - mean) + (s->trend[2] - mean)));
  s->trend[2] = s->trend[1];
  s->trend[1] = s->trend[0];
  s->trend[0] = mean;
  return line;
}

PLN_INLINE double pln_ht_sine(double degrees) { return pln_sin(degrees / pln_hilbert_degrees); }

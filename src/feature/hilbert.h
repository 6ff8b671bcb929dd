#pragma once
#include "feature/vmath.h"

/* Ehlers' homodyne discriminator: the dominant cycle's period from Hilbert transforms of the smoothed price
 * (J. F. Ehlers, Rocket Science for Traders, 2001, ch. 6 and 7), as TA-Lib computes it: the transforms begin
 * with row `start` on a history of zeros (12 for MAMA, HT_DCPERIOD and HT_PHASOR, 37 for the others), and the
 * smoothed periods with 0. */
enum { PLN_HILBERT_TAPS = 16, PLN_HILBERT_EARLY = 12, PLN_HILBERT_LATE = 37 };

typedef struct pln_hilbert {
  double smooth[PLN_HILBERT_TAPS]; /* of the last rows, at row % 16 */
  double detrender[PLN_HILBERT_TAPS];
  double quadrature[PLN_HILBERT_TAPS];
  double price[4]; /* of the last rows, at row % 4 */
  double i2, q2, re, im;
  double period;
  double smooth_period; /* 0.33 period + 0.67 smooth_period */
  int64_t row;
  int64_t start;
} pln_hilbert;

/* What a row gives beside the state; zeros before the start. */
typedef struct pln_hilbert_row {
  double in_phase;
  double quadrature;
  double smooth; /* (4 x[0] + 3 x[1] + 2 x[2] + x[3]) / 10 */
} pln_hilbert_row;

static inline void pln_hilbert_init(pln_hilbert *s, int64_t start) { s->start = start; }

/* The transform of the ring's values at row, row - 2, row - 4 and row - 6. */
PLN_INLINE double pln_hilbert_filter(const double *ring, int64_t row) {
  return 0.0962 * (ring[row & 15] - ring[(row - 6) & 15]) +
         0.5769 * (ring[(row - 2) & 15] - ring[(row - 4) & 15]);
}

/* The same without the value at row. */
PLN_INLINE double pln_hilbert_rest(const double *ring, int64_t row) {
  return 0.5769 * (ring[(row - 2) & 15] - ring[(row - 4) & 15]) - 0.0962 * ring[(row - 6) & 15];
}

static const double pln_hilbert_degrees = 57.29577951308232; /* 180 / π */
static const double pln_hilbert_turn = 6.283185307179586;    /* 2 π */

PLN_INLINE pln_hilbert_row pln_hilbert_step(pln_hilbert *s, double x) {
  const int64_t row = s->row++, at = row & 15;
  pln_hilbert_row out = {0.0, 0.0, 0.0};
  s->price[row & 3] = x;
  if (row < 3) return out;
  out.smooth = 0.1 * (4.0 * x + 3.0 * s->price[(row - 1) & 3] +
                      (2.0 * s->price[(row - 2) & 3] + s->price[(row - 3) & 3]));
  if (row < s->start) return out;
  /* Written so that as little as possible waits for the period of the row before. */
  const double before = s->period, gain = 0.075 * before + 0.54, fifth = 0.2 * gain;
  s->smooth[at] = out.smooth;
  const double detrended = pln_hilbert_filter(s->smooth, row);
  s->detrender[at] = detrended * gain;
  const double q_rest = pln_hilbert_rest(s->detrender, row), jq_rest = pln_hilbert_rest(s->quadrature, row);
  out.quadrature = s->quadrature[at] = (0.0962 * detrended * gain + q_rest) * gain;
  out.in_phase = s->detrender[(row - 3) & 15];
  const double ji = pln_hilbert_filter(s->detrender, row - 3);
  const double q2 = (0.8 * s->q2 + fifth * ji) + 0.2 * out.quadrature;
  const double i2 = (0.8 * s->i2 + 0.2 * out.in_phase) - fifth * (0.0962 * out.quadrature + jq_rest);
  const double i_before = 0.2 * s->i2, q_before = 0.2 * s->q2;
  s->re = (0.8 * s->re + q2 * q_before) + i2 * i_before;
  s->im = (0.8 * s->im - q2 * i_before) + i2 * q_before;
  s->q2 = q2;
  s->i2 = i2;
  const double least = 0.67 * before > 6.0 ? 0.67 * before : 6.0, most = 1.5 * before;
  double period = before;
  if (s->im != 0.0 && s->re != 0.0) period = pln_hilbert_turn / pln_atan_ratio(s->im, s->re);
  period = period < most ? period : most;
  period = period > least ? period : least;
  period = period < 50.0 ? period : 50.0;
  s->period = 0.2 * period + 0.8 * before;
  s->smooth_period = 0.33 * s->period + 0.67 * s->smooth_period;
  return out;
}

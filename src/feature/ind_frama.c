#include "feature/extrema.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window; an odd number is made even", 16, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM("fast", "rows of the fastest average", 1, 1, 1000),
    PLN_PARAM("slow", "rows of the slowest average", 198, 2, 100000),
    PLN_PARAM("least", "least weight of a new value", 0.01, 0, 1),
};

#include "feature/lag.h"
#include "feature/vmath.h"

static int64_t half_of(const double *p) { return ((int64_t)p[0] + 1) / 2; }

typedef struct frama {
  pln_window high; /* half the rows */
  pln_window low;
  pln_lag high_lag;
  pln_lag low_lag;
  double fast;
  double slow;
  double least;
  double rate; /* ln(2 / (slow + 1)) */
  double dimension;
  double value;
  int64_t row;
} frama;

static int64_t lookback(const double *p) { return 2 * half_of(p) - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(frama, 2 * pln_window_doubles(half_of(p), 1) + 2 * half_of(p));
}
static void init(void *state, const double *p) {
  frama *s = state;
  const int64_t half = half_of(p);
  pln_window_init(&s->high, half);
  pln_window_init(&s->low, half);
  s->high_lag.n = s->low_lag.n = (int32_t)half;
  s->fast = p[1];
  s->slow = p[2];
  s->least = p[3];
  s->rate = log(2.0 / (p[2] + 1.0));
  s->dimension = 1.0;
}

static inline void step(frama *s, double *memory, const double *in, double *out) {
  const int64_t half = s->high.n, row = s->row++;
  const double x = in[0];
  double *low_memory = memory + pln_window_doubles(half, 1), *lags = low_memory + pln_window_doubles(half, 1);
  double high, low;
  pln_window_step(&s->high, memory, 1, 1, pln_merge_highest_last, &in[1], &high);
  pln_window_step(&s->low, low_memory, 1, 1, pln_merge_lowest_last, &in[2], &low);
  const double old_high = pln_lag_step(&s->high_lag, lags, high),
               old_low = pln_lag_step(&s->low_lag, lags + half, low);
  out[0] = s->value;
  if (row < 2 * half - 1) {
    out[0] = s->value = x;
    return;
  }
  const double top = high > old_high ? high : old_high, bottom = low < old_low ? low : old_low;
  if (high > low && old_high > old_low) {
    const double rows = (double)half;
    const double parts = (high - low) / rows + (old_high - old_low) / rows;
    s->dimension = 1.4426950408889634 * pln_log(parts / ((top - bottom) / (2.0 * rows)));
  }
  const double exponent = s->rate * (s->dimension - 1.0);
  double alpha = exponent < 0.0 ? pln_exp(exponent) : 1.0;
  alpha = alpha < s->least ? s->least : alpha > 1.0 ? 1.0 : alpha;
  if (s->fast != 1.0) {
    const double rows = (2.0 - alpha) / alpha;
    alpha = 2.0 / ((s->slow - s->fast) * (rows - 1.0) / (s->slow - 1.0) + s->fast + 1.0);
    alpha = alpha < 2.0 / (s->slow + 1.0) ? 2.0 / (s->slow + 1.0) : alpha > 1.0 ? 1.0 : alpha;
  }
  out[0] = s->value += alpha * (x - s->value);
}
PLN_IND_STEP(frama, step)
PLN_IND_BATCH(frama, 3, 1, step)

const pln_ind_desc pln_ind_frama = {
    .info = {.name = "frama",
             .group = "trend",
             .help = "Fractal adaptive moving average",
             .formula = "f += a (x - f), a = exp(w (d - 1)) within least … 1, w = ln(2 / (slow + 1)), d = "
                        "(ln(N1 + N2) - ln N3) / ln 2 with N1, N2 and N3 the ranges (highest high - "
                        "lowest low) of the newer half, the older half and the whole of the window, each "
                        "over its rows; where one of them is 0 d is what it was. With fast > 1 the "
                        "average of a is moved to lie between fast and slow rows. It starts from the "
                        "value in row period - 2 (J. Ehlers, 2005; Lean takes x for high and low)",
             .inputs = "hl2 high low",
             .outputs = "frama",
             .example = "frama(hl2, 16)",
             .params = params,
             .n_params = 4,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 3,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

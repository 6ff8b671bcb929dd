#include "feature/smooth.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of each of the three averages", 30, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("signal", "period of the average of trix; 1: none", 1, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("seed",
                   "of the averages: the mean of the first `period` values of each one's input, that of the "
                   "source for all three, or the input's first value",
                   0, 2, "sma shared first"),
};
enum { SEED_SMA = 0, SEED_SHARED, SEED_FIRST, N_AVERAGES = 3 };

typedef struct trix {
  pln_smooth average[N_AVERAGES];
  pln_smooth signal;
  double previous;
} trix;

/* The first row of the third average. */
static int64_t first_row(const double *p) {
  const int64_t rows = (int64_t)p[0] - 1;
  return p[2] == SEED_SHARED ? rows : N_AVERAGES * rows;
}
static int64_t lookback(const double *p) { return first_row(p) + 1 + (int64_t)p[1] - 1; }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(trix, 0);
}
static void init(void *state, const double *p) {
  trix *s = state;
  const int64_t period = (int64_t)p[0];
  for (int32_t k = 0; k < N_AVERAGES; k++) {
    const int64_t seed = p[2] == SEED_SMA || (p[2] == SEED_SHARED && k == 0) ? period : 1;
    const int64_t last_of_seed = k * (period - 1), skip_shared = k > 0 ? period - 1 : 0;
    const int64_t skip = p[2] == SEED_SHARED ? skip_shared : last_of_seed;
    pln_smooth_init(&s->average[k], 2.0 / (p[0] + 1.0), seed, skip);
  }
  pln_smooth_init(&s->signal, 2.0 / (p[1] + 1.0), (int64_t)p[1], first_row(p) + 1);
}

PLN_INLINE double change(double x, double old) { return old == 0.0 ? 0.0 : (x / old - 1.0) * 100.0; }

static inline void step(trix *s, double *memory, const double *in, double *out) {
  (void)memory;
  double x = in[0];
  for (int32_t k = 0; k < N_AVERAGES; k++) x = pln_smooth_step(&s->average[k], x);
  out[0] = change(x, s->previous);
  out[1] = pln_smooth_step(&s->signal, out[0]);
  out[2] = x;
  out[3] = s->previous != 0.0;
  s->previous = x;
}
PLN_IND_STEP(trix, step)

enum { BLOCK = 512 };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  trix *s = state;
  double first[BLOCK], second[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    double *y = out[0] + i, *third = out[2] + i;
    pln_smooth_rows(&s->average[0], in[0] + i, first, m);
    pln_smooth_rows(&s->average[1], first, second, m);
    pln_smooth_rows(&s->average[2], second, third, m);
    y[0] = change(third[0], s->previous);
    PLN_IVDEP
    for (int64_t j = 1; j < m; j++) y[j] = change(third[j], third[j - 1]);
    s->previous = third[m - 1];
    pln_smooth_rows(&s->signal, y, out[1] + i, m);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_trix = {
    .info = {.name = "trix",
             .group = "momentum",
             .help = "Rate of change of a triple exponential average, in percent",
             .formula =
                 "ema3 = ema(ema(ema(x))), trix = (ema3 / ema3 of the row before - 1) * 100 (TA-Lib TRIX), "
                 "signal = its exponential average; seed=shared: all three averages begin with the mean "
                 "of the first `period` values (Stock.Indicators), seed=first: each one with the first "
                 "value of its input (Tulip, which then divides by the new ema3); 0 where ema3 was 0",
             .inputs = "source",
             .outputs = "trix signal ema3",
             .example = "trix(close, 15)",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};

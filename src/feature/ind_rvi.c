#include "feature/updown.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the sums", 10, 1, PLN_IND_MAX_PERIOD),
};

enum { TAPS = 4 };

typedef struct rvi {
  pln_window window;
  double body[TAPS]; /* the newest first */
  double range[TAPS];
  double line[TAPS];
  int64_t rows;
} rvi;

static int64_t lookback(const double *p) { return (TAPS - 1) + (int64_t)p[0] - 1 + (TAPS - 1); }
static int64_t size(const double *p) { return PLN_IND_SIZE(rvi, pln_window_doubles((int64_t)p[0], 2)); }
static void init(void *state, const double *p) { pln_window_init(&((rvi *)state)->window, (int64_t)p[0]); }

/* Ehlers' symmetric filter of four rows. */
PLN_INLINE double filter(double *x, double new) {
  for (int32_t k = TAPS - 1; k > 0; k--) x[k] = x[k - 1];
  x[0] = new;
  return ((x[0] + x[3]) + 2.0 * (x[1] + x[2])) / 6.0;
}

static inline void step(rvi *s, double *memory, const double *in, double *out) {
  const double leaf[2] = {filter(s->body, in[3] - in[0]), filter(s->range, in[1] - in[2])};
  double mean[2] = {0.0, 0.0};
  if (s->rows++ >= TAPS - 1) pln_window_step(&s->window, memory, 2, 0, pln_merge_two_means, leaf, mean);
  out[0] = mean[1] == 0.0 ? 0.0 : mean[0] / mean[1];
  out[1] = filter(s->line, out[0]);
  out[2] = mean[1] != 0.0;
}
PLN_IND_STEP(rvi, step)
PLN_IND_BATCH(rvi, 4, 2, step)

const pln_ind_desc pln_ind_rvi = {
    .info = {.name = "rvi",
             .aliases = "relative_vigor rvgi",
             .group = "momentum",
             .help = "Relative vigor index (Ehlers)",
             .formula = "sum(f(close - open)) / sum(f(high - low)) over `period` rows, f(x) = (x[i] + 2 "
                        "x[i-1] + 2 x[i-2] + x[i-3]) / 6; signal = f(rvi) (Ehlers 2002); 0 where no row has "
                        "a range. Dorsey's index of the same abbreviation is relative_volatility",
             .inputs = "open high low close",
             .outputs = "rvi signal",
             .example = "rvi(10)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 4,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

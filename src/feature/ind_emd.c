#include "feature/filter.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the wave that passes", 20, 5, 50000),
    PLN_PARAM("delta", "half width of the band", 0.5, 0.01, 0.5),
    PLN_PARAM("fraction", "of the mean peak", 0.1, 0, 10),
};

#include "feature/window.h"

enum { PEAK_ROWS = 50 };
typedef struct emd {
  pln_filter band;
  pln_window mean[3];
  double fraction;
  double y[2]; /* band pass of the rows before */
  double peak;
  double valley;
} emd;

static int64_t lookback(const double *p) {
  return (int64_t)(2.0 * p[0] > PEAK_ROWS ? 2.0 * p[0] : PEAK_ROWS) - 1;
}
static int64_t size(const double *p) {
  return PLN_IND_SIZE(emd, pln_window_doubles(2 * (int64_t)p[0], 1) + 2 * pln_window_doubles(PEAK_ROWS, 1));
}
static void init(void *state, const double *p) {
  emd *s = state;
  pln_filter_band_pass(&s->band, p[0], cos(4.0 * pln_pi * p[1] / p[0]));
  s->fraction = p[2];
  pln_window_init(&s->mean[0], 2 * (int64_t)p[0]);
  pln_window_init(&s->mean[1], PEAK_ROWS);
  pln_window_init(&s->mean[2], PEAK_ROWS);
}

static inline void step(emd *s, double *memory, const double *in, double *out) {
  const double y = pln_filter_step(&s->band, in[0]);
  if (s->y[0] > y && s->y[0] > s->y[1]) s->peak = s->y[0];
  if (s->y[0] < y && s->y[0] < s->y[1]) s->valley = s->y[0];
  s->y[1] = s->y[0];
  s->y[0] = y;
  double *peaks = memory + pln_window_doubles(s->mean[0].n, 1),
         *valleys = peaks + pln_window_doubles(PEAK_ROWS, 1);
  double peak = 0.0, valley = 0.0;
  pln_window_step(&s->mean[0], memory, 1, 0, pln_merge_mean, &y, &out[0]);
  pln_window_step(&s->mean[1], peaks, 1, 0, pln_merge_mean, &s->peak, &peak);
  pln_window_step(&s->mean[2], valleys, 1, 0, pln_merge_mean, &s->valley, &valley);
  out[1] = s->fraction * peak;
  out[2] = s->fraction * valley;
}
PLN_IND_STEP(emd, step)
PLN_IND_BATCH(emd, 1, 3, step)

const pln_ind_desc pln_ind_emd = {
    .info = {.name = "emd",
             .group = "cycle",
             .help = "Empirical mode decomposition",
             .formula = "bp: band pass of x, of half width delta; middle: mean of bp over 2 periods; "
                        "upper and lower: fraction of the means, over 50 rows, of its last peak and of "
                        "its last valley (J. Ehlers and R. Way, Stocks and Commodities 28:4, 2010). It "
                        "begins in its steady state, as if the first value had been there for ever.",
             .inputs = "hl2",
             .outputs = "middle upper lower",
             .example = "emd(hl2, 20)",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

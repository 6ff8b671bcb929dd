#include "feature/smooth.h"
#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "ratios that are added up", 25, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("average", "rows of the exponential averages", 9, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("seed", "the averages begin with the mean of their first rows, or with the first one", 0,
                   1, "sma first"),
};

typedef struct mass {
  pln_smooth once;
  pln_smooth twice; /* begins where `once` has its first value */
  pln_window window;
} mass;

static int64_t lookback(const double *p) { return 2 * ((int64_t)p[1] - 1) + (int64_t)p[0] - 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(mass, pln_window_doubles((int64_t)p[0], 1)); }
static void init(void *state, const double *p) {
  mass *s = state;
  const int64_t seed = p[2] == 0.0 ? (int64_t)p[1] : 1;
  pln_smooth_init(&s->once, 2.0 / (p[1] + 1.0), seed, 0);
  pln_smooth_init(&s->twice, 2.0 / (p[1] + 1.0), seed, (int64_t)p[1] - 1);
  pln_window_init(&s->window, (int64_t)p[0]);
}

PLN_INLINE double ratio(double once, double twice) { return twice > 0.0 ? once / twice : 1.0; }

static inline void step(mass *s, double *memory, const double *in, double *out) {
  const double once = pln_smooth_step(&s->once, in[0] - in[1]), twice = pln_smooth_step(&s->twice, once);
  const double x = ratio(once, twice);
  double mean = 0.0;
  pln_window_step(&s->window, memory, 1, 0, pln_merge_mean, &x, &mean);
  out[0] = mean * (double)s->window.n;
}
PLN_IND_STEP(mass, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  mass *s = state;
  double range[PLN_WINDOW_BLOCK], once[PLN_WINDOW_BLOCK], twice[PLN_WINDOW_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    const double *high = in[0] + i, *low = in[1] + i;
    double *y = out[0] + i;
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) range[j] = high[j] - low[j];
    pln_smooth_rows(&s->once, range, once, m);
    pln_smooth_rows(&s->twice, once, twice, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) range[j] = ratio(once[j], twice[j]);
    const double *const x[] = {range};
    double *const means[] = {y};
    pln_window_block(&s->window, (double *)(s + 1), 1, 0, pln_merge_mean, x, means, m);
    const double period = (double)s->window.n;
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) y[j] *= period;
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_mass = {
    .info = {.name = "mass",
             .aliases = "mass_index massi",
             .group = "volatility",
             .help = "Mass index",
             .formula =
                 "sum over `period` rows of ema(high - low, average) / ema of that average (Dorsey, 1992); "
                 "averages seeded with their mean (Lean), with seed=first with their first one, that of the "
                 "average being its row `average` (Tulip); a ratio is 1 where nothing has ever moved",
             .inputs = "high low",
             .outputs = "mass",
             .example = "mass(25)",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 2,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};

#include "feature/extrema.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 28, 1, PLN_IND_MAX_PERIOD),
};

typedef struct vhf {
  pln_window lowest;
  pln_window highest;
  pln_window path; /* absolute changes; that of the first row has left it by the lookback */
  double previous;
} vhf;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(vhf, 2 * pln_extreme_doubles((int64_t)p[0]) + pln_window_doubles((int64_t)p[0], 1));
}
static void init(void *state, const double *p) {
  vhf *s = state;
  pln_extreme_init(&s->lowest, (int64_t)p[0]);
  pln_extreme_init(&s->highest, (int64_t)p[0]);
  pln_window_init(&s->path, (int64_t)p[0]);
}

PLN_INLINE double ratio(double range, double path) { return path > 0.0 ? range / path : 0.0; }

static inline void step(vhf *s, double *memory, const double *in, double *out) {
  const int64_t doubles = pln_extreme_doubles(s->lowest.n);
  const double lowest = pln_extreme_step(&s->lowest, memory, PLN_LOWEST_LAST, in[0]);
  const double highest = pln_extreme_step(&s->highest, memory + doubles, PLN_HIGHEST_LAST, in[0]);
  const double change = fabs(in[0] - s->previous);
  double mean = 0.0;
  pln_window_step(&s->path, memory + 2 * doubles, 1, 0, pln_merge_mean, &change, &mean);
  s->previous = in[0];
  const double path = mean * (double)s->path.n;
  out[0] = ratio(highest - lowest, path);
  out[1] = path > 0.0;
}
PLN_IND_STEP(vhf, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  vhf *s = state;
  double *memory = (double *)(s + 1), change[PLN_WINDOW_BLOCK], mean[PLN_WINDOW_BLOCK],
         lowest[PLN_WINDOW_BLOCK], highest[PLN_WINDOW_BLOCK];
  const int64_t doubles = pln_extreme_doubles(s->lowest.n);
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    const double *x = in[0] + i;
    double *y = out[0] + i;
    pln_extreme_block(&s->lowest, memory, PLN_LOWEST_LAST, x, lowest, m);
    pln_extreme_block(&s->highest, memory + doubles, PLN_HIGHEST_LAST, x, highest, m);
    change[0] = fabs(x[0] - s->previous);
    PLN_IVDEP
    for (int64_t j = 1; j < m; j++) change[j] = fabs(x[j] - x[j - 1]);
    s->previous = x[m - 1];
    const double *const leaf[] = {change};
    double *const means[] = {mean};
    pln_window_block(&s->path, memory + 2 * doubles, 1, 0, pln_merge_mean, leaf, means, m);
    const double period = (double)s->path.n;
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++)
      y[j] = ratio(highest[j] - lowest[j], mean[j] * period); /* NOLINT: m entries were written */
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_vhf = {
    .info = {.name = "vhf",
             .group = "trend",
             .help = "Vertical horizontal filter",
             .formula = "(highest - lowest of the last `period` values) / sum of the last `period` absolute "
                        "changes (White, 1991; Tulip vhf); 0 where nothing changed",
             .inputs = "source",
             .outputs = "vhf",
             .example = "vhf(close, 28)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};

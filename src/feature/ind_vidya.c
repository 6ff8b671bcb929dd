#include "feature/adaptive.h"
#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("short", "rows of the short deviation", 2, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("long", "rows of the long deviation", 5, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM("alpha", "weight of a new value at equal deviations", 0.2, 0.001, 1),
};

typedef struct vidya {
  pln_window fast;
  pln_window slow;
  pln_adaptive average;
  double alpha;
  int64_t row;
  int64_t start;
} vidya;

static int64_t start_of(const double *p) { return (int64_t)(p[0] > p[1] ? p[0] : p[1]) - 2; }
static int64_t lookback(const double *p) { return start_of(p); }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(vidya, pln_window_doubles((int64_t)p[0], 2) + pln_window_doubles((int64_t)p[1], 2));
}
static void init(void *state, const double *p) {
  vidya *s = state;
  s->alpha = p[2];
  s->start = start_of(p);
  pln_window_init(&s->fast, (int64_t)p[0]);
  pln_window_init(&s->slow, (int64_t)p[1]);
}

/* From the sums of squared deviations. */
PLN_INLINE double weight(double fast, double slow, double alpha, double scale) {
  const double k = alpha * sqrt(scale * (fast / (slow > 0.0 ? slow : 1.0)));
  return slow > 0.0 ? (k < 1.0 ? k : 1.0) : 0.0;
}
PLN_INLINE double scale_of(const vidya *s) { return (double)s->slow.n / (double)s->fast.n; }

static inline void step(vidya *s, double *memory, const double *in, double *out) {
  const double leaf[2] = {in[0], 0.0};
  double fast[2] = {0.0, 0.0}, slow[2] = {0.0, 0.0};
  pln_window_step(&s->fast, memory, 2, 0, pln_merge_moments, leaf, fast);
  pln_window_step(&s->slow, memory + pln_window_doubles(s->fast.n, 2), 2, 0, pln_merge_moments, leaf, slow);
  out[0] = in[0];
  if (s->row++ > s->start)
    out[0] = pln_adaptive_step(&s->average, weight(fast[1], slow[1], s->alpha, scale_of(s)), in[0]);
  else
    pln_adaptive_start(&s->average, in[0]);
}
PLN_IND_STEP(vidya, step)

enum { BLOCK = PLN_WINDOW_BLOCK };

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  vidya *s = state;
  double *memory = (double *)(s + 1), *second = memory + pln_window_doubles(s->fast.n, 2);
  double mean[BLOCK + 8], fast[BLOCK + 8], slow[BLOCK + 8];
  const double alpha = s->alpha, scale = scale_of(s);
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    const double *x = in[0] + i;
    double *y = out[0] + i;
    const double *const leaf[] = {x, pln_window_zeros};
    double *const one[] = {mean, fast}, *const two[] = {mean, slow};
    pln_window_block(&s->fast, memory, 2, 0, pln_merge_moments, leaf, one, m);
    pln_window_block(&s->slow, second, 2, 0, pln_merge_moments, leaf, two, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) fast[j] = weight(fast[j], slow[j], alpha, scale);
    const int64_t late = s->start + 1 - s->row, early = late < 0 ? 0 : late < m ? late : m;
    for (int64_t j = 0; j < early; j++) y[j] = x[j];
    if (early > 0) pln_adaptive_start(&s->average, x[early - 1]);
    pln_adaptive_rows(&s->average, fast + early, x + early, y + early, m - early);
    s->row += m;
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_vidya = {
    .info = {.name = "vidya",
             .group = "trend",
             .help = "Variable index dynamic average",
             .formula = "v += k (x - v), k = alpha times the standard deviation over `short` rows over "
                        "that over `long` rows, at most 1, and 0 where the latter is 0. It starts with "
                        "the value in row long - 2 (Tulip VIDYA; T. Chande, 1992)",
             .inputs = "source",
             .outputs = "vidya",
             .example = "vidya(close, 2, 5, 0.2)",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};

#include "feature/sorted.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD),
};

typedef struct median_ad {
  pln_sorted sorted;
  double place;
} median_ad;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(median_ad, pln_sorted_doubles((int64_t)p[0])); }
static void init(void *state, const double *p) {
  median_ad *s = state;
  pln_sorted_init(&s->sorted, (double *)(s + 1), (int64_t)p[0]);
  s->place = (p[0] - 1.0) / 2.0;
}

/* The distance of a rank from the center. */
static inline double distance(const median_ad *s, double *memory, int64_t rank, double center) {
  return fabs(pln_sorted_at(&s->sorted, memory, rank) - center);
}

/* The k-th smallest distance from the center, k from 0. The k + 1 nearest values are a run of ranks: its
 * first rank is the least one from which the next run is not nearer. */
static inline double nearest(const median_ad *s, double *memory, double center, int64_t k) {
  int64_t from = 0, rest = s->sorted.n - 1 - k;
  while (rest > 0) {
    const int64_t half = rest / 2, rank = from + half;
    const double left = center - pln_sorted_at(&s->sorted, memory, rank);
    const double right = pln_sorted_at(&s->sorted, memory, rank + k + 1) - center;
    const int further = right < left;
    from = further ? rank + 1 : from;
    rest = further ? rest - half - 1 : half;
  }
  const double left = distance(s, memory, from, center), right = distance(s, memory, from + k, center);
  return left > right ? left : right;
}

static inline void step(median_ad *s, double *memory, const double *in, double *out) {
  pln_sorted_push(&s->sorted, memory, in[0]);
  out[0] = 0.0;
  if (isinf(pln_sorted_at(&s->sorted, memory, s->sorted.n - 1))) return; /* not n rows yet */
  const double center = pln_sorted_between(&s->sorted, memory, s->place);
  const int64_t k = (int64_t)s->place;
  out[0] = nearest(s, memory, center, k);
  if (s->place > (double)k) out[0] += (nearest(s, memory, center, k + 1) - out[0]) / 2.0;
}
PLN_IND_STEP(median_ad, step)
PLN_IND_BATCH(median_ad, 1, 1, step)

const pln_ind_desc pln_ind_median_ad = {
    .info = {.name = "median_ad",
             .aliases = "mad",
             .group = "statistics",
             .help = "Median absolute deviation",
             .formula = "median of |x - median of x| over the last `period` values; the mean of the two "
                        "middle ones where period is even (scipy median_abs_deviation, jesse median_ad). "
                        "Times 1.4826 it estimates the standard deviation of normal values",
             .inputs = "source",
             .outputs = "median_ad",
             .example = "median_ad(close, 20)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

#include "feature/sorted.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("q", "share of the values below, 0 … 1", 0.5, 0, 1),
    PLN_PARAM_WORD("interpolation", "between two places", 0, 4, "linear lower higher midpoint nearest"),
};

typedef struct quantile {
  pln_sorted sorted;
  double place;
} quantile;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(quantile, pln_sorted_doubles((int64_t)p[0])); }
static void init(void *state, const double *p) {
  quantile *s = state;
  pln_sorted_init(&s->sorted, (double *)(s + 1), (int64_t)p[0]);
  const double place = (p[0] - 1.0) * p[1];
  switch ((int)p[2]) {
  case 1:
    s->place = floor(place);
    break;
  case 2:
    s->place = ceil(place);
    break;
  case 3:
    s->place = (floor(place) + ceil(place)) / 2.0;
    break;
  case 4:
    s->place = nearbyint(place);
    break;
  default:
    s->place = place;
    break;
  }
}

static inline void step(quantile *s, double *memory, const double *in, double *out) {
  pln_sorted_push(&s->sorted, memory, in[0]);
  out[0] = pln_sorted_between(&s->sorted, memory, s->place);
}
PLN_IND_STEP(quantile, step)
PLN_IND_BATCH(quantile, 1, 1, step)

const pln_ind_desc pln_ind_quantile = {
    .info = {.name = "quantile",
             .group = "statistics",
             .help = "Rolling quantile",
             .formula =
                 "value below which the share q of the last `period` values lies: of the values in their "
                 "order, x[0] to x[period - 1], the one at place (period - 1) q; between two places a "
                 "straight line (numpy and pandas linear), or by `interpolation` the lower, the higher, the "
                 "mean of both (midpoint) or the nearer one (nearest; halves to the even place, as numpy)",
             .inputs = "source",
             .outputs = "quantile",
             .example = "quantile(close, 20, 0.25)",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

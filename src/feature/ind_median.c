#include "feature/sorted.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 21, 1, PLN_IND_MAX_PERIOD),
};

typedef struct median {
  pln_sorted sorted;
  double place;
} median;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(median, pln_sorted_doubles((int64_t)p[0])); }
static void init(void *state, const double *p) {
  median *s = state;
  pln_sorted_init(&s->sorted, (double *)(s + 1), (int64_t)p[0]);
  s->place = (p[0] - 1.0) / 2.0;
}

static inline void step(median *s, double *memory, const double *in, double *out) {
  pln_sorted_push(&s->sorted, memory, in[0]);
  out[0] = pln_sorted_between(&s->sorted, memory, s->place);
}
PLN_IND_STEP(median, step)
PLN_IND_BATCH(median, 1, 1, step)

const pln_ind_desc pln_ind_median = {
    .info = {.name = "median",
             .group = "statistics",
             .help = "Rolling median",
             .formula = "the middle one of the last `period` values in their order, the mean of the two "
                        "middle ones where period is even",
             .inputs = "source",
             .outputs = "median",
             .example = "median(close, 21)",
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

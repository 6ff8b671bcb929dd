#include "feature/sorted.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 100, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("ties", "rank of equal values", 0, 3, "average min max below"),
};

typedef struct rank {
  pln_sorted sorted;
  int64_t ties;
} rank;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(rank, pln_sorted_doubles((int64_t)p[0])); }
static void init(void *state, const double *p) {
  rank *s = state;
  pln_sorted_init(&s->sorted, (double *)(s + 1), (int64_t)p[0]);
  s->ties = (int64_t)p[1];
}

static inline void step(rank *s, double *memory, const double *in, double *out) {
  pln_sorted_push(&s->sorted, memory, in[0]);
  const double n = (double)s->sorted.n;
  const double less = (double)pln_sorted_below(&s->sorted, memory, in[0], 0);
  const double most =
      s->ties == 0 || s->ties == 2 ? (double)pln_sorted_below(&s->sorted, memory, in[0], 1) : 0.0;
  out[0] = s->ties == 0   ? (less + most + 1.0) / 2.0 / n
           : s->ties == 1 ? (less + 1.0) / n
           : s->ties == 2 ? most / n
           : n > 1.0      ? less / (n - 1.0)
                          : 0.0;
}
PLN_IND_STEP(rank, step)
PLN_IND_BATCH(rank, 1, 1, step)

const pln_ind_desc pln_ind_rank = {
    .info = {.name = "rank",
             .aliases = "percent_rank percentrank",
             .group = "statistics",
             .help = "Percent rank of the newest value",
             .formula = "rank of this value among the last `period` (itself included), over period: 1 / "
                        "period … 1; values that are the same share the mean of their ranks (ties=average: "
                        "pandas rolling.rank(pct=True)), the lowest (min) or the highest (max) of them. "
                        "ties=below: share of the other values that are less, 0 … 1 (ConnorsRSI's percent "
                        "rank is 100 of it, with one row more)",
             .inputs = "source",
             .outputs = "rank",
             .example = "rank(close, 100)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

#include "feature/extrema.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 14, 1, 5000),
    PLN_PARAM_WORD("high",
                   "what a row's drawdown is measured from: the highest of the `period` values that end with "
                   "it, or the highest of the window up to it",
                   0, 1, "rolling window"),
};

typedef struct ulcer {
  int32_t within; /* the high is the window's own */
  int32_t slot;
  int64_t rows;
  pln_window high;
  pln_window squares; /* last: their memory follows, or the ring of the values */
} ulcer;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  const int64_t n = (int64_t)p[0];
  return PLN_IND_SIZE(ulcer, p[1] != 0.0 ? n : 2 * pln_window_doubles(n, 1));
}
static void init(void *state, const double *p) {
  ulcer *s = state;
  s->within = p[1] != 0.0;
  pln_extreme_init(&s->high, (int64_t)p[0]);
  pln_window_init(&s->squares, (int64_t)p[0]);
}

PLN_INLINE double square_below(double x, double high) {
  const double percent = high != 0.0 ? 100.0 * ((x - high) / high) : 0.0;
  return percent * percent;
}

/* Every window has highs of its own: nothing of the last one can be used again. */
static inline double within_window(ulcer *s, double *ring, double x) {
  const int32_t n = s->squares.n;
  ring[s->slot] = x;
  if (++s->slot == n) s->slot = 0;
  if (++s->rows < n) return 0.0;
  double high = ring[s->slot], sum = 0.0;
  for (int32_t k = 0, at = s->slot; k < n; k++) {
    high = ring[at] > high ? ring[at] : high;
    sum += square_below(ring[at], high);
    if (++at == n) at = 0;
  }
  return sqrt(sum / n);
}

static inline void step(ulcer *s, double *memory, const double *in, double *out) {
  if (s->within) {
    out[0] = within_window(s, memory, in[0]);
    return;
  }
  const int32_t n = s->squares.n;
  /* The first rows have the highest value so far: as if the first one had been there before. */
  if (s->rows++ == 0)
    for (int32_t k = 1; k < n; k++) (void)pln_extreme_step(&s->high, memory, PLN_HIGHEST_LAST, in[0]);
  const double high = pln_extreme_step(&s->high, memory, PLN_HIGHEST_LAST, in[0]);
  const double square = square_below(in[0], high);
  double mean = 0.0;
  pln_window_step(&s->squares, memory + pln_window_doubles(n, 1), 1, 0, pln_merge_mean, &square, &mean);
  out[0] = sqrt(mean);
}
PLN_IND_STEP(ulcer, step)
PLN_IND_BATCH(ulcer, 1, 1, step)

const pln_ind_desc pln_ind_ulcer = {
    .info =
        {.name = "ulcer",
         .aliases = "ulcer_index ui",
         .group = "volatility",
         .help = "Ulcer index: root mean square of the drawdown, in percent",
         .formula =
             "sqrt of the mean over the last `period` rows of (100 (x - high) / high)^2, high the highest of "
             "the `period` values (at the start, of those there are) that end with the row (Martin; "
             "StockCharts), or with high=window the "
             "highest of the window up to the row (Stock.Indicators); 0 for a row whose high is 0",
         .inputs = "source",
         .outputs = "ulcer",
         .example = "ulcer(close, 14)",
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

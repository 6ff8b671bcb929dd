#include "feature/ma.h"
#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("fast", "rows of the fast average", 12, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("slow", "rows of the slow average", 26, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("signal", "period of the average of their difference", 9, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("ma", "kind of that average", 1, PLN_MA_LAST, PLN_MA_WORDS),
};

typedef struct vwmacd {
  pln_ma signal;
  int64_t rows; /* before the line's first */
  pln_window fast;
  pln_window slow; /* last: their memory follows, in this order, then that of the signal */
} vwmacd;

static int64_t longer(const double *p) { return (int64_t)(p[0] > p[1] ? p[0] : p[1]); }
static int64_t lookback(const double *p) {
  return longer(p) - 1 + pln_ma_lookback((int32_t)p[3], (int64_t)p[2]);
}
static int64_t size(const double *p) {
  return PLN_IND_SIZE(vwmacd, pln_window_doubles((int64_t)p[0], 2) + pln_window_doubles((int64_t)p[1], 2) +
                                  pln_ma_doubles((int32_t)p[3], (int64_t)p[2]));
}
static void init(void *state, const double *p) {
  vwmacd *s = state;
  pln_window_init(&s->fast, (int64_t)p[0]);
  pln_window_init(&s->slow, (int64_t)p[1]);
  pln_ma_init(&s->signal, (int32_t)p[3], (int64_t)p[2]);
  s->rows = longer(p) - 1;
}

static inline void step(vwmacd *s, double *memory, const double *in, double *out) {
  const double own[2] = {in[0] * in[1], in[1]};
  double fast[2] = {0}, slow[2] = {0}, *behind = memory + pln_window_doubles(s->fast.n, 2);
  pln_window_step(&s->fast, memory, 2, 0, pln_merge_sums2, own, fast);
  pln_window_step(&s->slow, behind, 2, 0, pln_merge_sums2, own, slow);
  out[0] = out[1] = out[2] = 0.0;
  out[3] = fast[1] > 0.0 && slow[1] > 0.0;
  if (s->rows > 0) {
    s->rows--;
    return;
  }
  out[0] = (fast[1] > 0.0 ? fast[0] / fast[1] : in[0]) - (slow[1] > 0.0 ? slow[0] / slow[1] : in[0]);
  out[1] = pln_ma_step(&s->signal, behind + pln_window_doubles(s->slow.n, 2), out[0]);
  out[2] = out[0] - out[1];
}
PLN_IND_STEP(vwmacd, step)
PLN_IND_BATCH(vwmacd, 2, 3, step)

const pln_ind_desc pln_ind_vwmacd = {
    .info =
        {.name = "vwmacd",
         .group = "volume",
         .help = "Volume weighted convergence and divergence of averages",
         .formula =
             "vwmacd = vwma(fast) - vwma(slow), an average without volume being x; signal = average of that, "
             "histogram = vwmacd - signal (Dormeier)",
         .inputs = "source volume",
         .outputs = "vwmacd signal histogram",
         .example = "vwmacd(close, 12, 26, 9)",
         .params = params,
         .n_params = 4,
         .input_kind = PLN_INPUT_SOURCE,
         .has_valid = 1},
    .n_inputs = 2,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

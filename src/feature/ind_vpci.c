#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("fast", "rows of the short averages", 5, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("slow", "rows of the long averages", 25, 1, PLN_IND_MAX_PERIOD),
};

typedef struct vpci {
  int64_t rows; /* before the line's first */
  pln_window fast;
  pln_window slow;
  pln_window smooth; /* last: their memory follows, in this order */
} vpci;

static int64_t longer(const double *p) { return (int64_t)(p[0] > p[1] ? p[0] : p[1]); }
static int64_t lookback(const double *p) { return longer(p) - 1 + (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  const int64_t fast = (int64_t)p[0], slow = (int64_t)p[1];
  return PLN_IND_SIZE(vpci, pln_window_doubles(fast, 3) + pln_window_doubles(slow, 3) +
                                pln_window_doubles(fast, 2));
}
static void init(void *state, const double *p) {
  vpci *s = state;
  pln_window_init(&s->fast, (int64_t)p[0]);
  pln_window_init(&s->slow, (int64_t)p[1]);
  pln_window_init(&s->smooth, (int64_t)p[0]);
  s->rows = longer(p) - 1;
}

static inline void step(vpci *s, double *memory, const double *in, double *out) {
  const double x = in[0], volume = in[1], own[3] = {x * volume, volume, x};
  double f[3] = {0}, l[3] = {0}, sums[2] = {0};
  double *behind = memory + pln_window_doubles(s->fast.n, 3),
         *last = behind + pln_window_doubles(s->slow.n, 3);
  pln_window_step(&s->fast, memory, 3, 0, pln_merge_sums3, own, f);
  pln_window_step(&s->slow, behind, 3, 0, pln_merge_sums3, own, l);
  out[0] = out[1] = 0.0;
  out[2] = f[1] > 0.0 && l[1] > 0.0 && f[2] != 0.0;
  if (s->rows > 0) {
    s->rows--;
    return;
  }
  if (out[2] != 0.0) {
    const double confirmation = l[0] / l[1] - l[2] / s->slow.n, ratio = (f[0] / f[1]) / (f[2] / s->fast.n);
    out[0] = confirmation * ratio * ((f[1] / s->fast.n) / (l[1] / s->slow.n));
  }
  const double weighted[2] = {out[0] * volume, volume};
  pln_window_step(&s->smooth, last, 2, 0, pln_merge_sums2, weighted, sums);
  out[1] = sums[1] > 0.0 ? sums[0] / sums[1] : 0.0;
}
PLN_IND_STEP(vpci, step)
PLN_IND_BATCH(vpci, 2, 2, step)

const pln_ind_desc pln_ind_vpci = {
    .info =
        {.name = "vpci",
         .aliases = "volume_price_confirmation",
         .group = "volume",
         .help = "Volume price confirmation indicator (Dormeier)",
         .formula =
             "vpci = (vwma(slow) - sma(slow)) * (vwma(fast) / sma(fast)) * (sma(volume, fast) / sma(volume, "
             "slow)), signal = mean of the last `fast` vpci weighted by volume; 0 where there is no volume "
             "or the mean is 0",
         .inputs = "source volume",
         .outputs = "vpci signal",
         .example = "vpci(close, 5, 25)",
         .params = params,
         .n_params = 2,
         .input_kind = PLN_INPUT_SOURCE,
         .has_valid = 1},
    .n_inputs = 2,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

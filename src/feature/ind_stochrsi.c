#include "feature/stoch.h"
#include "feature/updown.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("rsi", "period of the relative strength index", 14, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("fastk", "rows in the window over it", 5, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("fastd", "period of the average of fastk; 1: none", 3, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("slowk", "period of a simple average over fastk itself; 1: none", 1, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("fastd_ma", "kind of fastd's average", PLN_MA_SMA, PLN_MA_LAST, PLN_MA_WORDS),
    PLN_PARAM_WORD("smoothing", "of rsi's gains and losses, as there", 0, 2, PLN_UPDOWN_WORDS),
};

typedef struct stochrsi {
  pln_updown updown;
  pln_stoch raw;
  pln_late_ma k;
  pln_late_ma d;
  int64_t skip; /* rows before the first rsi */
  int64_t raw_memory;
} stochrsi;

/* Of rsi, 0 … 100: while nothing moves, Wilder's averages keep their ratio but for its last digits. */
static const double no_range = 1e-10;

static int64_t raw_row(const double *p) { return (int64_t)p[0] + (int64_t)p[1] - 1; }
static int64_t k_row(const double *p) { return raw_row(p) + (int64_t)p[3] - 1; }
static int64_t lookback(const double *p) { return k_row(p) + pln_ma_lookback((int32_t)p[4], (int64_t)p[2]); }
static int64_t updown_doubles(const double *p) { return pln_updown_doubles((int32_t)p[5], (int64_t)p[0]); }
static int64_t raw_doubles(const double *p) { return pln_stoch_doubles((int64_t)p[1]); }
static int64_t k_doubles(const double *p) { return pln_ma_doubles(PLN_MA_SMA, (int64_t)p[3]); }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(stochrsi, updown_doubles(p) + raw_doubles(p) + k_doubles(p) +
                                    pln_ma_doubles((int32_t)p[4], (int64_t)p[2]));
}
static void init(void *state, const double *p) {
  stochrsi *s = state;
  int64_t used = updown_doubles(p);
  pln_updown_init(&s->updown, (int32_t)p[5], (int64_t)p[0]);
  pln_stoch_init(&s->raw, (int64_t)p[1], no_range);
  s->skip = (int64_t)p[0];
  s->raw_memory = used;
  pln_late_ma_init(&s->k, PLN_MA_SMA, (int64_t)p[3], raw_row(p), used += raw_doubles(p));
  pln_late_ma_init(&s->d, (int32_t)p[4], (int64_t)p[2], k_row(p), used + k_doubles(p));
}

PLN_INLINE double ratio(double up, double down) {
  const double sum = up + down;
  return sum == 0.0 ? 0.0 : 100.0 * (up / sum);
}

static inline void step(stochrsi *s, double *memory, const double *in, double *out) {
  double up, down;
  pln_updown_step(&s->updown, memory, in[0], &up, &down);
  const double rsi = ratio(up, down);
  double raw = 0.0;
  out[2] = 0.0;
  if (s->skip > 0)
    s->skip--;
  else
    raw = pln_stoch_step(&s->raw, memory + s->raw_memory, rsi, rsi, rsi, &out[2]);
  out[0] = pln_late_ma_step(&s->k, memory, raw);
  out[1] = pln_late_ma_step(&s->d, memory, out[0]);
}
PLN_IND_STEP(stochrsi, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  stochrsi *s = state;
  double *memory = (double *)(s + 1);
  double up[PLN_WINDOW_BLOCK], down[PLN_WINDOW_BLOCK], raw[PLN_WINDOW_BLOCK];
  double *rsi = up;
  for (int64_t i = 0; i < n; i += PLN_WINDOW_BLOCK) {
    const int64_t m = n - i < PLN_WINDOW_BLOCK ? n - i : PLN_WINDOW_BLOCK;
    pln_updown_block(&s->updown, memory, in[0] + i, up, down, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) rsi[j] = ratio(up[j], down[j]); /* NOLINT: m entries were written */
    const int64_t cold = s->skip < m ? s->skip : m;
    for (int64_t j = 0; j < cold; j++) raw[j] = 0.0;
    s->skip -= cold;
    if (cold < m)
      pln_stoch_block(&s->raw, memory + s->raw_memory, rsi + cold, rsi + cold, rsi + cold, raw + cold,
                      m - cold);
    pln_late_ma_rows(&s->k, memory, raw, out[0] + i, m);
    pln_late_ma_rows(&s->d, memory, out[0] + i, out[1] + i, m);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_stochrsi = {
    .info = {.name = "stochrsi",
             .aliases = "stoch_rsi srsi",
             .group = "momentum",
             .help = "Stochastic oscillator of the relative strength index",
             .formula = "fastk = 100 (rsi - L) / (H - L), H and L the highest and the lowest rsi of the last "
                        "`fastk` rows, "
                        "fastd = ma of that (TA-Lib STOCHRSI); with slowk > 1 fastk is averaged first "
                        "(Stock.Indicators, Lean); Tulip's is fastk / 100 with equal periods; 0 where H - L "
                        "<= 1e-10: nothing has moved, and the difference is rounding",
             .inputs = "source",
             .outputs = "fastk fastd",
             .example = "stochrsi(close, 14, 14, 3, 3).fastd",
             .params = params,
             .n_params = 6,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};

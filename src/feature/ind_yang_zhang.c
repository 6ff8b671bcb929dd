#include "feature/volatility.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 2, PLN_IND_MAX_PERIOD),
    PLN_ANNUAL_PARAM(1),
};

typedef struct yang_zhang {
  double k;
  double degrees; /* rows - 1 */
  double scale;
  double previous;
  int64_t started;
  pln_window overnight; /* ln(open / previous close) */
  pln_window day;       /* ln(close / open) */
  pln_window rs;        /* last: their memory follows, in this order */
} yang_zhang;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t moments(int64_t n) { return pln_window_doubles(n, 2); }
static int64_t size(const double *p) {
  const int64_t n = (int64_t)p[0];
  return PLN_IND_SIZE(yang_zhang, 2 * moments(n) + pln_window_doubles(n, 1));
}
static void init(void *state, const double *p) {
  yang_zhang *s = state;
  const int64_t n = (int64_t)p[0];
  s->k = 0.34 / (1.34 + (p[0] + 1.0) / (p[0] - 1.0));
  s->degrees = p[0] - 1.0;
  s->scale = sqrt(p[1]);
  pln_window_init(&s->overnight, n);
  pln_window_init(&s->day, n);
  pln_window_init(&s->rs, n);
}

static inline void step(yang_zhang *s, double *memory, const double *in, double *out) {
  const double open = in[0], high = in[1], low = in[2], close = in[3];
  out[0] = 0.0;
  if (s->started) {
    const int64_t part = moments(s->rs.n);
    const double overnight[2] = {pln_log_ratio(open, s->previous), 0.0},
                 day[2] = {pln_log_ratio(close, open), 0.0};
    const double rs = pln_rogers_satchell(open, high, low, close);
    double a[2] = {0}, b[2] = {0}, c = 0.0;
    pln_window_step(&s->overnight, memory, 2, 0, pln_merge_moments, overnight, a);
    pln_window_step(&s->day, memory + part, 2, 0, pln_merge_moments, day, b);
    pln_window_step(&s->rs, memory + 2 * part, 1, 0, pln_merge_mean, &rs, &c);
    const double variance = (a[1] + s->k * b[1]) / s->degrees + (1.0 - s->k) * c;
    out[0] = s->scale * sqrt(variance > 0.0 ? variance : 0.0);
  }
  s->previous = close;
  s->started = 1;
}
PLN_IND_STEP(yang_zhang, step)
PLN_IND_BATCH(yang_zhang, 4, 1, step)

const pln_ind_desc pln_ind_yang_zhang = {
    .info = {.name = "yang_zhang",
             .aliases = "yang_zhang_volatility",
             .group = "volatility",
             .help = "Volatility from open, high, low and close, overnight gaps included (Yang and Zhang)",
             .formula =
                 "sqrt(annual * (O + k D + (1 - k) R)) over the last `period` rows: O the sample variance of "
                 "ln(open / previous close), D that of ln(close / open), R the mean of Rogers and Satchell's "
                 "terms, k = 0.34 / (1.34 + (period + 1) / (period - 1)) (Yang and Zhang, 2000), a fraction; "
                 "a logarithm of what is not positive counts as 0",
             .inputs = "open high low close",
             .outputs = "yang_zhang",
             .example = "yang_zhang(20)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 4,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

#include "feature/ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("fast", "rows of the fast average", 10, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("slow", "rows of the slow average", 50, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("up", "deviations above", 1, 0, 100),
    PLN_PARAM("down", "deviations below", 1, 0, 100),
    PLN_PARAM_WORD("fast_type", "which average (as of ma)", PLN_MA_SMA, PLN_MA_LAST, PLN_MA_WORDS),
    PLN_PARAM_WORD("slow_type", "which average (as of ma)", PLN_MA_SMA, PLN_MA_LAST, PLN_MA_WORDS),
};

static int64_t first_row(const double *p) {
  const int64_t fast = pln_ma_lookback((int32_t)p[4], (int64_t)p[0]),
                slow = pln_ma_lookback((int32_t)p[5], (int64_t)p[1]);
  return fast > slow ? fast : slow;
}

typedef struct mab {
  pln_ma fast;
  pln_ma slow;
  pln_window mean;
  double up;
  double down;
} mab;

static int64_t lookback(const double *p) { return first_row(p) + (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(mab, pln_ma_doubles((int32_t)p[4], (int64_t)p[0]) +
                               pln_ma_doubles((int32_t)p[5], (int64_t)p[1]) +
                               pln_window_doubles((int64_t)p[0], 1));
}
static void init(void *state, const double *p) {
  mab *s = state;
  pln_ma_init(&s->fast, (int32_t)p[4], (int64_t)p[0]);
  pln_ma_init(&s->slow, (int32_t)p[5], (int64_t)p[1]);
  pln_window_init(&s->mean, (int64_t)p[0]);
  s->up = p[2];
  s->down = p[3];
}

static inline void step(mab *s, double *memory, const double *in, double *out) {
  double *second = memory + pln_ma_doubles(s->fast.type, s->fast.n),
         *third = second + pln_ma_doubles(s->slow.type, s->slow.n);
  const double fast = pln_ma_step(&s->fast, memory, in[0]), slow = pln_ma_step(&s->slow, second, in[0]);
  const double square = (fast - slow) * (fast - slow);
  double mean = 0.0;
  pln_window_step(&s->mean, third, 1, 0, pln_merge_mean, &square, &mean);
  const double dev = sqrt(mean);
  out[0] = slow + s->up * dev;
  out[1] = fast;
  out[2] = slow - s->down * dev;
}
PLN_IND_STEP(mab, step)
PLN_IND_BATCH(mab, 1, 3, step)

const pln_ind_desc pln_ind_mab = {
    .info = {.name = "mab",
             .group = "trend",
             .help = "Moving average bands",
             .formula = "dev: root of the mean over `fast` rows of (fast average - slow average)^2; "
                        "upper: slow average + up dev; middle: fast average; lower: slow average - down "
                        "dev (jesse MAB)",
             .inputs = "source",
             .outputs = "upper middle lower",
             .example = "mab(close, 10, 50).upper",
             .params = params,
             .n_params = 6,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

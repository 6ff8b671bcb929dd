#include "feature/smooth.h"
#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM("sensitivity", "factor of the change of the difference", 150, 0, 1000000),
    PLN_PARAM_INT("fast", "rows of the fast exponential average", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("slow", "rows of the slow exponential average", 40, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("period", "rows of the Bollinger bands", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM("k", "width of the bands on each side, in standard deviations", 2, 0, 1000),
};

typedef struct waddah {
  pln_smooth fast;
  pln_smooth slow;
  pln_window bands;
  double previous; /* difference */
  double sensitivity;
  double k;
} waddah;

static int64_t lookback(const double *p) { return (int64_t)fmax(fmax(p[1], p[2]), p[3] - 1.0); }
static int64_t size(const double *p) { return PLN_IND_SIZE(waddah, pln_window_doubles((int64_t)p[3], 2)); }
static void init(void *state, const double *p) {
  waddah *s = state;
  s->sensitivity = p[0];
  pln_smooth_init(&s->fast, 2.0 / (p[1] + 1.0), (int64_t)p[1], 0);
  pln_smooth_init(&s->slow, 2.0 / (p[2] + 1.0), (int64_t)p[2], 0);
  pln_window_init(&s->bands, (int64_t)p[3]);
  s->k = p[4];
}

static inline void step(waddah *s, double *memory, const double *in, double *out) {
  const double leaf[] = {in[0], 0.0},
               difference = pln_smooth_step(&s->fast, in[0]) - pln_smooth_step(&s->slow, in[0]);
  double moments[2] = {0.0, 0.0};
  pln_window_step(&s->bands, memory, 2, 0, pln_merge_moments, leaf, moments);
  out[0] = 2.0 * s->k * sqrt(moments[1] / (double)s->bands.n);
  out[1] = s->sensitivity * (difference - s->previous);
  out[2] = out[1] >= 0.0 ? 1.0 : -1.0;
  s->previous = difference;
}
PLN_IND_STEP(waddah, step)
PLN_IND_BATCH(waddah, 1, 3, step)

const pln_ind_desc pln_ind_waddah_attar_explosion = {
    .info = {.name = "waddah_attar_explosion",
             .group = "volatility",
             .help = "Waddah Attar explosion",
             .formula =
                 "trend: sensitivity * change of (ema(fast) - ema(slow)) since the row before; direction: 1 "
                 "where it is at least 0, else -1; explosion: upper - lower Bollinger band, 2 k population "
                 "standard deviations: a trend larger than it is an explosion (LazyBear; jesse)",
             .inputs = "source",
             .outputs = "explosion trend direction",
             .example = "waddah_attar_explosion(close, 150).trend",
             .params = params,
             .n_params = 5,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

#include "feature/ind.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_WORD("ties", "whether equal highs and lows count", 0, 1, "strict loose"),
};

typedef struct outside_bar {
  double high; /* of the row before */
  double low;
  double loose;
  double started;
} outside_bar;

static int64_t lookback(const double *p) {
  (void)p;
  return 1;
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(outside_bar, 0);
}
static void init(void *state, const double *p) { ((outside_bar *)state)->loose = p[0]; }

static inline void step(outside_bar *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double open = in[0], high = in[1], low = in[2], close = in[3];
  const int32_t outside =
      s->loose != 0.0 ? (high >= s->high) & (low <= s->low) : (high > s->high) & (low < s->low);
  out[0] = outside & (s->started != 0.0);
  out[1] = out[0] * ((close > open) - (close < open));
  s->high = high;
  s->low = low;
  s->started = 1.0;
}
PLN_IND_STEP(outside_bar, step)
PLN_IND_BATCH(outside_bar, 4, 2, step)

const pln_ind_desc pln_ind_outside_bar = {
    .info =
        {.name = "outside_bar",
         .aliases = "engulfing_range",
         .group = "structure",
         .help = "Outside bar",
         .formula =
             "outside_bar: 1 where the high is above and the low below those of the row before (ties=loose: "
             "or equal); direction: of such a row, 1 if it closed above its open, -1 below, 0 otherwise",
         .inputs = "open high low close",
         .outputs = "outside_bar direction",
         .example = "outside_bar().direction",
         .params = params,
         .n_params = 1,
         .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 4,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

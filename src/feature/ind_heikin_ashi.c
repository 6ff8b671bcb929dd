#include "feature/ind.h"

typedef struct heikin_ashi {
  double middle; /* of the body before */
  double started;
} heikin_ashi;

static int64_t lookback(const double *p) {
  (void)p;
  return 0;
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(heikin_ashi, 0);
}
static void init(void *state, const double *p) {
  (void)state;
  (void)p;
}

static inline void step(heikin_ashi *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double close = (in[0] + in[1] + in[2] + in[3]) / 4.0;
  const double open = s->started != 0.0 ? s->middle : (in[0] + in[3]) / 2.0;
  s->started = 1.0;
  s->middle = (open + close) / 2.0;
  out[0] = close;
  out[1] = open;
  out[2] = fmax(in[1], fmax(open, close));
  out[3] = fmin(in[2], fmin(open, close));
}
PLN_IND_STEP(heikin_ashi, step)
PLN_IND_BATCH(heikin_ashi, 4, 4, step)

const pln_ind_desc pln_ind_heikin_ashi = {
    .info = {.name = "heikin_ashi",
             .aliases = "ha",
             .group = "trend",
             .help = "Heikin-Ashi candles",
             .formula = "close: mean of open, high, low and close; open: mean of the open and close of the "
                        "Heikin-Ashi candle before (first row: of the bar itself); high and low: the ends of "
                        "the bar and of the candle's body",
             .inputs = "open high low close",
             .outputs = "close open high low",
             .example = "heikin_ashi().open",
             .params = NULL,
             .n_params = 0,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 4,
    .n_outputs = 4,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

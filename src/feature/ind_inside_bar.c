#include "feature/ind.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_WORD("ties", "whether equal highs and lows count", 0, 1, "strict loose"),
};

typedef struct inside_bar {
  double high; /* of the row before */
  double low;
  double mother_high; /* of the row in which the run lies */
  double mother_low;
  double run;
  double loose;
  double started;
} inside_bar;

static int64_t lookback(const double *p) {
  (void)p;
  return 1;
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(inside_bar, 0);
}
static void init(void *state, const double *p) { ((inside_bar *)state)->loose = p[0]; }

static inline void step(inside_bar *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double high = in[0], low = in[1];
  if (s->started == 0.0) {
    s->mother_high = s->high = high;
    s->mother_low = s->low = low;
    s->started = 1.0;
    out[0] = out[1] = 0.0;
    return;
  }
  const int32_t loose = s->loose != 0.0;
  const int32_t inside = loose ? (high <= s->high) & (low >= s->low) : (high < s->high) & (low > s->low);
  const int32_t held = loose ? (high <= s->mother_high) & (low >= s->mother_low)
                             : (high < s->mother_high) & (low > s->mother_low);
  if (held) {
    s->run += 1.0;
  } else {
    s->run = 0.0;
    s->mother_high = high;
    s->mother_low = low;
  }
  s->high = high;
  s->low = low;
  out[0] = inside;
  out[1] = s->run;
}
PLN_IND_STEP(inside_bar, step)
PLN_IND_BATCH(inside_bar, 2, 2, step)

const pln_ind_desc pln_ind_inside_bar = {
    .info =
        {.name = "inside_bar",
         .group = "structure",
         .help = "Inside bar",
         .formula =
             "inside_bar: 1 where the high is below and the low above those of the row before (ties=loose: "
             "or equal); run: how many rows, up to this one, lie inside of the row before them",
         .inputs = "high low",
         .outputs = "inside_bar run",
         .example = "inside_bar().run",
         .params = params,
         .n_params = 1,
         .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 2,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

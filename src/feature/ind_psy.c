#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 12, 1, PLN_IND_MAX_PERIOD),
};

typedef struct psy {
  pln_window rises;
  double previous;
  int32_t started;
  int32_t reserved;
} psy;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) { return PLN_IND_SIZE(psy, pln_window_doubles((int64_t)p[0], 1)); }
static void init(void *state, const double *p) { pln_window_init(&((psy *)state)->rises, (int64_t)p[0]); }

static inline void step(psy *s, double *memory, const double *in, double *out) {
  const double rise = in[0] > s->previous ? 100.0 : 0.0;
  double mean = 0.0;
  if (s->started) pln_window_step(&s->rises, memory, 1, 0, pln_merge_mean, &rise, &mean);
  s->started = 1;
  s->previous = in[0];
  out[0] = mean;
}
PLN_IND_STEP(psy, step)
PLN_IND_BATCH(psy, 1, 1, step)

const pln_ind_desc pln_ind_psy = {
    .info = {.name = "psy",
             .aliases = "psychological_line",
             .group = "momentum",
             .help = "Psychological line: the part of rises, in percent",
             .formula = "100 times the rows in which x has risen, of the last `period`, over period",
             .inputs = "source",
             .outputs = "psy",
             .example = "psy(close, 12)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

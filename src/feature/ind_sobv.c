#include "feature/cumulative.h"
#include "feature/window.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the mean", 20, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("start", "on balance volume of the first row: its volume, or zero", 0, 1, "volume zero"),
};

typedef struct sobv {
  pln_cumulative sum;
  double previous;
  int32_t is_zero;
  int32_t started;
  pln_window mean; /* last: its memory follows */
} sobv;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(sobv, pln_window_doubles((int64_t)p[0], 1)); }
static void init(void *state, const double *p) {
  sobv *s = state;
  s->is_zero = p[1] != 0.0;
  pln_window_init(&s->mean, (int64_t)p[0]);
}

static inline void step(sobv *s, double *memory, const double *in, double *out) {
  double flow = in[0] > s->previous ? in[1] : 0.0;
  if (in[0] < s->previous) flow = -in[1];
  if (!s->started) flow = s->is_zero ? 0.0 : in[1];
  s->started = 1;
  s->previous = in[0];
  const double line = pln_cumulative_step(&s->sum, flow);
  double mean = 0.0;
  pln_window_step(&s->mean, memory, 1, 0, pln_merge_mean, &line, &mean);
  out[0] = mean;
}
PLN_IND_STEP(sobv, step)
PLN_IND_BATCH(sobv, 2, 1, step)

const pln_ind_desc pln_ind_sobv = {
    .info = {.name = "sobv",
             .aliases = "smoothed_on_balance_volume",
             .group = "volume",
             .help = "Smoothed on balance volume",
             .formula = "mean of the last `period` values of obv (Lean SmoothedOnBalanceVolume)",
             .inputs = "source volume",
             .outputs = "sobv",
             .example = "sobv(close, 20)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 2,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

#include "feature/hilbert.h"

static int64_t lookback(const double *p) {
  (void)p;
  return 32;
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(pln_hilbert, 0);
}
static void init(void *state, const double *p) {
  (void)p;
  pln_hilbert_init(state, PLN_HILBERT_EARLY);
}

static inline void step(pln_hilbert *s, double *memory, const double *in, double *out) {
  (void)memory;
  pln_hilbert_step(s, in[0]);
  out[0] = s->smooth_period;
}
PLN_IND_STEP(pln_hilbert, step)
PLN_IND_BATCH(pln_hilbert, 1, 1, step)

const pln_ind_desc pln_ind_ht_dcperiod = {
    .info = {.name = "ht_dcperiod",
             .group = "cycle",
             .help = "Dominant cycle period of the Hilbert transform",
             .formula = "rows of the dominant cycle, 6 to 50, smoothed: Ehlers' homodyne discriminator "
                        "(Rocket Science for Traders, 2001), begun in row 12 with a history of zeros; "
                        "first output in row 32 (TA-Lib HT_DCPERIOD)",
             .inputs = "source",
             .outputs = "period",
             .example = "ht_dcperiod(close)",
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

#include "feature/ht.h"

static int64_t lookback(const double *p) {
  (void)p;
  return PLN_HT_LOOKBACK;
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(pln_ht, 0);
}
static void init(void *state, const double *p) {
  (void)p;
  pln_hilbert_init(&((pln_ht *)state)->hilbert, PLN_HILBERT_LATE);
}

static inline void step(pln_ht *s, double *memory, const double *in, double *out) {
  (void)memory;
  pln_ht_step(s, in[0]);
  out[0] = pln_ht_trendline(s, in[0]);
}
PLN_IND_STEP(pln_ht, step)
PLN_IND_BATCH(pln_ht, 1, 1, step)

const pln_ind_desc pln_ind_ht_trendline = {
    .info = {.name = "ht_trendline",
             .group = "cycle",
             .help = "Instantaneous trendline of the Hilbert transform",
             .formula = "mean of the price over the dominant cycle (ht_dcperiod), weighted 4, 3, 2, 1 "
                        "with those of the three rows before (J. Ehlers, 2001). Begun in row 37 with a "
                        "history of zeros; first output in row 63 (TA-Lib HT_TRENDLINE)",
             .inputs = "source",
             .outputs = "trendline",
             .example = "ht_trendline(close)",
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

#include "feature/ht.h"

static int64_t lookback(const double *p) {
  (void)p;
  return PLN_HT_LOOKBACK;
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(pln_ht, pln_ht_doubles());
}
static void init(void *state, const double *p) {
  (void)p;
  pln_ht_init(state, (double *)((pln_ht *)state + 1), PLN_HILBERT_LATE);
}

static inline void step(pln_ht *s, double *memory, const double *in, double *out) {
  pln_ht_step(s, in[0]);
  pln_ht_phase(s, memory);
  out[0] = s->phase;
  out[1] = s->defined;
}
PLN_IND_STEP(pln_ht, step)
PLN_IND_BATCH(pln_ht, 1, 1, step)

const pln_ind_desc pln_ind_ht_dcphase = {
    .info = {.name = "ht_dcphase",
             .group = "cycle",
             .help = "Phase of the dominant cycle",
             .formula = "phase of the smoothed price's discrete Fourier transform over the dominant "
                        "cycle, in degrees from -45 to 315 (J. Ehlers, 2001). Where the price stands "
                        "still over a cycle there is none and it keeps its value. Begun in row 37 with a "
                        "history of zeros; first output in row 63 (TA-Lib HT_DCPHASE)",
             .inputs = "source",
             .outputs = "phase",
             .example = "ht_dcphase(close)",
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

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
  out[0] = pln_ht_sine(s->phase);
  out[1] = pln_ht_sine(s->phase + 45.0);
  out[2] = s->defined;
}
PLN_IND_STEP(pln_ht, step)
PLN_IND_BATCH(pln_ht, 1, 2, step)

const pln_ind_desc pln_ind_ht_sine = {
    .info = {.name = "ht_sine",
             .group = "cycle",
             .help = "Sine wave of the dominant cycle",
             .formula = "sine of the dominant cycle's phase (ht_dcphase), and lead_sine that of 45 "
                        "degrees later (J. Ehlers, 2001). Where the price stands still over a cycle the "
                        "phase keeps its value. Begun in row 37 with a history of zeros; first output in "
                        "row 63 (TA-Lib HT_SINE)",
             .inputs = "source",
             .outputs = "sine lead_sine",
             .example = "ht_sine(close).lead_sine",
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

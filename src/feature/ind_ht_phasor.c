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
  const pln_hilbert_row r = pln_hilbert_step(s, in[0]);
  out[0] = r.in_phase;
  out[1] = r.quadrature;
}
PLN_IND_STEP(pln_hilbert, step)
PLN_IND_BATCH(pln_hilbert, 1, 2, step)

const pln_ind_desc pln_ind_ht_phasor = {
    .info = {.name = "ht_phasor",
             .group = "cycle",
             .help = "In-phase and quadrature components of the Hilbert transform",
             .formula = "in_phase is the detrended price of three rows before, quadrature its Hilbert "
                        "transform at the dominant period: Ehlers' homodyne discriminator (Rocket Science "
                        "for Traders, 2001), begun in row 12 with a history of zeros; first output in row "
                        "32 (TA-Lib HT_PHASOR)",
             .inputs = "source",
             .outputs = "in_phase quadrature",
             .example = "ht_phasor(close).quadrature",
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

#include "feature/sar.h"

static const pln_indicator_param params[] = {
    PLN_PARAM("start_value", "first stop: > 0 of a long position, < 0 of a short one, 0: as sar", 0, -3e37,
              3e37),
    PLN_PARAM("offset", "share by which the stop is set back when it turns", 0, 0, 3e37),
    PLN_PARAM("long_first", "speed of a new long position", 0.02, 0, 3e37),
    PLN_PARAM("long_step", "added to it with each new high", 0.02, 0, 3e37),
    PLN_PARAM("long_maximum", "largest speed of a long position", 0.2, 0, 3e37),
    PLN_PARAM("short_first", "speed of a new short position", 0.02, 0, 3e37),
    PLN_PARAM("short_step", "added to it with each new low", 0.02, 0, 3e37),
    PLN_PARAM("short_maximum", "largest speed of a short position", 0.2, 0, 3e37),
};

static int64_t lookback(const double *p) {
  (void)p;
  return 1;
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(pln_sar, 0);
}
static void init(void *state, const double *p) {
  const pln_sar_side up = {p[2], p[3], p[4]}, down = {p[5], p[6], p[7]};
  pln_sar_init(state, up, down, PLN_SAR_TALIB);
  pln_sar *s = state;
  s->start = p[0];
  s->offset = p[1];
}

static inline void step(pln_sar *s, double *memory, const double *in, double *out) {
  (void)memory;
  int32_t turned;
  out[1] = pln_sar_step(s, in[0], in[1], &turned);
  out[2] = s->direction;
  out[3] = turned;
  out[0] = out[1] * out[2];
}
PLN_IND_STEP(pln_sar, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  pln_sar_rows(state, in[0], in[1], out[1], out[2], out[3], n);
  double *negative = out[0];
  const double *stop = out[1], *direction = out[2];
  PLN_IVDEP
  for (int64_t i = 0; i < n; i++) negative[i] = stop[i] * direction[i];
}

PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_sar_extended = {
    .info = {.name = "sar_extended",
             .aliases = "sarext",
             .group = "trend",
             .help = "Parabolic stop and reverse with its own speeds for each side",
             .formula =
                 "As sar, with a first stop, an offset on reversal and speeds for long and short positions "
                 "(TA-Lib SAREXT). sar_extended: the stop, negative while short; stop: without the sign; "
                 "direction: 1 long, -1 short; reversal: 1 in the row where it turned",
             .inputs = "high low",
             .outputs = "sar_extended stop direction reversal",
             .example = "sar_extended().stop",
             .params = params,
             .n_params = 8,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 2,
    .n_outputs = 4,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};

#include "feature/sar.h"

static const pln_indicator_param params[] = {
    PLN_PARAM("acceleration", "added to the speed with each new extreme, and its first value", 0.02, 0, 3e37),
    PLN_PARAM("maximum", "largest speed", 0.2, 0, 3e37),
    PLN_PARAM_WORD("start", "first position: TA-Lib's, Tulip's, or always a rising one", 0, 2,
                   "talib tulip rising"),
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
  const pln_sar_side side = {p[0], p[0], p[1]};
  pln_sar_init(state, side, side, (int32_t)p[2]);
}

static inline void step(pln_sar *s, double *memory, const double *in, double *out) {
  (void)memory;
  int32_t turned;
  out[0] = pln_sar_step(s, in[0], in[1], &turned);
  out[1] = s->direction;
  out[2] = turned;
}
PLN_IND_STEP(pln_sar, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  pln_sar_rows(state, in[0], in[1], out[0], out[1], out[2], n);
}

PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_sar = {
    .info = {.name = "sar",
             .aliases = "psar parabolic_sar",
             .group = "trend",
             .help = "Parabolic stop and reverse",
             .formula = "stop += speed * (extreme - stop), not beyond the last two rows' lows (highs); the "
                        "speed grows with each new extreme; when the price touches the stop the position "
                        "turns and the stop is the extreme (Wilder, 1978). sar: the stop; direction: 1 long, "
                        "-1 short; reversal: 1 in the row where it turned. First position: short if the low "
                        "fell by more than the high rose (TA-Lib SAR); start=tulip: short if the middle of "
                        "the bar fell; start=rising: long (Stock.Indicators, which drops what is before the "
                        "first reversal); those two turn when the price goes beyond the stop",
             .inputs = "high low",
             .outputs = "sar direction reversal",
             .example = "sar(0.02, 0.2).reversal",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 2,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};

#include "feature/ma.h"

static const pln_indicator_param params[] = {
    PLN_PARAM("fast_limit", "largest weight of a new value", 0.5, 0.01, 0.99),
    PLN_PARAM("slow_limit", "least weight of a new value", 0.05, 0.01, 0.99),
    PLN_PARAM_WORD("seed", "the first value: 0 in row 11, or the mean of six in row 5", 0, 1, "zero mean"),
};

static int64_t lookback(const double *p) {
  return p[2] == 0.0 ? pln_ma_lookback(PLN_MA_MAMA, 1) : PLN_MA_MAMA_SEED - 1;
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(pln_ma, 0);
}
static void init(void *state, const double *p) {
  pln_ma_init_mama(state, p[0], p[1]);
  if (p[2] != 0.0) pln_ma_start_mama_early(state);
}
PLN_MA_FORMS_TWO

const pln_ind_desc pln_ind_mama = {
    .info = {.name = "mama",
             .group = "trend",
             .help = "MESA adaptive moving average",
             .formula = "m += a (x - m), a = fast_limit over the change of phase in degrees (at least 1), "
                        "not below slow_limit; phase = atan(quadrature / in-phase) of the Hilbert "
                        "transform at the dominant period (J. Ehlers, 2001). fama follows: f += a / 2 (m "
                        "- f). Both start from 0 in row 12, first output in row 32 (TA-Lib MAMA; Lean, "
                        "over hl2); with seed=mean both are the mean of the first six values in row 5, "
                        "from which row on there are outputs (Stock.Indicators, over hl2)",
             .inputs = "source",
             .outputs = "mama fama",
             .example = "mama(close, 0.5, 0.05).fama",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};

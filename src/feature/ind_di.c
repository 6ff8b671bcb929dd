#include "feature/directional.h"

static const pln_indicator_param params[] = {PLN_DIRECTIONAL_PARAMS(1)};

static int64_t lookback(const double *p) { return pln_directional_first_ratio((int64_t)p[0], (int32_t)p[1]); }
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(pln_directional, 0);
}
static void init(void *state, const double *p) { pln_directional_init(state, (int64_t)p[0], (int32_t)p[1]); }

static inline void step(pln_directional *s, double *memory, const double *in, double *out) {
  (void)memory;
  const pln_movement m = pln_directional_step(s, in[0], in[1], in[2]);
  out[0] = pln_directional_indicator(m.plus, m.range);
  out[1] = pln_directional_indicator(m.minus, m.range);
  out[2] = m.range > 0.0;
}
PLN_IND_STEP(pln_directional, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  double plus[PLN_DIRECTIONAL_BLOCK], minus[PLN_DIRECTIONAL_BLOCK], range[PLN_DIRECTIONAL_BLOCK];
  for (int64_t i = 0; i < n; i += PLN_DIRECTIONAL_BLOCK) {
    const int64_t m = n - i < PLN_DIRECTIONAL_BLOCK ? n - i : PLN_DIRECTIONAL_BLOCK;
    pln_directional_block(state, in[0] + i, in[1] + i, in[2] + i, plus, minus, range, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      out[0][i + j] = pln_directional_indicator(plus[j], range[j]);
      out[1][i + j] = pln_directional_indicator(minus[j], range[j]);
    }
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_di = {
    .info = {.name = "di",
             .aliases = "plus_di plusdi",
             .group = "trend",
             .help = "Directional indicators, plus and minus",
             .formula = "100 times the smoothed directional movement over the smoothed true range, both "
                        "smoothed by 1 / period (TA-Lib PLUS_DI and MINUS_DI, from row `period` on; with "
                        "period 1 TA-Lib leaves out the 100); start=tulip gives row period - 1 too and "
                        "counts both movements where they are equal (Tulip di), start=wilder starts with the "
                        "first `period` movements (Stock.Indicators, StockCharts); 0 where the range is 0",
             .inputs = "high low close",
             .outputs = "plus minus",
             .example = "di(14).minus",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 3,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};

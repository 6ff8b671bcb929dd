#include "feature/ht.h"

static int64_t lookback(const double *p) {
  (void)p;
  return 6;
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(pln_ht, 0);
}
static void init(void *state, const double *p) {
  (void)p;
  pln_hilbert_init(&((pln_ht *)state)->hilbert, 6);
}

static inline void step(pln_ht *s, double *memory, const double *in, double *out) {
  (void)memory;
  const int64_t row = s->hilbert.row;
  const pln_hilbert_row r = pln_ht_step(s, in[0]);
  const double line = pln_ht_trendline(s, in[0]);
  const int64_t cycle = pln_ht_cycle(s);
  out[0] = row < 11 ? in[0] : line;
  out[1] = (double)(cycle < row + 1 ? cycle : row + 1);
  out[2] = r.smooth;
}
PLN_IND_STEP(pln_ht, step)
PLN_IND_BATCH(pln_ht, 1, 3, step)

const pln_ind_desc pln_ind_htl = {
    .info = {.name = "htl",
             .group = "cycle",
             .help = "Instantaneous trendline from the first rows on",
             .formula = "as ht_trendline, but the discriminator begins in row 6 and the mean is over the "
                        "rows that there are (Stock.Indicators ToHtTrendline); up to row 10 the trendline "
                        "is the price. dc_periods is the dominant cycle in whole rows (0: none yet), "
                        "smooth_price (4 x[0] + 3 x[1] + 2 x[2] + x[3]) / 10",
             .inputs = "source",
             .outputs = "trendline dc_periods smooth_price",
             .example = "htl(hl2)",
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 3,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

#include "feature/ht.h"

typedef struct trendmode {
  pln_ht ht;
  double sine;
  double lead;
  double rows; /* since the lines crossed */
} trendmode;

static int64_t lookback(const double *p) {
  (void)p;
  return PLN_HT_LOOKBACK;
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(trendmode, pln_ht_doubles());
}
static void init(void *state, const double *p) {
  (void)p;
  pln_ht_init(&((trendmode *)state)->ht, (double *)((trendmode *)state + 1), PLN_HILBERT_LATE);
}

static inline void step(trendmode *s, double *memory, const double *in, double *out) {
  const double before = s->ht.phase, sine0 = s->sine, lead0 = s->lead;
  const pln_hilbert_row r = pln_ht_step(&s->ht, in[0]);
  if (s->ht.hilbert.row <= s->ht.hilbert.start) {
    pln_ht_trendline(&s->ht, in[0]);
    out[0] = 0.0;
    return;
  }
  pln_ht_phase(&s->ht, memory);
  const double line = pln_ht_trendline(&s->ht, in[0]), cycle = s->ht.hilbert.smooth_period;
  s->sine = pln_ht_sine(s->ht.phase);
  s->lead = pln_ht_sine(s->ht.phase + 45.0);
  int trend = 1;
  if ((s->sine > s->lead && sine0 <= lead0) || (s->sine < s->lead && sine0 >= lead0)) {
    s->rows = 0.0;
    trend = 0;
  }
  s->rows += 1.0;
  if (s->rows < 0.5 * cycle) trend = 0;
  const double turn = s->ht.phase - before, usual = cycle > 0.0 ? 360.0 / cycle : 0.0;
  if (turn > 0.67 * usual && turn < 1.5 * usual) trend = 0;
  if (line != 0.0 && fabs((r.smooth - line) / line) >= 0.015) trend = 1;
  out[0] = trend;
}
PLN_IND_STEP(trendmode, step)
PLN_IND_BATCH(trendmode, 1, 1, step)

const pln_ind_desc pln_ind_ht_trendmode = {
    .info = {.name = "ht_trendmode",
             .group = "cycle",
             .help = "Trend (1) or cycle (0)",
             .formula = "0 for half a cycle after the sine wave's lines (ht_sine) cross, and while the "
                        "phase turns by 0.67 to 1.5 times what the dominant cycle turns in a row; but 1 "
                        "where the smoothed price is 1.5 percent or more away from the trendline; else 1 "
                        "(J. Ehlers, 2001). Begun in row 37 with a history of zeros; first output in row "
                        "63 (TA-Lib HT_TRENDMODE)",
             .inputs = "source",
             .outputs = "trend",
             .example = "ht_trendmode(close)",
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

#include "feature/filter.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the wave that passes", 20, 5, PLN_IND_MAX_PERIOD),
    PLN_PARAM("bandwidth", "width of the band as a share of the period", 0.3, 0.01, 1),
    PLN_PARAM_WORD("start", "how it begins: steady, or its first results being the first values", 0, 1,
                   "steady price"),
};

typedef struct bandpass {
  pln_filter high;
  pln_filter band;
  pln_filter trigger;
  double peak;

} bandpass;

static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(bandpass, 0);
}
static void init(void *state, const double *p) {
  bandpass *s = state;
  pln_filter_high_pass(&s->high, 4.0 * p[0] / p[1]);
  pln_filter_band_pass(&s->band, p[0], cos(2.0 * pln_pi * p[1] / p[0]));
  pln_filter_high_pass(&s->trigger, p[0] / p[1] / 1.5);
  if (p[2] != 0.0) {
    s->high.verbatim = s->trigger.verbatim = 1;
    s->band.verbatim = 2;
  }
}

static inline void step(bandpass *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double band = pln_filter_step(&s->band, pln_filter_step(&s->high, in[0]));
  s->peak *= 0.991;
  if (fabs(band) > s->peak) s->peak = fabs(band);
  const double normalized = s->peak > 0.0 ? band / s->peak : 0.0;
  const double trigger = pln_filter_step(&s->trigger, normalized);
  out[0] = band;
  out[1] = normalized;
  out[2] = trigger;
  out[3] = (normalized < trigger ? 1.0 : 0.0) - (normalized > trigger ? 1.0 : 0.0);
}
PLN_IND_STEP(bandpass, step)
PLN_IND_BATCH(bandpass, 1, 4, step)

const pln_ind_desc pln_ind_bandpass = {
    .info = {.name = "bandpass",
             .group = "cycle",
             .help = "Band-pass filter",
             .formula = "bp: band pass ((1 - a) / 2 (y[0] - y[2]) + cos(2 π / period) (1 + a) bp[1] - a "
                        "bp[2], a from the bandwidth) of high_pass(x, 4 period / bandwidth); normalized: "
                        "bp over its peak, which falls by 0.9 percent a row; trigger: high pass of "
                        "normalized, of 1 / 1.5 of period / bandwidth; signal: 1 where normalized < "
                        "trigger, -1 where it is above (J. Ehlers, 2013). Outputs of a ratio are 0 while "
                        "the peak is 0. It begins in its steady state; with start=price the filters' "
                        "first results are their first inputs (jesse)",
             .inputs = "source",
             .outputs = "bp normalized trigger signal",
             .example = "bandpass(close, 20, 0.3)",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 4,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

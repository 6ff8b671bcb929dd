#include "feature/filter.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows of the wave that passes", 20, 5, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("predict", "rows of foresight", 3, 1, 100),
    PLN_PARAM("bandwidth", "width of the band as a share of the period", 0.25, 0.01, 1),
};

typedef struct voss {
  pln_filter band;
  int64_t order;
  int64_t start;
  int64_t row;
  double x[2];
} voss;

static int64_t lookback(const double *p) { return (int64_t)(p[0] > 3.0 * p[1] ? p[0] : 3.0 * p[1]) + 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(voss, 3 * (int64_t)p[1]); }
static void init(void *state, const double *p) {
  voss *s = state;
  s->order = 3 * (int64_t)p[1];
  s->start = (int64_t)p[0] > s->order ? (int64_t)p[0] : s->order;
  if (s->start < 5) s->start = 5;
  pln_filter_band_pass(&s->band, p[0], cos(2.0 * pln_pi * p[2] / p[0]));
}

static inline void step(voss *s, double *memory, const double *in, double *out) {
  const int64_t row = s->row++, at = row % s->order;
  const double c = -s->band.b[1];
  double filt = 0.0, ahead = 0.0;
  if (row > s->start) {
    filt = c * (in[0] - s->x[1]) + s->band.a[0] * s->band.y[0] + s->band.a[1] * s->band.y[1];
    for (int64_t k = 1; k <= s->order; k++)
      ahead -= (double)(s->order + 1 - k) / (double)s->order * memory[(row + s->order - k) % s->order];
    ahead += 0.5 * (double)(3 + s->order) * filt;
  }
  s->x[1] = s->x[0];
  s->x[0] = in[0];
  s->band.y[1] = s->band.y[0];
  s->band.y[0] = filt;
  memory[at] = ahead;
  out[0] = ahead;
  out[1] = filt;
}
PLN_IND_STEP(voss, step)
PLN_IND_BATCH(voss, 1, 2, step)

const pln_ind_desc pln_ind_voss = {
    .info = {.name = "voss",
             .group = "cycle",
             .help = "Voss predictive filter",
             .formula = "filt: band pass of x, (1 - a) / 2 (x[0] - x[2]) + cos(2 π / period) (1 + a) "
                        "filt[1] - a filt[2], from row max(period, 3 predict, 5) + 1 on, 0 before; voss: "
                        "(3 + n) / 2 filt - sum over k = 1 … n of (n + 1 - k) / n voss[k], n = 3 predict "
                        "(J. Ehlers, Stocks and Commodities 37:9, 2019)",
             .inputs = "source",
             .outputs = "voss filt",
             .example = "voss(close, 20, 3)",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 1,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

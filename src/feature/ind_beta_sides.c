#include "feature/moments.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "returns in the window", 60, 1, PLN_IND_MAX_PERIOD),
};

enum { SIDE = 5 }; /* count, mean asset, mean market, cross product, squares of the market */

typedef struct sides {
  pln_window up;
  pln_window down;
  double previous[2];
} sides;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t size(const double *p) {
  return PLN_IND_SIZE(sides, 2 * pln_window_doubles((int64_t)p[0], SIDE));
}
static void init(void *state, const double *p) {
  sides *s = state;
  pln_window_init(&s->up, (int64_t)p[0]);
  pln_window_init(&s->down, (int64_t)p[0]);
}

/* Parts have as many returns as they count, not as many as rows. */
static inline void merge(double *const *out, const double *const *newer, const double *const *older,
                         int64_t n, double a, double b) {
  (void)a, (void)b;
  for (int64_t i = 0; i < n; i++) {
    const double count = newer[0][i] + older[0][i], weight = count > 0.0 ? older[0][i] / count : 0.0;
    const double dy = older[1][i] - newer[1][i], dx = older[2][i] - newer[2][i];
    const double scaled = dx * (newer[0][i] * weight);
    const double my = newer[1][i] + dy * weight, mx = newer[2][i] + dx * weight;
    const double cross = (newer[3][i] + older[3][i]) + dy * scaled;
    const double squares = (newer[4][i] + older[4][i]) + dx * scaled;
    out[0][i] = count, out[1][i] = my, out[2][i] = mx, out[3][i] = cross, out[4][i] = squares;
  }
}

static inline double side(pln_window *window, double *memory, int counts, double asset, double market) {
  const double leaf[SIDE] = {counts, counts ? asset : 0.0, counts ? market : 0.0, 0.0, 0.0};
  double all[SIDE] = {0};
  pln_window_step(window, memory, SIDE, 0, merge, leaf, all);
  return all[4] > 0.0 ? all[3] / all[4] : 0.0;
}

static inline void step(sides *s, double *memory, const double *in, double *out) {
  const double asset = pln_simple_return(in[0], s->previous[0]),
               market = pln_simple_return(in[1], s->previous[1]);
  s->previous[0] = in[0], s->previous[1] = in[1];
  out[0] = side(&s->up, memory, market > 0.0, asset, market);
  out[1] = side(&s->down, memory + pln_window_doubles(s->up.n, SIDE), market < 0.0, asset, market);
  out[2] = out[1] != 0.0 ? out[0] / out[1] : 0.0;
  out[3] = (out[0] - out[1]) * (out[0] - out[1]);
}
PLN_IND_STEP(sides, step)
PLN_IND_BATCH(sides, 2, 4, step)

const pln_ind_desc pln_ind_beta_sides = {
    .info = {.name = "beta_sides",
             .group = "statistics",
             .help = "Beta in rising and in falling markets",
             .formula =
                 "beta over those of the last `period` simple returns in which the market's was above 0 (up) "
                 "and below 0 (down); ratio = up / down; convexity = (up - down)^2 (Stock.Indicators betaUp, "
                 "betaDown, ratio, convexity). A side is 0 where the market's returns on it are fewer than "
                 "two or all the same, ratio is 0 where down is 0",
             .inputs = "asset market",
             .outputs = "up down ratio convexity",
             .example = "beta_sides(close, open, 60).convexity",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SERIES},
    .n_inputs = 2,
    .n_outputs = 4,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

#include "feature/ind.h"

static const pln_indicator_param params[] = {
    PLN_PARAM("brick", "size of a brick, in the price's unit or in percent of the first close", 1, 1e-9, 1e9),
    PLN_PARAM_WORD("unit", "of the brick", 0, 1, "percent price"),
    PLN_PARAM_WORD("from", "what makes bricks: the close, or the high and the low", 0, 1, "close ends"),
    PLN_PARAM_WORD(
        "base", "where the first brick begins: the first close, or the multiple of the brick nearest to it",
        0, 1, "first grid"),
};

typedef struct renko {
  double brick;
  double base;
  double top; /* of the last brick, in bricks above the base */
  double direction;
  double total;
  int32_t in_percent;
  int32_t of_ends;
  int32_t on_grid;
  int32_t started;
} renko;

static int64_t lookback(const double *p) {
  (void)p;
  return 0;
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(renko, 0);
}
static void init(void *state, const double *p) {
  renko *s = state;
  s->brick = p[0];
  s->in_percent = p[1] == 0.0;
  s->of_ends = p[2] != 0.0;
  s->on_grid = p[3] != 0.0;
}

static inline void step(renko *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double high = s->of_ends ? in[0] : in[2], low = s->of_ends ? in[1] : in[2], close = in[2];
  double bricks = 0.0;
  if (!s->started) {
    s->started = 1;
    if (s->in_percent) s->brick *= fabs(close) / 100.0;
    s->base = s->on_grid && s->brick > 0.0 ? nearbyint(close / s->brick) * s->brick : close;
  } else if (s->brick > 0.0) {
    /* The last brick ends at `top` or, before the first one, is only a line. */
    const double bottom = s->direction == 0.0 ? s->top : s->top - 1.0;
    /* A line that is reached but for rounding is reached. */
    const double up = (high - (s->base + s->top * s->brick)) / s->brick + 1e-9;
    const double down = ((s->base + bottom * s->brick) - low) / s->brick + 1e-9;
    if (up >= down && up >= 1.0) {
      bricks = floor(up);
      s->top += bricks;
      s->direction = 1.0;
    } else if (down >= 1.0) {
      bricks = -floor(down);
      s->top = bottom + bricks + 1.0;
      s->direction = -1.0;
    }
    s->total += fabs(bricks);
  }
  out[0] = s->base + (s->direction < 0.0 ? s->top - 1.0 : s->top) * s->brick;
  out[1] = s->direction;
  out[2] = bricks;
  out[3] = s->total;
}
PLN_IND_STEP(renko, step)
PLN_IND_BATCH(renko, 3, 4, step)

const pln_ind_desc pln_ind_renko = {
    .info = {.name = "renko",
             .group = "structure",
             .help = "Renko bricks",
             .formula = "a brick is added for each whole brick by which the close goes above the top or "
                        "below the bottom of the last one (from=ends: the high or the low, whichever goes "
                        "further). renko: where the last brick ends; direction: 1 rising, -1 falling, 0 "
                        "before the first; bricks: added in this row, negative where they fall; total: "
                        "bricks so far (Stock.Indicators Renko lists the bricks instead, on a grid). The "
                        "brick is in percent of the first close, or with unit=price a price",
             .inputs = "high low close",
             .outputs = "renko direction bricks total",
             .example = "renko(1, price).direction",
             .params = params,
             .n_params = 4,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 3,
    .n_outputs = 4,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

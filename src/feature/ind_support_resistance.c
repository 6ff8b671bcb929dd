#include "feature/smooth.h"
#include "feature/swing.h"

static const pln_indicator_param params[] = {
    PLN_SWING_PARAMS(15),
    PLN_PARAM("volume", "by how many percent the 5 row average of the volume must be above that of 10 rows",
              20, -100, 10000),
};

typedef struct support_resistance {
  pln_swing high;
  pln_swing low;
  pln_smooth fast;
  pln_smooth slow;
  double threshold;
  double close;   /* of the row before */
  double ceiling; /* resistance and support of the row before */
  double floor;
} support_resistance;

enum { FAST = 5, SLOW = 10 };

static int64_t lookback(const double *p) {
  const int64_t swing = pln_swing_lookback((int64_t)p[0], (int64_t)p[1]);
  return swing > SLOW - 1 ? swing : SLOW - 1;
}
static int64_t size(const double *p) {
  return PLN_IND_SIZE(support_resistance, 2 * pln_swing_doubles((int64_t)p[0], (int64_t)p[1]));
}
static void init(void *state, const double *p) {
  support_resistance *s = state;
  pln_swing_init(&s->high, (int64_t)p[0], (int64_t)p[1]);
  pln_swing_init(&s->low, (int64_t)p[0], (int64_t)p[1]);
  pln_smooth_init(&s->fast, 2.0 / (FAST + 1.0), FAST, 0);
  pln_smooth_init(&s->slow, 2.0 / (SLOW + 1.0), SLOW, 0);
  s->threshold = p[2];
}

static inline void step(support_resistance *s, double *memory, const double *in, double *out) {
  const double high = in[0], low = in[1], close = in[2];
  (void)pln_swing_step(&s->high, memory, PLN_HIGHEST_LAST, high);
  (void)pln_swing_step(&s->low, memory + pln_swing_doubles(s->high.left, s->high.right), PLN_LOWEST_LAST,
                       low);
  const double fast = pln_smooth_step(&s->fast, in[3]), slow = pln_smooth_step(&s->slow, in[3]);
  const int32_t has_high = s->high.age >= 0.0, has_low = s->low.age >= 0.0;
  const double ceiling = has_high ? s->high.level : high, floor_level = has_low ? s->low.level : low;
  const double busy = slow > 0.0 ? 100.0 * ((fast - slow) / slow) : 0.0;
  const int32_t up = has_high & (close > ceiling) & (s->close <= s->ceiling) & (busy > s->threshold);
  const int32_t down = has_low & (close < floor_level) & (s->close >= s->floor) & (busy > s->threshold);
  out[0] = floor_level;
  out[1] = ceiling;
  out[2] = up - down;
  out[3] = busy;
  out[4] = has_high & has_low;
  s->close = close;
  s->ceiling = ceiling;
  s->floor = floor_level;
}
PLN_IND_STEP(support_resistance, step)
PLN_IND_BATCH(support_resistance, 4, 4, step)

const pln_ind_desc pln_ind_support_resistance = {
    .info = {.name = "support_resistance",
             .aliases = "support_resistance_with_breaks",
             .group = "structure",
             .help = "Support and resistance from swings, and breaks of them",
             .formula =
                 "resistance: the last swing high (swing_high(left, right)), support: the last swing low, "
                 "where they are known; before the first, this row's high and low (valid 0 until both are "
                 "there). busy: 100 (ema(volume, 5) - ema(volume, 10)) / ema(volume, 10), 0 over 0; breaks: "
                 "1 where the close goes above the resistance, -1 where it goes below the support, with "
                 "`busy` above the threshold, else 0 (LuxAlgo, Support and Resistance Levels with Breaks)",
             .inputs = "high low close volume",
             .outputs = "support resistance breaks busy",
             .example = "support_resistance(15, 15).breaks",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 4,
    .n_outputs = 4,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

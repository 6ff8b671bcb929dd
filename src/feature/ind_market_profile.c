#include "feature/ind.h"
#include <string.h>

enum { MAX_ROWS = 10000 };

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 20, 1, MAX_ROWS),
    PLN_PARAM("tick", "distance between levels, in the price's unit", 0.05, 1e-9, 1e9),
    PLN_PARAM("value_area", "share of the total that the value area holds more than", 0.7, 0.01, 0.99),
    PLN_PARAM_WORD("count", "what a row counts: its volume, or 1 (a time profile)", 0, 1, "volume time"),
};

/* The memory: level and weight of each row of the window in a ring; the same sorted by level; and merged, one
 * entry for each level. */
enum { RING_LEVEL, RING_WEIGHT, SORTED_LEVEL, SORTED_WEIGHT, LEVEL, WEIGHT, N_ARRAYS };

typedef struct market_profile {
  int32_t period;
  int32_t n;    /* rows in the window */
  int32_t slot; /* of the next row */
  int32_t is_time;
  double tick;
  double share;
} market_profile;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(market_profile, N_ARRAYS * p[0]); }
static void init(void *state, const double *p) {
  market_profile *s = state;
  s->period = (int32_t)p[0];
  s->tick = p[1];
  s->share = p[2];
  s->is_time = p[3] != 0.0;
}

static double *array(const market_profile *s, double *memory, int32_t which) {
  return memory + (int64_t)which * s->period;
}

/* First entry whose level is not below `level`. */
static int32_t find(const double *levels, int32_t n, double level) {
  int32_t low = 0, high = n;
  while (low < high) {
    const int32_t middle = (low + high) / 2;
    if (levels[middle] < level)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static void move(double *x, int32_t to, int32_t from, int32_t n) {
  memmove(x + to, x + from, (size_t)n * sizeof *x);
}

static void push(market_profile *s, double *memory, double level, double weight) {
  double *levels = array(s, memory, SORTED_LEVEL), *weights = array(s, memory, SORTED_WEIGHT);
  double *ring_level = array(s, memory, RING_LEVEL) + s->slot;
  double *ring_weight = array(s, memory, RING_WEIGHT) + s->slot;
  if (s->n == s->period) {
    int32_t at = find(levels, s->n, *ring_level);
    while (weights[at] != *ring_weight) at++;
    s->n--;
    move(levels, at, at + 1, s->n - at);
    move(weights, at, at + 1, s->n - at);
  }
  const int32_t at = find(levels, s->n, level);
  move(levels, at + 1, at, s->n - at);
  move(weights, at + 1, at, s->n - at);
  levels[at] = *ring_level = level;
  weights[at] = *ring_weight = weight;
  s->n++;
  if (++s->slot == s->period) s->slot = 0;
}

/* One entry for each level; returns how many. */
static int32_t merge(const market_profile *s, double *memory, double *total) {
  const double *levels = array(s, memory, SORTED_LEVEL), *weights = array(s, memory, SORTED_WEIGHT);
  double *level = array(s, memory, LEVEL), *weight = array(s, memory, WEIGHT);
  int32_t n = 0;
  *total = 0.0;
  for (int32_t i = 0; i < s->n; i++) {
    *total += weights[i];
    if (n > 0 && level[n - 1] == levels[i]) {
      weight[n - 1] += weights[i];
    } else {
      level[n] = levels[i];
      weight[n++] = weights[i];
    }
  }
  return n;
}

/* The fullest level; of equal ones that nearest to the middle, the lower of two. */
static int32_t fullest(const double *weight, int32_t n) {
  int32_t best = 0;
  const int32_t middle = (n - 1) / 2;
  for (int32_t i = 1; i < n; i++) {
    const int32_t distance = i > middle ? i - middle : middle - i;
    const int32_t best_distance = best > middle ? best - middle : middle - best;
    if (weight[i] > weight[best] || (weight[i] == weight[best] && distance < best_distance)) best = i;
  }
  return best;
}

static inline void step(market_profile *s, double *memory, const double *in, double *out) {
  push(s, memory, ceil(in[0] / s->tick), s->is_time ? 1.0 : in[1]);
  double total;
  const int32_t n = merge(s, memory, &total);
  const double *level = array(s, memory, LEVEL), *weight = array(s, memory, WEIGHT);
  const int32_t poc = fullest(weight, n);
  int32_t low = poc, high = poc;
  double held = weight[poc];
  while (held <= s->share * total && (low > 0 || high < n - 1)) {
    const double below = low > 0 ? weight[low - 1] : -1.0, above = high < n - 1 ? weight[high + 1] : -1.0;
    held += below > above ? weight[--low] : weight[++high];
  }
  out[0] = level[poc] * s->tick;
  out[1] = weight[poc];
  out[2] = level[high] * s->tick;
  out[3] = level[low] * s->tick;
  out[4] = level[n - 1] * s->tick;
  out[5] = level[0] * s->tick;
  out[6] = total;
  out[7] = total > 0.0;
}
PLN_IND_STEP(market_profile, step)
PLN_IND_BATCH(market_profile, 2, 7, step)

const pln_ind_desc pln_ind_market_profile = {
    .info =
        {.name = "market_profile",
         .group = "volume",
         .help = "Market profile: volume or time at each price level of the last rows",
         .formula =
             "each row counts its volume, or 1, at the level of its close, rounded up to a multiple of "
             "`tick` (Lean VolumeProfile, TimeProfile). poc = the fullest level (of equals the nearest to "
             "the middle one), poc_volume what it holds; value area: from there on the fuller of the two "
             "next levels joins (the upper of equals) until more than the share `value_area` of `total` "
             "is held; high and low = the ends of the profile. valid is 0 where nothing was traded",
         .inputs = "close volume",
         .outputs = "poc poc_volume value_area_high value_area_low high low total",
         .example = "market_profile(20, 0.05).poc",
         .params = params,
         .n_params = 4,
         .input_kind = PLN_INPUT_COLUMNS,
         .has_valid = 1},
    .n_inputs = 2,
    .n_outputs = 7,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

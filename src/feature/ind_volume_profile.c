#include "feature/extrema.h"

enum { MAX_BINS = 1000 };

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 100, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("bins", "equal parts of the window's range of prices", 24, 2, MAX_BINS),
    PLN_PARAM("value_area", "share of the volume that the value area holds at least", 0.7, 0.01, 1),
    PLN_PARAM_WORD("spread",
                   "where a bar's volume goes: to its typical price, hlc3, or evenly over its range", 0, 1,
                   "typical range"),
};

/* A bin's volume, a sum to twice the precision of a double: what leaves the window is taken out of it. An
 * empty bin is set to 0. */
typedef struct bin {
  double sum;
  double error;
  double rows;
} bin;

typedef struct bar {
  double high, low, typical, volume;
} bar;

/* What is less than this part of the total apart is equal: the parts of spread volumes are rounded. */
static const double rounding = 1e-12;

typedef struct volume_profile {
  double share; /* of the value area */
  double low;   /* of the bins */
  double high;
  double scale; /* bins to a unit of price; 0: no range */
  int32_t period;
  int32_t bins;
  int32_t is_spread;
  int32_t slot;
  int64_t rows; /* seen, up to the period */
  pln_window highest;
  pln_window lowest; /* last: bins, ring of bars and memory of the windows follow, in this order */
} volume_profile;

static int64_t lookback(const double *p) { return (int64_t)p[0] - 1; }
static int64_t size(const double *p) {
  const int64_t doubles = 3 * (int64_t)p[1] + 4 * (int64_t)p[0] + 2 * pln_extreme_doubles((int64_t)p[0]);
  return PLN_IND_SIZE(volume_profile, doubles);
}
static void init(void *state, const double *p) {
  volume_profile *s = state;
  s->period = (int32_t)p[0];
  s->bins = (int32_t)p[1];
  s->share = p[2];
  s->is_spread = p[3] != 0.0;
  pln_extreme_init(&s->highest, s->period);
  pln_extreme_init(&s->lowest, s->period);
}

static inline int32_t bin_of(const volume_profile *s, double price) {
  const double at = (price - s->low) * s->scale;
  return at < s->bins - 1 ? (at > 0.0 ? (int32_t)at : 0) : s->bins - 1;
}
static inline double edge(const volume_profile *s, int32_t index) {
  const double share = (double)index / s->bins;
  return s->low * (1.0 - share) + s->high * share;
}
static inline double middle(const volume_profile *s, double index) {
  const double share = (index + 0.5) / s->bins;
  return s->low * (1.0 - share) + s->high * share;
}

static inline void add(bin *b, double volume, double rows) {
  const double sum = b->sum + volume, part = sum - b->sum;
  const double error = b->error + ((b->sum - (sum - part)) + (volume - part));
  b->sum = sum + error;
  b->error = error - (b->sum - sum);
  b->rows += rows;
  if (b->rows == 0.0) b->sum = b->error = 0.0;
}

/* Puts a bar into its bins (sign 1) or takes it out of them (-1). */
static void count(const volume_profile *s, bin *bins, const bar *b, double sign) {
  const int32_t first = bin_of(s, s->is_spread ? b->low : b->typical);
  const int32_t last = s->is_spread ? bin_of(s, b->high) : first;
  if (first >= last) {
    add(bins + first, sign * b->volume, sign);
    return;
  }
  for (int32_t i = first; i <= last; i++) {
    const double from = i == first ? b->low : edge(s, i), to = i == last ? b->high : edge(s, i + 1);
    const double share = to > from ? (to - from) / (b->high - b->low) : 0.0;
    add(bins + i, sign * (b->volume * share), sign);
  }
}

static void count_all(volume_profile *s, bin *bins, const bar *ring, double low, double high) {
  const double scale = high > low ? s->bins / (high - low) : 0.0;
  s->low = low;
  s->high = high;
  s->scale = isfinite(scale) ? scale : 0.0;
  for (int32_t i = 0; i < s->bins; i++) bins[i] = (bin){0};
  for (int32_t k = 0, at = s->slot; k < s->period; k++) {
    count(s, bins, ring + at, 1.0);
    if (++at == s->period) at = 0;
  }
}

/* The first and last bin of the value area: from the fullest bin on, the fuller one of the two next to it
 * joins, the upper one if they are equal, until it holds its share. */
static void value_area(const volume_profile *s, const bin *bins, int32_t fullest, double total,
                       int32_t *first, int32_t *last) {
  double held = bins[fullest].sum;
  const double margin = rounding * total;
  *first = *last = fullest;
  while (held < s->share * total - margin && (*first > 0 || *last < s->bins - 1)) {
    const int up =
        *last < s->bins - 1 && (*first == 0 || bins[*last + 1].sum >= bins[*first - 1].sum - margin);
    if (up)
      held += bins[++*last].sum;
    else
      held += bins[--*first].sum;
  }
}

/* The low-volume node nearest to the bin `from` on one side (direction 1 or -1): bins of equal volume, one or
 * more, that have fuller ones on both sides. Returns their middle, in bins, or -1; *volume: of one of them.
 */
static double nearest_node(const volume_profile *s, const bin *bins, int32_t from, int32_t direction,
                           double margin, double *volume) {
  int32_t i = from + direction;
  while (i > 0 && i < s->bins - 1) {
    int32_t end = i;
    while (end > 0 && end < s->bins - 1 && fabs(bins[end + direction].sum - bins[i].sum) <= margin)
      end += direction;
    const int inside = end > 0 && end < s->bins - 1;
    const double least = bins[i].sum + margin;
    if (inside && bins[i - direction].sum > least && bins[end + direction].sum > least) {
      *volume = bins[i].sum;
      return (i + end) / 2.0;
    }
    i = end + direction;
  }
  *volume = 0.0;
  return -1.0;
}

enum {
  POC,
  VALUE_HIGH,
  VALUE_LOW,
  LVN_BELOW,
  LVN_ABOVE,
  BELOW_SHARE,
  ABOVE_SHARE,
  POC_SHARE,
  TOTAL,
  HIGH,
  LOW,
  N_OUT
};

static void describe(const volume_profile *s, const bin *bins, double close, double typical, double *out) {
  double total = 0.0;
  int32_t fullest = 0, first, last;
  for (int32_t i = 0; i < s->bins; i++) total += bins[i].sum;
  const double margin = rounding * total;
  for (int32_t i = 0; i < s->bins; i++)
    if (bins[i].sum > bins[fullest].sum + margin) fullest = i;
  out[TOTAL] = total;
  out[HIGH] = s->high;
  out[LOW] = s->low;
  out[LVN_BELOW] = s->low;
  out[LVN_ABOVE] = s->high;
  out[BELOW_SHARE] = out[ABOVE_SHARE] = out[POC_SHARE] = 0.0;
  out[POC] = out[VALUE_HIGH] = out[VALUE_LOW] = typical;
  out[N_OUT] = total > 0.0;
  if (!(total > 0.0)) return;
  out[POC_SHARE] = bins[fullest].sum / total;
  if (s->scale == 0.0) {
    out[POC] = out[VALUE_HIGH] = out[VALUE_LOW] = s->low;
    return;
  }
  value_area(s, bins, fullest, total, &first, &last);
  out[POC] = middle(s, fullest);
  out[VALUE_HIGH] = edge(s, last + 1);
  out[VALUE_LOW] = edge(s, first);
  const int32_t at = bin_of(s, close);
  double volume;
  const double below = nearest_node(s, bins, at, -1, margin, &volume);
  if (below >= 0.0) out[LVN_BELOW] = middle(s, below);
  out[BELOW_SHARE] = volume / total;
  const double above = nearest_node(s, bins, at, 1, margin, &volume);
  if (above >= 0.0) out[LVN_ABOVE] = middle(s, above);
  out[ABOVE_SHARE] = volume / total;
}

static inline void step(volume_profile *s, double *memory, const double *in, double *out) {
  const bar now = {in[0], in[1], (in[0] + in[1] + in[2]) / 3.0, in[3]};
  bin *bins = (bin *)memory;
  bar *ring = (bar *)(bins + s->bins);
  double *windows = (double *)(ring + s->period);
  const double high = pln_extreme_step(&s->highest, windows, PLN_HIGHEST_LAST, now.high);
  const double low =
      pln_extreme_step(&s->lowest, windows + pln_extreme_doubles(s->period), PLN_LOWEST_LAST, now.low);
  const bar old = ring[s->slot];
  ring[s->slot] = now;
  if (++s->slot == s->period) s->slot = 0;
  for (int32_t k = 0; k <= N_OUT; k++) out[k] = 0.0;
  if (s->rows < s->period && ++s->rows < s->period) return;
  /* With other bounds each bar has another bin. */
  if (s->rows == s->period || high != s->high || low != s->low) {
    count_all(s, bins, ring, low, high);
    s->rows = s->period + 1;
  } else {
    count(s, bins, &old, -1.0);
    count(s, bins, &now, 1.0);
  }
  describe(s, bins, in[2], now.typical, out);
}
PLN_IND_STEP(volume_profile, step)
PLN_IND_BATCH(volume_profile, 4, N_OUT, step)

const pln_ind_desc pln_ind_volume_profile = {
    .info =
        {.name = "volume_profile",
         .group = "volume",
         .help = "Volume by price over the last rows: point of control, value area, low-volume nodes",
         .formula =
             "the range from the lowest low to the highest high of the last `period` rows is cut into equal "
             "`bins`; "
             "a bar's volume goes to the bin of its hlc3 (a price on an edge to the bin above), or with "
             "spread=range to all bins of its range, by their parts of it. poc = middle of the fullest bin "
             "(the lowest of equals), "
             "poc_share its share of `total`; value area: from there on the fuller of the two next bins "
             "joins (the upper of "
             "equals) until it holds the share `value_area`. lvn_below and lvn_above = middles of the "
             "low-volume "
             "nodes nearest to the close's bin: bins, or runs of equal ones, with fuller ones on both sides; "
             "their shares of the volume are of one bin. Where there is none, the profile's low or high, and "
             "share 0. Volumes less than 1e-12 of the total apart are equal. Without any volume poc and "
             "value area are hlc3, and valid is 0",
         .inputs = "high low close volume",
         .outputs = "poc value_area_high value_area_low lvn_below lvn_above lvn_below_share lvn_above_share "
                    "poc_share total high low",
         .example = "volume_profile(100, 24).lvn_below",
         .params = params,
         .n_params = 4,
         .input_kind = PLN_INPUT_COLUMNS,
         .has_valid = 1},
    .n_inputs = 4,
    .n_outputs = N_OUT,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

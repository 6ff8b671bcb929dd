#include "feature/range.h"
#include "feature/smooth.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("cycle", "rows of both windows", 10, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("fast", "period of the fast average", 23, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("slow", "period of the slow average", 50, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_INT("smooth", "period of the averages of the ratios", 3, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("seed", "of the averages: the mean of their first values, or the first value", 0, 1,
                   "sma first"),
};

/* A stochastic that keeps its value where there is no range, and its average. */
typedef struct stage {
  pln_window window;
  int64_t skip; /* rows in which its input means nothing */
  int64_t fill; /* further rows before its windows are full */
  pln_smooth average;
  double position;
} stage;

typedef struct stc {
  pln_smooth fast;
  pln_smooth slow;
  stage stages[2];
  int64_t stage_memory; /* of the second stage */
} stc;

static int64_t stage_doubles(const double *p) { return pln_range_doubles((int64_t)p[0]); }
static int64_t slow_period(const double *p) { return (int64_t)(p[1] > p[2] ? p[1] : p[2]); }
static int64_t stage_rows(const double *p) { return (int64_t)p[0] - 1 + (int64_t)p[3] - 1; }
static int64_t lookback(const double *p) { return slow_period(p) - 1 + 2 * stage_rows(p); }
static int64_t size(const double *p) { return PLN_IND_SIZE(stc, 2 * stage_doubles(p)); }
static void init(void *state, const double *p) {
  stc *s = state;
  const int first = p[4] != 0.0;
  int64_t skip = slow_period(p) - 1;
  pln_smooth_init(&s->fast, 2.0 / (p[1] + 1.0), first ? 1 : (int64_t)p[1], 0);
  pln_smooth_init(&s->slow, 2.0 / (p[2] + 1.0), first ? 1 : (int64_t)p[2], 0);
  for (int32_t k = 0; k < 2; k++) {
    stage *g = &s->stages[k];
    pln_window_init(&g->window, (int64_t)p[0]);
    g->skip = skip;
    g->fill = (int64_t)p[0] - 1;
    pln_smooth_init(&g->average, 2.0 / (p[3] + 1.0), first ? 1 : (int64_t)p[3], skip + (int64_t)p[0] - 1);
    skip += stage_rows(p);
  }
  s->stage_memory = stage_doubles(p);
}

PLN_INLINE double position_of(double x, double highest, double lowest, double rounding, double before) {
  const double range = highest - lowest;
  return range > rounding ? 100.0 * ((x - lowest) / range) : before;
}

/* A range of no more than `rounding` is none. */
static inline double stage_step(stage *g, double *memory, double x, double rounding, double *is_valid) {
  *is_valid = 0.0;
  if (g->skip > 0) {
    g->skip--;
    return pln_smooth_step(&g->average, 0.0);
  }
  double highest, lowest;
  pln_range_step(&g->window, memory, x, x, &highest, &lowest);
  if (g->fill > 0) {
    g->fill--;
    return pln_smooth_step(&g->average, 0.0);
  }
  *is_valid = highest - lowest > rounding;
  g->position = position_of(x, highest, lowest, rounding, g->position);
  return pln_smooth_step(&g->average, g->position);
}

enum { BLOCK = PLN_WINDOW_BLOCK };

static inline void stage_block(stage *g, double *memory, const double *x, const double *rounding, double *out,
                               int64_t m) {
  double highest[BLOCK] = {0}, lowest[BLOCK] = {0}, position[BLOCK] = {0};
  const int64_t skipped = g->skip < m ? g->skip : m;
  g->skip -= skipped;
  const int64_t filled = g->fill < m - skipped ? g->fill : m - skipped;
  g->fill -= filled;
  for (int64_t j = 0; j < skipped + filled; j++) position[j] = 0.0;
  if (m > skipped)
    pln_range_block(&g->window, memory, x + skipped, x + skipped, highest + skipped, lowest + skipped,
                    m - skipped);
  for (int64_t j = skipped + filled; j < m; j++)
    g->position = position[j] = position_of(x[j], highest[j], lowest[j], rounding[j], g->position);
  pln_smooth_rows(&g->average, position, out, m);
}

static const double price_rounding = 1e-13, ratio_rounding = 1e-10;

static inline void step(stc *s, double *memory, const double *in, double *out) {
  const double fast = pln_smooth_step(&s->fast, in[0]), slow = pln_smooth_step(&s->slow, in[0]);
  const double rounding = price_rounding * fabs(in[0]);
  double first_valid, second_valid;
  const double d = stage_step(&s->stages[0], memory, fast - slow, rounding, &first_valid);
  out[0] = stage_step(&s->stages[1], memory + s->stage_memory, d, ratio_rounding, &second_valid);
  out[1] = first_valid != 0.0 && second_valid != 0.0;
}
PLN_IND_STEP(stc, step)

PLN_INLINE void rows(void *state, const double *const *in, double *const *out, int64_t n) {
  stc *s = state;
  double *memory = (double *)(s + 1);
  double fast[BLOCK], slow[BLOCK], rounding[2][BLOCK];
  for (int64_t j = 0; j < BLOCK; j++) rounding[1][j] = ratio_rounding;
  for (int64_t i = 0; i < n; i += BLOCK) {
    const int64_t m = n - i < BLOCK ? n - i : BLOCK;
    const double *x = in[0] + i;
    pln_smooth_rows(&s->fast, x, fast, m);
    pln_smooth_rows(&s->slow, x, slow, m);
    PLN_IVDEP
    for (int64_t j = 0; j < m; j++) {
      fast[j] -= slow[j];
      rounding[0][j] = price_rounding * fabs(x[j]);
    }
    stage_block(&s->stages[0], memory, fast, rounding[0], slow, m);
    stage_block(&s->stages[1], memory + s->stage_memory, slow, rounding[1], out[0] + i, m);
  }
}
PLN_IND_SIMD(batch, rows)

const pln_ind_desc pln_ind_stc = {
    .info = {.name = "stc",
             .aliases = "schaff",
             .group = "momentum",
             .help = "Schaff trend cycle",
             .formula =
                 "d(d(m)), m = ema(x, fast) - ema(x, slow), d(y) = ema of 100 (y - L) / (H - L) over "
                 "`smooth` rows, H and L the extremes of y over `cycle` rows; averages seeded with the means "
                 "of their first values (jesse) or with the first (seed=first: ta, Lean); where there is no "
                 "range but rounding (1e-13 of the price; 1e-10 for d), the ratio is that of the row before, "
                 "at first 0. Stock.Indicators has d(m) alone, with a simple average",
             .inputs = "source",
             .outputs = "stc",
             .example = "stc(close, 10, 23, 50, 3)",
             .params = params,
             .n_params = 5,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};

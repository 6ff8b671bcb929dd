#include "feature/pivot_levels.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_WORD("window",
                   "from which levels are made, for the next one: local days, weeks (from Monday), months", 0,
                   2, "day week month"),
    PLN_PARAM_WORD("kind", "how the levels are made", 0, 4, PLN_PIVOT_KINDS),
};

typedef struct pivot_points {
  double open; /* of the present window */
  double high;
  double low;
  double close;
  double number; /* of the present window */
  double levels[PLN_PIVOT_LEVELS];
  int32_t window;
  int32_t kind;
  int32_t complete; /* windows before this one, at most 1 */
  int32_t started;
} pivot_points;

static int64_t lookback(const double *p) {
  (void)p;
  return 0;
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(pivot_points, 0);
}
static void init(void *state, const double *p) {
  pivot_points *s = state;
  s->window = (int32_t)p[0];
  s->kind = (int32_t)p[1];
}

/* Month of a day since 1970, counted from year 0 (Hinnant, days from civil). */
static double month_of(double day) {
  const int64_t z = (int64_t)day + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
  const int64_t doe = z - era * 146097, yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const int64_t mp = (5 * (doe - (365 * yoe + yoe / 4 - yoe / 100)) + 2) / 153;
  return (double)((yoe + era * 400) * 12 + mp);
}

static double window_of(int32_t window, double day) {
  return window == 0 ? day : window == 1 ? floor((day + 3.0) / 7.0) : month_of(day);
}

static inline void step(pivot_points *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double number = window_of(s->window, in[4]);
  if (!s->started || number != s->number) {
    if (s->started) {
      const double open = s->kind == PLN_PIVOT_WOODIE ? in[0] : s->open;
      pln_pivot_levels(s->kind, open, s->high, s->low, s->close, s->levels);
      s->complete = 1;
    }
    s->started = 1;
    s->number = number;
    s->open = in[0];
    s->high = in[1];
    s->low = in[2];
  }
  s->high = in[1] > s->high ? in[1] : s->high;
  s->low = in[2] < s->low ? in[2] : s->low;
  s->close = in[3];
  for (int32_t i = 0; i < PLN_PIVOT_LEVELS; i++) out[i] = s->complete ? s->levels[i] : in[3];
  out[PLN_PIVOT_LEVELS] = s->complete;
}
PLN_IND_STEP(pivot_points, step)
PLN_IND_BATCH(pivot_points, 5, 9, step)

const pln_ind_desc pln_ind_pivot_points = {
    .info = {.name = "pivot_points",
             .group = "structure",
             .help = "Pivot points of the window before",
             .formula = "levels from high H, low L, close C and open O of the local day, week or month "
                        "before, for the whole of the present one; before the first is complete the close "
                        "(valid 0). " PLN_PIVOT_FORMULAS,
             .inputs = "open high low close session",
             .outputs = PLN_PIVOT_OUTPUTS,
             .example = "pivot_points(week, camarilla).s3",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 5,
    .n_outputs = PLN_PIVOT_LEVELS,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

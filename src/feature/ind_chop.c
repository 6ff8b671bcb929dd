#include "feature/extrema.h"
#include "feature/true_range.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 14, 2, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("range",
                   "extremes of the window: true highs and lows, which count the close before, or highs "
                   "and lows",
                   0, 1, "true plain"),
};

typedef struct chop {
  double scale; /* 100 / log10(period) */
  double period;
  double previous;
  int32_t is_plain;
  int32_t started;
  pln_window sum;
  pln_window high;
  pln_window low; /* last: their memory follows, in this order */
} chop;

static int64_t lookback(const double *p) { return (int64_t)p[0]; }
static int64_t part(int64_t n) { return pln_window_doubles(n, 1); }
static int64_t size(const double *p) { return PLN_IND_SIZE(chop, 3 * part((int64_t)p[0])); }
static void init(void *state, const double *p) {
  chop *s = state;
  s->scale = 100.0 / log10(p[0]);
  s->period = p[0];
  s->is_plain = p[1] != 0.0;
  pln_window_init(&s->sum, (int64_t)p[0]);
  pln_extreme_init(&s->high, (int64_t)p[0]);
  pln_extreme_init(&s->low, (int64_t)p[0]);
}

static inline void step(chop *s, double *memory, const double *in, double *out) {
  out[0] = out[1] = 0.0;
  if (s->started) {
    const double previous = s->previous;
    const double high = !s->is_plain && previous > in[0] ? previous : in[0];
    const double low = !s->is_plain && previous < in[1] ? previous : in[1];
    const double range = pln_true_range(in[0], in[1], previous);
    const int64_t doubles = part(s->sum.n);
    double mean = 0.0;
    pln_window_step(&s->sum, memory, 1, 0, pln_merge_mean, &range, &mean);
    const double highest = pln_extreme_step(&s->high, memory + doubles, PLN_HIGHEST_LAST, high);
    const double lowest = pln_extreme_step(&s->low, memory + 2 * doubles, PLN_LOWEST_LAST, low);
    const double path = mean * s->period, way = highest - lowest;
    out[1] = path > 0.0 && way > 0.0;
    out[0] = out[1] != 0.0 ? s->scale * log10(path / way) : 0.0;
  }
  s->previous = in[2];
  s->started = 1;
}
PLN_IND_STEP(chop, step)
PLN_IND_BATCH(chop, 3, 1, step)

const pln_ind_desc pln_ind_chop = {
    .info =
        {.name = "chop",
         .aliases = "choppiness choppiness_index",
         .group = "volatility",
         .help = "Choppiness index",
         .formula =
             "100 log10(sum of true ranges / (highest true high - lowest true low)) / log10(period) over the "
             "last `period` rows, the first row of all having no true range (Dreiss; Stock.Indicators); "
             "range=plain takes highs and lows as they are (Lean); 0 where nothing moves",
         .inputs = "high low close",
         .outputs = "chop",
         .example = "chop(14)",
         .params = params,
         .n_params = 2,
         .input_kind = PLN_INPUT_COLUMNS,
         .has_valid = 1},
    .n_inputs = 3,
    .n_outputs = 1,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

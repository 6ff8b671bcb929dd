#include "feature/extrema.h"
#include "feature/vmath.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "rows in the window", 10, 1, PLN_IND_MAX_PERIOD),
    PLN_PARAM_WORD("form", "what it begins with, and limits", 0, 2, "window growing lean"),
};

enum { WINDOW = 0, GROWING, LEAN };

typedef struct fisher {
  pln_window high;
  pln_window low;
  int64_t low_memory;
  int64_t rows;
  int64_t first; /* row of the first full window, or 0 */
  double value;
  double fisher;
  double limit; /* |value| beyond it becomes `limited` */
  double limited;
} fisher;

static int64_t lookback(const double *p) { return p[1] == GROWING ? 0 : (int64_t)p[0] - 1; }
static int64_t size(const double *p) { return PLN_IND_SIZE(fisher, 2 * pln_extreme_doubles((int64_t)p[0])); }
static void init(void *state, const double *p) {
  fisher *s = state;
  pln_extreme_init(&s->high, (int64_t)p[0]);
  pln_extreme_init(&s->low, (int64_t)p[0]);
  s->low_memory = pln_extreme_doubles((int64_t)p[0]);
  s->first = lookback(p);
  s->limit = p[1] == LEAN ? 0.9999 : 0.99;
  s->limited = p[1] == LEAN ? 0.9999 : 0.999;
}

/* Windows that grow: the memory is filled with the first row. */
static void fill(fisher *s, double *memory, double x) {
  for (int64_t i = 0; i < 2 * s->low_memory; i++) memory[i] = x;
}

static inline void step(fisher *s, double *memory, const double *in, double *out) {
  if (s->rows == 0) fill(s, memory, in[0]);
  const double highest = pln_extreme_step(&s->high, memory, PLN_HIGHEST_LAST, in[0]);
  const double lowest = pln_extreme_step(&s->low, memory + s->low_memory, PLN_LOWEST_LAST, in[0]);
  const double range = highest - lowest;
  out[0] = s->fisher;
  out[1] = s->fisher;
  out[2] = range != 0.0;
  if (s->rows++ < s->first) return;
  double value = 0.0;
  if (range != 0.0) value = 0.66 * ((in[0] - lowest) / range - 0.5) + 0.67 * s->value;
  if (value > s->limit) value = s->limited;
  if (value < -s->limit) value = -s->limited;
  s->value = value;
  out[0] = s->fisher = 0.5 * pln_log((1.0 + value) / (1.0 - value)) + 0.5 * s->fisher;
}
PLN_IND_STEP(fisher, step)
PLN_IND_BATCH(fisher, 1, 2, step)

const pln_ind_desc pln_ind_fisher = {
    .info = {.name = "fisher",
             .aliases = "fisher_transform",
             .group = "momentum",
             .help = "Fisher transform of where the price is in its window (Ehlers)",
             .formula = "v = 0.66 ((x - L) / (H - L) - 0.5) + 0.67 v of the row before, H and L the extremes "
                        "of the last `period` values; beyond 0.99 v is 0.999; fisher = 0.5 ln((1 + v) / (1 - "
                        "v)) + 0.5 fisher of the row before; signal is that one; from the first full window "
                        "on (Tulip); form=growing: from row 0, over what there is (Stock.Indicators); "
                        "form=lean: v goes up to 0.9999 (Lean); v = 0 where H = L",
             .inputs = "hl2",
             .outputs = "fisher signal",
             .example = "fisher(10)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_SOURCE,
             .has_valid = 1},
    .n_inputs = 1,
    .n_outputs = 2,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

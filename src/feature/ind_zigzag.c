#include "feature/ind.h"

static const pln_indicator_param params[] = {
    PLN_PARAM("percent", "reversal that makes an extreme a turning point", 5, 0.0001, 99.99),
    PLN_PARAM_WORD("from", "what is compared: the close, or high and low", 0, 1, "close ends"),
    PLN_PARAM_INT("least", "rows that must lie between the extreme and its confirmation", 1, 1,
                  PLN_IND_MAX_PERIOD),
};

typedef struct zigzag {
  double part;
  double least;
  double high; /* extreme of the leg; without a direction, of all rows */
  double low;
  double high_age;
  double low_age;
  double level; /* of the last turning point */
  double age;
  int32_t direction;
  int32_t of_ends;
  int64_t rows;
} zigzag;

static int64_t lookback(const double *p) {
  (void)p;
  return 0;
}
static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(zigzag, 0);
}
static void init(void *state, const double *p) {
  zigzag *s = state;
  s->part = p[0] / 100.0;
  s->of_ends = p[1] != 0.0;
  s->least = p[2];
}

static inline void step(zigzag *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double high = in[s->of_ends ? 0 : 2], low = in[s->of_ends ? 1 : 2];
  int32_t confirmed = 0;
  s->age += 1.0;
  s->high_age += 1.0;
  s->low_age += 1.0;
  if (s->rows == 0) {
    s->rows = 1;
    s->high = high;
    s->low = low;
    s->age = s->high_age = s->low_age = 0.0;
  }
  /* A reversal is seen before the extreme moves on, so that a wide bar ends a leg. */
  const int32_t falls =
      s->direction >= 0 && low <= s->high - fabs(s->high) * s->part && s->high_age >= s->least;
  const int32_t rises =
      s->direction <= 0 && high >= s->low + fabs(s->low) * s->part && s->low_age >= s->least;
  if (falls && !rises && low < s->high) {
    confirmed = 1;
    s->direction = -1;
    s->level = s->high;
    s->age = s->high_age;
    s->low = low;
    s->low_age = 0.0;
  } else if (rises && !falls && high > s->low) {
    confirmed = 1;
    s->direction = 1;
    s->level = s->low;
    s->age = s->low_age;
    s->high = high;
    s->high_age = 0.0;
  } else {
    if (s->direction >= 0 && high >= s->high) {
      s->high = high;
      s->high_age = 0.0;
    }
    if (s->direction <= 0 && low <= s->low) {
      s->low = low;
      s->low_age = 0.0;
    }
  }
  const int32_t known = s->direction != 0;
  out[0] = known ? s->level : in[2];
  out[1] = s->direction;
  out[2] = s->direction > 0 ? s->high : s->direction < 0 ? s->low : in[2];
  out[3] = known ? s->age : 0.0;
  out[4] = confirmed;
  out[5] = known;
}
PLN_IND_STEP(zigzag, step)
PLN_IND_BATCH(zigzag, 3, 5, step)

const pln_ind_desc pln_ind_zigzag = {
    .info = {.name = "zigzag",
             .group = "structure",
             .help = "Zigzag, as far as it is known",
             .formula =
                 "a leg goes on until the price comes back from its extreme by `percent` (at least `least` "
                 "rows after it); the extreme is then a turning point. zigzag: the last turning point; "
                 "direction: of the leg that it began, 1 up, -1 down; extreme: of that leg so far, the next "
                 "turning point if the price turns; age: rows since the turning point; confirmed: 1 in the "
                 "row in which it became one. Before the first: the close and 0 (valid 0). What charts draw "
                 "ends legs where the extreme was, which nobody knew then",
             .inputs = "high low close",
             .outputs = "zigzag direction extreme age confirmed",
             .example = "zigzag(5).direction",
             .params = params,
             .n_params = 3,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 3,
    .n_outputs = 5,
    .lookback = lookback,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

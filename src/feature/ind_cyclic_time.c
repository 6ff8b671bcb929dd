#include "feature/calendar.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_WORD("of", "what goes round", 0, 4, "minute_of_day day_of_week day_of_month month day_of_year"),
};

typedef struct cyclic_time {
  int64_t of;
} cyclic_time;

static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(cyclic_time, 0);
}
static void init(void *state, const double *p) { ((cyclic_time *)state)->of = (int64_t)p[0]; }

static inline double turn(int64_t of, double local) {
  switch (of) {
  case 0:
    return pln_minute_of_day(local) / PLN_DAY_MINUTES;
  case 1:
    return (pln_day_of_week(local) - 1.0) / 7.0;
  case 2:
    return (double)(pln_civil_of(local).day - 1) / 31.0;
  case 3:
    return (double)(pln_civil_of(local).month - 1) / 12.0;
  default:
    return (double)(pln_civil_of(local).of_year - 1) / 366.0;
  }
}

static inline void step(cyclic_time *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double angle = 6.283185307179586477 * turn(s->of, in[0]);
  out[0] = sin(angle);
  out[1] = cos(angle);
}
PLN_IND_STEP(cyclic_time, step)
PLN_IND_BATCH(cyclic_time, 1, 2, step)

const pln_ind_desc pln_ind_cyclic_time = {
    .info = {.name = "cyclic_time",
             .group = "calendar",
             .help = "Time as a point on a circle",
             .formula = "sin and cos of 2 pi times minute_of_day / 1440, (day_of_week - 1) / 7, "
                        "(day_of_month - 1) / 31, (month - 1) / 12 or (day_of_year - 1) / 366 of the bar's "
                        "open in local time: neighbours in time are neighbours",
             .inputs = "local_time",
             .outputs = "sin cos",
             .example = "cyclic_time(minute_of_day).cos",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 1,
    .n_outputs = 2,
    .is_stateless = 1,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

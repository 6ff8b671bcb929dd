#include "feature/calendar.h"

static const pln_indicator_param params[] = {
    PLN_PARAM_INT("period", "sessions before this one", 20, 1, 250),
    PLN_PARAM("open", "minute of the local day at which a session begins", 0, 0, 1439),
};

/* The curves of the last sessions follow, `period` of them, then that of this one: the volume up to each
 * minute. */
typedef struct relative_volume {
  double open; /* in seconds */
  double day;
  double volume;  /* of this session */
  int32_t minute; /* the last one seen; -1: none */
  int32_t period;
  int32_t slot;
  int32_t sessions; /* that are complete, up to the period */
} relative_volume;

static int64_t size(const double *p) {
  return PLN_IND_SIZE(relative_volume, ((int64_t)p[0] + 1) * PLN_DAY_MINUTES);
}
static void init(void *state, const double *p) {
  relative_volume *s = state;
  s->period = (int32_t)p[0];
  s->open = p[1] * 60.0;
  s->minute = -1;
}

/* The curve goes on as it is up to `minute`. */
static void extend(relative_volume *s, double *curve, int32_t minute) {
  for (int32_t k = s->minute + 1; k < minute; k++) curve[k] = s->volume;
}

static inline void step(relative_volume *s, double *memory, const double *in, double *out) {
  const double at = in[1] - s->open, day = pln_day_of(at);
  const int32_t minute = (int32_t)pln_minute_of_day(at);
  double *now = memory + (int64_t)s->period * PLN_DAY_MINUTES;
  if (s->minute >= 0 && day != s->day) {
    extend(s, now, PLN_DAY_MINUTES);
    double *curve = memory + (int64_t)s->slot * PLN_DAY_MINUTES;
    for (int32_t k = 0; k < PLN_DAY_MINUTES; k++) curve[k] = now[k];
    if (++s->slot == s->period) s->slot = 0;
    if (s->sessions < s->period) s->sessions++;
    s->volume = 0.0;
    s->minute = -1;
  }
  s->day = day;
  extend(s, now, minute);
  s->volume += in[0];
  now[minute] = s->volume;
  s->minute = minute;
  double sum = 0.0;
  for (int32_t k = 0; k < s->period && s->sessions == s->period; k++)
    sum += memory[(int64_t)k * PLN_DAY_MINUTES + minute];
  out[0] = sum > 0.0 ? s->volume / (sum / s->period) : 1.0;
  out[1] = sum > 0.0;
}
PLN_IND_STEP(relative_volume, step)
PLN_IND_BATCH(relative_volume, 2, 1, step)

const pln_ind_desc pln_ind_relative_volume = {
    .info =
        {.name = "relative_volume",
         .aliases = "relative_daily_volume rvol",
         .group = "volume",
         .help = "Volume of the session so far against what is usual by this time of day",
         .formula =
             "volume since the session began over the mean, for the `period` sessions before, of their "
             "volumes up to the same minute of the day (Lean RelativeDailyVolume); a session is a local day "
             "that begins at minute `open`. 1, with valid 0, before that many sessions are complete, and "
             "where they had no volume",
         .inputs = "volume local_time",
         .outputs = "relative_volume",
         .example = "relative_volume(20)",
         .params = params,
         .n_params = 2,
         .input_kind = PLN_INPUT_COLUMNS,
         .has_valid = 1},
    .n_inputs = 2,
    .n_outputs = 1,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

#include "feature/calendar.h"

static const pln_indicator_param params[] = {
    PLN_PARAM("open", "minute of the local day at which a session begins", 0, 0, 1439),
};

typedef struct bars_since_open {
  double open; /* in seconds */
  double day;
  double rows;
  int64_t started;
} bars_since_open;

static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(bars_since_open, 0);
}
static void init(void *state, const double *p) { ((bars_since_open *)state)->open = p[0] * 60.0; }

static inline void step(bars_since_open *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double day = pln_day_of(in[0] - s->open);
  s->rows = s->started && day == s->day ? s->rows + 1.0 : 0.0;
  s->day = day;
  s->started = 1;
  out[0] = s->rows;
}
PLN_IND_STEP(bars_since_open, step)
PLN_IND_BATCH(bars_since_open, 1, 1, step)

const pln_ind_desc pln_ind_bars_since_open = {
    .info =
        {.name = "bars_since_open",
         .aliases = "session_bar",
         .group = "calendar",
         .help = "Bars since the session's first",
         .formula =
             "bars before this one that opened in the same session, 0 for its first. A session is a local "
             "day that begins at minute `open` (0: the calendar day; 1080: futures that begin at 18:00)",
         .inputs = "local_time",
         .outputs = "bars_since_open",
         .example = "bars_since_open()",
         .params = params,
         .n_params = 1,
         .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 1,
    .n_outputs = 1,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

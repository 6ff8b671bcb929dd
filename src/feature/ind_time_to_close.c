#include "feature/calendar.h"

static const pln_indicator_param params[] = {PLN_SESSION_PARAMS};

static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(pln_session, 0);
}
static void init(void *state, const double *p) { *(pln_session *)state = pln_session_make(p); }

static inline void step(pln_session *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double left = s->length - pln_session_elapsed(s, in[0]) - (in[1] - in[0]) / 60.0;
  out[1] = pln_session_elapsed(s, in[0]) < s->length;
  out[0] = out[1] != 0.0 && left > 0.0 ? left : 0.0;
}
PLN_IND_STEP(pln_session, step)
PLN_IND_BATCH(pln_session, 2, 1, step)

const pln_ind_desc pln_ind_time_to_close = {
    .info = {.name = "time_to_close",
             .group = "calendar",
             .help = "Minutes from the bar's close to that of the session",
             .formula = "minutes from the bar's close to the session's, at least 0; 0 for bars that open "
                        "outside of the session, where valid is 0. The times are those of the regular "
                        "session of US equities unless they are given",
             .inputs = "local_time close_time",
             .outputs = "time_to_close",
             .example = "time_to_close(570, 960)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_COLUMNS,
             .has_valid = 1},
    .n_inputs = 2,
    .n_outputs = 1,
    .is_stateless = 1,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

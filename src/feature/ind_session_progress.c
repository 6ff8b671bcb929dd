#include "feature/calendar.h"

static const pln_indicator_param params[] = {PLN_SESSION_PARAMS};

static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(pln_session, 0);
}
static void init(void *state, const double *p) { *(pln_session *)state = pln_session_make(p); }

static inline void step(pln_session *s, double *memory, const double *in, double *out) {
  (void)memory;
  const double elapsed = pln_session_elapsed(s, in[0]) + (in[1] - in[0]) / 60.0;
  out[1] = pln_session_elapsed(s, in[0]) < s->length;
  const double share = elapsed < s->length ? elapsed / s->length : 1.0;
  out[0] = out[1] != 0.0 ? share : 0.0;
}
PLN_IND_STEP(pln_session, step)
PLN_IND_BATCH(pln_session, 2, 1, step)

const pln_ind_desc pln_ind_session_progress = {
    .info = {.name = "session_progress",
             .group = "calendar",
             .help = "Share of the session that has passed when the bar closes",
             .formula = "minutes from the session's opening to the bar's close over the session's length, at "
                        "most 1; 0 for bars that open outside of the session, where valid is 0. The times "
                        "are those of the regular session of US equities unless they are given",
             .inputs = "local_time close_time",
             .outputs = "session_progress",
             .example = "session_progress(570, 960)",
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

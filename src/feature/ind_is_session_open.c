#include "feature/calendar.h"

static const pln_indicator_param params[] = {PLN_SESSION_PARAMS};

static int64_t size(const double *p) {
  (void)p;
  return PLN_IND_SIZE(pln_session, 0);
}
static void init(void *state, const double *p) { *(pln_session *)state = pln_session_make(p); }

static inline void step(pln_session *s, double *memory, const double *in, double *out) {
  (void)memory;
  out[0] = pln_session_elapsed(s, in[0]) < s->length;
}
PLN_IND_STEP(pln_session, step)
PLN_IND_BATCH(pln_session, 1, 1, step)

const pln_ind_desc pln_ind_is_session_open = {
    .info = {.name = "is_session_open",
             .group = "calendar",
             .help = "Whether the bar opens within the session",
             .formula = "1 if the bar's open is at or after the session's and before its close, else 0. The "
                        "times are those of the regular session of US equities unless they are given",
             .inputs = "local_time",
             .outputs = "is_session_open",
             .example = "is_session_open(570, 960)",
             .params = params,
             .n_params = 2,
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 1,
    .n_outputs = 1,
    .is_stateless = 1,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = step_rows,
};

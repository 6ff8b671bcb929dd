#include "feature/calendar.h"

PLN_INLINE void row(const double *in, double *out) { out[0] = pln_day_of_week(in[0]); }
PLN_CALENDAR_KERNEL(1, 1, row)

const pln_ind_desc pln_ind_day_of_week = {
    .info = {.name = "day_of_week",
             .aliases = "weekday",
             .group = "calendar",
             .help = "Day of the week",
             .formula = "day of the bar's open in local time by ISO 8601: Monday is 1, Sunday 7",
             .inputs = "local_time",
             .outputs = "day_of_week",
             .example = "day_of_week()",
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 1,
    .n_outputs = 1,
    .is_stateless = 1,
    .step = step_row,
    .batch = batch,
};

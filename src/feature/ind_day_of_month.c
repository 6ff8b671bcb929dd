#include "feature/calendar.h"

PLN_INLINE void row(const double *in, double *out) { out[0] = (double)pln_civil_of(in[0]).day; }
PLN_CALENDAR_KERNEL(1, 1, row)

const pln_ind_desc pln_ind_day_of_month = {
    .info = {.name = "day_of_month",
             .group = "calendar",
             .help = "Day of the month",
             .formula = "day of the month of the bar's open in local time, 1 … 31",
             .inputs = "local_time",
             .outputs = "day_of_month",
             .example = "day_of_month()",
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 1,
    .n_outputs = 1,
    .is_stateless = 1,
    .step = step_row,
    .batch = batch,
};

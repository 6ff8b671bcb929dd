#include "feature/calendar.h"

PLN_INLINE void row(const double *in, double *out) { out[0] = (double)pln_civil_of(in[0]).of_year; }
PLN_CALENDAR_KERNEL(1, 1, row)

const pln_ind_desc pln_ind_day_of_year = {
    .info = {.name = "day_of_year",
             .group = "calendar",
             .help = "Day of the year",
             .formula = "day of the year of the bar's open in local time, 1 … 366",
             .inputs = "local_time",
             .outputs = "day_of_year",
             .example = "day_of_year()",
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 1,
    .n_outputs = 1,
    .is_stateless = 1,
    .step = step_row,
    .batch = batch,
};

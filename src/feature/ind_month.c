#include "feature/calendar.h"

PLN_INLINE void row(const double *in, double *out) { out[0] = (double)pln_civil_of(in[0]).month; }
PLN_CALENDAR_KERNEL(1, 1, row)

const pln_ind_desc pln_ind_month = {
    .info = {.name = "month",
             .aliases = "month_of_year",
             .group = "calendar",
             .help = "Month",
             .formula = "month of the bar's open in local time, 1 … 12",
             .inputs = "local_time",
             .outputs = "month",
             .example = "month()",
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 1,
    .n_outputs = 1,
    .is_stateless = 1,
    .step = step_row,
    .batch = batch,
};

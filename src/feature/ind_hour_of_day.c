#include "feature/calendar.h"

PLN_INLINE void row(const double *in, double *out) { out[0] = floor(pln_second_of_day(in[0]) / 3600.0); }
PLN_CALENDAR_KERNEL(1, 1, row)

const pln_ind_desc pln_ind_hour_of_day = {
    .info = {.name = "hour_of_day",
             .aliases = "hour",
             .group = "calendar",
             .help = "Hour of the local day",
             .formula = "hour of the bar's open in local time, 0 … 23",
             .inputs = "local_time",
             .outputs = "hour_of_day",
             .example = "hour_of_day()",
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 1,
    .n_outputs = 1,
    .is_stateless = 1,
    .step = step_row,
    .batch = batch,
};

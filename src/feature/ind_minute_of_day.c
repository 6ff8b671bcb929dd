#include "feature/calendar.h"

PLN_INLINE void row(const double *in, double *out) { out[0] = pln_minute_of_day(in[0]); }
PLN_CALENDAR_KERNEL(1, 1, row)

const pln_ind_desc pln_ind_minute_of_day = {
    .info = {.name = "minute_of_day",
             .group = "calendar",
             .help = "Minute of the local day",
             .formula = "whole minutes from the local midnight to the bar's open, 0 … 1439",
             .inputs = "local_time",
             .outputs = "minute_of_day",
             .example = "minute_of_day()",
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 1,
    .n_outputs = 1,
    .is_stateless = 1,
    .step = step_row,
    .batch = batch,
};

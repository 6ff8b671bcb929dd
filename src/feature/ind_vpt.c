#include "feature/change_sum.h"

PLN_INLINE double flow(const double *in, double previous) {
  return previous != 0.0 ? in[1] * ((in[0] - previous) / previous) : 0.0;
}
PLN_CHANGE_SUM_KERNEL(2, 0, flow)

const pln_ind_desc pln_ind_vpt = {
    .info = {.name = "vpt",
             .aliases = "pvt volume_price_trend",
             .group = "volume",
             .help = "Volume price trend",
             .formula =
                 "sum of volume * (x - previous x) / previous x from the first row on, which counts as 0, "
                 "as does a change from 0",
             .inputs = "source volume",
             .outputs = "vpt",
             .example = "vpt(close)",
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 2,
    .n_outputs = 1,
    .size = size,
    .step = step_row,
    .batch = batch,
};

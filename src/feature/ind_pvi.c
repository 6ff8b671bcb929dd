#include "feature/volume_index.h"

static const pln_indicator_param params[] = {
    PLN_PARAM("start", "value of the first row", 1000, 1e-9, 1e9),
};

PLN_VOLUME_INDEX_KERNEL(volume > previous_volume)

const pln_ind_desc pln_ind_pvi = {
    .info = {.name = "pvi",
             .aliases = "positive_volume_index",
             .group = "volume",
             .help = "Positive volume index",
             .formula =
                 "`start` times the product of x / previous x over the rows where the volume rose (Tulip "
                 "pvi); changes from or to what is not positive are left out",
             .inputs = "source volume",
             .outputs = "pvi",
             .example = "pvi(close)",
             .params = params,
             .n_params = 1,
             .input_kind = PLN_INPUT_SOURCE},
    .n_inputs = 2,
    .n_outputs = 1,
    .size = size,
    .init = init,
    .step = step_row,
    .batch = batch,
};

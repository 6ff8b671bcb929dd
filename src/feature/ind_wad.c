#include "feature/change_sum.h"

PLN_INLINE double flow(const double *in, double previous) {
  const double high = in[0], low = in[1], close = in[2];
  const double up = close - (previous < low ? previous : low),
               down = close - (previous > high ? previous : high);
  const double rise = close > previous ? up : 0.0;
  return close < previous ? down : rise;
}
PLN_CHANGE_SUM_KERNEL(3, 2, flow)

const pln_ind_desc pln_ind_wad = {
    .info = {.name = "wad",
             .aliases = "williams_ad",
             .group = "volume",
             .help = "Williams' accumulation and distribution, of prices alone",
             .formula = "sum of close - min(previous close, low) where the close rose and of close - "
                        "max(previous close, high) where it fell, from the first row on, which counts as 0 "
                        "(Tulip wad)",
             .inputs = "high low close",
             .outputs = "wad",
             .example = "wad()",
             .input_kind = PLN_INPUT_COLUMNS},
    .n_inputs = 3,
    .n_outputs = 1,
    .size = size,
    .step = step_row,
    .batch = batch,
};

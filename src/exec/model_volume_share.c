#include "exec/model.h"

static const pln_model_param params[] = {
    PLN_MODEL_PARAM("price_impact", "fraction of the price at a share of 1",
                    "how strongly volume moves the price", 0.1, 0, 1000),
    PLN_MODEL_PARAM("max_share", "fraction of the bar's volume", "a larger share counts as this much", 1,
                    0.000001, 1000),
};

static double offset(const pln_model_values *v, const pln_model_fill *f) {
  if (isnan(f->volume)) return NAN;
  double share = f->volume > 0 ? f->quantity / f->volume : v->p[1];
  if (share > v->p[1]) share = v->p[1];
  return f->price * v->p[0] * share * share;
}

const pln_model_desc pln_model_volume_share = {
    .info =
        {.name = "volume_share",
         .help = "Impact by the square of the order's share of the bar's volume",
         .formula =
             "price x price_impact x min(quantity / volume of the bar, max_share)^2; of a bar without volume "
             "max_share (zipline's VolumeShareSlippage, which has price_impact 0.1 and caps the share, and "
             "the fill, at 0.025)",
         .params = params,
         .n_params = 2,
         .kind = PLN_MODEL_SLIPPAGE},
    .cost = PLN_COST_IMPACT,
    .offset = offset,
};

#include "exec/model.h"

static const pln_model_param params[] = {
    PLN_MODEL_PARAM("bps", "basis points", "of the price, against the order", 5, 0, 9999),
};

static double offset(const pln_model_values *v, const pln_model_fill *f) {
  return f->price * v->p[0] / 10000.0;
}

const pln_model_desc pln_model_fixed_bps = {
    .info = {.name = "fixed_bps",
             .help = "A constant share of the price",
             .formula = "price x bps / 10000",
             .params = params,
             .n_params = 1,
             .kind = PLN_MODEL_SLIPPAGE},
    .cost = PLN_COST_SLIPPAGE,
    .offset = offset,
};

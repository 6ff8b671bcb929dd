#include "exec/model.h"

static const pln_model_param params[] = {
    PLN_MODEL_PARAM("amount", "currency for each order", "charged once, with the first fill", 1, 0, 1e12),
};

static pln_fee fee(const pln_model_values *v, const pln_tally *o) {
  (void)o;
  return (pln_fee){.commission = v->p[0]};
}

const pln_model_desc pln_model_per_order = {
    .info = {.name = "per_order",
             .help = "So much for each order that fills",
             .formula = "amount",
             .params = params,
             .n_params = 1,
             .kind = PLN_MODEL_COMMISSION},
    .cost = PLN_COST_COMMISSION,
    .fee = fee,
};

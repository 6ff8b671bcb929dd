#include "exec/model.h"

static const pln_model_param params[] = {
    PLN_MODEL_PARAM("pct", "percent of the notional", "each way; 0.2 means 0.2 %", 0, 0, 100),
    PLN_MODEL_PARAM("per_share", "currency for each unit", "each way", 0, 0, 1e12),
    PLN_MODEL_PARAM("per_order", "currency for each order that fills", "beside the rest", 0, 0, 1e12),
    PLN_MODEL_PARAM("minimum", "currency for each order, 0 = none", "least of pct and per_share together", 0,
                    0, 1e12),
};

static pln_fee fee(const pln_model_values *v, const pln_tally *o) {
  double c = o->notional * (v->p[0] / 100.0) + o->quantity * v->p[1];
  if (c < v->p[3]) c = v->p[3];
  return (pln_fee){.commission = v->p[2] + c};
}

const pln_model_desc pln_model_standard = {
    .info = {.name = "standard",
             .help = "What commission_pct, commission_per_share, commission_per_order and commission_minimum "
                     "are short for",
             .formula =
                 "per_order + max(minimum, pct / 100 x notional + per_share x quantity), of each order",
             .params = params,
             .n_params = 4,
             .kind = PLN_MODEL_COMMISSION},
    .cost = PLN_COST_COMMISSION,
    .fee = fee,
};

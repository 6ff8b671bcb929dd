#include "exec/model.h"

static const pln_model_param params[] = {
    PLN_MODEL_PARAM("pct", "percent of the notional", "each way; 0.2 means 0.2 %", 0.1, 0, 100),
    PLN_MODEL_PARAM("minimum", "currency for each order, 0 = none", "least charge", 0, 0, 1e12),
    PLN_MODEL_PARAM("maximum", "currency for each order, 0 = none", "greatest charge", 0, 0, 1e12),
};

static pln_fee fee(const pln_model_values *v, const pln_tally *o) {
  double c = o->notional * v->p[0] / 100.0;
  if (c < v->p[1]) c = v->p[1];
  if (v->p[2] > 0 && c > v->p[2]) c = v->p[2];
  return (pln_fee){.commission = c};
}

const pln_model_desc pln_model_percent = {
    .info = {.name = "percent",
             .help = "A share of what is traded",
             .formula = "min(max(notional x pct / 100, minimum), maximum), of each order",
             .params = params,
             .n_params = 3,
             .kind = PLN_MODEL_COMMISSION},
    .cost = PLN_COST_COMMISSION,
    .fee = fee,
};

#include "exec/model.h"

static const pln_model_param params[] = {
    PLN_MODEL_PARAM("rate", "currency for each unit", "each way", 0.005, 0, 1e12),
    PLN_MODEL_PARAM("minimum", "currency for each order, 0 = none", "least charge", 1, 0, 1e12),
    PLN_MODEL_PARAM("cap_pct", "percent of the notional, 0 = none", "greatest charge, even below the minimum",
                    1, 0, 100),
    PLN_MODEL_PARAM("maximum", "currency for each order, 0 = none", "greatest charge", 0, 0, 1e12),
    PLN_MODEL_PARAM("exchange_fee", "currency for each unit",
                    "of the exchange and others, beside the commission", 0, 0, 1e12),
};

static pln_fee fee(const pln_model_values *v, const pln_tally *o) {
  double c = o->quantity * v->p[0];
  if (c < v->p[1]) c = v->p[1];
  if (v->p[2] > 0 && c > o->notional * v->p[2] / 100.0) c = o->notional * v->p[2] / 100.0;
  if (v->p[3] > 0 && c > v->p[3]) c = v->p[3];
  return (pln_fee){.commission = c, .exchange = o->quantity * v->p[4]};
}

const pln_model_desc pln_model_per_share = {
    .info = {.name = "per_share",
             .help = "So much for each share, with a minimum and a cap",
             .formula =
                 "min(max(rate x quantity, minimum), cap_pct % of the notional, maximum) + exchange_fee x "
                 "quantity, of "
                 "each order (the defaults are Interactive Brokers' fixed pricing of US shares, 2024: 0.005, "
                 "at least 1.00, at most 1 % of the trade's value)",
             .params = params,
             .n_params = 5,
             .kind = PLN_MODEL_COMMISSION},
    .cost = PLN_COST_COMMISSION,
    .fee = fee,
};

#include "exec/model.h"

static const pln_model_param params[] = {
    PLN_MODEL_PARAM("maker_pct", "percent of the notional",
                    "of limit orders that had rested; negative: a rebate", 0.02, -100, 100),
    PLN_MODEL_PARAM("taker_pct", "percent of the notional", "of all other fills", 0.05, 0, 100),
};

static pln_fee fee(const pln_model_values *v, const pln_tally *o) {
  const double taken = o->notional - o->maker_notional;
  return (pln_fee){.commission = (o->maker_notional * v->p[0] + taken * v->p[1]) / 100.0};
}

const pln_model_desc pln_model_maker_taker = {
    .info =
        {.name = "maker_taker",
         .help = "One rate for orders that rest in the book, another for those that take from it",
         .formula =
             "maker_pct of what limit orders and targets filled at their price within a bar, having rested; "
             "taker_pct of everything else: market and stop orders, limit orders that the open fills",
         .params = params,
         .n_params = 2,
         .kind = PLN_MODEL_COMMISSION},
    .cost = PLN_COST_COMMISSION,
    .fee = fee,
};

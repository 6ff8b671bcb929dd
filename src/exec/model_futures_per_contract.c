#include "exec/model.h"

static const pln_model_param params[] = {
    PLN_MODEL_PARAM("commission", "currency for each contract", "the broker's, each way", 0.85, 0, 1e12),
    PLN_MODEL_PARAM("exchange_fee", "currency for each contract",
                    "of exchange, clearing and regulator, each way", 1.38, 0, 1e12),
};

static pln_fee fee(const pln_model_values *v, const pln_tally *o) {
  return (pln_fee){.commission = o->quantity * v->p[0], .exchange = o->quantity * v->p[1]};
}

const pln_model_desc pln_model_futures_per_contract = {
    .info = {.name = "futures_per_contract",
             .help = "So much for each contract, and the exchange's fee",
             .formula = "(commission + exchange_fee) x contracts (the defaults are those of an E-mini S&P "
                        "500 contract at "
                        "Interactive Brokers, 2024)",
             .params = params,
             .n_params = 2,
             .kind = PLN_MODEL_COMMISSION},
    .cost = PLN_COST_COMMISSION,
    .fee = fee,
};

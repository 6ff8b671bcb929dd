#include "exec/model.h"

static const pln_model_param params[] = {
    PLN_MODEL_PARAM("probability", "fraction of orders", "how often an order gets a better price", 0.5, 0, 1),
    PLN_MODEL_PARAM("bps", "basis points of the price", "how much better, where there are no quotes", 1, 0,
                    9999),
    PLN_MODEL_PARAM("spread_share", "fraction of the quoted spread",
                    "how much better, where the data has quotes", 0, 0, 1),
};

static double offset(const pln_model_values *v, const pln_model_fill *f) {
  if (pln_model_uniform(f->random) >= v->p[0]) return 0;
  if (v->p[2] > 0 && f->spread > 0) return f->spread * v->p[2];
  return f->price * v->p[1] / 10000.0;
}

const pln_model_desc pln_model_price_improvement = {
    .info =
        {.name = "price_improvement",
         .help = "A better price than expected, now and then, for market and limit orders alike",
         .formula =
             "with the stated probability, drawn once for each order by the run's seed, the price is better "
             "by "
             "spread_share x quoted spread or, without quotes (or with a share of 0), by price x bps / 10000",
         .params = params,
         .n_params = 3,
         .kind = PLN_MODEL_SLIPPAGE},
    .cost = PLN_COST_IMPROVEMENT,
    .offset = offset,
};

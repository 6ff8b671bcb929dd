#include "exec/model.h"

static const pln_model_param params[] = {
    PLN_MODEL_PARAM("ms", "milliseconds", "from the instant of the order to its arrival at the market", 100,
                    0, 86400000),
};

static double delay_ns(const pln_model_values *v, uint64_t random) {
  (void)random;
  return v->p[0] * 1e6;
}

const pln_model_desc pln_model_constant = {
    .info = {.name = "constant",
             .help = "The same latency for every order",
             .formula = "ms",
             .params = params,
             .n_params = 1,
             .kind = PLN_MODEL_LATENCY},
    .cost = PLN_COST_NONE,
    .delay_ns = delay_ns,
};

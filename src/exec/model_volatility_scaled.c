#include "exec/model.h"

static const pln_model_param params[] = {
    PLN_MODEL_PARAM("multiple", "times the measure", "share of the usual movement that is lost", 0.1, 0, 100),
    PLN_MODEL_PARAM_WORD("measure",
                         "atr: average true range; returns: deviation of logarithmic returns x price", 0, 1,
                         "atr returns"),
    PLN_MODEL_PARAM_INT("period", "bars", "of the measure", 14, 2, 10000),
};

static const pln_model_gauge gauges[] = {
    {.expression = "atr({period})", .timeframe = "", .when = "measure", .equals = 0},
    {.expression = "stddev(log(close / lag(close, 1)), {period}, 1)",
     .timeframe = "",
     .when = "measure",
     .equals = 1},
};

static double offset(const pln_model_values *v, const pln_model_fill *f) {
  return v->p[0] * (v->p[1] == 0 ? f->gauges[0] : f->price * f->gauges[1]);
}

const pln_model_desc pln_model_volatility_scaled = {
    .info = {.name = "volatility_scaled",
             .help = "Slippage that grows with how much prices move",
             .formula = "multiple x atr(period), or multiple x price x sample deviation of the last `period` "
                        "logarithmic "
                        "returns, on the bars that strategies see by default, as known when the bar opened",
             .params = params,
             .gauges = gauges,
             .n_params = 3,
             .n_gauges = 2,
             .kind = PLN_MODEL_SLIPPAGE},
    .cost = PLN_COST_SLIPPAGE,
    .offset = offset,
};

#include "exec/model.h"

static const pln_model_param params[] = {
    PLN_MODEL_PARAM("coefficient", "times the daily volatility", "impact of trading a day's whole volume", 1,
                    0, 100),
    PLN_MODEL_PARAM("exponent", "power of the share of volume",
                    "0.5: the square root; 0.6 in Almgren et al. (2005)", 0.5, 0.01, 2),
    PLN_MODEL_PARAM_INT("period", "days", "of the volatility and of the average volume", 20, 2, 1000),
};

static const pln_model_gauge gauges[] = {
    {.expression = "stddev(log(close / lag(close, 1)), {period}, 1)", .timeframe = "1d"},
    {.expression = "sma(volume, {period})", .timeframe = "1d"},
};

static double offset(const pln_model_values *v, const pln_model_fill *f) {
  const double sigma = f->gauges[0], volume = f->gauges[1];
  if (isnan(sigma) || !(volume > 0)) return NAN;
  const double share = f->quantity / volume;
  return f->price * v->p[0] * sigma * (v->p[1] == 0.5 ? sqrt(share) : pow(share, v->p[1]));
}

const pln_model_desc pln_model_square_root_impact = {
    .info =
        {.name = "square_root_impact",
         .help = "Market impact by the square root of the order's share of a day's volume",
         .formula =
             "price x coefficient x s x (quantity / V)^exponent; s: sample deviation of daily logarithmic "
             "returns, V: mean daily volume, of the last `period` full days (Torre 1997, BARRA Market Impact "
             "Model Handbook; Almgren, Thum, Hauptmann, Li 2005, \"Direct estimation of equity market "
             "impact\": exponent 0.6, coefficient 0.142 for the temporary part of an order over a day)",
         .params = params,
         .gauges = gauges,
         .n_params = 3,
         .n_gauges = 2,
         .kind = PLN_MODEL_SLIPPAGE},
    .cost = PLN_COST_IMPACT,
    .offset = offset,
};

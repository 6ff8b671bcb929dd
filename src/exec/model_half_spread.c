#include "exec/model.h"

static const pln_model_param params[] = {
    PLN_MODEL_PARAM("bps", "basis points", "the full spread, where the data has no quotes", 2, 0, 19998),
    PLN_MODEL_PARAM_WORD("quoted", "yes: the quoted spread where the data has quotes; no: never", 1, 1,
                         "no yes"),
    PLN_MODEL_PARAM("multiple", "times the spread", "1: half of the spread is paid each way", 1, 0, 100),
};

static double offset(const pln_model_values *v, const pln_model_fill *f) {
  const double quoted = v->p[1] != 0 && !isnan(f->spread) ? f->spread : NAN;
  const double spread = isnan(quoted) ? f->price * v->p[0] / 10000.0 : quoted > 0 ? quoted : 0;
  const bool paid = v->p[1] != 0 && f->on_sides; /* once, by the side that fills */
  return spread / 2 * (paid ? fmax(v->p[2] - 1, 0) : v->p[2]);
}

const pln_model_desc pln_model_half_spread = {
    .info =
        {.name = "half_spread",
         .help = "Half of the spread between bid and ask, each way",
         .formula =
             "multiple x spread / 2; the spread is quoted (ask - bid at the bar's open for what fills there, "
             "else at its close; 0 where they cross), or price x bps / 10000. "
             "Where fills are on bid and ask bars (price: quotes, bid_path), these have the spread in them: "
             "with "
             "quoted: yes only (multiple - 1) x spread / 2 is added, if above 0",
         .params = params,
         .n_params = 3,
         .kind = PLN_MODEL_SLIPPAGE},
    .cost = PLN_COST_SPREAD,
    .offset = offset,
};

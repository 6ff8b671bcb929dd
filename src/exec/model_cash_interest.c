#include "exec/model.h"

static const pln_model_param params[] = {
    PLN_MODEL_PARAM("rate_pct", "percent a year", "of credit cash", 2, 0, 10000),
    PLN_MODEL_PARAM("threshold", "currency", "cash up to here earns nothing", 0, 0, 1e15),
    PLN_MODEL_PARAM("day_count", "days of a year", "360 or 365", 360, 1, 366),
};

static double accrue(const pln_model_values *v, const pln_model_accrual *a) {
  const double rate = isnan(a->rate) ? v->p[0] : a->rate;
  const double credit = a->value - v->p[1];
  return credit > 0 ? credit * (rate / 100.0) * (a->days / v->p[2]) : 0;
}

const pln_model_desc pln_model_cash_interest = {
    .info = {.name = "cash_interest",
             .help = "Interest that cash earns",
             .formula = "each day: rate_pct / 100 x max(0, cash - value of short positions - threshold) x "
                        "days / day_count: "
                        "what was received for short sales earns nothing",
             .params = params,
             .series = "rate_pct",
             .n_params = 3,
             .kind = PLN_MODEL_FINANCING},
    .cost = PLN_COST_INTEREST,
    .accrue = accrue,
    .of_cash = 1,
};

#include "exec/model.h"

static const pln_model_param params[] = {
    PLN_MODEL_PARAM("rate_pct", "percent a year", "of borrowed cash", 6, 0, 10000),
    PLN_MODEL_PARAM("day_count", "days of a year", "360 or 365", 360, 1, 366),
};

static double accrue(const pln_model_values *v, const pln_model_accrual *a) {
  const double rate = isnan(a->rate) ? v->p[0] : a->rate;
  return a->value < 0 ? a->value * (rate / 100.0) * (a->days / v->p[1]) : 0;
}

const pln_model_desc pln_model_margin_interest = {
    .info = {.name = "margin_interest",
             .help = "Interest on borrowed cash",
             .formula = "each day: rate_pct / 100 x debit x days / day_count, where debit = -min(0, cash - "
                        "value of short "
                        "positions): what was received for short sales is security and pays nothing back",
             .params = params,
             .series = "rate_pct",
             .n_params = 2,
             .kind = PLN_MODEL_FINANCING},
    .cost = PLN_COST_MARGIN_INTEREST,
    .accrue = accrue,
    .of_cash = 1,
};

#include "exec/model.h"

static const pln_model_param params[] = {
    PLN_MODEL_PARAM("rate_pct", "percent a year", "of the value of what is sold short", 1, 0, 10000),
    PLN_MODEL_PARAM("day_count", "days of a year", "360 or 365", 360, 1, 366),
    PLN_MODEL_PARAM_WORD("available", "no: nothing can be borrowed, so that short sales are refused", 1, 1,
                         "no yes"),
};

static double accrue(const pln_model_values *v, const pln_model_accrual *a) {
  const double rate = a->rate >= 0 ? a->rate : v->p[0]; /* negative: there was nothing to borrow any more */
  return a->value < 0 ? a->value * (rate / 100.0) * (a->days / v->p[1]) : 0;
}

const pln_model_desc pln_model_borrow = {
    .info =
        {.name = "borrow",
         .help = "What borrowing costs for short positions, and whether it can be had",
         .formula =
             "each day: rate_pct / 100 x |value of the short position at its last price| x days / day_count; "
             "weekends and holidays count. A CSV by date gives rates that change; a negative one, or "
             "`none`, means that there is nothing to borrow: short sales are refused (no_borrow)",
         .params = params,
         .series = "rate_pct",
         .n_params = 3,
         .kind = PLN_MODEL_FINANCING},
    .cost = PLN_COST_BORROW,
    .accrue = accrue,
};

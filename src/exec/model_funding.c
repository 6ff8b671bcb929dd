#include "exec/model.h"

static const pln_model_param params[] = {
    PLN_MODEL_PARAM("rate_pct", "percent of the value, each interval", "positive: longs pay shorts", 0.01,
                    -100, 100),
    PLN_MODEL_PARAM("interval_hours", "hours", "between payments, from 0:00 UTC on", 8, 0.25, 24),
};

static double interval_hours(const pln_model_values *v) { return v->p[1]; }

static double accrue(const pln_model_values *v, const pln_model_accrual *a) {
  return -a->value * ((isnan(a->rate) ? v->p[0] : a->rate) / 100.0);
}

const pln_model_desc pln_model_funding = {
    .info =
        {.name = "funding",
         .help = "Funding payments of perpetual contracts",
         .formula =
             "rate_pct / 100 x value of the position at its last price, paid by longs and received by shorts "
             "(with "
             "a negative rate the other way) at each multiple of the interval; with a CSV by time, at its "
             "times and rates instead",
         .params = params,
         .series = "rate_pct",
         .n_params = 2,
         .kind = PLN_MODEL_FINANCING},
    .cost = PLN_COST_FUNDING,
    .accrue = accrue,
    .interval_hours = interval_hours,
};

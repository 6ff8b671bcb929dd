#include "exec/model.h"

static const pln_model_param params[] = {
    PLN_MODEL_PARAM_WORD("by", "what is counted, in the calendar month of the data's zone", 0, 1,
                         "quantity notional"),
    PLN_MODEL_PARAM_LIST("bounds", "units or currency traded in the month",
                         "where each tier ends, but for the last", 300000, 0, PLN_MODEL_HUGE),
    PLN_MODEL_PARAM_LIST("rates", "currency for each unit; by notional: percent",
                         "of each tier: one more than bounds", 0.0035, 0, 1e12),
    PLN_MODEL_PARAM("minimum", "currency for each order, 0 = none", "least charge", 0, 0, 1e12),
    PLN_MODEL_PARAM("cap_pct", "percent of the notional, 0 = none", "greatest charge, even below the minimum",
                    0, 0, 100),
};

static const char *check(const pln_model_values *v) {
  if (v->n[2] != v->n[1] + 1) return "rates needs one value more than bounds: the last tier has no end";
  for (int32_t i = 1; i < v->n[1]; i++)
    if (v->list[1][i] <= v->list[1][i - 1]) return "bounds have to rise";
  return NULL;
}

static pln_fee fee(const pln_model_values *v, const pln_tally *o) {
  const bool units = v->p[0] == 0;
  const double before = units ? o->month_quantity : o->month_notional;
  const double traded = units ? o->quantity : o->notional;
  double c = pln_model_tiers(v->list[1], v->n[1], v->list[2], before, before + traded);
  if (!units) c /= 100.0;
  if (c < v->p[3]) c = v->p[3];
  if (v->p[4] > 0 && c > o->notional * v->p[4] / 100.0) c = o->notional * v->p[4] / 100.0;
  return (pln_fee){.commission = c};
}

const pln_model_desc pln_model_tiered = {
    .info =
        {.name = "tiered",
         .help = "Rates that fall with what was traded in the month",
         .formula =
             "each unit (or its notional) is charged at the rate of the tier that the month's trading has "
             "reached (marginal tiers, as Interactive Brokers' tiered pricing), of all instruments that the "
             "model is for; an order belongs to the month of its first fill; then minimum and cap",
         .params = params,
         .n_params = 5,
         .kind = PLN_MODEL_COMMISSION},
    .cost = PLN_COST_COMMISSION,
    .check = check,
    .fee = fee,
    .reads_month = 1,
};

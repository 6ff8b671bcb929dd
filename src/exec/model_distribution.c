#include "core/normal.h"
#include "exec/model.h"

static const pln_model_param params[] = {
    PLN_MODEL_PARAM_WORD("shape", "which distribution", 0, 3, "lognormal normal uniform empirical"),
    PLN_MODEL_PARAM("median_ms", "milliseconds", "lognormal: its median", 100, 0, 86400000),
    PLN_MODEL_PARAM("sigma", "deviation of the logarithm", "lognormal: its width", 0.5, 0, 10),
    PLN_MODEL_PARAM("mean_ms", "milliseconds", "normal: its mean", 100, 0, 86400000),
    PLN_MODEL_PARAM("sd_ms", "milliseconds", "normal: its deviation; what is below 0 counts as 0", 20, 0,
                    86400000),
    PLN_MODEL_PARAM("low_ms", "milliseconds", "uniform: the least", 50, 0, 86400000),
    PLN_MODEL_PARAM("high_ms", "milliseconds", "uniform: the greatest", 150, 0, 86400000),
    PLN_MODEL_PARAM_LIST("values_ms", "milliseconds", "empirical: measured latencies, each as likely as any",
                         100, 0, 86400000),
};

static const char *check(const pln_model_values *v) {
  return v->p[0] == 2 && v->p[6] < v->p[5] ? "high_ms is below low_ms" : NULL;
}

static double delay_ns(const pln_model_values *v, uint64_t random) {
  const double u = pln_model_uniform(random);
  double ms = 0;
  if (v->p[0] == 0) {
    ms = v->p[1] * exp(v->p[2] * pln_normal_quantile(u));
  } else if (v->p[0] == 1) {
    ms = v->p[3] + v->p[4] * pln_normal_quantile(u);
  } else if (v->p[0] == 2) {
    ms = v->p[5] + (v->p[6] - v->p[5]) * u;
  } else {
    ms = v->list[7][(int32_t)(u * v->n[7])];
  }
  return ms <= 0 ? 0 : ms >= 86400000 ? 86400000 * 1e6 : rint(ms * 1e6);
}

const pln_model_desc pln_model_distribution = {
    .info =
        {.name = "distribution",
         .help = "A latency drawn for each order",
         .formula =
             "the quantile of the chosen distribution at a number in (0, 1) that is a hash of the run's seed "
             "and the "
             "order's number (splitmix64), so that it does not depend on chunks or threads; at most a day",
         .params = params,
         .n_params = 8,
         .kind = PLN_MODEL_LATENCY},
    .cost = PLN_COST_NONE,
    .check = check,
    .delay_ns = delay_ns,
};

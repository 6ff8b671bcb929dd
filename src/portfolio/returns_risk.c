/* Risk: spread, shape and tails of the distribution. */
#include "portfolio/returns_state.h"

#include "core/normal.h"

enum { PERIOD = PLN_TAKES_PERIOD, CONFIDENCE = PLN_TAKES_CONFIDENCE };

static double volatility(pln_returns *r) {
  const pln_sample *s = pln_returns_sample(r);
  return s->n >= 2 ? pln_sample_deviation(s) : pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
}
static double annual_volatility(pln_returns *r) { return volatility(r) * sqrt(r->periods); }

/* Deviation of compounded yearly returns, as backtesting.py. */
double pln_returns_geometric_volatility(pln_returns *r) {
  const pln_sample *s = pln_returns_sample(r);
  if (s->n < 2) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  const double annual = pln_returns_annual_return(r);
  if (isnan(annual)) return NAN;
  if (annual <= -1) return pln_returns_undefined(r, PLN_UNDEFINED_RUIN);
  const double log_growth = log1p(annual) / r->periods, growth = exp(log_growth);
  const double variance = pln_sample_variance(s) / (growth * growth);
  return sqrt(exp(2 * r->periods * log_growth) * expm1(r->periods * log1p(variance)));
}

static double mean_absolute_deviation(pln_returns *r) {
  const pln_sample *s = pln_returns_sample(r);
  if (s->n < 1) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  pln_sum sum = {0};
  for (int64_t i = 0; i < r->n; i++)
    if (!isnan(r->x[i])) pln_sum_add(&sum, fabs(r->x[i] - s->mean));
  return pln_sum_value(&sum) / (double)s->n;
}

double pln_returns_skewness(pln_returns *r) {
  const pln_sample *s = pln_returns_sample(r);
  const double n = (double)s->n;
  if (s->n < 3) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  if (s->m2 == 0) return 0;
  return n * sqrt(n - 1) / (n - 2) * s->m3 / (s->m2 * sqrt(s->m2));
}
double pln_returns_kurtosis(pln_returns *r) {
  const pln_sample *s = pln_returns_sample(r);
  const double n = (double)s->n;
  if (s->n < 4) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  if (s->m2 == 0) return 0;
  return (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * n * s->m4 / (s->m2 * s->m2) - 3 * (n - 1));
}
static double skewness_population(pln_returns *r) {
  const pln_sample *s = pln_returns_sample(r);
  if (s->n < 1) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  return pln_returns_ratio(r, sqrt((double)s->n) * s->m3, s->m2 * sqrt(s->m2), PLN_UNDEFINED_NO_VARIATION);
}
static double kurtosis_population(pln_returns *r) {
  const pln_sample *s = pln_returns_sample(r);
  if (s->n < 1) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  return pln_returns_ratio(r, (double)s->n * s->m4, s->m2 * s->m2, PLN_UNDEFINED_NO_VARIATION) - 3;
}
static double jarque_bera(pln_returns *r) {
  const double skew = skewness_population(r), kurtosis = kurtosis_population(r);
  return (double)pln_returns_sample(r)->n / 6 * (skew * skew + kurtosis * kurtosis / 4);
}
static double jarque_bera_probability(pln_returns *r) { return exp(-jarque_bera(r) / 2); }

/* Correlation of each return with the one before. */
static double autocorrelation(pln_returns *r) {
  double x[2] = {0}, xx[3] = {0};
  int64_t n = 0;
  for (int pass = 0; pass < 2; pass++) {
    const double mean[2] = {x[0] / (double)n, x[1] / (double)n};
    double before = NAN;
    for (int64_t i = 0; i < r->n; i++) {
      const double now = r->x[i];
      if (isnan(now)) continue;
      if (!isnan(before) && pass == 0) {
        x[0] += before;
        x[1] += now;
        n++;
      } else if (!isnan(before)) {
        const double a = before - mean[0], b = now - mean[1];
        xx[0] += a * a;
        xx[1] += b * b;
        xx[2] += a * b;
      }
      before = now;
    }
    if (n < 2) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  }
  if (pln_returns_sample(r)->m2 == 0 || xx[0] == 0 || xx[1] == 0)
    return pln_returns_undefined(r, PLN_UNDEFINED_NO_VARIATION);
  return xx[2] / sqrt(xx[0] * xx[1]);
}

double pln_returns_penalty(pln_returns *r) {
  const int32_t why = r->why;
  const double c = fabs(autocorrelation(r));
  r->why = why;
  const double n = (double)pln_returns_sample(r)->n;
  if (n < 2) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  if (isnan(c)) return 1;
  /* sum over k = 1 … n - 1 of (n - k) / n c^k; terms below the last bit of the sum are left out. */
  double sum = 0, power = 1;
  for (int64_t k = 1; k < (int64_t)n; k++) {
    power *= c;
    sum += (n - (double)k) / n * power;
    if (power < 1e-18) break;
  }
  return sqrt(1 + 2 * sum);
}

static double value_at_risk(pln_returns *r) {
  int64_t n;
  const double *sorted = pln_returns_sorted(r, &n);
  if (n < 1) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  return pln_quantile_of_sorted(sorted, n, 1 - r->options.confidence);
}
static double value_at_risk_parametric(pln_returns *r) {
  const pln_sample *s = pln_returns_sample(r);
  if (s->n < 2) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  return s->mean + pln_normal_quantile(1 - r->options.confidence) * pln_sample_deviation(s);
}
/* Zangari 1996; Favre, Galeano 2002. */
static double value_at_risk_modified(pln_returns *r) {
  const pln_sample *s = pln_returns_sample(r);
  if (s->n < 4) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  const double skew = skewness_population(r), kurtosis = kurtosis_population(r);
  const double z = pln_normal_quantile(1 - r->options.confidence);
  const double adjusted = z + (z * z - 1) * skew / 6 + (z * z * z - 3 * z) * kurtosis / 24 -
                          (2 * z * z * z - 5 * z) * skew * skew / 36;
  return s->mean + adjusted * sqrt(s->m2 / (double)s->n);
}
static double conditional_value_at_risk(pln_returns *r) {
  int64_t n;
  const double *sorted = pln_returns_sorted(r, &n);
  if (n < 1) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  const int64_t last = (int64_t)((double)(n - 1) * (1 - r->options.confidence));
  const pln_sample tail = pln_sample_of(sorted, last + 1);
  return tail.mean;
}
static double conditional_value_at_risk_parametric(pln_returns *r) {
  const pln_sample *s = pln_returns_sample(r);
  if (s->n < 2) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  const double tail = 1 - r->options.confidence;
  return s->mean - pln_sample_deviation(s) * pln_normal_density(pln_normal_quantile(tail)) / tail;
}

static double stability(pln_returns *r) {
  int64_t n = 0;
  double growth = 0;
  for (int64_t i = 0; i < r->n; i++) {
    if (isnan(r->x[i])) continue;
    if (r->x[i] <= -1) return pln_returns_undefined(r, PLN_UNDEFINED_RUIN);
    r->scratch[n++] = growth += log1p(r->x[i]);
  }
  if (n < 2) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  const pln_sample s = pln_sample_of(r->scratch, n);
  if (s.m2 == 0) return pln_returns_undefined(r, PLN_UNDEFINED_NO_VARIATION);
  const double middle = (double)(n - 1) / 2;
  pln_sum xy = {0};
  for (int64_t i = 0; i < n; i++) pln_sum_add(&xy, ((double)i - middle) * (r->scratch[i] - s.mean));
  const double xx = (double)n * ((double)n * (double)n - 1) / 12, product = pln_sum_value(&xy);
  return product * product / (xx * s.m2);
}

static const pln_return_entry entries[] = {
    {{"volatility", "Volatility", "fraction", "Risk", "volatility_period_pct",
      "Sample deviation (n - 1) of the returns.", 0, 0},
     volatility},
    {{"annual_volatility", "Annual Volatility", "fraction", "Risk", "annual_volatility_pct",
      "volatility x sqrt(P). empyrical: annual_volatility. QuantStats: Volatility (ann.).", PERIOD, 0},
     annual_volatility},
    {{"annual_volatility_geometric", "Annual Volatility (geometric)", "fraction", "Risk", NULL,
      "sqrt((v + (1 + g)^2)^P - (1 + g)^(2P)), v the sample variance and g the geometric mean of the "
      "returns: the "
      "deviation of compounded yearly returns (doi.org/10.2139/ssrn.3054517). backtesting.py: Volatility "
      "(Ann.).",
      PERIOD, 0},
     pln_returns_geometric_volatility},
    {{"mean_absolute_deviation", "Mean Absolute Deviation", "fraction", "Risk", "mean_absolute_deviation_pct",
      "Mean distance of the returns from their mean. PerformanceAnalytics: MeanAbsoluteDeviation.", 0, 0},
     mean_absolute_deviation},
    {{"skewness", "Skewness", "ratio", "Risk", "skewness",
      "Of a sample, adjusted for its size: n / ((n - 1)(n - 2)) sum((r - mean)^3) / s^3. QuantStats: Skew. "
      "pandas: "
      "skew.",
      0, 0},
     pln_returns_skewness},
    {{"kurtosis", "Excess Kurtosis", "ratio", "Risk", "kurtosis",
      "Of a sample, adjusted for its size, in excess of a normal distribution's (0). QuantStats: Kurtosis. "
      "pandas: "
      "kurt. PerformanceAnalytics: kurtosis(method = \"sample_excess\").",
      0, 0},
     pln_returns_kurtosis},
    {{"skewness_population", "Skewness (population)", "ratio", "Risk", "skewness_population",
      "Third central moment over the deviation (of n) cubed. scipy: skew. PerformanceAnalytics: skewness.", 0,
      0},
     skewness_population},
    {{"kurtosis_population", "Excess Kurtosis (population)", "ratio", "Risk", "kurtosis_population",
      "Fourth central moment over the variance (of n) squared, less 3. scipy: kurtosis.", 0, 0},
     kurtosis_population},
    {{"jarque_bera", "Jarque-Bera", "ratio", "Risk", "jarque_bera",
      "n / 6 (S^2 + K^2 / 4) with the population's skewness and excess kurtosis: large where returns are not "
      "normal "
      "(Jarque, Bera 1980). scipy: jarque_bera.",
      0, 0},
     jarque_bera},
    {{"jarque_bera_probability", "Jarque-Bera Probability", "fraction", "Risk", "jarque_bera_probability_pct",
      "Chance of at least that figure where returns are normal (chi-squared, 2 degrees of freedom).", 0, 0},
     jarque_bera_probability},
    {{"autocorrelation", "Autocorrelation", "ratio", "Risk", "autocorrelation",
      "Correlation of each return with the one before.", 0, 0},
     autocorrelation},
    {{"autocorrelation_penalty", "Autocorrelation Penalty", "ratio", "Risk", "autocorrelation_penalty",
      "sqrt(1 + 2 sum over k = 1 … n - 1 of (n - k) / n |c|^k), c the autocorrelation: what the deviation of "
      "a "
      "smoothed series is multiplied with. QuantStats: autocorr_penalty.",
      0, 0},
     pln_returns_penalty},
    {{"value_at_risk", "Value at Risk", "fraction", "Risk", "value_at_risk_pct",
      "Historical: the quantile of the returns at 1 - confidence (linear interpolation), a loss being "
      "negative. "
      "empyrical: value_at_risk.",
      CONFIDENCE, 0},
     value_at_risk},
    {{"value_at_risk_parametric", "Value at Risk (normal)", "fraction", "Risk",
      "value_at_risk_parametric_pct",
      "mean + z x sample deviation, z the normal quantile at 1 - confidence. QuantStats: Daily "
      "Value-at-Risk.",
      CONFIDENCE, 0},
     value_at_risk_parametric},
    {{"value_at_risk_modified", "Value at Risk (Cornish-Fisher)", "fraction", "Risk",
      "value_at_risk_modified_pct",
      "Likewise with the quantile corrected for skewness and kurtosis of the population (Zangari 1996). "
      "PerformanceAnalytics: VaR(method = \"modified\").",
      CONFIDENCE, 0},
     value_at_risk_modified},
    {{"conditional_value_at_risk", "Expected Shortfall", "fraction", "Risk", "expected_shortfall_pct",
      "Historical: mean of the worst returns, the first floor((n - 1)(1 - confidence)) + 1 of them. "
      "empyrical: "
      "conditional_value_at_risk.",
      CONFIDENCE, 0},
     conditional_value_at_risk},
    {{"conditional_value_at_risk_parametric", "Expected Shortfall (normal)", "fraction", "Risk",
      "expected_shortfall_parametric_pct",
      "mean - s density(z) / (1 - confidence), z the normal quantile at 1 - confidence. QuantStats: Expected "
      "Shortfall (cVaR).",
      CONFIDENCE, 0},
     conditional_value_at_risk_parametric},
    {{"stability_of_timeseries", "Stability", "ratio", "Risk", "stability",
      "R squared of a straight line through the cumulated log returns. empyrical: stability_of_timeseries.",
      0, 0},
     stability},
};

const pln_return_group pln_return_group_risk = {entries, sizeof entries / sizeof *entries};

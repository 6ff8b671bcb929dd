/* Figures of what lies below and above a required return (the minimum acceptable return, MAR), after Bacon,
 * "Practical Portfolio Performance Measurement and Attribution", 2nd edition 2008, chapter 4. */
#include "portfolio/returns_state.h"

static pln_partial_sums partial_of(const pln_returns *r, const double *v, int with_rate) {
  pln_partial_sums p = {0};
  pln_sum sums[4] = {{0}};
  for (int64_t i = 0; i < r->n; i++) {
    const double off = v[i] - pln_returns_required(r, i) - (with_rate ? pln_returns_rate(r, i) : 0);
    if (isnan(off)) continue;
    p.n++;
    p.n_below += off < 0;
    pln_sum_add(&sums[off < 0 ? 0 : 1], fabs(off));
    pln_sum_add(&sums[off < 0 ? 2 : 3], off * off);
  }
  p.below = pln_sum_value(&sums[0]);
  p.above = pln_sum_value(&sums[1]);
  p.below2 = pln_sum_value(&sums[2]);
  p.above2 = pln_sum_value(&sums[3]);
  return p;
}

static const pln_partial_sums *partial(pln_returns *r) {
  if (!pln_returns_is_made(r, PLN_MADE_PARTIAL)) r->partial = partial_of(r, r->x, 0);
  return &r->partial;
}

static double of_n(pln_returns *r, double sum, int64_t n) {
  return n ? sum / (double)n : pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
}

double pln_returns_downside(pln_returns *r) {
  const pln_partial_sums *p = partial(r);
  return sqrt(of_n(r, p->below2, p->n));
}
static double downside_risk(pln_returns *r) { return pln_returns_downside(r) * sqrt(r->periods); }
static double upside_deviation(pln_returns *r) {
  const pln_partial_sums *p = partial(r);
  return sqrt(of_n(r, p->above2, p->n));
}
static double downside_potential(pln_returns *r) {
  const pln_partial_sums *p = partial(r);
  return of_n(r, p->below, p->n);
}
static double upside_potential(pln_returns *r) {
  const pln_partial_sums *p = partial(r);
  return of_n(r, p->above, p->n);
}
static double downside_frequency(pln_returns *r) {
  const pln_partial_sums *p = partial(r);
  return of_n(r, (double)p->n_below, p->n);
}
static double upside_frequency(pln_returns *r) {
  int64_t n = 0, above = 0;
  for (int64_t i = 0; i < r->n; i++) {
    const double off = r->x[i] - pln_returns_required(r, i);
    n += !isnan(off);
    above += off > 0;
  }
  return of_n(r, (double)above, n);
}

/* Mean of the returns less the required one. */
static double mean_over_required(pln_returns *r) {
  for (int64_t i = 0; i < r->n; i++) r->scratch[i] = r->x[i] - pln_returns_required(r, i);
  return pln_sample_of(r->scratch, r->n).mean;
}

double pln_returns_sortino(pln_returns *r) {
  const double downside = pln_returns_downside(r), mean = mean_over_required(r);
  if (pln_returns_sample(r)->n < 2) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  return pln_returns_ratio(r, mean, downside, PLN_UNDEFINED_NO_LOSS);
}

static double omega_ratio(pln_returns *r) {
  const pln_partial_sums whole = partial_of(r, r->x, 1), *p = &whole;
  if (p->n < 2)
    return pln_returns_undefined(r, isnan(r->required_return) ? PLN_UNDEFINED_NUMBER : PLN_UNDEFINED_TOO_FEW);
  if (p->below == 0) return pln_returns_undefined(r, PLN_UNDEFINED_NO_LOSS);
  return p->above / p->below;
}
static double omega_sharpe_ratio(pln_returns *r) {
  const pln_partial_sums *p = partial(r);
  return pln_returns_ratio(r, p->above - p->below, p->below, PLN_UNDEFINED_NO_LOSS);
}
static double kappa_ratio(pln_returns *r) {
  pln_sum moment = {0};
  int64_t n = 0;
  for (int64_t i = 0; i < r->n; i++) {
    const double off = pln_returns_required(r, i) - r->x[i];
    if (isnan(off)) continue;
    n++;
    if (off > 0) pln_sum_add(&moment, pow(off, r->options.order));
  }
  if (n == 0) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  return pln_returns_ratio(r, mean_over_required(r),
                           pow(pln_sum_value(&moment) / (double)n, 1 / r->options.order),
                           PLN_UNDEFINED_NO_LOSS);
}
static double upside_potential_ratio(pln_returns *r) {
  return pln_returns_ratio(r, upside_potential(r), pln_returns_downside(r), PLN_UNDEFINED_NO_LOSS);
}
static double volatility_skewness(pln_returns *r) {
  const pln_partial_sums *p = partial(r);
  return pln_returns_ratio(r, p->above2, p->below2, PLN_UNDEFINED_NO_LOSS);
}
static double variability_skewness(pln_returns *r) {
  return pln_returns_ratio(r, upside_deviation(r), pln_returns_downside(r), PLN_UNDEFINED_NO_LOSS);
}

/* Losses weigh 2.25 times (Kahneman, Tversky 1979). */
static double prospect_ratio(pln_returns *r) {
  pln_sum sum = {0};
  int64_t n = 0;
  for (int64_t i = 0; i < r->n; i++) {
    if (isnan(r->x[i])) continue;
    n++;
    pln_sum_add(&sum, r->x[i] < 0 ? 2.25 * r->x[i] : r->x[i]);
  }
  if (n == 0) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  return pln_returns_ratio(r, (pln_sum_value(&sum) - r->required_return) / (double)n, pln_returns_downside(r),
                           PLN_UNDEFINED_NO_LOSS);
}

static double d_ratio(pln_returns *r) {
  int64_t up = 0, down = 0;
  pln_sum won = {0}, lost = {0};
  for (int64_t i = 0; i < r->n; i++) {
    if (r->x[i] > 0) {
      up++;
      pln_sum_add(&won, r->x[i]);
    } else if (r->x[i] < 0) {
      down++;
      pln_sum_add(&lost, -r->x[i]);
    }
  }
  return pln_returns_ratio(r, (double)down * pln_sum_value(&lost), (double)up * pln_sum_value(&won),
                           PLN_UNDEFINED_NO_GAIN);
}

static double skewness_kurtosis_ratio(pln_returns *r) {
  const pln_sample *s = pln_returns_sample(r);
  if (s->n < 1) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  return pln_returns_ratio(r, s->m3 * sqrt(s->m2), s->m4 * sqrt((double)s->n), PLN_UNDEFINED_NO_VARIATION);
}

/* ---- beside a benchmark ---- */

static double benchmark_downside(pln_returns *r) {
  const pln_partial_sums whole = partial_of(r, r->benchmark, 0), *p = &whole;
  return sqrt(of_n(r, p->below2, p->n));
}
static double m_squared_sortino(pln_returns *r) {
  if (!r->benchmark) return pln_returns_undefined(r, PLN_UNDEFINED_NO_BENCHMARK);
  const double year = sqrt(r->periods);
  return pln_returns_annual_return(r) +
         pln_returns_sortino(r) * (benchmark_downside(r) - pln_returns_downside(r)) * year;
}
static double omega_excess_return(pln_returns *r) {
  if (!r->benchmark) return pln_returns_undefined(r, PLN_UNDEFINED_NO_BENCHMARK);
  return pln_returns_annual_return(r) - 3 * pln_returns_downside(r) * benchmark_downside(r) * r->periods;
}

enum { MAR = PLN_TAKES_REQUIRED_RETURN, PERIOD = PLN_TAKES_PERIOD, BENCHMARK = PLN_TAKES_BENCHMARK };

static const pln_return_entry entries[] = {
    {{"downside_risk", "Downside Risk", "fraction", "Partial moments", "downside_risk_pct",
      "sqrt(mean(min(r - required, 0)^2)) x sqrt(P). empyrical: downside_risk.", MAR | PERIOD, 0},
     downside_risk},
    {{"downside_deviation", "Downside Deviation", "fraction", "Partial moments", "downside_deviation_pct",
      "sqrt(mean(min(r - required, 0)^2)), not annualised. PerformanceAnalytics: DownsideDeviation.", MAR, 0},
     pln_returns_downside},
    {{"upside_deviation", "Upside Deviation", "fraction", "Partial moments", "upside_deviation_pct",
      "sqrt(mean(max(r - required, 0)^2)). PerformanceAnalytics: UpsideRisk.", MAR, 0},
     upside_deviation},
    {{"downside_potential", "Downside Potential", "fraction", "Partial moments", "downside_potential_pct",
      "mean(max(required - r, 0)). PerformanceAnalytics: DownsidePotential.", MAR, 0},
     downside_potential},
    {{"upside_potential", "Upside Potential", "fraction", "Partial moments", "upside_potential_pct",
      "mean(max(r - required, 0)). PerformanceAnalytics: UpsideRisk(stat = \"potential\").", MAR, 0},
     upside_potential},
    {{"downside_frequency", "Downside Frequency", "fraction", "Partial moments", "downside_frequency_pct",
      "Share of returns below the required one. PerformanceAnalytics: DownsideFrequency.", MAR, 0},
     downside_frequency},
    {{"upside_frequency", "Upside Frequency", "fraction", "Partial moments", "upside_frequency_pct",
      "Share of returns above the required one. PerformanceAnalytics: UpsideFrequency.", MAR, 0},
     upside_frequency},
    {{"omega_ratio", "Omega Ratio", "ratio", "Partial moments", "omega_ratio",
      "Sum of what exceeds risk-free rate and required return over the sum of what is missing to them "
      "(Keating, "
      "Shadwick 2002). empyrical: omega_ratio. QuantStats: Omega.",
      MAR | PLN_TAKES_RISK_FREE, 0},
     omega_ratio},
    {{"omega_sharpe_ratio", "Omega-Sharpe Ratio", "ratio", "Partial moments", "omega_sharpe_ratio",
      "(upside potential - downside potential) over downside potential. PerformanceAnalytics: "
      "OmegaSharpeRatio.",
      MAR, 0},
     omega_sharpe_ratio},
    {{"kappa_ratio", "Kappa Ratio", "ratio", "Partial moments", "kappa_ratio",
      "(mean - required) over the l-th root of mean(max(required - r, 0)^l), l the option `order` (2: "
      "Sortino's, not "
      "annualised; Kaplan, Knowles 2004). PerformanceAnalytics: Kappa.",
      MAR | PLN_TAKES_ORDER, 0},
     kappa_ratio},
    {{"upside_potential_ratio", "Upside Potential Ratio", "ratio", "Partial moments",
      "upside_potential_ratio",
      "Upside potential over downside deviation (Sortino, van der Meer, Plantinga 1999).", MAR, 0},
     upside_potential_ratio},
    {{"volatility_skewness", "Volatility Skewness", "ratio", "Partial moments", "volatility_skewness",
      "Upside variance over downside variance. PerformanceAnalytics: VolatilitySkewness.", MAR, 0},
     volatility_skewness},
    {{"variability_skewness", "Variability Skewness", "ratio", "Partial moments", "variability_skewness",
      "Upside deviation over downside deviation. PerformanceAnalytics: VolatilitySkewness(stat = "
      "\"variability\").",
      MAR, 0},
     variability_skewness},
    {{"prospect_ratio", "Prospect Ratio", "ratio", "Partial moments", "prospect_ratio",
      "(sum of gains + 2.25 x sum of losses - required) / (n x downside deviation). PerformanceAnalytics: "
      "ProspectRatio.",
      MAR, 0},
     prospect_ratio},
    {{"d_ratio", "D Ratio", "ratio", "Partial moments", "d_ratio",
      "Number of losses x their sum over number of gains x their sum; 0 is best. PerformanceAnalytics: "
      "DRatio.",
      0, 0},
     d_ratio},
    {{"skewness_kurtosis_ratio", "Skewness-Kurtosis Ratio", "ratio", "Partial moments",
      "skewness_kurtosis_ratio",
      "Skewness over kurtosis (not excess) of the population. PerformanceAnalytics: SkewnessKurtosisRatio.",
      0, 0},
     skewness_kurtosis_ratio},
    {{"m_squared_sortino", "M2 for Sortino", "fraction", "Partial moments", "m_squared_sortino_pct",
      "annual_return + (mean - required) / downside deviation x (downside risk of the benchmark - downside "
      "risk). "
      "PerformanceAnalytics: M2Sortino.",
      MAR | PERIOD | BENCHMARK, 0},
     m_squared_sortino},
    {{"omega_excess_return", "Omega Excess Return", "fraction", "Partial moments", "omega_excess_return_pct",
      "annual_return - 3 x downside risk x downside risk of the benchmark. PerformanceAnalytics: "
      "OmegaExcessReturn.",
      MAR | PERIOD | BENCHMARK, 0},
     omega_excess_return},
};

const pln_return_group pln_return_group_partial = {entries, sizeof entries / sizeof *entries};

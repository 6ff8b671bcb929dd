/* Ratios of return to risk: Sharpe's and Sortino's families. */
#include "abi/selection.h"
#include "portfolio/returns_state.h"

double pln_returns_sharpe(pln_returns *r) {
  const pln_sample *s = pln_returns_excess(r);
  if (s->n < 2) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  return pln_returns_ratio(r, s->mean, pln_sample_deviation(s), PLN_UNDEFINED_NO_VARIATION);
}
static double year(const pln_returns *r) { return sqrt(r->periods); }

static double sharpe_ratio(pln_returns *r) { return pln_returns_sharpe(r) * year(r); }
static double smart_sharpe_ratio(pln_returns *r) { return sharpe_ratio(r) / pln_returns_penalty(r); }
static double sortino_ratio(pln_returns *r) { return pln_returns_sortino(r) * year(r); }
static double smart_sortino_ratio(pln_returns *r) { return sortino_ratio(r) / pln_returns_penalty(r); }
static double adjusted_sortino_ratio(pln_returns *r) { return sortino_ratio(r) / sqrt(2.0); }
static double smart_adjusted_sortino_ratio(pln_returns *r) { return smart_sortino_ratio(r) / sqrt(2.0); }

static double risk_return_ratio(pln_returns *r) {
  const pln_sample *s = pln_returns_sample(r);
  if (s->n < 2) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  return pln_returns_ratio(r, s->mean, pln_sample_deviation(s), PLN_UNDEFINED_NO_VARIATION);
}

/* Annual return above the year's risk-free rate. */
static double annual_excess(pln_returns *r) {
  return pln_returns_annual_return(r) - pln_returns_annual_rate(r);
}

static double sharpe_ratio_annualized(pln_returns *r) {
  const pln_sample *s = pln_returns_excess(r);
  if (s->n < 2) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  return pln_returns_ratio(r, annual_excess(r), pln_sample_deviation(s) * year(r),
                           PLN_UNDEFINED_NO_VARIATION);
}
static double sharpe_ratio_geometric(pln_returns *r) {
  return pln_returns_ratio(r, pln_returns_annual_return(r), pln_returns_geometric_volatility(r),
                           PLN_UNDEFINED_NO_VARIATION);
}
static double adjusted_sharpe_ratio(pln_returns *r) {
  const pln_sample *s = pln_returns_sample(r);
  const double sharpe = sharpe_ratio_annualized(r), n = (double)s->n;
  if (s->m2 == 0) return sharpe;
  const double skew = sqrt(n) * s->m3 / (s->m2 * sqrt(s->m2)), excess = n * s->m4 / (s->m2 * s->m2) - 3;
  return sharpe * (1 + skew / 6 * sharpe - excess / 24 * sharpe * sharpe);
}
static double sortino_ratio_geometric(pln_returns *r) {
  return pln_returns_ratio(r, pln_returns_annual_return(r), pln_returns_downside(r) * year(r),
                           PLN_UNDEFINED_NO_LOSS);
}

/* ---- what the estimate is worth (Bailey, Lopez de Prado 2012, 2014) ---- */

/* Chance that the true ratio (per period) exceeds the threshold. */
static double probability_above(pln_returns *r, double ratio, double threshold) {
  const double skew = pln_returns_skewness(r), kurtosis = pln_returns_kurtosis(r);
  if (isnan(skew) || isnan(kurtosis) || isnan(ratio)) return NAN;
  if (isinf(ratio)) return pln_returns_undefined(r, r->why);
  const double chance =
      pln_sharpe_probability(ratio, threshold, (double)pln_returns_sample(r)->n, skew, kurtosis);
  return isnan(chance) ? pln_returns_undefined(r, PLN_UNDEFINED_NUMBER) : chance;
}
static double threshold_of(const pln_returns *r) { return r->options.sharpe_threshold / year(r); }

static double probabilistic_sharpe_ratio(pln_returns *r) {
  return probability_above(r, pln_returns_sharpe(r), threshold_of(r));
}
static double probabilistic_sortino_ratio(pln_returns *r) {
  return probability_above(r, pln_returns_sortino(r), threshold_of(r));
}
static double probabilistic_adjusted_sortino_ratio(pln_returns *r) {
  return probability_above(r, pln_returns_sortino(r) / sqrt(2.0), threshold_of(r));
}

static double deflated_sharpe_ratio(pln_returns *r) {
  const pln_return_options *o = &r->options;
  return probability_above(r, pln_returns_sharpe(r),
                           pln_sharpe_expected_maximum(o->trials, o->trials_variance));
}
static double minimum_track_record_length(pln_returns *r) {
  const double ratio = pln_returns_sharpe(r), threshold = threshold_of(r);
  const double skew = pln_returns_skewness(r), kurtosis = pln_returns_kurtosis(r);
  if (isnan(skew) || isnan(kurtosis) || isnan(ratio) || isinf(ratio)) return NAN;
  if (ratio <= threshold) r->why = PLN_UNDEFINED_NO_GAIN;
  return pln_sharpe_track_record(ratio, threshold, r->options.confidence, skew, kurtosis);
}

enum { PERIOD = PLN_TAKES_PERIOD, RATE = PLN_TAKES_RISK_FREE, MAR = PLN_TAKES_REQUIRED_RETURN };
enum { THRESHOLD = PLN_TAKES_SHARPE_THRESHOLD, TRIALS = PLN_TAKES_TRIALS };

static const pln_return_entry entries[] = {
    {{"sharpe_ratio", "Sharpe Ratio", "ratio", "Ratio", NULL,
      "Mean of the returns above the risk-free rate over their sample deviation, x sqrt(P) (Sharpe 1994). "
      "empyrical: "
      "sharpe_ratio. QuantStats: Sharpe.",
      PERIOD | RATE, 0},
     sharpe_ratio},
    {{"smart_sharpe_ratio", "Smart Sharpe Ratio", "ratio", "Ratio", "smart_sharpe_ratio",
      "sharpe_ratio over autocorrelation_penalty. QuantStats: Smart Sharpe.", PERIOD | RATE, 0},
     smart_sharpe_ratio},
    {{"sharpe_ratio_geometric", "Sharpe Ratio (geometric)", "ratio", "Ratio", NULL,
      "annual_return over annual_volatility_geometric. backtesting.py: Sharpe Ratio.", PERIOD, 0},
     sharpe_ratio_geometric},
    {{"sharpe_ratio_annualized", "Sharpe Ratio (annualized)", "ratio", "Ratio", "sharpe_ratio_annualized",
      "annual_return less the year's risk-free rate, over the sample deviation of the excess returns x "
      "sqrt(P). "
      "PerformanceAnalytics: SharpeRatio.annualized.",
      PERIOD | RATE, 0},
     sharpe_ratio_annualized},
    {{"adjusted_sharpe_ratio", "Adjusted Sharpe Ratio", "ratio", "Ratio", "adjusted_sharpe_ratio",
      "SR (1 + S / 6 SR - K / 24 SR^2), SR the annualized Sharpe ratio above, S and K the population's "
      "skewness and "
      "excess kurtosis (Pezier, White 2006). PerformanceAnalytics: AdjustedSharpeRatio.",
      PERIOD | RATE, 0},
     adjusted_sharpe_ratio},
    {{"probabilistic_sharpe_ratio", "Probabilistic Sharpe Ratio", "fraction", "Ratio",
      "probabilistic_sharpe_ratio_pct",
      "Chance that the true Sharpe ratio exceeds the option `sharpe_threshold` (annualised; 0): normal "
      "distribution "
      "of (SR - SR*) sqrt(n - 1) / sqrt(1 - S SR + (K + 2) / 4 SR^2), per period, S and K the sample's "
      "skewness and "
      "excess kurtosis (Bailey, Lopez de Prado 2012). QuantStats: Prob. Sharpe Ratio.",
      PERIOD | RATE | THRESHOLD, 0},
     probabilistic_sharpe_ratio},
    {{"deflated_sharpe_ratio", "Deflated Sharpe Ratio", "fraction", "Ratio", "deflated_sharpe_ratio_pct",
      "Probabilistic Sharpe ratio against the largest that `trials` worthless trials, whose Sharpe ratios "
      "per period "
      "have the variance `trials_variance`, are expected to show: sqrt(V) ((1 - e) z(1 - 1/N) + e z(1 - 1/(N "
      "E))), e "
      "Euler's constant, E its number (Bailey, Lopez de Prado 2014). One trial: the probabilistic one "
      "against 0.",
      RATE | TRIALS, 0},
     deflated_sharpe_ratio},
    {{"minimum_track_record_length", "Minimum Track Record", "count", "Ratio", "minimum_track_record_length",
      "Number of returns from which on the Sharpe ratio exceeds `sharpe_threshold` with `confidence`: 1 + (1 "
      "- S SR + "
      "(K + 2) / 4 SR^2) (z / (SR - SR*))^2 (Bailey, Lopez de Prado 2012); infinite where it does not exceed "
      "it.",
      PERIOD | RATE | THRESHOLD | PLN_TAKES_CONFIDENCE, 0},
     minimum_track_record_length},
    {{"sortino_ratio", "Sortino Ratio", "ratio", "Ratio", NULL,
      "Mean of the returns above the required one over the downside deviation, x sqrt(P) (Sortino, van der "
      "Meer "
      "1991). empyrical: sortino_ratio. QuantStats: Sortino.",
      PERIOD | MAR, 0},
     sortino_ratio},
    {{"smart_sortino_ratio", "Smart Sortino Ratio", "ratio", "Ratio", "smart_sortino_ratio",
      "sortino_ratio over autocorrelation_penalty. QuantStats: Smart Sortino.", PERIOD | MAR, 0},
     smart_sortino_ratio},
    {{"adjusted_sortino_ratio", "Adjusted Sortino Ratio", "ratio", "Ratio", "adjusted_sortino_ratio",
      "sortino_ratio / sqrt(2), comparable with a Sharpe ratio (Schwager 2021). QuantStats: Sortino/sqrt(2).",
      PERIOD | MAR, 0},
     adjusted_sortino_ratio},
    {{"smart_adjusted_sortino_ratio", "Smart Adjusted Sortino Ratio", "ratio", "Ratio",
      "smart_adjusted_sortino_ratio", "smart_sortino_ratio / sqrt(2). QuantStats: Smart Sortino/sqrt(2).",
      PERIOD | MAR, 0},
     smart_adjusted_sortino_ratio},
    {{"probabilistic_sortino_ratio", "Probabilistic Sortino Ratio", "fraction", "Ratio",
      "probabilistic_sortino_ratio_pct",
      "As the probabilistic Sharpe ratio, of the Sortino ratio per period. QuantStats: "
      "probabilistic_sortino_ratio.",
      PERIOD | MAR | THRESHOLD, 0},
     probabilistic_sortino_ratio},
    {{"probabilistic_adjusted_sortino_ratio", "Probabilistic Adjusted Sortino Ratio", "fraction", "Ratio",
      "probabilistic_adjusted_sortino_ratio_pct",
      "Likewise of the adjusted Sortino ratio. QuantStats: probabilistic_adjusted_sortino_ratio.",
      PERIOD | MAR | THRESHOLD, 0},
     probabilistic_adjusted_sortino_ratio},
    {{"sortino_ratio_geometric", "Sortino Ratio (geometric)", "ratio", "Ratio", NULL,
      "annual_return over downside_risk. backtesting.py: Sortino Ratio.", PERIOD | MAR, 0},
     sortino_ratio_geometric},
    {{"risk_return_ratio", "Risk-Return Ratio", "ratio", "Ratio", "risk_return_ratio",
      "Mean over sample deviation of the returns, not annualised. QuantStats: Risk-Return Ratio.", 0, 0},
     risk_return_ratio},
};

const pln_return_group pln_return_group_ratio = {entries, sizeof entries / sizeof *entries};

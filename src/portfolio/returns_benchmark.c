/* Figures beside a benchmark. Pairs in which either return is missing are left out. */
#include "portfolio/returns_state.h"

#include <stdlib.h>

/* A pair's returns; of which pairs: */
enum { ALL = 0, UP = 1, DOWN = -1 };

static int is_pair(const pln_returns *r, int64_t i, int side) {
  const double b = r->benchmark[i];
  return !isnan(r->x[i]) && !isnan(b) && (side == ALL || (side == UP ? b > 0 : b < 0));
}

static pln_pair_sums reckon(const pln_returns *r, int side) {
  pln_pair_sums p = {0};
  if (!r->benchmark) return p;
  pln_sum x = {0}, b = {0}, xx = {0}, bb = {0}, xb = {0};
  for (int64_t i = 0; i < r->n; i++) {
    if (!is_pair(r, i, side)) continue;
    pln_sum_add(&x, r->x[i] - pln_returns_rate(r, i));
    pln_sum_add(&b, r->benchmark[i] - pln_returns_rate(r, i));
    p.n++;
  }
  if (p.n == 0) return p;
  p.mean_x = pln_sum_value(&x) / (double)p.n;
  p.mean_b = pln_sum_value(&b) / (double)p.n;
  for (int64_t i = 0; i < r->n; i++) {
    if (!is_pair(r, i, side)) continue;
    const double dx = r->x[i] - pln_returns_rate(r, i) - p.mean_x;
    const double db = r->benchmark[i] - pln_returns_rate(r, i) - p.mean_b;
    pln_sum_add(&xx, dx * dx);
    pln_sum_add(&bb, db * db);
    pln_sum_add(&xb, dx * db);
  }
  p.xx = pln_sum_value(&xx);
  p.bb = pln_sum_value(&bb);
  p.xb = pln_sum_value(&xb);
  return p;
}

static pln_pair_sums sums_of(pln_returns *r, int side) {
  const int place = side == ALL ? 0 : side == UP ? 1 : 2;
  if (!pln_returns_is_made(r, PLN_MADE_PAIRS << place)) r->pairs[place] = reckon(r, side);
  return r->pairs[place];
}

static int has_pairs(pln_returns *r, const pln_pair_sums *p, int64_t least) {
  if (!r->benchmark)
    r->why = PLN_UNDEFINED_NO_BENCHMARK;
  else if (p->n < least)
    r->why = PLN_UNDEFINED_TOO_FEW;
  return r->benchmark && p->n >= least;
}

/* Variances below 1e-30 are of constants, but for rounding (as empyrical has it). */
static double beta_of(pln_returns *r, const pln_pair_sums *p) {
  if (!has_pairs(r, p, 2)) return NAN;
  if (p->bb / (double)p->n < 1e-30) return pln_returns_undefined(r, PLN_UNDEFINED_NO_VARIATION);
  return p->xb / p->bb;
}
static double beta_on(pln_returns *r, int side) {
  const pln_pair_sums p = sums_of(r, side);
  return beta_of(r, &p);
}
static double alpha_on(pln_returns *r, int side) {
  const pln_pair_sums p = sums_of(r, side);
  const double beta = beta_of(r, &p);
  if (isnan(beta)) return NAN;
  return pln_returns_annualised(r, 1 + (p.mean_x - beta * p.mean_b), 1);
}
static double beta(pln_returns *r) { return beta_on(r, ALL); }
static double alpha(pln_returns *r) { return alpha_on(r, ALL); }
static double up_beta(pln_returns *r) { return beta_on(r, UP); }
static double up_alpha(pln_returns *r) { return alpha_on(r, UP); }
static double down_beta(pln_returns *r) { return beta_on(r, DOWN); }
static double down_alpha(pln_returns *r) { return alpha_on(r, DOWN); }

/* Per period. */
static double intercept(pln_returns *r) {
  const pln_pair_sums p = sums_of(r, ALL);
  return p.mean_x - beta_of(r, &p) * p.mean_b;
}
static double alpha_arithmetic(pln_returns *r) { return intercept(r) * r->periods; }

static double correlation(pln_returns *r) {
  const pln_pair_sums p = sums_of(r, ALL);
  if (!has_pairs(r, &p, 2)) return NAN;
  if (p.xx == 0 || p.bb == 0) return pln_returns_undefined(r, PLN_UNDEFINED_NO_VARIATION);
  return p.xb / sqrt(p.xx * p.bb);
}
static double r_squared(pln_returns *r) {
  const double c = correlation(r);
  return c * c;
}

/* ---- active returns ---- */

static pln_sample active_sample(pln_returns *r) {
  if (!r->benchmark) {
    r->why = PLN_UNDEFINED_NO_BENCHMARK;
    return pln_sample_of(NULL, 0);
  }
  for (int64_t i = 0; i < r->n; i++) r->scratch[i] = r->x[i] - r->benchmark[i];
  const pln_sample s = pln_sample_of(r->scratch, r->n);
  if (s.n < 2) r->why = PLN_UNDEFINED_TOO_FEW;
  return s;
}
static double information_ratio(pln_returns *r) {
  const pln_sample s = active_sample(r);
  if (s.n < 2) return NAN;
  return pln_returns_ratio(r, s.mean, pln_sample_deviation(&s), PLN_UNDEFINED_NO_VARIATION);
}
static double information_ratio_ann(pln_returns *r) { return information_ratio(r) * sqrt(r->periods); }
static double tracking_error(pln_returns *r) {
  const pln_sample s = active_sample(r);
  return pln_sample_deviation(&s) * sqrt(r->periods);
}

static double annual_benchmark(pln_returns *r) {
  if (!r->benchmark) return pln_returns_undefined(r, PLN_UNDEFINED_NO_BENCHMARK);
  return pln_returns_annualised(r, pln_growth(r->benchmark, r->n), (double)r->n);
}
static double benchmark_total(pln_returns *r) {
  if (!r->benchmark) return pln_returns_undefined(r, PLN_UNDEFINED_NO_BENCHMARK);
  if (r->n < 1) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  return pln_growth(r->benchmark, r->n) - 1;
}
static double active_return(pln_returns *r) { return pln_returns_annual_return(r) - annual_benchmark(r); }

static double capture(pln_returns *r) {
  return pln_returns_ratio(r, pln_returns_annual_return(r), annual_benchmark(r), PLN_UNDEFINED_NO_VARIATION);
}
static double capture_on(pln_returns *r, int side) {
  if (!r->benchmark) return pln_returns_undefined(r, PLN_UNDEFINED_NO_BENCHMARK);
  double own = 1, market = 1;
  int64_t n = 0;
  for (int64_t i = 0; i < r->n; i++) {
    if (!is_pair(r, i, side)) continue;
    own *= 1 + r->x[i];
    market *= 1 + r->benchmark[i];
    n++;
  }
  return pln_returns_ratio(r, pln_returns_annualised(r, own, (double)n),
                           pln_returns_annualised(r, market, (double)n), PLN_UNDEFINED_NO_VARIATION);
}
static double up_capture(pln_returns *r) { return capture_on(r, UP); }
static double down_capture(pln_returns *r) { return capture_on(r, DOWN); }
static double up_down_capture(pln_returns *r) {
  return pln_returns_ratio(r, up_capture(r), down_capture(r), PLN_UNDEFINED_NO_LOSS);
}

static double batting(pln_returns *r, int side) {
  if (!r->benchmark) return pln_returns_undefined(r, PLN_UNDEFINED_NO_BENCHMARK);
  int64_t n = 0, better = 0;
  for (int64_t i = 0; i < r->n; i++) {
    const int down = r->benchmark[i] < 0;
    if (!is_pair(r, i, ALL) || (side == UP && down) || (side == DOWN && !down)) continue;
    n++;
    better += r->x[i] - r->benchmark[i] > 0;
  }
  if (n == 0) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  return (double)better / (double)n;
}
static double batting_average(pln_returns *r) { return batting(r, ALL); }
static double batting_average_up(pln_returns *r) { return batting(r, UP); }
static double batting_average_down(pln_returns *r) { return batting(r, DOWN); }

typedef struct ranked {
  double benchmark;
  int64_t index;
} ranked;

static int compare_ranked(const void *a, const void *b) {
  const ranked *x = a, *y = b;
  if (x->benchmark != y->benchmark) return x->benchmark < y->benchmark ? -1 : 1;
  return (x->index > y->index) - (x->index < y->index);
}

/* Taleb, Canetti et al. 2012: how the worst, middle and best thirds of the benchmark bend the returns. */
static double beta_fragility_heuristic(pln_returns *r) {
  const pln_pair_sums p = sums_of(r, ALL);
  if (!has_pairs(r, &p, 3)) return NAN;
  ranked *order = (ranked *)(void *)r->scratch; /* which has room for two series */
  int64_t n = 0;
  for (int64_t i = 0; i < r->n; i++)
    if (is_pair(r, i, ALL)) order[n++] = (ranked){r->benchmark[i], i};
  qsort(order, (size_t)n, sizeof *order, compare_ranked);
  const ranked three[] = {order[0], order[n / 2], order[n - 1]};
  double x[3], b[3];
  for (int k = 0; k < 3; k++) {
    x[k] = r->x[three[k].index];
    b[k] = three[k].benchmark;
  }
  const double range = b[2] - b[0];
  const double first = range != 0 ? (b[2] - b[1]) / range : 0.5,
               last = range != 0 ? (b[1] - b[0]) / range : 0.5;
  return first * x[0] + last * x[2] - x[1];
}

/* ---- the market model, after Bacon ---- */

static double annual_excess(pln_returns *r) {
  return pln_returns_annual_return(r) - pln_returns_annual_rate(r);
}
static double benchmark_excess(pln_returns *r) { return annual_benchmark(r) - pln_returns_annual_rate(r); }
static double population_deviation(const pln_returns *r, const pln_sample *s) {
  return sqrt(s->m2 / (double)s->n * r->periods);
}

static double treynor_ratio(pln_returns *r) {
  return pln_returns_ratio(r, pln_returns_total(r) - r->options.risk_free_ann, beta(r),
                           PLN_UNDEFINED_NO_VARIATION);
}
static double treynor_ratio_ann(pln_returns *r) {
  return pln_returns_ratio(r, annual_excess(r), beta(r), PLN_UNDEFINED_NO_VARIATION);
}
static double jensen_alpha(pln_returns *r) { return annual_excess(r) - beta(r) * benchmark_excess(r); }
static double systematic_risk(pln_returns *r) {
  return fabs(beta(r)) * population_deviation(r, pln_returns_bench(r));
}
static double specific_risk(pln_returns *r) {
  const pln_pair_sums p = sums_of(r, ALL);
  const double slope = beta_of(r, &p);
  const double squares = p.xx - slope * p.xb;
  return sqrt((squares > 0 ? squares : isnan(squares) ? NAN : 0) / (double)p.n * r->periods);
}
static double total_risk(pln_returns *r) { return hypot(systematic_risk(r), specific_risk(r)); }
static double modified_treynor_ratio(pln_returns *r) {
  return pln_returns_ratio(r, annual_excess(r), systematic_risk(r), PLN_UNDEFINED_NO_VARIATION);
}
static double appraisal_ratio(pln_returns *r) {
  return pln_returns_ratio(r, jensen_alpha(r), specific_risk(r), PLN_UNDEFINED_NO_VARIATION);
}
static double fama_beta(pln_returns *r) {
  if (!r->benchmark) return pln_returns_undefined(r, PLN_UNDEFINED_NO_BENCHMARK);
  return pln_returns_ratio(r, population_deviation(r, pln_returns_sample(r)),
                           population_deviation(r, pln_returns_bench(r)), PLN_UNDEFINED_NO_VARIATION);
}
static double net_selectivity(pln_returns *r) {
  return jensen_alpha(r) - (fama_beta(r) - beta(r)) * benchmark_excess(r);
}
static double m_squared(pln_returns *r) {
  return pln_returns_ratio(r, annual_excess(r), fama_beta(r), PLN_UNDEFINED_NO_VARIATION) +
         pln_returns_annual_rate(r);
}
static double m_squared_excess(pln_returns *r) { return m_squared(r) - annual_benchmark(r); }
static double m_squared_excess_geometric(pln_returns *r) {
  return (1 + m_squared(r)) / (1 + annual_benchmark(r)) - 1;
}

enum { BENCH = PLN_TAKES_BENCHMARK, PERIOD = PLN_TAKES_PERIOD, RATE = PLN_TAKES_RISK_FREE };

static const pln_return_entry entries[] = {
    {{"benchmark_return", "Benchmark Return", "fraction", "Benchmark", "benchmark_return_pct",
      "The benchmark's compounded growth over the whole series.", BENCH, 0},
     benchmark_total},
    {{"benchmark_annual_return", "Benchmark Annual Return", "fraction", "Benchmark",
      "benchmark_annual_return_pct", "annual_return of the benchmark.", BENCH | PERIOD, 0},
     annual_benchmark},
    {{"active_return", "Active Return", "fraction", "Benchmark", "active_return_pct",
      "annual_return less the benchmark's. PerformanceAnalytics: ActivePremium.", BENCH | PERIOD, 0},
     active_return},
    {{"beta", "Beta", "ratio", "Benchmark", "beta_periods",
      "Covariance of the excess returns with the benchmark's over its variance. empyrical: beta. QuantStats: "
      "Beta.",
      BENCH | RATE, 0},
     beta},
    {{"alpha", "Alpha", "fraction", "Benchmark", "alpha_compounded_pct",
      "(1 + a)^P - 1, a the mean of (r - f) - beta (b - f) per period. empyrical: alpha.",
      BENCH | PERIOD | RATE, 0},
     alpha},
    {{"alpha_arithmetic", "Alpha (arithmetic)", "fraction", "Benchmark", "alpha_arithmetic_pct",
      "a x P. QuantStats: Alpha.", BENCH | PERIOD | RATE, 0},
     alpha_arithmetic},
    {{"jensen_alpha", "Jensen's Alpha", "fraction", "Benchmark", "jensen_alpha_pct",
      "(annual_return - f) - beta (the benchmark's - f), f the year's risk-free rate (Jensen 1968). "
      "PerformanceAnalytics: SFM.jensenAlpha, Selectivity.",
      BENCH | PERIOD | RATE, 0},
     jensen_alpha},
    {{"up_beta", "Beta (up market)", "ratio", "Benchmark", "up_beta",
      "beta of the periods in which the benchmark rose. empyrical: up_alpha_beta.", BENCH | RATE, 0},
     up_beta},
    {{"up_alpha", "Alpha (up market)", "fraction", "Benchmark", "up_alpha_pct",
      "alpha of the periods in which the benchmark rose. empyrical: up_alpha_beta.", BENCH | PERIOD | RATE,
      0},
     up_alpha},
    {{"down_beta", "Beta (down market)", "ratio", "Benchmark", "down_beta",
      "beta of the periods in which the benchmark fell. empyrical: down_alpha_beta.", BENCH | RATE, 0},
     down_beta},
    {{"down_alpha", "Alpha (down market)", "fraction", "Benchmark", "down_alpha_pct",
      "alpha of the periods in which the benchmark fell. empyrical: down_alpha_beta.", BENCH | PERIOD | RATE,
      0},
     down_alpha},
    {{"correlation", "Correlation", "ratio", "Benchmark", "benchmark_correlation",
      "Pearson's, with the benchmark. QuantStats: Correlation.", BENCH, 0},
     correlation},
    {{"r_squared", "R Squared", "ratio", "Benchmark", "r_squared", "correlation squared. QuantStats: R^2.",
      BENCH, 0},
     r_squared},
    {{"information_ratio", "Information Ratio", "ratio", "Benchmark", "information_ratio",
      "Mean over sample deviation of the returns less the benchmark's, not annualised. empyrical: "
      "excess_sharpe. "
      "QuantStats: Information Ratio.",
      BENCH, 0},
     information_ratio},
    {{"information_ratio_ann", "Information Ratio (Ann.)", "ratio", "Benchmark", "information_ratio_ann",
      "information_ratio x sqrt(P).", BENCH | PERIOD, 0},
     information_ratio_ann},
    {{"tracking_error", "Tracking Error", "fraction", "Benchmark", "tracking_error_pct",
      "Sample deviation of the returns less the benchmark's, x sqrt(P). PerformanceAnalytics: TrackingError.",
      BENCH | PERIOD, 0},
     tracking_error},
    {{"capture", "Capture Ratio", "ratio", "Benchmark", "capture_ratio",
      "annual_return over the benchmark's. empyrical: capture.", BENCH | PERIOD, 0},
     capture},
    {{"up_capture", "Up Capture", "ratio", "Benchmark", "up_capture",
      "capture of the periods in which the benchmark rose. empyrical: up_capture.", BENCH | PERIOD, 0},
     up_capture},
    {{"down_capture", "Down Capture", "ratio", "Benchmark", "down_capture",
      "capture of the periods in which the benchmark fell. empyrical: down_capture.", BENCH | PERIOD, 0},
     down_capture},
    {{"up_down_capture", "Up/Down Capture", "ratio", "Benchmark", "up_down_capture",
      "up_capture over down_capture. empyrical: up_down_capture.", BENCH | PERIOD, 0},
     up_down_capture},
    {{"batting_average", "Batting Average", "fraction", "Benchmark", "batting_average_pct",
      "Share of periods with more than the benchmark's return. empyrical: batting_average.", BENCH, 0},
     batting_average},
    {{"batting_average_up", "Batting Average (up market)", "fraction", "Benchmark", "batting_average_up_pct",
      "Likewise of the periods in which the benchmark did not fall.", BENCH, 0},
     batting_average_up},
    {{"batting_average_down", "Batting Average (down market)", "fraction", "Benchmark",
      "batting_average_down_pct", "Likewise of the periods in which it fell.", BENCH, 0},
     batting_average_down},
    {{"beta_fragility_heuristic", "Beta Fragility", "fraction", "Benchmark", "beta_fragility_pct",
      "Of the periods with the benchmark's least, middle and largest return: the outer returns, weighted to "
      "the "
      "middle's place, less the middle one; negative is fragile (Taleb et al. 2012). empyrical: "
      "beta_fragility_heuristic.",
      BENCH, 0},
     beta_fragility_heuristic},
    {{"treynor_ratio", "Treynor Ratio", "ratio", "Benchmark", "treynor_ratio",
      "(total_return - risk_free_ann) over beta, not annualised. QuantStats: Treynor Ratio (there in "
      "percent).",
      BENCH | RATE, 0},
     treynor_ratio},
    {{"treynor_ratio_ann", "Treynor Ratio (Ann.)", "ratio", "Benchmark", "treynor_ratio_ann",
      "(annual_return - the year's risk-free rate) over beta (Treynor 1965). PerformanceAnalytics: "
      "TreynorRatio.",
      BENCH | PERIOD | RATE, 0},
     treynor_ratio_ann},
    {{"modified_treynor_ratio", "Treynor Ratio (modified)", "ratio", "Benchmark", "modified_treynor_ratio",
      "Likewise over systematic_risk. PerformanceAnalytics: TreynorRatio(modified = TRUE).",
      BENCH | PERIOD | RATE, 0},
     modified_treynor_ratio},
    {{"systematic_risk", "Systematic Risk", "fraction", "Benchmark", "systematic_risk_pct",
      "|beta| x deviation (of n) of the benchmark x sqrt(P). PerformanceAnalytics: SystematicRisk.",
      BENCH | PERIOD, 0},
     systematic_risk},
    {{"specific_risk", "Specific Risk", "fraction", "Benchmark", "specific_risk_pct",
      "Deviation (of n) of what the regression on the benchmark leaves, x sqrt(P). PerformanceAnalytics: "
      "SpecificRisk.",
      BENCH | PERIOD, 0},
     specific_risk},
    {{"total_risk", "Total Risk", "fraction", "Benchmark", "total_risk_pct",
      "Root of the sum of their squares. PerformanceAnalytics: TotalRisk.", BENCH | PERIOD, 0},
     total_risk},
    {{"appraisal_ratio", "Appraisal Ratio", "ratio", "Benchmark", "appraisal_ratio",
      "jensen_alpha over specific_risk (Treynor, Black 1973). PerformanceAnalytics: AppraisalRatio.",
      BENCH | PERIOD | RATE, 0},
     appraisal_ratio},
    {{"fama_beta", "Fama Beta", "ratio", "Benchmark", "fama_beta",
      "Deviation of the returns over the benchmark's. PerformanceAnalytics: FamaBeta.", BENCH, 0},
     fama_beta},
    {{"net_selectivity", "Net Selectivity", "fraction", "Benchmark", "net_selectivity_pct",
      "jensen_alpha - (fama_beta - beta)(the benchmark's annual return - f) (Fama 1972). "
      "PerformanceAnalytics: "
      "NetSelectivity.",
      BENCH | PERIOD | RATE, 0},
     net_selectivity},
    {{"m_squared", "M Squared", "fraction", "Benchmark", "m_squared_pct",
      "(annual_return - f) x the benchmark's deviation over the returns' + f (Modigliani, Modigliani 1997). "
      "PerformanceAnalytics: MSquared.",
      BENCH | PERIOD | RATE, 0},
     m_squared},
    {{"m_squared_excess", "M Squared Excess", "fraction", "Benchmark", "m_squared_excess_pct",
      "m_squared less the benchmark's annual return. PerformanceAnalytics: MSquaredExcess(Method = "
      "\"arithmetic\").",
      BENCH | PERIOD | RATE, 0},
     m_squared_excess},
    {{"m_squared_excess_geometric", "M Squared Excess (geometric)", "fraction", "Benchmark",
      "m_squared_excess_geometric_pct",
      "(1 + m_squared) / (1 + the benchmark's annual return) - 1. PerformanceAnalytics: MSquaredExcess.",
      BENCH | PERIOD | RATE, 0},
     m_squared_excess_geometric},
};

const pln_return_group pln_return_group_benchmark = {entries, sizeof entries / sizeof *entries};

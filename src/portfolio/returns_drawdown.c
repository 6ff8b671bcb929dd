/* Drawdowns of the compounded growth of a series: figures and the table. Growth starts at 1, before the first
 * return; a period without a figure leaves it as it is. */
#include "portfolio/returns_state.h"

#include "core/error.h"
#include "core/normal.h"

#include <stdlib.h>

double pln_returns_max_drawdown(pln_returns *r) {
  if (r->n < 1) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  return pln_returns_drawdown_sums(r)->deepest;
}
static double max_drawdown(pln_returns *r) { return 0 - pln_returns_max_drawdown(r); }

static double avg_drawdown(pln_returns *r) {
  const pln_drawdown_sums *d = pln_returns_drawdown_sums(r);
  if (d->n_drawdowns == 0) return pln_returns_undefined(r, PLN_UNDEFINED_NO_LOSS);
  return -d->depths / (double)d->n_drawdowns;
}
static double drawdown_days(pln_returns *r, double days) {
  if (!r->ts_ns) return pln_returns_undefined(r, PLN_UNDEFINED_NO_TIMES);
  if (r->drawdowns.n_drawdowns == 0) return pln_returns_undefined(r, PLN_UNDEFINED_NO_LOSS);
  return days;
}
static double longest_drawdown_days(pln_returns *r) {
  return drawdown_days(r, pln_returns_drawdown_sums(r)->longest_days);
}
static double avg_drawdown_days(pln_returns *r) {
  const pln_drawdown_sums *d = pln_returns_drawdown_sums(r);
  return drawdown_days(r, d->total_days / (double)d->n_drawdowns);
}
static double drawdowns(pln_returns *r) { return (double)pln_returns_drawdown_sums(r)->n_drawdowns; }

static double ulcer_index(pln_returns *r) {
  if (r->n < 2) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  return sqrt(pln_returns_drawdown_sums(r)->squares / (double)(r->n - 1));
}
static double ulcer_index_martin(pln_returns *r) {
  if (r->n < 1) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  return sqrt(pln_returns_drawdown_sums(r)->squares / (double)r->n);
}
static double pain_index(pln_returns *r) {
  if (r->n < 1) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  return pln_returns_drawdown_sums(r)->sum / (double)r->n;
}

/* The yearly rate as it was given, as QuantStats subtracts it. */
static double stated_rate(const pln_returns *r) { return r->options.risk_free_ann; }

static double ulcer_performance_index(pln_returns *r) {
  return pln_returns_ratio(r, pln_returns_total(r) - stated_rate(r), ulcer_index(r), PLN_UNDEFINED_NO_LOSS);
}
static double annual_excess(pln_returns *r) {
  return pln_returns_annual_return(r) - pln_returns_annual_rate(r);
}
static double martin_ratio(pln_returns *r) {
  return pln_returns_ratio(r, annual_excess(r), ulcer_index_martin(r), PLN_UNDEFINED_NO_LOSS);
}
static double pain_ratio(pln_returns *r) {
  return pln_returns_ratio(r, annual_excess(r), pain_index(r), PLN_UNDEFINED_NO_LOSS);
}
static double calmar_ratio(pln_returns *r) {
  const double deepest = pln_returns_max_drawdown(r);
  if (deepest == 0) return pln_returns_undefined(r, PLN_UNDEFINED_NO_LOSS);
  return pln_returns_annual_return(r) / deepest;
}
static double sterling_ratio(pln_returns *r) {
  return annual_excess(r) / (pln_returns_max_drawdown(r) + 0.1);
}

/* Expected shortfall, if normal, of the drawdown series over the deviation of the returns. */
static double serenity_index(pln_returns *r) {
  const pln_sample *s = pln_returns_sample(r);
  const double ulcer = ulcer_index(r);
  if (s->n < 2) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  const pln_drawdown_sums *d = pln_returns_drawdown_sums(r);
  const double z = pln_normal_quantile(0.05);
  const double shortfall = d->mean - d->deviation * pln_normal_density(z) / 0.05;
  const double pitfall =
      pln_returns_ratio(r, -shortfall, pln_sample_deviation(s), PLN_UNDEFINED_NO_VARIATION);
  if (isinf(pitfall) || isnan(pitfall)) return NAN;
  return pln_returns_ratio(r, s->sum - stated_rate(r), ulcer * pitfall, PLN_UNDEFINED_NO_LOSS);
}

static double recovery_factor(pln_returns *r) {
  const double deepest = pln_returns_max_drawdown(r);
  if (isnan(deepest)) return NAN;
  if (deepest == 0) return pln_returns_undefined(r, PLN_UNDEFINED_NO_LOSS);
  return fabs(pln_returns_sample(r)->sum - stated_rate(r)) / deepest;
}

/* Sums of uninterrupted negative returns, squared. */
static double losing_runs(const pln_returns *r) {
  double run = 0, sum = 0;
  for (int64_t i = 0; i < r->n; i++) {
    if (isnan(r->x[i])) continue;
    if (r->x[i] < 0) {
      run += r->x[i];
      continue;
    }
    sum += run * run;
    run = 0;
  }
  return sum + run * run;
}
static double burke_ratio(pln_returns *r) {
  return pln_returns_ratio(r, annual_excess(r), sqrt(losing_runs(r)), PLN_UNDEFINED_NO_LOSS);
}
static double modified_burke_ratio(pln_returns *r) { return burke_ratio(r) * sqrt((double)r->n); }

enum { PERIOD = PLN_TAKES_PERIOD, TIMES = PLN_TAKES_TIMES, RATE = PLN_TAKES_RISK_FREE };

static const pln_return_entry entries[] = {
    {{"max_drawdown", "Max. Drawdown", "fraction", "Drawdown", "max_drawdown_periods_pct",
      "Largest fall of the compounded growth from its running peak, negative. empyrical: max_drawdown. "
      "QuantStats: "
      "Max Drawdown. A run's max_drawdown_pct is of every bar instead.",
      0, 0},
     max_drawdown},
    {{"avg_drawdown", "Avg. Drawdown", "fraction", "Drawdown", "avg_drawdown_periods_pct",
      "Mean depth of the drawdowns: each lasts from the first period below a peak to the last before the "
      "next peak. "
      "QuantStats: Avg. Drawdown.",
      0, 0},
     avg_drawdown},
    {{"drawdowns", "Drawdowns", "count", "Drawdown", "drawdowns", "Number of drawdowns.", 0, 0}, drawdowns},
    {{"longest_drawdown_days", "Longest Drawdown", "days", "Drawdown", "longest_drawdown_days",
      "Most calendar days from the first period of a drawdown to its last, both included. QuantStats: "
      "Longest DD "
      "Days.",
      TIMES, 0},
     longest_drawdown_days},
    {{"avg_drawdown_days", "Avg. Drawdown Length", "days", "Drawdown", "avg_drawdown_days",
      "Mean of these days. QuantStats: Avg. Drawdown Days, which rounds it.", TIMES, 0},
     avg_drawdown_days},
    {{"ulcer_index", "Ulcer Index", "fraction", "Drawdown", "ulcer_index_pct",
      "sqrt(sum of squared drawdowns / (n - 1)), over all periods. QuantStats: Ulcer Index.", 0, 0},
     ulcer_index},
    {{"ulcer_index_martin", "Ulcer Index (Martin)", "fraction", "Drawdown", "ulcer_index_martin_pct",
      "sqrt(sum of squared drawdowns / n) (Martin, McCann 1989). PerformanceAnalytics: UlcerIndex.", 0, 0},
     ulcer_index_martin},
    {{"ulcer_performance_index", "Ulcer Performance Index", "ratio", "Drawdown", "ulcer_performance_index",
      "(total_return - risk_free_ann) over ulcer_index, not annualised. QuantStats: Ulcer Performance Index "
      "(UPI).",
      RATE, 0},
     ulcer_performance_index},
    {{"martin_ratio", "Martin Ratio", "ratio", "Drawdown", "martin_ratio",
      "(annual_return - the year's risk-free rate) over ulcer_index_martin. PerformanceAnalytics: "
      "MartinRatio.",
      PERIOD | RATE, 0},
     martin_ratio},
    {{"pain_index", "Pain Index", "fraction", "Drawdown", "pain_index_pct",
      "Mean drawdown over all periods, positive. PerformanceAnalytics: PainIndex.", 0, 0},
     pain_index},
    {{"pain_ratio", "Pain Ratio", "ratio", "Drawdown", "pain_ratio",
      "(annual_return - the year's risk-free rate) over pain_index. PerformanceAnalytics: PainRatio.",
      PERIOD | RATE, 0},
     pain_ratio},
    {{"serenity_index", "Serenity Index", "ratio", "Drawdown", "serenity_index",
      "(sum of returns - risk_free_ann) over ulcer_index x pitfall; pitfall is the expected shortfall at 95 "
      "% of the "
      "drawdowns, if normal (mean - 2.0627 s), over the sample deviation of the returns (KeyQuant). "
      "QuantStats 0.0.86: "
      "Serenity Index.",
      RATE, 0},
     serenity_index},
    {{"calmar_ratio", "Calmar Ratio", "ratio", "Drawdown", "calmar_ratio_periods",
      "annual_return over the size of max_drawdown (Young 1991). empyrical: calmar_ratio. QuantStats: "
      "Calmar.",
      PERIOD, 0},
     calmar_ratio},
    {{"sterling_ratio", "Sterling Ratio", "ratio", "Drawdown", "sterling_ratio",
      "(annual_return - the year's risk-free rate) over the size of max_drawdown + 10 %. "
      "PerformanceAnalytics: "
      "SterlingRatio.",
      PERIOD | RATE, 0},
     sterling_ratio},
    {{"burke_ratio", "Burke Ratio", "ratio", "Drawdown", "burke_ratio",
      "(annual_return - the year's risk-free rate) over the root of the sum of squares of losing streaks, "
      "each the "
      "sum of returns that are negative without interruption (Burke 1994). PerformanceAnalytics: BurkeRatio.",
      PERIOD | RATE, 0},
     burke_ratio},
    {{"modified_burke_ratio", "Burke Ratio (modified)", "ratio", "Drawdown", "modified_burke_ratio",
      "burke_ratio x sqrt(n). PerformanceAnalytics: BurkeRatio(modified = TRUE).", PERIOD | RATE, 0},
     modified_burke_ratio},
    {{"recovery_factor", "Recovery Factor", "ratio", "Drawdown", "recovery_factor_periods",
      "|sum of returns - risk_free_ann| over the size of max_drawdown. QuantStats: Recovery Factor.", RATE,
      0},
     recovery_factor},
};

const pln_return_group pln_return_group_drawdown = {entries, sizeof entries / sizeof *entries};

/* ---- the table ---- */

static int compare_doubles(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The deepest of the depths (> 0) that are below their 99 % quantile; `depths` is left sorted. */
static double deepest_of_99(double *depths, int64_t n) {
  qsort(depths, (size_t)n, sizeof *depths, compare_doubles);
  const double bound = pln_quantile_of_sorted(depths, n, 0.99);
  for (int64_t i = n - 1; i >= 0; i--)
    if (depths[i] < bound) return -depths[i];
  return NAN;
}

int32_t pln_returns_drawdowns(const double *returns, int64_t n, double *out) {
  if (n < 0) return pln_fail(PLN_ERR_ARGUMENT, "returns: n is %lld", (long long)n);
  double growth = 1, peak = 1;
  for (int64_t i = 0; i < n; i++) {
    if (!isnan(returns[i])) growth *= 1 + returns[i];
    if (growth > peak) peak = growth;
    out[i] = (growth - peak) / peak;
  }
  return 0;
}

int64_t pln_returns_drawdown_table(const double *returns, int64_t n, pln_drawdown_row *out,
                                   int64_t capacity) {
  if (n < 0) return pln_fail(PLN_ERR_ARGUMENT, "returns: n is %lld", (long long)n);
  double *depth = malloc((size_t)(n + 1) * sizeof *depth);
  if (!depth) return pln_fail(PLN_ERR_MEMORY, "no memory for %lld drawdowns", (long long)n);
  pln_returns_drawdowns(returns, n, depth);
  int64_t rows = 0;
  for (int64_t i = 0; i < n;) {
    if (!(depth[i] < 0)) {
      i++;
      continue;
    }
    pln_drawdown_row row = {.peak = i - 1, .start = i, .valley = i, .recovery = -1};
    int64_t end = i;
    for (; end < n && depth[end] < 0; end++)
      if (depth[end] < depth[row.valley]) row.valley = end;
    row.end = end - 1;
    if (end < n) row.recovery = end;
    row.depth = depth[row.valley];
    for (int64_t k = i; k < end; k++) depth[k] = -depth[k];
    row.depth_99 = deepest_of_99(depth + i, end - i);
    if (rows < capacity) out[rows] = row;
    rows++;
    i = end;
  }
  free(depth);
  return rows;
}

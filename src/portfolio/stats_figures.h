#pragma once
#include "portfolio/returns_state.h"
#include "portfolio/stats_state.h"

#include <math.h>

/* What several metrics share. Undefined is NaN. */
typedef struct pln_figures {
  const pln_stats *stats;
  const pln_account *account; /* may be NULL */
  int64_t ambiguous_bars;
  int32_t why;             /* pln_undefined reason of the figure that is being computed */
  int32_t is_short;        /* the run is too short to annualise growth */
  pln_drawdowns drawdowns; /* closed at the last row */
  pln_periods periods;
  pln_moments market;
  pln_leverage leverage;
  double years;      /* periods a year */
  double growth;     /* geometric mean return of a period */
  double mean;       /* arithmetic mean return of a period */
  double rate;       /* risk-free rate of a period */
  double variance;   /* sample variance of it */
  double downside;   /* root of the mean square of min(r, 0) */
  double return_ann; /* fraction */
  double volatility_ann;
  double buy_and_hold_pct;
  double beta;
} pln_figures;

typedef struct pln_metric {
  pln_metric_info info;
  double (*value)(pln_figures *f);
} pln_metric;

typedef struct pln_metric_group {
  const pln_metric *entries;
  int32_t n;
} pln_metric_group;
extern const pln_metric_group pln_metrics_of_run;
extern const pln_metric_group pln_metrics_of_trades;
extern const pln_metric_group pln_metrics_of_costs;
extern const pln_metric_group pln_metrics_of_quality;
/* Beyond the short table. */
extern const pln_metric_group pln_metrics_of_detail;
extern const pln_metric_group pln_metrics_of_trade_detail;
extern const pln_metric_group pln_metrics_of_cost_kinds;

/* NaN, for that reason. */
static inline double pln_figure_undefined(pln_figures *f, int32_t reason) {
  f->why = reason;
  return NAN;
}
static inline double pln_figure_or_nan(double x) { return isfinite(x) ? x : NAN; }
static inline double pln_figure_ratio(pln_figures *f, double a, double b) {
  if (b == 0) return pln_figure_undefined(f, PLN_UNDEFINED_NO_VARIATION);
  return pln_figure_or_nan(a / b);
}
/* Durations rounded up to the largest unit (day, hour, minute, second) of which bars are a whole number;
 * seconds. */
double pln_figure_duration(const pln_figures *f, int64_t ns);
double pln_figure_mean_duration(const pln_figures *f, int64_t total_s, int64_t total_ns, int64_t count);
/* End less start, seconds. */
double pln_figure_span(const pln_figures *f);
double pln_figure_net_profit(const pln_figures *f);

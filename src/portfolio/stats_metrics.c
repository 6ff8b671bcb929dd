/* The list of metrics, in the order in which tables print them, and their computation: the run's own, then
 * the statistics of returns, of the run's period returns. */
#include "portfolio/stats_figures.h"

#include "core/error.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const pln_metric_group *const groups[] = {
    &pln_metrics_of_run,    &pln_metrics_of_trades,       &pln_metrics_of_costs,     &pln_metrics_of_quality,
    &pln_metrics_of_detail, &pln_metrics_of_trade_detail, &pln_metrics_of_cost_kinds};
enum { GROUPS = sizeof groups / sizeof *groups, HEADLINE_GROUPS = 4, MOST_METRICS = 512 };

/* Statistics of returns under their names for runs. */
static struct {
  int32_t n;
  int32_t statistic[MOST_METRICS];
  pln_metric_info info[MOST_METRICS];
} of_returns;

static int is_unit(const char *unit, const char *name) { return strcmp(unit, name) == 0; }

static void list_returns(void) {
  const pln_return_info *info;
  for (int32_t i = 0; (info = pln_return_statistic_get(i)); i++) {
    if (!info->metric) continue;
    of_returns.statistic[of_returns.n] = i;
    of_returns.info[of_returns.n++] = (pln_metric_info){
        .name = info->metric,
        .label = info->label,
        .unit = is_unit(info->unit, "fraction") ? "%"
                : is_unit(info->unit, "days")   ? "s"
                                                : info->unit,
        .group = info->group,
        .definition = info->definition,
    };
  }
}

static int32_t n_own(void) {
  int32_t n = 0;
  for (int32_t g = 0; g < GROUPS; g++) n += groups[g]->n;
  return n;
}

static void make_list(void);

int32_t pln_metric_count(void) {
  make_list();
  return n_own() + of_returns.n;
}

static const pln_metric *own_metric(int32_t index) {
  if (index < 0) return NULL;
  for (int32_t g = 0; g < GROUPS; index -= groups[g++]->n)
    if (index < groups[g]->n) return &groups[g]->entries[index];
  return NULL;
}

const pln_metric_info *pln_metric_get(int32_t index) {
  make_list();
  const pln_metric *own = own_metric(index);
  if (own) return &own->info;
  index -= n_own();
  return index >= 0 && index < of_returns.n ? &of_returns.info[index] : NULL;
}

int32_t pln_metric_is_headline(int32_t index) {
  int32_t n = 0;
  for (int32_t g = 0; g < HEADLINE_GROUPS; g++) n += groups[g]->n;
  return index >= 0 && index < n;
}

/* Of the short table all but what every bar or the path of each order is needed for. */
static int32_t find_is_sweep(int32_t index) {
  static const char *const by_bar[] = {"alpha_pct", "beta"};
  if (!pln_metric_is_headline(index)) return 0;
  const pln_metric *own = own_metric(index);
  for (size_t i = 0; i < sizeof by_bar / sizeof *by_bar; i++)
    if (strcmp(own->info.name, by_bar[i]) == 0) return 0;
  const pln_metric_group *quality = &pln_metrics_of_quality;
  return own < quality->entries || own >= quality->entries + quality->n;
}

static int8_t is_sweep[MOST_METRICS]; /* of make_list */

static void list_metrics(void) {
  list_returns();
  for (int32_t i = 0; i < n_own(); i++) is_sweep[i] = (int8_t)find_is_sweep(i);
}

static void make_list(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, list_metrics);
  assert(n_own() + of_returns.n <= MOST_METRICS);
}

int32_t pln_metric_is_sweep(int32_t index) {
  make_list();
  return index >= 0 && index < n_own() && is_sweep[index];
}

int32_t pln_metric_statistic(int32_t index) {
  make_list();
  index -= n_own();
  return index >= 0 && index < of_returns.n ? of_returns.statistic[index] : -1;
}

int32_t pln_metric_find(const char *name) {
  const pln_metric_info *info;
  for (int32_t i = 0; (info = pln_metric_get(i)); i++)
    if (strcmp(info->name, name) == 0) return i;
  return pln_fail(PLN_ERR_NOT_FOUND, "no metric is called '%s'; docs/metrics.md lists them", name);
}

/* ---- what metrics share ---- */

static double periods_in_year(const pln_stats *stats, const pln_periods *periods) {
  if (stats->periods_per_year > 0) return stats->periods_per_year;
  const double count = stats->timeframe.count > 1 ? (double)stats->timeframe.count : 1;
  switch (stats->timeframe.unit) {
  case PLN_TIMEFRAME_WEEK:
    return 52 / count;
  case PLN_TIMEFRAME_MONTH:
    return 12 / count;
  default:
    break;
  }
  const double weekends = (double)periods->weekend_rows / (double)stats->n_rows;
  const double days = weekends > 2.0 / 7 * 0.6 ? 365 : 252;
  return stats->timeframe.unit == PLN_TIMEFRAME_DAY ? days / count : days;
}

/* Growth of less than thirty days is not annualised. Each bar spans the time to the next. */
static int is_too_short(const pln_stats *stats) {
  static const double LEAST_DAYS = 30, DAY_NS = 86400e9;
  if (stats->n_rows < 2) return 1;
  const double rows = (double)stats->n_rows;
  return (double)(stats->end_ns - stats->start_ns) * rows / (rows - 1) < LEAST_DAYS * DAY_NS;
}

static void of_periods(pln_figures *f, const pln_stats *stats) {
  pln_periods *p = &f->periods;
  if (p->unit.unit == PLN_TIMEFRAME_DAY) p->weekend_rows += pln_periods_weekend_rows(stats, p);
  pln_periods_close(p, stats->equity_last);
  pln_periods_flush(p);
  f->years = periods_in_year(stats, p);
  f->is_short = is_too_short(stats);
  if (stats->risk_free_ann != 0) f->rate = expm1(log1p(stats->risk_free_ann) / f->years);
  const int64_t n = p->moments.n;
  if (n >= 1) {
    f->mean = p->moments.mean_x;
    f->downside = sqrt(pln_sum_value(&p->downside) / (double)n);
  }
  if (n >= 2) f->variance = p->moments.xx / (double)(n - 1);
  if (p->ruined) {
    f->return_ann = -1;
    return;
  }
  if (p->count < 2 || f->is_short) return;
  /* Differences of powers near 1, which a quiet account would cancel to nothing, by way of expm1 and log1p.
   */
  const double log_growth = log(p->last / p->first) / (double)(p->count - 1);
  f->growth = expm1(log_growth);
  f->return_ann = pln_figure_or_nan(expm1(f->years * log_growth));
  const double g2 = (1 + f->growth) * (1 + f->growth);
  f->volatility_ann =
      pln_figure_or_nan(sqrt(exp(2 * f->years * log_growth) * expm1(f->years * log1p(f->variance / g2))));
}

static pln_figures figures_of(const pln_stats *stats, const pln_account *account, int64_t ambiguous) {
  pln_figures f = {
      .stats = stats,
      .account = account,
      .ambiguous_bars = ambiguous,
      .drawdowns = stats->drawdowns,
      .periods = stats->periods,
      .leverage = stats->leverage,
      .years = NAN,
      .growth = NAN,
      .mean = NAN,
      .variance = NAN,
      .downside = NAN,
      .return_ann = NAN,
      .volatility_ann = NAN,
      .buy_and_hold_pct = (stats->benchmark_last / stats->benchmark_first - 1) * 100,
      .beta = NAN,
  };
  if (stats->n_rows == 0) return f;
  of_periods(&f, stats);
  const int64_t last = stats->n_rows - 1;
  if (last > f.drawdowns.peak_row) pln_drawdowns_close(&f.drawdowns, last, stats->end_ns);
  if (stats->is_sweep) return f;
  pln_stats with_rest = *stats;
  pln_leverage_flush(&with_rest);
  pln_market_flush(&with_rest);
  f.leverage = with_rest.leverage;
  f.market = with_rest.market;
  if (f.market.n >= 2) f.beta = pln_figure_ratio(&f, f.market.xy, f.market.yy);
  return f;
}

/* ---- the periods' returns ---- */

int64_t pln_stats_returns(const pln_stats *stats, double *returns, double *benchmark, int64_t *ts_ns,
                          int64_t capacity, double *periods_per_year) {
  const pln_kept_returns *k = &stats->kept;
  const pln_periods *p = &stats->periods;
  if (periods_per_year) {
    pln_periods closed = *p;
    if (p->unit.unit == PLN_TIMEFRAME_DAY && stats->n_rows)
      closed.weekend_rows += pln_periods_weekend_rows(stats, p);
    *periods_per_year = stats->n_rows ? periods_in_year(stats, &closed) : NAN;
  }
  if (!stats->keeps_returns || k->is_full) return 0;
  int64_t n = k->n < capacity ? k->n : capacity;
  if (n > 0) {
    memcpy(returns, k->returns, (size_t)n * sizeof *returns);
    memcpy(benchmark, k->benchmark, (size_t)n * sizeof *benchmark);
    memcpy(ts_ns, k->ts_ns, (size_t)n * sizeof *ts_ns);
  }
  const int has_open = p->count > 0 && p->last > 0;
  if (has_open && n < capacity) { /* the period that is going on */
    const double change = stats->benchmark_last / k->benchmark_last - 1;
    returns[n] = stats->equity_last / p->last - 1;
    benchmark[n] = isfinite(change) ? change : NAN;
    ts_ns[n] = pln_timezone_to_local(stats->zone, p->start_ns);
  }
  return k->n + has_open;
}

int32_t pln_stats_first_return(const pln_stats *stats, double *value, int64_t *ts_ns) {
  const pln_periods *p = &stats->periods;
  if (stats->n_rows == 0) return 0;
  *value = (p->count > 0 ? p->first : stats->equity_last) / stats->capital - 1;
  *ts_ns = pln_timezone_to_local(stats->zone, p->count > 0 ? p->first_ns : p->start_ns);
  return 1;
}

static pln_returns *returns_of(const pln_stats *stats, double years) {
  const int64_t room = stats->kept.n + 1;
  double *values = malloc((size_t)room * 3 * sizeof *values);
  if (!values) {
    pln_fail(PLN_ERR_MEMORY, "no memory for the returns of %lld periods", (long long)room);
    return NULL;
  }
  double *benchmark = values + room;
  int64_t *ts_ns = (int64_t *)(void *)(values + 2 * room);
  const int64_t n = pln_stats_returns(stats, values, benchmark, ts_ns, room, NULL);
  int64_t known = 0;
  for (int64_t i = 0; i < n; i++) known += !isnan(benchmark[i]);
  const pln_return_series series = {
      .n = n, .returns = values, .benchmark = known ? benchmark : NULL, .ts_ns = ts_ns};
  const pln_return_options options = {.periods_per_year = years > 0 ? years : 0,
                                      .risk_free_ann = stats->risk_free_ann};
  pln_returns *returns = pln_returns_new(&series, &options);
  free(values);
  return returns;
}

static int32_t evaluate_returns(const pln_figures *f, double *out, int32_t *why) {
  const pln_stats *stats = f->stats;
  const int is_kept = stats->keeps_returns && !stats->kept.is_full && !stats->is_sweep;
  pln_returns *returns = is_kept ? returns_of(stats, f->years) : NULL;
  if (is_kept && !returns) return PLN_ERR_MEMORY;
  for (int32_t i = 0; i < of_returns.n; i++) {
    why[i] = PLN_UNDEFINED_NOT_COMPUTED;
    out[i] = NAN;
    if (!returns) continue;
    const double value = pln_returns_value(returns, of_returns.statistic[i], &why[i]);
    const char *unit = pln_return_statistic_get(of_returns.statistic[i])->unit;
    if (isfinite(value))
      out[i] = is_unit(unit, "fraction") ? value * 100 : is_unit(unit, "days") ? value * 86400 : value;
  }
  pln_returns_free(returns);
  return 0;
}

int32_t pln_stats_evaluate(const pln_stats *stats, const pln_account *account, int64_t ambiguous, double *out,
                           int32_t *why) {
  make_list();
  int32_t reasons[MOST_METRICS];
  pln_figures f = figures_of(stats, account, ambiguous);
  const int32_t n = n_own();
  for (int32_t i = 0; i < n; i++) {
    if (stats->is_sweep && !is_sweep[i]) {
      out[i] = NAN;
      reasons[i] = PLN_UNDEFINED_NOT_COMPUTED;
      continue;
    }
    f.why = PLN_UNDEFINED_NONE;
    const double value = own_metric(i)->value(&f);
    out[i] = isfinite(value) ? value : NAN;
    const int without_trades = stats->trades.count == 0 && is_unit(own_metric(i)->info.group, "Trades");
    reasons[i] = isfinite(value)                ? PLN_UNDEFINED_NONE
                 : without_trades || f.why == 0 ? PLN_UNDEFINED_TOO_FEW
                                                : f.why;
  }
  const int32_t status = evaluate_returns(&f, out + n, reasons + n);
  if (why) memcpy(why, reasons, (size_t)pln_metric_count() * sizeof *why);
  return status;
}

int32_t pln_stats_compute(const pln_stats *stats, const pln_account *account, int64_t ambiguous,
                          double *out) {
  return pln_stats_evaluate(stats, account, ambiguous, out, NULL);
}

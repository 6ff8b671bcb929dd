/* Series of returns: making one, and the sums that several statistics share, each made when first asked for.
 */
#include "portfolio/returns_state.h"

#include "core/error.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const double DAY_NS = 86400e9;
static const double YEAR_DAYS = 365.25;

/* ---- samples ---- */

pln_sample pln_sample_of(const double *v, int64_t n) {
  pln_sample s = {.mean = NAN, .m2 = NAN, .m3 = NAN, .m4 = NAN, .least = NAN, .most = NAN};
  pln_sum sum = {0};
  for (int64_t i = 0; i < n; i++) {
    if (isnan(v[i])) continue;
    if (s.n == 0 || v[i] < s.least) s.least = v[i];
    if (s.n == 0 || v[i] > s.most) s.most = v[i];
    pln_sum_add(&sum, v[i]);
    s.n++;
  }
  s.sum = pln_sum_value(&sum);
  if (s.n == 0) return s;
  s.m2 = s.m3 = s.m4 = 0;
  s.mean = s.least;
  if (s.least == s.most) return s;
  s.mean = s.sum / (double)s.n;
  pln_sum off = {0}, m2 = {0}, m3 = {0}, m4 = {0};
  for (int64_t i = 0; i < n; i++) {
    if (isnan(v[i])) continue;
    const double d = v[i] - s.mean;
    pln_sum_add(&off, d);
    pln_sum_add(&m2, d * d);
    pln_sum_add(&m3, d * d * d);
    pln_sum_add(&m4, d * d * d * d);
  }
  const double rest =
      pln_sum_value(&off); /* what the rounding of the mean left (Chan, Golub, LeVeque 1983) */
  s.m2 = pln_sum_value(&m2) - rest * rest / (double)s.n;
  s.m3 = pln_sum_value(&m3);
  s.m4 = pln_sum_value(&m4);
  return s;
}

double pln_sample_variance(const pln_sample *s) { return s->n >= 2 ? s->m2 / (double)(s->n - 1) : NAN; }

const pln_sample *pln_returns_sample(pln_returns *r) {
  if (!pln_returns_is_made(r, PLN_MADE_SAMPLE)) r->sample = pln_sample_of(r->x, r->n);
  return &r->sample;
}

const pln_sample *pln_returns_excess(pln_returns *r) {
  if (r->risk_free == 0 && !r->risk_free_series) return pln_returns_sample(r);
  if (!pln_returns_is_made(r, PLN_MADE_EXCESS)) {
    for (int64_t i = 0; i < r->n; i++) r->scratch[i] = r->x[i] - pln_returns_rate(r, i);
    r->excess = pln_sample_of(r->scratch, r->n);
  }
  return &r->excess;
}

const pln_sample *pln_returns_bench(pln_returns *r) {
  if (!pln_returns_is_made(r, PLN_MADE_BENCH))
    r->bench = pln_sample_of(r->benchmark, r->benchmark ? r->n : 0);
  return &r->bench;
}

static int compare_doubles(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

const double *pln_returns_sorted(pln_returns *r, int64_t *n) {
  if (!pln_returns_is_made(r, PLN_MADE_SORTED)) {
    r->n_sorted = 0;
    for (int64_t i = 0; i < r->n; i++)
      if (!isnan(r->x[i])) r->sorted[r->n_sorted++] = r->x[i];
    qsort(r->sorted, (size_t)r->n_sorted, sizeof *r->sorted, compare_doubles);
  }
  *n = r->n_sorted;
  return r->sorted;
}

double pln_quantile_of_sorted(const double *sorted, int64_t n, double p) {
  if (n < 1) return NAN;
  const double place = p * (double)(n - 1);
  const int64_t below = (int64_t)floor(place);
  if (below >= n - 1) return sorted[n - 1];
  return sorted[below] + (place - (double)below) * (sorted[below + 1] - sorted[below]);
}

/* ---- compounding ---- */

double pln_growth(const double *v, int64_t n) {
  double growth = 1;
  for (int64_t i = 0; i < n; i++)
    if (!isnan(v[i])) growth *= 1 + v[i];
  return growth;
}

double pln_returns_days(const pln_returns *r, double n) {
  if (r->ts_ns && r->n >= 2) {
    const double span = (double)(r->ts_ns[r->n - 1] - r->ts_ns[0]) / DAY_NS;
    return span * (double)r->n / (double)(r->n - 1);
  }
  return n / r->periods * YEAR_DAYS;
}

double pln_returns_annualised(pln_returns *r, double growth, double n) {
  if (n < 1) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  if (pln_returns_days(r, (double)r->n) < r->options.min_days)
    return pln_returns_undefined(r, PLN_UNDEFINED_TOO_SHORT);
  if (growth == 0) return -1;
  if (growth < 0) return pln_returns_undefined(r, PLN_UNDEFINED_RUIN);
  return expm1(log(growth) * (r->periods / n));
}

double pln_returns_annual_rate(pln_returns *r) {
  if (r->risk_free == 0 && !r->risk_free_series) return 0;
  double growth = 1;
  for (int64_t i = 0; i < r->n; i++) growth *= 1 + pln_returns_rate(r, i);
  return growth > 0 ? expm1(log(growth) * (r->periods / (double)r->n)) : NAN;
}

/* ---- drawdowns ---- */

typedef struct open_drawdown {
  int64_t first; /* period below the peak, -1: none */
  double depth;
} open_drawdown;

static void end_drawdown(pln_returns *r, pln_drawdown_sums *d, open_drawdown *open, int64_t last) {
  if (open->first < 0) return;
  d->n_drawdowns++;
  d->depths += open->depth;
  d->depth_squares += open->depth * open->depth;
  if (r->ts_ns) {
    const double days = floor((double)(r->ts_ns[last] - r->ts_ns[open->first]) / DAY_NS) + 1;
    d->total_days += days;
    if (days > d->longest_days) d->longest_days = days;
  }
  open->first = -1;
}

const pln_drawdown_sums *pln_returns_drawdown_sums(pln_returns *r) {
  pln_drawdown_sums *d = &r->drawdowns;
  if (pln_returns_is_made(r, PLN_MADE_DRAWDOWNS)) return d;
  *d = (pln_drawdown_sums){0};
  pln_sum sum = {0}, squares = {0};
  open_drawdown open = {.first = -1};
  double growth = 1, peak = 1;
  for (int64_t i = 0; i < r->n; i++) {
    if (!isnan(r->x[i])) growth *= 1 + r->x[i];
    if (growth >= peak) {
      peak = growth;
      end_drawdown(r, d, &open, i - 1);
      r->scratch[i] = 0;
      continue;
    }
    const double depth = (peak - growth) / peak;
    if (open.first < 0) open = (open_drawdown){.first = i};
    if (depth > open.depth) open.depth = depth;
    if (depth > d->deepest) d->deepest = depth;
    pln_sum_add(&sum, depth);
    pln_sum_add(&squares, depth * depth);
    r->scratch[i] = -depth;
  }
  end_drawdown(r, d, &open, r->n - 1);
  if (!r->ts_ns) d->longest_days = d->total_days = NAN;
  d->sum = pln_sum_value(&sum);
  d->squares = pln_sum_value(&squares);
  const pln_sample below = pln_sample_of(r->scratch, r->n);
  d->mean = below.mean;
  d->deviation = pln_sample_deviation(&below);
  return d;
}

/* ---- calendar ---- */

static pln_timeframe calendar_timeframe(int32_t unit) {
  static const int64_t DAY = 86400000000000;
  switch (unit) {
  case PLN_CALENDAR_WEEK:
    return (pln_timeframe){PLN_TIMEFRAME_WEEK, 1, 7 * DAY};
  case PLN_CALENDAR_MONTH:
    return (pln_timeframe){PLN_TIMEFRAME_MONTH, 1, 30 * DAY};
  case PLN_CALENDAR_QUARTER:
    return (pln_timeframe){PLN_TIMEFRAME_MONTH, 3, 91 * DAY};
  default:
    return (pln_timeframe){PLN_TIMEFRAME_MONTH, 12, 365 * DAY};
  }
}

/* Compounded (and, where wanted, summed) by unit; the number of units. */
static int64_t by_unit(const double *x, const int64_t *ts_ns, int64_t n, int32_t unit, double *compound,
                       double *sum, int64_t *starts) {
  const pln_timeframe timeframe = calendar_timeframe(unit);
  const pln_timezone *utc = pln_timezone_get(NULL);
  int64_t units = -1, start = 0, end = INT64_MIN;
  for (int64_t i = 0; i < n; i++) {
    if (ts_ns[i] >= end) {
      pln_timeframe_bucket(&timeframe, utc, ts_ns[i], &start, &end);
      units++;
      compound[units] = 1;
      if (sum) sum[units] = 0;
      if (starts) starts[units] = start;
    }
    if (isnan(x[i])) continue;
    compound[units] *= 1 + x[i];
    if (sum) sum[units] += x[i];
  }
  for (int64_t u = 0; u <= units; u++) compound[u] -= 1;
  return units + 1;
}

const pln_calendar_sums *pln_returns_calendar(pln_returns *r, int32_t unit) {
  if (!r->ts_ns) {
    r->why = PLN_UNDEFINED_NO_TIMES;
    return NULL;
  }
  pln_calendar_sums *c = &r->calendar[unit];
  if (!pln_returns_is_made(r, PLN_MADE_CALENDAR << unit))
    c->n = by_unit(r->x, r->ts_ns, r->n, unit, c->compound, c->sum, NULL);
  return c;
}

int64_t pln_returns_aggregate(const double *returns, const int64_t *ts_ns, int64_t n, int32_t unit,
                              double *out, int64_t *out_ts) {
  if (unit < PLN_CALENDAR_WEEK || unit > PLN_CALENDAR_YEAR)
    return pln_fail(PLN_ERR_ARGUMENT, "returns: calendar unit %d, expected 1 (week) to 4 (year)", unit);
  return by_unit(returns, ts_ns, n, unit, out, NULL, out_ts);
}

/* ---- periods a year ---- */

/* Whether more than 60 % of 2/7 of the days are Saturdays and Sundays: a market without weekends. */
static int trades_on_weekends(const int64_t *ts_ns, int64_t n) {
  int64_t weekend = 0;
  for (int64_t i = 0; i < n; i++) {
    pln_civil civil;
    pln_civil_from_ns(ts_ns[i], &civil);
    weekend += civil.weekday >= 5;
  }
  return (double)weekend > 2.0 / 7 * 0.6 * (double)n;
}

static int64_t distinct_days(const int64_t *ts_ns, int64_t n) {
  int64_t days = 0, last = INT64_MIN;
  for (int64_t i = 0; i < n; i++) {
    const int64_t day = (int64_t)floor((double)ts_ns[i] / DAY_NS);
    days += day != last;
    last = day;
  }
  return days;
}

double pln_returns_observed_per_year(const pln_returns *r) {
  if (!r->ts_ns || r->n < 2) return NAN;
  return (double)(r->n - 1) / ((double)(r->ts_ns[r->n - 1] - r->ts_ns[0]) / DAY_NS / YEAR_DAYS);
}

/* The usual factor where the data's own rate is near it: 252 or 365 days, 52 weeks, 12 months, 4 quarters, 1
 * year. Otherwise the data's rate where it spans a year, or the returns of a day times 252 or 365. */
static double periods_from_times(const pln_returns *r) {
  const double observed = pln_returns_observed_per_year(r);
  if (isnan(observed)) return 252;
  static const struct {
    double usual, from, to;
  } usual[] = {{52, 45, 60}, {12, 11, 13.1}, {4, 3.7, 4.3}, {1, 0.9, 1.1}};
  for (size_t k = 0; k < sizeof usual / sizeof *usual; k++)
    if (observed >= usual[k].from && observed <= usual[k].to) return usual[k].usual;
  const double year = trades_on_weekends(r->ts_ns, r->n) ? 365 : 252;
  const int spans_a_year = (double)(r->ts_ns[r->n - 1] - r->ts_ns[0]) >= 360 * DAY_NS;
  if (spans_a_year) return fabs(observed / year - 1) < 0.05 ? year : observed;
  return observed < 60 ? observed : year * (double)r->n / (double)distinct_days(r->ts_ns, r->n);
}

/* ---- making one ---- */

enum { ARRAYS = 7, CALENDAR_ARRAYS = 8 };

static pln_returns *allocate(int64_t n, int has_benchmark, int has_rate, int has_required, int has_times) {
  pln_returns *r = calloc(1, sizeof *r);
  const size_t room = n > 0 ? (size_t)n : 1;
  if (r) r->memory = malloc(room * (size_t)(ARRAYS + (has_times ? CALENDAR_ARRAYS : 0)) * sizeof(double));
  if (r && has_times) r->ts_ns = malloc(room * sizeof *r->ts_ns);
  if (!r || !r->memory || (has_times && !r->ts_ns)) {
    pln_returns_free(r);
    pln_fail(PLN_ERR_MEMORY, "no memory for a series of %lld returns", (long long)n);
    return NULL;
  }
  double *next = r->memory;
  r->x = next;
  r->sorted = next += room;
  r->scratch = next += room;
  next += room; /* scratch has room for two series */
  next += room;
  r->benchmark = has_benchmark ? next : NULL;
  next += room;
  r->risk_free_series = has_rate ? next : NULL;
  next += room;
  r->required_series = has_required ? next : NULL;
  next += room;
  if (has_times)
    for (int32_t unit = PLN_CALENDAR_WEEK; unit <= PLN_CALENDAR_YEAR; unit++) {
      r->calendar[unit].compound = next;
      r->calendar[unit].sum = next + room;
      next += 2 * room;
    }
  return r;
}

void pln_returns_free(pln_returns *r) {
  if (!r) return;
  free(r->memory);
  free(r->ts_ns);
  free(r);
}

static int32_t check_values(const char *what, const double *v, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    if (isinf(v[i]))
      return pln_fail(PLN_ERR_ARGUMENT, "returns: %s %lld is infinite, expected a number or NaN (none)", what,
                      (long long)i + 1);
  return 0;
}

static int32_t check_series(const pln_return_series *s) {
  if (s->n < 0) return pln_fail(PLN_ERR_ARGUMENT, "returns: n is %lld", (long long)s->n);
  int32_t status = check_values("return", s->returns, s->n);
  if (status == 0 && s->benchmark) status = check_values("benchmark return", s->benchmark, s->n);
  if (status == 0 && s->risk_free) status = check_values("risk-free rate", s->risk_free, s->n);
  if (status == 0 && s->required_return) status = check_values("required return", s->required_return, s->n);
  for (int64_t i = 1; status == 0 && s->ts_ns && i < s->n; i++)
    if (s->ts_ns[i] <= s->ts_ns[i - 1])
      status = pln_fail(PLN_ERR_ARGUMENT,
                        "returns: the time of return %lld is not after the one before; sort the "
                        "series and keep one return for each time",
                        (long long)i + 1);
  return status;
}

static int32_t check_options(const pln_return_options *o) {
  const double all[] = {o->periods_per_year,    o->risk_free,  o->risk_free_ann,    o->required_return,
                        o->required_return_ann, o->confidence, o->sharpe_threshold, o->trials,
                        o->trials_variance,     o->order,      o->min_days};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (!isfinite(all[i])) return pln_fail(PLN_ERR_ARGUMENT, "returns: an option is not a finite number");
  if (o->periods_per_year < 0)
    return pln_fail(PLN_ERR_ARGUMENT, "returns: periods_per_year is %g, expected a positive number",
                    o->periods_per_year);
  if (o->confidence < 0 || o->confidence >= 1)
    return pln_fail(PLN_ERR_ARGUMENT,
                    "returns: confidence is %g, expected a share between 0 and 1, such as 0.95",
                    o->confidence);
  if (o->risk_free_ann <= -1)
    return pln_fail(PLN_ERR_ARGUMENT, "returns: risk_free_ann is %g, expected a fraction above -1",
                    o->risk_free_ann);
  if (o->trials < 0 || (o->trials > 0 && o->trials < 1))
    return pln_fail(PLN_ERR_ARGUMENT, "returns: trials is %g, expected 1 or more", o->trials);
  if (o->trials_variance < 0)
    return pln_fail(PLN_ERR_ARGUMENT, "returns: trials_variance is %g, expected 0 or more",
                    o->trials_variance);
  if (o->order < 0)
    return pln_fail(PLN_ERR_ARGUMENT, "returns: order is %g, expected a positive number", o->order);
  return 0;
}

/* A yearly fraction per period; NaN where it is a total loss or worse. */
static double per_period(const pln_returns *r, double yearly) {
  if (yearly == 0) return 0;
  if (yearly <= -1) return NAN;
  return r->periods == 1 ? yearly : pow(1 + yearly, 1 / r->periods) - 1;
}

static void settle_options(pln_returns *r, const pln_return_options *options) {
  if (options) r->options = *options;
  pln_return_options *o = &r->options;
  if (o->confidence == 0) o->confidence = 0.95;
  if (o->trials == 0) o->trials = 1;
  if (o->order == 0) o->order = 2;
  if (o->min_days == 0) o->min_days = 30;
  r->periods = o->periods_per_year > 0 ? o->periods_per_year : r->ts_ns ? periods_from_times(r) : 252;
  r->risk_free = o->risk_free + per_period(r, o->risk_free_ann);
  r->required_return = o->required_return + per_period(r, o->required_return_ann);
}

pln_returns *pln_returns_new(const pln_return_series *s, const pln_return_options *options) {
  if (check_series(s) < 0 || (options && check_options(options) < 0)) return NULL;
  pln_returns *r = allocate(s->n, s->benchmark != NULL, s->risk_free != NULL, s->required_return != NULL,
                            s->ts_ns != NULL);
  if (!r) return NULL;
  const size_t size = (size_t)s->n * sizeof(double);
  r->n = s->n;
  if (s->n > 0) {
    memcpy(r->x, s->returns, size);
    if (s->benchmark) memcpy(r->benchmark, s->benchmark, size);
    if (s->risk_free) memcpy(r->risk_free_series, s->risk_free, size);
    if (s->required_return) memcpy(r->required_series, s->required_return, size);
    if (s->ts_ns) memcpy(r->ts_ns, s->ts_ns, size);
  }
  settle_options(r, options);
  return r;
}

double pln_returns_periods_per_year(const pln_returns *r) { return r->periods; }

/* ---- parts of a series ---- */

pln_returns *pln_returns_like(const pln_returns *r, int with_times) {
  pln_returns *made = allocate(r->n, r->benchmark != NULL, r->risk_free_series != NULL,
                               r->required_series != NULL, with_times && r->ts_ns);
  if (!made) return NULL;
  made->options = r->options;
  made->periods = r->periods;
  made->risk_free = r->risk_free;
  made->required_return = r->required_return;
  return made;
}

void pln_returns_take(pln_returns *into, const pln_returns *r, const int64_t *index, int64_t n) {
  assert(n <= r->n);
  into->n = n;
  into->made = 0;
  for (int64_t i = 0; i < n; i++) {
    into->x[i] = r->x[index[i]];
    if (r->benchmark) into->benchmark[i] = r->benchmark[index[i]];
    if (r->risk_free_series) into->risk_free_series[i] = r->risk_free_series[index[i]];
    if (r->required_series) into->required_series[i] = r->required_series[index[i]];
  }
}

static void take_window(pln_returns *into, const pln_returns *r, int64_t first, int64_t n) {
  const size_t size = (size_t)n * sizeof(double);
  into->n = n;
  into->made = 0;
  memcpy(into->x, r->x + first, size);
  if (r->benchmark) memcpy(into->benchmark, r->benchmark + first, size);
  if (r->risk_free_series) memcpy(into->risk_free_series, r->risk_free_series + first, size);
  if (r->required_series) memcpy(into->required_series, r->required_series + first, size);
  if (r->ts_ns) memcpy(into->ts_ns, r->ts_ns + first, size);
}

int64_t pln_returns_rolling(pln_returns *r, int32_t statistic, int64_t window, double *out) {
  if (window < 1)
    return pln_fail(PLN_ERR_ARGUMENT, "returns: window is %lld, expected 1 or more", (long long)window);
  if (r->n == 0) return 0;
  if (window > r->n) window = r->n;
  pln_returns *part = pln_returns_like(r, 1);
  if (!part) return PLN_ERR_MEMORY;
  for (int64_t i = 0; i + window <= r->n; i++) {
    take_window(part, r, i, window);
    out[i] = pln_returns_value(part, statistic, NULL);
  }
  pln_returns_free(part);
  return r->n - window + 1;
}

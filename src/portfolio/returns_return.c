/* Returns: what was gained, in all, a year, a month, lately. */
#include "portfolio/returns_state.h"

enum { PERIOD = PLN_TAKES_PERIOD, TIMES = PLN_TAKES_TIMES };

double pln_returns_total(pln_returns *r) {
  if (r->n < 1) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  return pln_growth(r->x, r->n) - 1;
}

static double arithmetic_return(pln_returns *r) {
  const pln_sample *s = pln_returns_sample(r);
  return s->n ? s->sum : pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
}

double pln_returns_annual_return(pln_returns *r) {
  return pln_returns_annualised(r, pln_growth(r->x, r->n), (double)r->n);
}

static double annual_return_arithmetic(pln_returns *r) {
  const pln_sample *s = pln_returns_sample(r);
  return s->n ? s->mean * r->periods : pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
}

static double cagr_calendar(pln_returns *r) {
  if (!r->ts_ns) return pln_returns_undefined(r, PLN_UNDEFINED_NO_TIMES);
  if (r->n < 2) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  const double years = pln_returns_days(r, (double)r->n) / 365.25;
  return pln_returns_annualised(r, pln_growth(r->x, r->n), years * r->periods);
}

static double mean_return(pln_returns *r) {
  const pln_sample *s = pln_returns_sample(r);
  return s->n ? s->mean : pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
}

/* Geometric mean of n growths. */
static double geometric_mean(pln_returns *r, const double *v, int64_t n) {
  int64_t known = 0;
  for (int64_t i = 0; i < n; i++) known += !isnan(v[i]);
  if (known == 0) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  const double growth = pln_growth(v, n);
  if (growth < 0) return pln_returns_undefined(r, PLN_UNDEFINED_RUIN);
  return growth == 0 ? -1 : expm1(log(growth) / (double)known);
}

static double expected_return(pln_returns *r) { return geometric_mean(r, r->x, r->n); }

static double expected_of(pln_returns *r, int32_t unit) {
  const pln_calendar_sums *c = pln_returns_calendar(r, unit);
  return c ? geometric_mean(r, c->compound, c->n) : NAN;
}
static double expected_month(pln_returns *r) { return expected_of(r, PLN_CALENDAR_MONTH); }
static double expected_quarter(pln_returns *r) { return expected_of(r, PLN_CALENDAR_QUARTER); }
static double expected_year(pln_returns *r) { return expected_of(r, PLN_CALENDAR_YEAR); }

static double best(pln_returns *r) {
  const pln_sample *s = pln_returns_sample(r);
  return s->n ? s->most : pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
}
static double worst(pln_returns *r) {
  const pln_sample *s = pln_returns_sample(r);
  return s->n ? s->least : pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
}
static double extreme_of(pln_returns *r, int32_t unit, int most) {
  const pln_calendar_sums *c = pln_returns_calendar(r, unit);
  if (!c) return NAN;
  const pln_sample s = pln_sample_of(c->compound, c->n);
  if (s.n == 0) return pln_returns_undefined(r, PLN_UNDEFINED_TOO_FEW);
  return most ? s.most : s.least;
}
static double best_month(pln_returns *r) { return extreme_of(r, PLN_CALENDAR_MONTH, 1); }
static double worst_month(pln_returns *r) { return extreme_of(r, PLN_CALENDAR_MONTH, 0); }
static double best_quarter(pln_returns *r) { return extreme_of(r, PLN_CALENDAR_QUARTER, 1); }
static double worst_quarter(pln_returns *r) { return extreme_of(r, PLN_CALENDAR_QUARTER, 0); }
static double best_year(pln_returns *r) { return extreme_of(r, PLN_CALENDAR_YEAR, 1); }
static double worst_year(pln_returns *r) { return extreme_of(r, PLN_CALENDAR_YEAR, 0); }

/* ---- the latest returns ---- */

enum { YEAR_BEGINS = 1, MONTH_BEGINS = 2, MONTHS_BACK = 3 };

/* First instant of the window that ends with the last return. */
static int64_t window_start(const pln_returns *r, int kind, int32_t months) {
  pln_civil c;
  pln_civil_from_ns(r->ts_ns[r->n - 1], &c);
  if (kind == MONTHS_BACK) {
    const int32_t month = c.year * 12 + c.month - 1 - months;
    const int32_t last = pln_days_in_month(month / 12, month % 12 + 1);
    c.year = month / 12;
    c.month = month % 12 + 1;
    if (c.day > last) c.day = last;
    return pln_civil_to_ns(&c);
  }
  const pln_civil begin = {.year = c.year, .month = kind == MONTH_BEGINS ? c.month : 1, .day = 1};
  return pln_civil_to_ns(&begin);
}

/* First return of the window, or -1 where the series does not reach back so far (ten days, or one period, of
 * grace: weekends and holidays). */
static int64_t window_first(pln_returns *r, int kind, int32_t months) {
  if (!r->ts_ns) {
    r->why = PLN_UNDEFINED_NO_TIMES;
    return -1;
  }
  if (r->n < 1) {
    r->why = PLN_UNDEFINED_TOO_FEW;
    return -1;
  }
  static const int64_t TEN_DAYS = 864000000000000;
  const int64_t start = window_start(r, kind, months);
  const int64_t span = r->ts_ns[r->n - 1] - r->ts_ns[0];
  const int64_t period = r->n > 1 ? span / (r->n - 1) : 0;
  if (kind == MONTHS_BACK && r->ts_ns[0] > start + (period > TEN_DAYS ? period : TEN_DAYS)) {
    r->why = PLN_UNDEFINED_TOO_SHORT;
    return -1;
  }
  int64_t first = r->n;
  while (first > 0 && r->ts_ns[first - 1] >= start) first--;
  return first;
}

static double return_since(pln_returns *r, int kind, int32_t months) {
  const int64_t first = window_first(r, kind, months);
  return first < 0 ? NAN : pln_growth(r->x + first, r->n - first) - 1;
}
static double return_mtd(pln_returns *r) { return return_since(r, MONTH_BEGINS, 0); }
static double return_3m(pln_returns *r) { return return_since(r, MONTHS_BACK, 3); }
static double return_6m(pln_returns *r) { return return_since(r, MONTHS_BACK, 6); }
static double return_ytd(pln_returns *r) { return return_since(r, YEAR_BEGINS, 0); }
static double return_1y(pln_returns *r) { return return_since(r, MONTHS_BACK, 12); }

static double annual_since(pln_returns *r, int32_t months) {
  const int64_t first = window_first(r, MONTHS_BACK, months);
  if (first < 0) return NAN;
  return pln_returns_annualised(r, pln_growth(r->x + first, r->n - first), (double)(r->n - first));
}
static double return_3y_ann(pln_returns *r) { return annual_since(r, 35); }
static double return_5y_ann(pln_returns *r) { return annual_since(r, 59); }
static double return_10y_ann(pln_returns *r) { return annual_since(r, 119); }

static const pln_return_entry entries[] = {
    {{"total_return", "Total Return", "fraction", "Return", NULL,
      "Growth over the whole series: product of (1 + r), less 1. empyrical: cum_returns_final. QuantStats: "
      "comp.",
      0, 0},
     pln_returns_total},
    {{"arithmetic_return", "Sum of Returns", "fraction", "Return", "sum_of_returns_pct",
      "Sum of the returns, without compounding. QuantStats: Total Return (not compounded).", 0, 0},
     arithmetic_return},
    {{"annual_return", "Annual Return (CAGR)", "fraction", "Return", NULL,
      "(product of (1 + r))^(P / n) - 1, P the periods per year, n the number of periods (those without a "
      "figure "
      "too): the compound annual growth rate. empyrical: annual_return, cagr. QuantStats: CAGR, All-time "
      "(ann.).",
      PERIOD, 0},
     pln_returns_annual_return},
    {{"annual_return_arithmetic", "Annual Return (arithmetic)", "fraction", "Return",
      "return_arithmetic_ann_pct", "Mean return times P.", PERIOD, 0},
     annual_return_arithmetic},
    {{"cagr_calendar", "CAGR (calendar)", "fraction", "Return", NULL,
      "(product of (1 + r))^(1 / years) - 1, years of 365.25 days from the first time to the last, times n / "
      "(n - 1) "
      "because n returns span n periods.",
      TIMES, 0},
     cagr_calendar},
    {{"mean_return", "Mean Return", "fraction", "Return", "mean_period_return_pct",
      "Arithmetic mean of the returns.", 0, 0},
     mean_return},
    {{"expected_return", "Expected per Period", "fraction", "Return", "expected_period_return_pct",
      "Geometric mean of the returns. QuantStats: Expected Daily.", 0, 0},
     expected_return},
    {{"expected_month", "Expected Month", "fraction", "Return", "expected_month_pct",
      "Geometric mean of the returns of calendar months. QuantStats: Expected Monthly.", TIMES, 0},
     expected_month},
    {{"expected_quarter", "Expected Quarter", "fraction", "Return", "expected_quarter_pct",
      "Geometric mean of the returns of calendar quarters.", TIMES, 0},
     expected_quarter},
    {{"expected_year", "Expected Year", "fraction", "Return", "expected_year_pct",
      "Geometric mean of the returns of calendar years. QuantStats: Expected Yearly.", TIMES, 0},
     expected_year},
    {{"best_period", "Best Period", "fraction", "Return", "best_period_pct",
      "Largest return. QuantStats: Best Day.", 0, 0},
     best},
    {{"worst_period", "Worst Period", "fraction", "Return", "worst_period_pct",
      "Smallest return. QuantStats: Worst Day.", 0, 0},
     worst},
    {{"best_month", "Best Month", "fraction", "Return", "best_month_pct",
      "Largest return of a calendar month.", TIMES, 0},
     best_month},
    {{"worst_month", "Worst Month", "fraction", "Return", "worst_month_pct",
      "Smallest return of a calendar month.", TIMES, 0},
     worst_month},
    {{"best_quarter", "Best Quarter", "fraction", "Return", "best_quarter_pct",
      "Largest return of a calendar quarter.", TIMES, 0},
     best_quarter},
    {{"worst_quarter", "Worst Quarter", "fraction", "Return", "worst_quarter_pct",
      "Smallest return of a calendar quarter.", TIMES, 0},
     worst_quarter},
    {{"best_year", "Best Year", "fraction", "Return", "best_year_pct", "Largest return of a calendar year.",
      TIMES, 0},
     best_year},
    {{"worst_year", "Worst Year", "fraction", "Return", "worst_year_pct",
      "Smallest return of a calendar year.", TIMES, 0},
     worst_year},
    {{"return_mtd", "Month to Date", "fraction", "Return", "return_mtd_pct",
      "Return since the first of the last return's month. QuantStats: MTD.", TIMES, 0},
     return_mtd},
    {{"return_3m", "3 Months", "fraction", "Return", "return_3m_pct",
      "Return from the same day three months before the last return, included; undefined where the series "
      "begins "
      "later (QuantStats then gives the whole). QuantStats: 3M.",
      TIMES, 0},
     return_3m},
    {{"return_6m", "6 Months", "fraction", "Return", "return_6m_pct",
      "Likewise of six months. QuantStats: 6M.", TIMES, 0},
     return_6m},
    {{"return_ytd", "Year to Date", "fraction", "Return", "return_ytd_pct",
      "Return since the first of January of the last return's year. QuantStats: YTD.", TIMES, 0},
     return_ytd},
    {{"return_1y", "1 Year", "fraction", "Return", "return_1y_pct",
      "Likewise of twelve months. QuantStats: 1Y.", TIMES, 0},
     return_1y},
    {{"return_3y_ann", "3 Years (Ann.)", "fraction", "Return", "return_3y_ann_pct",
      "annual_return of the returns from 35 months before the last one on (QuantStats' window: the current "
      "month and "
      "35 before it). QuantStats: 3Y (ann.).",
      PERIOD | TIMES, 0},
     return_3y_ann},
    {{"return_5y_ann", "5 Years (Ann.)", "fraction", "Return", "return_5y_ann_pct",
      "Likewise from 59 months before. QuantStats: 5Y (ann.).", PERIOD | TIMES, 0},
     return_5y_ann},
    {{"return_10y_ann", "10 Years (Ann.)", "fraction", "Return", "return_10y_ann_pct",
      "Likewise from 119 months before. QuantStats: 10Y (ann.).", PERIOD | TIMES, 0},
     return_10y_ann},
};

const pln_return_group pln_return_group_return = {entries, sizeof entries / sizeof *entries};

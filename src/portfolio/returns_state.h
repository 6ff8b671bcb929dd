#pragma once
#include "abi/returns.h"
#include "abi/time.h"
#include "portfolio/stats_moments.h"

#include <math.h>
#include <stddef.h>

/* Central moments of what is not NaN; NaN where there is nothing. */
typedef struct pln_sample {
  int64_t n;
  double sum;
  double mean;
  double m2; /* sum of squared deviations; exactly 0 where all values are equal */
  double m3;
  double m4;
  double least;
  double most;
} pln_sample;

/* Sums over the drawdowns of the compounded growth; depths are positive fractions. */
typedef struct pln_drawdown_sums {
  double deepest;
  double sum; /* over periods */
  double squares;
  double mean; /* of drawdown series, <= 0, for serenity */
  double deviation;
  int64_t n_drawdowns;
  double depths;        /* sum over drawdowns */
  double depth_squares; /* … of squares */
  double longest_days;  /* NaN without times */
  double total_days;
} pln_drawdown_sums;

/* Sums over pairs of returns and benchmark returns, both above the risk-free rate. */
typedef struct pln_pair_sums {
  int64_t n;
  double mean_x;
  double mean_b;
  double xx;
  double bb;
  double xb;
} pln_pair_sums;

/* What returns miss of the required one, and what they exceed it by. */
typedef struct pln_partial_sums {
  int64_t n;
  int64_t n_below;
  double below; /* >= 0 */
  double above;
  double below2; /* of squares */
  double above2;
} pln_partial_sums;

typedef struct pln_tally {
  int64_t n; /* with a figure */
  int64_t wins;
  int64_t losses;
  double won;
  double lost; /* < 0 */
} pln_tally;

/* Series compounded (and summed) by calendar unit. */
typedef struct pln_calendar_sums {
  int64_t n;
  double *compound;
  double *sum;
} pln_calendar_sums;

struct pln_returns {
  pln_return_options options;
  int64_t n;
  double periods;           /* a year */
  double risk_free;         /* per period, without the series */
  double required_return;   /* per period */
  double *x;                /* returns */
  double *benchmark;        /* or NULL */
  double *risk_free_series; /* or NULL */
  double *required_series;  /* or NULL */
  int64_t *ts_ns;           /* or NULL */
  int32_t why;              /* reason of the value that is being computed */
  /* Made when first asked for; bits of `made`. */
  int32_t made;
  pln_sample sample; /* of x */
  pln_sample excess; /* of x less the risk-free rate */
  pln_sample bench;  /* of the benchmark */
  pln_drawdown_sums drawdowns;
  pln_pair_sums pairs[3]; /* of all, of up and of down markets */
  pln_partial_sums partial;
  pln_tally tally;
  int64_t n_sorted;
  double *sorted; /* x without NaN, ascending */
  pln_calendar_sums calendar[PLN_CALENDAR_YEAR + 1];
  double *scratch; /* n values, of whoever is computing */
  double *memory;  /* one block for all arrays of doubles */
};

enum {
  PLN_MADE_SAMPLE = 1,
  PLN_MADE_EXCESS = 2,
  PLN_MADE_BENCH = 4,
  PLN_MADE_DRAWDOWNS = 8,
  PLN_MADE_SORTED = 16,
  PLN_MADE_PARTIAL = 32,
  PLN_MADE_TALLY = 64,
  PLN_MADE_PAIRS = 128,    /* << 0 … 2 */
  PLN_MADE_CALENDAR = 1024 /* << unit, 1 … 4 */
};

/* Whether the part is made; it is from now on. */
static inline int pln_returns_is_made(pln_returns *r, int32_t bit) {
  if (r->made & bit) return 1;
  r->made |= bit;
  return 0;
}

typedef struct pln_return_entry {
  pln_return_info info;
  double (*value)(pln_returns *r);
} pln_return_entry;

/* One table for each group of statistics, in its own file. */
typedef struct pln_return_group {
  const pln_return_entry *entries;
  int32_t n;
} pln_return_group;
extern const pln_return_group pln_return_group_return;
extern const pln_return_group pln_return_group_wins;
extern const pln_return_group pln_return_group_risk;
extern const pln_return_group pln_return_group_drawdown;
extern const pln_return_group pln_return_group_ratio;
extern const pln_return_group pln_return_group_partial;
extern const pln_return_group pln_return_group_benchmark;

/* NaN, for that reason. */
static inline double pln_returns_undefined(pln_returns *r, int32_t reason) {
  r->why = reason;
  return NAN;
}

/* a / b; where b is 0 an infinity or NaN, for that reason. */
static inline double pln_returns_ratio(pln_returns *r, double a, double b, int32_t reason) {
  if (b == 0) {
    r->why = reason;
    return a > 0 ? INFINITY : a < 0 ? -INFINITY : NAN;
  }
  return a / b;
}

pln_sample pln_sample_of(const double *v, int64_t n);
double pln_sample_variance(const pln_sample *s); /* n - 1; NaN below two */
static inline double pln_sample_deviation(const pln_sample *s) { return sqrt(pln_sample_variance(s)); }

const pln_sample *pln_returns_sample(pln_returns *r);
const pln_sample *pln_returns_excess(pln_returns *r);
const pln_sample *pln_returns_bench(pln_returns *r);
const pln_drawdown_sums *pln_returns_drawdown_sums(pln_returns *r);
const double *pln_returns_sorted(pln_returns *r, int64_t *n);
/* NULL without times (the reason is set). */
const pln_calendar_sums *pln_returns_calendar(pln_returns *r, int32_t unit);

/* Risk-free rate of period i. */
static inline double pln_returns_rate(const pln_returns *r, int64_t i) {
  return r->risk_free_series ? r->risk_free + r->risk_free_series[i] : r->risk_free;
}
static inline double pln_returns_required(const pln_returns *r, int64_t i) {
  return r->required_series ? r->required_return + r->required_series[i] : r->required_return;
}
/* Quantile by linear interpolation between order statistics (numpy's default; type 7 of Hyndman, Fan 1996).
 */
double pln_quantile_of_sorted(const double *sorted, int64_t n, double p);
/* 1 + r compounded over values that are not NaN: the growth factor. */
double pln_growth(const double *v, int64_t n);
/* Growth compounded to a year, less 1, with the bound on the span. */
double pln_returns_annualised(pln_returns *r, double growth, double n);
/* Span in days: of the times, or of n periods. */
double pln_returns_days(const pln_returns *r, double n);
/* A year's risk-free rate: rates compounded. */
double pln_returns_annual_rate(pln_returns *r);
/* An empty series with the same options and room; NULL without memory. */
pln_returns *pln_returns_like(const pln_returns *r, int with_times);
/* Fills one without times with n periods of `r`. */
void pln_returns_take(pln_returns *into, const pln_returns *r, const int64_t *index, int64_t n);
/* Shared between groups. */
double pln_returns_annual_return(pln_returns *r);
double pln_returns_sharpe(pln_returns *r);  /* per period */
double pln_returns_sortino(pln_returns *r); /* per period */
/* Root of the mean square of what is missing to the required return. */
double pln_returns_downside(pln_returns *r);
double pln_returns_penalty(pln_returns *r); /* autocorrelation penalty */
double pln_returns_total(pln_returns *r);
double pln_returns_geometric_volatility(pln_returns *r);
double pln_returns_max_drawdown(pln_returns *r); /* > 0 */
double pln_returns_skewness(pln_returns *r);
double pln_returns_kurtosis(pln_returns *r); /* excess, of a sample */

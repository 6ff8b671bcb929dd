#pragma once
#include "abi/types.h"
/* Statistics of a series of returns: one library for runs (pln_stats uses it for the period returns) and for any series
 * from Lua. One name, one definition (pln_return_statistic_get; docs/metrics.md is written from it).
 *
 * A return is the fraction gained in one period: 0.01 is one percent. NaN is a period without a figure: it counts as
 * time and as a return of 0 where returns are compounded, and is left out of means and deviations. One thread at a time. */

/* What statistics are reckoned with; zeroed fields are the defaults where that is said. */
typedef struct pln_return_options {
  double periods_per_year;   /* factor of annualisation; 0: from the times, 252 where there are none */
  double risk_free;          /* per period, fraction */
  double risk_free_ann;      /* a year, fraction; (1 + r)^(1/P) - 1 of it is added to risk_free */
  double required_return;    /* minimum acceptable return per period, fraction */
  double required_return_ann; /* a year, fraction; (1 + r)^(1/P) - 1 of it is added to required_return */
  double confidence;         /* of VaR, expected shortfall, minimum track record; 0: 0.95. In (0, 1) */
  double sharpe_threshold;   /* annualised Sharpe ratio that the probabilistic one has to beat; default 0 */
  double trials;             /* number of independent trials of which this series is the best; 0: 1 */
  double trials_variance;    /* variance of the trials' Sharpe ratios per period (not annualised) */
  double order;              /* order of the lower partial moment of kappa_ratio; 0: 2 */
  double min_days;           /* annualised compound figures of series shorter than so many days are undefined; 0: 30,
                                negative: no bound */
} pln_return_options;

/* All arrays hold n values and are copied. */
typedef struct pln_return_series {
  int64_t n;
  const double *returns;
  const double *benchmark;   /* returns of the same periods, or NULL */
  const double *risk_free;   /* per period, added to the options' rate; or NULL */
  const double *required_return; /* per period, added to the options' one; or NULL */
  const int64_t *ts_ns;      /* ascending: the UTC date of a stamp is the period's date; or NULL */
} pln_return_series;

/* Why a figure is undefined (NaN), or infinite. */
typedef enum pln_undefined {
  PLN_UNDEFINED_NONE = 0,
  PLN_UNDEFINED_TOO_FEW = 1,       /* fewer returns than the definition needs */
  PLN_UNDEFINED_TOO_SHORT = 2,     /* annualising so short a span would be an extrapolation */
  PLN_UNDEFINED_NO_BENCHMARK = 3,
  PLN_UNDEFINED_NO_TIMES = 4,
  PLN_UNDEFINED_NO_VARIATION = 5,  /* the deviation that it divides by is 0 */
  PLN_UNDEFINED_NO_LOSS = 6,       /* no loss or drawdown to divide by */
  PLN_UNDEFINED_NO_GAIN = 7,
  PLN_UNDEFINED_RUIN = 8,          /* a return of -100 % or less: nothing is left to compound */
  PLN_UNDEFINED_NOT_COMPUTED = 9,  /* the series was not kept */
  PLN_UNDEFINED_NUMBER = 10,       /* the formula has no finite value here */
  PLN_UNDEFINED_COUNT = 11
} pln_undefined;

const char *pln_undefined_name(int32_t reason);  /* "too_short"; static; "?" out of range */
const char *pln_undefined_help(int32_t reason);  /* a sentence for people; static */

/* What a statistic needs or reads beyond the returns. */
typedef enum pln_return_takes {
  PLN_TAKES_BENCHMARK = 1,
  PLN_TAKES_RISK_FREE = 2,
  PLN_TAKES_REQUIRED_RETURN = 4,
  PLN_TAKES_PERIOD = 8,            /* periods_per_year */
  PLN_TAKES_TIMES = 16,
  PLN_TAKES_CONFIDENCE = 32,
  PLN_TAKES_SHARPE_THRESHOLD = 64,
  PLN_TAKES_TRIALS = 128,
  PLN_TAKES_ORDER = 256
} pln_return_takes;

typedef struct pln_return_info {
  const char *name;          /* "sharpe_ratio" */
  const char *label;         /* "Sharpe Ratio" */
  const char *unit;          /* "fraction", "ratio", "count", "days" */
  const char *group;         /* "Return", "Risk", "Drawdown", "Ratio", "Distribution", "Wins", "Benchmark" */
  const char *metric;        /* its name among a run's metrics, there in percent if a fraction; NULL: a run has its own */
  const char *definition;    /* a sentence or two, with source */
  int32_t takes;             /* bits of pln_return_takes */
  int32_t reserved;
} pln_return_info;

int32_t pln_return_statistic_count(void);
const pln_return_info *pln_return_statistic_get(int32_t index); /* NULL out of range */
int32_t pln_return_statistic_find(const char *name);            /* index, or PLN_ERR_NOT_FOUND */

typedef struct pln_returns pln_returns;
/* NULL on a value out of range, an infinite return, or times out of order. `options` may be NULL. */
pln_returns *pln_returns_new(const pln_return_series *series, const pln_return_options *options);
void pln_returns_free(pln_returns *returns);
/* The statistic's value: NaN where undefined, an infinity where only the divisor vanishes; *why (may be NULL) is then the
 * pln_undefined reason, otherwise 0. `statistic` in range. */
double pln_returns_value(pln_returns *returns, int32_t statistic, int32_t *why);
double pln_returns_periods_per_year(const pln_returns *returns); /* what is annualised with */
/* Returns per year of 365.25 days that the times show; NaN without two of them. */
double pln_returns_observed_per_year(const pln_returns *returns);

/* The statistic over each window of `window` returns (of all of them, if there are fewer): n - window + 1 values in
 * out[n]; the number of values or a status. */
int64_t pln_returns_rolling(pln_returns *returns, int32_t statistic, int64_t window, double *out);

/* out[n]: growth of `start` compounded (start 0: growth of 1, less 1). */
int32_t pln_returns_cumulate(const double *returns, int64_t n, double start, double *out);
/* out[n - 1]: prices[i + 1] / prices[i] - 1; the number of values. */
int64_t pln_returns_of_prices(const double *prices, int64_t n, double *out);
/* out[n]: distance of the compounded growth from its running peak (the start included), <= 0. */
int32_t pln_returns_drawdowns(const double *returns, int64_t n, double *out);

typedef enum pln_calendar_unit {
  PLN_CALENDAR_WEEK = 1,     /* ISO week */
  PLN_CALENDAR_MONTH = 2,
  PLN_CALENDAR_QUARTER = 3,
  PLN_CALENDAR_YEAR = 4
} pln_calendar_unit;

/* Returns compounded by calendar unit; out[n] and out_ts[n] (start of the unit) hold up to n; the number of values. */
int64_t pln_returns_aggregate(const double *returns, const int64_t *ts_ns, int64_t n, int32_t unit, double *out,
                              int64_t *out_ts);

/* One fall below the peak. Dates of periods by index; -1 is the start, before the first return. */
typedef struct pln_drawdown_row {
  int64_t peak;              /* last period at the peak */
  int64_t start;             /* first period below it */
  int64_t valley;            /* the deepest */
  int64_t end;               /* last period below it */
  int64_t recovery;          /* first period back at the peak or above, -1: not recovered */
  double depth;              /* fraction, < 0 */
  double depth_99;           /* least of the depths above the 1 % quantile of them (QuantStats' "99 %"); NaN for one */
} pln_drawdown_row;

/* Fills up to `capacity` rows in time order; the number of drawdowns there are. */
int64_t pln_returns_drawdown_table(const double *returns, int64_t n, pln_drawdown_row *out, int64_t capacity);

/* Generalised Pareto distribution fitted to the losses beyond a threshold (Gilli, Kellezi 2006; as empyrical does:
 * threshold halved from 0.2 until the shape is positive): out[5] = threshold, scale, shape, value at risk, expected
 * shortfall at `probability`; zeroes where no fit is found. */
int32_t pln_returns_gpd_risk(const double *returns, int64_t n, double probability, double *out);

/* Stationary bootstrap (Politis, Romano 1994): blocks of geometric length, wrapped around the end. */
typedef struct pln_bootstrap_options {
  int64_t samples;           /* resampled series; 0: 1000 */
  double mean_block;         /* mean length of the blocks; 0: n^(1/3) */
  double confidence;         /* of the interval; 0: 0.95 */
  uint64_t seed;             /* the same seed, the same figures */
} pln_bootstrap_options;

typedef struct pln_bootstrap_row {
  double value;              /* of the series itself */
  double low;                /* percentile interval */
  double high;
  double standard_error;     /* sample deviation of the resampled figures */
  int64_t defined;           /* resamples in which the figure was defined; the interval is NaN below 90 % */
} pln_bootstrap_row;

/* out[n_statistics]. Resampled returns carry their benchmark and risk-free rate along, not their times. */
int32_t pln_returns_bootstrap(const pln_returns *returns, const int32_t *statistics, int32_t n_statistics,
                              const pln_bootstrap_options *options, pln_bootstrap_row *out);
double pln_returns_mean_block(int64_t n); /* what mean_block = 0 stands for */

#pragma once
#include "abi/portfolio.h"
#include "abi/returns.h"
/* Statistics of a run, accumulated as it goes: memory does not depend on the number of bars, only, where the periods'
 * returns are kept, on that of days (weeks, months), up to 65,536 of them. One name, one definition (docs/metrics.md is
 * written from pln_metric_get). One thread at a time.
 *
 * Where money comes or goes (pln_equity_rows.flow), returns and drawdowns are those of a time-weighted index. */
typedef struct pln_stats pln_stats;

typedef struct pln_stats_config {
  double capital;             /* > 0: what returns are measured against */
  const char *timezone;       /* in which days begin; copied; NULL or "" = UTC */
  pln_timeframe timeframe;    /* of the recorded rows: decides the period of returns (day, week, month) and the unit
                                 to which durations are rounded up */
  int64_t first_trading_row;  /* recorded row at which buy & hold starts (the first warm bar) */
  int32_t keep_returns;       /* 1: keep the periods' returns, for the metrics that need the series (the others are
                                 undefined without: PLN_UNDEFINED_NOT_COMPUTED) */
  int32_t is_sweep;           /* 1: only the metrics of sweeps (pln_metric_is_sweep), which do not ask for every bar; the
                                 others are undefined (PLN_UNDEFINED_NOT_COMPUTED). Faster, and a replay in lanes feeds it
                                 without visiting bars (abi/replay.h) */
  double risk_free_ann;       /* a year's risk-free rate, fraction > -1: of the Sharpe ratio, and of the statistics of the
                                 period returns that take one */
  double periods_per_year;    /* factor of annualisation; 0: by the calendar (metric periods_per_year) */
} pln_stats_config;

/* NULL on a value out of range or an unknown time zone. */
pln_stats *pln_stats_new(const pln_stats_config *config);
void pln_stats_free(pln_stats *stats);
/* The same figures, to the bit, whatever the chunking of these two and however they interleave. Rows in time order;
 * trades in order of closing, open ones are ignored. */
int32_t pln_stats_add_rows(pln_stats *stats, const pln_equity_rows *rows);
int32_t pln_stats_add_trades(pln_stats *stats, const pln_trade *trades, int64_t n);
/* Sets the row of pln_stats_config.first_trading_row once it is known; before that row is added
 * (PLN_ERR_STATE after). */
int32_t pln_stats_set_first_trading_row(pln_stats *stats, int64_t row);

/* Tells what trading cost by kind (copied), for the metrics of that; undefined without. */
void pln_stats_set_execution(pln_stats *stats, const pln_execution_quality *execution);

typedef struct pln_metric_info {
  const char *name;           /* "sharpe_ratio" */
  const char *label;          /* "Sharpe Ratio" */
  const char *unit;           /* "%", "currency", "s" (a duration), "ns" (a time), "count", "ratio" */
  const char *group;          /* "Run", "Return", "Risk", "Trades", "Costs", or a group of pln_return_info */
  const char *definition;     /* a sentence or two, with source */
} pln_metric_info;

int32_t pln_metric_count(void);
const pln_metric_info *pln_metric_get(int32_t index); /* in the order in which tables print them; NULL out of range */
int32_t pln_metric_is_headline(int32_t index);        /* 1: part of the short table */
/* 1: among the metrics of sweeps: those of the short table that equity at the ends of periods, drawdowns and trades
 * give. The same bits as without is_sweep. */
int32_t pln_metric_is_sweep(int32_t index);
/* The statistic of returns that the metric shows, of the run's period returns; -1: none. */
int32_t pln_metric_statistic(int32_t index);
int32_t pln_metric_find(const char *name);            /* index, or PLN_ERR_NOT_FOUND */
/* Fills out[pln_metric_count()], NaN where undefined; may be called at any time, changes nothing. `account` (may be
 * NULL) and `ambiguous_bars` complete what the rows and trades do not hold. 0 or a status. */
int32_t pln_stats_compute(const pln_stats *stats, const pln_account *account, int64_t ambiguous_bars, double *out);
/* The same, and why[pln_metric_count()] (may be NULL): the pln_undefined reason of each, 0 where it is defined. */
int32_t pln_stats_evaluate(const pln_stats *stats, const pln_account *account, int64_t ambiguous_bars, double *out,
                           int32_t *why);
/* The periods' returns, where they are kept: fills up to `capacity` of each array (`benchmark` NaN where it is not known;
 * `ts_ns` local midnight at which the period begins, as UTC); the number there are. `periods_per_year` (may be NULL) gets
 * the factor of annualisation. */
int64_t pln_stats_returns(const pln_stats *stats, double *returns, double *benchmark, int64_t *ts_ns, int64_t capacity,
                          double *periods_per_year);
/* The return of the first period, from the capital to its end, and that period's `ts_ns`: pln_stats_returns begins with
 * the second one, as the metrics do. 1, or 0 before the first row. */
int32_t pln_stats_first_return(const pln_stats *stats, double *value, int64_t *ts_ns);

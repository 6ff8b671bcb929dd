#pragma once
#include "abi/stats.h"
#include "abi/time.h"
#include "portfolio/stats_moments.h"

/* Terms are taken in blocks of so many, counted from the first: figures do not depend on the chunks that
 * arrive. */
enum { PLN_STATS_BLOCK = 256 };

/* More periods than these (260 years of days) are not kept. */
enum { PLN_STATS_MOST_PERIODS = 65536 };

/* Recorder bits of pln_equity_rows.exposure. */
enum { PLN_EXPOSURE_LONG = 1, PLN_EXPOSURE_SHORT = 2, PLN_EXPOSURE_CLOSED = 4 };

typedef struct pln_drawdowns {
  double peak;
  double low; /* least equity since the peak */
  int64_t peak_row;
  int64_t peak_ts_ns;
  double deepest; /* fraction */
  double fall;    /* the largest, in currency */
  pln_sum depths; /* of the completed ones, fractions */
  int64_t count;
  int64_t longest_ns;
  int64_t total_s; /* sum of durations, whole seconds and the rest */
  int64_t total_ns;
} pln_drawdowns;

/* Returns from period end to period end. */
typedef struct pln_periods {
  pln_timeframe unit;
  int64_t until_ns;     /* end of the current period */
  int64_t rows;         /* of the current period so far */
  int64_t weekend_rows; /* of completed periods (unit = day) */
  int64_t start_ns;     /* of the current period */
  int64_t count;        /* completed periods */
  double first;         /* equity at the end of the first */
  int64_t first_ns;     /* start of the first */
  double last;          /* … of the latest completed */
  int32_t ruined;       /* some period ended at or below zero */
  int32_t n_block;
  double block[PLN_STATS_BLOCK];
  pln_moments moments;
  pln_sum downside; /* sum of min(r, 0)^2 */
} pln_periods;

/* Returns of the completed periods, where they are kept. */
typedef struct pln_kept_returns {
  int64_t n;
  int64_t capacity;
  double *returns;
  double *benchmark;     /* NaN where the benchmark is not known at both ends */
  int64_t *ts_ns;        /* local midnight at which the period begins, as UTC */
  double benchmark_last; /* at the end of the latest completed period */
  int32_t is_full;       /* there are more than PLN_STATS_MOST_PERIODS */
  int32_t reserved;
} pln_kept_returns;

/* Sums over rows: gross exposure over equity (0 where there is no equity), and the account's equity. */
typedef struct pln_leverage {
  pln_sum leverage;
  pln_sum equity;
  double most;
  int32_t block_has_some; /* something was held in the block */
  int32_t is_unknown;     /* rows came without gross exposure */
} pln_leverage;

typedef struct pln_trade_sums {
  int64_t count;
  int64_t wins;    /* trades with pnl > 0 */
  int64_t losses;  /* trades with pnl < 0 */
  pln_sum returns; /* fractions */
  pln_sum gains;
  pln_sum pains;
  pln_sum logs;
  pln_sum fees;
  pln_sum won; /* currency */
  pln_sum lost;
  double pnl_mean; /* Welford */
  double pnl_m2;
  double best;
  double worst;
  int32_t over_lost; /* some trade lost its whole notional or more: no geometric mean */
  int32_t reserved;
  int64_t longest_ns;
  int64_t total_s;
  int64_t total_ns;
  int64_t won_s; /* sum of the durations of winning trades */
  int64_t won_ns;
  int64_t lost_s;
  int64_t lost_ns;
  int64_t bars; /* sum of bars from entry to exit */
  int64_t row;  /* trades won in a row up to now; negative: lost */
  int64_t most_wins;
  int64_t most_losses;
  double largest_win; /* currency */
  double largest_loss;
  pln_sum mae; /* fractions of the entry price */
  pln_sum mfe;
  double most_mae;
  double most_mfe;
} pln_trade_sums;

typedef struct pln_bar_span {
  int64_t first, last;
} pln_bar_span;

/* Bars of the one instrument within closed trades, as spans that do not meet. */
typedef struct pln_exposure {
  pln_bar_span *spans; /* in order */
  int64_t n, capacity;
  int64_t bars;
  int32_t instrument;
  int32_t is_mixed; /* trades of several instruments, whose bars are not the same */
} pln_exposure;

struct pln_stats {
  double capital;
  double risk_free_ann;
  double periods_per_year; /* 0: by the calendar */
  const pln_timezone *zone;
  pln_timeframe timeframe;
  int64_t first_trading_row;
  int64_t n_rows;
  int64_t start_ns;
  int64_t end_ns;
  double equity_last; /* of the index: the account's, as long as no money comes or goes */
  double index_scale; /* index over the account's equity; changes with each deposit and withdrawal */
  pln_execution_quality execution; /* as it was told last */
  int32_t has_execution;
  double cash_equity_last; /* the account's */
  double cash_equity_peak; /* the account's; up to the first flow that of `drawdowns` */
  pln_sum flows;
  int32_t has_flows;
  int32_t keeps_returns;
  int32_t is_sweep;       /* only what pln_metric_is_sweep's metrics take */
  double benchmark_first; /* at or after first_trading_row, NaN until then */
  double benchmark_last;
  int64_t exposed_rows;        /* with any position */
  int64_t exposed_until_close; /* … up to the last row in which a trade was closed */
  int64_t long_rows;
  int64_t short_rows;
  pln_drawdowns drawdowns;
  pln_periods periods;
  pln_trade_sums trades;
  pln_trade_sums sides[2]; /* long, short */
  pln_exposure exposure;
  pln_kept_returns kept;
  pln_leverage leverage;
  pln_moments market; /* x: log returns of equity, y: of the benchmark, bar by bar */
  int32_t n_block;    /* values held, the first of them the last of the block before */
  double equity_block[PLN_STATS_BLOCK + 1];
  double benchmark_block[PLN_STATS_BLOCK + 1];
  double account_block[PLN_STATS_BLOCK + 1];
  double leverage_block[PLN_STATS_BLOCK + 1];
};

/* What rows come to, for a replay that did not give them one by one. */
typedef struct pln_row_totals {
  int64_t n_rows; /* > 0 */
  int64_t start_ns, end_ns;
  double equity_last;
  const double *benchmark; /* of each row */
  pln_drawdowns drawdowns; /* not closed at the last row */
  int64_t exposed_rows, exposed_until_close, long_rows, short_rows;
  int64_t period_start_ns; /* of the last period, which is open */
  int64_t period_rows;
} pln_row_totals;

/* A sweep's statistics without rows: the periods that ended, in order, but for the last one; then the totals,
 * once. */
int32_t pln_stats_take_period(pln_stats *stats, int64_t start_ns, int64_t rows, double equity,
                              double benchmark);
void pln_stats_take_totals(pln_stats *stats, const pln_row_totals *totals);

int32_t pln_exposure_add(pln_exposure *exposure, const pln_trade *trade);
/* Trades to come begin no earlier than the last one ended: only that one's span is needed. */
static inline void pln_exposure_trim(pln_exposure *exposure) {
  if (exposure->n < 2) return;
  exposure->spans[0] = exposure->spans[exposure->n - 1];
  exposure->n = 1;
}
/* Takes the open ends into account; on a copy. */
void pln_drawdowns_close(pln_drawdowns *drawdowns, int64_t row, int64_t ts_ns);
void pln_periods_close(pln_periods *periods, double equity);
void pln_periods_flush(pln_periods *periods);
void pln_market_flush(pln_stats *stats);
/* Adds what the unfinished block holds. */
void pln_leverage_flush(pln_stats *stats);
int64_t pln_periods_weekend_rows(const pln_stats *stats, const pln_periods *periods);

#pragma once
#include "abi/stats.h"
#include "abi/time.h"
#include "portfolio/stats_moments.h"

/* Terms are taken in blocks of so many, counted from the first: figures do not depend on the chunks that
 * arrive. */
enum { PLN_STATS_BLOCK = 256 };

/* Recorder bits of pln_equity_rows.exposure. */
enum { PLN_EXPOSURE_LONG = 1, PLN_EXPOSURE_SHORT = 2, PLN_EXPOSURE_CLOSED = 4 };

typedef struct pln_drawdowns {
  double peak;
  double low; /* least equity since the peak */
  int64_t peak_row;
  int64_t peak_ts_ns;
  double deepest; /* fraction */
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
  double last;          /* … of the latest completed */
  int32_t ruined;       /* some period ended at or below zero */
  int32_t n_block;
  double block[PLN_STATS_BLOCK];
  pln_moments moments;
  pln_sum downside; /* sum of min(r, 0)^2 */
} pln_periods;

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
} pln_trade_sums;

struct pln_stats {
  double capital;
  const pln_timezone *zone;
  pln_timeframe timeframe;
  int64_t first_trading_row;
  int64_t n_rows;
  int64_t start_ns;
  int64_t end_ns;
  double equity_last;
  double equity_peak;
  double benchmark_first; /* at or after first_trading_row, NaN until then */
  double benchmark_last;
  int64_t exposed_rows;        /* with any position */
  int64_t exposed_until_close; /* … up to the last row in which a trade was closed */
  int64_t long_rows;
  int64_t short_rows;
  pln_drawdowns drawdowns;
  pln_periods periods;
  pln_trade_sums trades;
  pln_moments market; /* x: log returns of equity, y: of the benchmark, bar by bar */
  int32_t n_block;    /* values held, the first of them the last of the block before */
  double equity_block[PLN_STATS_BLOCK + 1];
  double benchmark_block[PLN_STATS_BLOCK + 1];
};

/* Takes the open ends into account; on a copy. */
void pln_drawdowns_close(pln_drawdowns *drawdowns, int64_t row, int64_t ts_ns);
void pln_periods_close(pln_periods *periods, double equity);
void pln_periods_flush(pln_periods *periods);
void pln_market_flush(pln_stats *stats);
int64_t pln_periods_weekend_rows(const pln_stats *stats, const pln_periods *periods);

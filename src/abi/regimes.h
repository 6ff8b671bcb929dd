#pragma once
#include "abi/data.h"
#include "abi/portfolio.h"
/* Results grouped by regime: what equity did, and which trades were entered, while each regime was in force. For
 * thousands of combos: one array of regimes for all of them, a few hundred bytes for each.
 *
 * The regime of a bar's return is the one that was known when the return began: that of the bar before. So a regime is
 * not credited with the bar by which it was told. Trades belong to the regime of the bar before that of their entry. */

/* Regimes are 1 … n; 0 stands for none known. */
typedef struct pln_regime_figures {
  int64_t bars;              /* recorded rows whose return began in the regime */
  double sum;                /* of the simple returns of those rows, fractions */
  double squares;            /* of their squares */
  double growth;             /* what 1 became by them, compounded: 1 = nothing */
  int64_t trades;            /* closed round trips that were entered in it */
  int64_t wins;              /* with a positive P&L */
  double pnl;                /* of all of them, currency */
} pln_regime_figures;

/* Fills out[bars->n_bars] with the index of the regime in force when each bar becomes visible, from n changes in time
 * order (ts_ns: when a regime was told). Before the first change it is 0. */
void pln_regimes_fill(const pln_bars *bars, const int64_t *ts_ns, const int8_t *index, int64_t n, int8_t *out);

typedef struct pln_regime_stats pln_regime_stats;
/* `regimes` (of n_bars bars, 0 … n_regimes, borrowed) are those of the instrument's bars; `first_bar` is the bar of the
 * first recorded row; returns of it are measured against the capital (> 0). NULL on a value out of range. */
pln_regime_stats *pln_regime_stats_new(const int8_t *regimes, int64_t n_bars, int32_t n_regimes, int64_t first_bar,
                                       double capital);
void pln_regime_stats_free(pln_regime_stats *stats);
/* The same figures, to the bit, whatever the chunking. Equity of recorded rows, one for each bar, in order. A return from
 * an equity of 0 or less is none. 0 or a status. */
int32_t pln_regime_stats_add_rows(pln_regime_stats *stats, const double *equity, int64_t n);
/* Closed trades; open ones are ignored. 0 or a status. */
int32_t pln_regime_stats_add_trades(pln_regime_stats *stats, const pln_trade *trades, int64_t n);
/* Fills out for a regime, 0 … n_regimes; changes nothing. 0 or a status. */
int32_t pln_regime_stats_get(const pln_regime_stats *stats, int32_t regime, pln_regime_figures *out);

/* Sums of returns and trades by regime. */
#include "abi/regimes.h"
#include "abi/core.h"
#include "core/error.h"
#include "portfolio/stats_moments.h"
#include <math.h>
#include <stdlib.h>

typedef struct regime_sums {
  int64_t bars, trades, wins;
  pln_sum sum, squares, pnl;
  double growth; /* of the stretches that ended */
} regime_sums;

struct pln_regime_stats {
  const int8_t *regimes;
  int64_t n_bars;
  int64_t next;   /* bar of the next row */
  double last;    /* equity of the row before */
  double begins;  /* equity at which the stretch of one regime began */
  int32_t regime; /* of that stretch */
  int32_t n_regimes;
  regime_sums of[];
};

void pln_regimes_fill(const pln_bars *bars, const int64_t *ts_ns, const int8_t *index, int64_t n,
                      int8_t *out) {
  int8_t regime = 0;
  int64_t next = 0;
  for (int64_t i = 0; i < bars->n_bars; i++) {
    const int64_t visible_ns = pln_bars_visible_ns(bars, i);
    while (next < n && ts_ns[next] <= visible_ns) regime = index[next++];
    out[i] = regime;
  }
}

static int32_t check(const int8_t *regimes, int64_t n_bars, int32_t n_regimes, int64_t first_bar,
                     double capital) {
  if (n_regimes < 1 || n_regimes > INT8_MAX)
    return pln_fail(PLN_ERR_ARGUMENT, "statistics by regime: %d regimes, expected 1 to %d", n_regimes,
                    INT8_MAX);
  if (first_bar < 0 || first_bar > n_bars)
    return pln_fail(PLN_ERR_ARGUMENT, "statistics by regime: the first bar is %lld of %lld",
                    (long long)first_bar, (long long)n_bars);
  if (!(capital > 0) || !isfinite(capital))
    return pln_fail(PLN_ERR_ARGUMENT, "statistics by regime: capital is %g, expected a positive amount",
                    capital);
  for (int64_t i = 0; i < n_bars; i++)
    if (regimes[i] < 0 || regimes[i] > n_regimes)
      return pln_fail(PLN_ERR_ARGUMENT, "statistics by regime: bar %lld is of regime %d, expected 0 to %d",
                      (long long)i, regimes[i], n_regimes);
  return PLN_OK;
}

pln_regime_stats *pln_regime_stats_new(const int8_t *regimes, int64_t n_bars, int32_t n_regimes,
                                       int64_t first_bar, double capital) {
  if (check(regimes, n_bars, n_regimes, first_bar, capital)) return NULL;
  const size_t n = (size_t)n_regimes + 1;
  pln_regime_stats *stats = calloc(1, sizeof *stats + n * sizeof *stats->of);
  if (!stats) {
    pln_fail(PLN_ERR_MEMORY, "no memory for statistics of %d regimes", n_regimes);
    return NULL;
  }
  stats->regimes = regimes;
  stats->n_bars = n_bars;
  stats->n_regimes = n_regimes;
  stats->next = first_bar;
  stats->last = stats->begins = capital;
  for (size_t i = 0; i < n; i++) stats->of[i].growth = 1;
  return stats;
}

void pln_regime_stats_free(pln_regime_stats *stats) { free(stats); }

/* A stretch ends with equity `last`. */
static double stretch(const pln_regime_stats *stats) {
  return stats->begins > 0 ? stats->last / stats->begins : 1;
}

int32_t pln_regime_stats_add_rows(pln_regime_stats *stats, const double *equity, int64_t n) {
  if (n > stats->n_bars - stats->next)
    return pln_fail(PLN_ERR_ARGUMENT, "statistics by regime: %lld rows from bar %lld on, of %lld bars",
                    (long long)n, (long long)stats->next, (long long)stats->n_bars);
  for (int64_t i = 0; i < n; i++) {
    const int64_t bar = stats->next + i;
    const int32_t regime = bar > 0 ? stats->regimes[bar - 1] : 0;
    if (regime != stats->regime) {
      stats->of[stats->regime].growth *= stretch(stats);
      stats->regime = regime;
      stats->begins = stats->last;
    }
    regime_sums *sums = &stats->of[regime];
    sums->bars++;
    if (equity[i] != stats->last && stats->last > 0) {
      const double change = equity[i] / stats->last - 1;
      pln_sum_add(&sums->sum, change);
      pln_sum_add(&sums->squares, change * change);
    }
    stats->last = equity[i];
  }
  stats->next += n;
  return PLN_OK;
}

int32_t pln_regime_stats_add_trades(pln_regime_stats *stats, const pln_trade *trades, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    const pln_trade *t = &trades[i];
    if (t->is_open) continue;
    if (t->entry_bar < 0 || t->entry_bar >= stats->n_bars)
      return pln_fail(PLN_ERR_ARGUMENT, "statistics by regime: a trade was entered in bar %lld of %lld",
                      (long long)t->entry_bar, (long long)stats->n_bars);
    regime_sums *sums = &stats->of[t->entry_bar > 0 ? stats->regimes[t->entry_bar - 1] : 0];
    sums->trades++;
    sums->wins += t->pnl > 0;
    pln_sum_add(&sums->pnl, t->pnl);
  }
  return PLN_OK;
}

int32_t pln_regime_stats_get(const pln_regime_stats *stats, int32_t regime, pln_regime_figures *out) {
  if (regime < 0 || regime > stats->n_regimes)
    return pln_fail(PLN_ERR_ARGUMENT, "statistics by regime: there is no regime %d, they are 0 to %d", regime,
                    stats->n_regimes);
  const regime_sums *sums = &stats->of[regime];
  *out = (pln_regime_figures){.bars = sums->bars,
                              .sum = pln_sum_value(&sums->sum),
                              .squares = pln_sum_value(&sums->squares),
                              .growth = sums->growth * (regime == stats->regime ? stretch(stats) : 1),
                              .trades = sums->trades,
                              .wins = sums->wins,
                              .pnl = pln_sum_value(&sums->pnl)};
  return PLN_OK;
}

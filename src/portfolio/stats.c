/* Streaming side of the statistics: rows and trades in, sums out. stats_metrics.c turns the sums into
 * figures. */
#include "portfolio/stats_state.h"

#include "core/error.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const int64_t DAY_NS = 86400LL * 1000000000;
static const int64_t SECOND_NS = 1000000000;

pln_stats *pln_stats_new(const pln_stats_config *config) {
  if (!(config->capital > 0) || !isfinite(config->capital)) {
    pln_fail(PLN_ERR_ARGUMENT, "statistics: capital is %g, expected a positive amount", config->capital);
    return NULL;
  }
  if (config->first_trading_row < 0) {
    pln_fail(PLN_ERR_ARGUMENT, "statistics: first trading row is %lld, expected 0 or more",
             (long long)config->first_trading_row);
    return NULL;
  }
  if (!(config->risk_free_ann > -1) || isinf(config->risk_free_ann) || !(config->periods_per_year >= 0) ||
      isinf(config->periods_per_year)) {
    pln_fail(PLN_ERR_ARGUMENT,
             "statistics: a risk-free rate of %g and %g periods a year, expected a fraction above -1 and 0 "
             "or more",
             config->risk_free_ann, config->periods_per_year);
    return NULL;
  }
  const pln_timezone *zone = pln_timezone_get(config->timezone);
  if (!zone) {
    pln_error_prepend("statistics");
    return NULL;
  }
  pln_stats *stats = calloc(1, sizeof *stats);
  if (!stats) {
    pln_fail(PLN_ERR_MEMORY, "no memory for statistics (%zu bytes)", sizeof *stats);
    return NULL;
  }
  stats->capital = config->capital;
  stats->risk_free_ann = config->risk_free_ann;
  stats->periods_per_year = config->periods_per_year;
  stats->zone = zone;
  stats->timeframe = config->timeframe;
  stats->first_trading_row = config->first_trading_row;
  stats->keeps_returns = config->keep_returns != 0;
  stats->is_sweep = config->is_sweep != 0;
  stats->kept.benchmark_last = NAN;
  stats->index_scale = 1;
  stats->benchmark_first = NAN;
  stats->benchmark_last = NAN;
  stats->periods.until_ns = INT64_MIN;
  const int32_t unit = config->timeframe.unit;
  stats->periods.unit = (pln_timeframe){.unit = PLN_TIMEFRAME_DAY, .count = 1, .ns = DAY_NS};
  if (unit == PLN_TIMEFRAME_WEEK) stats->periods.unit = (pln_timeframe){unit, 1, 7 * DAY_NS};
  if (unit == PLN_TIMEFRAME_MONTH) stats->periods.unit = (pln_timeframe){unit, 1, 30 * DAY_NS};
  return stats;
}

void pln_stats_free(pln_stats *stats) {
  if (!stats) return;
  free(stats->kept.returns);
  free(stats->kept.benchmark);
  free(stats->kept.ts_ns);
  free(stats->exposure.spans);
  free(stats);
}

int32_t pln_stats_set_first_trading_row(pln_stats *stats, int64_t row) {
  if (row == stats->first_trading_row) return 0;
  if (row < stats->n_rows)
    return pln_fail(PLN_ERR_STATE,
                    "statistics: the first trading row cannot become %lld after %lld rows were added",
                    (long long)row, (long long)stats->n_rows);
  stats->first_trading_row = row;
  stats->benchmark_first = NAN;
  return 0;
}

static void add_duration(int64_t *total_s, int64_t *total_ns, int64_t *longest_ns, int64_t duration_ns) {
  *total_s += duration_ns / SECOND_NS;
  *total_ns += duration_ns % SECOND_NS;
  if (duration_ns > *longest_ns) *longest_ns = duration_ns;
}

/* Ends the stretch since the last peak at this row; one without a row in between is no drawdown. */
void pln_drawdowns_close(pln_drawdowns *d, int64_t row, int64_t ts_ns) {
  if (!(d->low < d->peak)) return; /* a row after the peak is below it, or it would be the peak */
  const double depth = 1 - d->low / d->peak;
  if (depth > d->deepest) d->deepest = depth;
  if (d->peak - d->low > d->fall) d->fall = d->peak - d->low;
  if (row - d->peak_row <= 1) return;
  pln_sum_add(&d->depths, depth);
  d->count++;
  add_duration(&d->total_s, &d->total_ns, &d->longest_ns, ts_ns - d->peak_ts_ns);
}

static void add_drawdowns(pln_drawdowns *d, int64_t row, const double *equity, const int64_t *ts_ns,
                          int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    if (equity[i] >= d->peak) {
      pln_drawdowns_close(d, row + i, ts_ns[i]);
      d->peak = d->low = equity[i];
      d->peak_row = row + i;
      d->peak_ts_ns = ts_ns[i];
    } else if (equity[i] < d->low) {
      d->low = equity[i];
    }
  }
}

void pln_periods_flush(pln_periods *p) {
  pln_moments_add_block(&p->moments, p->block, NULL, p->n_block);
  p->n_block = 0;
}

/* The current period ends with this equity. */
void pln_periods_close(pln_periods *p, double equity) {
  if (!(equity > 0)) p->ruined = 1;
  if (p->count == 0) {
    p->first = equity;
  } else if (p->last > 0) {
    const double change = equity / p->last - 1;
    p->block[p->n_block++] = change;
    if (change < 0) pln_sum_add(&p->downside, change * change);
    if (p->n_block == PLN_STATS_BLOCK) pln_periods_flush(p);
  }
  p->last = equity;
  p->count++;
}

int64_t pln_periods_weekend_rows(const pln_stats *stats, const pln_periods *p) {
  const int64_t local = pln_timezone_to_local(stats->zone, p->start_ns);
  int64_t day = local / DAY_NS;
  if (local % DAY_NS < 0) day--;
  int64_t weekday = (day + 3) % 7; /* 1970-01-01 was a Thursday; 0 = Monday */
  if (weekday < 0) weekday += 7;
  return weekday >= 5 ? p->rows : 0;
}

/* ---- the periods' returns, where they are kept ---- */

static int32_t grow(pln_kept_returns *k) {
  const int64_t capacity = k->capacity ? 2 * k->capacity : 512;
  const size_t size = (size_t)capacity * sizeof(double);
  double *returns = realloc(k->returns, size);
  if (returns) k->returns = returns;
  double *benchmark = realloc(k->benchmark, size);
  if (benchmark) k->benchmark = benchmark;
  int64_t *ts_ns = realloc(k->ts_ns, size);
  if (ts_ns) k->ts_ns = ts_ns;
  if (!returns || !benchmark || !ts_ns)
    return pln_fail(PLN_ERR_MEMORY, "no memory for the returns of %lld periods", (long long)capacity);
  k->capacity = capacity;
  return 0;
}

static int32_t keep_return(pln_stats *stats, double equity, double benchmark) {
  pln_kept_returns *k = &stats->kept;
  const pln_periods *p = &stats->periods;
  if (p->count > 0 && p->last > 0) {
    if (k->n == PLN_STATS_MOST_PERIODS) {
      k->is_full = 1;
      return 0;
    }
    if (k->n == k->capacity && grow(k) < 0) return PLN_ERR_MEMORY;
    const double change = benchmark / k->benchmark_last - 1;
    k->returns[k->n] = equity / p->last - 1;
    k->benchmark[k->n] = isfinite(change) ? change : NAN;
    k->ts_ns[k->n++] = pln_timezone_to_local(stats->zone, p->start_ns);
  }
  k->benchmark_last = benchmark;
  return 0;
}

static int32_t end_period(pln_stats *stats, double equity, double benchmark) {
  pln_periods *p = &stats->periods;
  if (p->unit.unit == PLN_TIMEFRAME_DAY) p->weekend_rows += pln_periods_weekend_rows(stats, p);
  if (p->count == 0) p->first_ns = p->start_ns;
  if (stats->keeps_returns && keep_return(stats, equity, benchmark) < 0) return PLN_ERR_MEMORY;
  pln_periods_close(p, equity);
  return 0;
}

static int32_t add_periods(pln_stats *stats, const double *equity, const double *benchmark,
                           const int64_t *ts_ns, int64_t n) {
  pln_periods *p = &stats->periods;
  double previous = stats->equity_last, market = stats->benchmark_last;
  int64_t i = 0;
  while (i < n) {
    if (ts_ns[i] >= p->until_ns) {
      if (p->rows > 0 && end_period(stats, previous, market) < 0) return PLN_ERR_MEMORY;
      pln_timeframe_bucket(&p->unit, stats->zone, ts_ns[i], &p->start_ns, &p->until_ns);
      p->rows = 0;
    }
    int64_t end = n;
    if (ts_ns[n - 1] >= p->until_ns)
      for (end = i + 1; ts_ns[end] < p->until_ns;) end++;
    p->rows += end - i;
    previous = equity[end - 1];
    market = benchmark[end - 1];
    i = end;
  }
  return 0;
}

int32_t pln_stats_take_period(pln_stats *stats, int64_t start_ns, int64_t rows, double equity,
                              double benchmark) {
  stats->periods.start_ns = start_ns;
  stats->periods.rows = rows;
  return end_period(stats, equity, benchmark);
}

static void add_exposure(pln_stats *stats, const int8_t *bits, int64_t n) {
  int32_t longs = 0, shorts = 0, any = 0;
  int8_t seen = 0;
  for (int64_t i = 0; i < n; i++) {
    longs += bits[i] & 1;
    shorts += (bits[i] >> 1) & 1;
    any += (bits[i] | (bits[i] >> 1)) & 1;
    seen = (int8_t)(seen | bits[i]);
  }
  if (seen & PLN_EXPOSURE_CLOSED) {
    int32_t after = 0;
    for (int64_t i = n - 1; !(bits[i] & PLN_EXPOSURE_CLOSED); i--) after += (bits[i] & 3) != 0;
    stats->exposed_until_close = stats->exposed_rows + any - after;
  }
  stats->exposed_rows += any;
  stats->long_rows += longs;
  stats->short_rows += shorts;
}

static void add_benchmark(pln_stats *stats, const double *benchmark, int64_t n) {
  stats->benchmark_last = benchmark[n - 1];
  if (!isnan(stats->benchmark_first) || stats->n_rows + n <= stats->first_trading_row) return;
  int64_t i = stats->first_trading_row - stats->n_rows;
  for (i = i < 0 ? 0 : i; i < n; i++)
    if (!isnan(benchmark[i])) {
      stats->benchmark_first = benchmark[i];
      return;
    }
}

void pln_stats_take_totals(pln_stats *stats, const pln_row_totals *totals) {
  add_benchmark(stats, totals->benchmark, totals->n_rows);
  stats->n_rows = totals->n_rows;
  stats->start_ns = totals->start_ns;
  stats->end_ns = totals->end_ns;
  stats->equity_last = stats->cash_equity_last = totals->equity_last;
  stats->drawdowns = totals->drawdowns;
  stats->exposed_rows = totals->exposed_rows;
  stats->exposed_until_close = totals->exposed_until_close;
  stats->long_rows = totals->long_rows;
  stats->short_rows = totals->short_rows;
  stats->periods.start_ns = totals->period_start_ns;
  stats->periods.rows = totals->period_rows;
}

/* Whether all values are positive and finite, told by their bits (integers, so that the loop becomes vector
 * code): those from the least subnormal to DBL_MAX lie between 1 and the constant. */
static int all_positive(const double *v, int32_t n) {
  static const uint64_t MOST = 0x7FEFFFFFFFFFFFFF;
  uint64_t outside = 0;
  for (int32_t i = 0; i < n; i++) {
    uint64_t bits;
    memcpy(&bits, &v[i], sizeof bits);
    outside |= (bits - 1) | (MOST - bits);
  }
  return outside >> 63 == 0;
}

static int unchanged(const double *v, int32_t n) {
  if (v[n - 1] != v[0]) return 0;
  int64_t equal = 0;
  for (int32_t i = 0; i < n; i++) equal += v[i] == v[0];
  return equal == n;
}

/* Log returns of the block's pairs of rows; a pair in which a value is missing, zero or negative is left out.
 */
void pln_market_flush(pln_stats *stats) {
  double x[PLN_STATS_BLOCK] = {0}, y[PLN_STATS_BLOCK];
  const double *e = stats->equity_block, *b = stats->benchmark_block;
  const int32_t n = stats->n_block - 1;
  if (n <= 0) return;
  if (all_positive(e, n + 1) && all_positive(b, n + 1)) {
    if (!unchanged(e, n + 1)) pln_log_ratios(e, n, x);
    pln_log_ratios(b, n, y);
    pln_moments_add_block(&stats->market, x, y, n);
  } else {
    int32_t kept = 0;
    for (int32_t i = 0; i < n; i++) {
      if (!all_positive(e + i, 2) || !all_positive(b + i, 2)) continue;
      pln_log_ratios(e + i, 1, x + kept);
      pln_log_ratios(b + i, 1, y + kept);
      kept++;
    }
    pln_moments_add_block(&stats->market, x, y, kept);
  }
  stats->equity_block[0] = e[n];
  stats->benchmark_block[0] = b[n];
  stats->n_block = 1;
}

/* ---- equity and leverage, block by block: sums of a fixed number of lanes, whatever the chunks ---- */

static double sum_block(const double *v, int32_t first, int32_t n) {
  enum { LANES = 4 };
  double lane[LANES] = {0};
  int32_t i = first;
  for (; i + LANES <= n; i += LANES)
    for (int k = 0; k < LANES; k++) lane[k] += v[i + k];
  for (int k = 0; i < n; i++, k++) lane[k] += v[i];
  return (lane[0] + lane[1]) + (lane[2] + lane[3]);
}

/* The first value of a later block is the last of the one before. */
void pln_leverage_flush(pln_stats *stats) {
  const int32_t first = stats->n_rows == stats->n_block ? 0 : 1;
  pln_sum_add(&stats->leverage.equity, sum_block(stats->account_block, first, stats->n_block));
  if (!stats->leverage.block_has_some) return;
  pln_sum_add(&stats->leverage.leverage, sum_block(stats->leverage_block, first, stats->n_block));
  stats->leverage.block_has_some = 0;
}

static void add_leverage(pln_stats *stats, const double *gross, const double *equity, int64_t n) {
  double *leverage = stats->leverage_block + stats->n_block;
  pln_leverage *l = &stats->leverage;
  memcpy(stats->account_block + stats->n_block, equity, (size_t)n * sizeof *equity);
  memset(leverage, 0, (size_t)n * sizeof *leverage);
  if (!gross) {
    l->is_unknown = 1;
    return;
  }
  int64_t held = 0;
  for (int64_t i = 0; i < n; i++) held += gross[i] != 0;
  if (held == 0) return;
  l->block_has_some = 1;
  for (int64_t i = 0; i < n; i++) leverage[i] = equity[i] > 0 ? gross[i] / equity[i] : 0;
  for (int64_t i = 0; i < n; i++)
    if (leverage[i] > l->most) l->most = leverage[i];
}

/* ---- money that comes and goes ---- */

/* The account's equity as an index that deposits and withdrawals do not move: each row's return is
 * equity / (equity before + flow) - 1 (time-weighted, as GIPS asks), since what flows is there before the
 * fills of its row and earns with the rest. An account that was emptied (scale 0) keeps its index until it is
 * paid in again; what was lost stays lost. */
static void index_of(pln_stats *stats, const double *equity, const double *flow, int64_t n, double *out) {
  double before = stats->n_rows ? stats->cash_equity_last : stats->capital;
  double index = stats->n_rows ? stats->equity_last : stats->capital;
  if (!stats->has_flows) stats->cash_equity_peak = stats->n_rows ? stats->drawdowns.peak : equity[0];
  stats->has_flows = 1;
  for (int64_t i = 0; i < n; i++) {
    if (flow && flow[i] != 0) {
      pln_sum_add(&stats->flows, flow[i]);
      const double then = before + flow[i];
      stats->index_scale = then > 0 ? index / then : 0;
    }
    if (stats->index_scale > 0) index = equity[i] * stats->index_scale;
    out[i] = index;
    before = equity[i];
    if (equity[i] > stats->cash_equity_peak) stats->cash_equity_peak = equity[i];
  }
}

static int has_flow(const double *flow, int64_t n) {
  int64_t some = 0;
  for (int64_t i = 0; flow && i < n; i++) some += flow[i] != 0;
  return some != 0;
}

/* What is taken block by block. */
static void add_to_blocks(pln_stats *stats, const pln_equity_rows *rows, const double *equity, int64_t first,
                          int32_t n) {
  const size_t size = (size_t)n * sizeof *equity;
  memcpy(stats->equity_block + stats->n_block, equity, size);
  memcpy(stats->benchmark_block + stats->n_block, rows->benchmark + first, size);
  add_leverage(stats, rows->gross ? rows->gross + first : NULL, rows->equity + first, n);
  stats->n_block += n;
}

/* n rows that fit into the block; `equity` is that of the index. */
static int32_t add_piece(pln_stats *stats, const pln_equity_rows *rows, const double *equity, int64_t first,
                         int64_t n) {
  const double *benchmark = rows->benchmark + first;
  const int64_t *ts_ns = rows->ts_ns + first;
  if (stats->n_rows == 0) {
    stats->start_ns = ts_ns[0];
    stats->drawdowns.peak = stats->drawdowns.low = equity[0];
    stats->drawdowns.peak_ts_ns = ts_ns[0];
  }
  add_drawdowns(&stats->drawdowns, stats->n_rows, equity, ts_ns, n);
  if (add_periods(stats, equity, benchmark, ts_ns, n) < 0) return PLN_ERR_MEMORY;
  add_exposure(stats, rows->exposure + first, n);
  add_benchmark(stats, benchmark, n);
  if (!stats->is_sweep) add_to_blocks(stats, rows, equity, first, (int32_t)n);
  stats->n_rows += n;
  if (stats->n_block == PLN_STATS_BLOCK + 1) {
    pln_leverage_flush(stats);
    pln_market_flush(stats);
  }
  stats->equity_last = equity[n - 1];
  stats->cash_equity_last = rows->equity[first + n - 1];
  stats->end_ns = ts_ns[n - 1];
  return 0;
}

static int32_t add_piece_with_flows(pln_stats *stats, const pln_equity_rows *rows, int64_t first, int64_t n) {
  double index[PLN_STATS_BLOCK + 1];
  const double *flow = rows->flow ? rows->flow + first : NULL;
  if (!stats->has_flows && !has_flow(flow, n)) return add_piece(stats, rows, rows->equity + first, first, n);
  index_of(stats, rows->equity + first, flow, n, index);
  return add_piece(stats, rows, index, first, n);
}

int32_t pln_stats_add_rows(pln_stats *stats, const pln_equity_rows *rows) {
  if (rows->n_rows <= 0) return 0;
  if (stats->n_rows > 0 && rows->ts_ns[0] < stats->end_ns)
    return pln_fail(PLN_ERR_ARGUMENT,
                    "statistics: rows must come in time order; row %lld is before the one added last",
                    (long long)stats->n_rows);
  for (int64_t i = 0; i < rows->n_rows;) {
    const int64_t room = PLN_STATS_BLOCK + 1 - stats->n_block;
    const int64_t left = rows->n_rows - i;
    const int64_t n = left < room ? left : room;
    const int32_t status = add_piece_with_flows(stats, rows, i, n);
    if (status < 0) return status;
    i += n;
  }
  return 0;
}

/* Wins and losses in a row; a trade that did neither ends it. */
static void add_to_row(pln_trade_sums *t, double pnl) {
  if (pnl > 0)
    t->row = t->row > 0 ? t->row + 1 : 1;
  else if (pnl < 0)
    t->row = t->row < 0 ? t->row - 1 : -1;
  else
    t->row = 0;
  if (t->row > t->most_wins) t->most_wins = t->row;
  if (-t->row > t->most_losses) t->most_losses = -t->row;
}

static void add_excursions(pln_trade_sums *t, const pln_trade *trade) {
  const double price = fabs(trade->entry_price);
  if (!(price > 0)) return;
  const double mae = trade->mae / price, mfe = trade->mfe / price;
  pln_sum_add(&t->mae, mae);
  pln_sum_add(&t->mfe, mfe);
  if (mae > t->most_mae) t->most_mae = mae;
  if (mfe > t->most_mfe) t->most_mfe = mfe;
}

static inline void add_trade(pln_trade_sums *t, const pln_trade *trade, bool is_sweep) {
  const double change = trade->return_pct / 100;
  t->count++;
  pln_sum_add(&t->returns, change);
  if (change > 0) pln_sum_add(&t->gains, change);
  if (change < 0) pln_sum_add(&t->pains, change);
  if (change > -1)
    pln_sum_add(&t->logs, log1p(change));
  else
    t->over_lost = 1;
  if (t->count == 1 || change > t->best) t->best = change;
  if (t->count == 1 || change < t->worst) t->worst = change;
  pln_sum_add(&t->fees, trade->fees);
  const int64_t held_ns = trade->exit_ts_ns - trade->entry_ts_ns;
  int64_t longest_ns = 0;
  if (trade->pnl > 0) {
    t->wins++;
    pln_sum_add(&t->won, trade->pnl);
    add_duration(&t->won_s, &t->won_ns, &longest_ns, held_ns);
    if (trade->pnl > t->largest_win) t->largest_win = trade->pnl;
  } else if (trade->pnl < 0) {
    t->losses++;
    pln_sum_add(&t->lost, trade->pnl);
    add_duration(&t->lost_s, &t->lost_ns, &longest_ns, held_ns);
    if (trade->pnl < t->largest_loss) t->largest_loss = trade->pnl;
  }
  add_to_row(t, trade->pnl);
  if (!is_sweep) {
    add_excursions(t, trade);
    t->bars += trade->exit_bar - trade->entry_bar;
  }
  const double off = trade->pnl - t->pnl_mean;
  t->pnl_mean += off / (double)t->count;
  t->pnl_m2 += off * (trade->pnl - t->pnl_mean);
  add_duration(&t->total_s, &t->total_ns, &t->longest_ns, held_ns);
}

int32_t pln_stats_add_trades(pln_stats *stats, const pln_trade *trades, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    if (trades[i].is_open) continue;
    const int32_t status = pln_exposure_add(&stats->exposure, &trades[i]);
    if (status) return status;
    if (stats->is_sweep) {
      add_trade(&stats->trades, &trades[i], true);
      continue;
    }
    add_trade(&stats->trades, &trades[i], false);
    add_trade(&stats->sides[trades[i].side == PLN_SIDE_SELL], &trades[i], false);
  }
  return 0;
}

void pln_stats_set_execution(pln_stats *stats, const pln_execution_quality *execution) {
  stats->execution = *execution;
  stats->has_execution = 1;
}

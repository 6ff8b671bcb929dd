#include "exec/exec.h"
#include "core/error.h"
#include <assert.h>

const pln_exec_view *pln_exec_view_of(const pln_exec *exec) { return &exec->view; }

/* The earliest time at which something is left to do; INT64_MAX when nothing is. */
static int64_t strategies_next_ns(const pln_exec *x) {
  int64_t t = x->next_event_ns;
  for (int32_t i = 0; i < x->n_sources; i++) {
    const pln_source *s = &x->sources[i];
    int64_t next = INT64_MAX;
    if (s->kind == PLN_SOURCE_SIGNALS)
      next = pln_signals_next_ns(x, s);
    else if (s->row < s->end)
      next = s->visible_ns ? s->visible_ns[s->row] : s->ts_ns[s->row] + s->length_ns;
    if (next < t) t = next;
  }
  return t;
}

static int64_t instant_next_ns(const pln_exec *x) {
  int64_t t = strategies_next_ns(x);
  for (int32_t k = 0; k < x->n_markets; k++) {
    const pln_market *m = &x->markets[k];
    if (m->next < m->end && pln_market_visible(m, m->next) < t) t = pln_market_visible(m, m->next);
  }
  return t;
}

static bool is_recorder_full(const pln_exec *x) {
  if (!x->config.record_equity) return false;
  for (int32_t i = 0; i < x->n_portfolios; i++)
    if (pln_recorder_is_full(x->portfolios[i])) return true;
  return false;
}

/* Whether portfolio j is this one or one of its books. */
static bool is_part_of(const pln_exec *x, int32_t j, int32_t portfolio) {
  return j == portfolio || x->portfolios[j]->master == x->portfolios[portfolio];
}

static void cancel_all(pln_exec *x, int32_t portfolio, int32_t refusal) {
  for (int32_t j = 0; j < x->n_portfolios; j++)
    if (is_part_of(x, j, portfolio)) pln_orders_cancel(x, j, -1, false, refusal);
  pln_orders_sweep(x);
}

static void close_all(pln_exec *x, int32_t portfolio) {
  for (int32_t j = 0; j < x->n_portfolios; j++)
    for (int32_t k = 0; k < x->n_markets && is_part_of(x, j, portfolio); k++)
      if (x->portfolios[j]->holdings[k].n_lots > 0) pln_orders_close(x, j, k, PLN_EXIT_DRAWDOWN_HALT);
}

static void exit_all(pln_exec *x, int32_t portfolio) {
  for (int32_t j = 0; j < x->n_portfolios; j++) {
    const pln_portfolio *p = x->portfolios[j];
    for (int32_t k = 0; k < x->n_markets && is_part_of(x, j, portfolio) && !x->status; k++)
      if (p->holdings[k].n_lots > 0)
        pln_fill_exit(x, j, k, -1, PLN_EXIT_BANKRUPT, x->view.now_ns,
                      &(pln_hit){.price = p->positions[k].last_price, .bar = p->holdings[k].last_bar});
  }
}

/* The mark left a portfolio at or below its floor: it is bankrupt, the drawdown rule fires, or a watch. */
static __attribute__((noinline, cold)) void attend(pln_exec *x, int32_t portfolio, int64_t row_ns) {
  pln_portfolio *p = x->portfolios[portfolio];
  if (p->account.equity > pln_portfolio_own_floor(p, p->account.peak_equity)) {
    pln_review_watch(x, portfolio, row_ns);
    return;
  }
  if (p->account.equity > 0) {
    p->account.halted = 1;
    p->floor = pln_portfolio_floor(p, p->account.peak_equity);
    pln_books_halt(p, false);
    cancel_all(x, portfolio, PLN_REFUSAL_HALTED);
    close_all(x, portfolio);
    return;
  }
  cancel_all(x, portfolio, PLN_REFUSAL_BANKRUPT);
  exit_all(x, portfolio);
  if (!x->status) pln_portfolio_ruin(p);
}

static int32_t exposure_of(const pln_portfolio *p) {
  int32_t bits = p->exposure | pln_books_exposure(p);
  for (int32_t k = 0; k < p->n_instruments; k++)
    bits |= p->holdings[k].weight > 0 ? 1 : p->holdings[k].weight < 0 ? 2 : 0;
  return bits;
}

static void mark_instant(pln_exec *x) {
  /* A bar of a long timeframe opened before the shorter ones that were marked since: rows stay in order. */
  int64_t ts_ns = x->row_ns;
  for (int32_t k = 0; k < x->n_markets; k++) {
    const pln_market *m = &x->markets[k];
    const int64_t i = m->next - 1;
    if (!m->is_visible) continue;
    if (m->ts_ns[i] > ts_ns) ts_ns = m->ts_ns[i];
    if (k == x->config.benchmark) x->benchmark_close = m->close[i];
    for (int32_t j = 0; j < x->n_portfolios; j++)
      pln_portfolio_see(x->portfolios[j], k, i, m->ts_ns[i], m->high[i], m->low[i], m->close[i]);
  }
  x->row_ns = ts_ns;
  x->view.n_rows++;
  for (int32_t j = 0; j < x->n_portfolios; j++)
    if (x->portfolios[j]->has_fx) pln_currency_update(x->portfolios[j]);
  for (int32_t j = 0; j < x->n_portfolios; j++) { /* an account comes before its books */
    pln_portfolio *p = x->portfolios[j];
    if (ts_ns >= p->watch_ns) pln_review_tick(x, j, ts_ns);
    pln_portfolio_mark(p);
    const int32_t bits = exposure_of(p);
    if (p->account.equity <= p->floor) attend(x, j, ts_ns);
    if (p->scores_marks) pln_review_score_mark(x, j, ts_ns);
    if (p->has_margin && p->config.margin_call) pln_margin_review(x, j);
    if (x->config.record_equity) pln_recorder_put(p, ts_ns, x->benchmark_close, bits | p->exposure);
    p->exposure = 0;
  }
  if (x->rules.n_marks) pln_review_mark_all(x, ts_ns);
}

/* The bars that became visible: what was due before them, fills, marks. */
static void meet_bars(pln_exec *x, int64_t t) {
  const bool any = x->asks.any;
  const int64_t newest_ns = x->asks.newest_ns;
  bool touched = x->asks.touched;
  x->is_marked = any;
  if (any) {
    if (newest_ns >= x->models.accrue_ns) pln_financing_accrue(x, newest_ns, false);
    if (newest_ns >= x->action_ns) {
      pln_actions_apply(x, newest_ns);
      touched = true;
    }
    if (touched) pln_match_instant(x);
    if (t >= x->models.accrue_ns) pln_financing_accrue(x, t, true);
    mark_instant(x);
  }
  x->stage = PLN_STAGE_STRATEGIES;
  x->next_source = 0;
}

static void begin_instant(pln_exec *x, int64_t t) {
  bool any = false, touched = x->n_pending > 0;
  int64_t newest_ns = INT64_MIN;
  x->view.now_ns = t;
  x->view.n_instants++;
  for (int32_t k = 0; k < x->n_markets; k++) {
    pln_market *m = &x->markets[k];
    m->is_visible = m->next < m->end && pln_market_visible(m, m->next) <= t;
    if (!m->is_visible) continue;
    const int64_t i = m->next++;
    any = true;
    if (m->ts_ns[i] > newest_ns) newest_ns = m->ts_ns[i];
    x->view.n_bars++;
    for (int32_t j = 0; !touched && j < x->n_portfolios; j++) {
      const pln_holding *h = &x->portfolios[j]->holdings[k];
      touched = pln_exits_touched(m, h, i) || (m->bid && h->n_lots > 0);
    }
  }
  x->asks.any = any;
  x->asks.touched = touched;
  x->asks.newest_ns = newest_ns;
  if (x->asks.is_on && touched) {
    x->stage = PLN_STAGE_ASKS;
    pln_asks_begin(x);
    return;
  }
  meet_bars(x, t);
}

/* THIS_CLOSE fills belong to the bar that was just marked: its row gets their exposure, the account their
 * effect. */
static void end_orders(pln_exec *x) {
  if (x->extras & PLN_EXTRA_ALGOS) pln_algo_step(x);
  const bool fills = x->config.fill == PLN_FILL_THIS_CLOSE && x->n_pending > 0;
  if (fills) {
    pln_match_close(x);
    for (int32_t j = 0; j < x->n_portfolios; j++) {
      pln_portfolio *p = x->portfolios[j];
      if (p->n_books > 0) p->exposure |= pln_books_exposure(p);
      if (p->exposure && p->held_row) p->row_exposure[p->rows.n_rows] |= (int8_t)p->exposure;
      p->exposure = 0;
      pln_portfolio_revalue(p);
    }
  }
  for (int32_t j = 0; x->has_books && j < x->n_portfolios; j++)
    if (x->portfolios[j]->n_books > 0) pln_books_revalue(x->portfolios[j]);
  x->stage = PLN_STAGE_IDLE;
}

int32_t pln_exec_end_instant(pln_exec *x) {
  if (x->stage == PLN_STAGE_STRATEGIES) {
    pln_signals_act(x);
    x->stage = PLN_STAGE_ORDERS;
  }
  if (x->review && x->stage == PLN_STAGE_ORDERS && x->n_pending > 0) {
    const int32_t asks = pln_review_run(x);
    if (asks) return asks;
  }
  if (x->stage != PLN_STAGE_IDLE) end_orders(x);
  return 0;
}

/* The strategies that are left at this instant, then their orders. A caller's id, or -1 when the instant is
 * over. */
static int32_t run_stages(pln_exec *x) {
  while (x->next_source < x->n_sources) {
    const int32_t id = x->next_source;
    pln_source *s = &x->sources[id];
    if (s->kind == PLN_SOURCE_SIGNALS) {
      pln_signals_apply(x, id);
    } else if (s->row < s->end) {
      const int64_t due = s->visible_ns ? s->visible_ns[s->row] : s->ts_ns[s->row] + s->length_ns;
      if (due <= x->view.now_ns) {
        x->view.row = s->row++;
        /* Rows that became visible together are all delivered, one after the other. */
        if (s->row == s->end ||
            (s->visible_ns ? s->visible_ns[s->row] : s->ts_ns[s->row] + s->length_ns) > x->view.now_ns)
          x->next_source++;
        return id;
      }
    }
    x->next_source++;
  }
  const int32_t asks = pln_exec_end_instant(x);
  return asks ? asks : -1;
}

/* One bar of the only market for the only portfolio, with nothing waiting and nothing touched: what
 * begin_instant comes to. The same arithmetic in the same order. */
static inline void mark_bar(pln_exec *x, pln_market *m, pln_portfolio *p, int64_t i, int64_t visible) {
  pln_holding *h = &p->holdings[0];
  pln_position *pos = &p->positions[0];
  pln_account *a = &p->account;
  const double close = m->close[i];
  x->view.now_ns = visible;
  x->view.n_instants++;
  x->view.n_bars++;
  x->view.n_rows++;
  if (m->ts_ns[i] >= p->watch_ns) pln_review_tick(x, 0, m->ts_ns[i]);
  m->next = i + 1;
  m->is_visible = 1;
  x->benchmark_close = close;
  double v = 0;
  if (h->n_lots == 0) {
    pos->last_price = close;
    h->last_bar = i;
    h->last_ts_ns = m->ts_ns[i];
  } else {
    pln_portfolio_see(p, 0, i, m->ts_ns[i], m->high[i], m->low[i], close);
    v = h->weight * close;
  }
  const double equity = a->cash + v; /* has_margin: not yet */
  if (p->has_margin) {
    pln_portfolio_mark(p);
  } else if (v != a->net_exposure || equity != a->equity) {
    const double gross = fabs(v);
    if (v != 0) pos->unrealized_pnl = h->weight * (close - pos->average_price);
    a->equity = equity;
    a->gross_exposure = gross;
    a->net_exposure = v;
    a->margin_used = p->config.leverage == 1 ? gross : gross / p->config.leverage;
    if (equity > a->peak_equity) pln_portfolio_peak(p, equity);
    a->drawdown_pct = pln_portfolio_drawdown(p);
  }
  const int32_t bits = p->exposure | (h->weight > 0 ? 1 : h->weight < 0 ? 2 : 0);
  if (a->equity <= p->floor) attend(x, 0, m->ts_ns[i]);
  if (p->scores_marks) pln_review_score_mark(x, 0, m->ts_ns[i]);
  if (p->has_margin && p->config.margin_call) pln_margin_review(x, 0);
  if (x->config.record_equity) pln_recorder_put(p, m->ts_ns[i], close, bits | p->exposure);
  p->exposure = 0;
}

static inline bool is_touched(const pln_market *m, const pln_holding *h, int64_t i) {
  return h->n_lots > 0 && (pln_exits_touched(m, h, i) || m->bid);
}

/* Bars before the next signal or call, as far as nothing happens in them: what mark_bar does for each, with
 * the state in registers and written back at the end. Stops before the bar that needs more than that. */
static void mark_quiet(pln_exec *x, int64_t stop_ns) {
  pln_market *m = &x->markets[0];
  pln_portfolio *p = x->portfolios[0];
  pln_holding *h = &p->holdings[0];
  pln_account *a = &p->account;
  const bool records = x->config.record_equity;
  const double cash = a->cash, weight = h->weight, basis = h->basis, touch_low = h->touch_low,
               touch_high = h->touch_high;
  const int8_t bits = (int8_t)(weight > 0 ? 1 : weight < 0 ? 2 : 0);
  double equity = weight == 0 ? cash : a->equity, peak = a->peak_equity, floor_now = p->floor,
         high = -INFINITY, low = INFINITY;
  const int64_t first = m->next;
  int64_t i = first, row = p->rows.n_rows + p->held_row, end = m->quick_end;
  if (p->watch_ns < stop_ns) stop_ns = p->watch_ns;
  if (p->scores_marks) return;
  if (weight != 0 && h->due_bar < end) end = h->due_bar;
  if (weight != 0 && h->due_ns < stop_ns) stop_ns = h->due_ns;
  if (weight == 0 && (cash <= floor_now || cash > peak)) return; /* for mark_bar */
  if (weight != 0 && m->bid) return;                             /* the levels meet the quotes */
  if (records && p->rows.capacity + 1 - row < end - i) end = i + (p->rows.capacity + 1 - row);
  for (; i < end; i++) {
    const double close = m->close[i];
    if (pln_market_visible(m, i) >= stop_ns) break;
    if (weight != 0) {
      const double lo = m->low[i], hi = m->high[i], now = cash + (weight * close - basis);
      if (lo <= touch_low || hi >= touch_high || now <= floor_now) break;
      equity = now;
      if (equity > peak) {
        peak = equity;
        floor_now = pln_portfolio_floor(p, peak);
      }
      if (hi > high) high = hi;
      if (lo < low) low = lo;
    }
    if (!records) continue;
    p->row_ts_ns[row] = m->ts_ns[i];
    p->row_equity[row] = equity;
    p->row_cash[row] = cash;
    p->row_benchmark[row] = close * p->benchmark_factor;
    p->row_gross[row] = fabs(weight * close);
    if (p->row_flow) {
      p->row_flow[row] = p->flow;
      p->flow = 0;
    }
    p->row_exposure[row++] = bits;
  }
  if (i == first) return;
  if (records) {
    p->rows.n_rows = row - 1;
    p->held_row = 1;
  }
  const double close = m->close[i - 1];
  m->next = i;
  m->is_visible = 1;
  x->view.now_ns = pln_market_visible(m, i - 1);
  x->view.n_instants += i - first;
  x->view.n_bars += i - first;
  x->view.n_rows += i - first;
  x->benchmark_close = close;
  if (peak > a->peak_equity) pln_portfolio_peak(p, peak);
  pln_portfolio_see(p, 0, i - 1, m->ts_ns[i - 1], high, low,
                    close); /* whole bars: lots are older than these */
  pln_portfolio_revalue(p);
}

/* Bars before the next signal or call, as far as nothing is to be matched in them. */
static void mark_span(pln_exec *x, int64_t until_ns) {
  pln_market *m = &x->markets[0];
  pln_portfolio *p = x->portfolios[0];
  const int64_t event_ns = strategies_next_ns(x);
  int64_t stop_ns = until_ns < event_ns ? until_ns + 1 : event_ns;
  if (x->models.accrue_ns < stop_ns) stop_ns = x->models.accrue_ns;
  while (m->next < m->quick_end) {
    const bool is_level = p->holdings[0].n_lots == 0 || !(p->is_trailing | p->config.margin_call);
    if (p->exposure == 0 && is_level) mark_quiet(x, stop_ns);
    const int64_t i = m->next;
    if (i == m->quick_end || pln_market_visible(m, i) >= stop_ns || is_touched(m, &p->holdings[0], i)) return;
    if (x->config.record_equity && pln_recorder_is_full(p)) return;
    mark_bar(x, m, p, i, pln_market_visible(m, i));
    if (x->n_pending > 0) { /* the drawdown rule fired: its orders are new orders of this instant */
      x->stage = PLN_STAGE_ORDERS;
      x->next_source = x->n_sources;
      return;
    }
  }
}

int32_t pln_exec_advance(pln_exec *x, int64_t until_ns) {
  if (x->is_finished) return pln_fail(PLN_ERR_STATE, "the run is finished");
  if (x->status) return x->status;
  if (!x->is_started) {
    const int32_t status = pln_exec_start(x);
    if (status) return status;
  }
  for (;;) {
    if (x->stage == PLN_STAGE_ASKS) {
      if (x->asks.is_open) return pln_fail(PLN_ERR_STATE, "a question about costs was not answered");
      if (pln_asks_next(x)) return PLN_EXEC_ASK_COST;
      meet_bars(x, x->view.now_ns);
    }
    if (x->stage != PLN_STAGE_IDLE) {
      const int32_t caller = run_stages(x);
      if (x->status) return x->status;
      if (caller >= 0 || caller == PLN_EXEC_ASK_RISK) return caller;
    }
    if (x->n_markets == 1 && x->n_portfolios == 1 && x->rules.n_marks == 0 && x->n_pending == 0 &&
        !x->is_watched) {
      mark_span(x, until_ns);
      if (x->status) return x->status;
      if (x->stage != PLN_STAGE_IDLE) continue;
    }
    const int64_t t = instant_next_ns(x);
    if (t == INT64_MAX || t > until_ns) {
      if (until_ns > x->horizon_ns) x->horizon_ns = until_ns;
      return PLN_EXEC_DONE;
    }
    if (is_recorder_full(x)) {
      if (x->view.n_instants > 0 && x->view.now_ns > x->horizon_ns) x->horizon_ns = x->view.now_ns;
      return PLN_EXEC_RECORDER_FULL;
    }
    begin_instant(x, t);
    x->horizon_ns = t;
  }
}

int32_t pln_exec_run(pln_exec *exec, int64_t until_ns) {
  if (exec->n_callers > 0)
    return pln_fail(PLN_ERR_STATE, "strategies that place their own orders are run with pln_exec_next");
  const int32_t result = pln_exec_advance(exec, until_ns);
  exec->new_fills = exec->new_orders = 0; /* nobody waits to be told */
  return result;
}

/* Only a caller is told: what happens up to the end of a slice is news for the call after it, so that slices
 * do not show. */
static int32_t tell(pln_exec *x, int32_t result) {
  x->view.n_new_fills = x->new_fills;
  x->view.n_new_orders = x->new_orders;
  if (result >= 0) x->new_fills = x->new_orders = 0;
  return result;
}

static __attribute__((noinline)) int32_t next_slowly(pln_exec *x, int64_t until_ns) {
  return tell(x, pln_exec_advance(x, until_ns));
}

int32_t pln_exec_next(pln_exec *exec, int64_t until_ns) {
  pln_exec *x = exec;
  if (x->n_records | x->n_fill_records) pln_orders_forget(x);
  if (x->is_quick && x->n_pending == 0 && x->new_orders == 0 && !x->status) {
    pln_market *m = &x->markets[0];
    pln_source *s = &x->sources[0];
    pln_portfolio *p = x->portfolios[0];
    const int64_t i = m->next;
    if (i < m->quick_end && i == s->row && (x->stage == PLN_STAGE_IDLE || x->next_source >= x->n_sources) &&
        !is_touched(m, &p->holdings[0], i) && !(x->config.record_equity && pln_recorder_is_full(p))) {
      const int64_t visible = pln_market_visible(m, i);
      if (visible <= until_ns) {
        mark_bar(x, m, p, i, visible);
        x->stage = PLN_STAGE_STRATEGIES;
        x->next_source = 1;
        x->horizon_ns = visible;
        x->view.row = s->row++;
        x->view.n_new_fills = x->view.n_new_orders = 0;
        if (x->new_orders) return tell(x, x->status); /* the drawdown rule, or bankruptcy */
        return 0;
      }
    }
  }
  return next_slowly(x, until_ns);
}

#include "exec/exec.h"
#include <assert.h>

/* Financing is accrued by calendar time: what is paid for days at each local midnight of the data's zone (the
 * first instrument's), what is paid at intervals at its times. Each boundary is met with what is held then:
 * where the bars of an instant open at or after it, before their fills, at the last prices; where they opened
 * before it (a daily bar that closes at midnight), after them, at their closes. */

static const int64_t hour_ns = 3600000000000;

static const pln_timezone *zone_of(pln_exec *x) {
  pln_market *m = &x->markets[0];
  if (!m->timezone) m->timezone = pln_timezone_get(m->bars->timezone);
  return m->timezone;
}

static int64_t day_after(pln_exec *x, int64_t day_ns) {
  const pln_timezone *zone = zone_of(x);
  return zone ? pln_timezone_day_start(zone, day_ns + 36 * hour_ns) : day_ns + 24 * hour_ns;
}

static bool is_daily(const pln_model *m) { return !m->desc->interval_hours; }

/* The first multiple of a model's interval after a time, or the first time of a series that has one. */
static int64_t payment_after(const pln_model *m, int64_t time_ns) {
  int64_t next = INT64_MAX;
  if (m->series) {
    for (int32_t k = 0; k < m->n_series; k++) {
      const pln_model_series *s = &m->series[k];
      int64_t low = 0, high = s->n;
      while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (s->ts_ns[middle] > time_ns)
          high = middle;
        else
          low = middle + 1;
      }
      if (low < s->n && s->ts_ns[low] < next) next = s->ts_ns[low];
    }
    return next;
  }
  const int64_t interval = (int64_t)(m->desc->interval_hours(&m->values) * (double)hour_ns);
  int64_t since = time_ns % interval;
  if (since < 0) since += interval;
  return time_ns - since + interval;
}

static void look_ahead(pln_exec *x) {
  pln_models *all = &x->models;
  all->accrue_ns = INT64_MAX;
  for (int32_t i = 0; i < all->n; i++) {
    const pln_model *m = &all->list[i];
    if (m->desc->info.kind == PLN_MODEL_FINANCING && m->next_ns < all->accrue_ns) all->accrue_ns = m->next_ns;
  }
}

void pln_financing_start(pln_exec *x) {
  if (x->models.n_of_kind[PLN_MODEL_FINANCING] == 0) return;
  int64_t first_ns = INT64_MAX;
  for (int32_t k = 0; k < x->n_markets; k++) {
    const pln_market *m = &x->markets[k];
    if (m->next < m->end && m->ts_ns[m->next] < first_ns) first_ns = m->ts_ns[m->next];
  }
  if (first_ns == INT64_MAX) return;
  const pln_timezone *zone = zone_of(x);
  const int64_t day_ns = zone ? pln_timezone_day_start(zone, first_ns)
                              : first_ns - (first_ns % (24 * hour_ns) + 24 * hour_ns) % (24 * hour_ns);
  for (int32_t i = 0; i < x->models.n; i++) {
    pln_model *m = &x->models.list[i];
    if (m->desc->info.kind != PLN_MODEL_FINANCING) continue;
    m->next_ns = is_daily(m) ? day_after(x, day_ns) : payment_after(m, first_ns);
  }
  look_ahead(x);
}

bool pln_model_is_for(const pln_exec *x, const pln_model *m, int32_t k) {
  if (m->instrument >= 0) return m->instrument == k;
  for (int32_t i = 0; i < x->models.n; i++)
    if (x->models.list[i].desc == m->desc && x->models.list[i].instrument == k) return false;
  return true;
}

static double series_value(const pln_model *m, int32_t k, int64_t time_ns) {
  return m->series ? pln_model_series_at(&m->series[k], time_ns) : NAN;
}

/* Whether a series of payments has one for an instrument at this very time. */
static bool is_paid(const pln_model *m, int32_t k, int64_t time_ns) {
  if (is_daily(m) || !m->series) return true;
  const pln_model_series *s = &m->series[k];
  for (int64_t low = 0, high = s->n; low < high;) {
    const int64_t middle = low + (high - low) / 2;
    if (s->ts_ns[middle] == time_ns) return true;
    if (s->ts_ns[middle] < time_ns)
      low = middle + 1;
    else
      high = middle;
  }
  return false;
}

static double price_now(const pln_exec *x, const pln_portfolio *p, int32_t k, bool at_close) {
  const pln_market *m = &x->markets[k];
  return at_close && m->is_visible ? m->close[m->next - 1] : p->positions[k].last_price;
}

static void accrue_positions(pln_exec *x, const pln_model *m, pln_portfolio *p, int64_t time_ns,
                             bool at_close) {
  for (int32_t k = 0; k < p->n_instruments; k++) {
    const pln_holding *h = &p->holdings[k];
    if (h->n_lots == 0 || !pln_model_is_for(x, m, k) || !is_paid(m, k, time_ns)) continue;
    const pln_model_accrual a = {.value = h->weight * price_now(x, p, k, at_close),
                                 .rate = series_value(m, k, is_daily(m) ? time_ns - 1 : time_ns),
                                 .days = 1};
    const double amount = m->desc->accrue(&m->values, &a);
    if (amount == 0) continue;
    pln_portfolio_earn(p, k, amount);
    if (m->desc->cost == PLN_COST_BORROW)
      p->quality.borrow -= amount;
    else
      p->quality.funding -= amount;
  }
}

/* Cash without what is security for a portfolio's short sales, and with what its futures gained. */
static double less_security(const pln_exec *x, const pln_portfolio *p, double cash, bool at_close) {
  for (int32_t k = 0; k < p->n_instruments; k++) {
    const pln_holding *h = &p->holdings[k];
    if (h->n_lots == 0) continue;
    const double value = h->weight * price_now(x, p, k, at_close);
    if (h->spec.settlement == PLN_SETTLE_FUTURES)
      cash += value - h->basis;
    else if (value < 0)
      cash += value;
  }
  return cash;
}

/* Cash that is neither security for short sales nor locked in margin: futures count with what they gained. */
static double free_cash(const pln_exec *x, pln_portfolio *p, bool at_close) {
  if (p->n_books == 0) return less_security(x, p, p->account.cash, at_close);
  double cash = pln_books_cash(p);
  for (int32_t i = 0; i < p->n_books; i++) cash = less_security(x, p->books[i], cash, at_close);
  return cash;
}

static void accrue_cash(pln_exec *x, const pln_model *m, pln_portfolio *p, int64_t time_ns, bool at_close) {
  const pln_model_accrual a = {
      .value = free_cash(x, p, at_close), .rate = series_value(m, 0, time_ns - 1), .days = 1};
  const double amount = m->desc->accrue(&m->values, &a);
  p->account.cash += amount;
  p->account.interest += amount;
  if (m->desc->cost == PLN_COST_INTEREST)
    p->quality.interest += amount;
  else
    p->quality.margin_interest -= amount;
}

void pln_financing_accrue(pln_exec *x, int64_t until_ns, bool at_close) {
  pln_models *all = &x->models;
  while (all->accrue_ns <= until_ns) {
    const int64_t now_ns = all->accrue_ns;
    for (int32_t i = 0; i < all->n; i++) {
      pln_model *m = &all->list[i];
      if (m->desc->info.kind != PLN_MODEL_FINANCING || m->next_ns != now_ns) continue;
      for (int32_t j = 0; j < x->n_portfolios; j++) {
        pln_portfolio *p = x->portfolios[j];
        if (p->account.bankrupt) continue;
        if (m->desc->of_cash && !p->master) /* a book's cash is its account's */
          accrue_cash(x, m, p, now_ns, at_close);
        else if (!m->desc->of_cash)
          accrue_positions(x, m, p, now_ns, at_close);
      }
      m->next_ns = is_daily(m) ? day_after(x, now_ns) : payment_after(m, now_ns);
    }
    look_ahead(x);
  }
}

int32_t pln_financing_refusal(const pln_exec *x, int32_t k, int64_t time_ns) {
  for (int32_t i = 0; i < x->models.n; i++) {
    const pln_model *m = &x->models.list[i];
    if (m->desc->cost != PLN_COST_BORROW || !pln_model_is_for(x, m, k)) continue;
    const double rate = series_value(m, k, time_ns);
    const bool available = isnan(rate) ? m->values.p[2] != 0 : rate >= 0;
    if (!available) return PLN_REFUSAL_NO_BORROW;
  }
  return PLN_REFUSAL_NONE;
}

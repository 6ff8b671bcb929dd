#include "portfolio/portfolio.h"
#include <assert.h>

double pln_snap_count(double x) {
  const double whole = rint(x);
  return fabs(x - whole) <= 1e-9 * (1 + fabs(whole)) ? whole : x;
}

/* What lots leave over on their way to whole counts: part of the next lot, in the end paid out. */
typedef struct carry {
  double count;
  double cost; /* count x price */
  double paid; /* count x price x point */
  double fee;
  double income;
} carry;

static void carry_add(carry *c, const pln_lot *lot, double count, double share) {
  c->count += count;
  c->cost += count * lot->price;
  c->paid += count * lot->price * lot->point;
  c->fee += lot->fee * share;
  c->income += lot->income * share;
}

/* Turns a lot into `whole` lots: what was carried, and of its own what is needed. What is left of its own is
 * the new carry. What was paid in all stays what it was. */
static void fill_lot(pln_lot *lot, double own, double whole, carry *c) {
  const double mine = whole - c->count, rest = own - mine > 0 ? own - mine : 0;
  carry left = {0};
  if (rest > 0) carry_add(&left, lot, rest, rest / own);
  lot->fee += c->fee - left.fee;
  lot->income += c->income - left.income;
  if (c->count > 0) {
    const double cost = mine * lot->price + c->cost, paid = mine * lot->price * lot->point + c->paid;
    if (c->cost * lot->point != c->paid) lot->point = paid / cost;
    pln_lot_set_price(lot, cost / whole);
  }
  lot->count = whole;
  *c = left;
}

static void scale_lot(pln_lot *lot, double ratio) {
  lot->price /= ratio;
  lot->high /= ratio;
  lot->low /= ratio;
  lot->best /= ratio;
  lot->stop /= ratio;
  lot->target /= ratio;
  pln_exits_scale(lot, ratio);
}

/* The fraction that makes no lot is sold (or bought back) at the adjusted price, without costs. */
static int32_t pay_in_lieu(pln_portfolio *p, int32_t instrument, const pln_lot *last, const carry *c,
                           bool is_long, double price) {
  const pln_holding *h = &p->holdings[instrument];
  const int32_t status = pln_portfolio_reserve_trades(p, 1);
  if (status) return status;
  pln_lot lot = *last;
  pln_lot_set_price(&lot, c->cost / c->count);
  if (c->cost * lot.point != c->paid) lot.point = c->paid / c->cost;
  pln_trade t = pln_lot_trade(p, instrument, &lot, c->count, is_long, price, c->fee, c->income);
  t.exit_ts_ns = h->last_ts_ns;
  t.exit_bar = h->last_bar;
  t.exit_reason = PLN_EXIT_SPLIT;
  p->account.cash += h->spec.settlement == PLN_SETTLE_FUTURES
                         ? pln_lot_gain(h, &lot, t.side, t.quantity, price)
                         : t.side * t.quantity * price * h->point;
  pln_portfolio_emit(p, &t);
  p->exposure |= 4;
  return PLN_OK;
}

int32_t pln_portfolio_split(pln_portfolio *p, int32_t instrument, double ratio, double cash_price) {
  pln_holding *h = &p->holdings[instrument];
  assert(ratio > 0);
  p->positions[instrument].last_price /= ratio;
  h->entry_price /= ratio;
  h->entry_price /= ratio;
  if (h->n_lots == 0) return PLN_OK;
  const bool is_long = h->count > 0;
  const double step = is_long ? 1 : -1;
  double before = 0, end = 0, whole = 0;
  int64_t n = 0;
  carry left = {0};
  pln_lot last = h->lots[h->n_lots - 1];
  for (int64_t i = 0; i < h->n_lots; i++) {
    pln_lot *lot = &h->lots[i];
    const double start = end;
    before += lot->count;
    end = pln_snap_count(before * ratio);
    scale_lot(lot, ratio);
    last = *lot;
    const double count = floor(end) - whole;
    whole += count;
    if (count == 0) {
      carry_add(&left, lot, end - start, 1);
      continue;
    }
    fill_lot(lot, end - start, count, &left);
    h->lots[n++] = *lot;
  }
  h->n_lots = n;
  h->count = step * whole;
  int32_t status = PLN_OK;
  if (end > whole) {
    left.count = end - whole;
    status = pay_in_lieu(p, instrument, &last, &left, is_long, cash_price);
  } else if (n > 0) { /* rounding only: it stays with the last lot */
    h->lots[n - 1].fee += left.fee;
    h->lots[n - 1].income += left.income;
  }
  pln_portfolio_refresh(p, instrument);
  return status;
}

/* `compat: backtesting.py`: the queue of that engine's broker (version 0.6, _Broker._process_orders), which
 * knows no time within a bar. Orders wait in one list: what closes and protective stops go to its front,
 * targets and all others to its end. A pass takes each against the whole bar; what a market order (or a stop
 * order whose target lies the same way) opened is protected in the same bar by another pass over the whole
 * queue. */
#include "exec/exec.h"
#include <assert.h>
#include <stdlib.h>

typedef struct bar_view {
  pln_bar bar;
  double market_price; /* of market orders: the open, or with THIS_CLOSE the close before */
  int64_t index;
  int64_t market_index; /* the bar that their fills belong to */
} bar_view;

typedef struct queue_pass {
  pln_exec *x;
  pln_portfolio *p;
  pln_holding *h;
  pln_market *m;
  int32_t portfolio, k;
  bar_view view;
  bool again;    /* another pass is due */
  bool is_rerun; /* the last bar once more: for what was made at its close, too */
} queue_pass;

static bool closes(const pln_pending *p) {
  return p->mode == PLN_MODE_CLOSE || (p->mode == PLN_MODE_TO_QUANTITY && p->size == 0);
}

int64_t pln_queue_key(pln_exec *x, const pln_pending *p) {
  return closes(p) ? --x->queue_front : ++x->queue_back;
}

static int by_key(const void *a, const void *b) {
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return x < y ? -1 : x > y;
}

/* The keys of all that waits, front first; they stay what they are while orders come and go. */
static int64_t snapshot(queue_pass *q) {
  pln_exec *x = q->x;
  const int64_t most = x->n_pending + 2 * q->h->n_lots;
  if (most > x->keys_capacity) {
    int64_t *keys = realloc(x->keys, (size_t)most * sizeof *keys);
    if (!keys) {
      x->status = PLN_ERR_MEMORY;
      return 0;
    }
    x->keys = keys;
    x->keys_capacity = most;
  }
  int64_t n = 0;
  for (int64_t i = 0; i < x->n_pending; i++) {
    const pln_order *o = &x->pending[i].order;
    if (o->portfolio == q->portfolio && o->instrument == q->k && !pln_order_is_final(o))
      x->keys[n++] = x->pending[i].queue_key;
  }
  for (int64_t i = 0; i < q->h->n_lots; i++) {
    const pln_lot *lot = &q->h->lots[i];
    if (lot->stop_key) x->keys[n++] = lot->stop_key;
    if (lot->target_key) x->keys[n++] = lot->target_key;
  }
  if (n > 1) qsort(x->keys, (size_t)n, sizeof *x->keys, by_key);
  return n;
}

static pln_pending *pending_of(const queue_pass *q, int64_t key) {
  for (int64_t i = 0; i < q->x->n_pending; i++) {
    pln_pending *p = &q->x->pending[i];
    if (p->queue_key == key && p->order.portfolio == q->portfolio) return p;
  }
  return NULL;
}

/* Equity less the margin in use, not below 0, positions at the bar's close (sic). */
static double margin_available(const queue_pass *q) {
  const pln_worth w = pln_fill_worth(q->x, q->portfolio, q->k, q->view.bar.close);
  const double margin = w.equity - w.gross / q->p->config.leverage;
  return margin > 0 ? margin : 0;
}

/* The commission that a piece of a lot has paid at its entry, as that engine reckons it: the fixed part
 * counts for each piece. */
static void charge_entry(const queue_pass *q, pln_lot *lot, double count) {
  const pln_costs *c = &q->x->costs;
  if (c->per_order == 0 && c->minimum == 0) return;
  const double quantity = pln_step_value(&q->h->lot, count);
  const double fee = pln_costs_fee(c, pln_costs_variable(c, quantity, quantity * lot->price * q->h->point));
  lot->fee = fee * (lot->count / count);
}

static void exit_lot(queue_pass *q, int64_t lot, int32_t reason, const pln_hit *hit) {
  charge_entry(q, &q->h->lots[lot], q->h->lots[lot].count);
  pln_fill_exit(q->x, q->portfolio, q->k, lot, reason, q->h->lots[lot].protect_ns, hit);
}

static void try_stop(queue_pass *q, int64_t i) {
  const bool is_long = q->h->count > 0;
  const pln_bar *bar = &q->view.bar;
  int32_t moved;
  const double stop = pln_lot_stop(q->p, &q->h->lots[i], is_long, &moved);
  if (is_long ? bar->low > stop : bar->high < stop) return;
  const bool gapped = is_long ? bar->open < stop : bar->open > stop;
  exit_lot(q, i, moved ? moved : PLN_EXIT_STOP_LOSS,
           &(pln_hit){.price = gapped ? bar->open : stop,
                      .worsens = 1,
                      .at_open = gapped,
                      .type = PLN_ORDER_STOP,
                      .bar = q->view.index});
}

static void try_target(queue_pass *q, int64_t i) {
  const bool is_long = q->h->count > 0;
  const pln_bar *bar = &q->view.bar;
  const double target = q->h->lots[i].target;
  if (is_long ? bar->high < target : bar->low > target) return;
  const bool gapped = is_long ? bar->open > target : bar->open < target;
  exit_lot(q, i, PLN_EXIT_TAKE_PROFIT,
           &(pln_hit){.price = gapped ? bar->open : target,
                      .at_open = gapped,
                      .type = PLN_ORDER_LIMIT,
                      .bar = q->view.index});
}

static void close_lot(queue_pass *q, pln_pending *p, int64_t lot, double count, const pln_hit *hit) {
  if (p->order.filled > 0 && p->order.status == PLN_STATUS_ACCEPTED)
    pln_orders_move(q->x, p, PLN_STATUS_PARTIALLY_FILLED, PLN_REFUSAL_NONE);
  charge_entry(q, &q->h->lots[lot], count);
  pln_fill_close_part(q->x, p, count, count, lot, hit);
}

/* An order that met its price is over: with what it filled, or for the reason given. */
static void end_order(queue_pass *q, pln_pending *p, int32_t status, int32_t refusal) {
  if (p->order.filled > 0) {
    p->order.quantity = p->order.filled;
    pln_orders_move(q->x, p, PLN_STATUS_FILLED, refusal);
  } else {
    pln_orders_end(q->x, p, status, refusal);
  }
}

/* A close is an order for each trade there, the newest first. */
static void close_all(queue_pass *q, pln_pending *p) {
  const pln_hit hit = {
      .price = q->view.market_price, .worsens = 1, .at_open = 1, .at_market = 1, .bar = q->view.market_index};
  while (q->h->n_lots > 0 && q->h->count * p->order.side < 0 && !q->x->status)
    close_lot(q, p, q->h->n_lots - 1, q->h->lots[q->h->n_lots - 1].count, &hit);
  end_order(q, p, PLN_STATUS_CANCELED, PLN_REFUSAL_REPLACED);
}

/* Whether an order meets its price in this bar, and at which. `stop` gets the stop that it has just passed,
 * 0: none. */
static bool meets(const queue_pass *q, pln_pending *p, double *stop, double *price) {
  const pln_order *o = &p->order;
  const pln_bar *bar = &q->view.bar;
  const bool buy = o->side == PLN_SIDE_BUY, has_limit = o->limit_price > 0;
  *stop = 0;
  if (o->stop_price > 0 && !p->is_triggered) {
    if (buy ? bar->high < o->stop_price : bar->low > o->stop_price) return false;
    p->is_triggered = 1;
    *stop = o->stop_price;
  }
  if (has_limit) {
    const double limit = o->limit_price, from = *stop > 0 ? *stop : bar->open;
    if (buy ? bar->low > limit : bar->high < limit) return false;
    if (*stop > 0 && (buy ? limit <= *stop : limit >= *stop)) return false;
    *price = buy ? (from < limit ? from : limit) : (from > limit ? from : limit);
    return true;
  }
  *price = q->view.market_price;
  if (*stop > 0 && (buy ? *price < *stop : *price > *stop)) *price = *stop;
  return true;
}

/* What one lot costs there: the price with spread, and the commission of the order as sized, shared by its
 * units. */
static double lot_cost(const queue_pass *q, double size, double price, double adjusted) {
  const pln_costs *c = &q->x->costs;
  const double unit = pln_step_value(&q->h->lot, 1) * q->h->point;
  const double fee = pln_costs_fee(c, c->per_unit * size + size * (price * unit) * c->rate);
  return adjusted * unit + fee / size;
}

/* Lots that an order asks for; `size` gets the number by which its commission is shared. */
static double asked(const queue_pass *q, const pln_pending *p, const pln_hit *hit, double adjusted,
                    double *size) {
  if (p->mode == PLN_MODE_COUNT) return *size = p->count;
  if (p->mode != PLN_MODE_PERCENT) return *size = pln_fill_asked(q->x, p, q->h->count, hit);
  const double fraction = p->size == 100 ? 1.0 - 0x1p-52 : p->size / 100.0;
  const double budget = margin_available(q) * q->p->config.leverage * fraction;
  *size = fraction;
  const double n = pln_floor_div(budget, lot_cost(q, fraction, hit->price, adjusted));
  return n < PLN_STEP_MAX_COUNT ? n : 0;
}

/* There, the target is live in the bar of a stop entry that does not touch the stop: both lie the same way.
 */
static bool protects_at_once(const queue_pass *q, const pln_pending *p, const pln_lot *lot, double stop) {
  const pln_bar *bar = &q->view.bar;
  if (lot->stop == 0 && lot->target == 0) return false;
  if (p->order.limit_price > 0) return false;
  if (stop == 0) return true; /* a market order */
  if (lot->target == 0) return false;
  return p->order.side == PLN_SIDE_BUY ? lot->target <= bar->high && lot->stop < bar->low
                                       : lot->target >= bar->low && (lot->stop == 0 || lot->stop > bar->high);
}

static void open_lot(queue_pass *q, pln_pending *p, double count, double stop, const pln_hit *hit) {
  const pln_order *o = &p->order;
  pln_cost_parts parts;
  const double price = pln_cost_fill_price(q->x, p, pln_step_value(&q->h->lot, count), hit, true, &parts);
  const pln_fill_info info = pln_fill_book(q->x, p, count, price, &parts, hit);
  pln_lot *lot = pln_portfolio_open(q->p, q->k, o->side, count, &info);
  if (!lot) {
    q->x->status = PLN_ERR_MEMORY;
    return;
  }
  pln_risk_protect(q->p, lot, o->side == PLN_SIDE_BUY, p->stop_loss, p->take_profit, &q->m->tick);
  lot->at_open = hit->at_open;
  lot->protect_ns = q->m->ts_ns[hit->bar];
  if (lot->target > 0) lot->target_key = ++q->x->queue_back;
  if (lot->stop > 0 || q->p->is_trailing) lot->stop_key = --q->x->queue_front;
  q->again = q->again || protects_at_once(q, p, lot, stop);
  pln_portfolio_refresh(q->p, q->k);
}

static int32_t refusal_of_opening(const queue_pass *q, int32_t side) {
  const pln_portfolio *p = q->p;
  const int32_t gate = pln_actions_refusal(q->x, q->portfolio, q->k);
  if (gate) return gate;
  if (p->account.bankrupt) return PLN_REFUSAL_BANKRUPT;
  if (p->account.halted) return PLN_REFUSAL_HALTED;
  return side < 0 && !p->config.allow_short ? PLN_REFUSAL_SHORT_NOT_ALLOWED : PLN_REFUSAL_NONE;
}

static void try_entry(queue_pass *q, pln_pending *p) {
  pln_order *o = &p->order;
  double stop, price;
  if (!meets(q, p, &stop, &price)) return;
  const bool at_market = o->limit_price == 0 && stop == 0;
  const pln_hit hit = {.price = price,
                       .worsens = o->limit_price == 0,
                       .at_open = price == q->view.bar.open || at_market,
                       .at_market = at_market,
                       .type = o->type,
                       .bar = at_market ? q->view.market_index : q->view.index};
  const double adjusted = pln_cost_price(q->x, q->k, o->side, price, hit.worsens, true);
  double size;
  double count = asked(q, p, &hit, adjusted, &size);
  if (count == 0) {
    end_order(q, p, PLN_STATUS_CANCELED, PLN_REFUSAL_CASH);
    return;
  }
  o->quantity = pln_step_value(&q->h->lot, count);
  while (count > 0 && q->h->count * o->side < 0 && !q->x->status) {
    const double held = q->h->lots[0].count, taken = held < count ? held : count;
    close_lot(q, p, 0, taken, &hit);
    count -= taken;
  }
  int32_t refusal = PLN_REFUSAL_NONE;
  if (count > 0 && !q->x->status) {
    const double cost = count * lot_cost(q, size, price, adjusted);
    const double available = margin_available(q) * q->p->config.leverage;
    refusal = refusal_of_opening(q, o->side);
    if (!refusal && cost > available) refusal = PLN_REFUSAL_CASH;
    if (refusal && o->filled > 0)
      pln_portfolio_refuse(q->p, refusal, q->x->view.now_ns, q->k, cost, available);
    if (!refusal) {
      if (o->filled > 0 && o->status == PLN_STATUS_ACCEPTED)
        pln_orders_move(q->x, p, PLN_STATUS_PARTIALLY_FILLED, PLN_REFUSAL_NONE);
      open_lot(q, p, count, stop, &hit);
    }
  }
  end_order(q, p, PLN_STATUS_CANCELED, refusal);
}

static void take(queue_pass *q, int64_t key) {
  for (int64_t i = 0; i < q->h->n_lots; i++) {
    if (q->h->lots[i].stop_key == key) {
      try_stop(q, i);
      return;
    }
    if (q->h->lots[i].target_key == key) {
      try_target(q, i);
      return;
    }
  }
  pln_pending *p = pending_of(q, key);
  if (!p || pln_order_is_final(&p->order)) return;
  if (q->is_rerun && p->order.status == PLN_STATUS_PENDING)
    pln_orders_move(q->x, p, PLN_STATUS_ACCEPTED, PLN_REFUSAL_NONE);
  else if (!q->is_rerun && !pln_match_accept(q->x, q->m, p))
    return;
  if (closes(p))
    close_all(q, p);
  else
    try_entry(q, p);
}

static void run_passes(queue_pass *q) {
  do {
    q->again = false;
    const int64_t n = snapshot(q);
    /* A pass takes what was there when it began. */
    for (int64_t i = 0; i < n && !q->x->status; i++) take(q, q->x->keys[i]);
  } while (q->again && !q->x->status);
}

static queue_pass pass_over(pln_exec *x, int32_t portfolio, int32_t k) {
  pln_market *m = &x->markets[k];
  const int64_t i = m->next - 1;
  queue_pass q = {.x = x,
                  .p = x->portfolios[portfolio],
                  .h = &x->portfolios[portfolio]->holdings[k],
                  .m = m,
                  .portfolio = portfolio,
                  .k = k,
                  .view = {.bar = {m->open[i], m->high[i], m->low[i], m->close[i]},
                           .market_price = m->open[i],
                           .index = i,
                           .market_index = i}};
  if (x->config.fill == PLN_FILL_THIS_CLOSE && i > 0) {
    q.view.market_price = m->close[i - 1];
    q.view.market_index = i - 1;
  }
  return q;
}

void pln_queue_match(pln_exec *x, int32_t portfolio, int32_t k) {
  queue_pass q = pass_over(x, portfolio, k);
  run_passes(&q);
}

void pln_queue_finish(pln_exec *x, int32_t portfolio) {
  pln_portfolio *p = x->portfolios[portfolio];
  for (int32_t k = 0; k < x->n_markets && !x->status; k++) {
    if (x->markets[k].next == 0) continue;
    queue_pass q = pass_over(x, portfolio, k);
    q.is_rerun = true;
    const pln_hit hit = {
        .price = q.view.market_price, .worsens = 1, .at_open = 1, .at_market = 1, .bar = q.view.market_index};
    while (q.h->n_lots > 0 && !x->status) exit_lot(&q, 0, PLN_EXIT_END_OF_WINDOW, &hit);
    run_passes(&q);
    pln_portfolio_see(p, k, q.view.index, q.m->ts_ns[q.view.index], q.view.bar.high, q.view.bar.low,
                      q.view.bar.close);
  }
}

#include "exec/exec.h"
#include <assert.h>

/* The two prices that move along a path: what a buyer pays and what a seller gets. Without quotes they are
 * one. */
enum { BUYER, SELLER, SIDES };

typedef struct pln_walk {
  pln_exec *x;
  pln_market *m;
  int32_t portfolio, k;
  int64_t first, n;              /* of the pending orders */
  bool is_one;                   /* no quotes */
  double from[SIDES], to[SIDES]; /* the segment */
  double now[SIDES];             /* how far it has been walked */
  double share;                  /* NEXT event: the share of the segment before it, > 1 = none */
  double price;
  int32_t side;
} pln_walk;

/* Looks at one live price: if the rest of the segment reaches it, and before what was found, it is next. */
static void consider(pln_walk *w, double level, bool up, int32_t side) {
  const double now = w->now[side], to = w->to[side];
  if (level == 0 || up != (to > now)) return;
  if (up ? level <= now || level > to : level >= now || level < to) return;
  const double share = (level - w->from[side]) / (to - w->from[side]);
  /* Prices of one side that are closer than the quotient can tell keep their order. */
  const bool nearer = (w->is_one || side == w->side) && (up ? level < w->price : level > w->price);
  if (share < w->share || (share == w->share && nearer)) {
    w->share = share;
    w->price = level;
    w->side = side;
  }
}

static bool find_next(pln_walk *w) {
  const pln_portfolio *pf = w->x->portfolios[w->portfolio];
  const pln_holding *h = &pf->holdings[w->k];
  const bool is_long = h->count > 0;
  w->share = INFINITY;
  w->side = -1;
  for (int64_t i = 0; i < h->n_lots; i++) {
    const pln_levels l = pln_exit_levels(pf, w->m, &h->lots[i], is_long);
    consider(w, l.stop, !is_long, is_long ? SELLER : BUYER);
    consider(w, l.target, is_long, is_long ? SELLER : BUYER);
  }
  for (int64_t i = w->first; i < w->n; i++) {
    const pln_pending *p = &w->x->pending[i];
    if (!pln_order_is_for(p, w->portfolio, w->k) || !pln_order_waits(w->m, p)) continue;
    bool up = false;
    const double level = pln_match_level(p, &up);
    consider(w, level, up, p->order.side == PLN_SIDE_BUY ? BUYER : SELLER);
  }
  return w->side >= 0;
}

static void exits(const pln_walk *w, const pln_sides *sides, int32_t kinds) {
  const pln_holding *h = &w->x->portfolios[w->portfolio]->holdings[w->k];
  if (h->n_lots == 0) return;
  pln_exits_try(w->x, w->portfolio, w->k, h->count > 0 ? &sides->sell : &sides->buy, PLN_MATCH_AT_OPEN,
                kinds);
}

/* What waits at a point of the path, as at an open there: the phases' order. */
static void match_point(const pln_walk *w) {
  const pln_holding *h = &w->x->portfolios[w->portfolio]->holdings[w->k];
  const pln_bar here = {w->price, w->price, w->price, w->price}, nowhere = {NAN, NAN, NAN, NAN};
  const pln_sides sides = {.buy = w->is_one || w->side == BUYER ? here : nowhere,
                           .sell = w->is_one || w->side == SELLER ? here : nowhere};
  bool up;
  exits(w, &sides, PLN_EXIT_STOPS);
  for (int32_t pass = 0; pass < 2; pass++) {
    for (int64_t i = w->first; i < w->n; i++) {
      pln_pending *p = &w->x->pending[i];
      if (!pln_order_is_for(p, w->portfolio, w->k) || !pln_order_waits(w->m, p)) continue;
      if (pln_match_level(p, &up) == 0) continue; /* what fills at an open only */
      const bool is_stop = p->order.type == PLN_ORDER_STOP || p->order.type == PLN_ORDER_TRAILING_STOP;
      if (pass == 0 && !(is_stop && h->count * p->order.side < 0)) continue;
      pln_match_try(w->x, w->m, p, &sides, PLN_MATCH_AT_OPEN, false);
    }
  }
  exits(w, &sides, PLN_EXIT_TARGETS);
}

static void walk_to(pln_walk *w, double buyer, double seller) {
  w->to[BUYER] = buyer;
  w->to[SELLER] = seller;
  for (int32_t s = 0; s < SIDES; s++) w->now[s] = w->from[s];
  while (find_next(w) && !w->x->status) {
    match_point(w);
    w->now[w->side] = w->price;
    if (w->is_one) w->now[BUYER] = w->now[SELLER] = w->price;
  }
  w->from[BUYER] = buyer;
  w->from[SELLER] = seller;
}

static void walk(pln_exec *x, int32_t portfolio, int32_t k, const pln_sides *sides, int64_t first, int64_t n,
                 bool high_first) {
  const pln_bar *b = &sides->buy, *s = &sides->sell;
  pln_walk w = {.x = x,
                .m = &x->markets[k],
                .portfolio = portfolio,
                .k = k,
                .first = first,
                .n = n,
                .is_one = !x->markets[k].bid,
                .from = {b->open, s->open}};
  walk_to(&w, high_first ? b->high : b->low, high_first ? s->high : s->low);
  walk_to(&w, high_first ? b->low : b->high, high_first ? s->low : s->high);
  walk_to(&w, b->close, s->close);
}

/* Whether the high is taken to come before the low: by the instrument's own bar, quotes or not. */
static bool is_high_first(const pln_market *m) {
  const int64_t i = m->next - 1;
  const double up = m->high[i] - m->open[i], down = m->open[i] - m->low[i];
  return up != down ? up < down : m->close[i] <= m->open[i];
}

typedef enum pln_candidate { PHASES, NEAREST, FARTHEST, CANDIDATES } pln_candidate;

static void match_as(pln_exec *x, int32_t portfolio, int32_t k, const pln_sides *sides, int64_t first,
                     int64_t n, int32_t candidate) {
  if (candidate == PHASES)
    pln_match_within(x, portfolio, k, sides, first, n);
  else
    walk(x, portfolio, k, sides, first, n, is_high_first(&x->markets[k]) == (candidate == NEAREST));
}

/* The equity at the bar's close if the rest of the bar goes that way. */
static double worth_of(pln_exec *x, int32_t portfolio, int32_t k, const pln_sides *sides, int64_t first,
                       int64_t n, int32_t candidate) {
  match_as(x, portfolio, k, sides, first, n, candidate);
  if (x->extras & PLN_EXTRA_CLOSES) pln_match_at_close(x, portfolio, k);
  const double equity = pln_fill_worth(x, portfolio, k, x->markets[k].close[x->markets[k].next - 1]).equity;
  pln_trial_undo(x, &x->trial, portfolio, k);
  return equity;
}

/* The worst (sign 1) or best (-1) of what the bar may have been. What differs by less than rounding is the
 * same, and of the same the first is taken. */
static int32_t choose(pln_exec *x, int32_t portfolio, int32_t k, const pln_sides *sides, int64_t first,
                      int64_t n, double sign) {
  int32_t chosen = PHASES;
  double best = INFINITY;
  pln_trial_begin(x, &x->trial, portfolio, k);
  for (int32_t c = PHASES; c < CANDIDATES && !x->status; c++) {
    const double value = sign * worth_of(x, portfolio, k, sides, first, n, c);
    if (c > PHASES && !(value < best - 1e-12 * fabs(best))) continue;
    best = value;
    chosen = c;
  }
  return chosen;
}

void pln_path_match(pln_exec *x, int32_t portfolio, int32_t k, const pln_sides *sides, int64_t first,
                    int64_t n, int32_t orders_touched, int32_t touched) {
  int32_t candidate = PHASES;
  switch (x->config.intrabar) {
  case PLN_INTRABAR_PESSIMISTIC:
    /* Of a position's own stops and targets alone, the stops are the worst, if volume sets no bound. */
    if (touched > 1 && (orders_touched > 0 || x->rooms))
      candidate = choose(x, portfolio, k, sides, first, n, 1);
    break;
  case PLN_INTRABAR_OPTIMISTIC:
    if (touched > 1) candidate = choose(x, portfolio, k, sides, first, n, -1);
    break;
  case PLN_INTRABAR_NEAREST_EXTREME:
    candidate = NEAREST;
    break;
  default:
    assert(x->config.intrabar == PLN_INTRABAR_OHLC || x->config.intrabar == PLN_INTRABAR_OLHC);
    candidate =
        is_high_first(&x->markets[k]) == (x->config.intrabar == PLN_INTRABAR_OHLC) ? NEAREST : FARTHEST;
  }
  if (!x->status) match_as(x, portfolio, k, sides, first, n, candidate);
}

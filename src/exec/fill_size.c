#include "exec/exec.h"

/* Adds what a portfolio holds. */
static void add_worth(const pln_portfolio *p, int32_t instrument, double price, pln_worth *w, double *value) {
  for (int32_t k = 0; k < p->n_instruments; k++) {
    const double weight = p->holdings[k].weight;
    if (weight == 0) continue;
    const double v = weight * (k == instrument ? price : p->positions[k].last_price);
    *value += v - p->holdings[k].basis;
    w->gross += fabs(v);
  }
}

pln_worth pln_fill_worth(const pln_exec *x, int32_t portfolio, int32_t instrument, double price) {
  const pln_portfolio *p = x->portfolios[portfolio];
  pln_portfolio *master = p->master ? p->master : x->portfolios[portfolio];
  pln_worth w = {.equity = master->n_books > 0 ? pln_books_cash(master) : p->account.cash};
  double value = 0;
  for (int32_t i = 0; i < master->n_books; i++) add_worth(master->books[i], instrument, price, &w, &value);
  if (master->n_books == 0) add_worth(p, instrument, price, &w, &value);
  w.equity += value;
  return w;
}

/* Lots within a budget of the account's currency. */
static double afford(const pln_exec *x, int32_t portfolio, int32_t instrument, int32_t side, double budget,
                     double price) {
  if (!(budget > 0)) return 0;
  const double n = pln_cost_affordable(x, portfolio, instrument, side, budget, price, NULL, 0);
  return n < PLN_STEP_MAX_COUNT ? n : 0;
}

/* The same by backtesting.py's reading, for `fraction` of a unit. */
static double afford_compat(const pln_exec *x, int32_t portfolio, int32_t instrument, int32_t side,
                            double budget, double fraction, double price) {
  if (!(budget > 0)) return 0;
  const double n = pln_cost_compat(x, portfolio, instrument, side, budget, fraction, price);
  return n < PLN_STEP_MAX_COUNT ? n : 0;
}

static double lots_of_percent(const pln_exec *x, int32_t portfolio, int32_t instrument, int32_t side,
                              double percent, double price, pln_worth worth, bool at_fill) {
  const pln_portfolio *p = x->portfolios[portfolio];
  /* All of it, at the fill, is the largest fraction below 1: as backtesting.py has it. */
  const double fraction = at_fill && percent == 100 ? 1.0 - 0x1p-52 : percent / 100.0;
  const double leverage = p->config.leverage, margin = worth.equity - worth.gross / leverage;
  /* There, a fraction is of the margin that is left; here, of the equity, and leverage only bounds. */
  if (!p->config.fill_price_quirk || !at_fill)
    return afford(x, portfolio, instrument, side, worth.equity * fraction, price);
  return afford_compat(x, portfolio, instrument, side, (margin > 0 ? margin : 0) * leverage * fraction,
                       fraction, price);
}

static double lots_of_risk(const pln_exec *x, int32_t portfolio, int32_t instrument, int32_t side,
                           const pln_want *want, double price, pln_worth worth) {
  const pln_holding *h = &x->portfolios[portfolio]->holdings[instrument];
  double distance = want->distance;
  if (!(distance > 0)) {
    const double slipped = pln_cost_price(x, instrument, side, price, true, true);
    distance = pln_size_stop_distance(x, portfolio, instrument, side, slipped, want->stop_loss);
  }
  if (!(distance > 0)) return 0;
  const double n =
      pln_floor_div(worth.equity * want->size / 100.0, distance * h->point * pln_step_value(&h->lot, 1));
  return n < PLN_STEP_MAX_COUNT ? n : 0;
}

double pln_fill_lots(const pln_exec *x, int32_t portfolio, int32_t instrument, int32_t side,
                     const pln_want *want, double price, pln_worth worth, bool at_fill) {
  const pln_portfolio *p = x->portfolios[portfolio];
  double n;
  switch (want->mode) {
  case PLN_MODE_TO_QUANTITY:
    n = pln_step_floor(&p->holdings[instrument].lot, want->size);
    break;
  case PLN_MODE_PERCENT:
  case PLN_MODE_TO_PERCENT:
    n = lots_of_percent(x, portfolio, instrument, side, want->size, price, worth, at_fill);
    break;
  case PLN_MODE_RISK:
  case PLN_MODE_TO_RISK:
    n = lots_of_risk(x, portfolio, instrument, side, want, price, worth);
    break;
  default:
    n = p->config.fill_price_quirk && at_fill
            ? afford_compat(x, portfolio, instrument, side, want->size, 1, price)
            : afford(x, portfolio, instrument, side, want->size, price);
  }
  if (want->cap > 0) {
    const double most = afford(x, portfolio, instrument, side, worth.equity * want->cap / 100.0, price);
    if (most < n) n = most;
  }
  return n;
}

double pln_fill_size(const pln_exec *x, int32_t portfolio, int32_t instrument, int32_t side, int32_t mode,
                     double size, double price, pln_worth worth, bool at_fill) {
  const pln_want want = {.mode = mode, .size = size};
  return pln_fill_lots(x, portfolio, instrument, side, &want, price, worth, at_fill);
}

double pln_fill_aim(const pln_exec *x, int32_t portfolio, int32_t instrument, int32_t mode, double size,
                    double price, pln_worth worth, bool at_fill) {
  const int32_t side = size < 0 ? PLN_SIDE_SELL : PLN_SIDE_BUY;
  if (size == 0) return 0;
  return side * pln_fill_size(x, portfolio, instrument, side, mode, fabs(size), price, worth, at_fill);
}

double pln_fill_asked(const pln_exec *x, const pln_pending *p, double held, const pln_hit *hit) {
  const pln_order *o = &p->order;
  const pln_portfolio *pf = x->portfolios[o->portfolio];
  if (p->mode == PLN_MODE_COUNT) return p->count;
  if (p->mode == PLN_MODE_CLOSE) return held * o->side < 0 ? fabs(held) : 0;
  const double seen = pf->config.fill_price_quirk ? x->markets[o->instrument].close[hit->bar] : hit->price;
  const pln_worth worth = pln_fill_worth(x, o->portfolio, o->instrument, seen);
  const pln_want want = {.mode = p->mode,
                         .size = fabs(p->size),
                         .distance = p->distance,
                         .stop_loss = p->stop_loss,
                         .cap = p->cap};
  const bool target = p->mode >= PLN_MODE_TO_QUANTITY;
  const int32_t side = target && p->size < 0 ? PLN_SIDE_SELL : target ? PLN_SIDE_BUY : o->side;
  const double lots =
      p->size == 0 ? 0 : pln_fill_lots(x, o->portfolio, o->instrument, side, &want, hit->price, worth, true);
  if (!target) return lots;
  const double delta = (side * lots - held) * o->side;
  return delta > 0 ? delta : 0;
}

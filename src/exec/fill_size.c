#include "exec/exec.h"

pln_worth pln_fill_worth(const pln_exec *x, int32_t portfolio, int32_t instrument, double price) {
  const pln_portfolio *p = x->portfolios[portfolio];
  pln_worth w = {.equity = p->account.cash};
  double value = 0;
  for (int32_t k = 0; k < p->n_instruments; k++) {
    const double weight = p->holdings[k].weight;
    if (weight == 0) continue;
    const double v = weight * (k == instrument ? price : p->positions[k].last_price);
    value += v - p->holdings[k].basis;
    w.gross += fabs(v);
  }
  w.equity += value;
  return w;
}

double pln_fill_size(const pln_exec *x, int32_t portfolio, int32_t instrument, int32_t side, int32_t mode,
                     double size, double price, pln_worth worth, bool at_fill) {
  const pln_portfolio *p = x->portfolios[portfolio];
  double budget = size, fraction = 1;
  if (mode == PLN_MODE_PERCENT || mode == PLN_MODE_TO_PERCENT) {
    /* All of it, at the fill, is the largest fraction below 1: as backtesting.py has it. */
    fraction = at_fill && size == 100 ? 1.0 - 0x1p-52 : size / 100.0;
    const double leverage = p->config.leverage, margin = worth.equity - worth.gross / leverage;
    /* There, a fraction is of the margin that is left; here, of the equity, and leverage only bounds. */
    const bool quirk = p->config.fill_price_quirk && at_fill;
    budget = quirk ? (margin > 0 ? margin : 0) * leverage * fraction : worth.equity * fraction;
  }
  if (!(budget > 0)) return 0;
  const double n = p->config.fill_price_quirk && at_fill
                       ? pln_cost_compat(x, portfolio, instrument, side, budget, fraction, price)
                       : pln_cost_affordable(x, portfolio, instrument, side, budget, price, NULL);
  return n < PLN_STEP_MAX_COUNT ? n : 0;
}

double pln_fill_aim(const pln_exec *x, int32_t portfolio, int32_t instrument, int32_t mode, double size,
                    double price, pln_worth worth, bool at_fill) {
  const pln_step *lot = &x->portfolios[portfolio]->holdings[instrument].lot;
  const int32_t side = size < 0 ? PLN_SIDE_SELL : PLN_SIDE_BUY;
  if (size == 0) return 0;
  const double n = mode == PLN_MODE_TO_QUANTITY ? pln_step_floor(lot, fabs(size))
                                                : pln_fill_size(x, portfolio, instrument, side, mode,
                                                                fabs(size), price, worth, at_fill);
  return side * n;
}

double pln_fill_asked(const pln_exec *x, const pln_pending *p, double held, const pln_hit *hit) {
  const pln_order *o = &p->order;
  const pln_portfolio *pf = x->portfolios[o->portfolio];
  if (p->mode == PLN_MODE_COUNT) return p->count;
  if (p->mode == PLN_MODE_CLOSE) return held * o->side < 0 ? fabs(held) : 0;
  const double seen = pf->config.fill_price_quirk ? x->markets[o->instrument].close[hit->bar] : hit->price;
  const pln_worth worth = pln_fill_worth(x, o->portfolio, o->instrument, seen);
  if (p->mode == PLN_MODE_CASH || p->mode == PLN_MODE_PERCENT)
    return pln_fill_size(x, o->portfolio, o->instrument, o->side, p->mode, p->size, hit->price, worth, true);
  const double aim = pln_fill_aim(x, o->portfolio, o->instrument, p->mode, p->size, hit->price, worth, true);
  const double delta = (aim - held) * o->side;
  return delta > 0 ? delta : 0;
}

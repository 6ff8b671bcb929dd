#include "exec/exec.h"
#include <assert.h>

double pln_size_stop_distance(const pln_exec *x, int32_t portfolio, int32_t instrument, int32_t side,
                              double price, double stop_loss) {
  const bool is_long = side == PLN_SIDE_BUY;
  pln_lot lot = {.price = price, .best = price, .high = price, .low = price};
  int32_t trailing;
  pln_risk_protect(x->portfolios[portfolio], &lot, is_long, stop_loss, 0, &x->markets[instrument].tick);
  const double stop = pln_lot_stop(x->portfolios[portfolio], &lot, is_long, &trailing);
  const double distance = is_long ? price - stop : stop - price;
  return stop > 0 && distance > 0 ? distance : 0;
}

/* The gauge's value as it is seen now; refused where it has none. */
static double gauge(const pln_exec *x, int32_t instrument, pln_want *want, int32_t number) {
  pln_exec *now = (pln_exec *)x; /* a gauge remembers where it looked */
  const double value = pln_gauge_at(&now->gauges, number, instrument, x->view.now_ns);
  if (!(value > 0)) want->refusal = PLN_REFUSAL_NO_GAUGE;
  return value;
}

static double kelly_percent(const pln_portfolio *p, pln_want *want) {
  const pln_sizing *s = &p->config.sizing;
  if (p->kelly.n < s->min_trades) return s->value;
  double percent = 100.0 * s->fraction * pln_kelly_share(&p->kelly);
  if (!(percent > s->min_pct)) percent = s->min_pct;
  if (!(percent > 0)) want->refusal = PLN_REFUSAL_NO_EDGE;
  return percent;
}

pln_want pln_size_want(const pln_exec *x, int32_t portfolio, int32_t instrument, int32_t side, double level,
                       double stop_loss) {
  const pln_portfolio *p = x->portfolios[portfolio];
  const pln_sizing *s = &p->config.sizing;
  const double last = p->positions[instrument].last_price;
  pln_want want = {.cap = s->max_pct * level, .stop_loss = stop_loss};
  switch (s->type) {
  case PLN_SIZE_QUANTITY:
    want.mode = PLN_MODE_TO_QUANTITY;
    want.size = s->value * level;
    break;
  case PLN_SIZE_CASH:
    want.mode = PLN_MODE_TO_CASH;
    want.size = s->value * level;
    break;
  case PLN_SIZE_PERCENT_OF_EQUITY:
    want.mode = PLN_MODE_TO_PERCENT;
    want.size = s->value * level;
    break;
  case PLN_SIZE_VOLATILITY_TARGET:
    want.mode = PLN_MODE_TO_PERCENT;
    want.size = s->value / gauge(x, instrument, &want, s->gauge) * level;
    break;
  case PLN_SIZE_ATR_RISK:
    want.mode = PLN_MODE_TO_RISK;
    want.size = s->value * level;
    want.distance = s->multiple * gauge(x, instrument, &want, s->gauge);
    break;
  case PLN_SIZE_FIXED_FRACTIONAL:
    want.mode = PLN_MODE_TO_RISK;
    want.size = s->value * level;
    if (!isnan(last) && pln_size_stop_distance(x, portfolio, instrument, side, last, stop_loss) == 0)
      want.refusal = PLN_REFUSAL_NO_STOP;
    break;
  default:
    assert(s->type == PLN_SIZE_KELLY);
    want.mode = PLN_MODE_TO_PERCENT;
    want.size = kelly_percent(p, &want) * level;
  }
  if (!isfinite(want.size) && !want.refusal) want.refusal = PLN_REFUSAL_INVALID_QUANTITY;
  return want;
}

/* The entries that are open: lots of one order stand together, but children of an algorithm are one entry.
 * Where lots are averaged into one, those since the position was opened. */
static int32_t count_entries(const pln_portfolio *p, const pln_holding *h) {
  if (p->config.accounting == PLN_ACCOUNTING_AVERAGE) return h->n_entries;
  int32_t n = 0;
  for (int64_t i = 0; i < h->n_lots; i++)
    if (i == 0 || h->lots[i].order != h->lots[i - 1].order) n++;
  return n < h->n_entries ? n : h->n_entries;
}

void pln_size_entered(pln_portfolio *p, int32_t instrument, int64_t order, double price) {
  pln_holding *h = &p->holdings[instrument];
  if (h->entry_order != order) h->n_entries++;
  h->entry_order = order;
  h->entry_price = price;
}

pln_limits pln_size_addition(pln_portfolio *p, int32_t instrument, int32_t side, double count, double price,
                             int64_t order, int64_t now_ns) {
  const pln_scaling *s = &p->config.scaling;
  pln_holding *h = &p->holdings[instrument];
  pln_limits out = {.count = count, .refusal = PLN_REFUSAL_NONE};
  if (h->n_lots == 0) h->n_entries = 0;
  if (h->n_lots == 0 || (s->max_entries == 0 && s->step_pct == 0 && s->add_pct == 0)) return out;
  if (h->entry_order == order) return out; /* a further part of an entry */
  const int32_t entries = count_entries(p, h);
  const double gain = side * (price - h->entry_price) / h->entry_price * 100.0;
  if (s->max_entries > 0 && entries >= s->max_entries) {
    pln_portfolio_refuse(p, PLN_REFUSAL_MAX_ENTRIES, now_ns, instrument, entries + 1, s->max_entries);
    return (pln_limits){.refusal = PLN_REFUSAL_MAX_ENTRIES};
  }
  if (s->step_pct > 0 && gain < s->step_pct) {
    pln_portfolio_refuse(p, PLN_REFUSAL_PYRAMID_STEP, now_ns, instrument, gain, s->step_pct);
    return (pln_limits){.refusal = PLN_REFUSAL_PYRAMID_STEP};
  }
  const double most = s->add_pct > 0 ? floor(h->lots[0].count * (s->add_pct / 100.0)) : count;
  if (most < count) {
    pln_portfolio_refuse(p, PLN_REFUSAL_REDUCED_ADDITION, now_ns, instrument, pln_step_value(&h->lot, count),
                         pln_step_value(&h->lot, most));
    out = (pln_limits){.count = most, .refusal = PLN_REFUSAL_REDUCED_ADDITION};
  }
  return out;
}

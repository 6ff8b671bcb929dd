#include "exec/exec.h"
#include <assert.h>
#include <string.h>

/* A fill's price never moves by more than this share: what is left to a seller stays above nothing. */
#define MAX_MOVE 0.9999

static bool is_of(const pln_model *m, int32_t kind, int32_t k) {
  return m->desc->info.kind == kind && (m->instrument < 0 || m->instrument == k);
}

bool pln_cost_is_modelled(const pln_exec *x) {
  return x->asks.is_on ||
         x->models.n_of_kind[PLN_MODEL_SLIPPAGE] + x->models.n_of_kind[PLN_MODEL_COMMISSION] > 0;
}

static double column_at(const pln_bars *bars, const char *name, int64_t i) {
  for (int32_t c = 0; c < bars->n_extra; c++)
    if (strcmp(bars->extra_names[c], name) == 0) return bars->extra[c][i];
  return NAN;
}

static double quoted_spread(const pln_market *m, int64_t bar, bool at_open) {
  if (m->bid)
    return at_open ? m->ask->open[bar] - m->bid->open[bar] : m->ask->close[bar] - m->bid->close[bar];
  if (m->bars->n_extra == 0) return NAN;
  const double spread = column_at(m->bars, at_open ? "ask_open" : "ask_close", bar) -
                        column_at(m->bars, at_open ? "bid_open" : "bid_close", bar);
  return isnan(spread) ? column_at(m->bars, "ask", bar) - column_at(m->bars, "bid", bar) : spread;
}

/* The slippage models of one fill, with what each is to know but the quantity. */
typedef struct priced {
  int32_t n;
  int32_t side;
  double reference;
  const pln_step *tick;
  double spread, slippage; /* of the short forms */
  double offset;           /* of models in Lua */
  bool worsens;
  const pln_model *models[PLN_MODELS_AT_ONCE];
  pln_model_fill fills[PLN_MODELS_AT_ONCE];
} priced;

typedef struct pricing {
  int32_t k, side;
  double price;
  int64_t bar;      /* whose volume and spread count; -1 = none was seen */
  int64_t known_ns; /* gauges as of here */
  uint64_t order;
  const pln_answer *answer; /* NULL: none */
  bool at_open, worsens, entry;
} pricing;

static void prepare(pln_exec *x, const pricing *w, priced *out) {
  const pln_market *m = &x->markets[w->k];
  out->n = 0;
  out->offset = w->answer && (w->worsens || w->answer->offset < 0) ? w->answer->offset : 0;
  out->side = w->side;
  out->reference = w->price;
  out->tick = &m->tick;
  out->worsens = w->worsens;
  const double share = w->price / 10000.0;
  out->spread = w->worsens ? share * (x->config.spread_bps / 2) : 0;
  out->slippage = w->worsens ? share * x->config.slippage_bps : 0;
  if (w->entry) out->spread += share * x->config.entry_spread_bps;
  for (int32_t i = 0; i < x->models.n; i++) {
    const pln_model *one = &x->models.list[i];
    if (!is_of(one, PLN_MODEL_SLIPPAGE, w->k)) continue;
    if (!w->worsens && one->desc->cost != PLN_COST_IMPROVEMENT) continue;
    assert(out->n < PLN_MODELS_AT_ONCE);
    pln_model_fill *f = &out->fills[out->n];
    *f = (pln_model_fill){
        .price = w->price, .volume = NAN, .spread = NAN, .worsens = w->worsens, .on_sides = m->bid != NULL};
    if (w->bar >= 0) {
      if (m->bars->volume && m->bars->has_volume) f->volume = m->bars->volume[w->bar];
      f->spread = quoted_spread(m, w->bar, w->at_open);
    }
    for (int32_t g = 0; g < PLN_MODEL_MAX_GAUGES; g++)
      f->gauges[g] = one->gauges[g] < 0 ? NAN : pln_gauge_at(&x->gauges, one->gauges[g], w->k, w->known_ns);
    f->random = pln_model_hash(x->models.seed, (uint64_t)i, w->order);
    out->models[out->n++] = one;
  }
}

/* The price for `quantity` units. Returns how many models could not tell. */
static int32_t price_of(const priced *w, double quantity, double *price, pln_cost_parts *parts) {
  int32_t unknown = 0;
  *parts = (pln_cost_parts){.spread = w->spread, .slippage = w->slippage};
  for (int32_t i = 0; i < w->n; i++) {
    pln_model_fill f = w->fills[i];
    f.quantity = quantity;
    const pln_model_desc *d = w->models[i]->desc;
    const double distance = d->offset(&w->models[i]->values, &f);
    if (isnan(distance)) {
      unknown++;
      continue;
    }
    assert(distance >= 0);
    if (d->cost == PLN_COST_SPREAD) parts->spread += distance;
    if (d->cost == PLN_COST_SLIPPAGE) parts->slippage += distance;
    if (d->cost == PLN_COST_IMPACT) parts->impact += distance;
    if (d->cost == PLN_COST_IMPROVEMENT) parts->improvement += distance;
  }
  if (w->offset > 0)
    parts->impact += w->offset;
  else
    parts->improvement -= w->offset;
  double worse = parts->spread + parts->slippage + parts->impact - parts->improvement;
  const double most = w->reference * MAX_MOVE;
  if (fabs(worse) > most) {
    worse = worse > 0 ? most : -most;
    parts->impact = worse - parts->spread - parts->slippage + parts->improvement;
  }
  *price = w->reference + w->side * worse;
  if (w->tick->step > 0 && (w->worsens || worse != 0)) {
    const double rounded = pln_step_round(w->tick, *price, w->side > 0);
    parts->slippage += w->side * (rounded - *price);
    *price = rounded;
  }
  return unknown;
}

/* The short forms alone: as it always was, to the bit. */
double pln_cost_price(const pln_exec *x, int32_t k, int32_t side, double price, bool worsens, bool entry) {
  const double share = (worsens ? x->concession : 0) + (entry ? x->entry_concession : 0);
  const pln_step *tick = &x->markets[k].tick;
  if (share > 0) price *= 1.0 + side * share;
  if (tick->step > 0 && (worsens || share > 0)) price = pln_step_round(tick, price, side > 0);
  return price;
}

double pln_cost_fill_price(pln_exec *x, const pln_pending *p, double quantity, const pln_hit *hit, bool entry,
                           pln_cost_parts *parts) {
  const pln_order *o = &p->order;
  if (x->models.n_of_kind[PLN_MODEL_SLIPPAGE] == 0 && !x->asks.is_on) {
    const double price = pln_cost_price(x, o->instrument, o->side, hit->price, hit->worsens, entry);
    const double entry_bps = entry ? x->config.entry_spread_bps : 0;
    parts->spread = hit->price * ((hit->worsens ? x->config.spread_bps / 2 : 0) + entry_bps) / 10000.0;
    parts->slippage = o->side * (price - hit->price) - parts->spread;
    parts->impact = parts->improvement = 0;
    return price;
  }
  const pln_market *m = &x->markets[o->instrument];
  priced w;
  prepare(x,
          &(pricing){.k = o->instrument,
                     .side = o->side,
                     .price = hit->price,
                     .bar = hit->bar,
                     .known_ns = m->ts_ns[hit->bar],
                     .order = (uint64_t)o->id,
                     .answer = pln_asks_answer(x, p, hit->bar),
                     .at_open = hit->at_open,
                     .worsens = hit->worsens,
                     .entry = entry},
          &w);
  double price;
  x->portfolios[o->portfolio]->quality.n_unpriced +=
      price_of(&w, quantity, &price, parts) + (x->asks.is_on && !pln_asks_answer(x, p, hit->bar));
  return price;
}

/* Fees ------------------------------------------------------------------------------------------------- */

static bool charges(const pln_exec *x, const pln_model *m, int32_t k) {
  if (!is_of(m, PLN_MODEL_COMMISSION, k)) return false;
  return m->instrument == k || !x->models.own_commission || !x->models.own_commission[k];
}

static bool charges_short_forms(const pln_exec *x, int32_t k) {
  return !x->models.own_commission || !x->models.own_commission[k];
}

static int64_t month_of(pln_exec *x, int32_t k) {
  pln_market *m = &x->markets[k];
  pln_civil civil;
  if (!m->timezone) m->timezone = pln_timezone_get(m->bars->timezone);
  const int64_t ts = m->ts_ns[m->next > 0 ? m->next - 1 : 0];
  pln_civil_from_ns(m->timezone ? pln_timezone_to_local(m->timezone, ts) : ts, &civil);
  return civil.year * 12LL + civil.month;
}

/* What the order is charged in all, by all models. */
static pln_fee fees_of(const pln_exec *x, int32_t k, const pln_tally *tally) {
  pln_fee sum = {0};
  for (int32_t i = 0; i < x->models.n; i++) {
    const pln_model *m = &x->models.list[i];
    if (!charges(x, m, k)) continue;
    const pln_fee fee = m->desc->fee(&m->values, tally);
    sum.commission += fee.commission;
    sum.exchange += fee.exchange;
  }
  return sum;
}

/* The month's trading as the model sees it that charges the instrument by it; NULL without one. */
static pln_month *months_of(pln_exec *x, int32_t portfolio, int32_t k) {
  for (int32_t i = 0; i < x->models.n; i++) {
    const pln_model *m = &x->models.list[i];
    if (!m->months || !charges(x, m, k)) continue;
    pln_month *now = &m->months[portfolio];
    const int64_t month = month_of(x, k);
    if (now->month != month) *now = (pln_month){.month = month};
    return now;
  }
  return NULL;
}

/* An order begins: it is charged as from what the month has seen. */
static void begin_tally(pln_exec *x, int32_t portfolio, int32_t k, pln_tally *t) {
  const pln_month *now = months_of(x, portfolio, k);
  if (t->quantity > 0 || !now) return;
  t->month_quantity = now->quantity;
  t->month_notional = now->notional;
}

/* A limit that the bar reached after its open, or that was in the book already when the bar opened. */
static bool has_rested(const pln_market *m, const pln_order *o, const pln_hit *hit) {
  if (hit->worsens || hit->at_market) return false;
  return !hit->at_open || (hit->bar > 0 && m->ts_ns[hit->bar - 1] >= o->created_ns);
}

double pln_cost_charge(pln_exec *x, pln_pending *p, double quantity, double notional, const pln_hit *hit) {
  if (x->portfolios[p->order.portfolio]->config.fill_price_quirk) { /* there, each trade pays the whole */
    const double piece = pln_costs_fee(&x->costs, pln_costs_variable(&x->costs, quantity, notional));
    p->order.fees += piece;
    return piece;
  }
  double total = 0;
  const int32_t k = p->order.instrument;
  if (charges_short_forms(x, k)) {
    p->costs.variable += pln_costs_variable(&x->costs, quantity, notional);
    total = pln_costs_fee(&x->costs, p->costs.variable);
  }
  if (x->models.n_of_kind[PLN_MODEL_COMMISSION] > 0) {
    pln_tally *t = &p->costs.tally;
    begin_tally(x, p->order.portfolio, k, t);
    pln_month *now = months_of(x, p->order.portfolio, k);
    if (now) {
      now->quantity += quantity;
      now->notional += notional;
    }
    t->quantity += quantity;
    t->notional += notional;
    if (has_rested(&x->markets[k], &p->order, hit)) {
      t->maker_quantity += quantity;
      t->maker_notional += notional;
    }
    const pln_fee fee = fees_of(x, k, t);
    p->costs.exchange = fee.exchange;
    total += fee.commission + fee.exchange;
  }
  const pln_answer *answer = pln_asks_answer(x, p, hit->bar);
  if (answer) p->costs.asked_fee += answer->fee * fmin(1, quantity / answer->asked);
  total += p->costs.asked_fee;
  const double fee = total - p->order.fees;
  p->order.fees = total;
  return fee;
}

/* Affordability ---------------------------------------------------------------------------------------- */

typedef struct reckoning {
  const pln_exec *x;
  const pln_portfolio *pf;
  const priced *priced;
  pln_tally tally; /* of the order so far */
  double before;   /* units that the order has traded in this bar */
  double variable, charged, one, point;
  double least; /* currency: no unit binds less than this */
  int32_t k;
  double asked_fee;
  const pln_answer *answer;
  bool by_margin; /* what counts is the margin, not the notional */
} reckoning;

static double cost_of(const reckoning *r, double count) {
  double price;
  pln_cost_parts parts;
  const double quantity = count * r->one;
  price_of(r->priced, r->before + quantity, &price, &parts);
  const double notional = quantity * price * r->point;
  pln_tally t = r->tally;
  t.quantity += quantity;
  t.notional += notional;
  const pln_fee fee = fees_of(r->x, r->k, &t);
  double charge = fee.commission + fee.exchange - r->charged;
  if (charges_short_forms(r->x, r->k)) {
    const double variable = r->variable + pln_costs_variable(&r->x->costs, quantity, notional);
    charge += pln_costs_fee(&r->x->costs, variable);
  }
  if (r->answer) charge += r->asked_fee + r->answer->fee * fmin(1, quantity / r->answer->asked);
  charge += pln_fx_fee(r->pf, r->k, notional);
  /* What a short sale brings in falls with its size by impact, what it binds does not. */
  const double kept = r->priced->reference - parts.spread - parts.slippage;
  const double bound = r->priced->side > 0 ? price : fmax(kept, price);
  if (r->by_margin) return pln_margin_of(r->pf, r->k, quantity, bound, false) + charge;
  return quantity * bound * r->point + charge;
}

/* The largest whole count with cost_of(count) <= budget, where the cost rises with the count: proportional
 * guesses, and halving where they do not help. */
static double largest_within(const reckoning *r, double budget) {
  double low = 0, high = pln_floor_div(budget, r->least * r->one) + 1;
  if (!(high < PLN_STEP_MAX_COUNT)) return 0;
  double guess = high - 1;
  for (int32_t i = 0; high - low > 1; i++) {
    if (i % 3 == 2 || guess <= low || guess >= high) guess = floor(low + (high - low) / 2);
    const double cost = cost_of(r, guess);
    if (cost <= budget)
      low = guess;
    else
      high = guess;
    const double next = floor(guess * (budget / cost));
    guess = cost <= budget && next <= low ? low + 1 : next;
  }
  return low;
}

double pln_cost_affordable(const pln_exec *x, int32_t portfolio, int32_t k, int32_t side, double budget,
                           double price, const pln_pending *p, double before) {
  const pln_portfolio *pf = x->portfolios[portfolio];
  const pln_holding *h = &pf->holdings[k];
  if (!pln_cost_is_modelled(x)) {
    pln_costs costs = x->costs;
    costs.rate += pln_fx_fee(pf, k, 1);
    return pln_sizing_affordable(budget, pln_cost_price(x, k, side, price, true, true) * h->point, &costs,
                                 &h->lot);
  }
  if (!(budget > 0) || !(price > 0)) return 0;
  pln_exec *scratch = (pln_exec *)x; /* gauges remember where they looked last */
  const pln_market *m = &x->markets[k];
  priced w;
  prepare(scratch,
          &(pricing){.k = k,
                     .side = side,
                     .price = price,
                     .bar = m->next - 1,
                     .known_ns = x->view.now_ns,
                     .at_open = true,
                     .answer = p ? pln_asks_answer(x, p, m->next - 1) : NULL,
                     .worsens = true,
                     .entry = true},
          &w);
  for (int32_t i = w.n - 1; i >= 0; i--) { /* luck is not reckoned with */
    if (w.models[i]->desc->cost != PLN_COST_IMPROVEMENT) continue;
    w.n--;
    for (int32_t j = i; j < w.n; j++) {
      w.models[j] = w.models[j + 1];
      w.fills[j] = w.fills[j + 1];
    }
  }
  reckoning r = {.x = x,
                 .pf = pf,
                 .priced = &w,
                 .one = pln_step_value(&h->lot, 1),
                 .point = h->point,
                 .k = k,
                 .before = before,
                 .by_margin = p && pf->has_margin};
  if (p) {
    r.tally = p->costs.tally;
    r.variable = p->costs.variable;
    r.charged = p->order.fees - p->conversion;
    r.asked_fee = p->costs.asked_fee;
    r.answer = pln_asks_answer(x, p, m->next - 1);
  }
  begin_tally(scratch, portfolio, k, &r.tally);
  pln_cost_parts parts;
  double least;
  price_of(&w, 0, &least, &parts);
  least = side > 0 ? price : fmin(price, fmax(price - parts.spread - parts.slippage, least));
  r.least = r.by_margin ? pln_margin_of(pf, k, 1, least, false) : least * h->point;
  return largest_within(&r, budget);
}

double pln_cost_compat(const pln_exec *x, int32_t portfolio, int32_t k, int32_t side, double budget,
                       double fraction, double price) {
  const pln_portfolio *pf = x->portfolios[portfolio];
  const pln_holding *h = &pf->holdings[k];
  pln_costs costs = x->costs;
  costs.rate += pln_fx_fee(pf, k, 1);
  const double paid = pln_cost_price(x, k, side, price, true, true) * h->point;
  return pln_sizing_compat(budget, fraction, paid, price * h->point, &costs, &h->lot);
}

#include "model/slow_exec.h"
#include <assert.h>
#include <math.h>
#include <string.h>

bool slow_is_final(const slow_order *o) { return o->status >= PLN_STATUS_FILLED; }

double slow_position(const slow_exec *x) {
  double sum = 0;
  for (int64_t i = 0; i < x->n_lots; i++) sum += x->lots[i].quantity;
  return x->side * sum;
}

void slow_begin(slow_exec *x, const slow_config *config, const slow_bar *bars) {
  memset(x, 0, sizeof *x);
  x->config = *config;
  x->bars = bars;
  x->now = -1;
  x->cash = x->equity = x->peak = config->capital;
}

/* Money. */

static double worth_at(const slow_exec *x, double price) {
  return x->cash + slow_position(x) * price * x->config.multiplier;
}

static double fee_of(const slow_config *c, double quantity, double notional, bool first) {
  const double variable = notional * c->pct / 100 + quantity * c->per_share;
  return (first ? c->per_order : 0) + fmax(variable, first ? c->minimum : 0);
}

/* The largest number of units, at most `most`, that the money pays for with their fees: tried one by one. */
static double affordable(const slow_config *c, double money, double price, bool first, double most) {
  const double worth = price * c->multiplier;
  double n = fmin(most, floor(fmax(money, 0) / worth) + 2);
  while (n > 0 && n * worth + fee_of(c, n, n * worth, first) > money) n -= 1;
  return n;
}

static void charge(slow_exec *x, slow_order *o, double quantity, double price) {
  const slow_config *c = &x->config;
  o->variable += quantity * price * c->multiplier * c->pct / 100 + quantity * c->per_share;
  const double total = c->per_order + fmax(o->variable, c->minimum);
  x->cash -= total - o->fees;
  x->fees += total - o->fees;
  o->fees = total;
  o->filled += quantity;
  o->paid += quantity * price;
  x->room -= quantity;
}

static double worsened(const slow_exec *x, int32_t side, double price) {
  return price * (1 + side * x->config.worsening);
}

/* Position. */

static void drop_lot(slow_exec *x, int64_t i) {
  for (int64_t k = i; k + 1 < x->n_lots; k++) x->lots[k] = x->lots[k + 1];
  x->n_lots--;
  if (x->n_lots == 0) x->side = 0;
}

static void close_lots(slow_exec *x, slow_order *o, double quantity, int64_t only, double price) {
  x->cash += x->side * quantity * price * x->config.multiplier;
  charge(x, o, quantity, price);
  int64_t i = only >= 0 ? only : 0;
  while (quantity > 0) {
    slow_lot *lot = &x->lots[i];
    const double taken = fmin(quantity, lot->quantity);
    x->n_trades++;
    quantity -= taken;
    lot->quantity -= taken;
    if (lot->quantity == 0) drop_lot(x, i);
  }
}

static double nearer(double a, double b, bool above) {
  if (a == 0 || b == 0) return a + b;
  return above ? fmin(a, b) : fmax(a, b);
}

static void open_lot(slow_exec *x, slow_order *o, double quantity, double price, bool at_open, bool live) {
  const slow_config *c = &x->config;
  const bool is_long = o->side > 0;
  const double stop = c->stop_loss_pct > 0 ? fmax(price * (1 - o->side * c->stop_loss_pct / 100), 0) : 0;
  const double target =
      c->take_profit_pct > 0 ? fmax(price * (1 + o->side * c->take_profit_pct / 100), 0) : 0;
  x->cash -= o->side * quantity * price * c->multiplier;
  charge(x, o, quantity, price);
  x->side = o->side;
  const int64_t bar = x->now;
  assert(x->n_lots < SLOW_MAX_LOTS);
  x->lots[x->n_lots++] = (slow_lot){.quantity = quantity,
                                    .price = price,
                                    .stop = nearer(stop, o->request.stop_loss, !is_long),
                                    .target = nearer(target, o->request.take_profit, is_long),
                                    .high = price,
                                    .low = price,
                                    .bar = bar,
                                    .live_from = live ? bar : bar + 1,
                                    .at_open = at_open};
}

/* What the rules and the money allow of `quantity` that opens, at a price and with costs; the account is
 * valued at the price before costs. */
static double allowed(const slow_exec *x, const slow_order *o, double quantity, double price, double plain) {
  const slow_config *c = &x->config;
  const double held = fabs(slow_position(x)), unit = price * c->multiplier,
               gross = held * plain * c->multiplier;
  const double equity = worth_at(x, plain);
  if (x->is_halted || x->is_bankrupt || (o->side < 0 && !c->allow_short)) return 0;
  if (c->max_position_pct > 0)
    quantity = fmin(quantity, floor(fmax(equity * c->max_position_pct / 100 - held * unit, 0) / unit));
  if (c->max_exposure_pct > 0)
    quantity = fmin(quantity, floor(fmax(equity * c->max_exposure_pct / 100 - gross, 0) / unit));
  return affordable(c, equity * c->leverage - gross, price, o->filled == 0, quantity);
}

/* Orders. */

static slow_order *new_order(slow_exec *x, const pln_order_request *request, int32_t side) {
  assert(x->n_orders < SLOW_MAX_ORDERS);
  slow_order *o = &x->orders[x->n_orders++];
  *o = (slow_order){.request = *request,
                    .id = x->n_orders,
                    .made_at = x->now,
                    .side = side,
                    .status = PLN_STATUS_PENDING,
                    .quantity = request->size,
                    .best = x->now >= 0 ? x->bars[x->now].close : 0};
  return o;
}

static void cancel_group(slow_exec *x, const slow_order *of, double filled) {
  if (of->request.oco == 0) return;
  for (int64_t i = 0; i < x->n_orders; i++) {
    slow_order *o = &x->orders[i];
    if (o == of || o->request.oco != of->request.oco || slow_is_final(o)) continue;
    o->quantity -= filled;
    if (of->status == PLN_STATUS_FILLED || o->quantity <= o->filled) o->status = PLN_STATUS_CANCELED;
  }
}

/* After a fill: what only reduces has nothing left to do where the position is gone or turned. */
static void drop_reducers(slow_exec *x) {
  for (int64_t i = 0; i < x->n_orders; i++) {
    slow_order *o = &x->orders[i];
    if (o->request.reduce_only && !slow_is_final(o) && slow_position(x) * o->side >= 0)
      o->status = PLN_STATUS_CANCELED;
  }
}

static bool is_stop(const slow_order *o) {
  return o->request.type == PLN_ORDER_STOP || o->request.type == PLN_ORDER_TRAILING_STOP;
}

/* What an order still asks for. */
static double wanted(const slow_exec *x, const slow_order *o) {
  const double position = slow_position(x);
  if (o->is_halt) return position * o->side < 0 ? fabs(position) : 0;
  if (o->is_target) return fmax((o->request.size - position) * o->side, 0);
  return o->quantity - o->filled;
}

static void fill_at_all(slow_exec *x, slow_order *o, double price, bool worsens, bool at_open, bool live) {
  const double position = slow_position(x), asked = wanted(x, o), had = o->filled;
  const double against = position * o->side < 0 ? fabs(position) : 0;
  double quantity = o->request.reduce_only ? fmin(asked, against) : asked;
  if (quantity == 0) {
    o->status = o->filled > 0 && asked == 0 ? PLN_STATUS_FILLED : PLN_STATUS_CANCELED;
    return;
  }
  if (quantity > x->room) {
    quantity = x->room;
    if (o->request.tif == PLN_TIF_FOK || (o->request.tif == PLN_TIF_IOC && quantity == 0))
      o->status = PLN_STATUS_EXPIRED;
    if (slow_is_final(o) || quantity == 0) return;
  }
  const double paid = worsens ? worsened(x, o->side, price) : price;
  const double closing = fmin(quantity, against), opening = quantity - closing;
  double opened = 0;
  if (closing > 0) close_lots(x, o, closing, -1, paid);
  if (opening > 0) opened = allowed(x, o, opening, paid, price);
  if (opened > 0) open_lot(x, o, opened, paid, at_open, live);
  o->is_reduced = o->filled - had < asked;
  if (o->filled == 0) {
    o->status = PLN_STATUS_REJECTED;
  } else if (opened == opening && quantity < asked && !(o->request.reduce_only && quantity == against)) {
    o->status = o->request.tif == PLN_TIF_IOC ? PLN_STATUS_EXPIRED : PLN_STATUS_PARTIALLY_FILLED;
    o->is_triggered = o->is_triggered || is_stop(o); /* what is left is a market order */
  } else {
    o->status = PLN_STATUS_FILLED;
  }
}

/* An order meets a price. Fill or kill: what would be reduced has not happened. */
static void fill(slow_exec *x, slow_order *o, double price, bool worsens, bool at_open, bool live) {
  static slow_exec before;
  const bool kill = o->request.tif == PLN_TIF_FOK;
  if (kill) before = *x;
  const double had = o->filled;
  fill_at_all(x, o, price, worsens, at_open, live);
  if (kill && o->status == PLN_STATUS_FILLED && o->is_reduced) {
    *x = before;
    o->status = PLN_STATUS_EXPIRED;
    return;
  }
  if (o->filled == had) return;
  cancel_group(x, o, o->filled - had);
  drop_reducers(x);
}

/* The price at which the open fills a limit (0: it does not), and at which the rest of the bar does. */
static double limit_at_open(double limit, int32_t side, const slow_bar *b) {
  return (side > 0 ? b->open <= limit : b->open >= limit) ? b->open : 0;
}
static double limit_within(double limit, int32_t side, const slow_bar *b) {
  if (limit_at_open(limit, side, b) > 0) return 0;
  return (side > 0 ? b->low <= limit : b->high >= limit) ? limit : 0;
}
static double stop_at_open(double stop, int32_t side, const slow_bar *b) {
  return (side > 0 ? b->open >= stop : b->open <= stop) ? b->open : 0;
}
static double stop_within(double stop, int32_t side, const slow_bar *b) {
  if (stop_at_open(stop, side, b) > 0) return 0;
  return (side > 0 ? b->high >= stop : b->low <= stop) ? stop : 0;
}

static double stop_level(const slow_order *o) {
  if (o->request.type != PLN_ORDER_TRAILING_STOP) return o->request.stop_price;
  if (o->request.trail_type == PLN_TRAIL_PERCENT) return o->best * (1 + o->side * o->request.trail / 100);
  return o->best + o->side * o->request.trail;
}

static bool takes_part(const slow_exec *x, const slow_order *o) {
  return !slow_is_final(o) && o->made_at < x->now;
}

/* A stop-limit: what the trigger comes to. Where the limit lies beyond the stop it fills at once, otherwise
 * it waits. */
static double trigger(const slow_exec *x, slow_order *o, double at) {
  const double limit = o->request.limit_price, stop = o->request.stop_price;
  o->is_triggered = true;
  o->limit_from = x->now + 1;
  if (o->side > 0 ? limit <= stop : limit >= stop) return 0;
  if (o->side > 0 ? at <= limit : at >= limit) return at;
  o->limit_from = x->now; /* beyond the limit at the open: a limit for the rest of the bar */
  return 0;
}

static double price_at_open(const slow_exec *x, slow_order *o, const slow_bar *b) {
  switch (o->request.type) {
  case PLN_ORDER_MARKET:
    return b->open;
  case PLN_ORDER_LIMIT:
    return limit_at_open(o->request.limit_price, o->side, b);
  case PLN_ORDER_STOP_LIMIT:
    if (o->is_triggered)
      return o->limit_from <= x->now ? limit_at_open(o->request.limit_price, o->side, b) : 0;
    return stop_at_open(o->request.stop_price, o->side, b) > 0 ? trigger(x, o, b->open) : 0;
  default:
    return o->is_triggered ? b->open : stop_at_open(stop_level(o), o->side, b);
  }
}

static double price_within(const slow_exec *x, slow_order *o, const slow_bar *b) {
  switch (o->request.type) {
  case PLN_ORDER_MARKET:
    return 0;
  case PLN_ORDER_LIMIT:
    return limit_within(o->request.limit_price, o->side, b);
  case PLN_ORDER_STOP_LIMIT:
    if (o->is_triggered)
      return o->limit_from <= x->now ? limit_within(o->request.limit_price, o->side, b) : 0;
    return stop_within(o->request.stop_price, o->side, b) > 0 ? trigger(x, o, o->request.stop_price) : 0;
  default:
    return o->is_triggered ? 0 : stop_within(stop_level(o), o->side, b);
  }
}

static bool only_reduces(const slow_exec *x, const slow_order *o) {
  const double position = slow_position(x);
  return position * o->side < 0 && (o->is_halt || o->request.reduce_only || wanted(x, o) <= fabs(position));
}

static bool at_close(const slow_exec *x, const slow_order *o) {
  return x->config.fill != PLN_FILL_NEXT_OPEN && o->request.type == PLN_ORDER_MARKET;
}

static void expire_before(slow_exec *x, const slow_bar *b) {
  const int64_t day = 86400000000000;
  for (int64_t i = 0; i < x->n_orders; i++) {
    slow_order *o = &x->orders[i];
    if (!takes_part(x, o)) continue;
    if (o->first_ns == 0) o->first_ns = b->ts_ns;
    if (o->request.tif == PLN_TIF_DAY && b->ts_ns / day > o->first_ns / day) o->status = PLN_STATUS_EXPIRED;
    if (o->request.tif == PLN_TIF_GTD && b->ts_ns >= o->request.expires_ns) o->status = PLN_STATUS_EXPIRED;
  }
}

static void try_open(slow_exec *x, slow_order *o, const slow_bar *b) {
  if (!takes_part(x, o) || at_close(x, o)) return;
  const double price = price_at_open(x, o, b);
  const bool market = o->request.type == PLN_ORDER_MARKET;
  if (price > 0) fill(x, o, price, market || is_stop(o), true, market);
}

static void try_within(slow_exec *x, slow_order *o, const slow_bar *b) {
  if (!takes_part(x, o) || at_close(x, o)) return;
  const double price = price_within(x, o, b);
  if (price > 0) fill(x, o, price, is_stop(o), false, false);
}

/* Protective levels. */

static double lot_stop(const slow_exec *x, const slow_lot *lot) {
  if (x->config.trailing_stop_pct == 0) return lot->stop;
  const double best = x->side > 0 ? lot->high : lot->low;
  return nearer(lot->stop, fmax(best * (1 - x->side * x->config.trailing_stop_pct / 100), 0), x->side < 0);
}

static void exits(slow_exec *x, const slow_bar *b, bool open, bool stops, bool targets) {
  for (int64_t i = 0; i < x->n_lots;) {
    slow_lot *lot = &x->lots[i];
    const int32_t out = -x->side;
    const double stop = lot_stop(x, lot);
    double price = 0;
    bool worsens = true;
    const bool live = lot->live_from <= x->now;
    if (live && stops && stop > 0) price = open ? stop_at_open(stop, out, b) : stop_within(stop, out, b);
    if (live && price == 0 && targets && lot->target > 0) {
      price = open ? limit_at_open(lot->target, out, b) : limit_within(lot->target, out, b);
      worsens = false;
    }
    if (price == 0) {
      i++;
      continue;
    }
    const double quantity = fmin(lot->quantity, x->room);
    const bool whole = quantity == lot->quantity;
    if (quantity > 0) {
      slow_order *o = new_order(x, &(pln_order_request){.size = quantity}, out);
      close_lots(x, o, quantity, i, worsens ? worsened(x, out, price) : price);
      o->status = PLN_STATUS_FILLED;
      drop_reducers(x);
    }
    if (!whole) i++;
  }
}

/* The rest of the bar. */

static void phases(slow_exec *x, const slow_bar *b, int64_t n) {
  exits(x, b, false, true, false);
  for (int64_t i = 0; i < n; i++) {
    slow_order *o = &x->orders[i];
    if (is_stop(o) && slow_position(x) * o->side < 0) try_within(x, o, b);
  }
  for (int64_t i = 0; i < n; i++) try_within(x, &x->orders[i], b);
  exits(x, b, false, false, true);
}

/* The price that an order waits for, 0 = none. */
static double level_of(const slow_exec *x, const slow_order *o) {
  if (!takes_part(x, o) || o->request.type == PLN_ORDER_MARKET) return 0;
  if (o->request.type == PLN_ORDER_LIMIT) return o->request.limit_price;
  if (o->request.type == PLN_ORDER_STOP_LIMIT && o->is_triggered)
    return o->limit_from <= x->now ? o->request.limit_price : 0;
  return is_stop(o) && o->is_triggered ? 0 : stop_level(o);
}

/* Whether an order fills, or is triggered, when the price comes up to its level (or down to it). */
static bool waits_above(const slow_order *o) {
  const bool limit = o->request.type == PLN_ORDER_LIMIT || o->is_triggered;
  return limit ? o->side < 0 : o->side > 0;
}

static void nearest(double level, bool above, double now, double to, double *next) {
  if (level <= 0 || above != (to > now)) return;
  if (above ? level > now && level <= to && (*next == 0 || level < *next)
            : level < now && level >= to && (*next == 0 || level > *next))
    *next = level;
}

/* The next level between here and there. */
static double next_level(const slow_exec *x, double now, double to, int64_t n) {
  double next = 0;
  for (int64_t i = 0; i < x->n_lots; i++) {
    const slow_lot *lot = &x->lots[i];
    if (lot->live_from > x->now) continue;
    nearest(lot_stop(x, lot), x->side < 0, now, to, &next);
    nearest(lot->target, x->side > 0, now, to, &next);
  }
  for (int64_t i = 0; i < n; i++)
    nearest(level_of(x, &x->orders[i]), waits_above(&x->orders[i]), now, to, &next);
  return next;
}

static void at_point(slow_exec *x, double price, int64_t n) {
  const slow_bar here = {x->bars[x->now].ts_ns, price, price, price, price, 0};
  exits(x, &here, true, true, false);
  for (int32_t pass = 0; pass < 2; pass++)
    for (int64_t i = 0; i < n; i++) {
      slow_order *o = &x->orders[i];
      if (level_of(x, o) == 0) continue;
      if (pass == 0 && !(is_stop(o) && slow_position(x) * o->side < 0)) continue;
      const double paid = price_at_open(x, o, &here);
      if (paid > 0) fill(x, o, paid, is_stop(o), false, false);
    }
  exits(x, &here, true, false, true);
}

static void walk(slow_exec *x, double from, double to, int64_t n) {
  for (;;) {
    const double next = next_level(x, from, to, n);
    if (next == 0) return;
    at_point(x, next, n);
    from = next;
  }
}

static void path(slow_exec *x, const slow_bar *b, int64_t n, bool high_first) {
  const double one = high_first ? b->high : b->low, two = high_first ? b->low : b->high;
  walk(x, b->open, one, n);
  walk(x, one, two, n);
  walk(x, two, b->close, n);
}

static bool is_high_nearer(const slow_bar *b) {
  const double up = b->high - b->open, down = b->open - b->low;
  return up != down ? up < down : b->close <= b->open;
}

/* Market orders that were made before this bar, at its close; what only reduces goes first. */
static void fill_at_close(slow_exec *x, int64_t before) {
  for (int32_t pass = 0; pass < 2; pass++)
    for (int64_t i = 0; i < x->n_orders; i++) {
      slow_order *o = &x->orders[i];
      if (slow_is_final(o) || o->made_at >= before || !at_close(x, o) || (pass == 0 && !only_reduces(x, o)))
        continue;
      if (o->first_ns == 0) o->first_ns = x->bars[x->now].ts_ns;
      fill(x, o, x->bars[x->now].close, true, false, false);
    }
}

static void candidate(slow_exec *x, const slow_bar *b, int64_t n, int32_t which) {
  if (which == 0)
    phases(x, b, n);
  else
    path(x, b, n, is_high_nearer(b) == (which == 1));
  if (x->config.fill == PLN_FILL_NEXT_CLOSE) fill_at_close(x, x->now);
}

/* Pessimistic and optimistic: of what the bar may have been (stops first and targets last, or either path),
 * what leaves the account worst or best at its close. */
static void rest_of_bar(slow_exec *x, const slow_bar *b, int64_t n) {
  static slow_exec before;
  if (x->config.intrabar > PLN_INTRABAR_OPTIMISTIC) {
    const int32_t policy = x->config.intrabar;
    const bool high_first =
        policy == PLN_INTRABAR_NEAREST_EXTREME ? is_high_nearer(b) : policy == PLN_INTRABAR_OHLC;
    candidate(x, b, n, high_first == is_high_nearer(b) ? 1 : 2);
    return;
  }
  const double sign = x->config.intrabar == PLN_INTRABAR_PESSIMISTIC ? 1 : -1;
  int32_t chosen = 0;
  double worst = 0;
  before = *x;
  for (int32_t which = 0; which < 3; which++) {
    candidate(x, b, n, which);
    const double worth = sign * worth_at(x, b->close);
    *x = before;
    if (which > 0 && worth >= worst - 1e-12 * fabs(worst)) continue;
    worst = worth;
    chosen = which;
  }
  candidate(x, b, n, chosen);
}

static void cancel_rest(slow_exec *x) {
  for (int64_t i = 0; i < x->n_orders; i++)
    if (!slow_is_final(&x->orders[i])) x->orders[i].status = PLN_STATUS_CANCELED;
}

static void mark(slow_exec *x, const slow_bar *b) {
  for (int64_t i = 0; i < x->n_lots; i++) {
    slow_lot *lot = &x->lots[i];
    const bool whole = lot->bar != x->now || lot->at_open;
    lot->high = fmax(lot->high, whole ? b->high : b->close);
    lot->low = fmin(lot->low, whole ? b->low : b->close);
  }
  for (int64_t i = 0; i < x->n_orders; i++) {
    slow_order *o = &x->orders[i];
    if (takes_part(x, o)) o->best = o->side > 0 ? fmin(o->best, b->low) : fmax(o->best, b->high);
  }
  x->equity = worth_at(x, b->close);
  if (x->equity > x->peak) x->peak = x->equity;
  if (x->equity <= 0) {
    x->is_bankrupt = true;
    cancel_rest(x);
    x->n_lots = 0;
    x->side = 0;
    x->cash = 0;
  } else if (x->config.max_drawdown_pct > 0 && !x->is_halted &&
             x->equity <= x->peak * (1 - x->config.max_drawdown_pct / 100)) {
    x->is_halted = true;
    cancel_rest(x);
    const double position = slow_position(x);
    if (position != 0)
      new_order(x, &(pln_order_request){.size = fabs(position)}, position > 0 ? PLN_SIDE_SELL : PLN_SIDE_BUY)
          ->is_halt = true;
  }
}

void slow_bar_closes(slow_exec *x) {
  const slow_bar *b = &x->bars[++x->now];
  const double share = x->config.max_volume_pct / 100;
  x->room = share > 0 ? floor(b->volume * share) : INFINITY;
  if (!x->is_bankrupt) {
    const int64_t n = x->n_orders; /* exits make orders of their own, which are over at once */
    expire_before(x, b);
    for (int64_t i = 0; i < n; i++) {
      slow_order *o = &x->orders[i];
      if (takes_part(x, o) && o->request.type == PLN_ORDER_MARKET && only_reduces(x, o)) try_open(x, o, b);
    }
    for (int64_t i = 0; i < n; i++) try_open(x, &x->orders[i], b);
    exits(x, b, true, true, true);
    for (int64_t i = 0; i < n; i++) {
      slow_order *o = &x->orders[i];
      if (takes_part(x, o) && !at_close(x, o) &&
          (o->request.tif == PLN_TIF_IOC || o->request.tif == PLN_TIF_FOK))
        o->status = PLN_STATUS_EXPIRED;
    }
    rest_of_bar(x, b, n);
  }
  mark(x, b);
}

static bool has_bad_price(const pln_order_request *r) {
  const bool limit = r->type == PLN_ORDER_LIMIT || r->type == PLN_ORDER_STOP_LIMIT;
  const bool stop = r->type == PLN_ORDER_STOP || r->type == PLN_ORDER_STOP_LIMIT;
  return (limit && r->limit_price <= 0) || (stop && r->stop_price <= 0) || r->stop_loss < 0 ||
         r->take_profit < 0;
}

int64_t slow_submit(slow_exec *x, const pln_order_request *request) {
  const slow_config *c = &x->config;
  const double last = x->bars[x->now].close, position = slow_position(x);
  int32_t side = request->side;
  const bool is_target = request->size_type == PLN_ORDER_SIZE_TARGET_QUANTITY;
  double quantity = request->size;
  if (is_target) {
    for (int64_t i = 0; i < x->n_orders; i++)
      if (x->orders[i].is_target && !slow_is_final(&x->orders[i])) x->orders[i].status = PLN_STATUS_CANCELED;
    if (request->size == position) return 0;
    side = request->size > position ? PLN_SIDE_BUY : PLN_SIDE_SELL;
    quantity = fabs(request->size - position);
  }
  if (request->size_type == PLN_ORDER_SIZE_PERCENT)
    quantity = affordable(c, worth_at(x, last) * request->size / 100, worsened(x, side, last), true, 1e9);
  slow_order *o = new_order(x, request, side);
  o->is_target = is_target;
  o->quantity = quantity;
  if (quantity == 0 || has_bad_price(request) || x->is_bankrupt || (x->is_halted && position * side >= 0)) {
    o->status = PLN_STATUS_REJECTED;
    return 0;
  }
  return o->id;
}

int32_t slow_cancel(slow_exec *x, int64_t id) {
  if (id < 1 || id > x->n_orders || slow_is_final(&x->orders[id - 1])) return 0;
  x->orders[id - 1].status = PLN_STATUS_CANCELED;
  return 1;
}

int32_t slow_cancel_all(slow_exec *x) {
  int32_t n = 0;
  for (int64_t i = 0; i < x->n_orders; i++) {
    if (x->orders[i].is_halt) continue; /* the rule's, not the caller's */
    n += slow_cancel(x, i + 1);
  }
  return n;
}

void slow_close_orders(slow_exec *x) {
  if (x->config.fill == PLN_FILL_THIS_CLOSE) fill_at_close(x, x->now + 1);
}

void slow_end(slow_exec *x) {
  for (int64_t i = 0; i < x->n_orders; i++)
    if (!slow_is_final(&x->orders[i])) x->orders[i].status = PLN_STATUS_EXPIRED;
}

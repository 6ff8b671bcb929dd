#include "core/error.h"
#include "portfolio/portfolio.h"
#include <stddef.h>

/* Exits that a portfolio's configuration asks for beyond fixed percentages. What they need of a lot is
 * reckoned when it is opened, what moves is moved when a bar was seen: a level is never of the bar that meets
 * it. */

static int32_t check_amount(const char *name, double value) {
  if (isfinite(value) && value >= 0) return PLN_OK;
  return pln_fail(PLN_ERR_ARGUMENT, "%s of the exits is %g, expected a number that is not negative (0 = off)",
                  name, value);
}

static bool reads_atr(const pln_exit_config *e) {
  bool any = e->stop_atr > 0 || e->target_atr > 0 || e->trailing_atr > 0 || e->break_even_atr > 0;
  for (int32_t i = 0; i < e->n_rungs; i++) any = any || e->rungs[i].atr > 0;
  return any;
}

static int32_t check_ladder(const pln_exit_config *e) {
  double shares = 0;
  if (e->n_rungs < 0 || e->n_rungs > PLN_EXIT_MAX_RUNGS)
    return pln_fail(PLN_ERR_ARGUMENT, "a ladder of %d rungs, expected at most %d", e->n_rungs,
                    (int)PLN_EXIT_MAX_RUNGS);
  for (int32_t i = 0; i < e->n_rungs; i++) {
    const pln_exit_rung *r = &e->rungs[i];
    int32_t status = check_amount("a rung's pct", r->pct);
    if (!status) status = check_amount("a rung's atr", r->atr);
    if (!status) status = check_amount("a rung's r", r->r);
    if (status) return status;
    if ((r->pct > 0) + (r->atr > 0) + (r->r > 0) != 1)
      return pln_fail(PLN_ERR_ARGUMENT, "rung %d of the ladder: expected one of pct, atr and r", i + 1);
    if (!(r->share_pct > 0 && r->share_pct <= 100))
      return pln_fail(PLN_ERR_ARGUMENT, "rung %d of the ladder closes %g percent, expected up to 100", i + 1,
                      r->share_pct);
    shares += r->share_pct;
  }
  if (shares > 100 + 1e-9)
    return pln_fail(PLN_ERR_ARGUMENT, "the ladder's rungs close %g percent together, expected at most 100",
                    shares);
  return PLN_OK;
}

int32_t pln_exits_check(const pln_exit_config *e) {
  const struct {
    const char *name;
    double value;
  } amounts[] = {{"stop_amount", e->stop_amount},
                 {"stop_atr", e->stop_atr},
                 {"target_amount", e->target_amount},
                 {"target_atr", e->target_atr},
                 {"target_r", e->target_r},
                 {"trailing_amount", e->trailing_amount},
                 {"trailing_atr", e->trailing_atr},
                 {"chandelier_atr", e->chandelier_atr},
                 {"break_even_pct", e->break_even_pct},
                 {"break_even_atr", e->break_even_atr},
                 {"break_even_r", e->break_even_r},
                 {"break_even_offset_pct", e->break_even_offset_pct}};
  for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++) {
    const int32_t status = check_amount(amounts[i].name, amounts[i].value);
    if (status) return status;
  }
  if (e->max_bars < 0)
    return pln_fail(PLN_ERR_ARGUMENT, "max_bars of the exits is %lld, expected 0 (off) or more",
                    (long long)e->max_bars);
  if (e->has_time && (e->time_s < 0 || e->time_s >= 86400))
    return pln_fail(PLN_ERR_ARGUMENT, "time_s of the exits is %d, expected 0 to 86399", e->time_s);
  return check_ladder(e);
}

void pln_exits_set(pln_portfolio *p) {
  const pln_exit_config *e = &p->config.exits;
  const bool even = e->break_even_pct > 0 || e->break_even_atr > 0 || e->break_even_r > 0;
  const bool trails = e->trailing_amount > 0 || e->trailing_atr > 0;
  p->is_following = e->chandelier_atr > 0 ? 2 : even;
  p->is_trailing = p->config.risk.trailing_stop_pct > 0 || trails || p->is_following;
  p->has_exits = p->is_following || trails || reads_atr(e) || e->stop_amount > 0 || e->target_amount > 0 ||
                 e->target_r > 0 || e->max_bars > 0 || e->has_time || e->n_rungs > 0;
}

static double gauge(pln_portfolio *p, int32_t which, int32_t instrument, int64_t time_ns) {
  return p->gauges && which >= 0 && which < p->gauges->n_gauges
             ? pln_gauge_at(p->gauges, which, instrument, time_ns)
             : NAN;
}

bool pln_exits_ready(pln_portfolio *p, int32_t instrument, int64_t time_ns) {
  const pln_exit_config *e = &p->config.exits;
  if (reads_atr(e) && !(gauge(p, e->atr_gauge, instrument, time_ns) >= 0)) return false;
  return !(e->chandelier_atr > 0) || gauge(p, e->chandelier_gauge, instrument, time_ns) >= 0;
}

/* A level that holds against one that does: stops are compared by which the price reaches first. */
static bool is_tighter(double stop, double level, bool is_long) {
  return level > 0 && (stop == 0 || (is_long ? level > stop : level < stop));
}

double pln_lot_stop(const pln_portfolio *p, const pln_lot *lot, bool is_long, int32_t *moved) {
  double stop = lot->stop;
  *moved = 0;
  if (!p->is_trailing) return stop;
  if (p->config.risk.trailing_stop_pct > 0) {
    const double share = p->config.risk.trailing_stop_pct / 100.0;
    const double level = lot->best * (is_long ? 1.0 - share : 1.0 + share);
    if (is_tighter(stop, level, is_long)) {
      stop = level;
      *moved = PLN_EXIT_TRAILING_STOP;
    }
  }
  if (lot->trail > 0) {
    const double level = is_long ? lot->best - lot->trail : lot->best + lot->trail;
    if (is_tighter(stop, level, is_long)) {
      stop = level;
      *moved = PLN_EXIT_TRAILING_STOP;
    }
  }
  if (is_tighter(stop, lot->ratchet, is_long)) {
    stop = lot->ratchet;
    *moved = lot->ratchet_reason;
  }
  return stop;
}

double pln_lot_target(const pln_lot *lot, bool is_long) {
  if (lot->ladder == 0) return lot->target;
  if (lot->target == 0) return lot->ladder;
  return is_long == (lot->ladder < lot->target) ? lot->ladder : lot->target;
}

static void ratchet(pln_lot *lot, double level, bool is_long, int32_t reason) {
  if (!is_tighter(lot->ratchet, level, is_long)) return;
  lot->ratchet = level;
  lot->ratchet_reason = reason;
}

static void offer_stop(pln_lot *lot, double distance, bool is_long, int32_t reason) {
  const double level = is_long ? lot->price - distance : lot->price + distance;
  if (!is_tighter(lot->stop, level, is_long)) return;
  lot->stop = level;
  lot->stop_reason = reason;
}

static void offer_target(pln_lot *lot, double distance, bool is_long) {
  const double level = is_long ? lot->price + distance : lot->price - distance;
  if (level > 0 && (lot->target == 0 || (is_long ? level < lot->target : level > lot->target)))
    lot->target = level;
}

static double smaller(double a, double b) { return a > 0 && (b == 0 || a < b) ? a : b; }

/* The level of the lot's next rung, on the tick and never earlier than the rule says. One that has no level
 * (of R, without a stop) is passed over. */
static void set_rung(const pln_exit_config *e, pln_lot *lot, bool is_long, const pln_step *tick) {
  lot->ladder = 0;
  for (; lot->rung < e->n_rungs && lot->ladder == 0; lot->rung++) {
    const pln_exit_rung *r = &e->rungs[lot->rung];
    const double distance = r->pct > 0   ? lot->price * (r->pct / 100.0)
                            : r->atr > 0 ? r->atr * lot->atr
                                         : r->r * lot->risk;
    const double level = is_long ? lot->price + distance : lot->price - distance;
    if (!(distance > 0 && level > 0)) continue;
    lot->ladder = tick->step > 0 ? pln_step_round(tick, level, is_long) : level;
    break;
  }
}

void pln_exits_protect(pln_portfolio *p, int32_t instrument, pln_lot *lot, int64_t time_ns, int64_t due_ns,
                       const pln_step *tick) {
  const pln_exit_config *e = &p->config.exits;
  const bool is_long = p->holdings[instrument].count > 0;
  lot->atr = reads_atr(e) ? gauge(p, e->atr_gauge, instrument, time_ns) : NAN;
  if (e->stop_amount > 0) offer_stop(lot, e->stop_amount, is_long, PLN_EXIT_STOP_LOSS);
  if (e->stop_atr > 0) offer_stop(lot, e->stop_atr * lot->atr, is_long, PLN_EXIT_ATR_STOP);
  lot->trail = e->trailing_amount;
  if (e->trailing_atr > 0) lot->trail = smaller(e->trailing_atr * lot->atr, lot->trail);
  if (e->chandelier_atr > 0) {
    const double distance = e->chandelier_atr * gauge(p, e->chandelier_gauge, instrument, time_ns);
    ratchet(lot, is_long ? lot->price - distance : lot->price + distance, is_long, PLN_EXIT_CHANDELIER);
  }
  if (tick->step > 0 && lot->stop > 0) lot->stop = pln_step_round(tick, lot->stop, !is_long);
  int32_t moved;
  const double first = pln_lot_stop(p, lot, is_long, &moved);
  lot->risk = first > 0 ? fabs(lot->price - first) : 0;

  if (e->target_amount > 0) offer_target(lot, e->target_amount, is_long);
  if (e->target_atr > 0) offer_target(lot, e->target_atr * lot->atr, is_long);
  if (e->target_r > 0 && lot->risk > 0) offer_target(lot, e->target_r * lot->risk, is_long);
  if (tick->step > 0 && lot->target > 0) lot->target = pln_step_round(tick, lot->target, is_long);

  lot->even = e->break_even_pct > 0 ? lot->price * (e->break_even_pct / 100.0) : 0;
  if (e->break_even_atr > 0) lot->even = smaller(e->break_even_atr * lot->atr, lot->even);
  if (e->break_even_r > 0) lot->even = smaller(e->break_even_r * lot->risk, lot->even);
  const double offset = e->break_even_offset_pct / 100.0;
  lot->even_stop = lot->price * (is_long ? 1.0 + offset : 1.0 - offset);
  if (e->max_bars > 0) lot->due_bar = lot->entry_bar + e->max_bars;
  lot->due_ns = due_ns;
  set_rung(e, lot, is_long, tick);
}

void pln_exits_follow(pln_portfolio *p, int32_t instrument) {
  const pln_exit_config *e = &p->config.exits;
  pln_holding *h = &p->holdings[instrument];
  const bool is_long = h->count > 0;
  double chandelier = 0;
  if (e->chandelier_atr > 0)
    chandelier = e->chandelier_atr * gauge(p, e->chandelier_gauge, instrument, *p->now_ns);
  for (int64_t i = 0; i < h->n_lots; i++) {
    pln_lot *lot = &h->lots[i];
    if (chandelier > 0)
      ratchet(lot, is_long ? lot->best - chandelier : lot->best + chandelier, is_long, PLN_EXIT_CHANDELIER);
    if (lot->even > 0 && (is_long ? lot->best - lot->price : lot->price - lot->best) >= lot->even)
      ratchet(lot, lot->even_stop, is_long, PLN_EXIT_BREAK_EVEN);
  }
  pln_portfolio_refresh(p, instrument);
}

double pln_exits_climb(const pln_portfolio *p, pln_lot *lot, bool is_long, const pln_step *tick) {
  const pln_exit_config *e = &p->config.exits;
  double shares = 0;
  for (int32_t i = 0; i <= lot->rung; i++) shares += e->rungs[i].share_pct;
  const bool closes = lot->rung + 1 == e->n_rungs && shares > 100 - 1e-9;
  const double wanted = pln_floor_div(lot->opened * e->rungs[lot->rung].share_pct, 100);
  lot->rung++;
  set_rung(e, lot, is_long, tick);
  return closes || wanted > lot->count ? lot->count : wanted;
}

void pln_exits_scale(pln_lot *lot, double ratio) {
  lot->trail /= ratio;
  lot->ratchet /= ratio;
  lot->even /= ratio;
  lot->even_stop /= ratio;
  lot->ladder /= ratio;
  lot->atr /= ratio;
  lot->risk /= ratio;
  lot->opened = pln_snap_count(lot->opened * ratio);
}

void pln_exits_merge(pln_lot *lot, const pln_lot *last, bool is_long) {
  if (last->stop > 0) lot->stop_reason = last->stop_reason;
  ratchet(lot, last->ratchet, is_long, last->ratchet_reason);
  lot->trail = last->trail;
  lot->even = last->even;
  lot->even_stop = last->even_stop;
  lot->ladder = last->ladder;
  lot->rung = last->rung;
  lot->atr = last->atr;
  lot->risk = last->risk;
  lot->opened = lot->count;
  if (last->due_bar < lot->due_bar) lot->due_bar = last->due_bar;
  if (last->due_ns < lot->due_ns) lot->due_ns = last->due_ns;
}

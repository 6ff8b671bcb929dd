#include "exec_util.h"
#include "abi/csv.h"
#include "abi/time.h"

/* Exits of a portfolio: by hand, and against a simulation that knows nothing of lots and levels in force: it
 * reckons each stop anew from all bars since the entry. */

static void push(rig *r, int64_t bar, int32_t direction) {
  const pln_signal s = {.ts_ns = rig_visible(bar), .direction = direction, .strength = 1, .confidence = 1};
  assert_int_equal(pln_exec_push_signals(r->exec, 0, &s, 1), 0);
}

/* Bought (or sold) at the open of bar 1; ten units; the ATR column, if any, is the gauge 0. */
static rig *entered(double (*rows)[4], int64_t n, int32_t direction, const pln_exit_config *exits,
                    const double *atr, const pln_exec_config *config) {
  pln_portfolio_config p = rig_portfolio();
  p.sizing = (pln_sizing){.type = PLN_SIZE_QUANTITY, .value = 10};
  p.exits = *exits;
  pln_exec_config c = *config;
  c.record_equity = c.record_orders = 1;
  rig *r = must(calloc(1, sizeof *r));
  rig_bars(&r->bars[0], rows, n);
  r->exec = must(pln_exec_new(&c));
  assert_int_equal(
      pln_exec_add_instrument(r->exec, &r->bars[0], &(pln_instrument){.lot_size = 1, .multiplier = 1}), 0);
  if (atr) {
    assert_int_equal(pln_exec_add_gauge(r->exec), 0);
    assert_int_equal(pln_exec_set_gauge(r->exec, 0, 0, &r->bars[0], atr), 0);
  }
  r->portfolio = must(pln_portfolio_new(&p, 1));
  assert_int_equal(pln_exec_add_portfolio(r->exec, r->portfolio), 0);
  assert_int_equal(pln_exec_add_source(r->exec, 0, 0, 1), 0);
  push(r, 0, direction);
  assert_int_equal(pln_exec_run(r->exec, INT64_MAX), PLN_EXEC_DONE);
  assert_int_equal(pln_exec_finish(r->exec), 0);
  return r;
}

static void leaves(double (*rows)[4], int64_t n, int32_t direction, pln_exit_config exits, const double *atr,
                   int64_t bar, double price, int32_t reason) {
  rig *r = entered(rows, n, direction, &exits, atr, &(pln_exec_config){0});
  const pln_trade *t = rig_trade(r, 0);
  assert_string_equal(pln_exit_reason_name(t->exit_reason), pln_exit_reason_name(reason));
  assert_int_equal(t->exit_bar, bar);
  NEAR(t->exit_price, price);
  assert_int_equal(rig_account(r)->n_trades, 1);
  rig_free(r);
}

/* Entry at 100 in bar 1; the best price is 106 in bar 2; down to 96 in bar 4. */
static double hill[][4] = {{100, 100, 100, 100}, {100, 102, 99, 101}, {101, 106, 101, 105},
                           {105, 105, 103, 104}, {104, 104, 96, 97},  {97, 98, 90, 92}};
static double twos[] = {2, 2, 2, 2, 2, 2};
/* The same the other way round. */
static double valley[][4] = {{100, 100, 100, 100}, {100, 101, 98, 99}, {99, 99, 94, 95},
                             {95, 97, 95, 96},     {96, 104, 96, 103}, {103, 110, 102, 108}};

static void stops_by_hand(void **state) {
  (void)state;
  leaves(hill, 6, 1, (pln_exit_config){.stop_amount = 3}, NULL, 4, 97, PLN_EXIT_STOP_LOSS);
  leaves(hill, 6, 1, (pln_exit_config){.stop_atr = 1.5}, twos, 4, 97, PLN_EXIT_ATR_STOP);
  leaves(hill, 6, 1, (pln_exit_config){.stop_atr = 1.5, .stop_amount = 2}, twos, 4, 98, PLN_EXIT_STOP_LOSS);
  leaves(hill, 6, 1, (pln_exit_config){.trailing_amount = 4}, NULL, 4, 102, PLN_EXIT_TRAILING_STOP);
  leaves(hill, 6, 1, (pln_exit_config){.trailing_atr = 2.5}, twos, 4, 101, PLN_EXIT_TRAILING_STOP);
  leaves(valley, 6, -1, (pln_exit_config){.stop_amount = 3}, NULL, 4, 103, PLN_EXIT_STOP_LOSS);
  leaves(valley, 6, -1, (pln_exit_config){.trailing_amount = 4}, NULL, 4, 98, PLN_EXIT_TRAILING_STOP);
  /* A gain of 5 in bar 2 moves the stop to the entry, from bar 3 on; an offset of 1 % to 101. */
  leaves(hill, 6, 1, (pln_exit_config){.break_even_pct = 5}, NULL, 4, 100, PLN_EXIT_BREAK_EVEN);
  leaves(hill, 6, 1, (pln_exit_config){.break_even_pct = 5, .break_even_offset_pct = 1}, NULL, 4, 101,
         PLN_EXIT_BREAK_EVEN);
  leaves(hill, 6, 1, (pln_exit_config){.break_even_atr = 3}, twos, 4, 100, PLN_EXIT_BREAK_EVEN);
  leaves(hill, 6, 1, (pln_exit_config){.stop_amount = 5, .break_even_r = 1.2}, NULL, 4, 100,
         PLN_EXIT_BREAK_EVEN);
  /* 106 is a gain of 1.2 R only: the plain stop at 95, in bar 5. */
  leaves(hill, 6, 1, (pln_exit_config){.stop_amount = 5, .break_even_r = 1.3}, NULL, 5, 95,
         PLN_EXIT_STOP_LOSS);
}

static void chandelier_by_hand(void **state) {
  (void)state;
  /* 3 x 2 below the highest high: 94, 96, 100, 100; an ATR that grows does not move it back. */
  leaves(hill, 6, 1, (pln_exit_config){.chandelier_atr = 3}, twos, 4, 100, PLN_EXIT_CHANDELIER);
  double grows[] = {2, 2, 2, 4, 4, 4};
  leaves(hill, 6, 1, (pln_exit_config){.chandelier_atr = 3}, grows, 4, 100, PLN_EXIT_CHANDELIER);
  double shrinks[] = {2, 2, 2, 1, 1, 1};
  leaves(hill, 6, 1, (pln_exit_config){.chandelier_atr = 3}, shrinks, 4, 103, PLN_EXIT_CHANDELIER);
  leaves(valley, 6, -1, (pln_exit_config){.chandelier_atr = 3}, twos, 4, 100, PLN_EXIT_CHANDELIER);
}

static void targets_and_time_by_hand(void **state) {
  (void)state;
  leaves(hill, 6, 1, (pln_exit_config){.target_amount = 5}, NULL, 2, 105, PLN_EXIT_TAKE_PROFIT);
  leaves(hill, 6, 1, (pln_exit_config){.target_atr = 2}, twos, 2, 104, PLN_EXIT_TAKE_PROFIT);
  leaves(hill, 6, 1, (pln_exit_config){.stop_amount = 2, .target_r = 3}, NULL, 2, 106, PLN_EXIT_TAKE_PROFIT);
  leaves(hill, 6, 1, (pln_exit_config){.max_bars = 2}, NULL, 3, 105, PLN_EXIT_TIME);
  /* Bars are minutes from 00:01: bar 4 opens at 00:05. */
  leaves(hill, 6, 1, (pln_exit_config){.has_time = 1, .time_s = 300}, NULL, 4, 104, PLN_EXIT_TIME);
  /* An entry at or after the time waits for the next day. */
  rig *r = entered(hill, 6, 1, &(pln_exit_config){.has_time = 1, .time_s = 120}, NULL, &(pln_exec_config){0});
  assert_int_equal(rig_account(r)->n_trades, 0);
  rig_free(r);
  /* With fills at the close: entered at the close of bar 0, left two bars later. */
  const pln_exec_config close = {.fill = PLN_FILL_THIS_CLOSE};
  r = entered(hill, 6, 1, &(pln_exit_config){.max_bars = 2}, NULL, &close);
  assert_int_equal(rig_trade(r, 0)->entry_bar, 0);
  assert_int_equal(rig_trade(r, 0)->exit_bar, 2);
  NEAR(rig_trade(r, 0)->exit_price, 105);
  assert_int_equal(rig_trade(r, 0)->exit_reason, PLN_EXIT_TIME);
  rig_free(r);
}

static void ladder_by_hand(void **state) {
  (void)state;
  const pln_exit_config e = {
      .stop_amount = 2,
      .n_rungs = 3,
      .rungs = {{.pct = 2, .share_pct = 35}, {.r = 2, .share_pct = 45}, {.pct = 50, .share_pct = 20}}};
  /* 102 in bar 1: ⌊3.5⌋ = 3 units; 104 in bar 2: 4; the rest stops at 98 in bar 4. */
  rig *r = entered(hill, 6, 1, &e, NULL, &(pln_exec_config){0});
  assert_int_equal(rig_account(r)->n_trades, 3);
  const double quantities[] = {3, 4, 3}, prices[] = {102, 104, 98};
  const int64_t bars[] = {1, 2, 4};
  const int32_t reasons[] = {PLN_EXIT_LADDER, PLN_EXIT_LADDER, PLN_EXIT_STOP_LOSS};
  for (int64_t i = 0; i < 3; i++) {
    const pln_trade *t = rig_trade(r, i);
    NEAR(t->quantity, quantities[i]);
    NEAR(t->exit_price, prices[i]);
    assert_int_equal(t->exit_bar, bars[i]);
    assert_int_equal(t->exit_reason, reasons[i]);
  }
  NEAR(rig_account(r)->equity, 10000 + 3 * 2 + 4 * 4 - 3 * 2);
  assert_true(rig_position(r)->quantity == 0);
  assert_int_equal(rig_refusals(r, PLN_REFUSAL_STOPPED_OUT), 1); /* by the last part only */
  rig_free(r);
  /* Rungs that make 100 close everything, whatever the rounding. */
  const pln_exit_config all = {.n_rungs = 2,
                               .rungs = {{.pct = 1, .share_pct = 1}, {.pct = 2, .share_pct = 99}}};
  r = entered(hill, 6, 1, &all, NULL, &(pln_exec_config){0});
  assert_int_equal(rig_account(r)->n_trades, 1); /* 1 % of ten units is no unit */
  NEAR(rig_trade(r, 0)->quantity, 10);
  NEAR(rig_trade(r, 0)->exit_price, 102);
  rig_free(r);
}

static void unknown_atr_is_no_entry(void **state) {
  (void)state;
  double late[] = {NAN, NAN, 2, 2, 2, 2};
  rig *r = entered(hill, 6, 1, &(pln_exit_config){.stop_atr = 2}, late, &(pln_exec_config){0});
  assert_int_equal(rig_account(r)->n_fills, 0);
  assert_int_equal(rig_refusals(r, PLN_REFUSAL_UNPROTECTED), 1);
  rig_free(r);
}

static void values_out_of_range(void **state) {
  (void)state;
  const pln_exit_config bad[] = {
      {.stop_amount = -1},
      {.chandelier_atr = NAN},
      {.max_bars = -1},
      {.has_time = 1, .time_s = 86400},
      {.n_rungs = 9},
      {.n_rungs = 1, .rungs = {{.share_pct = 50}}},
      {.n_rungs = 1, .rungs = {{.pct = 1, .r = 1, .share_pct = 50}}},
      {.n_rungs = 2, .rungs = {{.pct = 1, .share_pct = 60}, {.pct = 2, .share_pct = 60}}}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    pln_portfolio_config c = rig_portfolio();
    c.exits = bad[i];
    assert_null(pln_portfolio_new(&c, 1));
  }
}

/* ---- the slow simulation ---- */

typedef struct left {
  int64_t entry_bar, exit_bar;
  double quantity, price;
  int32_t side, reason;
} left;

typedef struct plan {
  pln_risk_config risk;
  pln_exit_config exits;
  double quantity;
} plan;

typedef struct sim {
  const pln_bars *b;
  const double *atr;
  const plan *p;
  int32_t side;
  double entry, held, opened, risk;
  int64_t bar;
  int32_t rung;
  left *out;
  int64_t n;
} sim;

/* Of two stops of a position: the one nearer to the price. */
static void take(double *stop, int32_t *reason, double level, int32_t why, int32_t side) {
  if (level > 0 && (*stop == 0 || (level - *stop) * side > 0)) *stop = level, *reason = why;
}

static double best_until(const sim *s, int64_t last) {
  double best = s->entry;
  for (int64_t j = s->bar; j <= last; j++) {
    const double x = s->side > 0 ? s->b->high[j] : s->b->low[j];
    if ((x - best) * s->side > 0) best = x;
  }
  return best;
}

/* The stop that holds in bar i. */
static double stop_in(const sim *s, int64_t i, int32_t *reason) {
  const pln_exit_config *e = &s->p->exits;
  const double known = s->bar > 0 ? s->atr[s->bar - 1] : NAN, best = best_until(s, i - 1), d = s->side;
  double stop = 0;
  if (s->p->risk.stop_loss_pct > 0)
    take(&stop, reason, s->entry * (1 - d * s->p->risk.stop_loss_pct / 100), PLN_EXIT_STOP_LOSS, s->side);
  if (e->stop_amount > 0) take(&stop, reason, s->entry - d * e->stop_amount, PLN_EXIT_STOP_LOSS, s->side);
  if (e->stop_atr > 0) take(&stop, reason, s->entry - d * e->stop_atr * known, PLN_EXIT_ATR_STOP, s->side);
  if (s->p->risk.trailing_stop_pct > 0)
    take(&stop, reason, best * (1 - d * s->p->risk.trailing_stop_pct / 100), PLN_EXIT_TRAILING_STOP, s->side);
  if (e->trailing_amount > 0)
    take(&stop, reason, best - d * e->trailing_amount, PLN_EXIT_TRAILING_STOP, s->side);
  if (e->trailing_atr > 0)
    take(&stop, reason, best - d * e->trailing_atr * known, PLN_EXIT_TRAILING_STOP, s->side);
  if (e->chandelier_atr > 0)
    for (int64_t j = s->bar - 1; j < i; j++)
      take(&stop, reason, best_until(s, j) - d * e->chandelier_atr * s->atr[j], PLN_EXIT_CHANDELIER, s->side);
  const double gain = (best - s->entry) * d, offset = e->break_even_offset_pct / 100;
  if ((e->break_even_pct > 0 && gain >= s->entry * (e->break_even_pct / 100)) ||
      (e->break_even_atr > 0 && gain >= e->break_even_atr * known) ||
      (e->break_even_r > 0 && s->risk > 0 && gain >= e->break_even_r * s->risk))
    take(&stop, reason, s->entry * (1 + d * offset), PLN_EXIT_BREAK_EVEN, s->side);
  return stop;
}

/* The nearest target; *rung says whether it is one of the ladder's. */
static double target_of(const sim *s, bool *rung) {
  const pln_exit_config *e = &s->p->exits;
  const double known = s->bar > 0 ? s->atr[s->bar - 1] : NAN, d = s->side;
  double distance = INFINITY;
  *rung = false;
  if (e->target_amount > 0) distance = fmin(distance, e->target_amount);
  if (e->target_atr > 0) distance = fmin(distance, e->target_atr * known);
  if (e->target_r > 0 && s->risk > 0) distance = fmin(distance, e->target_r * s->risk);
  if (s->rung < e->n_rungs) {
    const pln_exit_rung *r = &e->rungs[s->rung];
    const double at = r->pct > 0 ? s->entry * (r->pct / 100) : r->atr > 0 ? r->atr * known : r->r * s->risk;
    if (at > 0 && at < distance) distance = at, *rung = true;
  }
  const double level = s->entry + d * distance;
  return isfinite(distance) && level > 0 ? level : 0;
}

static void leave(sim *s, int64_t i, double quantity, double price, int32_t reason) {
  s->out[s->n++] = (left){.entry_bar = s->bar,
                          .exit_bar = i,
                          .quantity = quantity,
                          .price = price,
                          .side = s->side,
                          .reason = reason};
  s->held -= quantity;
}

static void meet_targets(sim *s, int64_t i, bool at_open) {
  while (s->held > 0) {
    bool rung;
    const double t = target_of(s, &rung), open = s->b->open[i];
    if (t == 0) return;
    const bool gap = (open - t) * s->side >= 0;
    const double far = s->side > 0 ? s->b->high[i] : s->b->low[i];
    if (at_open ? !gap : gap || (far - t) * s->side < 0) return;
    if (!rung) {
      leave(s, i, s->held, at_open ? open : t, PLN_EXIT_TAKE_PROFIT);
      return;
    }
    double q = floor(s->opened * s->p->exits.rungs[s->rung].share_pct / 100 + 1e-9), shares = 0;
    s->rung++;
    for (int32_t k = 0; k < s->rung; k++) shares += s->p->exits.rungs[k].share_pct;
    if ((s->rung == s->p->exits.n_rungs && shares > 100 - 1e-9) || q > s->held) q = s->held;
    if (q > 0) leave(s, i, q, at_open ? open : t, PLN_EXIT_LADDER);
  }
}

static bool is_due(const sim *s, int64_t i) {
  const pln_exit_config *e = &s->p->exits;
  if (e->max_bars > 0 && i - s->bar >= e->max_bars) return true;
  if (!e->has_time) return false;
  const int64_t day = 86400000000000;
  const pln_timezone *zone = pln_timezone_get(s->b->timezone);
  const int64_t then = pln_timezone_to_local(zone, s->b->ts_ns[s->bar]);
  int64_t due = then / day * day + e->time_s * INT64_C(1000000000);
  if (due <= then) due += day;
  return pln_timezone_to_local(zone, s->b->ts_ns[i]) >= due;
}

/* All exits of a run in which bar i's close brings the target wanted[i]. */
static int64_t simulate(const pln_bars *b, const double *atr, const plan *p, const int8_t *wanted,
                        left *out) {
  sim s = {.b = b, .atr = atr, .p = p, .out = out};
  for (int64_t i = 1; i < b->n_bars; i++) {
    const int32_t now = wanted[i - 1], before = i > 1 ? wanted[i - 2] : 0;
    if (now != before) {
      if (s.held > 0 && s.side != now) leave(&s, i, s.held, b->open[i], PLN_EXIT_SIGNAL);
      const pln_exit_config *e = &p->exits;
      bool reads = e->stop_atr > 0 || e->target_atr > 0 || e->trailing_atr > 0 || e->break_even_atr > 0 ||
                   e->chandelier_atr > 0;
      for (int32_t k = 0; k < e->n_rungs; k++) reads = reads || e->rungs[k].atr > 0;
      if (now != 0 && s.held == 0 && !(reads && isnan(atr[i - 1]))) {
        s.side = now, s.entry = b->open[i], s.bar = i, s.held = s.opened = p->quantity, s.rung = 0,
        s.risk = 0;
        int32_t why;
        const double first = stop_in(&s, i, &why);
        s.risk = first > 0 ? fabs(s.entry - first) : 0;
      }
    }
    if (s.held == 0) continue;
    int32_t reason = 0;
    const double stop = stop_in(&s, i, &reason), near = s.side > 0 ? b->low[i] : b->high[i];
    if (stop > 0 && (stop - b->open[i]) * s.side >= 0) leave(&s, i, s.held, b->open[i], reason);
    if (s.held > 0 && is_due(&s, i)) leave(&s, i, s.held, b->open[i], PLN_EXIT_TIME);
    meet_targets(&s, i, true);
    if (s.held > 0 && stop > 0 && (stop - near) * s.side >= 0) leave(&s, i, s.held, stop, reason);
    meet_targets(&s, i, false);
  }
  return s.n;
}

static uint64_t draw(uint64_t *g) {
  uint64_t x = (*g += 0x9e3779b97f4a7c15u);
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}
static double unit(uint64_t *g) { return (double)(draw(g) >> 11) * 0x1p-53; }

/* Some of the exits, of sizes that `scale` (a usual move, in percent) makes likely to be met. */
static plan plan_of(uint64_t *g, double price, double scale) {
  plan p = {.quantity = (double)(1 + draw(g) % 20)};
  pln_exit_config *e = &p.exits;
#define SOME(x) (draw(g) % 4 == 0 ? (x) : 0)
  const double amount = price * scale / 100;
  p.risk.stop_loss_pct = SOME(scale * (1 + 4 * unit(g)));
  p.risk.trailing_stop_pct = SOME(scale * (1 + 4 * unit(g)));
  e->stop_amount = SOME(amount * (1 + 4 * unit(g)));
  e->stop_atr = SOME(1 + 4 * unit(g));
  e->target_amount = SOME(amount * (2 + 6 * unit(g)));
  e->target_atr = SOME(2 + 6 * unit(g));
  e->target_r = SOME(0.5 + 2 * unit(g));
  e->trailing_amount = SOME(amount * (1 + 4 * unit(g)));
  e->trailing_atr = SOME(1 + 4 * unit(g));
  e->chandelier_atr = SOME(1 + 4 * unit(g));
  e->break_even_pct = SOME(scale * (1 + 3 * unit(g)));
  e->break_even_atr = SOME(1 + 3 * unit(g));
  e->break_even_r = SOME(0.5 + unit(g));
  e->break_even_offset_pct = SOME(scale * 0.5 * unit(g));
  e->max_bars = (int64_t)SOME(1 + draw(g) % 40);
  e->has_time = draw(g) % 6 == 0;
  e->time_s = (int32_t)(draw(g) % 86400);
  e->n_rungs = (int32_t)(draw(g) % 2 ? draw(g) % 4 : 0);
  double pct = 0;
  for (int32_t k = 0; k < e->n_rungs; k++) {
    pct += scale * (0.5 + unit(g));
    e->rungs[k] = (pln_exit_rung){.pct = pct, .share_pct = 10 + 20 * unit(g)};
    if (draw(g) % 3 == 0) e->rungs[k] = (pln_exit_rung){.atr = k + 1, .share_pct = e->rungs[k].share_pct};
  }
#undef SOME
  return p;
}

/* Of the container's own, with a second, idle portfolio where `general` (no quick path then). */
static int64_t engine(const pln_bars *b, const double *atr, const plan *p, const int8_t *wanted, bool general,
                      left *out) {
  pln_portfolio_config c = rig_portfolio();
  c.capital = 1e9;
  c.sizing = (pln_sizing){.type = PLN_SIZE_QUANTITY, .value = p->quantity};
  c.risk = p->risk;
  c.exits = p->exits;
  pln_exec *x = must(pln_exec_new(&(pln_exec_config){0}));
  assert_int_equal(pln_exec_add_instrument(x, b, &(pln_instrument){.lot_size = 1, .multiplier = 1}), 0);
  assert_int_equal(pln_exec_add_gauge(x), 0);
  assert_int_equal(pln_exec_set_gauge(x, 0, 0, b, atr), 0);
  pln_portfolio *first = must(pln_portfolio_new(&c, 1)), *second = must(pln_portfolio_new(&c, 1));
  assert_int_equal(pln_exec_add_portfolio(x, first), 0);
  if (general) assert_int_equal(pln_exec_add_portfolio(x, second), 1);
  assert_int_equal(pln_exec_add_source(x, 0, 0, 1), 0);
  int32_t before = 0;
  for (int64_t i = 0; i < b->n_bars; i++) {
    if (wanted[i] == before) continue;
    const pln_signal s = {
        .ts_ns = b->ts_ns[i] + b->timeframe.ns, .direction = before = wanted[i], .strength = 1};
    assert_int_equal(pln_exec_push_signals(x, 0, &s, 1), 0);
  }
  assert_int_equal(pln_exec_run(x, INT64_MAX), PLN_EXEC_DONE);
  assert_int_equal(pln_exec_finish(x), 0);
  const pln_trade *trades;
  const int64_t n = pln_portfolio_trades(first, &trades);
  for (int64_t i = 0; i < n; i++)
    out[i] = (left){.entry_bar = trades[i].entry_bar,
                    .exit_bar = trades[i].exit_bar,
                    .quantity = trades[i].quantity,
                    .price = trades[i].exit_price,
                    .side = trades[i].side,
                    .reason = trades[i].exit_reason};
  pln_exec_free(x);
  pln_portfolio_free(first);
  pln_portfolio_free(second);
  return n;
}

static int64_t seen[PLN_EXIT_REASON_COUNT];

static void compare(const pln_bars *b, uint64_t seed, double scale) {
  uint64_t g = seed;
  const int64_t n = b->n_bars;
  double *atr = must(malloc((size_t)n * sizeof *atr));
  int8_t *wanted = must(malloc((size_t)n));
  left *mine = must(malloc((size_t)n * 4 * sizeof *mine)), *its = must(malloc((size_t)n * 4 * sizeof *its));
  double sum = 0;
  int8_t level = 0;
  for (int64_t i = 0; i < n; i++) {
    const double range = b->high[i] - b->low[i] + 1e-6;
    sum += range - (i >= 10 ? b->high[i - 10] - b->low[i - 10] + 1e-6 : 0);
    atr[i] = i < 9 ? NAN : sum / 10;
    if (draw(&g) % 12 == 0) level = (int8_t)(draw(&g) % 3) - 1;
    wanted[i] = level;
  }
  const plan p = plan_of(&g, b->close[0], scale);
  const int64_t count = simulate(b, atr, &p, wanted, mine);
  for (int32_t general = 0; general < 2; general++) {
    const int64_t found = engine(b, atr, &p, wanted, general, its);
    for (int64_t i = 0; i < count && i < found; i++) {
      const left *a = &mine[i], *c = &its[i];
      if (a->entry_bar != c->entry_bar || a->exit_bar != c->exit_bar || a->quantity != c->quantity ||
          fabs(a->price - c->price) > 1e-9 * a->price || a->side != c->side || a->reason != c->reason)
        fail_msg("seed %llu, trade %lld: bars %lld to %lld, %g at %.12g by %s, expected %lld to %lld, %g at "
                 "%.12g by %s",
                 (unsigned long long)seed, (long long)i, (long long)c->entry_bar, (long long)c->exit_bar,
                 c->quantity, c->price, pln_exit_reason_name(c->reason), (long long)a->entry_bar,
                 (long long)a->exit_bar, a->quantity, a->price, pln_exit_reason_name(a->reason));
      seen[a->reason]++;
    }
    assert_int_equal(found, count);
  }
  free(atr);
  free(wanted);
  free(mine);
  free(its);
}

static void slow_simulation_random(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 400; seed++) {
    double rows[300][4];
    uint64_t g = seed * 77;
    double price = 100;
    for (int64_t i = 0; i < 300; i++) {
      const double open = price * (1 + (unit(&g) - 0.5) * 0.01), close = open * (1 + (unit(&g) - 0.5) * 0.03);
      rows[i][0] = open;
      rows[i][1] = fmax(open, close) * (1 + unit(&g) * 0.01);
      rows[i][2] = fmin(open, close) * (1 - unit(&g) * 0.01);
      rows[i][3] = price = close;
    }
    pln_bars b;
    rig_bars(&b, rows, 300);
    compare(&b, seed, 1.5);
    rig_bars_free(&b);
  }
  for (int32_t reason = PLN_EXIT_SIGNAL; reason < PLN_EXIT_REASON_COUNT; reason++) {
    const bool expected =
        reason <= PLN_EXIT_TRAILING_STOP || (reason >= PLN_EXIT_ATR_STOP && reason <= PLN_EXIT_LADDER);
    if (expected && seen[reason] < 20)
      fail_msg("only %lld exits by %s", (long long)seen[reason], pln_exit_reason_name(reason));
  }
}

static void slow_simulation_minutes(void **state) {
  (void)state;
  const char *folder = getenv("PLN_TEST_SHARED");
  char path[4096];
  snprintf(path, sizeof path, "%s/data/equity_1m_2015/SPY_1m.csv.gz",
           folder && *folder ? folder : "../shared");
  FILE *file = fopen(path, "rb");
  if (!file) {
    print_message("skipped: no %s\n", path);
    return;
  }
  fclose(file);
  const char *paths[] = {path};
  pln_csv_options o;
  pln_csv_options_init(&o);
  o.timezone = "America/Chicago";
  pln_bars *bars = must(pln_csv_load(paths, 1, &o, NULL));
  pln_bars some = *bars;
  some.n_bars = bars->n_bars < 8000 ? bars->n_bars : 8000;
  for (uint64_t seed = 1000; seed < 1030; seed++) compare(&some, seed, 0.06);
  pln_bars_free(bars);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stops_by_hand),
      cmocka_unit_test(chandelier_by_hand),
      cmocka_unit_test(targets_and_time_by_hand),
      cmocka_unit_test(ladder_by_hand),
      cmocka_unit_test(unknown_atr_is_no_entry),
      cmocka_unit_test(values_out_of_range),
      cmocka_unit_test(slow_simulation_random),
      cmocka_unit_test(slow_simulation_minutes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#pragma once
#include "abi/exec.h"
#include "abi/time.h"
#include "exec/costs.h"
#include "portfolio/portfolio.h"
#include "portfolio/snapshot.h"

typedef struct pln_market {
  const pln_bars *bars;
  const int64_t *ts_ns;
  const int64_t *visible_ns; /* NULL: ts_ns + length_ns */
  int64_t length_ns;
  const double *open, *high, *low, *close;
  int64_t next; /* the bar that becomes visible next */
  int64_t end;  /* bars from here on are outside the window */
  pln_instrument spec;
  pln_step tick;                /* step 0: none */
  const pln_timezone *timezone; /* looked up by the first DAY order */
  const pln_bars *bid, *ask;    /* quotes; NULL: none */
  const pln_calendar *calendar; /* NULL: none */
  int32_t is_visible;           /* bar next - 1 became visible at the instant that is being processed */
  int32_t is_halted;            /* nothing fills */
  int32_t is_delisted;          /* nothing is traded any more */
  int32_t is_outside;           /* no member of the universe: nothing is opened */
  pln_action *actions;          /* by time; those before next_action are done */
  int64_t n_actions, next_action;
  int64_t quick_end; /* bars from here on need more than a mark: an action is due, or nothing may fill */
} pln_market;

typedef enum pln_block {
  PLN_BLOCK_NONE,
  PLN_BLOCK_EXIT, /* by a protective exit */
  PLN_BLOCK_FLAT  /* by the end of a session */
} pln_block;

typedef enum pln_source_kind { PLN_SOURCE_SIGNALS, PLN_SOURCE_CALLER } pln_source_kind;

typedef struct pln_source {
  int32_t kind;
  int32_t portfolio;
  int32_t instrument; /* -1 for callers */
  /* SIGNALS: changes yet to be applied are signals[head … n). */
  double weight;
  pln_signal *signals;
  int64_t head, n, capacity;
  double strength;
  int32_t direction;
  int32_t is_blocked; /* pln_block: its level counts as 0 until the direction changes */
  int32_t next;       /* source of the same portfolio and instrument, -1 = none */
  /* CALLER */
  const int64_t *ts_ns;
  const int64_t *visible_ns;
  int64_t length_ns;
  int64_t row, end; /* next row to deliver */
  int32_t is_timer;
} pln_source;

/* The times at which a portfolio's positions are brought to their targets. */
typedef struct pln_agenda {
  const int64_t *times_ns;
  int64_t n, next;
  int32_t is_due; /* at the instant that is being processed */
} pln_agenda;

/* The hours of one instrument in one portfolio. */
typedef struct pln_opening {
  const pln_hours *hours;
  int64_t n, next; /* the span whose times are yet to come … */
  int32_t is_in;   /* … but for its reenter_ns */
} pln_opening;

/* What the sources want of one instrument in one portfolio. */
typedef struct pln_target {
  double acted;    /* the combined level that was last acted on */
  double share;    /* of budgets: percent of the equity, signed */
  int32_t touched; /* at this instant: bit 0 a strength changed, bit 1 a direction */
  int32_t source;  /* whose change it was */
  int32_t first;   /* of its sources, in the order in which they were added; -1 = none */
} pln_target;

/* How an order becomes a number of lots. */
typedef enum pln_size_mode {
  PLN_MODE_COUNT,       /* `count` lots */
  PLN_MODE_CLOSE,       /* whatever is held at the fill */
  PLN_MODE_CASH,        /* `size` currency, at the fill */
  PLN_MODE_PERCENT,     /* `size` percent of the equity, at the fill */
  PLN_MODE_RISK,        /* `size` percent of the equity are lost by a move of `distance`, at the fill */
  PLN_MODE_TO_QUANTITY, /* the position is brought to the signed size, at the fill */
  PLN_MODE_TO_CASH,
  PLN_MODE_TO_PERCENT,
  PLN_MODE_TO_RISK
} pln_size_mode;

/* Of a TO_ mode, but that of a quantity, the same size without a target. */
static inline int32_t pln_size_plain(int32_t mode) { return mode - PLN_MODE_TO_CASH + PLN_MODE_CASH; }

/* A size that is not yet a number of lots. */
typedef struct pln_want {
  int32_t mode;     /* PLN_MODE_TO_QUANTITY and its like, whether it is a target or not */
  int32_t refusal;  /* it cannot be had: why; 0 = it can */
  double size;      /* >= 0, by mode */
  double distance;  /* RISK: by how much the price moves; 0: to the protective stop */
  double stop_loss; /* … which an order brings itself, 0 = none */
  double cap;       /* percent of the equity that bound it, 0 = none */
} pln_want;
/* How an algorithm cuts its order, and how far it is. */
typedef struct pln_algo {
  int64_t duration_ns;
  double share;    /* POV: of each bar's volume */
  double visible;  /* ICEBERG: lots */
  double total;    /* lots of the whole order; `count` is what is left */
  int32_t slices;  /* TWAP, VWAP */
  int32_t made;    /* slots that have begun */
  int32_t refusal; /* why a child was rejected: it ends the algorithm */
} pln_algo;

struct pln_pending {
  pln_order order;
  double count;
  double size;
  double distance, cap; /* of the size, as in pln_want */
  double stop_loss, take_profit;
  int64_t queue_key; /* its place with `compat: backtesting.py` */
  double conversion; /* part of its fees: what converting currency cost */
  double best; /* trailing: the best price that its level follows, NaN = to be set by the parent's fill */
  double limit_offset;      /* TRAILING_STOP_LIMIT */
  int64_t arrives_ns;       /* with latency: when it is at the market; 0 = at once */
  int64_t active_ns;        /* bars that open at or after it are seen: created_ns, or later */
  int64_t day;              /* DAY, CLS: the last day of its life, once known */
  int32_t mode;             /* pln_size_mode */
  int32_t owner;            /* without a source: that of the lot which the order protects, -1 = none */
  int32_t is_managed;       /* made by the container for the sources of its instrument */
  int32_t is_reviewed;      /* by the risk rules, or exempt */
  int32_t is_target;        /* a caller's target size: the next one replaces it */
  int32_t is_triggered;     /* stop-limit: now a limit; stop: now at market (partly filled) */
  int32_t trigger_bar_done; /* … and the bar of its trigger is over */
  int32_t is_held;          /* a child whose parent has no fill yet, or an algorithm: it meets no bar */
  int32_t follows;          /* a child whose quantity is what its parent has filled */
  int32_t gauge;            /* TRAIL_GAUGE */
  pln_algo algo;
  pln_order_costs costs;
};

/* What some order of a container has needed so far: what nobody uses is not looked for. */
typedef enum pln_extra {
  PLN_EXTRA_LINKS = 1,  /* children, groups, reduce-only */
  PLN_EXTRA_TRAILS = 2, /* trailing stops */
  PLN_EXTRA_CLOSES = 4, /* orders that fill at the close of a bar that was not over when they were made */
  PLN_EXTRA_ALGOS = 8
} pln_extra;

/* How much of a bar's volume is left to one portfolio in one instrument. */
typedef struct pln_room {
  int64_t bar; /* whose; -1 = none yet */
  double lots;
} pln_room;

/* What one bar's matching may change, kept while it is tried out. */
typedef struct pln_trial {
  pln_portfolio_snapshot portfolio;
  pln_pending *pending;
  int64_t pending_capacity;
  int32_t *blocked; /* of each source */
  int64_t n_orders, n_fills, n_records, n_fill_records, new_orders, new_fills, n_decisions;
  pln_target target;
  pln_room room;
  pln_month months[PLN_MODELS_MAX]; /* of each model, where it counts them */
} pln_trial;

typedef enum pln_stage { PLN_STAGE_IDLE, PLN_STAGE_ASKS, PLN_STAGE_STRATEGIES, PLN_STAGE_ORDERS } pln_stage;

typedef struct pln_review pln_review;

struct pln_exec {
  pln_exec_view view;
  pln_exec_config config;
  pln_costs costs;
  double concession;       /* slippage and half the spread, as a fraction of the price */
  double entry_concession; /* the compat spread */
  pln_market *markets;
  int32_t n_markets;
  int32_t n_portfolios;
  pln_portfolio **portfolios;
  pln_gauges gauges;
  pln_rules rules;       /* across portfolios */
  pln_review *review;    /* NULL: there are no rules */
  pln_agenda *agendas;   /* [portfolio]; NULL: none has one */
  pln_opening *openings; /* [portfolio * n_markets + instrument]; NULL: none has any */
  int32_t n_agendas, n_openings;
  int64_t next_event_ns; /* of agendas and openings */
  int64_t last_ns;       /* visibility of the window's last bar */
  pln_target *targets;   /* [portfolio * n_markets + instrument] */
  pln_source *sources;
  int32_t n_sources, sources_capacity;
  int32_t n_callers;
  int32_t has_books;
  int32_t is_watched; /* some portfolio compares positions and targets at each bar */
  int32_t is_marked;  /* a bar became visible at the instant that is being processed */
  int32_t is_quick;   /* one market, one portfolio, one caller on the market's own bars */
  int32_t is_started;
  int32_t is_finished;
  int32_t stage;
  int32_t next_source; /* STRATEGIES: the source to look at next */
  int32_t status;      /* of a failure inside (memory); sticky */
  int64_t first_ns;    /* visibility of the window's first bar */
  int64_t horizon_ns;  /* everything at or before it is processed */
  double benchmark_close;
  int64_t row_ns;       /* time of the last recorded row */
  int64_t action_ns;    /* when the next action or cash flow holds from; INT64_MAX without one */
  pln_pending *pending; /* in order of creation */
  int64_t n_pending, pending_capacity;
  int64_t n_orders, n_fills; /* made so far: their ids */
  pln_order *orders;         /* final ones */
  int64_t n_records, records_capacity;
  pln_fill *fills;
  int64_t n_fill_records, fills_capacity;
  int64_t new_orders, new_fills;   /* since the previous return of next */
  int64_t queue_front, queue_back; /* keys of the queue that were given last */
  int64_t *keys;                   /* scratch of a pass over it */
  int64_t keys_capacity;
  pln_order *snapshot; /* what pln_exec_pending returned */
  int64_t snapshot_capacity;
  pln_models models;
  pln_asks asks;
  int32_t extras;  /* pln_extra bits */
  pln_room *rooms; /* [portfolio * n_markets + instrument]; NULL without max_volume_pct */
  pln_trial trial; /* of a bar */
  pln_trial kill;  /* of a FOK order's fill, which may be within one */
};

static inline int64_t pln_market_visible(const pln_market *m, int64_t i) {
  return m->visible_ns ? m->visible_ns[i] : m->ts_ns[i] + m->length_ns;
}
/* Something may fill at the bar of this instant. */
static inline bool pln_market_fills(const pln_market *m) {
  return m->is_visible && !m->is_halted && !m->is_delisted;
}
static inline bool pln_order_is_final(const pln_order *o) { return o->status >= PLN_STATUS_FILLED; }
static inline pln_target *pln_exec_target(pln_exec *x, int32_t portfolio, int32_t instrument) {
  return &x->targets[portfolio * x->n_markets + instrument];
}

/* An order meets a price. */
struct pln_hit {
  double price;      /* before slippage and spread */
  int32_t worsens;   /* market and stop fills: slippage and half the spread are paid */
  int32_t at_open;   /* at the opening price of the bar */
  int32_t at_market; /* by a market order: at the open, its protection is live in this bar */
  int32_t type;      /* of the order */
  int32_t is_free;   /* no commission */
  int64_t bar;
  double count; /* lots that an exit closes of the one that it names; 0 = all of them */
};

/* orders.c: the life of an order. */
/* Queues a new order and gives it its id; NULL when out of memory (the container's status is then set). The
 * pointer is valid until the next order is queued. */
pln_pending *pln_orders_queue(pln_exec *x, const pln_pending *made);
/* The only place where an order changes its status; a change that cannot be is a bug and ends the program. */
void pln_orders_move(pln_exec *x, pln_pending *p, int32_t status, int32_t refusal);
/* An order that ends unfilled: counted as a refusal, with what it asked for. */
void pln_orders_end(pln_exec *x, pln_pending *p, int32_t status, int32_t refusal);
/* Takes final orders out of the queue; indexes and pointers into it are void afterwards. */
void pln_orders_sweep(pln_exec *x);
/* Cancels a portfolio's pending orders (instrument -1: of all), with `managed_only` those that the container
 * made for sources. Returns how many. The queue is not swept. */
int32_t pln_orders_cancel(pln_exec *x, int32_t portfolio, int32_t instrument, bool managed_only,
                          int32_t refusal);
/* Queues an order that closes all that is held of an instrument, by a rule. NULL when out of memory. */
pln_pending *pln_orders_close(pln_exec *x, int32_t portfolio, int32_t instrument, int32_t reason);
void pln_orders_record_fill(pln_exec *x, pln_fill *fill);
/* Drops records that the caller has been told of, where they are not kept. */
void pln_orders_forget(pln_exec *x);

/* The pending order with this id; NULL where there is none, or it is final. */
pln_pending *pln_orders_find(pln_exec *x, int64_t id);
int32_t pln_orders_check_caller(const pln_exec *x, int32_t caller);
/* submit.c: prices of an order on the tick, never better for it than what was asked; sets its refusal where
 * they cannot be. */
void pln_orders_price(const pln_exec *x, pln_pending *p);

/* links.c: orders that depend on each other. */
/* An order has filled `count` lots at `price`, in this bar: its children begin, its group shrinks,
 * reduce-only orders that have nothing to reduce any more end. */
void pln_links_filled(pln_exec *x, pln_pending *p, double count, double price, const pln_hit *hit);
/* `count` lots of an order have filled: the others of its group shrink or end. */
void pln_links_group(pln_exec *x, const pln_pending *p, double count);
/* An order has reached a final state: children that wait for it end. */
void pln_links_ended(pln_exec *x, const pln_pending *p);
/* Reduce-only orders of an instrument whose position is gone end. */
void pln_links_flat(pln_exec *x, int32_t portfolio, int32_t instrument);

/* trail.c: trailing stop orders. */
/* Sets level and limit from the best price; false where the gauge has no value. Never moves a level back. */
bool pln_trail_set(pln_exec *x, pln_pending *p);
/* The bars of this instant are over: levels follow them. */
void pln_trail_follow(pln_exec *x);

/* session.c: the trading days of an instrument. Without a calendar a session is a calendar day in the data's
 * zone. */
int64_t pln_session_day(pln_market *m, int64_t ts_ns);
/* Bar i is the first of its session. */
const pln_timezone *pln_session_zone(pln_market *m); /* NULL: UTC */
bool pln_session_opens(pln_market *m, int64_t i);
/* Bar i is known, by its end, to be the last of its session: by nothing that is later than it. Without a
 * calendar it is if it ends the calendar day, or ends no earlier in the day than any of the last bars of the
 * five days before did. */
bool pln_session_closes(pln_market *m, int64_t i);

/* algo.c: parents that cut children. At the end of each instant; and what one of their children has filled.
 */
void pln_algo_step(pln_exec *x);
void pln_algo_filled(pln_exec *x, const pln_pending *child, double quantity, double price, double fee);
/* One of their children has reached a final state. */
void pln_algo_ended(pln_exec *x, const pln_pending *child);
/* What an algorithm needs of its request: a status; and its taking over into the order. */
int32_t pln_algo_check(const pln_order_request *r);
void pln_algo_put(pln_exec *x, pln_pending *p, const pln_order_request *r);

/* match.c: bars against what waits. */
typedef struct pln_bar {
  double open, high, low, close;
} pln_bar;
/* What a buyer and a seller meet: the ask and the bid, or twice the instrument's bar. */
typedef struct pln_sides {
  pln_bar buy, sell;
} pln_sides;
typedef enum pln_match_phase {
  PLN_MATCH_AT_OPEN, /* what fills at the opening price */
  PLN_MATCH_WITHIN   /* what the bar's range reaches afterwards */
} pln_match_phase;
pln_sides pln_market_sides(const pln_market *m, int64_t i);
static inline const pln_bar *pln_sides_of(const pln_sides *s, int32_t side) {
  return side == PLN_SIDE_BUY ? &s->buy : &s->sell;
}
/* The close (or open) at which an order of this side fills. */
static inline double pln_market_close(const pln_market *m, int64_t i, int32_t side) {
  return !m->bid ? m->close[i] : side == PLN_SIDE_BUY ? m->ask->close[i] : m->bid->close[i];
}
static inline double pln_market_open(const pln_market *m, int64_t i, int32_t side) {
  return !m->bid ? m->open[i] : side == PLN_SIDE_BUY ? m->ask->open[i] : m->bid->open[i];
}
/* An order that may meet the bar that became visible now. */
static inline bool pln_order_waits(const pln_market *m, const pln_pending *p) {
  return !pln_order_is_final(&p->order) && !p->is_held && m->ts_ns[m->next - 1] >= p->active_ns &&
         m->ts_ns[m->next - 1] >= p->arrives_ns;
}
static inline bool pln_order_is_for(const pln_pending *p, int32_t portfolio, int32_t k) {
  return p->order.portfolio == portfolio && p->order.instrument == k;
}
/* The price at which an order fills in this phase of a bar, before slippage; 0 = it does not. Triggers
 * stop-limits. */
double pln_match_price(pln_pending *p, const pln_bar *bar, pln_match_phase phase);
/* The prices of a limit and of a stop order in this phase; 0 = the bar does not reach it. */
double pln_match_limit(double limit, bool buy, const pln_bar *bar, pln_match_phase phase);
double pln_match_stop(double stop, bool buy, const pln_bar *bar, pln_match_phase phase);
/* Which way the price has to go within the bar to reach the order: 1 up, -1 down, 0 it does not reach it. */
int32_t pln_match_touch(const pln_pending *p, const pln_bar *bar);
/* The price that a path has to reach for the order: 0 = none (any more) in this bar. *up: from below. */
double pln_match_level(const pln_pending *p, bool *up);
/* The order against the bar in this phase; `at_open`: at the bar's opening price. */
void pln_match_try(pln_exec *x, pln_market *m, pln_pending *p, const pln_sides *sides, pln_match_phase phase,
                   bool at_open);
/* What the bar reaches after its open, in the order of the phases; from pending order `first` to before n. */
void pln_match_within(pln_exec *x, int32_t portfolio, int32_t k, const pln_sides *sides, int64_t first,
                      int64_t n);
/* The bars of this instant against everything that waits. */
void pln_match_instant(pln_exec *x);
/* THIS_CLOSE: market orders at the close of the bars of this instant. */
void pln_match_close(pln_exec *x);
/* Orders of one portfolio (-1: all) and instrument (-1: all) that fill at the close of the bars of this
 * instant. */
void pln_match_at_close(pln_exec *x, int32_t portfolio, int32_t k);

/* match_path.c: paths within a bar. */
/* The bar after its open by the container's policy. `touched`: how many orders, and orders and levels, it
 * reaches. */
void pln_path_match(pln_exec *x, int32_t portfolio, int32_t k, const pln_sides *sides, int64_t first,
                    int64_t n, int32_t orders_touched, int32_t touched);

/* trial.c: a bar, or a fill, on approval. Nothing is queued meanwhile. */
void pln_trial_begin(pln_exec *x, pln_trial *t, int32_t portfolio, int32_t k);
/* Everything is as it was at the beginning. May be repeated. */
void pln_trial_undo(pln_exec *x, const pln_trial *t, int32_t portfolio, int32_t k);
void pln_trial_free(pln_trial *t);

/* The first bar that an order may fill in makes it ACCEPTED; a DAY order lives for the rest of that bar's
 * session. False where it does not take part in the bar. */
bool pln_match_accept(pln_exec *x, pln_market *m, pln_pending *p);

/* match_queue.c: the bar that became visible against everything that waits, as backtesting.py has it. */
void pln_queue_match(pln_exec *x, int32_t portfolio, int32_t k);
/* A new order's place in the queue. */
int64_t pln_queue_key(pln_exec *x, const pln_pending *p);
/* finalize_trades: closes for all trades, and the last bar once more. */
void pln_queue_finish(pln_exec *x, int32_t portfolio);

/* match_exits.c: the protective levels of what is held. */
typedef struct pln_levels {
  double stop, target; /* live in this bar, 0 = none */
  int32_t reason;      /* of the stop */
  int32_t is_rung;     /* the target is one of the ladder's */
} pln_levels;

typedef enum pln_exit_kind {
  PLN_EXIT_STOPS = 1,
  PLN_EXIT_TARGETS = 2,
  PLN_EXIT_DUE = 4 /* closed by time, at the close */
} pln_exit_kind;

pln_levels pln_exit_levels(const pln_portfolio *p, const pln_market *m, const pln_lot *lot, bool is_long);
/* Whether all that the exits of an entry would read is known. */
bool pln_exits_known(pln_exec *x, int32_t portfolio, int32_t k, const pln_hit *hit);
/* Gives a new lot the levels of its portfolio's exits. */
void pln_exits_begin(pln_exec *x, int32_t portfolio, int32_t k, pln_lot *lot, const pln_hit *hit);
/* Whether something is closed by time in a bar; whether a bar reaches a protective level, or that. */
static inline bool pln_exits_due(const pln_market *m, const pln_holding *h, int64_t i) {
  return i >= h->due_bar || m->ts_ns[i] >= h->due_ns;
}
static inline bool pln_exits_touched(const pln_market *m, const pln_holding *h, int64_t i) {
  return m->low[i] <= h->touch_low || m->high[i] >= h->touch_high || pln_exits_due(m, h, i);
}
/* Protective levels of these kinds that the bar meets in this phase. */
void pln_exits_try(pln_exec *x, int32_t portfolio, int32_t k, const pln_bar *bar, pln_match_phase phase,
                   int32_t kinds);

/* fill.c: an order meets a price; fill_size.c: how much of it. */
/* Books one fill of `count` lots in order, account and records; returns what the lots need to know of it. */
pln_fill_info pln_fill_book(pln_exec *x, pln_pending *p, double count, double price,
                            const pln_cost_parts *parts, const pln_hit *hit);
/* Closes `count` lots, oldest first or of lot `only`, by an order that trades `whole` lots in this bar. */
void pln_fill_close_part(pln_exec *x, pln_pending *p, double count, double whole, int64_t only,
                         const pln_hit *hit);
void pln_fill_order(pln_exec *x, pln_pending *p, const pln_hit *hit);
/* Lots of this bar's volume that are left to the portfolio: infinity where volume sets no bound. */
double pln_fill_room(pln_exec *x, int32_t portfolio, int32_t instrument, int64_t bar);
/* Closes one lot (or with only = -1 all of them) by a rule; makes the order that says so. Of a lot (not of
 * all) it closes no more than the bar's volume has left, which may be nothing. */
void pln_fill_exit(pln_exec *x, int32_t portfolio, int32_t instrument, int64_t only, int32_t reason,
                   int64_t created_ns, const pln_hit *hit);
typedef struct pln_worth {
  double equity, gross;
} pln_worth;
/* Equity and gross exposure with `instrument` valued at `price` and everything else at its last price. */
pln_worth pln_fill_worth(const pln_exec *x, int32_t portfolio, int32_t instrument, double price);
/* Lots that a cash or percent size comes to, at `price` before concessions; as the fill's price or as seen.
 */
double pln_fill_size(const pln_exec *x, int32_t portfolio, int32_t instrument, int32_t side, int32_t mode,
                     double size, double price, pln_worth worth, bool at_fill);
/* The same of a want, whose mode may be of either kind; both are this one. */
double pln_fill_lots(const pln_exec *x, int32_t portfolio, int32_t instrument, int32_t side,
                     const pln_want *want, double price, pln_worth worth, bool at_fill);
/* Lots that an order asks for when it meets its price; 0: nothing to do, or nothing that the lot size allows.
 */
double pln_fill_asked(const pln_exec *x, const pln_pending *p, double held, const pln_hit *hit);
/* Signed lots that a TO_ mode aims at. */
double pln_fill_aim(const pln_exec *x, int32_t portfolio, int32_t instrument, int32_t mode, double size,
                    double price, pln_worth worth, bool at_fill);

/* size_models.c: what the portfolio's sizing comes to now, of `level` (> 0) of it; an order's own stop_loss,
 * 0 = none. */
pln_want pln_size_want(const pln_exec *x, int32_t portfolio, int32_t instrument, int32_t side, double level,
                       double stop_loss);
/* The distance from `price` to the protective stop that a position entered there would have; 0 where it has
 * none. */
double pln_size_stop_distance(const pln_exec *x, int32_t portfolio, int32_t instrument, int32_t side,
                              double price, double stop_loss);
/* An entry was filled, at `price` before costs. */
void pln_size_entered(pln_portfolio *p, int32_t instrument, int64_t order, double price);
/* Pyramiding: how much of `count` lots may be added to what is held at `price`. Counts what it refuses. */
pln_limits pln_size_addition(pln_portfolio *p, int32_t instrument, int32_t side, double count, double price,
                             int64_t order, int64_t now_ns);

/* signals.c */
/* Whether a source may be given these changes after those up to last_ns. */
int32_t pln_signals_check(const pln_exec *x, int32_t source, int64_t last_ns, const pln_signal *signals,
                          int64_t n);
/* Applies a source's changes that became known at or before now. */
void pln_signals_apply(pln_exec *x, int32_t source);
/* Turns changed targets into orders. */
void pln_signals_act(pln_exec *x);
/* A protective exit happened: sources on that side wait for a change of direction. */
void pln_signals_stopped(pln_exec *x, int32_t portfolio, int32_t instrument, int32_t side);
/* Whether the container has an order of the portfolio's sources waiting. */
bool pln_signals_wait(const pln_exec *x, int32_t portfolio, int32_t instrument);
/* When a source's next change is to be processed; INT64_MAX without one. */
int64_t pln_signals_next_ns(const pln_exec *x, const pln_source *s);

/* actions.c: splits, dividends, delistings, halts, membership; deposits and withdrawals. */
void pln_actions_start(pln_exec *x);
/* What is due at an instant whose latest bar opened at newest_ns; before its fills. */
void pln_actions_apply(pln_exec *x, int64_t newest_ns);
/* Delistings after the last bar of their instrument. */
void pln_actions_finish(pln_exec *x);
/* Why nothing may be opened of an instrument now (pln_refusal); 0 = it may. */
int32_t pln_actions_refusal(const pln_exec *x, int32_t portfolio, int32_t k);

/* currency.c: the rates of a portfolio's instruments by the last closes. */
void pln_currency_update(pln_portfolio *p);

/* margin_call.c: after a mark. */
void pln_margin_review(pln_exec *x, int32_t portfolio);

/* schedule.c: times that no bar brings. */
void pln_schedule_start(pln_exec *x);
/* What is due now: positions that are closed for the session, sources that count again, agendas. */
void pln_schedule_act(pln_exec *x);
/* Why an entry at time_ns is refused, or PLN_REFUSAL_NONE. Counts it. */
int32_t pln_schedule_refusal(pln_exec *x, int32_t portfolio, int32_t instrument, double quantity,
                             int64_t time_ns);

/* setup.c: windows, targets; before the first instant. */
int32_t pln_exec_start(pln_exec *x);

/* finish.c: whether what is held is closed at the open of the last bar, rather than at its close. */
bool pln_finish_at_open(const pln_exec *x, const pln_holding *h, int64_t last);

/* latency.c */
/* How late an order is, nanoseconds. */
int64_t pln_latency_of(const pln_exec *x, const pln_pending *p);
/* Whether an order arrives within the bar at hand, after its open. */
bool pln_latency_arrives(const pln_market *m, const pln_pending *p);
/* Orders that arrive within the bar, against what is left of it. */
void pln_latency_match(pln_exec *x, int32_t portfolio, int32_t k, const pln_sides *sides, int64_t first,
                       int64_t n);

/* exec.c */
/* Goes on until a caller is due (its id), or a PLN_EXEC_ event, or a status. */
int32_t pln_exec_advance(pln_exec *x, int64_t until_ns);
/* Ends the instant that is being processed, calling nobody any more; 0, or PLN_EXEC_ASK_RISK when a rule has
 * to answer first. */
int32_t pln_exec_end_instant(pln_exec *x);

/* review.c: risk rules over new orders. */
int32_t pln_review_start(pln_exec *x);
void pln_review_free(pln_review *review);
int32_t pln_review_run(pln_exec *x);
int64_t pln_review_n_decisions(const pln_exec *x);
/* Takes back what was decided after the first n. */
void pln_review_take_back(pln_exec *x, int64_t n_decisions);
/* Keeps what the limits at the fill took of `asked` units that open. */
void pln_review_filled(pln_exec *x, const pln_order *o, double asked, double allowed, int32_t refusal);
bool pln_review_is_asking(const pln_exec *x);
/* review_watch.c. Before a mark of a row at or after a portfolio's watch_ns. */
void pln_review_tick(pln_exec *x, int32_t portfolio, int64_t row_ns);
/* A mark left a portfolio at or below a watch's level. */
void pln_review_watch(pln_exec *x, int32_t portfolio, int64_t row_ns);
/* After all portfolios were marked, with rules across them. */
void pln_review_mark_all(pln_exec *x, int64_t row_ns);
void pln_review_score_mark(pln_exec *x, int32_t portfolio, int64_t row_ns);

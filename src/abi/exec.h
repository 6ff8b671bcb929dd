#pragma once
#include "abi/portfolio.h"
/* The execution container: time order, orders, matching, fills; it steps the portfolios that are added to it.
 *
 * Life: new, add_instrument…, add_portfolio…, add_source…, (push_signals, run)… or (next, submit…)…, finish,
 * free. Bars and portfolios are borrowed and must outlive it.
 *
 * An instant is a time at which at least one bar becomes visible (or a signal or a caller's row does). Order within an
 * instant: fills of all instruments (pending orders and protective levels against the bars that become visible now),
 * then marks, then strategies (signals and calls, in the order in which sources were added), then new orders.
 *
 * An order sees the bars of its instrument that open at or after the instant at which it was made; it never fills at a
 * price from before it existed. Within a bar:
 *  1. At the open: market orders, and limit and stop orders whose price the open has reached or passed, at the open, in
 *     the order in which they were made; first of all, over all instruments, market orders that only reduce. Then
 *     protective levels that the open has passed, at the open. IOC orders that are left expire.
 *  2. Protective stops. 3. Stop orders against the position. 4. Other orders, in the order in which they were made.
 *  5. Targets. Each at its price. (`Pessimistic`: where stop and target are both within the bar, the stop fills.)
 * A stop-limit that triggers fills in the same bar only where the limit lies beyond the stop, at the limit or better
 * (min(max(open, stop), limit) for a buy); otherwise it is a limit order from the next bar on.
 *
 * Slippage and half of the spread worsen market and stop fills (protective stops too), never limit fills and targets.
 * Prices are rounded only where tick_size > 0: fills against the order, its prices to its disadvantage.
 *
 * Protective stop, target and trailing stop belong to the lot that a fill opened and refer to the fill price. They are
 * live in the entry bar for entries by market order at the open, from the next bar for all others. A trailing stop
 * follows the best price up to the previous bar. The tighter of fixed and trailing stop holds.
 *
 * THIS_CLOSE: market orders fill at the close of the bar just seen, in the same instant (where the instrument has no
 * bar in it, at the close of its next one). */
typedef struct pln_exec pln_exec;

typedef enum pln_fill_policy {
  PLN_FILL_NEXT_OPEN = 0,
  PLN_FILL_THIS_CLOSE = 1
} pln_fill_policy;

typedef struct pln_commission {
  double pct;                /* percent of the notional, each way */
  double per_share;          /* currency for each unit, each way */
  double per_order;          /* currency for each order that fills */
  double minimum;            /* of pct + per_share together, for each order, 0 = none */
} pln_commission;

typedef struct pln_exec_config {
  int32_t fill;              /* pln_fill_policy */
  int32_t finalize_trades;   /* 1: pln_exec_finish closes what is open, with costs */
  pln_commission commission;
  double slippage_bps;       /* against the order, on market and stop fills */
  double spread_bps;         /* full quoted spread; market and stop fills pay half of it, each way */
  double entry_spread_bps;   /* `compat: backtesting.py`: paid on entries only, in full */
  int64_t trade_from_ns;     /* strategies act and equity is recorded from the first bar whose open time is at or after
                                `from` until the last whose open time is before `until`; features run before.
                                0 = no bound. What follows the window is as if it did not exist: a longer bar that
                                closes after `until` and after the last bar of every instrument is not delivered. */
  int64_t trade_until_ns;
  int32_t benchmark;         /* instrument whose close is recorded beside equity */
  int32_t record_equity;     /* 1: fill the portfolios' recorders (statistics need it) */
  int32_t recorder_rows;     /* capacity of a recorder, 0 = 8192 */
  int32_t record_orders;     /* 1: keep orders and fills for pln_exec_orders and pln_exec_fills */
} pln_exec_config;

typedef struct pln_instrument {
  double lot_size;           /* smallest tradable step of quantity, > 0; 1 by default */
  double tick_size;          /* 0 = prices are not rounded */
  double multiplier;         /* currency per unit of price, 1 by default */
} pln_instrument;

pln_exec *pln_exec_new(const pln_exec_config *config);
void pln_exec_free(pln_exec *exec);
/* Instruments are numbered 0, 1, … in the order of the configuration. `bars` is the symbol's finest timeframe. */
int32_t pln_exec_add_instrument(pln_exec *exec, const pln_bars *bars, const pln_instrument *spec);
/* All instruments come before the first portfolio, which must have been made for as many. */
int32_t pln_exec_add_portfolio(pln_exec *exec, pln_portfolio *portfolio);

/* A source is one strategy instance as seen by one portfolio: it pushes target levels for one instrument. The target of
 * an instrument is the sum of weight x direction (with `rebalance`: x strength) over its sources, within -1 … 1. The
 * portfolio acts when a direction (with `rebalance`, or a strength) changed and the target with it: it closes what is
 * against the target, then enters the target's share of its sizing, by market orders. What it made before and did not fill is replaced.
 * After a protective exit the sources on that side count as 0 until they change their direction. */
int32_t pln_exec_add_source(pln_exec *exec, int32_t portfolio, int32_t instrument, double weight);
/* A caller is a strategy that places its own orders: pln_exec_next returns at each bar of `schedule` (the
 * strategy's own stream). It trades any instrument of its portfolio. Shares the numbering of sources. */
int32_t pln_exec_add_caller(pln_exec *exec, int32_t portfolio, const pln_bars *schedule);
/* Rows of `schedule` before `row` are not delivered to the caller (warm-up). May be set while running, for a row that
 * is not visible yet; an error (PLN_ERR_STATE) otherwise. */
int32_t pln_exec_set_first_row(pln_exec *exec, int32_t caller, int64_t row);

/* A change of a source's target level. */
typedef struct pln_signal {
  int64_t ts_ns;             /* when it became known: the visibility of the bar */
  double strength;           /* 0 … 1 */
  double confidence;         /* 0 … 1; not used here */
  int32_t direction;         /* pln_direction */
  int32_t row;               /* row within the caller's chunk; scratch for drain loops, ignored here */
} pln_signal;
/* Appends n changes, in time order, none at or before what the container has already processed. Levels from before the
 * window's first instant are in force, and acted upon, at that instant. */
int32_t pln_exec_push_signals(pln_exec *exec, int32_t source, const pln_signal *signals, int64_t n);

typedef enum pln_exec_event {
  PLN_EXEC_DONE = -101,      /* everything up to until_ns (or the end of the data) is processed */
  PLN_EXEC_RECORDER_FULL = -102 /* drain the portfolios' recorders, then call again */
} pln_exec_event;
/* Processes all instants at or before until_ns. Returns PLN_EXEC_DONE, PLN_EXEC_RECORDER_FULL or a status; with
 * callers present it is an error: use next. */
int32_t pln_exec_run(pln_exec *exec, int64_t until_ns);
/* Lock-step form: goes on to the next call that is due at or before until_ns and returns its caller's id (>= 0),
 * or what pln_exec_run returns. Orders submitted since the previous return take effect first. */
int32_t pln_exec_next(pln_exec *exec, int64_t until_ns);

/* Live view, stable address, read-only. */
typedef struct pln_exec_view {
  int64_t now_ns;            /* the instant being processed */
  int64_t row;               /* row of the due caller's schedule */
  int64_t n_new_fills;       /* fills since pln_exec_next last returned a caller (or at finish), for on_fill */
  int64_t n_new_orders;      /* orders that reached a final state since then, for on_order */
  int64_t n_instants;        /* processed so far */
  int64_t n_bars;            /* bars processed so far, over all instruments */
  int64_t n_rows;            /* rows given to each portfolio's recorder so far: instants with a bar */
  int64_t ambiguous_bars;    /* bars in which stop and target (or two opposing orders) were both within range, so
                                that the fill policy decided */
} pln_exec_view;
const pln_exec_view *pln_exec_view_of(const pln_exec *exec);

typedef enum pln_order_type {
  PLN_ORDER_MARKET = 0,
  PLN_ORDER_LIMIT = 1,
  PLN_ORDER_STOP = 2,
  PLN_ORDER_STOP_LIMIT = 3
} pln_order_type;

typedef enum pln_time_in_force {
  PLN_TIF_GTC = 0,
  PLN_TIF_DAY = 1,           /* until the end of the calendar day (data's time zone) of the first bar that it can fill in */
  PLN_TIF_IOC = 2            /* at the open of the first bar that it can fill in, or never */
} pln_time_in_force;

typedef enum pln_order_size {
  PLN_ORDER_SIZE_QUANTITY = 0,       /* `size` units */
  PLN_ORDER_SIZE_CASH = 1,           /* `size` currency */
  PLN_ORDER_SIZE_PERCENT = 2,        /* `size` percent of equity */
  PLN_ORDER_SIZE_TARGET_QUANTITY = 3,/* bring the position at the fill to `size` units (signed) */
  PLN_ORDER_SIZE_TARGET_PERCENT = 4, /* bring the position to `size` percent of equity (signed) */
  PLN_ORDER_SIZE_DEFAULT = 5         /* as the portfolio's sizing says */
} pln_order_size;

typedef enum pln_order_status {
  PLN_STATUS_NEW = 0,
  PLN_STATUS_PENDING = 1,
  PLN_STATUS_ACCEPTED = 2,
  PLN_STATUS_PARTIALLY_FILLED = 3,
  PLN_STATUS_FILLED = 4,
  PLN_STATUS_CANCELED = 5,
  PLN_STATUS_REJECTED = 6,
  PLN_STATUS_EXPIRED = 7
} pln_order_status;

typedef struct pln_order_request {
  int32_t instrument;
  int32_t side;              /* pln_side; ignored by target sizes */
  int32_t type;              /* pln_order_type */
  int32_t tif;               /* pln_time_in_force */
  int32_t size_type;         /* pln_order_size */
  int32_t size_at;           /* pln_size_at; for what is not a quantity */
  double size;
  double limit_price;        /* LIMIT and STOP_LIMIT */
  double stop_price;         /* STOP and STOP_LIMIT */
  double stop_loss;          /* price of a protective stop for the position that this order opens, 0 = none */
  double take_profit;        /* price of a target, 0 = none */
  int32_t tag;               /* the strategy's own number, carried to order, fill and trade */
  int32_t reserved;
} pln_order_request;

typedef struct pln_order {
  int64_t id;                /* 1, 2, … per container, in order of creation */
  int64_t created_ns;        /* the instant at which it was made */
  int64_t updated_ns;        /* … at which it reached its status */
  double quantity;           /* > 0; as sized (0 while it waits to be sized at the fill) */
  double filled;
  double limit_price;
  double stop_price;
  double average_fill_price; /* 0 before a fill */
  double fees;
  int32_t portfolio;
  int32_t source;            /* source or caller, -1 = a portfolio rule */
  int32_t instrument;
  int32_t side;
  int32_t type;
  int32_t tif;
  int32_t status;            /* pln_order_status */
  int32_t refusal;           /* pln_refusal: why it was reduced, rejected, cancelled or expired */
  int32_t reason;            /* pln_exit_reason: for orders that close */
  int32_t tag;
} pln_order;

typedef struct pln_fill {
  int64_t id;                /* 1, 2, … per container */
  int64_t order;
  int64_t ts_ns;             /* open time of the bar in which it took place */
  int64_t bar;               /* index of that bar */
  double quantity;           /* > 0 */
  double price;              /* slippage and spread included */
  double reference_price;    /* before slippage and spread */
  double fee;
  int32_t portfolio;
  int32_t instrument;
  int32_t side;
  int32_t source;
  int32_t tag;               /* the order's */
  int32_t owner;             /* who is told: the source; of a protective stop or target, that of the lot; -1 = nobody */
} pln_fill;

/* Submits an order for the caller that is due (or any caller between returns). Returns the order's id (> 0), or
 * 0 when it was refused at once (the order is recorded as REJECTED with its code), or a status for misuse. A target
 * that is reached already needs no order: 0, and nothing is recorded; a new target replaces the caller's pending one
 * of the same instrument. Sizes are rounded down to the lot. An order against the position closes lots, oldest first,
 * and opens the rest (two fills). At most 100,000 orders may be pending: PLN_ERR_LIMIT beyond. */
int64_t pln_exec_submit(pln_exec *exec, int32_t caller, const pln_order_request *request);
/* 1 if it was pending and is now canceled, 0 if there was no such pending order. */
int32_t pln_exec_cancel(pln_exec *exec, int32_t caller, int64_t order_id);
/* Cancels all pending orders that the caller made on an instrument (-1 = all). Returns how many. */
int32_t pln_exec_cancel_all(pln_exec *exec, int32_t caller, int32_t instrument);
/* Pending orders of a portfolio; the array is valid until the next call. */
int64_t pln_exec_pending(const pln_exec *exec, int32_t portfolio, const pln_order **out);

/* Orders in a final state, and fills, since the last clear (with record_orders, or since pln_exec_next last
 * returned a caller for callers' on_order and on_fill: the last n_new_orders and n_new_fills of them). */
int64_t pln_exec_orders(const pln_exec *exec, const pln_order **out);
int64_t pln_exec_fills(const pln_exec *exec, const pln_fill **out);
/* Drops them, but for the last n_new_orders and n_new_fills, which a caller is still to be told of. */
void pln_exec_clear_records(pln_exec *exec);

/* Ends the run: pending orders expire with END_OF_DATA; with finalize_trades what is open is closed, as by market
 * orders, on the last bar of its instrument: at its open with NEXT_OPEN (as backtesting.py does; at its close if
 * something was entered within that bar), at its close with THIS_CLOSE. The last row is corrected and published.
 * Recorders and records are then complete. */
int32_t pln_exec_finish(pln_exec *exec);

#pragma once
#include "abi/actions.h"
#include "abi/costs.h"
#include "abi/market_calendar.h"
#include "abi/order.h"
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
 * price from before it existed. Within a bar (`intrabar`: PESSIMISTIC):
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
  PLN_FILL_THIS_CLOSE = 1,
  PLN_FILL_NEXT_CLOSE = 2    /* market orders at the close of the first bar that opens after they were made */
} pln_fill_policy;

/* What is taken to happen within a bar, after its open. A path goes straight from point to point, and what lies on it
 * fills in the order in which it is reached. Orders and levels are the same under each policy, as known at the open:
 * trailing levels move when the bar is over, and an order of which a stop-limit was triggered within the bar on the
 * limit's near side waits for the next one. */
typedef enum pln_intrabar {
  PLN_INTRABAR_PESSIMISTIC = 0, /* the worst for the equity at the bar's close of: the phases above, OHLC, OLHC */
  PLN_INTRABAR_OPTIMISTIC = 1,  /* the best of them */
  PLN_INTRABAR_NEAREST_EXTREME = 2, /* OHLC or OLHC: first the extreme that is nearer to the open; where both are as
                                       near, a rising bar (close above open) goes to the low first, others to the high */
  PLN_INTRABAR_OHLC = 3,        /* open, high, low, close */
  PLN_INTRABAR_OLHC = 4,
  PLN_INTRABAR_AS_MADE = 5   /* no path: each order against the whole bar, its open first, in the order in which they
                                were made; then protective levels, stops before targets */
} pln_intrabar;

typedef enum pln_off_step {
  PLN_OFF_STEP_ROUND = 0,    /* prices to the order's disadvantage, quantities down */
  PLN_OFF_STEP_REJECT = 1
} pln_off_step;

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
  int32_t record_decisions;  /* 1: keep the verdicts of risk rules for pln_exec_decisions */
  int64_t seed;              /* of what models draw by chance */
  int32_t intrabar;          /* pln_intrabar */
  int32_t off_tick;          /* pln_off_step: prices of an order that are no multiple of tick_size */
  int32_t off_lot;           /* pln_off_step: quantities that are no multiple of lot_size */
  int32_t children_next_bar; /* 1: bracket and other child orders work from the bar after the parent's fill; 0: from the
                                entry bar for a parent at market at its open, from the next bar otherwise */
  int32_t trail_closes;      /* 1: trailing stop orders follow the best close, 0: the best high or low */
  int32_t reserved;
  double max_volume_pct;     /* of a bar's volume, for all fills of a portfolio in it together, of 100; what is left of
                                an order works on; 0 = no bound */
} pln_exec_config;

pln_exec *pln_exec_new(const pln_exec_config *config);
void pln_exec_free(pln_exec *exec);
/* Instruments are numbered 0, 1, … in the order of the configuration. `bars` is the symbol's finest timeframe. */
int32_t pln_exec_add_instrument(pln_exec *exec, const pln_bars *bars, const pln_instrument *spec);
/* The market calendar of an instrument, borrowed (NULL: none): what a session is, and when it closes, for DAY, on-open and
 * on-close orders. Without one a session is a calendar day in the data's zone. Before the start. */
int32_t pln_exec_set_calendar(pln_exec *exec, int32_t instrument, const pln_calendar *calendar);
/* Bid and ask bars of an instrument, row by row those of its own bars (NULL, NULL: none). Buys then trigger and fill on
 * the ask, sells on the bid; marks, sizes and trailing levels stay on the instrument's own bars. Before the start. */
int32_t pln_exec_set_quotes(pln_exec *exec, int32_t instrument, const pln_bars *bid, const pln_bars *ask);
/* All instruments come before the first portfolio, which must have been made for as many. */
int32_t pln_exec_add_portfolio(pln_exec *exec, pln_portfolio *portfolio);

/* What happens to an instrument: splits, dividends, delisting, halts, membership (abi/actions.h). Sorted by time; copied.
 * An action takes effect at the start of the first instant with a bar, of any instrument, that opens at or after its
 * time, before that instant's fills, and not before a bar of its own instrument that was open then has closed. All
 * that is due is applied in order of time, then of instruments, then of portfolios.
 *
 * SPLIT: counts x ratio, prices and levels of lots and of pending orders / ratio; of a portfolio's fraction of a lot the
 * worth at the adjusted last price is paid (an exit `split`); orders that round to nothing are canceled. DIVIDEND:
 * units x value, at the rate of the moment; shorts pay; counted in the trades' income. DELIST: orders are canceled and
 * positions closed at the final price without costs, at the end of the run if no bar follows; nothing is traded from then
 * on. HALT: nothing fills, orders wait, marks go on. LEAVE: what opens is refused; pln_on_leave. ENTER: the sources'
 * levels are acted upon as if they had just changed. */
int32_t pln_exec_add_actions(pln_exec *exec, int32_t instrument, const pln_action *actions, int64_t n);
/* Deposits and withdrawals (PLN_ACTION_CASH) of a portfolio, likewise. A withdrawal of more than equity less margin used,
 * or of everything, is refused. Peak and drawdown are scaled with the equity, so that a flow is neither gain nor loss.
 * Those from before trade_from are left out: the capital is what the window starts with. */
int32_t pln_exec_add_cash_flows(pln_exec *exec, int32_t portfolio, const pln_action *flows, int64_t n);

/* How an instrument's currency becomes the account's: the product of up to two rates, each the last close of another
 * instrument, or 1 / it. Cash settles, and dividends are paid, at the rate of the moment (the last close that is visible);
 * positions are marked at the rate of the mark. Before the first close there is no rate, and orders end with NO_PRICE. */
typedef struct pln_fx {
  int32_t rate[2];           /* instrument, -1 = none */
  int32_t inverse[2];        /* 1: 1 / close */
} pln_fx;
/* portfolio -1: of all that were added. */
int32_t pln_exec_set_fx(pln_exec *exec, int32_t portfolio, int32_t instrument, const pln_fx *fx);

/* Divides a portfolio's account into books. A book is a portfolio of its own: it has sources, callers, orders, lots,
 * stops, hours and trades, and positions of two books may be opposite. The account is one: sizes are of the equity of
 * all books together, which have to afford and to keep within the limits of exposure and drawdown together; a drawdown halt
 * closes all of them. (A limit of one position is for each book's.) A book's own account tells what it did with its
 * capital, which is its share: the account's cash is its own capital and what cash the books gained and lost on theirs,
 * its equity that and what they hold. The divided portfolio has no source, caller or position of its own; its trades are
 * those of all its books in the order in which they closed, its refusals and counters are theirs together.
 *
 * `book` was made like a portfolio; it comes after the portfolio that it divides. Returns its number among the
 * portfolios. A margin call policy and compat mode have no books. */
int32_t pln_exec_add_book(pln_exec *exec, int32_t portfolio, pln_portfolio *book);

/* A gauge is a feature that rules, sizing and cost models read: of each instrument, a column of values over the rows
 * of one of its streams, computed by the caller (the feature hub) once and shared by as many containers as want it.
 * What a rule reads at a time is the last row that is visible then. Gauges are numbered 0, 1, …; instruments come
 * first, and an order may ask for a gauge while the container runs. `bars` and `column` (bars->n_bars values, NaN where it is not warm) are borrowed. */
int32_t pln_exec_add_gauge(pln_exec *exec);
int32_t pln_exec_set_gauge(pln_exec *exec, int32_t gauge, int32_t instrument, const pln_bars *bars,
                           const double *column);

/* Models of what trading costs, beside the short forms of the configuration (docs/models.md); slippage adds up, and so
 * do commissions. Added after the gauges that they read. The model's number, or a status. */
int32_t pln_exec_add_model(pln_exec *exec, const pln_model_setting *setting);
/* Values by time for a model whose info has a series, in its unit: each holds from its time on, the model's constant
 * before the first. Copied. `instrument` 0 for what is of the account (interest). borrow: a negative value means that
 * there is nothing to borrow. funding: each is a payment at its time, and there are no others. */
int32_t pln_exec_set_model_series(pln_exec *exec, int32_t model, int32_t instrument, const int64_t *ts_ns,
                                  const double *values, int64_t n);

/* Models in Lua: with ask_costs (before the start; not with THIS_CLOSE) pln_exec_run, pln_exec_next and pln_exec_finish
 * return PLN_EXEC_ASK_COST before a bar is met, once for each order that it could fill and once for the protective levels
 * of each position. The answer, beside the other models' costs, holds for that bar: `price_offset` against the order
 * (below 0: for it), which worsens no limit order; `fee` for all of `quantity`, in proportion for less of it; at most
 * `max_quantity` fills in the bar (infinity: no bound), the rest waits. */
typedef struct pln_cost_request {
  int64_t order;             /* its id; 0 = protective levels of a position, or what is closed at the end */
  int64_t ts_ns;             /* open time of the bar */
  double quantity;           /* units that it would trade */
  double price;              /* about where: its limit or stop, or the bar's open */
  double limit_price;
  double stop_price;
  double open;               /* of the bar, all of it: it costs, it decides nothing */
  double high;
  double low;
  double close;
  double volume;
  int32_t portfolio;
  int32_t instrument;
  int32_t side;              /* pln_side */
  int32_t type;              /* pln_order_type */
  int32_t tag;
  int32_t reserved;
} pln_cost_request;
int32_t pln_exec_ask_costs(pln_exec *exec);
const pln_cost_request *pln_exec_cost_request(const pln_exec *exec); /* stable address */
int32_t pln_exec_answer_cost(pln_exec *exec, double price_offset, double fee, double max_quantity);

/* A source is one strategy instance as seen by one portfolio: it pushes target levels for one instrument. The target of
 * an instrument is the sum of weight x direction (with `rebalance`: x strength) over its sources, within -1 … 1. The
 * portfolio acts when a direction (with `rebalance`, or a strength) changed and the target with it: it closes what is
 * against the target, then enters the target's share of its sizing, by market orders. What it made before and did not fill is replaced.
 * After a protective exit the sources on that side count as 0 until they change their direction. */
int32_t pln_exec_add_source(pln_exec *exec, int32_t portfolio, int32_t instrument, double weight);
/* A caller is a strategy that places its own orders: pln_exec_next returns at each bar of `schedule` (the
 * strategy's own stream). It trades any instrument of its portfolio. Shares the numbering of sources. */
int32_t pln_exec_add_caller(pln_exec *exec, int32_t portfolio, const pln_bars *schedule);
/* Times at which a caller is called besides, bars or not: pln_exec_next returns the timer's own number at each of them,
 * view.row being the index. At an instant it comes after what was added before it. Orders that the caller then submits
 * fill in bars that open at or after that time. `times_ns` (in order) is borrowed. Shares the numbering of sources. */
int32_t pln_exec_add_timer(pln_exec *exec, int32_t caller, const int64_t *times_ns, int64_t n);
/* Times at which a portfolio's positions are compared with the targets of its signal sources and brought to them, by
 * market orders, where no band says otherwise (pln_scaling). In order; borrowed. */
int32_t pln_exec_set_rebalancing(pln_exec *exec, int32_t portfolio, const int64_t *times_ns, int64_t n);

/* When a portfolio may enter an instrument, and when it is out of it. What closes or reduces is never refused. */
typedef struct pln_hours {
  int64_t from_ns;           /* entries may fill in bars that open at or after it (fills at the close: that close) … */
  int64_t until_ns;          /* … and before it; all others are refused with TRADING_HOURS */
  int64_t reenter_ns;        /* signals that are in force but not in the market are entered; INT64_MAX: they wait for a
                                change of direction. Sources that a protective exit blocked always wait. */
  int64_t flat_ns;           /* what is held is closed, by a market order that is made at this time, and the sources'
                                levels count as 0; INT64_MAX: it is kept. Entries from here on … */
  int64_t close_ns;          /* … to the session's end are refused with FLAT_BY_CLOSE */
} pln_hours;
/* In order, not overlapping; borrowed. Once for each portfolio and instrument, before the run. */
int32_t pln_exec_set_hours(pln_exec *exec, int32_t portfolio, int32_t instrument, const pln_hours *hours, int64_t n);

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
  PLN_EXEC_ASK_COST = -103,  /* a model in Lua is asked: pln_exec_cost_request, pln_exec_answer_cost, then call again */
  PLN_EXEC_RECORDER_FULL = -102, /* drain the portfolios' recorders, then call again */
  PLN_EXEC_ASK_RISK = -110      /* a risk rule in Lua is asked (pln_exec_risk_request); call again after the answer */
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

/* Submits an order for the caller that is due (or any caller between returns). Returns the order's id (> 0), or
 * 0 when it was refused at once (the order is recorded as REJECTED with its code), or a status for misuse. A target
 * that is reached already needs no order: 0, and nothing is recorded; a new target replaces the caller's pending one
 * of the same instrument. Sizes are rounded down to the lot. An order against the position closes lots, by the portfolio's accounting,
 * and opens the rest (two fills). At most 100,000 orders may be pending: PLN_ERR_LIMIT beyond. */
int64_t pln_exec_submit(pln_exec *exec, int32_t caller, const pln_order_request *request);
/* Changes a pending order of the caller: it ends as CANCELED (REPLACED), and an order with what is left of it and the
 * change takes its place at the end of the queue, working from now on, with a new id (> 0, returned) whose `replaces` is
 * the old one. Its children and its group go with it. 0 where there is no such order, or where nothing of it is left
 * (what has filled is the new quantity or more: it ends so), or where the change is refused (recorded as REJECTED; the
 * order stays as it was); or a status for misuse. Algorithms and target sizes cannot be replaced: cancel them. */
int64_t pln_exec_replace(pln_exec *exec, int32_t caller, int64_t order_id, const pln_order_change *change);
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

/* Risk rules across all portfolios of the container (src/abi/risk.h); a portfolio's own are added to it. The number of
 * the rule (0, 1, …) or a status. */
int32_t pln_exec_add_rule(pln_exec *exec, const pln_risk_rule *rule);
/* What a rule of kind PLN_RISK_LUA is asked about, after PLN_EXEC_ASK_RISK; NULL when nothing is asked. */
const pln_risk_request *pln_exec_risk_request(const pln_exec *exec);
/* The answer: pln_risk_action ALLOW, RESIZE (to `quantity` units, rounded down to the lot, of which what reduces a position
 * passes) or REFUSE; `value` and `limit` are the numbers that the decision is recorded with. */
int32_t pln_exec_answer_risk(pln_exec *exec, int32_t action, double quantity, double value, double limit);
/* Verdicts since the last clear, in order; valid until the container runs on. */
int64_t pln_exec_decisions(const pln_exec *exec, const pln_decision **out);
void pln_exec_clear_decisions(pln_exec *exec);
/* A portfolio's composite risk score now, with what it holds; NaN where none is set. */
double pln_exec_risk_score(pln_exec *exec, int32_t portfolio);
/* The scores of the marks since the last clear (with `record`). */
int64_t pln_exec_risk_scores(const pln_exec *exec, int32_t portfolio, const int64_t **ts_ns, const double **values);
void pln_exec_clear_risk_scores(pln_exec *exec);
